"""Medians and survival at landmarks: on the curve, inside their intervals, and in order."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from survrecon.checks import _bounds
from survrecon.checks._arithmetic import ANY, Range, hull, judge, meet, name, shown, span
from survrecon.checks._bands import KINDS, left_at, log_se_range, survival_at_limit
from survrecon.checks._bounds import WORST_READING
from survrecon.data import Arm, Curve
from survrecon.published import Printed, PublishedValue
from survrecon.results import Finding
from survrecon.survival import normal_quantile

_MEDIAN = "the median is the first time with S <= 0.5, or the middle of the interval on which S is 0.5 (Brookmeyer and Crowley 1982)"
_READ = f"a curve is misread by at most {WORST_READING:.0%} of its axes (impossible beyond), or by its estimated reading error (tension)"
_GREENWOOD = "Greenwood's variance of log S is at least (1 - S) / (n S), without censoring, and at most (1 - S) / n(t) (Peto 1977)"


def check_times(arm: Arm, curve: Curve | None, values: Sequence[PublishedValue]) -> list[Finding]:
    """Hold the medians and landmarks of one arm against its curve, its numbers at risk, their intervals and each other.

    Parameters
    ----------
    arm : Arm
        As read.
    curve : Curve or None
        Its curve after cleaning.
    values : sequence of PublishedValue
        All that the document prints; those of other arms are not looked at.

    Returns
    -------
    list of Finding
        In the order of the document.
    """
    own = [value for value in values if value.arm == arm.label]
    plain = [value for value in own if not value.population and not value.adjusted]
    findings = [finding for value in own if value.quantity in ("median", "survival") for finding in _inside(value)]
    for value in plain:
        if value.quantity == "median":
            findings += [*(_median_on_curve(arm, curve, value) if curve else []), *_follow_up(arm, value)]
        elif value.quantity == "survival" and value.estimate.value is not None:
            findings += [*(_landmark_on_curve(arm, curve, value) if curve else []), *_landmark_interval(arm, value)]
    return findings + _in_order(arm, plain)


def _inside(value: PublishedValue) -> list[Finding]:
    """Hold a median or a survival against its own interval."""
    if value.ci is None:
        return []
    low = span(value.ci[0])[0] if value.ci[0].reached else -math.inf
    high = span(value.ci[1])[1] if value.ci[1].reached else math.inf
    ours = math.inf if value.estimate.value is None else value.estimate.value
    if not math.isfinite(ours) and math.isinf(high):
        return []
    inside = (low, high)
    return [
        judge(
            f"{value.quantity} within its interval",
            name(value),
            shown(value),
            ours,
            inside,
            inside,
            rounded=span(value.estimate) if value.estimate.value is not None else None,
            formula="lower limit <= estimate <= upper limit",
            source="every interval made from a band around the curve holds its estimate",
            hint="limits or estimate of another arm? a digit changed?",
        )
    ]


def _median_on_curve(arm: Arm, curve: Curve, value: PublishedValue) -> list[Finding]:
    error = _bounds.reading_error(curve, arm.n)
    usual, worst = (_crossing(curve, each, (0.5, 0.5)) for each in (error, WORST_READING))
    findings = [
        judge(
            "median on the curve",
            name(value),
            shown(value)[:1],
            math.inf if value.estimate.value is None else value.estimate.value,
            usual,
            worst,
            rounded=None if value.estimate.value is None else span(value.estimate),
            formula="the curve crosses 0.5 within this range, given its reading error",
            source=f"{_MEDIAN}; {_READ}",
            hint="the median of another arm, end point or cutoff?",
        )
    ]
    for side, limit in zip(("lower", "upper"), value.ci or (), strict=False):
        if limit.value is None or limit.relation != "=":
            continue
        survival = survival_at_limit(side, arm.n, left_at(arm, span(limit)[1]), value.level, value.ci_type)
        findings.append(
            judge(
                "limits of the median on the curve",
                f"{name(value)}, {side} limit",
                [*shown(value), ("n", str(arm.n))],
                limit.value,
                _crossing(curve, error, survival),
                rounded=span(limit),
                formula=f"where the {side} band crosses 0.5 the curve is at {survival[0]:.2f} to {survival[1]:.2f}",
                source=f"Brookmeyer and Crowley 1982; {_GREENWOOD}",
                hint="a limit of another level, or of another method than log-log, linear and log? a digit changed?",
            )
        )
    return findings


def _crossing(curve: Curve, error: float, survival: Range) -> Range:
    """Return the times between which a curve read with an error may fall below the second, and is not yet below the first."""
    shift = error * float(curve.time[-1])
    early = np.flatnonzero(curve.survival - error <= survival[1])
    late = np.flatnonzero(curve.survival + error < survival[0])
    low = float(curve.time[max(int(early[0]) - 1, 0)]) - shift if early.size else math.inf
    return low, float(curve.time[late[0]]) + shift if late.size else math.inf


def _landmark_on_curve(arm: Arm, curve: Curve, value: PublishedValue) -> list[Finding]:
    if value.time is None or value.estimate.value is None or value.time > curve.time[-1]:
        return []
    at = np.array([value.time])
    usual, worst = (_bounds.of_curve(curve, at, error) for error in (_bounds.reading_error(curve, arm.n), WORST_READING))
    return [
        judge(
            "survival on the curve",
            name(value),
            shown(value)[:1],
            value.estimate.value,
            (float(usual.lower[0]), float(usual.upper[0])),
            (float(worst.lower[0]), float(worst.upper[0])),
            rounded=span(value.estimate),
            formula="height of the curve at this time, given its reading error",
            source=_READ,
            hint="survival of another arm, time or end point? failure in place of survival?",
        )
    ]


def _follow_up(arm: Arm, value: PublishedValue) -> list[Finding]:
    """Somebody must be at risk until the median, and until the limits of its interval, which all are times of events."""
    reached = [limit for limit in (value.estimate, *(value.ci or ())) if limit.reached]
    if arm.risk is None or not reached or not np.any(arm.risk.count == 0):
        return []
    last: Printed = max(reached, key=lambda limit: span(limit)[0])
    empty = float(arm.risk.time[arm.risk.count == 0][0])
    return [
        judge(
            "follow-up reaches the median and its limits",
            name(value),
            [("median and limits", ", ".join(limit.text for limit in reached)), ("nobody at risk at", f"{empty:g}")],
            float(last.value or 0.0),
            (-math.inf, empty),
            (-math.inf, empty),
            rounded=span(last),
            formula="n(t) >= 1 at every time up to an event",
            source=_MEDIAN,
            hint="the median or the numbers at risk of another arm?",
        )
    ]


def _in_order(arm: Arm, values: Sequence[PublishedValue]) -> list[Finding]:
    """Survival at landmarks and at the median must not rise."""
    points: list[tuple[Range, Range, PublishedValue]] = []
    for value in values:
        if value.quantity == "median" and value.estimate.value is not None:
            points.append((span(value.estimate), (0.5, 0.5), value))
        elif value.quantity == "survival" and value.estimate.value is not None and value.time is not None:
            points.append(((value.time, value.time), span(value.estimate), value))
    findings = []
    for (early, above, first), (late, below, second) in ((a, b) for a in points for b in points):
        if not early[1] < late[0]:
            continue
        half = first.quantity == "median"
        later = 0.5 if second.quantity == "median" else float(second.estimate.value or 0.0)
        allowed = (-math.inf, 0.5 if half else above[1])
        findings.append(
            judge(
                "survival does not rise",
                f"{arm.label}, {early[0]:.4g} to {late[1]:.4g}",
                [*shown(first)[:1], *((f"{title} later", text) for title, text in shown(second)[:1])],
                later,
                allowed,
                allowed,
                rounded=below,
                formula="S(t) <= S(u) for u < t, S <= 0.5 from the median on, S >= 0.5 before it",
                source=_MEDIAN,
                hint="survival or median of another arm? failure in place of survival?",
            )
        )
    return findings


def _landmark_interval(arm: Arm, value: PublishedValue) -> list[Finding]:
    """Hold the width of the interval of a survival probability against the number of subjects."""
    s = value.estimate.value
    if value.ci is None or not all(limit.reached for limit in value.ci) or s is None or not 0 < s < 1:
        return []
    left = 0.0 if value.time is None else left_at(arm, value.time)
    allowed = log_se_range(span(value.estimate), arm.n, left)
    found = {kind: _log_se(kind, value) for kind in KINDS if value.ci_type in ("", kind)}
    ranges = [each for each in found.values() if each is not None]
    if not ranges:
        return []
    best = min(ranges, key=lambda each: max(allowed[0] - each[1], each[0] - allowed[1]))
    middle = (best[0] + best[1]) / 2
    return [
        judge(
            "width of the interval of survival",
            name(value),
            [*shown(value), ("n", str(arm.n)), ("number at risk by then", f"{left:g}")],
            middle,
            allowed,
            ANY,
            rounded=best,
            formula="standard error of log S, from the limits, between sqrt((1 - S) / (n S)) and sqrt((1 - S) / n(t))",
            source=_GREENWOOD,
            hint="limits of another level or of another method than log-log, linear and log? a digit changed?",
        )
    ]


def _log_se(kind: str, value: PublishedValue) -> Range | None:
    """Return the standard error of log S that both limits stand for, if they are made this way; None where they cannot be."""
    assert value.ci is not None
    z, ranges = normal_quantile(value.level), []
    for side, limit in zip((1, -1), value.ci, strict=True):
        if limit.value is None or not 0 < span(limit)[0] < span(limit)[1] < 1:
            continue  # cut off at 0 or 1
        corners = []
        for s in span(value.estimate):
            s = min(max(s, 1e-9), 1 - 1e-9)
            for end in span(limit):
                steps = {"linear": (s - end) / s, "log": math.log(s / end), "log-log": -math.log(s) * math.log(math.log(end) / math.log(s))}
                corners.append(side * steps[kind] / z)
        ranges.append(hull(corners))
    return None if not ranges else ranges[0] if len(ranges) == 1 else meet(*ranges)
