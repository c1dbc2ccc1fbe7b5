"""What is known of an arm before its numbers are sought: layout, reading error, tail; and its course given events."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import Arm, FloatArray, IntArray
from survrecon.reconstruction._forward import DISPERSION, FLOOR, MARK_LUMPS, MARK_SPREAD, TAIL_SPREAD, hazard, track
from survrecon.reconstruction._layout import Layout, layout_of, tail_shape, uncensored
from survrecon.reconstruction._reading import RESOLVED, Reading, common_step, reading_of
from survrecon.reconstruction._search import search
from survrecon.reconstruction._smooth import Course

ERRORS = (1e-8, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3)  # tried in turn where neither lattice nor rises show the reading error
CROWD = 3  # events at one time, on average, that only a calendar brings together
SURPRISE = 1.0  # median of squared innovations over their variance: 0.45 expected, more when the error is set too small


@dataclass(frozen=True, eq=False)
class Model:
    """A layout with its reading error and tail.

    `freedom` says on how many degrees of freedom the reading error was estimated, infinity where it was stated;
    `time_step` is the step to which times were read; `between` says that events happened between the points, not
    at them; `resolved` that single events stand out from the reading error; `single_last` that a drop to 0 is one
    event, not all that are left.
    """

    layout: Layout
    sigma: float
    freedom: float
    shape: float
    time_step: float
    between: bool
    resolved: bool
    single_last: bool


def _model(arm: Arm, reading: Reading, sigma: float) -> Model:
    resolved = sigma * arm.n <= RESOLVED
    clicked = not reading.regular and (reading.jitter > 0 or (reading.lattice == 0 and not resolved))
    layout = layout_of(arm, clicked or reading.regular, reading.time_step)
    return Model(layout, sigma, reading.freedom, tail_shape(layout), reading.time_step, clicked or reading.regular, resolved, not clicked)


def read_model(arm: Arm, stated: float | None) -> Model:
    """Find the reading error: stated, visible in the coordinates, or the smallest that surprises nobody."""
    reading = reading_of(arm.curve, arm.n)  # type: ignore[arg-type]
    if stated is not None:
        return replace(_model(arm, reading, max(stated, ERRORS[0])), freedom=math.inf)
    if reading.jitter == 0 and not reading.regular:
        exact = _model(arm, replace(reading, lattice=0.0), ERRORS[0])
        if reading.lattice == 0 and _unsurprised(exact):
            return exact
        if search(exact.layout, exact.sigma, exact.shape, arm.total_events) is not None:  # fractions of a small arm
            return exact
    if reading.sigma > 0:
        return _model(arm, reading, max(reading.sigma, ERRORS[0]))
    for sigma in ERRORS[1:]:
        model = _model(arm, reading, sigma)
        if (model.between or not _crowded(arm)) and _unsurprised(model):
            break
    return model


def _crowded(arm: Arm) -> bool:
    """Return whether points at irregular times are too few to be the drops: then each would stand for several events at one time."""
    assert arm.curve is not None
    time, survival = arm.curve.time, arm.curve.survival
    at_least = arm.n * (1 - survival[-1]) / 2  # events, even with much censoring
    return bool(at_least > CROWD * time.size and common_step(time / time[-1]) == 0)


def _unsurprised(model: Model) -> bool:
    return track(model.layout, model.sigma, model.shape, model.single_last).surprise < SURPRISE


def course_of(model: Model, events: IntArray) -> tuple[Course, IntArray, FloatArray]:
    """Collect the steps; also return their points, and the expected censored before every point."""
    layout, interval = model.layout, model.layout.interval
    full, censored, expected = _expectation(model, events)
    steps = np.flatnonzero(events)
    if steps.size and layout.survival[steps[-1]] <= 1e-9:
        steps = steps[:-1]  # a drop to 0 says nothing about the number at risk
    first = np.diff(interval[steps], prepend=-1) > 0
    final = np.diff(interval[steps], append=layout.losses.size) > 0
    gain = np.maximum(np.where(first, expected[steps], np.diff(expected[steps], prepend=0.0)), 0.0)
    tail = layout.open_end & (interval[steps] == layout.losses.size - 1)
    marks = layout.mark_counts
    beyond = MARK_SPREAD + MARK_LUMPS * np.maximum(censored / np.maximum(marks, 1) - 1, 0)
    loose = np.where(marks > 0, beyond, DISPERSION)[interval[steps]]
    variance = loose * gain + FLOOR * 0.1 + np.where(tail, (TAIL_SPREAD * gain) ** 2, 0.0)
    rest = censored[interval[steps]] - expected[steps]
    variance_end = np.where(final & ~tail, loose * rest + FLOOR * 0.1, np.inf)
    read, weight = _levels(model, steps, events)
    course = Course(events[steps].astype(float), full[steps], expected[steps], variance, variance_end, first, read, weight)
    return course, steps, expected


def _expectation(model: Model, events: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the number at risk at each point had nobody left, the censored of each interval, and those expected before each point."""
    layout, interval = model.layout, model.layout.interval
    last = layout.losses.size - 1
    per_interval = np.bincount(interval, weights=events, minlength=last + 1)
    before = np.cumsum(events) - events
    full = layout.counts[interval] - (before - (np.cumsum(per_interval) - per_interval)[interval])
    censored = layout.losses - per_interval
    expected = censored[interval] * layout.share
    if layout.open_end:
        previous = np.append(1.0, layout.survival[:-1])
        start = layout.end_survival[-2] if last > 0 else 1.0
        alive = layout.counts[-2] * (previous / start if start > 0 else 0.0) * uncensored(layout, model.shape)
        expected = np.where(interval == last, np.clip(full - alive, 0, censored[-1]), expected)
    return full, censored, expected


def _levels(model: Model, steps: IntArray, events: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return -log S after each step and its weight: readings between two steps are readings of the same level."""
    layout = model.layout
    level = np.searchsorted(steps, np.arange(events.size), side="right") - 1
    on = (level >= 0) & (layout.reading > 1e-6)
    if steps.size and steps.size < np.count_nonzero(events):
        on &= np.arange(events.size) < np.flatnonzero(events)[-1]
    weights = (np.maximum(layout.survival, 1e-3) / model.sigma) ** 2
    weight = np.bincount(level[on], weights=weights[on], minlength=steps.size)
    total = np.bincount(level[on], weights=(weights * hazard(layout.reading))[on], minlength=steps.size)
    read = np.where(weight > 0, total / np.maximum(weight, 1e-300), hazard(layout.survival)[steps])
    return read, np.maximum(weight, 1e-3)
