"""Dash patterns: what a layer's dashes say of them, and where a curve with one would have ink."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from survrecon.data import BoolArray, FloatArray, IntArray
from survrecon.digitize.raster_runs import outside
from survrecon.digitize.raster_trace import Floats

LONGEST = 6.0  # gap between dashes, in thicknesses of the line
SHORTEST = 0.8  # dash or gap, in the same
ALIKE = 0.7  # pixels that two dashes or gaps of the same length may differ by
LEVEL = 0.6  # pixels that dashes of one run may differ by in height
MOST = 8  # patterns that are tried
CLEAR = 8.0  # times as strong as what chance makes, is a wave
OFF = 0.02  # of its period, that a pattern may be off when it is first measured


@dataclass(frozen=True)
class Pattern:
    """A dash pattern along a curve.

    Attributes
    ----------
    lengths : tuple of float
        Of dash, gap, dash, gap and so on, in pixels; none for an unbroken line.
    origin : float
        Row plus column of the point where the first dash begins.

    Notes
    -----
    A curve that never turns back is as long, from its start to any of its points, as there are rows and columns between them. So
    the sum of row and column alone tells a pixel's place in the pattern, whichever way the curve takes.
    """

    lengths: tuple[float, ...]
    origin: float

    @property
    def period(self) -> float:
        """Return its length."""
        return sum(self.lengths)

    def share(self, size: int) -> FloatArray:
        """Return the expected share of ink in pixels.

        Parameters
        ----------
        size : int
            Of how many sums of row and column, from 0.

        Returns
        -------
        ndarray of float, shape (size,)
            From 0 to 1.
        """
        if not self.lengths:
            return np.ones(size)
        edges = np.concatenate([[0.0], np.cumsum(self.lengths)])
        inked = np.concatenate([[0.0], np.cumsum(np.where(np.arange(len(self.lengths)) % 2 == 0, self.lengths, 0))])
        turns, place = np.divmod(np.arange(size + 1) + 0.5 - self.origin, self.period)
        return np.diff(turns * inked[-1] + np.interp(place, edges, inked))

    def expected(self, shape: tuple[int, ...]) -> Floats:
        """Return the share of each pixel that a curve would cover if it ran there.

        Parameters
        ----------
        shape : tuple of int
            Of the layer.

        Returns
        -------
        ndarray of float32, shape (height, width)
            From 0 to 1.
        """
        height, width = shape
        return np.lib.stride_tricks.sliding_window_view(self.share(height + width - 1).astype(np.float32), width)


def _heights(solid: BoolArray) -> IntArray:
    """Return the height of the vertical run of ink at each pixel, 0 where there is none."""
    over, under = outside(solid)
    return np.where(solid, under - over - 1, 0)


@dataclass(frozen=True)
class _Piece:
    """A stretch of line: its ends, their rows, and whether there is nothing beyond them."""

    left: float
    right: float
    left_row: float
    right_row: float
    left_free: bool
    right_free: bool

    @property
    def length(self) -> float:
        return self.right - self.left


def _pieces(own: Floats, thickness: float) -> list[_Piece]:
    """Find the stretches where ink is as high as a line is thick."""
    from scipy import ndimage

    high = _heights(own > 0.5)
    labels, _ = ndimage.label((high >= 0.6 * thickness - 0.5) & (high <= 1.4 * thickness + 0.5))
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        if columns.stop - columns.start >= max(0.5 * thickness, 1.5):
            part = labels[rows, columns] == number
            left_row, left, left_free = _end(own, np.flatnonzero(part[:, 0]) + rows.start, columns.start, -1)
            right_row, right, right_free = _end(own, np.flatnonzero(part[:, -1]) + rows.start, columns.stop - 1, 1)
            found.append(_Piece(left, right, left_row, right_row, left_free, right_free))
    return sorted(found, key=lambda piece: piece.left)


def _end(own: Floats, rows: IntArray, column: int, step: int) -> tuple[float, float, bool]:
    """Return where a stretch ends, to a part of a pixel, and whether there is nothing beyond."""
    around = np.arange(max(rows[0] - 1, 0), min(rows[-1] + 2, own.shape[0]))
    ink = own[around, column]
    row = float(ink @ (around + 0.5) / ink.sum())
    if not 0 <= column + 2 * step < own.shape[1]:
        return row, float(column), False
    over = float(own[rows, column + step].mean() + own[rows, column].mean()) - 1
    free = bool(own[around, column + 2 * step].max() < 0.4 and own[around, column + step].max() < 0.9)
    return row, column + (0 if step < 0 else 1) + step * over, free


def _runs(pieces: list[_Piece], thickness: float) -> list[list[_Piece]]:
    """Join stretches that follow one another in a row, with short gaps between them."""
    after: dict[int, int] = {}
    for here, piece in enumerate(pieces):
        for there in range(here + 1, len(pieces)):
            gap = pieces[there].left - piece.right
            if gap > LONGEST * thickness + 1:
                break
            if gap > 0 and abs(pieces[there].left_row - piece.right_row) < LEVEL:
                if piece.right_free and pieces[there].left_free:
                    after[here] = there
                break
    found = []
    for here in sorted(set(after) - set(after.values())):
        run = [pieces[here]]
        while here in after:
            if len(run) > 1 and not _alike(pieces[after[here]].left - run[-1].right, run[1].left - run[0].right):
                found.append(run)  # all gaps of a pattern are equal
                run = run[-1:]
            here = after[here]
            run.append(pieces[here])
        found.append(run)
    return found


def _alike(one: float, other: float) -> bool:
    """Whether two dashes or gaps are equal, as exactly as they can be measured."""
    return abs(one - other) <= ALIKE + 0.03 * other


def _read(run: list[_Piece], thickness: float) -> list[tuple[float, ...]]:
    """Return what patterns a run of dashes may show: each gap is whole, and each dash but the last, and perhaps the first."""
    gap = float(np.mean([right.left - left.right for left, right in pairwise(run)]))
    first, last = run[0].length, run[-1].length
    inner = [piece.length for piece in run[1:-1]]
    if min(gap, first, last, *inner) < SHORTEST * thickness:
        return []
    if not inner:  # of a legend's sample
        return [(first, gap)] if run[0].left_free and run[-1].right_free and last <= first + ALIKE else []
    one, other = (float(np.mean(part)) if part else 0.0 for part in (inner[::2], inner[1::2]))
    if not all(_alike(length, part) for part, lengths in ((one, inner[::2]), (other, inner[1::2])) for length in lengths):
        return []
    if other and not _alike(one, other):
        return [(one, gap, other, gap), (other, gap, one, gap)]
    most = max(first if run[0].left_free else 0.0, last)
    if most <= one or _alike(most, one):
        return [(float(np.mean(inner)), gap)]
    return [(most, gap, one, gap), (one, gap, most, gap)] if not other else []


def shown_patterns(own: Floats, thickness: float, origin: float) -> list[Pattern]:
    """Read dash patterns off straight runs of dashes, such as a legend's sample or a level part of a curve.

    Parameters
    ----------
    own : ndarray of float32, shape (height, width)
        Share of each pixel that a color covers.
    thickness : float
        Of the line.
    origin : float
        Row plus column where curves start.

    Returns
    -------
    list of Pattern
        Each once, that of the longest run first.
    """
    runs = _runs(_pieces(own, thickness), thickness) + _runs(_pieces(own.T, thickness), thickness)
    found: list[Pattern] = []
    for run in sorted(runs, key=lambda run: -len(run)):
        for lengths in _read(run, thickness):
            if not any(_similar(lengths, other.lengths) for other in found) and len(found) < MOST:
                found.append(Pattern(lengths, origin))
    return [tuned(pattern, own) for pattern in found]


def _similar(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two patterns have the same lengths, as exactly as they can be measured."""
    return len(one) == len(other) and all(_alike(a, b) for a, b in zip(one, other, strict=True))


def same_turned(one: Pattern, other: Pattern) -> bool:
    """Tell whether two patterns may be one that begins with another of its dashes.

    Parameters
    ----------
    one, other : Pattern
        Two patterns.

    Returns
    -------
    bool
        Whether their lengths are the same, as exactly as they can be measured.
    """
    turns = [one.lengths[turn:] + one.lengths[:turn] for turn in range(0, len(one.lengths), 2)]
    return any(_similar(turn, other.lengths) for turn in turns)


def _diagonals(own: Floats) -> FloatArray:
    """Return how much ink there is for each sum of row and column."""
    height, width = own.shape
    sums = np.arange(height)[:, None] + np.arange(width)
    return np.asarray(np.bincount(sums.ravel(), weights=own.ravel().astype(float)), dtype=float)


def _agreement(pattern: Pattern, ink: FloatArray) -> float:
    """Return how much more ink there is where the pattern has dashes than around."""
    from scipy import ndimage

    share = ndimage.uniform_filter1d(pattern.share(ink.size), 3)
    return float(ink @ (share - ndimage.uniform_filter1d(share, 2 * round(2 * pattern.period) + 1, mode="nearest")))


def tuned(pattern: Pattern, own: Floats) -> Pattern:
    """Measure a pattern's length again, over all of the ink: a tenth of a pixel adds up along a curve.

    Parameters
    ----------
    pattern : Pattern
        As first measured.
    own : ndarray of float32, shape (height, width)
        Share of each pixel that is covered.

    Returns
    -------
    Pattern
        With all lengths changed by the same factor.
    """
    ink = _diagonals(own)
    step = 0.3 / ink.size  # no pixel moves further
    factors = np.arange(1 - OFF, 1 + OFF, step)
    scaled = [replace(pattern, lengths=tuple(factor * length for length in pattern.lengths)) for factor in factors]
    return max(scaled, key=lambda choice: _agreement(choice, ink))


def coherent_patterns(own: Floats, thickness: float, origin: float) -> list[Pattern]:
    """Find dash patterns that all of the ink together shows, though no straight run of dashes does.

    Parameters
    ----------
    own : ndarray of float32, shape (height, width)
        Share of each pixel that a color covers.
    thickness : float
        Of the line.
    origin : float
        Row plus column where curves start.

    Returns
    -------
    list of Pattern
        The clearest first.

    Notes
    -----
    Summed along the diagonals, the dashes of a curve are a wave that goes on in step for as long as the curve does. The wave of a
    pattern that begins with a dash at the origin has its crest at the middle of that dash.
    """
    from scipy import ndimage

    ink = _diagonals(own)
    ink = ink - ndimage.uniform_filter1d(ink, round(4 * LONGEST * thickness) | 1, mode="nearest")
    place = np.arange(ink.size) + 1.0 - origin
    longest, shortest = min(20 * thickness, ink.size / 8), max(2.5, 2 * SHORTEST * thickness)
    if longest <= shortest:
        return []
    periods = np.exp(np.arange(np.log(shortest), np.log(longest), 0.5 * longest / ink.size / 8))
    waves = np.array([np.exp(2j * np.pi * place / period) @ ink for period in periods])
    power = np.abs(waves) ** 2
    noise = ndimage.median_filter(power, max(3, periods.size // 6), mode="nearest") / np.log(2)
    crest = np.angle(waves) / np.pi % 2  # share of the first dash
    peaks = (power == ndimage.maximum_filter1d(power, 9)) & (power > CLEAR * noise) & (crest > 0.4) & (crest < 0.9)
    best = sorted(np.flatnonzero(peaks), key=lambda at: -power[at] / noise[at])[:MOST]
    return [tuned(Pattern(lengths, origin), own) for at in best if (lengths := folded(ink, place, float(periods[at]), thickness))]


def folded(ink: FloatArray, place: FloatArray, period: float, thickness: float) -> tuple[float, ...]:
    """Return the lengths of dashes and gaps that ink shows when it is laid upon itself at each period.

    Parameters
    ----------
    ink : ndarray of float, shape (k,)
        Amounts of ink.
    place : ndarray of float, shape (k,)
        How far each is from where the first dash begins.
    period : float
        Of the pattern.
    thickness : float
        Of the line.

    Returns
    -------
    tuple of float
        Empty where there are not one or two dashes.
    """
    from scipy import ndimage

    parts = max(round(2 * period), 6)
    number = (place / period % 1.0 * parts).astype(int)
    inside = place > 0
    sums = [np.bincount(number[inside], weights=weights, minlength=parts) for weights in (ink[inside], np.ones(int(inside.sum())))]
    mean = ndimage.uniform_filter1d(sums[0] / np.maximum(sums[1], 1), 3, mode="wrap")
    dark = mean > (mean.max() + mean.min()) / 2
    edges = np.flatnonzero(dark != np.roll(dark, 1))
    if edges.size not in (2, 4):
        return ()
    first = int(edges[np.argmin(np.abs((edges + parts / 2) % parts - parts / 2) + parts * ~dark[edges])])
    lengths = between(edges, first, parts, period)
    return lengths if min(lengths) >= SHORTEST * thickness else ()


def between(edges: IntArray, first: int, parts: int, period: float) -> tuple[float, ...]:
    """Return the lengths between the edges of dashes in one period.

    Parameters
    ----------
    edges : ndarray of int
        Part of the period where each dash, and each gap, begins.
    first : int
        That of the dash which comes first.
    parts : int
        In how many parts the period is divided.
    period : float
        Of the pattern, in pixels.

    Returns
    -------
    tuple of float
        Dash, gap, dash, gap and so on, in pixels.
    """
    lengths = np.diff(np.append(np.sort((edges - first) % parts), parts)) * period / parts
    return tuple(float(length) for length in lengths)
