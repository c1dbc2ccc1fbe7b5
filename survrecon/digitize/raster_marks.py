"""Find censor marks on a curve: ticks, crosses and circles that stick out of its line in its own color."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survrecon.data import BoolArray, FloatArray, IntArray
from survrecon.digitize.raster_found import Found, drawn
from survrecon.digitize.raster_runs import outside, runs

LEAST = 2.0  # pixels that a tick sticks out at least
LARGEST = 0.03  # radius of a circle, of the plot's height
ROUND = 0.8  # of a circle's outline that must be ink
ANGLES = np.deg2rad([25, 40, 55, 70, 90, 110, 125, 140, 155, 205, 220, 235, 250, 270, 290, 305, 320, 335])


@dataclass(frozen=True, eq=False)
class Marks:
    """The censor marks of a curve.

    Attributes
    ----------
    columns : ndarray of float
        Their middles, ascending, in pixels from the left of the plot.
    wide, high : float
        How far they reach from their middles.
    """

    columns: FloatArray
    wide: float = 0.0
    high: float = 0.0


NO_MARKS = Marks(np.array([]))


def find_marks(curve: Found) -> Marks:
    """Find the columns of a curve's censor marks.

    Parameters
    ----------
    curve : Found
        The curve.

    Returns
    -------
    Marks
        Where marks make one stretch of ink, as few as can fill it.
    """
    steps = curve.steps
    columns = np.arange(int(np.ceil(steps.x[0])), min(int(steps.end) + 1, curve.ink.own.shape[1]))
    if columns.size < 3:
        return NO_MARKS
    rows = steps.rows(columns + 0.5)
    ticks, ticked, high = _ticks(curve, columns, rows)
    circles, radius = _circles(curve, columns, rows)
    if circles.size:
        # the sides of a circle look like ticks: circles must explain most of them
        near = np.abs(columns[ticked][:, None] + 0.5 - circles).min(axis=1, initial=np.inf)
        solid = ticked[np.clip(circles.astype(int) - columns[0], 0, columns.size - 1)]  # and be hollow
        if near.size and np.mean(near <= radius + steps.thickness) >= 0.5 and np.mean(solid) < 0.45:
            return Marks(circles, radius + steps.thickness, radius + steps.thickness)
    return Marks(ticks, steps.thickness, high)


def around_marks(curve: Found, marks: Marks) -> BoolArray:
    """Return the pixels around the marks of a curve.

    Parameters
    ----------
    curve : Found
        The curve.
    marks : Marks
        Its marks.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True in a box around each.
    """
    around = np.zeros(curve.ink.own.shape, dtype=bool)
    steps = curve.steps
    rows = steps.rows(marks.columns)
    for column, row in zip(marks.columns, rows, strict=True):
        around[
            max(int(row - marks.high), 0) : int(row + marks.high) + 1, max(int(column - marks.wide), 0) : int(column + marks.wide) + 1
        ] = True
    return around


def _ticks(curve: Found, columns: IntArray, rows: FloatArray) -> tuple[FloatArray, BoolArray, float]:
    """Return the middles of the ticks, which columns belong to one, and how far they reach from the curve."""
    own, half = curve.ink.own, curve.steps.thickness / 2
    line = drawn(curve, 0.0)[:, columns]
    solid = (own[:, columns] > 0.4) | line
    height = solid.shape[0]
    at = np.arange(columns.size)
    over, under = outside(solid)
    middle = np.clip(rows.astype(int), 0, height - 1)
    least = max(LEAST, 0.9 * curve.steps.thickness)
    up, down = rows - half - over[middle, at] - 1, under[middle, at] - rows - half
    # where the curve itself, or other ink, takes the place of a tick's upper or lower half
    far_up, far_down = (np.clip(middle + sign * int(half + least), 0, height - 1) for sign in (-1, 1))
    taken = line | ((curve.ink.blank[:, columns] < 0.5) & (own[:, columns] < 0.3))
    no_up, no_down = taken[far_up, at], taken[far_down, at]
    sees_up, sees_down = (up >= least) & ~no_up, (down >= least) & ~no_down
    ticked = (sees_up & (sees_down | no_down)) | (sees_down & no_up)
    whole = sees_up & sees_down & (np.abs(up - down) <= 1.5 + 0.25 * np.minimum(up, down))
    if not whole.any():
        return np.array([]), ticked, 0.0
    usual = float(np.median(np.minimum(up, down)[whole]))  # a tick is as long as the others
    spare = 1.5 + 0.35 * usual
    ticked &= (~sees_up | (np.abs(up - usual) <= spare)) & (~sees_down | (np.abs(down - usual) <= spare))
    groups = _groups(ticked)
    if not groups:
        return np.array([]), ticked, 0.0
    widths = np.bincount([last - first + 1 for first, last in groups])
    single = max(float(widths.argmax()), 0.7 * curve.steps.thickness, 1.0)  # most marks stand alone
    return np.concatenate([_spread(columns[first], columns[last] + 1, single) for first, last in groups]), ticked, usual + half + 1


def _circles(curve: Found, columns: IntArray, rows: FloatArray) -> tuple[FloatArray, float]:
    """Return the centers of circles on the curve, and their radius."""
    own, blank = curve.ink.own, curve.ink.blank
    height, width = own.shape
    best: tuple[int, float, BoolArray] = (0, 0.0, np.zeros(columns.size, dtype=bool))
    for radius in np.arange(max(2.0, 1.25 * curve.steps.thickness), max(LARGEST * height, 4.0), 0.5):
        y = np.clip(np.round(rows - 0.5 - radius * np.sin(ANGLES)[:, None]).astype(int), 0, height - 1)
        x = np.clip(np.round(columns + radius * np.cos(ANGLES)[:, None]).astype(int), 0, width - 1)
        ink, covered = own[y, x] > 0.4, (blank[y, x] < 0.5) & (own[y, x] < 0.3)
        ends = np.isin(ANGLES, np.deg2rad([90, 270]))
        round_here = (np.mean(ink | covered, axis=0) >= ROUND) & (np.mean(ink, axis=0) >= 0.5) & (ink | covered)[ends].all(axis=0)
        inside = np.clip(np.round(rows - 0.5 + 0.55 * radius * np.array([[1], [-1]])).astype(int), 0, height - 1)
        hollow = round_here & (blank[inside, columns] > 0.5).any(axis=0)
        if hollow.sum() > best[0]:
            best = (int(hollow.sum()), float(radius), round_here)
    _, radius, round_here = best
    spots = [_spread(columns[first], columns[last] + 1, max(0.7 * radius, 3.0)) for first, last in _groups(round_here)]
    return (np.concatenate(spots) if spots else np.array([])), radius


def _groups(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the last index of each run of True."""
    return [(int(first), int(end) - 1) for first, end in zip(*runs(mask), strict=True)]


def _spread(start: int, end: int, single: float) -> FloatArray:
    """Place as few marks of one width as fill a stretch."""
    count = max(1, int((end - start) / single + 0.25))
    each = (end - start) / count
    return np.asarray(start + each * (np.arange(count) + 0.5))
