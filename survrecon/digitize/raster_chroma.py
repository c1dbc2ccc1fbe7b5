"""Put back where a JPEG took the color of ink from: it keeps brightness for each pixel, but color only for every other one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage, sparse

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_fills import Contrast, Floats

BRIGHTNESS = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # of red, green and blue, as a JPEG keeps it
BLUR = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16  # of color, each way: means of two pixels, spread again between their middles
INKED = 6.0  # of 255: darker than what is behind it
DIM = 20.0  # of 255: colors count as this dark at least
MOST = 250_000  # inked pixels, for time and memory (8 s, 8 colors): 136,000 in a figure of 300 dpi with four arms and their circles
ROUNDS, STEP = (20, 10, 10), 1e-3  # after which, and by which, shares are settled; between, colors are measured again
FADED = 30  # of 255, between the channels of a color: a JPEG may have left so little of it
FIRM, RICHEST = 0.3, 3.0  # how firmly they stay what they were, and how many times as colored they may have been
EVEN = 5  # pixels over which color that no ink explains is averaged: most of it is noise
UNLIKE = 50.0  # of 255: color that no ink explains is other ink's
SAME_HUE = 0.15  # of their brightness, by which colors differ that cannot be told by hue


def unmixed(ink: Contrast, colors: list[FloatArray]) -> tuple[Contrast, list[Floats]]:
    """Share the ink of a JPEG out among colors so that, blurred as a JPEG blurs color, it has the color that is seen.

    Parameters
    ----------
    ink : Contrast
        Of the plot, with what the JPEG has.
    colors : list of ndarray of float, shape (3,)
        Each color's difference from the background.

    Returns
    -------
    ink : Contrast
        With the color of each pixel, as far as it is known.
    shares : list of ndarray of float32, shape (height, width)
        How much of each pixel each color covers; colors that hue does not tell from each other, together.

    Raises
    ------
    ValueError
        If the ink is no JPEG's.

    Notes
    -----
    All darkness of a pixel is some color's. Which, is found by exponentiated gradients: from equal shares, each grows by as much as it
    lessens the squared difference between the color that is seen and the blurred color of all shares (Kivinen and Warmuth,
    Information and Computation 1997;132:1-63). A JPEG also leaves thin lines less of their color than they had: of
    colors that are nearly gray it is measured twice more, by least squares from the same difference, how colored they were.
    """
    if ink.coarse is None:
        raise ValueError("only the ink of a JPEG has its colors mixed")
    height, width, _ = ink.coarse.shape
    dark = ink.coarse @ BRIGHTNESS
    inked = dark > INKED
    near = ndimage.binary_dilation(inked, np.ones((BLUR.size, BLUR.size)))
    blur = _blur(inked, near)
    seen = (ink.coarse - dark[:, :, None])[near][:, [0, 2]]
    dark = dark[inked]
    vectors = [color.astype(np.float32) - ink.fill[inked] for color in colors]
    depths = [np.maximum(vector @ BRIGHTNESS, DIM) for vector in vectors]
    tints = np.array([(v - (v @ BRIGHTNESS)[:, None])[:, [0, 2]] / d[:, None] for v, d in zip(vectors, depths, strict=True)])
    faded = np.array([np.ptp(color) < FADED for color in colors])
    power, first = np.zeros((len(colors), dark.size), dtype=np.float32), tints
    for number, rounds in enumerate(ROUNDS):
        if number:
            tints = first * np.where(faded, _richer(power, dark, first, blur, seen), 1)[:, None, None]
        for _ in range(rounds):
            back = blur.T @ (seen - blur @ _made(power, dark, tints))
            power += STEP * dark * np.einsum("kpc,pc->kp", tints, back)
    rest = np.zeros((height, width, 2), dtype=np.float32)
    rest[near] = seen - blur @ _made(power, dark, tints)
    red, blue = ndimage.uniform_filter(rest, size=(EVEN, EVEN, 1))[inked].T
    other = np.stack([red, -(BRIGHTNESS[0] * red + BRIGHTNESS[2] * blue) / BRIGHTNESS[1], blue], axis=1)  # as bright as nothing
    share = _shares(power)
    line = ink.line.copy()
    line[inked] = other + sum((dark * s / d)[:, None] * v for s, d, v in zip(share, depths, vectors, strict=True))
    explained = np.exp(-0.5 * np.sum(other**2, axis=1) / UNLIKE**2)
    together = same_hues(colors).astype(np.float32) @ share
    found = [_spread(explained * np.clip(dark * s / d, 0, 1), inked) for s, d in zip(together, depths, strict=True)]
    return replace(ink, line=line), found


def can_unmix(ink: Contrast) -> bool:
    """Return whether this is a JPEG's ink, and so little that it can be lines.

    Parameters
    ----------
    ink : Contrast
        Of the plot.

    Returns
    -------
    bool
        Whether `unmixed` tells more than `ink`.
    """
    return ink.coarse is not None and int(np.sum(ink.coarse @ BRIGHTNESS > INKED)) <= MOST


def same_hues(colors: list[FloatArray]) -> BoolArray:
    """Return which colors cannot be told from each other by hue.

    Parameters
    ----------
    colors : list of ndarray of float, shape (3,)
        Each color's difference from the background.

    Returns
    -------
    ndarray of bool, shape (colors, colors)
        True for each with itself.
    """
    tints = np.array([color / max(float(color @ BRIGHTNESS), DIM) for color in colors])[:, [0, 2]]
    return np.asarray(np.linalg.norm(tints[:, None] - tints, axis=2) < SAME_HUE)


def _richer(power: Floats, dark: Floats, tints: Floats, blur: sparse.csr_array, seen: Floats) -> Floats:
    """Return how many times as colored each color must be for what is seen: as much as it was, or more."""
    each = np.stack(
        [(blur @ ((dark * share)[:, None] * tint)).ravel() for share, tint in zip(_shares(power), tints, strict=True)], axis=1
    ).astype(float)
    squares = each.T @ each
    firm = squares + np.diag(FIRM * np.diag(squares) + 1)
    more = np.linalg.solve(firm, each.T @ (seen.ravel() - each.sum(axis=1)))
    return np.asarray(np.clip(1 + more, 1, RICHEST), dtype=np.float32)


def _made(power: Floats, dark: Floats, tints: Floats) -> Floats:
    """Return the color, red and blue without their brightness, that inked pixels have before it is blurred."""
    return np.asarray(dark[:, None] * np.einsum("kp,kpc->pc", _shares(power), tints), dtype=np.float32)


def _shares(power: Floats) -> Floats:
    weight = np.exp(power - power.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))


def _spread(values: Floats, inked: BoolArray) -> Floats:
    sheet = np.zeros(inked.shape, dtype=np.float32)
    sheet[inked] = values
    return sheet


def _blur(inked: BoolArray, near: BoolArray) -> sparse.csr_array:
    """Return what blurs the color of inked pixels: the matrix from these to those near them."""
    number = np.full(inked.shape, -1, dtype=np.int32)
    number[inked] = np.arange(inked.sum())
    spare = BLUR.size // 2
    number = np.pad(number, spare, constant_values=-1)
    y, x = np.nonzero(near)
    parts = []
    for down, upright in enumerate(BLUR):
        for right, level in enumerate(BLUR):
            pixel = number[y + down, x + right]
            there = np.flatnonzero(pixel >= 0).astype(np.int32)
            parts.append((np.full(there.size, upright * level), there, pixel[there]))
    value, row, column = (np.concatenate(items) for items in zip(*parts, strict=True))
    return sparse.csr_array((value, (row, column)), shape=(y.size, int(inked.sum())))
