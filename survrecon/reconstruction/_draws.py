"""Draws of an arm's subjects from what the figure and the printed numbers leave open.

Where the points are the drops themselves, the events are known and the course of censoring is drawn from its
posterior distribution given the drops (`_smooth.sample`). Where the points lie anywhere on the curve (pixel
columns, clicks), the curve is drawn within its reading error, the censoring around its most probable
course, and the events follow from both. Times are drawn within what was read, and every draw
meets the numbers at risk and the total number of events exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import isotonic_regression

from survrecon.data import IPD, FloatArray, IntArray
from survrecon.reconstruction._layout import Layout

CALIBRATION = 0.5  # standard deviation of shift and scale of the axis, over the reading error
SLANT = 0.55  # scale of the (logistic) log exponent of censoring times within a cell
SHIFTS = 7  # halvings in the search for a printed total
LARGEST_SHIFT = 4.0  # bridge variances by which censoring moves at most to meet it


Part = Callable[[tuple[int, ...]], FloatArray]


@dataclass(frozen=True, eq=False)
class Noise:
    """Random numbers of one chunk of draws.

    Attributes
    ----------
    axis : ndarray of float, shape (draws, 2)
        Standard normal numbers for shift and scale, common to all arms of a figure.
    arm : numpy.random.Generator
        For everything else.
    """

    axis: FloatArray
    arm: np.random.Generator


def resolving(layout: Layout, events: IntArray, censored: FloatArray) -> IntArray:
    """Return the points that suffice to follow the curve: the last of each half event, and of each interval."""
    per_interval = np.bincount(layout.interval, weights=events, minlength=layout.losses.size)
    before = np.cumsum(events) - events - (np.cumsum(per_interval) - per_interval)[layout.interval]
    n = layout.counts[layout.interval] - before - censored
    drop = -np.diff(layout.survival, prepend=1.0) / np.maximum(np.append(1.0, layout.survival[:-1]), 1e-9)
    half_events = np.floor(2 * np.cumsum(n * drop))
    falls = np.append(False, np.diff(half_events) > 0)
    near = np.convolve(falls, np.ones(5), mode="same") > 0  # with the points around each fall, so that its time stays known
    last = near | np.append(np.diff(layout.interval) > 0, True)
    last[0] = True
    return np.flatnonzero(last)


def thinned(layout: Layout, kept: IntArray) -> Layout:
    """Return the layout with some of its points."""
    return replace(
        layout,
        time=layout.time[kept],
        survival=layout.survival[kept],
        reading=layout.reading[kept],
        interval=layout.interval[kept],
        share=layout.share[kept],
    )


def walk_many(layout: Layout, censored: FloatArray, survival: FloatArray, single_last: bool) -> IntArray:
    """Round the events of many draws at once, as `_forward.walk` does for one.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    censored, survival : ndarray of float, shape (draws, k)
        Censored before each point in its interval, and the curve to follow.
    single_last : bool
        Whether a drop to 0 is one event.

    Returns
    -------
    ndarray of int, shape (draws, k)
        Events at each point.
    """
    leaving, targets = np.ascontiguousarray(censored.T), np.ascontiguousarray(survival.T)  # a row for each point: faster
    points, draws = leaving.shape
    events = np.zeros((points, draws), dtype=int)
    km, placed = np.ones(draws), np.zeros(draws)
    current, start, least, following = -1, 0.0, 0.0, 0.0
    for k in range(points):
        i = int(layout.interval[k])
        if i != current:
            current, placed, start, following = i, np.zeros(draws), float(layout.counts[i]), float(layout.counts[i + 1])
            least = following + float(layout.firm_counts[i])
        target = targets[k]
        if not (target < km).any():
            continue
        n = np.maximum(start - placed - leaving[k], following + 1)
        d = np.floor(n * (1 - target / np.maximum(km, 1e-300)) + 0.5)
        if single_last:
            d = np.where(target <= 0, 1.0, d)
        most = np.floor(np.maximum(start - placed - least, 0) + 1e-9) * (km > 0)
        d = np.minimum(np.maximum(d, 0), most)
        if d.any():
            events[k] = d
            km = np.where((d > 0) & ((n <= d) | (target <= 0)), 0.0, km * (1 - d / n))
            placed = placed + d
    return events.T


def meet_total(
    layout: Layout, censored: FloatArray, events_of: Callable[[FloatArray, IntArray], IntArray], total: int
) -> tuple[FloatArray, IntArray]:
    """Move the censoring of each draw later or earlier until its events number `total`.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    censored : ndarray of float, shape (draws, k)
        Censored before each point.
    events_of : callable
        Events for such an array of some draws, and which ones.
    total : int
        Printed number of events.

    Returns
    -------
    censored : ndarray of float, shape (draws, k)
        The moved censoring.
    events : ndarray of int, shape (draws, k)
        Its events; the last ones are turned into censored subjects, or back, where moving was not enough.
    """
    events = events_of(censored, np.arange(censored.shape[0]))
    lost = (layout.losses[None, :] - _per_interval(layout, events))[:, layout.interval]
    part = np.divide(censored, lost, out=np.zeros_like(censored), where=lost > 0)
    bridge = lost * part * (1 - part)
    excess = events.sum(axis=1) - total
    low = np.where(excess > 0, -LARGEST_SHIFT, 0.0)
    high = np.where(excess > 0, 0.0, LARGEST_SHIFT)
    best, fewest, best_censored = events.copy(), np.abs(excess), censored.copy()
    for _ in range(SHIFTS):
        left = np.flatnonzero(fewest)
        if left.size == 0:
            break
        middle = (low[left] + high[left]) / 2
        moved = np.clip(censored[left] - middle[:, None] * bridge[left], 0, lost[left])
        tried = events_of(moved, left)
        found = tried.sum(axis=1) - total
        better = np.abs(found) < fewest[left]
        improved = left[better]
        best[improved], best_censored[improved], fewest[improved] = tried[better], moved[better], np.abs(found[better])
        low[left], high[left] = np.where(found > 0, low[left], middle), np.where(found > 0, middle, high[left])
    return best_censored, _force_many(layout, best, best.sum(axis=1) - total)


def _force_many(layout: Layout, events: IntArray, excess: IntArray) -> IntArray:
    events = events.copy()
    spare = (layout.losses - layout.firm_counts)[None, :] - _per_interval(layout, events)
    for k in range(events.shape[1] - 1, 0, -1):
        if not excess.any():
            break
        i = layout.interval[k]
        change = np.where(excess > 0, -np.minimum(events[:, k], excess), np.minimum(np.maximum(spare[:, i], 0), -excess)).astype(int)
        events[:, k] += change
        spare[:, i] -= change
        excess = excess + change
    return events


def _per_interval(layout: Layout, events: IntArray) -> FloatArray:
    starts = np.searchsorted(layout.interval, np.arange(layout.losses.size), side="left")
    total = np.concatenate([np.zeros((events.shape[0], 1)), np.cumsum(events, axis=1)], axis=1)
    ends = np.append(starts[1:], events.shape[1])
    per: FloatArray = total[:, ends] - total[:, starts]
    return per


def draw_curves(layout: Layout, sigma: float, noise: Noise) -> FloatArray:
    """Draw the curve within its reading error: independent errors made non-increasing, shift and scale of the axis.

    Parameters
    ----------
    layout : Layout
        Points.
    sigma : float
        Standard deviation of the reading error.
    noise : Noise
        Random numbers.

    Returns
    -------
    ndarray of float, shape (draws, k)
        Non-increasing, 1 at time 0.
    """
    shape = (noise.axis.shape[0], layout.survival.size)
    when = layout.time + sigma * layout.end * noise.arm.standard_normal(shape)
    read = np.interp(when, layout.time, layout.survival) + sigma * noise.arm.standard_normal(shape)
    read = 1 - (1 - read) * (1 + CALIBRATION * sigma * noise.axis[:, :1]) + CALIBRATION * sigma * noise.axis[:, 1:]
    read[:, 0] = 1.0
    fitted = np.array([isotonic_regression(row, increasing=False).x for row in read])
    centered = 1 - nondecreasing(1 - (fitted - fitted.mean(axis=0) + layout.survival))  # isotonic regression is biased at the ends
    centered[:, layout.survival <= 0] = 0.0
    centered[:, layout.survival >= 1] = 1.0
    return np.clip(centered, 0, 1)


def place_many(
    layout: Layout, events: IntArray, censored: FloatArray, between: bool, time_step: float, label: str, part: Part
) -> tuple[IPD, ...]:
    """Make the subjects of many draws, with times drawn within their cells.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    events, censored : ndarray, shape (draws, k)
        Events at each point, and censored before it in its interval.
    between : bool
        Whether events happened since the point before, rather than at the point.
    time_step : float
        Step to which the times of points were read.
    label : str
        Name of the arm.
    part : callable
        Given a shape, returns where in their cells subjects lie, from 0 to 1: random numbers, or one of the two ends.

    Returns
    -------
    tuple of IPD
        Each with as many subjects as ``layout.counts[0]``.
    """
    draws = events.shape[0]
    shifts = np.zeros(events.shape) if between else time_step * (part(events.shape) - 0.5)
    owner, time = _event_times(layout, events, shifts, part if between else None)
    owners, times, flags = [owner], [time], [np.ones(owner.size, dtype=bool)]
    lost = layout.losses[None, :] - _per_interval(layout, events)
    first_mark = np.cumsum(layout.mark_counts) - layout.mark_counts
    for i in range(layout.losses.size):
        marks = layout.marks[first_mark[i] : first_mark[i] + layout.mark_counts[i]]
        kept = np.minimum(marks.size, lost[:, i]).astype(int)
        own = np.repeat(np.arange(draws), kept)
        rank = np.arange(own.size) - np.repeat(np.cumsum(kept) - kept, kept)
        owners.append(own)
        times.append(_with_their_events(layout, i, marks, shifts)[own, rank])
        extra_owner, extra_time = _extra_times(layout, i, events, censored, lost[:, i] - kept, marks, part)
        owners.append(extra_owner)
        times.append(extra_time)
    flags.append(np.zeros(sum(part.size for part in owners) - owner.size, dtype=bool))
    all_owner, all_time, all_flag = np.concatenate(owners), np.concatenate(times), np.concatenate(flags)
    order = np.argsort(all_owner, kind="stable")
    by_draw, event_by_draw = all_time[order].reshape(draws, -1), all_flag[order].reshape(draws, -1)
    return tuple(IPD(t, e, label) for t, e in zip(by_draw, event_by_draw, strict=True))


def nondecreasing(paths: FloatArray) -> FloatArray:
    """Return a non-decreasing path near each row: halfway between its running maximum and its running minimum from the end."""
    up = np.maximum.accumulate(paths, axis=1)
    down = np.minimum.accumulate(paths[:, ::-1], axis=1)[:, ::-1]
    return (up + down) / 2


def _event_times(layout: Layout, events: IntArray, shifts: FloatArray, part: Part | None) -> tuple[IntArray, FloatArray]:
    """Place events: with `part`, between their point and the one before; else at their point, shifted."""
    owner, point = np.nonzero(events)
    d = events[owner, point]
    owner, point = np.repeat(owner, d), np.repeat(point, d)
    time, interval = layout.time[point], layout.interval[point]
    if part is not None:
        previous = np.maximum(np.searchsorted(layout.time, layout.time, side="left") - 1, 0)
        left = np.maximum(layout.time[previous][point], layout.edges[interval])
        return owner, left + (time - left) * part(time.shape)
    return owner, _kept_inside(layout, interval, time + shifts[owner, point])


def _kept_inside(layout: Layout, interval: IntArray, time: FloatArray) -> FloatArray:
    """Move times into their interval; nobody leaves at its end, where the next count is printed."""
    high = layout.edges[interval + 1]
    return np.clip(time, layout.edges[interval], np.where(interval == layout.losses.size - 1, high, np.nextafter(high, 0)))


def _with_their_events(layout: Layout, i: int, marks: FloatArray, shifts: FloatArray) -> FloatArray:
    """Shift each mark of interval i by as much as the events of the same time, so that they stay in order; shape (draws, marks)."""
    point = np.minimum(np.searchsorted(layout.time, marks), layout.time.size - 1)
    tied = (layout.time[point] == marks) & (layout.interval[point] == i)
    moved = marks + np.where(tied, shifts[:, point], 0.0)
    return _kept_inside(layout, np.full(moved.shape, i), moved)


def _extra_times(
    layout: Layout, i: int, events: IntArray, censored: FloatArray, total: FloatArray, marks: FloatArray, part: Part
) -> tuple[IntArray, FloatArray]:
    """Place the censored of interval i beyond its marks."""
    draws = events.shape[0]
    inside = np.flatnonzero(layout.interval == i)
    left, right = layout.edges[i], layout.edges[i + 1]
    last = i == layout.losses.size - 1
    point_times = layout.time[inside]
    seen = np.searchsorted(marks, point_times, side="left")
    before = np.clip(np.floor(nondecreasing(censored[:, inside] - seen) + part((draws, 1))), 0, total[:, None])
    if not (last and layout.closed):
        before[:, point_times >= right] = total[:, None]
    before[:, layout.survival[inside] <= 0] = total[:, None]
    borders = np.concatenate([[left], point_times, [right]])
    before = np.concatenate([np.zeros((draws, 1)), before, total[:, None]], axis=1)
    count = np.diff(before, axis=1).astype(int)
    owner, cell = np.nonzero(count)
    c = count[owner, cell]
    owner, cell = np.repeat(owner, c), np.repeat(cell, c)
    width = np.diff(borders)[cell]
    slanted = part(count.shape)[owner, cell]
    slant = ((1 - slanted) / slanted) ** SLANT
    time = borders[cell] + width * np.clip(part(cell.shape) ** slant, 1e-9, 1 - 1e-9)
    if last and layout.closed and owner.size:  # follow-up ends with somebody
        final = np.append(np.diff(owner) > 0, True)
        time[final] = right
    return owner, time
