"""The grid of the joint method: points in risk intervals, and where censoring is expected to fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.data import Arm, FloatArray, IntArray

TAIL_SHAPE = 2.5  # censoring distribution 1 - (t / end)^shape without a risk table: accrual over a stretch, one cutoff
TAIL_SHAPES = (0.3, 30.0)  # from mostly early to a single cutoff at the end
MARK_SLACK = 0.005  # share of the follow-up by which a mark may be misread where the curve was clicked or sampled


@dataclass(frozen=True, eq=False)
class Layout:
    """Curve points sorted into risk intervals.

    Attributes
    ----------
    time, survival, reading : ndarray of float, shape (k,)
        Points: time, non-increasing survival just after it, and what was read; the first is (0, 1, 1).
    interval : ndarray of int, shape (k,)
        Risk interval of each point.
    edges : ndarray of float, shape (m + 1,)
        Interval borders; the last one is the end of follow-up.
    counts : ndarray of float, shape (m + 1,)
        Number at risk at each border; 0 at the end.
    share : ndarray of float, shape (k,)
        Expected share of the interval's censored that left before the point: by time, or by censor marks.
    marks : ndarray of float
        Censor marks, sorted.
    mark_counts : ndarray of int, shape (m,)
        Marks per interval.
    firm_marks : ndarray of float
        Marks that are certainly in their interval: not within reading error of a risk time.
    firm_counts : ndarray of int, shape (m,)
        Firm marks per interval, the least number of its censored.
    closed : bool
        Whether somebody may be followed to the very end; not where the risk table prints 0 there.
    open_end : bool
        Whether the last interval has neither a printed count at its end nor marks, so that how its
        subjects left is a matter of `tail_share`.
    end_survival : ndarray of float, shape (m,)
        Survival at the end of each interval.
    """

    time: FloatArray
    survival: FloatArray
    reading: FloatArray
    interval: IntArray
    edges: FloatArray
    counts: FloatArray
    share: FloatArray
    marks: FloatArray
    mark_counts: IntArray
    firm_marks: FloatArray
    firm_counts: IntArray
    closed: bool
    open_end: bool
    end_survival: FloatArray

    @property
    def losses(self) -> FloatArray:
        """Subjects lost in each interval, to events and censoring together."""
        losses: FloatArray = self.counts[:-1] - self.counts[1:]
        return losses

    @property
    def end(self) -> float:
        """End of follow-up."""
        return float(self.edges[-1])


def layout_of(arm: Arm, sparse: bool, time_step: float) -> Layout:
    """Sort the points of a cleaned arm into its risk intervals.

    Parameters
    ----------
    arm : Arm
        Cleaned, with a curve.
    sparse : bool
        Whether events happened between the points: then the survival at a risk time lies on the line
        between its neighbors, and a point at a risk time closes the interval before it.
    time_step : float
        Step to which times were read; 0 where they were read exactly.

    Returns
    -------
    Layout
        A risk table whose last counts are 0 ends with the curve; one that goes on with subjects at risk
        extends follow-up to its last time.
    """
    curve = arm.curve
    assert curve is not None
    edges, counts, closed = _borders(arm)
    marks = np.zeros(0) if arm.censor_times is None else np.sort(arm.censor_times)
    latest = edges[-1] if closed else edges[-1] * (1 - 1e-6)  # nobody is at risk at a printed 0: read there or later, it happened before
    time, marks = np.minimum(curve.time, latest), np.minimum(marks, latest)
    survival = curve.survival
    reading = survival if curve.reading is None else curve.reading
    if sparse:
        add = np.setdiff1d(edges[1:-1], time)
        add = add[add < time[-1]]
        value, value_read = np.interp(add, time, survival), np.interp(add, time, reading)
        order = np.lexsort((-np.append(survival, value), np.append(time, add)))
        time, survival, reading = (np.append(a, b)[order] for a, b in ((time, add), (survival, value), (reading, value_read)))
    interval = np.searchsorted(edges[:-1], time, side="left" if sparse else "right") - 1
    interval = np.clip(interval, 0, counts.size - 2)
    alike = time_step == 0 or np.allclose(marks / time_step, np.round(marks / time_step), rtol=0, atol=0.01)  # read like the curve
    slack = time_step / 2 if alike and not sparse else MARK_SLACK * edges[-1]
    firm_marks = marks[np.abs(marks[:, None] - edges[None, 1:-1]).min(axis=1, initial=np.inf) >= slack]
    mark_counts, firm_counts = (
        np.bincount(np.clip(np.searchsorted(edges[:-1], some, side="right") - 1, 0, counts.size - 2), minlength=counts.size - 1)
        for some in (marks, firm_marks)
    )
    return Layout(
        time,
        survival,
        reading,
        interval,
        edges,
        counts,
        _share(time, interval, edges, marks, mark_counts),
        marks,
        mark_counts,
        firm_marks,
        firm_counts,
        closed,
        bool(mark_counts[-1] == 0 and edges[-1] > edges[-2]),
        _end_survival(time, survival, edges, sparse),
    )


def _borders(arm: Arm) -> tuple[FloatArray, FloatArray, bool]:
    """Return edges and counts as in `Layout`, and whether somebody may be followed to the very end."""
    assert arm.curve is not None
    risk_time, risk_count = np.zeros(1), np.array([float(arm.n)])
    if arm.risk is not None:
        risk_time, risk_count = arm.risk.time, arm.risk.count
    marks = () if arm.censor_times is None else arm.censor_times
    end = float(max(arm.curve.time[-1], risk_time[risk_count > 0][-1], *marks))
    gone = risk_time[risk_count == 0]
    closed = not (gone.size and gone[0] <= end)
    if not closed:
        end = float(gone[0])
    inside = (risk_count > 0) & (risk_time < end)
    edges, counts = np.append(risk_time[inside], end), np.append(risk_count[inside], 0.0)
    at_end = (risk_count > 0) & (risk_time >= end)
    if at_end.any():  # subjects at risk at the very end stay until then
        edges, counts = np.append(edges, end), np.insert(counts, -1, risk_count[at_end][0])
    return edges, counts, closed


def _share(time: FloatArray, interval: IntArray, edges: FloatArray, marks: FloatArray, mark_counts: IntArray) -> FloatArray:
    width = np.diff(edges)
    by_time = (time - edges[interval]) / np.where(width > 0, width, 1.0)[interval]
    before = np.searchsorted(marks, time, side="left") - (np.cumsum(mark_counts) - mark_counts)[interval]
    counted = mark_counts[interval]
    share: FloatArray = np.clip(np.where(counted > 0, before / np.maximum(counted, 1), by_time), 0.0, 1.0)
    return share


def _end_survival(time: FloatArray, survival: FloatArray, edges: FloatArray, sparse: bool) -> FloatArray:
    """Survival just before each right border (after it, at the end of follow-up)."""
    if sparse:
        inner = np.interp(edges[1:-1], time, survival)
    else:
        inner = survival[np.maximum(np.searchsorted(time, edges[1:-1], side="left") - 1, 0)]
    return np.append(inner, survival[-1])


def tail_shape(layout: Layout) -> float:
    """Return the exponent of the censoring distribution 1 - (t / end)^shape that the risk table implies.

    Parameters
    ----------
    layout : Layout
        The arm.

    Returns
    -------
    float
        From the number still uncensored at the last risk time; `TAIL_SHAPE` without a risk table.
    """
    start = layout.edges[-2] / layout.end
    if not 0 < start < 1:
        return TAIL_SHAPE
    alive = layout.counts[0] * (layout.end_survival[-2] if layout.counts.size > 2 else 1.0)
    uncensored = layout.counts[-2] / alive if alive > 0 else 1.0
    if uncensored >= 1:
        return TAIL_SHAPES[1]
    return float(np.clip(np.log1p(-uncensored) / np.log(start), *TAIL_SHAPES))


def uncensored(layout: Layout, shape: float) -> FloatArray:
    """Return, for each point of the last interval, the share not yet censored of those uncensored at its start.

    Parameters
    ----------
    layout : Layout
        The arm.
    shape : float
        Exponent of the censoring distribution.

    Returns
    -------
    ndarray of float, shape (k,)
        1 at points of earlier intervals.
    """
    x = np.clip(layout.time / layout.end, 0, 1)
    start = layout.edges[-2] / layout.end
    tail = (1 - x**shape) / (1 - start**shape) if start < 1 else np.ones_like(x)
    return np.where(layout.interval == layout.counts.size - 2, tail, 1.0)


def between_steps(layout: Layout, steps: IntArray, value: FloatArray) -> FloatArray:
    """Interpolate what is known at the steps to all points, from 0 at the start of each interval.

    Parameters
    ----------
    layout : Layout
        The arm.
    steps : ndarray of int, shape (s,)
        Points with a value.
    value : ndarray of float, shape (s,)
        Their values.

    Returns
    -------
    ndarray of float, shape (k,)
        Linear in time between the steps.
    """
    knots = np.concatenate([layout.edges[:-1], layout.time[steps]])
    order = np.argsort(knots, kind="stable")
    found: FloatArray = np.interp(layout.time, knots[order], np.append(np.zeros(layout.edges.size - 1), value)[order])
    found[steps] = value
    return found
