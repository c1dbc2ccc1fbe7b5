"""From a drawing to curves in the units of its axes, exact to the precision of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.axes import AxisError, is_percent, time_unit
from survrecon.digitize.curves import find_curves, find_steps, is_stepped, merged_within, missing, within
from survrecon.digitize.drawing import Drawing
from survrecon.digitize.figure import Digitized, Hints, Trace
from survrecon.digitize.labels import match_rows
from survrecon.digitize.legend import beside_curves, find_labels
from survrecon.digitize.lines import Line
from survrecon.digitize.marks import assign, find_marks, stray_pieces
from survrecon.digitize.naming import count, named_curves
from survrecon.digitize.panels import Panel, find_panels
from survrecon.digitize.risk_table import RiskRow, read_risk_rows
from survrecon.digitize.simplified import split_drops
from survrecon.digitize.turn import upright
from survrecon.errors import FigureError

GUESS = "which row of the risk table belongs to which curve is a guess: the one that makes the arms most alike in their censoring"
MOST_CURVES = 12
UNSEEN = 0.002  # of survival
WIDE = 0.3  # of the panel's width and height
LEAST_PERCENT = 20  # an axis of percents that ends before does better to say so
HAZARD = "it rises on an axis to {} that was taken for percents; if that is the cumulative hazard, nothing here is right"
GRIDS = (1.0, 0.1, 0.01, 1 / 256, 0.001, 1e-4, 1e-5, 1e-6)
MOST_PAGES = 100
OUTLINED = "its letters are drawn as outlines and cannot be read; give the values at the first and last tick: --x-range, --y-range"
UNDRAWN = "{} of its drops lie in gaps between its dashes, and were put in their middle"
STRAY = "{} short pieces of line in {} are on no curve: one that is drawn dash by dash may be missing"
MERGED = "the program that drew the figure moved vertices: {} stood for drops close together, and became two steps each"
NO_CURVE = "no line in the panel starts at 1 and falls, or starts at 0 and rises"
FILLED = "its curves may be areas, as under a curve or of strokes turned into outlines: print it to PNG at 600 dpi and digitize that"
SLOPING = "it is drawn with sloping lines, not steps; its drops are somewhere between its points"


def digitize_drawing(drawing: Drawing, hints: Hints, path: str | Path) -> Digitized:
    """Read the curves of one panel off a drawing.

    Parameters
    ----------
    drawing : Drawing
        An SVG file, or a page of a PDF.
    hints : Hints
        What the user knows of it.
    path : path-like
        The file, for messages.

    Returns
    -------
    Digitized
        Axes, and curves with labels, censor marks and numbers at risk.

    Raises
    ------
    FigureError
        No axes, no curves, no such panel, or arms that are not found.
    """
    path = Path(path)
    drawing, turned = upright(_part(drawing, hints))
    if not drawing.shapes:
        images = ", only pictures: save one of them as PNG" if drawing.images else ""
        where = f" in --bbox {','.join(f'{place:g}' for place in hints.bbox)}" if hints.bbox else ""
        size = f"{drawing.width:g} wide and {drawing.height:g} high"
        raise FigureError(path, f"draws no lines{where}{images}; the page is {size}; check --page and --bbox")
    try:
        panels, trouble = find_panels(drawing, hints)
    except AxisError as error:
        raise FigureError(path, str(error)) from None
    if not panels:
        unreadable = OUTLINED if drawing.outlined else "no two axes with ticks and numbers were found; give --x-range and --y-range"
        raise FigureError(path, trouble or unreadable)
    panel = _chosen(panels, drawing, hints, path)
    lines, rising, notes = find_curves(drawing.shapes, panel)
    if not lines:
        raise FigureError(path, f"{NO_CURVE}; {_why_no_curve(drawing, panel)}")
    if len(lines) > MOST_CURVES:
        raise FigureError(path, f"{len(lines)} lines look like curves, more than {MOST_CURVES}; choose a part of it with --panel or --bbox")
    if rising and "hazard" in panel.y.title.lower():
        raise FigureError(path, f"its axis is titled {panel.y.title!r}; only survival, or 1 - survival, can be read")
    notes = [*panel.notes, *notes]
    if turned:
        notes.append(f"the figure lies on its side and was turned by {turned} degrees clockwise")
    if drawing.outlined:
        notes.append("some letters are drawn as outlines and were not read")
    return _read(drawing, panel, lines, rising, hints, notes, path)


def digitize_svg(path: str | Path, hints: Hints) -> Digitized:
    """Read the curves off an SVG file; off the picture in it where it holds nothing else.

    Parameters
    ----------
    path : path-like
        The file.
    hints : Hints
        What the user knows of it.

    Returns
    -------
    Digitized
        Axes and curves.

    Raises
    ------
    FigureError, MissingExtraError
        See `digitize_drawing`, `read_svg`.
    """
    from survrecon.digitize.svg import read_svg

    return _curves_or_picture(read_svg(path), hints, Path(path))


def digitize_pdf(path: str | Path, hints: Hints) -> Digitized:
    """Read the curves off a page of a PDF; off the picture on it where it holds nothing else.

    Parameters
    ----------
    path : path-like
        The file.
    hints : Hints
        What the user knows of it; without a page, the first one with curves is read.

    Returns
    -------
    Digitized
        Axes and curves.

    Raises
    ------
    FigureError, MissingExtraError
        See `digitize_drawing`, `read_pdf`.
    """
    from survrecon.digitize.pdf import count_pages, read_pdf

    path = Path(path)
    pages = count_pages(path)
    if hints.page is not None or pages == 1:
        return _curves_or_picture(read_pdf(path, hints.page), hints, path)
    for page in range(1, min(pages, MOST_PAGES) + 1):
        try:
            found = digitize_drawing(read_pdf(path, page), hints, path)
        except FigureError:
            continue
        return replace(found, notes=(f"page {page} of {pages} is the first with curves", *found.notes))
    raise FigureError(path, f"no curves drawn as lines on its {pages} pages; give the page of the figure with --page")


def _curves_or_picture(drawing: Drawing, hints: Hints, path: Path) -> Digitized:
    """Read the lines; where they hold no curve but there is a picture, read its pixels."""
    try:
        return digitize_drawing(drawing, hints, path)
    except FigureError:
        if not drawing.images:
            raise
    from survrecon.digitize.raster import digitize_pixels

    found = digitize_pixels(drawing.images[0].pixels, hints, path)
    return replace(found, notes=("the curves are a picture in the file; its pixels were read", *found.notes))


def _part(drawing: Drawing, hints: Hints) -> Drawing:
    """Return what is within the box that the user gives."""
    if hints.bbox is None:
        return drawing
    left, top, right, bottom = hints.bbox

    def inside(box: tuple[float, float, float, float]) -> bool:
        return left <= (box[0] + box[2]) / 2 <= right and top <= (box[1] + box[3]) / 2 <= bottom

    shapes = tuple(shape for shape in drawing.shapes if inside(shape.box))
    texts = tuple(text for text in drawing.texts if inside((text.left, text.top, text.right, text.bottom)))
    return replace(drawing, shapes=shapes, texts=texts)


def _chosen(panels: Sequence[Panel], drawing: Drawing, hints: Hints, path: Path) -> Panel:
    """Return the panel that the user gives, else the only one with curves."""
    if hints.panel is not None:
        if not 1 <= hints.panel <= len(panels):
            remedy = f"give --panel from 1 to {len(panels)}" if len(panels) > 1 else "leave --panel out"
            raise FigureError(path, f"has {len(panels)} panel{'s' * (len(panels) > 1)}, no panel {hints.panel}; {remedy}")
        return panels[hints.panel - 1]
    drawn = [panel for panel in panels if len(panels) == 1 or find_curves(drawing.shapes, panel)[0]]
    if len(drawn) > 1:
        places = ", ".join(str(panels.index(panel) + 1) for panel in drawn)
        raise FigureError(path, f"has curves in {len(drawn)} panels; choose one with --panel ({places})")
    return (drawn or panels)[0]


def _read(drawing: Drawing, panel: Panel, lines: list[Line], rising: bool, hints: Hints, notes: list[str], path: Path) -> Digitized:
    percent = is_percent(panel.y)
    seen = [within(line.points, panel) for line in lines]
    if any(cut for _, cut in seen):
        notes.append("curves were cut at the frame; what goes on behind it is not seen")
    lines = [replace(line, points=points) for line, (points, _) in zip(lines, seen, strict=True) if len(points) > 1]
    used = panel.used.union(*(line.sources for line in lines))
    labels, order, how, others = find_labels(drawing.shapes, panel.texts, panel, lines, used)
    if not how and len(panel.shared) > len(panel.texts):
        labels, order, how, others = find_labels(drawing.shapes, panel.shared, panel, lines, used)
    if others:
        notes.append(f"the legend also names {', '.join(map(repr, others))}, in the style of no curve found or of several")
    rows = read_risk_rows(panel.texts, panel.x, panel.box[3])
    if not how:
        labels = beside_curves(panel.texts, [row.label for row in rows], lines, panel)
    places, mark_doubts = assign(find_marks(drawing.shapes, panel.texts, panel, used), lines, panel)
    strays = stray_pieces(drawing.shapes, lines, panel, used)
    lost = tuple(STRAY.format(count, stray) for stray, count in strays.items())
    area = [_area(line, panel) for line in lines]
    order = order if how == "legend" else sorted(range(len(lines)), key=lambda k: -area[k])
    marked = {k for k, own in enumerate(places or ()) if own.size}
    named = named_curves(lines, area, labels, marked, hints, path)
    if named and len(named) < len(lines):
        notes.append(f"{count(lines[len(named) :], 'more curve')} found, for which no arm is named")
    if named:
        order, labels, how = list(named), [named.get(k, "") for k in range(len(lines))], "given"
    lines, labels, mark_doubts = [lines[k] for k in order], [labels[k] for k in order], [mark_doubts[k] for k in order]
    step = _precision(np.concatenate([line.points for line in lines]))
    resolution = (step * abs(panel.x.scale), step * abs(panel.y.scale) / (100 if percent else 1))
    traces = _traces(lines, panel, percent, rising, resolution, notes)
    _check_times(traces, panel, path)
    shared = (*panel.doubts, *lost, _hazard(panel, percent, rising))
    own = _own_rows(labels, traces, rows, rising, notes)
    result = []
    for k, (trace, row) in enumerate(zip(traces, own, strict=True)):
        label = labels[k] or (row.label if row is not None and row.label not in labels else "") or f"arm {k + 1}"
        guess = GUESS if GUESS in notes else ""
        doubts = (*trace.doubts, *shared, mark_doubts[k], guess, *(row.doubts if row is not None else ()))
        risk = None if row is None else row.risk
        censored = None if places is None else _tidy(panel.x.value(_at_drops(places[order[k]], lines, 2 * step)))
        result.append(replace(trace, label=label, censor_times=censored, risk=risk, doubts=tuple(filter(None, doubts))))
    if not how and not any(row is not None and row.label for row in own) and len(result) > 1:
        notes.append("no legend names the curves; they are numbered from the largest area under them")
    backdrop = tuple((shape.points, shape.stroke) for shape in drawing.shapes if shape.stroke not in (None, "#ffffff"))
    return Digitized(
        "vector",
        panel.x,
        panel.y,
        tuple(result),
        percent,
        "failure" if rising else "survival",
        time_unit(panel.x.title),
        resolution,
        tuple(notes),
        tuple((points, stroke or "") for points, stroke in backdrop),
        panel.texts,
    )


def _traces(
    lines: Sequence[Line],
    panel: Panel,
    percent: bool,
    rising: bool,
    resolution: tuple[float, float],
    notes: list[str],
) -> list[Trace]:
    split = [_values(line, panel, percent, rising, resolution) for line in lines]
    if merged := sum(count for _, count in split):
        notes.append(MERGED.format(f"{merged} short slope{'s' * (merged > 1)}"))
    return [_trace(line, points, panel, percent, rising, resolution) for line, (points, _) in zip(lines, split, strict=True)]


def _check_times(traces: Sequence[Trace], panel: Panel, path: Path) -> None:
    early = min(float(trace.time[0]) for trace in traces)
    if early < -WIDE * abs(panel.x.value(panel.box[2]) - panel.x.value(panel.box[0])):
        raise FigureError(path, f"its curves start at time {early:.4g}, and no time is below 0; check --x-range and --x-at")


def _hazard(panel: Panel, percent: bool, rising: bool) -> str:
    """Return the doubt about an axis that ends at a few percent, if they are percents."""
    top = max(value for _, value in panel.y.ticks)
    told = any("%" in text.string or "percent" in text.string.lower() for text in panel.texts)
    return HAZARD.format(f"{top:g}") if rising and percent and top < LEAST_PERCENT and not told else ""


def _why_no_curve(drawing: Drawing, panel: Panel) -> str:
    """Return where lines with steps start, if there are any; whether there are only areas."""
    starts = sorted({f"{float(panel.y.value(line.points[0, 1])):.3g}" for line in find_steps(drawing.shapes, panel)})
    if starts:
        shown = ", ".join(starts[:4])
        return f"lines with steps start at {shown} of the survival axis: check that axis (--y-range), --panel and --bbox"
    left, top, right, bottom = panel.box
    areas = [shape for shape in drawing.shapes if shape.fill not in (None, "#ffffff") and len(shape.points) > 6]
    inside = [shape.box for shape in areas if left - 1 < shape.box[0] and shape.box[2] < right + 1]
    filled = any(c - a > WIDE * (right - left) and d - b > WIDE * (bottom - top) for a, b, c, d in inside)
    return FILLED if filled else "check the axes, --panel and --bbox"


def _area(line: Line, panel: Panel) -> float:
    """Return the area under a curve, in the units of the axes."""
    x, y = panel.x.value(line.points[:, 0]), panel.y.value(line.points[:, 1])
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


def _values(line: Line, panel: Panel, percent: bool, rising: bool, resolution: tuple[float, float]) -> tuple[FloatArray, int]:
    """Return time and survival (or its complement) along a curve, and how many slopes were taken for two drops."""
    time = panel.x.value(line.points[:, 0])
    height = panel.y.value(line.points[:, 1]) / (100 if percent else 1)
    points, count = split_drops(np.column_stack([time, 1 - height if rising else height]), merged_within(panel) * panel.x.scale, resolution)
    return np.column_stack([points[:, 0], 1 - points[:, 1] if rising else points[:, 1]]), count


def _trace(line: Line, points: FloatArray, panel: Panel, percent: bool, rising: bool, resolution: tuple[float, float]) -> Trace:
    """Return a curve in the units of the axes; what is 0 or 1 to the file's precision is so exactly."""
    doubts: tuple[str, ...] = () if is_stepped(line.points, panel) else (SLOPING,)
    if line.unseen:
        doubts += (UNDRAWN.format(line.unseen),)
    if missing(line.points, panel, rising) > max(UNSEEN, 3 * resolution[1]):
        start = float(panel.y.value(line.points[0, 1]))
        whole = "0" if rising else "100" if percent else "1"
        doubts += (f"it starts at {start:.3g}, not at {whole}: its first drop is taken to be at its first point",)
    time, survival = points.T.copy()
    for values, step, exact in ((time, resolution[0], 0.0), (survival, resolution[1], 0.0), (survival, resolution[1], 1.0)):
        values[np.abs(values - exact) <= max(2 * step, 1e-7)] = exact
    return Trace("", line.style[0], _tidy(time), _tidy(survival), doubts=doubts)


def _at_drops(places: FloatArray, lines: Sequence[Line], slack: float) -> FloatArray:
    """Return censor marks, those at a drop of any curve exactly there: the order of both decides who was at risk."""
    corners = np.concatenate([line.points[:, 0] for line in lines])
    nearest = corners[np.abs(places[:, None] - corners).argmin(axis=1)] if places.size else places
    return np.unique(np.where(np.abs(nearest - places) <= slack, nearest, places))


def _tidy(values: FloatArray) -> FloatArray:
    """Round off what arithmetic adds to the last digits: 10 digits are more than any file has."""
    tidied: FloatArray = np.round(values, 10) + 0.0
    return tidied


def _own_rows(labels: list[str], traces: Sequence[Trace], rows: Sequence[RiskRow], rising: bool, notes: list[str]) -> list[RiskRow | None]:
    """Return the row of the risk table that belongs to each curve."""
    if not rows:
        return [None] * len(traces)
    curves = [(trace.time, 1 - trace.survival if rising else trace.survival) for trace in traces]
    found, how = match_rows(labels, [trace.color for trace in traces], curves, rows)
    if how == "counts":
        notes.append("rows of the risk table were given to the curves in the only way that leaves each share at risk below its curve")
    if how == "guess" and len(traces) > 1:
        notes.append(GUESS)
    unused = [row.label or "without a label" for k, row in enumerate(rows) if k not in found]
    if how and unused:
        notes.append(f"rows of the risk table for which no curve was found: {', '.join(unused)}")
    if not how:
        notes.append(f"a risk table of {len(rows)} rows was found, but not which belongs to which of {len(traces)} curves; it was left out")
    return [None if k is None else rows[k] for k in found]


def _precision(points: FloatArray) -> float:
    """Return the smallest step of the file's numbers: the last decimal that any of them has, or cairo's fixed point."""
    sample = points[:2000].ravel()
    for step in GRIDS:
        if np.all(np.abs(sample / step - np.round(sample / step)) < 2e-6 / step):
            return step
    return GRIDS[-1]
