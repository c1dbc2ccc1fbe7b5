"""Draws of an arm's subjects from what the figure and the printed numbers leave open.

Where the points are the drops themselves, the events are known and the course of censoring is drawn from its
posterior distribution given the drops (`_smooth.deviations`). Where the points lie anywhere on the curve (pixel
columns, clicks), the curve is drawn within its reading error, the censoring around its most probable course, or,
where nothing tells that course, from how trials enter and follow their subjects (`_censoring`), and the events
follow from both (`_walks`). Times are drawn within what was read, and every draw meets the numbers at risk and the
total number of events exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import isotonic_regression

from survrecon.data import IPD, BoolArray, FloatArray, IntArray
from survrecon.reconstruction._layout import Layout
from survrecon.reconstruction._model import Model
from survrecon.reconstruction._walks import per_interval

CALIBRATION = 0.5  # standard deviation of shift and scale of the axis, over the reading error
BY_HAND, SURE = 0.003, 4.0  # the usual error of a click as a share of the axis, and how many degrees of freedom that is worth
FALLS = 2.0  # sum of the parameters of the share of a fall before a time on its way: even where that is halfway
ON_LINE = 1e-9  # of survival, from the line between its neighbors: a point that was not read
SLANT = 0.55  # scale of the (logistic) log exponent of censoring times within a cell


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
    ahead = np.append(0, np.cumsum(events))
    before = ahead[:-1] - ahead[np.searchsorted(layout.interval, layout.interval)]  # in the interval
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


def draw_errors(model: Model, noise: Noise) -> FloatArray:
    """Draw the standard deviation of the reading error from its posterior distribution.

    Parameters
    ----------
    model : Model
        With the estimate. Clicks show little of their error, so that what is usual counts as well; pixel columns show it.
    noise : Noise
        Random numbers.

    Returns
    -------
    ndarray of float, shape (draws, 1)
        Scaled inverse chi-squared.
    """
    draws = noise.axis.shape[0]
    if model.single_last or math.isinf(model.freedom):
        return np.full((draws, 1), model.sigma)
    freedom = model.freedom + SURE
    scale = (model.freedom * model.sigma**2 + SURE * BY_HAND**2) / freedom
    errors: FloatArray = np.sqrt(scale * freedom / noise.arm.chisquare(freedom, (draws, 1)))
    return errors


def draw_curves(model: Model, events: IntArray, noise: Noise) -> FloatArray:
    """Draw the curve within its reading error: independent errors made non-increasing, shift and scale of the axis.

    Parameters
    ----------
    model : Model
        Points and reading error.
    events : ndarray of int, shape (k,)
        Events at each point: what was read before the first shows the shift.
    noise : Noise
        Random numbers.

    Returns
    -------
    ndarray of float, shape (draws, k)
        Non-increasing, 1 at time 0.
    """
    layout = model.layout
    shape = (noise.axis.shape[0], layout.survival.size)
    sigma = draw_errors(model, noise)
    when = layout.time + sigma * layout.end * noise.arm.standard_normal(shape)
    read = np.interp(when, layout.time, layout.survival) + sigma * noise.arm.standard_normal(shape)
    shift = sigma / np.sqrt(CALIBRATION**-2 + np.flatnonzero(np.append(events, 1))[0] - 1)
    read = 1 - (1 - read) * (1 + CALIBRATION * sigma * noise.axis[:, :1]) + shift * noise.axis[:, 1:]
    read[:, 0] = 1.0
    fitted = np.array([isotonic_regression(row, increasing=False).x for row in read])
    centered = 1 - nondecreasing(1 - (fitted - fitted.mean(axis=0) + layout.survival))  # isotonic regression is biased at the ends
    centered[:, layout.survival <= 0] = 0.0
    centered[:, layout.survival >= 1] = 1.0
    return np.clip(centered if model.single_last else _crossed(layout, centered, noise), 0, 1)


def _crossed(layout: Layout, curves: FloatArray, noise: Noise) -> FloatArray:
    """Draw the curve at risk times between two clicks: how much of the fall from one to the other comes before is not known."""
    curves = curves.copy()
    inside = np.arange(1, layout.time.size - 1)
    between = (layout.time[inside + 1] > layout.time[inside]) & np.isin(layout.time[inside], layout.edges[1:-1])
    for k in inside[between]:
        start, stop = layout.time[k - 1], layout.time[k + 1]
        way = (layout.time[k] - start) / (stop - start)
        line = layout.reading[k - 1] + way * (layout.reading[k + 1] - layout.reading[k - 1])
        if 0 < way < 1 and abs(layout.reading[k] - line) < ON_LINE:
            share = noise.arm.beta(FALLS * way, FALLS * (1 - way), curves.shape[0])
            curves[:, k] = curves[:, k - 1] + share * (curves[:, k + 1] - curves[:, k - 1])
    return curves


def place_many(
    layout: Layout, events: IntArray, censored: FloatArray, between: bool, time_step: float, label: str, part: Part,
    unseen: IntArray | None = None,
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
    unseen : ndarray of int, shape (draws,), optional
        Events after the last point, at the end of follow-up: none or one.

    Returns
    -------
    tuple of IPD
        Each with as many subjects as ``layout.counts[0]``.
    """
    draws = events.shape[0]
    unseen = np.zeros(draws, dtype=int) if unseen is None else unseen
    over = (unseen > 0) | (layout.survival[-1] <= 0)  # the last to leave had the event
    shifts = np.zeros(events.shape) if between else time_step * (part(events.shape) - 0.5)
    owner, time = _event_times(layout, events, shifts, part if between else None)
    final = np.flatnonzero(unseen)
    owners, times, flags = [owner, final], [time, np.full(final.size, layout.end)], [np.ones(owner.size + final.size, dtype=bool)]
    lost = layout.losses[None, :] - per_interval(layout, events)
    lost[:, -1] -= unseen
    first_mark = np.cumsum(layout.mark_counts) - layout.mark_counts
    for i in range(layout.losses.size):
        marks = layout.marks[first_mark[i] : first_mark[i] + layout.mark_counts[i]]
        kept = np.minimum(marks.size, lost[:, i]).astype(int)
        own = np.repeat(np.arange(draws), kept)
        rank = np.arange(own.size) - np.repeat(np.cumsum(kept) - kept, kept)
        owners.append(own)
        times.append(_with_their_events(layout, i, marks, shifts)[own, rank])
        extra_owner, extra_time = _extra_times(layout, i, events, censored, lost[:, i] - kept, marks, part, over)
        owners.append(extra_owner)
        times.append(extra_time)
    flags.append(np.zeros(sum(part.size for part in owners) - flags[0].size, dtype=bool))
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
    layout: Layout, i: int, events: IntArray, censored: FloatArray, total: FloatArray, marks: FloatArray, part: Part, over: BoolArray
) -> tuple[IntArray, FloatArray]:
    """Place the censored of interval i beyond its marks; the last of all at the end of follow-up, unless all are `over` by then."""
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
        final = np.append(np.diff(owner) > 0, True) & ~over[owner]
        time[final] = right
    return owner, time
