"""The dash pattern of a curve whose course is nearly known: which parts of it are gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage, optimize

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_dashes import Pattern, between
from survrecon.digitize.raster_fit import coverage
from survrecon.digitize.raster_trace import Floats, Steps

LONGEST = 20.0  # period, in thicknesses of the line
SHORTEST = 2.5
TRIED = 6  # periods, each also twice and three times as long
FEWEST = 5  # gaps that are seen
OPEN = 0.15  # of the gaps' length is blank
TRUE = 0.65  # of what is blank is in gaps
CLEARER = 0.4  # than by chance
SIMPLE = 0.03  # what a dash more, or a gap, must explain of the blanks
DOUBT = 0.3  # difference in ink from which on it counts less
LEAST = 0.02  # of the line is blank


def pattern_along(steps: Steps, own: Floats, seen: Floats) -> Pattern | None:
    """Find the dash pattern of a curve from the ink along its line.

    Parameters
    ----------
    steps : Steps
        The line.
    own, seen : ndarray of float32, shape (height, width)
        Share of each pixel that the curve's color covers, and its weight: 0 where that tells nothing of the line.

    Returns
    -------
    Pattern or None
        None where it has no dashes, or none whose lengths are clear.

    Notes
    -----
    Row plus column is the length along a falling curve. Blanks at equal distances on that scale are gaps, whatever the curve does
    between them, and even where marks fill most of them.
    """
    ink, weight = profile_along(steps, own, seen)
    blank = np.clip(1 - 2 * ink, 0, 1)
    total = float(weight.sum())
    if float(blank @ weight) < max(3 * steps.thickness, LEAST * total):
        return None
    best: tuple[float, Pattern | None] = (0.0, None)
    for period in _periods(blank, weight, steps.thickness):
        pattern = _folded(blank, weight, period)
        if pattern is None or _clear(pattern, blank, weight) <= CLEARER / 2:
            continue
        pattern = _sharpened(pattern, ink, weight)
        worth = _clear(pattern, blank, weight) - SIMPLE * len(pattern.lengths)
        if worth > best[0] and _agrees(pattern, blank, weight):
            best = worth, pattern
    return best[1]


def profile_along(steps: Steps, own: Floats, seen: Floats) -> tuple[FloatArray, FloatArray]:
    """Return the ink along the middle of a line.

    Parameters
    ----------
    steps : Steps
        The line.
    own, seen : ndarray of float32, shape (height, width)
        Share of each pixel that the curve's color covers, and its weight.

    Returns
    -------
    ink, weight : ndarray of float, shape (height + width - 1,)
        At each sum of row and column; both 0 where nothing is told.
    """
    weight = coverage(replace(steps, thickness=1.0), own.shape) * seen
    place = (np.arange(own.shape[0])[:, None] + np.arange(own.shape[1])).ravel()
    total, inked = (np.bincount(place, values.ravel()) for values in (weight, weight * own))
    return np.where(total > 0.3, inked / np.maximum(total, 1e-9), 0), np.where(total > 0.3, np.minimum(total, 1), 0)


def _periods(blank: FloatArray, weight: FloatArray, thickness: float) -> set[float]:
    """Return the periods of the strongest waves, and their multiples."""
    place, total = np.arange(blank.size) + 1.0, weight.sum()
    wave = weight * (blank - blank @ weight / total)
    periods = np.exp(np.arange(np.log(SHORTEST * thickness), np.log(LONGEST * thickness), 0.3 * thickness / total))
    power = np.array([abs(np.exp(2j * np.pi * place / period) @ wave) for period in periods])
    peaks = np.flatnonzero(power == ndimage.maximum_filter1d(power, 25))
    peaks = peaks[np.argsort(-power[peaks])][:TRIED]
    return {float(periods[at]) * times for at in peaks for times in (1, 2, 3) if periods[at] * times < LONGEST * thickness}


def _folded(blank: FloatArray, weight: FloatArray, period: float) -> Pattern | None:
    """Return the pattern that blanks show when they are laid upon one another at each period."""
    parts = max(int(2 * period), 8)
    part = ((np.arange(blank.size) + 1.0) / period % 1 * parts).astype(int) % parts
    some, every = (ndimage.uniform_filter1d(np.bincount(part, values, parts), 3, mode="wrap") for values in (blank * weight, weight))
    mean = np.where(every > 0, some / np.maximum(every, 1e-9), 0.5)
    dark = mean < np.quantile(mean, [0.05, 0.95]).mean()
    edges = np.flatnonzero(dark != np.roll(dark, 1))
    if edges.size not in (2, 4):
        return None
    first = int(next(edge for edge in edges if dark[edge]))
    return Pattern(between(edges, first, parts, period), float(first * period / parts))


def _sharpened(pattern: Pattern, ink: FloatArray, weight: FloatArray) -> Pattern:
    """Fit lengths and origin; what differs much, as marks in gaps do, counts less."""
    many = len(pattern.lengths)
    turns = round((float(np.flatnonzero(weight)[[0, -1]].mean()) - pattern.origin) / pattern.period)

    def made(values: FloatArray) -> Pattern:
        lengths = np.maximum(values[:many], 0.3)
        return Pattern(tuple(float(length) for length in lengths), float(values[many] - turns * lengths.sum()))

    def rest(values: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt(weight) * (ink - made(values).share(ink.size)))

    first = np.append(pattern.lengths, pattern.origin + turns * pattern.period)
    return made(optimize.least_squares(rest, first, loss="soft_l1", f_scale=DOUBT, max_nfev=50).x)


def _clear(pattern: Pattern, blank: FloatArray, weight: FloatArray) -> float:
    """Return which share of what is blank is in gaps, less that by chance."""
    gap = 1 - pattern.share(blank.size)
    return float(weight @ (blank * gap) / (weight @ blank) - weight @ gap / weight.sum())


def _agrees(pattern: Pattern, blank: FloatArray, weight: FloatArray) -> bool:
    """Whether enough gaps are seen, and few blanks are elsewhere."""
    gap = 1 - pattern.share(blank.size)
    turn = np.floor((np.arange(blank.size) + 1 - pattern.origin) / pattern.period).astype(int)
    each = np.bincount(turn - turn.min(), weight * blank * gap)
    return bool(
        np.sum(each > 0.5) >= FEWEST
        and each.sum() >= OPEN * (weight @ gap)
        and each.sum() >= TRUE * (weight @ blank)
        and _clear(pattern, blank, weight) >= CLEARER
    )


def dashes_and_ends(pattern: Pattern, shape: tuple[int, int], thickness: float) -> tuple[BoolArray, BoolArray]:
    """Lay a pattern out over a picture.

    Parameters
    ----------
    pattern : Pattern
        The dashes.
    shape : tuple of two int
        Height and width.
    thickness : float
        Of the line.

    Returns
    -------
    dashes, ends : ndarray of bool, shape (height, width)
        Which pixels are in dashes, and which are so near the end of one, for a line that thick, that they may be in a gap or not.
    """
    size = shape[0] + shape[1] - 1
    share = pattern.share(size)
    around = 2 * int(np.ceil(thickness / 2)) + 1
    mean = ndimage.uniform_filter1d(share, around, mode="nearest")
    window = np.lib.stride_tricks.sliding_window_view
    return window(share > 0.5, shape[1]), window((mean > 0.01) & (mean < 0.99), shape[1])
