"""Ranges of numbers: what rounding leaves open, and how a verdict follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from survrecon.published import Printed, PublishedValue
from survrecon.results import Finding, Plausibility

Range = tuple[float, float]
ANY: Range = (-math.inf, math.inf)
_TINY = 1e-9  # of a number: rounding in our own arithmetic
_LEAST = 1e-12  # stands for 0 where a logarithm is taken


def span(printed: Printed) -> Range:
    """Return the range of numbers that were printed so.

    Parameters
    ----------
    printed : Printed
        With a value.

    Returns
    -------
    tuple of float
        Half a unit of the last digit either way; from 0 for ``"<0.001"``, to infinity for ``">24"``.

    Examples
    --------
    >>> span(Printed("0.5", 0.5, "=", 0.05))
    (0.45, 0.55)
    >>> span(Printed("<0.001", 0.001, "<"))
    (0.0, 0.001)
    """
    if printed.value is None:
        raise ValueError(f"{printed.text!r} is not a number")
    if printed.relation == "=":
        return printed.value - printed.half_unit, printed.value + printed.half_unit
    return (0.0, printed.value) if printed.relation == "<" else (printed.value, math.inf)


def logs(numbers: Range) -> Range:
    """Return the logarithms of a range; of 0 and below, that of a tiny number.

    Parameters
    ----------
    numbers : tuple of float
        Both ends.

    Returns
    -------
    tuple of float
        Both logarithms.
    """
    return math.log(max(numbers[0], _LEAST)), math.log(max(numbers[1], _LEAST))


def tail(z: float) -> float:
    """Return the probability that a standard normal is above `z`.

    Parameters
    ----------
    z : float
        The deviate.

    Returns
    -------
    float
        The upper tail, exact where it is small too.
    """
    return math.erfc(z / math.sqrt(2)) / 2


def meet(first: Range, second: Range) -> Range | None:
    """Return what two ranges have in common.

    Parameters
    ----------
    first, second : tuple of float
        Both ends included.

    Returns
    -------
    tuple of float or None
        None where they have nothing in common.
    """
    low, high = max(first[0], second[0]), min(first[1], second[1])
    return (low, high) if low <= high else None


def hull(numbers: Iterable[float]) -> Range:
    """Return the smallest range that holds all the numbers.

    Parameters
    ----------
    numbers : iterable of float
        At least one.

    Returns
    -------
    tuple of float
        The least and the greatest.
    """
    found = list(numbers)
    return min(found), max(found)


def name(value: PublishedValue) -> str:
    """Return what a published result is about.

    Parameters
    ----------
    value : PublishedValue
        The result.

    Returns
    -------
    str
        Its arm, its time, and its population where that is not the curve's.
    """
    at = "" if value.time is None else f" at {value.time:g}"
    kind = ", stratified" * value.stratified + ", adjusted" * value.adjusted
    return f"{value.arm or 'all arms'}{at}{kind}{f', {value.population}' if value.population else ''}"


def shown(value: PublishedValue) -> tuple[tuple[str, str], ...]:
    """Return the numbers of a published result as printed.

    Parameters
    ----------
    value : PublishedValue
        The result.

    Returns
    -------
    tuple of (str, str)
        The estimate, and the interval with its level.
    """
    title = value.quantity.replace("_", " ")
    limits = () if value.ci is None else ((f"{value.level:.6g} interval", " to ".join(limit.text for limit in value.ci)),)
    return ((title, value.estimate.text), *limits)


def judge(
    check: str,
    subject: str,
    numbers: Iterable[tuple[str, str]],
    value: float,
    allowed: Range,
    limit: Range = ANY,
    *,
    rounded: Range | None = None,
    formula: str,
    source: str = "arithmetic",
    why: str = "",
    hint: str = "",
) -> Finding:
    """Return the verdict on one number.

    Parameters
    ----------
    check, subject, numbers, formula, source
        See `survrecon.results.Finding`.
    value : float
        The number as printed.
    allowed : tuple of float
        Where it may lie and be consistent.
    limit : tuple of float
        Where it can lie at all.
    rounded : tuple of float, optional
        The range of numbers that were rounded to `value`; by default `value` itself.
    why : str
        Said whatever the verdict.
    hint : str
        What may lie behind it, said where the verdict is not "consistent".

    Returns
    -------
    Finding
        Its `allowed` is widened by the rounding of `value`.
    """
    below, above = (0.0, 0.0) if rounded is None else (value - rounded[0], rounded[1] - value)

    def widened(ends: Range) -> Range:
        low = -math.inf if math.isinf(above) else ends[0] - above
        return low if ends[0] < 0 else max(low, 0.0), ends[1] + below  # what cannot be negative stays so

    def holds(ends: Range) -> bool:
        room = _TINY * max((abs(end) for end in (value, *ends) if math.isfinite(end)), default=0.0)
        return ends[0] - room <= value <= ends[1] + room

    verdict: Plausibility = "consistent" if holds(widened(allowed)) else "in tension" if holds(widened(limit)) else "impossible"
    ends = widened(limit if verdict == "impossible" else allowed)
    number = f"{value:.6g}" if math.isfinite(value) else "not reached"
    place = "" if verdict == "consistent" else f"{number} is {_beside(value, ends)}"
    told = "; ".join(filter(None, (place, why, hint if verdict != "consistent" else "")))
    return Finding(check, subject, verdict, tuple(numbers), value, ends, formula, source, told)


def _beside(value: float, ends: Range) -> str:
    side, end = ("below", ends[0]) if value < ends[0] else ("above", ends[1])
    return f"{side} {end:.4g}, the {'least' if side == 'below' else 'most'} that the others allow"
