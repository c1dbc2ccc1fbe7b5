"""Circles and crosses near a line, on it yet or not: their middles say where it must run, though they hide it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from survrecon.data import BoolArray, FloatArray, IntArray
from survrecon.digitize.raster_stamps import FINE, Places, Sheet, Stamp, explained
from survrecon.digitize.raster_trace import Steps

APART = 3.0  # places in the width of a stroke
CLOSEST = 0.5  # pixels between places
FILLED = 0.6  # squared ink that a print must explain, of what it would if all of its ink were there
LEAST_SEEN = 0.1  # of a stamp must be visible by itself
NOT_LINE = 0.1  # of what a print explains must not be explained by the line as it is
MOST = 600  # middles along a line


@dataclass(frozen=True, eq=False)
class Anchors:
    """Points that a line runs through.

    Attributes
    ----------
    x, y : ndarray of float, shape (k,)
        Columns, ascending, and rows.
    weight : ndarray of float, shape (k,)
        Squared ink, in pixels, that a print in this place explains.
    """

    x: FloatArray
    y: FloatArray
    weight: FloatArray


def anchors_near(stamp: Stamp, steps: Steps, sheet: Sheet) -> Anchors:
    """Find prints of a stamp near a line: again and again, what explains most of the ink that no print explains yet.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    steps : Steps
        The line, as it is so far: it may be off by the size of a stamp.
    sheet : Sheet
        The ink around it.

    Returns
    -------
    Anchors
        The middles of the prints.
    """
    apart = max(CLOSEST, stamp.stroke / APART)
    x, y, starts = _around(stamp, steps, apart, sheet.own.shape[0])
    places = Places(stamp, x, y, replace(sheet, line=np.zeros_like(sheet.line)))
    gain, possible = places.gains(np.arange(x.size))
    full = float(np.sum(stamp.prints()[FINE // 2, FINE // 2] ** 2))

    def clear() -> BoolArray:
        return np.asarray((gain >= FILLED * possible) & (possible >= LEAST_SEEN * full))

    free = clear()
    free[free] = explained(stamp, x[free], y[free], sheet)[0] >= NOT_LINE * gain[free]
    chosen: list[int] = []
    weight = np.zeros(x.size)
    around = 2 * stamp.aside + 1  # prints farther apart have no pixel in common
    first, last = np.searchsorted(x, x - around), np.searchsorted(x, x + around, side="right")
    while len(chosen) < MOST:
        best = _clearest(np.where(free & clear(), gain, 0), starts, int(around / apart))
        if not best:
            break
        changed = np.zeros(x.size, dtype=bool)
        for at in best:
            places.put(at)
            weight[at], free[at] = gain[at], False
            changed[first[at] : last[at]] = True
        chosen += best
        near = np.flatnonzero(changed & free)
        gain[near], possible[near] = places.gains(near)
    some = np.sort(np.array(chosen, dtype=int))
    return Anchors(x[some], y[some], weight[some])


def _around(stamp: Stamp, steps: Steps, apart: float, height: int) -> tuple[FloatArray, FloatArray, IntArray]:
    """List places no farther from a line than a stamp reaches, column by column; also the number of the first in each column."""
    reach = stamp.size + stamp.stroke / 2
    columns = np.arange(steps.x[0], max(steps.end, steps.x[0]) + CLOSEST, apart)
    here = steps.rows(columns)
    top = np.clip(np.minimum(steps.rows(columns - reach), here - reach), 0, height - 1)
    bottom = np.clip(np.maximum(steps.rows(columns + reach), here + reach), 0, height - 1)
    many = ((bottom - top) / apart).astype(int) + 1
    starts = np.cumsum(many) - many
    number = np.arange(many.sum()) - np.repeat(starts, many)
    return np.repeat(columns, many), np.repeat(top, many) + apart * number, starts


def _clearest(value: FloatArray, starts: IntArray, reach: int) -> list[int]:
    """Return the numbers of places of more value than all others in so many columns before and after."""
    most, ends = np.maximum.reduceat(value, starts), np.append(starts[1:], value.size)
    found: list[int] = []
    last = -reach - 1
    for column in np.flatnonzero((most > 0) & (most == ndimage.maximum_filter1d(most, 2 * reach + 1))):
        if column - last > reach:  # of equal ones, the first
            last = int(column)
            found.append(int(starts[column] + value[starts[column] : ends[column]].argmax()))
    return found
