"""Step curves among the lines of a panel, told from grid, frame, guide lines and confidence limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.chains import chain, off_curves, without_marks
from survrecon.digitize.drawing import Shape
from survrecon.digitize.limits import without_limits
from survrecon.digitize.lines import EDGE, FLAT, Line, distinct, find_pieces, join, size_of
from survrecon.digitize.panels import Panel

SIMPLIFIED = 0.15  # units of the file by which matplotlib moves points to leave some out (its path.simplify)
SHORTEST = 0.05  # a curve covers at least this share of the axis of time
LATE = 0.3  # of either axis: a curve drawn from its first drop on starts no further from the corner
LEAST_DROPS = 3  # of such a curve; guide lines at the median have one
START = 0.012  # of the axis of survival: a curve starts this close to 1, or to 0
MOST_COMPARED = 60  # lines; of more, none is looked at for being a confidence limit


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
    lines = distinct(join(find_pieces(shapes, panel), panel))
    candidates = [line for line in lines if _has_steps(line.points, panel)]
    long = (line for line in lines if np.ptp(line.points[:, 1]) > START * size_of(panel) and _is_long(line.points, panel))
    sloping = [line for line in long if not _has_steps(line.points, panel)]
    pieces = without_marks(lines, candidates, panel)
    chained = [line for up in (False, True) for line in _chained(pieces, panel, up)]
    up, found, other = False, list[Line](), list[Line]()
    for group, late in ((candidates, False), (chained, False), (candidates, True), (sloping, False)):
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
    pieced = [line for line in chained if _runs(line.points, panel, up, False)]
    found = [line for line in found if not any(line.sources <= whole.sources for whole in pieced)]
    pieced = off_curves(pieced, found, panel)
    if pieced:
        notes.append(f"{len(pieced)} curve{'s' * (len(pieced) > 1)} drawn in pieces, such as dashes, put together")
    curves, bands = without_limits([*found, *pieced], panel, up) if len(found) <= MOST_COMPARED else (found, 0)
    if bands:
        plural = "s left out: they step" if bands > 1 else " left out: it steps"
        notes.append(f"{bands} confidence limit{plural} only where a curve does")
    return curves, up, notes


def find_steps(shapes: Sequence[Shape], panel: Panel) -> list[Line]:
    """Return all lines with steps, wherever they start.

    Parameters
    ----------
    shapes : sequence of Shape
        Of the drawing.
    panel : Panel
        Its axes and frame.

    Returns
    -------
    list of Line
        Curves, if the axes are not what they seem to be.
    """
    return [line for line in distinct(join(find_pieces(shapes, panel), panel)) if _has_steps(line.points, panel)]


def _chained(pieces: Sequence[Line], panel: Panel, rising: bool) -> list[Line]:
    """Return curves put together from pieces with hardly a gap between; from the rest, dash by dash."""
    whole = [line for line in chain(pieces, panel, rising, dashed=False) if _starts(line, panel, rising)]
    used = frozenset().union(*(line.sources for line in whole))
    rest = [line for line in pieces if not line.sources & used and not _starts(line, panel, rising)]
    dashed = [line for line in chain(rest, panel, rising, dashed=True) if _starts(line, panel, rising)]
    left, _, right, _ = panel.box
    return [line for line in (*whole, *dashed) if line.points[0, 0] < left + SHORTEST * (right - left)]


def _starts(line: Line, panel: Panel, rising: bool) -> bool:
    return _has_steps(line.points, panel) and _runs(line.points, panel, rising, False)


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
    return max(FLAT * size_of(panel), SIMPLIFIED)


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
    slack = FLAT * size_of(panel)
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
    slack = EDGE * size_of(panel)
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
