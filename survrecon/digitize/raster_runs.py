"""Stretches of ink: along one line of pixels, and up and down from each pixel."""

from __future__ import annotations

import numpy as np

from survrecon.data import BoolArray, IntArray


def runs(mask: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the stretches of True.

    Parameters
    ----------
    mask : ndarray of bool, shape (n,)
        What is there.

    Returns
    -------
    first, end : ndarray of int, shape (k,)
        Index of the first one of each stretch, and of the one after its last.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]


def outside(solid: BoolArray) -> tuple[IntArray, IntArray]:
    """Return where the ink around each pixel ends, upwards and downwards.

    Parameters
    ----------
    solid : ndarray of bool, shape (height, width)
        Where there is ink.

    Returns
    -------
    over, under : ndarray of int, shape (height, width)
        The last row without ink at or above each pixel, and the first at or below it; -1 and the height beyond the edges.
    """
    height = solid.shape[0]
    rows = np.arange(height, dtype=np.int32)[:, None]
    over = np.maximum.accumulate(np.where(solid, np.int32(-1), rows), axis=0)
    under = np.minimum.accumulate(np.where(solid, np.int32(height), rows)[::-1], axis=0)[::-1]
    return over, under
