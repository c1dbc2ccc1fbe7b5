"""Choose the curves of a plot among its layers of ink, and say where each may be wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_trace import Path, Steps, follow, refine

Floats = NDArray[np.float32]

SHORTEST = 12  # columns of a curve
SOLID = 0.7  # of the gain with gaps: a line that has this much without is solid
AGAIN = 0.8  # what a second curve of a color counts
LEAST_GAIN = 0.04  # of the plot's width: less ink than this is no curve
CLEAR_GAIN = 0.3  # the same, where the number of curves is not given
MOST_CURVES = 8


@dataclass(frozen=True, eq=False)
class Found:
    """One curve, in pixels of the plot.

    Attributes
    ----------
    layer : int
        Number of the layer that it was found in.
    ink : Layer
        That layer, without the curves found before.
    path : Path
        Along its ink.
    steps : Steps
        Its exact course.
    """

    layer: int
    ink: Layer
    path: Path
    steps: Steps


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

    def best(number: int, layer: Layer) -> list[Found]:
        curve = _best(number, layer, first, start_row, more)
        return [curve] if curve is not None and ink_length(curve) >= least else []

    found: list[Found] = []
    candidates = [curve for number, layer in enumerate(layers) for curve in best(number, layer)]
    while candidates and len(found) < (count or MOST_CURVES):
        taken = {curve.layer for curve in found}
        chosen = min(candidates, key=lambda curve: (_unlike(curve, start_row), -curve.path.gain * (AGAIN if curve.layer in taken else 1)))
        found.append(chosen)
        candidates.remove(chosen)
        if count is not None:  # a second curve of the same color is looked for only where curves are missing
            candidates += best(chosen.layer, without(chosen))
    return sorted(found, key=lambda curve: area_above(curve.steps))


def ink_length(curve: Found) -> float:
    """Return how many pixels of its own ink a curve's path runs through, drops included.

    Parameters
    ----------
    curve : Found
        The curve.

    Returns
    -------
    float
        In pixels.
    """
    path = curve.path
    depth = np.pad(np.cumsum(curve.ink.own, axis=0), ((1, 0), (0, 0)))
    return float(np.sum(depth[path.leave + 1, path.columns] - depth[path.enter, path.columns]))


def _unlike(curve: Found, start_row: float) -> bool:
    """Whether a path starts so far from 1, or is so straight, that it may be a guide line, a grid line or text."""
    rows, height = curve.steps.y, curve.ink.own.shape[0]
    return bool(abs(rows[0] - start_row) > 0.1 * height or np.ptp(rows) < 0.01 * height)


def _best(number: int, layer: Layer, first: int, start_row: float, more: bool) -> Found | None:
    """Return the path with most ink; where curves may differ by their dashes only, of an unbroken line if there is such."""
    path = follow(layer.own, layer.blank, first, start_row)
    if more:
        solid = follow(layer.own, layer.blank, first, start_row, dashed=False)
        path = solid if solid.gain > SOLID * path.gain else path
    if path.gain <= 0 or path.enter.size < SHORTEST:
        return None
    return Found(number, layer, path, refine(path, layer.own, layer.blank))


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


def drawn(curve: Found, spare: float = 1.0) -> BoolArray:
    """Return the pixels that a curve covers, as its steps say.

    Parameters
    ----------
    curve : Found
        The curve.
    spare : float
        Pixels added around it.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True where its line is.
    """
    height, width = curve.ink.own.shape
    half = curve.steps.thickness / 2 + spare
    columns = np.arange(width, dtype=float)
    x, y = curve.steps.x, curve.steps.y

    def row(at: FloatArray) -> FloatArray:
        return np.asarray(y[np.clip(np.searchsorted(x, at, side="right") - 1, 0, y.size - 1)])

    top, bottom = row(columns + 0.5 - half) - half, row(columns + 0.5 + half) + half
    inside = (columns >= x[0] - half) & (columns <= curve.steps.end + half)
    rows = np.arange(height)[:, None] + 0.5
    return np.asarray((rows > top) & (rows < bottom) & inside)


def without(curve: Found) -> Layer:
    """Return a curve's layer with its line made a mere hiding place.

    Parameters
    ----------
    curve : Found
        The curve.

    Returns
    -------
    Layer
        Its other ink.
    """
    line = drawn(curve)
    return replace(curve.ink, own=np.where(line, 0, curve.ink.own), blank=np.where(line, 0, curve.ink.blank))
