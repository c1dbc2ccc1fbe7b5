"""Fit the line of a curve to its pixels: where a step function must run so that, drawn, it leaves the ink that is seen."""

from __future__ import annotations

from dataclasses import replace

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
PER_STEP = 0.2  # squared ink, in pixels, that a step more must explain
UNEXPLAINED = 0.5  # squared ink around a step, in pixels, that another step may explain
LEAST_DROP = 0.6  # pixels, to be split
LEAST_RUN = 2.5
SAME = 0.15  # pixels: levels and drops that are closer are one
APART = 0.3  # pixels between the halves of a drop
SIMPLER = (0.4, 0.8)  # pixels: at last, steps that are closer are tried as one


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
    A line of thickness w along a falling step function, with square corners and ends, is what lies under the function moved by w/2
    to the right and upwards, but not under it when it is moved by w/2 to the left and downwards.
    """
    sheet = np.zeros(shape[0] * shape[1], dtype=np.float32)
    pixel, share = _covered(steps, shape)
    sheet[pixel] = share
    return sheet.reshape(shape)


def _covered(steps: Steps, shape: tuple[int, int]) -> tuple[IntArray, FloatArray]:
    """Return the pixels that the line may touch, column by column, and how much of each it covers."""
    height, width = shape
    half, edges = steps.thickness / 2, np.append(steps.x, steps.end)
    outer, inner = edges + half, edges - half
    outer[0], inner[-1] = edges[0] - half, edges[-1] + half
    parts = []
    for border, rows, sign in ((outer, steps.y - half, 1.0), (inner, steps.y + half, -1.0)):
        step, column, share = _cells(border[:-1], border[1:], width)
        row = np.clip(rows, 0, height - 1e-6)[step]
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
    x, y, half, size = steps.x, steps.y, steps.thickness / 2, steps.x.size
    parts = []

    def down(at: FloatArray, upper: FloatArray, lower: FloatArray, first: int, sign: float) -> None:
        number, row, share = _cells(upper, lower, height)
        column = np.floor(at).astype(np.int64)[number]
        parts.append((row * width + column, first + number, sign * share, (column >= 0) & (column < width)))

    def across(at: FloatArray, left: FloatArray, right: FloatArray, sign: float) -> None:
        number, column, share = _cells(left, right, width)
        row = np.floor(at).astype(np.int64)[number]
        parts.append((row * width + column, size - 1 + number, sign * share, (row >= 0) & (row < height)))

    down(x[1:] + half, y[:-1] - half, y[1:] - half, 0, 1.0)
    down(x[1:] - half, y[:-1] + half, y[1:] + half, 0, -1.0)
    down(np.array([steps.end + half]), y[-1:] - half, y[-1:] + half, 2 * size - 1, 1.0)
    left, right = np.append(x[0] - half, x[1:] + half), np.append(x[1:], steps.end)
    across(y - half, left, right + half, -1.0)
    across(y + half, x - half, np.append(right[:-1] - half, steps.end + half), 1.0)
    pixel, column, value, inside = (np.concatenate(items) for items in zip(*parts, strict=True))
    number: IntArray
    touched, number = np.unique(pixel[inside], return_inverse=True)
    return touched, sparse.csr_array((value[inside], (number, column[inside])), shape=(touched.size, 2 * size))


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
