"""The overlay: what was read off a figure, drawn on the figure, to be checked by eye."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from survrecon.digitize.figure import Digitized, Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe and Ito
AXIS_COLOR = "#7A1FA2"  # of what was recognized of the axes
FADED = 0.35  # strength left to the figure underneath
WIDTH, TALLEST = 11.0, 16.0  # inches
MARGIN = 0.06  # around axes and texts, as a share of them


def plot_overlay(digitized: Digitized, ax: Axes | None = None) -> Axes:
    """Draw the traced curves, censor marks and recognized axes over the faded figure.

    Parameters
    ----------
    digitized : Digitized
        From `survrecon.digitize.digitize_figure`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the panel's proportions by default.

    Returns
    -------
    matplotlib.axes.Axes
        In the file's own units, y downwards.
    """
    left, top, right, bottom = _extent(digitized)
    if ax is None:
        from matplotlib.figure import Figure

        height = min(WIDTH * (bottom - top) / (right - left) + 0.5, TALLEST)
        ax = Figure(figsize=(WIDTH, height), layout="constrained").subplots()
    _draw_backdrop(ax, digitized)
    _draw_axes(ax, digitized)
    for row, trace in enumerate(digitized.traces):
        _draw_trace(ax, digitized, trace, COLORS[row % len(COLORS)])
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.set_axis_off()
    ax.figure.legend(loc="outside upper left", ncols=4, frameon=False, fontsize=9)
    return ax


def _extent(digitized: Digitized) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom: of the whole image, or of the axes and texts of a drawing."""
    if isinstance(digitized.backdrop, np.ndarray):
        height, width = digitized.backdrop.shape[:2]
        return 0, 0, width, height
    boxes = np.array(
        [(digitized.x.start, digitized.y.start, digitized.x.end, digitized.y.end)]
        + [(text.left, text.top, text.right, text.bottom) for text in digitized.texts]
    )
    (left, top), (right, bottom) = boxes.reshape(-1, 2).min(axis=0), boxes.reshape(-1, 2).max(axis=0)
    margin = MARGIN * max(right - left, bottom - top)
    return left - margin, top - margin, right + margin, bottom + margin


def _draw_backdrop(ax: Axes, digitized: Digitized) -> None:
    if isinstance(digitized.backdrop, np.ndarray):
        height, width = digitized.backdrop.shape[:2]
        ax.imshow(digitized.backdrop, alpha=FADED, extent=(0, width, height, 0), interpolation="nearest", zorder=0)
        return
    from matplotlib.collections import LineCollection

    lines, colors = [line for line, _ in digitized.backdrop], [color for _, color in digitized.backdrop]
    ax.add_collection(LineCollection(lines, colors=colors, alpha=FADED, linewidths=1.5, zorder=0), autolim=False)
    for text in digitized.texts:
        middle = ((text.left + text.right) / 2, (text.top + text.bottom) / 2)
        ax.text(
            *middle, text.string, rotation=text.angle, color=text.color, alpha=0.6, fontsize=7, ha="center", va="center", parse_math=False
        )


def _draw_axes(ax: Axes, digitized: Digitized) -> None:
    """Mark both axes with a line and a tick for each tick that was read, and the value it was read as."""
    x, y = digitized.x, digitized.y
    style: dict[str, Any] = {"color": AXIS_COLOR, "linewidth": 0.8, "zorder": 2}
    bottom, left = max(y.start, y.end), min(x.start, x.end)
    ax.plot([x.start, x.end], [bottom, bottom], label="axes as read", **style)
    ax.plot([left, left], [y.start, y.end], **style)
    label: dict[str, Any] = {"color": AXIS_COLOR, "fontsize": 7, "textcoords": "offset points", "zorder": 4}
    span = abs(x.scale * (x.end - x.start)), abs(y.scale * (y.end - y.start))
    for position, value in x.ticks:
        ax.plot(position, bottom, marker=3, **style)
        ax.annotate(_short(value, span[0]), (position, bottom), (2, 3), ha="left", va="bottom", **label)
    for position, value in y.ticks:
        ax.plot(left, position, marker=1, **style)
        ax.annotate(_short(value, span[1]), (left, position), (3, 2), ha="left", va="bottom", **label)


def _short(value: float, span: float) -> str:
    """Write a value to a thousandth of its axis: more would be pixels."""
    step = 10 ** math.floor(math.log10(span / 1000)) if span > 0 else 0
    return f"{round(value / step) * step + 0.0:.6g}" if step else f"{value:g}"


def _draw_trace(ax: Axes, digitized: Digitized, trace: Trace, color: str) -> None:
    height = digitized.y.position(trace.survival * (100 if digitized.percent else 1))
    label = f"{trace.label}{' (doubtful)' if trace.doubts else ''}"
    ax.plot(digitized.x.position(trace.time), height, color=color, linewidth=0.9, zorder=3, label=label, drawstyle="steps-post")
    if trace.censor_times is not None:
        # a mark's height is the curve's there: the last vertex at or before it
        at = np.clip(np.searchsorted(trace.time, trace.censor_times, side="right") - 1, 0, None)
        ax.plot(digitized.x.position(trace.censor_times), height[at], "|", color=color, markersize=9, markeredgewidth=0.9, zorder=3)
