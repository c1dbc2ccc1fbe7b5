"""Printed numbers as equations in the events of each cell: survival, medians, their limits, totals, the width of a ratio's interval.

All are linear in the number of events once the number at risk is known, so each comes with its residual and its weights.
Between two borders of the grid events and censorings are taken as evenly mixed: of D events among the losses that bring
the number at risk from a to b, the cumulative hazard -log S gains D log(a / b) / (a - b), Greenwood's sum D / (a b).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survrecon.data import FloatArray
from survrecon.reconstruction._printed_grid import Grid

FEWEST = 0.5  # number at risk below which it is not taken: keeps logarithms finite
ROUNDS = 8  # of Newton's method for a log hazard ratio; it needs about four


@dataclass(frozen=True)
class Point:
    """The curve of one arm, or a confidence band around it, passes through a point.

    Attributes
    ----------
    arm : int
        Position of the arm.
    name : str
        The quantity it came from, for notes: ``"median"``, ``"median, lower limit"``, ``"survival at 12"``.
    time, level : float
        The point.
    z : float
        Standard errors from the curve: 0 for the curve itself, above 0 for the lower band, below 0 for the upper one.
    scale : {"log-log", "linear", "log"}
        Scale on which the band is symmetric.
    time_slack, level_slack : float
        Half a unit of the last printed digit of either coordinate; the other one is exact.
    reached : bool
        False where the curve or band is said to stay above `level` up to `time`.
    """

    arm: int
    name: str
    time: float
    level: float
    z: float = 0.0
    scale: str = "log-log"
    time_slack: float = 0.0
    level_slack: float = 0.0
    reached: bool = True


@dataclass(frozen=True)
class Total:
    """The number of events of one arm.

    Attributes
    ----------
    arm : int
        Position of the arm.
    events : int
        The total.
    """

    arm: int
    events: int


@dataclass(frozen=True)
class Width:
    """The information behind a hazard ratio, from the width of its confidence interval.

    Attributes
    ----------
    arm, reference : int
        Positions of the two arms.
    information : float
        One over the squared standard error of the log hazard ratio.
    slack : float
        Relative standard deviation of `information`, from rounding.
    """

    arm: int
    reference: int
    information: float
    slack: float


Fact = Point | Total | Width


@dataclass(frozen=True, eq=False)
class Curves:
    """What events and censorings in each cell imply.

    Attributes
    ----------
    n_risk : ndarray of float, shape (draws, arms, k + 1)
        Number at risk at the borders.
    hazard, greenwood : ndarray of float, shape (draws, arms * k)
        What one event in a cell adds to -log S, and to the variance of log S.
    """

    n_risk: FloatArray
    hazard: FloatArray
    greenwood: FloatArray


def curves(grid: Grid, events: FloatArray, censored: FloatArray) -> Curves:
    """Follow the number at risk through the cells.

    Parameters
    ----------
    grid : Grid
        The cells.
    events, censored : ndarray of float, shape (draws, arms * k)
        Counts, not necessarily whole.

    Returns
    -------
    Curves
        See there.
    """
    lost = grid.by_arm(events + censored)
    start = np.array([arm.n for arm in grid.counts])[:, None]
    n_risk = np.maximum(start - np.concatenate([np.zeros((*lost.shape[:2], 1)), np.cumsum(lost, axis=2)], axis=2), FEWEST)
    before, after = n_risk[:, :, :-1], n_risk[:, :, 1:]
    gap = before - after
    hazard = np.where(gap > 1e-6, np.log(before / after) / np.maximum(gap, 1e-6), 1 / before)
    return Curves(n_risk, hazard.reshape(events.shape), (1 / (before * after)).reshape(events.shape))


@dataclass(frozen=True, eq=False)
class Equations:
    """Facts at given counts: ``residual`` is what is missing, and ``weight @ change of events`` fills it.

    Attributes
    ----------
    residual : ndarray of float, shape (draws, facts)
        Printed less implied, on the scale of each fact; below 0 where a level said not to be reached is reached.
    weight : ndarray of float, shape (draws, facts, arms * k)
        Derivative of the implied value to the events of each cell.
    noise : ndarray of float, shape (draws, facts)
        Variance that rounding and single steps leave.
    """

    residual: FloatArray
    weight: FloatArray
    noise: FloatArray


def equations(grid: Grid, facts: Sequence[Fact], events: FloatArray, censored: FloatArray) -> Equations:
    """Evaluate all facts at some counts.

    Parameters
    ----------
    grid : Grid
        The cells.
    facts : sequence of Fact
        What is printed.
    events, censored : ndarray of float, shape (draws, arms * k)
        The counts.

    Returns
    -------
    Equations
        One column for each fact, in their order.
    """
    implied = curves(grid, events, censored)
    columns = [_equation(grid, fact, events, implied) for fact in facts]
    if not columns:
        none = np.zeros((events.shape[0], 0))
        return Equations(none, np.zeros((*none.shape, events.shape[1])), none)
    residual, weight, noise = zip(*columns, strict=True)
    return Equations(np.stack(residual, axis=1), np.stack(weight, axis=1), np.stack(noise, axis=1))


def _equation(grid: Grid, fact: Fact, events: FloatArray, implied: Curves) -> tuple[FloatArray, FloatArray, FloatArray]:
    match fact:
        case Point():
            return _point(grid, fact, events, implied)
        case Total():
            weight = np.zeros_like(events)
            grid.by_arm(weight)[:, fact.arm] = 1.0
            total = grid.by_arm(events)[:, fact.arm].sum(axis=1)
            return fact.events - total, weight, np.full(total.shape, 0.01)
        case Width():
            return _width(grid, fact, events, implied)


def _point(grid: Grid, fact: Point, events: FloatArray, implied: Curves) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Evaluate a point on the scale of its band, where Newton's method is close to linear."""
    k = grid.edges.size - 1
    part = np.zeros(grid.arms * k)  # share of each cell that lies before the time
    part[fact.arm * k : (fact.arm + 1) * k] = np.clip((fact.time - grid.edges[:-1]) / np.diff(grid.edges), 0, 1)
    hazard = np.maximum((events * implied.hazard) @ part, 1e-6)  # cumulative: -log S
    error = np.sqrt(np.maximum((events * implied.greenwood) @ part, 1e-9))  # standard error of log S
    value, by_hazard, by_variance = banded(hazard, error, fact.z, fact.scale)
    weight = part * (by_hazard[:, None] * implied.hazard + by_variance[:, None] * implied.greenwood)
    target, _, _ = banded(np.array(-np.log(fact.level)), np.array(0.0), 0.0, fact.scale)
    at = fact.arm * k + min(int(np.searchsorted(grid.edges, fact.time * (1 - 1e-9))), k) - 1
    n_risk = implied.n_risk[:, fact.arm, at - fact.arm * k + 1]
    slope = events[:, at] * implied.hazard[:, at] / grid.width[at]
    if fact.time_slack:  # somewhere within the rounding, at one of the steps there
        noise = 0.3 / n_risk**2 + (2 * slope * fact.time_slack) ** 2
    else:
        noise = (fact.level_slack / fact.level) ** 2 / 3 + 0.1 / n_risk**2
    return target - value, weight, by_hazard**2 * noise + 1e-6


def banded(hazard: FloatArray, error: FloatArray, z: float, scale: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a point of a curve or band on the band's own scale, where it rises as survival falls.

    Parameters
    ----------
    hazard, error : ndarray of float
        -log S and the standard error of log S.
    z : float
        Standard errors, above 0 for the lower band.
    scale : {"log-log", "linear", "log"}
        Scale on which the band is symmetric.

    Returns
    -------
    value, by_hazard, by_variance : ndarray of float
        log(-log S), -S or -log S of the band, and its derivatives to -log S and to the variance of log S.
    """
    per_variance = np.divide(z, 2 * error, out=np.zeros_like(error), where=error > 0)
    if scale == "linear":
        survival = np.exp(-hazard)
        return survival * (z * error - 1), survival * (1 - z * error), survival * per_variance
    if scale == "log":
        return hazard + z * error, np.ones_like(hazard), per_variance
    return np.log(hazard) + z * error / hazard, 1 / hazard - z * error / hazard**2, per_variance / hazard


def _width(grid: Grid, fact: Width, events: FloatArray, implied: Curves) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compare the information of the Cox model, the sum over events of p (1 - p), with the printed one, on the log scale.

    p is the treated arm's share of those at risk, each counted with its hazard: n1 HR / (n1 HR + n0), where HR is that
    of the same events. For p = 1/2 throughout, the sum is a quarter of the events (Schoenfeld 1981).
    """
    n_risk = np.sqrt(implied.n_risk[:, :, :-1] * implied.n_risk[:, :, 1:]) * grid.by_arm(grid.alive)
    died = grid.by_arm(events)
    active, control = n_risk[:, fact.arm], n_risk[:, fact.reference]
    both = died[:, fact.arm] + died[:, fact.reference]
    log_hr = np.zeros(events.shape[0])
    for _ in range(ROUNDS):
        weighted = active * np.exp(log_hr)[:, None]
        share = weighted / np.maximum(weighted + control, 1e-9)
        information = np.maximum((both * share * (1 - share)).sum(axis=1), 1e-6)
        score = died[:, fact.arm].sum(axis=1) - (both * share).sum(axis=1)
        log_hr = log_hr + np.clip(score / information, -1, 1)
    weight = np.zeros_like(events)
    split = grid.by_arm(weight)
    split[:, fact.arm] = split[:, fact.reference] = share * (1 - share) / information[:, None]
    return np.log(fact.information) - np.log(information), weight, np.full(information.shape, fact.slack**2)
