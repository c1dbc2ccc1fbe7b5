"""From printed numbers alone, without a curve: numbers at risk, medians and survival with their limits, totals, a ratio's width.

Numbers at risk fix how many subjects are lost between two printed times, not how many of them had an event. That share is
drawn: from hazards of event and of censoring that are smooth in time and alike between arms as far as trials
usually are (`_printed_model`), given everything that is printed (`_printed_facts`). The spread of the draws is what the
printed numbers leave open. Steps that scans cause between printed times cannot be known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from survrecon.clean import clean
from survrecon.data import IPD, Arm, Reconstruction
from survrecon.errors import InconsistentDataError, NotEstimableError, ReconstructionError
from survrecon.published import Printed, Published, PublishedValue
from survrecon.reconstruction._common import Draft, Method, finish
from survrecon.reconstruction._printed_facts import Fact, Point, Total, Width
from survrecon.reconstruction._printed_grid import Counts, known_counts, make_grid
from survrecon.reconstruction._printed_model import Model, Posterior, draw_counts, make_model, posterior
from survrecon.reconstruction._printed_place import place
from survrecon.survival import Interval, kaplan_meier, median, normal_quantile, survival_at

DRAWS = 200
SCALES: tuple[Interval, ...] = ("log-log", "log", "linear")
WIDTH_ERROR = 0.01  # relative standard deviation of a Cox model's information around that of the grid
ENOUGH = "numbers at risk, a median, survival at a time, or how many subjects were followed beyond a time"
OPEN = "printed numbers only: within what they leave open the course is assumed to be smooth; steps caused by scans cannot be known"


@dataclass(frozen=True)
class _Input:
    """What is used of the published results: facts for the model, their names for each arm, and whether a scale was assumed."""

    facts: tuple[Fact, ...]
    used: tuple[tuple[str, ...], ...]
    assumed: bool


def reconstruct_together(
    arms: Sequence[Arm], published: Published | None = None, draws: int = DRAWS, seed: int = 1
) -> tuple[Reconstruction, ...]:
    """Reconstruct all arms of a study from printed numbers, with what belongs to several of them.

    Parameters
    ----------
    arms : sequence of Arm
        Numbers at risk, totals, last follow-up and counts beyond a time are used; a curve is not looked at.
    published : Published, optional
        Medians and survival with their limits are used, and the width of a hazard ratio's interval where totals are
        missing. The hazard ratio itself is not, nor is any p value.
    draws : int
        How many data sets to return for each arm; those of the same number belong together.
    seed : int
        Of the draws.

    Returns
    -------
    tuple of Reconstruction
        One for each arm. Every draw meets n, numbers at risk and totals exactly.

    Raises
    ------
    NotEstimableError
        An arm of which nothing is printed that is tied to a time; the message lists what would be enough.
    InconsistentDataError
        Printed numbers that cannot both be true.
    ReconstructionError
        `draws` below 0.
    """
    cleaned = [clean(arm) for arm in arms]
    drafts = _drafts([item.arm for item in cleaned], published or Published(), draws, seed)
    return tuple(finish(item.arm, draft, "printed", item.notes) for item, draft in zip(cleaned, drafts, strict=True))


def estimate(arm: Arm, results: Sequence[PublishedValue] = (), draws: int = DRAWS, seed: int = 1) -> Draft:
    """Reconstruct one arm from printed numbers.

    Parameters
    ----------
    arm : Arm
        A cleaned arm; a curve is not looked at.
    results : sequence of PublishedValue
        Its published median and survival, with their limits where printed.
    draws : int
        How many data sets to return.
    seed : int
        Of the draws.

    Returns
    -------
    Draft
        Every draw meets n, numbers at risk and total events exactly.

    Raises
    ------
    NotEstimableError
        Nothing is printed that is tied to a time; the message lists what would be enough.
    InconsistentDataError
        Printed numbers that cannot both be true.
    ReconstructionError
        `draws` below 0.
    """
    (draft,) = _drafts([arm], Published(None, tuple(results)), draws, seed)
    return draft


def _drafts(arms: Sequence[Arm], published: Published, draws: int, seed: int) -> list[Draft]:
    if draws < 0:
        raise ReconstructionError(f"draws = {draws!r}; give how many data sets to draw, or 0 for none")
    choices = [_input(arms, published, scale) for scale in SCALES]
    points = [fact for fact in choices[0].facts if isinstance(fact, Point)]
    counts = []
    for i, arm in enumerate(arms):
        own = [point for point in points if point.arm == i]
        _require_time(arm, own)
        counts.append(known_counts(arm, max((point.time + point.time_slack for point in own if math.isfinite(point.time)), default=0.0)))
        _require_consistent(counts[i], own)
    chosen, model, found = _fit(counts, choices)
    rng = np.random.default_rng(seed)
    events, censored = draw_counts(model, found, max(draws, DRAWS), rng)
    center = events.mean(axis=0, keepdims=True), censored.mean(axis=0, keepdims=True)
    drafts = []
    for i in range(len(arms)):
        own = [fact for fact in chosen.facts if isinstance(fact, Point) and fact.arm == i]
        (ipd,) = place(model.grid, i, own, *center, rng=None)
        drawn = place(model.grid, i, own, events[:draws], censored[:draws], rng) if draws else []
        notes = [OPEN, counts[i].note, *(_unmet(ipd, point) for point in own)]
        if chosen.assumed and any(point.z for point in own):
            notes.append(f"the method of the printed limits is not stated; taken as {next(p.scale for p in own if p.z)}, which fits best")
        drafts.append(Draft(ipd, tuple(filter(None, notes)), chosen.used[i], tuple(drawn)))
    return drafts


def _fit(counts: Sequence[Counts], choices: Sequence[_Input]) -> tuple[_Input, Model, Posterior]:
    """Fit the model; where the scale of limits is not stated, with the scale that fits best."""
    fits = []
    for choice in choices if choices[0].assumed else choices[:1]:
        times = [fact.time for fact in choice.facts if isinstance(fact, Point) and fact.reached]
        facts = [_placed(fact, counts) for fact in choice.facts]
        model = make_model(make_grid(counts, times), facts)
        fits.append((choice, model, posterior(model)))
    return min(fits, key=lambda fit: fit[2].misfit)


def _placed(fact: Fact, counts: Sequence[Counts]) -> Fact:
    """Put "not reached" at the last time with a known number at risk, where it is sure to hold."""
    if isinstance(fact, Point) and not fact.reached:
        known = counts[fact.arm].time[:-1]
        last = known[-1] if known.size > 1 else counts[fact.arm].time[-1] / 2
        return Point(fact.arm, fact.name, float(last), fact.level, fact.z, fact.scale, reached=False)
    return fact


def _input(arms: Sequence[Arm], published: Published, scale: Interval) -> _Input:
    """Choose what is used; `scale` is that of limits whose method is not stated."""
    facts: list[Fact] = [Total(i, arm.total_events) for i, arm in enumerate(arms) if arm.total_events is not None]
    used: list[list[str]] = [[] for _ in arms]
    labels = [arm.label for arm in arms]
    assumed = False
    for value in published.values:
        label = value.arm if value.arm is not None or len(arms) > 1 else labels[0]
        if label not in labels or value.population or value.adjusted:
            continue
        i = labels.index(label)
        name = f"survival at {value.time:g}" if value.quantity == "survival" and value.time is not None else value.quantity
        if name in used[i] or value.quantity not in ("median", "survival"):
            continue
        own = _of_median(i, value, scale) if value.quantity == "median" else _of_survival(i, value, name, scale)
        assumed |= not value.ci_type and any(point.z for point in own)
        facts += own
        used[i] += [name] if own else []
    for i, width in _widths(arms, published).items():
        facts.append(width)
        used[i].append("hazard_ratio width")
    return _Input(tuple(facts), tuple(map(tuple, used)), assumed)


def _of_median(arm: int, value: PublishedValue, scale: Interval) -> list[Point]:
    z, kind = normal_quantile(value.level), value.ci_type or scale
    printed = [("median", value.estimate, 0.0)]
    if value.ci:
        printed += [("median, lower limit", value.ci[0], z), ("median, upper limit", value.ci[1], -z)]
    found = []
    for name, number, distance in printed:
        if number.value is None or number.relation == ">":
            time = math.inf if number.value is None else number.value
            found.append(Point(arm, name, time, 0.5, distance, kind, reached=False))
        elif number.relation == "=":
            found.append(Point(arm, name, number.value, 0.5, distance, kind, time_slack=max(number.half_unit, 1e-6 * number.value)))
    return found


def _of_survival(arm: int, value: PublishedValue, name: str, scale: Interval) -> list[Point]:
    z, kind = normal_quantile(value.level), value.ci_type or scale
    printed = [(name, value.estimate, 0.0)]
    if value.ci:
        printed += [(f"{name}, lower limit", value.ci[0], z), (f"{name}, upper limit", value.ci[1], -z)]
    found = []
    for part, number, distance in printed:
        if value.time and number.value is not None and number.relation == "=":
            slack = max(number.half_unit, 1e-4)
            level = min(max(number.value, slack / 2), 1 - slack / 2)
            found.append(Point(arm, part, value.time, level, distance, kind, level_slack=slack))
    return found


def _widths(arms: Sequence[Arm], published: Published) -> dict[int, Width]:
    """Return the information behind each comparison whose totals are not both printed, by position of the treated arm."""
    labels = [arm.label for arm in arms]
    found: dict[int, Width] = {}
    ratios = [v for v in published.values if v.quantity == "hazard_ratio" and v.ci and not v.population and not v.adjusted]
    for value in sorted(ratios, key=lambda ratio: ratio.stratified):  # the grid knows no strata
        others = [label for label in labels if label != published.reference]
        label = value.arm if value.arm is not None or len(others) != 1 else others[0]
        if label not in others or published.reference not in labels or value.ci is None:
            continue
        i, j = labels.index(label), labels.index(published.reference)
        low, high = value.ci
        known = arms[i].total_events is not None and arms[j].total_events is not None
        if i in found or known or not (_positive(low) and _positive(high)) or low.value >= high.value:  # type: ignore[operator]
            continue
        log_width = math.log(high.value / low.value)  # type: ignore[operator]
        rounding = math.hypot(low.half_unit / low.value, high.half_unit / high.value) / math.sqrt(3)  # type: ignore[operator]
        information = (2 * normal_quantile(value.level) / log_width) ** 2
        found[i] = Width(i, j, information, math.hypot(2 * rounding / log_width, WIDTH_ERROR))
    return found


def _positive(number: Printed) -> bool:
    return number.value is not None and number.relation == "=" and number.value > 0


def _require_time(arm: Arm, points: Sequence[Point]) -> None:
    """Refuse an arm of which nothing ties survival to a time."""
    ticks = arm.risk is not None and bool(np.any(arm.risk.time > 0))
    if ticks or arm.beyond or any(point.reached for point in points):
        return
    events = "" if arm.total_events is None else f" and {arm.total_events} events"
    raise NotEstimableError(f"arm {arm.label!r}: n = {arm.n}{events} do not tell when anything happened; any of these would: {ENOUGH}")


def _require_consistent(counts: Counts, points: Sequence[Point]) -> None:
    """Refuse a printed point that the numbers at risk rule out: survival is at least the share still at risk."""
    for point in points:
        if not point.reached or point.z:
            continue
        end = float(counts.time[-1])
        if point.time - point.time_slack > end:
            message = f"{point.name} {point.time:g} lies after the end of follow-up at {end:g}; correct one of them"
            raise InconsistentDataError(counts.label, message)
        later = counts.time > point.time + point.time_slack
        most = int(counts.count[later].max(initial=0))
        if most > (point.level + point.level_slack) * counts.n * (1 + 1e-9):
            tick = float(counts.time[later][0])
            message = (
                f"{most} of {counts.n} at risk at {tick:g} put survival there at {most / counts.n:.1%} or more, "
                f"but it is printed as {point.level:.4g} at {point.time:g} ({point.name}); correct one of them"
            )
            raise InconsistentDataError(counts.label, message, (point.time, tick))


def _unmet(ipd: IPD, point: Point) -> str:
    """Say which printed number the reconstruction does not round to, if any."""
    curve, scale = kaplan_meier(ipd.time, ipd.event), cast(Interval, point.scale)
    level = math.erf(abs(point.z) / math.sqrt(2)) if point.z else 0.95
    by_level = point.level_slack > 0  # survival at a printed time; else the time of a printed level, the median
    found = survival_at(curve, point.time, level, scale) if by_level else median(curve, level, scale)
    ours = found.value if point.z == 0 else found.lower if point.z > 0 else found.upper
    if not point.reached:
        reached = ours is not None and ours <= point.time
        return f"{point.name} is printed as not reached, and is {ours:.4g} in the reconstruction" if reached else ""
    printed, slack = (point.level, point.level_slack) if by_level else (point.time, point.time_slack)
    if ours is not None and abs(ours - printed) <= slack * (1 + 1e-6) + 1e-9:
        return ""
    return f"{point.name} is printed as {printed:.4g}, and is {'not reached' if ours is None else f'{ours:.4g}'} in the reconstruction"


METHOD = Method("without a curve: numbers at risk, medians, survival, totals and limits as printed; with draws", estimate)
