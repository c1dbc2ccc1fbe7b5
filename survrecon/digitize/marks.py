"""Censor marks: small shapes, or letters such as +, that lie on the curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.drawing import Shape
from survrecon.digitize.figure import Text
from survrecon.digitize.labels import SAME_COLOR, distance
from survrecon.digitize.lines import Line, height_at
from survrecon.digitize.panels import Panel

LARGEST = 0.07  # of the panel's shorter side
SYMBOLS = "+|xX\u00d7oO\u25cb\u25cf\u2022\u2020\u2191*\u00a6\u2223\u00b7\u25b2\u25b3\u25a0\u25a1'"
SAME_PLACE = 0.03  # centers this close, in units of the file, are one mark
ON = 0.8  # a mark is on a curve when its center is no further from it than this, in heights of the mark
TOGETHER = 2  # the strokes of one mark are drawn one after another
TWICE = 0.002  # the same place again, for the area of a shape and its outline
Part = tuple[float, float, float, float, str, int]
"""Center, width, height, kind and number of a shape."""
Found = dict[tuple[int, int, int, str], list[Part]]
"""By place, number at that place and color."""
MOST_MARKS = 20_000
MANY = 15  # pieces of line that are no chance
MOST_SAME = 0.9  # of the marks drawn one after another, on one curve, for all to be its own


@dataclass(frozen=True)
class Mark:
    """A small shape in the panel.

    Attributes
    ----------
    x, y : float
        Its center.
    height : float
        From top to bottom.
    color : str
        As ``#rrggbb``.
    kind : str
        What it is drawn as; marks of one arm are alike.
    """

    x: float
    y: float
    height: float
    color: str
    kind: str


def find_marks(shapes: Sequence[Shape], texts: Iterable[Text], panel: Panel, used: frozenset[int]) -> list[Mark]:
    """Find all small shapes that may be censor marks.

    Parameters
    ----------
    shapes : sequence of Shape
        Of the drawing.
    texts : iterable of Text
        Of the panel.
    panel : Panel
        Its frame.
    used : frozenset of int
        Shapes that are something else.

    Returns
    -------
    list of Mark
        In drawing order; strokes that cross at one center are one mark.
    """
    left, top, right, bottom = panel.box
    largest = LARGEST * min(right - left, bottom - top)
    found: Found = {}
    for i, shape in enumerate(shapes):
        a, b, c, d = shape.box
        if i in used or not max(c - a, d - b) <= largest or max(c - a, d - b) <= 0:
            continue
        x, y, color = (a + c) / 2, (b + d) / 2, shape.stroke or shape.fill or "#000000"
        if left - 1 <= x <= right + 1 and top - largest <= y <= bottom + largest:
            part = (x, y, c - a, d - b, _kind(shape), i)
            key = _near(found, part, color)
            found.setdefault(key, []).append(part)
    marks = []
    for (*_, color), parts in found.items():
        kinds = sorted({part[4] for part in parts})
        if kinds != ["-"]:  # a lone dash is no mark
            # the stroke across tells a place best: its ends are rounded as the curve's points are
            x = float(np.mean([part[0] for part in parts if part[4] == "|"] or [part[0] for part in parts]))
            y = float(np.mean([part[1] for part in parts if part[4] == "-"] or [part[1] for part in parts]))
            size = max(part[3] for part in parts)
            marks.append(Mark(x, y, max(size, max(part[2] for part in parts)), color, "".join(kinds) + f"{size:.0f}"))
    for text in texts:
        x, y = (text.left + text.right) / 2, (text.top + text.bottom) / 2
        if text.string in SYMBOLS and len(text.string) == 1 and left - 1 <= x <= right + 1 and top - largest <= y <= bottom:
            marks.append(Mark(x, y, text.bottom - text.top, text.color, text.string))
    return marks


def stray_pieces(shapes: Sequence[Shape], curves: Sequence[Line], panel: Panel, used: frozenset[int]) -> dict[str, int]:
    """Count short pieces of line that lie on no curve: a curve drawn dash by dash leaves many.

    Parameters
    ----------
    shapes : sequence of Shape
        Of the drawing.
    curves : sequence of Line
        The curves found.
    panel : Panel
        Its frame.
    used : frozenset of int
        Shapes that are something else.

    Returns
    -------
    dict of str to int
        By color; none where there are few.
    """
    left, top, right, bottom = panel.box
    found: dict[str, int] = {}
    for i, shape in enumerate(shapes):
        a, b, c, d = shape.box
        x, y, long = (a + c) / 2, (b + d) / 2, max(c - a, d - b)
        if i in used or shape.stroke in (None, "#ffffff") or shape.curved or len(shape.points) > 3:
            continue
        if 0 < long < LARGEST * (right - left) and left < x < right and top < y < bottom:
            off = _off(Mark(x, y, long, shape.stroke or "", ""), curves)
            if min(off, default=np.inf) > long:
                found[shape.stroke or ""] = found.get(shape.stroke or "", 0) + 1
    return {color: count for color, count in found.items() if count >= MANY}


def _near(found: Found, part: Part, color: str) -> tuple[int, int, int, str]:
    """Return the mark that a stroke belongs to: another stroke, or the same shape again, at the same place; else a new one."""
    x, y, _, _, kind, i = part
    column, row = round(x / SAME_PLACE), round(y / SAME_PLACE)
    places = ((column + i, row + j) for i in (0, -1, 1) for j in (0, -1, 1))
    for key in ((*place, k, color) for place in places for k in range(_free(found, *place, color))):
        parts = found[key]
        if i - parts[-1][5] > TOGETHER:  # another arm's mark, drawn over this one
            continue
        again = any(abs(x - other[0]) + abs(y - other[1]) < TWICE for other in parts)
        if again or kind in "-|/\\" and kind not in {other[4] for other in parts}:
            return key
    return column, row, _free(found, column, row, color), color


def _free(found: Found, column: int, row: int, color: str) -> int:
    return next(k for k in range(len(found) + 1) if (column, row, k, color) not in found)


def _kind(shape: Shape) -> str:
    """Return the letter that a stroke looks like, or o for areas and outlines."""
    left, top, right, bottom = shape.box
    if shape.curved or len(shape.points) > 3:
        return "o"
    if right - left < 0.1 * (bottom - top):
        return "|"
    if bottom - top < 0.1 * (right - left):
        return "-"
    rise = np.ptp(shape.points[:, 1]) and (shape.points[-1] - shape.points[0]).prod()
    return "\\" if rise > 0 else "/"


def assign(marks: Sequence[Mark], curves: Sequence[Line], panel: Panel) -> tuple[list[FloatArray] | None, list[str]]:
    """Give each mark to the curve it lies on.

    Parameters
    ----------
    marks : sequence of Mark
        In drawing order; those on no curve are left out.
    curves : sequence of Line
        In the units of the file.
    panel : Panel
        Its axes.

    Returns
    -------
    places : list of ndarray of float, or None
        For each curve, where its marks are along x; None where no curve has any.
    doubts : list of str
        For each curve, what is unclear about its marks; empty where nothing is.
    """
    if len(marks) > MOST_MARKS:
        return None, [f"{len(marks)} small shapes are in the panel, too many for censor marks; none was read"] * len(curves)
    if not marks:
        return None, [""] * len(curves)
    off = np.array([_off(mark, curves) for mark in marks]).reshape(len(marks), len(curves))
    reach = np.array([ON * mark.height for mark in marks])[:, None]
    on = off <= reach
    colors = _colors(marks, curves, on)
    chosen: list[list[int]] = [[] for _ in curves]
    unclear = [0] * len(curves)
    for run in _runs(marks, np.flatnonzero(on.any(axis=1)).tolist()):
        whole = _curve_of_run(run, marks, colors, on, off)
        for i in run:
            k = whole if whole is not None and on[i, whole] else _nearest(colors[i], on[i], off[i])
            chosen[k].append(i)
            tied = int(np.sum(off[i] <= off[i, k] + 0.02 * marks[i].height)) > 1
            unclear[k] += whole is None and tied and colors[i].sum() != 1
    if not any(chosen):
        return None, [""] * len(curves)
    doubts = [f"{count} of its censor marks may be another's: the curves lie on one another there" if count else "" for count in unclear]
    return [np.unique(np.round([marks[i].x for i in own], 6)) for own in chosen], doubts


def _off(mark: Mark, curves: Sequence[Line]) -> list[float]:
    """Return how far the center is above or below each curve, at its place along x; infinite beyond the curve's ends."""
    found = []
    for curve in curves:
        first, last = curve.points[0, 0], curve.points[-1, 0]
        slack = max(0.05, 0.002 * (last - first))
        if not first - slack <= mark.x <= last + slack:
            found.append(np.inf)
            continue
        heights = height_at(curve.points, np.array([mark.x - 2 * SAME_PLACE, mark.x + 2 * SAME_PLACE]))
        found.append(float(max(heights.min() - mark.y, mark.y - heights.max(), 0.0)))
    return found


def _colors(marks: Sequence[Mark], curves: Sequence[Line], on: BoolArray) -> BoolArray:
    """Tell for each mark which curves have its color; all have, where marks are in fewer colors than curves are."""
    apart = {color: np.array([distance(color, curve.style[0]) for curve in curves]) for color in {mark.color for mark in marks}}
    same = {color: found <= min(float(found.min()) + 3, SAME_COLOR) for color, found in apart.items()}
    own = np.array([same[mark.color] for mark in marks])
    return own if (own & on).any(axis=0).all() else np.ones_like(on)


def _runs(marks: Sequence[Mark], on: Sequence[int]) -> list[list[int]]:
    """Return marks alike that were drawn one after another from left to right, as programs draw those of one arm."""
    runs: list[list[int]] = []
    for i in on:
        last = marks[runs[-1][-1]] if runs else None
        if last and (last.kind, last.color) == (marks[i].kind, marks[i].color) and marks[i].x > last.x - SAME_PLACE:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _curve_of_run(
    run: Sequence[int],
    marks: Sequence[Mark],
    colors: BoolArray,
    on: BoolArray,
    off: FloatArray,
) -> int | None:
    """Return the curve on which all marks of a run lie; None where they lie on several curves, or on none alone."""
    options = np.flatnonzero(colors[run[0]]).tolist() or list(range(colors.shape[1]))
    shares = [float(np.mean(on[run, k])) for k in options]
    if max(shares) < MOST_SAME:
        return None
    best = [k for k, share in zip(options, shares, strict=True) if share >= MOST_SAME]
    misses = [float(np.sum(np.minimum(off[run, k], marks[run[0]].height))) for k in best]
    if len(best) > 1 and sorted(misses)[1] - min(misses) < 0.5 * marks[run[0]].height:
        return None
    return best[int(np.argmin(misses))]


def _nearest(own: BoolArray, on: BoolArray, off: FloatArray) -> int:
    """Return the nearest curve; of those in the mark's color where it lies on one."""
    options = np.flatnonzero(on & own) if (on & own).any() else np.flatnonzero(on)
    return int(options[np.argmin(off[options])])
