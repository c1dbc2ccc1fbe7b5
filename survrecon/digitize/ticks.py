"""Rows of ticks in a drawing, and the axes that the numbers beside them make of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.axes import AxisError, number, read_axes
from survrecon.digitize.drawing import Drawing, Shape
from survrecon.digitize.figure import Axis, Text

SAME = 0.2  # ends of the ticks of one axis agree to this, in units of the file
LABEL_NEAR = 3.5  # a label is no further from its ticks than this, in heights of its letters
THIN = 1.5  # a filled box no thicker than this is a line
MOST_ROWS = 1500


@dataclass(frozen=True, eq=False)
class TickRow:
    """Parallel short lines that start and end at the same level: ticks, or the lines of a grid.

    Attributes
    ----------
    places : tuple of float
        Positions along the axis, increasing.
    low, high : float
        Where they start and end across it.
    axis : Axis or None
        Read from the numbers beside them.
    miss : float
        How far the middles of those numbers are from the ticks, on average.
    trouble : str
        Why those numbers make no axis, where there are some, or a doubtful one.
    shapes : frozenset of int
        The shapes they are.
    right : bool
        Whether the numbers stand right of them.
    note : str
        What to tell the user of them.
    """

    places: tuple[float, ...]
    low: float
    high: float
    axis: Axis | None = None
    miss: float = 0.0
    trouble: str = ""
    shapes: frozenset[int] = frozenset()
    right: bool = False
    note: str = ""

    @property
    def first(self) -> float:
        """Position of the first tick with a label; without labels, of the first."""
        return min(place for place, _ in self.axis.ticks) if self.axis else self.places[0]

    @property
    def last(self) -> float:
        """Position of the last tick with a label; without labels, of the last."""
        return max(place for place, _ in self.axis.ticks) if self.axis else self.places[-1]

    @property
    def span(self) -> float:
        """Distance from the first to the last."""
        return self.last - self.first


def straight_pieces(shapes: Sequence[Shape]) -> Iterator[tuple[int, FloatArray]]:
    """Yield the straight lines that may be ticks, axes or frames.

    Parameters
    ----------
    shapes : sequence of Shape
        Of a drawing.

    Yields
    ------
    int
        Position of the shape.
    ndarray of float, shape (2, 2)
        Two ends of a line in it; the middle line of a thin filled box.
    """
    for i, shape in enumerate(shapes):
        if shape.curved or len(shape.points) > 6:
            continue
        left, top, right, bottom = shape.box
        thin = min(right - left, bottom - top) <= THIN and max(right - left, bottom - top) > 0
        if len(shape.points) > 2 and thin and shape.fill is not None:
            middle = [(left + right) / 2, (top + bottom) / 2]
            upright = right - left < bottom - top
            yield i, np.array([[middle[0], top], [middle[0], bottom]] if upright else [[left, middle[1]], [right, middle[1]]])
        elif shape.stroke is not None:
            for k in range(len(shape.points) - 1):
                yield i, shape.points[k : k + 2]


def tick_rows(drawing: Drawing, horizontal: bool) -> list[TickRow]:
    """Find the rows of ticks of all axes in one direction.

    Parameters
    ----------
    drawing : Drawing
        A page, or the part of it that is looked at.
    horizontal : bool
        Axes along x, whose ticks are vertical lines; else axes along y.

    Returns
    -------
    list of TickRow
        With their axes where labels can be read: of all rows beside the same labels, the one that fits most of them.
    """
    along, across = (0, 1) if horizontal else (1, 0)
    found: dict[tuple[int, int], list[tuple[float, int, float, float]]] = defaultdict(list)
    for i, ends in straight_pieces(drawing.shapes):
        low, high = sorted(ends[:, across].tolist())
        if abs(ends[1, along] - ends[0, along]) <= 0.02 * (high - low) and high > low:
            found[round(low / SAME), round(high / SAME)].append((float(ends[0, along]), i, low, high))
    numbers = [text for text in drawing.texts if number(text.string) is not None]
    groups = [group for group in _merged(found) if len({round(place, 1) for place, *_ in group}) > 1]
    groups.sort(key=len, reverse=True)
    rows = [row for group in groups[:MOST_ROWS] for row in _group_rows(group, numbers, horizontal)]
    if not horizontal and not any(row.axis or row.trouble for row in rows):
        other = [replace(row, right=True) for group in groups[:MOST_ROWS] for row in _group_rows(group, numbers, horizontal, True)]
        rows = other if any(row.axis for row in other) else rows
    rows.sort(key=lambda row: (-len(row.axis.ticks) if row.axis else 0, round(row.miss), row.high - row.low))
    kept: list[TickRow] = []
    for row in rows:
        if row.axis is None or not any(_same_labels(row, other, horizontal) for other in kept):
            kept.append(row)
    return kept


def _merged(found: dict[tuple[int, int], list[tuple[float, int, float, float]]]) -> list[list[tuple[float, int, float, float]]]:
    """Join groups that rounding keeps apart."""
    groups: dict[tuple[int, int], list[tuple[float, int, float, float]]] = {}
    for key in sorted(found):
        near = [(key[0] + i, key[1] + j) for i in (-1, 0) for j in (-1, 0, 1)]
        home = next((other for other in near if other in groups), key)
        groups.setdefault(home, []).extend(found[key])
    return list(groups.values())


def _group_rows(
    group: Sequence[tuple[float, int, float, float]],
    numbers: Sequence[Text],
    horizontal: bool,
    right: bool = False,
) -> list[TickRow]:
    """Return a row of ticks, one for each axis that the numbers right below it, or left (else right) of it, make."""
    places = _distinct(sorted(place for place, *_ in group))
    low, high = float(np.median([low for *_, low, _ in group])), float(np.median([high for *_, high in group]))
    shapes = frozenset(i for _, i, *_ in group)
    beside = [text for text in numbers if _is_beside(text, low, high, horizontal, right)]
    try:
        axes = read_axes(places, beside, horizontal, high if horizontal or right else low) if len(beside) > 1 else []
    except AxisError as error:
        return [TickRow(places, low, high, trouble=str(error), shapes=shapes)]
    if not axes:
        return [TickRow(places, low, high, shapes=shapes)]
    return [TickRow(_own_places(places, axis), low, high, axis, _miss(axis, beside, horizontal), shapes=shapes) for axis in axes]


def _miss(axis: Axis, beside: Sequence[Text], horizontal: bool) -> float:
    middles = [text.left + text.right if horizontal else text.top + text.bottom for text in beside]
    return float(np.mean([min(abs(middle / 2 - place) for middle in middles) for place, _ in axis.ticks]))


def _own_places(places: Sequence[float], axis: Axis) -> tuple[float, ...]:
    """Return the ticks of an axis: those between its labels, and the evenly spaced ones going on less than a label further."""
    labelled = sorted(place for place, _ in axis.ticks)
    inner = [place for place in places if labelled[0] <= place <= labelled[-1]]
    step, spacing = min(np.diff(inner)), min(np.diff(labelled))
    even = [(place - labelled[0]) / step for place in places]
    near = (labelled[0] - 0.99 * spacing, labelled[-1] + 0.99 * spacing)
    return tuple(p for p, k in zip(places, even, strict=True) if p in inner or near[0] < p < near[1] and abs(k - round(k)) < 0.02)


def _distinct(places: list[float]) -> tuple[float, ...]:
    return tuple(place for place, before in zip(places, [-np.inf, *places], strict=False) if place - before > 0.05)


def _is_beside(text: Text, low: float, high: float, horizontal: bool, right: bool) -> bool:
    letter = text.right - text.left if abs(text.angle) % 180 > 45 else text.bottom - text.top
    gap = text.top - high if horizontal else text.left - high if right else low - text.right
    return -0.6 * letter <= gap <= LABEL_NEAR * letter


def _same_labels(row: TickRow, other: TickRow, horizontal: bool) -> bool:
    """Whether two rows of ticks, such as the ticks and the grid of one axis, stand beside the same labels."""
    if row.axis is None or other.axis is None:
        return False
    level, level_of_other = (row.high, other.high) if horizontal else (row.low, other.low)
    near = other.span / max(len(other.axis.ticks) - 1, 1) / 4
    common = sum(any(abs(place - p) < near and value == v for p, v in other.axis.ticks) for place, value in row.axis.ticks)
    return 2 * common > len(row.axis.ticks) and abs(level - level_of_other) < 0.1 * other.span
