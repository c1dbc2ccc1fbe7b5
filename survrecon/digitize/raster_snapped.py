"""How far a program moved lines to whole pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.raster_trace import Steps

ALIGNED = 0.3  # of levels and drops at one part of a pixel: by chance it would be a quarter
RATHER = 2.0  # times as many as half a pixel from there


def snapped(curves: Sequence[Steps], ticks: Sequence[float]) -> float:
    """Return how far curves were moved against the ticks when both were drawn on whole pixels.

    Parameters
    ----------
    curves : sequence of Steps
        The curves.
    ticks : sequence of float
        Positions of the ticks.

    Returns
    -------
    float
        To be added to their rows and columns: 0 where lines are not drawn on whole pixels.

    Notes
    -----
    Agg, which draws for matplotlib, rounds the middle of a line to a whole pixel, plus one half if the line is an odd number of pixels
    thick. So between lines of odd and even thickness there is half a pixel, to the right and downwards.
    """
    if len(ticks) < 2 or not curves:
        return 0.0
    for tick, moved in ((0.5, 0.5), (0.0, -0.5)):
        if _near(np.asarray(ticks), tick).mean() > 0.99:
            same, other = (_share(curves, part) for part in (tick, 0.5 - tick))
            return moved if other > max(ALIGNED, RATHER * same) else 0.0
    return 0.0


def _share(curves: Sequence[Steps], part: float) -> float:
    """Return which share of levels, by their length, and of drops has this fractional part."""
    lengths = np.concatenate([np.diff(np.append(curve.x, curve.end)) for curve in curves])
    levels = _near(np.concatenate([curve.y for curve in curves]), part) @ lengths / lengths.sum()
    drops = _near(np.concatenate([curve.x[1:] for curve in curves]), part)
    return float((levels + drops.mean()) / 2 if drops.size else levels)


def _near(values: FloatArray, part: float) -> FloatArray:
    """Return 1 for values with this fractional part, give or take a little, else 0."""
    return np.asarray(np.abs((values - part + 0.5) % 1 - 0.5) < 0.12, dtype=float)
