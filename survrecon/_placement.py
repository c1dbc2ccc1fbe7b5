"""Where text and ticks go in a figure, for `survrecon.plot`: plain geometry, without matplotlib.

A box is ``(x0, y0, x1, y1)`` in pixels; many are an array of shape (m, 4). Each piece of a step curve is a flat or
narrow box, so curves, labels and marks are all obstacles of one kind.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from survrecon.data import FloatArray

Box = tuple[float, float, float, float]
MOST_TICKS = 13
UNIT_STEPS = {"week": (1, 2, 4, 8, 12, 26, 52, 104), "month": (1, 2, 3, 6, 12, 24, 36, 60, 120)}


def step_boxes(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the horizontal and vertical pieces of a falling step curve.

    Parameters
    ----------
    x, y : ndarray of float, shape (k,)
        Its vertices; each value holds until the next x.

    Returns
    -------
    ndarray of float, shape (2 k - 2, 4)
        One box for each piece.

    Examples
    --------
    >>> step_boxes(np.array([0.0, 2.0]), np.array([9.0, 5.0])).tolist()
    [[0.0, 9.0, 2.0, 9.0], [2.0, 5.0, 2.0, 9.0]]
    """
    across = np.column_stack([x[:-1], y[:-1], x[1:], y[:-1]])
    down = np.column_stack([x[1:], y[1:], x[1:], y[:-1]])
    return np.vstack([across, down])


def gap(box: Box, others: FloatArray) -> float:
    """Return the distance from a box to the nearest of `others`; 0 where they touch, infinite where there are none.

    Parameters
    ----------
    box : tuple of float
        The box.
    others : ndarray of float, shape (m, 4)
        Boxes.

    Returns
    -------
    float
        Pixels.

    Examples
    --------
    >>> gap((0, 0, 1, 1), np.array([[4.0, 5.0, 6.0, 7.0]]))
    5.0
    """
    if not len(others):
        return np.inf
    dx = np.maximum(0, np.maximum(others[:, 0] - box[2], box[0] - others[:, 2]))
    dy = np.maximum(0, np.maximum(others[:, 1] - box[3], box[1] - others[:, 3]))
    return float(np.hypot(dx, dy).min())


def free_spot(size: tuple[float, float], frame: Box, obstacles: FloatArray, clearance: float) -> Box | None:
    """Find room for a block of text: the upper right, lower left or lower right corner, else the emptiest place.

    Parameters
    ----------
    size : tuple of float
        Width and height of the block.
    frame : tuple of float
        The box in which it must lie.
    obstacles : ndarray of float, shape (m, 4)
        What it must not touch.
    clearance : float
        Distance to keep from them.

    Returns
    -------
    tuple of float or None
        The block's box; None where it fits nowhere.
    """
    right, top = frame[2] - size[0], frame[3] - size[1]
    if right < frame[0] or top < frame[1]:
        return None
    corners = [(right, top), (frame[0], frame[1]), (right, frame[1])]
    inside = [(x, y) for x in np.linspace(right, frame[0], 13) for y in np.linspace(top, frame[1], 13)]
    boxes = [(x, y, x + size[0], y + size[1]) for x, y in corners + inside]
    gaps = [gap(box, obstacles) for box in boxes]
    corner = next((box for box, room in zip(boxes[:3], gaps, strict=False) if room >= clearance), None)
    best = int(np.argmax(gaps))
    return corner or (boxes[best] if gaps[best] >= clearance else None)


def _beside(size: tuple[float, float], x: FloatArray, y: FloatArray, frame: Box, clearance: float) -> Iterator[tuple[Box, float]]:
    """Yield boxes after the end of a falling step curve, then above and below it, each with how far it strays from the curve."""
    width, height = size
    after = x[-1] + clearance
    yield (after, y[-1] - height / 2, after + width, y[-1] + height / 2), 0.0
    for left in np.linspace(frame[0], max(frame[0], min(x[-1], frame[2]) - width), 60):
        ends = np.searchsorted(x, [left - clearance, left + width + clearance], side="right") - 1
        high, low = y[max(0, ends[0])], y[ends[1]]
        yield (left, high + clearance, left + width, high + clearance + height), high - low
        yield (left, low - clearance - height, left + width, low - clearance), high - low


def label_spots(
    sizes: list[tuple[float, float]], curves: list[tuple[FloatArray, FloatArray]], frame: Box, obstacles: FloatArray, clearance: float
) -> list[Box] | None:
    """Find a place for the label of each curve beside it, nearer to its own curve than to any other.

    Parameters
    ----------
    sizes : list of tuple of float
        Width and height of each label.
    curves : list of tuple of ndarray
        x and y of the vertices of each falling step curve.
    frame : tuple of float
        The box in which labels must lie.
    obstacles : ndarray of float, shape (m, 4)
        What labels must not touch besides the curves and each other.
    clearance : float
        Distance to keep.

    Returns
    -------
    list of tuple of float, or None
        A box for each label; None where one of them fits nowhere.
    """
    pieces = [step_boxes(x, y) for x, y in curves]
    spots: list[Box] = []
    for i, (size, (x, y)) in enumerate(zip(sizes, curves, strict=True)):
        others = np.vstack([np.empty((0, 4)), *pieces[:i], *pieces[i + 1 :]])
        taken = np.vstack([obstacles, *[np.array([spot]) for spot in spots]])
        best, best_score = None, -np.inf
        for box, stray in _beside(size, x, y, frame, clearance):
            inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
            room = gap(box, others)
            if not inside or gap(box, taken) < clearance / 2 or room < 2 * clearance:
                continue
            # near its own curve, far from the others, rather late than early
            score = min(room, 10 * clearance) - 2 * stray + 2 * clearance * (box[0] - frame[0]) / (frame[2] - frame[0])
            if score > best_score:
                best, best_score = box, score
        if best is None:
            return None
        spots.append(best)
    return spots


def nice_ticks(limit: float, unit: str, least: float) -> FloatArray:
    """Choose evenly spaced round times from 0 to `limit`.

    Parameters
    ----------
    limit : float
        Last time that may have a tick.
    unit : str
        Months and weeks are counted by quarters and years where they are many, anything else by 1, 2 or 5 times a power of ten.
    least : float
        Least distance between two ticks.

    Returns
    -------
    ndarray of float
        The ticks.

    Examples
    --------
    >>> nice_ticks(33, "month", 2.5).tolist()
    [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0, 30.0, 33.0]
    >>> nice_ticks(3600, "day", 300).tolist()
    [0.0, 500.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0, 3500.0]
    """
    least = max(least, limit / MOST_TICKS)
    power = 10.0 ** np.floor(np.log10(least))
    steps = [*UNIT_STEPS.get(unit, ()), *(factor * power for factor in (1, 2, 5, 10))]
    if least < min(UNIT_STEPS.get(unit, (0,))) / 2:  # a short follow-up needs fractions of the unit
        steps = steps[-4:]
    step = next(step for step in steps if step >= least)
    ticks: FloatArray = step * np.arange(np.floor(limit / step * (1 + 1e-9)) + 1)
    return ticks


def thin_ticks(times: FloatArray, least: float) -> FloatArray:
    """Keep every time, or every second, third, ... until they are at least `least` apart.

    Parameters
    ----------
    times : ndarray of float, shape (k,)
        Increasing times.
    least : float
        Least distance between two ticks.

    Returns
    -------
    ndarray of float
        At most `MOST_TICKS` of them, the first included.

    Examples
    --------
    >>> thin_ticks(np.arange(7.0), 1.5).tolist()
    [0.0, 2.0, 4.0, 6.0]
    """
    stride = next(k for k in range(1, times.size + 1) if times[::k].size <= MOST_TICKS and np.all(np.diff(times[::k]) >= least))
    return times[::stride]


def spaced(times: FloatArray, least: float) -> FloatArray:
    """Keep the first of the times and each one that comes at least `least` after the one kept before.

    Parameters
    ----------
    times : ndarray of float, shape (k,)
        Increasing times.
    least : float
        Distance to keep, above 0.

    Returns
    -------
    ndarray of float
        Those kept.

    Examples
    --------
    >>> spaced(np.array([0.0, 1.0, 2.0, 3.5]), 2).tolist()
    [0.0, 2.0]
    """
    kept, i = [], 0
    while i < times.size:
        kept.append(times[i])
        i = max(i + 1, int(np.searchsorted(times, times[i] + least)))
    return np.array(kept)
