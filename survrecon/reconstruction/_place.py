"""From counts to subjects: whole numbers of censored between events, and their times."""

from __future__ import annotations

import numpy as np

from survrecon.data import IPD, FloatArray, IntArray
from survrecon.reconstruction._layout import Layout

APART = 1e-6  # share of the follow-up by which a mark moved to before an event stays apart from it


def place(layout: Layout, events: IntArray, censored: FloatArray, between: bool, shape: float, time_step: float, label: str) -> IPD:
    """Make the subjects.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    events : ndarray of int, shape (k,)
        Events at each point.
    censored : ndarray of float, shape (k,)
        Censored in the point's interval before the point; rounded here.
    between : bool
        Whether several events of one point happened since the point before.
    shape : float
        Exponent of the censoring distribution after the last printed count.
    time_step : float
        Step to which times were read: a mark closer to an event may have been on its other side.
    label : str
        Name of the arm.

    Returns
    -------
    IPD
        As many subjects as ``layout.counts[0]``; numbers at risk at the borders are the counts.
    """
    times = [_event_times(layout, events, between)]
    for i in range(layout.counts.size - 1):
        steps = np.flatnonzero((layout.interval == i) & (events > 0))
        total = int(layout.losses[i]) - int(events[steps].sum())
        if total > 0:
            times.append(_censor_times(layout, i, steps, censored[steps], total, shape, time_step))
    flat = np.concatenate(times)
    return IPD(flat, np.arange(flat.size) < times[0].size, label)


def _event_times(layout: Layout, events: IntArray, between: bool) -> FloatArray:
    """At the points; where points are sparse, several events spread evenly over the time since the point before."""
    steps = np.flatnonzero(events)
    d = events[steps]
    time = np.repeat(layout.time[steps], d)
    if not between:
        return time
    previous = np.maximum(np.searchsorted(layout.time, layout.time[steps], side="left") - 1, 0)
    left = np.maximum(layout.time[previous], layout.edges[layout.interval[steps]])
    rank = np.arange(time.size) - np.repeat(np.cumsum(d) - d, d) + 1
    centered = (d > 1) | np.isin(layout.time[steps], layout.edges[1:-1])
    part = (rank - np.where(np.repeat(centered, d), 0.5, 0.0)) / np.repeat(d, d)
    start = np.repeat(left, d)
    spread: FloatArray = start + (time - start) * part
    return spread


def _marks_before(wanted: FloatArray, step_times: FloatArray, marks: FloatArray, time_step: float) -> IntArray:
    """Count the marks before each step, those within `time_step` of it on the side that the wanted censored ask for."""
    fewest = np.searchsorted(marks, step_times - time_step, side="left").tolist()
    most = np.searchsorted(marks, step_times + time_step, side="right").tolist()
    plain = np.searchsorted(marks, step_times, side="left").tolist()
    seen, beyond, before = [], 0, 0
    for want, low, high, here in zip(wanted.astype(int).tolist(), fewest, most, plain, strict=True):
        if time_step > 0:
            here = min(max(want - beyond, low), high)
        before = max(before, here)
        beyond = max(beyond, want - before)
        seen.append(before)
    return np.array(seen, dtype=int)


def _censor_times(
    layout: Layout, i: int, steps: IntArray, censored: FloatArray, total: int, shape: float, time_step: float
) -> FloatArray:
    """Place the `total` censored of interval i: at the marks of their gap, else spread evenly over the gap."""
    left, right = layout.edges[i], layout.edges[i + 1]
    step_times = layout.time[steps]
    borders = np.concatenate([[left], step_times, [right]])
    marks = layout.marks[np.cumsum(layout.mark_counts)[i] - layout.mark_counts[i] : np.cumsum(layout.mark_counts)[i]][:total]
    wanted = np.floor(censored + 0.5)
    seen = _marks_before(wanted, step_times, marks, time_step)
    gap_of_mark = np.searchsorted(seen, np.arange(marks.size), side="right")
    earliest, latest = borders[gap_of_mark], np.maximum(borders[gap_of_mark], borders[gap_of_mark + 1] - APART * layout.end)
    marks = np.where(gap_of_mark == borders.size - 2, np.maximum(marks, earliest), np.clip(marks, earliest, latest))
    # whole numbers, at least the marks in every gap
    extra = np.clip(wanted - seen, 0, total - marks.size)
    tail = i == layout.counts.size - 2
    nobody_left = layout.survival[steps] <= 0
    if not (tail and layout.closed):
        nobody_left |= step_times >= right  # nobody leaves at the border itself: the count there is printed
    extra[nobody_left] = total - marks.size
    extra = np.diff(np.concatenate([[0.0], np.maximum.accumulate(extra), [total - marks.size]])).astype(int)
    out = [marks]
    for gap in np.flatnonzero(extra):
        c, here = int(extra[gap]), marks[gap_of_mark == gap]
        if here.size:  # one mark may stand for several subjects
            out.append(here[np.arange(c) % here.size])
            continue
        at_end = tail and gap == borders.size - 2 and layout.closed
        power = shape if tail and layout.open_end else 1.0
        low, high = borders[gap] ** power, borders[gap + 1] ** power
        times = (low + (high - low) * np.arange(1, c + 1) / (c if at_end else c + 1)) ** (1 / power)
        times[-1] = borders[gap + 1] if at_end else times[-1]  # but for rounding
        out.append(np.maximum(times, borders[gap]))
    return np.concatenate(out)
