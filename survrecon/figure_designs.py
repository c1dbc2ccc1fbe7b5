"""Designs of generated Kaplan-Meier figures, and the data that they show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from survrecon.data import IPD, FloatArray, RiskTable, frozen_floats
from survrecon.figure_styles import BLACK, GRAYS, STYLES
from survrecon.simulation import TICKS, simulate
from survrecon.survival import kaplan_meier, number_at_risk

FORMATS = {"raster": ("png", "jpeg"), "vector": ("svg", "pdf")}
# Every level of a factor occurs once in each run of as many figures as it has levels; two arms, in color, are the usual case.
FACTORS: dict[str, tuple[Any, ...]] = {
    "style": ("nejm", "lancet", "jco", "jama", "survminer", "lifelines"),
    "arms": (1, 2, 2, 3, 4),
    "color": (True, True, False),
    "dashed": (False, True),
    "dpi": (100, 150, 200, 300),
    "marks": ("none", "tick", "cross", "circle"),
    "band": (False, False, True),
    "grid": (False, False, True),
    "guide": (False, False, False, True),
    "percent": (False, True),
    "truncated": (False, False, False, True),
    "offset": (False, True),
    "course": ("apart", "crossing", "close"),
    "risk_table": (True, True, False),
}
NAMES = (
    ("Placebo", "Drug A", "Drug B", "Drug C"),
    ("Chemotherapy", "Combination", "Antibody", "Observation"),
    ("Control", "Low dose", "Medium dose", "High dose"),
    ("Stage I", "Stage II", "Stage III", "Stage IV"),
)


@dataclass(frozen=True)
class FigureDesign:
    """What a figure looks like and shows.

    Attributes
    ----------
    style : str
        One of `survrecon.figure_styles.STYLES`.
    format : {"png", "jpeg", "svg", "pdf"}
        Of the file; JPEG at quality 60.
    dpi : int
        Dots per inch of a raster file.
    arms : int
        How many curves, up to four.
    color : bool
        Curves in the style's colors; else black if `dashed`, and shades of gray if not.
    dashed : bool
        A dash pattern for each curve but the first.
    marks : {"none", "tick", "cross", "circle"}
        At each distinct censoring time.
    band : bool
        Pointwise 95% confidence limits.
    grid : bool
        Lines at the ticks of both axes.
    guide : bool
        Lines at the median.
    percent : bool
        Survival from 0 to 100 instead of 0 to 1.
    truncated : bool
        The survival axis starts above 0.
    offset : bool
        The axes start and end a little outside their first and last tick.
    course : {"apart", "crossing", "close"}
        How the curves lie to each other.
    risk_table : bool
        Numbers at risk under the axis.
    seed : tuple of int
        Of the trial.
    """

    style: str = "nejm"
    format: str = "png"
    dpi: int = 200
    arms: int = 2
    color: bool = True
    dashed: bool = False
    marks: str = "tick"
    band: bool = False
    grid: bool = False
    guide: bool = False
    percent: bool = False
    truncated: bool = False
    offset: bool = False
    course: str = "apart"
    risk_table: bool = True
    seed: tuple[int, ...] = (0,)


def generate(number: int, seed: int = 1, kind: str = "raster", **fixed: Any) -> FigureDesign:
    """Return one of a series of designs in which the levels of each factor are equally frequent.

    Parameters
    ----------
    number : int
        Of the figure, from 0.
    seed : int
        Of the series.
    kind : {"raster", "vector"}
        What the formats are taken from; the rest of the design does not depend on it.
    **fixed
        Fields of `FigureDesign` to be held at a value.

    Returns
    -------
    FigureDesign
        The same each time.

    Examples
    --------
    >>> [generate(number).dpi for number in range(8)].count(300)
    2
    >>> generate(3, dashed=True).dashed
    True
    """
    levels = FACTORS | {"format": FORMATS[kind]}
    chosen = {name: _level(number, seed, i, levels[name]) for i, name in enumerate(levels)}
    return replace(FigureDesign(**chosen, seed=(seed, number)), **fixed)


def _level(number: int, seed: int, factor: int, levels: tuple[Any, ...]) -> Any:
    """Deal the levels like shuffled cards, one deck after the other."""
    deck, card = divmod(number, len(levels))
    return levels[np.random.default_rng((seed, factor, deck)).permutation(len(levels))[card]]


@dataclass(frozen=True, eq=False)
class Truth:
    """What a figure shows.

    Attributes
    ----------
    design : FigureDesign
        How it shows it.
    arms : tuple of IPD
        Months to event or censoring.
    x_ticks, y_ticks : ndarray of float
        As printed along the axes.
    colors : tuple of str
        Of the curves, ``#rrggbb``.
    """

    design: FigureDesign
    arms: tuple[IPD, ...]
    x_ticks: FloatArray
    y_ticks: FloatArray
    colors: tuple[str, ...]

    @property
    def x_range(self) -> tuple[float, float]:
        """Values at the first and the last tick of the time axis."""
        return float(self.x_ticks[0]), float(self.x_ticks[-1])

    @property
    def y_range(self) -> tuple[float, float]:
        """Values at the first and the last tick of the survival axis."""
        return float(self.y_ticks[0]), float(self.y_ticks[-1])

    def curve(self, arm: int) -> tuple[FloatArray, FloatArray]:
        """Return an arm's Kaplan-Meier estimate.

        Parameters
        ----------
        arm : int
            From 0.

        Returns
        -------
        tuple of ndarray of float, shape (k,)
            Times from 0 to the end of follow-up, and the probability just after each.
        """
        km = kaplan_meier(self.arms[arm].time, self.arms[arm].event)
        time = np.concatenate([[0.0], km.time, [km.last_time]])
        survival = np.concatenate([[1.0], km.survival, km.survival[-1:]])
        distinct = np.diff(time, append=np.inf) > 0  # the last time may be an event's
        return time[distinct], survival[distinct]

    def marks(self, arm: int) -> FloatArray:
        """Return the times of an arm's censor marks.

        Parameters
        ----------
        arm : int
            From 0.

        Returns
        -------
        ndarray of float
            Distinct and increasing; empty in a design without marks.
        """
        ipd = self.arms[arm]
        return np.unique(ipd.time[~ipd.event]) if self.design.marks != "none" else np.array([])

    def risk_table(self, arm: int) -> RiskTable:
        """Return an arm's numbers at risk at the ticks.

        Parameters
        ----------
        arm : int
            From 0.

        Returns
        -------
        RiskTable
            As printed.
        """
        return RiskTable(self.x_ticks, number_at_risk(self.arms[arm].time, self.x_ticks).astype(float))


def truth_of(design: FigureDesign) -> Truth:
    """Simulate the trial of a figure and choose its axes.

    Parameters
    ----------
    design : FigureDesign
        Of the figure.

    Returns
    -------
    Truth
        The same each time.
    """
    rng = np.random.default_rng(design.seed)
    names = NAMES[rng.integers(len(NAMES))]
    median = float(np.exp(rng.uniform(np.log(4), np.log(30))))
    common = {
        "n": int(np.exp(rng.uniform(np.log(60), np.log(500)))),
        "hr": 1.0,
        "events": rng.uniform(0.08, 0.2) if design.truncated else rng.uniform(0.35, 0.85),
        "scans": float(rng.choice([0.0, rng.uniform(0.1, 0.2)])) * median,
        "accrual": median * rng.uniform(0.5, 1.5),
        "dropout": rng.uniform(0.05, 0.2) / median,
    }
    apart, shapes = rng.uniform(1.3, 1.8), rng.permutation([0.7, 1.7, 1.0, 1.3])
    arms = []
    for i, name in enumerate(names[: design.arms]):
        longer = apart**i if design.course == "apart" else 1.0
        shape = shapes[i] if design.course == "crossing" else 1.0
        ipd = simulate((*design.seed, i), median=longer * median, shape=shape, **common).arms[0]
        arms.append(IPD(ipd.time, ipd.event, name))
    longest = max(float(arm.time[-1]) for arm in arms)
    most = STYLES[design.style].most_ticks
    step = next((step for step in TICKS if longest < most * step), 12 * np.ceil(longest / most / 12))
    lowest = min(kaplan_meier(arm.time, arm.event).survival[-1] for arm in arms) if design.truncated else 0.0
    start = 2 * int(5 * lowest)  # tenths
    tenths = next(np.arange(start, 11, by) for by in count(1) if 10 - start <= 6 * by and (10 - start) % by == 0)
    x_ticks = np.arange(0, longest + step, step, dtype=float)
    colors = STYLES[design.style].colors if design.color else BLACK if design.dashed else GRAYS
    y_ticks = frozen_floats(tenths * (10.0 if design.percent else 0.1))
    return Truth(design, tuple(arms), x_ticks, y_ticks, colors[: design.arms])
