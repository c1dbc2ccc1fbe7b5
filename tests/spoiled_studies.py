"""One thing wrong in an honest study: a digit, an exchange, another panel, a percentage. What of it does the audit catch?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from survrecon.data import Arm, RiskTable, Study
from survrecon.fields import parse_printed
from survrecon.published import Printed, PublishedValue, Subgroup

Spoil = Callable[[Study, Study, np.random.Generator], Study | None]


class Refused(Exception):
    """Numbers that reading a study refuses, naming them."""


def change_digit(text: str, rng: np.random.Generator) -> str:
    """Change one digit; not the first of 0.xx, and no leading zero."""
    digits = [i for i, letter in enumerate(text) if letter.isdigit() and not (letter == "0" and text[i + 1 : i + 2] == "." and i < 2)]
    place = int(rng.choice(digits))
    others = [digit for digit in "0123456789" if digit != text[place] and not (digit == "0" and place == 0 and len(text) > 1)]
    return text[:place] + str(rng.choice(others)) + text[place + 1 :]


def arm_with(arm: Arm, **changes: Any) -> Arm:
    """Change an arm as its file would be changed."""
    try:
        return replace(arm, **changes)
    except ValueError as error:
        raise Refused(str(error)) from error


def with_arm(study: Study, arm: Arm) -> Study:
    """Put an arm in the place of its namesake."""
    return replace(study, arms=tuple(arm if each.label == arm.label else each for each in study.arms))


def with_values(study: Study, change: Callable[[PublishedValue], PublishedValue]) -> Study:
    """Change published values."""
    return replace(study, published=replace(study.published, values=tuple(map(change, study.published.values))))


def ordered(limits: tuple[Printed, Printed]) -> tuple[Printed, Printed]:
    """Refuse limits that reading refuses."""
    low, high = (limit.value for limit in limits)
    if low is not None and high is not None and low > high:
        raise Refused("lower limit above the upper one")
    return limits


def digit_of(quantity: str, part: str) -> Spoil:
    """Change a digit of an estimate or of a limit."""

    def spoil(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
        values = study.published.values
        fitting = [i for i, value in enumerate(values) if value.quantity == quantity and _text(value, part)]
        if not fitting:
            return None
        i = int(rng.choice(fitting))
        changed = _with_digit(values[i], part, rng)
        return replace(study, published=replace(study.published, values=(*values[:i], changed, *values[i + 1 :])))

    return spoil


def _text(value: PublishedValue | Subgroup, part: str) -> bool:
    if part == "estimate":
        return value.estimate.reached and value.estimate.relation == "="
    return value.ci is not None and any(limit.reached for limit in value.ci)


def _with_digit(value: Any, part: str, rng: np.random.Generator) -> Any:
    if part == "estimate":
        changed = parse_printed(change_digit(value.estimate.text, rng))
        if isinstance(value, PublishedValue) and value.quantity == "survival" and (changed.value or 0) > 1:
            raise Refused("above 100%")
        return replace(value, estimate=changed)
    side = int(rng.choice([i for i in (0, 1) if value.ci[i].reached]))
    limits = list(value.ci)
    limits[side] = parse_printed(change_digit(limits[side].text, rng))
    if isinstance(value, PublishedValue) and value.quantity == "survival" and (limits[side].value or 0) > 1:
        raise Refused("above 100%")
    return replace(value, ci=ordered((limits[0], limits[1])))


def digit_of_subgroup(part: str) -> Spoil:
    """Change a digit of a row of the forest plot."""

    def spoil(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
        rows = study.published.subgroups
        if not rows:
            return None
        i = int(rng.integers(len(rows)))
        changed = replace(rows[i], n=max(int(change_digit(str(rows[i].n), rng)), 1)) if part == "n" else _with_digit(rows[i], part, rng)
        return replace(study, published=replace(study.published, subgroups=(*rows[:i], changed, *rows[i + 1 :])))

    return spoil


def digit_of_count(name: str) -> Spoil:
    """Change a digit of an arm's n, total or percentage of events."""

    def spoil(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
        arms = [arm for arm in study.arms if getattr(arm, name) is not None]
        if not arms:
            return None
        arm = arms[int(rng.integers(len(arms)))]
        old = getattr(arm, name)
        new: Any = parse_printed(change_digit(old.text, rng)) if name == "events_percent" else int(change_digit(str(old), rng))
        return with_arm(study, arm_with(arm, **{name: new}))

    return spoil


def digit_at_risk(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
    """Change a digit of a number at risk."""
    arms = [arm for arm in study.arms if arm.risk is not None and arm.risk.count[-1] >= 0 and arm.risk.count[1] > 0]
    if not arms:
        return None
    arm = arms[int(rng.integers(len(arms)))]
    cell = int(rng.choice(np.flatnonzero(arm.risk.count > 0)))
    count = np.array(arm.risk.count)
    count[cell] = float(change_digit(f"{count[cell]:.0f}", rng))
    return with_arm(study, arm_with(arm, risk=RiskTable(arm.risk.time, count)))


def digit_of_design(name: str) -> Spoil:
    """Change a digit of the planned events, or of an interim boundary."""

    def spoil(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
        design, interims = study.published.design, study.published.interims
        if name == "events":
            if design is None:
                return None
            design = replace(design, events=int(change_digit(str(design.events), rng)))
            return replace(study, published=replace(study.published, design=design))
        if not interims:
            return None
        changed = replace(interims[0], **{name: parse_printed(change_digit(getattr(interims[0], name).text, rng))})
        return replace(study, published=replace(study.published, interims=(changed,)))

    return spoil


def swap(part: str) -> Spoil:
    """Exchange what belongs to the two arms."""

    def spoil(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
        first, second = study.arms
        if part in ("median", "survival"):
            if not any(value.quantity == part and value.estimate.reached for value in study.published.values):
                return None
            exchange = {first.label: second.label, second.label: first.label}
            return with_values(study, lambda value: replace(value, arm=exchange[value.arm or ""]) if value.quantity == part else value)
        names = {"totals": ("total_events", "events_percent"), "risk": ("risk",), "curve": ("curve",), "risk and n": ("risk", "n")}[part]
        if getattr(first, names[0]) is None or getattr(second, names[0]) is None:
            return None
        rows = [arm_with(arm, **{name: getattr(source, name) for name in names}) for arm, source in ((first, second), (second, first))]
        return replace(study, arms=tuple(rows))

    return spoil


def reverse_ratio(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
    """Print the hazard ratio with the reference arm reversed."""

    def invert(value: PublishedValue) -> PublishedValue:
        if value.quantity != "hazard_ratio" or value.ci is None or not value.ci[0].value or not value.estimate.value:
            return value
        digits = len(value.estimate.text.split(".")[1])
        printed = (value.ci[1], value.estimate, value.ci[0])
        low, middle, high = (parse_printed(f"{1 / float(each.value or 1):.{digits}f}") for each in printed)
        return replace(value, estimate=middle, ci=(low, high))

    return with_values(study, invert)


def other_panel(part: str) -> Spoil:
    """Take something from the figure of another end point of the same trial."""

    def spoil(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
        if part in ("median", "hazard_ratio"):
            foreign = [value for value in other.published.values if value.quantity == part]
            own = [value for value in study.published.values if value.quantity != part]
            if not any(value.estimate.reached for value in foreign):
                return None
            return replace(study, published=replace(study.published, values=(*own, *foreign)))
        name = {"totals": "total_events", "risk": "risk", "curve": "curve"}[part]
        if any(getattr(arm, name) is None for arm in (*study.arms, *other.arms)):
            return None
        rows = [arm_with(arm, **{name: getattr(source, name)}) for arm, source in zip(study.arms, other.arms, strict=True)]
        return replace(study, arms=tuple(rows))

    return spoil


def percent_for_count(part: str) -> Spoil:
    """Print a percentage in place of a count."""

    def spoil(study: Study, other: Study, rng: np.random.Generator) -> Study | None:
        arms = []
        for arm in study.arms:
            if (arm.risk if part == "risk" else arm.total_events) is None:
                return None
            if part == "risk":
                arms.append(arm_with(arm, risk=RiskTable(arm.risk.time, np.round(100 * arm.risk.count / arm.n))))
            else:
                arms.append(arm_with(arm, total_events=round(100 * arm.total_events / arm.n), events_percent=None))
        return replace(study, arms=tuple(arms))

    return spoil


KINDS: dict[str, Spoil] = {
    "digit: n": digit_of_count("n"),
    "digit: total events": digit_of_count("total_events"),
    "digit: percentage of events": digit_of_count("events_percent"),
    "digit: number at risk": digit_at_risk,
    "digit: median": digit_of("median", "estimate"),
    "digit: limit of a median": digit_of("median", "ci"),
    "digit: survival": digit_of("survival", "estimate"),
    "digit: limit of survival": digit_of("survival", "ci"),
    "digit: hazard ratio": digit_of("hazard_ratio", "estimate"),
    "digit: limit of the hazard ratio": digit_of("hazard_ratio", "ci"),
    "digit: log-rank p": digit_of("logrank_p", "estimate"),
    "digit: Wald p": digit_of("wald_p", "estimate"),
    "digit: log-rank chi-squared": digit_of("logrank_chi2", "estimate"),
    "digit: hazard ratio of a subgroup": digit_of_subgroup("estimate"),
    "digit: limit of a subgroup": digit_of_subgroup("ci"),
    "digit: size of a subgroup": digit_of_subgroup("n"),
    "digit: planned events": digit_of_design("events"),
    "digit: interim boundary p": digit_of_design("boundary_p"),
    "digit: interim boundary hazard ratio": digit_of_design("boundary_hr"),
    "arms swapped: numbers at risk": swap("risk"),
    "arms swapped: numbers at risk and n": swap("risk and n"),
    "arms swapped: curves": swap("curve"),
    "arms swapped: medians": swap("median"),
    "arms swapped: survival at a landmark": swap("survival"),
    "arms swapped: total events": swap("totals"),
    "arms swapped: reference of the hazard ratio": reverse_ratio,
    "wrong panel: numbers at risk": other_panel("risk"),
    "wrong panel: curves": other_panel("curve"),
    "wrong panel: medians": other_panel("median"),
    "wrong panel: hazard ratio": other_panel("hazard_ratio"),
    "wrong panel: total events": other_panel("totals"),
    "percent for count: total events": percent_for_count("totals"),
    "percent for count: numbers at risk": percent_for_count("risk"),
}

