"""Why a curve that was followed through pixels may be wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_found import Found, drawn

LONG_GAP = 0.03  # of the plot's width without any ink
LONG_COVER = 0.05  # of the plot's width behind other ink
UNSURE = 0.0028  # error that comes from falls behind other ink alone
LEFT_OVER = 0.15  # of the plot's width with ink of the same color elsewhere
PART = 0.4  # of a pixel, that edges are off by
COARSE = 0.007  # error that comes from that alone
BEYOND = 8  # pixels after the end that are looked at
GOES_ON = 0.02  # of the plot's width with ink of the same color after the end
NOT_ONE = 0.015  # of the scale: farther from 1 than this at the start


def doubts_of(
    curve: Found, others: list[Found], time: Callable[[FloatArray], FloatArray], start_row: float, scale: float
) -> tuple[str, ...]:
    """List what makes a curve doubtful.

    Parameters
    ----------
    curve : Found
        The curve.
    others : list of Found
        The other curves of the plot.
    time : callable
        From columns to times.
    start_row : float
        Row where curves start.
    scale : float
        Rows from survival 1 to 0.

    Returns
    -------
    tuple of str
        One sentence each; empty for a curve without doubt.
    """
    path, layer = curve.path, curve.ink
    columns, width = path.columns, layer.own.shape[1] - path.first
    middle = (path.enter, columns)
    own, blank = layer.own[middle], layer.blank[middle]

    def times(first: int, last: int) -> str:
        start, end = time(np.array([columns[first], columns[last] + 1], dtype=float))
        return f"from {start:.3g} to {end:.3g}"

    found = []
    away = float(curve.steps.y[0] - start_row) / scale
    if abs(away) > NOT_ONE:
        found.append(f"it starts {abs(away):.3f} {'beyond' if away > 0 else 'before'} where curves start")
    first, last = _longest(blank > 0.5)
    if last - first > max(LONG_GAP * width, 6 * curve.steps.thickness):
        found.append(f"no ink {times(first, last)}")
    first, last = _longest((blank <= 0.5) & (own < 0.3))
    if last - first > LONG_COVER * width:
        found.append(f"hidden behind other ink {times(first, last)}")
    height = layer.own.shape[0]
    error, fall, first, last = _hidden_falls(curve, scale)
    if error > UNSURE:
        found.append(f"falls by {fall:.2f} of the axis behind other ink, {times(first, last)}")
    falls = _falls(curve, layer.blank)
    if falls.max(initial=0) > max(4.0, 0.012 * height):
        at = int(falls.argmax())
        found.append(f"falls where nothing is drawn, {times(at, at)}")
    coarse = _coarseness(curve, scale)
    if coarse > COARSE:
        found.append(f"its steps are so tall that the width of a pixel makes an error of about {coarse:.3f}")
    found += _elsewhere(curve, others, time)
    meetings = [_meeting(curve, other) for other in others if other.layer == curve.layer]
    found += [f"meets another curve of the same color {times(*span)}" for span in meetings if span]
    return tuple(found)


def _elsewhere(curve: Found, others: list[Found], time: Callable[[FloatArray], FloatArray]) -> list[str]:
    """List what the ink beside and behind the curve's end says."""
    path, layer, found = curve.path, curve.ink, []
    columns, width = path.columns, layer.own.shape[1] - path.first
    beside = max(4 * curve.steps.thickness, 6.0)  # censor marks are no other ink
    rest = np.where(drawn(curve, beside), 0, layer.own)
    for other in others:
        if other.layer == curve.layer:
            rest = np.where(drawn(other, beside), 0, rest)
    left = float(np.mean(np.sum(rest > 0.5, axis=0) > 0))
    if left > LEFT_OVER:
        found.append(f"ink of its color elsewhere in {100 * left:.0f}% of the columns")
    row, end, half = int(path.leave[-1]), int(columns[-1]) + 2, max(1, round(curve.steps.thickness / 2))
    after = layer.blank[max(row - half, 0) : row + half + 1, end : end + BEYOND]
    if after.size and np.mean(after) < 0.5:
        found.append(f"may go on behind other ink after its end at {float(time(columns[-1:].astype(float))[0]):.3g}")
    if np.sum(np.any(rest[max(row - half, 0) :, end:] > 0.5, axis=0)) > GOES_ON * width:
        found.append(f"ink of its color goes on, lower, after its end at {float(time(columns[-1:].astype(float))[0]):.3g}")
    return found


def _coarseness(curve: Found, scale: float) -> float:
    """Return the root mean square error of survival when every drop is off by a part of a pixel, and every level too."""
    drops = np.diff(curve.steps.y) / scale
    length = curve.steps.end - curve.steps.x[0]
    return float(np.sqrt(PART * np.sum(drops**2) / length + (PART / scale) ** 2))


def _hidden_falls(curve: Found, scale: float) -> tuple[float, float, int, int]:
    """Return the error from falls anywhere within the ink that covers them, and the fall that adds most to it with its columns."""
    path, layer = curve.path, curve.ink
    covered = (layer.own < 0.3) & (layer.blank < 0.5)
    hidden = covered[path.enter, path.columns] | covered[path.leave, path.columns] | (_falls(curve, covered.astype(np.float32)) > 1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hidden, [False]]).astype(np.int8)))
    if edges.size == 0:
        return 0.0, 0.0, 0, 0
    first, last = edges[::2], edges[1::2] - 1
    falls = (path.leave[last] - path.enter[first]) / scale
    parts = falls**2 * (last - first + 1) / (3 * path.enter.size)  # a drop that may be anywhere in a stretch
    worst = int(parts.argmax())
    return float(np.sqrt(parts.sum())), float(falls[worst]), int(first[worst]), int(last[worst])


def _longest(mask: BoolArray) -> tuple[int, int]:
    """Return the first and the last index of the longest run of True; (0, -1) where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    if edges.size == 0:
        return 0, -1
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best]) - 1


def _falls(curve: Found, cover: NDArray[np.float32]) -> FloatArray:
    """Return how far the path falls in each column through something, in pixels."""
    path = curve.path
    depth = np.pad(np.cumsum(cover, axis=0), ((1, 0), (0, 0)))
    fallen = depth[path.leave + 1, path.columns] - depth[path.enter, path.columns]
    return np.asarray(np.where(path.leave > path.enter, fallen, 0), dtype=float)


def _meeting(curve: Found, other: Found) -> tuple[int, int] | None:
    """Where two curves come so close that they could have been taken for each other: indices of the first curve's columns."""
    columns = np.intersect1d(curve.path.columns, other.path.columns)
    columns = columns[columns > curve.path.first + 0.02 * curve.ink.own.shape[1]]  # all start together
    at = columns - curve.path.first
    apart = np.abs(curve.path.enter[at] - other.path.enter[columns - other.path.first])
    near = np.flatnonzero(apart <= curve.steps.thickness + 2)
    return (int(at[near[0]]), int(at[near[-1]])) if near.size else None
