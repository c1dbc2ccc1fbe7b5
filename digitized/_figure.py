"""Draw a Kaplan-Meier figure as a journal would.

Shared by the `make_figure.py` of the open-data studies; survrecon itself does not use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib.figure
import numpy as np
from lifelines import KaplanMeierFitter

STYLE = {
    "svg.fonttype": "none",  # labels stay text, so that they can be read
    "pdf.fonttype": 42,
    "svg.hashsalt": "survrecon",
    "path.simplify": False,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True)
class Arm:
    """One curve: its label (also its file name), its subjects and its color."""

    label: str
    time: np.ndarray
    event: np.ndarray
    color: str


@dataclass(frozen=True)
class Figure:
    """A Kaplan-Meier figure: its arms, and the axes that a journal would give it."""

    arms: tuple[Arm, ...]
    time_label: str
    survival_label: str
    time_limit: float
    ticks: tuple[float, ...]


def risk_counts(arm: Arm, ticks: tuple[float, ...]) -> list[int]:
    """Subjects with a time at or after each tick."""
    return [int(np.sum(arm.time >= tick)) for tick in ticks]


def draw(figure: Figure, folder: Path) -> None:
    """Write figure.svg, figure.pdf and figure.png: steps, censor ticks, and the numbers at risk under the axis."""
    with matplotlib.rc_context(STYLE):
        canvas = matplotlib.figure.Figure(figsize=(6, 4.4), layout="constrained")
        axes = canvas.subplots()
        for row, arm in enumerate(figure.arms):
            fit = KaplanMeierFitter().fit(arm.time, arm.event)
            times = np.unique(np.concatenate([[0], arm.time[arm.event], [arm.time.max()]]))
            marks = np.unique(arm.time[~arm.event])
            axes.step(times, fit.predict(times), where="post", color=arm.color, linewidth=1.2, label=arm.label, gid=f"curve {arm.label}")
            axes.plot(marks, fit.predict(marks), "|", color=arm.color, markersize=6, gid=f"censor {arm.label}")
            depth = -0.25 - 0.07 * row
            place = {"transform": axes.get_xaxis_transform(), "va": "center", "color": arm.color}
            axes.text(-0.045 * figure.time_limit, depth, arm.label, ha="right", **place)
            for tick, count in zip(figure.ticks, risk_counts(arm, figure.ticks), strict=True):
                axes.text(tick, depth, str(count), ha="center", **place)
        axes.text(-0.045 * figure.time_limit, -0.18, "No. at risk", ha="right", va="center", transform=axes.get_xaxis_transform())
        axes.set(xlim=(0, figure.time_limit), ylim=(0, 1), xticks=figure.ticks, xlabel=figure.time_label, ylabel=figure.survival_label)
        axes.legend(frameon=False, loc="upper right")
        canvas.savefig(folder / "figure.svg", metadata={"Date": None, "Creator": None})
        canvas.savefig(folder / "figure.pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
        canvas.savefig(folder / "figure.png", dpi=130, metadata={"Software": None})
