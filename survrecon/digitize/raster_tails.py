"""Where curves of one color meet, let each go on as its dashes do: one may have been followed on the other's line."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from survrecon.data import FloatArray, IntArray
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_runs import runs
from survrecon.digitize.raster_trace import Path, Steps

Profile = tuple[FloatArray, FloatArray]  # ink at each sum of row and column, and its weight
Sums = NDArray[np.complex128]
TOGETHER = 1.5  # thicknesses of the line: curves nearer than this meet
PERIODS = 2.0, 24.0  # thicknesses of the line: of dash patterns
STEP = 0.01  # between periods, as a part of them
OFF = 1.25  # thicknesses that dashes may be off by at the end of the plot
LONGEST = 5.0  # thicknesses: a longer blank is no gap, but a line that is elsewhere
NOISE = 0.01  # variance of what is seen of a line without gaps
BEFORE, AFTER = 4.0, 1.5  # thicknesses of each line that must be seen before and after a meeting
CLEAR = 2.0  # logarithm of how much likelier it must be that lines go on the other way


def untangled(lines: list[Found], profiles: list[Profile]) -> list[Found]:
    """Exchange what follows a meeting of two lines where dashes, and lines without any, then go on better.

    Parameters
    ----------
    lines : list of Found
        The curves.
    profiles : list of tuple of ndarray of float, shape (k,)
        For each, the share of ink along its line, at each sum of row and column, and its weight.

    Returns
    -------
    list of Found
        The same curves, perhaps with parts exchanged between those of one color.

    Notes
    -----
    The sum of row and column tells the length along a falling curve. So gaps of a dashed line are a wave on that scale, whose phase
    does not change where another line is crossed. Of each line, the mean and the strongest wave, with its second harmonic, are taken
    off; the variance of what is left says how likely it is that all of it is one curve.
    """
    mended = list(lines)
    for layer in {line.layer for line in lines}:
        alike = [number for number, line in enumerate(lines) if line.layer == layer]
        again = _of_one_color([lines[number] for number in alike], [profiles[number] for number in alike])
        for number, line in zip(alike, again, strict=True):
            mended[number] = line
    return mended


def _of_one_color(lines: list[Found], profiles: list[Profile]) -> list[Found]:
    """Exchange parts of curves of one color, the likeliest first."""
    thickness = float(np.median([line.steps.thickness for line in lines]))
    pairs = combinations(range(len(lines)), 2)
    meetings = sorted((at, i, j) for i, j in pairs for at in _meetings(lines[i].steps, lines[j].steps, TOGETHER * thickness))
    if not meetings:
        return lines
    # of each line, the parts between meetings; each curve is at first made of its own
    sums = _part_sums(profiles, [at for at, _, _ in meetings], thickness)
    parts = np.repeat(np.arange(len(lines))[:, None], len(meetings) + 1, axis=1)
    for _ in meetings:
        gains = [_gain(sums, parts, number, (i, j), thickness) for number, (_, i, j) in enumerate(meetings, 1)]
        best = int(np.argmax(gains))
        if gains[best] < CLEAR:
            break
        at, i, j = meetings[best]
        here, there = _holders(parts, best + 1, (i, j))
        parts = _exchanged(parts, best + 1, here, there)
        lines = list(lines)
        lines[here], lines[there] = _joined(lines[here], lines[there], at), _joined(lines[there], lines[here], at)
    return lines


def _along(steps: Steps) -> tuple[FloatArray, FloatArray]:
    """Return the corners of a line: their sums of row and column, and their columns."""
    x, y = np.repeat(np.append(steps.x, steps.end), 2)[1:-1], np.repeat(steps.y, 2)
    return x + y, x


def _column(steps: Steps, at: FloatArray) -> FloatArray:
    """Return the column of a line where row and column have some sum."""
    return np.asarray(np.interp(at, *_along(steps)), dtype=float)


def _meetings(one: Steps, other: Steps, gap: float) -> list[float]:
    """Return where two lines are nearest, as sums of row and column: in the middle of each stretch on which they are together."""
    ends = np.array([_along(steps)[0][[0, -1]] for steps in (one, other)])
    at = np.arange(ends[:, 0].max() + gap, ends[:, 1].min() - gap)
    starts, stops = runs(np.abs(_column(one, at) - _column(other, at)) <= gap)
    return [float(at[(start + stop) // 2]) for start, stop in zip(starts, stops, strict=True)]


def _part_sums(profiles: list[Profile], cuts: list[float], thickness: float) -> Sums:
    """Return weight, blanks, squared blanks, and waves of weight and of blanks, of each line between each two cuts.

    Shape (lines, cuts + 1, 3 + 2 * periods).
    """
    size = profiles[0][0].size
    step = min(STEP, OFF * thickness / size)
    periods = np.exp(np.arange(np.log(PERIODS[0] * thickness), np.log(PERIODS[1] * thickness), step))
    edges = np.concatenate([[0], np.asarray(cuts, dtype=int), [size]])
    blanks = [_blanks(profile, thickness) for profile in profiles]
    sums = np.zeros((len(profiles), edges.size - 1, 3 + 2 * periods.size), dtype=complex)
    for part, (first, last) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        waves = np.exp(2j * np.pi * np.arange(first, last) / periods[:, None])
        for number, (blank, weight) in enumerate(blanks):
            here, each = blank[first:last], weight[first:last]
            sums[number, part] = np.concatenate([[each.sum(), each @ here, each @ here**2], waves @ each, waves @ (each * here)])
    return sums


def _blanks(profile: Profile, thickness: float) -> Profile:
    """Return how blank a line is at each place, and with which weight; none where it is so for longer than gaps are."""
    ink, weight = profile
    blank = np.clip(1 - 2 * ink, 0, 1)
    starts, stops = runs(np.asarray(ndimage.binary_closing((blank > 0.5) & (weight > 0), np.ones(3))))
    weight = weight.copy()
    for start, stop in zip(starts, stops, strict=True):
        if stop - start > LONGEST * thickness:
            weight[start:stop] = 0
    return blank, weight


def _likelihood(total: Sums, thickness: float) -> float:
    """Return the logarithm of the likelihood of one curve, from its sums."""
    weight, blank, square = np.maximum(total[:3].real, 1e-9)
    of_weight, of_blanks = np.split(total[3:], 2)
    power = 2 * np.abs(of_blanks - blank / weight * of_weight) ** 2 / weight
    twice = round(np.log(2) / (np.log(PERIODS[1] / PERIODS[0]) / power.size))  # as many periods further, it is twice as long
    power[twice:] += power[:-twice].copy()
    rest = max(square - blank**2 / weight - float(power.max()), 0.0)
    return float(-weight / (2 * thickness) * np.log(rest / weight + NOISE))


def _holders(parts: IntArray, cut: int, pair: tuple[int, int]) -> tuple[int, int]:
    """Return the curves that are now made of two lines where these meet."""
    here, there = (int(np.flatnonzero(parts[:, cut] == line)[0]) for line in pair)
    return here, there


def _exchanged(parts: IntArray, cut: int, here: int, there: int) -> IntArray:
    """Exchange what two curves are made of after a cut."""
    parts = parts.copy()
    parts[[here, there], cut:] = parts[[there, here], cut:]
    return parts


def _gain(sums: Sums, parts: IntArray, cut: int, pair: tuple[int, int], thickness: float) -> float:
    """Return by how much the logarithm of the likelihood grows where two curves exchange what follows a meeting."""
    here, there = _holders(parts, cut, pair)
    every = np.arange(parts.shape[1])
    before, after = ([sums[parts[k, some], some].sum(axis=0) for k in (here, there)] for some in (every[:cut], every[cut:]))
    if min(total[0].real for total in before) < BEFORE * thickness or min(total[0].real for total in after) < AFTER * thickness:
        return -np.inf
    kept = _likelihood(before[0] + after[0], thickness) + _likelihood(before[1] + after[1], thickness)
    return _likelihood(before[0] + after[1], thickness) + _likelihood(before[1] + after[0], thickness) - kept


def _joined(head: Found, tail: Found, at: float) -> Found:
    """Return a curve that goes on as another one from where row and column have some sum."""
    height, width = head.ink.own.shape
    later = np.arange(height)[:, None] + np.arange(width) >= at
    own, blank = (np.where(later, after, before) for before, after in ((head.ink.own, tail.ink.own), (head.ink.blank, tail.ink.blank)))
    here, there = (float(_column(line.steps, np.array(at))) for line in (head, tail))
    marks = np.concatenate([head.marks[head.marks < here], tail.marks[tail.marks >= there]])
    return replace(
        head,
        ink=Layer(head.ink.color, own, blank),
        path=_joined_paths(head.path, tail.path, at),
        steps=_joined_steps(head.steps, tail.steps, there, at),
        marks=np.sort(marks),
    )


def _joined_steps(head: Steps, tail: Steps, column: float, at: float) -> Steps:
    """Join lines where row and column have some sum, which the second one has at this column."""
    before, after = head.x + head.y <= at, tail.x + tail.y > at  # drops that are over, and others
    before[0] = True
    place, level = max(column, float(head.x[before][-1])), max(at - column, float(head.y[before][-1]))
    x = np.concatenate([head.x[before], [place], np.maximum(tail.x[after], place)])
    y = np.concatenate([head.y[before], [level], np.maximum(tail.y[after], level)])
    kept = np.append(np.diff(x) > 0, True)
    return Steps(x[kept], y[kept], max(tail.end, place), head.thickness)


def _joined_paths(head: Path, tail: Path, at: float) -> Path:
    """Join paths where row and column have some sum."""
    before = head.columns + head.enter < at
    before[0] = True
    first = head.first + int(before.sum())
    after = tail.columns >= first
    enter = np.maximum.accumulate(np.concatenate([head.enter[before], tail.enter[after]]))
    leave = np.maximum.accumulate(np.concatenate([head.leave[before], tail.leave[after]]))
    return Path(head.first, enter, np.maximum(enter, leave), head.gain)
