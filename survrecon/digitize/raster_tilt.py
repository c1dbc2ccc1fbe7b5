"""Pictures that are turned a little, as by a scanner: by how much, and straightened."""

from __future__ import annotations

import math

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.raster_fills import background
from survrecon.digitize.raster_image import Pixels

MOST = 2.0  # degrees that are looked for
STEP = 0.025  # degrees between two tries
LEAST = 0.08  # degrees: a line of 1000 pixels that rises by one or less is level
CLEARER = 1.2  # rows are this much fuller when turned, or the picture is left as it is
FULL, LONG = 5, 0.25  # so many rows must hold, on average, ink as long as this share of the width: an axis, or lines of a grid
MOST_PIXELS, MOST_POINTS = 4_000_000, 60_000


def tilt(pixels: Pixels) -> float:
    """Return by how many degrees the long lines of a picture rise to the right.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.

    Returns
    -------
    float
        From -2 to 2; 0 where they are level, or where none stands out.
    """
    pixels = _coarse(pixels)
    away = np.abs(pixels.astype(np.int16) - background(pixels).astype(np.int16)).max(axis=2)
    rows, columns = np.nonzero(away > 100)
    if rows.size == 0:
        return 0.0
    every = -(-rows.size // MOST_POINTS)
    rows, columns = rows[::every], columns[::every]
    angles = np.arange(-round(MOST / STEP), round(MOST / STEP) + 1) * STEP
    fullness = np.array([_fullness(rows + columns * np.tan(np.radians(angle))) for angle in angles])
    best = int(fullness.argmax())
    long = fullness[best] >= FULL * (LONG * pixels.shape[1] / every) ** 2
    if not long or fullness[best] < CLEARER * fullness[angles.size // 2]:
        return 0.0
    peak = slice(max(best - 6, 0), best + 7)
    weights = np.maximum(fullness[peak] - 0.8 * fullness[best], 0)
    angle = float(np.sum(weights * angles[peak]) / np.sum(weights))
    return angle if abs(angle) >= LEAST else 0.0


def _coarse(pixels: Pixels) -> Pixels:
    """Leave out rows and columns of a large picture, whose lines are thick."""
    step = math.ceil(math.sqrt(pixels.shape[0] * pixels.shape[1] / MOST_PIXELS))
    return pixels[::step, ::step]


def _fullness(heights: FloatArray) -> float:
    """Return how much the points gather in few rows."""
    counts = np.bincount(np.round(heights - heights.min()).astype(np.int64)).astype(float)
    return float(np.sum(np.sort(counts)[-FULL:] ** 2))  # text lies in many rows, an axis in few


def straightened(pixels: Pixels, angle: float) -> Pixels:
    """Turn a picture so that its long lines are level.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.
    angle : float
        As `tilt` returns it.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Of the same size; what comes in at the corners has the color of the background.
    """
    from PIL import Image

    red, green, blue = (int(part) for part in background(_coarse(pixels)))
    turned = Image.fromarray(pixels).rotate(-angle, Image.Resampling.BICUBIC, fillcolor=(red, green, blue))
    return np.array(turned, dtype=np.uint8)
