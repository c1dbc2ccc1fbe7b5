"""From coordinates as they were read to a proper survival curve, with a note for everything that was changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import Arm, BoolArray, Curve, FloatArray, IntArray, RiskTable
from survrecon.errors import CurveError, InconsistentDataError
from survrecon.scale import resolve_scale

BELOW_ZERO = 0.02  # a time may lie this share of the time range below 0: the thickness of an axis and a careless click
NEAR_TIE = 1.5e-8  # times closer than this share of the time range are one time, as in R's survival::timefix
CLICK_SLACK = 0.05  # clicks on a steep fall are out of order by up to this share of the time range (worst of 120 clicked curves: 0.03)
READING_JITTER = 0.01  # errors of reading a height stay below this; a larger rise is a click at the wrong time
LARGEST_REPAIR = 0.1  # a point that has to move by more than this, and not for its time, was misread


@dataclass(frozen=True, eq=False)
class Cleaned:
    """An arm that a reconstruction can start from.

    Attributes
    ----------
    arm : Arm
        Its curve is survival probability, non-increasing from (0, 1), sorted by time and within one time by
        falling survival; its risk table has no missing cell and starts with (0, n); its censor marks are sorted.
    notes : tuple of str
        Each repair, with a count.
    """

    arm: Arm
    notes: tuple[str, ...] = ()


def clean(arm: Arm) -> Cleaned:
    """Repair what reading a figure does to a curve, and say what was repaired.

    Parameters
    ----------
    arm : Arm
        As read or printed. An arm without a curve only has its risk table and censor marks put in order.

    Returns
    -------
    Cleaned
        The repaired arm, and a note for each repair. Cleaning it again changes nothing and adds no note.

    Raises
    ------
    CurveError
        Scale or orientation that cannot be told, or that the values contradict; times or values far out of range;
        a point further from a non-increasing curve than reading errors explain.
    InconsistentDataError
        A number at risk at time 0 that is not ``arm.n``.

    Examples
    --------
    >>> cleaned = clean(Arm.from_arrays([1, 3, 2], [90, 50, 70], n=10))
    >>> cleaned.arm.curve.time.tolist(), cleaned.arm.curve.survival.tolist()
    ([0.0, 1.0, 2.0, 3.0], [1.0, 0.9, 0.7, 0.5])
    >>> print(*cleaned.notes, sep="; ")
    detected scale percent, orientation survival (values from 50 to 90); 1 point put in order of time; origin (0, 1) added
    """
    notes: list[str] = []
    risk_times = np.empty(0) if arm.risk is None else arm.risk.time
    curve = arm.curve if arm.curve is None or _is_clean(arm.curve) else _clean_curve(arm, arm.curve, risk_times, notes)
    risk = None if arm.risk is None else _clean_risk(arm, arm.risk, notes)
    others = risk_times if curve is None else np.union1d(risk_times, curve.time)
    marks = None if arm.censor_times is None else _clean_marks(arm, arm.censor_times, others, notes)
    if curve is not None and curve is not arm.curve:
        end = curve.time[-1]
        for times, what in ((risk and risk.time, "risk-table row"), (marks, "censor mark")):
            late = 0 if times is None else int(np.sum(times > end))
            if late:
                notes.append(f"{_count(late, what)} after the end of the curve at {end:g} kept")
    return Cleaned(replace(arm, curve=curve, risk=risk, censor_times=marks), tuple(notes))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _is_clean(curve: Curve) -> bool:
    """Whether `clean` made this curve: only it sets `reading`, and nothing changed the rest since."""
    time, survival = curve.time, curve.survival
    return (
        curve.reading is not None
        and curve.reading.size == time.size
        and (curve.scale, curve.orientation) == ("probability", "survival")
        and (time[0], survival[0]) == (0.0, 1.0)
        and bool(np.all(np.diff(time) >= 0) and np.all(np.diff(survival) <= 0) and survival[-1] >= 0)
    )


def _clean_curve(arm: Arm, curve: Curve, risk_times: FloatArray, notes: list[str]) -> Curve:
    survival, scale_note = resolve_scale(arm, curve)
    notes += [scale_note] if scale_note else []
    outside = int(np.sum((survival < 0) | (survival > 1)))
    if outside:
        notes.append(f"{_count(outside, 'value')} slightly outside 0 to 1 clipped")
        survival = np.clip(survival, 0.0, 1.0)
    time, moved_notes = _from_zero(arm.label, curve.time, "point")
    notes += moved_notes
    time = _onto(time, risk_times, "point", notes)

    order = np.argsort(time, kind="stable")
    sorted_time = time[order]
    merged = _merge_near_ties(sorted_time)
    tied = int(np.sum(merged != sorted_time))
    if tied:
        notes.append(f"{_count(tied, 'point')} within rounding error of the time before, set equal to it")
    order = order[np.lexsort((-survival[order], merged))]
    time, survival = merged, survival[order]

    repeated = np.append(False, (np.diff(time) == 0) & (np.diff(survival) == 0))
    if repeated.any():
        notes.append(f"{_count(int(repeated.sum()), 'point')} dropped as an exact repeat")
    time, survival, order = time[~repeated], survival[~repeated], order[~repeated]
    if (time[0], survival[0]) != (0.0, 1.0):
        notes.append("origin (0, 1) added")
        if time[0] == 0:
            notes.append(f"survival at time 0 was read as {survival[0]:.4g}, kept as a fall at time 0")
        time, survival, order = np.append(0.0, time), np.append(1.0, survival), np.append(0, order)
    reading, survival = _non_increasing(time, survival, notes)
    _refuse_large_repair(arm.label, curve, time, reading, survival, order)
    return Curve(time, survival, "probability", "survival", reading, curve.resolution)


def _from_zero(label: str, time: FloatArray, what: str) -> tuple[FloatArray, list[str]]:
    """Return times not below 0, with notes about order and negative times."""
    notes = []
    earlier = int(np.sum(time < np.maximum.accumulate(time)))
    if earlier:
        notes.append(f"{_count(earlier, what)} put in order of time")
    first = int(np.argmin(time))
    if time[first] < -BELOW_ZERO * max(float(time.max()), 0.0):
        message = f"the time of a {what} lies more than {BELOW_ZERO:.0%} of the time range below 0; correct the time axis or remove it"
        raise CurveError(label, message, first, float(time[first]))
    negative = int(np.sum(time < 0))
    if negative:
        notes.append(f"{_count(negative, what)} at a negative time moved to time 0, at most by {-time[first]:.4g}")
    return np.maximum(time, 0.0), notes


def _onto(time: FloatArray, others: FloatArray, what: str, notes: list[str]) -> FloatArray:
    """Move times that differ by rounding error only from one of the sorted others onto it: who is at risk there hangs on it."""
    if others.size == 0:
        return time
    after = np.clip(np.searchsorted(others, time), 1, others.size - 1) if others.size > 1 else np.zeros(time.size, dtype=int)
    before = np.maximum(after - 1, 0)
    nearest = np.where(time - others[before] < others[after] - time, others[before], others[after])
    near = (np.abs(time - nearest) <= NEAR_TIE * max(time.max(), others[-1])) & (time != nearest)
    if near.any():
        of = "a risk time" if what == "point" else "a risk time or a point of the curve"
        notes.append(f"{_count(int(near.sum()), what)} within rounding error of {of}, set equal to it")
    return np.where(near, nearest, time)


def _merge_near_ties(time: FloatArray) -> FloatArray:
    """Give all sorted times that differ by rounding error only the first time among them."""
    new = np.append(True, np.diff(time) > NEAR_TIE * time[-1])
    merged: FloatArray = time[new][np.cumsum(new) - 1]
    return merged


def _non_increasing(time: FloatArray, survival: FloatArray, notes: list[str]) -> tuple[FloatArray, FloatArray]:
    """Return survival with steep falls in order, and its closest non-increasing curve.

    Clicks on a steep fall come out of order in time. Averaging them, as isotonic regression does, would flatten the fall;
    putting the heights of such a block in falling order (Chernozhukov, Fernandez-Val and Galichon, Biometrika 2009;96:559)
    keeps it. Small jitter on flat stretches is for isotonic regression, which the order would give a slope.
    """
    from scipy.optimize import isotonic_regression

    if np.all(np.diff(survival) <= 0):
        return survival, survival
    reading = survival.copy()
    for _ in range(time.size):  # blocks put in order may join, at most all of them
        fit = isotonic_regression(reading, increasing=False)
        start, stop = fit.blocks[:-1], fit.blocks[1:]
        repair = np.maximum.reduceat(np.abs(fit.x - reading), start)
        level = fit.x[start]
        fall = np.append(1.0, level[:-1]) - np.append(level[1:], reading.min())  # from the block before to the block after, or the end
        steep = (repair > READING_JITTER) & (fall >= repair) & (time[stop - 1] - time[start] <= CLICK_SLACK * time[-1])
        if not steep.any():
            break
        for first, end in zip(start[steep], stop[steep], strict=True):
            reading[first:end] = np.sort(reading[first:end])[::-1]
    swapped = int(np.sum(reading != survival))
    if swapped:
        notes.append(
            f"{_count(swapped, 'point')} on steep falls, out of order by at most {CLICK_SLACK:.0%} of the time range, put in falling order"
        )
    fitted = np.minimum.accumulate(fit.x)
    change = np.abs(fitted - reading)
    changed: BoolArray = change > 1e-12  # averages of equal numbers differ by rounding
    if changed.any():
        notes.append(f"{_count(int(changed.sum()), 'point')} raised or lowered by isotonic regression, at most {change.max():.2g}")
    return reading, fitted


def _refuse_large_repair(label: str, curve: Curve, time: FloatArray, reading: FloatArray, fitted: FloatArray, order: IntArray) -> None:
    """Raise where isotonic regression moved a point by more than reading errors, and clicks on a steep fall, explain."""
    repair = np.abs(fitted - reading)
    worst = int(np.argmax(repair))
    if repair[worst] <= LARGEST_REPAIR:
        return
    block = np.flatnonzero(fitted == fitted[worst])
    left, right, slack = time[block[0]], time[block[-1]], CLICK_SLACK * time[-1]
    before = np.searchsorted(time, left - slack, side="right") - 1
    after = min(int(np.searchsorted(time, right + slack)), time.size - 1)
    if right - left <= slack and fitted[max(before, 0)] - fitted[after] >= repair[worst]:
        return
    index = int(order[worst])
    raise CurveError(
        label,
        f"survival {reading[worst]:.4g} at time {time[worst]:.4g} is {repair[worst]:.2g} away from the closest curve that does not rise; "
        "correct or remove the point, or another one near it",
        index,
        float(curve.survival[index]),
    )


def _clean_risk(arm: Arm, risk: RiskTable, notes: list[str]) -> RiskTable | None:
    known = ~np.isnan(risk.count)
    missing = int(np.sum(~known))
    if missing:
        notes.append(f"{_count(missing, 'cell')} missing in the risk table, left out")
    time, count = risk.time[known], risk.count[known]
    if time.size == 0:
        return None
    if time[0] > 0:
        notes.append(f"risk table starts at time {time[0]:g}; (0, {arm.n}) added")
        time, count = np.append(0.0, time), np.append(arm.n, count)
    if count[0] != arm.n:
        raise InconsistentDataError(arm.label, f"n = {arm.n}, but the number at risk at time 0 is {count[0]:g}; correct one of the two")
    return RiskTable(time, count)


def _clean_marks(arm: Arm, marks: FloatArray, others: FloatArray, notes: list[str]) -> FloatArray:
    if marks.size == 0:
        return marks
    times, moved_notes = _from_zero(arm.label, marks, "censor mark")
    notes += moved_notes
    return np.sort(_onto(times, others, "censor mark", notes))
