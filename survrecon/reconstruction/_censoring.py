"""Draws of when subjects were censored where no numbers at risk are printed: how a trial enters, loses and follows its subjects.

Subjects enter over the share r of the time to the data cut C, ever faster (b > 1) or slower, and are lost at a constant
rate: at time t, exp(-rate t) min(1, (C - t) / (r C))^b are uncensored. None of these is printed. They are drawn: r evenly
from 0 to 1, log b around 0, the losses over one median from an exponential distribution, and C so that few are left where
the curve ends.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from survrecon.data import FloatArray
from survrecon.reconstruction._layout import Layout

LOST = 0.15  # mean share of subjects lost to follow-up, or so, over one median
BEND = 0.5  # standard deviation of log b
POOL = 30  # tried for each draw
LOOSE = 0.3  # standard deviation of the events for known r, rate and C, over that of as many independent subjects


def drawn_censoring(layout: Layout, draws: int, total: int | None, rng: Generator) -> FloatArray:
    """Draw the censored before each point of an arm without a risk table.

    Parameters
    ----------
    layout : Layout
        Points, in one interval.
    draws : int
        How many.
    total : int or None
        Printed number of events: what implies another is less likely.
    rng : numpy.random.Generator
        Random numbers.

    Returns
    -------
    ndarray of float, shape (draws, k)
        Non-decreasing, not whole numbers.
    """
    n, end, size = float(layout.counts[0]), layout.end, POOL * draws
    above = np.append(1.0, layout.survival[:-1])
    least = max(float(layout.survival[layout.survival > 0][-1]), 0.5 / n)
    scale = end / max(-np.log2(least), 0.1)  # a median, were the hazard constant
    accrual, rate, left = rng.random(size), rng.exponential(LOST, size) / scale, rng.exponential(1.0, size)
    bend = np.exp(BEND * rng.standard_normal(size))
    followed = n * least * np.exp(-rate * end)  # to the end of the curve, had all entered early enough
    reached = left < followed
    cut = np.where(reached, end / (1 - accrual * np.minimum(left / followed, 1 - 1e-9) ** (1 / bend)), np.inf)
    weight = 1 - np.exp(-followed)
    if total is not None:
        coarse = np.unique(np.linspace(0, layout.time.size - 1, 60).astype(int))
        drop = -np.diff(layout.survival[coarse], prepend=1.0)
        expected = n * _uncensored(layout.time[coarse], accrual, bend, rate, cut) @ drop
        spread = max(1.0, LOOSE * np.sqrt(total))
        far = (expected - total) ** 2 / (2 * spread**2)
        weight = weight * np.exp(-(far - far.min()))
    chosen = rng.choice(size, draws, p=weight / weight.sum())
    uncensored = _uncensored(layout.time, accrual[chosen], bend[chosen], rate[chosen], cut[chosen])
    gain = n * above * -np.diff(uncensored, prepend=1.0, axis=1)
    return np.cumsum(gain + np.sqrt(np.maximum(gain, 0)) * rng.standard_normal(gain.shape), axis=1)


def _uncensored(time: FloatArray, accrual: FloatArray, bend: FloatArray, rate: FloatArray, cut: FloatArray) -> FloatArray:
    """Return the share uncensored at each time, one row for each set of parameters."""
    with np.errstate(invalid="ignore"):
        entered = np.where(np.isinf(cut)[:, None], 1.0, (cut[:, None] - time) / (accrual * cut)[:, None])
    share: FloatArray = np.exp(-rate[:, None] * time) * np.clip(entered, 0, 1) ** bend[:, None]
    return share
