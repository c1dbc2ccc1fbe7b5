"""Choose the curves of a plot among its layers of ink, and say where each may be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_dashed import dashed_curves
from survrecon.digitize.raster_found import Found, drawn, hide, ink_length, measured
from survrecon.digitize.raster_marks import around_marks, find_marks
from survrecon.digitize.raster_thickness import line_thickness
from survrecon.digitize.raster_together import follow_together
from survrecon.digitize.raster_trace import Steps, closed, follow

SHORTEST = 12  # columns of a curve
SOLID = 0.7  # of the gain with gaps: a line that has this much without is solid
CLEAR = 0.42  # of the ink of the best: where shades of gray tell curves, one that has less is the edge of a band
SECOND = 1.3  # times the ink of the palest of these: a second curve of a shade that has more is one
AGAIN = 0.5  # what a second curve of a color counts beside the first of another
LEFT = 0.25  # the same, where there are as many colors as curves
PALE = 0.3  # of the ink of all layers' largest: less of a gray is not searched for several curves
EDGE = 0.1  # of the gain of the best curve: where dashes tell curves, less of another gray is none
SURE = 1.5  # what a curve counts that is told by its dashes
LEAST_GAIN = 0.04  # of the plot's width: less ink than this is no curve
LEAST_INK = 0.3  # of a curve's columns have its ink, even where it is of dots: a path behind other ink is none
CLEAR_GAIN = 0.3  # as `LEAST_GAIN`, where the number of curves is not given
OVERLOOKED = 0.1  # less of a color in which there is no curve is text
MOST_CURVES = 8
BESIDE, MARK = 4.0, 6.0  # times its thickness, and pixels: ink of its color so near to a curve is of its marks
DOTS = 0.3  # of a pixel: what may be a dot
FAINT = (0.7, 0.5, 0.35)  # of a pixel: ink that is taken for all of it where a color has no curve else
GOES_ON = 0.05  # of the plot's width: more ink after a curve's end, and lower, may be of it too
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
    search = _Search(layers, first, start_row, count)
    found = search.together(search.chosen(search.candidates()))
    return sorted(found, key=lambda curve: area_above(curve.steps))


@dataclass(frozen=True, eq=False)
class _Search:
    """The layers of a plot, where curves start in it, and how many are looked for, if that is known."""

    layers: list[Layer]
    first: int
    start_row: float
    count: int | None

    @cached_property
    def thicknesses(self) -> list[float]:
        """Return how thick the lines of each layer are."""
        return [line_thickness(layer.own, layer.blank, self.first, self.start_row) for layer in self.layers]

    @cached_property
    def in_color(self) -> bool:
        """Tell whether there is any color but shades of gray."""
        return any(layer.colored for layer in self.layers)

    @cached_property
    def shades(self) -> set[int]:
        """Return the numbers of the shades of gray that tell curves, if there are enough: then dashes are rows of marks."""
        if self.count is None or not 2 <= self.count <= len(self.layers) or self.in_color:
            return set()
        inks = {number: self.unbroken_ink(number) for number in range(len(self.layers))}
        clear = [number for number, ink in inks.items() if ink > CLEAR * max(inks.values())]
        best = sorted(clear, key=lambda number: -inks[number])[: self.count]
        if len(best) < self.count or any(self.second_ink(number) > SECOND * inks[best[-1]] for number in best):
            return set()
        return set(best)

    def unbroken_ink(self, number: int) -> float:
        """Return how much ink the best path through a color has, to the right and downwards; 0 if it needs gaps."""
        layer, thickness = self.layers[number], self.thicknesses[number]
        gapped, solid = (follow(layer.own, layer.blank, self.first, self.start_row, thickness, dashed=dashed) for dashed in (True, False))
        return float(layer.own[gapped.places].sum()) if solid.gain > SOLID * gapped.gain else 0.0

    def second_ink(self, number: int) -> float:
        """Return how much ink of a color the best path has beside that of the best curve."""
        curve = _best(number, self.layers[number], self.first, self.start_row, self.thicknesses[number], more=False, alone=True)
        if curve is None:
            return 0.0
        rest = without(curve)
        path = follow(rest.own, rest.blank, self.first, self.start_row, self.thicknesses[number])
        return float(rest.own[path.places].sum())

    def room(self, number: int) -> int:
        """Return how many curves a color may have if each other color, but gray, has at least one; uncounted, only gray has several."""
        layer = self.layers[number]
        if self.count is None and layer.colored:
            return 1
        if self.shades:  # each has one
            return int(number in self.shades)
        if not layer.colored and layer.own.sum() < PALE * max(other.own.sum() for other in self.layers):
            return 0  # a guide or the edge of a band
        return (self.count or MOST_CURVES) - sum(1 for other, each in enumerate(self.layers) if other != number and each.colored)

    def best(self, number: int, layer: Layer) -> list[Found]:
        """Follow the best path, if there is one with enough ink."""
        alone, more = layer.colored or self.room(number) == 1 and not self.shades, self.count is not None and self.count > len(self.layers)
        follow_best = partial(_best, number, layer, self.first, self.start_row, self.thicknesses[number], more)
        curve = follow_best(alone)
        if curve is not None and not alone and self.shades and (_goes_on(curve) or _unlike(curve, self.start_row)):
            curve = follow_best(True)  # the only one of its shade is behind others for long, or where it starts
        least = (LEAST_GAIN if self.count else CLEAR_GAIN) * (layer.own.shape[1] - self.first)
        return [curve] if curve is not None and ink_length(curve) >= least and _inked(curve) >= LEAST_INK else []

    def told(self, number: int, layer: Layer, most: int | None = None) -> list[Found]:
        """Follow curves that are told by their dashes, at most so many or as the color has room for, or else the best path."""
        most, usual = self.room(number) if most is None else most, self.best(number, layer)
        thickness, uncounted = self.thicknesses[number], self.count is None
        dashed = dashed_curves(layer, self.first, self.start_row, thickness, most, uncounted) if most > 0 and not self.shades else []
        if usual and sum(curve.path.gain for curve in dashed) < SOLID * usual[0].path.gain:
            return usual
        if usual and most == 1 and find_marks(usual[0]).wide > usual[0].steps.thickness:  # circles take the place of dashes
            return usual
        return [replace(curve, layer=number) for curve in dashed]

    def whole(self, number: int) -> list[Found]:
        """Do the same with stronger ink where a curve else ends before its color does, as a steep one may in a small picture."""
        layer = self.layers[number]
        curves = self.told(number, layer)
        if not (layer.colored and len(curves) == 1 == self.room(number) and _goes_on(curves[0])):
            return curves
        again = next((shade for shade in _stronger(layer) if any(not _goes_on(curve) for curve in self.best(number, shade))), None)
        return curves if again is None else self.told(number, again)

    def candidates(self) -> list[Found]:
        """Follow what may be a curve, in each color."""
        curves = [curve for number in range(len(self.layers)) for curve in self.whole(number)]
        telling = self.telling(curves)
        seen = telling & {curve.layer for curve in curves}
        if self.count is not None and len(seen) < self.count:
            curves += self.faint(telling - seen)
        curves = self.clear(curves)
        if self.count is not None and len(curves) < self.count and self.in_color:
            grays = {number for number in range(len(self.layers)) if self.room(number) > 0} - telling
            curves = self.clear(curves + self.faint(grays - {curve.layer for curve in curves}))
        if self.count is None:  # where curves are not counted, what may be a line of the frame or grid is none
            curves = [curve for curve in curves if not _unlike(curve, self.start_row)] or curves
        return curves

    def clear(self, curves: list[Found]) -> list[Found]:
        """Leave out pale grays if any dashes tell curves: then no shade of gray does, and what is paler is the edge of a band."""
        if not any(curve.pattern for curve in curves):
            return curves
        least = EDGE * max(curve.path.gain for curve in curves)
        return [curve for curve in curves if self.room(curve.layer) > 0 and (self.layers[curve.layer].colored or curve.path.gain > least)]

    def faint(self, numbers: set[int]) -> list[Found]:
        """Follow what may be a curve in colors in which there is none but with stronger ink."""
        shades = ((number, _stronger(self.layers[number])) for number in sorted(numbers))
        return [curve for number, each in shades for curve in next(filter(None, (self.told(number, shade) for shade in each)), [])]

    def telling(self, candidates: list[Found]) -> set[int]:
        """Return the numbers of the colors that tell curves: shades of gray only where there are neither other colors nor dashes."""
        colored = {number for number, layer in enumerate(self.layers) if layer.colored}
        if colored or any(curve.pattern for curve in candidates):
            return colored
        return {number for number in range(len(self.layers)) if self.room(number) > 0}

    def chosen(self, candidates: list[Found]) -> list[Found]:
        """Choose the clearest curves, one after another."""
        found: list[Found] = []
        several = {curve.layer for curve in candidates if sum(other.layer == curve.layer for other in candidates) > 1}

        def order(curve: Found) -> tuple[bool, float]:
            again = AGAIN if self.room(curve.layer) > 1 else LEFT
            weight = SURE if curve.pattern else again if curve.layer in {other.layer for other in found} else 1
            return _unlike(curve, self.start_row), -weight * curve.path.gain

        while candidates and len(found) < (self.count or MOST_CURVES):
            best = min(candidates, key=order)
            candidates = [curve for curve in candidates if curve is not best]
            if self.count is None and any(_along(best, other) > ALONG for other in found):
                continue
            found.append(best)
            # a second curve of the same color is looked for only where curves are missing
            if self.count is not None and len(found) < self.count and not any(curve.layer == best.layer for curve in candidates):
                candidates += self.best(best.layer, without(best))
        return [curve for one in found for curve in self.in_all_ink(one, found, several)]

    def in_all_ink(self, curve: Found, found: list[Found], several: set[int]) -> list[Found]:
        """Follow a curve again in all of its color's ink, if others of its color that were followed beside it are none."""
        if curve.layer not in several or sum(other.layer == curve.layer for other in found) > 1:
            return [curve]
        return self.told(curve.layer, self.layers[curve.layer], 1) or [curve]

    def together(self, found: list[Found]) -> list[Found]:
        """Follow curves of one color again together, where there may be several."""
        for number in {curve.layer for curve in found}:
            alike = [curve for curve in found if curve.layer == number]
            most = len(alike) if self.count is None else self.count - len(found) + len(alike)
            if most > 1:
                layer = alike[0].ink if self.in_color and len(alike) == 1 else self.layers[number]  # as strong as it was followed in
                thickness, counted = self.thicknesses[number], self.count is not None
                again = follow_together(layer, self.first, self.start_row, thickness, alike, most, counted)
                found = [curve for curve in found if curve.layer != number] + again
        return found


def overlooked(layers: list[Layer], found: list[Found], first: int, start_row: float) -> list[tuple[int, int, int]]:
    """List the colors with ink that is of no curve that was found, though it goes from where curves start for some way.

    Parameters
    ----------
    layers : list of Layer
        The plot's ink, by color.
    found : list of Found
        The curves that were found, where they are not counted.
    first : int
        Column of time 0.
    start_row : float
        Row of survival 1.

    Returns
    -------
    list of tuple of three int
        Red, green, blue of each.
    """
    search, width = _Search(layers, first, start_row, None), layers[0].own.shape[1] - first
    near, beside = (np.any([drawn(curve, spare(curve)) for curve in found], axis=0) for spare in (lambda curve: 1.0, _beside))
    known, colors = {curve.layer for curve in found}, []
    for number, layer in enumerate(layers):
        if number in known and layer.colored or not search.room(number):
            continue
        rest, least = (_undashed(hide(layer, beside)), CLEAR_GAIN) if number in known else (hide(layer, near), OVERLOOKED)
        thickness = line_thickness(rest.own, rest.blank, first, start_row)
        curve = _best(number, rest, first, start_row, thickness, False, True)
        if curve is None or _unlike(curve, start_row) or min(curve.path.gain, _inked(curve) * curve.path.columns.size) <= least * width:
            continue
        colors.append(layer.color)
    return colors


def _beside(curve: Found) -> float:
    """Return how far from a curve ink of its color is of its marks."""
    return max(BESIDE * curve.steps.thickness, MARK)


def _undashed(layer: Layer) -> Layer:
    """Return a layer with its gaps filled, however faint its dots are."""
    inked = (layer.own > DOTS).astype(np.float32)
    own = np.maximum(*(closed(inked, 1, axis) for axis in (0, 1)))
    return replace(layer, own=own, blank=np.minimum(layer.blank, 1 - own))


def _stronger(layer: Layer) -> Iterator[Layer]:
    """Make a layer as if ever less of a pixel were all of it: what a JPEG leaves of the color of thin dashes is faint."""
    for share in FAINT:
        own = np.clip(layer.own / np.float32(share), 0, 1)
        yield replace(layer, own=own, blank=np.minimum(layer.blank, 1 - own))


def _goes_on(curve: Found) -> bool:
    """Whether there is ink of its color after a curve's end, and lower."""
    row, column = int(curve.path.leave[-1]), int(curve.path.columns[-1])
    after = np.any(curve.ink.own[row:, column + 2 :] > 0.5, axis=0)
    return bool(after.sum() > GOES_ON * (curve.ink.own.shape[1] - curve.path.first))


def _unlike(curve: Found, start_row: float) -> bool:
    """Whether a path starts so far from 1, or is so straight, that it may be a guide line, a grid line or text."""
    height = curve.ink.own.shape[0]
    return bool(abs(curve.path.enter[0] - start_row) > 0.1 * height or np.ptp(curve.steps.y) < 0.01 * height)


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
