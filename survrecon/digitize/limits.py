"""Confidence limits, told from the curves that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.axes import is_percent
from survrecon.digitize.labels import distance
from survrecon.digitize.lines import FLAT, JOIN, Line, height_at, size_of
from survrecon.digitize.panels import Panel

SAME_DROPS = 8  # two arms do not have all of so many events at the same times


def without_limits(lines: Sequence[Line], panel: Panel, rising: bool) -> tuple[list[Line], int]:
    """Leave out confidence limits: pairs in one style, above and below another line, that step only where it does.

    Parameters
    ----------
    lines : sequence of Line
        Curves, perhaps with limits among them.
    panel : Panel
        Its axes.
    rising : bool
        Whether curves rise from 0.

    Returns
    -------
    curves : list of Line
        Without limits.
    count : int
        How many were left out.
    """
    drops = [_drops(line, panel) for line in lines]
    limits: set[int] = set()
    for k, line in enumerate(lines):
        inside = [i for i in range(len(lines)) if i != k and i not in limits and _subset(drops[i], drops[k], panel)]
        sides = [(i, _side(lines[i], line, panel)) for i in inside if _may_limit(lines[i], line)]
        above = [i for i, side in sides if side < 0]
        below = [i for i, side in sides if side > 0]
        pairs = [(i, j) for i in above for j in below if lines[i].style == lines[j].style]
        pairs = [(i, j) for i, j in pairs if min(drops[i].size, drops[j].size) > 1 or _mirrored(lines[i], line, lines[j], panel, rising)]
        if pairs and k not in limits:
            limits |= set(pairs[0])
        elif k not in limits:  # the other limit may have been left out before, as it need not fall throughout
            limits |= {i for i, _ in sides if _is_lone_limit(lines[i], line, drops[i], drops[k], panel)}
    return [line for k, line in enumerate(lines) if k not in limits], len(limits)


def _mirrored(upper: Line, curve: Line, lower: Line, panel: Panel, rising: bool) -> bool:
    """Whether two lines are each other's image in a curve, up to 1, on the scale of usual limits: survival, its log, or log(-log)."""
    x = np.unique(np.concatenate([line.points[:, 0] for line in (upper, curve, lower)]))
    middle = (x[1:] + x[:-1]) / 2
    survival = [_survival(height_at(line.points, middle), panel, rising) for line in (upper, curve, lower)]
    high, own, low = np.array(survival[::-1] if rising else survival)
    slack = 2 * FLAT * size_of(panel) * abs(panel.y.scale) / _full(panel)
    seen = (low > 10 * slack) & (own < 1 - slack)
    if not np.any(seen & (high < 1 - 3 * slack)):
        return False
    high, own, low = high[seen], own[seen], np.minimum(low[seen], own[seen])
    images = (2 * own - low, own**2 / low, np.exp(-(np.log(own) ** 2) / -np.log(low)))
    # an error of the lower limit is as much larger in its image as the upper limit is further from the curve
    allowed = slack * (1 + own / low) ** 2
    return any(bool(np.all(np.abs(np.minimum(image, 1) - high) <= allowed)) for image in images)


def _full(panel: Panel) -> float:
    return 100.0 if is_percent(panel.y) else 1.0


def _survival(places: FloatArray, panel: Panel, rising: bool) -> FloatArray:
    height: FloatArray = panel.y.value(places) / _full(panel)
    return 1 - height if rising else height


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
    return np.unique(np.round(line.points[:-1][step[:, 1] > FLAT * size_of(panel), 0], 6))


def _subset(some: FloatArray, others: FloatArray, panel: Panel) -> bool:
    """Whether nearly all drops are at the places of another line's drops."""
    if not others.size or not some.size:
        return False
    nearest = np.abs(some[:, None] - others).min(axis=1) if some.size * others.size < 4_000_000 else np.full(some.size, np.inf)
    return bool(np.mean(nearest <= 2 * JOIN * size_of(panel)) > 0.95)


def _side(line: Line, curve: Line, panel: Panel) -> int:
    """Return -1 for a line above another everywhere, 1 for one below, 0 for neither."""
    end = min(line.points[-1, 0], curve.points[-1, 0])
    x = np.linspace(max(line.points[0, 0], curve.points[0, 0]), end, 203)[1:-1]
    gap = height_at(line.points, x) - height_at(curve.points, x)
    slack = 2 * FLAT * size_of(panel)
    if np.all(gap <= slack) and np.any(gap < -slack):
        return -1
    return 1 if np.all(gap >= -slack) and np.any(gap > slack) else 0
