"""Lines among the shapes of a panel, joined from the pieces that they were drawn in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.drawing import Shape
from survrecon.digitize.outline import THICKEST, middle_line
from survrecon.digitize.panels import Panel

FLAT = 2e-4  # of the panel's size: what is less askew is horizontal or vertical
JOIN = 2e-4  # of the panel's size: ends this close are one point
MOST_ALIKE = 0.5  # of the filled boxes in one color are as thick as its lines, where they are lines
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
    pieced : bool
        Whether it was put together from pieces that do not touch.
    unseen : int
        Its drops that lie somewhere in a gap between two pieces.
    """

    points: FloatArray
    shape: Shape
    sources: frozenset[int]
    pieced: bool = False
    unseen: int = 0

    @property
    def style(self) -> tuple[str, float, tuple[float, ...], float]:
        """Color, width, dash and opacity."""
        return self.shape.stroke or self.shape.fill or "", self.shape.width, self.shape.dash, self.shape.opacity


def size_of(panel: Panel) -> float:
    """Return the width and height of a panel together, of which tolerances are shares.

    Parameters
    ----------
    panel : Panel
        Its frame.

    Returns
    -------
    float
        In units of the file.
    """
    left, top, right, bottom = panel.box
    return right - left + bottom - top


def find_pieces(shapes: Sequence[Shape], panel: Panel) -> list[Line]:
    """Return all lines in the panel that go to the right, or straight up or down, and are not its frame or ticks.

    Parameters
    ----------
    shapes : sequence of Shape
        Of the drawing.
    panel : Panel
        Its frame and ticks.

    Returns
    -------
    list of Line
        In drawing order, each from the left.
    """
    left, top, right, bottom = panel.box
    slack, edge = JOIN * size_of(panel), EDGE * size_of(panel)
    found, thickness = [], _thickness(shapes)
    for i, shape in enumerate(shapes):
        shape = _as_line(shape, thickness)
        if i in panel.used or shape.stroke in (None, "#ffffff"):
            continue
        a, b, c, d = shape.box
        if c < left - edge or a > right + edge or d < top - edge or b > bottom + edge:
            continue
        if _on_frame((a, b, c, d), panel.box, edge):
            continue
        points = shape.points[np.concatenate([[True], np.any(np.diff(shape.points, axis=0) != 0, axis=1)])]
        if len(points) < 2 or _along_axes(points, panel.box, edge):
            continue
        run = np.diff(points[:, 0])
        if np.all(run <= slack) and points[-1, 0] < points[0, 0]:
            points, run = points[::-1], -run[::-1]
        if np.all(run >= -slack) and len(points) > 1:
            found.append(Line(points, shape, frozenset([i])))
    return found


def _filled_box(shape: Shape) -> tuple[float, float] | None:
    """Return width and height of a filled box; None for any other shape."""
    if shape.stroke is not None or shape.fill is None or shape.curved or not 4 <= len(shape.points) <= 5:
        return None
    left, top, right, bottom = shape.box
    upright = np.isin(shape.points[:, 0], [left, right]).all() and np.isin(shape.points[:, 1], [top, bottom]).all()
    return (right - left, bottom - top) if upright and right > left and bottom > top else None


def _thickness(shapes: Sequence[Shape]) -> dict[str, float]:
    """Return how thick the lines in each color are that were drawn as filled boxes: as most of its boxes are at their thinnest."""
    thin: dict[str, list[float]] = defaultdict(list)
    for shape in shapes:
        box = _filled_box(shape)
        if box is not None and shape.fill is not None and min(box) <= THICKEST:
            thin[shape.fill].append(round(min(box), 2))
    found = {color: Counter(sides).most_common(1)[0] for color, sides in thin.items()}
    return {color: side for color, (side, count) in found.items() if count >= MOST_ALIKE * len(thin[color])}


def _middle_of(shape: Shape, box: tuple[float, float], thickness: float) -> Shape:
    """Return the line that a filled box as thick as others is."""
    level, upright = (abs(side - thickness) <= 0.02 for side in box[::-1])
    if level == upright:
        return shape
    left, top, right, bottom = shape.box
    x, y = (left + right) / 2, (top + bottom) / 2
    ends = np.array([(left, y), (right, y)] if level else [(x, top), (x, bottom)])
    return replace(shape, points=ends, stroke=shape.fill, fill=None, width=thickness)


def _as_line(shape: Shape, thickness: dict[str, float]) -> Shape:
    """Return a thin filled area as the line it shows."""
    if shape.stroke is not None or shape.fill is None or shape.curved:
        return shape
    box = _filled_box(shape)
    if box is not None:
        return _middle_of(shape, box, thickness.get(shape.fill, 0.0))
    found = middle_line(shape.points)
    return shape if found is None else replace(shape, points=found[0], stroke=shape.fill, fill=None, width=round(found[1], 1))


def _on_frame(box: tuple[float, float, float, float], frame: tuple[float, float, float, float], edge: float) -> bool:
    """Whether a line lies along most of one side of the frame."""
    left, top, right, bottom = frame
    a, b, c, d = box
    flat, upright = d - b <= edge and c - a > 0.9 * (right - left), c - a <= edge and d - b > 0.9 * (bottom - top)
    return flat and min(abs(b - top), abs(d - bottom)) <= edge or upright and min(abs(a - left), abs(c - right)) <= edge


def _along_axes(points: FloatArray, frame: tuple[float, float, float, float], edge: float) -> bool:
    """Whether a line goes down one side of the frame and along its bottom, as two axes drawn in one do."""
    (x, y), (left, _, right, bottom) = points.T, frame
    beside = np.minimum(np.abs(x - left), np.abs(x - right)) <= edge
    under = np.abs(y - bottom) <= edge
    corner = beside & under
    return bool(np.all(beside | under) and corner.any() and np.any(beside & ~corner) and np.ptp(y) > 0.5 * (bottom - frame[1]))


def join(pieces: Sequence[Line], panel: Panel) -> list[Line]:
    """Join pieces of one style where one ends and the next starts.

    Parameters
    ----------
    pieces : sequence of Line
        In drawing order.
    panel : Panel
        For its size.

    Returns
    -------
    list of Line
        Connected lines.
    """
    styles: dict[tuple[str, float, tuple[float, ...], float], list[Line]] = defaultdict(list)
    for piece in pieces:
        styles[piece.style].append(piece)
    joined = []
    for group in styles.values():
        joined += _joined(group, JOIN * size_of(panel))
    return joined


def _joined(pieces: Sequence[Line], slack: float) -> list[Line]:
    ends: dict[tuple[int, int], list[list[Line]]] = defaultdict(list)
    chains = []
    # a vertical piece comes after the horizontal one that ends there, before the one that starts there
    for piece in sorted(pieces, key=lambda piece: (round(piece.points[0, 0] / slack), piece.points[-1, 0] - piece.points[0, 0] > slack)):
        for option in _directions(piece, slack):
            chain = _chain_at(ends, option.points[0], slack)
            if chain is not None:
                chain.append(option)
                break
        else:
            option, chain = piece, [piece]
            chains.append(chain)
        ends[_cell(option.points[-1], slack)].append(chain)
    return [_connected(chain) for chain in chains]


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


def distinct(lines: Iterable[Line]) -> list[Line]:
    """Leave out lines drawn a second time over the first; the one on top is seen.

    Parameters
    ----------
    lines : iterable of Line
        In drawing order.

    Returns
    -------
    list of Line
        Each in its last style.
    """
    found: dict[bytes, Line] = {}
    for line in lines:
        key = np.round(line.points, 3).tobytes()
        before = found.pop(key, None)
        found[key] = line if before is None else replace(line, sources=line.sources | before.sources)
    return list(found.values())


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
