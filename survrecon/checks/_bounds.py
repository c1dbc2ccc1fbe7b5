"""What curves, medians and landmarks say about survival at the times of the risk table, as lower and upper bounds.

Everything here rests on one inequality. With n(t) subjects at risk at t (time >= t) and S the Kaplan-Meier estimate,
n(t) / S(t-) never increases: it is n times the Kaplan-Meier estimate of not being censored. Hence n(t) <= n S(t-), and for
times u < t, S(t-) >= S(u-) n(t) / n(u).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survrecon.checks._arithmetic import span
from survrecon.checks._bands import left_at, survival_at_limit
from survrecon.clean import clean
from survrecon.data import Arm, Curve, FloatArray
from survrecon.errors import CurveError
from survrecon.published import PublishedValue
from survrecon.reconstruction._reading import reading_of
from survrecon.results import READING

#: No curve is read worse than this share of its axes: twice what `survrecon.results.READING` allows.
WORST_READING = 2 * READING


@dataclass(frozen=True, eq=False)
class Bounds:
    """Survival at some times lies between these.

    Attributes
    ----------
    lower : ndarray of float, shape (m,)
        Bound of survival just after each time.
    upper : ndarray of float, shape (m,)
        Bound of survival just before each time.
    """

    lower: FloatArray
    upper: FloatArray

    def both(self, other: Bounds) -> Bounds:
        """Return the bounds that follow from this and the other.

        Parameters
        ----------
        other : Bounds
            At the same times.

        Returns
        -------
        Bounds
            The greater lower and the lesser upper bound.
        """
        return Bounds(np.maximum(self.lower, other.lower), np.minimum(self.upper, other.upper))


def cleaned_curve(arm: Arm) -> Curve | str:
    """Return an arm's curve as survival probability that does not rise, or why it cannot be one.

    Parameters
    ----------
    arm : Arm
        With a curve.

    Returns
    -------
    Curve or str
        The message of the error where there is one.
    """
    try:
        curve = clean(replace(arm, risk=None, censor_times=None)).arm.curve
    except CurveError as error:
        return str(error)
    return curve if curve is not None else "no curve"


def reading_error(curve: Curve, n: int) -> float:
    """Return how exactly a curve was read, as a share of its axes.

    Parameters
    ----------
    curve : Curve
        After cleaning.
    n : int
        Subjects.

    Returns
    -------
    float
        Half its lattice and four standard deviations of its jitter where it has a lattice (pixels, printed digits), but no
        more than `survrecon.results.READING`, which is also the answer for clicks.
    """
    if curve.time[-1] == 0:
        return READING
    reading = reading_of(curve, n)
    return min(READING, reading.lattice + 4 * reading.jitter) if reading.lattice else READING


def none(times: FloatArray) -> Bounds:
    """Return the bounds that hold for every curve: 0 and 1.

    Parameters
    ----------
    times : ndarray of float, shape (m,)
        Where.

    Returns
    -------
    Bounds
        Survival is 1 before time 0.
    """
    return Bounds(np.zeros(times.size), np.ones(times.size))


def of_curve(curve: Curve, times: FloatArray, error: float) -> Bounds:
    """Return the bounds from a curve that was read with an error.

    Parameters
    ----------
    curve : Curve
        After cleaning.
    times : ndarray of float, shape (m,)
        Where.
    error : float
        Of reading, as a share of each axis; a step may be missed between one point and the next.

    Returns
    -------
    Bounds
        Upper: the last point surely before the time; lower: the first point surely after it, 0 after the last one.
    """
    shift = error * curve.time[-1]
    before = np.searchsorted(curve.time, times - shift, side="left") - 1
    after = np.searchsorted(curve.time, times + shift, side="right")
    survival = np.append(curve.survival, 0.0)
    upper = np.where(before < 0, 1.0, survival[before] + error)
    lower = survival[np.minimum(after, curve.time.size)] - error
    return Bounds(np.clip(lower, 0, 1), np.clip(upper, 0, 1))


def of_median(value: PublishedValue, times: FloatArray) -> Bounds:
    """Return the bounds from a printed median: the first time at which survival is at most one half.

    Parameters
    ----------
    value : PublishedValue
        A median; one that was not reached says that survival stays at or above one half while somebody is at risk.
    times : ndarray of float, shape (m,)
        Where.

    Returns
    -------
    Bounds
        One half on the sides of the rounded median.
    """
    if value.estimate.value is None:
        return Bounds(np.full(times.size, 0.5), np.ones(times.size))
    low, high = span(value.estimate)
    return Bounds(np.where(times < low, 0.5, 0.0), np.where(times > high, 0.5, 1.0))


def of_median_interval(arm: Arm, value: PublishedValue, times: FloatArray) -> Bounds:
    """Return the bounds from a printed median and the limits of its interval.

    Parameters
    ----------
    arm : Arm
        Its n and numbers at risk bound the width of the band.
    value : PublishedValue
        A median.
    times : ndarray of float, shape (m,)
        Where.

    Returns
    -------
    Bounds
        Those of `of_median`; and the band has not crossed one half before the lower limit, and has after the upper one.
    """
    bounds = of_median(value, times)
    for side, limit in zip(("lower", "upper"), value.ci or (), strict=False):
        if limit.value is not None and limit.relation == "=":
            low, high = span(limit)
            least, most = survival_at_limit(side, arm.n, left_at(arm, high), value.level, value.ci_type)
            bounds = bounds.both(Bounds(np.where(times < low, least, 0.0), np.where(times > high, most, 1.0)))
    return bounds


def of_landmark(value: PublishedValue, times: FloatArray) -> Bounds:
    """Return the bounds from a printed survival at one time.

    Parameters
    ----------
    value : PublishedValue
        With a time.
    times : ndarray of float, shape (m,)
        Where.

    Returns
    -------
    Bounds
        At least the printed survival up to its time, at most that later.
    """
    low, high = span(value.estimate)
    at = np.inf if value.time is None else value.time
    return Bounds(np.where(times <= at, max(low, 0.0), 0.0), np.where(times > at, min(high, 1.0), 1.0))


def least_survival(count: FloatArray, bounds: Bounds) -> FloatArray:
    """Return the lowest curve that bounds and numbers at risk leave.

    Parameters
    ----------
    count : ndarray of float, shape (m,)
        Numbers at risk, the first of them n.
    bounds : Bounds
        At the same times.

    Returns
    -------
    ndarray of float, shape (m,)
        S_k is at least its own bound, at least every later one, and at least S_{k-1} n_k / n_{k-1}.

    Examples
    --------
    >>> least_survival(np.array([10.0, 8.0, 2.0]), none(np.array([0.0, 1.0, 2.0]))).tolist()
    [1.0, 0.8, 0.2]
    """
    least = np.maximum.accumulate(bounds.lower[::-1])[::-1].copy()
    least[0] = 1.0
    for k in range(1, count.size):
        least[k] = max(least[k], least[k - 1] * count[k] / count[k - 1] if count[k - 1] else 0.0)
    return least


def greatest_survival(count: FloatArray, bounds: Bounds) -> FloatArray:
    """Return the highest curve that bounds and numbers at risk leave.

    Parameters
    ----------
    count : ndarray of float, shape (m,)
        Numbers at risk, the first of them n.
    bounds : Bounds
        At the same times.

    Returns
    -------
    ndarray of float, shape (m,)
        S_k is at most its own bound, at most every earlier one, and at most S_{k+1} n_k / n_{k+1}.

    Examples
    --------
    Two tenths at time 2 with 2 of 8 still at risk: at most 0.2 * 8 / 2 at time 1.

    >>> bounds = Bounds(np.zeros(3), np.array([1, 1, 0.2]))
    >>> greatest_survival(np.array([10.0, 8.0, 2.0]), bounds).tolist()
    [1.0, 0.8, 0.2]
    """
    most = np.minimum.accumulate(bounds.upper)
    for k in range(count.size - 2, -1, -1):
        if count[k + 1]:
            most[k] = min(most[k], most[k + 1] * count[k] / count[k + 1])
    return most


def event_range(count: FloatArray, bounds: Bounds, rest: float) -> tuple[float, float] | None:
    """Return the least and the greatest number of events.

    Between two times with a and b at risk, survival falling by the factor r takes at least b (1 / r - 1) events, all of
    them after the losses, and at most a (1 - r), all of them before. The sum is least on the highest curve and greatest on
    the lowest: its derivative by each S_k is negative wherever n(t) / S(t-) does not increase.

    Parameters
    ----------
    count : ndarray of float, shape (m,)
        Numbers at risk, the first of them n.
    bounds : Bounds
        At the same times.
    rest : float
        The most events after the last time.

    Returns
    -------
    tuple of float, or None
        None where no curve meets the bounds.

    Examples
    --------
    Ten subjects, four at risk when survival is 0.5: four events if they come last, five if they come first; all four
    that are left may have one later.

    >>> event_range(np.array([10.0, 4.0]), Bounds(np.array([1, 0.5]), np.array([1, 0.5])), rest=4.0)
    (4.0, 9.0)
    """
    low, high = least_survival(count, bounds), greatest_survival(count, bounds)
    if np.any(low > high + 1e-9):
        return None
    fewest = sum(count[k + 1] * (high[k] / high[k + 1] - 1) for k in range(count.size - 1) if high[k + 1] > 0)
    most = sum(count[k] * (1 - low[k + 1] / low[k]) for k in range(count.size - 1) if low[k] > 0)
    return float(fewest), float(most) + rest
