"""Our counterpart of a published result: same quantity, same arm, same confidence level, or why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import zip_longest

from survrecon.published import Published, PublishedValue
from survrecon.results import READING, Analysis, ArmAnalysis, Comparison, Estimate, TestResult
from survrecon.survival import normal_quantile

Reach = tuple[float, float]  # infinite where not reached

_NO_STRATA = "the published analysis is stratified; the figure shows no strata, so ours is not"


@dataclass(frozen=True)
class Interval:
    """Our confidence limits by one method.

    Attributes
    ----------
    method : str
        ``"Wald"``, ``"log-log"``, ``"linear"`` or ``"log"``.
    lower, upper : float or None
        None where a limit is not reached.
    reach : tuple of two (earliest, latest), or None
        Of a median's limits: where they would be had the curve been read `READING` too high or too low, early or late.
    """

    method: str
    lower: float | None
    upper: float | None
    reach: tuple[Reach, Reach] | None = None


@dataclass(frozen=True)
class Counterpart:
    """Our number for a published one.

    Attributes
    ----------
    value : float or None
        None where it is not reached, or where `obstacle` says why there is none.
    intervals : tuple of Interval
        At the published level, one for each method.
    obstacle : str
        Empty, or why the two cannot be compared; there may be a value all the same.
    events : int
        Events behind a test; 0 for other quantities.
    reach : tuple of (earliest, latest), or None
        Of a median: where it would be had the curve been read `READING` too high or too low, early or late.
    """

    value: float | None = None
    intervals: tuple[Interval, ...] = ()
    obstacle: str = ""
    events: int = 0
    reach: Reach | None = None


def counterpart(analysis: Analysis, published: Published, value: PublishedValue) -> Counterpart:
    """Find our number for a published one.

    Parameters
    ----------
    analysis : Analysis
        What was recomputed.
    published : Published
        What the document prints; its reference arm is the one that counts.
    value : PublishedValue
        The result to find.

    Returns
    -------
    Counterpart
        With intervals recomputed at the published level where the standard error is known.
    """
    if value.quantity in ("median", "survival", "rmst"):
        ours = _in_arm(analysis, value)
    elif published.reference not in (None, analysis.reference):
        return Counterpart(obstacle=f"published against {published.reference!r}; ours is against {analysis.reference!r}")
    else:
        ours = _between_arms(analysis, value)
    if value.population:
        return replace(ours, obstacle=f"published for another population: {value.population}")
    if value.adjusted:
        return replace(ours, obstacle="the published model is adjusted for covariates, which the figure does not show")
    return ours


def _in_arm(analysis: Analysis, value: PublishedValue) -> Counterpart:
    arms = [arm for arm in analysis.arms if value.arm in (arm.label, None)]
    if len(arms) != 1:
        return Counterpart(obstacle=f"there is no reconstructed arm {value.arm!r}")
    match value.quantity:
        case "median":
            return _median(arms[0], value)
        case "survival":
            estimates = [item for time, item in arms[0].survival if value.time is not None and math.isclose(time, value.time)]
            return _survival(estimates[0], value) if estimates else Counterpart(obstacle=f"survival at {value.time} was not computed")
        case _:
            return _rmst(arms[0], value)


def _median(arm: ArmAnalysis, value: PublishedValue) -> Counterpart:
    methods = (("log-log", arm.median), ("linear", arm.median_linear), ("log", arm.median_log))
    slack = READING * arm.last_time  # the drops at both ends are read to within the same share of the axis of time
    intervals = []
    for (name, item), ends in zip_longest(methods, arm.median_misread):
        if item and math.isclose(item.level, value.level):
            limits = ends and (_reach_of(ends[0].lower, ends[1].lower, slack), _reach_of(ends[0].upper, ends[1].upper, slack))
            intervals.append(Interval(name, item.lower, item.upper, limits))
    reach = _reach_of(arm.median_misread[0][0].value, arm.median_misread[0][1].value, slack) if arm.median_misread else None
    return Counterpart(arm.median.value, tuple(intervals), reach=reach)


def _reach_of(first: float | None, last: float | None, slack: float) -> Reach:
    return math.inf if first is None else first - slack, math.inf if last is None else last + slack


def _survival(estimate: Estimate, value: PublishedValue) -> Counterpart:
    s = estimate.value
    if s is None:
        return Counterpart(obstacle=f"ours is not estimable: {estimate.why}")
    if not 0 < s < 1:
        return Counterpart(s)
    reach = _reach(estimate, value)
    if reach is None:
        return Counterpart(s)
    power = math.exp(reach / (s * -math.log(s)))
    log_log = Interval("log-log", s**power, s ** (1 / power))
    linear = Interval("linear", max(s - reach, 0.0), min(s + reach, 1.0))
    log = Interval("log", s * math.exp(-reach / s), min(s * math.exp(reach / s), 1.0))
    return Counterpart(s, (log_log, linear, log))


def _rmst(arm: ArmAnalysis, value: PublishedValue) -> Counterpart:
    if arm.tau is None or value.time is None or not math.isclose(arm.tau, value.time):
        return Counterpart(obstacle=f"our RMST is to {arm.tau}, the published one to {value.time}")
    mean, reach = arm.rmst.value, _reach(arm.rmst, value)
    if mean is None:
        return Counterpart(obstacle=f"ours is not estimable: {arm.rmst.why}")
    return Counterpart(mean, () if reach is None else (Interval("linear", mean - reach, mean + reach),))


def _between_arms(analysis: Analysis, value: PublishedValue) -> Counterpart:
    comparisons = [item for item in analysis.comparisons if value.arm in (item.arm, None)]
    if len(comparisons) == 1:
        ours, strata = _pair(analysis, comparisons[0], value)
    elif comparisons and analysis.logrank and value.quantity.startswith("logrank"):
        ours, strata = _test(analysis.logrank, analysis, value), False  # over all arms
    else:
        return Counterpart(obstacle=f"there is no reconstructed comparison of {value.arm or 'one arm'!r} with the reference")
    return replace(ours, obstacle=ours.obstacle or _NO_STRATA) if value.stratified and not strata else ours


def _pair(analysis: Analysis, pair: Comparison, value: PublishedValue) -> tuple[Counterpart, bool]:
    """Return our counterpart for one arm against the reference, and whether it is stratified."""
    hr, logrank, strata = pair.hr, pair.logrank, False
    if value.stratified and pair.stratified_hr and pair.stratified_logrank:
        hr, logrank, strata = pair.stratified_hr, pair.stratified_logrank, True
    match value.quantity:
        case "hazard_ratio":
            return _hazard_ratio(hr, value), strata
        case "wald_p":
            return _test(TestResult(None, pair.wald_p, why=pair.hr.why), analysis, value, pair), False
        case _:
            return _test(logrank, analysis, value, pair), strata


def _hazard_ratio(estimate: Estimate, value: PublishedValue) -> Counterpart:
    hr, reach = estimate.value, _reach(estimate, value)
    if hr is None:
        return Counterpart(obstacle=f"ours is not estimable: {estimate.why}")
    return Counterpart(hr, () if reach is None else (Interval("Wald", hr * math.exp(-reach), hr * math.exp(reach)),))


def _test(test: TestResult, analysis: Analysis, value: PublishedValue, pair: Comparison | None = None) -> Counterpart:
    """Return a chi-squared, or a p value with the published number of sides, and the events behind it."""
    number = test.statistic if value.quantity == "logrank_chi2" else test.p
    if number is None:
        return Counterpart(obstacle=f"ours is not estimable: {test.why}")
    if value.quantity != "logrank_chi2" and not value.two_sided:
        if pair is None or pair.hr.value is None:
            return Counterpart(obstacle="a one-sided p value needs the direction of one hazard ratio, and ours has none")
        number = number / 2 if pair.hr.value < 1 else 1 - number / 2  # for benefit: a hazard ratio below 1
    arms = (pair.arm, pair.reference) if pair else [arm.label for arm in analysis.arms]
    return Counterpart(number, events=sum(arm.events for arm in analysis.arms if arm.label in arms))


def _reach(estimate: Estimate, value: PublishedValue) -> float | None:
    """Return the standard error times the normal quantile of the published level."""
    return None if estimate.se is None else normal_quantile(value.level) * estimate.se
