"""How far from a curve the other courses run that its ink would allow nearly as well."""

from __future__ import annotations

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_thickness import ink_thickness
from survrecon.digitize.raster_trace import (
    BLANK_ACROSS,
    BLANK_DOWN,
    HIDDEN_ACROSS,
    HIDDEN_DOWN,
    START_AWAY,
    TURN,
    Floats,
    closed,
    start_reach,
)

DASHED = 0.35  # worth of a gap between dashes
CHANCE = 4.0  # columns of ink that marks and letters add by chance: a course that explains so many less is e times less likely


def rival_distances(curve: Found, start_row: float) -> FloatArray:
    """Return how far from a curve it may truly run, given its ink.

    Parameters
    ----------
    curve : Found
        The curve.
    start_row : float
        Row where curves start.

    Returns
    -------
    ndarray of float
        For each column of its path, the root mean square distance in pixels of all courses, each weighted by how well it explains
        the ink; what lies within the line counts as 0.
    """
    path, half = curve.path, curve.steps.thickness / 2 + 1
    lost = _lost(curve, start_row)[: path.enter.size]
    weight = np.exp(-(lost - lost.min(axis=1, keepdims=True)) / CHANCE)
    rows, columns = np.arange(lost.shape[1]) + 0.5, path.columns.astype(float) + 0.5

    def level(at: FloatArray) -> FloatArray:
        return curve.steps.rows(at)[:, None]

    within = (rows >= level(columns - half) - half) & (rows <= level(columns + half) + half)  # a drop is as wide as the line
    squares = np.where(within, 0, (rows - level(columns)) ** 2)
    return np.asarray(np.sqrt((weight * squares).sum(axis=1) / weight.sum(axis=1)), dtype=float)


def _lost(curve: Found, start_row: float) -> Floats:
    """Return, for each column and row, how much less ink the best course through it explains than the best of all.

    A course through a pixel is the best one that leads to it, and the best one from there on: found by going through the columns
    once forwards and once backwards.
    """
    across, down = _costs(curve)
    width, height = across.shape
    start = np.abs(np.arange(height) + 0.5 - start_row) <= start_reach(height)
    cost = np.where(start, 0.0, START_AWAY * width)
    lost = np.empty((width, height), dtype=np.float32)
    for column in range(width):
        cost = cost + across[column]
        cost = np.minimum(cost, np.minimum.accumulate(cost - down[column]) + down[column] + TURN)
        lost[column] = cost
    best = lost.min()
    after = np.zeros(height)
    for column in range(width - 1, -1, -1):
        lost[column] += after - best
        dropped = np.minimum.accumulate((after + down[column])[::-1])[::-1] - down[column] + TURN
        after = np.minimum(0, across[column] + np.minimum(after, dropped))  # or it ends before
    return lost


def _costs(curve: Found) -> tuple[Floats, Floats]:
    """Return the cost of each pixel to the right, and of each column from its top downwards; both by column."""
    first = curve.path.first
    own, blank = curve.ink.own[:, first:], curve.ink.blank[:, first:]
    hidden = np.clip(1 - own - blank, 0, 1)
    thickness = max(1, round(ink_thickness(own)))
    gaps_across, gaps_down = (closed(own, thickness, axis) for axis in (1, 0))
    across = HIDDEN_ACROSS * hidden + BLANK_ACROSS * blank * (1 - 0.8 * gaps_across) - np.maximum(own, DASHED * gaps_across)
    down = np.cumsum(HIDDEN_DOWN * hidden + BLANK_DOWN * blank * (1 - gaps_down), axis=0)
    return np.ascontiguousarray(across.T), np.ascontiguousarray(down.T)
