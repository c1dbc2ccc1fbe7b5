"""The panels of a drawing: two axes each, the frame around the curves, and the texts that belong to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.digitize.axes import AxisError, axis_through, contradiction, number, read_axis, rows_of
from survrecon.digitize.drawing import Drawing
from survrecon.digitize.figure import Axis, Hints, Text
from survrecon.digitize.ticks import TickRow, straight_pieces, tick_rows

POWER = re.compile(r"\b10\^")
LOGARITHMIC = "an axis seems to be logarithmic; only figures with linear axes can be read"
Pair = tuple[TickRow, TickRow]
Box = tuple[float, float, float, float]
APART = 0.35  # the two axes of a panel leave no more space between them than this share of their length
LARGER = 1.4  # a frame is no longer than this many times the space between the first and last tick, or by two ticks more
NO_TICKS = "an axis has no ticks; it was read from the middles of its labels, and may be off by some thousandths"
MOSTLY = 0.6  # of the places in a row are evenly spaced, if it is one of ticks: not three of many censor marks
UNEVEN = 0.03  # of their spacing: ticks off by more are not evenly spaced
BEYOND = 0.08  # without a frame, curves go on for this share of the axis behind its last tick


@dataclass(frozen=True, eq=False)
class Panel:
    """One coordinate system.

    Attributes
    ----------
    x, y : Axis
        Its axes, with titles.
    box : tuple of four float
        Left, top, right and bottom of the frame.
    texts : tuple of Text
        Those in it and around it.
    shared : tuple of Text
        Those in no other panel, such as a legend for all.
    used : frozenset of int
        Shapes that are its ticks.
    notes : tuple of str
        What was assumed.
    doubts : tuple of str
        Why its curves may be wrong.
    """

    x: Axis
    y: Axis
    box: Box
    texts: tuple[Text, ...] = ()
    shared: tuple[Text, ...] = ()
    used: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def find_panels(drawing: Drawing, hints: Hints) -> tuple[list[Panel], str]:
    """Find the panels of a drawing.

    Parameters
    ----------
    drawing : Drawing
        A page, or the part of it that is looked at.
    hints : Hints
        Ranges and points of the axes win over what is read.

    Returns
    -------
    panels : list of Panel
        In reading order.
    trouble : str
        Why there is none, where something was in the way; what to do about it.
    """
    across, upright = _rows(drawing, hints, True), _rows(drawing, hints, False)
    pairs = _pairs([row for row in across if row.axis], [row for row in upright if row.axis])
    panels = [_panel(drawing, x, y) for x, y in pairs]
    if not panels:
        logarithmic = LOGARITHMIC if any(POWER.search(text.string) for text in drawing.texts) else ""
        return [], next((row.trouble for row in (*across, *upright) if row.trouble), logarithmic)
    height = min(panel.box[3] - panel.box[1] for panel in panels)
    panels.sort(key=lambda panel: (round(panel.box[1] / height), panel.box[0]))
    return [_with_texts(panel, [other for other in panels if other is not panel], drawing.texts) for panel in panels], ""


def _rows(drawing: Drawing, hints: Hints, horizontal: bool) -> list[TickRow]:
    """Return rows of ticks with their axes; with the axis that the user gives, where he gives one."""
    points, ends = (hints.x_points, hints.x_range) if horizontal else (hints.y_points, hints.y_range)
    rows = tick_rows(drawing, horizontal)
    if points is not None:
        given = [_given(row, axis_through(*points, ticks=row.places)) for row in _likely(rows)]
        return given or [_bare(drawing, axis_through(*points), horizontal)]
    if ends is not None:
        first, last = ends if horizontal else ends[::-1]
        likely = _likely(rows)
        axes = [axis_through((row.places[0], first), (row.places[-1], last), row.places) for row in likely]
        return [replace(_given(row, axis), note=contradiction(row.axis, axis, horizontal)) for row, axis in zip(likely, axes, strict=True)]
    if not any(row.axis for row in rows):
        return [*_from_labels(drawing, horizontal), *rows]
    return rows


def _given(row: TickRow, axis: Axis) -> TickRow:
    return replace(row, axis=axis, trouble="")


def _likely(rows: Sequence[TickRow]) -> list[TickRow]:
    """Return the rows that may be an axis' ticks: those with labels; without any, evenly spaced short lines, the longest row first."""
    labelled = [row for row in rows if row.axis or row.trouble]
    even = [replace(row, places=places) for row in rows for places in _even_runs(row.places)]
    short = [row for row in even if row.high - row.low < 0.1 * row.span]
    return labelled or sorted(short or even, key=lambda row: -row.span)


def _even_runs(places: Sequence[float]) -> list[tuple[float, ...]]:
    """Return the runs of evenly spaced ticks in a row, one for each of several panels that end at one level; none where most are uneven."""
    runs: list[list[float]] = [[]]
    for place in places:
        run = runs[-1]
        if len(run) > 1 and abs(place - 2 * run[-1] + run[-2]) > UNEVEN * (run[-1] - run[-2]):
            runs.append([run[-1]] if len(run) == 2 else [])
        runs[-1].append(place)
    even = [tuple(run) for run in runs if len(run) > 2]
    return even if sum(map(len, even)) > MOSTLY * len(places) else []


def _bare(drawing: Drawing, axis: Axis, horizontal: bool) -> TickRow:
    """Return a row for an axis that only the user knows: at the edge of all that is drawn."""
    boxes = np.array([shape.box for shape in drawing.shapes]).reshape(-1, 4)
    edge = float(boxes[:, 3].max() if horizontal else boxes[:, 0].min()) if len(boxes) else 0.0
    return TickRow((axis.start, axis.end), edge, edge, axis)


def _from_labels(drawing: Drawing, horizontal: bool) -> list[TickRow]:
    """Return axes read from the middles of their labels, for figures without ticks or grid."""
    found = []
    for row in rows_of((text for text in drawing.texts if number(text.string) is not None), horizontal):
        try:
            axis = read_axis((), row, horizontal) if len(row) > 2 else None
        except AxisError:
            axis = None
        if axis is not None:
            edge = min(text.top for text in row) if horizontal else max(text.right for text in row)
            found.append(TickRow(tuple(place for place, _ in axis.ticks), edge, edge, axis, trouble=NO_TICKS))
    return found


def _pairs(across: Sequence[TickRow], upright: Sequence[TickRow]) -> list[Pair]:
    """Return the axes that meet, each in one pair only: nearest first, then the most ticks."""

    def gap(x: TickRow, y: TickRow) -> float:
        # from the corner of the two axes' first ticks to each axis' line, in lengths of the axes
        side, below = (x.first - y.high) / x.span, (x.low - y.last) / y.span
        # grid lines and inward ticks start on the other side of the axis line
        inside = max(0.0, (x.high - y.last) / y.span) if x.low < y.last else below
        left = max(0.0, (x.first - y.low) / x.span) if y.high > x.first else side
        reversed_gap = max(y.last - x.high, y.low - x.first, 0.0)
        if y.right:
            left, reversed_gap = (y.low - x.last) / x.span, max(y.last - x.high, x.last - y.high, 0.0)
        return np.inf if reversed_gap > 0.1 * max(x.span, y.span) else abs(inside) + abs(left)

    scored = [(gap(x, y), -len(x.places) - len(y.places), i, j) for i, x in enumerate(across) for j, y in enumerate(upright)]
    found, taken = [], set()
    for distance, _, i, j in sorted(scored):
        if distance < 2 * APART and ("x", i) not in taken and ("y", j) not in taken:
            taken |= {("x", i), ("y", j)}
            found.append((across[i], upright[j]))
    return found + _shared(found, across, upright)


def _shared(pairs: Sequence[Pair], across: Sequence[TickRow], upright: Sequence[TickRow]) -> list[Pair]:
    """Return the panels right of, or above, another that go without an axis of their own, as facets do."""
    found: list[Pair] = []
    for x, y in pairs:
        level, side = 0.02 * y.span, 0.02 * x.span
        taken = [row for pair in (*pairs, *found) for row in pair]
        found += [(row, y) for row in across if row not in taken and abs(row.high - x.high) < level and row.first > x.last]
        found += [(x, row) for row in upright if row not in taken and abs(row.low - y.low) < side and row.last < y.first]
    return found


def _panel(drawing: Drawing, x: TickRow, y: TickRow) -> Panel:
    if x.axis is None or y.axis is None:
        raise ValueError("a panel has two axes")
    inner = (x.first, y.first, x.last, y.last)
    box, framed = _frame(drawing, inner, x, y)
    notes: tuple[str, ...] = () if framed else ("the panel has no frame; curves were followed a little beyond the last ticks",)
    notes += tuple(row.note for row in (x, y) if row.note)
    doubts = tuple(sorted({row.trouble for row in (x, y) if row.trouble}))
    x_axis, y_axis = replace(x.axis, start=box[0], end=box[2]), replace(y.axis, start=box[3], end=box[1])
    return Panel(x_axis, y_axis, box, used=x.shapes | y.shapes, notes=notes, doubts=doubts)


def _frame(drawing: Drawing, inner: Box, x: TickRow, y: TickRow) -> tuple[Box, bool]:
    """Return the frame: the smallest box or pair of axis lines around the first and last ticks, else a little more than the ticks span."""
    wide, high = inner[2] - inner[0], inner[3] - inner[1]
    slack = 0.003 * (wide + high)
    widest, highest = (row.span * max(LARGER, 1 + 2 / (len(row.axis.ticks) - 1)) if row.axis else 0.0 for row in (x, y))

    def around(box: Box) -> bool:
        outside = (inner[0] - box[0], inner[1] - box[1], box[2] - inner[2], box[3] - inner[3])
        return min(outside) >= -slack and box[2] - box[0] <= widest and box[3] - box[1] <= highest

    boxes = [shape.box for shape in drawing.shapes if 3 < len(shape.points) <= 6 and not shape.curved and around(shape.box)]
    if boxes:
        return min(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1])), True
    level, upright = [], []
    for _, ends in straight_pieces(drawing.shapes):
        (left, right), (top, bottom) = sorted(ends[:, 0].tolist()), sorted(ends[:, 1].tolist())
        if bottom - top < slack and left <= inner[0] + slack and right >= inner[2] - slack and right - left <= widest:
            level.append((left, right, top))
        if right - left < slack and top <= inner[1] + slack and bottom >= inner[3] - slack and bottom - top <= highest:
            upright.append((top, bottom, left))
    left = min([inner[0], *(place for *_, place in upright if inner[0] - 0.2 * wide < place <= inner[0])])
    bottom = max([inner[3], *(place for *_, place in level if inner[3] <= place < inner[3] + 0.2 * high)])
    if y.right:
        right, top = y.low, min([inner[1] - BEYOND * high, *(start for start, *_ in upright)])
    elif x.shapes and y.shapes:
        right = max([inner[2] + BEYOND * wide, *(end for _, end, _ in level)])
        top = min([inner[1] - BEYOND * high, *(start for start, *_ in upright)])
    else:  # all that is known of an axis is two of its points
        right, top = max(inner[2], drawing.width), min(inner[1], 0.0)
    return (left, top, right, bottom), False


def _with_texts(panel: Panel, others: Sequence[Panel], texts: Sequence[Text]) -> Panel:
    """Give a panel its texts: up to the next panels in each direction; and its titles."""
    left, top, right, bottom = panel.box
    region = [-np.inf, -np.inf, np.inf, np.inf]
    for other in others:
        a, b, c, d = other.box
        wide, high = c - a, d - b
        if min(d, bottom) - max(b, top) > 0.3 * min(high, bottom - top):  # side by side
            if c <= left:
                region[0] = max(region[0], c + 0.03 * wide)
            elif a >= right:
                region[2] = min(region[2], right + 0.03 * wide)
        elif min(c, right) - max(a, left) > 0.3 * min(wide, right - left):  # one above the other
            if d <= top:
                region[1] = max(region[1], top - min(0.1 * (bottom - top), 0.35 * (top - d)))
            elif b >= bottom:
                region[3] = min(region[3], b - min(0.1 * high, 0.35 * (b - bottom)))
    own = [text for text in texts if _is_in(text, (region[0], region[1], region[2], region[3]))]
    shared = [text for text in texts if not any(_is_in(text, other.box) for other in others)]
    x_axis, y_axis = replace(panel.x, title=_x_title(panel, own)), replace(panel.y, title=_y_title(panel, own))
    return replace(panel, texts=tuple(own), shared=tuple(shared), x=x_axis, y=y_axis)


def _is_in(text: Text, box: Box) -> bool:
    x, y = (text.left + text.right) / 2, (text.top + text.bottom) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _x_title(panel: Panel, texts: Iterable[Text]) -> str:
    """Return the nearest words under the axis whose middle is under it."""
    left, _, right, bottom = panel.box
    under = [text for text in texts if abs(text.angle) % 180 < 45 and text.top > bottom - 2 and left < (text.left + text.right) / 2 < right]
    words = [text for text in under if number(text.string) is None and any(letter.isalpha() for letter in text.string)]
    near = [text for text in words if "risk" not in text.string.lower()]
    return _line(min(near, key=lambda text: text.top), near) if near else ""


def _line(first: Text, texts: Iterable[Text]) -> str:
    same = [text for text in texts if abs(text.top - first.top) < 0.5 * (first.bottom - first.top)]
    return " ".join(text.string for text in sorted(same, key=lambda text: text.left))


def _y_title(panel: Panel, texts: Iterable[Text]) -> str:
    """Return the nearest upright words left of the axis."""
    left, top, _, bottom = panel.box
    near = [text for text in texts if 45 < text.angle % 180 < 135 and text.right < left and top < (text.top + text.bottom) / 2 < bottom]
    near = [text for text in near if number(text.string) is None]
    return max(near, key=lambda text: text.right).string if near else ""
