"""Whether the intervals hold: how often the reconstruction interval of a statistic contains that of the true data.

Each figure is a simulated trial, digitized in one regime and known to the extent of one scenario, as in `survrecon.benchmark`.
A 95% reconstruction interval is right when it holds the true data's statistic 95 times in 100, and useful when it is narrow beside
the sampling error, which no reconstruction can take away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import inf, nan
from typing import Any

import numpy as np

from survrecon.benchmark import DEFAULT_SCENARIOS
from survrecon.data import IPD, Arm
from survrecon.draws import cox_two_sample_many
from survrecon.ensemble import middle
from survrecon.reconstruction import reconstruct
from survrecon.simulation import REGIMES, Trial, digitize, simulate, withhold
from survrecon.survival import kaplan_meier, median, rmst

DRAWS = 100
ROUNDING = 1e-9  # share of a statistic by which it may miss an interval through arithmetic alone


@dataclass(frozen=True)
class Held:
    """Which intervals of one figure hold the truth; pairs are by arm.

    Attributes
    ----------
    trial : int
        Number of the trial, from 0.
    regime, scenario : str
        How the figure was digitized, and what else was known.
    hr : bool
        Whether the interval of the hazard ratio holds the true data's.
    median, rmst, events : tuple of two bool
        The same for each arm.
    width : float
        Half the width of the interval of the log hazard ratio, over its standard error in the true data.
    failure : str
        Why there is no reconstruction; then the others are meaningless.
    """

    trial: int
    regime: str
    scenario: str
    hr: bool = False
    median: tuple[bool, bool] = (False, False)
    rmst: tuple[bool, bool] = (False, False)
    events: tuple[bool, bool] = (False, False)
    width: float = nan
    failure: str = ""


@dataclass(frozen=True)
class Coverage:
    """The figures of one regime and scenario.

    Attributes
    ----------
    regime, scenario : str
        As in `Held`.
    figures, failures : int
        How many there were, and how many could not be reconstructed.
    hr, median, rmst, events : float
        Percentage of intervals that hold the truth, over figures or arms without failure.
    width, width_p90 : float
        Median and 90th percentile of `Held.width`.
    """

    regime: str
    scenario: str
    figures: int
    failures: int
    hr: float
    median: float
    rmst: float
    events: float
    width: float
    width_p90: float

    def to_dict(self) -> dict[str, Any]:
        """Return one flat dictionary.

        Returns
        -------
        dict
            The fields in order.
        """
        return asdict(self)


def hold(trial: Trial, drawn: Sequence[Sequence[IPD]]) -> dict[str, Any]:
    """Set the intervals of some draws against the true data.

    Parameters
    ----------
    trial : Trial
        The truth.
    drawn : sequence of two sequences of IPD
        Draws of its arms, the reference arm first, as many of either.

    Returns
    -------
    dict
        The fields ``hr``, ``median``, ``rmst``, ``events`` and ``width`` of `Held`. Restricted means are to the last tick at which
        both true arms are followed.

    Examples
    --------
    >>> trial = simulate(1, n=50)
    >>> hold(trial, [(arm, arm) for arm in trial.arms])["events"], hold(trial, [(arm, arm) for arm in trial.arms])["width"]
    ((True, True), 0.0)
    """
    shortest = min(float(arm.time[-1]) for arm in trial.arms)
    tau = float(trial.ticks[trial.ticks <= shortest][-1]) or shortest
    log_hr, _ = cox_two_sample_many(*(np.array([getattr(ipd, name) for ipd in arm]) for arm in drawn for name in ("time", "event")))
    low, high = middle(log_hr)

    held = []
    for true, draws in zip(trial.arms, drawn, strict=True):
        truth, columns = _statistics(true, tau), zip(*(_statistics(ipd, tau) for ipd in draws), strict=True)
        held.append([_within(value, middle(np.array(column))) for value, column in zip(truth, columns, strict=True)])
    (median0, rmst0, events0), (median1, rmst1, events1) = held
    return {
        "hr": _within(trial.log_hr, (low, high)),
        "median": (median0, median1),
        "rmst": (rmst0, rmst1),
        "events": (events0, events1),
        "width": (high - low) / 2 / trial.se,
    }


def run_trial(
    number: int,
    seed: int = 1,
    *,
    regimes: Sequence[str] = tuple(REGIMES),
    scenarios: Sequence[str] = DEFAULT_SCENARIOS,
    draws: int = DRAWS,
    **fixed: float,
) -> list[Held]:
    """Simulate one trial, digitize its figure in every regime, and draw from what each scenario leaves open.

    Parameters
    ----------
    number : int
        Of the trial, from 0; trials and readings are those of `survrecon.benchmark.run_trial`.
    seed : int
        Of the whole run.
    regimes : sequence of str
        Among `survrecon.simulation.REGIMES`.
    scenarios : sequence of str
        Among `survrecon.simulation.SCENARIOS`.
    draws : int
        For each arm.
    **fixed
        Fields of `survrecon.simulation.Design` to be held at a value.

    Returns
    -------
    list of Held
        Regimes, in them scenarios, in the order given.
    """
    trial = simulate((seed, number), **fixed)
    rows = []
    for regime in regimes:
        arms = digitize(trial, regime, np.random.default_rng((seed, number, list(REGIMES).index(regime))))
        for scenario in scenarios:
            rows.append(_attempt(number, trial, [withhold(arm, scenario) for arm in arms], (regime, scenario), draws))
    return rows


def summarize(rows: Iterable[Held]) -> list[Coverage]:
    """Sum up the figures of each regime and scenario.

    Parameters
    ----------
    rows : iterable of Held
        In any order.

    Returns
    -------
    list of Coverage
        In the order in which each first occurs.
    """
    groups: dict[tuple[str, str], list[Held]] = {}
    for row in rows:
        groups.setdefault((row.regime, row.scenario), []).append(row)
    return [_coverage(key, group) for key, group in groups.items()]


def _attempt(number: int, trial: Trial, arms: Sequence[Arm], key: tuple[str, str], draws: int) -> Held:
    try:
        drawn = [reconstruct(arm, draws=draws, seed=number).draws for arm in arms]
    except Exception as error:  # whatever is raised is a result here
        return Held(number, *key, failure=f"{type(error).__name__}: {error}")
    return Held(number, *key, **hold(trial, drawn))


def _coverage(key: tuple[str, str], rows: Sequence[Held]) -> Coverage:
    good = [row for row in rows if not row.failure]
    width = np.array([row.width for row in good]) if good else np.array([nan])
    return Coverage(
        *key,
        figures=len(rows),
        failures=len(rows) - len(good),
        hr=_percentage(row.hr for row in good),
        median=_percentage(each for row in good for each in row.median),
        rmst=_percentage(each for row in good for each in row.rmst),
        events=_percentage(each for row in good for each in row.events),
        width=float(np.median(width)),
        width_p90=float(np.percentile(width, 90)),
    )


def _percentage(held: Iterable[bool]) -> float:
    values = list(held)
    return 100 * float(np.mean(values)) if values else nan


def _within(value: float, interval: tuple[float, float]) -> bool:
    slack = ROUNDING * abs(value) if value != inf else 0.0
    return interval[0] - slack <= value <= interval[1] + slack


def _statistics(ipd: IPD, tau: float) -> tuple[float, float, float]:
    """Return the median, infinite where it is not reached, the restricted mean to `tau`, and the events."""
    curve = kaplan_meier(ipd.time, ipd.event)
    middle_time, mean = median(curve).value, rmst(curve, min(tau, curve.last_time)).value
    assert mean is not None
    return inf if middle_time is None else middle_time, mean, float(ipd.event.sum())
