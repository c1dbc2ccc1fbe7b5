"""Why a curve that was followed through pixels may be wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_colors import without_rules
from survrecon.digitize.raster_found import Found, drawn
from survrecon.digitize.raster_rivals import rival_distances
from survrecon.digitize.raster_runs import runs
from survrecon.digitize.raster_trace import Floats

LONG_GAP = 0.03  # of the plot's width without any ink
UNSURE = 0.008  # error that comes from other courses alone
PART = 0.4  # of a pixel, that edges are off by
COARSE = 0.007  # error that comes from that alone
BEYOND = 8  # pixels after the end that are looked at
GOES_ON = 0.02  # of the plot's width with ink of the same color after the end
FAR = 0.06  # the same, of any color, if no other curve is there: more than a mark
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

    def times(first: int, last: int) -> str:
        start, end = time(np.array([columns[first], columns[last] + 1], dtype=float))
        return f"from {start:.3g} to {end:.3g}"

    found = []
    away = float(curve.steps.y[0] - start_row) / scale
    if abs(away) > NOT_ONE:
        found.append(f"it starts {abs(away):.3f} {'beyond' if away > 0 else 'before'} where curves start")
    first, last = _longest(layer.blank[path.enter, columns] > 0.5)
    if last - first > max(LONG_GAP * width, 6 * curve.steps.thickness):
        found.append(f"no ink {times(first, last)}")
    apart = rival_distances(curve, start_row) / scale
    error = float(np.sqrt(np.mean(apart**2)))
    if error > UNSURE:
        first, last = _longest(_joined(apart > error, 2 * curve.steps.thickness + 2))  # both sides of a drop
        found.append(f"other courses would explain its ink nearly as well, about {error:.3f} of the axis away, most {times(first, last)}")
    coarse = _coarseness(curve, scale)
    if coarse > COARSE:
        found.append(f"its steps are so tall that the width of a pixel makes an error of about {coarse:.3f}")
    found += _after_end(curve, others, time)
    meetings = [_meeting(curve, other, scale) for other in others if other.layer == curve.layer]
    found += [f"meets another curve of the same color {times(*span)}" for span in meetings if span]
    return tuple(found)


def _after_end(curve: Found, others: list[Found], time: Callable[[FloatArray], FloatArray]) -> list[str]:
    """List what the ink beyond the curve's end says."""
    path, layer, found = curve.path, curve.ink, []
    columns, width = path.columns, layer.own.shape[1] - path.first
    beside = max(4 * curve.steps.thickness, 6.0)  # censor marks are no other ink
    rest = np.where(drawn(curve, beside), 0, layer.own)
    for other in others:
        if other.layer == curve.layer:
            rest = np.where(drawn(other, beside), 0, rest)
    ends_at = f"{float(time(columns[-1:].astype(float))[0]):.3g}"
    row, end, half = int(path.leave[-1]), int(columns[-1]) + 2, max(1, round(curve.steps.thickness / 2))
    after = layer.blank[max(row - half, 0) : row + half + 1, end : end + BEYOND]
    if after.size and np.mean(after) < 0.5:
        found.append(f"may go on behind other ink after its end at {ends_at}")
    elif any(_takes_over(other, curve, GOES_ON * width) for other in others if other.layer == curve.layer):
        found.append(f"may go on as another curve of its color after its end at {ends_at}")
    if np.sum(np.any(rest[max(row - half, 0) :, end:] > 0.5, axis=0)) > GOES_ON * width:
        found.append(f"ink of its color goes on, lower, after its end at {ends_at}")
    elif _reaches(layer.blank, row - half, end - 2, [drawn(other, beside) for other in others]) > FAR * width:
        found.append(f"ink goes on from its end at {ends_at}")
    return found


def _reaches(blank: Floats, top: int, left: int, others: list[BoolArray]) -> int:
    """Return how far to the right ink reaches that begins near the corner of a part of the plot and is no other curve's."""
    from scipy import ndimage

    part = slice(max(top, 0), None), slice(left, None)
    inked = without_rules(1 - blank, blank, np.zeros(blank.shape, dtype=bool))[0][part] > 0.5
    for other in others:
        inked = inked & ~other[part]
    pieces, _ = ndimage.label(inked, np.ones((3, 3)))
    begin = np.unique(pieces[:BEYOND, :BEYOND])
    return int(np.isin(pieces, begin[begin > 0]).any(axis=0).sum())


def _takes_over(other: Found, curve: Found, least: float) -> bool:
    """Whether a curve ends close above another one that goes on for some way: a last drop behind marks would exchange them."""
    end = curve.steps.end
    below = float(other.steps.rows(np.array([end]))[0]) - curve.steps.y[-1]
    return bool(0 <= below <= 2 * (curve.reach + curve.steps.thickness) and other.steps.end > end + least)


def _coarseness(curve: Found, scale: float) -> float:
    """Return the root mean square error of survival when every drop is off by a part of a pixel, and every level too."""
    drops = np.diff(curve.steps.y) / scale
    length = curve.steps.end - curve.steps.x[0]
    return float(np.sqrt(PART * np.sum(drops**2) / length + (PART / scale) ** 2))


def _joined(mask: BoolArray, reach: float) -> BoolArray:
    """Fill short gaps between runs of True."""
    from scipy import ndimage

    size = int(reach) + 1
    return np.asarray(ndimage.binary_closing(np.pad(mask, size), structure=np.ones(size))[size:-size], dtype=bool)


def _longest(mask: BoolArray) -> tuple[int, int]:
    """Return the first and the last index of the longest run of True; (0, -1) where there is none."""
    starts, ends = runs(mask)
    if starts.size == 0:
        return 0, -1
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best]) - 1


def _meeting(curve: Found, other: Found, scale: float) -> tuple[int, int] | None:
    """Where two curves come so close that they may have been taken for each other, if that matters: indices of the first one's columns."""
    columns = np.intersect1d(curve.path.columns, other.path.columns)
    columns = columns[columns > curve.path.first + 0.02 * curve.ink.own.shape[1]]  # all start together
    at = columns - curve.path.first
    apart = np.abs(curve.path.enter[at] - other.path.enter[columns - other.path.first])
    near = np.flatnonzero(apart <= curve.steps.thickness + 2)
    if near.size == 0 or np.sqrt(np.sum(apart[near[0] :] ** 2) / curve.path.enter.size) <= UNSURE * scale:
        return None
    return int(at[near[0]]), int(at[near[-1]])
