"""Whole numbers that fit precisely read drops: a breadth-first search over the events and the censored of every drop.

The linearized course of `_smooth` can settle in the wrong place where many events share few times. Here the state
after each drop is (number at risk, events so far, survival reconstructed); from each state every number of censored
before the next drop is tried, the events follow from the drop read, and what misses the reading dies. Of states with
the same number at risk and the same events the more probable one stays: exhaustive for small arms, a beam for others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.data import BoolArray, FloatArray, IntArray
from survrecon.reconstruction._forward import FLOOR, MARK_LUMPS, MARK_SPREAD, TAIL_SPREAD, TIE
from survrecon.reconstruction._layout import Layout, between_steps, uncensored

LARGEST = 1000  # subjects; the search is for arms small enough that single events matter
STATES = 50_000  # states times numbers at risk tried at one drop
NARROWEST, WIDEST = 100, 5000  # states kept after each drop
MISS = 2.0  # reading errors by which a fitted drop may miss; rounding misses by the square root of 3
ROUNDING = 1e-9  # survival probabilities closer than this are equal


@dataclass(frozen=True, eq=False)
class _States:
    """Partial solutions, shape (h,) each: after a drop, or before the first one."""

    n: IntArray
    placed: IntArray
    km: FloatArray
    cost: FloatArray


def search(layout: Layout, sigma: float, shape: float, total: int | None) -> tuple[IntArray, FloatArray] | None:
    """Find the most probable whole numbers that fit every drop.

    Parameters
    ----------
    layout : Layout
        Points at the drops themselves, and risk intervals.
    sigma : float
        Standard deviation of the reading error of survival.
    shape : float
        Exponent of the tail's censoring distribution.
    total : int or None
        Printed number of events.

    Returns
    -------
    tuple of (ndarray of int, ndarray of float), shape (k,) each, or None
        Events at each point, and the censored in its interval before it; None where no numbers fit, or the arm is
        larger than `LARGEST`.
    """
    if layout.counts[0] > LARGEST:
        return None
    steps = _drops(layout, sigma)
    stay = uncensored(layout, shape)
    width = int(np.clip(STATES // max(layout.losses.max(), 1), NARROWEST, WIDEST))
    tolerance = MISS * sigma + ROUNDING
    states = _States(np.array([int(layout.counts[0])]), np.zeros(1, dtype=int), np.ones(1), np.zeros(1))
    trail: list[tuple[IntArray, IntArray, IntArray]] = []
    previous = -1
    for rank, k in enumerate(steps):
        i = layout.interval[k]
        if previous < 0 or layout.interval[previous] != i:
            states = _States(np.full(states.n.size, int(layout.counts[i])), states.placed, states.km, states.cost)
            previous = -1
        n, gap_cost, allowed = _leavings(layout, states, int(previous), int(k), stay)
        target = layout.survival[k]
        with np.errstate(divide="ignore", invalid="ignore"):
            d = np.rint(n * (1 - target / states.km[:, None])).astype(int)
        km = states.km[:, None] * (1 - d / n)
        placed = states.placed[:, None] + d
        allowed &= (d >= 1) & (n - d >= _least(layout, int(k))) & (np.abs(km - target) <= tolerance)
        if total is not None:
            allowed &= placed + (steps.size - rank - 1) <= total
        if not allowed.any():
            return None
        cost = states.cost[:, None] + gap_cost + TIE * np.log2(np.maximum(d, 1)) + 0.5 * ((km - target) / (sigma + ROUNDING)) ** 2
        parent, column = np.nonzero(allowed)
        at = (parent, column)
        n_here = n[0, column]
        kept = _best((n_here - d[at]), placed[at], cost[at], width)
        trail.append((parent[kept], n_here[kept], d[at][kept]))
        states = _States((n_here - d[at])[kept], placed[at][kept], km[at][kept], cost[at][kept])
        previous = k
    final = np.arange(states.n.size) if total is None else np.flatnonzero(states.placed == total)
    if final.size == 0:
        return None
    return _trace(layout, steps, trail, int(final[np.argmin(states.cost[final])]))


def _drops(layout: Layout, sigma: float) -> IntArray:
    """Return the last point of each time at which survival falls."""
    last = np.flatnonzero(np.append(np.diff(layout.time) > 0, True))
    fall = -np.diff(layout.survival[last], prepend=1.0)
    drops: IntArray = last[fall > sigma / 2 + ROUNDING]
    return drops


def _least(layout: Layout, k: int) -> int:
    """Return how many subjects must be left after point k: those at risk at the interval's end, and its marks to come."""
    i = layout.interval[k]
    right = layout.edges[i + 1] if i < layout.losses.size - 1 else np.inf
    to_come = np.sum((layout.firm_marks >= layout.time[k]) & (layout.firm_marks < right))
    return int(layout.counts[i + 1] + to_come)


def _leavings(layout: Layout, states: _States, previous: int, k: int, stay: FloatArray) -> tuple[IntArray, FloatArray, BoolArray]:
    """Return numbers at risk before point k, shape (1, c), with the cost of the censoring that leads there from each state."""
    i = int(layout.interval[k])
    left, right = layout.edges[i] if previous < 0 else layout.time[previous], layout.time[k]
    firm = int(np.sum((layout.firm_marks >= left) & (layout.firm_marks < right)))
    most = int(states.n.max()) - firm
    n = np.arange(most, _least(layout, k), -1)[None, :]
    censored = states.n[:, None] - n
    allowed = censored >= firm
    if right == layout.edges[i]:
        allowed &= censored == 0
    expected, variance = _expected(layout, states, previous, k, stay)
    return n, 0.5 * (censored - expected[:, None]) ** 2 / variance[:, None], allowed


def _expected(layout: Layout, states: _States, previous: int, k: int, stay: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the number of censored expected between two drops, and its variance, as `_forward.track` does."""
    i = int(layout.interval[k])
    if layout.open_end and i == layout.counts.size - 2:
        before = 1.0 if previous < 0 else stay[previous]
        keep = stay[k] / before if before > 0 else 0.0
        gone = states.n * (1 - keep)
        return gone, gone * keep + (TAIL_SPREAD * gone) ** 2 + FLOOR
    share = 0.0 if previous < 0 else layout.share[previous]
    part = (layout.share[k] - share) / (1 - share) if share < 1 else 0.0
    rho = np.minimum(1.0, layout.end_survival[i] / np.maximum(states.km, 1e-12))
    left = np.maximum(0.0, (states.n * rho - layout.counts[i + 1]) * 2 / (1 + rho))
    marks = layout.mark_counts[i] * (1 - share)
    if marks > 0.5:
        left = np.maximum(left, marks)
        each = left / marks
        return left * part, (MARK_SPREAD + MARK_LUMPS * (each - 1)) * left * part + FLOOR
    return left * part, left * part * (1 - part) + FLOOR


def _best(n: IntArray, placed: IntArray, cost: FloatArray, width: int) -> IntArray:
    """Return the cheapest of each (n, placed), at most `width` of them."""
    order = np.lexsort((cost, placed, n))
    new = (np.diff(n[order], prepend=-1) != 0) | (np.diff(placed[order], prepend=-1) != 0)
    distinct = order[new]
    kept: IntArray = distinct[np.argsort(cost[distinct], kind="stable")[:width]]
    return kept


def _trace(layout: Layout, steps: IntArray, trail: list[tuple[IntArray, IntArray, IntArray]], final: int) -> tuple[IntArray, FloatArray]:
    """Follow the states back from the last drop."""
    events, n = np.zeros(layout.time.size, dtype=int), np.zeros(layout.time.size)
    at = final
    for k, (parent, n_here, d) in zip(reversed(steps.tolist()), reversed(trail), strict=True):
        n[k], events[k], at = n_here[at], d[at], parent[at]
    before = np.cumsum(events) - events
    first = np.searchsorted(layout.interval, layout.interval)  # of each point's interval
    at_steps = (layout.counts[layout.interval] - (before - before[first]) - n)[steps]
    return events, between_steps(layout, steps, at_steps)
