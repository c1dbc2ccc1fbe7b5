"""Published results beside ours: one check per printed number, and every allowed difference in one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from survrecon.counterpart import Counterpart, Interval, Reach, counterpart
from survrecon.published import Printed, Published, PublishedValue
from survrecon.results import READING, Analysis, Check, Spread, Verdict
from survrecon.survival import upper_deviate

# At S = 0.5 the cumulative hazard is ln 2, so a survival misread by READING moves log(-log S) by READING / (0.5 ln 2). On an
# exponential curve it moves the median by the same share of itself.
_SHIFT = READING / (0.5 * math.log(2))
_LOG_HR = math.sqrt(2) * _SHIFT


@dataclass(frozen=True)
class Limit:
    """How far ours may lie from a published value through reconstruction error, and why.

    Attributes
    ----------
    size : float
        On the scale that `scale` names.
    scale : {"absolute", "share", "share of the horizon", "log", "z per root event"}
        The value itself; share of our value; share of the RMST's horizon; log of the value; normal
        deviate of the test, for each unit of the square root of the number of events.
    reason : str
        Where the size comes from.
    """

    size: float
    scale: str
    reason: str

    def allowed(self, ours: float, horizon: float | None, events: int) -> float:
        """Return the allowed difference from one of our values.

        Parameters
        ----------
        ours : float
            Our value.
        horizon : float or None
            Of an RMST.
        events : int
            Behind a test.

        Returns
        -------
        float
            In the value's unit; on the log scale for ratios, as a normal deviate for tests.
        """
        factors = {"share": ours, "share of the horizon": horizon or 0.0, "z per root event": math.sqrt(events)}
        return self.size * factors.get(self.scale, 1.0)


_RATIO = Limit(
    _LOG_HR,
    "log",
    f"log hazard ratio within {_LOG_HR:.3f}: each curve is read to within {READING:g}, which at S = 0.5 moves log(-log S) by "
    f"{READING:g} / (0.5 ln 2) = {_SHIFT:.3f}, and two arms by sqrt(2) times that",
)
_TEST = Limit(
    _LOG_HR / 2,
    "z per root event",
    f"normal deviate within {_LOG_HR / 2:.3f} times the square root of the events: it is about log HR times sqrt(events) / 2 "
    f"(Schoenfeld 1981), and the log hazard ratio is allowed {_LOG_HR:.3f}",
)

#: The allowed difference of each quantity: reconstruction error alone, never sampling error. All follow by arithmetic from
#: `READING`. Published validations are of the same order: mean absolute error of log HR 0.014 on 13 studies whose P value
#: was known, 0.077 by a method without numbers at risk (Irvine 2020, BMC Med Res Methodol 20:269).
LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "hazard_ratio": _RATIO,
        "median": Limit(
            _SHIFT,
            "share",
            f"time within {_SHIFT:.1%}: an exponential curve misread by {READING:g} at S = 0.5 crosses it "
            f"{READING:g} / (0.5 ln 2) of the median too early or too late; or where ours runs flat near 0.5, until it is that far from it",
        ),
        "survival": Limit(READING, "absolute", f"survival within {READING:g}, how exactly a curve is read: about the width of its line"),
        "rmst": Limit(READING, "share of the horizon", f"RMST within {READING:.0%} of its horizon: a strip as high as the reading error"),
        "logrank_p": _TEST,
        "logrank_chi2": _TEST,
        "wald_p": _TEST,
    }
)

DRAWS = "the draws that the figure and the printed numbers leave open"

_TITLES = {
    "hazard_ratio": "hazard ratio",
    "median": "median",
    "survival": "survival at {time:g}",
    "rmst": "RMST to {time:g}",
    "logrank_p": "log-rank p",
    "logrank_chi2": "log-rank chi-squared",
    "wald_p": "Wald p",
}


def compare(analysis: Analysis, published: Published) -> list[Check]:
    """Set every published result beside ours.

    Parameters
    ----------
    analysis : Analysis
        What `survrecon.reanalyze` computed, with survival at `landmarks` and RMST to `horizon`.
    published : Published
        What the document prints.

    Returns
    -------
    list of Check
        One for each printed estimate and each printed confidence limit, in the order of the document.
        A value agrees where it, widened by half its last printed digit, lies in the reconstruction interval of ours
        (`Analysis.spreads`), or without draws meets ours widened by its `LIMITS` entry; p values are compared as
        normal deviates, a printed ``<0.001`` as everything below it.

    Examples
    --------
    Ours is 0.60; exp(0.041) = 1.042 either way and half a printed digit more is 0.571 to 0.630.

    >>> from survrecon.results import Comparison, Estimate, TestResult
    >>> none, test = Estimate(None, why="not asked for"), TestResult(20.0, 8e-6)
    >>> hr = Estimate(0.60, 0.48, 0.75, se=0.114)
    >>> versus = Comparison("drug", "placebo", hr, 1e-5, test, {}, none, none, None, None, (), test)
    >>> printed = PublishedValue("hazard_ratio", Printed("0.58", 0.58, half_unit=0.005), arm="drug")
    >>> check, = compare(Analysis((), (versus,), "placebo"), Published("placebo", (printed,)))
    >>> check.verdict, [round(end, 3) for end in check.interval]
    ('agrees', [0.571, 0.63])
    """
    return [
        check
        for value in published.values
        for check in _checks(value, counterpart(analysis, published, value), analysis.used, _spread_of(value, analysis))
    ]


def not_comparable(published: Published, why: str) -> list[Check]:
    """Return the checks of a study that has nothing to compare with.

    Parameters
    ----------
    published : Published
        What the document prints.
    why : str
        The reason, given with each of them.

    Returns
    -------
    list of Check
        As many as `compare` returns.
    """
    return [check for value in published.values for check in _checks(value, Counterpart(obstacle=why), (), None)]


def landmarks(published: Published) -> tuple[float, ...]:
    """Return the times at which survival is printed: the `times` that `survrecon.reanalyze` needs.

    Parameters
    ----------
    published : Published
        What the document prints.

    Returns
    -------
    tuple of float
        Increasing.
    """
    return tuple(sorted({value.time for value in published.values if value.quantity == "survival" and value.time is not None}))


def horizon(published: Published) -> float | None:
    """Return the horizon of the first printed RMST: the `tau` that `survrecon.reanalyze` needs.

    Parameters
    ----------
    published : Published
        What the document prints.

    Returns
    -------
    float or None
        None where no RMST is printed.
    """
    return next((value.time for value in published.values if value.quantity == "rmst"), None)


def _checks(value: PublishedValue, ours: Counterpart, used: tuple[str, ...], spread: Spread | None) -> list[Check]:
    """Return the checks of one published result: its estimate, then its limits."""
    chosen = _choose(value, ours)
    rows = [("", value.estimate, ours.value, "", ours.reach)]
    if value.ci:
        by = f"; ours by the {chosen.method} method"
        first, last = chosen.reach or (None, None)
        rows += [(", lower limit", value.ci[0], chosen.lower, by, first), (", upper limit", value.ci[1], chosen.upper, by, last)]
    checks = []
    for part, printed, number, by, reach in rows:
        check = _judge(value, part, printed, number, ours.events, reach)
        ends = _ends(value, number, ours.value, spread) if not part or value.quantity == "hazard_ratio" else None
        if ends:
            check = _judge_spread(check, printed, ends)
        given = _input_name(value) in used or (part and f"{value.quantity} width {value.arm}" in used)  # the width fixes both limits
        if given and not value.population:
            check = replace(check, verdict="used as input", why="the reconstruction used this number, so it confirms nothing")
        elif ours.obstacle:
            check = replace(check, verdict="not comparable", why=ours.obstacle)
        elif part and not chosen.method:
            check = replace(check, verdict="not comparable", why=f"ours has no {value.ci_type} interval at the level {value.level:.6g}")
        else:
            check = replace(check, why=check.why + by)
        checks.append(check)
    return checks


def _input_name(value: PublishedValue) -> str:
    """Return the name under which a reconstruction lists the number as used."""
    quantity = f"{value.quantity} at {value.time:g}" if value.quantity == "survival" and value.time is not None else value.quantity
    return f"{quantity} {value.arm}"


def _spread_of(value: PublishedValue, analysis: Analysis) -> Spread | None:
    """Return the spread of our number over the draws, where there are any."""
    chi2 = "log-rank chi-squared"
    name = {"hazard_ratio": "hazard ratio", "logrank_chi2": chi2, "logrank_p": chi2}.get(value.quantity, value.quantity)
    arm = value.arm or (analysis.comparisons[0].arm if len(analysis.comparisons) == 1 else None)
    for spread in analysis.spreads:
        same_time = spread.time is None or value.time is None or math.isclose(spread.time, value.time)
        if spread.quantity == name and spread.arm == arm and same_time and spread.reconstruction:
            return spread
    return None


def _ends(value: PublishedValue, number: float | None, estimate: float | None, spread: Spread | None) -> tuple[float, float] | None:
    """Return the reconstruction interval of one of our numbers: of the estimate, or of a ratio's limit, which moves with it."""
    if spread is None or spread.reconstruction is None or not number or not estimate or not all(map(math.isfinite, spread.reconstruction)):
        return None
    low, high = spread.reconstruction
    if value.quantity == "logrank_p":
        sides = 2 if value.two_sided else 1
        return tuple(sides / 2 * math.erfc(math.sqrt(chi2 / 2)) for chi2 in (high, low))  # type: ignore[return-value]
    return low * number / estimate, high * number / estimate


def _judge_spread(check: Check, printed: Printed, ends: tuple[float, float]) -> Check:
    """Judge a published number by the reconstruction interval, widened by half its last printed digit."""
    if printed.value is None or check.value is None:
        return check
    half = printed.half_unit if printed.relation == "=" else 0.0
    low, high = max(ends[0] - half, 0.0), ends[1] + half
    below, above = low - printed.value, printed.value - high
    outside = max({"=": max(below, above), "<": below, ">": above}[printed.relation], 0.0)
    agrees = {"=": outside == 0, "<": below < 0, ">": above < 0}[printed.relation]
    width = high - low
    far = "" if agrees else f"; the published one lies {outside / max(width, 1e-300):.2g} times its width outside"
    why = f"95% of {DRAWS} lie from {ends[0]:.4g} to {ends[1]:.4g}, half a printed digit added{far}"
    return replace(check, interval=(low, high), allowed=width / 2, verdict="agrees" if agrees else "differs", why=why)


def _choose(value: PublishedValue, ours: Counterpart) -> Interval:
    """Return our interval of the published type; where the paper names none, the one whose limits agree best."""

    def agreeing(interval: Interval) -> int:
        ends: tuple[Reach | None, Reach | None] = interval.reach or (None, None)
        limits = zip(value.ci or (), (interval.lower, interval.upper), ends, strict=False)
        return sum(_judge(value, "", printed, limit, ours.events, reach).verdict == "agrees" for printed, limit, reach in limits)

    candidates = [interval for interval in ours.intervals if value.ci_type in ("", interval.method)]
    return max(candidates, key=agreeing, default=Interval("", None, None))


def _judge(value: PublishedValue, part: str, printed: Printed, ours: float | None, events: int, reach: Reach | None = None) -> Check:
    """Return the check of one printed number against one of ours."""
    title = _TITLES[value.quantity].format(time=value.time) + part
    first, last = reach or (math.inf, -math.inf)
    if ours is None or printed.value is None:
        near = ours is None and printed.value is not None and printed.value + printed.half_unit >= first
        if near or (ours is not None and last == math.inf):
            why = f"{'ours' if ours is None else 'the published one'} is not reached; the curve comes within {READING:g} of it"
            return Check(title, value.arm, printed.text, ours, None, None, "agrees", why, value.source)
        beyond = ours is None and printed.relation == ">"  # not reached, against a printed ">24"
        both: Verdict = "agrees" if ours is printed.value or beyond else "differs"
        why = "neither is reached" if ours is printed.value else f"{'ours' if ours is None else 'the published one'} is not reached"
        return Check(title, value.arm, printed.text, ours, None, None, both, why, value.source)
    limit = LIMITS[value.quantity]
    allowed = limit.allowed(ours, value.time, events)
    to, back = _scale(value)
    half = printed.half_unit if printed.relation == "=" else 0.0
    ends = back(to(ours) - allowed), back(to(ours) + allowed)
    low, high = max(min(*ends, first) - half, 0.0), max(*ends, last) + half  # none of the quantities can be negative
    agree = {"=": low <= printed.value <= high, "<": low < printed.value, ">": high > printed.value}[printed.relation]
    verdict: Verdict = "agrees" if agree else "differs"
    return Check(title, value.arm, printed.text, ours, (low, high), allowed, verdict, limit.reason, value.source)


def _scale(value: PublishedValue) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Return the function to the scale on which the quantity is compared, and the one back."""
    sides = 2 if value.two_sided else 1
    match value.quantity:
        case "hazard_ratio":
            return math.log, math.exp
        case "logrank_chi2":
            return math.sqrt, lambda z: max(z, 0.0) ** 2
        case "logrank_p" | "wald_p":
            return lambda p: upper_deviate(p / sides), lambda z: min(1.0, sides * math.erfc(z / math.sqrt(2)) / 2)
        case _:
            return float, float
