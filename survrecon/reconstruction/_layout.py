"""The grid of the joint method: points in risk intervals, and where censoring is expected to fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.data import Arm, FloatArray, IntArray

TAIL_SHAPE = 2.5  # censoring distribution 1 - (t / end)^shape without a risk table: accrual over a stretch, one cutoff
TAIL_SHAPES = (0.3, 30.0)  # from mostly early to a single cutoff at the end


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


def layout_of(arm: Arm, sparse: bool) -> Layout:
    """Sort the points of a cleaned arm into its risk intervals.

    Parameters
    ----------
    arm : Arm
        Cleaned, with a curve.
    sparse : bool
        Whether events happened between the points: then the survival at a risk time lies on the line
        between its neighbors, and a point at a risk time closes the interval before it.

    Returns
    -------
    Layout
        A risk table whose last counts are 0 ends with the curve; one that goes on with subjects at risk
        extends follow-up to its last time.
    """
    curve = arm.curve
    assert curve is not None
    time, survival = curve.time, curve.survival
    reading = survival if curve.reading is None else curve.reading
    risk_time, risk_count = np.zeros(1), np.array([float(arm.n)])
    if arm.risk is not None:
        risk_time, risk_count = arm.risk.time, arm.risk.count
    last_seen = max(float(time[-1]), float(risk_time[risk_count > 0][-1]))
    marks = np.zeros(0) if arm.censor_times is None else np.sort(arm.censor_times)
    if marks.size:
        last_seen = max(last_seen, float(marks[-1]))
    gone = risk_time[risk_count == 0]
    closed = not (gone.size and gone[0] <= last_seen)
    if not closed:  # nobody is at risk at a printed 0: what was read there or later happened just before
        last_seen = float(gone[0])
        time, marks = np.minimum(time, last_seen * (1 - 1e-6)), np.minimum(marks, last_seen * (1 - 1e-6))
    inside = (risk_count > 0) & (risk_time < last_seen)
    edges, counts = np.append(risk_time[inside], last_seen), np.append(risk_count[inside], 0.0)
    at_end = (risk_count > 0) & (risk_time >= last_seen)
    if at_end.any():  # subjects at risk at the very end stay until then
        edges, counts = np.append(edges, last_seen), np.insert(counts, -1, risk_count[at_end][0])
    if sparse:
        add = np.setdiff1d(edges[1:-1], time)
        add = add[add < time[-1]]
        value, value_read = np.interp(add, time, survival), np.interp(add, time, reading)
        order = np.lexsort((-np.append(survival, value), np.append(time, add)))
        time, survival, reading = (np.append(a, b)[order] for a, b in ((time, add), (survival, value), (reading, value_read)))
    interval = np.searchsorted(edges[:-1], time, side="left" if sparse else "right") - 1
    interval = np.clip(interval, 0, counts.size - 2)
    mark_interval = np.clip(np.searchsorted(edges[:-1], marks, side="right") - 1, 0, counts.size - 2)
    mark_counts = np.bincount(mark_interval, minlength=counts.size - 1)
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
        closed,
        bool(mark_counts[-1] == 0 and edges[-1] > edges[-2]),
        _end_survival(time, survival, edges, sparse),
    )


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
