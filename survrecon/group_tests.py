"""Tests that compare two or more groups, on arrays, by the conventions of R's survival package."""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, sqrt

import numpy as np
from numpy.typing import ArrayLike

from survrecon.data import FloatArray
from survrecon.results import TestResult
from survrecon.survival import kaplan_meier, risk_sets

Weight = Callable[[FloatArray, FloatArray], FloatArray]


def normal_p(z: float) -> float:
    """Two-sided p value of a standard normal statistic.

    Parameters
    ----------
    z : float
        The statistic.

    Returns
    -------
    float
        Probability of a value at least as far from 0.
    """
    return erfc(abs(z) / sqrt(2))


def fleming_harrington(rho: float, gamma: float) -> Weight:
    """Weights S(t-)^rho (1 - S(t-))^gamma for `logrank`, S the Kaplan-Meier estimate of all groups together.

    Parameters
    ----------
    rho, gamma : float
        Not negative; (0, 1) stresses late differences, (1, 0) early ones.

    Returns
    -------
    callable
        Of the number at risk and the pooled survival just before each event time.
    """
    return lambda n_risk, survival: survival**rho * (1 - survival) ** gamma


def logrank(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, stratum: ArrayLike | None = None, weight: Weight | None = None
) -> TestResult:
    """Test whether survival is the same in two or more groups (weighted, stratified) as R's ``survdiff``.

    Parameters
    ----------
    time, event, group : array-like, shape (n,)
        Times, event indicators, and any group labels.
    stratum : array-like, shape (n,), optional
        Scores and variances are added up over the strata.
    weight : callable, optional
        Of the number at risk and the pooled survival before each event time; by default 1.

    Returns
    -------
    TestResult
        Chi-squared; its degrees of freedom are the rank of the variance, which is the number of groups less one
        unless a group is never at risk together with another.

    Examples
    --------
    Events of a at 1 and 3, of b at 2 and 4. At risk in a, b: 2, 2; 1, 2; 1, 1; 0, 1. Events in a less expected:
    2 - (2/4 + 1/3 + 1/2) = 2/3; variance 1/4 + 2/9 + 1/4 = 26/36; chi-squared (4/9) / (26/36) = 8/13.

    >>> result = logrank([1, 3, 2, 4], [1, 1, 1, 1], ["a", "a", "b", "b"])
    >>> round(result.statistic, 4), round(8 / 13, 4)
    (0.6154, 0.6154)
    """
    from scipy.special import chdtrc

    sets = risk_sets(time, event, group, stratum)
    n, d = sets.n_risk.sum(axis=1), sets.n_event.sum(axis=1)
    w = np.ones(n.size) if weight is None else weight(n.astype(float), sets.before)
    share = sets.n_risk / n[:, None]
    score = w @ (sets.n_event - d[:, None] * share)
    spread = w**2 * d * (n - d) / np.maximum(n - 1, 1)
    variance = np.diag(spread @ share) - (share.T * spread) @ share
    values, vectors = np.linalg.eigh(variance)
    if not values[-1] > 0:
        return TestResult(None, None, score.size - 1, "no event leaves behind subjects of two groups" if n.size else "no events")
    kept = values > 1e-10 * values[-1]  # the scores add up to 0, so that one value at least is 0
    chi2, df = float(np.sum((vectors.T @ score)[kept] ** 2 / values[kept])), int(kept.sum())
    return TestResult(chi2, float(chdtrc(df, chi2)), df)


def proportional_hazards(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, hazard_ratio: float, stratum: ArrayLike | None = None
) -> TestResult:
    """Test whether the hazard ratio of two groups changes over time.

    The score test of R's ``cox.zph(transform="km")``, survival 3.0 and later: the score of theta in
    log HR(t) = beta + theta g(t), g = 1 - S(t-) of all subjects together, Efron's ties. (lifelines has the older
    test, which replaces the variance at each event by its average.)

    Parameters
    ----------
    time, event : array-like, shape (n,)
        Times and event indicators.
    treated : array-like of bool, shape (n,)
        True for the numerator of the hazard ratio.
    hazard_ratio : float
        Its Cox estimate (Efron), from the same data and strata.
    stratum : array-like, shape (n,), optional
        Strata of the Cox model.

    Returns
    -------
    TestResult
        Chi-squared with one degree of freedom.
    """
    sets, pooled = risk_sets(time, event, treated, stratum), kaplan_meier(time, event)
    d = sets.n_event.sum(axis=1)
    row = np.repeat(np.arange(d.size), d)  # one row per event; Efron takes the events of the same time out one by one
    taken = (np.arange(row.size) - np.repeat(np.cumsum(d) - d, d)) / d[row]
    control, active = (sets.n_risk[row] - taken[:, None] * sets.n_event[row]).T
    share = hazard_ratio * active / (control + hazard_ratio * active)
    residual, variance = (sets.n_event[:, 1] / d)[row] - share, share * (1 - share)
    clock = 1 - np.append(1.0, pooled.survival)[np.searchsorted(pooled.time, sets.time)][row]
    if not np.any(variance > 0) or np.ptp(clock[variance > 0]) == 0:
        return TestResult(None, None, why="fewer than two event times at which both groups are at risk")
    clock -= np.average(clock, weights=variance)  # makes theta's score independent of beta's
    z = float(clock @ residual / np.sqrt(clock**2 @ variance))
    return TestResult(z * z, normal_p(z))
