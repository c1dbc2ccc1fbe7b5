"""Follow curves of one color that differ by their dashes: each by its own pattern, and none through the ink of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import BoolArray
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_dashes import Pattern, coherent_patterns, folded, same_turned, shown_patterns
from survrecon.digitize.raster_drops import whole_drops
from survrecon.digitize.raster_found import Found, hide, taken_by_others
from survrecon.digitize.raster_marks import around_marks, find_marks
from survrecon.digitize.raster_trace import Floats, Path, cheapest, refine, with_last_drop

# by pixel along the path, in units of one pixel of ink
MISSING = 10.0  # cost of a blank where the pattern has a dash
SEEN = 0.5  # gain of a blank where it has a gap
FILLED = 0.5  # cost of ink there, which a mark may be
HIDDEN = 0.15  # cost of other ink
DOWN = 0.9  # what a pixel is worth downwards: censor marks reach down from curves
OFF_CENTER = 0.3
SHORTEST = 12  # columns of a curve
MOST = 3  # patterns in one color that are tried in every order
LARGE = 400_000  # pixels, of which one pattern less is tried, for time
HUGE, FEW = 1_500_000, 4  # pixels, in which no more are tried of those that runs of dashes show, and of those that all ink does
LEAST = 0.1  # of the plot's width: what a curve must be worth
MISSED = 0.1  # of the dashes' pixels that may be blank
APPEARS = 0.35  # of them that other curves do not hide
APPEARS_ALONE = 0.6  # the same, where curves are not counted
TALLEST = 0.35  # drop, of the plot's height
FEWEST = 3  # gaps that must be seen
OPEN = 0.2  # of the gaps that are not hidden
CLEAR = 0.65  # the same, where there is no other curve to be told from


@dataclass(frozen=True, eq=False)
class Dashed:
    """A path along which ink follows a pattern.

    Attributes
    ----------
    pattern : Pattern
        Its dashes.
    path : Path
        Where it runs.
    value : float
        Pixels of ink that it explains, less what it pays for the rest.
    """

    pattern: Pattern
    path: Path
    value: float


def follow_dashes(layer: Layer, pattern: Pattern, first: int, start_row: float) -> Dashed | None:
    """Find the path whose ink agrees best with a pattern.

    Parameters
    ----------
    layer : Layer
        Ink; what is neither its own nor blank may hide the curve.
    pattern : Pattern
        Dashes of the curve.
    first : int
        Column where curves start.
    start_row : float
        Row where they do.

    Returns
    -------
    Dashed or None
        None where there is none.
    """
    across, down, worth = _costs(layer, pattern)
    path = cheapest(across[:, first:], down[:, first:], first, start_row)
    if path.gain <= 0 or path.enter.size < SHORTEST:
        return None
    return Dashed(pattern, path, _along(path, worth))


def _costs(layer: Layer, pattern: Pattern) -> tuple[Floats, Floats, Floats]:
    """Return what each pixel costs a curve that runs through it to the right, or downwards, and what it says for the curve."""
    own, blank, dash = layer.own, layer.blank, pattern.expected(layer.own.shape)
    seen = SEEN * blank * (1 - dash)
    rest = MISSING * np.clip(blank + dash - 1, 0, None) + HIDDEN * np.clip(1 - own - blank, 0, 1) + FILLED * own * (1 - dash)
    inked = own * dash
    across = rest - seen - inked * (1 - OFF_CENTER * (1 - layer.middles[0]))
    down = rest - inked * (DOWN - OFF_CENTER * (1 - layer.middles[1]))
    return across, down, inked + seen - rest


def _along(path: Path, each: Floats) -> float:
    """Return the sum over the pixels of a path."""
    depth = np.pad(np.cumsum(each, axis=0, dtype=float), ((1, 0), (0, 0)))
    return float(np.sum(depth[path.leave + 1, path.columns] - depth[path.enter, path.columns]))


def _covered(pattern: Pattern, path: Path, layer: Layer) -> BoolArray:
    """Return the pixels that a curve and its marks take."""
    from scipy import ndimage

    steps = refine(path, layer.own, layer.blank)
    curve = Found(0, layer, path, steps)
    line = np.zeros(layer.own.shape, dtype=bool)
    line[path.places] = True
    size = 2 * int(np.ceil(steps.thickness / 2 + 0.5)) + 1
    taken = ndimage.maximum_filter(line, size=size) & (pattern.expected(layer.own.shape) > 0.15)
    marks = find_marks(curve)
    return np.asarray(taken | around_marks(curve, marks) if marks.wide > steps.thickness else taken)


def best_set(layer: Layer, patterns: Sequence[Pattern], first: int, start_row: float, every_order: bool = True) -> list[Dashed]:
    """Find one curve of each pattern, in the order in which they explain most of the ink together.

    Parameters
    ----------
    layer : Layer
        All ink.
    patterns : sequence of Pattern
        What there may be.
    first : int
        Column where curves start.
    start_row : float
        Row where they do.
    every_order : bool
        Whether all orders are tried; if not, the one given.

    Returns
    -------
    list of Dashed
        Those that were found.
    """
    best: list[Dashed] = []
    for pattern in patterns:
        found = follow_dashes(layer, pattern, first, start_row)
        if found is not None:
            others = [other for other in patterns if other is not pattern]
            rest = (
                best_set(hide(layer, _covered(found.pattern, found.path, layer)), others, first, start_row, every_order) if others else []
            )
            if sum(curve.value for curve in [found, *rest]) > sum(curve.value for curve in best):
                best = [found, *rest]
            if not every_order:
                break
    return best


def dashed_curves(layer: Layer, first: int, start_row: float, thickness: float, most: int, uncounted: bool) -> list[Found]:
    """Find the curves of a layer in which there are dashes whose pattern can be read.

    Parameters
    ----------
    layer : Layer
        All ink.
    first : int
        Column where curves start.
    start_row : float
        Row where they do.
    thickness : float
        Of their lines, in pixels.
    most : int
        How many there can be.
    uncounted : bool
        Whether they may be fewer, and none must be added.

    Returns
    -------
    list of Found
        None where there is no pattern that a curve follows; one may be of an unbroken line.
    """
    solid = Pattern((), first + start_row)
    patterns = _patterns(layer, first, start_row, thickness, CLEAR if most == 1 else 0.5 * OPEN)
    if not patterns:
        return []
    tried = patterns[:1] if most == 1 else [solid, *patterns[: min(most, MOST if layer.own.size < LARGE else MOST - 1)]]
    chosen = _swapped(best_set(layer, tried, first, start_row), patterns, layer, first, start_row)
    appears = APPEARS_ALONE if uncounted else APPEARS
    kept, rest = _agreeing(chosen, layer, LEAST * (layer.own.shape[1] - first), appears)
    if len(kept) < most and any(found.pattern.lengths for found in kept):  # what these hide may show another
        more = _patterns(rest, first, start_row, thickness, OPEN)[: min(most - len(kept), MOST)]
        more = [pattern for pattern in more if not any(same_turned(pattern, found.pattern) for found in kept)]
        kept += _agreeing(best_set(rest, more, first, start_row), rest, LEAST * (layer.own.shape[1] - first), appears)[0]
    if not any(found.pattern.lengths for found in kept):
        return []
    return measured_together(kept, layer)


def measured_together(found: Sequence[Dashed], layer: Layer) -> list[Found]:
    """Measure where curves of one color run, as if their lines were unbroken.

    Parameters
    ----------
    found : sequence of Dashed
        The curves.
    layer : Layer
        Their ink.

    Returns
    -------
    list of Found
        Their exact courses.
    """
    covers = [_covered(curve.pattern, curve.path, layer) for curve in found]
    return [_measured(curve, hide(layer, taken_by_others(covers, here))) for here, curve in enumerate(found)]


def explained(courses: Sequence[tuple[Pattern, Path]], layer: Layer) -> float:
    """Say how much ink curves explain together, none what another one does.

    Parameters
    ----------
    courses : sequence of tuple of (Pattern, Path)
        Their dashes, and where they run.
    layer : Layer
        Their ink.

    Returns
    -------
    float
        In pixels; what they pay for the rest is taken off.
    """
    total = 0.0
    for pattern, path in courses:
        total += _along(path, _costs(layer, pattern)[2])
        layer = hide(layer, _covered(pattern, path, layer))
    return total


def _patterns(layer: Layer, first: int, start_row: float, thickness: float, least: float) -> list[Pattern]:
    """Return the patterns that a layer shows and that a curve in it follows, that which explains most of the ink first."""
    origin = first + start_row
    coherent = [_sharpened(pattern, layer, first, start_row, thickness) for pattern in coherent_patterns(layer.own, thickness, origin)]
    shown = shown_patterns(layer.own, thickness, origin)
    most = FEW if layer.own.size > HUGE else max(len(shown), len(coherent))
    solid = follow_dashes(layer, Pattern((), origin), first, start_row)
    rest = layer if solid is None else hide(layer, _covered(solid.pattern, solid.path, layer))  # of which a dashed curve may be part
    worth: list[tuple[float, Pattern]] = []
    for pattern in shown[:most] + coherent[:most]:
        found, again = (follow_dashes(ink, pattern, first, start_row) for ink in (layer, rest))
        if found is not None and _agrees(found, layer, least):
            worth.append((found.value + (again.value if again is not None else 0), pattern))
    patterns: list[Pattern] = []
    for _, pattern in sorted(worth, key=lambda pair: -pair[0]):
        if not any(same_turned(pattern, other) for other in patterns):
            patterns.append(pattern)
    return patterns


def _sharpened(pattern: Pattern, layer: Layer, first: int, start_row: float, thickness: float) -> Pattern:
    """Measure dashes and gaps again, along the path that they lead to."""
    found = follow_dashes(layer, pattern, first, start_row)
    if found is None:
        return pattern
    rows, columns = found.path.places
    lengths = folded(layer.own[rows, columns].astype(float), (rows + columns + 1 - pattern.origin).astype(float), pattern.period, thickness)
    return replace(pattern, lengths=lengths) if len(lengths) == len(pattern.lengths) else pattern


def _swapped(found: Sequence[Dashed], patterns: Sequence[Pattern], layer: Layer, first: int, start_row: float) -> list[Dashed]:
    """Give each curve, the weakest first, another pattern that no curve has, where that explains more of the ink that the others leave."""
    curves = list(found)
    for curve in sorted(found, key=lambda curve: curve.value) if len(found) > 1 else []:
        others = [other for other in curves if other is not curve]
        rest = hide(layer, np.any([_covered(other.pattern, other.path, layer) for other in others], axis=0))
        free = [pattern for pattern in patterns if not any(same_turned(pattern, other.pattern) for other in others)]
        again = [follow_dashes(rest, pattern, first, start_row) for pattern in dict.fromkeys([curve.pattern, *free])]
        best = max((one for one in again if one is not None), key=lambda one: one.value, default=curve)
        if best.pattern is not curve.pattern:
            curves = [*others, best]
    return curves


def _agreeing(found: Sequence[Dashed], layer: Layer, least: float, appears: float) -> tuple[list[Dashed], Layer]:
    """Return the curves that their ink agrees with, and the ink that they leave."""
    kept = []
    for curve in found:
        if curve.value > least and _agrees(curve, layer, OPEN, appears):
            kept.append(curve)
            layer = hide(layer, _covered(curve.pattern, curve.path, layer))
    return kept, layer


def _agrees(found: Dashed, layer: Layer, least: float, appears: float = APPEARS) -> bool:
    """Whether there is ink where the pattern has dashes, and none in some of its gaps, as far as can be seen."""
    path = found.path
    at = path.places
    own, blank, dash = layer.own[at], layer.blank[at], found.pattern.expected(layer.own.shape)[at]
    on, off = dash > 0.8, dash < 0.5
    if not on.any() or blank[on].mean() > MISSED or own[on].mean() < appears:
        return False
    if np.max(path.leave - path.enter) > TALLEST * layer.own.shape[0]:  # a guide
        return False
    if not found.pattern.lengths:
        return True
    gap = np.cumsum(np.diff(off, prepend=False) & off) * off
    size = np.bincount(gap)[1:]
    filled, covered = (np.bincount(gap, weights=part)[1:] for part in (own, 1 - own - blank))
    open_ = covered < 0.5 * size
    seen = open_ & (filled < 0.35 * size)
    return bool(seen.sum() >= FEWEST and seen.sum() >= least * open_.sum())


def _measured(found: Dashed, layer: Layer) -> Found:
    """Measure where a curve runs, as if its line were unbroken."""
    path = _ended(found.path, layer.own * found.pattern.expected(layer.own.shape))
    path = replace(path, gain=float(np.sum(layer.own[path.enter, path.columns])))
    whole = _closed(path, layer.own, refine(path, layer.own, layer.blank).thickness)
    steps = refine(path, whole, np.minimum(layer.blank, 1 - whole))
    return Found(0, layer, path, whole_drops(with_last_drop(steps, path, layer.own, layer.blank), whole), pattern=found.pattern)


def _closed(path: Path, own: Floats, thickness: float) -> Floats:
    """Close the gaps in the drops of a path: edges are measured on whole strokes."""
    whole, reach = own.copy(), int(thickness / 2)
    for at in np.flatnonzero(path.leave - path.enter > thickness):
        column = path.first + at
        whole[path.enter[at] : path.leave[at] + 1, max(column - reach, 0) : column + reach + 1] = 1
    return whole


def _ended(path: Path, inked: Floats) -> Path:
    """End a path with its last ink."""
    seen = np.flatnonzero(inked[path.enter, path.columns] > 0.3)
    last = int(seen[-1]) if seen.size else path.enter.size - 1
    return replace(path, enter=path.enter[: last + 1], leave=path.leave[: last + 1])
