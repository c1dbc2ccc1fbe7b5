"""Whether a hazard ratio points the way that medians, landmarks, curves and numbers at risk point."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from survrecon.checks._arithmetic import ANY, judge, name, shown, span
from survrecon.checks.curves import table
from survrecon.checks.widths import signed_deviate, standard_error, usable
from survrecon.data import Arm, Curve, Study
from survrecon.published import PublishedValue
from survrecon.results import Finding

# Hazard ratio and curves come from the same patients. In 10,000 simulated trials (tests/audit_rates.py honest), some with changing effects,
# both pointed opposite ways by more than this many standard errors in fewer than 1 of 1,000, whatever the evidence.
_OPPOSITE = 1.25
_SOURCE = (
    "proportional hazards: log(-log S1) - log(-log S0) = log HR at every time, and the ratio of medians lies on the same side of 1 as "
    f"1 / HR; opposite by more than {_OPPOSITE:g} standard error each is rare in such data (simulated)"
)

Estimate = tuple[str, list[tuple[str, str]], float, float]  # what it is, its numbers, log hazard ratio, least standard error


def check_direction(study: Study, curves: Sequence[Curve | None]) -> list[Finding]:
    """Hold the direction of each hazard ratio against whatever else tells which arm does better.

    Parameters
    ----------
    study : Study
        As read.
    curves : sequence of Curve or None
        The curves of its arms after cleaning.

    Returns
    -------
    list of Finding
        "In tension" where both point clearly, and opposite ways: is the reference arm reversed?
    """
    findings = []
    for value in study.published.values:
        if value.quantity != "hazard_ratio" or value.population or value.adjusted or not usable(value.estimate, value.ci):
            continue
        pair = [(arm, curve) for label in (value.arm, study.published.reference) for arm, curve in _of(study, curves, label)]
        if len(pair) == 2:
            (arm, curve), (reference, other) = pair
            estimates = [*_medians(study, arm, reference), *_landmarks(study, arm, reference), *_numbers_at_risk(arm, reference)]
            if curve is not None and other is not None:
                estimates += _curves(curve, other)
            findings += [finding for estimate in estimates for finding in _opposite(value, estimate)]
    return findings


def _of(study: Study, curves: Sequence[Curve | None], label: str | None) -> list[tuple[Arm, Curve | None]]:
    return [(arm, curve) for arm, curve in zip(study.arms, curves, strict=True) if arm.label == label]


def _opposite(value: PublishedValue, estimate: Estimate) -> list[Finding]:
    what, numbers, beta, least = estimate
    z = signed_deviate(value)
    if z is None or value.ci is None:
        return []
    se = max(least, sum(standard_error(value.ci, value.level)) / 2)
    other = beta / se
    against = min(abs(z), abs(other)) * math.copysign(1.0, -z * other)
    inverse = 1 / (value.estimate.value or 1.0)
    return [
        judge(
            f"direction of the hazard ratio against {what}",
            name(value),
            [*shown(value), *numbers],
            against,
            (-math.inf, _OPPOSITE),
            ANY,
            formula=f"log HR is {z:.2f} standard errors from 0, the other estimate of it {other:.2f}; the lesser, where the signs differ",
            source=_SOURCE,
            hint=f"the hazard ratio points the other way: is the reference arm reversed (1 / HR = {inverse:.2f}), or are arms exchanged? "
            "or do the curves cross?",
        )
    ]


def _medians(study: Study, arm: Arm, reference: Arm) -> list[Estimate]:
    found = []
    for label in (arm.label, reference.label):
        own = [value for value in study.published.values if value.quantity == "median" and value.arm == label]
        found += [value for value in own if not value.population and value.estimate.value and span(value.estimate)[0] > 0][:1]
    if len(found) < 2:
        return []
    numbers = [(f"median, {value.arm}", value.estimate.text) for value in found]
    first, second = (float(value.estimate.value or 1.0) for value in found)
    return [("the medians", numbers, math.log(second / first), 0.0)]


def _landmarks(study: Study, arm: Arm, reference: Arm) -> list[Estimate]:
    survival = [value for value in study.published.values if value.quantity == "survival" and value.time is not None]
    plain = [value for value in survival if not value.population and not value.adjusted]
    found = []
    for first in (value for value in plain if value.arm == arm.label):
        for second in (value for value in plain if value.arm == reference.label and value.time == first.time):
            numbers = [(f"survival at {first.time:g}, {value.arm}", value.estimate.text) for value in (first, second)]
            shares = [value.estimate.value or 0.0 for value in (first, second)]
            found += _from_shares("survival at a landmark", numbers, shares, [arm.n, reference.n])
    return found


def _numbers_at_risk(arm: Arm, reference: Arm) -> list[Estimate]:
    """Compare the share still at risk, where it is nearest one half: survival times not being censored, alike in both arms."""
    (time, first), (other_time, second) = table(arm), table(reference)
    common, i, j = np.intersect1d(time, other_time, return_indices=True)
    if common.size < 2:
        return []
    shares = np.stack([first[i] / first[0], second[j] / second[0]])
    k = int(np.argmin(np.abs(shares.mean(axis=0) - 0.5)))
    counts = zip((arm, reference), (first[i][k], second[j][k]), strict=True)
    numbers = [(f"number at risk at {common[k]:g}, {each.label}", f"{count:g}") for each, count in counts]
    return _from_shares("numbers at risk", numbers, shares[:, k].tolist(), [arm.n, reference.n])


def _from_shares(what: str, numbers: list[tuple[str, str]], shares: Sequence[float], sizes: Sequence[int]) -> list[Estimate]:
    if not all(0 < share < 1 for share in shares):
        return []
    beta = math.log(math.log(shares[0]) / math.log(shares[1]))
    variance = sum((1 - share) / (n * share * math.log(share) ** 2) for share, n in zip(shares, sizes, strict=True))
    return [(what, numbers, beta, math.sqrt(variance))]


def _curves(curve: Curve, other: Curve) -> list[Estimate]:
    """Average the distance of the curves on the log(-log) scale, weighted by how well it is known at each time."""
    times = np.linspace(0, min(curve.time[-1], other.time[-1]), 41)[1:]
    rows = np.stack([each.survival[np.searchsorted(each.time, times, side="right") - 1] for each in (curve, other)])
    use = np.all((rows > 0.05) & (rows < 0.98), axis=0)
    if not use.any():
        return []
    rows = rows[:, use]
    weight = 1 / ((1 - rows) / (rows * np.log(rows) ** 2)).sum(axis=0)
    beta = float(np.average(np.log(np.log(rows[0]) / np.log(rows[1])), weights=weight))
    return [("the curves", [("log hazard ratio from the curves", f"{beta:.3f}")], beta, 0.0)]
