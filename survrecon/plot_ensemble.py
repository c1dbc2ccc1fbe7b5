"""Figures of how sure a reconstruction is: the band of its draws, and a forest of published and re-derived numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survrecon._lettering import shorten
from survrecon.data import IPD, FloatArray
from survrecon.ensemble import LEVEL
from survrecon.errors import PlotError
from survrecon.results import Check, Spread
from survrecon.survival import kaplan_meier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAND_POINTS = 400
INK, OURS, PUBLISHED = "#333333", "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermilion


def band(draws: Sequence[IPD], time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the pointwise middle 95% of the draws' Kaplan-Meier curves.

    Parameters
    ----------
    draws : sequence of IPD
        Draws of one arm.
    time : ndarray of float, shape (k,)
        Where to evaluate them.

    Returns
    -------
    lower, upper : ndarray of float, shape (k,)
        Survival probabilities; NaN after the last follow-up of more than half of the draws.
    """
    curves = np.empty((len(draws), time.size))
    for row, ipd in zip(curves, draws, strict=True):
        curve = kaplan_meier(ipd.time, ipd.event)
        row[:] = np.append(1.0, curve.survival)[np.searchsorted(curve.time, time, side="right")]
        row[time > ipd.time[-1] * (1 + 1e-9)] = np.nan
    seen = np.isfinite(curves).mean(axis=0) >= 0.5
    lower, upper = np.full(time.size, np.nan), np.full(time.size, np.nan)
    lower[seen], upper[seen] = np.nanquantile(curves[:, seen], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return lower, upper


def draw_band(ax: Axes, draws: Sequence[IPD], scale: float, color: Any) -> None:
    """Fill the band of one arm under its curve.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    draws : sequence of IPD
        Draws of the arm.
    scale : float
        1, or 100 for percent.
    color : color
        Of the arm.
    """
    time = np.linspace(0, max(float(ipd.time[-1]) for ipd in draws), BAND_POINTS)
    lower, upper = band(draws, time)
    ax.fill_between(time, scale * lower, scale * upper, color=color, alpha=0.25, linewidth=0, step="post", zorder=1.5)


def forest_rows(checks: Sequence[Check], spreads: Sequence[Spread]) -> list[tuple[Check, float, Spread]]:
    """Pair the published numbers that have a spread with it.

    Parameters
    ----------
    checks : sequence of Check
        Of one study.
    spreads : sequence of Spread
        Of its analysis.

    Returns
    -------
    list of (Check, float, Spread)
        The check, its published number, and our spread.
    """
    return [(check, published, spread) for check in checks for published, spread in _matching(check, spreads)]


def plot_forest(checks: Sequence[Check], spreads: Sequence[Spread], ax: Axes | None = None) -> Axes:
    """Draw published, re-derived and interval of each ratio and time, as multiples of the published number.

    Parameters
    ----------
    checks : sequence of Check
        Of one study; those with a published number, one of ours and a spread are drawn.
    spreads : sequence of Spread
        Of its analysis.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each: published (diamond), ours (dot), reconstruction interval (thick, and in words), with sampling error (thin).

    Raises
    ------
    PlotError
        Nothing to draw.
    """
    rows = forest_rows(checks, spreads)
    if not rows:
        raise PlotError("no published number has a spread; reconstruct with draws first")
    if ax is None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.2, 1.2 + 0.42 * len(rows)), layout="constrained")
        FigureCanvasAgg(figure)
        ax = figure.add_subplot()
    looks: tuple[dict[str, Any], ...] = (
        {"color": OURS, "linewidth": 1, "label": "with sampling error"},
        {"color": OURS, "linewidth": 9, "solid_capstyle": "butt", "alpha": 0.4, "label": "reconstruction alone"},
        {"color": OURS, "linewidth": 0, "marker": "o", "markersize": 4, "label": "re-derived"},
        {"color": PUBLISHED, "linewidth": 0, "marker": "D", "markersize": 7, "markerfacecolor": "none", "label": "published"},
    )
    for y, (_, published, spread) in enumerate(rows):
        drawn = [spread.total, spread.reconstruction, (spread.value,), (published,)]
        for ends, look in zip(drawn, looks, strict=True):
            if ends is not None:
                ax.plot(np.array(ends) / published, np.full(len(ends), y), **look)
    ax.axvline(1, color=INK, linewidth=0.6, linestyle=":", zorder=0)
    ax.set_yticks(range(len(rows)), [_title(check, spread) for check, _, spread in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    _ratio_axis(ax)
    ax.set_xlabel("re-derived / published")
    ax.spines[["top", "right"]].set_visible(False)
    keys = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    order = [look["label"] for look in reversed(looks) if look["label"] in keys]
    ax.legend([keys[name] for name in order], order, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    return ax


def _ratio_axis(ax: Axes) -> None:
    """Make the axis of ratios logarithmic, with a few round numbers on it."""
    from matplotlib.ticker import FixedLocator, NullLocator

    low, high = ax.dataLim.x0, ax.dataLim.x1
    room = (high / low) ** 0.04
    low, high = min(low / room, 0.98), max(high * room, 1.02)  # of 1% the axis would show nothing
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    step = next((step for step in steps if (high - low) / step <= 7), None)
    if step and high / low < 3:
        ticks = step * np.arange(math.ceil(low / step), math.floor(high / step) + 1)
    else:
        ticks = np.array([digit * 10.0**power for power in range(-6, 6) for digit in (1, 2, 5)])
    inside = ticks[(ticks >= low) & (ticks <= high)]
    ax.xaxis.set_major_locator(FixedLocator(inside))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{tick:g}" for tick in inside])


def _matching(check: Check, spreads: Sequence[Spread]) -> list[tuple[float, Spread]]:
    """Return the published number and our spread of one check, if both are positive numbers."""
    for spread in spreads:
        name = _check_name(spread)
        usable = spread.value and spread.reconstruction and all(math.isfinite(end) for end in spread.reconstruction)
        if usable and check.quantity == name and check.arm in (spread.arm, None):
            try:
                published = float(check.published)
            except ValueError:
                return []
            return [(published, spread)] if published > 0 else []
    return []


def _check_name(spread: Spread) -> str:
    """Return what `survrecon.compare` calls the quantity."""
    if spread.time is None:
        return spread.quantity
    return f"RMST to {spread.time:g}" if spread.quantity == "rmst" else f"{spread.quantity} at {spread.time:g}"


def _title(check: Check, spread: Spread) -> str:
    assert spread.value is not None and spread.reconstruction is not None
    low, high = (f"{end:.4g}" for end in spread.reconstruction)
    return f"{check.quantity}, {shorten(spread.arm or '')}\n{check.published} published; ours {spread.value:.4g}, {low} to {high}"
