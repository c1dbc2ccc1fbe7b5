"""Draws around a joint reconstruction, in chunks that any executor can work on."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from survrecon.data import IPD, FloatArray, IntArray
from survrecon.reconstruction._censoring import drawn_censoring
from survrecon.reconstruction._draws import Noise, draw_curves, nondecreasing, place_many, resolving, thinned
from survrecon.reconstruction._layout import between_steps
from survrecon.reconstruction._model import ERRORS, Model, course_of
from survrecon.reconstruction._smooth import deviations
from survrecon.reconstruction._walks import force_total, halfway, meet_total, walk_many

CHUNK = 100  # draws worked on together; fixed, so that they do not depend on the number of workers
UNEVEN = 0.3  # excess variance of censoring counts over evenly spread times, for each subject censored: rates differ within an interval
TAIL_UNEVEN = 0.25  # the same where no count follows
KNOWN, UNKNOWN = 0.08, 0.16  # reading error of a drop, in subjects: up to which it tells the number at risk, and from which it does not

STANDS_OUT = 0.2  # reading error, in subjects of a full arm, up to which the curve can tell the number at risk
CLOSE = 1.5  # mean square of a fit that does, over that of the reading error
FOLLOWED = 0.12  # events by which a fit misses most drops at most, if it has found the number at risk
LAST_FEW = 8  # subjects whose leaving tells how likely the last one had the event
LEAST_VARIANCE = 0.25  # of the number of events that a curve shows
UNMARKED = 0.02  # of the last subject: censored without a mark, or with the event beside a mark


@dataclass(frozen=True, eq=False)
class Fitted:
    """A joint reconstruction, as the draws need it.

    Attributes
    ----------
    model : Model
        Points, reading error and tail.
    events, censored : ndarray, shape (k,)
        Events at each point, and censored before it in its interval.
    total : int or None
        Printed number of events.
    label : str
        Name of the arm.
    """

    model: Model
    events: IntArray
    censored: FloatArray
    total: int | None
    label: str


def draw(fitted: Fitted, draws: int, seed: int, executor: Executor | None) -> tuple[IPD, ...]:
    """Draw data sets that the input leaves open.

    Parameters
    ----------
    fitted : Fitted
        The single reconstruction.
    draws : int
        How many.
    seed : int
        The same seed gives the same draws, whatever the executor; arms of one figure drawn with one seed share the
        errors of its axes, draw by draw.
    executor : concurrent.futures.Executor or None
        Where the chunks are computed; None for here.

    Returns
    -------
    tuple of IPD
        Each meets the numbers at risk and the printed total exactly.
    """
    sizes = [min(CHUNK, draws - start) for start in range(0, draws, CHUNK)]
    work = executor.map if executor else map
    chunks = work(_chunk, [fitted] * len(sizes), sizes, [seed] * len(sizes), range(len(sizes)))
    return tuple(ipd for chunk in chunks for ipd in chunk)


def _chunk(fitted: Fitted, draws: int, seed: int, number: int) -> tuple[IPD, ...]:
    axis = np.random.default_rng([seed, number, 0]).standard_normal((draws, 2))
    noise = Noise(axis, np.random.default_rng([seed, number, 1, crc32(fitted.label.encode())]))
    return (_between_points if fitted.model.between else _at_points)(fitted, draws, noise)


def _at_points(fitted: Fitted, draws: int, noise: Noise) -> tuple[IPD, ...]:
    """Draw where the points are the drops themselves; then their events are known, unless nothing tells the number at risk."""
    model, layout = fitted.model, fitted.model.layout
    paths, events = _paths(fitted, noise), np.tile(fitted.events, (draws, 1))
    if _n_only(fitted) and fitted.total is None and _missed(fitted) > FOLLOWED:
        paths = drawn_censoring(layout, draws, None, noise.arm)
        events = walk_many(layout, paths, np.tile(layout.survival, (draws, 1)), model.single_last)
    time_step = model.time_step if model.sigma > ERRORS[0] else 0.0  # read exactly: the steps are those of the data
    return place_many(layout, events, paths, False, time_step, fitted.label, noise.arm.random)


def _between_points(fitted: Fitted, draws: int, noise: Noise) -> tuple[IPD, ...]:
    """Draw where events happened between the points: a curve, a course of censoring, and the events that follow from both."""
    model, layout = fitted.model, fitted.model.layout
    told = not _n_only(fitted) or (fitted.total is not None and model.single_last) or _tells_number_at_risk(fitted)
    paths = _paths(fitted, noise) if told else drawn_censoring(layout, draws, fitted.total, noise.arm)
    curves = draw_curves(model, fitted.events, noise)
    kept = resolving(layout, fitted.events, fitted.censored)
    layout, curves, paths = thinned(layout, kept), curves[:, kept], paths[:, kept]
    unseen = np.zeros(draws, dtype=int)

    def events_of(moved: FloatArray, rows: IntArray) -> IntArray:
        return walk_many(layout, halfway(layout, moved), curves[rows], model.single_last, unseen[rows])

    events = events_of(paths, np.arange(draws))
    spare = layout.losses[-1] - layout.firm_counts[-1] - events[:, layout.interval == layout.losses.size - 1].sum(axis=1)
    likely = _given_total(_unseen_last(fitted), events.sum(axis=1), fitted.total)
    unseen = ((noise.arm.random(draws) < likely) & (spare > 0)).astype(int)
    if fitted.total is not None:
        paths, events = meet_total(layout, paths, events, events_of, fitted.total - unseen)
        events = force_total(layout, events, fitted.total - unseen, unseen)
    return place_many(layout, events, paths, True, 0.0, fitted.label, noise.arm.random, unseen)


def _given_total(likely: float, seen: IntArray, total: int | None) -> float:
    """Return how likely an event after the last point is beside a printed total, when as many as `seen` are on the curve."""
    if total is None or likely == 0:
        return likely
    off, spread = float(seen.mean()) - total, 2 * max(float(seen.var()), LEAST_VARIANCE)
    odds = likely / (1 - likely) * np.exp(np.clip((off**2 - (off + 1) ** 2) / spread, -50, 50))
    return float(odds / (1 + odds))


def _n_only(fitted: Fitted) -> bool:
    """Return whether neither numbers at risk nor marks tell when subjects were censored."""
    return fitted.model.layout.losses.size == 1 and fitted.model.layout.open_end


def _tells_number_at_risk(fitted: Fitted) -> bool:
    """Return whether the single reconstruction follows the curve as closely as it was read, with events that stand out."""
    model = fitted.model
    stands_out = model.single_last and model.sigma * model.layout.counts[0] <= STANDS_OUT
    return bool(stands_out and np.mean(_misfit(fitted) ** 2) < CLOSE * model.sigma**2)


def _missed(fitted: Fitted) -> float:
    """Return by how much the single reconstruction misses most points, in subjects of the full arm."""
    return float(np.median(np.abs(_misfit(fitted))) * fitted.model.layout.counts[0])


def _misfit(fitted: Fitted) -> FloatArray:
    n = np.maximum(_at_risk(fitted), np.maximum(fitted.events, 1))
    missed: FloatArray = np.cumprod(1 - fitted.events / n) - fitted.model.layout.reading
    return missed


def _at_risk(fitted: Fitted) -> FloatArray:
    """Return the number at risk before each point, in the single reconstruction."""
    layout, events = fitted.model.layout, fitted.events
    ahead = np.append(0, np.cumsum(events))
    before = ahead[:-1] - ahead[np.searchsorted(layout.interval, layout.interval)]  # in the interval
    at_risk: FloatArray = layout.counts[layout.interval] - before - fitted.censored
    return at_risk


def _unseen_last(fitted: Fitted) -> float:
    """Return how likely the curve, sampled at regular times, ends with an event after the last sample."""
    layout = fitted.model.layout
    if not fitted.model.single_last or not layout.closed or layout.survival[-1] <= 0:
        return 0.0
    if layout.losses[-1] - layout.firm_counts[-1] - fitted.events[layout.interval == layout.losses.size - 1].sum() < 1:
        return 0.0
    if layout.mark_counts[-1]:
        step = layout.time[-1] - layout.time[-2]
        return UNMARKED if layout.marks[-1] >= layout.end - step else 1 - UNMARKED
    left = _at_risk(fitted) - fitted.events
    last_few = min(LAST_FEW, float(left.max()))
    events = min(float(fitted.events[left <= last_few].sum()), last_few)
    # with m left, somebody is censored at a rate that does not depend on m much, and has the event at a rate in proportion to m
    against = (last_few - events + 0.5) * (last_few + 1) / 2
    return (events + 0.5) / (events + 0.5 + against)


def _paths(fitted: Fitted, noise: Noise) -> FloatArray:
    """Draw the censored before each point from their posterior distribution, shape (draws, k)."""
    model, events, censored = fitted.model, fitted.events, fitted.censored
    layout, draws = model.layout, noise.axis.shape[0]
    course, steps, _ = course_of(model, events)
    if steps.size == 0:
        return np.tile(censored, (draws, 1))
    lost = layout.losses - np.bincount(layout.interval, weights=events, minlength=layout.losses.size)
    interval, at = layout.interval[steps], course.full - censored[steps]
    free = np.where(layout.mark_counts > 0, np.maximum(lost - layout.mark_counts, 0), lost)[interval]
    tail = layout.open_end & (interval == lost.size - 1)
    loose = 1 + np.where(tail, TAIL_UNEVEN, UNEVEN) * free
    weight = course.weight
    if model.between:  # a drop that does not stand out says nothing about the number at risk
        blur = model.sigma / np.maximum(layout.survival[steps], 1e-9) * at
        weight = weight * np.clip((UNKNOWN - blur) / (UNKNOWN - KNOWN), 1e-6, 1)
    loosened = replace(course, variance=course.variance * loose, variance_end=course.variance_end * loose, weight=weight)
    change = -deviations(loosened, at, noise.arm.standard_normal((steps.size, draws)))
    spread = np.array([between_steps(layout, steps, column) for column in change.T])
    paths: FloatArray = np.clip(censored + spread, 0, lost[layout.interval])
    for i in np.unique(layout.interval):
        inside = layout.interval == i
        paths[:, inside] = nondecreasing(paths[:, inside])
    return paths
