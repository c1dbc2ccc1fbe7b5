"""How many events at each point: a forward pass that tracks the number at risk.

State: number at risk n and cumulative hazard H of the reconstruction. Censoring lowers n by what is
expected, with its uncertainty; a drop read as S to S (1 - d / n) then reveals n where it was read precisely
enough (extended Kalman filter, re-linearized), and is rounded to d with feedback where it was not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from survrecon.data import FloatArray, IntArray
from survrecon.reconstruction._layout import Layout, uncensored

DISPERSION = 1.0  # variance of censoring counts over that of evenly spread times
MARK_SPREAD, MARK_LUMPS = 0.05, 3.0  # the same where marks show the censoring; the second for each subject beyond one a mark
TAIL_SPREAD = 0.5  # relative standard deviation of expected censoring where no count follows
FLOOR = 0.05  # variance of a censoring count expected to be zero
PRECISE = 0.15  # standard deviation of a drop, in subjects, below which it can reveal n
TIE = 2.5  # log odds against one more event at the same time, where drops are precise
EMPTY = 60.0  # cumulative hazard that stands for survival 0


@dataclass(frozen=True, eq=False)
class Events:
    """Events at each point, and the censored before it.

    Attributes
    ----------
    count : ndarray of int, shape (k,)
        Events at each point.
    censored : ndarray of float, shape (k,)
        Expected number censored in the point's interval before the point, where it has events.
    surprise : float
        Median squared innovation over its variance; well above 0.5 when the reading error was set too small.
    """

    count: IntArray
    censored: FloatArray
    surprise: float


def hazard(survival: FloatArray) -> FloatArray:
    """Return -log of survival, `EMPTY` where it is 0."""
    return np.where(survival > 1e-12, -np.log(np.maximum(survival, 1e-300)), EMPTY)


def track(layout: Layout, sigma: float, shape: float, single_last: bool) -> Events:
    """Decide the events at every point, going forward in time.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    sigma : float
        Standard deviation of the reading error of survival.
    shape : float
        Exponent of the tail's censoring distribution.
    single_last : bool
        Whether a drop to 0 is one event (points resolve single events) rather than all that are left.

    Returns
    -------
    Events
        Never more than an interval's losses less its censor marks.
    """
    counts, end_survival, marks = layout.counts.tolist(), layout.end_survival.tolist(), layout.firm_counts.tolist()
    points = _points(layout, shape)
    tail = len(counts) - 2 if layout.open_end else -1
    events, censored, surprise = [0] * len(points), [0.0] * len(points), []
    current, placed, h, km, above = -1, 0, 0.0, 1.0, 1.0
    n = start = n_next = before = pnn = pnh = phh = 0.0  # before: share (or stay) at the state's point
    for k, (i, s, read, share, stay, ahead, weight, alone) in enumerate(points):
        if i != current:
            current, start, n_next, placed = i, counts[i], counts[i + 1], 0
            n, pnn, pnh, before = start, 0.0, 0.0, (1.0 if i == tail else 0.0)
        steep, above = above - s > 6 * sigma, s
        most = start - placed
        room = int(most - n_next - marks[i] + 1e-9)
        if room <= 0 or s >= km:
            continue
        if i == tail:
            keep = stay / before if before > 0 else 0.0
            gone, extra = _leaving_tail(n, keep)
        else:
            part = (share - before) / (1 - before) if before < 1 else 0.0
            keep = 1 - part
            gone, extra = _leaving(n, n_next, min(1.0, end_survival[i] / km), part, ahead, end_survival[i] * weight)
        n_here = n - gone
        if s <= 0:
            d = min(room, 1 if single_last and not alone else int(n_here + 0.5))
            if d:
                events[k], censored[k], h, km = d, max(0.0, most - max(n_next, d)), EMPTY, 0.0
                n, placed = 0.0, placed + d
            continue
        pnn_here, pnh_here = pnn * keep * keep + extra, pnh * keep
        d = _decide(n_here, pnn_here, 1 - s / km, 1.5 * n_here * sigma / s, steep, n_next, most, room)
        if d == 0:
            continue
        state = (max(n_here, float(d)), h, pnn_here, pnh_here, phh)
        n, h, pnn, pnh, phh, odd = _update(*state, d, read, (sigma / s) ** 2, max(n_next + d, d), most)
        surprise.append(odd)
        before = stay if i == tail else share
        events[k], censored[k] = d, max(0.0, most - n)
        n, placed, km = n - d, placed + d, math.exp(-h)
    return Events(np.array(events), np.array(censored), float(np.median(surprise)) if surprise else 0.0)


def _points(layout: Layout, shape: float) -> list[tuple[int, float, float, float, float, int, float, bool]]:
    """List what the pass needs of each point.

    That is: interval, survival, cumulative hazard read, share of the interval's censored before it, share uncensored in
    the tail, marks ahead and their weight, and whether it lies at the very start of its interval.
    """
    ahead, weights = _marks_ahead(layout)
    alone = layout.time <= layout.edges[layout.interval]
    columns = (layout.interval, layout.survival, hazard(layout.survival), layout.share, uncensored(layout, shape), ahead, weights, alone)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _leaving_tail(n: float, keep: float) -> tuple[float, float]:
    """Return the number expected to be censored where no count follows, and its variance."""
    gone = n * (1 - keep)
    return gone, DISPERSION * gone * keep + (TAIL_SPREAD * gone) ** 2


def _leaving(n: float, n_next: float, rho: float, part: float, ahead: int, weight: float) -> tuple[float, float]:
    """Return the number expected to be censored over `part` of what is left of an interval, and its variance.

    Without censoring n * rho subjects would be left at the end of the interval; n_next are. Each of the `ahead`
    marks stands for as many as that asks for, at least one.
    """
    surplus = n * rho - n_next
    if ahead:
        each = surplus / weight if weight > 0 else 1.0
        left = ahead * max(1.0, each)
        loose = MARK_SPREAD + MARK_LUMPS * max(0.0, each - 1)
    else:
        left, loose = max(0.0, surplus * 2 / (1 + rho)), DISPERSION
    gone = left * part
    return gone, loose * gone * (1 - part) + FLOOR * part


def _decide(n: float, variance: float, drop: float, noise: float, steep: bool, n_next: float, most: float, room: int) -> int:
    """Return the events of one drop: the likeliest where it was read precisely, else the nearest whole number."""
    if noise < PRECISE and steep:
        return _likely(n, variance, drop, noise, n_next, most, room)
    return min(room, int(n * drop + 0.5))


def _marks_ahead(layout: Layout) -> tuple[IntArray, FloatArray]:
    """Count the marks from each point to the end of its interval, and sum 1 / survival over them.

    From n at survival S, censoring c_m at survival S_m leaves n S_end / S - sum_m c_m S_end / S_m at the end.
    """
    at_mark = layout.survival[np.searchsorted(layout.time, layout.marks, side="right") - 1]
    total = np.append(0.0, np.cumsum(1 / np.maximum(at_mark, 1e-6)))
    ends = np.cumsum(layout.mark_counts)[layout.interval]
    here = np.minimum(np.searchsorted(layout.marks, layout.time, side="left"), ends)
    return ends - here, total[ends] - total[here]


def _likely(n: float, variance: float, drop: float, noise: float, n_next: float, most: float, room: int) -> int:
    """Return the number of events that best explains a precise drop: d implies n = d / drop."""
    best, cheapest = 0, math.inf
    for d in range(1, min(room, int(n * drop + 0.5) + 2) + 1):
        implied, spread = d / drop, noise / drop
        if not n_next + d - 0.5 - 3 * spread <= implied <= most + 0.5 + 3 * spread:
            continue
        cost = 0.5 * (implied - n) ** 2 / (variance + spread * spread + 1) + TIE * (d - 1)
        if cost < cheapest:
            best, cheapest = d, cost
    return best or min(room, max(1, int(n * drop + 0.5)))


def _update(
    n: float, h: float, pnn: float, pnh: float, phh: float, d: int, read: float, variance: float, floor: float, ceiling: float
) -> tuple[float, float, float, float, float, float]:
    """Take in one drop of d events read at cumulative hazard `read` (iterated extended Kalman update)."""
    at = n
    predicted, gain, spread, cov_hh, cov_nh = h, 0.0, 0.0, phh, pnh
    for _ in range(3):
        at = max(at, d + 0.5)
        slope = d / (at * (at - d))
        predicted = h - math.log1p(-d / at) - slope * (n - at)
        cov_hh, cov_nh = phh - 2 * slope * pnh + slope * slope * pnn, pnh - slope * pnn
        spread = cov_hh + variance
        if spread <= 0:
            break
        gain = cov_nh / spread
        moved = min(max(n + gain * (read - predicted), floor), ceiling)
        settled = abs(moved - at) < 0.01 * at
        at = moved
        if settled:
            break
    if spread <= 0:
        return n, predicted, pnn, cov_nh, cov_hh, 0.0
    odd = (read - predicted) ** 2 / spread
    keep = variance / spread
    new_pnn = max(0.0, pnn - gain * cov_nh)
    return at, predicted + (1 - keep) * (read - predicted), new_pnn, cov_nh * keep, cov_hh * keep, odd


def walk(layout: Layout, censored: FloatArray, survival: FloatArray, single_last: bool) -> IntArray:
    """Round the events at every point for a known course of censoring, carrying the rounding error on.

    Parameters
    ----------
    layout : Layout
        Points and risk intervals.
    censored : ndarray of float, shape (k,)
        Censored in the point's interval before the point.
    survival : ndarray of float, shape (k,)
        The curve to follow, non-increasing.
    single_last : bool
        As in `track`.

    Returns
    -------
    ndarray of int, shape (k,)
        Events at each point.
    """
    target, interval, gone = survival.tolist(), layout.interval.tolist(), censored.tolist()
    counts, marks = layout.counts.tolist(), layout.firm_counts.tolist()
    events = [0] * len(target)
    current, km, placed, start, least = -1, 1.0, 0, 0.0, 0.0
    for k in range(len(target)):
        i = interval[k]
        if i != current:
            current, placed, start = i, 0, counts[i]
            least = counts[i + 1] + marks[i]
        room = int(start - placed - least + 1e-9)
        if room <= 0 or target[k] >= km:
            continue
        n = max(start - placed - gone[k], counts[i + 1] + 1)
        one = single_last and target[k] <= 0 and layout.time[k] > layout.edges[i]  # those left at a drop to 0 may all be events
        d = min(room, 1 if one else int(n * (1 - max(target[k], 0.0) / km) + 0.5))
        if d:
            km = km * (1 - d / n) if n > d and target[k] > 0 else 0.0
            events[k] = d
            placed += d
    return np.array(events)
