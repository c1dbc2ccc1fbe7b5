"""Step curves among the lines of a panel: joined from their pieces, told from grid, frame, guide lines and confidence limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.drawing import Shape
from survrecon.digitize.labels import distance
from survrecon.digitize.outline import middle_line
from survrecon.digitize.panels import Panel

FLAT = 2e-4  # of the panel's size: what is less askew is horizontal or vertical
SIMPLIFIED = 0.15  # units of the file by which matplotlib moves points to leave some out (its path.simplify)
JOIN = 2e-4  # of the panel's size: ends this close are one point
SHORTEST = 0.05  # a curve covers at least this share of the axis of time
LATE = 0.3  # of either axis: a curve drawn from its first drop on starts no further from the corner
SAME_DROPS = 8  # two arms do not have all of so many events at the same times
LEAST_DROPS = 3  # of such a curve; guide lines at the median have one
START = 0.012  # of the axis of survival: a curve starts this close to 1, or to 0
MOST_COMPARED = 60  # lines; of more, none is looked at for being a confidence limit
EDGE = 4e-3  # of the panel's size: a line this close to the frame is part of it


@dataclass(frozen=True, eq=False)
class Line:
    """A line that moves to the right throughout.

    Attributes
    ----------
    points : ndarray of float, shape (k, 2)
        Its vertices in the units of the file, from the left.
    shape : Shape
        How it is drawn.
    sources : frozenset of int
        The shapes it was joined from.
    """

    points: FloatArray
    shape: Shape
    sources: frozenset[int]

    @property
    def style(self) -> tuple[str, float, tuple[float, ...], float]:
        """Color, width, dash and opacity."""
        return self.shape.stroke or self.shape.fill or "", self.shape.width, self.shape.dash, self.shape.opacity


def find_curves(shapes: Sequence[Shape], panel: Panel, rising: bool | None = None) -> tuple[list[Line], bool, list[str]]:
    """Find the curves of a panel.

    Parameters
    ----------
    shapes : sequence of Shape
        Of the drawing.
    panel : Panel
        Its axes and frame.
    rising : bool or None
        Whether curves rise from 0; None to see.

    Returns
    -------
    curves : list of Line
        Within the frame, in drawing order.
    rising : bool
        Whether they rise from 0, as cumulative incidence does.
    notes : list of str
        What was left out.
    """
    lines = _distinct(_joined(_pieces(shapes, panel), panel))
    candidates = [line for line in lines if _has_steps(line.points, panel)]
    long = (line for line in lines if np.ptp(line.points[:, 1]) > START * _size(panel) and _is_long(line.points, panel))
    sloping = [line for line in long if not _has_steps(line.points, panel)]
    up, found, other = False, list[Line](), list[Line]()
    for group, late in ((candidates, False), (candidates, True), (sloping, False)):
        falling = [line for line in group if _runs(line.points, panel, False, late)]
        growing = [line for line in group if _runs(line.points, panel, True, late)]
        up = rising if rising is not None else not falling and bool(growing)
        found, other = (growing, falling) if up else (falling, growing)
        if found:
            break
    notes = []
    if other and rising is None:
        notes.append(f"{len(other)} rising curve{'s' * (len(other) > 1)} left out beside falling ones")
    if found and found[0] not in sloping and (slopes := [line for line in sloping if _runs(line.points, panel, up, False)]):
        notes.append(f"{len(slopes)} line{'s' * (len(slopes) > 1)} without steps left out beside step curves")
    # curves and limits that begin at their first drop
    found = [line for line in lines if line in found or line in candidates and _runs(line.points, panel, up, True)]
    curves, bands = _without_limits(found, panel) if len(found) <= MOST_COMPARED else (found, 0)
    if bands:
        plural = "s left out: they step" if bands > 1 else " left out: it steps"
        notes.append(f"{bands} confidence limit{plural} only where a curve does")
    return curves, up, notes


def is_stepped(points: FloatArray, panel: Panel) -> bool:
    """Tell whether a line has horizontal and vertical pieces only.

    Parameters
    ----------
    points : ndarray of float, shape (k, 2)
        Its vertices.
    panel : Panel
        For its size.

    Returns
    -------
    bool
        Whether at least nine in ten of its pieces are.
    """
    step = np.abs(np.diff(points, axis=0))
    return bool(np.mean(step.min(axis=1) <= merged_within(panel)) > 0.9)


def merged_within(panel: Panel) -> float:
    """Return how far apart vertices may be, in units of the file, for the program that drew them to have merged them.

    Parameters
    ----------
    panel : Panel
        For its size.

    Returns
    -------
    float
        Of lines askew by no more, nothing is known but that they stand for steps.
    """
    return max(FLAT * _size(panel), SIMPLIFIED)


def _size(panel: Panel) -> float:
    left, top, right, bottom = panel.box
    return right - left + bottom - top


def _pieces(shapes: Sequence[Shape], panel: Panel) -> list[Line]:
    """Return all lines in the panel that go to the right, or straight up or down, and are not its frame or ticks."""
    left, top, right, bottom = panel.box
    slack, edge = JOIN * _size(panel), EDGE * _size(panel)
    found = []
    for i, shape in enumerate(shapes):
        shape = _as_line(shape)
        if i in panel.used or shape.stroke in (None, "#ffffff"):
            continue
        a, b, c, d = shape.box
        if c < left - edge or a > right + edge or d < top - edge or b > bottom + edge:
            continue
        if _on_frame((a, b, c, d), panel.box, edge):
            continue
        points = shape.points[np.concatenate([[True], np.any(np.diff(shape.points, axis=0) != 0, axis=1)])]
        if len(points) < 2:
            continue
        run = np.diff(points[:, 0])
        if np.all(run <= slack) and points[-1, 0] < points[0, 0]:
            points, run = points[::-1], -run[::-1]
        if np.all(run >= -slack) and len(points) > 1:
            found.append(Line(points, shape, frozenset([i])))
    return found


def _as_line(shape: Shape) -> Shape:
    """Return a thin filled area as the line it shows."""
    if shape.stroke is not None or shape.fill is None or shape.curved or len(shape.points) < 6:
        return shape
    found = middle_line(shape.points)
    return shape if found is None else replace(shape, points=found[0], stroke=shape.fill, fill=None, width=found[1])


def _on_frame(box: tuple[float, float, float, float], frame: tuple[float, float, float, float], edge: float) -> bool:
    """Whether a line lies along most of one side of the frame."""
    left, top, right, bottom = frame
    a, b, c, d = box
    flat, upright = d - b <= edge and c - a > 0.9 * (right - left), c - a <= edge and d - b > 0.9 * (bottom - top)
    return flat and min(abs(b - top), abs(d - bottom)) <= edge or upright and min(abs(a - left), abs(c - right)) <= edge


def _joined(pieces: Sequence[Line], panel: Panel) -> list[Line]:
    """Join pieces of one style where one ends and the next starts."""
    slack = JOIN * _size(panel)
    styles: dict[tuple[str, float, tuple[float, ...], float], list[Line]] = defaultdict(list)
    for piece in pieces:
        styles[piece.style].append(piece)
    joined = []
    for group in styles.values():
        ends: dict[tuple[int, int], list[list[Line]]] = defaultdict(list)
        chains = []
        # a vertical piece comes after the horizontal one that ends there, before the one that starts there
        for piece in sorted(group, key=lambda piece: (round(piece.points[0, 0] / slack), piece.points[-1, 0] - piece.points[0, 0] > slack)):
            for option in _directions(piece, slack):
                chain = _chain_at(ends, option.points[0], slack)
                if chain is not None:
                    chain.append(option)
                    break
            else:
                option, chain = piece, [piece]
                chains.append(chain)
            ends[_cell(option.points[-1], slack)].append(chain)
        joined += [_connected(chain) for chain in chains]
    return joined


def _directions(piece: Line, slack: float) -> list[Line]:
    upright = np.ptp(piece.points[:, 0]) <= slack
    return [piece, replace(piece, points=piece.points[::-1])] if upright else [piece]


def _cell(point: FloatArray, slack: float) -> tuple[int, int]:
    return round(float(point[0]) / slack), round(float(point[1]) / slack)


def _chain_at(ends: dict[tuple[int, int], list[list[Line]]], point: FloatArray, slack: float) -> list[Line] | None:
    """Return a chain that ends at a point and goes on there, and take it from the open ends."""
    x, y = _cell(point, slack)
    for near in ((x + i, y + j) for i in (0, -1, 1) for j in (0, -1, 1)):
        if ends.get(near):
            return ends[near].pop()
    return None


def _connected(chain: Sequence[Line]) -> Line:
    if len(chain) == 1:
        return chain[0]
    points = np.concatenate([line.points for line in chain])
    kept = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
    return replace(chain[0], points=points[kept], sources=frozenset().union(*(line.sources for line in chain)))


def _distinct(lines: Iterable[Line]) -> list[Line]:
    """Leave out lines drawn a second time over the first; the one on top is seen."""
    found: dict[bytes, Line] = {}
    for line in lines:
        key = np.round(line.points, 3).tobytes()
        before = found.pop(key, None)
        found[key] = line if before is None else replace(line, sources=line.sources | before.sources)
    return list(found.values())


def _is_long(points: FloatArray, panel: Panel) -> bool:
    left, _, right, _ = panel.box
    return bool(min(points[-1, 0], right) - max(points[0, 0], left) > SHORTEST * (right - left)) and len(points) > 2


def _has_steps(points: FloatArray, panel: Panel) -> bool:
    """Whether a line has at least one run and one drop, and hardly anything between."""
    if not _is_long(points, panel) or not is_stepped(points, panel):
        return False
    run, fall = np.abs(np.diff(points, axis=0)).T
    least = merged_within(panel)
    return bool(np.any((run > least) & (fall <= least)) and np.any((fall > least) & (run <= least)))


def _runs(points: FloatArray, panel: Panel, rising: bool, late: bool) -> bool:
    """Whether a line starts at 1 and falls, or starts at 0 and rises; or, late, begins with its first of several drops."""
    slack = FLAT * _size(panel)
    down = np.diff(points[:, 1])  # positions grow downwards
    if np.any(down > slack) if rising else np.any(down < -slack):
        return False
    short = missing(points, panel, rising)
    if not late:
        return short <= START
    left, _, right, _ = panel.box
    return bool(short <= LATE and points[0, 0] < left + LATE * (right - left) and np.sum(np.abs(down) > slack) >= LEAST_DROPS)


def missing(points: FloatArray, panel: Panel, rising: bool) -> float:
    """Return how far from 1, or from 0 where curves rise, a line starts.

    Parameters
    ----------
    points : ndarray of float, shape (k, 2)
        Vertices from the left.
    panel : Panel
        Its axes.
    rising : bool
        Whether curves rise from 0.

    Returns
    -------
    float
        As a probability.
    """
    full = 100.0 if max(abs(value) for _, value in panel.y.ticks) > 1.5 else 1.0
    return abs(float(panel.y.value(points[0, 1])) / full - (0.0 if rising else 1.0))


def _without_limits(lines: Sequence[Line], panel: Panel) -> tuple[list[Line], int]:
    """Leave out confidence limits: pairs in one style, above and below another line, that step only where it does."""
    drops = [_drops(line, panel) for line in lines]
    limits: set[int] = set()
    for k, line in enumerate(lines):
        inside = [i for i in range(len(lines)) if i != k and i not in limits and len(drops[i]) and _subset(drops[i], drops[k], panel)]
        sides = [(i, _side(lines[i], line, panel)) for i in inside if _may_limit(lines[i], line)]
        above = [i for i, side in sides if side < 0]
        below = [i for i, side in sides if side > 0]
        pairs = [(i, j) for i in above for j in below if lines[i].style == lines[j].style]
        if pairs and k not in limits:
            limits |= set(pairs[0])
        elif k not in limits:  # the other limit may have been left out before, as it need not fall throughout
            limits |= {i for i, _ in sides if _is_lone_limit(lines[i], line, drops[i], drops[k], panel)}
    return [line for k, line in enumerate(lines) if k not in limits], len(limits)


def _is_lone_limit(line: Line, curve: Line, drops: FloatArray, drops_of_curve: FloatArray, panel: Panel) -> bool:
    """Whether a line steps exactly where another does, many times, and is drawn as less important."""
    color, width, dash, opacity = line.style
    fainter = bool(dash) > bool(curve.style[2]) or width < 0.9 * curve.style[1] or opacity < curve.style[3] - 0.05
    same = color == curve.style[0] and len(drops) >= SAME_DROPS and _subset(drops_of_curve, drops, panel)
    return same and fainter and _side(line, curve, panel) != 0


def _may_limit(line: Line, curve: Line) -> bool:
    return distance(line.style[0], curve.style[0]) < 120 and line.style[3] <= curve.style[3] + 1e-9


def _drops(line: Line, panel: Panel) -> FloatArray:
    step = np.abs(np.diff(line.points, axis=0))
    return np.unique(np.round(line.points[:-1][step[:, 1] > FLAT * _size(panel), 0], 6))


def _subset(some: FloatArray, others: FloatArray, panel: Panel) -> bool:
    """Whether nearly all drops are at the places of another line's drops."""
    if not others.size or some.size < 2:
        return False
    nearest = np.abs(some[:, None] - others).min(axis=1) if some.size * others.size < 4_000_000 else np.full(some.size, np.inf)
    return bool(np.mean(nearest <= 2 * JOIN * _size(panel)) > 0.95)


def height_at(points: FloatArray, x: FloatArray) -> FloatArray:
    """Return the position of a step line just after each x.

    Parameters
    ----------
    points : ndarray of float, shape (k, 2)
        Vertices from the left.
    x : ndarray of float
        Positions along x.

    Returns
    -------
    ndarray of float
        Positions along y; of its ends before and after it.
    """
    index = np.clip(np.searchsorted(points[:, 0], x, side="right") - 1, 0, len(points) - 1)
    after = np.clip(index + 1, 0, len(points) - 1)
    width = points[after, 0] - points[index, 0]
    share = np.where(width > 0, (x - points[index, 0]) / np.where(width > 0, width, 1), 0.0)
    height: FloatArray = points[index, 1] + np.clip(share, 0, 1) * (points[after, 1] - points[index, 1])
    return height


def _side(line: Line, curve: Line, panel: Panel) -> int:
    """Return -1 for a line above another everywhere, 1 for one below, 0 for neither."""
    end = min(line.points[-1, 0], curve.points[-1, 0])
    x = np.linspace(max(line.points[0, 0], curve.points[0, 0]), end, 203)[1:-1]
    gap = height_at(line.points, x) - height_at(curve.points, x)
    slack = 2 * FLAT * _size(panel)
    if np.all(gap <= slack) and np.any(gap < -slack):
        return -1
    return 1 if np.all(gap >= -slack) and np.any(gap > slack) else 0


def within(points: FloatArray, panel: Panel) -> tuple[FloatArray, bool]:
    """Cut a curve at the frame.

    Parameters
    ----------
    points : ndarray of float, shape (k, 2)
        Vertices from the left.
    panel : Panel
        Its frame.

    Returns
    -------
    points : ndarray of float, shape (m, 2)
        What is seen of it.
    cut : bool
        Whether anything was cut off.
    """
    _, top, right, bottom = panel.box
    slack = EDGE * _size(panel)
    outside = (points[:, 0] > right + slack) | (points[:, 1] > bottom + slack) | (points[:, 1] < top - slack)
    if not outside.any():
        return points, False
    first = int(np.flatnonzero(outside)[0])
    if first == 0:
        return points[:0], True
    before, after = points[first - 1], points[first]
    edge = np.array([min(after[0], right), min(max(after[1], top), bottom)])
    # beyond a truncated axis of survival nothing is known of the height: the curve is seen up to where it leaves
    ends = points[:first] if after[0] - before[0] <= slack else np.vstack([points[:first], [edge[0], before[1]]])
    return ends, True
