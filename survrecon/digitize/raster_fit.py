"""Fit the line of a curve to its pixels: where a step function must run so that, drawn, it leaves the ink that is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from survrecon.data import FloatArray, IntArray
from survrecon.digitize.raster_ink import Ink
from survrecon.digitize.raster_trace import Floats, Steps

ROUNDS = 5
ITERATIONS = 8
FARTHEST = 0.5  # pixels that a step is moved at once
ENOUGH = 0.02
STIFF = 0.05  # of a pixel's edge: keeps what no pixel tells where it is
PER_STEP = 0.08  # squared ink, in pixels, that a step more must explain
UNEXPLAINED = 0.2  # squared ink around a step, in pixels, that another step may explain
LEAST_DROP = 0.6  # pixels, to be split
LEAST_RUN = 2.5
SAME = 0.15  # pixels: levels and drops that are closer are one
APART = 0.3  # pixels between the halves of a drop
SIMPLER = (0.4, 0.8)  # pixels: at last, steps that are closer are tried as one
PARTS = np.linspace(0, np.pi / 2, 5)  # angles between which a round corner is drawn as a step
ASIDE = np.sin(PARTS)  # where each of these steps ends, for a radius of 1, and its mean height; the first one is the line itself
UPWARDS = np.append(1.0, np.diff((PARTS + np.sin(PARTS) * np.cos(PARTS)) / 2) / np.diff(ASIDE))


def coverage(steps: Steps, shape: tuple[int, int]) -> Floats:
    """Return how much of each pixel the line of a step function covers.

    Parameters
    ----------
    steps : Steps
        The curve.
    shape : tuple of two int
        Height and width of the picture.

    Returns
    -------
    ndarray of float32, shape (height, width)
        From 0 to 1.

    Notes
    -----
    A line along a falling step function, with round corners and square ends, lies between two borders: the highest and the lowest that
    the function comes to if it is moved anywhere within a circle as wide as the line, to the right and upwards or to the left and
    downwards. R and matplotlib draw round corners; where drops are close, they leave a line narrower than square ones would.
    """
    sheet = np.zeros(shape[0] * shape[1], dtype=np.float32)
    pixel, share = _covered(steps, shape)
    sheet[pixel] = share
    return sheet.reshape(shape)


def _covered(steps: Steps, shape: tuple[int, int]) -> tuple[IntArray, FloatArray]:
    """Return the pixels that the line may touch, column by column, and how much of each it covers."""
    height, width = shape
    parts = []
    for border, sign in zip(_borders(steps), (1.0, -1.0), strict=True):
        step, column, share = _cells(border.edges[:-1], border.edges[1:], width)
        row = np.clip(border.rows, 0, height - 1e-6)[step]
        first = row.astype(np.int64)
        part = sign * share * (row - first)
        parts += [(column, first, sign * share - part), (column, first + 1, part)]
    column, row, value = (np.concatenate(items) for items in zip(*parts, strict=True))
    top, bottom = np.full(width, height + 1), np.zeros(width, dtype=np.int64)
    np.minimum.at(top, column, row)
    np.maximum.at(bottom, column, row + 1)
    many = np.maximum(bottom - top, 0)
    start = np.cumsum(many) - many
    # each column ends at 0: what comes under the upper border goes under the lower one, and the sum need not begin anew
    total = np.cumsum(np.bincount(start[column] + row - top[column], value, minlength=int(many.sum())))
    rows = np.arange(total.size) - np.repeat(start - top, many)
    inside = rows < height
    return (rows * width + np.repeat(np.arange(width), many))[inside], total[inside]


@dataclass(frozen=True, eq=False)
class _Border:
    """The border over or under a line: edges, and a row between each two; and what these move with, numbers of drops and of levels."""

    edges: FloatArray
    rows: FloatArray
    level: IntArray
    drop: IntArray


def _borders(steps: Steps) -> tuple[_Border, _Border]:
    """Return the border over a line and that under it, which is the same turned around."""
    over = _over(steps.x, steps.y, steps.end, steps.thickness / 2)
    last = steps.x.size - 1
    turned = _over(np.append(-steps.end, -steps.x[:0:-1]), -steps.y[::-1], -steps.x[0], steps.thickness / 2)
    under = _Border(-turned.edges[::-1], -turned.rows[::-1], last - turned.level[::-1], last + 1 - turned.drop[::-1])
    return over, under


def _over(x: FloatArray, y: FloatArray, end: float, half: float) -> _Border:
    """Return the border over a line whose corners are round: the highest of its level moved by the parts of a quarter of a circle."""
    right, up = half * ASIDE, half * UPWARDS
    moved = (x[1:] + right[:, None]).ravel()
    order = np.argsort(moved, kind="stable")
    drop = np.tile(np.arange(1, x.size), right.size)[order]
    edges = np.concatenate([[x[0] - half], moved[order], [end + half]])
    middles = (edges[:-1] + edges[1:]) / 2
    levels = np.array([np.searchsorted(x[1:], middles - each, side="right") for each in right])
    rows = y[levels] - up[:, None]
    best = rows.argmin(axis=0)
    some = np.arange(best.size)
    return _Border(edges, rows[best, some], levels[best, some], drop)


def _cells(low: FloatArray, high: FloatArray, count: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return which unit cells each interval covers, and how much of each: number of the interval, cell, share."""
    low, high = np.clip(low, 0, count), np.clip(high, 0, count)
    first = np.floor(low).astype(np.int64)
    many = np.maximum(np.ceil(high).astype(np.int64) - first, 0)
    number = np.repeat(np.arange(low.size), many)
    cell = first[number] + np.arange(number.size) - np.repeat(np.cumsum(many) - many, many)
    return number, cell, np.minimum(high[number], cell + 1) - np.maximum(low[number], cell)


def _slopes(steps: Steps, shape: tuple[int, int]) -> tuple[IntArray, sparse.csr_array]:
    """Return which pixels change with the drops `x[1:]`, the levels `y` and the end, and how much of each: one column for each of these."""
    height, width = shape
    half, size = steps.thickness / 2, steps.x.size
    parts = []
    for border, sign in zip(_borders(steps), (1.0, -1.0), strict=True):
        number, row, share = _cells(border.rows[:-1], border.rows[1:], height)
        column = np.floor(border.edges[1:-1]).astype(np.int64)[number]
        parts.append((row * width + column, border.drop[number] - 1, sign * share, (column >= 0) & (column < width)))
        number, column, share = _cells(border.edges[:-1], border.edges[1:], width)
        row = np.floor(border.rows).astype(np.int64)[number]
        parts.append((row * width + column, size - 1 + border.level[number], -sign * share, (row >= 0) & (row < height)))
    number, row, share = _cells(steps.y[-1:] - half, steps.y[-1:] + half, height)
    column = np.full(row.size, int(np.floor(steps.end + half)))
    parts.append((row * width + column, 2 * size - 1 + number, share, (column >= 0) & (column < width)))
    pixel, moved, value, inside = (np.concatenate(items) for items in zip(*parts, strict=True))
    touched, at = np.unique(pixel[inside], return_inverse=True)
    return touched, sparse.csr_array((value[inside], (at, moved[inside])), shape=(touched.size, 2 * size))


def fit(steps: Steps, ink: Ink) -> Steps:
    """Move, split and join the steps of a curve until its line explains the ink.

    Parameters
    ----------
    steps : Steps
        Where it is, to a pixel or two.
    ink : Ink
        The pixels; those far from the curve have no weight.

    Returns
    -------
    Steps
        The best that was found.
    """
    error, best = _settled(_joined(steps), ink, ITERATIONS)
    least, current = error + PER_STEP * best.x.size, best
    for _ in range(ROUNDS):
        more = _split(current, ink)
        if more.x.size == current.x.size:
            break
        _, current = _settled(more, ink, ITERATIONS)
        error, current = _settled(_joined(current), ink, 3)
        if error + PER_STEP * current.x.size < least:
            least, best = error + PER_STEP * current.x.size, current
    for apart in SIMPLER:
        error, current = _settled(_joined(best, apart), ink, ITERATIONS)
        if error + PER_STEP * current.x.size < least:
            least, best = error + PER_STEP * current.x.size, current
    return best


def _settled(steps: Steps, ink: Ink, iterations: int) -> tuple[float, Steps]:
    """Move the steps to where the squared difference from the ink is least (Gauss and Newton); also that difference."""
    from scipy.sparse.linalg import spsolve

    bare, weight, free = (values.ravel() for values in (ink.own - ink.over, ink.seen, ink.free))
    empty = float(weight @ (bare * bare))
    best: tuple[float, Steps] = np.inf, steps
    for _ in range(iterations):
        pixel, share = _covered(steps, ink.shape)
        rest = bare.copy()
        rest[pixel] -= free[pixel] * share
        error = empty + float(weight[pixel] @ (rest[pixel] ** 2 - bare[pixel] ** 2))
        if error < best[0]:
            best = error, steps
        touched, slopes = _slopes(steps, ink.shape)
        slopes = sparse.diags_array(free[touched]) @ slopes
        weighted = slopes.T @ sparse.diags_array(weight[touched])
        stiffness = weighted @ slopes + STIFF * sparse.eye_array(slopes.shape[1])
        move = np.clip(spsolve(sparse.csc_array(stiffness), weighted @ rest[touched]), -FARTHEST, FARTHEST)
        if np.abs(move).max() < ENOUGH:
            break
        steps = _moved(steps, move)
    return best


def _moved(steps: Steps, move: FloatArray) -> Steps:
    size = steps.x.size
    x = np.maximum.accumulate(np.append(steps.x[0], steps.x[1:] + move[: size - 1]))
    y = np.maximum.accumulate(steps.y + move[size - 1 : 2 * size - 1])
    return replace(steps, x=x, y=y, end=max(steps.end + float(move[-1]), float(x[-1])))


def _joined(steps: Steps, apart: float = SAME) -> Steps:
    """Join levels, and drops, that are hardly apart."""
    x, y = steps.x, steps.y
    for _ in range(2 * x.size):
        heights, lengths = np.diff(y), np.diff(np.append(x, steps.end))
        widths = np.diff(x[1:])
        if heights.size and heights.min() < apart:
            at = int(heights.argmin())
            one, other = lengths[at], lengths[at + 1]
            level = (one * y[at] + other * y[at + 1]) / (one + other) if one + other > 0 else y[at]
            x, y = np.delete(x, at + 1), np.delete(y, at)
            y[at] = level
        elif widths.size and widths.min() < apart:
            at = int(widths.argmin()) + 1
            one, other = heights[at - 1], heights[at]
            column = (one * x[at] + other * x[at + 1]) / (one + other)
            x, y = np.delete(x, at), np.delete(y, at)
            x[at] = column
        else:
            break
    return replace(steps, x=x, y=y)


def _split(steps: Steps, ink: Ink) -> Steps:
    """Make two of each drop, and of each level, near which ink is not explained."""
    shape = ink.shape
    rest = ink.own - ink.over - ink.free * coverage(steps, shape)
    total = np.pad(np.cumsum(np.cumsum(ink.seen * rest * rest, axis=0, dtype=float), axis=1), ((1, 0), (1, 0)))

    def inside(top: FloatArray, bottom: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
        around = steps.thickness / 2 + 1
        i, j = (np.clip(np.round(rows).astype(int), 0, shape[0]) for rows in (top - around, bottom + around))
        k, m = (np.clip(np.round(columns).astype(int), 0, shape[1]) for columns in (left - around, right + around))
        return np.asarray(total[j, m] - total[i, m] - total[j, k] + total[i, k])

    x, y, after = steps.x, steps.y, np.append(steps.x[1:], steps.end)
    drops = np.append(False, (inside(y[:-1], y[1:], x[1:], x[1:]) > UNEXPLAINED) & (np.diff(y) > LEAST_DROP))
    runs = (inside(y, y, x, after) > UNEXPLAINED) & (after - x > LEAST_RUN)
    new_x, new_y = [], []
    for i in range(x.size):
        if drops[i]:
            new_x += [x[i] - APART, x[i] + APART]
            new_y += [(y[i - 1] + y[i]) / 2, y[i]]
        else:
            new_x.append(x[i])
            new_y.append(y[i])
        if runs[i]:
            new_y[-1] -= SAME
            new_x.append((x[i] + after[i]) / 2)
            new_y.append(y[i] + SAME)
    return replace(steps, x=np.maximum.accumulate(np.array(new_x)), y=np.maximum.accumulate(np.array(new_y)))
