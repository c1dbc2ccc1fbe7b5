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
ROUNDS, STEP = (20, 10, 10), 1e-3  # after which, and by which, shares are settled; between, nearly gray colors are measured again
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
    luma = ink.coarse @ BRIGHTNESS
    inked = luma > INKED
    near = ndimage.binary_dilation(inked, np.ones((BLUR.size, BLUR.size)))
    blur = _blur(inked, near)
    seen = (ink.coarse - luma[:, :, None])[near][:, [0, 2]]
    dark = luma[inked]
    vectors = [color.astype(np.float32) - ink.fill[inked] for color in colors]
    depths = [np.maximum(vector @ BRIGHTNESS, DIM) for vector in vectors]
    tints = np.array([(v - (v @ BRIGHTNESS)[:, None])[:, [0, 2]] / d[:, None] for v, d in zip(vectors, depths, strict=True)])
    faded = np.array([np.ptp(color) < FADED for color in colors])
    shares, tints = _settled(dark, tints, faded, blur, seen)
    rest = np.zeros((*inked.shape, 2), dtype=np.float32)
    rest[near] = seen - blur @ _made(shares, dark, tints)
    red, blue = ndimage.uniform_filter(rest, size=(EVEN, EVEN, 1))[inked].T
    green = -(BRIGHTNESS[0] * red + BRIGHTNESS[2] * blue) / BRIGHTNESS[1]  # so that all three are as bright as nothing
    unexplained = np.stack([red, green, blue], axis=1)
    line = ink.line.copy()
    line[inked] = unexplained + sum((dark * s / d)[:, None] * v for s, d, v in zip(shares, depths, vectors, strict=True))
    ours = np.exp(-0.5 * np.sum(unexplained**2, axis=1) / UNLIKE**2)
    together = same_hues(colors).astype(np.float32) @ shares
    covered = [_spread(ours * np.clip(dark * s / d, 0, 1), inked) for s, d in zip(together, depths, strict=True)]
    return replace(ink, line=line), covered


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


def _settled(dark: Floats, tints: Floats, faded: BoolArray, blur: sparse.csr_array, seen: Floats) -> tuple[Floats, Floats]:
    """Find the share of each color in the darkness of each inked pixel; also the tints, red and blue, of colors as they then are."""
    measured, logits = tints, np.zeros(tints.shape[:2], dtype=np.float32)
    for number, rounds in enumerate(ROUNDS):
        if number:
            tints = measured * np.where(faded, _richer(_softmax(logits), dark, measured, blur, seen), 1)[:, None, None]
        for _ in range(rounds):
            back = blur.T @ (seen - blur @ _made(_softmax(logits), dark, tints))
            logits += STEP * dark * np.einsum("kpc,pc->kp", tints, back)
    return _softmax(logits), tints


def _softmax(logits: Floats) -> Floats:
    weight = np.exp(logits - logits.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))


def _made(shares: Floats, dark: Floats, tints: Floats) -> Floats:
    """Return the color, red and blue without their brightness, that inked pixels have before it is blurred."""
    return np.asarray(dark[:, None] * np.einsum("kp,kpc->pc", shares, tints), dtype=np.float32)


def _richer(shares: Floats, dark: Floats, tints: Floats, blur: sparse.csr_array, seen: Floats) -> Floats:
    """Return how many times as colored each color must be for what is seen: as much as it was, or more."""
    made = [blur @ ((dark * share)[:, None] * tint) for share, tint in zip(shares, tints, strict=True)]
    each = np.stack([color.ravel() for color in made], axis=1).astype(float)
    squares = each.T @ each
    firm = squares + np.diag(FIRM * np.diag(squares) + 1)
    more = np.linalg.solve(firm, each.T @ (seen.ravel() - each.sum(axis=1)))
    return np.asarray(np.clip(1 + more, 1, RICHEST), dtype=np.float32)


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
