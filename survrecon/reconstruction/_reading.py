"""How precisely the coordinates were read: quantization, jitter, or neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.data import Curve, FloatArray

FINEST_LATTICE = 2e-5  # a finer common step than this tells nothing that matters
COARSEST_LATTICE = 0.0125  # two printed digits or 80 pixels; a coarser common step is a fraction of a small arm
COARSEST_TIME_STEP = 0.01  # of the follow-up; a coarser one is the unit in which times were recorded
RESOLVED = 0.3  # reading error, in subjects of a full arm, up to which single events stand out


@dataclass(frozen=True)
class Reading:
    """What the coordinates say about their own error.

    Attributes
    ----------
    lattice : float
        Common step of all survival values (a pixel, a printed digit), or that of the figure where it is stated; 0 where there is none.
    jitter : float
        Standard deviation of what isotonic regression had to move; 0 for a curve read without a rise.
    regular : bool
        Whether the curve was sampled at equal steps of time (pixel columns), drops or not.
    freedom : int
        Degrees of freedom behind `jitter`; 0 for a curve read without a rise.
    time_step : float
        The same of all times; 0 where there is none, or one so coarse that the times themselves are whole numbers of it.
    """

    lattice: float
    jitter: float
    freedom: int
    regular: bool
    time_step: float

    @property
    def sigma(self) -> float:
        """Standard deviation of the reading error that these two explain; 0 where neither shows."""
        return max(self.jitter, self.lattice / 12**0.5)


def common_step(values: FloatArray, tolerance: float = 1e-6) -> float:
    """Return the largest step of which all `values` are multiples, by Euclid's algorithm on floats.

    Parameters
    ----------
    values : ndarray of float
        Non-negative numbers.
    tolerance : float
        Remainders below this count as zero.

    Returns
    -------
    float
        The step; 0 where it would be below `FINEST_LATTICE` or there are fewer than two distinct values.

    Examples
    --------
    >>> round(common_step(np.array([0.0, 0.15, 0.35, 0.4, 0.75, 0.8])), 9)
    0.05
    """
    distinct = np.unique(np.round(values, 12))
    distinct = distinct[distinct > tolerance]
    if distinct.size < 2:
        return 0.0
    step = float(distinct[0])
    for value in distinct[1:]:
        a, b = float(value), step
        while b > tolerance:
            a, b = b, a % b
            if b > a - tolerance:  # the remainder is a multiple but for rounding
                b = 0.0
            if a < FINEST_LATTICE:
                return 0.0
        step = a
    return step


def reading_of(curve: Curve, n: int) -> Reading:
    """Estimate the reading error from quantization and from rises that a survival curve cannot have.

    Parameters
    ----------
    curve : Curve
        After `survrecon.clean.clean`.
    n : int
        Subjects: an uncensored arm's exact survival is a multiple of 1 / n, which is no rounding.

    Returns
    -------
    Reading
        Jitter from the variance within the levels that isotonic regression found, pooled over their degrees of freedom.
    """
    values = curve.survival if curve.reading is None else curve.reading
    step = common_step(1 - values)
    if abs(step * n - 1) < 1e-6:
        step = 0.0
    moved = values - curve.survival
    rises = np.count_nonzero(np.abs(moved) > 1e-9) > 2
    level = np.cumsum(np.diff(curve.survival, prepend=1.0) < -1e-12)
    size = np.bincount(level)
    freedom = int(np.sum(np.maximum(size - 1, 0)))
    jitter = float(np.sqrt(np.sum(moved**2) / max(freedom, 1))) if rises else 0.0
    gaps = np.diff(curve.time[1:])
    equal = gaps.size > 20 and np.mean(np.isclose(gaps, np.median(gaps), rtol=1e-3)) > 0.8
    end = float(curve.time[-1])
    time_step = common_step(curve.time / end)
    finest_time, finest = curve.resolution or (0.0, 0.0)
    return Reading(
        max(step if step <= COARSEST_LATTICE else 0.0, finest),
        jitter,
        freedom if rises else 0,
        bool(equal and np.mean(np.diff(values) >= 0) > 0.1),
        max(time_step * end if time_step <= COARSEST_TIME_STEP else 0.0, finest_time),
    )
