"""How sure each statistic is: its spread over the draws, alone and together with sampling error.

The reconstruction interval is the middle 95% of a statistic over the draws: what the figure and the printed numbers
leave open. The total interval adds sampling error by Rubin's rules (Rubin 1987, Multiple Imputation for
Nonresponse in Surveys, section 3.1): T = W + (1 + 1/m) B, with W the mean squared standard error and B the variance between
draws, and quantiles of Student's t with (m - 1) (1 + W / ((1 + 1/m) B))^2 degrees of freedom.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from survrecon.data import IPD, FloatArray, Reconstruction
from survrecon.draws import two_sample_many
from survrecon.results import Analysis, ArmAnalysis, Spread
from survrecon.survival import kaplan_meier, median, normal_quantile, rmst, survival_at

LEVEL = 0.95
LOOSE = 0.5  # width over that of the confidence interval, from which on reconstruction is a fifth of the total variance or more
LARGE = 1e6  # degrees of freedom from which on t is normal
NOT_REACHED = math.inf  # orders after every time, so that quantiles over draws stay right

Scale = tuple[Callable[[FloatArray], FloatArray], Callable[[float], float]]
_PLAIN: Scale = (lambda x: x, float)
_LOG: Scale = (np.log, lambda x: math.exp(min(x, 700.0)))  # few draws that differ much have limits beyond all numbers
_LOG_LOG: Scale = (lambda s: np.log(-np.log(s)), lambda x: math.exp(-math.exp(min(x, 700.0))))


def spreads(reconstructions: Sequence[Reconstruction], analysis: Analysis) -> tuple[Spread, ...]:
    """Compute reconstruction and total intervals of every statistic of an analysis.

    Parameters
    ----------
    reconstructions : sequence of Reconstruction
        Those that were analyzed; each with the same number of draws, paired across arms.
    analysis : Analysis
        Of the single reconstructions.

    Returns
    -------
    tuple of Spread
        Hazard ratio and log-rank chi-squared of each comparison; events, median, restricted mean and survival of each
        arm. Empty where no arm has draws.
    """
    drawn = {item.label: item.draws for item in reconstructions if item.draws}
    if not drawn:
        return ()
    found: list[Spread] = []
    for comparison in analysis.comparisons:
        if comparison.arm in drawn and comparison.reference in drawn:
            base, treated = drawn[comparison.reference], drawn[comparison.arm]
            many = two_sample_many(*_stacked(base), *_stacked(treated))
            ratios, chi2 = np.exp(many.log_hr), many.score**2 / np.where(many.variance > 0, many.variance, np.nan)
            found.append(_spread("hazard ratio", comparison.arm, None, comparison.hr.value, ratios, many.se, _LOG))
            found.append(_spread("log-rank chi-squared", comparison.arm, None, comparison.logrank.statistic, chi2))
    for arm in analysis.arms:
        found += _of_arm(arm, drawn[arm.label]) if arm.label in drawn else []
    return tuple(found)


def with_spreads(reconstructions: Sequence[Reconstruction], analysis: Analysis) -> Analysis:
    """Return the analysis with its spreads filled in, and what the input does not determine.

    Parameters
    ----------
    reconstructions : sequence of Reconstruction
        Those that were analyzed.
    analysis : Analysis
        Of the single reconstructions.

    Returns
    -------
    Analysis
        Unchanged where no arm has draws. `undetermined` names each hazard ratio that reconstruction alone spreads more than
        `LOOSE` times as wide as sampling does.
    """
    found = spreads(reconstructions, analysis)
    loose = []
    for spread in found:
        if spread.quantity != "hazard ratio" or spread.arm is None or spread.reconstruction is None:
            continue
        (low, high), se = spread.reconstruction, analysis.comparison(spread.arm).hr.se
        share = math.log(high / low) / (2 * normal_quantile(LEVEL) * se) if se else 0.0
        if share > LOOSE:
            what = f"it leaves {low:.2f} to {high:.2f} open, {share:.0%} of the width of the confidence interval"
            loose.append(f"what was given does not determine the hazard ratio of {spread.arm}: {what}")
    return replace(analysis, spreads=found, undetermined=tuple(loose))


def pooled(points: FloatArray, se: FloatArray) -> tuple[float, float]:
    """Pool the estimates of several draws by Rubin's rules.

    Parameters
    ----------
    points, se : ndarray of float, shape (m,)
        Estimate and standard error of each draw, on a scale where errors are about normal; at least two draws.

    Returns
    -------
    estimate, margin : float
        The mean, and half the width of its 95% interval.

    Examples
    --------
    W = 0.5 and B = 2 * 0.5^2 = 0.5, so T = 0.5 + 1.5 * 0.5 = 1.25, with (1 + 0.5 / 0.75)^2 = 2.78 degrees of freedom.

    >>> estimate, margin = pooled(np.array([1.0, 2.0]), np.array([0.5**0.5, 0.5**0.5]))
    >>> round(estimate, 6), round(margin / 1.25**0.5, 4)  # qt(0.975, 2.7778) in R is 3.3314
    (1.5, 3.3314)
    """
    from scipy.special import stdtrit

    within, between = float(np.mean(se**2)), float((1 + 1 / points.size) * np.var(points, ddof=1))
    freedom = (points.size - 1) * (1 + within / between) ** 2 if between > 0 else math.inf
    quantile = float(stdtrit(freedom, (1 + LEVEL) / 2)) if freedom < LARGE else normal_quantile(LEVEL)
    return float(points.mean()), quantile * math.sqrt(within + between)


def middle(drawn: FloatArray) -> tuple[float, float]:
    """Return the reconstruction interval: the middle 95% of the draws of a statistic.

    Parameters
    ----------
    drawn : ndarray of float, shape (draws,)
        NaN where it cannot be estimated, infinite where a time is not reached.

    Returns
    -------
    low, high : float
        Both are draws themselves, since "not reached" has no average with a number; NaN where nothing can be estimated.

    Examples
    --------
    >>> middle(np.array([3.0, np.inf, 1.0, np.nan]))
    (1.0, inf)
    """
    known = drawn[~np.isnan(drawn)]
    if known.size == 0:
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="inverted_cdf")
    return float(low), float(high)


def _stacked(draws: Sequence[IPD]) -> tuple[FloatArray, FloatArray]:
    return np.array([draw.time for draw in draws]), np.array([draw.event for draw in draws])


def _of_arm(arm: ArmAnalysis, draws: Sequence[IPD]) -> list[Spread]:
    curves = [kaplan_meier(draw.time, draw.event) for draw in draws]
    medians = [median(curve) for curve in curves]
    values = np.array([NOT_REACHED if item.value is None else item.value for item in medians])
    errors = np.array([_log_se(item.lower, item.upper) for item in medians])
    found = [
        _spread("events", arm.label, None, arm.events, np.array([draw.event.sum() for draw in draws], dtype=float)),
        _spread("median", arm.label, None, arm.median.value, values, errors, _LOG),
    ]
    if arm.tau is not None and arm.rmst.value is not None:
        means = [rmst(curve, min(arm.tau, float(draw.time[-1]))) for curve, draw in zip(curves, draws, strict=True)]
        column = np.array([(item.value, item.se or math.nan) for item in means], dtype=float)  # 0: no event tells of the error
        found.append(_spread("rmst", arm.label, arm.tau, arm.rmst.value, column[:, 0], column[:, 1]))
    for time, estimate in arm.survival:
        if estimate.value is not None:
            at = [survival_at(curve, min(time, float(draw.time[-1]))) for curve, draw in zip(curves, draws, strict=True)]
            values, errors = np.array([(item.value, item.se or math.nan) for item in at], dtype=float).T
            with np.errstate(divide="ignore", invalid="ignore"):
                errors = np.where((values > 0) & (values < 1), errors / (values * -np.log(values)), np.nan)
            found.append(_spread("survival", arm.label, time, estimate.value, values, errors, _LOG_LOG))
    return found


def _log_se(lower: float | None, upper: float | None) -> float:
    """Return the standard error of a log median from its confidence limits, NaN where one is not reached or both are one drop."""
    if not lower or upper is None or upper == lower:
        return math.nan
    return math.log(upper / lower) / (2 * normal_quantile(LEVEL))


def _spread(
    quantity: str,
    arm: str,
    time: float | None,
    value: float | None,
    drawn: FloatArray,
    se: FloatArray | None = None,
    scale: Scale = _PLAIN,
) -> Spread:
    """Summarize a statistic over its draws; `se` is on the scale on which Rubin's rules are applied."""
    known = drawn[~np.isnan(drawn)]
    if known.size < drawn.size / 2:
        return Spread(quantity, arm, time, value, None, None, "not estimable in most draws")
    total, why = (None, "") if se is None else _total(drawn, se, scale)
    return Spread(quantity, arm, time, value, middle(known), total, why)


def _total(drawn: FloatArray, se: FloatArray, scale: Scale) -> tuple[tuple[float, float] | None, str]:
    """Return the interval with sampling error, or why there is none."""
    if drawn.size < 2:
        return None, "one draw tells nothing of the variance between draws; ask for 20 or more"
    to, back = scale
    usable = np.isfinite(drawn) & np.isfinite(se) & ((drawn > 0) | (scale is _PLAIN))  # no logarithm of a 0
    if usable.mean() < LEVEL:
        return None, f"{np.sum(~usable)} of {drawn.size} draws have no sampling error of their own"
    estimate, margin = pooled(to(drawn[usable]), se[usable])
    low, high = sorted((back(estimate - margin), back(estimate + margin)))
    return (low, high), ""
