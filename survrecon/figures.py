"""Generated Kaplan-Meier figures in the styles of journals, with known truth, for measuring digitizers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survrecon.data import FloatArray
from survrecon.draws import cox_two_sample
from survrecon.figure_designs import FigureDesign, Truth, generate, truth_of
from survrecon.figure_styles import DASHES, MARKERS, STYLES, Style
from survrecon.survival import kaplan_meier

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FigureDesign", "Truth", "draw", "generate"]

Box = tuple[float, float, float, float]  # left, bottom, right, top, as shares of the axes
JPEG_QUALITY = 60
FINER = 3
OUTSIDE = 0.04  # of the axis' length, beyond its first and last tick
GUIDE, GRID = "#808080", "#e0e0e0"
DEVIATES = 1.96  # of a 95% interval


def draw(design: FigureDesign, path: str | Path) -> Truth:
    """Draw a figure into a file.

    Parameters
    ----------
    design : FigureDesign
        What it looks like and shows.
    path : path-like
        File to write, in the design's format whatever its name.

    Returns
    -------
    Truth
        What it shows.
    """
    import matplotlib

    truth, style = truth_of(design), STYLES[design.style]
    settings: Any = {
        "font.family": _families(style.font),
        "font.size": style.size,
        "axes.linewidth": style.axis_line,
        "axes.labelweight": "bold" if style.bold else "normal",
        "svg.fonttype": "none",
        "svg.hashsalt": "survrecon",
        "pdf.fonttype": 42,
        "path.snap": style.snap,
    }
    with matplotlib.rc_context(settings):
        figure, ax, table = _lay_out(truth, style)
        _draw_frame(ax, truth, style)
        if design.guide:
            _draw_guide(ax, truth)
        for arm in range(design.arms):
            _draw_arm(ax, truth, style, arm)
        _write_inside(ax, truth, style)
        if design.risk_table:
            _write_table(ax, table, truth, style)
        _save(figure, design, 1 if style.snap else FINER, path)
    return truth


def _save(figure: Figure, design: FigureDesign, finer: int, path: str | Path) -> None:
    """Write the file; a raster file is drawn finer and averaged down, so that lines lie between whole pixels."""
    if design.format in ("svg", "pdf"):
        metadata = {"Date": None} if design.format == "svg" else {"CreationDate": None}
        figure.savefig(path, format=design.format, metadata=metadata)
        return
    from PIL import Image

    figure.set_dpi(finer * design.dpi)
    canvas: Any = figure.canvas
    if finer > 1:
        _draw_markers_between(canvas.get_renderer())
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").reduce(finer)
    pixels.save(path, format=design.format, dpi=(design.dpi, design.dpi), quality=JPEG_QUALITY)


def _draw_markers_between(renderer: Any) -> None:
    """Let ticks and marks lie where they are: Agg moves its markers to whole pixels, whatever `path.snap` says."""
    from matplotlib.backend_bases import RendererBase

    def draw_markers(context: Any, *args: Any, **options: Any) -> None:
        context.set_snap(False)
        RendererBase.draw_markers(renderer, context, *args, **options)

    renderer.draw_markers = draw_markers


def _families(wanted: Sequence[str]) -> list[str]:
    """Return the fonts that there are, so that matplotlib does not complain of the others."""
    from matplotlib.font_manager import get_font_names

    known = set(get_font_names())
    return [name for name in wanted if name in known] or ["DejaVu Sans"]


def _lay_out(truth: Truth, style: Style) -> tuple[Figure, Axes, Axes | None]:
    """Return a figure, its axes, and axes for the risk table where the style has such."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    row, titles = 1.45 * style.size / 72, style.table_title.count("\n") + 1
    rows = truth.design.arms + titles + 0.5 if truth.design.risk_table else 0.0
    width, height = style.inches[0], style.inches[1] + rows * row
    longest = max(map(len, [*(arm.label for arm in truth.arms), *style.table_title.split("\n")]))
    left = max(0.62, (0.55 * longest + _gap(style)) * style.size / 72 + 0.1 if truth.design.risk_table else 0.0)
    below = (rows + 3.6) * row
    above = 0.15 + (2 * row if style.names == "top" else 0.0)
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)

    def axes(bottom: float, tall: float) -> Axes:
        return figure.add_axes((left / width, bottom / height, (width - left - 0.25) / width, tall / height))

    ax = axes(below, height - below - above)
    panel = style.table_panel and truth.design.risk_table
    return figure, ax, axes(2.6 * row, truth.design.arms * row) if panel else None


def _gap(style: Style) -> float:
    """Return the distance from an arm's name to the middle of its first number at risk, in font sizes."""
    return 2.6 if style.table_censored else 1.4


def _draw_frame(ax: Axes, truth: Truth, style: Style) -> None:
    """Draw the axes, their ticks and titles, and the grid."""
    outside = OUTSIDE if truth.design.offset else 0.0
    ends = [(low - outside * (high - low), high + outside * (high - low)) for low, high in (truth.x_range, truth.y_range)]
    ax.set(xlim=ends[0], ylim=ends[1])
    ax.set_xticks(truth.x_ticks, [f"{tick:g}" for tick in truth.x_ticks])
    ax.set_yticks(truth.y_ticks, [f"{tick:.{0 if truth.design.percent else 1}f}" for tick in truth.y_ticks])
    ax.tick_params(direction=style.ticks, length=style.tick_length, width=style.axis_line)
    if not style.box:
        ax.spines[["top", "right"]].set_visible(False)
    if truth.design.grid:
        ax.grid(color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
    ax.set_ylabel(style.y_title.format(unit="%" if truth.design.percent else "probability"))
    if not (style.table_panel and truth.design.risk_table):
        ax.set_xlabel(style.x_title)


def _scale(truth: Truth) -> float:
    return 100.0 if truth.design.percent else 1.0


def _draw_guide(ax: Axes, truth: Truth) -> None:
    """Draw a line at one half to the last median, and one down from each median."""
    half, reached = 0.5, []
    for arm in range(truth.design.arms):
        time, survival = truth.curve(arm)
        reached += [time[survival <= half][0]] if survival[-1] <= half else []
    look: dict[str, Any] = {"color": GUIDE, "linestyle": "--", "linewidth": 0.8}
    if half > truth.y_range[0] / _scale(truth):
        ax.hlines(half * _scale(truth), 0, max(reached, default=truth.x_range[1]), **look)
        ax.vlines(reached, truth.y_range[0], half * _scale(truth), **look)


def _draw_arm(ax: Axes, truth: Truth, style: Style, arm: int) -> None:
    """Draw a curve, its marks and its confidence limits."""
    design, color, scale = truth.design, truth.colors[arm], _scale(truth)
    time, survival = truth.curve(arm)
    dash = DASHES[arm] if design.dashed else "-"
    look: dict[str, Any] = {"color": color, "linewidth": style.line, "linestyle": dash, "clip_on": style.clip}
    ax.step(time, scale * survival, where="post", label=truth.arms[arm].label, **look)
    if design.marks != "none":
        at = truth.marks(arm)
        height = scale * survival[np.searchsorted(time, at, side="right") - 1]
        face = "none" if design.marks == "circle" else color
        edge: dict[str, Any] = {"markersize": style.mark * (0.8 if design.marks == "circle" else 1.0), "markeredgewidth": 0.7 * style.line}
        ax.plot(at, height, MARKERS[design.marks], color=color, markerfacecolor=face, clip_on=style.clip, **edge)
    if design.band:
        low, high = (scale * limit for limit in _limits(truth, arm))
        if style.band == "fill":
            ax.fill_between(time[: low.size], low, high, step="post", color=color, alpha=0.2, linewidth=0)
        else:
            for limit in (low, high):
                ax.step(time[: low.size], limit, where="post", color=color, linewidth=0.5 * style.line, linestyle=":")


def _limits(truth: Truth, arm: int) -> tuple[FloatArray, FloatArray]:
    """Return log-log confidence limits at the times of the curve, as far as there are any."""
    km = kaplan_meier(truth.arms[arm].time, truth.arms[arm].event)
    known = np.isfinite(km.log_se) & (km.survival > 0)
    survival = km.survival[known]
    spread = np.exp(DEVIATES * km.log_se[known] / np.log(survival))
    low, high = survival ** (1 / spread), survival**spread
    held = known.all() and truth.curve(arm)[0].size > known.size + 1  # to the end of follow-up, where that is no event's time
    last = [-1] if held else []
    return (np.concatenate([[1.0], low, low[last]]), np.concatenate([[1.0], high, high[last]]))


def _write_inside(ax: Axes, truth: Truth, style: Style) -> None:
    """Write the arms' names and the result where they touch no curve."""
    lines = [_sampled(ax, truth, arm) for arm in range(truth.design.arms)]
    taken: list[Box] = []
    if style.names == "curves":
        for arm, line in enumerate(lines):
            label = truth.arms[arm].label
            x, y = line[round(0.6 * len(line))]
            color = truth.colors[arm] if truth.design.color else "black"
            taken.append(_write(ax, label, (x, y + 0.05), np.concatenate(lines), taken, color=color))
    elif style.names == "top":
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=truth.design.arms, frameon=False, title=None)
    else:
        ax.legend(loc="best", frameon=style.frame, handlelength=2.5)
    if style.note and truth.design.arms > 1:
        one, other = truth.arms[:2]
        log_hr, se = cox_two_sample(one.time, one.event, other.time, other.event)
        low, middle, high = np.exp(log_hr + DEVIATES * se * np.array([-1, 0, 1]))
        note = style.note.format(hr=f"{middle:.2f}", low=f"{low:.2f}", high=f"{high:.2f}")
        _write(ax, note, (0.03, 0.05), np.concatenate(lines), taken, color="black")


def _sampled(ax: Axes, truth: Truth, arm: int) -> FloatArray:
    """Return points along a curve, vertical parts included, as shares of the axes."""
    time, survival = truth.curve(arm)
    corners = np.column_stack([np.repeat(time, 2)[1:], _scale(truth) * np.repeat(survival, 2)[:-1]])
    shares = ax.transLimits.transform(corners)
    way = np.append(0.0, np.cumsum(np.hypot(*np.diff(shares, axis=0).T)))
    at = np.linspace(0, way[-1], 200)
    return np.column_stack([np.interp(at, way, shares[:, i]) for i in (0, 1)])


def _write(ax: Axes, text: str, target: tuple[float, float], curves: FloatArray, taken: Sequence[Box], **look: Any) -> Box:
    """Write a text as near to a place as is free of curves and of other texts; where nothing is free, on fewest of their points."""
    drawn = ax.text(0, 0, text, transform=ax.transAxes, va="bottom", linespacing=1.2, **look)
    extent = drawn.get_window_extent().transformed(ax.transAxes.inverted())
    size = np.array([extent.width, extent.height])
    grid = np.stack(np.meshgrid(np.linspace(0.01, 0.99, 40), np.linspace(0.02, 0.98, 40)), axis=-1).reshape(-1, 2)
    grid = grid[np.all(grid + size <= 1.0, axis=1)]
    others = [np.array([(x, y) for x in np.linspace(left, right, 9) for y in (low, high)]) for left, low, right, high in taken]
    points = np.concatenate([curves, *others])
    room = 0.02
    inside = np.all((points[None] > grid[:, None] - room) & (points[None] < grid[:, None] + size + room), axis=2).sum(axis=1)
    far = np.hypot(*(grid - np.asarray(target)).T)
    left, low = grid[np.lexsort((far, inside))[0]]
    drawn.set_position((left, low))
    return left, low, left + size[0], low + size[1]


def _write_table(ax: Axes, panel: Axes | None, truth: Truth, style: Style) -> None:
    """Write the numbers at risk under the time axis, or into axes of their own."""
    row, height, width = 1.45 * style.size, *(np.array(ax.get_window_extent().size)[::-1] / ax.figure.dpi * 72)
    title_lines = style.table_title.count("\n") + 1
    under: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "va": "center"}
    left = truth.x_range[0] - _gap(style) * style.size / width * np.ptp(ax.get_xlim())
    for arm in range(truth.design.arms):
        table, ipd = truth.risk_table(arm), truth.arms[arm]
        color = truth.colors[arm] if style.table_colored and truth.design.color else "black"
        censored = [int(np.sum(~ipd.event & (ipd.time < time))) for time in table.time]
        cells = [
            f"{count:.0f} ({lost})" if style.table_censored else f"{count:.0f}" for count, lost in zip(table.count, censored, strict=True)
        ]
        if panel is not None:
            place: dict[str, Any] = {"y": truth.design.arms - arm - 0.5, "va": "center", "ha": "center", "color": color}
            for time, cell in zip(table.time, cells, strict=True):
                panel.text(time, s=cell, **place)
            continue
        y = -(3.1 + title_lines + arm) * row / height
        for time, cell in zip(table.time, cells, strict=True):
            ax.text(time, y, cell, ha="center", **under)
        ax.text(left, y, ipd.label, ha="right", color=color, **under)
    if panel is None:
        ax.text(left, -2.8 * row / height - (title_lines - 1) * 0.5 * row / height, style.table_title, ha="right", **under)
        return
    panel.set_xlim(ax.get_xlim())
    panel.set_ylim(0, truth.design.arms)
    panel.set_xticks(truth.x_ticks, [f"{tick:g}" for tick in truth.x_ticks])
    panel.set_yticks(truth.design.arms - np.arange(truth.design.arms) - 0.5, [arm.label for arm in truth.arms])
    panel.spines[["top", "right"]].set_visible(False)
    panel.set_title(style.table_title, loc="left", fontsize=style.size)
    panel.set_xlabel(style.x_title)
