"""The part of a picture that is looked at, in a size that can be handled, and the way back to the file's pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from survrecon.digitize.figure import Axis, Hints, Text
from survrecon.digitize.raster_image import Pixels
from survrecon.errors import FigureError

MOST_PIXELS = 3_000_000  # 7 by 4.7 inches at 300 dpi; what has more is reduced
LEAST_SIDE = 40

Points = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, eq=False)
class View:
    """A part of a picture, reduced.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        What is looked at.
    left, top : int
        Its corner in the file's pixels.
    reduced : int
        Pixels of the file in one of these, along each side.
    """

    pixels: Pixels
    left: int
    top: int
    reduced: int

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is to be told of it."""
        return (f"the picture was reduced to 1/{self.reduced} of its size",) if self.reduced > 1 else ()

    def points(self, points: Points | None, start: int) -> Points | None:
        """Turn positions in the file into positions in the view.

        Parameters
        ----------
        points : tuple of two (position, value) or None
            In the file's pixels.
        start : int
            `left` or `top`.

        Returns
        -------
        tuple of two (position, value) or None
            In the view's pixels.
        """
        if points is None:
            return None
        (p, v), (q, w) = points
        return ((p - start) / self.reduced, v), ((q - start) / self.reduced, w)

    def axis(self, axis: Axis, start: int) -> Axis:
        """Turn an axis of the view into one of the file.

        Parameters
        ----------
        axis : Axis
            In the view's pixels.
        start : int
            `left` or `top`.

        Returns
        -------
        Axis
            In the file's pixels.
        """
        times = self.reduced
        return replace(
            axis,
            origin=axis.origin - axis.scale * start / times,
            scale=axis.scale / times,
            ticks=tuple((start + times * position, value) for position, value in axis.ticks),
            start=start + times * axis.start,
            end=start + times * axis.end,
        )

    def text(self, text: Text) -> Text:
        """Turn a text of the view into one of the file.

        Parameters
        ----------
        text : Text
            In the view's pixels.

        Returns
        -------
        Text
            In the file's pixels.
        """
        left, right = (self.left + self.reduced * x for x in (text.left, text.right))
        top, bottom = (self.top + self.reduced * y for y in (text.top, text.bottom))
        return replace(text, left=left, right=right, top=top, bottom=bottom)


def look_at(pixels: Pixels, hints: Hints, path: str | Path) -> View:
    """Cut the part out that the user names, and reduce it if it is large.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.
    hints : Hints
        Its `bbox` counts.
    path : path-like
        The file, for errors.

    Returns
    -------
    View
        A copy.

    Raises
    ------
    FigureError
        If that part is too small, or not in the picture.
    """
    height, width = pixels.shape[:2]
    left, top, right, bottom = 0, 0, width, height
    if hints.bbox is not None:
        if not np.all(np.isfinite(hints.bbox)):
            raise FigureError(path, f"--bbox {hints.bbox}: give four numbers of pixels: left, top, right, bottom")
        sides = zip(hints.bbox, (width, height) * 2, strict=True)
        left, top, right, bottom = (int(np.clip(round(edge), 0, most)) for edge, most in sides)
    if right - left < LEAST_SIDE or bottom - top < LEAST_SIDE:
        size = f"{max(right - left, 0)} x {max(bottom - top, 0)} of its {width} x {height}"
        raise FigureError(path, f"only {size} pixels to look at; too few for a figure")
    part = pixels[top:bottom, left:right]
    reduced = int(np.ceil(np.sqrt(part.shape[0] * part.shape[1] / MOST_PIXELS)))
    if reduced > 1:
        from PIL import Image

        part = np.asarray(Image.fromarray(np.ascontiguousarray(part)).reduce(reduced))
    return View(part, left, top, reduced)
