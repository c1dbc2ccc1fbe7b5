"""Draws around a joint reconstruction, in chunks that any executor can work on."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from survrecon.data import IPD, FloatArray, IntArray
from survrecon.reconstruction._common import at_risk, misfit
from survrecon.reconstruction._draws import Noise, draw_curves, meet_total, nondecreasing, place_many, resolving, thinned, walk_many
from survrecon.reconstruction._layout import Layout, between_steps
from survrecon.reconstruction._model import ERRORS, Model, course_of
from survrecon.reconstruction._smooth import deviations

CHUNK = 100  # draws worked on together; fixed, so that they do not depend on the number of workers
SHARES = 11  # times at which the censored leave, and shares of them that leave at once, tried for the bounds without a risk table
UNEVEN = 0.3  # excess variance of censoring counts over evenly spread times, for each subject censored: rates differ within an interval
TAIL_UNEVEN = 0.25  # the same where no count follows
KNOWN, UNKNOWN = 0.08, 0.16  # reading error of a drop, in subjects: up to which it tells the number at risk, and from which it does not


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
    model, label = fitted.model, fitted.label
    layout = model.layout
    paths = _paths(fitted, noise)
    if not model.between:
        time_step = model.time_step if model.sigma > ERRORS[0] else 0.0  # read exactly: the steps are those of the data
        return place_many(layout, np.tile(fitted.events, (draws, 1)), paths, False, time_step, label, noise.arm.random)
    curves = draw_curves(layout, model.sigma, noise)
    kept = resolving(layout, fitted.events, fitted.censored)
    layout, curves, paths = thinned(layout, kept), curves[:, kept], paths[:, kept]

    def events_of(moved: FloatArray, rows: IntArray) -> IntArray:
        return walk_many(layout, moved, curves[rows], model.single_last)

    if fitted.total is None:
        events = walk_many(layout, paths, curves, model.single_last)
    else:
        paths, events = meet_total(layout, paths, events_of, fitted.total)
    return place_many(layout, events, paths, True, 0.0, label, noise.arm.random)


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


def extremes(fitted: Fitted, single: IPD) -> tuple[IPD, ...]:
    """Make the data sets with subjects censored as early, or as late, as everything that was given allows.

    Parameters
    ----------
    fitted : Fitted
        The single reconstruction.
    single : IPD
        Its subjects.

    Returns
    -------
    tuple of IPD
        The single reconstruction; then early everywhere, late everywhere, and every switch from one to the other at a
        risk time; without a risk table, everybody who leaves at one of several times, and a part of them at once. Those
        that miss the curve by more than the single reconstruction, the reading error and half an event are left out. Where the drops
        tell the number at risk, only the place between two drops is free.
    """
    model, layout, label = fitted.model, fitted.model.layout, fitted.label
    lost = (layout.losses - np.bincount(layout.interval, weights=fitted.events, minlength=layout.losses.size))[layout.interval]
    paths = lost * _early(layout)
    curves = np.tile(layout.survival, (paths.shape[0], 1))

    def events_of(moved: FloatArray, rows: IntArray) -> IntArray:
        return walk_many(layout, moved, curves[rows], model.single_last)

    sets: list[IPD] = []
    for end in (1e-9, 1 - 1e-9):

        def part(shape: tuple[int, ...], end: float = end) -> FloatArray:
            return np.full(shape, end)

        if model.between:
            if fitted.total is None:
                moved, events = paths, walk_many(layout, paths, curves, model.single_last)
            else:
                moved, events = meet_total(layout, paths, events_of, fitted.total)
            sets += place_many(layout, events, moved, True, 0.0, label, part)
        else:
            sets += place_many(layout, fitted.events[None, :], fitted.censored[None, :], False, 0.0, label, part)
    least = _rms(misfit(single, layout.time, layout.survival)) + model.sigma

    def fits(ipd: IPD) -> bool:
        one_event = layout.survival / np.maximum(at_risk(ipd, layout.time), 1)
        return _rms(misfit(ipd, layout.time, layout.survival)) <= least + _rms(one_event) / 2

    return (single, *filter(fits, sets))


def _early(layout: Layout) -> FloatArray:
    """Return the share of each interval's censored who left before each point, one row for each pattern."""
    first = np.arange(layout.losses.size)
    if first.size > 1:
        early = np.array([(first < switch) ^ flip for switch in range(first.size + 1) for flip in (False, True)], dtype=float)
        return early[:, layout.interval]
    when = layout.end * np.linspace(0, 1, SHARES)[:, None]
    at_once = np.linspace(0, 1, SHARES)[:, None]
    return np.vstack([(layout.time >= when).astype(float), np.tile(at_once, layout.time.size)])


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))
