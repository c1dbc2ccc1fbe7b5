"""Names of colored curves in a picture: words beside a sample of a curve's line, as in a legend, or in its color."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.axes import rows_of
from survrecon.digitize.figure import Text
from survrecon.digitize.labels import is_gray, rgb
from survrecon.digitize.raster_image import Pixels
from survrecon.digitize.raster_remarks import SAYS, split_row

# in heights of the letters
LONGEST = 7.0  # a sample and what is between it and its words
SHORTEST = 1.0  # a sample
PARTED = 0.6  # blank before its first dash: what stands further left is no part of it
HIGH = 0.3  # above and below the middle of the words
TALLEST = 1.2  # the same: a sample and its marks reach no further

FAINT = 60.0  # of 441 between black and white: paler is no ink
SOFT = 0.4  # of a color is left at the edges of a line
OFF = 45.0  # that ink may differ from a color, or the same paler
MOSTLY = 0.7  # of a sample's ink is of one color

LIKE = 0.75  # share of equal letters in a name that was read in two places
CLEARLY = 0.05  # and more than in a name that no other color has
MOST_LETTERS = 40
UPRIGHT = re.compile(r"[l1|!]")  # read for each other


def names_by_color(
    pixels: Pixels, texts: Iterable[Text], colors: Sequence[str], names: Sequence[str], behind: FloatArray
) -> dict[str, str]:
    """Find the names that a legend, or the color of words, gives to colored curves.

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
        Names by color, of those that have one: no other words stand beside a sample of the color, or are written in it.
    """
    colors = [color for color in colors if not is_gray(color) and list(colors).count(color) == 1]
    found: dict[str, set[str]] = {color: set() for color in colors}
    for row in rows_of(list(texts)) if colors else []:
        end = 0.0  # of the words before, where the sample of the next ones may begin
        for line in split_row(row):
            while line and not any(letter.isalnum() for letter in line[0].string):  # what the sample was read as
                line = line[1:]
            string = " ".join(word.string for word in line)
            if any(map(str.isalpha, string)) and len(string) <= MOST_LETTERS and not SAYS.search(string):
                color = _sampled(pixels, line[0], end, colors, behind) or _written_in(pixels, line, colors, behind)
                if color is not None:
                    found[color].add(string)
            end = line[-1].right if line else end
    return _known(found, names) if names else _distinct(found)


def _distinct(found: Mapping[str, set[str]]) -> dict[str, str]:
    """Return the names of the colors that have one, and that no other has."""
    once = {color: next(iter(strings)) for color, strings in found.items() if len(strings) == 1}
    return {color: name for color, name in once.items() if list(once.values()).count(name) == 1}


def _known(found: Mapping[str, set[str]], names: Sequence[str]) -> dict[str, str]:
    """Return the known names that the words of each color are the most like, all together: letters may be misread."""
    from scipy.optimize import linear_sum_assignment

    colors = [color for color, strings in found.items() if strings]
    if len({_folded(name) for name in names}) < len(names):  # two were read as one
        return {}
    alike = np.array([[max(_alike(string, name) for string in found[color]) for name in names] for color in colors]).reshape(-1, len(names))
    here, there = linear_sum_assignment(-alike)
    free = [number for number in range(len(names)) if number not in there]
    pairs = zip(here.tolist(), there.tolist(), strict=True)
    clear = [(i, k) for i, k in pairs if alike[i, k] >= max([LIKE, *(alike[i, other] + CLEARLY for other in free)])]
    return {colors[i]: names[k] for i, k in clear}


def _alike(string: str, name: str) -> float:
    return SequenceMatcher(None, _folded(string), _folded(name), autojunk=False).ratio()


def _folded(string: str) -> str:
    return UPRIGHT.sub("i", re.sub(r"[\s_.,:;-]+", "", string.casefold()))


def _sampled(pixels: Pixels, word: Text, end: float, colors: Sequence[str], behind: FloatArray) -> str | None:
    """Return the color in which a piece of line is drawn left of a word; what goes on above, below or to the left is a curve."""
    from scipy import ndimage

    high, middle = word.bottom - word.top, (word.top + word.bottom) / 2
    first, last = max(int(middle - TALLEST * high), 0), int(middle + TALLEST * high) + 1
    away = behind - pixels[first:last, int(max(word.left - LONGEST * high, end, 0)) : max(int(word.left) - 1, 0)].astype(float)
    inked = np.linalg.norm(away, axis=2) > FAINT
    pieces, _ = ndimage.label(inked, np.ones((3, 3)))
    rows = slice(max(int(middle - HIGH * high) - first, 0), int(middle + HIGH * high) + 1 - first)
    at = np.flatnonzero(inked[rows].any(axis=0))
    if at.size == 0:
        return None
    start = at[np.flatnonzero(np.diff(at, prepend=-np.inf) > PARTED * high)[-1]]
    sample = np.isin(pieces, np.setdiff1d(pieces[rows, start:], [0, *pieces[0], *pieces[-1]]))  # nor is a frame part of it
    if sample.any(axis=0).sum() < SHORTEST * high or sample[:, 0].any():
        return None
    return _color_of(away[sample], colors, behind)


def _written_in(pixels: Pixels, words: Sequence[Text], colors: Sequence[str], behind: FloatArray) -> str | None:
    """Return the color of some words."""
    boxes = [pixels[int(word.top) : int(word.bottom) + 1, int(word.left) : int(word.right) + 1].reshape(-1, 3) for word in words]
    away = behind - np.concatenate(boxes).astype(float)
    return _color_of(away[np.linalg.norm(away, axis=1) > FAINT], colors, behind)


def _color_of(away: FloatArray, colors: Sequence[str], behind: FloatArray) -> str | None:
    """Return the color that most ink is of, or of the same paler; ink as its difference from the background."""
    if not len(away):
        return None
    distances = []
    for color in colors:
        full = behind - rgb(color)
        share = np.clip(away @ full / float(full @ full), SOFT, 1)
        distances.append(np.linalg.norm(away - share[:, None] * full, axis=1))
    nearest = np.where(np.min(distances, axis=0) < OFF, np.argmin(distances, axis=0), len(colors))
    counts = np.bincount(nearest, minlength=len(colors) + 1)[:-1]
    return colors[int(counts.argmax())] if counts.max() > MOSTLY * nearest.size else None
