"""Published numbers as soft targets: the curve bends near them, within its reading, until they are met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from survrecon.data import IPD, FloatArray
from survrecon.errors import ReconstructionError
from survrecon.survival import kaplan_meier, median, survival_at

REACH = 0.1  # share of the follow-up to either side of a target over which the curve bends
LARGEST = 0.2  # largest change of the exponent of survival
HALVINGS = 12
PASSES = 3


def meet_targets(
    ipd: IPD, targets: Mapping[str, Any], time: FloatArray, rebuild: Callable[[FloatArray], IPD]
) -> tuple[IPD, list[str], list[str]]:
    """Bend the curve as little as meets the targets within their rounding.

    Parameters
    ----------
    ipd : IPD
        The reconstruction without targets.
    targets : mapping
        ``"median"`` to a time, and ``"survival"`` to a mapping of times to probabilities.
    time : ndarray of float, shape (k,)
        Times of the curve's points.
    rebuild : callable
        Makes the subjects for exponents of survival at each point, shape (k,).

    Returns
    -------
    ipd : IPD
        The subjects.
    used : list of str
        Names of the quantities that served as input.
    notes : list of str
        How each target was met, or that it was not.
    """
    exponent = np.ones(time.size)
    wanted = _listed(targets)
    for _ in range(PASSES if len(wanted) > 1 else 1):  # meeting one may move another
        before = exponent
        for target in wanted:
            exponent, ipd = _bend(ipd, target, exponent, time, rebuild)
        if np.array_equal(exponent, before):
            break
    notes = []
    for target in wanted:
        outcome = f"not met within the reading of the curve ({target.value(ipd):.4g})" if target.miss(ipd) else "met"
        notes.append(f"target {target.label} {target.printed:g} {outcome}")
    return ipd, [target.label for target in wanted], notes


@dataclass(frozen=True)
class _Target:
    """One printed number: survival at time `at`, or the median, which is a time itself."""

    is_median: bool
    at: float
    printed: float

    @property
    def label(self) -> str:
        """Name of the quantity."""
        return "median" if self.is_median else f"survival at {self.at:g}"

    def value(self, ipd: IPD) -> float:
        """Return the quantity for some subjects; infinity where it is not reached."""
        curve = kaplan_meier(ipd.time, ipd.event)
        found = median(curve).value if self.is_median else survival_at(curve, min(self.at, float(ipd.time[-1]))).value
        return float("inf") if found is None else found

    def miss(self, ipd: IPD) -> float:
        """Return value minus printed number, 0 within half a unit of its last digit."""
        excess = self.value(ipd) - self.printed
        digits = min(int(Decimal(repr(self.printed)).as_tuple().exponent), -1)
        return 0.0 if abs(excess) <= 0.5 * 10.0**digits * (1 + 1e-9) else excess


def _bend(
    ipd: IPD, target: _Target, exponent: FloatArray, time: FloatArray, rebuild: Callable[[FloatArray], IPD]
) -> tuple[FloatArray, IPD]:
    """Change the exponent around a target by as little as meets it, or comes closest."""
    miss = target.miss(ipd)
    if not miss:
        return exponent, ipd
    near = np.clip(1 - np.abs(time - target.at) / (REACH * time[-1]), 0, 1)
    low, high = (0.0, LARGEST) if miss > 0 else (-LARGEST, 0.0)
    best = 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        made = rebuild(exponent * (1 + middle * near))
        found = target.miss(made)
        if abs(found) < abs(miss) or (found == 0 and abs(middle) < abs(best)):
            best, miss, ipd = middle, found, made
        low, high = (middle, high) if found > 0 or (found == 0 and middle < 0) else (low, middle)
    return exponent * (1 + best * near), ipd


def _listed(targets: Mapping[str, Any]) -> list[_Target]:
    if not isinstance(targets, Mapping):
        raise ReconstructionError(f"targets = {targets!r}; give a mapping, e.g. {{'median': 11.3}}")
    listed = []
    for name, value in targets.items():
        if name == "median" and is_number(value) and value > 0:
            listed.append(_Target(True, float(value), float(value)))
        elif name == "survival" and isinstance(value, Mapping) and all(_is_point(at, p) for at, p in value.items()):
            listed += [_Target(False, float(at), float(p)) for at, p in value.items()]
        else:
            raise ReconstructionError(f"targets[{name!r}] = {value!r}; give 'median': a time, or 'survival': {{time: probability}}")
    return listed


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number.

    Parameters
    ----------
    value : object
        What a user gave.

    Returns
    -------
    bool
        Not for text, even of digits.
    """
    return isinstance(value, (int, float, np.integer, np.floating)) and bool(np.isfinite(value))


def _is_point(at: Any, probability: Any) -> bool:
    return is_number(at) and at >= 0 and is_number(probability) and 0 <= probability <= 1
