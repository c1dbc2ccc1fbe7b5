"""From the pixels of a figure to its curves: axes, layers of color, a path through each, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.axes import time_unit
from survrecon.digitize.figure import Axis, Digitized, Hints, Text, Trace
from survrecon.digitize.labels import match_rows
from survrecon.digitize.ocr import read_texts
from survrecon.digitize.raster_axes import Frame, find_frame, ticks_missed, without_axes
from survrecon.digitize.raster_colors import Layer, find_colors, hex_of, rgb_of, separate
from survrecon.digitize.raster_counts import read_counts
from survrecon.digitize.raster_curves import find_curves, overlooked
from survrecon.digitize.raster_dark import in_own_colors, inverted_hints, is_dark
from survrecon.digitize.raster_doubts import doubts_of
from survrecon.digitize.raster_drops import from_start, to_last_mark
from survrecon.digitize.raster_fills import PAPER, background, contrast
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_image import Pixels, read_pixels
from survrecon.digitize.raster_labels import contradictions, read_values, with_hidden_ticks
from survrecon.digitize.raster_lines import read_lines
from survrecon.digitize.raster_names import names_by_color
from survrecon.digitize.raster_panel import outline_panel
from survrecon.digitize.raster_remarks import remarks, without_letters
from survrecon.digitize.raster_snapped import snapped
from survrecon.digitize.raster_ties import with_ties
from survrecon.digitize.raster_tilt import straightened, tilt
from survrecon.digitize.raster_view import View, look_at
from survrecon.digitize.risk_table import RiskRow, read_risk_rows
from survrecon.errors import FigureError

FILL = 0.025  # of the plot: ink as thick as this is a fill
MARGIN = 0.03  # of the plot: what is looked at above the top of the axis
MOST_ROWS = 6  # of a risk table that is taken for the number of curves
FULL_LINE = 0.5  # of the plot's width: a curve that gains more is there


@dataclass(frozen=True, eq=False)
class Plot:
    """The part of a view that curves are drawn in.

    Attributes
    ----------
    left, top : int
        Its corner in the view.
    pixels : ndarray of uint8, shape (height, width, 3)
        Its colors.
    first : int
        Column of time 0.
    one, zero : float
        Rows of survival 1 and 0.
    """

    left: int
    top: int
    pixels: Pixels
    first: int
    one: float
    zero: float


def digitize_image(path: str | Path, hints: Hints | None = None) -> Digitized:
    """Digitize a PNG, JPEG or TIFF file.

    Parameters
    ----------
    path : path-like
        The file.
    hints : Hints, optional
        What the user knows of the figure.

    Returns
    -------
    Digitized
        Axes in pixels from the top left corner of the file, and one trace per curve.

    Raises
    ------
    FigureError
        If the picture cannot be read, or no axes or curves are found in it.
    """
    hints = hints or Hints()
    pixels = read_pixels(path, hints.page)
    angle = tilt(pixels)
    if angle == 0:
        return digitize_pixels(pixels, hints, path)
    read = digitize_pixels(straightened(pixels, angle), hints, path)
    return replace(read, notes=(*read.notes, f"the picture is turned by {angle:.2f} degrees; it was straightened first"))


def digitize_pixels(pixels: Pixels, hints: Hints | None = None, path: str | Path = "figure") -> Digitized:
    """Digitize the pixels of a figure.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        Red, green, blue.
    hints : Hints, optional
        What the user knows of the figure.
    path : path-like
        Its file, for errors.

    Returns
    -------
    Digitized
        See `digitize_image`.

    Raises
    ------
    FigureError
        If no axes or curves are found.
    """
    hints = hints or Hints()
    view = look_at(pixels, hints, path)
    if is_dark(view.pixels):
        return in_own_colors(digitize_pixels(255 - pixels, inverted_hints(hints, path), path), pixels, path)
    view, ink, frame = _framed(view, hints, path)
    clean = without_axes(view.pixels, ink, frame)
    texts = read_texts(clean)
    frame = with_hidden_ticks(frame, hints, texts, path)
    x, y = read_values(view, frame, hints, texts, path, clean)
    told = contradictions(frame, hints, texts, (x, y), clean)
    texts = read_counts(clean, texts, x, frame.bottom.far)
    rows = read_risk_rows(texts, x, frame.bottom.far)
    full = 100.0 if max(y.value(frame.left.start), y.value(frame.left.end)) > 2 else 1.0
    plot = cut_plot(view, frame, x, y, full)
    labels = [label for label, _ in hints.arms] + [row.label for row in rows]
    said = remarks(texts, labels, plot.left, plot.top, plot.pixels.shape)
    layers = without_letters(separate_layers(plot, hints, path), said)
    found, rising = follow_curves(layers, plot, len(hints.arms) or None)
    if not hints.arms and len(found) < len(rows) <= MOST_ROWS:  # curves of one color are looked for only if there must be such
        found, rising = follow_curves(layers, plot, len(rows))
    if not found:
        raise FigureError(path, "no curve was found between the axes; it must start at the survival axis and be unlike the background")
    legend = _legend(view, _off_curves(texts, found, plot, rising), found, hints, rows)
    traces, notes = _all_traces(found, plot, (x, y), full, rising, hints, rows, frame, legend)
    if not (hints.arms or rising):
        traces = _with_overlooked(traces, layers, found, plot)
    return Digitized(
        kind="raster",
        x=view.axis(x, view.left),
        y=view.axis(y, view.top),
        traces=tuple(traces),
        percent=full == 100,
        orientation="failure" if rising else "survival",
        time_unit=time_unit(" ".join(text.string for text in texts if text.top > frame.bottom.middle)),
        resolution=(abs(x.scale), abs(y.scale) / full),
        notes=(*told, *notes, *view.notes),
        backdrop=pixels,
        texts=tuple(view.text(text) for text in texts),
    )


def _off_curves(texts: Sequence[Text], found: list[Found], plot: Plot, rising: bool) -> list[Text]:
    """Leave out words through which a curve runs: censor marks were read as letters."""

    def is_on(text: Text, curve: Found) -> bool:
        steps, height = curve.steps, curve.ink.own.shape[0]
        columns = np.arange(text.left, text.right) - plot.left
        beyond = steps.end + text.right - text.left  # marks at its end
        rows = steps.rows(columns[(columns >= steps.x[0]) & (columns <= beyond)])
        rows = plot.top + (height - rows if rising else rows)
        return bool(np.any((rows > text.top) & (rows < text.bottom)))

    return [text for text in texts if not any(is_on(text, curve) for curve in found)]


def _legend(view: View, texts: Sequence[Text], found: list[Found], hints: Hints, rows: Sequence[RiskRow]) -> dict[str, str]:
    """Return the names of curves by their colors, as a legend says: those that are typed, else those of the risk table."""
    names = [label for label, _ in hints.arms] or [row.label for row in rows if row.label]
    colors = [hex_of(curve.ink.color) for curve in found]
    return names_by_color(view.pixels, texts, colors, names, background(view.pixels, PAPER))


def _with_overlooked(traces: list[Trace], layers: list[Layer], found: list[Found], plot: Plot) -> list[Trace]:
    """Doubt all curves where there may be one more, and say in which colors."""
    colors = overlooked(layers, found, plot.first, plot.one)
    told = "ink begins where curves do, and is of no curve that was found; if it is one, name each curve with --arm"
    missed = [f"{hex_of(color)} {told}" for color in colors]
    return [replace(trace, doubts=(*trace.doubts, *missed)) for trace in traces]


def _framed(view: View, hints: Hints, path: str | Path) -> tuple[View, FloatArray, Frame]:
    """Return what is looked at, how dark each pixel is, and the axes; where a panel has none but fills, these are outlined first."""
    ink, frame = _ink_and_frame(view, hints)
    outlined = outline_panel(view.pixels) if frame is None or not (frame.x_ticks or frame.y_ticks) else None
    if outlined is not None:
        view = replace(view, pixels=outlined)
        ink, frame = _ink_and_frame(view, hints)
    if frame is None:
        panel = "" if hints.panel is None else f" of panel {hints.panel}"
        raise FigureError(path, f"no axis lines{panel} were found; crop the picture to one panel with --bbox")
    return view, ink, frame


def _ink_and_frame(view: View, hints: Hints) -> tuple[FloatArray, Frame | None]:
    """Return how dark each pixel is, and the axes."""
    ink = 1 - view.pixels.mean(axis=2, dtype=np.float32) / np.float32(255)
    return ink, find_frame(ink, hints.panel, 1 - view.pixels.min(axis=2) / np.float32(255))


def cut_plot(view: View, frame: Frame, x: Axis, y: Axis, full: float) -> Plot:
    """Cut out what lies between the axes, and a little above.

    Parameters
    ----------
    view : View
        What is looked at.
    frame : Frame
        The axis lines.
    x, y : Axis
        Their values.
    full : float
        Value of the survival axis that means 1.

    Returns
    -------
    Plot
        Its pixels and where curves start in it.
    """
    one = float(y.position(full))
    top = int(max(0, min(frame.left.start, max(one, 0)) - MARGIN * frame.left.length))
    left, right = frame.left.far, min(frame.bottom.end + 2, view.pixels.shape[1])
    first = int(np.clip(float(x.position(0.0)) - left, 0, right - left - 2))
    return Plot(left, top, view.pixels[top : frame.bottom.near, left:right], first, one - top, float(y.position(0.0)) - top)


def separate_layers(plot: Plot, hints: Hints, path: str | Path) -> list[Layer]:
    """Return the plot's ink, by color.

    Parameters
    ----------
    plot : Plot
        The plot.
    hints : Hints
        Number of arms, and their colors where the user gives them.
    path : path-like
        The file, for errors.

    Returns
    -------
    list of Layer
        Those of the given colors only, where all are given.
    """
    behind = background(plot.pixels, PAPER)
    ink = contrast(plot.pixels, behind, max(7, int(FILL * min(plot.pixels.shape[:2])) | 1))
    given = [behind - rgb_of(color, path) for _, color in hints.arms if color is not None]
    return separate(ink, find_colors(ink, len(hints.arms) or None, given), behind)


def follow_curves(layers: list[Layer], plot: Plot, count: int | None) -> tuple[list[Found], bool]:
    """Follow the curves as falling from 1, or as rising from 0 where that explains more ink.

    Parameters
    ----------
    layers : list of Layer
        The plot's ink.
    plot : Plot
        Where curves start in it.
    count : int or None
        How many curves there are, if known.

    Returns
    -------
    curves : list of Found
        The largest area under the survival curve first; rows of rising ones are counted from the bottom.
    rising : bool
        Whether they rise.
    """
    if not layers:
        return [], False
    falling = find_curves(layers, plot.first, plot.one, count)
    height, width = layers[0].own.shape
    if any(curve.path.gain > FULL_LINE * (width - plot.first) for curve in falling):
        return falling, False
    upside_down = [replace(layer, own=layer.own[::-1], blank=layer.blank[::-1]) for layer in layers]
    rising = find_curves(upside_down, plot.first, height - plot.zero, count)
    if sum(curve.path.gain for curve in rising) > 1.2 * sum(curve.path.gain for curve in falling):
        return rising, True
    return falling, False


def _all_traces(
    found: list[Found],
    plot: Plot,
    axes: tuple[Axis, Axis],
    full: float,
    rising: bool,
    hints: Hints,
    rows: Sequence[RiskRow],
    frame: Frame,
    legend: Mapping[str, str],
) -> tuple[list[Trace], list[str]]:
    """Turn all curves into traces with names and numbers at risk; also what there is to note."""
    start = found[0].ink.own.shape[0] - plot.zero if rising else plot.one
    found = read_lines(found, start)
    moved = snapped([curve.steps for curve in found], frame.x_ticks + frame.y_ticks)
    found = with_ties([_ended(curve, start - moved) for curve in found])
    traces = [_trace(curve, found, plot, axes, full, rising, moved) for curve in found]
    traces = _labelled(traces, hints, legend)
    notes = []
    if len(found) < len(hints.arms):
        lost = len(hints.arms) - len(found)
        notes.append(f"{lost} of the {len(hints.arms)} curves was not found, and may have been taken for another one")
        traces = [replace(trace, doubts=(*trace.doubts, *notes)) for trace in traces]
    if not rising:
        traces, matched = _with_risk(traces, rows, bool(hints.arms), legend)
        notes += matched
    missed = ticks_missed(hints, frame)
    traces = [replace(trace, doubts=(*missed, *trace.doubts)) for trace in traces]
    if frame.panels > 1:
        notes.append(f"the picture has {frame.panels} panels, and the largest was read; choose one with --panel, from 1 in reading order")
    if not hints.arms:
        notes.append(f"curves found: {len(found)}; if there are more or fewer, name each with --arm")
    return traces, notes


def _ended(curve: Found, start: float) -> Found:
    """Let a curve start at survival 1, and end with the mark that its ink ends with."""
    return replace(curve, steps=to_last_mark(from_start(curve.steps, start), curve.marks, curve.reach, curve.ink.own))


def _trace(curve: Found, found: list[Found], plot: Plot, axes: tuple[Axis, Axis], full: float, rising: bool, moved: float) -> Trace:
    """Turn a curve into values of the axes."""
    x, y = axes
    height = curve.ink.own.shape[0]
    start = height - plot.zero if rising else plot.one
    others = [other for other in found if other is not curve]
    rows = np.append(curve.steps.y, curve.steps.y[-1])
    survival = np.clip(y.value((height - rows if rising else rows) + plot.top + moved) / full, 0, 1)

    def time(columns: FloatArray) -> FloatArray:
        return np.maximum(x.value(columns + plot.left + moved), 0)

    doubts = doubts_of(curve, others, time, start, plot.zero - plot.one)
    marked = time(curve.marks)
    return Trace(
        "",
        hex_of(curve.ink.color),
        time(np.append(curve.steps.x, curve.steps.end)),
        survival,
        marked if marked.size else None,
        doubts=doubts,
    )


def _labelled(traces: list[Trace], hints: Hints, legend: Mapping[str, str]) -> list[Trace]:
    """Name the curves: by the colors that the user or a legend gives, else in the order of the areas under them."""
    names = [legend.get(trace.color, f"arm {number + 1}") for number, trace in enumerate(traces)]
    colors = [color for _, color in hints.arms]
    if hints.arms and all(color is not None for color in colors):
        from scipy.optimize import linear_sum_assignment

        wanted = np.array([rgb_of(str(color), "") for color in colors])
        apart = np.linalg.norm(np.array([rgb_of(trace.color, "") for trace in traces])[:, None] - wanted, axis=2)
        for trace, arm in zip(*linear_sum_assignment(apart), strict=True):
            names[trace] = hints.arms[arm][0]
    elif len(hints.arms) == len(traces) and set(names) != {label for label, _ in hints.arms}:
        names = [label for label, _ in hints.arms]
    return [replace(trace, label=name) for trace, name in zip(traces, names, strict=True)]


def _with_risk(traces: list[Trace], rows: Sequence[RiskRow], named: bool, legend: Mapping[str, str]) -> tuple[list[Trace], list[str]]:
    """Give each curve its row of the risk table, and its name there if the user gives none."""
    if not rows:
        return traces, []
    curves = [(trace.time, trace.survival) for trace in traces]
    known = [trace.label if named or trace.color in legend else "" for trace in traces]
    order, how = match_rows(known, [trace.color for trace in traces], curves, rows)
    if not how:
        return traces, ["a risk table was read from the picture, but which row belongs to which curve is not clear"]
    matched = []
    for trace, place in zip(traces, order, strict=True):
        row = None if place is None else rows[place]
        label = trace.label if named or row is None or not row.label else row.label
        matched.append(trace if row is None else replace(trace, risk=row.risk, label=label))
    return matched, [f"the numbers at risk were read from the picture and given to the curves by {how}; compare them with it"]
