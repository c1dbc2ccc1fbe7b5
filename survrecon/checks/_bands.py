"""Confidence bands of a Kaplan-Meier curve when only n and a later number at risk are known.

Greenwood's variance of log S is sum of 1/n_i (1/r_i - 1) over the falls r_i of the curve. Because n(t) / S(t-) never increases,
it is least without censoring, (1 - S) / (n S), and greatest with all censoring before the events, (1 - S) / n(t) (Peto 1977).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from survrecon.checks._arithmetic import Range
from survrecon.data import Arm, FloatArray
from survrecon.survival import normal_quantile

KINDS = ("log-log", "linear", "log")
_GRID = np.linspace(0.001, 0.999, 999)


def left_at(arm: Arm, time: float) -> float:
    """Return the first printed number at risk at or after a time.

    Parameters
    ----------
    arm : Arm
        As read.
    time : float
        In the study's unit.

    Returns
    -------
    float
        0 where none is printed.
    """
    if arm.risk is None:
        return 0.0
    return float(np.max(np.where((arm.risk.time >= time) & ~np.isnan(arm.risk.count), arm.risk.count, 0.0), initial=0.0))


def log_se_range(survival: Range, n: int, left: float) -> Range:
    """Return the least and the greatest standard error of log S.

    Parameters
    ----------
    survival : tuple of float
        The range of S.
    n : int
        Subjects at time 0.
    left : float
        Subjects at risk then or later; 0 where not known.

    Returns
    -------
    tuple of float
        Infinite at the upper end where `left` is 0.

    Examples
    --------
    >>> log_se_range((0.5, 0.5), 100, 50)
    (0.1, 0.1)
    """
    low, high = max(survival[0], 1e-9), min(survival[1], 1 - 1e-9)
    least = math.sqrt((1 - high) / (n * high))
    return least, max(least, math.sqrt((1 - low) / left)) if left else math.inf


def _band(kind: str, sign: int, log_se: FloatArray, z: float) -> FloatArray:
    with np.errstate(over="ignore", invalid="ignore"):
        shift = {"linear": 1 + sign * z * log_se, "log": np.exp(sign * z * log_se)}
        return _GRID * shift[kind] if kind in shift else _GRID ** np.exp(sign * z * log_se / np.log(_GRID))


@lru_cache(maxsize=512)
def survival_at_limit(side: str, n: int, left: float, level: float, kind: str = "") -> Range:
    """Return what survival can be where a limit of the median lies: where the band crosses one half.

    Parameters
    ----------
    side : {"lower", "upper"}
        Which limit: the lower one is where the lower band crosses.
    n : int
        Subjects at time 0.
    left : float
        Subjects at risk at the limit or later; 0 where not known.
    level : float
        Confidence level.
    kind : {"", "log-log", "linear", "log"}
        Scale of the band; one of the three where not known.

    Returns
    -------
    tuple of float
        Survival just after the limit is at most the second, just before it at least the first.

    Examples
    --------
    100 subjects, linear, no censoring: S + 1.96 sqrt(S (1 - S) / 100) = 0.5 at S = 0.404.

    >>> least, most = survival_at_limit("upper", 100, 40, 0.95, "linear")
    >>> least < 0.404 < most, most - least < 0.004
    (True, True)
    """
    z, sign = normal_quantile(level), 1 if side == "upper" else -1
    least = np.sqrt((1 - _GRID) / (n * _GRID))
    most = np.sqrt((1 - _GRID) / left) if left else np.full(_GRID.size, np.inf)
    possible = np.zeros(_GRID.size, dtype=bool)
    for each in KINDS if kind not in KINDS else (kind,):
        ends = np.stack([_band(each, sign, log_se, z) for log_se in (least, np.maximum(least, most))]) - 0.5
        possible |= (ends.min(axis=0) <= 0) & (ends.max(axis=0) >= 0)
        possible[1:] |= np.any(ends[:, 1:] * ends[:, :-1] <= 0, axis=0)  # where one of them crosses between two points
    step = float(_GRID[1] - _GRID[0])
    found = _GRID[possible & (1 / n <= _GRID) & (1 - 1 / n >= _GRID)]  # beyond the first and the last event the bands mean nothing
    return (float(found[0]) - step, float(found[-1]) + step) if found.size else (0.0, 1.0)
