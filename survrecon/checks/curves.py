"""Numbers at risk and events against what curve, medians and landmarks say about survival."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from survrecon.checks import _bounds
from survrecon.checks._arithmetic import judge, name, shown
from survrecon.checks._bounds import WORST_READING, Bounds
from survrecon.clean import LARGEST_REPAIR
from survrecon.data import Arm, Curve, FloatArray
from survrecon.published import PublishedValue
from survrecon.results import Finding

_LAW = "n(t) / S(t-) never increases: n times the Kaplan-Meier estimate of not being censored (Kaplan and Meier 1958)"
_READ = f"a curve is misread by at most {WORST_READING:.0%} of its axes (impossible beyond), or by its estimated reading error (tension)"
_ODDS = 1000.0  # likelihood ratio above which exchanged rows are named
_LEAST_AT_RISK, _LEAST_SURVIVAL = 5, 0.05  # below, an interval says little about losses

Bounding = Callable[[FloatArray], Bounds]


@dataclass(frozen=True)
class Evidence:
    """One thing that is known about the survival of an arm.

    Attributes
    ----------
    kind : str
        ``"curve"``, ``"median"`` or ``"survival"``.
    subject : str
        The arm, and the time of a landmark.
    numbers : tuple of (str, str)
        As printed.
    expected, limit : callable
        Bounds of survival at given times: with the usual, and with the worst, reading error.
    """

    kind: str
    subject: str
    numbers: tuple[tuple[str, str], ...]
    expected: Bounding
    limit: Bounding


def evidence(arm: Arm, curve: Curve | None, values: Sequence[PublishedValue]) -> list[Evidence]:
    """Collect what is known about the survival of an arm.

    Parameters
    ----------
    arm : Arm
        As read.
    curve : Curve or None
        Its curve after cleaning.
    values : sequence of PublishedValue
        All that the document prints; those of other arms and populations are not looked at.

    Returns
    -------
    list of Evidence
        The curve first.
    """
    found = []
    if curve is not None:
        error = _bounds.reading_error(curve, arm.n)
        numbers = (("reading error", f"{error:.3g}"),)
        found.append(Evidence("curve", arm.label, numbers, _curve_bounds(curve, error), _curve_bounds(curve, WORST_READING)))
    for value in values:
        if value.arm == arm.label and not value.population and not value.adjusted and value.quantity in ("median", "survival"):
            if value.quantity == "survival" and value.estimate.value is None:
                continue
            landmark = value.quantity == "survival"
            limit = _landmark_bounds(value) if landmark else _median_bounds(value)
            expected = limit if landmark else _interval_bounds(arm, value)
            found.append(Evidence(value.quantity, name(value), shown(value)[: 1 if landmark else 2], expected, limit))
    return found


def _curve_bounds(curve: Curve, error: float) -> Bounding:
    return lambda times: _bounds.of_curve(curve, times, error)


def _median_bounds(value: PublishedValue) -> Bounding:
    return lambda times: _bounds.of_median(value, times)


def _interval_bounds(arm: Arm, value: PublishedValue) -> Bounding:
    return lambda times: _bounds.of_median_interval(arm, value, times)


def _landmark_bounds(value: PublishedValue) -> Bounding:
    return lambda times: _bounds.of_landmark(value, times)


def check_curve(arm: Arm, curve: Curve | str) -> list[Finding]:
    """Look how far the points as read are from a survival curve.

    Parameters
    ----------
    arm : Arm
        With a curve.
    curve : Curve or str
        From `survrecon.checks._bounds.cleaned_curve`.

    Returns
    -------
    list of Finding
        One: "in tension" where cleaning refuses the points, for the reason it gives.
    """
    check, formula = "curve falls from 1", "largest correction that makes S(0) = 1 and lets S never rise"
    if isinstance(curve, str):
        return [Finding(check, arm.label, "in tension", (), None, (0.0, LARGEST_REPAIR), formula, "survrecon.clean", curve)]
    moved = 0.0 if curve.reading is None else float(np.max(np.abs(curve.reading - curve.survival)))
    numbers = [("points", str(curve.time.size))]
    return [judge(check, arm.label, numbers, moved, (0.0, max(moved, LARGEST_REPAIR)), formula=formula, source="survrecon.clean")]


def table(arm: Arm) -> tuple[FloatArray, FloatArray]:
    """Return an arm's numbers at risk without missing cells, from time 0.

    Parameters
    ----------
    arm : Arm
        As read.

    Returns
    -------
    time, count : ndarray of float, shape (m,)
        Only (0, n) where there is no risk table.
    """
    if arm.risk is None:
        return np.zeros(1), np.array([float(arm.n)])
    known = ~np.isnan(arm.risk.count)
    time, count = arm.risk.time[known], arm.risk.count[known]
    if time.size == 0 or time[0] > 0:
        return np.append(0.0, time), np.append(float(arm.n), count)
    return time, count


def check_numbers_at_risk(arm: Arm, known: Sequence[Evidence]) -> list[Finding]:
    """Hold the numbers at risk of an arm against each thing known about its survival.

    Parameters
    ----------
    arm : Arm
        As read.
    known : sequence of Evidence
        From `evidence`.

    Returns
    -------
    list of Finding
        One for each, about the first cell that breaks the inequality, or about the one that comes closest.
    """
    time, count = table(arm)
    if time.size < 2:
        return []
    titles = {"curve": "numbers at risk under the curve", "median": "numbers at risk under the median"}
    findings = []
    for item in known:
        upper = np.minimum.accumulate(item.limit(time).upper)
        usual, worst = (_most_at_risk(count, bounds(time)) for bounds in (item.expected, item.limit))
        told = np.flatnonzero((upper < 1) & (worst > 0))
        broken = [cells for most in (worst, usual) if (cells := np.flatnonzero(count > most * (1 + 1e-9))).size]
        if not broken and told.size == 0:
            continue
        k = int(broken[0][0] if broken else told[np.argmax(count[told] / worst[told])])
        findings.append(
            judge(
                titles.get(item.kind, "numbers at risk under survival at a landmark"),
                item.subject,
                [*item.numbers, (f"number at risk at {time[k]:g}", f"{count[k]:g}"), ("n", f"{count[0]:g}")],
                float(count[k]),
                (0.0, float(usual[k])),
                (0.0, float(worst[k])),
                formula="n(t) <= n(u) S(t-) / S(u), u the time of the cell before",
                source=_LAW + ("; " + _READ if item.kind == "curve" else ""),
                hint="the numbers at risk of another arm or another figure? a misprinted cell?",
            )
        )
    return findings


def _most_at_risk(count: FloatArray, bounds: Bounds) -> FloatArray:
    """Return the largest number at risk that survival leaves at each time, given the cells before."""
    least = _bounds.least_survival(count, bounds)
    shares = np.divide(count[:-1], least[:-1], out=np.zeros(count.size - 1), where=least[:-1] > 0)
    return np.append(count[0], np.minimum.accumulate(bounds.upper)[1:] * shares)


def check_events(arm: Arm, known: Sequence[Evidence]) -> list[Finding]:
    """Hold the total of events against numbers at risk and survival together.

    Parameters
    ----------
    arm : Arm
        As read.
    known : sequence of Evidence
        From `evidence`.

    Returns
    -------
    list of Finding
        None where the total is not printed or nothing is known about survival.
    """
    if arm.total_events is None or not known:
        return []
    time, count = table(arm)
    for items in (known, known[:1]):  # where they contradict each other, which another check says, the first one alone: the curve
        worst = _bounds.event_range(count, _together(items, time, "limit"), float(count[-1]))
        if worst is not None:
            break
    else:
        return []
    usual = _bounds.event_range(count, _together(items, time, "expected"), float(count[-1]))
    return [
        judge(
            "events within the losses",
            arm.label,
            [("events", str(arm.total_events)), ("numbers at risk", " ".join(f"{each:g}" for each in count))]
            + [number for item in items for number in item.numbers],
            arm.total_events,
            usual or worst,
            worst,
            formula="per interval, b (1/r - 1) <= events <= a (1 - r): a and b at risk at its ends, r the fall of survival",
            source=_LAW + "; least with all events after the losses, most with all before; " + _READ,
            hint="the total of another end point, arm or cutoff? a percentage in place of a count?",
        )
    ]


def _together(known: Sequence[Evidence], time: FloatArray, which: str) -> Bounds:
    bounds = [item.expected(time) if which == "expected" else item.limit(time) for item in known]
    return reduce(Bounds.both, bounds, _bounds.none(time))


def check_rows(arms: Sequence[Arm], curves: Sequence[Curve | None], known: Sequence[Sequence[Evidence]]) -> list[Finding]:
    """Look whether the rows of the risk table belong to their arms, or would fit when exchanged.

    Parameters
    ----------
    arms : sequence of Arm
        Of a study.
    curves : sequence of Curve or None
        Their curves after cleaning.
    known : sequence of sequence of Evidence
        What is known of each arm's survival.

    Returns
    -------
    list of Finding
        Of studies of two arms with numbers at risk at the same times, and a curve or a median in one of them at least.
    """
    if len(arms) != 2 or not any(known):
        return []
    (time, first), (other_time, second) = map(table, arms)
    if time.size < 2 or time.size != other_time.size or np.any(time != other_time):
        return []
    rows = (first, second)
    read = [curve for curve in curves if curve is not None]
    if len(read) == 2:  # medians may be those of the printed arms, while curves or rows are exchanged
        known = [items[:1] for items in known]
    check, subject = "numbers at risk in their own rows", " and ".join(arm.label for arm in arms)
    numbers = [(f"numbers at risk, {arm.label}", " ".join(f"{each:g}" for each in row)) for arm, row in zip(arms, rows, strict=True)]
    hint = "the rows of the two arms are probably swapped: each fits the other arm's curve and not its own"
    if not _fits(time, rows, known) and _fits(time, rows[::-1], known):
        formula = "n(t) <= n(u) S(t-) / S(u) breaks with the rows as printed, and holds with the rows exchanged"
        return [Finding(check, subject, "impossible", tuple(numbers), None, None, formula, f"{_LAW}; {_READ}", hint)]
    if len(read) < 2:
        return []
    return [
        judge(
            check,
            subject,
            numbers,
            (_gap(time, rows, read) - _gap(time, rows[::-1], read)) / 2,
            (-math.inf, math.log(_ODDS)),
            formula="log likelihood ratio of exchanged rows against rows as printed, losses to follow-up being alike in both arms",
            source=f"normal approximation of n(t) / S(t-); a likelihood ratio of {_ODDS:g} (Royall 1997, Statistical Evidence)",
            hint=hint,
        )
    ]


def _fits(time: FloatArray, rows: Sequence[FloatArray], known: Sequence[Sequence[Evidence]]) -> bool:
    """Whether numbers at risk keep below what is known of survival, at the worst reading."""
    for count, items in zip(rows, known, strict=True):
        bounds = _together(items, time, "limit")
        if np.any(_bounds.least_survival(count, bounds) > np.minimum.accumulate(bounds.upper) + 1e-9):
            return False
    return True


def _gap(time: FloatArray, rows: Sequence[FloatArray], curves: Sequence[Curve]) -> float:
    """Return the chi-squared of equal losses to follow-up in both arms, interval by interval."""
    start, end, fall, noise = [], [], [], []
    for count, curve in zip(rows, curves, strict=True):
        survival = _bounds.of_curve(curve, time, 0.0).upper
        start.append(count[:-1] * np.divide(survival[1:], survival[:-1], out=np.zeros(time.size - 1), where=survival[:-1] > 0))
        end.append(count[1:])
        fall.append((count[:-1] >= _LEAST_AT_RISK) & (survival[1:] >= _LEAST_SURVIVAL))
        noise.append(2 * (_bounds.reading_error(curve, int(count[0])) / np.maximum(survival[1:], _LEAST_SURVIVAL)) ** 2)
    use = fall[0] & fall[1]
    (a, b), (x, y) = (np.array([each[use] for each in item]) for item in (start, end))
    kept = np.clip((x + y) / (a + b), 0.0, 1.0)
    variance = kept * (1 - kept) * (1 / a + 1 / b) + noise[0][use] + noise[1][use]
    return float(np.sum((x / a - y / b) ** 2 / variance))
