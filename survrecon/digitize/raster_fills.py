"""Tell the lines of a plot from the fills behind them, such as confidence bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survrecon.data import FloatArray, IntArray

Floats = NDArray[np.float32]

OPAQUE = 120.0  # a fill is paler than this against the background
RIPPLE = 10  # differences up to this are those of a JPEG, where there are many of them
CLEAR = 100  # and above this are those of lines
RIPPLED = 0.25  # of the number of those above: 0.14 at most of generated PNGs, 0.42 at least of JPEGs
COARSE = 5  # pixels that a JPEG at most keeps one color for, with its soft edges
LEAST = 72.0  # of 441 between black and white: what differs less from the fill behind it is not wholly a line
GRAY = 24  # largest difference between the channels of a gray
DARKER = 1.4  # times the strength of a fill: ink on it is a line's
BROAD = 0.1  # of the plot's width: dense marks are not as long as bands upon each other
CROSSED = 0.9  # of a fill's columns have such ink, where they are bands
EVEN = 0.15  # of a fill's strength, by which it differs where nothing is on it
FLAT = 0.4  # of bands upon each other have nothing on them
HALF = 0.9  # of a fill's strength, that ink on it must have: two bands on each other are a little more than half of their line
NEAR = 5  # pixels: a line's strongest ink is no further away
PAPER = 0.4  # of the most frequent color: bands may cover more of a plot than they leave of its paper, which is lighter


@dataclass(frozen=True, eq=False)
class Contrast:
    """How each pixel of a plot differs from what is behind it.

    Attributes
    ----------
    line : ndarray of float32, shape (height, width, 3)
        The fill behind it minus the pixel.
    fill : ndarray of float32, shape (height, width, 3)
        The background minus that fill.
    deep : ndarray of bool, shape (height, width)
        Where the fill is of several bands on each other: a line on it may be little darker than they are.
    coarse : ndarray of float32, shape (height, width, 3), or None
        For a JPEG, the same as `line` before colors were made even.
    """

    line: Floats
    fill: Floats
    deep: NDArray[np.bool_]
    coarse: Floats | None = None

    @property
    def strength(self) -> Floats:
        """Return how much each pixel differs from what is behind it."""
        return _length(self.line)

    @property
    def opaque(self) -> Floats:
        """Return how the ink of each pixel differs from the background: where a line covers all of it, the fill does not shine through."""
        from scipy import ndimage

        strength = self.strength
        share = np.where(self.deep, 1, strength / np.maximum(ndimage.maximum_filter(strength, size=NEAR), LEAST))
        return np.asarray(self.line + self.fill * share[:, :, None], dtype=np.float32)

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Return where ink is as unlike a fill as the fill is unlike the background: a band is at most half as strong as its line."""
        unlike = np.maximum(self.strength, np.ptp(self.line, axis=2))  # a vivid color may be as light as several bands on each other
        return np.asarray(unlike > np.where(self.deep, LEAST / 2, HALF * _length(self.fill)))


def contrast(pixels: NDArray[np.uint8], behind: FloatArray, fill_size: int) -> Contrast:
    """Find the fills of a plot, and what stands out from them.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The plot.
    behind : ndarray of float, shape (3,)
        Its background.
    fill_size : int
        Ink at least this wide and high is a fill, not a line.

    Returns
    -------
    Contrast
        Of each pixel.
    """
    away = behind.astype(np.float32) - pixels.astype(np.float32)
    fill = _opened(away, fill_size)
    bands = _bands(away, fill)
    solid = (_length(fill) > OPAQUE) & ~bands
    if solid.any():  # many marks beside each other, unless it is larger than they can be
        fill[solid] = _opened(away, 3 * fill_size)[solid]
    fill = _closed(fill, fill_size)
    line = (away - fill).astype(np.float32)
    if not _rippled(away):
        return Contrast(line, fill, bands)
    even = np.where(line.mean(axis=2, keepdims=True) > 0, _even_colors(line), line)
    return Contrast(even.astype(np.float32), fill, bands, line)


def _rippled(away: Floats) -> bool:
    """Whether a JPEG left small differences everywhere; the soft edges of a pale grid are as small, but the same all along them."""
    down, right = (~np.any(np.diff(away, axis=axis), axis=2) for axis in (0, 1))  # the same as the next pixel
    even = down[:-1, 1:-1] & down[1:, 1:-1] | right[1:-1, :-1] & right[1:-1, 1:]
    size = np.abs(away).max(axis=2)[1:-1, 1:-1]
    return bool(np.sum((size > 0) & (size <= RIPPLE) & ~even) > RIPPLED * np.sum(size > CLEAR))


def _bands(away: Floats, fill: Floats) -> NDArray[np.bool_]:
    """Return where several gray bands lie on each other, as dark as many marks beside each other: these have lines on them, and no more."""
    from scipy import ndimage

    ink, level = _length(away), _length(fill)
    areas, many = ndimage.label((level > OPAQUE) & (np.ptp(fill, axis=2) < GRAY))
    inside = np.asarray(areas > 0)
    if not many:
        return inside
    columns = areas.astype(np.int64) * areas.shape[1] + np.arange(areas.shape[1])

    def wide(part: NDArray[np.bool_]) -> IntArray:
        return np.bincount(np.unique(columns[part]) // areas.shape[1], minlength=many + 1)

    even = np.bincount(areas[inside & (np.abs(ink - level) < EVEN * level)], minlength=many + 1)
    width = wide(inside)
    band = (width > BROAD * areas.shape[1]) & (wide(inside & (ink > DARKER * level)) > CROSSED * width)
    band &= even > FLAT * np.bincount(areas.ravel(), minlength=many + 1)
    return np.asarray(inside & band[areas])


def background(pixels: NDArray[np.uint8], share: float = 1.0) -> FloatArray:
    """Return the most frequent color, or the lightest of those that are nearly as frequent.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The plot.
    share : float
        How frequent a lighter color must be, of the most frequent one.

    Returns
    -------
    ndarray of float, shape (3,)
        Red, green, blue.
    """
    flat = pixels.reshape(-1, 3)
    codes = (flat >> 4).astype(np.int32) @ np.array([256, 16, 1], dtype=np.int32)
    often = np.bincount(codes, minlength=4096)
    frequent = np.flatnonzero(often >= share * often.max())
    common = codes == max(frequent, key=lambda code: (code >> 8) + (code >> 4 & 15) + (code & 15))
    return np.asarray(np.median(flat[common], axis=0), dtype=float)


def _length(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.sum(vectors * vectors, axis=2)), dtype=np.float32)


def _opened(away: Floats, size: int) -> Floats:
    """Keep of each channel only what covers a square of this size."""
    from scipy import ndimage

    return np.stack([ndimage.grey_opening(np.clip(channel, 0, None), size=(size, size)) for channel in np.moveaxis(away, 2, 0)], axis=2)


def _closed(fill: Floats, size: int) -> Floats:
    """Fill up each channel where a line that has less of it crosses a fill."""
    from scipy import ndimage

    return np.stack([ndimage.grey_closing(channel, size=(size, size)) for channel in np.moveaxis(fill, 2, 0)], axis=2)


def _even_colors(line: Floats) -> Floats:
    """Take brightness from each pixel but color from its surroundings, as a JPEG keeps color coarsely only."""
    from scipy import ndimage

    dark = np.clip(line.mean(axis=2), 0, None)
    around = ndimage.uniform_filter(dark, size=COARSE) + 1.0
    even = np.empty_like(line)
    for channel in range(3):
        even[:, :, channel] = dark * (1 + ndimage.uniform_filter(line[:, :, channel] - dark, size=COARSE) / around)
    return even
