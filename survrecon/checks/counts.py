"""Counts against each other: subjects, numbers at risk, events, percentages, censor marks."""

from __future__ import annotations

import math

import numpy as np

from survrecon.checks._arithmetic import judge, span
from survrecon.data import Arm
from survrecon.results import Finding


def check_counts(arm: Arm) -> list[Finding]:
    """Hold the counts of one arm against each other.

    That numbers at risk do not increase, and that no count is above n, is a condition of `Arm` itself: reading a study
    that breaks it fails and names the cell. Here the printed statements beside the table are put to the same test.

    Parameters
    ----------
    arm : Arm
        As read.

    Returns
    -------
    list of Finding
        One for each pair of numbers that the arm has.
    """
    return [*_first_count(arm), *_statements(arm), *_percentage(arm), *_marks(arm)]


def _first_count(arm: Arm) -> list[Finding]:
    if arm.risk is None or arm.risk.time[0] != 0 or np.isnan(arm.risk.count[0]):
        return []
    first = float(arm.risk.count[0])
    return [
        judge(
            "first number at risk is n",
            arm.label,
            [("n", str(arm.n)), ("number at risk at 0", f"{first:g}")],
            first,
            (arm.n, arm.n),
            (arm.n, arm.n),
            formula="everybody is at risk at time 0",
            hint="the row of another arm or another population? a percentage in place of a count?",
        )
    ]


def _statements(arm: Arm) -> list[Finding]:
    """Hold "k subjects beyond time t" and the longest follow-up against the numbers at risk, which cannot increase."""
    if arm.risk is None:
        return []
    findings = []
    ends = [] if arm.last_follow_up is None else [(arm.last_follow_up, 0, "longest follow-up")]
    for at, count, title in [*((time, count, "beyond time") for time, count in arm.beyond), *ends]:
        known = ~np.isnan(arm.risk.count)
        before = arm.risk.count[known & (arm.risk.time <= at)].min(initial=arm.n)
        after = arm.risk.count[known & (arm.risk.time > at)].max(initial=0)
        findings.append(
            judge(
                "numbers at risk do not increase",
                arm.label,
                [(f"{title} {at:g}", str(count)), ("number at risk by then", f"{before:g}"), ("number at risk after", f"{after:g}")],
                count,
                (after, before),
                (-math.inf, before) if title == "beyond time" else (after, before),
                formula="number at risk after t <= subjects beyond t <= number at risk by t",
                hint="the statement may be about some of the subjects only" if count < after else "",
            )
        )
    return findings


def _percentage(arm: Arm) -> list[Finding]:
    if arm.total_events is None or arm.events_percent is None or arm.events_percent.value is None:
        return []
    exact = arm.total_events / arm.n
    return [
        judge(
            "events and their percentage",
            arm.label,
            [("n", str(arm.n)), ("events", str(arm.total_events)), ("percentage", arm.events_percent.text)],
            arm.events_percent.value,
            (exact, exact),
            (exact, exact),
            rounded=span(arm.events_percent),
            formula=f"events / n = {arm.total_events} / {arm.n} = {exact:.4%}",
            hint="a percentage of another number of subjects? a digit changed?",
        )
    ]


def _marks(arm: Arm) -> list[Finding]:
    if arm.total_events is None or arm.censor_times is None:
        return []
    marks = np.unique(arm.censor_times).size
    return [
        judge(
            "events and censor marks",
            arm.label,
            [("n", str(arm.n)), ("events", str(arm.total_events)), ("censor marks at different times", str(marks))],
            arm.total_events,
            (-math.inf, arm.n - marks),
            (-math.inf, arm.n - marks),
            formula=f"each mark is a subject without the event: events <= n - marks = {arm.n - marks}",
            hint="do the marks stand for events?",
        )
    ]


