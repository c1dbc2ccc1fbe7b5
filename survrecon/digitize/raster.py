"""From the pixels of a figure to its curves: axes, layers of color, a path through each, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from survrecon.digitize.figure import Axis, Digitized, Hints, Trace
from survrecon.digitize.raster_axes import Frame, axis_from_hints, find_frame
from survrecon.digitize.raster_colors import Layer, background, difference, find_colors, separate
from survrecon.digitize.raster_curves import Found, find_curves
from survrecon.digitize.raster_doubts import doubts_of
from survrecon.digitize.raster_image import Pixels, read_pixels
from survrecon.digitize.raster_marks import find_marks
from survrecon.errors import FigureError

FILL = 0.025  # of the plot: ink as thick as this is a fill
MARGIN = 0.03  # of the plot: what is looked at above the top of the axis


@dataclass(frozen=True, eq=False)
class Plot:
    """The part of a picture that curves are drawn in.

    Attributes
    ----------
    left, top : int
        Its corner in the picture.
    pixels : ndarray of uint8, shape (height, width, 3)
        Its colors.
    first : int
        Column of time 0.
    one, zero : float
        Rows of survival 1 and 0.
    """

    left: int
    top: int
    pixels: Pixels
    first: int
    one: float
    zero: float


def digitize_image(path: str | Path, hints: Hints | None = None) -> Digitized:
    """Digitize a PNG, JPEG or TIFF file.

    Parameters
    ----------
    path : path-like
        The file.
    hints : Hints, optional
        What the user knows of the figure.

    Returns
    -------
    Digitized
        Axes in pixels from the top left corner of the file, and one trace per curve.

    Raises
    ------
    FigureError
        If the picture cannot be read, or no axes or curves are found in it.
    """
    hints = hints or Hints()
    return digitize_pixels(read_pixels(path, hints.page), hints, path)


def digitize_pixels(pixels: Pixels, hints: Hints | None = None, path: str | Path = "figure") -> Digitized:
    """Digitize the pixels of a figure.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        Red, green, blue.
    hints : Hints, optional
        What the user knows of the figure.
    path : path-like
        Its file, for errors.

    Returns
    -------
    Digitized
        See `digitize_image`.

    Raises
    ------
    FigureError
        If no axes or curves are found.
    """
    hints = hints or Hints()
    frame, x, y = read_axes(pixels, hints, path)
    full = 100.0 if max(y.value(frame.left.start), y.value(frame.left.end)) > 2 else 1.0
    plot = cut_plot(pixels, frame, x, y, full)
    layers = separate_layers(plot, hints)
    if not layers:
        raise FigureError(path, "no curve found between the axes")
    found, rising = follow_curves(layers, plot, len(hints.arms) or None)
    if not found:
        raise FigureError(path, "no curve found between the axes; its line must start at the survival axis and be unlike the background")
    traces = tuple(_trace(number, curve, found, plot, x, y, full) for number, curve in enumerate(found))
    return Digitized(
        kind="raster",
        x=x,
        y=y,
        traces=traces,
        percent=full == 100,
        orientation="failure" if rising else "survival",
        resolution=(abs(x.scale), abs(y.scale) / full),
        backdrop=pixels,
    )


def read_axes(pixels: Pixels, hints: Hints, path: str | Path) -> tuple[Frame, Axis, Axis]:
    """Find the axis lines and give them their values."""
    ink = (1 - pixels.mean(axis=2) / 255).astype(np.float32)
    frame = find_frame(ink, hints.panel)
    if frame is None:
        raise FigureError(path, "no pair of axis lines found; crop the picture to one panel")
    x, y = (axis_from_hints(name, hints, frame, path) for name in ("x", "y"))
    if x is None or y is None:
        missing = " and ".join(f"--{name}-range" for name, axis in (("x", x), ("y", y)) if axis is None)
        raise FigureError(path, f"the values of the axis cannot be read; give {missing} (values at its first and last tick)")
    return frame, x, y


def cut_plot(pixels: Pixels, frame: Frame, x: Axis, y: Axis, full: float) -> Plot:
    """Cut out what lies between the axes, and a little above."""
    one = float(y.position(full))
    top = int(max(0, min(frame.left.start, one) - MARGIN * frame.left.length))
    left, right = frame.left.far, min(frame.bottom.end + 2, pixels.shape[1])
    first = int(np.clip(float(x.position(0.0)) - left, 0, right - left - 1))
    return Plot(left, top, pixels[top : frame.bottom.near, left:right], first, one - top, float(y.position(0.0)) - top)


def separate_layers(plot: Plot, hints: Hints) -> list[Layer]:
    """Return the plot's ink, by color."""
    behind = background(plot.pixels)
    away = difference(plot.pixels, max(7, int(FILL * min(plot.pixels.shape[:2])) | 1))
    return separate(away, find_colors(away, len(hints.arms) or None), behind)


def follow_curves(layers: list[Layer], plot: Plot, count: int | None) -> tuple[list[Found], bool]:
    """Follow the curves as falling from 1, or as rising from 0 where that explains more ink."""
    return find_curves(layers, plot.first, plot.one, count), False


def _trace(number: int, curve: Found, found: list[Found], plot: Plot, x: Axis, y: Axis, full: float) -> Trace:
    """Turn a curve into values of the axes."""
    steps = curve.steps
    time = x.value(np.append(steps.x, steps.end) + plot.left)
    survival = np.clip(y.value(np.append(steps.y, steps.y[-1]) + plot.top) / full, 0, 1)
    others = [other for other in found if other is not curve]
    color = "#{:02x}{:02x}{:02x}".format(*curve.ink.color)
    doubts = doubts_of(curve, others, x, y, full, (plot.left, plot.top))
    marks = x.value(find_marks(curve) + plot.left)
    return Trace(f"arm {number + 1}", color, np.maximum(time, 0), survival, marks if marks.size else None, doubts=doubts)
