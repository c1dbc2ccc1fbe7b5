"""The benchmark's figure: error of the log hazard ratio by scenario and regime, method beside method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survrecon.benchmark import Cell
from survrecon.errors import PlotError
from survrecon.plot import COLORS
from survrecon.simulation import SCENARIOS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONT = 9.0
MARKERS = "osD^v"
ROW = 0.28  # inches
DODGE = 0.6  # share of a row that its methods take up
LEAST = 1e-4  # smaller errors matter to nobody, and are drawn here


def plot_benchmark(cells: Sequence[Cell], ax: Axes | None = None) -> Axes:
    """Draw the median error of the log hazard ratio, and a bar to its 90th percentile.

    Parameters
    ----------
    cells : sequence of Cell
        From `survrecon.benchmark.summarize`; one group of rows for each scenario, one row for each regime.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure that pyplot does not know.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; the markers of each method are a line that has its name as label.

    Raises
    ------
    PlotError
        No cells, or none with a hazard ratio.
    """
    methods = list(dict.fromkeys(cell.method for cell in cells))
    errors = np.array([cell.log_hr for cell in cells]).ravel()
    if not np.any(errors > 0):
        raise PlotError("nothing to draw: no cell has an error of the hazard ratio above 0")
    low = max(LEAST, 0.8 * errors[errors > 0].min())
    place = _places(cells)
    ax = ax or _new_axes(ROW * (max(place.values()) + 1))
    for i, method in enumerate(methods):
        of_method = [cell for cell in cells if cell.method == method]
        shift = DODGE * ((i + 0.5) / len(methods) - 0.5)
        _draw(ax, of_method, [place[cell.scenario, cell.regime] + shift for cell in of_method], low, i)
    _annotate(ax, cells, place, low)
    return ax


def _new_axes(height: float) -> Axes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, height))
    FigureCanvasAgg(figure)
    return figure.add_axes((0, 0, 1, 1))


def _places(cells: Sequence[Cell]) -> dict[tuple[str, str], float]:
    """Give each scenario and regime its row from the top, and each scenario a row for its heading."""
    place, row = {}, -1.0
    for scenario in dict.fromkeys(cell.scenario for cell in cells):
        row += 1  # for the heading
        for regime in dict.fromkeys(cell.regime for cell in cells if cell.scenario == scenario):
            row += 1
            place[scenario, regime] = row
    return place


def _draw(ax: Axes, cells: Sequence[Cell], at: Sequence[float], low: float, i: int) -> None:
    """Draw one method: a marker at each median, a bar to the 90th percentile, and how often it failed."""
    looks: dict[str, Any] = {"color": COLORS[i % len(COLORS)], "zorder": 3}
    middle, high = np.maximum([cell.log_hr for cell in cells], low).T
    ax.hlines(at, middle, high, linewidth=1.4, **looks)
    ax.plot(high, at, "|", markersize=6, markeredgewidth=1.4, **looks)
    ax.plot(middle, at, MARKERS[i % len(MARKERS)], markersize=5.5, label=cells[0].method, **looks)
    for cell, y in zip(cells, at, strict=True):
        if cell.failures:
            failed = f"{cell.failures} of {cell.figures} failed"
            _write(ax, failed, (1, y), (4, 0), "axes fraction", color=looks["color"], fontsize=FONT - 2)


def _write(ax: Axes, text: str, place: tuple[float, float], offset: tuple[float, float], x: str, **style: Any) -> None:
    """Write beside a row; `x` says what the first number of its place counts."""
    usual: dict[str, Any] = {"va": "center", "fontsize": FONT, "parse_math": False, "annotation_clip": False}
    ax.annotate(text, place, offset, (x, "data"), "offset points", **(usual | style))


def _annotate(ax: Axes, cells: Sequence[Cell], place: dict[tuple[str, str], float], low: float) -> None:
    """Write everything but the data."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    se = float(np.median([cell.standard_error for cell in cells]))
    ax.set_xscale("log")
    ax.set_xlim(low, 1.5 * max(se, np.nanmax([cell.log_hr for cell in cells])))
    ax.set_ylim(max(place.values()) + 0.7, -0.6)
    ax.axvline(se, color="0.4", linestyle="--", linewidth=1)
    _write(ax, f"sampling standard\nerror (median {se:.2g})", (se, -0.6), (0, 3), "data", ha="center", va="bottom", fontsize=FONT - 1)
    for scenario in dict.fromkeys(cell.scenario for cell in cells):
        first = min(y for (name, _), y in place.items() if name == scenario)
        _write(ax, f"{scenario}: {SCENARIOS[scenario]}", (0, first - 1), (-40, 0), "axes fraction", fontweight="bold")
    ax.set_yticks(list(place.values()), [regime for _, regime in place], fontsize=FONT)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=FONT)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.grid(axis="x", which="major", color="0.85", zorder=0)
    ax.grid(axis="y", color="0.94", zorder=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_xlabel("Absolute error of the log hazard ratio: median (marker) and 90th percentile (end of bar)", fontsize=FONT)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=FONT)
