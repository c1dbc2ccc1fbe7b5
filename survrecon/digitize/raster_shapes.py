"""Which stamp the censor marks of a plot are: the one that explains best what stands alone on the curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_runs import runs
from survrecon.digitize.raster_stamps import Prints, Sheet, Stamp, explained, paint
from survrecon.digitize.raster_trace import Steps

LARGEST = 0.035  # half of a mark's height, of the plot's
APART = 3  # columns to the next
MOST = 30  # of a curve are looked at
AWAY = np.arange(-3, 4) / 4  # pixels that a mark may be from the middle of its columns
WIDTHS = 3  # of what stands alone, that are tried
HEIGHTS = 4  # that are tried
SIZES = np.arange(-1, 3) / 2  # pixels around the height that is seen
STROKES = (0.5, 0.6, 0.7, 0.85, 1.0)  # thickness of marks, in that of the line
FEWEST = 1  # marks of one width
STEPS = 8  # from a guess to the best
THERE = 0.7  # of a stamp's ink, where it was printed
ACCOUNTED = 0.4  # of what sticks out of the lines, by marks
SPARE = 1.5  # columns that something may be wider than a stamp, and still one print


@dataclass(frozen=True, eq=False)
class Lone:
    """What stands alone on a curve.

    Attributes
    ----------
    x, y : ndarray of float, shape (k,)
        Middle of its columns, and the curve's row there.
    widths : ndarray of float, shape (k,)
        How many columns it takes.
    heights : ndarray of float, shape (k,)
        How far from the curve it reaches.
    """

    x: FloatArray
    y: FloatArray
    widths: FloatArray
    heights: FloatArray

    def only(self, some: BoolArray) -> Lone:
        """Return some of it.

        Parameters
        ----------
        some : ndarray of bool, shape (k,)
            Which.

        Returns
        -------
        Lone
            In the same order.
        """
        return Lone(self.x[some], self.y[some], self.widths[some], self.heights[some])


def choose_stamp(curves: list[tuple[Steps, Sheet]]) -> Stamp | None:
    """Choose the stamp of a plot's marks.

    Parameters
    ----------
    curves : list of (Steps, Sheet)
        The lines, and the ink around each.

    Returns
    -------
    Stamp or None
        None where there are none.
    """
    lone = [(lone_ink(steps, sheet), sheet) for steps, sheet in curves]
    thickness = min((steps.thickness for steps, _ in curves), default=1.0)
    best: tuple[float, Stamp | None] = (0.0, None)
    for width in frequent(np.concatenate([each.widths for each, _ in lone]), FEWEST)[:WIDTHS]:
        single = [(each.only(np.abs(each.widths - width) <= SPARE), sheet) for each, sheet in lone]
        found = _best_stamp(single, thickness, width)
        best = max(best, found, key=lambda pair: pair[0])
    if best[1] is None and sum(each.x.size for each, _ in lone) >= FEWEST:  # what stands alone may still be several marks each
        best = _best_stamp(lone, thickness)
    return best[1]


def _best_stamp(single: list[tuple[Lone, Sheet]], thickness: float, width: float | None = None) -> tuple[float, Stamp | None]:
    """Return how much the best stamp of about this width explains, and that stamp; of any width for None."""

    def gain(stamp: Stamp) -> float:
        return sum(_gain(stamp, each, sheet) for each, sheet in single if each.x.size)

    heights = frequent(np.concatenate([each.heights for each, _ in single]), 1)[:HEIGHTS]
    stamps = [stamp for stamp in _stamps(np.array(heights), thickness) if width is None or abs(_width(stamp) - width) <= SPARE + 1]
    if not stamps:
        return 0.0, None
    return climbed(stamps, gain)


def _width(stamp: Stamp) -> float:
    """Return how many columns of a stamp can be seen beside the line."""
    return stamp.stroke + (2 * stamp.size if stamp.shape == "circle" else 0.0)


def frequent(values: FloatArray, least: int) -> list[float]:
    """Return the values that are frequent, give or take one.

    Parameters
    ----------
    values : ndarray of float, shape (k,)
        In pixels.
    least : int
        How many are frequent.

    Returns
    -------
    list of float
        Whole numbers, the most frequent first.
    """
    counts = np.convolve(np.bincount(np.round(values).astype(int), minlength=3), [1, 1, 1], "same")
    found = []
    while counts.max() >= least:
        at = int(counts.argmax())
        found.append(float(at))
        counts[max(at - 1, 0) : at + 2] = 0
    return found


def climbed(stamps: Iterable[Stamp], worth: Callable[[Stamp], float], thickest: float = np.inf) -> tuple[float, Stamp]:
    """Take the best of some stamps, and go from it to a better one that differs a little, again and again.

    Parameters
    ----------
    stamps : iterable of Stamp
        Where to begin; at least one.
    worth : callable
        How good a stamp is.
    thickest : float
        No stroke is made thicker than this, in pixels.

    Returns
    -------
    tuple of (float, Stamp)
        What the best is worth, and which it is.
    """
    most, best = max(((worth(stamp), stamp) for stamp in stamps), key=lambda pair: pair[0])
    for _ in range(STEPS):
        better, stamp = max(((worth(stamp), stamp) for stamp in _neighbors(best, thickest)), key=lambda pair: pair[0])
        if better <= most:
            break
        most, best = better, stamp
    return most, best


def _neighbors(stamp: Stamp, thickest: float) -> list[Stamp]:
    """List the stamps that are a little larger, smaller, thinner or thicker."""
    found = [replace(stamp, size=stamp.size + change) for change in (-0.25, 0.25)]
    strokes = [max(stamp.stroke * change, 1.0) for change in (0.9, 1.11)]
    return found + [replace(stamp, stroke=stroke) for stroke in strokes if stroke < thickest]


def _stamps(heights: FloatArray, thickness: float) -> list[Stamp]:
    """List the shapes that reach these heights."""
    found = []
    for size in np.unique(heights[:, None] + SIZES):
        for stroke in np.maximum(thickness * np.array(STROKES), 1.0):
            found += [Stamp(shape, float(size), float(stroke)) for shape in ("tick", "cross") if size > stroke / 2 + 1]
            found += [Stamp("circle", float(size - stroke / 2), float(stroke))] if size > 1.5 * stroke else []
    return found


def _gain(stamp: Stamp, lone: Lone, sheet: Sheet) -> float:
    """Return how much of what stands alone a stamp explains, each print at its best place."""
    x, y = (np.repeat(values, AWAY.size) for values in (lone.x, lone.y))
    gain, possible = explained(stamp, x + np.tile(AWAY, lone.x.size), y, sheet)
    return float(np.where(gain >= THERE * possible, gain, 0).reshape(-1, AWAY.size).max(axis=1).sum())


def lone_ink(steps: Steps, sheet: Sheet) -> Lone:
    """Find what sticks out of a line and stands alone.

    Parameters
    ----------
    steps : Steps
        The line.
    sheet : Sheet
        The ink around it.

    Returns
    -------
    Lone
        Marks, for the most part.
    """
    height, width = sheet.own.shape
    reach = int(max(LARGEST * height, 2 * steps.thickness)) + 2
    columns = np.arange(int(np.ceil(steps.x[0])) + 1, min(int(steps.end) + reach, width))
    rows = steps.rows(columns + 0.5)
    away = np.arange(-reach, reach + 1)
    at = np.clip(np.floor(rows).astype(int) + away[:, None], 0, height - 1)
    near = sheet.line > 0
    near[1:] |= sheet.line[:-1] > 0
    near[:-1] |= sheet.line[1:] > 0
    ink = (sheet.own[at, columns] > 0.5) & (sheet.seen[at, columns] > 0.5) & ~near[at, columns]
    first, last = runs(np.asarray(ink.any(axis=0)))
    beside = np.concatenate([[APART], first[1:] - last[:-1], [APART]])
    some = np.flatnonzero((np.minimum(beside[:-1], beside[1:]) >= APART) & (last - first <= 2 * reach))[:MOST]
    first, last = first[some], last[some]
    heights = np.array([np.abs(away[ink[:, i:j].any(axis=1)]).max() for i, j in zip(first, last, strict=True)])
    middles, widths = (first + last) / 2, (last - first).astype(float)
    found = Lone(columns[0] + middles, rows[middles.astype(int)], widths, heights + 0.5)
    return found.only(heights < reach)  # what goes on beyond is no mark


def tick_or_cross(stamp: Stamp, prints: list[Prints], sheets: list[Sheet]) -> Stamp:
    """Tell crosses from ticks by all prints: what a cross has more lies on the line, and shows only near drops.

    Parameters
    ----------
    stamp : Stamp
        A tick or a cross; others are left as they are.
    prints : list of (ndarray of float, ndarray of float)
        Columns and rows of the prints on each curve.
    sheets : list of Sheet
        The ink around each.

    Returns
    -------
    Stamp
        The one that leaves less ink unexplained.
    """
    if stamp.shape not in ("tick", "cross"):
        return stamp

    return min((replace(stamp, shape=shape) for shape in ("tick", "cross")), key=lambda tried: unexplained(tried, prints, sheets)[0])


def explains_marks(stamp: Stamp, prints: list[Prints], sheets: list[Sheet]) -> bool:
    """Tell whether prints account for what sticks out of the lines; if not, the stamp is another one, or cannot be known.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    prints : list of (ndarray of float, ndarray of float)
        Columns and rows of the prints on each curve.
    sheets : list of Sheet
        The ink around each.

    Returns
    -------
    bool
        Whether they explain enough of it.
    """
    left, before = unexplained(stamp, prints, sheets)
    return left <= (1 - ACCOUNTED) * before


def unexplained(stamp: Stamp, prints: list[Prints], sheets: list[Sheet], within: float | None = None) -> tuple[float, float]:
    """Return the squared ink near the lines that is wrong with the prints, and that without.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    prints : list of (ndarray of float, ndarray of float)
        Columns and rows of the prints on each curve.
    sheets : list of Sheet
        The ink around each.
    within : float, optional
        How far from the lines, in pixels; by default the size of the stamp.

    Returns
    -------
    tuple of two float
        In pixels.
    """
    from scipy import ndimage

    left = before = 0.0
    for (x, y), sheet in zip(prints, sheets, strict=True):
        near = sheet.seen * (ndimage.maximum_filter(sheet.line, 2 * int(stamp.size if within is None else within) + 1) > 0.5)
        made = np.maximum(sheet.line, paint(stamp, x, y, (sheet.own.shape[0], sheet.own.shape[1])))
        outside = np.clip(sheet.own - sheet.line, 0, 1)  # of the line, which may still be a little wrong itself
        left += float(np.sum(near * np.where(made > sheet.line, sheet.own - made, outside) ** 2))
        before += float(np.sum(near * outside**2))
    return left, before
