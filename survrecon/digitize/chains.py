"""Curves drawn in pieces that do not touch: dash by dash, as areas without joints, or without their vertical parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.lines import FLAT, JOIN, Line, height_at, size_of
from survrecon.digitize.panels import Panel

GAP = 0.025  # of the panel's size: from one dash to the next
STROKE = 0.03  # of the panel's size: no stroke of a censor mark is longer
THICK = 1.2  # of the line's width: areas without joints lie this much on one another
FEWEST = 6  # pieces of a curve; fewer may be anything
MOST = 4000
LIKELY = 0.25  # of such a curve is drawn; the rest are gaps
ON = 0.7  # of a line that is on a curve found before is its censor marks
Point = tuple[float, float]


@dataclass
class _Chain:
    """What was put together so far.

    Attributes
    ----------
    points : list of Point
        Its corners; the vertical axis runs downwards where curves fall.
    pieces : list of Line
        What it was put together from.
    drawn : float
        Their length.
    unseen : int
        Drops that lie somewhere in a gap.
    """

    points: list[Point]
    pieces: list[Line]
    drawn: float = 0.0
    unseen: int = 0


def chain(lines: Sequence[Line], panel: Panel, rising: bool, dashed: bool) -> list[Line]:
    """Put together curves from pieces that do not touch.

    Parameters
    ----------
    lines : sequence of Line
        All pieces.
    panel : Panel
        For its size.
    rising : bool
        Whether curves rise.
    dashed : bool
        Whether gaps are as wide as between dashes, not hardly seen.

    Returns
    -------
    list of Line
        Lines of several pieces, horizontal and vertical ones, that may be curves.
    """
    styles: dict[tuple[str, float, tuple[float, ...], float], list[Line]] = defaultdict(list)
    for line in lines:
        run, fall = np.abs(np.diff(line.points, axis=0)).T
        if np.all(np.minimum(run, fall) <= FLAT * size_of(panel)):
            styles[line.style].append(line)
    fewest = FEWEST if dashed else 2
    groups = [group for group in styles.values() if fewest <= len(group) <= MOST]
    found = [each for group in groups for each in _chains(group, panel, rising, GAP * size_of(panel) if dashed else 0.0)]
    return [_line(each) for each in found if len(each.pieces) >= fewest and _is_drawn(each)]


def without_marks(lines: Sequence[Line], curves: Sequence[Line], panel: Panel) -> list[Line]:
    """Leave out the strokes of censor marks: small, their middles on a curve.

    Parameters
    ----------
    lines : sequence of Line
        Dashes, marks and anything else.
    curves : sequence of Line
        That were drawn in one piece.
    panel : Panel
        For its size.

    Returns
    -------
    list of Line
        Without the strokes on a curve in their own color; on any curve, where most upright ones in their style are.
    """
    small = [line for line in lines if np.ptp(line.points, axis=0).max() <= STROKE * size_of(panel)]
    on = [[curve for curve in curves if curve is not line and _is_stroke_on(line, curve)] for line in small]
    upright: dict[tuple[str, float, tuple[float, ...], float], list[bool]] = defaultdict(list)
    for line, found in zip(small, on, strict=True):
        if np.ptp(line.points[:, 0]) == 0:
            upright[line.style].append(bool(found))
    marks = {style for style, found in upright.items() if sum(found) > 0.5 * len(found)}
    own = ({curve.style[0] for curve in found} for found in on)
    left_out = {id(line) for line, colors in zip(small, own, strict=True) if line.style[0] in colors or colors and line.style in marks}
    return [line for line in lines if id(line) not in left_out]


def _is_stroke_on(line: Line, curve: Line) -> bool:
    low, high = line.points.min(axis=0), line.points.max(axis=0)
    long, (x, y) = float(np.max(high - low)), (low + high) / 2
    if not curve.points[0, 0] <= x <= curve.points[-1, 0]:
        return False
    heights = height_at(curve.points, x + 0.5 * long * np.array([-1.0, 0.0, 1.0]))
    return bool(heights.min() - 0.1 * long <= y <= heights.max() + 0.1 * long)


def off_curves(lines: Iterable[Line], curves: Sequence[Line], panel: Panel) -> list[Line]:
    """Leave out lines that lie along curves found before, such as their censor marks put together.

    Parameters
    ----------
    lines : iterable of Line
        That may be curves.
    curves : sequence of Line
        That are.
    panel : Panel
        For its size.

    Returns
    -------
    list of Line
        Those that go where no curve in their color does.
    """
    kept: list[Line] = []
    for line in lines:
        x = np.linspace(line.points[0, 0], line.points[-1, 0], 202)[1:-1]
        near = 0.01 * size_of(panel)
        same = [other for other in (*curves, *kept) if other.style[0] == line.style[0]]
        shares = [float(np.mean(np.abs(height_at(line.points, x) - height_at(other.points, x)) <= near)) for other in same]
        if max(shares, default=0.0) < ON:
            kept.append(line)
    return kept


def _chains(pieces: Sequence[Line], panel: Panel, rising: bool, widest: float) -> list[_Chain]:
    """Give each piece, from the left, to the chain whose end is nearest before it."""
    size, sign = size_of(panel), -1.0 if rising else 1.0
    options = [(_oriented(piece, sign), piece) for piece in pieces]
    chains: list[_Chain] = []
    ends = np.empty((len(pieces), 2))
    for points, piece in sorted(options, key=lambda option: sum(option[0][0]) + sum(option[0][-1])):  # right and down add up along a curve
        slack = max(THICK * piece.shape.width, JOIN * size)
        gaps = _gaps(ends[: len(chains)], points[0], slack, max(widest, slack))
        k = int(gaps.argmin()) if gaps.size else -1
        if k >= 0 and gaps[k] < np.inf:
            _link(chains[k], points, slack)
        else:
            k = len(chains)
            chains.append(_Chain(list(points), []))
        ends[k] = points[-1]
        chains[k].pieces.append(piece)
        chains[k].drawn += float(np.abs(np.diff(np.array(points), axis=0)).sum())
    for found in chains:
        found.points = [(x, sign * y) for x, y in found.points]
    return chains


def _oriented(piece: Line, sign: float) -> list[Point]:
    points = piece.points * [1.0, sign]
    if points[-1, 0] - points[0, 0] <= abs(points[-1, 1] - points[0, 1]) and points[-1, 1] < points[0, 1]:
        points = points[::-1]
    return [(float(x), float(y)) for x, y in points]


def _gaps(ends: FloatArray, start: Point, slack: float, widest: float) -> FloatArray:
    """Return the ways from ends on to a start: right, down or both; any way down where no step to the right is between."""
    right, down = (np.array(start) - ends).T
    behind = (right < -slack) | (down < -slack) | (right > widest)
    far = (right + down > widest) & ((np.abs(right) > slack) | (widest <= slack))
    return np.where(behind | far, np.inf, np.abs(right) + np.abs(down))


def _link(found: _Chain, points: Sequence[Point], slack: float) -> None:
    """Go on at the corner between the chain's last part and the next piece's first, where it must be; else half way."""
    (ax, ay), (bx, by) = found.points[-2:]
    (cx, cy), (_, dy) = points[:2]
    level, next_level = abs(by - ay) < abs(bx - ax), abs(dy - cy) < abs(points[1][0] - cx)
    corner: list[Point]
    if level != next_level:
        corner = [(cx, by) if level else (bx, cy)]
    elif level:
        middle = (bx + cx) / 2
        corner = [] if abs(cy - by) <= 0.1 * slack else [(middle, by), (middle, cy)]
        found.unseen += bool(corner) and abs(cx - bx) > 2 * slack
    else:
        middle = (by + cy) / 2
        corner = [] if abs(cx - bx) <= 0.1 * slack else [(bx, middle), (cx, middle)]
    found.points[-1:] = corner
    found.points += points[1:]


def _is_drawn(found: _Chain) -> bool:
    way = np.abs(np.diff(np.array(found.points), axis=0)).sum(axis=0)
    return found.drawn >= LIKELY * float(way.sum())


def _line(found: _Chain) -> Line:
    points = np.array(found.points)
    kept = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
    sources = frozenset().union(*(piece.sources for piece in found.pieces))
    return replace(found.pieces[0], points=points[kept], sources=sources, pieced=True, unseen=found.unseen)
