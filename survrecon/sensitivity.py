"""The largest and the smallest hazard ratio of all data sets that draw the same curves: proven bounds.

The data sets. Of each arm: the curve, drawn exactly as it was read at its points and to its end; the number of subjects and the numbers at
risk; at least one censored subject at each firm censor mark; and where single drops were read, the number of events found at each.
Free is when the others left between two risk times. Printed totals of events are not used: they only narrow the set (Lagrange
multipliers took off 2% to 5% of the width with numbers at risk and 0% to 20% without, for four times the work).

What is free, in numbers. With S the curve and n the number at risk, z = n / S falls when somebody is censored and stays
when somebody has the event. So the curve fixes the share h of those at risk who have the event at a drop, and z is free between risk
times, where it is the count over S, as long as it never rises: all leave early, all late, or anything in between.

What is extreme. Cox's estimate is the zero, in x, of the score, which but for ties is

    U(x) = sum over drops of arm 1 of w h - x * sum over drops of arm 0 of w h,   w = n0 n1 / (n0 + x n1).

As w rises with n0 and n1, staying longer, in either arm, raises U at the drops of arm 1 and lowers it at those of arm 0. So
neither "early in one arm, late in the other" nor a switch at a risk time is always extreme: to stay is extreme while arm 1
has more than x times the hazard of arm 0, and to leave before it has less. Whatever the course, U falls with x; so the largest
hazard ratio is the x at which the largest U of all courses is 0. That is found by dynamic programming over time, because U is a
sum over drops and courses are monotone.

What is proven. z is cut into cells; what raises U is taken at the upper end of the cell, what lowers it at the lower end. So no
data set lies outside of the bounds, ties by Efron's method included (see `_of_active` and `_of_control`), and the
bounds are wider than the extremes by the width of a cell: about 0.6% with a risk table, some per cent with none.

Misread curves. With `misread`, the whole curve of arm 1 is moved down and that of arm 0 up for the largest ratio, and the other
way round for the smallest. As w never rises with time, summation by parts makes these the extreme curves of the band, up
to terms of the order of one drop squared. Times are taken as read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.clean import clean
from survrecon.data import IPD, Arm, BoolArray, FloatArray, IntArray
from survrecon.errors import ReconstructionError
from survrecon.reconstruction._common import misfit
from survrecon.reconstruction._layout import MARK_SLACK, Layout
from survrecon.reconstruction._sampling import Fitted
from survrecon.results import Analysis

CELL = 0.006  # width of a cell, as a logarithm of z, where that takes no more cells than
CELLS = 96
WORK = 1e7  # most pairs of cells, times drops: of thousands of drops the cells are wider
RATIOS = (1e-6, 1e6)  # beyond, a bound is 0 or infinite
TINY = 1e-9
PRECISION = 1e-4  # of a bound's logarithm
TYPICAL = 2.0  # reading errors that hold 95% of the readings
MISREAD = 3.0  # reading errors by which a drop may be misread that tells the number at risk


@dataclass(frozen=True, eq=False)
class Side:
    """What is known of one arm.

    Attributes
    ----------
    time, survival : ndarray of float, shape (k,)
        Drops of the curve: time, increasing, and survival just after it.
    interval : ndarray of int, shape (k,)
        Risk interval of each drop.
    edges : ndarray of float, shape (m,)
        Start of each risk interval.
    top, bottom : ndarray of float, shape (m,)
        Largest and smallest z of each interval.
    high, low : ndarray of float, shape (k,)
        The same at each drop, non-increasing, from censor marks and from what single drops tell.
    end : float
        Until when somebody is at risk: the curve is drawn so far.
    closing : bool
        Whether a drop at a risk time belongs to the interval before it.
    """

    time: FloatArray
    survival: FloatArray
    interval: IntArray
    edges: FloatArray
    top: FloatArray
    bottom: FloatArray
    high: FloatArray
    low: FloatArray
    end: float
    closing: bool


@dataclass(frozen=True, eq=False)
class _Course:
    """One arm at the drops of both: number at risk at each end of each cell, shape (drops, cells), and its risk interval."""

    most: FloatArray
    least: FloatArray
    interval: IntArray


def bounds(arms: Sequence[Arm], reference: str, misread: float = 0.0) -> dict[str, tuple[float, float]]:
    """Compute the smallest and the largest hazard ratio over all data sets that draw the same curves.

    Parameters
    ----------
    arms : sequence of Arm
        With curves; fitted by the joint method.
    reference : str
        Label of the reference arm.
    misread : float
        How far each curve may be from where it was read, in its reading errors; by default the curves are as they were
        read, and the bounds tell what censoring alone leaves open.

    Returns
    -------
    dict of str to (float, float)
        For each other arm. What is proven, and for which data sets, stands at the top of this module.

    Raises
    ------
    ReconstructionError
        No arm has the label `reference`, or an arm cannot be reconstructed.
    """
    from survrecon.reconstruction.joint import fit

    if reference not in [arm.label for arm in arms]:
        raise ReconstructionError(f"reference {reference!r} is not among the arms: {', '.join(arm.label for arm in arms)}")
    sides = {}
    for arm in arms:
        fitted, ipd = fit(clean(arm).arm)
        shift = misread * fitted.model.sigma
        sides[arm.label] = tuple(side_of(fitted, ipd, by) for by in (-shift, shift))
    base = sides.pop(reference)
    return {label: (_inverse(largest(ours[1], base[0])), largest(base[1], ours[0])) for label, ours in sides.items()}


def with_bounds(analysis: Analysis, arms: Sequence[Arm]) -> Analysis:
    """Return the analysis with bounds of each hazard ratio that has a spread.

    Parameters
    ----------
    analysis : Analysis
        With spreads.
    arms : sequence of Arm
        Those that were analyzed, with curves.

    Returns
    -------
    Analysis
        The bounds take the curves as misread by up to `TYPICAL` of their reading errors, as most of the draws do.
    """
    ratios = [spread for spread in analysis.spreads if spread.quantity == "hazard ratio"]
    if not ratios or analysis.reference is None:
        return analysis
    found = bounds(arms, analysis.reference, TYPICAL)
    filled = (replace(each, bounds=found[each.arm]) if each in ratios and each.arm else each for each in analysis.spreads)
    return replace(analysis, spreads=tuple(filled))


def _inverse(ratio: float) -> float:
    return 1 / ratio if ratio else float("inf")


def largest(control: Side, active: Side) -> float:
    """Compute an upper bound of the hazard ratio of one arm against another; see the module's text for what is proven.

    Parameters
    ----------
    control : Side
        The arm in the denominator.
    active : Side
        The arm in the numerator.

    Returns
    -------
    float
        Infinite where no bound below `RATIOS` holds. The smallest ratio is one over the largest with the arms exchanged.
    """
    from scipy.optimize import brentq

    time = np.concatenate([control.time, active.time])
    own = np.repeat([False, True], [control.time.size, active.time.size])
    order = np.lexsort((own, time))
    time, own = time[order], own[order]
    hazard = np.concatenate([_hazard(control), _hazard(active)])[order]
    courses = _course(control, time, ~own), _course(active, time, own)
    both = np.isin(time, time[own]) & np.isin(time, time[~own])

    def score(log_ratio: float) -> float:
        return _largest_score(courses, own, hazard, both, float(np.exp(log_ratio)))

    low, high = np.log(RATIOS)
    if score(high) >= 0:
        return float("inf")
    return float(np.exp(brentq(score, low, high, xtol=PRECISION) + PRECISION)) if score(low) > 0 else 0.0


def _hazard(side: Side) -> FloatArray:
    hazard: FloatArray = 1 - side.survival / np.append(1.0, side.survival[:-1])
    return hazard


def _course(side: Side, time: FloatArray, own: BoolArray) -> _Course:
    """Return the numbers at risk that an arm may have at the drops of both arms."""
    where = "left" if side.closing else "right"
    interval = np.maximum(np.searchsorted(side.edges, time, side=where) - 1, 0)  # type: ignore[call-overload]
    interval[own] = side.interval
    interval = np.maximum.accumulate(interval)
    nodes = _nodes(side, min(CELLS, int((WORK / max(time.size, 1)) ** 0.5)))[interval]
    last = np.searchsorted(side.time, time, side="right") - 1
    following = np.searchsorted(side.time, time, side="left")
    high = np.append(side.high, np.inf)[last]
    to_the_end = 1 / max(float(side.survival[-1]), TINY) if side.survival.size else 1.0
    low = np.where(following < side.time.size, np.append(side.low, 0.0)[following], np.where(time <= side.end, to_the_end, 0.0))
    before, after = (np.append(1.0, side.survival)[np.searchsorted(side.time, time, side=end)] for end in ("left", "right"))
    after = np.where(own, before, after)  # of the other arm: after its own events of the same time
    z = np.clip(nodes, low[:, None], np.maximum(high, low)[:, None])
    return _Course(z[:, :-1] * before[:, None], z[:, 1:] * after[:, None], interval)


def _nodes(side: Side, most: int) -> FloatArray:
    """Return the borders of the cells of each interval, falling from `top`; the last one is `bottom`."""
    least = side.low.min(initial=np.inf)  # before the last drop, and where `bottom` is 0
    depth = np.log(np.maximum(side.top, TINY) / np.clip(np.maximum(side.bottom, least), TINY, np.maximum(side.top, TINY)))
    cells = int(np.clip(np.ceil(depth.max() / CELL), 1, max(most, 1)))
    nodes: FloatArray = side.top[:, None] * np.exp(-depth[:, None] * np.arange(cells + 1) / cells)
    nodes[:, -1] = side.bottom
    return nodes


def _largest_score(courses: tuple[_Course, _Course], own: BoolArray, hazard: FloatArray, tied: BoolArray, ratio: float) -> float:
    """Return the largest score of all courses, by dynamic programming: each entry is the best of the courses that are now in that cell."""
    control, active = courses
    best = np.zeros((control.most.shape[1], active.most.shape[1]))
    at = [0, 0]
    for k in range(own.size):
        for axis, course in enumerate(courses):
            if course.interval[k] != at[axis]:  # z starts anew, from the count at the risk time
                best = np.broadcast_to(best.max(axis=axis, keepdims=True), best.shape)
                at[axis] = int(course.interval[k])
        best = np.maximum.accumulate(np.maximum.accumulate(best, axis=0), axis=1)
        if own[k]:
            gain = _of_active(control.most[k][:, None], active.most[k][None, :], hazard[k], ratio, bool(tied[k]))
        else:
            gain = _of_control(control.least[k][:, None], active.least[k][None, :], hazard[k], ratio)
        best = best + gain
    return float(best.max())


def _of_active(n0: FloatArray, n1: FloatArray, hazard: float, ratio: float, tied: bool) -> FloatArray:
    """Return the most that a drop of arm 1 adds to the score; it rises with n0 and n1.

    The k = n1 h events come one by one, and the one after r others adds g(r) = n0 / (n0 + x (n1 - r)), which is convex and rises
    with r: their sum is at most the integral of g from -1/2 to k - 1/2. With events of arm 0 at the same time, from 0 to k.
    """
    rest = n0 + (0.0 if tied else ratio / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        gain: FloatArray = np.where(n0 > 0, n0 / ratio * np.log((rest + ratio * n1) / (rest + ratio * n1 * (1 - hazard))), 0.0)
    return gain


def _of_control(n0: FloatArray, n1: FloatArray, hazard: float, ratio: float) -> FloatArray:
    """Return the least that a drop of arm 0 takes from the score, with a minus sign; it grows with n0 and n1.

    The event after r others takes x n1 / (n0 - r + x n1), which is convex in r: k = n0 h of them take at least k times its
    value at their mean, (k - 1) / 2. With events of arm 1 at the same time too, if n1 does not count those.
    """
    others = n0 * (1 - hazard / 2) + 0.5
    taken: FloatArray = -ratio * hazard * n0 * n1 / np.maximum(others + ratio * n1, 1e-300)
    return taken


def side_of(fitted: Fitted, ipd: IPD, shift: float = 0.0) -> Side:
    """Describe what a joint reconstruction knows of its arm.

    Parameters
    ----------
    fitted : Fitted
        The reconstruction, from `survrecon.reconstruction.joint.fit`.
    ipd : IPD
        Its subjects.
    shift : float
        Added to survival at every point, which stays between 0 and 1.

    Returns
    -------
    Side
        Its drops.
    """
    model, layout = fitted.model, fitted.model.layout
    moved = np.where(layout.time > 0, np.clip(layout.survival + shift, 0, 1), 1.0)
    ends = np.where(layout.edges[1:] > 0, np.clip(layout.end_survival + shift, 0, 1), 1.0)
    final = np.append(np.diff(layout.time) > 0, True)
    if model.between:  # a risk time has a point of its own, whose drop comes before it
        final |= np.append(np.diff(layout.interval) > 0, False)
    before = np.append(1.0, moved[final][:-1])
    falls = moved[final] < before
    drop = np.flatnonzero(final)[falls]
    interval, before = layout.interval[drop], before[falls]
    borders = layout.counts / np.append(1.0, np.where(ends > 0, ends, np.inf))
    borders = np.append(borders[:-1], 0.0)
    high, low = _by_marks(layout, drop, borders, moved, MARK_SLACK * layout.end if model.between else model.time_step)
    low = np.maximum(low, np.where(layout.survival[drop] > 0, 2, 1) / before)  # whoever has the event, and after it whoever has not
    if not model.between:
        slack = max(MISREAD * model.sigma, float(np.abs(misfit(ipd, layout.time[drop], layout.survival[drop])).max(initial=0)))
        few, many = _by_drops(fitted.events, drop, 1 - moved[drop] / before, 2 * slack / before)
        high, low = np.minimum(high, many / before), np.maximum(low, few / before)
    return Side(
        layout.time[drop],
        moved[drop],
        interval,
        layout.edges[:-1],
        np.maximum(borders[:-1], borders[1:]),  # misread, survival may have fallen faster than the numbers at risk allow
        np.minimum(borders[:-1], borders[1:]),
        np.minimum.accumulate(high),
        np.maximum.accumulate(low[::-1])[::-1],
        layout.end if layout.closed and layout.survival[-1] > 0 else 0.0,
        model.between,
    )


def _by_marks(layout: Layout, drop: IntArray, borders: FloatArray, survival: FloatArray, slack: float) -> tuple[FloatArray, FloatArray]:
    """Return the largest and smallest z at each drop: each mark is somebody who left within `slack` of it, and takes 1 / S of z along."""
    time, interval = layout.time[drop], layout.interval[drop]
    marks = layout.firm_marks
    inside = np.clip(np.searchsorted(layout.edges[:-1], marks, side="right") - 1, 0, layout.losses.size - 1)
    size = 1 / np.maximum(np.append(1.0, survival)[np.searchsorted(layout.time, marks, side="right")], 1e-9)
    same = inside[None, :] == interval[:, None]
    gone = ((same & (marks + slack < time[:, None])) * size).sum(axis=1)
    to_go = ((same & (marks - slack >= time[:, None])) * size).sum(axis=1)
    return borders[:-1][interval] - gone, borders[1:][interval] + to_go


def _by_drops(events: IntArray, drop: IntArray, hazard: FloatArray, slack: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the fewest and the most at risk that the drop of each number of events tells; a drop to 0 tells nothing."""
    happened = np.cumsum(events)[drop]
    count = np.diff(happened, prepend=0)
    with np.errstate(divide="ignore"):
        many = np.where((hazard > slack) & (hazard < 1), count / np.maximum(hazard - slack, 1e-300), np.inf)
    return np.where(hazard < 1, count / (hazard + slack), 0.0), np.where(count > 0, many, np.inf)
