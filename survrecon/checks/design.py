"""Design statements: events for the stated power, and boundaries of interim analyses."""

from __future__ import annotations

import math
from decimal import Decimal

from survrecon.checks._arithmetic import ANY, Range, hull, judge, span, tail
from survrecon.data import Study
from survrecon.published import Design, Interim
from survrecon.results import Finding
from survrecon.survival import upper_deviate

_INFLATION = 1.03  # events that up to five looks with O'Brien-Fleming boundaries cost more (Jennison and Turnbull 2000, table 2.4)
_PERCENT = 0.005  # power and information fraction are rounded to the percent


def check_design(study: Study) -> list[Finding]:
    """Hold the planned events against power, and interim boundaries against their spending function.

    Parameters
    ----------
    study : Study
        As read.

    Returns
    -------
    list of Finding
        For the sample-size statement, then for each interim analysis.
    """
    published = study.published
    findings = [] if published.design is None else _planned(published.design)
    before: Interim | None = None
    for interim in sorted(published.interims, key=lambda each: each.events):
        findings += [*_reported(study, interim), *_boundary_p(interim, before), *_boundary_hr(study, interim)]
        before = interim
    return findings


def events_needed(design: Design) -> float:
    """Return the events that a log-rank test needs, by Schoenfeld's formula.

    Parameters
    ----------
    design : Design
        Power, alpha, hazard ratio other than 1, allocation.

    Returns
    -------
    float
        (z_alpha + z_beta)^2 (1 + r)^2 / (r log(HR)^2) (Schoenfeld 1981, Biometrika 68:316).

    Examples
    --------
    PALOMA-2: (1.960 + 1.282)^2 * 9 / (2 * 0.3711^2) = 343.4.

    >>> round(events_needed(Design(347, 0.69, 0.9, 0.025, 1, 2.0)), 1)
    343.4
    """
    r = design.allocation
    return (_deviates(design.alpha, design.sides, design.power) * (1 + r) / math.log(design.hazard_ratio)) ** 2 / r


def _deviates(alpha: float, sides: int, power: float) -> float:
    return upper_deviate(alpha / sides) + upper_deviate(1 - power)


def _planned(design: Design) -> list[Finding]:
    theta, r = design.hazard_ratio, design.allocation
    digits = -int(Decimal(repr(theta)).as_tuple().exponent)
    half = 0.5 * 10.0 ** -max(digits, 2)
    ratios = (theta - half, theta + half)
    if ratios[0] <= 1 <= ratios[1]:
        return []
    needed: list[float] = []
    for hr in ratios:
        for power in (design.power - _PERCENT, min(design.power + _PERCENT, 1 - 1e-9)):
            z = _deviates(design.alpha, design.sides, power)
            needed += [(z * (1 + r) / math.log(hr)) ** 2 / r, (z * (1 + r * hr) / (1 - hr)) ** 2 / r]
    low, high = hull(needed)
    z = math.sqrt(design.events * r) / (1 + r) * abs(math.log(theta)) - upper_deviate(design.alpha / design.sides)
    return [
        judge(
            "planned events against power",
            f"hazard ratio {theta:g}",
            [
                ("events", str(design.events)),
                ("hazard ratio", f"{theta:g}"),
                ("power", f"{design.power:g}"),
                ("alpha", f"{design.alpha:g}, {design.sides}-sided"),
                ("allocation", f"{r:g}:1"),
            ],
            design.events,
            (math.floor(low), math.ceil(high * _INFLATION)),
            ANY,
            formula=f"(z_alpha + z_beta)^2 (1 + r)^2 / (r log(HR)^2) = {events_needed(design):.1f}; Freedman: "
            "(z_alpha + z_beta)^2 (1 + r HR)^2 / (r (1 - HR)^2)",
            source="Schoenfeld 1981, Biometrika 68:316; Freedman 1982, Stat Med 1:121; HR and power as rounded; "
            "up to 3% more for interim looks",
            why=f"{design.events} events have power {1 - tail(z):.1%}",
            hint="power, alpha, sides or allocation of another end point? a digit changed?",
        )
    ]


def _reported(study: Study, interim: Interim) -> list[Finding]:
    """Hold the events of the study against those of its interim analysis, and those against the plan."""
    totals = [arm.total_events for arm in study.arms]
    numbers = [("interim events", str(interim.events)), ("planned events", str(interim.planned_events))]
    findings = [
        judge(
            "interim events before the planned ones",
            f"interim at {interim.events} events",
            numbers,
            interim.events,
            (0, interim.planned_events),
            (0, interim.planned_events),
            formula="an interim analysis comes before the final one",
            hint="the two numbers exchanged?",
        )
    ]
    if totals and None not in totals:
        together = sum(total for total in totals if total is not None)
        findings.append(
            judge(
                "events of the arms against the interim analysis",
                f"interim at {interim.events} events",
                [*numbers, *((f"events, {arm.label}", str(arm.total_events)) for arm in study.arms)],
                together,
                (interim.events, math.inf),
                ANY,
                formula=f"events of all arms together, {together}, are at least those of the interim analysis",
                hint="totals of another end point or cutoff? a digit changed?",
            )
        )
    return findings


def spent(alpha: float, fraction: float) -> float:
    """Return the one-sided type I error spent by an information fraction, O'Brien-Fleming type.

    Parameters
    ----------
    alpha : float
        One-sided type I error of the whole trial.
    fraction : float
        Events so far over events planned.

    Returns
    -------
    float
        2 - 2 Phi(z_{alpha/2} / sqrt(fraction)) (Lan and DeMets 1983, Biometrika 70:659).

    Examples
    --------
    CLEOPATRA: 165 of 385 events; twice this is the printed two-sided 0.0012.

    >>> round(2 * spent(0.025, 165 / 385), 4)
    0.0012
    """
    return 2 * tail(upper_deviate(alpha / 2) / math.sqrt(fraction))


def _boundary_p(interim: Interim, before: Interim | None) -> list[Finding]:
    """Hold a printed boundary p value against what the spending function leaves for this analysis."""
    printed = interim.boundary_p
    kind = interim.spending.lower().replace("’", "'")
    if printed is None or printed.value is None or "brien" not in kind or "peto" in kind or interim.events > interim.planned_events:
        return []
    alpha, fraction = interim.alpha / interim.sides, interim.events / interim.planned_events
    around = [min(max(fraction + side * _PERCENT, 1e-6), 1.0) for side in (-1, 1)]
    low, high = (spent(alpha, each) for each in around)
    if before is not None:  # the boundary spends at least what is new, and at most all
        low = max(low - spent(alpha, before.events / before.planned_events), 0.0)
    ends = interim.p_sides * low, interim.p_sides * high
    other = 3 - interim.p_sides
    fits = other / interim.p_sides * ends[0] <= span(printed)[1] and span(printed)[0] <= other / interim.p_sides * ends[1]
    return [
        judge(
            "interim boundary against its spending function",
            f"interim at {interim.events} events",
            [
                ("events", f"{interim.events} of {interim.planned_events}"),
                ("alpha", f"{interim.alpha:g}, {interim.sides}-sided"),
                (f"boundary p, {interim.p_sides}-sided", printed.text),
            ],
            printed.value,
            ends,
            ANY,
            rounded=span(printed),
            formula=f"2 - 2 Phi(z_(alpha/2) / sqrt(t)), alpha one-sided, t = {fraction:.4f} give or take {_PERCENT:g}"
            + (", less what earlier analyses spent" if before else ""),
            source="Lan and DeMets 1983, Biometrika 70:659, spending function of O'Brien-Fleming type",
            hint=f"it would fit as a {('one', 'two')[other - 1]}-sided p value" if fits else "another spending function? a digit changed?",
        )
    ]


def _boundary_hr(study: Study, interim: Interim) -> list[Finding]:
    """Hold a printed boundary of the hazard ratio against the boundary p value and the events."""
    p, ratio = interim.boundary_p, interim.boundary_hr
    if p is None or p.value is None or ratio is None or ratio.value is None or not 0 < ratio.value < 1:
        return []
    errors = _standard_errors(study, interim)
    deviates = [upper_deviate(max(each, 1e-300) / interim.p_sides) for each in span(p)]
    allowed = hull(math.exp(-z * se) for z in deviates for se in errors)
    return [
        judge(
            "interim boundary, hazard ratio and p",
            f"interim at {interim.events} events",
            [("events", str(interim.events)), (f"boundary p, {interim.p_sides}-sided", p.text), ("boundary hazard ratio", ratio.text)],
            ratio.value,
            allowed,
            ANY,
            rounded=span(ratio),
            formula="HR = exp(-z SE), SE = (1 + r) / sqrt(r events), or from the events of the two arms",
            source="Schoenfeld 1981: Var(log HR) = 1 / (p (1 - p) events)",
            hint="boundary of another analysis? a digit changed?",
        )
    ]


def _standard_errors(study: Study, interim: Interim) -> Range:
    """Return the range of standard errors of log HR at an interim analysis."""
    ratios = [study.published.design.allocation] if study.published.design else [1.0]
    if len(study.arms) == 2:
        larger, smaller = sorted((arm.n for arm in study.arms), reverse=True)
        ratios = [larger / smaller, round(larger / smaller)]  # as randomized, and as planned
    found = [(1 + r) / math.sqrt(r * interim.events) for r in ratios]
    totals = [arm.total_events for arm in study.arms if arm.total_events]
    if len(totals) == 2 and sum(totals) == interim.events:
        found.append(math.sqrt(1 / totals[0] + 1 / totals[1]))
    return hull(found)
