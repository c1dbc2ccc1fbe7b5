"""One curve found in a plot: its ink, the path along it, and its exact course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_dashes import Pattern
from survrecon.digitize.raster_drops import whole_drops
from survrecon.digitize.raster_trace import Path, Steps, refine, with_last_drop


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
    marks : ndarray of float
        Columns of its censor marks, ascending.
    reach : float
        How far a mark reaches from its middle, in pixels.
    pattern : Pattern or None
        Its dashes, where they tell it from others of its color.
    """

    layer: int
    ink: Layer
    path: Path
    steps: Steps
    marks: FloatArray = field(default_factory=lambda: np.array([]))
    reach: float = 0.0
    pattern: Pattern | None = None


def measured(number: int, layer: Layer, path: Path) -> Found:
    """Measure the exact course of a curve along its path.

    Parameters
    ----------
    number : int
        Of the layer.
    layer : Layer
        Its ink.
    path : Path
        Along it.

    Returns
    -------
    Found
        The curve.
    """
    steps = with_last_drop(refine(path, layer.own, layer.blank), path, layer.own, layer.blank)
    return Found(number, layer, path, whole_drops(steps, layer.own))


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
    row = curve.steps.rows
    top, bottom = row(columns + 0.5 - half) - half, row(columns + 0.5 + half) + half
    inside = (columns >= curve.steps.x[0] - half) & (columns <= curve.steps.end + half)
    rows = np.arange(height)[:, None] + 0.5
    return np.asarray((rows > top) & (rows < bottom) & inside)


def hide(layer: Layer, taken: BoolArray) -> Layer:
    """Return a layer with some of its ink made a mere hiding place.

    Parameters
    ----------
    layer : Layer
        All ink.
    taken : ndarray of bool, shape (height, width)
        What belongs to other curves.

    Returns
    -------
    Layer
        The rest.
    """
    return replace(layer, own=np.where(taken, 0, layer.own), blank=np.where(taken, 0, layer.blank))


def taken_by_others(covers: Sequence[BoolArray], here: int) -> BoolArray:
    """Return what is taken by all curves but one.

    Parameters
    ----------
    covers : sequence of ndarray of bool, shape (height, width)
        What each takes.
    here : int
        Number of the one.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True where there is one of the others.
    """
    return np.asarray(np.any([np.zeros_like(covers[here]), *(cover for there, cover in enumerate(covers) if there != here)], axis=0))
