"""The algorithm of Guyot, Ades, Ouwens and Welton, BMC Med Res Methodol 2012;12:9, with bounded loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.data import Arm, FloatArray, IntArray
from survrecon.errors import ReconstructionError
from survrecon.reconstruction._common import NEAR, Draft, Method, aligned, steps, subjects

GRID_POINTS = 400  # flat points added to the curve, because censoring is only placed between its points


@dataclass(frozen=True, eq=False)
class _Grid:
    """Curve points with flat points added; `start[i]` is the first point of risk interval i."""

    time: FloatArray
    survival: FloatArray
    start: IntArray


def _grid(arm: Arm, points: int) -> tuple[_Grid, FloatArray, list[str]]:
    """Add flat points at the risk times and on a fine grid; also return the risk counts in use."""
    assert arm.curve is not None
    time, survival = steps(arm.curve)
    risk_time, risk_count = np.zeros(1), np.full(1, float(arm.n))
    notes = []
    if arm.risk is not None:
        inside = arm.risk.time <= time[-1]
        risk_time, risk_count = arm.risk.time[inside], arm.risk.count[inside]
        if not inside.all():
            notes.append(f"{np.sum(~inside)} risk-table cells after the end of the curve ({time[-1]:g}) were not used")
    grid = np.union1d(time, risk_time)
    fine = np.linspace(0, time[-1], points + 1)
    grid = np.union1d(grid, fine[np.abs(fine - grid[np.searchsorted(grid, fine - NEAR * time[-1])]) > NEAR * time[-1]])
    flat = survival[np.searchsorted(time, grid, side="right") - 1]
    return _Grid(grid, flat, np.searchsorted(grid, risk_time)), risk_count, notes


def _spread(time: FloatArray, left: float, right: float, censored: int) -> list[int]:
    """Count evenly spread censoring times between each of `time` and the next (step 2)."""
    if censored <= 0:
        return [0] * time.size
    at = left + (right - left) * (np.arange(1, censored + 1) / (censored + 1) + NEAR)  # on a point: after it
    counts: list[int] = np.bincount(np.searchsorted(time, at, side="right") - 1, minlength=time.size).tolist()
    return counts


def _walk(survival: list[float], censor: list[int], n: int, km: float) -> tuple[list[int], list[int], int, float]:
    """Go through one interval (step 3): events and censored per point, the number at risk and estimate at its end."""
    events, censored = [], []
    for target, leaving in zip(survival, censor, strict=True):
        d = min(n, max(0, round(n * (1 - target / km)))) if km > 0 else 0
        if d:
            km *= 1 - d / n
        n -= d
        c = min(leaving, n)
        n -= c
        events.append(d)
        censored.append(c)
    return events, censored, n, km


def _interval(grid: _Grid, i: int, n: int, km: float, n_next: int, first_guess: int) -> tuple[list[int], list[int], int, float, int]:
    """Find the censored of interval i that lead to the next printed count (steps 1 to 4)."""
    low, high = grid.start[i], grid.start[i + 1]
    time, survival = grid.time[low:high], grid.survival[low:high].tolist()
    best = None
    tried: set[int] = set()
    censored = first_guess
    while censored not in tried:  # each number is tried once, so the search ends
        tried.add(censored)
        walk = _walk(survival, _spread(time, grid.time[low], grid.time[high], censored), n, km)
        excess = walk[2] - n_next
        if best is None or abs(excess) < abs(best[1]):
            best = (walk, excess, censored)
        censored = min(n, max(0, censored + excess))
    assert best is not None
    return (*best[0], best[2])


def _last_interval(grid: _Grid, n: int, km: float, censored: int, events: int | None) -> tuple[list[int], list[int], int]:
    """Go through the interval after the last risk time (steps 5 to 8); `events` is what is left of the printed total."""
    low = grid.start[-1]
    time, survival = grid.time[low:], grid.survival[low:].tolist()
    if events is not None and events <= 0:
        return [0] * time.size, _spread(time, time[0], time[-1], n), 0
    best = None
    tried: set[int] = set()
    while censored not in tried:
        tried.add(censored)
        walk = _walk(survival, _spread(time, time[0], time[-1], censored), n, km)
        excess = 0 if events is None else sum(walk[0]) - events
        if best is None or abs(excess) < abs(best[1]):
            best = (walk, excess)
        censored = min(n, max(0, censored + excess))
    assert best is not None
    (n_event, n_censor, left, _), excess = best
    for k in reversed(range(len(n_event))):  # more events than printed: the latest become censored
        drop = min(n_event[k], max(0, excess))
        n_event[k] -= drop
        n_censor[k] += drop
        excess -= drop
    return n_event, n_censor, left


def estimate(arm: Arm, grid_points: int = GRID_POINTS) -> Draft:
    """Reconstruct one arm as Guyot et al. 2012 published it, on a refined grid.

    Parameters
    ----------
    arm : Arm
        A cleaned arm with a curve. Risk table and total events are used where present.
    grid_points : int
        Flat points added between 0 and the end of the curve, besides those at the risk times; 0 for none.

    Returns
    -------
    Draft
        The subjects. Those still at risk at the end of the curve are censored there.

    Raises
    ------
    ReconstructionError
        The arm has no curve.

    Notes
    -----
    Numbers of the paper's steps are in the helper functions. The paper's loops may oscillate for ever;
    here each number of censored subjects is tried once, and the closest is kept. A printed count that the
    curve cannot reach gives way, as in the paper, and a note says so.
    """
    if arm.curve is None:
        raise ReconstructionError(f"arm {arm.label!r}: method 'guyot' needs curve coordinates")
    grid, risk_count, notes = _grid(aligned(arm, NEAR * arm.curve.time[-1]), grid_points)
    end = float(grid.time[-1])
    n, km = arm.n, 1.0
    n_event: list[int] = []
    n_censor: list[int] = []
    interval_censored: list[int] = []
    gave_way = []
    for i in range(grid.start.size - 1):
        low, high = grid.start[i], grid.start[i + 1]
        n_next = int(risk_count[i + 1])
        ratio = grid.survival[high] / grid.survival[low] if grid.survival[low] > 0 else 0.0
        first_guess = min(n, max(0, round(n * ratio - n_next)))
        events, censored, n, km, total = _interval(grid, i, n, km, n_next, first_guess)
        if n != n_next:
            gave_way.append(f"{n_next} at {grid.time[high]:g} (reconstructed {n})")
        n_event += events
        n_censor += censored
        interval_censored.append(total)
    left = None if arm.total_events is None else arm.total_events - sum(n_event)
    rate = sum(interval_censored) / grid.time[grid.start[-1]] if grid.start[-1] > 0 else 0.0
    # a half is a half in every unit of time
    tail = min(n, round(round(rate * (end - grid.time[grid.start[-1]]), 9)))
    events, censored, n = _last_interval(grid, n, km, tail, left)
    n_event += events
    n_censor += censored
    n_censor[-1] += n
    if gave_way:
        notes.append(f"{len(gave_way)} printed counts that the curve does not allow gave way: {'; '.join(gave_way)}")
    if arm.total_events is not None and sum(n_event) != arm.total_events:
        notes.append(f"{sum(n_event)} events were placed, {arm.total_events} are printed: the curve does not allow more agreement")
    ipd = subjects(grid.time, np.array(n_event), np.array(n_censor), end, arm.label)
    return Draft(ipd, tuple(notes))


METHOD = Method("Guyot et al. 2012, interval by interval, with censoring spread evenly", estimate)
