"""Numbers under the ticks of a picture's time axis, put together and read as numbers: alone on a page, a 0 or 5 is overlooked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survrecon.data import BoolArray
from survrecon.digitize.axes import rows_of
from survrecon.digitize.figure import Axis, Text
from survrecon.digitize.ocr import read_texts
from survrecon.digitize.raster_colors import hex_of
from survrecon.digitize.raster_image import Pixels

INK = 0.35  # darker than this is ink
LEAST, MOST = 4, 0.08  # height of a digit: at least so many pixels, at most this share of the picture's
GAP = 0.7  # parts of one number are no further apart than this, in heights
SMALL = 0.55  # of the height of the row: what is lower is a comma, a dash or a speck
MOST_PARTS, MOST_WORDS = 3000, 400
COLORFUL = 40  # difference between the channels of what is no gray
MARGIN = 12  # pixels around what is put together

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class _Box:
    left: int
    top: int
    right: int
    bottom: int

    def text(self, string: str = "", color: str = "#000000") -> Text:
        return Text(string, self.left, self.top, self.right, self.bottom, color=color)


def read_counts(pixels: Pixels, texts: Sequence[Text], x_axis: Axis, below: int) -> tuple[Text, ...]:
    """Read the numbers under an axis again, all at once and as nothing but numbers.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture, without axis lines.
    texts : sequence of Text
        Words that were read in it as a whole.
    x_axis : Axis
        The axis of time.
    below : int
        Row of the axis line.

    Returns
    -------
    tuple of Text
        The words, with those numbers instead of what stood in their place.
    """
    places = sorted(place for place, _ in x_axis.ticks)
    if len(places) < 2:
        return tuple(texts)
    spacing = min(np.diff(places))
    first, last = int(max(places[0] - 0.45 * spacing, 0)), int(places[-1] + 0.45 * spacing)
    dark = 1 - pixels[below:, first:last].min(axis=2) / np.float32(255) > INK
    rows = _number_rows(dark, first, below, texts, spacing)
    words = [word for row in rows for word in row]
    if not 2 <= len(words) <= MOST_WORDS:
        return tuple(texts)
    read = _read_together(pixels, rows)
    return (*(text for text in texts if not any(_inside(text, word) or _inside(word, text) for word in read)), *read)


def _number_rows(dark: BoolArray, left: int, top: int, texts: Sequence[Text], spacing: float) -> list[list[_Box]]:
    """Find words in rows that can be rows of numbers: short, and without any word of letters."""
    from scipy import ndimage

    connected, count = ndimage.label(dark, structure=np.ones((3, 3), dtype=int))
    if not 0 < count <= MOST_PARTS:
        return []
    highest = MOST * (top + dark.shape[0])
    parts = [
        Text("", box[1].start + left, box[0].start + top, box[1].stop + left, box[0].stop + top)
        for box in ndimage.find_objects(connected)
        if box[0].start > 0 and box[0].stop - box[0].start <= highest and box[1].stop - box[1].start < spacing
    ]
    words_of_letters = [text for text in texts if any(char.isalpha() for char in text.string)]
    at_left = [text for text in words_of_letters if text.left < left]
    others = [text for text in words_of_letters if text.left >= left and len(text.string) > 2]
    rows = []
    for row in rows_of(part for part in parts if part.bottom - part.top >= LEAST):
        height = float(np.median([part.bottom - part.top for part in row]))
        digits = [part for part in row if part.bottom - part.top >= SMALL * height and not any(_inside(part, text) for text in at_left)]
        words = _words(digits, height)
        short = len(words) > 1 and max(word.right - word.left for word in words) < 0.95 * spacing
        if short and not any(_inside(word.text(), text) for text in others for word in words):
            rows.append(words)
    return rows


def _words(parts: Sequence[Text], height: float) -> list[_Box]:
    """Join the digits of each number."""
    words: list[_Box] = []
    for part in parts:
        left, top, right, bottom = (int(edge) for edge in (part.left, part.top, part.right, part.bottom))
        if words and left - words[-1].right <= GAP * height:
            before = words.pop()
            words.append(_Box(before.left, min(before.top, top), max(before.right, right), max(before.bottom, bottom)))
        else:
            words.append(_Box(left, top, right, bottom))
    return words


def _read_together(pixels: Pixels, rows: Sequence[Sequence[_Box]]) -> tuple[Text, ...]:
    """Put the words of each row closely beside each other, rows under each other, and read that."""
    height = max(word.bottom - word.top for row in rows for word in row) + 2
    width = max(sum(word.right - word.left + 2 * height for word in row) for row in rows)
    sheet = np.full((len(rows) * 2 * height + 2 * MARGIN, width + 2 * MARGIN, 3), 255, dtype=np.uint8)
    placed: list[tuple[Text, _Box]] = []
    for number, row in enumerate(rows):
        column = MARGIN
        for word in row:
            top = MARGIN + 2 * height * number
            part = pixels[max(word.top - 1, 0) : word.bottom + 1, max(word.left - 1, 0) : word.right + 1]
            darkest = part.min(axis=2, keepdims=True)  # bright letters become as dark as black ones
            sheet[top : top + part.shape[0], column : column + part.shape[1]] = darkest
            placed.append((Text("", column, top, column + part.shape[1], top + part.shape[0]), word))
            column += part.shape[1] + 2 * height
    read = read_texts(sheet, numbers=True, high=height - 2)
    found = []
    for place, word in placed:
        strings = [text.string for text in sorted(read, key=lambda text: text.left) if _inside(text, place)]
        if strings:
            found.append(word.text("".join(strings), _color(pixels[word.top : word.bottom, word.left : word.right])))
    return tuple(found)


def _color(part: Pixels) -> str:
    """Return the color of letters; black for all grays."""
    flat = part.reshape(-1, 3)
    darkest = flat.min(axis=1)
    red, green, blue = np.median(flat[darkest <= np.quantile(darkest, 0.2)], axis=0).astype(int).tolist()
    return "#000000" if max(red, green, blue) - min(red, green, blue) < COLORFUL else hex_of((red, green, blue))


def _inside(text: Text, other: Text) -> bool:
    """Whether the middle of a text lies in the box of another one."""
    across, down = (text.left + text.right) / 2, (text.top + text.bottom) / 2
    return other.left <= across <= other.right and other.top <= down <= other.bottom
