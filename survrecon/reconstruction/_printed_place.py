"""From counts per cell to subjects: whole numbers that keep every known number at risk, at times that meet the printed ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survrecon.data import IPD, BoolArray, FloatArray, IntArray
from survrecon.reconstruction._printed_facts import Point, banded
from survrecon.reconstruction._printed_grid import Counts, Grid

TRIES = 8  # roundings tried for each draw; the one that leaves most printed times within reach is kept
MARGIN = 1e-6  # share of a subject or of a row by which nothing comes closer to a known count's time


def place(
    grid: Grid, arm: int, points: Sequence[Point], events: FloatArray, censored: FloatArray, rng: np.random.Generator | None
) -> list[IPD]:
    """Turn counts of one arm into subjects.

    Parameters
    ----------
    grid : Grid
        The cells.
    arm : int
        Position of the arm.
    points : sequence of Point
        Printed points of this arm's curve and bands.
    events, censored : ndarray of float, shape (draws, arms * k)
        Counts, not necessarily whole.
    rng : numpy.random.Generator or None
        Places subjects at random within what the counts say; None: in the middle.

    Returns
    -------
    list of IPD
        One for each draw. Subjects are lost one by one, at quantiles of the counts; they are events
        where the cumulative events pass a whole number, less a common offset. Then times between two known counts
        are stretched so that median, limits and survival fall where they were printed.
    """
    counts = grid.counts[arm]
    died, left = grid.by_arm(events)[:, arm], grid.by_arm(censored)[:, arm]
    draws, n = died.shape[0], counts.n
    lost = _cumulative(died + left)
    lost *= n / lost[:, -1:]
    died = _cumulative(died)
    order = np.arange(n + 1.0)
    so_far = np.array([np.interp(order, x, y) for x, y in zip(lost, died, strict=True)])
    inner = np.full((draws, n), 0.5) if rng is None else rng.uniform(MARGIN, 1 - MARGIN, (draws, n))
    times = np.array([np.interp(order[1:] - u, x, grid.edges) for u, x in zip(inner, lost, strict=True)])
    offsets = np.full((1, draws), 0.5) if rng is None else rng.uniform(MARGIN, 1 - MARGIN, (TRIES, draws))
    if rng is None:
        offsets = np.linspace(0.5, 1.5, TRIES + 1)[:-1, None] % 1 + MARGIN + np.zeros((1, draws))
    within = rng.uniform(size=(len(points), draws)) if rng is not None else np.full((len(points), draws), 0.5)
    tries = [np.diff(np.floor(so_far + offset[:, None]), axis=1) > 0 for offset in offsets]
    anchors = [_anchors(counts, points, times, event, within) for event in tries]
    missed = np.array([np.isnan(target).sum(axis=0) for _, target in anchors])
    best = np.argmin(missed, axis=0)
    result = []
    for i in range(draws):
        source, target = (values[:, i] for values in anchors[best[i]])
        result.append(IPD(_stretch(counts, times[i], source, target), tries[best[i]][i], counts.label))
    return result


def _cumulative(values: FloatArray) -> FloatArray:
    return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)


def _anchors(
    counts: Counts, points: Sequence[Point], times: FloatArray, event: BoolArray, within: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return, for each point and draw, the time that shall be moved and where to; NaN where it is out of reach."""
    n = counts.n
    n_risk = np.arange(n, 0, -1.0)
    with np.errstate(divide="ignore"):
        hazard = _cumulative(np.where(event, -np.log1p(-1 / n_risk), 0.0))
        variance = _cumulative(np.where(event, 1 / (n_risk * (n_risk - 1)), 0.0))
    row_end = n - counts.count[1:]  # subjects lost up to the end of each row
    row = np.searchsorted(row_end, np.arange(n), side="right")  # of each subject
    source, target = np.full(within.shape, np.nan), np.full(within.shape, np.nan)
    for p, point in enumerate(points):
        if point.reached and point.time_slack:
            at, low, high = _crossing(counts, point, times, event, hazard, variance, row)
        elif point.reached and point.z == 0:
            at, low, high = _passing(counts, point, times, hazard)
        else:
            continue
        usable = np.isfinite(at) & (low < high)
        source[p] = np.where(usable, at, np.nan)
        target[p] = np.where(usable, low + within[p] * (high - low), np.nan)
    return source, target


def _crossing(
    counts: Counts, point: Point, times: FloatArray, event: BoolArray, hazard: FloatArray, variance: FloatArray, row: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return where each draw's band reaches the level, and the range within its row that the printed time allows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = banded(hazard[:, 1:], np.sqrt(variance[:, 1:]), point.z, point.scale)[0]
        value = np.where(np.isnan(value) & (point.z == 0), np.inf, value)
        below = event & (value >= banded(np.array(-np.log(point.level)), np.array(0.0), 0.0, point.scale)[0] - 1e-9)
    draw = np.arange(times.shape[0])
    first = np.argmax(below, axis=1)
    at = np.where(below[draw, first], times[draw, first], np.nan)
    if point.z == 0:  # survival that stays exactly at the level: the middle of the step
        flat = np.abs(np.exp(-hazard[draw, first + 1]) - point.level) < 1e-9
        later = event & (np.arange(event.shape[1]) > first[:, None])
        following = np.argmax(later, axis=1)
        middle = flat & later[draw, following] & (row[following] == row[first])
        at = np.where(middle, (at + times[draw, following]) / 2, at)
    start, end = counts.time[row[first]], counts.time[row[first] + 1]
    gap = MARGIN * (end - start)
    return at, np.maximum(point.time - point.time_slack, start + gap), np.minimum(point.time + point.time_slack, end - gap)


def _passing(counts: Counts, point: Point, times: FloatArray, hazard: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return, for each draw, a time with survival nearest to the level, in the row of the printed time; it is to be moved there."""
    row = min(int(np.searchsorted(counts.time, point.time, side="right")) - 1, counts.time.size - 2)
    first, last = counts.n - counts.count[row], counts.n - counts.count[row + 1]
    start, end = counts.time[row], counts.time[row + 1]
    distance = np.abs(np.exp(-hazard[:, first : last + 1]) - point.level)
    nearest = distance < distance.min(axis=1, keepdims=True) + 1e-9
    draw, number = np.arange(times.shape[0]), nearest.sum(axis=1)
    chosen = np.argmax(nearest, axis=1) + (number - 1) // 2
    bounds = np.hstack([np.full((times.shape[0], 1), start), times[:, first:last], np.full((times.shape[0], 1), end)])
    at = (bounds[draw, chosen] + bounds[draw, chosen + 1]) / 2
    close = distance.min(axis=1) <= point.level_slack + 0.5 / max(int(counts.count[row]), 1)
    inside = start < point.time < end
    here = np.full(times.shape[0], point.time)
    return np.where(close & inside, at, np.nan), here - MARGIN * (end - start), here + MARGIN * (end - start)


def _stretch(counts: Counts, times: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """Move source times to target times, and all between in proportion; times of known counts stay."""
    known = np.flatnonzero(~np.isnan(target))
    order = known[np.argsort(source[known], kind="stable")]
    old, new = [counts.time[0]], [counts.time[0]]
    for tick in counts.time[1:]:
        for i in order:
            inside = counts.time[0] < source[i] < tick and old[-1] < source[i] and new[-1] < target[i] < tick
            if inside:
                old.append(source[i])
                new.append(target[i])
        old.append(tick)
        new.append(tick)
    return np.asarray(np.interp(times, old, new), dtype=float)
