"""Events of many draws at once: rounded along a curve for a known course of censoring, which moves to meet a printed total."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from survrecon.data import FloatArray, IntArray
from survrecon.reconstruction._layout import Layout

SMALLEST = 1e-300  # survival to divide by
SHIFTS = 7  # steps in the search for a printed total
FIRST_SHIFT = 0.5  # bridge variances by which it moves first
LARGEST_SHIFT = 4.0  # bridge variances by which censoring moves at most to meet it


def walk_many(
    layout: Layout, censored: FloatArray, survival: FloatArray, single_last: bool, unseen: IntArray | None = None
) -> IntArray:
    """Round the events of many draws at once, as `_forward.walk` does for one.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    censored, survival : ndarray of float, shape (draws, k)
        Censored before each point in its interval, and the curve to follow.
    single_last : bool
        Whether a drop to 0 is one event.
    unseen : ndarray of int, shape (draws,), optional
        Events after the last point; so many subjects are kept for them.

    Returns
    -------
    ndarray of int, shape (draws, k)
        Events at each point.
    """
    interval, last = layout.interval, layout.losses.size - 1
    kept = np.zeros(censored.shape[0]) if unseen is None else unseen.astype(float)
    alive = np.ascontiguousarray((layout.counts[interval] - censored).T)  # a row for each point: faster
    targets = np.ascontiguousarray(np.maximum(survival, 0).T)
    to_zero = targets.min(axis=1) <= 0
    room = layout.losses - layout.firm_counts
    events = np.zeros(targets.shape, dtype=int)
    km: FloatArray = np.ones(kept.size)
    placed: FloatArray = np.zeros(kept.size)
    current, least, most = -1, 1.0, placed
    for k in range(interval.size):
        i = int(interval[k])
        if i != current:
            current, placed, least = i, np.zeros(kept.size), float(layout.counts[i + 1]) + 1
            most = room[i] - kept if i == last else np.full(kept.size, room[i])
        target = targets[k]
        if not (target < km).any():
            continue
        n = np.maximum(alive[k] - placed, least)
        d: FloatArray = np.floor(n - n * target / np.maximum(km, SMALLEST) + 0.5)
        if to_zero[k] and single_last:
            d = np.where(target <= 0, 1.0, d)
        d = np.maximum(np.minimum(d, most - placed), 0)
        if to_zero[k]:
            d[km <= 0] = 0
        if d.any():
            events[k] = d
            km = km * np.maximum(1 - d / n, 0)
            if to_zero[k]:
                km = np.where((target <= 0) & (d > 0), 0.0, km)
            placed = placed + d
    return events.T


def halfway(layout: Layout, censored: FloatArray) -> FloatArray:
    """Return the censored before the events since the point before, on average, where both happened at any time since then.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    censored : ndarray of float, shape (draws, k)
        Censored before each point, in its interval.

    Returns
    -------
    ndarray of float, shape (draws, k)
        Halfway between each point and the one before.
    """
    first = np.diff(layout.interval, prepend=-1) > 0
    previous = np.where(first, 0.0, np.concatenate([np.zeros((censored.shape[0], 1)), censored[:, :-1]], axis=1))
    return (previous + censored) / 2


def meet_total(
    layout: Layout, censored: FloatArray, events: IntArray, events_of: Callable[[FloatArray, IntArray], IntArray], wanted: IntArray
) -> tuple[FloatArray, IntArray]:
    """Move the censoring of each draw later or earlier until its events have the total that is wanted.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    censored : ndarray of float, shape (draws, k)
        Censored before each point.
    events : ndarray of int, shape (draws, k)
        Events for `censored`.
    events_of : callable
        Events for such an array of some draws, and which ones.
    wanted : ndarray of int, shape (draws,)
        Total of each draw.

    Returns
    -------
    censored : ndarray of float, shape (draws, k)
        The moved censoring.
    events : ndarray of int, shape (draws, k)
        Its events, as close to the total as moving brings them.
    """
    lost = (layout.losses[None, :] - per_interval(layout, events))[:, layout.interval]
    part = np.divide(censored, lost, out=np.zeros_like(censored), where=lost > 0)
    bridge = lost * part * (1 - part)
    excess = (events.sum(axis=1) - wanted).astype(float)
    low, high = np.where(excess > 0, -LARGEST_SHIFT, 0.0), np.where(excess > 0, 0.0, LARGEST_SHIFT)
    below, above = np.where(excess > 0, -np.inf, excess), np.where(excess > 0, excess, np.inf)  # the excess at `low` and `high`
    best, fewest, best_censored = events.copy(), np.abs(excess), censored.copy()
    for step in range(SHIFTS):
        left = np.flatnonzero(fewest)
        if left.size == 0:
            break
        tried_at = _next_shift(low[left], high[left], below[left], above[left], step)
        moved = np.clip(censored[left] - tried_at[:, None] * bridge[left], 0, lost[left])
        tried = events_of(moved, left)
        found = tried.sum(axis=1) - wanted[left]
        better = np.abs(found) < fewest[left]
        improved = left[better]
        best[improved], best_censored[improved], fewest[improved] = tried[better], moved[better], np.abs(found[better])
        less, more = left[found <= 0], left[found > 0]
        low[less], below[less] = tried_at[found <= 0], found[found <= 0]
        high[more], above[more] = tried_at[found > 0], found[found > 0]
    return best_censored, best


def _next_shift(low: FloatArray, high: FloatArray, below: FloatArray, above: FloatArray, step: int) -> FloatArray:
    """Return where to look for 0: first close by, then where a straight line has it, in turn with halving."""
    if step == 0:
        return np.where(np.isinf(below), high - FIRST_SHIFT, low + FIRST_SHIFT)
    with np.errstate(invalid="ignore"):
        line = low + (high - low) * np.clip(-below / (above - below), 0.05, 0.95)
    return np.where(np.isfinite(line) & (step % 3 != 0), line, (low + high) / 2)


def force_total(layout: Layout, events: IntArray, wanted: IntArray, unseen: IntArray) -> IntArray:
    """Turn the last events of each draw into censored subjects, or back, where moving the censoring did not bring the total.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    events : ndarray of int, shape (draws, k)
        Events at each point.
    wanted : ndarray of int, shape (draws,)
        Their total.
    unseen : ndarray of int, shape (draws,)
        Subjects kept for events after the last point.

    Returns
    -------
    ndarray of int, shape (draws, k)
        Events with that total, as far as the intervals have room.
    """
    events, excess = events.copy(), events.sum(axis=1) - wanted
    spare = (layout.losses - layout.firm_counts)[None, :] - per_interval(layout, events)
    spare[:, -1] -= unseen
    for k in range(events.shape[1] - 1, 0, -1):
        if not excess.any():
            break
        i = layout.interval[k]
        change = np.where(excess > 0, -np.minimum(events[:, k], excess), np.minimum(np.maximum(spare[:, i], 0), -excess)).astype(int)
        events[:, k] += change
        spare[:, i] -= change
        excess = excess + change
    return events


def per_interval(layout: Layout, events: IntArray) -> FloatArray:
    """Count the events of each interval.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    events : ndarray of int, shape (draws, k)
        Events at each point.

    Returns
    -------
    ndarray of float, shape (draws, m)
        One column for each interval.
    """
    starts = np.searchsorted(layout.interval, np.arange(layout.losses.size), side="left")
    below = np.concatenate([np.zeros((events.shape[0], 1)), np.cumsum(events, axis=1)], axis=1)
    ends = np.append(starts[1:], events.shape[1])
    per: FloatArray = below[:, ends] - below[:, starts]
    return per
