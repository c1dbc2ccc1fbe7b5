"""Kaplan-Meier statistics on arrays, by the conventions of R's survival package.

Throughout, `time` holds the finite, not negative times of one or more subjects, and `event` is True where
the time is an event's. The number at risk at t counts the subjects with time >= t. Times that differ by no
more than `TIE_TOLERANCE` of the longest are one time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survrecon.data import FloatArray, IntArray
from survrecon.errors import NotEstimableError
from survrecon.results import Estimate

TIE_TOLERANCE = 1.5e-8  # R's `timefix`, the square root of the machine epsilon: far above rounding, far below any printed digit
Interval = Literal["log-log", "linear", "log"]


def merge_near_ties(time: ArrayLike) -> FloatArray:
    """Give one value to times that differ by rounding only, as R's ``aeqSurv`` does.

    Parameters
    ----------
    time : array-like, shape (n,)
        Times of all subjects that will be analyzed together.

    Returns
    -------
    ndarray of float, shape (n,)
        The same times; each run of neighbors closer than `TIE_TOLERANCE` of the longest time takes its smallest.

    Examples
    --------
    >>> 0.1 + 0.2 == 0.3
    False
    >>> merge_near_ties([0.1 + 0.2, 1, 0.3]).tolist()
    [0.3, 1.0, 0.3]
    """
    distinct, inverse = np.unique(np.asarray(time, dtype=float), return_inverse=True)
    first = np.diff(distinct, prepend=-np.inf) > TIE_TOLERANCE * distinct[-1]
    merged: FloatArray = distinct[first][np.cumsum(first) - 1][inverse]
    return merged


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Who is at risk, and who has the event, at each distinct event time of each stratum.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        Event times, increasing within a stratum, one stratum after the other.
    n_risk, n_event : ndarray of int, shape (k, groups)
        Subjects with a time at or after each of them, and events at it; groups in the order of their labels.
    before : ndarray of float, shape (k,)
        Kaplan-Meier survival just before each time, all groups of the stratum together.
    """

    time: FloatArray
    n_risk: IntArray
    n_event: IntArray
    before: FloatArray


def risk_sets(time: ArrayLike, event: ArrayLike, group: ArrayLike | None = None, stratum: ArrayLike | None = None) -> RiskSets:
    """Count events and subjects at risk at each event time.

    Parameters
    ----------
    time, event : array-like, shape (n,)
        Times, in any order, and event indicators.
    group, stratum : array-like, shape (n,), optional
        Any labels; one group and one stratum where left out.

    Returns
    -------
    RiskSets
        Without rows where there is no event.
    """
    merged, failed = merge_near_ties(time), np.asarray(event, dtype=bool)
    groups: NDArray[Any] = np.zeros(merged.size) if group is None else np.asarray(group)
    strata: NDArray[Any] = np.zeros(merged.size) if stratum is None else np.asarray(stratum)
    times, risks, events, befores = [], [], [], []
    for value in np.unique(strata):
        here = strata == value
        at = np.unique(merged[here & failed])
        members = [here & (groups == label) for label in np.unique(groups)]
        risk = np.stack([number_at_risk(merged[own], at) for own in members], axis=1)
        died = np.stack([np.bincount(np.searchsorted(at, merged[own & failed]), minlength=at.size) for own in members], axis=1)
        times.append(at)
        risks.append(risk)
        events.append(died)
        befores.append(np.cumprod(np.append(1.0, 1 - died.sum(axis=1) / risk.sum(axis=1)))[:-1])
    return RiskSets(np.concatenate(times), np.concatenate(risks), np.concatenate(events), np.concatenate(befores))


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """A Kaplan-Meier estimate: one row for each distinct event time.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        Event times, increasing.
    n_risk, n_event : ndarray of int, shape (k,)
        Subjects at risk just before, and events at, each time.
    survival : ndarray of float, shape (k,)
        Survival probability just after each time.
    log_se : ndarray of float, shape (k,)
        Greenwood's standard error of log `survival`; infinite where `survival` is 0.
    last_time : float
        Longest follow-up.
    """

    time: FloatArray
    n_risk: IntArray
    n_event: IntArray
    survival: FloatArray
    log_se: FloatArray
    last_time: float

    @property
    def tolerance(self) -> float:
        """Distance below which two times are one."""
        return TIE_TOLERANCE * self.last_time


def _greenwood_terms(n_risk: IntArray, n_event: IntArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        terms: FloatArray = n_event / (n_risk * (n_risk - n_event))
    return terms


def kaplan_meier(time: ArrayLike, event: ArrayLike) -> KaplanMeier:
    """Estimate survival.

    Parameters
    ----------
    time, event : array-like, shape (n,)
        Times, in any order, and event indicators.

    Returns
    -------
    KaplanMeier
        The estimate; without rows where there is no event.

    Examples
    --------
    Of five subjects, one fails at 1; one is lost at 2, so that three are at risk at 3: 4/5, then 4/5 * 2/3.

    >>> km = kaplan_meier([1, 2, 3, 4, 4], [1, 0, 1, 0, 0])
    >>> km.n_risk.tolist(), km.survival.round(4).tolist()
    ([5, 3], [0.8, 0.5333])
    """
    sets = risk_sets(time, event)
    n_risk, n_event = sets.n_risk[:, 0], sets.n_event[:, 0]
    log_se = np.sqrt(np.cumsum(_greenwood_terms(n_risk, n_event)))
    survival = np.cumprod(1 - n_event / n_risk, dtype=np.float64)
    return KaplanMeier(sets.time, n_risk, n_event, survival, log_se, float(np.max(time)))


def number_at_risk(time: ArrayLike, at: ArrayLike) -> IntArray:
    """Count the subjects with a time at or after each of `at`, as the tables under published figures do.

    Parameters
    ----------
    time : array-like, shape (n,)
        Times of events and censorings.
    at : array-like, shape (m,)
        Times of the table.

    Returns
    -------
    ndarray of int, shape (m,)
        The counts.

    Examples
    --------
    >>> number_at_risk([1, 2, 2, 3], [0, 2, 2.5, 4]).tolist()
    [4, 3, 1, 0]
    """
    ordered = np.sort(np.asarray(time, dtype=float))
    earliest = np.asarray(at, dtype=float) - TIE_TOLERANCE * ordered.max(initial=0.0)
    return np.asarray(ordered.size - np.searchsorted(ordered, earliest, side="left"))


def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies within -z and z with probability `level`; 1.96 for 0.95.

    Parameters
    ----------
    level : float
        Between 0 and 1.

    Returns
    -------
    float
        The quantile.
    """
    return NormalDist().inv_cdf((1 + level) / 2)


def upper_deviate(p: float) -> float:
    """Return z with upper tail `p`; a p that underflowed to 0, or rounded to 1, stays finite.

    Parameters
    ----------
    p : float
        Between 0 and 1.

    Returns
    -------
    float
        The deviate.
    """
    return -NormalDist().inv_cdf(min(max(p, 1e-300), 1 - 1e-16))


def _band(km: KaplanMeier, level: float, method: Interval) -> tuple[FloatArray, FloatArray]:
    """Pointwise limits after each event time; NaN where survival is 0, as in R."""
    z = normal_quantile(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "linear":
            half = z * km.survival * km.log_se
            return np.clip(km.survival - half, 0, 1), np.clip(km.survival + half, 0, 1)
        if method == "log":
            factor = np.where(km.survival > 0, np.exp(z * km.log_se), np.nan)
            return km.survival / factor, np.minimum(km.survival * factor, 1.0)
        spread = z * km.log_se / -np.log(km.survival)  # z times the standard error of log(-log S)
        return km.survival ** np.exp(spread), km.survival ** np.exp(-spread)


def survival_at(km: KaplanMeier, time: float, level: float = 0.95, method: Interval = "log-log") -> Estimate:
    """Survival probability at one time.

    Parameters
    ----------
    km : KaplanMeier
        The estimate.
    time : float
        In the unit of the data.
    level : float
        Confidence level.
    method : {"log-log", "linear", "log"}
        Scale on which the interval is symmetric: log(-log S), S itself (Greenwood), or log S; the last
        two are cut to [0, 1].

    Returns
    -------
    Estimate
        No value after the last follow-up, unless survival had reached 0; no log-log limits where survival is
        1, and no limits at all where it is 0, as in R.
    """
    row = int(np.searchsorted(km.time, time + km.tolerance, side="right")) - 1
    survival = 1.0 if row < 0 else float(km.survival[row])
    if time > km.last_time + km.tolerance and survival > 0:
        return Estimate(None, level=level, method=method, why=f"time {time:g} is beyond the last follow-up, {km.last_time:g}")
    if row < 0:
        limit = None if method == "log-log" else 1.0
        return Estimate(1.0, limit, limit, level, method, se=0.0, why=f"no event by time {time:g}")
    if survival == 0:
        return Estimate(0.0, level=level, method=method, why=f"survival is 0 at time {time:g}: no standard error")
    lower, upper = _band(km, level, method)
    return Estimate(survival, float(lower[row]), float(upper[row]), level, method, se=survival * float(km.log_se[row]))


def _crosses_half(time: FloatArray, curve: FloatArray) -> float | None:
    """First time at which `curve` is at or below 0.5; the midpoint of the interval over which it is 0.5, where it then falls further."""
    tolerance = 1.5e-8  # R's too: 0.5 is often the product of fractions
    known = ~np.isnan(curve)
    below = known & (curve < 0.5 + tolerance)
    if not below.any():
        return None
    first = int(np.argmax(below))
    lower = below & (curve < curve[first])
    if abs(curve[first] - 0.5) < tolerance and lower.any():
        return float(time[first] + time[np.argmax(lower)]) / 2
    return float(time[first])


def median(km: KaplanMeier, level: float = 0.95, method: Interval = "log-log", misread: float = 0.0) -> Estimate:
    """Median survival, with the interval that comes from inverting the pointwise band (Brookmeyer and Crowley 1982).

    Parameters
    ----------
    km : KaplanMeier
        The estimate; with events and censorings exchanged, the result is the median follow-up (Schemper and Smith 1996).
    level : float
        Confidence level.
    method : {"log-log", "linear", "log"}
        See `survival_at`.
    misread : float
        How much too high curve and band were read.

    Returns
    -------
    Estimate
        As R's ``print(survfit(...))``: where survival is exactly 0.5 over an interval, its midpoint; where it stays
        0.5 to the end, the time at which it got there. Value or limits are None where not reached.

    Examples
    --------
    Survival is 0.5 from 2 to 3.

    >>> median(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])).value
    2.5
    """
    value, lower, upper = (_crosses_half(km.time, curve - misread) for curve in (km.survival, *_band(km, level, method)))
    if value is None:
        return Estimate(None, lower, upper, level, method, why="median not reached")
    missing = " and ".join(name for name, limit in (("lower limit", lower), ("upper limit", upper)) if limit is None)
    return Estimate(value, lower, upper, level, method, why=f"{missing} not reached" if missing else "")


def rmst(km: KaplanMeier, tau: float, level: float = 0.95) -> Estimate:
    """Restricted mean survival time: the area under the curve up to `tau`.

    Its variance is Greenwood's, sum of A_i^2 d_i / (n_i (n_i - d_i)) over the events, with A_i the area from
    event i to `tau` (Klein and Moeschberger 2003, equation 4.5.2).

    Parameters
    ----------
    km : KaplanMeier
        The estimate.
    tau : float
        Horizon, above 0 and at most the last follow-up.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        With its standard error; without an interval where no event comes before `tau`.

    Raises
    ------
    NotEstimableError
        When `tau` is beyond the last follow-up.

    Examples
    --------
    1 until time 1, then 1/2 until 3: 1 + 2/2 = 2. The standard error is sqrt(1^2 * 1/(2 * 1)).

    >>> result = rmst(kaplan_meier([1, 3], [1, 0]), tau=3)
    >>> result.value, round(result.se, 4)
    (2.0, 0.7071)
    """
    if tau > km.last_time + km.tolerance:
        raise NotEstimableError(f"tau = {tau:g} is beyond the last follow-up, {km.last_time:g}; choose a tau up to that")
    early = km.time < tau
    areas = np.diff(km.time[early], prepend=0.0, append=tau) * np.concatenate(([1.0], km.survival[early]))
    value, after = float(areas.sum()), areas[::-1].cumsum()[::-1][1:]
    terms = _greenwood_terms(km.n_risk[early], km.n_event[early])
    se = sqrt(float(np.sum(after[after > 0] ** 2 * terms[after > 0])))
    if se == 0:
        return Estimate(value, level=level, method="Greenwood", se=0.0, why="no event before tau")
    half = normal_quantile(level) * se
    return Estimate(value, value - half, value + half, level, "Greenwood", se)
