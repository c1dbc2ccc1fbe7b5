"""The width of a hazard ratio's interval against the events, or the subjects, behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from survrecon.checks._arithmetic import Range, judge, logs, meet, name, shown, span
from survrecon.data import Arm, Study
from survrecon.published import Printed, PublishedValue
from survrecon.results import Finding
from survrecon.survival import normal_quantile

_FISHER = (
    "Fisher information of the partial likelihood, sum of p (1 - p) over the events <= d1 d0 / (d1 + d0) by Jensen's inequality and "
    "the score equation, also with ties (Efron), strata and covariates; equality where the arms stay in proportion (Schoenfeld 1981)"
)
# More than `drift`, which is what happens on average: of 4,000 simulated trials (tests/audit_rates.py slack) 99.9% of the variances stay
# within 1 + 0.02 + 6 / events of it, and 99.8% of those of stratified models within 1 + 0.03 + 12 / events.
EXCESS, STRATIFIED_EXCESS = (0.02, 6.0), (0.03, 12.0)
_LEVELS = (0.8, 0.9, 0.95, 0.975, 0.98, 0.99)


def usable(estimate: Printed, ci: tuple[Printed, Printed] | None) -> bool:
    """Whether a ratio and both its limits are positive numbers.

    Parameters
    ----------
    estimate : Printed
        Hazard ratio.
    ci : tuple of Printed or None
        Its limits.

    Returns
    -------
    bool
        False where one of them was not printed or not reached.
    """
    return ci is not None and all(each.value is not None and each.value > 0 and each.relation == "=" for each in (estimate, *ci))


def standard_error(ci: tuple[Printed, Printed], level: float) -> Range:
    """Return the standard error of the log hazard ratio that an interval stands for.

    Parameters
    ----------
    ci : tuple of Printed
        Both limits positive numbers.
    level : float
        Confidence level.

    Returns
    -------
    tuple of float
        Its range, the limits being rounded.

    Examples
    --------
    ln(0.72 / 0.46) / (2 * 1.96) = 0.1143.

    >>> from survrecon.fields import parse_printed
    >>> [round(end, 4) for end in standard_error((parse_printed("0.46"), parse_printed("0.72")), 0.95)]
    [0.1098, 0.1188]
    """
    low, high = logs(span(ci[0])), logs(span(ci[1]))
    width = 2 * normal_quantile(level)
    return max(high[0] - low[1], 0.0) / width, (high[1] - low[0]) / width


def signed_deviate(value: PublishedValue) -> float | None:
    """Return how many standard errors a hazard ratio lies from 1, from the middle of the rounded numbers.

    Parameters
    ----------
    value : PublishedValue
        A hazard ratio.

    Returns
    -------
    float or None
        None without a usable interval.
    """
    if not usable(value.estimate, value.ci):
        return None
    assert value.ci is not None
    se = sum(standard_error(value.ci, value.level)) / 2
    return math.log(value.estimate.value or 1.0) / se if se > 0 else None


def drift(ratio: float, allocation: float) -> float:
    """Return how much more than 1/d1 + 1/d0 the variance of log HR can be, because the arm that does worse is used up first.

    Parameters
    ----------
    ratio : float
        Hazard ratio, the same at all times.
    allocation : float
        Subjects in the treated arm for each in the reference arm.

    Returns
    -------
    float
        The factor when follow-up ends at the worst time, without censoring before: with u the survival of the reference arm,
        p = r h u^h / (u + r h u^h) is the share of the treated in the risk set, weighted with their hazard.

    Examples
    --------
    >>> round(drift(1.0, 1.0), 3), round(drift(0.5, 1.0), 3)
    (1.0, 1.093)
    """
    u = np.linspace(1, 0.001, 1000)
    middle, step = (u[1:] + u[:-1]) / 2, -np.diff(u)
    treated = allocation * ratio * middle ** (ratio - 1) * step
    share = treated / (step + treated)
    information = np.cumsum(share * (1 - share) * (step + treated))
    return float(np.max(1 / (1 / np.cumsum(step) + 1 / np.cumsum(treated)) / information))


def check_width(study: Study, value: PublishedValue) -> list[Finding]:
    """Hold the width of an interval against the events, or where they are not printed against the subjects.

    Parameters
    ----------
    study : Study
        As read.
    value : PublishedValue
        A usable hazard ratio.

    Returns
    -------
    list of Finding
        One, or none where an arm is not known.
    """
    arms = [arm for label in (value.arm, study.published.reference) for arm in study.arms if arm.label == label]
    if len(arms) != 2 or value.population or value.ci is None:
        return []
    se = standard_error(value.ci, value.level)
    known = [arm.total_events for arm in arms]
    sizes = [arm.n if events is None else events for arm, events in zip(arms, known, strict=True)]
    if min(sizes) == 0:
        return []
    least = math.sqrt(1 / sizes[0] + 1 / sizes[1])
    counted = None not in known
    base, small = STRATIFIED_EXCESS if value.stratified else EXCESS
    excess = drift(value.estimate.value or 1.0, arms[0].n / arms[1].n) * (1 + base + small / sum(sizes))
    most = least * math.sqrt(excess) if counted and not value.adjusted else math.inf
    certain = least if "cox" in value.model.lower() else 2 / math.sqrt(sum(sizes))
    point = (se[0] + se[1]) / 2
    titles = [f"{'n' if events is None else 'events'}, {arm.label}" for arm, events in zip(arms, known, strict=True)]
    return [
        judge(
            "width of the interval against " + ("the events" if counted else "the subjects"),
            name(value),
            [*shown(value), *zip(titles, map(str, sizes), strict=True)],
            point,
            (least, most),
            (certain, math.inf),
            rounded=se,
            formula="SE = ln(upper / lower) / (2 z_level) >= sqrt(1 / events + 1 / events)"
            + (f", and at most {math.sqrt(excess):.3g} times that" if math.isfinite(most) else ""),
            source=_FISHER + f"; a variance {excess - 1:.0%} larger, as the arms drift apart, is rare (simulated)" * math.isfinite(most),
            why=f"the width stands for about {_events(arms, point):.0f} events",
            hint=_other_level(value, (least, most)) or "events or limits of another analysis? a digit changed?",
        )
    ]


def _events(arms: Sequence[Arm], se: float) -> float:
    """Return 1 / (p (1 - p) SE^2), p the share of one arm."""
    share = arms[0].n / (arms[0].n + arms[1].n)
    return 1 / (share * (1 - share) * se**2)


def _other_level(value: PublishedValue, allowed: Range) -> str:
    """Name the usual confidence levels at which an interval would have the right width."""
    assert value.ci is not None
    fitting = [f"{level:.3g}" for level in _LEVELS if level != value.level and meet(standard_error(value.ci, level), allowed)]
    return f"it would fit at the confidence level {' or '.join(fitting)}" if fitting and math.isfinite(allowed[1]) else ""
