"""The room that axes take in a figure, and leave for the text around them, for `survrecon.plot`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.gridspec import SubplotSpec
    from matplotlib.transforms import Bbox

USUAL_LEFT, USUAL_BELOW = 48.0, 22.0  # points that tick labels and axis labels take beside and below axes, so that subplots have them
BORDER = 0.08  # inches around all that is in a figure


def lay_out(ax: Any) -> None:
    """Give the axes their place in the figure, as drawing would.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    """
    whole = ax.figure.canvas.figure  # also where the axes are in a subfigure
    engine, locator = whole.get_layout_engine(), ax.get_axes_locator()
    if engine is not None:
        engine.execute(whole)
    ax.apply_aspect(locator(ax, None) if locator else None)


def width_of(ax: Axes) -> float:
    """Return the width of axes in points, as they are laid out.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.

    Returns
    -------
    float
        Points.
    """
    return float(ax.bbox.width) * 72 / ax.figure.dpi


def fit(ax: Axes) -> None:
    """Give a figure the size that its only axes need with all that stands around them; the axes keep theirs.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    """
    figure: Any = ax.figure
    inches = np.array(ax.bbox.size) / figure.dpi
    box = figure.get_tightbbox()
    whole = np.array(box.size) + 2 * BORDER
    figure.set_size_inches(whole)
    ax.set_position((*((BORDER - box.min) / whole), *(inches / whole)))


@dataclass(frozen=True, eq=False)
class Room:
    """An axes locator, in matplotlib's sense, that shrinks axes inside the place they have, whoever sets that place.

    So it works without layout engine, and with tight and constrained layout. In any case, 3/10 of the axes remain.

    Attributes
    ----------
    outer : callable or None
        The locator that it replaces.
    ax : matplotlib.axes.Axes
        The axes.
    left, below, above : float
        What the text around them needs, in points.
    """

    outer: Any
    ax: Any = None
    left: float = 0.0
    below: float = 0.0
    above: float = 0.0

    def __call__(self, ax: Any, renderer: Any) -> Bbox:
        place: Bbox = (self.outer(ax, renderer) if self.outer else ax.get_position(original=True)).frozen()
        width, height = (72 / ax.figure.dpi * size for size in ax.figure.bbox.size)
        x0 = min(place.x0 + max(0, self.left - USUAL_LEFT) / width, place.x1 - 0.3 * place.width)
        y0 = min(place.y0 + max(0, self.below - USUAL_BELOW) / height, place.y1 - 0.3 * place.height)
        return place.from_extents(x0, y0, place.x1, max(place.y1 - self.above / height, y0 + 0.3 * place.height))

    def get_subplotspec(self) -> SubplotSpec | None:
        """Return the axes' cell in the grid; tight layout asks the locator for it."""
        cell: SubplotSpec | None = self.ax.get_subplotspec()
        return cell
