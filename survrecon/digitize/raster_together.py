"""Follow all curves of one color at once, where their dashes do not tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from survrecon.data import BoolArray, IntArray
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_dashed import LARGE, best_set, explained, measured_together
from survrecon.digitize.raster_flow import Worth, best_paths
from survrecon.digitize.raster_found import Found, drawn, hide, measured, taken_by_others
from survrecon.digitize.raster_trace import Floats, Path, cheapest, closed, start_reach

SCALE = 2.2  # pixels are joined until a line is so many thick
MOST = 500_000  # joined pixels, for time and memory
FILLED = 16.0  # squares of the line's thickness: smaller holes in ink are those of circles
INKED = 0.45  # share of a joined pixel
BESIDE = 0.1  # cost of ink beside the middle of a line
HIDDEN = 0.15  # cost of other ink, and of ink that another path has taken
BLANK = 2.0
GAP = 0.3  # of a blank that may be between dashes
OUTSIDE = 3.0  # cost of a pixel that is not near the way found
OFF_CENTER = 0.6
BARE = 0.3  # cost of a blank pixel near it
MORE = 1.05  # times what there is near the curves that were followed one by one
MUCH_MORE = 4 / 3  # so much that these are elsewhere, whatever their dashes say
LONG = 0.06  # of the plot's width: a line of as much ink is a curve's, whatever dashes say
GOES_ON = 0.03  # of the plot's width: so much ink on a path beyond a curve's end is of it
BY_END = 2  # squares from a curve's end: a path that comes so near comes by it
LEAST = 0.01  # of the plot's width: what is left for one more curve beside others


def _worth(layer: Layer, first: int, thickness: float, scale: int) -> Worth:
    """Say what the pixels of a layer, joined to squares, are worth to its curves.

    Only the middle line of ink is worth something. So a second path cannot gain beside a first one, on the same line or on the edge
    of its marks; circles count as filled.
    """
    from skimage.morphology import skeletonize

    own, blank = (_joined(part[:, first:], scale) for part in (layer.own, layer.blank))
    solid = _filled(own > INKED, FILLED * (thickness / scale) ** 2)
    middle = skeletonize(solid)
    bridge = middle[:-1, :-1] & middle[1:, 1:] & ~middle[1:, :-1] & ~middle[:-1, 1:]  # paths have no diagonals
    middle[:-1, 1:] |= bridge
    near = np.maximum(*(closed(own, max(round(thickness / scale), 1), axis) for axis in (0, 1)))
    bare = np.where(solid, 0, blank) * np.where(near > INKED, GAP, BLANK)
    cost = bare + np.where(solid, BESIDE * ~middle, HIDDEN * np.clip(1 - own - blank, 0, 1))
    return Worth(middle - cost, -cost - HIDDEN * middle)


def _joined(part: Floats, scale: int) -> Floats:
    """Return the mean of each square of pixels."""
    height, width = (-(-size // scale) for size in part.shape)
    whole = np.pad(part, ((0, height * scale - part.shape[0]), (0, width * scale - part.shape[1])))
    return np.asarray(whole.reshape(height, scale, width, scale).mean(axis=(1, 3)), dtype=np.float32)


def _filled(solid: BoolArray, most: float) -> BoolArray:
    """Fill holes of no more than so many pixels."""
    from scipy import ndimage

    holes, _ = ndimage.label(~solid)
    return np.asarray(solid | (np.bincount(holes.ravel()) <= most)[holes] & (holes > 0))


def _squares(path: Path, scale: int) -> IntArray:
    """Return the row and column of the squares that a path runs through, the columns from the path's first."""
    rows, columns = path.places
    return np.stack([rows, columns - path.first], axis=1) // scale


def follow_together(
    layer: Layer, first: int, start_row: float, thickness: float, alike: Sequence[Found], count: int, counted: bool = True
) -> list[Found]:
    """Follow several curves such that together they have most of a layer's ink.

    Parameters
    ----------
    layer : Layer
        The ink.
    first : int
        Column where curves start.
    start_row : float
        Row where they do.
    thickness : float
        Of their lines.
    alike : sequence of Found
        The curves as they were followed one by one.
    count : int
        How many there are, at most.
    counted : bool
        Whether there must be as many.

    Returns
    -------
    list of Found
        The given ones, each up to where ink goes on from its end, where there is as much ink near them; where some of them are told by
        their dashes, also the best paths through what ink these leave.
    """
    scale = max(1, round(thickness / SCALE), math.ceil(math.sqrt(layer.own.size / MOST)))
    worth = _worth(layer, first, thickness, scale)
    middles = (np.arange(worth.first.shape[0]) + 0.5) * scale
    rows = np.flatnonzero(np.abs(middles - start_row) <= start_reach(layer.own.shape[0]) + scale / 2)
    ways = best_paths(worth, rows, count)
    near = _beside(alike, worth, scale)
    kept = _limited(worth, near)
    found = list(alike)
    more = worth.of(ways) / max(kept.of(best_paths(kept, rows, count)), 1e-9)
    if len(ways) >= len(alike) and more > MORE:
        within = _whole(_near(ways, near.shape, scale), scale, layer, first)
        dashed = _dashes_within(within, layer, alike, first, start_row) if any(curve.pattern for curve in alike) else []
        held = dashed and (more < MUCH_MORE or dashed != found) and _missed(worth, ways, dashed, scale) < LONG
        found = dashed if held else []
    if found:
        free = (worth.first > 0) & ~_beside(found, worth, scale)
        for number, curve in enumerate(found):
            found[number] = _prolonged(curve, ways, free, scale, (first, start_row))
            free &= ~_beside([found[number]], worth, scale)
        ways = _left_over(worth, found, rows, scale, count - len(found)) if counted and len(found) < count else []
    paths = [_within(_whole(_near([way], near.shape, scale), scale, layer, first), layer, first, start_row) for way in ways]
    covers = [drawn(measured(alike[0].layer, layer, path), 1.0) for path in paths]
    return found + [measured(alike[0].layer, hide(layer, taken_by_others(covers, here)), path) for here, path in enumerate(paths)]


def _left_over(worth: Worth, found: Sequence[Found], rows: IntArray, scale: int, count: int) -> list[IntArray]:
    """Return the best paths through what ink curves leave, but those with hardly any."""
    rest = _rest(worth, found, scale)
    return [way for way in best_paths(rest, rows, count) if rest.of([way]) > LEAST * worth.first.shape[1]]


def _missed(worth: Worth, ways: Sequence[IntArray], curves: Sequence[Found], scale: int) -> float:
    """Return how much connected ink some paths have at most where no curve is, as a share of the plot's width."""
    from scipy import ndimage

    missed = np.zeros(worth.first.shape, dtype=bool)
    missed[tuple(np.concatenate(ways).T)] = True
    missed &= (worth.first > 0) & ~_beside(curves, worth, scale)
    pieces, _ = ndimage.label(missed, np.ones((3, 3)))
    return float(np.bincount(pieces[missed]).max(initial=0) / worth.first.shape[1])


def _prolonged(curve: Found, ways: Sequence[IntArray], free: BoolArray, scale: int, start: tuple[int, float]) -> Found:
    """Let a curve go on along a path that comes by its end, if that has much ink from there on that is no curve's."""
    course = _squares(curve.path, scale)
    for way in ways:
        by = np.flatnonzero(np.abs(way - course[-1]).max(axis=1) <= BY_END)
        onwards = way[by[-1] :] if by.size else way[:0]
        if free[tuple(onwards.T)].sum() > GOES_ON * free.shape[1]:
            near = _whole(_near([course, onwards], free.shape, scale), scale, curve.ink, start[0])
            return replace(measured(curve.layer, curve.ink, _within(near, curve.ink, *start)), pattern=curve.pattern)
    return curve


def _limited(worth: Worth, near: BoolArray) -> Worth:
    """Return what pixels are worth to paths that stay near some place."""
    return Worth(*(np.where(near, part, -OUTSIDE) for part in (worth.first, worth.again)))


def _rest(worth: Worth, found: Sequence[Found], scale: int) -> Worth:
    """Return what pixels are worth to one more path beside curves."""
    near = _beside(found, worth, scale)
    return Worth(np.where(near, worth.again, worth.first), worth.again)


def _beside(curves: Sequence[Found], worth: Worth, scale: int) -> BoolArray:
    """Return which squares are near some curves."""
    return _near([_squares(curve.path, scale) for curve in curves], worth.first.shape, scale)


def _near(ways: Sequence[IntArray], shape: tuple[int, ...], scale: int) -> BoolArray:
    """Return which squares are near some ways."""
    from scipy import ndimage

    near = np.zeros(shape, dtype=bool)
    near[tuple(np.concatenate(ways).T)] = True
    return np.asarray(ndimage.maximum_filter(near, 3 if scale > 1 else 5))


def _whole(squares: BoolArray, scale: int, layer: Layer, first: int) -> BoolArray:
    """Return which pixels of a layer are in some squares."""
    height, width = layer.own.shape
    pixels = squares.repeat(scale, axis=0).repeat(scale, axis=1)[:height, : width - first]
    return np.pad(pixels, ((0, 0), (first, 0)))


def _within(near: BoolArray, layer: Layer, first: int, start_row: float) -> Path:
    """Follow a curve near a way that is known up to a few pixels."""
    own, blank = layer.own, layer.blank
    middle = np.maximum(*layer.middles)
    cost = np.where(near, BARE * blank - own * (1 - OFF_CENTER * (1 - middle)), OUTSIDE).astype(np.float32)[:, first:]
    path = cheapest(cost, cost, first, start_row)
    return replace(path, gain=float(own[path.enter, path.columns].sum()))


def _dashes_within(near: BoolArray, layer: Layer, alike: Sequence[Found], first: int, start_row: float) -> list[Found]:
    """Follow dashes again where the ways are, unless that explains less of the ink."""
    limited = replace(layer, own=np.where(near, layer.own, 0), blank=np.where(near, layer.blank, 1))
    told, rest = [curve for curve in alike if curve.pattern], [curve for curve in alike if not curve.pattern]
    patterns = [curve.pattern for curve in told if curve.pattern]
    # in a large layer only in the order in which they were found, for time
    again = best_set(limited, patterns, first, start_row, every_order=layer.own.size <= LARGE)
    now = [(curve.pattern, curve.path) for curve in again]
    was = list(zip(patterns, (curve.path for curve in told), strict=True))
    if len(now) < len(was) or explained(now, layer) <= explained(was, layer):
        return list(alike)
    return [replace(curve, layer=alike[0].layer) for curve in measured_together(again, layer)] + rest
