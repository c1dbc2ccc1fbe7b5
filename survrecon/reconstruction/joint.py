"""All constraints of an arm at once: curve, risk table, total events, censor marks.

The flow: how precisely was the curve read (`_reading`); points into risk intervals (`_layout`, `_model`); events at
each point (`_forward`); the course of the number at risk (`_smooth`); back to the events, until both agree;
whole numbers and subjects (`_place`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from survrecon.data import IPD, Arm, FloatArray, IntArray
from survrecon.errors import InconsistentDataError, ReconstructionError
from survrecon.reconstruction._common import NEAR, Draft, Method, aligned, misfit
from survrecon.reconstruction._conflicts import conflicts
from survrecon.reconstruction._forward import track, walk
from survrecon.reconstruction._layout import TAIL_SHAPES, Layout, between_steps, layout_of, tail_shape
from survrecon.reconstruction._model import Model, course_of, read_model
from survrecon.reconstruction._place import place
from survrecon.reconstruction._sampling import Fitted, draw
from survrecon.reconstruction._search import ROUNDING, search
from survrecon.reconstruction._smooth import smooth
from survrecon.reconstruction._targets import is_number, meet_targets

ROUNDS = 4
BEND = 2.5  # exponent by which the curve bends along, over its reading error
LARGEST_BEND = 0.1  # the same where nothing less gives the printed number of events
PULL = 3.0  # largest shift of the censoring, in bridge variances
BISECTIONS = 9
CLOSER = 0.5  # of the error of the curve with censor marks: without them it must be below this for the marks to give way
FIT = 3.0  # reading errors by which the reconstruction may miss a precise drop
NEGLIGIBLE = 0.1  # events; a smaller miss is not worth a note


def _censoring(model: Model, events: IntArray, guess: FloatArray) -> FloatArray:
    """Return the most probable number censored, in its interval, before each point."""
    layout = model.layout
    course, steps, expected = course_of(model, events)
    if steps.size == 0:
        return expected
    least, most = (bound[steps] for bound in _bounds(layout, events))
    at = course.full - guess[steps]
    for _ in range(2):
        at = course.full - np.clip(course.full - smooth(course, at), least, most)
    found = course.full - at
    inside = layout.interval[steps]
    for i in np.unique(inside):  # nobody comes back
        found[inside == i] = np.maximum.accumulate(found[inside == i])
    censored: FloatArray = expected + between_steps(layout, steps, found - expected[steps])
    return censored


def _bounds(layout: Layout, events: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the fewest and the most censored before each point: the marks before it, and all but the marks after it."""
    total = (layout.losses - np.bincount(layout.interval, weights=events, minlength=layout.losses.size))[layout.interval]
    marks = layout.mark_counts[layout.interval]
    least = np.minimum(marks * layout.share, total)
    return least, np.maximum(total - marks * (1 - layout.share), least)


def _settle(model: Model) -> tuple[IntArray, FloatArray]:
    """Alternate between events and censoring until the events stay."""
    found = track(model.layout, model.sigma, model.shape, model.single_last)
    events, censored = found.count, found.censored
    for _ in range(ROUNDS):
        censored = _censoring(model, events, censored)
        again = walk(model.layout, censored, model.layout.survival, model.single_last)
        if np.array_equal(again, events):
            break
        events = again
    return events, _censoring(model, events, censored)


def _meet_total(model: Model, total: int) -> tuple[Model, IntArray, FloatArray]:
    """Meet the printed number of events: by the tail's shape, then by when subjects left, then by the reading error."""
    layout = model.layout
    events, censored = _settle(model)
    excess = int(events.sum()) - total
    if excess and layout.counts.size == 2 and layout.open_end:  # no count after the first: the shape is a guess

        def at_shape(log_shape: float) -> Model:
            return replace(model, shape=float(np.exp(log_shape)))

        low, high = np.log(TAIL_SHAPES)
        model = at_shape(_bisect(lambda x: int(_settle(at_shape(x))[0].sum()) - total, low, high, float(np.log(model.shape)), excess))
        events, censored = _settle(model)
        excess = int(events.sum()) - total
    if excess:
        shifted = _shift(layout, events, censored)

        def walked(x: float, bend: float) -> IntArray:
            return walk(layout, shifted(x), layout.survival ** np.exp(bend), model.single_last)

        bend = BEND * model.sigma
        x = _bisect(lambda x: int(walked(x, bend * x).sum()) - total, -PULL, PULL, 0.0, excess)
        events, censored = walked(x, bend * x), shifted(x)
        excess = int(events.sum()) - total
        if excess and layout.counts.size > 2 and not layout.marks.size:  # the reading error must be larger than it shows
            x = float(np.copysign(PULL, -excess))
            found = _bisect(lambda y: int(walked(x, y).sum()) - total, -LARGEST_BEND, LARGEST_BEND, bend * x, excess)
            events, censored = walked(x, found), shifted(x)
            excess = int(events.sum()) - total
    if excess:
        events = _force(layout, events, excess)
    return model, events, censored


def _shift(layout: Layout, events: IntArray, censored: FloatArray) -> Callable[[float], FloatArray]:
    """Return the censoring moved later by x times its bridge variance."""
    total = (layout.losses - np.bincount(layout.interval, weights=events, minlength=layout.losses.size))[layout.interval]
    part = np.divide(censored, total, out=np.zeros_like(censored), where=total > 0)
    least, most = _bounds(layout, events)
    return lambda x: np.clip(censored - x * total * part * (1 - part), least, most)


def _bisect(excess_at: Callable[[float], int], low: float, high: float, at: float, excess: int) -> float:
    """Return the point nearest to `at` where an increasing step function comes closest to 0."""
    best, fewest = at, abs(excess)
    low, high = (low, at) if excess > 0 else (at, high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        found = excess_at(middle)
        if abs(found) < fewest or (found == 0 and abs(middle - at) < abs(best - at)):
            best, fewest = middle, abs(found)
        if found > 0 or (found == 0 and middle > at):
            high = middle
        else:
            low = middle
    return best


def _force(layout: Layout, events: IntArray, excess: int) -> IntArray:
    """Turn the last events into censored subjects, or the last censored into events, as far as the intervals allow."""
    events = events.copy()
    for k in range(events.size - 1, 0, -1):
        if excess > 0:
            change = -min(int(events[k]), excess)
        else:
            i = layout.interval[k]
            room = layout.losses[i] - layout.firm_counts[i] - events[layout.interval == i].sum()
            change = min(max(int(room), 0), -excess)
        events[k] += change
        excess += change
        if excess == 0:
            break
    return events


def _solve(model: Model, total: int | None) -> tuple[Model, IntArray, FloatArray]:
    return (model, *_settle(model)) if total is None else _meet_total(model, total)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Subjects of one arm, with the counts behind them, and what they miss.

    `misses` compares fits, worst first: events beside the printed total; whether precise drops are missed; censor
    marks in intervals that lose nobody to censoring, and intervals that do without a mark; survival.
    """

    model: Model
    events: IntArray
    censored: FloatArray
    ipd: IPD
    misses: tuple[int, bool, int, float]


def _placed(model: Model, events: IntArray, censored: FloatArray, arm: Arm) -> _Fit:
    layout = model.layout
    ipd = place(layout, events, censored, model.between, model.shape, model.time_step, arm.label)
    last = np.append(np.diff(layout.time) > 0, True)
    survival = float(np.abs(misfit(ipd, layout.time[last], layout.survival[last])).max())
    left = layout.losses - np.bincount(layout.interval, weights=events, minlength=layout.losses.size)
    marks = layout.mark_counts
    odd_marks = np.sum(np.maximum(marks - left, 0)) + np.sum((marks == 0) & (left > 0)) if marks.any() else 0
    missed = model.resolved and not model.between and survival > FIT * model.sigma + ROUNDING
    total = 0 if arm.total_events is None else abs(int(events.sum()) - arm.total_events)
    return _Fit(model, events, censored, ipd, (total, missed, int(odd_marks), survival))


def _fit(model: Model, arm: Arm) -> _Fit:
    """Fit one arm; where the numbers found do not fit precise drops, search for some that do."""
    found = _placed(*_solve(model, arm.total_events), arm)
    if not any(found.misses[:2]) or model.between or not model.resolved:
        return found
    numbers = search(model.layout, model.sigma, model.shape, arm.total_events)
    return found if numbers is None else min(found, _placed(model, *numbers, arm), key=lambda fit: fit.misses)


def estimate(
    arm: Arm,
    reading_error: float | None = None,
    targets: Mapping[str, Any] | None = None,
    on_conflict: Literal["error", "nearest"] = "error",
    draws: int = 0,
    seed: int = 1,
    executor: Executor | None = None,
) -> Draft:
    """Reconstruct one arm from everything that is known about it.

    Parameters
    ----------
    arm : Arm
        A cleaned arm with a curve. Risk table, total events and censor marks are used where present.
    reading_error : float, optional
        Standard deviation of the reading error of survival, as a probability; by default it is estimated
        from quantization, from rises, or as the smallest that the drops do not contradict.
    targets : mapping, optional
        Published numbers to be met within their rounding: ``{"median": 11.3, "survival": {12: 0.48}}``.
    on_conflict : {"error", "nearest"}
        What to do with numbers that cannot all be true: raise, or keep the counts and note what gave way.
    draws : int
        How many data sets to draw from what the input leaves open; each meets the numbers at risk and the total exactly.
    seed : int
        Of the draws; the same for all arms of a figure.
    executor : concurrent.futures.Executor, optional
        Computes the draws, in chunks; they do not depend on it.

    Returns
    -------
    Draft
        Numbers at risk equal the printed ones at every risk time, events the printed total.

    Raises
    ------
    InconsistentDataError
        Two inputs that cannot both be true, named with their numbers.
    ReconstructionError
        The arm has no curve, or an option is not valid.

    Notes
    -----
    After the last printed count, the number not yet censored follows 1 - (t / end)^shape, with the shape
    that the risk table implies at its last time (2.5 without one), so that nobody is left at the end of the curve.
    """
    if arm.curve is None:
        raise ReconstructionError(f"arm {arm.label!r}: method 'joint' needs curve coordinates")
    if on_conflict not in ("error", "nearest"):
        raise ReconstructionError(f"on_conflict = {on_conflict!r}; use 'error' or 'nearest'")
    if reading_error is not None and not (is_number(reading_error) and 0 <= reading_error < 0.5):
        raise ReconstructionError(f"reading_error = {reading_error!r}; give a probability from 0 to 0.5, e.g. 0.002")
    if draws < 0:
        raise ReconstructionError(f"draws = {draws!r}; give how many data sets to draw, or 0 for none")
    arm = aligned(arm, NEAR * arm.curve.time[-1])
    model = read_model(arm, reading_error)
    notes = [f"reading error of survival {model.sigma:.2g} ({'stated' if reading_error is not None else 'estimated'})"]
    arm, fit, more = _weighed(model, arm, on_conflict)
    notes += more
    ipd = fit.ipd
    used: list[str] = []
    if targets:
        ipd, used, more = meet_targets(ipd, targets, fit.model.layout.time, lambda exponent: _bent(fit.model, arm, exponent))
        notes += more
    drawn: tuple[IPD, ...] = ()
    if draws:
        drawn = draw(Fitted(fit.model, fit.events, fit.censored, arm.total_events, arm.label), draws, seed, executor)
    return Draft(ipd, tuple(notes), tuple(used), drawn, curve=arm.curve)


def fit(arm: Arm) -> tuple[Fitted, IPD]:
    """Reconstruct one arm, and tell how.

    Parameters
    ----------
    arm : Arm
        A cleaned arm with a curve.

    Returns
    -------
    fitted : Fitted
        Points, events and censoring.
    ipd : IPD
        The subjects.

    Raises
    ------
    InconsistentDataError
        As `estimate`.
    ReconstructionError
        The arm has no curve.
    """
    if arm.curve is None:
        raise ReconstructionError(f"arm {arm.label!r}: bounds need curve coordinates")
    arm = aligned(arm, NEAR * arm.curve.time[-1])
    arm, found, _ = _weighed(read_model(arm, None), arm, "error")
    return Fitted(found.model, found.events, found.censored, arm.total_events, arm.label), found.ipd


def _weighed(model: Model, arm: Arm, on_conflict: str) -> tuple[Arm, _Fit, list[str]]:
    """Fit the arm, or what it says once times read beside a risk time are moved to it; raise or note what contradicts."""
    notes = []
    found = conflicts(model.layout, model.sigma, model.between, arm.total_events)
    fit = None if found else _fit(model, arm)
    if (fit is None or any(fit.misses[:3])) and model.time_step > 0:
        moved = aligned(arm, model.time_step / 2)
        layout = layout_of(moved, model.between, model.time_step)
        if not conflicts(layout, model.sigma, model.between, arm.total_events):
            other = _fit(replace(model, layout=layout, shape=tail_shape(layout)), moved)
            if fit is None or other.misses < fit.misses:
                arm, fit, found = moved, other, []
                notes.append(f"events and marks read within {model.time_step / 2:.2g} of a risk time taken to be at that time")
    for conflict in found:
        if on_conflict == "error":
            message = f"{conflict.message}; correct one of them, or use on_conflict='nearest'"
            raise InconsistentDataError(arm.label, message, conflict.interval)
        notes.append(f"from {conflict.interval[0]:g} to {conflict.interval[1]:g}: {conflict.message}; {conflict.weaker} gave way")
    fit = fit or _fit(model, arm)
    if fit.model.layout.marks.size and (fit.misses[0] or (fit.misses[1] and fit.misses[3] > NEGLIGIBLE / arm.n)):
        bare = replace(arm, censor_times=None)
        layout = layout_of(bare, model.between, model.time_step)
        other = _fit(replace(model, layout=layout, shape=tail_shape(layout)), bare)
        if other.misses[:2] < fit.misses[:2] or other.misses[3] < CLOSER * fit.misses[3]:
            arm, fit = bare, other
            notes.append("the censor marks were left out: with them, the curve or the printed total would be missed by more")
    if fit.misses[0]:
        notes.append(
            f"{fit.events.sum()} events were placed, {arm.total_events} are printed: the other numbers leave room for no more agreement"
        )
    if fit.misses[1] and fit.misses[3] > NEGLIGIBLE / arm.n:
        notes.append(f"the curve is missed by up to {fit.misses[3]:.2g}, more than its reading error: not all that was given can be exact")
    return arm, fit, notes


def _bent(model: Model, arm: Arm, exponent: FloatArray) -> IPD:
    """Reconstruct with the curve raised to a power that varies with time."""
    bent = replace(model.layout, survival=np.minimum.accumulate(model.layout.survival**exponent))
    return _fit(replace(model, layout=bent), arm).ipd


METHOD = Method("all constraints at once: curve, risk table, total events, censor marks", estimate)
