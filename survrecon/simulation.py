"""Simulated two-arm trials, and what a reader would take off their Kaplan-Meier figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from survrecon.data import IPD, Arm, Curve, FloatArray, RiskTable
from survrecon.draws import cox_two_sample
from survrecon.errors import NotEstimableError
from survrecon.survival import kaplan_meier, number_at_risk

DAYS = 30.4375  # in a month; times are whole days
SCANNED = 0.8  # share of events that are seen at a scan only; the others are deaths
SCAN_SPREAD = 0.08  # standard deviation of the day of a scan, in scan intervals
TICKS, MOST_TICKS = (1, 2, 3, 6, 12, 24, 60), 12  # months between ticks, and how many ticks an axis has
ATTEMPTS = 100  # at a trial with events in both arms

VECTOR_STEPS = 2000  # coordinates of a vector figure, to each axis
COLUMNS, ROWS, PIXEL_JITTER = 700, 450, 0.35  # of a raster figure; the jitter is in pixels
CLICKS, CLICK_ERROR = 60, 0.003  # the error is a standard deviation, as a share of each axis

SCENARIOS = {
    "N": "n only",
    "NE": "n, total events",
    "NC": "n, censor marks",
    "NEC": "n, total events, censor marks",
    "R": "risk table",
    "RE": "risk table, total events",
    "RC": "risk table, censor marks",
    "REC": "risk table, total events, censor marks",
}


@dataclass(frozen=True)
class Design:
    """How a simulated trial is run. Times are in months.

    Attributes
    ----------
    n : int
        Subjects per arm.
    hr : float
        Hazard ratio of the second arm against the first, before scans blur it.
    events : float
        The data are cut when this share of all subjects has had the event, but not before everybody has entered.
    shape : float
        Of the Weibull hazard: below 1 it falls, above 1 it rises.
    scans : float
        Time between scans, at which most events are seen; 0 for events on the day they happen.
    median : float
        Median survival of the first arm.
    accrual : float
        Subjects enter at an even rate over this time.
    dropout : float
        Rate per month at which they are lost.
    """

    n: int
    hr: float
    events: float
    shape: float
    scans: float
    median: float
    accrual: float
    dropout: float


@dataclass(frozen=True, eq=False)
class Trial:
    """A simulated trial: the truth that a reconstruction is held against.

    Attributes
    ----------
    design : Design
        How it was run.
    arms : tuple of two IPD
        First the reference arm.
    ticks : ndarray of float, shape (m,)
        Ticks of the figure's time axis, from 0 to its end; the numbers at risk are printed there.
    log_hr, se : float
        Cox estimate from `arms`, and its standard error.
    """

    design: Design
    arms: tuple[IPD, IPD]
    ticks: FloatArray
    log_hr: float
    se: float

    def risk_table(self, arm: int) -> RiskTable:
        """Return the numbers at risk of one arm, at the ticks up to the first with nobody left.

        Parameters
        ----------
        arm : int
            0 or 1.

        Returns
        -------
        RiskTable
            The printed table.
        """
        time = self.arms[arm].time
        ticks = self.ticks[: np.searchsorted(self.ticks, time[-1], side="right") + 1]
        return RiskTable(ticks, number_at_risk(time, ticks).astype(float))


def simulate(seed: int | tuple[int, ...], **fixed: float) -> Trial:
    """Simulate a trial: staggered entry, dropouts, a data cut when enough events have been seen.

    Parameters
    ----------
    seed : int or tuple of int
        The same seed gives the same trial.
    **fixed
        Fields of `Design` to be held at a value; the others are drawn from the range of published trials.

    Returns
    -------
    Trial
        With events in both arms.

    Raises
    ------
    NotEstimableError
        A design that leaves an arm without events in every attempt.

    Examples
    --------
    >>> trial = simulate(1, n=50, hr=0.5)
    >>> [arm.n for arm in trial.arms], bool(trial.log_hr < 0)
    ([50, 50], True)
    """
    rng = np.random.default_rng(seed)
    design = replace(_draw_design(rng), **fixed)  # type: ignore[arg-type]
    for _ in range(ATTEMPTS):
        arms = _follow(design, rng)
        log_hr, se = cox_two_sample(arms[0].time, arms[0].event, arms[1].time, arms[1].event)
        if np.isfinite(log_hr):
            longest = max(arm.time[-1] for arm in arms)
            step = next((step for step in TICKS if longest < MOST_TICKS * step), longest / MOST_TICKS)
            return Trial(design, arms, np.arange(0, longest + step, step, dtype=float), log_hr, se)
    few = f"{2 * design.n} subjects and {design.events:.0%} events"
    raise NotEstimableError(f"none of {ATTEMPTS} simulated trials with {few} has a hazard ratio; use more of either")


def _draw_design(rng: Generator) -> Design:
    median = float(np.exp(rng.uniform(np.log(4), np.log(30))))
    return Design(
        n=round(np.exp(rng.uniform(np.log(60), np.log(700)))),
        hr=rng.uniform(0.5, 1.0),
        events=rng.uniform(0.25, 0.85),
        shape=float(np.exp(rng.uniform(np.log(0.7), np.log(1.6)))),
        scans=float(rng.choice([0.0, rng.uniform(1.5, 3.0)])),
        median=median,
        accrual=median * rng.uniform(0.5, 2.0),
        dropout=rng.uniform(0.02, 0.25) / median,
    )


def _follow(design: Design, rng: Generator) -> tuple[IPD, IPD]:
    """Let subjects enter, fail or drop out, and cut the data."""
    size = (2, design.n)
    scale = design.median / np.log(2) ** (1 / design.shape) * np.array([[1.0], [design.hr ** (-1 / design.shape)]])
    fails = scale * rng.weibull(design.shape, size)
    if design.scans:
        scan = design.scans * (np.ceil(fails / design.scans) + SCAN_SPREAD * rng.standard_normal(size))
        fails = np.where(rng.random(size) < SCANNED, scan, fails)
    lost = rng.exponential(1 / design.dropout, size) if design.dropout else np.full(size, np.inf)
    entry = rng.uniform(0, design.accrual, size)
    seen = np.sort((entry + fails)[fails <= lost])
    enough = min(max(1, round(design.events * 2 * design.n)), seen.size)
    cut = max(design.accrual, seen[enough - 1]) if enough else design.accrual
    event = (fails <= lost) & (entry + fails <= cut)
    time = np.maximum(np.ceil(DAYS * np.where(event, fails, np.minimum(lost, cut - entry))), 1) / DAYS
    control, active = (IPD(time[i], event[i], label) for i, label in enumerate(("control", "active")))
    return control, active


Points = tuple[FloatArray, FloatArray]


def _exact(points: Points, end: float, rng: Generator) -> Points:
    return points


def _vector(points: Points, end: float, rng: Generator) -> Points:
    time, survival = points
    return np.round(time / end * VECTOR_STEPS) * (end / VECTOR_STEPS), np.round(survival * VECTOR_STEPS) / VECTOR_STEPS


def _raster(points: Points, end: float, rng: Generator) -> Points:
    time = (np.arange(COLUMNS) + 0.5) * (end / COLUMNS)
    time = time[time <= points[0][-1]]
    height = ROWS * points[1][np.searchsorted(points[0], time, side="right") - 1] + PIXEL_JITTER * rng.standard_normal(time.size)
    return time, np.clip(np.round(height), 0, ROWS) / ROWS


def _clicks(points: Points, end: float, rng: Generator) -> Points:
    """Click at even steps along the drawn line, its vertical parts included."""
    time, survival = np.repeat(points[0], 2)[1:] / end, np.repeat(points[1], 2)[:-1]
    way = np.append(0.0, np.cumsum(np.hypot(np.diff(time), np.diff(survival))))
    at = np.linspace(0, way[-1], CLICKS)
    error = CLICK_ERROR * rng.standard_normal((2, CLICKS))
    error[:, 0] = 0.0  # nobody has to look for the origin
    return end * np.maximum(np.interp(at, way, time) + error[0], 0.0), np.clip(np.interp(at, way, survival) + error[1], 0.0, 1.0)


REGIMES: dict[str, Callable[[Points, float, Generator], Points]] = {
    "exact": _exact,
    "vector": _vector,
    "raster": _raster,
    "clicks": _clicks,
}


def digitize(trial: Trial, regime: str, rng: Generator) -> tuple[Arm, Arm]:
    """Read everything off a trial's figure.

    Parameters
    ----------
    trial : Trial
        The truth.
    regime : {"exact", "vector", "raster", "clicks"}
        Every corner of the curve at full precision; the same rounded to 1/2000 of each axis; one reading per pixel column of a
        700 x 450 plot, with 0.35 pixels of jitter; 60 clicks along the curve, with 0.3% of each axis of error in time and survival.
        Censor marks are read in the same way.
    rng : numpy.random.Generator
        Of the reading errors.

    Returns
    -------
    tuple of two Arm
        With risk table, total events and censor marks; `withhold` takes away what a scenario does not have.

    Raises
    ------
    KeyError
        Another regime.
    """
    read, end = REGIMES[regime], float(trial.ticks[-1])
    arms = []
    for i, ipd in enumerate(trial.arms):
        km = kaplan_meier(ipd.time, ipd.event)
        corners = np.append(np.append(0.0, km.time), km.last_time), np.append(np.append(1.0, km.survival), km.survival[-1])
        keep = np.append(True, np.diff(corners[0]) > 0)
        time, survival = read((corners[0][keep], corners[1][keep]), end, rng)
        marks = _read_marks(np.unique(ipd.time[~ipd.event]), regime, end, rng)
        curve = Curve(time, survival, "probability", "survival")
        arms.append(Arm(ipd.label, ipd.n, curve, trial.risk_table(i), int(ipd.event.sum()), np.clip(marks, 0.0, time.max())))
    return arms[0], arms[1]


def _read_marks(marks: FloatArray, regime: str, end: float, rng: Generator) -> FloatArray:
    """Read censor marks along the time axis; those on the same pixel are one."""
    match regime:
        case "exact":
            return marks
        case "vector":
            return np.unique(np.round(marks / end * VECTOR_STEPS)) * (end / VECTOR_STEPS)
        case "raster":
            return (np.unique(np.floor(marks / end * COLUMNS)) + 0.5) * (end / COLUMNS)
        case _:
            return np.sort(marks + CLICK_ERROR * end * rng.standard_normal(marks.size))


def withhold(arm: Arm, scenario: str) -> Arm:
    """Take away what is not known in an information scenario.

    Parameters
    ----------
    arm : Arm
        With everything.
    scenario : str
        One of `SCENARIOS`: R risk table, E total events, C censor marks; n and the curve are always known.

    Returns
    -------
    Arm
        With the rest.
    """
    return replace(
        arm,
        risk=arm.risk if "R" in scenario else None,
        total_events=arm.total_events if "E" in scenario else None,
        censor_times=arm.censor_times if "C" in scenario else None,
    )
