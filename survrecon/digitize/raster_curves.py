"""Choose the curves of a plot among its layers of ink, and say where each may be wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_dashed import dashed_curves
from survrecon.digitize.raster_found import Found, drawn, hide, ink_length, measured
from survrecon.digitize.raster_marks import around_marks, find_marks
from survrecon.digitize.raster_thickness import line_thickness
from survrecon.digitize.raster_together import follow_together
from survrecon.digitize.raster_trace import Steps, follow

SHORTEST = 12  # columns of a curve
SOLID = 0.7  # of the gain with gaps: a line that has this much without is solid
AGAIN = 0.5  # what a second curve of a color counts beside the first of another
PALE = 0.3  # of the ink of all layers' largest: less of a gray is not searched for several curves
LEFT = 0.4  # the same, where there are as many colors as curves
SURE = 1.5  # what a curve counts that is told by its dashes
LEAST_GAIN = 0.04  # of the plot's width: less ink than this is no curve
LEAST_INK = 0.3  # of a curve's columns have its ink, even where it is of dots: a path behind other ink is none
CLEAR_GAIN = 0.3  # as `LEAST_GAIN`, where the number of curves is not given
MOST_CURVES = 8
FAINT = (0.7, 0.5, 0.35)  # of a pixel: ink that is taken for all of it where a color has no curve else
ALONG = 0.7  # of a curve's columns on another one: its ink is that one's soft edge, unless it is known to be there


def find_curves(layers: list[Layer], first: int, start_row: float, count: int | None) -> list[Found]:
    """Follow the curves of a plot.

    Parameters
    ----------
    layers : list of Layer
        The plot's ink, by color.
    first : int
        Column of time 0.
    start_row : float
        Row of survival 1.
    count : int or None
        How many curves there are; None where that is not known.

    Returns
    -------
    list of Found
        At most `count`, the largest area under the curve first.
    """
    width = layers[0].own.shape[1] - first
    least = (LEAST_GAIN if count else CLEAR_GAIN) * width
    more = count is not None and count > len(layers)
    thicknesses = [line_thickness(layer.own, layer.blank, first, start_row) for layer in layers]

    def best(number: int, layer: Layer) -> list[Found]:
        curve = _best(number, layer, first, start_row, thicknesses[number], more, _room(layers, number, count) == 1)
        return [curve] if curve is not None and ink_length(curve) >= least and _inked(curve) >= LEAST_INK else []

    def told(number: int, layer: Layer) -> list[Found]:
        """Curves that are told by their dashes, or else the best path."""
        most, usual = _room(layers, number, count), best(number, layer)
        dashed = dashed_curves(layer, first, start_row, thicknesses[number], most, count is None) if most > 0 else []
        if usual and sum(curve.path.gain for curve in dashed) < SOLID * usual[0].path.gain:
            return usual
        if usual and most == 1 and find_marks(usual[0]).wide > usual[0].steps.thickness:  # circles take the place of dashes
            return usual
        return [replace(curve, layer=number) for curve in dashed]

    def order(curve: Found) -> tuple[bool, float]:
        again = AGAIN if _room(layers, curve.layer, count) > 1 else LEFT
        weight = SURE if curve.pattern else again if curve.layer in {other.layer for other in found} else 1
        return _unlike(curve, start_row), -weight * curve.path.gain

    found: list[Found] = []
    candidates = [curve for number, layer in enumerate(layers) for curve in told(number, layer)]
    telling = _telling(layers, candidates, count)
    seen = telling & {curve.layer for curve in candidates}
    if count is not None and len(seen) < count:
        for number in sorted(telling - seen):
            candidates += next(filter(None, (told(number, _stronger(layers[number], share)) for share in FAINT)), [])
    if any(curve.pattern for curve in candidates):  # then no shade of gray tells curves, and what is paler is the edge of a band
        candidates = [curve for curve in candidates if _room(layers, curve.layer, count) > 0]
    if count is None:  # where curves are not counted, what may be a line of the frame or grid is none
        candidates = [curve for curve in candidates if not _unlike(curve, start_row)] or candidates
    while candidates and len(found) < (count or MOST_CURVES):
        chosen = min(candidates, key=order)
        candidates.remove(chosen)
        if count is None and any(_along(chosen, other) > ALONG for other in found):
            continue
        found.append(chosen)
        # a second curve of the same color is looked for only where curves are missing
        if count is not None and not any(curve.layer == chosen.layer for curve in candidates):
            candidates += best(chosen.layer, without(chosen))
    found = _together(found, layers, first, start_row, thicknesses, count)
    return sorted(found, key=lambda curve: area_above(curve.steps))


def _telling(layers: list[Layer], candidates: list[Found], count: int | None) -> set[int]:
    """Return the numbers of the colors that tell curves: shades of gray only where there are neither other colors nor dashes."""
    colored = {number for number, layer in enumerate(layers) if layer.colored}
    if colored or any(curve.pattern for curve in candidates):
        return colored
    return {number for number in range(len(layers)) if _room(layers, number, count) > 0}


def _together(
    found: list[Found], layers: list[Layer], first: int, start_row: float, thicknesses: list[float], count: int | None
) -> list[Found]:
    """Return curves, those of one color followed again together where there may be several."""
    for number in {curve.layer for curve in found}:
        alike = [curve for curve in found if curve.layer == number]
        most = len(alike) if count is None else count - len(found) + len(alike)
        if most > 1:
            again = follow_together(layers[number], first, start_row, thicknesses[number], alike, most, counted=count is not None)
            found = [curve for curve in found if curve.layer != number] + again
    return found


def _room(layers: list[Layer], number: int, count: int | None) -> int:
    """Return how many curves a color may have if each other color, but gray, has at least one; uncounted, only gray has several."""
    if count is None and layers[number].colored:
        return 1
    if not layers[number].colored and layers[number].own.sum() < PALE * max(layer.own.sum() for layer in layers):
        return 0  # a guide or the edge of a band
    return (count or MOST_CURVES) - sum(1 for other, layer in enumerate(layers) if other != number and layer.colored)


def _stronger(layer: Layer, share: float) -> Layer:
    """Return a layer as if this share of a pixel were all of it: what a JPEG leaves of the color of thin dashes is faint."""
    own = np.clip(layer.own / np.float32(share), 0, 1)
    return replace(layer, own=own, blank=np.minimum(layer.blank, 1 - own))


def _unlike(curve: Found, start_row: float) -> bool:
    """Whether a path starts so far from 1, or is so straight, that it may be a guide line, a grid line or text."""
    rows, height = curve.steps.y, curve.ink.own.shape[0]
    return bool(abs(rows[0] - start_row) > 0.1 * height or np.ptp(rows) < 0.01 * height)


def _along(curve: Found, other: Found) -> float:
    """Return for which share of its columns a curve runs within the line of another one."""
    _, here, there = np.intersect1d(curve.path.columns, other.path.columns, return_indices=True)
    apart = np.abs(curve.path.enter[here] - other.path.enter[there])
    return float(np.sum(apart <= max(curve.steps.thickness, other.steps.thickness)) / curve.path.enter.size)


def _inked(curve: Found) -> float:
    """Return in which share of its columns a path runs through its own ink."""
    path, own = curve.path, curve.ink.own
    return float(np.mean(np.maximum(own[path.enter, path.columns], own[path.leave, path.columns]) > 0.3))


def _best(number: int, layer: Layer, first: int, start_row: float, thickness: float, more: bool, alone: bool) -> Found | None:
    """Return the path with most ink; where curves may differ by their dashes only, of an unbroken line if there is such."""
    path = follow(layer.own, layer.blank, first, start_row, thickness, alone=alone)
    if more:
        solid = follow(layer.own, layer.blank, first, start_row, thickness, dashed=False, alone=alone)
        path = solid if solid.gain > SOLID * path.gain else path
    if path.gain <= 0 or path.enter.size < SHORTEST:
        return None
    return measured(number, layer, path)


def area_above(steps: Steps) -> float:
    """Return the mean row of a curve, from its start to its end.

    Parameters
    ----------
    steps : Steps
        The curve.

    Returns
    -------
    float
        In pixels; small for high curves.
    """
    return float(steps.y @ np.diff(np.append(steps.x, steps.end)) / (steps.end - steps.x[0]))


def without(curve: Found) -> Layer:
    """Return a curve's layer with its line and its circles made a mere hiding place.

    Parameters
    ----------
    curve : Found
        The curve.

    Returns
    -------
    Layer
        Its other ink.
    """
    marks, taken = find_marks(curve), drawn(curve, 1.0)
    if marks.wide > curve.steps.thickness:  # rows of circles would make two more curves
        taken |= around_marks(curve, marks)
    return hide(curve.ink, taken)
