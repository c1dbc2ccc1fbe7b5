"""Choose the curves of a plot among its layers of ink, and say where each may be wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_trace import Path, Steps, follow, refine

Floats = NDArray[np.float32]

UNBROKEN = 2.0  # cost of a column without ink for a solid curve
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
    rounds = [curve for i, layer in enumerate(layers) if (curve := _best(i, layer, first, start_row, len(layers), count)) is not None]
    least = (LEAST_GAIN if count else CLEAR_GAIN) * width
    candidates = [curve for curve in rounds if curve.path.gain >= least]
    found = sorted(candidates, key=lambda curve: (_starts_away(curve, start_row), -curve.path.gain))[: count or MOST_CURVES]
    tried = list(found)
    # more curves than colors: look again in each color, behind the curve found there
    while tried and count is not None and len(found) < count:
        tried = [curve for seen in tried if (curve := _best(seen.layer, without(seen), first, start_row, 1, 1)) is not None]
        tried = [curve for curve in tried if curve.path.gain >= LEAST_GAIN * width]
        found += sorted(tried, key=lambda curve: -curve.path.gain)[: count - len(found)]
    return sorted(found, key=lambda curve: area_above(curve.steps))


def _starts_away(curve: Found, start_row: float) -> bool:
    """Whether a curve starts so far from 1 that it may be a guide line or text."""
    return bool(abs(curve.steps.y[0] - start_row) > 0.1 * curve.ink.own.shape[0])


def _best(number: int, layer: Layer, first: int, start_row: float, layers: int, count: int | None) -> Found | None:
    """Return the path with most ink: of an unbroken line if there is such, else of dashes."""
    broken = follow(layer.own, layer.blank, first, start_row)
    path = broken
    if count is not None and count > layers:
        solid = follow(layer.own, layer.blank, first, start_row, UNBROKEN)
        path = solid if solid.gain > 0.7 * broken.gain else broken
    if path.gain < 20 or path.enter.size < 20:
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
