"""The ticks of an axis line in a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from survrecon.data import BoolArray, FloatArray, IntArray

MOST_TICKS = 60  # an axis of more is none
LONGEST_TICK = 0.05  # of the axis
SPANNED = 0.3  # of the axis, by its ticks: what is closer together is part of a curve, or marks of it
END_AWAY = 0.1  # of a step between ticks, that marks may prolong a line beyond its last
UNEVEN = 2.5  # pixels that steps between ticks may differ
HIDING = 5  # pixels that a mark on a tick reaches beyond the line
SOFT = 0.05  # of a column: less ink is no part of a tick
PALE = 0.3  # of black: a mark is as dark


@dataclass(frozen=True)
class Line:
    """A straight line along the rows or columns of a picture; all in pixels from its top left corner.

    Attributes
    ----------
    near, far : int
        Its thickness: the first row (or column) that belongs to it, and the first after it.
    start, end : int
        Its length, in the same way.
    """

    near: int
    far: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """Return its length in pixels."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """Return the middle of its thickness."""
        return (self.near + self.far) / 2


def find_ticks(ink: FloatArray, line: Line, outwards: Literal[1, -1] = 1) -> tuple[float, ...]:
    """Find the major ticks of an axis, outside of it or else inside.

    Parameters
    ----------
    ink : ndarray of float, shape (height, width)
        Turned so that the axis runs along the rows.
    line : Line
        The axis.
    outwards : {1, -1}
        Whether outside is towards larger or smaller rows.

    Returns
    -------
    tuple of float
        Positions along the line, ascending; empty where fewer than two ticks were found.
    """
    outside = _ticks_on_side(ink, line, outwards)
    for ticks in outside:
        if ticks[-1] - ticks[0] >= SPANNED * line.length:
            return _with_hidden(ticks, ink, line, outwards)
    return _ticks_inside(ink, line, -outwards) or (_with_hidden(outside[0], ink, line, outwards) if outside else ())


def evenly_spaced(ticks: tuple[float, ...]) -> bool:
    """Tell whether ticks are at one distance from each other.

    Parameters
    ----------
    ticks : tuple of float
        Positions, in pixels.

    Returns
    -------
    bool
        False for fewer than three.
    """
    return len(ticks) >= 3 and bool(np.ptp(np.diff(ticks)) <= UNEVEN)


def tick_step(ticks: tuple[float, ...]) -> float:
    """Return the mean distance from a tick to the next.

    Parameters
    ----------
    ticks : tuple of float
        Positions, two at least.

    Returns
    -------
    float
        In pixels; less than 0 where positions fall.
    """
    return (ticks[-1] - ticks[0]) / (len(ticks) - 1)


def _ticks_inside(ink: FloatArray, line: Line, inwards: int) -> tuple[float, ...]:
    """Find the row of the longest ticks inside; of the same distance, the row of most: the length of one may differ by a pixel."""
    best: tuple[float, ...] = ()
    for ticks in _ticks_on_side(ink, line, inwards):
        rows = sorted(_even_rows(ticks, line), key=len, reverse=True)  # of equals, that of which more is seen
        even = max((_with_touched(row, ink, line, inwards) for row in rows), key=len, default=())
        if not even or even[-1] - even[0] < SPANNED * line.length:
            continue
        if not best or (len(even) > len(best) and abs(tick_step(even) - tick_step(best)) <= UNEVEN):
            best = even
    return best


def _even_rows(ticks: tuple[float, ...], line: Line) -> Iterator[tuple[float, ...]]:
    """List ticks that follow each other at one distance: inside of the axes, curves and guide lines look like ticks too.

    Those at the ends of the line are counted, though they cannot be seen.
    """
    for start, first in enumerate(ticks[:MOST_TICKS]):
        for second in ticks[start + 1 : MOST_TICKS]:
            step, row = second - first, [first, second]
            for tick in ticks[start + 2 : MOST_TICKS]:
                if abs(tick - row[-1] - step) <= 1.5:
                    row.append(tick)
            if len(row) >= 3:
                yield _with_ends(tuple(row), line)


def _with_ends(ticks: tuple[float, ...], line: Line) -> tuple[float, ...]:
    """Add the ticks that cannot be seen since they lie on another axis line: those one step away, at an end of this one."""
    spare = END_AWAY * tick_step(ticks) + line.far - line.near
    return _extended(ticks, lambda place: min(abs(place - line.start), abs(place - line.end)) <= spare)


def _extended(ticks: tuple[float, ...], there: Callable[[float], bool]) -> tuple[float, ...]:
    """Add the place one step before, and that one step after, evenly spaced ticks, where a tick is said to be there."""
    before, after = ticks[0] - tick_step(ticks), ticks[-1] + tick_step(ticks)
    return (*((before,) if there(before) else ()), *ticks, *((after,) if there(after) else ()))


def _with_hidden(ticks: tuple[float, ...], ink: FloatArray, line: Line, outwards: int) -> tuple[float, ...]:
    """Add the first or last of evenly spaced ticks where a mark of a curve lies on it: as much ink as of a tick, one step away."""
    if not evenly_spaced(ticks):
        return ticks
    spare = END_AWAY * tick_step(ticks)

    def hidden(place: float) -> bool:
        dark = _dark_beside(ink, line, outwards, place)
        return max(line.start - spare, 0) <= place <= line.end + spare and dark.size > 0 and bool(dark.all())

    return _extended(ticks, hidden)


def _with_touched(ticks: tuple[float, ...], ink: FloatArray, line: Line, direction: int) -> tuple[float, ...]:
    """Add evenly spaced ticks on the axis' other side beyond the first and the last, which curves touch, so that they seem longer."""

    def touched(place: float) -> bool:
        return line.start <= place <= line.end and bool(_dark_beside(ink, line, direction, place).any())

    while len(more := _with_ends(_extended(ticks, touched), line)) > len(ticks):
        ticks = more
    return ticks


def _dark_beside(ink: FloatArray, line: Line, direction: int, place: float) -> BoolArray:
    """Return which columns around a place are dark for some pixels from a line on; none where the picture ends before."""
    edge = line.far if direction > 0 else line.near - 1
    beyond = ink[edge : edge + direction * HIDING : direction, max(int(place) - 1, 0) : int(place) + 2]
    return np.all(beyond > PALE, axis=0) if beyond.shape[0] == HIDING else np.zeros(0, dtype=bool)


def _ticks_on_side(ink: FloatArray, line: Line, direction: int) -> list[tuple[float, ...]]:
    """Return what may be ticks, those of each length that is found twice, the longest first."""
    reach = int(max(6, LONGEST_TICK * line.length))
    row = line.far if direction > 0 else line.near - 1
    rows = row + direction * np.arange(reach)
    rows = rows[(rows >= 0) & (rows < ink.shape[0])]
    first, last = max(line.start - 3, 0), min(line.end + 3, ink.shape[1])
    if rows.size < 3:
        return []
    strip = ink[rows][:, first:last]
    level = 0.3 * np.quantile(ink[line.near : line.far, line.start : line.end], 0.5)
    away = np.cumprod(strip > level, axis=0).sum(axis=0)  # how far ink goes on without a gap
    if np.median(away) >= 1:  # the line's own soft edge
        away = np.maximum(away - int(np.median(away)), 0)
    columns = np.flatnonzero(away >= 2)
    if columns.size == 0:
        return []
    groups = [g for g in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1) if g.size <= max(6, 0.02 * line.length)]
    lengths = np.array([int(away[g].max()) for g in groups])
    inside = lengths < rows.size  # longer ones are no ticks: the other axis, a grid line
    full = float(np.median(ink[line.near : line.far, line.start : line.end].max(axis=0)))
    places = np.array([_center(strip, group, int(away[group].max()), full) + first for group in groups])
    alike = [inside & (np.abs(lengths - length) <= 1 + 0.15 * length) for length in sorted(set(lengths[inside].tolist()), reverse=True)]
    return [tuple(places[kept].tolist()) for kept in alike if kept.sum() >= 2]


def _center(strip: FloatArray, group: IntArray, length: int, full: float) -> float:
    """Middle of a tick: half way between its edges, which are as far from a column within it as there is ink, its soft edges included."""
    columns = np.arange(max(int(group[0]) - 1, 0), min(int(group[-1]) + 2, strip.shape[1]))
    weight = np.median(strip[1 : max(2, length - 1), columns[0] : columns[-1] + 1], axis=0)
    middle = float(np.sum(weight * (columns + 0.5)) / np.sum(weight))
    within = round(middle)
    before, after = (float(weight[side].sum()) / max(full, weight.max()) for side in (columns < within, columns >= within))
    return within + (after - before) / 2 if min(before, after) > SOFT else middle  # in one column, it may be anywhere
