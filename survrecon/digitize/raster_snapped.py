"""How far a program moved lines to whole pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.raster_trace import Steps

ALIGNED = 0.6  # of a curve's length at one part of a pixel: by chance it would be a quarter


def snapped(steps: Steps, ticks: Sequence[float]) -> float:
    """Return how far a curve was moved against the ticks when both were drawn on whole pixels.

    Parameters
    ----------
    steps : Steps
        The curve.
    ticks : sequence of float
        Positions of the ticks.

    Returns
    -------
    float
        To be added to its rows and columns: 0 where lines are not drawn on whole pixels.

    Notes
    -----
    Agg, which draws for matplotlib, rounds the middle of a line to a whole pixel, plus one half if the line is an odd number of pixels
    thick. So between lines of odd and even thickness there is half a pixel, to the right and downwards.
    """
    if len(ticks) < 2:
        return 0.0
    lengths = np.diff(np.append(steps.x, steps.end))
    odd = [_near(np.asarray(ticks), half).mean() > 0.99 for half in (0.5, 0.0)]
    even_curve = _near(steps.y, 0.0) @ lengths > ALIGNED * lengths.sum()
    odd_curve = _near(steps.y, 0.5) @ lengths > ALIGNED * lengths.sum()
    return 0.5 * (float(odd[0] and even_curve) - float(odd[1] and odd_curve))


def _near(values: FloatArray, part: float) -> FloatArray:
    """Return 1 for values with this fractional part, give or take a little, else 0."""
    return np.asarray(np.abs((values - part + 0.5) % 1 - 0.5) < 0.12, dtype=float)
