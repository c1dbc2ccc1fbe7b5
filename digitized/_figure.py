"""Draw a Kaplan-Meier figure as a journal would, and read its curves back off the drawn vector path.

Shared by the `make_figure.py` of the open-data studies; survrecon itself does not use it.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import matplotlib.figure
import numpy as np
from lifelines import KaplanMeierFitter

RESOLUTION = 2000  # coordinates are rounded to this fraction of each axis
SVG = "{http://www.w3.org/2000/svg}"
STYLE = {
    "svg.fonttype": "none",  # tick labels stay text, so that they can be read back
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

    @property
    def step(self) -> np.ndarray:
        """Resolution of the two axes, in data units."""
        return np.array([self.time_limit, 1.0]) / RESOLUTION


def risk_counts(arm: Arm, ticks: tuple[float, ...]) -> list[int]:
    """Subjects with a time at or after each tick."""
    return [int(np.sum(arm.time >= tick)) for tick in ticks]


def draw(figure: Figure, folder: Path) -> None:
    """Write figure.svg and figure.png: steps, censor ticks, and the numbers at risk under the axis."""
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
        canvas.savefig(folder / "figure.png", dpi=130, metadata={"Software": None})


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def _groups(root: ET.Element, start: str) -> list[ET.Element]:
    return [group for group in root.iter(f"{SVG}g") if group.get("id", "").startswith(start)]


def _uses(group: ET.Element) -> np.ndarray:
    return np.array([[float(use.get("x")), float(use.get("y"))] for use in group.iter(f"{SVG}use")])


def _axis(root: ET.Element, start: str, column: int) -> tuple[float, float]:
    """Return origin and scale of an axis (data = origin + scale * drawn), from its first and last labelled tick."""
    ticks = _groups(root, start)
    drawn = [_uses(tick)[0, column] for tick in (ticks[0], ticks[-1])]
    value = [float("".join(next(tick.iter(f"{SVG}text")).itertext())) for tick in (ticks[0], ticks[-1])]
    scale = (value[1] - value[0]) / (drawn[1] - drawn[0])
    return value[0] - scale * drawn[0], scale


def read_back(figure: Figure, svg: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return each arm's step vertices, shape (k, 2), and censor mark times, as drawn in the SVG and rounded."""
    root = ET.parse(svg).getroot()
    origin, scale = np.transpose([_axis(root, "xtick_", 0), _axis(root, "ytick_", 1)])

    def to_data(drawn: np.ndarray) -> np.ndarray:
        return np.round(np.round((origin + scale * drawn) / figure.step) * figure.step, 6) + 0.0  # no minus zero

    found = {}
    for arm in figure.arms:
        path = next(_groups(root, f"curve {arm.label}")[0].iter(f"{SVG}path")).get("d", "")
        if set(re.findall("[A-Za-z]", path)) != {"M", "L"}:
            raise ValueError(f"{svg}: the curve of {arm.label!r} is not a polyline: {path[:80]}")
        marks = [_uses(group) for group in _groups(root, f"censor {arm.label}")]
        censored = to_data(marks[0])[:, 0] if marks[0].size else np.array([])
        points = to_data(np.reshape(_numbers(path), (-1, 2)))
        moved = np.any(np.diff(points, axis=0) != 0, axis=1)  # rounding can make a step vanish
        found[arm.label] = points[np.concatenate([[True], moved])], np.unique(censored)
    return found


def make(figure: Figure, folder: Path) -> None:
    """Draw the figure in the folder, read it back, and write one coordinate file and one censor file per arm."""
    draw(figure, folder)
    for label, (points, censored) in read_back(figure, folder / "figure.svg").items():
        lines = ["time,survival", *(f"{time:.10g},{survival:.10g}" for time, survival in points)]
        (folder / f"{label}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if censored.size:
            lines = ["time", *(f"{time:.10g}" for time in censored)]
            (folder / f"{label}-censor.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
