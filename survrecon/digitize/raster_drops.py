"""Make each vertical stroke of a curve one drop, at the middle of its ink."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.raster_trace import Floats, Steps

SOFT = 0.5  # pixels that the ink of a stroke spreads over its edges
LIKE_LINE = 0.35  # of the line's thickness, that a stroke's may differ from it
MOVED = 1.5  # pixels that a stroke may be from where its edges say
STRAIGHT = 0.6  # pixels that the middle of a stroke may waver
LOW = 0.5  # pixels that the parts of a drop span that is too low to show a stroke
NEAR = 2.0  # pixels that a first level may be from 1
INKED = 0.5  # of a pixel; and of the rows of a drop


def whole_drops(steps: Steps, own: Floats) -> Steps:
    """Join the parts of each drop, and put it at the middle of its vertical stroke.

    Parameters
    ----------
    steps : Steps
        A curve.
    own : ndarray of float32, shape (height, width)
        Share of each pixel that its color covers.

    Returns
    -------
    Steps
        Neighboring drops that span less than the line's thickness are joined, the closest first, where the ink between their
        levels is one straight stroke; the others only within half a pixel. What is joined keeps its area, unless its stroke says
        where it is.

    Notes
    -----
    The edges of a stroke are known to whole columns only, and one that is softer than the other leaves a level between, but the
    share of the ink in the columns tells the middle to a tenth of one. A steep descent is no stroke, and stays many drops.
    """
    x, y = steps.x.copy(), steps.y.copy()
    first, last = x.copy(), x.copy()
    tried = np.zeros(x.size, dtype=bool)  # not to be joined with the next
    tried[:1] = True  # the start is no drop
    for _ in range(2 * x.size):
        spans = np.where(tried[:-1], np.inf, last[1:] - first[:-1])
        at = int(spans.argmin()) if spans.size else 0
        if spans.size == 0 or spans[at] > max(steps.thickness, LOW):
            break
        upper, middle, lower = y[at - 1 : at + 2]
        column = ((middle - upper) * x[at] + (lower - middle) * x[at + 1]) / (lower - upper)
        stroke = _stroke(own, column, upper, lower, steps.thickness)
        if stroke is None and spans[at] > LOW:
            tried[at] = True
            continue
        x[at], last[at], y[at] = column, last[at + 1], lower
        x, y, first, last, tried = (np.delete(values, at + 1) for values in (x, y, first, last, tried))
        tried[at - 1 : at + 1] = False
        tried[0] = True
    for drop in range(1, x.size):
        stroke = _stroke(own, x[drop], y[drop - 1], y[drop], steps.thickness)
        if stroke is not None and x[drop - 1] < stroke < (x[drop + 1] if drop + 1 < x.size else steps.end + MOVED):
            x[drop] = stroke
    at_end = bool(steps.x[-1] == steps.end)
    return replace(steps, x=x, y=y, end=float(x[-1]) if at_end else max(steps.end, float(x[-1])))


def _stroke(own: Floats, column: float, upper: float, lower: float, thickness: float) -> float | None:
    """Return the middle of the ink between two levels, near a column; None where it is not one stroke that stands alone."""
    half = thickness / 2
    rows = np.arange(max(int(np.ceil(upper + half + SOFT)), 0), min(int(lower - half - SOFT), own.shape[0]))
    reach = half + MOVED + 1
    left, right = max(int(column - reach), 0), min(int(np.ceil(column + reach)), own.shape[1])
    if rows.size == 0 or right - left < 3:
        return None
    ink = own[rows, left:right].astype(float)
    amount = ink.sum(axis=1)
    alone = (np.abs(amount - thickness) <= LIKE_LINE * thickness + SOFT / 2) & (ink[:, [0, -1]] < 0.15).all(axis=1)
    if alone.sum() < 0.5 * rows.size:
        return None
    middles = ink[alone] @ (np.arange(left, right) + 0.5) / amount[alone]
    middle = float(np.median(middles))
    return middle if abs(middle - column) <= MOVED and np.ptp(middles) <= STRAIGHT else None


def from_start(steps: Steps, row: float) -> Steps:
    """Begin a curve at the level where it must, unless its ink begins elsewhere.

    Parameters
    ----------
    steps : Steps
        A curve.
    row : float
        Of survival 1.

    Returns
    -------
    Steps
        With that first level, if what was measured is near it or lasts shorter than the line is thick.
    """
    y: FloatArray = steps.y.copy()
    near = abs(y[0] - row) <= max(NEAR, steps.thickness / 2)
    short = y.size > 1 and steps.x[1] - steps.x[0] <= steps.thickness + 1 and row < y[1]
    if near or short:
        y[0] = min(row, y[1]) if y.size > 1 else row
    return replace(steps, y=y)


def to_last_mark(steps: Steps, marks: FloatArray, reach: float, own: Floats) -> Steps:
    """End a curve in the middle of the mark that its ink ends with, not at that mark's edge.

    Parameters
    ----------
    steps : Steps
        A curve.
    marks : ndarray of float
        Columns of its marks, ascending.
    reach : float
        How far a mark reaches from its middle.
    own : ndarray of float32, shape (height, width)
        The curve's ink.

    Returns
    -------
    Steps
        The same, unless a mark reaches to its end and no drop taller than the line that has ink follows on it.
    """
    if marks.size == 0 or not max(steps.x[0], steps.end - reach - 1) < marks[-1] < steps.end:
        return steps
    before = steps.x < marks[-1]
    level = float(steps.y[before][-1])
    if steps.y[-1] - level > steps.thickness:
        # a mark explains its own ink, so the line behind it may fall where there is none: only farther off does ink tell of a drop
        drop = float(steps.x[~before][0]) - 1
        tall = steps.y[-1] > level + reach + steps.thickness
        top, first = (level + reach + 1, drop) if tall else (level + steps.thickness, max(drop, marks[-1] + steps.thickness))
        below = own[int(top) : int(steps.y[-1]) + 1, int(first) : int(steps.end) + 2]
        if below.size == 0 or np.mean(below.max(axis=1) > INKED) > INKED:
            return steps
    return replace(steps, x=steps.x[before], y=steps.y[before], end=float(marks[-1]))
