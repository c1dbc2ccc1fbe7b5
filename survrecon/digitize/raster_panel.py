"""Plots without axis lines on a filled panel, such as ggplot's gray one: the panel's edges are the axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from survrecon.digitize.raster_image import Pixels

ALIKE = 6  # of 255: the largest difference from the panel's color
LEAST_SIDE, LEAST_FILLED = 0.2, 0.5  # of the picture's sides; of the panel, the rest being grid, curves and legend
LINE = 2  # pixels: thickness of the lines drawn; ticks may start one pixel outside of the panel
EDGE = 0.4  # of the panel's fullest row: rows at its edges have at least as much of its color


def outline_panel(pixels: Pixels) -> Pixels | None:
    """Draw axis lines along the left and lower edge of the filled panel of a picture.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3), or None
        A copy with black lines just outside of the panel; None where there is none.
    """
    color = _panel_color(pixels)
    if color is None:
        return None
    filled = np.abs(pixels.astype(np.int16) - color).max(axis=2) <= ALIKE
    rows, columns = (_extent(filled.sum(axis=axis)) for axis in (1, 0))
    (top, bottom), (left, right) = rows, columns
    height, width = filled.shape
    large = bottom - top >= LEAST_SIDE * height and right - left >= LEAST_SIDE * width
    if not large or filled[top:bottom, left:right].mean() < LEAST_FILLED or left < LINE or bottom + LINE > height:
        return None
    outlined = pixels.copy()
    outlined[top : bottom + LINE, left - LINE : left] = 0
    outlined[bottom : bottom + LINE, left - LINE : right] = 0
    return outlined


def _panel_color(pixels: Pixels) -> NDArray[np.int16] | None:
    """Return the most frequent color that is not that of the picture's edge; None where it is too rare to fill a panel."""
    codes = (pixels >> 2).astype(np.int32) @ np.array([4096, 64, 1], dtype=np.int32)
    edge = np.concatenate([codes[0], codes[-1], codes[:, 0], codes[:, -1]])
    counts = np.bincount(codes.ravel(), minlength=64**3)
    counts[np.bincount(edge, minlength=64**3).argmax()] = 0
    if counts.max() < LEAST_FILLED * LEAST_SIDE**2 * codes.size:
        return None
    return np.asarray(np.median(pixels[codes == counts.argmax()], axis=0), dtype=np.int16)


def _extent(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first and the end of the rows that hold much of the panel's color."""
    full = np.flatnonzero(counts >= EDGE * counts.max())
    return int(full[0]), int(full[-1]) + 1
