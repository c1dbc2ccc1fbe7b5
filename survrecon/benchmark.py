"""How far to trust a reconstruction: every method on simulated trials, where the truth is known.

Each figure is a simulated trial, digitized in one regime and known to the extent of one scenario. Scores are
absolute differences between the reconstructed and the true data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import nan
from time import perf_counter
from typing import Any

import numpy as np

from survrecon import reconstruction
from survrecon.data import IPD, Arm
from survrecon.draws import cox_two_sample
from survrecon.simulation import REGIMES, Trial, digitize, simulate, withhold
from survrecon.survival import KaplanMeier, kaplan_meier, median

REFERENCE = "guyot"  # the method that the others are held against
WITHOUT_CURVE = ("printed",)  # methods that do not use the figure
DEFAULT_SCENARIOS = ("N", "NE", "R", "RE", "REC")


@dataclass(frozen=True)
class Errors:
    """How far two reconstructed arms are from the true ones; pairs are by arm.

    Attributes
    ----------
    log_hr : float
        Absolute error of the log hazard ratio; NaN where the reconstructed data have none.
    log_hr_se : float
        The same in units of the true data's standard error of the log hazard ratio.
    events : float
        Absolute error of the number of events of both arms together, in percent.
    curve : tuple of two float
        Mean absolute difference between the Kaplan-Meier curves, up to the end of the shorter arm's follow-up.
    median : tuple of two float
        Absolute error of the median in percent; NaN where either median is not reached.
    median_lost : tuple of two bool
        Whether the median is reached in only one of the true and the reconstructed data.
    """

    log_hr: float
    log_hr_se: float
    events: float
    curve: tuple[float, float]
    median: tuple[float, float]
    median_lost: tuple[bool, bool]


FAILED = Errors(nan, nan, nan, (nan, nan), (nan, nan), (False, False))


@dataclass(frozen=True)
class Row:
    """One method on one figure.

    Attributes
    ----------
    trial : int
        Number of the trial, from 0.
    regime, scenario, method : str
        How the figure was digitized, what else was known, and who reconstructed it.
    milliseconds : float
        Time for an arm, mean of the two.
    standard_error : float
        Of the true log hazard ratio.
    errors : Errors or None
        None after a failure.
    failure : str
        Why there is no usable reconstruction.
    """

    trial: int
    regime: str
    scenario: str
    method: str
    milliseconds: float
    standard_error: float
    errors: Errors | None = None
    failure: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return one flat dictionary.

        Returns
        -------
        dict
            The fields in order, those of `errors` among them, NaN after a failure; a pair has the endings ``_control`` and ``_active``.
        """
        fields = asdict(self)
        errors = fields.pop("errors") or asdict(FAILED)
        return _flat(fields | errors, ("control", "active"))


Spread = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """One method over all figures of a regime and scenario; each pair is a median and a 90th percentile over those without failure.

    Attributes
    ----------
    regime, scenario, method : str
        As in `Row`.
    figures, failures : int
        How many there were, and on how many of them the method failed.
    log_hr, log_hr_se, events, curve, median : tuple of two float
        As in `Errors`; `curve` and `median` are over arms.
    median_lost : float
        Percentage of arms in which the median is reached in only one of the true and the reconstructed data.
    milliseconds : float
        Median time for an arm.
    slowness : float
        Median over the figures of that time's ratio to the reference method's.
    standard_error : float
        Median standard error of the true log hazard ratio.
    """

    regime: str
    scenario: str
    method: str
    figures: int
    failures: int
    log_hr: Spread
    log_hr_se: Spread
    events: Spread
    curve: Spread
    median: Spread
    median_lost: float
    milliseconds: float
    slowness: float
    standard_error: float

    def to_dict(self) -> dict[str, Any]:
        """Return one flat dictionary.

        Returns
        -------
        dict
            The fields in order; a pair has the endings ``_p50`` and ``_p90``.
        """
        return _flat(asdict(self), ("p50", "p90"))


def _flat(fields: dict[str, Any], endings: tuple[str, str]) -> dict[str, Any]:
    """Give each item of a pair its own key."""
    flat: dict[str, Any] = {}
    for name, item in fields.items():
        flat |= {f"{name}_{ending}": each for ending, each in zip(endings, item, strict=True)} if isinstance(item, tuple) else {name: item}
    return flat


def curve_methods() -> tuple[str, ...]:
    """Return the names of the methods that need a curve, the reference method first.

    Returns
    -------
    tuple of str
        Of those that are registered.
    """
    return tuple(sorted((name for name in reconstruction.methods() if name not in WITHOUT_CURVE), key=lambda name: name != REFERENCE))


def _area_between(one: KaplanMeier, other: KaplanMeier, tau: float) -> float:
    """Mean absolute difference between two curves on [0, tau]."""
    edges = np.unique(np.concatenate([[0.0, tau], one.time[one.time < tau], other.time[other.time < tau]]))
    heights = [np.append(1.0, km.survival)[np.searchsorted(km.time, edges[:-1], side="right")] for km in (one, other)]
    return float(np.abs(heights[0] - heights[1]) @ np.diff(edges)) / tau


def score(trial: Trial, rebuilt: Sequence[IPD]) -> Errors:
    """Compare reconstructed arms with the true ones.

    Parameters
    ----------
    trial : Trial
        The truth.
    rebuilt : sequence of two IPD
        Its arms as reconstructed, the reference arm first.

    Returns
    -------
    Errors
        All 0 for the true data.

    Examples
    --------
    >>> trial = simulate(1, n=50)
    >>> score(trial, trial.arms).log_hr
    0.0
    """
    log_hr, _ = cox_two_sample(rebuilt[0].time, rebuilt[0].event, rebuilt[1].time, rebuilt[1].event)
    error = abs(log_hr - trial.log_hr)
    true_events, events = (sum(int(arm.event.sum()) for arm in arms) for arms in (trial.arms, rebuilt))
    tau = min(float(arm.time[-1]) for arm in trial.arms)
    true, found = ([kaplan_meier(arm.time, arm.event) for arm in arms] for arms in (trial.arms, rebuilt))
    areas = [_area_between(one, other, tau) for one, other in zip(true, found, strict=True)]
    medians = [[median(km).value for km in arms] for arms in (true, found)]
    off = [nan if a is None or b is None else 100 * abs(b - a) / a for a, b in zip(*medians, strict=True)]
    lost = [(a is None) != (b is None) for a, b in zip(*medians, strict=True)]
    return Errors(
        error, error / trial.se, 100 * abs(events - true_events) / true_events, (areas[0], areas[1]), (off[0], off[1]), (lost[0], lost[1])
    )


def run_trial(
    number: int,
    seed: int = 1,
    *,
    regimes: Sequence[str] = tuple(REGIMES),
    scenarios: Sequence[str] = DEFAULT_SCENARIOS,
    methods: Sequence[str] | None = None,
    **fixed: float,
) -> list[Row]:
    """Simulate one trial, digitize its figure in every regime, and reconstruct it by every method in every scenario.

    Parameters
    ----------
    number : int
        Of the trial, from 0. It determines, with `seed`, the trial and the reading errors of each regime.
    seed : int
        Of the whole benchmark.
    regimes : sequence of str
        Among `survrecon.simulation.REGIMES`.
    scenarios : sequence of str
        Among `survrecon.simulation.SCENARIOS`.
    methods : sequence of str, optional
        By default `curve_methods`.
    **fixed
        Fields of `survrecon.simulation.Design` to be held at a value.

    Returns
    -------
    list of Row
        Regimes, in them scenarios, in them methods, in the order given; the same each time but for the milliseconds.
    """
    trial = simulate((seed, number), **fixed)
    rows = []
    for regime in regimes:
        arms = digitize(trial, regime, np.random.default_rng((seed, number, list(REGIMES).index(regime))))
        for scenario in scenarios:
            known = [withhold(arm, scenario) for arm in arms]
            rows += [_attempt(number, trial, known, (regime, scenario, method)) for method in methods or curve_methods()]
    return rows


def _attempt(number: int, trial: Trial, arms: Sequence[Arm], key: tuple[str, str, str]) -> Row:
    """Reconstruct and score; an exception, another number of subjects and an infinite hazard ratio are failures."""
    started = perf_counter()
    try:
        rebuilt = [reconstruction.reconstruct(arm, key[2]).ipd for arm in arms]
    except Exception as error:  # whatever a method raises is a result here
        return Row(number, *key, 500 * (perf_counter() - started), trial.se, failure=f"{type(error).__name__}: {error}")
    milliseconds = 500 * (perf_counter() - started)
    errors = score(trial, rebuilt)
    wanted, found = ([each.n for each in group] for group in (arms, rebuilt))
    if found != wanted:
        return Row(number, *key, milliseconds, trial.se, failure=f"{found} subjects instead of {wanted}")
    if not np.isfinite(errors.log_hr):
        return Row(number, *key, milliseconds, trial.se, failure="the reconstruction has no hazard ratio")
    return Row(number, *key, milliseconds, trial.se, errors)


def summarize(rows: Iterable[Row]) -> list[Cell]:
    """Sum up the figures of each regime, scenario and method.

    Parameters
    ----------
    rows : iterable of Row
        In any order; times are compared with those of the reference method on the same figures.

    Returns
    -------
    list of Cell
        In the order in which each first occurs.
    """
    rows = list(rows)
    reference = {(row.trial, row.regime, row.scenario): row.milliseconds for row in rows if row.method == REFERENCE}
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.regime, row.scenario, row.method), []).append(row)
    return [_cell(key, group, reference) for key, group in groups.items()]


def _cell(key: tuple[str, str, str], rows: list[Row], reference: dict[tuple[int, str, str], float]) -> Cell:
    scored = [row.errors for row in rows if row.errors]
    ratios = [row.milliseconds / reference.get((row.trial, row.regime, row.scenario), nan) for row in rows]
    lost = [each for errors in scored for each in errors.median_lost]
    return Cell(
        *key,
        figures=len(rows),
        failures=len(rows) - len(scored),
        log_hr=_spread(errors.log_hr for errors in scored),
        log_hr_se=_spread(errors.log_hr_se for errors in scored),
        events=_spread(errors.events for errors in scored),
        curve=_spread(each for errors in scored for each in errors.curve),
        median=_spread(each for errors in scored for each in errors.median),
        median_lost=100 * float(np.mean(lost)) if lost else nan,
        milliseconds=float(np.median([row.milliseconds for row in rows])),
        slowness=float(np.median(ratios)),
        standard_error=float(np.median([row.standard_error for row in rows])),
    )


def _spread(values: Iterable[float]) -> Spread:
    """Return the median and the 90th percentile of the finite values; NaN where there are none."""
    array = np.array(list(values), dtype=float)
    array = array[np.isfinite(array)]
    return (float(np.median(array)), float(np.percentile(array, 90))) if array.size else (nan, nan)
