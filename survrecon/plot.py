"""Kaplan-Meier figures in the style of a journal: curves, digitized points, numbers at risk, hazard ratios.

The only user of matplotlib, which is imported inside the functions; pyplot and its global state are never used.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survrecon._lettering import (
    CLEARANCE,
    FONT,
    GUTTER,
    NEUTRAL,
    annotate,
    label_column,
    legend,
    printed_counts,
    results,
    size,
    subjects,
    wrap,
    write_risk_table,
)
from survrecon._placement import nice_ticks, spaced, thin_ticks
from survrecon._room import Room, fit, lay_out, width_of
from survrecon.data import IPD, Curve, FloatArray, Reconstruction
from survrecon.errors import PlotError
from survrecon.files import write_bytes
from survrecon.plot_ensemble import draw_band
from survrecon.results import Analysis
from survrecon.survival import kaplan_meier

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Those of Okabe and Ito's colors that are dark enough on white, and line styles that tell them apart in gray.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7")
STYLES: tuple[Any, ...] = ("-", (0, (5, 1)), (0, (8, 1.5, 1.5, 1.5)), (0, (1.5, 1)), (0, (8, 1, 1.5, 1, 1.5, 1)))
TICK_SPACING = 4.5  # least distance of censor ticks, in points


def plot_km(
    items: Sequence[Reconstruction | IPD],
    ax: Axes | None = None,
    *,
    analysis: Analysis | None = None,
    points: bool = True,
    risk_table: bool = True,
    risk_times: Sequence[float] | None = None,
    percent: bool = False,
    censor_ticks: bool = True,
    time_unit: str = "",
    title: str = "",
    y_label: str = "",
    x_max: float | None = None,
    y_min: float = 0.0,
    colors: Sequence[str] | None = None,
) -> Axes:
    """Draw the Kaplan-Meier curves of all arms, with the numbers at risk aligned under the time axis.

    Reconstructions that carry draws get a band: the middle 95% of the draws' curves at each time.

    Labels and results are put where they touch no curve, at the size that the axes have now: give the figure
    its final size first.

    Parameters
    ----------
    items : sequence of Reconstruction or IPD
        One per arm.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; they shrink to make room for the table. By default those of a new figure
        (``ax.figure``) that pyplot does not know.
    analysis : Analysis, optional
        Its hazard ratios and log-rank test are written where there is room.
    points : bool
        Whether to draw the digitized points of reconstructions, small and light.
    risk_table : bool
        Whether to print the numbers at risk: ours and, where it differs, the printed one in parentheses.
    risk_times : sequence of float, optional
        Ticks of the time axis and of the table. By default the printed times, or every second, third, ... of them
        where they are too many; where none are printed, round numbers.
    percent : bool
        Whether survival is in percent rather than a probability.
    censor_ticks : bool
        Whether to mark censored subjects. A mark less than 4 points after another one is left out.
    time_unit : str
        E.g. ``"month"``.
    title : str
        Title.
    y_label : str
        Label of the survival axis; by default "Survival probability" or "Survival (%)".
    x_max : float, optional
        End of the time axis; by default the longest follow-up.
    y_min : float
        Start of the survival axis, as a probability.
    colors : sequence of str, optional
        One for each arm.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; each curve is a line that has the label of its arm.

    Raises
    ------
    PlotError
        No arms, an axis without extent, a time that is not one, or fewer colors than arms.
    """
    shades = _shades(items, colors)
    limit = _limit(items, risk_times, x_max)
    if not 0 <= y_min < 1:
        raise PlotError(f"y_min = {y_min!r} must be a probability below 1, such as 0.5")
    own, ax = ax is None, ax or _new_axes(3.6)
    room = Room(ax.get_axes_locator())

    def make_room(**sizes: float) -> None:
        if not own:  # a figure of our own grows in the end instead
            ax.set_axes_locator(replace(room, ax=ax, **sizes))

    scale = 100.0 if percent else 1.0
    _frame(ax, limit, time_unit, y_label or ("Survival (%)" if percent else "Survival probability"))
    ax.set_ylim(scale * y_min, scale)
    labels = [" ".join(item.label.split()) for item in items]
    lay_out(ax)
    column = label_column(ax, labels) if risk_table else 0.0
    left = column and column + GUTTER
    make_room(left=left)
    lay_out(ax)
    per_point = limit / width_of(ax)
    times = _ticks(ax, items, risk_times, limit, per_point, time_unit)
    ax.set_xticks(times, [f"{time:g}" for time in times])
    digitized = [item.arm.curve if points and isinstance(item, Reconstruction) else None for item in items]
    inks = [_mix(shade, "black", 0.2) for shade in shades]
    below = write_risk_table(ax, items, labels, inks, times, column, _notes(items, any(digitized))) if risk_table else 0.0
    lines = []
    for i, (item, curve, shade) in enumerate(zip(items, digitized, shades, strict=True)):
        if curve is not None:
            _draw_points(ax, curve, scale, shade)
        if isinstance(item, Reconstruction) and item.draws:
            draw_band(ax, item.draws, scale, shade)
        style = STYLES[(i + i // len(COLORS)) % len(STYLES)]  # a color that comes again has another style
        lines.append(_draw_curve(ax, item, scale, shade, style))
        if censor_ticks and not _without_curve(item):
            _draw_censored(ax, subjects(item), scale, shade, TICK_SPACING * per_point)
    above = annotate(ax, lines, labels, inks, results(analysis), lambda above: make_room(left=left, below=below, above=above))
    _title(ax, title, above)
    if own:
        fit(ax)
    return ax


def plot_residuals(
    items: Sequence[Reconstruction | IPD],
    ax: Axes | None = None,
    *,
    percent: bool = False,
    time_unit: str = "",
    title: str = "",
    colors: Sequence[str] | None = None,
) -> Axes:
    """Draw reconstructed minus digitized survival over time.

    Parameters
    ----------
    items : sequence of Reconstruction or IPD
        One per arm; those without a digitized curve are left out.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure that pyplot does not know.
    percent : bool
        Whether the differences are in percentage points rather than probabilities.
    time_unit : str
        E.g. ``"month"``.
    title : str
        Title.
    colors : sequence of str, optional
        One for each item, those left out included.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; each arm is a line whose label gives the root mean square of its residuals.

    Raises
    ------
    PlotError
        No arm has residuals, or there are fewer colors than arms.
    """
    drawn = [
        (item.label, item.residuals, shade, "osD^v"[i % 5])
        for i, (item, shade) in enumerate(zip(items, _shades(items, colors), strict=True))
        if isinstance(item, Reconstruction) and item.residuals is not None
    ]
    if not drawn:
        raise PlotError("no residuals to draw: none of the arms was reconstructed from a digitized curve")
    limit = max(float(residuals.time.max()) for _, residuals, _, _ in drawn) or 1.0
    own, ax = ax is None, ax or _new_axes(2.6)
    scale = 100.0 if percent else 1.0
    _frame(ax, limit, time_unit, "Reconstructed − digitized" + "\n(percentage points)" * percent)
    lay_out(ax)
    ax.set_xticks(nice_ticks(limit, time_unit, 30 * limit / width_of(ax)))
    ax.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=1)
    lines = []
    for label, residuals, shade, marker in drawn:
        looks: dict[str, Any] = {"color": shade, "marker": marker, "markersize": 2.5, "linewidth": 0.6}
        named = f"{label} (RMSE {scale * residuals.rmse:#.2g})"
        lines += ax.plot(residuals.time, scale * residuals.value, label=named, **looks)
    largest = scale * max(residuals.max_abs for _, residuals, _, _ in drawn) or 0.01 * scale
    ax.set_ylim(-1.1 * largest, 1.1 * largest)
    key = legend(ax, lines, ["\n".join(wrap(str(line.get_label()), 60)) for line in lines])
    above = CLEARANCE + float(key.get_window_extent().height) * 72 / ax.figure.dpi
    if not own:
        ax.set_axes_locator(Room(ax.get_axes_locator(), ax, above=above))
    _title(ax, title, above)
    if own:
        fit(ax)
    return ax


def save_figure(figure: Figure | Axes, path: str | Path) -> Path:
    """Write a figure, the same bytes each time for the same figure, and replace the file at once or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or matplotlib.axes.Axes
        The figure, or axes of it.
    path : path-like
        File whose name ends in ``.png`` (200 dots per inch) or ``.svg``. Missing folders are made.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    PlotError
        Another extension.
    StudyFileError
        The file cannot be written.
    """
    import matplotlib

    path = Path(path)
    metadata = {".png": {"Software": None}, ".svg": {"Date": None}}.get(path.suffix.lower())
    if metadata is None:
        raise PlotError(f"{path}: cannot write {path.suffix or 'a file without extension'!r}; use a name that ends in .png or .svg")
    whole: Any = figure.figure.canvas.figure  # also of axes in a subfigure
    data = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "survrecon"}):
        whole.savefig(data, format=path.suffix[1:].lower(), dpi=200, bbox_inches="tight", metadata=metadata)
    write_bytes(path, data.getvalue())
    return path


def _shades(items: Sequence[Reconstruction | IPD], colors: Sequence[str] | None) -> list[str]:
    if not items:
        raise PlotError("nothing to draw: give at least one Reconstruction or IPD")
    if colors is not None and len(colors) < len(items):
        raise PlotError(f"{len(colors)} colors for {len(items)} arms; give one for each")
    from matplotlib.colors import is_color_like

    shades = list(colors or [COLORS[i % len(COLORS)] for i in range(len(items))])[: len(items)]
    bad = [shade for shade in shades if not is_color_like(shade)]
    if bad:
        raise PlotError(f"colors: {bad[0]!r} is not a color; use a name or a code such as '#0072B2'")
    return shades


def _limit(items: Sequence[Reconstruction | IPD], risk_times: Sequence[float] | None, x_max: float | None) -> float:
    """Return the end of the time axis."""
    bad = [time for time in risk_times or () if not isfinite(time) or time < 0]
    if bad:
        raise PlotError(f"risk_times: {bad[0]!r} must be a finite number that is not negative")
    if x_max is not None:
        if not isfinite(x_max) or x_max <= 0:
            raise PlotError(f"x_max = {x_max!r} must be a finite number above 0")
        return float(x_max)
    ends = [float(subjects(item).time[-1]) for item in items] + [float(time) for time in risk_times or ()]
    for item in items:
        if isinstance(item, Reconstruction):
            ends += [row.time for row in item.risk]
            ends += [] if item.arm.curve is None else [float(item.arm.curve.time.max())]
    return 1.02 * max(ends) or 1.0


def _new_axes(height: float) -> Axes:
    """Return axes of that height in inches, in a figure that `fit` will give its size."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, height))
    FigureCanvasAgg(figure)
    return figure.add_axes((0, 0, 1, 1))


def _frame(ax: Axes, limit: float, time_unit: str, y_label: str) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set_xlim(0, limit)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=FONT)
    ax.set_xlabel(f"Time ({time_unit}s)" if time_unit else "Time", fontsize=FONT + 1)
    ax.set_ylabel(y_label, fontsize=FONT + 1)


def _title(ax: Axes, title: str, above: float) -> None:
    """Write the title over what else stands above the axes."""
    lines = wrap(title, width_of(ax) / (0.65 * FONT))
    ax.set_title("\n".join(lines), loc="left", fontsize=FONT + 2, fontweight="bold", pad=8 + above, parse_math=False)


def _mix(color: str, other: str, share: float) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - share) * np.array(to_rgb(color)) + share * np.array(to_rgb(other))
    return float(red), float(green), float(blue)


def _ticks(
    ax: Axes, items: Sequence[Reconstruction | IPD], risk_times: Sequence[float] | None, limit: float, per_point: float, time_unit: str
) -> FloatArray:
    """Return the times asked for, else the printed ones, else round ones; so many that counts fit under them."""
    if risk_times is not None:
        return np.unique([time for time in risk_times if time <= limit])
    widest = max(size(ax, f"{number:.0f}")[0] for number in (limit, *(subjects(item).n for item in items)))
    least = (widest + FONT) * per_point
    printed = np.unique([0.0, *(row.time for item in items for row in printed_counts(item) if row.time <= limit)])
    # where the printed times end early, they would leave most of the axis without ticks
    return thin_ticks(printed, least) if printed[-1] > 0.7 * limit else nice_ticks(limit, time_unit, least)


def _draw_points(ax: Axes, curve: Curve, scale: float, shade: str) -> None:
    read = curve.survival if curve.reading is None else curve.reading
    (line,) = ax.plot(curve.time, scale * read, "o", color=_mix(shade, "white", 0.6), markersize=4, markeredgewidth=0, zorder=1.5)
    _unclip(ax, line)


def _steps(ipd: IPD) -> tuple[FloatArray, FloatArray]:
    """Return the vertices of the Kaplan-Meier curve, from (0, 1) to the last follow-up."""
    km = kaplan_meier(ipd.time, ipd.event)
    survival = np.append(1.0, km.survival)
    return np.concatenate([[0.0], km.time, [km.last_time]]), np.append(survival, survival[-1])


def _unclip(ax: Axes, line: Line2D) -> None:
    """Let a line be seen at its full width on the border of the axes."""
    from matplotlib.transforms import Bbox, TransformedBbox

    line.set_clip_path(None)
    line.set_clip_box(TransformedBbox(Bbox.from_extents(-0.01, -0.012, 1.006, 1.03), ax.transAxes))


def _notes(items: Sequence[Reconstruction | IPD], points: bool) -> list[str]:
    """Say under the figure what is drawn beside the curves."""
    read = any(isinstance(item, Reconstruction) and item.draws and item.arm.curve is not None for item in items)
    return [
        *["Points: digitized."] * points,
        *["Bands: 95% of the data sets that the figure leaves open."] * read,
        *["Dotted: from printed numbers, without a curve; bands: 95% of what they leave open."] * any(map(_without_curve, items)),
    ]


def _without_curve(item: Reconstruction | IPD) -> bool:
    return isinstance(item, Reconstruction) and item.arm.curve is None


def _draw_curve(ax: Axes, item: Reconstruction | IPD, scale: float, shade: str, style: Any) -> Line2D:
    time, survival = _steps(subjects(item))
    looks: dict[str, Any] = {"color": shade, "linestyle": style, "linewidth": 1.6, "drawstyle": "steps-post"}
    if _without_curve(item):  # its band is the answer; the line in it only a guide
        looks |= {"linestyle": ":", "linewidth": 0.9}
    (line,) = ax.plot(time, scale * survival, label=item.label, zorder=3, **looks)
    _unclip(ax, line)
    return line


def _draw_censored(ax: Axes, ipd: IPD, scale: float, shade: str, spacing: float) -> None:
    time, survival = _steps(ipd)
    marks = spaced(np.unique(ipd.time[~ipd.event]), spacing)
    height = scale * survival[np.searchsorted(time, marks, side="right") - 1]
    (line,) = ax.plot(marks, height, "|", color=shade, markersize=7, markeredgewidth=0.9, zorder=3)
    _unclip(ax, line)
