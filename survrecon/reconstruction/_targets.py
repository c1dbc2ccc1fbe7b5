"""Published numbers as soft targets: the curve bends near them, within its reading, until they are met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from survrecon.data import IPD, FloatArray
from survrecon.errors import ReconstructionError
from survrecon.survival import kaplan_meier, median, survival_at

REACH = 0.1  # share of the follow-up to either side of a target over which the curve bends
LARGEST = 0.2  # largest change of the exponent of survival
HALVINGS = 12


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
    used, notes = [], []
    for name, at, printed in _listed(targets):
        half = _half_unit(printed)
        near = np.clip(1 - np.abs(time - at) / (REACH * time[-1]), 0, 1)

        def excess(made: IPD, name: str = name, at: float = at, printed: float = printed, half: float = half) -> float:
            value = _value(made, name, at)
            return 0.0 if abs(value - printed) <= half * (1 + 1e-9) else value - printed

        miss = excess(ipd)
        low, high = (0.0, LARGEST) if miss > 0 else (-LARGEST, 0.0)
        best = 0.0
        for _ in range(HALVINGS if miss else 0):
            middle = (low + high) / 2
            made = rebuild(exponent * (1 + middle * near))
            found = excess(made)
            if abs(found) < abs(miss) or (found == 0 and abs(middle) < abs(best)):
                best, miss, ipd = middle, found, made
            low, high = (middle, high) if found > 0 or (found == 0 and middle < 0) else (low, middle)
        exponent = exponent * (1 + best * near)
        used.append("median" if name == "median" else f"survival at {at:g}")
        outcome = "met" if miss == 0 else f"not met within the reading of the curve ({_value(ipd, name, at):.4g})"
        notes.append(f"target {used[-1]} {printed:g} {outcome}")
    return ipd, used, notes


def _listed(targets: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    listed = []
    for name, value in targets.items():
        if name == "median" and isinstance(value, (int, float)) and value > 0:
            listed.append(("median", float(value), float(value)))
        elif name == "survival" and isinstance(value, Mapping) and all(0 <= float(p) <= 1 for p in value.values()):
            listed += [("survival", float(at), float(p)) for at, p in value.items()]
        else:
            raise ReconstructionError(f"targets[{name!r}] = {value!r}; give 'median': a time, or 'survival': {{time: probability}}")
    return listed


def _half_unit(number: float) -> float:
    """Half a unit of the last digit written."""
    digits = repr(number).partition(".")[2].rstrip("0")
    return 0.5 * 10.0 ** -max(len(digits), 1)


def _value(ipd: IPD, name: str, at: float) -> float:
    curve = kaplan_meier(ipd.time, ipd.event)
    found = median(curve).value if name == "median" else survival_at(curve, min(at, float(ipd.time[-1]))).value
    return float("inf") if found is None else found
