"""Remarks inside a plot, such as hazard ratios and labels of curves: their letters are no curve's ink."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from survrecon.data import BoolArray, IntArray
from survrecon.digitize.axes import rows_of
from survrecon.digitize.figure import Text
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_fills import Floats

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels of the plot

SAYS = re.compile(r"\b(HR|hazard|ratio|CI|log.?rank|median|months|years)\b|\bP ?[=<>]|\d[.·]\d\d", re.IGNORECASE)
APART = 2.0  # heights of letters between words of one remark
AROUND = 2  # pixels around a remark: ink that goes on there is no letter
FAINT = 0.1  # of a pixel: less is left of it, as a JPEG leaves something everywhere


def remarks(texts: Iterable[Text], labels: Iterable[str], left: float, top: float, shape: tuple[int, ...]) -> list[Box]:
    """Find the remarks in a plot among the words of its picture.

    Parameters
    ----------
    texts : iterable of Text
        Words, in pixels of the picture. What looks like a word to tesseract may be dashes.
    labels : iterable of str
        Names of curves.
    left, top : float
        Corner of the plot.
    shape : tuple of int
        Height and width of the plot.

    Returns
    -------
    list of tuple of four int
        Where there are words that speak of survival, or names of curves: left, top, right, bottom, in pixels of the plot.
    """
    names = {_letters(label) for label in labels} - {""}  # a label without letters is no name
    moved = (replace(text, left=text.left - left, right=text.right - left, top=text.top - top, bottom=text.bottom - top) for text in texts)
    inside = [word for word in moved if word.left > 0 and word.top > 0 and word.right < shape[1] and word.bottom < shape[0]]
    lines = [line for row in rows_of(inside) for line in split_row(row)]
    said = [(" ".join(word.string for word in line), line) for line in lines]
    return [_box(line) for string, line in said if SAYS.search(string) or _letters(string) in names]


def _letters(string: str) -> str:
    return re.sub(r"\W", "", string).casefold()


def split_row(row: list[Text]) -> list[list[Text]]:
    """Part words that are far from each other.

    Parameters
    ----------
    row : list of Text
        Words of one row, from the left.

    Returns
    -------
    list of list of Text
        What belongs together.
    """
    lines = [row[:1]]
    for word in row[1:]:
        if word.left - lines[-1][-1].right > APART * (word.bottom - word.top):
            lines.append([])
        lines[-1].append(word)
    return lines


def _box(line: list[Text]) -> Box:
    """Return where the words of a remark are, but for those whose middle is not in its row: these are curves that look like words."""
    words = [word for word in line if _letters(word.string)] or line
    high, low = (float(np.median(edges)) for edges in zip(*((word.top, word.bottom) for word in words), strict=True))
    inside = [word for word in line if high - AROUND <= (word.top + word.bottom) / 2 <= low + AROUND] or words
    edges = np.array([[word.left, word.top, -word.right, -word.bottom] for word in inside]).min(axis=0)
    left, top, right, bottom = (int(value) for value in np.floor(edges) * [1, 1, -1, -1])
    return left, top, right, bottom


def without_letters(layers: Sequence[Layer], boxes: Iterable[Box]) -> list[Layer]:
    """Take away the ink of letters; what they cover may hide a curve.

    Parameters
    ----------
    layers : sequence of Layer
        All ink, by color.
    boxes : iterable of tuple of four int
        Where remarks are. Ink that goes on beyond is kept; so is what has a color where letters are gray: no letter, though read as one.

    Returns
    -------
    list of Layer
        The rest.
    """
    if not layers:
        return []
    inks = [layer.own.copy() for layer in layers]
    for left, top, right, bottom in boxes:
        parts = [ink[max(top - AROUND, 0) : bottom + AROUND, max(left - AROUND, 0) : right + AROUND] for ink in inks]
        pieces = [_pieces(part) for part in parts]
        most = max(range(len(layers)), key=lambda number: float(parts[number][pieces[number] > 0].sum()))
        letters = None if layers[most].colored else parts[most].copy()
        for layer, part, here in zip(layers, parts, pieces, strict=True):
            if layer.colored and letters is not None:
                here = np.where(_more(part, letters, here), 0, here)
            part[here > 0] = 0
    return [replace(layer, own=ink) for layer, ink in zip(layers, inks, strict=True)]


def _pieces(part: Floats) -> IntArray:
    """Return numbers of the pieces of ink that do not reach the edge of a part of a plot; 0 elsewhere."""
    pieces, _ = ndimage.label(part > FAINT, np.ones((3, 3)))
    edge = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    return np.where(np.isin(pieces, edge), 0, pieces)


def _more(part: Floats, other: Floats, pieces: IntArray) -> BoolArray:
    """Return what is of pieces that have more ink in one part than in another."""
    numbers = np.setdiff1d(pieces, 0)
    here, there = (ndimage.sum_labels(ink, pieces, numbers) for ink in (part, other))
    return np.isin(pieces, numbers[here > there])
