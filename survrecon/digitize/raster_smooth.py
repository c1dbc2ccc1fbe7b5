"""Where a curve runs on average, over all falling courses that it may take: what hides it is crossed in the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.data import FloatArray, IntArray
from survrecon.digitize.raster_trace import Floats

FINE = 2  # points per pixel to the right, twice as many downwards
THICK = 4.0  # pixels: lines as thick as this are found as exactly with half as many
SHARP = 10.0  # one half of the inverse variance of a pixel's ink
START = 2.0  # pixels that the first level may be from where the axis says
NEVER = -1e9


def smooth(
    own: Floats,
    seen: Floats,
    over: Floats,
    thickness: float,
    corridor: tuple[FloatArray, FloatArray],
    start: float,
    falls: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:
    """Average over all courses that a falling step function may take, each as likely as the ink that it would leave.

    Parameters
    ----------
    own, seen, over : ndarray of float32, shape (height, width)
        The curve's ink, the weight of each pixel, and what marks of the same color cover; from the curve's first column on.
    thickness : float
        Of the line.
    corridor : pair of ndarray of float, shape (width,)
        Least and greatest row in each column, neither ever less than before.
    start : float
        Row where the curve starts.
    falls : tuple of two float
        Drops per column, and their mean height in pixels.

    Returns
    -------
    x, y : ndarray of float, shape (k,)
        Middles of the parts of each column, as many in each, and the curve's mean row there.

    Notes
    -----
    The sum over all courses is that of hidden Markov models, forwards and backwards. A line of thickness w that is at row y(u)
    has its upper edge at y - w/2 in column u + w/2, and its lower one at y + w/2 in column u - w/2: what an edge costs depends on one
    level only, however near the drops are. Drops come at random and have exponentially distributed heights.
    """
    across = FINE if thickness < THICK else FINE // 2
    down = 2 * across
    top, bottom = _edge_costs(own, seen, over, down)
    width, levels = own.shape[1], top.shape[1]
    column = np.repeat(np.arange(width), across)
    x = (np.arange(column.size) + 0.5) / across
    ahead, behind = ((np.clip(x + sign * thickness / 2, 0, width - 1)).astype(int) for sign in (1, -1))
    half = round(thickness / 2 * down)
    low = np.clip(np.floor(corridor[0] * down).astype(int), 0, levels - 2)[column]
    high = np.clip(np.ceil(corridor[1] * down).astype(int) + 1, low[::across] + 1, levels)[column]

    rate, height = falls
    chance, slope = min(rate / across, 0.5), 1 / (max(height, 0.5) * down)
    chances = _Falls(float(np.log1p(-chance)), float(np.log(chance * np.expm1(slope))), slope)
    costs = []
    for i in range(column.size):
        rows = np.arange(low[i], high[i])
        upper, lower = top[ahead[i], np.clip(rows - half, 0, levels - 1)], bottom[behind[i], np.clip(rows + half, 0, levels - 1)]
        costs.append(np.asarray(upper + lower, dtype=float) * (SHARP / across))
    first = -0.5 * ((np.arange(low[0], high[0]) / down - start) / START) ** 2
    return x, _mean_levels(first, costs, low, high, chances) / down


@dataclass(frozen=True)
class _Falls:
    """Logarithms of the chances to stay on a level and to fall to another one, and by how much that is less for each level farther."""

    stay: float
    fall: float
    slope: float


def _mean_levels(first: FloatArray, costs: list[FloatArray], low: IntArray, high: IntArray, chances: _Falls) -> FloatArray:
    """Return the mean level at each point: what leads to each level, times what follows from it."""
    before: list[FloatArray] = []
    state = first
    for i, cost in enumerate(costs):
        if i:
            grown = np.append(state, np.full(high[i] - high[i - 1], NEVER))
            state = _after_falls(grown, chances)[low[i] - low[i - 1] :]
        state = state - cost
        state -= state.max()
        before.append(state)
    after = np.zeros(high[-1] - low[-1])
    mean = np.empty(len(costs))
    for i in range(len(costs) - 1, -1, -1):
        share = np.exp(before[i] + after - (before[i] + after).max())
        share /= share.sum()
        mean[i] = share @ np.arange(low[i], high[i])
        if i:
            after = after - costs[i]
            grown = np.concatenate([np.full(low[i] - low[i - 1], NEVER), after - after.max()])
            after = _after_falls(grown[::-1], chances)[::-1][: high[i - 1] - low[i - 1]]
    return mean


def _after_falls(state: FloatArray, chances: _Falls) -> FloatArray:
    """Return the logarithm of what is at each level after a point where the curve may fall."""
    return np.asarray(np.logaddexp(state + chances.stay, _fallen(state, chances.slope) + chances.fall))


def _fallen(state: FloatArray, slope: float) -> FloatArray:
    """Return the logarithm of what comes down to each level from all above it, exponentially less from farther ones."""
    way = np.arange(state.size) * slope
    total = np.logaddexp.accumulate(state + way) - way
    return np.append(NEVER, total[:-1] - slope)


def _edge_costs(own: Floats, seen: Floats, over: Floats, down: int) -> tuple[Floats, Floats]:
    """Return what ink from the top to each level costs, as a lower edge, and less as an upper edge; shape (width, levels)."""
    height, width = own.shape
    already, free = (own - over) ** 2, 1 - over

    def inked(share: float) -> Floats:
        return np.asarray(seen * ((own - over - free * share) ** 2 - already), dtype=np.float32)

    total = np.pad(np.cumsum(inked(1.0), axis=0, dtype=np.float32), ((1, 0), (0, 0)))
    bottom = np.empty((height * down + 1, width), dtype=np.float32)
    top = np.empty_like(bottom)
    bottom[::down], top[::down] = total, -total
    for part in range(1, down):
        bottom[part::down] = total[:-1] + inked(part / down)
        top[part::down] = inked(1 - part / down) - total[1:]
    return np.ascontiguousarray(top.T), np.ascontiguousarray(bottom.T)
