"""What every reconstruction method shares: the grid, the subjects made from counts, the fit report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import IPD, Arm, Curve, FloatArray, IntArray, Reconstruction, Residuals, RiskRow

NEAR = 1e-9  # times closer than this share of the follow-up differ by rounding


@dataclass(frozen=True, eq=False)
class Draft:
    """What a method returns.

    Attributes
    ----------
    ipd : IPD
        The reconstructed subjects.
    notes : tuple of str
        What was assumed or given up.
    used : tuple of str
        Published quantities that served as input, e.g. ``"median"``.
    draws : tuple of IPD
        Draws from what the input leaves open; empty where none were asked for.
    curve : Curve or None
        The curve as it was used, where the method moved points.
    """

    ipd: IPD
    notes: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    draws: tuple[IPD, ...] = ()
    curve: Curve | None = None


@dataclass(frozen=True)
class Method:
    """An entry of the registry: one per module of this package.

    Attributes
    ----------
    summary : str
        One line for ``survrecon methods``.
    estimate : callable
        Called as ``estimate(arm, **options)`` with a cleaned arm; returns a `Draft`.
    """

    summary: str
    estimate: Callable[..., Draft]


def aligned(arm: Arm, slack: float) -> Arm:
    """Move curve points and censor marks that lie no further than `slack` from a risk time to that time.

    Parameters
    ----------
    arm : Arm
        A cleaned arm.
    slack : float
        In units of time.

    Returns
    -------
    Arm
        The same arm where it has no curve or no risk table.

    Examples
    --------
    >>> arm = Arm.from_arrays([0, 2.994, 4], [1, 0.5, 0.25], n=4, risk_times=[0, 3], risk_counts=[4, 4])
    >>> aligned(arm, 0.01).curve.time.tolist()
    [0.0, 3.0, 4.0]
    """
    if arm.curve is None or arm.risk is None:
        return arm
    ticks = arm.risk.time

    def moved(time: FloatArray) -> FloatArray:
        after = np.minimum(np.searchsorted(ticks, time), ticks.size - 1)
        before = np.maximum(after - 1, 0)
        nearest = np.where(time - ticks[before] < ticks[after] - time, ticks[before], ticks[after])
        return np.where(np.abs(time - nearest) <= slack, nearest, time)

    marks = None if arm.censor_times is None else moved(arm.censor_times)
    return replace(arm, curve=replace(arm.curve, time=moved(arm.curve.time)), censor_times=marks)


def steps(curve: Curve) -> tuple[FloatArray, FloatArray]:
    """Return the distinct times of a cleaned curve and the survival just after each.

    Parameters
    ----------
    curve : Curve
        After `survrecon.clean.clean`.

    Returns
    -------
    time, survival : ndarray of float, shape (m,)
        Where several points share a time (a vertical segment), the lowest one.

    Examples
    --------
    >>> time, survival = steps(Curve([0, 1, 1, 2], [1, 0.9, 0.8, 0.7]))
    >>> time.tolist(), survival.tolist()
    ([0.0, 1.0, 2.0], [1.0, 0.8, 0.7])
    """
    last = np.append(np.diff(curve.time) > 0, True)
    return curve.time[last], curve.survival[last]


def subjects(time: FloatArray, n_event: IntArray, n_censor: IntArray, end: float, label: str) -> IPD:
    """Turn counts on a grid into subjects.

    Parameters
    ----------
    time : ndarray of float, shape (m,)
        Increasing grid times.
    n_event : ndarray of int, shape (m,)
        Events at each grid time.
    n_censor : ndarray of int, shape (m,)
        Subjects censored between each grid time and the next; in the last cell, between the last grid time and `end`.
    end : float
        End of follow-up, at or after the last grid time.
    label : str
        Name of the arm.

    Returns
    -------
    IPD
        The censored of one cell are spread evenly inside it, never on its borders, so that numbers at
        risk at the grid times do not depend on ties.

    Examples
    --------
    >>> ipd = subjects(np.array([0.0, 1.0, 2.0]), np.array([0, 1, 1]), np.array([0, 1, 0]), 2.0, "drug")
    >>> ipd.time.tolist(), ipd.event.tolist()
    ([1.0, 1.5, 2.0], [True, False, True])
    """
    cell = np.repeat(np.arange(time.size), n_censor)
    rank = np.arange(cell.size) - np.repeat(np.cumsum(n_censor) - n_censor, n_censor)
    right = np.append(time[1:], end)
    censored = time[cell] + (right - time)[cell] * (rank + 1) / (n_censor[cell] + 1)
    times = np.concatenate([np.repeat(time, n_event), censored])
    events = np.arange(times.size) < n_event.sum()
    return IPD(times, events, label)


def at_risk(ipd: IPD, time: FloatArray) -> IntArray:
    """Return how many subjects have a time at or after each of `time`.

    Parameters
    ----------
    ipd : IPD
        Subjects.
    time : ndarray of float
        Query times.

    Returns
    -------
    ndarray of int
        Counts.
    """
    return ipd.n - np.searchsorted(ipd.time, time, side="left")


def fitted_curve(ipd: IPD) -> Curve:
    """Return the Kaplan-Meier curve of some subjects: its event times and the survival just after each.

    Parameters
    ----------
    ipd : IPD
        Subjects.

    Returns
    -------
    Curve
        From (0, 1).

    Examples
    --------
    >>> fitted_curve(IPD([1, 2, 3, 4], [True, False, True, False])).survival.tolist()
    [1.0, 0.75, 0.375]
    """
    time, n_event = np.unique(ipd.time[ipd.event], return_counts=True)
    survival = np.append(1.0, np.cumprod(1 - n_event / at_risk(ipd, time)))
    return Curve(np.append(0.0, time), survival, "probability", "survival")


def misfit(ipd: IPD, time: FloatArray, survival: FloatArray) -> FloatArray:
    """Return reconstructed minus digitized survival.

    Parameters
    ----------
    ipd : IPD
        Subjects.
    time, survival : ndarray of float, shape (k,)
        Digitized points.

    Returns
    -------
    ndarray of float, shape (k,)
        At the given times.
    """
    fitted = fitted_curve(ipd)
    value: FloatArray = fitted.survival[np.searchsorted(fitted.time, time, side="right") - 1] - survival
    return value


def finish(arm: Arm, draft: Draft, method: str, notes: tuple[str, ...]) -> Reconstruction:
    """Report how well a draft meets what was given.

    Parameters
    ----------
    arm : Arm
        The cleaned arm.
    draft : Draft
        What the method returned.
    method : str
        Its name.
    notes : tuple of str
        Notes of the cleaning, which come first.

    Returns
    -------
    Reconstruction
        With fitted curve, residuals at the digitized points, and printed beside reconstructed counts.
    """
    ipd = draft.ipd
    arm = arm if draft.curve is None else replace(arm, curve=draft.curve)
    residuals = None
    if arm.curve is not None:
        time, survival = steps(arm.curve)
        value = misfit(ipd, time, survival)
        worst = int(np.argmax(np.abs(value)))
        residuals = Residuals(time, value, float(np.sqrt(np.mean(value**2))), float(abs(value[worst])), float(time[worst]))
    risk: tuple[RiskRow, ...] = ()
    if arm.risk is not None:
        counts = at_risk(ipd, arm.risk.time)
        risk = tuple(RiskRow(float(t), int(p), int(r)) for t, p, r in zip(arm.risk.time, arm.risk.count, counts, strict=True))
    events = (arm.total_events, int(ipd.event.sum()))
    return Reconstruction(arm, ipd, method, fitted_curve(ipd), residuals, risk, events, (*notes, *draft.notes), draft.used, draft.draws)
