"""Names of colored curves in a picture: words beside a sample of a curve's line, as in a legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.axes import rows_of
from survrecon.digitize.figure import Text
from survrecon.digitize.labels import is_gray, plain, rgb
from survrecon.digitize.raster_image import Pixels
from survrecon.digitize.raster_remarks import SAYS, split_row

# in heights of the letters
LONGEST = 7.0  # a sample and what is between it and its words
SHORTEST = 1.0  # a sample
PARTED = 0.6  # blank before its first dash: what stands further left is no part of it
HIGH = 0.3  # above and below the middle of the words
FAINT = 60.0  # of 441 between black and white: paler is no ink
SOFT = 0.4  # of a color is left at the edges of a line
OFF = 45.0  # that ink may differ from a color, or the same paler
MOSTLY = 0.7  # of a sample's ink is of one color
ALIKE = 0.75  # share of equal letters in a name that was read in two places
MOST_LETTERS = 40


def names_by_color(
    pixels: Pixels, texts: Iterable[Text], colors: Sequence[str], names: Sequence[str], behind: FloatArray
) -> dict[str, str]:
    """Find the names that a legend gives to colored curves.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.
    texts : iterable of Text
        Words in it.
    colors : sequence of str
        Of the curves, as ``#rrggbb``.
    names : sequence of str
        Names that curves are known to have, such as those of the rows of a risk table; any words may be one if there are none.
    behind : ndarray of float, shape (3,)
        Color of the background.

    Returns
    -------
    dict of str to str
        Names by color, of those that have one: only its words stand beside a sample of the color.
    """
    colors = [color for color in colors if not is_gray(color) and list(colors).count(color) == 1]
    found: dict[str, set[str]] = {color: set() for color in colors}
    for row in rows_of(list(texts)):
        end = 0.0  # of the words before, where the sample of the next ones may begin
        for line in split_row(row):
            while line and not any(letter.isalnum() for letter in line[0].string):  # what the sample was read as
                line = line[1:]
            if not line:
                continue
            name = _known(" ".join(word.string for word in line), names)
            color = _sampled(pixels, line[0], end, colors, behind) if name and colors else None
            if color is not None:
                found[color].add(name)
            end = line[-1].right
    once = {color: next(iter(given)) for color, given in found.items() if len(given) == 1}
    return {color: name for color, name in once.items() if list(once.values()).count(name) == 1}


def _known(string: str, names: Sequence[str]) -> str:
    """Return which of the names some words are, as well as they were read; the words themselves where there are no names."""
    if not names:
        return string if len(string) <= MOST_LETTERS and any(map(str.isalpha, string)) and not SAYS.search(string) else ""
    alike = [SequenceMatcher(None, plain(string), plain(name), autojunk=False).ratio() for name in names]
    best = int(np.argmax(alike))
    return names[best] if alike[best] >= ALIKE and alike.count(alike[best]) == 1 else ""


def _sampled(pixels: Pixels, word: Text, end: float, colors: Sequence[str], behind: FloatArray) -> str | None:
    """Return the color in which a piece of line is drawn left of a word."""
    high, middle = word.bottom - word.top, (word.top + word.bottom) / 2
    rows = slice(max(int(middle - HIGH * high), 0), int(middle + HIGH * high) + 1)
    columns = slice(int(max(word.left - LONGEST * high, end, 0)), max(int(word.left) - 1, 0))
    away = behind - pixels[rows, columns].astype(float)
    inked = np.linalg.norm(away, axis=2) > FAINT
    at = np.flatnonzero(inked.any(axis=0))
    if at.size:
        inked[:, : at[np.flatnonzero(np.diff(at, prepend=-np.inf) > PARTED * high)[-1]]] = False
    if np.sum(inked.any(axis=0)) < max(SHORTEST * high, 1.0):
        return None
    distances = []
    for color in colors:
        full = behind - rgb(color)
        share = np.clip(away[inked] @ full / float(full @ full), SOFT, 1)
        distances.append(np.linalg.norm(away[inked] - share[:, None] * full, axis=1))
    nearest = np.where(np.min(distances, axis=0) < OFF, np.argmin(distances, axis=0), len(colors))
    counts = np.bincount(nearest, minlength=len(colors) + 1)[:-1]
    return colors[int(counts.argmax())] if counts.max() > MOSTLY * nearest.size else None
