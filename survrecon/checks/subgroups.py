"""Forest plots: sizes that add up, hazard ratios that pool to the overall one, and their differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from survrecon.checks._arithmetic import ANY, Range, judge, logs, name, shown, span
from survrecon.checks.ratios import center
from survrecon.checks.widths import standard_error, usable
from survrecon.data import Study
from survrecon.published import PublishedValue, Subgroup
from survrecon.results import Finding

# Measured on 4,000 simulated trials with two prognostic factors and no interaction (tests/audit_rates.py slack): 99.8% of pooled estimates
# lie within this many standard errors of the overall one, 99.9% of their standard errors within this share of the overall one.
POOLED, PRECISION = 2.0, (0.95, 1.15)
_INTERACTION = 0.005  # type I error for all factors of a study together


def check_subgroups(study: Study) -> list[Finding]:
    """Hold the rows of a forest plot against each other and against the whole.

    Parameters
    ----------
    study : Study
        As read.

    Returns
    -------
    list of Finding
        By row, then by factor.
    """
    rows = study.published.subgroups
    findings = [finding for row in rows for finding in _row(row)]
    factors = [(factor, list(members)) for factor, members in groupby(sorted(rows, key=lambda row: row.factor), key=lambda row: row.factor)]
    total = sum(arm.n for arm in study.arms)
    overall = _overall(study)
    for factor, members in factors:
        sizes = [row.n for row in members if row.n is not None]
        if len(sizes) == len(members) > 1 and total:
            findings.append(_sizes(factor, members, sizes, total))
        if len(members) > 1 and all(usable(row.estimate, row.ci) for row in members):
            if overall is not None and sum(sizes) == total and len(sizes) == len(members):
                findings += _pool(factor, members, overall)
            findings.append(_interaction(factor, members, len(factors)))
    return findings


def _row(row: Subgroup) -> list[Finding]:
    """One row: the ratio in the middle of its interval, and the interval not narrower than its subjects allow."""
    if not usable(row.estimate, row.ci):
        return []
    assert row.ci is not None
    numbers = [("hazard ratio", row.estimate.text), ("0.95 interval", " to ".join(limit.text for limit in row.ci))]
    findings = [center(_title(row), numbers, row.estimate, row.ci)]
    if row.n is not None:
        se = standard_error(row.ci, 0.95)
        findings.append(
            judge(
                "width of the interval against the subjects",
                _title(row),
                [*numbers, ("n", str(row.n))],
                (se[0] + se[1]) / 2,
                (2 / math.sqrt(row.n), math.inf),
                (2 / math.sqrt(row.n), math.inf),
                rounded=se,
                formula="SE = ln(upper / lower) / (2 * 1.96) >= 2 / sqrt(events) >= 2 / sqrt(n)",
                source="Fisher information of the partial likelihood: at most 1/4 from each event",
                hint="the size or the limits of another row?",
            )
        )
    return findings


def _title(row: Subgroup) -> str:
    return f"{row.factor}: {row.level}"


def _sizes(factor: str, rows: Sequence[Subgroup], sizes: Sequence[int], total: int) -> Finding:
    missing = total - sum(sizes)
    return judge(
        "subgroup sizes add up",
        factor,
        [*((row.level, str(row.n)) for row in rows), ("all", str(total))],
        sum(sizes),
        (0, total),
        (0, total),
        formula="the levels of a factor do not overlap: their sizes add up to n, or to less where levels are missing",
        why=f"{missing} of {total} subjects are in no row" if missing > 0 else "",
        hint="levels that overlap? a digit changed?",
    )


def _overall(study: Study) -> PublishedValue | None:
    """Return the hazard ratio of all patients, unstratified where there is one, as forest plots are."""
    ratios = [value for value in study.published.values if value.quantity == "hazard_ratio" and usable(value.estimate, value.ci)]
    plain = [value for value in ratios if not value.population and not value.adjusted]
    return min(plain, key=lambda value: value.stratified, default=None) if len(study.arms) == 2 else None


def _pool(factor: str, rows: Sequence[Subgroup], overall: PublishedValue) -> list[Finding]:
    """Hold the inverse-variance pool of a partition, and its standard error, against the overall hazard ratio and its own."""
    assert overall.ci is not None and overall.estimate.value is not None
    errors = [standard_error(row.ci, 0.95) for row in rows if row.ci is not None]
    whole = standard_error(overall.ci, overall.level)
    if min(low for low, _ in (*errors, whole)) <= 0:
        return []
    own = sum(whole) / 2
    weights = np.array([4 / (low + high) ** 2 for low, high in errors])
    ends = np.average([logs(span(row.estimate)) for row in rows], axis=0, weights=weights)
    least, most = (1 / math.sqrt(sum(pick(each) ** -2 for each in errors)) for pick in (min, max))
    numbers = [*_printed(rows), *shown(overall)]
    return [
        judge(
            "subgroups pool to the overall hazard ratio",
            factor,
            numbers,
            overall.estimate.value,
            (math.exp(ends[0] - POOLED * own), math.exp(ends[1] + POOLED * own)),
            ANY,
            rounded=span(overall.estimate),
            formula=f"inverse-variance pool, {math.exp(ends.mean()):.3f}, give or take {POOLED:g} standard errors and rounding",
            source="the pool is the estimate stratified by the factor; its distance from the unstratified one is simulated",
            hint="hazard ratios of another analysis or reversed in some rows? a digit changed?",
        ),
        judge(
            "subgroups are as precise as the whole",
            factor,
            numbers,
            own,
            (least / PRECISION[1], most / PRECISION[0]),
            ANY,
            rounded=whole,
            formula="overall SE against 1 / sqrt(sum of 1 / SE^2 of the levels)",
            source=f"information adds up over the levels: the pool's SE is {PRECISION[0]:g} to {PRECISION[1]:g} of the overall (simulated)",
            hint=f"limits of another level? a digit changed in {name(overall)} or in a row?",
        ),
    ]


def _printed(rows: Sequence[Subgroup]) -> list[tuple[str, str]]:
    return [(row.level, f"{row.estimate.text} ({' to '.join(limit.text for limit in row.ci or ())})") for row in rows]


def _interaction(factor: str, rows: Sequence[Subgroup], factors: int) -> Finding:
    """Test whether the levels differ by more than chance: Cochran's Q of their log hazard ratios."""
    from scipy.special import chdtrc

    found: list[Range] = [standard_error(row.ci, 0.95) for row in rows if row.ci is not None]
    weights = np.array([4 / (low + high) ** 2 for low, high in found])
    betas = np.log([row.estimate.value or 1.0 for row in rows])
    q = float(weights @ (betas - np.average(betas, weights=weights)) ** 2)
    p, least = float(chdtrc(len(rows) - 1, q)), _INTERACTION / factors
    return judge(
        "levels of a factor do not differ by more than chance",
        factor,
        _printed(rows),
        p,
        (least, 1.0),
        ANY,
        formula=f"Q = sum of (log HR - pool)^2 / SE^2 = {q:.2f} on {len(rows) - 1} degrees of freedom",
        source=f"Cochran 1954; {_INTERACTION:g} shared among the {factors} factors of the study",
        why=f"interaction p = {p:.2g}",
        hint="an interaction that is real, or a misprinted row",
    )


