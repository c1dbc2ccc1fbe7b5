"""How thick lines are."""

from __future__ import annotations

import numpy as np

from survrecon.data import IntArray
from survrecon.digitize.raster_runs import outside
from survrecon.digitize.raster_trace import Floats, follow

FREQUENT = 0.4  # times as often as the commonest
LEVEL = 0.05  # of a curve's columns, between which its line is as high


def ink_thickness(own: Floats) -> float:
    """Return how thick the lines are that run to the right: the least of the frequent heights of ink whose edges are level.

    Parameters
    ----------
    own : ndarray of float32, shape (height, width)
        Share of each pixel that is covered.

    Returns
    -------
    float
        In pixels, from 1.
    """
    solid = own > 0.5
    over, under = outside(solid)
    heights = np.where(solid & (over == np.arange(own.shape[0])[:, None] - 1), under - over - 1, 0)  # at the top of each run
    here, left, right = heights[:, 1:-1], heights[:, :-2], heights[:, 2:]
    counts = np.bincount(here[(here > 0) & (here == left) & (here == right)], minlength=2)  # no marks nor letters
    return _least_frequent(counts) if counts.any() else 1.0


def line_thickness(own: Floats, blank: Floats, first: int, start_row: float) -> float:
    """Return how thick the line of the curve with most of the ink is.

    Parameters
    ----------
    own, blank : ndarray of float32, shape (height, width)
        Share of each pixel that is covered by this curve's color, and by nothing.
    first : int
        Column where curves start.
    start_row : float
        Row where they do.

    Returns
    -------
    float
        In pixels, from 1: the least of the frequent heights where it is level; letters of the same color, which may be the more,
        do not count. That of the ink where the curve is hardly ever level.
    """
    rough = ink_thickness(own[:, first:])
    path = follow(own, blank, first, start_row, rough)
    solid, at = own > 0.5, path.columns
    over, under = outside(solid)
    runs = (path.enter == path.leave) & solid[path.enter, at]
    top, height = over[path.enter, at], np.where(runs, (under - over - 1)[path.enter, at], 0)
    same = (np.diff(top) == 0) & (np.diff(height) == 0)
    counts = np.bincount(height[1:-1][(height[1:-1] > 0) & same[1:] & same[:-1]], minlength=2)
    return _least_frequent(counts) if counts.sum() > LEVEL * at.size else rough


def _least_frequent(counts: IntArray) -> float:
    """Return the least height that is found nearly as often as the commonest."""
    return float(np.flatnonzero(counts >= FREQUENT * counts.max())[0])
