"""Cox model and log-rank test of two samples, fast enough for thousands of draws of the same trial.

Events are one flat list over all draws, each with its draw's number, so that a step of Newton's method is a
few array operations whatever the number of draws. Conventions are those of `survrecon.survival`; ties are
Efron's (Journal of the American Statistical Association 1977;72:557-65).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from survrecon.data import BoolArray, FloatArray, IntArray
from survrecon.survival import TIE_TOLERANCE

CHUNK = 2**16  # subjects worked on at a time: what a processor keeps in its cache
ROUNDS = 60  # Newton needs about four
CONVERGED = 1e-9  # last step of the log hazard ratio; the error left is of the order of its square


@dataclass(frozen=True, eq=False)
class TwoSample:
    """Statistics of arm 1 against arm 0, one for each draw.

    Attributes
    ----------
    log_hr, se : ndarray of float, shape (draws,)
        Cox estimate of the log hazard ratio and its standard error; NaN where the likelihood has no maximum.
    score, variance : ndarray of float, shape (draws,)
        Events in arm 1 less those expected under equal hazards, and their hypergeometric variance;
        the log-rank chi-squared is ``score**2 / variance``.
    """

    log_hr: FloatArray
    se: FloatArray
    score: FloatArray
    variance: FloatArray


@dataclass(frozen=True, eq=False)
class _Events:
    """All events of all draws: draw, arm (0 or 1), at risk in either arm, events in either arm at that time, and their order there."""

    draws: int
    draw: IntArray
    arm: IntArray
    n_risk: tuple[IntArray, IntArray]
    n_event: tuple[IntArray, IntArray]
    rank: IntArray

    def total(self, value: FloatArray | IntArray | BoolArray) -> FloatArray:
        """Add up a value of each event within each draw."""
        return np.asarray(np.bincount(self.draw, weights=value, minlength=self.draws), dtype=float)


def _events(times: FloatArray, events: BoolArray, n0: int) -> _Events:
    """List the events of pooled samples, shape (draws, n), of which the first `n0` columns are arm 0."""
    draws, n = times.shape
    order = np.argsort(times, axis=1)
    ordered = np.take_along_axis(times, order, axis=1)
    later = np.zeros((draws, n), dtype=bool)  # than the time before, by more than rounding
    later[:, 1:] = np.diff(ordered, axis=1) > TIE_TOLERANCE * ordered[:, -1:]
    first = np.maximum.accumulate(np.where(later, np.arange(n), 0), axis=1)  # column at which each tie begins
    active = order >= n0
    gone = np.cumsum(active, axis=1)
    draw, column = np.nonzero(np.take_along_axis(events, order, axis=1))
    arm, start = active[draw, column].astype(np.int64), first[draw, column]
    risk1 = n - n0 - gone[draw, start] + active[draw, start]
    opens = np.diff(draw * n + start, prepend=-1) != 0
    tie = np.cumsum(opens) - 1
    size, size1 = np.bincount(tie), np.bincount(tie, weights=arm).astype(np.int64)
    rank = np.arange(draw.size) - np.flatnonzero(opens)[tie]
    return _Events(draws, draw, arm, (n - start - risk1, risk1), ((size - size1)[tie], size1[tie]), rank)


def _cox(table: _Events) -> tuple[FloatArray, FloatArray]:
    """Maximize Efron's partial likelihood of every draw by Newton's method; a step is halved until it brings the score nearer to 0."""
    taken = table.rank / (table.n_event[0] + table.n_event[1])
    control, active = (risk - taken * died for risk, died in zip(table.n_risk, table.n_event, strict=True))
    observed, events = table.total(table.arm), table.total(np.ones(table.arm.size))
    # the score falls from `observed` less the events without a control to `observed` less those with an active subject at risk
    exists = (table.total(table.n_risk[0] == 0) < observed) & (observed < table.total(table.n_risk[1] > 0))

    def derivatives(log_hr: FloatArray) -> tuple[FloatArray, FloatArray]:
        share = active / (control * np.exp(-log_hr)[table.draw] + active)
        return observed - table.total(share), table.total(share * (1 - share))

    expected = table.total(active / (control + active))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_hr = np.where(exists, np.log(observed * (events - expected) / (expected * (events - observed))), 0.0)  # Pike's estimate
        score, information = derivatives(log_hr)
        step = np.where(exists, score / information, 0.0)
        for _ in range(ROUNDS):
            new_score, new_information = derivatives(log_hr + step)
            nearer = np.abs(new_score) <= np.abs(score)
            small = np.abs(step) < CONVERGED
            log_hr = np.where(nearer, log_hr + step, log_hr)
            score, information = np.where(nearer, new_score, score), np.where(nearer, new_information, information)
            if small.all():
                break
            step = np.where(small, 0.0, np.where(nearer, score / information, step / 2))
        found = exists & small
        return np.where(found, log_hr, np.nan), np.where(found, information**-0.5, np.nan)


def _logrank(table: _Events) -> tuple[FloatArray, FloatArray]:
    n_risk, n_event = table.n_risk[0] + table.n_risk[1], table.n_event[0] + table.n_event[1]
    share = table.n_risk[1] / n_risk
    variance = share * (1 - share) * (n_risk - n_event) / np.maximum(n_risk - 1, 1)
    return table.total(table.arm - share), table.total(variance)


def _chunks(times0: ArrayLike, events0: ArrayLike, times1: ArrayLike, events1: ArrayLike) -> Iterator[_Events]:
    times = [np.atleast_2d(np.asarray(values, dtype=float)) for values in (times0, times1)]
    events = [np.atleast_2d(np.asarray(values, dtype=bool)) for values in (events0, events1)]
    for arm in (0, 1):
        if times[arm].shape != events[arm].shape or times[arm].shape[0] != times[0].shape[0] or times[arm].size == 0:
            shapes = f"times {times[arm].shape}, events {events[arm].shape}"
            raise ValueError(f"arm {arm}: {shapes}; both must be (draws, subjects), with the same draws in both arms")
    rows = max(1, CHUNK // (times[0].shape[1] + times[1].shape[1]))
    for low in range(0, times[0].shape[0], rows):
        part = slice(low, low + rows)
        yield _events(np.hstack([x[part] for x in times]), np.hstack([x[part] for x in events]), times[0].shape[1])


def two_sample_many(times0: ArrayLike, events0: ArrayLike, times1: ArrayLike, events1: ArrayLike) -> TwoSample:
    """Cox estimates and log-rank scores of many draws, from one sorting of each.

    Parameters
    ----------
    times0, events0 : array-like, shape (draws, n0)
        Finite times, in any order, and event indicators of the reference arm.
    times1, events1 : array-like, shape (draws, n1)
        Those of the arm in the hazard ratio's numerator.

    Returns
    -------
    TwoSample
        Everything by draw.

    Raises
    ------
    ValueError
        Shapes that do not belong together.
    """
    parts = [(*_cox(table), *_logrank(table)) for table in _chunks(times0, events0, times1, events1)]
    return TwoSample(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def cox_two_sample_many(
    times0: ArrayLike, events0: ArrayLike, times1: ArrayLike, events1: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Cox estimates of many draws.

    Parameters
    ----------
    times0, events0 : array-like, shape (draws, n0)
        Finite times, in any order, and event indicators of the reference arm.
    times1, events1 : array-like, shape (draws, n1)
        Those of the arm in the hazard ratio's numerator.

    Returns
    -------
    log_hr, se : ndarray of float, shape (draws,)
        See `TwoSample`.

    Raises
    ------
    ValueError
        Shapes that do not belong together.
    """
    parts = [_cox(table) for table in _chunks(times0, events0, times1, events1)]
    log_hr, se = (np.concatenate(column) for column in zip(*parts, strict=True))
    return log_hr, se


def cox_two_sample(time0: ArrayLike, event0: ArrayLike, time1: ArrayLike, event1: ArrayLike) -> tuple[float, float]:
    """Log hazard ratio of two samples by Cox's model with Efron's ties.

    Parameters
    ----------
    time0, event0 : array-like, shape (n0,)
        Finite times, in any order, and event indicators of the reference arm.
    time1, event1 : array-like, shape (n1,)
        Those of the arm in the hazard ratio's numerator.

    Returns
    -------
    log_hr, se : float
        The estimate and its standard error. NaN where the likelihood has no maximum: all events of arm 1 come when
        nobody of arm 0 is at risk any more, or while somebody of arm 1 is at risk, no event is in arm 0.

    Raises
    ------
    ValueError
        Shapes that do not belong together.

    Examples
    --------
    Events in arm 0 at 1 and 3, in arm 1 at 2 and 4. At risk in the two arms: 2, 2; 1, 2; 1, 1; 0, 1. With x the hazard
    ratio, the likelihood is 1/(2 + 2x) * x/(1 + 2x) * 1/(1 + x) * 1. Its logarithm's derivative is 0 where
    1 - 2x/(1 + x) - 2x/(1 + 2x) = 0, that is 1 - x - 4x^2 = 0: x = (sqrt(17) - 1) / 8.

    >>> log_hr, se = cox_two_sample([1, 3], [1, 1], [2, 4], [1, 1])
    >>> round(float(np.exp(log_hr)), 6), round((17**0.5 - 1) / 8, 6)
    (0.390388, 0.390388)
    """
    log_hr, se = cox_two_sample_many(time0, event0, time1, event1)
    return float(log_hr[0]), float(se[0])


def logrank_two_sample(time0: ArrayLike, event0: ArrayLike, time1: ArrayLike, event1: ArrayLike) -> tuple[float, float]:
    """Log-rank score of two samples and its variance.

    Parameters
    ----------
    time0, event0 : array-like, shape (n0,)
        Finite times, in any order, and event indicators of the reference arm.
    time1, event1 : array-like, shape (n1,)
        Those of the other arm.

    Returns
    -------
    score, variance : float
        Events in arm 1 less those expected, and the hypergeometric variance: chi-squared is ``score**2 / variance``.

    Raises
    ------
    ValueError
        Shapes that do not belong together.

    Examples
    --------
    The subjects of `cox_two_sample`: 2 - (2/4 + 2/3 + 1/2 + 1) and 1/4 + 2/9 + 1/4.

    >>> score, variance = logrank_two_sample([1, 3], [1, 1], [2, 4], [1, 1])
    >>> round(score, 4), round(variance, 4)
    (-0.6667, 0.7222)
    """
    many = two_sample_many(time0, event0, time1, event1)
    return float(many.score[0]), float(many.variance[0])
