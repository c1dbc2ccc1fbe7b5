"""How journals and programs draw Kaplan-Meier figures, as a table of settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Dash = Any  # as matplotlib takes it
DASHES: tuple[Dash, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)))
GRAYS = ("#000000", "#7f7f7f", "#4d4d4d", "#b3b3b3")
BLACK = ("#000000",) * 4
MARKERS = {"tick": "|", "cross": "+", "circle": "o"}


@dataclass(frozen=True)
class Style:
    """Settings of one style; lengths are in points unless another unit is named.

    Attributes
    ----------
    font : tuple of str
        Families, the best first.
    size : float
        Of the font.
    inches : tuple of two float
        Width and height of the figure, without its risk table.
    line, axis_line : float
        Widths.
    colors : tuple of four str
        Of the curves.
    box : bool
        Lines on all four sides of the axes, else left and bottom.
    ticks : {"in", "out"}
        Where they point.
    tick_length : float
        Of the ticks.
    names : {"curves", "legend", "top"}
        Where the arms are named: beside the curves, in the axes, or above them.
    frame : bool
        Around the legend.
    bold : bool
        Titles of the axes.
    x_title, y_title : str
        Titles of the axes; ``{unit}`` becomes "%" or "probability".
    table_title : str
        Above the numbers at risk.
    table_censored : bool
        The number censored follows in parentheses.
    table_panel : bool
        The table has axes of its own, between the figure and the title of the time axis.
    table_colored : bool
        Names in the table are in the color of the curve.
    mark : float
        Size of censor marks.
    band : {"fill", "lines"}
        How confidence limits are drawn.
    clip : bool
        Curves are cut at the edge of the axes, through half of their width.
    snap : bool
        In raster files lines and marks are moved to whole pixels, as matplotlib does by itself; journals' pictures of vector figures
        have them in between.
    note : str
        Result written into the axes, of ``{hr}``, ``{low}``, ``{high}``.
    most_ticks : int
        Of the time axis.
    """

    font: tuple[str, ...]
    size: float
    inches: tuple[float, float]
    line: float
    axis_line: float
    colors: tuple[str, str, str, str]
    x_title: str
    y_title: str
    table_title: str
    box: bool = False
    ticks: str = "out"
    tick_length: float = 3.5
    names: str = "legend"
    frame: bool = False
    bold: bool = False
    table_censored: bool = False
    table_panel: bool = False
    table_colored: bool = False
    mark: float = 5.0
    band: str = "fill"
    clip: bool = False
    snap: bool = False
    note: str = ""
    most_ticks: int = 12


SANS = ("Liberation Sans", "Arial", "Helvetica", "Nimbus Sans", "DejaVu Sans")

STYLES = {
    "nejm": Style(
        ("Nimbus Sans", *SANS),
        8.0,
        (5.6, 3.4),
        1.3,
        0.6,
        ("#2a5caa", "#c8202f", "#3c8f4d", "#e08a1e"),
        "Months since Randomization",
        "Patients Who Survived ({unit})",
        "No. at Risk",
        names="curves",
        tick_length=3.0,
        note="Hazard ratio, {hr} (95% CI, {low}–{high})\nP=0.003",
    ),
    "lancet": Style(
        SANS,
        7.5,
        (5.0, 3.6),
        1.0,
        0.75,
        ("#00468b", "#ed0000", "#42b540", "#925e9f"),
        "Time since randomisation (months)",
        "Overall survival ({unit})",
        "Number at risk\n(number censored)",
        table_censored=True,
        tick_length=4.0,
        mark=4.0,
        note="HR {hr} (95% CI {low}–{high}); log-rank p=0·0031",
        most_ticks=6,
    ),
    "jco": Style(
        ("Nimbus Sans Narrow", *SANS),
        8.5,
        (4.2, 3.8),
        1.6,
        1.0,
        ("#1f4e9e", "#e0a030", "#a02c2c", "#5a8f3c"),
        "Time (months)",
        "Overall Survival ({unit})",
        "No. at risk:",
        ticks="in",
        bold=True,
        table_colored=True,
        mark=6.0,
        band="lines",
        note="HR, {hr}; 95% CI, {low} to {high}",
    ),
    "jama": Style(
        SANS,
        7.5,
        (5.0, 3.2),
        1.5,
        0.5,
        ("#114f7f", "#e6842a", "#5fa6a0", "#8a8a8a"),
        "Time Since Randomization, mo",
        "Survival, {unit}",
        "No. at risk",
        names="curves",
        tick_length=2.5,
        mark=4.0,
        note="HR, {hr} (95% CI, {low}-{high})\nLog-rank P = .003",
    ),
    "survminer": Style(
        SANS,
        10.0,
        (6.2, 4.2),
        2.0,
        1.07,
        ("#f8766d", "#00bfc4", "#7cae00", "#c77cff"),
        "Time",
        "Survival {unit}",
        "Number at risk",
        names="top",
        table_panel=True,
        table_colored=True,
        mark=8.0,
        note="p = 0.0031",
    ),
    "lifelines": Style(
        ("DejaVu Sans",),
        10.0,
        (6.4, 4.2),
        1.5,
        0.8,
        ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"),
        "timeline",
        "survival {unit}",
        "At risk",
        box=True,
        frame=True,
        clip=True,
        snap=True,
        mark=6.0,
    ),
}
