"""Where a curve runs on average, over all falling courses that it may take: what hides it is crossed in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from survrecon.data import FloatArray, IntArray
from survrecon.digitize.raster_anchors import Anchors
from survrecon.digitize.raster_ink import Ink
from survrecon.digitize.raster_stamps import Stamp
from survrecon.digitize.raster_trace import Floats

FINE = 2  # points per pixel to the right, twice as many downwards
THICK = 4.0  # pixels: lines as thick as this are found as exactly with half as many
SHARP = 10.0  # one half of the inverse variance of a pixel's ink
START = 2.0  # pixels that the first level may be from where the axis says
UNUSUAL = 0.3  # squared ink, in pixels, that part of a mark must explain in a column
SHARES = (1.0, 0.5)  # of a pixel that a mark covers
HOLD = 0.5  # of the squared ink that a point explains, is what it costs to run past it
BESIDE = 0.5  # pixels: nearer is through it
GIVES = 3.0  # pixels farther off, it costs all of that
NEVER = -1e9


def smooth(
    ink: Ink,
    thickness: float,
    corridor: tuple[FloatArray, FloatArray],
    start: float,
    falls: tuple[float, float],
    stamp: Stamp | None = None,
    anchors: Anchors | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Average over all courses that a falling step function may take, each as likely as the ink that it would leave.

    Parameters
    ----------
    ink : Ink
        The pixels, from the curve's first column on.
    thickness : float
        Of the line.
    corridor : pair of ndarray of float, shape (width,)
        Least and greatest row in each column, neither ever less than before.
    start : float
        Row where the curve starts.
    falls : tuple of two float
        Drops per column, and their mean height in pixels.
    stamp : Stamp, optional
        Of censor marks, of which there may be one anywhere on the curve beside those that are known.
    anchors : Anchors, optional
        Points that the curve runs through, columns counted from its first one.

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
    beyond = int(np.ceil(thickness / 2))  # columns: the edges of the first and the last are those of points beyond them
    ink, corridor, anchors = _widened(ink, corridor, anchors, beyond)
    top, bottom = _edge_costs(ink, down)
    width, levels = ink.shape[1], top.shape[1]
    column = np.repeat(np.arange(width), across)
    x = (np.arange(column.size) + 0.5) / across
    ahead, behind = ((np.clip(x + sign * thickness / 2, 0, width - 1)).astype(int) for sign in (1, -1))
    half = round(thickness / 2 * down)
    low = np.clip(np.floor(corridor[0] * down).astype(int), 0, levels - 2)[column]
    high = np.clip(np.ceil(corridor[1] * down).astype(int) + 1, low[::across] + 1, levels)[column]

    marks = None if stamp is None else _Marks(ink, stamp, (top, bottom), half, down)
    costs = []
    for i in range(column.size):
        rows = np.arange(low[i], high[i])
        upper, lower = top[ahead[i], np.clip(rows - half, 0, levels - 1)], bottom[behind[i], np.clip(rows + half, 0, levels - 1)]
        cost = np.asarray(upper + lower, dtype=float)
        costs.append((cost if marks is None else cost + marks.spare(column[i], rows)) * (SHARP / across))
    for i, sign, row, worth in _held(anchors, across, column.size):
        costs[i] += worth * np.clip((sign * (np.arange(low[i], high[i]) / down - row) - BESIDE) / GIVES, 0, 1)
    first = -0.5 * ((np.arange(low[0], high[0]) / down - start) / START) ** 2
    mean = _mean_levels(first, costs, low, high, _chances(falls, across, down)) / down
    inside = slice(beyond * across, x.size - beyond * across)
    return x[inside] - beyond, mean[inside]


def _widened(
    ink: Ink, corridor: tuple[FloatArray, FloatArray], anchors: Anchors | None, by: int
) -> tuple[Ink, tuple[FloatArray, FloatArray], Anchors | None]:
    """Add columns on both sides of which nothing is known."""
    parts = ((ink.own, 0), (ink.seen, 0), (ink.over, 0), (ink.dash, 1))
    wide = Ink(*(np.pad(part, ((0, 0), (by, by)), constant_values=value) for part, value in parts))
    low, high = (np.pad(rows, by, mode="edge") for rows in corridor)
    return wide, (low, high), None if anchors is None else replace(anchors, x=anchors.x + by)


def _held(anchors: Anchors | None, across: int, size: int) -> Iterator[tuple[int, int, float, float]]:
    """Say at which of so many points a curve is not yet lower (1), or no longer higher (-1), than which row, and what else it costs."""
    for x, y, weight in zip(anchors.x, anchors.y, anchors.weight, strict=True) if anchors is not None else []:
        for sign in (1, -1):
            point = int(np.floor((x - sign * BESIDE) * across))
            if 0 <= point < size:
                yield point, sign, float(y), SHARP * HOLD * float(weight)


@dataclass(frozen=True)
class _Falls:
    """Logarithms of the chances to stay on a level and to fall to another one, and by how much that is less for each level farther."""

    stay: float
    fall: float
    slope: float


def _chances(falls: tuple[float, float], across: int, down: int) -> _Falls:
    """Return the chances at one of so many points per column, for levels of which there are so many in a pixel."""
    rate, height = falls
    chance, slope = min(rate / across, 0.5), 1 / (max(height, 0.5) * down)
    return _Falls(float(np.log1p(-chance)), float(np.log(chance * np.expm1(slope))), slope)


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


class _Marks:
    """What marks of a stamp, anywhere on a curve, would explain of the ink in each column."""

    def __init__(self, ink: Ink, stamp: Stamp, line: tuple[Floats, Floats], half: int, down: int) -> None:
        free = 1 - ink.over
        self.line, self.half = line, half
        self.strokes = [(round(low * down), round(high * down)) for low, high in stamp.strokes()]
        self.reach = max(half, *(high for _, high in self.strokes))
        self.filled = [_finer(_cost(ink, share * free), down, self.reach) for share in SHARES]

    def spare(self, column: int, rows: IntArray) -> FloatArray:
        """Return by how much less a column costs if it cuts a mark on a curve at each of these rows; never more than 0."""
        top, bottom = (values[column] for values in self.line)
        last = top.size - 1
        line = top[np.clip(rows - self.half, 0, last)] + bottom[np.clip(rows + self.half, 0, last)]
        best = np.full(rows.size, -UNUSUAL)
        for share, filled in zip(SHARES, self.filled, strict=True):
            within = partial(_within, filled[column], self.reach + int(rows[0]), rows.size)
            for low, high in self.strokes:
                near = max(low, self.half)
                if low <= self.half and share == 1:  # over the line, and over gaps between its dashes
                    best = np.minimum(best, within(-high, high) - line)
                else:
                    best = np.minimum(best, within(-high, -near) + within(near, high))
        return np.asarray(best + UNUSUAL, dtype=float)


def _finer(each: Floats, down: int, spare: int) -> FloatArray:
    """Return the sum from the top of each column to so many levels in a pixel, and to some beyond; shape (width, levels)."""
    total = np.pad(np.cumsum(each, axis=0, dtype=np.float32), ((1, 0), (0, 0))).T.astype(float)
    step = np.diff(total, axis=1)
    parts = np.stack([total[:, :-1] + step * (part / down) for part in range(down)], axis=2)
    return np.pad(np.concatenate([parts.reshape(total.shape[0], -1), total[:, -1:]], axis=1), ((0, 0), (spare, spare)), mode="edge")


def _within(total: FloatArray, first: int, many: int, upper: int, lower: int) -> FloatArray:
    """Return what is between two levels relative to each of so many rows from a first one."""
    return np.asarray(total[first + lower : first + lower + many] - total[first + upper : first + upper + many])


def _cost(ink: Ink, covered: Floats) -> Floats:
    """Return what it costs if the line, or a mark, covers this share of each pixel."""
    rest = ink.own - ink.over
    return np.asarray(ink.seen * ((rest - covered) ** 2 - rest**2), dtype=np.float32)


def _edge_costs(ink: Ink, down: int) -> tuple[Floats, Floats]:
    """Return what ink from the top to each level costs, as a lower edge, and less as an upper edge; shape (width, levels)."""
    height, width = ink.shape
    free = ink.free
    total = np.pad(np.cumsum(_cost(ink, free), axis=0, dtype=np.float32), ((1, 0), (0, 0)))
    bottom = np.empty((height * down + 1, width), dtype=np.float32)
    top = np.empty_like(bottom)
    bottom[::down], top[::down] = total, -total
    for part in range(1, down):
        bottom[part::down] = total[:-1] + _cost(ink, free * np.float32(part / down))
        top[part::down] = _cost(ink, free * np.float32(1 - part / down)) - total[1:]
    return np.ascontiguousarray(top.T), np.ascontiguousarray(bottom.T)
