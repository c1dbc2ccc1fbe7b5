"""What an SVG file or a page of a PDF draws: lines, areas, texts and images, all in one system of coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survrecon.data import FloatArray
from survrecon.digitize.figure import Text

MOST_POINTS = 200_000  # of one drawing; a figure of four arms and a thousand subjects has about ten thousand


@dataclass(frozen=True, eq=False)
class Shape:
    """One connected line or area.

    Attributes
    ----------
    points : ndarray of float, shape (k, 2)
        Its vertices, y downwards; points along it where it is curved.
    stroke, fill : str or None
        Colors as ``#rrggbb``; None where it is not stroked, or not filled.
    width : float
        Of the stroke.
    dash : tuple of float
        Lengths of dashes and gaps; empty for a solid line.
    opacity : float
        Of the stroke, else of the area: 0 invisible, 1 opaque.
    curved : bool
        Whether it is, anywhere, not a straight line.
    """

    points: FloatArray
    stroke: str | None = None
    fill: str | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    curved: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        (left, top), (right, bottom) = self.points.min(axis=0), self.points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


@dataclass(frozen=True, eq=False)
class Image:
    """A picture in a drawing.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        Red, green and blue.
    box : tuple of four float
        Left, top, right and bottom in the drawing.
    """

    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Drawing:
    """All that a page draws.

    Attributes
    ----------
    width, height : float
        Of the page.
    shapes : tuple of Shape
        Lines and areas.
    texts : tuple of Text
        Texts.
    images : tuple of Image
        Pictures, the largest ones first.
    outlined : bool
        Whether it has letters that are drawn, not written, so that they cannot be read.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...] = ()
    texts: tuple[Text, ...] = ()
    images: tuple[Image, ...] = ()
    outlined: bool = False
