"""What is written in and around a Kaplan-Meier figure, for `survrecon.plot`: risk table, results, labels, legend.

Works on axes that are handed in, and imports no matplotlib itself. Sizes are in points where nothing else is said.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isclose, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from survrecon._placement import Box, free_spot, label_spots, step_boxes
from survrecon._room import lay_out, width_of
from survrecon.data import IPD, FloatArray, Reconstruction, RiskRow
from survrecon.results import Analysis, Estimate, TestResult
from survrecon.survival import number_at_risk

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

FONT, SMALL = 9.0, 7.5
LINE = 12.5  # from one line of the risk table to the next
TABLE_TOP = 46.0  # from the time axis down to the heading "No. at risk"
GUTTER = 16.0  # from the arm labels to the survival axis: half a count and some air
CLEARANCE = 6.0  # that text keeps from curves
LABEL_CHARACTERS = 32  # of a line of a label in the plot
NEUTRAL = "0.4"
HEADING: dict[str, Any] = {"text": "No. at risk", "fontweight": "bold"}


def subjects(item: Reconstruction | IPD) -> IPD:
    """Return the individual patient data of an arm.

    Parameters
    ----------
    item : Reconstruction or IPD
        The arm.

    Returns
    -------
    IPD
        The data themselves, or those of the reconstruction.
    """
    return item if isinstance(item, IPD) else item.ipd


def printed_counts(item: Reconstruction | IPD) -> tuple[RiskRow, ...]:
    """Return the printed risk table of an arm.

    Parameters
    ----------
    item : Reconstruction or IPD
        The arm.

    Returns
    -------
    tuple of RiskRow
        Empty where none was printed.
    """
    return item.risk if isinstance(item, Reconstruction) else ()


def write(ax: Axes, text: str, place: tuple[float, float], offset: tuple[float, float] = (0, 0), **style: Any) -> Any:
    """Write text with its baseline at a place; dollar signs stay as they are.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    text : str
        The text.
    place : tuple of float
        In fractions of the axes, or as ``xycoords`` says.
    offset : tuple of float
        How far to move it from there.
    **style
        Properties of the text.

    Returns
    -------
    matplotlib.text.Annotation
        The text.
    """
    usual: dict[str, Any] = {"fontsize": FONT, "va": "baseline", "xycoords": "axes fraction", "annotation_clip": False, "parse_math": False}
    return ax.annotate(text, place, offset, textcoords="offset points", **(usual | style))


def size(ax: Axes, text: str, **style: Any) -> tuple[float, float]:
    """Measure text.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    text : str
        The text.
    **style
        Properties of the text.

    Returns
    -------
    tuple of float
        Width and height.
    """
    sample = write(ax, text, (0, 0), **style)
    box = sample.get_window_extent()
    sample.remove()
    return box.width * 72 / ax.figure.dpi, box.height * 72 / ax.figure.dpi


def wrap(text: str, characters: float) -> list[str]:
    """Break text into lines.

    Parameters
    ----------
    text : str
        The text.
    characters : float
        Most characters of a line.

    Returns
    -------
    list of str
        At least one line.
    """
    return textwrap.wrap(text, max(1, int(characters))) or [""]


def label_column(ax: Axes, labels: Sequence[str]) -> float:
    """Return the width of the column of arm labels left of the survival axis.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    labels : sequence of str
        The labels.

    Returns
    -------
    float
        Points; 0 where the labels are too long for a column and stand above their rows.
    """
    column = max(size(ax, **HEADING)[0], *(size(ax, label)[0] for label in labels))
    return column if column <= 0.35 * width_of(ax) else 0.0


def write_risk_table(
    ax: Axes,
    items: Sequence[Reconstruction | IPD],
    labels: Sequence[str],
    inks: Sequence[Any],
    times: FloatArray,
    column: float,
    notes: Sequence[str] = (),
) -> float:
    """Write the numbers at risk under the time axis, and under each the printed one where it differs.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    items : sequence of Reconstruction or IPD
        One per arm.
    labels : sequence of str
        Label of each arm.
    inks : sequence of color
        Color of each label.
    times : ndarray of float
        The columns.
    column : float
        From `label_column`.
    notes : sequence of str
        Sentences that say what else is drawn, for the last line.

    Returns
    -------
    float
        How far the table reaches below the time axis.
    """
    left, width, depth = -GUTTER - column, width_of(ax), TABLE_TOP
    write(ax, place=(0, 0), offset=(left, -depth), **HEADING)
    said = list(notes)
    for item, label, ink in zip(items, labels, inks, strict=True):
        lines = wrap(label, len(label) if column else width / (0.55 * FONT))
        for i, line in enumerate(lines, start=1):
            write(ax, line, (0, 0), (left, -depth - i * LINE), color=ink)
        depth += LINE * (len(lines) + (0 if column else 1))
        differing = []
        for time, ours in zip(times.tolist(), number_at_risk(subjects(item).time, times).tolist(), strict=True):
            place: dict[str, Any] = {"place": (time, 0), "xycoords": ("data", "axes fraction"), "ha": "center"}
            write(ax, str(ours), offset=(0, -depth), **place)
            differing += [(row.printed, place) for row in printed_counts(item) if isclose(row.time, time) and row.printed != ours]
        depth += (LINE - 2) * bool(differing)
        for printed, place in differing:
            write(ax, f"({printed})", offset=(0, -depth), color=NEUTRAL, fontsize=SMALL, **place)
        said += ["In parentheses: as printed, where it differs."] if differing and len(said) == len(notes) else []
    for line in wrap(" ".join(said), (width - left) / (0.5 * SMALL)) if said else []:
        depth += LINE
        write(ax, line, (0, 0), (left, -depth), fontsize=SMALL, color=NEUTRAL)
    return depth + 4


def _ratio(estimate: Estimate, level: str = "") -> str:
    """Return a hazard ratio with its interval, or that there is none."""
    values = (estimate.value, estimate.lower, estimate.upper)
    ratio, lower, upper = ("not estimable" if x is None or not isfinite(x) else f"{x:.2f}" if x >= 0.01 else f"{x:.1g}" for x in values)
    return ratio if estimate.value is None else f"{ratio} ({level}{lower} to {upper})"


def _p(test: TestResult) -> str:
    if test.p is None or not isfinite(test.p):
        return "not estimable"
    if test.p < 0.001:
        return "p < 0.001"
    return f"p = {test.p:.3f}" if test.p < 0.01 else f"p = {test.p:.2f}" if test.p < 0.995 else "p > 0.99"


def shorten(label: str) -> str:
    """Leave the middle out of a long label: arms often differ at one end only."""
    half = LABEL_CHARACTERS // 2
    return label if len(label) <= LABEL_CHARACTERS else f"{label[:half].rstrip()}…{label[-half:].lstrip()}"


def results(analysis: Analysis | None) -> str:
    """Put the hazard ratios and the log-rank test of all arms into words.

    Parameters
    ----------
    analysis : Analysis or None
        From `survrecon.reanalyze`.

    Returns
    -------
    str
        Several lines; empty where there is no comparison.
    """
    if analysis is None or not analysis.comparisons:
        return ""
    first, *others = analysis.comparisons
    level, reference = f"{100 * first.hr.level:.4g}% CI", shorten(first.reference)
    lines = [f"Hazard ratio vs {reference}", _ratio(first.hr, f"{level} ")]
    if others:
        ratios = [f"{shorten(pair.arm)}: {_ratio(pair.hr)}" for pair in analysis.comparisons]
        lines = [f"Hazard ratio ({level}) vs {reference}", *ratios]
    return "\n".join([*lines, *([f"Log-rank {_p(analysis.logrank)}"] if analysis.logrank else [])])


def legend(ax: Axes, lines: Sequence[Line2D], labels: Sequence[str]) -> Legend:
    """Explain the lines in a legend above the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    lines : sequence of matplotlib.lines.Line2D
        The lines.
    labels : sequence of str
        Their labels.

    Returns
    -------
    matplotlib.legend.Legend
        The legend.
    """
    key = ax.legend(lines, labels, frameon=False, fontsize=FONT, borderpad=0, borderaxespad=0, handlelength=3.2, labelspacing=0.4)
    key.set_loc("lower left")
    key.set_bbox_to_anchor((0, 1 + CLEARANCE * ax.figure.dpi / 72 / ax.bbox.height), ax.transAxes)
    for text in key.get_texts():
        text.set_parse_math(False)
    return key


Size = tuple[float, float]


@dataclass(frozen=True)
class _Arrangement:
    """Where the results, and the labels of the curves or else the legend, go in pixels; None where not in the axes."""

    text: tuple[float, ...] | None
    names: list[Box] | None
    key: tuple[float, ...] | None


def _step(line: Line2D, end: float) -> tuple[FloatArray, FloatArray]:
    """Return the vertices of a step curve in pixels, up to pixel column `end`."""
    x, y = line.get_transform().transform(np.column_stack(line.get_data())).T
    inside = x <= end
    return np.append(x[inside], min(float(x[-1]), end)), np.append(y[inside], y[inside][-1])


def _arrange(ax: Axes, lines: Sequence[Line2D], text: Size | None, names: list[Size], key: Size | None) -> _Arrangement | None:
    """Find room in the axes for all that has a size, in pixels; None where there is not enough."""
    clearance = CLEARANCE * ax.figure.dpi / 72
    x0, y0, x1, y1 = ax.bbox.extents
    frame = (float(x0) + clearance, float(y0) + clearance, float(x1), float(y1))
    curves = [_step(line, frame[2]) for line in lines]
    others = [line.get_transform().transform(np.column_stack(line.get_data())) for line in ax.get_lines() if line not in lines]
    marks = np.vstack([np.empty((0, 4)), *(np.tile(points, 2) for points in others)])
    obstacles = np.vstack([marks, *(step_boxes(*curve) for curve in curves)])
    text_box = text and free_spot(text, frame, obstacles, clearance)
    if text:
        if text_box is None:
            return None
        marks, obstacles = np.vstack([marks, text_box]), np.vstack([obstacles, text_box])
    spots = label_spots(names, curves, frame, marks, clearance) if key else None
    key_box = None if spots or not key else free_spot(key, frame, obstacles, clearance)
    return None if key and not spots and not key_box else _Arrangement(text_box, spots, key_box)


def _choose(
    ax: Axes, lines: Sequence[Line2D], text: Size | None, names: list[Size], key: Size, make_room: Callable[[float], None]
) -> tuple[_Arrangement, float]:
    """Put into the axes what fits there, and the rest above them; also return the height that this takes, in points."""
    point = ax.figure.dpi / 72
    clearance = CLEARANCE * point
    side_by_side = text is not None and text[0] + key[0] + 4 * clearance < ax.bbox.width
    for text_inside, key_inside in ((text, key), (None, key), (text, None), (None, None)):
        text_up = text[1] + clearance if text and not text_inside else 0.0
        key_up = 0.0 if key_inside else key[1] + clearance
        above = (max(text_up, key_up) if side_by_side else text_up + key_up) / point
        make_room(above)
        lay_out(ax)
        found = _arrange(ax, lines, text_inside, names, key_inside)
        if found:
            break
    assert found is not None  # the last try asks for nothing in the axes
    x, y = float(ax.bbox.x0), float(ax.bbox.y1) + clearance
    key_place = (x + text[0] + 4 * clearance, y) if text and text_up and side_by_side else (x, y + text_up)
    return replace(found, text=found.text or (x, y), key=found.key or key_place), above


def annotate(
    ax: Axes, lines: Sequence[Line2D], labels: Sequence[str], inks: Sequence[Any], text: str, make_room: Callable[[float], None]
) -> float:
    """Write the results and label the curves: in the axes where no curve is touched, else above them.

    A legend takes the place of the labels where they find no room beside the curves.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes, with all that is drawn in them.
    lines : sequence of matplotlib.lines.Line2D
        The curves.
    labels : sequence of str
        Label of each.
    inks : sequence of color
        Color of each label.
    text : str
        The results.
    make_room : callable
        Called with the height that is needed above the axes.

    Returns
    -------
    float
        That height.
    """
    point = ax.figure.dpi / 72
    labels = ["\n".join(wrap(label, LABEL_CHARACTERS)) for label in labels]
    bold: dict[str, Any] = {"fontweight": "bold", "va": "bottom"}
    airy: dict[str, Any] = {"linespacing": 1.3, "va": "bottom"}

    def pixels(text: str, style: dict[str, Any]) -> Size:
        width, height = size(ax, text, **style)
        return width * point, height * point

    key = legend(ax, lines, labels)
    key_size = (float(key.get_window_extent().width), float(key.get_window_extent().height))
    names = [pixels(label, bold) for label in labels]
    chosen, above = _choose(ax, lines, pixels(text, airy) if text else None, names, key_size, make_room)

    def fraction(place: Any) -> tuple[float, float]:
        x, y = ax.transAxes.inverted().transform(place[:2])
        return float(x), float(y)

    if text:
        write(ax, text, fraction(chosen.text), **airy)
    if chosen.names:
        key.remove()
        for label, ink, box in zip(labels, inks, chosen.names, strict=True):
            write(ax, label, fraction(box), color=ink, **bold)
    else:
        key.set_bbox_to_anchor(fraction(chosen.key), ax.transAxes)
    return above
