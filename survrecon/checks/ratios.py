"""Hazard ratios: in the middle of their intervals, and their intervals against p values and events."""

from __future__ import annotations

import math
from collections.abc import Sequence

from survrecon.checks._arithmetic import ANY, Range, hull, judge, logs, meet, name, shown, span, tail
from survrecon.checks.widths import check_width, standard_error, usable
from survrecon.data import Study
from survrecon.published import Printed, PublishedValue
from survrecon.results import Finding
from survrecon.survival import normal_quantile

_WALD = "Wald interval of a Cox model, exp(log HR -/+ z SE)"
# The log-rank statistic is the score test of the same model: with information I(b) = E / (4 cosh^2(b / 2)), that of two equal arms,
# its deviate is the integral of I from 0 to log HR over sqrt(I(0)): Wald's times sinh(log HR / 2) / (log HR / 2). Of 4,000 simulated
# trials (tests/audit_rates.py slack), 99.8% lie within 0.04 + 0.02 z log(HR)^2 of that, and 99.7% of deviates of which one is stratified
# and the other is not within 1.5 more.
SCORE = (0.04, 0.02)
OTHER_STRATA = 1.5


def check_ratios(study: Study) -> list[Finding]:
    """Hold each hazard ratio against its interval, the p values of the same comparison, and the events.

    Parameters
    ----------
    study : Study
        As read.

    Returns
    -------
    list of Finding
        In the order of the document.
    """
    values = study.published.values
    findings = []
    for value in values:
        if value.quantity == "hazard_ratio" and usable(value.estimate, value.ci):
            findings.append(center(name(value), shown(value), value.estimate, value.ci))
            findings += [*_against_tests(value, values), *check_width(study, value)]
    return findings + _test_and_p(values, len(study.arms))


def center(subject: str, numbers: Sequence[tuple[str, str]], estimate: Printed, ci: tuple[Printed, Printed] | None) -> Finding:
    """Hold a hazard ratio against the geometric middle of its interval.

    Parameters
    ----------
    subject : str
        Comparison or subgroup.
    numbers : sequence of (str, str)
        As printed.
    estimate : Printed
        Hazard ratio.
    ci : tuple of Printed
        Its limits, both usable.

    Returns
    -------
    Finding
        "Impossible" outside the interval; "in tension" inside, but not in its middle.
    """
    assert ci is not None and estimate.value is not None
    (low_low, low_high), (high_low, high_high) = span(ci[0]), span(ci[1])
    return judge(
        "hazard ratio in the middle of its interval",
        subject,
        numbers,
        estimate.value,
        (math.sqrt(max(low_low, 0.0) * high_low), math.sqrt(low_high * high_high)),
        (low_low, high_high),
        rounded=span(estimate),
        formula="HR = sqrt(lower * upper)",
        source=_WALD,
        hint="a digit changed in one of the three? limits by another method than Wald's?",
    )


def deviates(estimate: Printed, ci: tuple[Printed, Printed], level: float) -> Range | None:
    """Return the Wald deviate, log HR over its standard error, that a hazard ratio and its interval stand for.

    Parameters
    ----------
    estimate : Printed
        Hazard ratio.
    ci : tuple of Printed
        Its limits.
    level : float
        Confidence level.

    Returns
    -------
    tuple of float or None
        Its range; None where the limits are rounded to the same number.
    """
    low, high, z = logs(span(ci[0])), logs(span(ci[1])), normal_quantile(level)
    se = standard_error(ci, level)
    if se[0] <= 0:
        return None
    from_limits = hull(z * (x + y) / (y - x) for x in low for y in high)
    from_estimate = hull(beta / each for beta in logs(span(estimate)) for each in se)
    return meet(from_limits, from_estimate) or hull((*from_limits, *from_estimate))


def _against_tests(ratio: PublishedValue, values: Sequence[PublishedValue]) -> list[Finding]:
    """Hold an interval against the p values and chi-squared of the same comparison, those of the same strata where there are any."""
    assert ratio.ci is not None
    z = deviates(ratio.estimate, ratio.ci, ratio.level)
    findings = []
    for quantity in ("wald_p", "logrank_p", "logrank_chi2"):
        same = [
            value
            for value in values
            if value.quantity == quantity
            and (value.arm, value.population, value.adjusted) == (ratio.arm, ratio.population, ratio.adjusted)
            and value.estimate.value is not None
        ]
        matched = [value for value in same if value.stratified == ratio.stratified]
        rivals = [other for other in values if other.quantity == "hazard_ratio" and other.population == ratio.population]
        better = any(value.stratified == other.stratified for value in same for other in rivals if other is not ratio)
        for value in matched or ([] if better else same):
            if z is not None:
                findings.append(_against_test(ratio, value, z))
    return findings


def _against_test(ratio: PublishedValue, value: PublishedValue, z: Range) -> Finding:
    exact = value.quantity == "wald_p"
    other = value.stratified != ratio.stratified
    reach = (0.0 if z[0] <= 0 <= z[1] else min(map(abs, z)), max(map(abs, z)))
    more = 0.0
    if not exact:
        half = abs(math.log(ratio.estimate.value or 1.0)) / 2
        factor = math.sinh(half) / half if half else 1.0
        more = SCORE[0] + SCORE[1] * reach[1] * (2 * half) ** 2 + (OTHER_STRATA if other else 0.0)
        reach = (max(reach[0] * factor - more, 0.0), reach[1] * factor + more)
    printed = value.estimate.value or 0.0
    allowed = (reach[0] ** 2, reach[1] ** 2) if value.quantity == "logrank_chi2" else _p_range(value, reach, z)
    slack = "" if exact else f"; score test of the same model: z sinh(log HR / 2) / (log HR / 2), give or take {more:.2g} (simulated)"
    return judge(
        "interval and " + {"wald_p": "Wald p", "logrank_p": "log-rank p", "logrank_chi2": "log-rank chi-squared"}[value.quantity],
        name(ratio),
        [*shown(ratio), *shown(value)[:1]],
        printed,
        allowed,
        allowed if exact and "cox" in ratio.model.lower() else ANY,
        rounded=span(value.estimate),
        formula="z = log HR / SE, SE = ln(upper / lower) / (2 z_level); p = 2 (1 - Phi(|z|)), one-sided Phi(z)",
        source=_WALD + slack,
        why="one of the two is stratified and the other is not" if other else "",
        hint=_other_reading(value, reach),
    )


def _p_range(value: PublishedValue, reach: Range, z: Range) -> Range:
    """Return the p values of deviates whose size lies in `reach`."""
    sides = 2 if value.two_sided else 1
    low, high = sides * tail(reach[1]), sides * tail(reach[0])
    if sides == 1:
        if z[0] < 0 < z[1]:
            return low, 1 - low
        if (value.estimate.value or 0.0) > 0.5:  # for the side that the data do not favor
            return 1 - high, 1 - low
    return low, min(high, 1.0)


def _other_reading(value: PublishedValue, reach: Range) -> str:
    """Say whether a p value would fit as one of the other kind."""
    if value.quantity == "logrank_chi2":
        return "the chi-squared of another test or population?"
    sides = 1 if value.two_sided else 2
    if meet(span(value.estimate), (sides * tail(reach[1]), sides * tail(reach[0]))):
        return f"it would fit as a {'one' if sides == 1 else 'two'}-sided p value"
    return "limits of another level, or the p value of another analysis? a digit changed?"


def _test_and_p(values: Sequence[PublishedValue], arms: int) -> list[Finding]:
    """Hold a log-rank chi-squared against the p value of the same test, two arms having one degree of freedom."""
    findings = []
    tests = [value for value in values if value.quantity == "logrank_chi2" and value.estimate.value is not None and arms == 2]
    for test in tests:
        for value in values:
            if value.quantity != "logrank_p" or value.estimate.value is None or not value.two_sided:
                continue
            if (value.stratified, value.population, value.adjusted) != (test.stratified, test.population, test.adjusted):
                continue
            low, high = (2 * tail(math.sqrt(max(chi2, 0.0))) for chi2 in span(test.estimate)[::-1])
            findings.append(
                judge(
                    "log-rank chi-squared and p",
                    name(value),
                    [*shown(test)[:1], *shown(value)[:1]],
                    value.estimate.value,
                    (low, high),
                    (low, high),
                    rounded=span(value.estimate),
                    formula="p = P(chi-squared with 1 degree of freedom > statistic)",
                    source="distribution of the log-rank test of two arms (Mantel 1966)",
                    hint="a one-sided p value? a digit changed?",
                )
            )
    return findings
