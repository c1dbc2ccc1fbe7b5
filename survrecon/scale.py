"""Whether coordinates are survival or failure, in percent or as probability: declared, detected, or not to be told."""

from __future__ import annotations

import math

import numpy as np

from survrecon.data import Arm, Curve, FloatArray
from survrecon.errors import CurveError

OUTSIDE = 0.05  # a value may lie this far outside 0 to 1: half the distance of two tick labels
FLAT = 0.02  # a curve that moves by less than this share of its scale has no direction beyond reading errors
CLEARLY = 2.0  # a direction is clear when the squared misfit of the other one is this many times larger


def resolve_scale(arm: Arm, curve: Curve) -> tuple[FloatArray, str]:
    """Turn values as read into survival probability.

    Parameters
    ----------
    arm : Arm
        Its n, risk table and total events tell percent from probability where the values do not.
    curve : Curve
        Values as read, with scale and orientation declared or "auto".

    Returns
    -------
    survival : ndarray of float, shape (k,)
        Survival probability in the order given, at most `OUTSIDE` out of [0, 1].
    note : str
        What was detected; empty where scale and orientation were declared.

    Raises
    ------
    CurveError
        What cannot be told, or a declaration that the values contradict.

    Examples
    --------
    >>> arm = Arm.from_arrays([0, 5, 10], [0, 20, 35], n=100)
    >>> resolve_scale(arm, arm.curve)
    (array([1.  , 0.8 , 0.65]), 'detected scale percent, orientation failure (values from 0 to 35)')
    """
    values = curve.survival
    top = float(values.max())
    percent = curve.scale == "percent" or (curve.scale == "auto" and top > 1 + OUTSIDE)
    full = 100.0 if percent else 1.0
    outside = np.maximum(values - full, -values)
    worst = int(np.argmax(outside))
    if outside[worst] > OUTSIDE * full:
        bounds = "0 to 100 (percent)" if percent else "0 to 1 (probability)"
        message = f"the value lies outside {bounds}; correct it, or declare another scale"
        raise CurveError(arm.label, message, worst, float(values[worst]))
    direction = _direction(curve.time, values)
    falls = curve.orientation == "survival" or (curve.orientation == "auto" and direction == "falls")
    if curve.scale == "percent" and falls and top <= 1 + OUTSIDE:
        message = "declared as percent, but this is the highest value; declare scale = 'probability'"
        raise CurveError(arm.label, message, int(np.argmax(values)), top)
    orientation = _orientation(arm.label, curve, direction, full)
    scale = curve.scale if curve.scale != "auto" else _scale(arm, curve, orientation)
    probability = values / 100 if scale == "percent" else values
    survival = 1 - probability if orientation == "failure" else probability
    if "auto" not in (curve.scale, curve.orientation):
        return survival, ""
    return survival, f"detected scale {scale}, orientation {orientation} (values from {values.min():.4g} to {top:.4g})"


def _orientation(label: str, curve: Curve, direction: str, full: float) -> str:
    """Return the declared orientation unless the values contradict it, else the detected one; `full` is the top of the scale."""
    values = curve.survival
    low, high = float(values.min()), float(values.max())
    detected = ""
    if (high - low <= FLAT * full and low >= 0.75 * full) or (direction == "falls" and high >= 0.25 * full):
        detected = "survival"
    elif (direction == "rises" and low <= 0.75 * full) or (direction == "" and high <= FLAT):
        detected = "failure"
    declared = curve.orientation
    if declared == "auto":
        if detected:
            return detected
        raise CurveError(
            label,
            f"the values, from {low:.4g} to {high:.4g}, neither fall from the top of the scale nor rise from 0; check them, "
            "or declare orientation = 'survival' or 'failure', and scale = 'probability' or 'percent'",
        )
    if detected and detected != declared:
        index = int(np.argmax(values) if declared == "survival" else np.argmin(values))
        raise CurveError(
            label,
            f"declared as {declared}, but the values, from {low:.4g} to {high:.4g}, are those of a {detected} curve; "
            f"declare orientation = '{detected}', or correct the points",
            index,
            float(values[index]),
        )
    return declared


def _direction(time: FloatArray, values: FloatArray) -> str:
    """Return "falls", "rises" or "": which of the two the closest monotone curve does clearly better."""
    from scipy.optimize import isotonic_regression

    falling = values[np.lexsort((-values, time))]
    rising = values[np.lexsort((values, time))]
    fall = float(np.sum((isotonic_regression(falling, increasing=False).x - falling) ** 2))
    rise = float(np.sum((isotonic_regression(rising, increasing=True).x - rising) ** 2))
    rounding = values.size * (1e-12 * float(np.abs(values).max())) ** 2
    if max(fall, rise) <= rounding or max(fall, rise) < CLEARLY * min(fall, rise):
        return ""
    return "falls" if fall < rise else "rises"


def _scale(arm: Arm, curve: Curve, orientation: str) -> str:
    """Return the detected scale."""
    highest = int(np.argmax(curve.survival))
    top = float(curve.survival[highest])
    small = top <= 1 + OUTSIDE
    if orientation == "survival":
        if 1 + OUTSIDE < top < 25:
            message = "the highest value is too large for a probability and too small for percent survival; declare the scale or correct it"
            raise CurveError(arm.label, message, highest, top)
        return "probability" if small else "percent"
    if not small:
        return "percent"
    return _scale_of_small_failure(arm, curve, top)


def _scale_of_small_failure(arm: Arm, curve: Curve, top: float) -> str:
    """Tell 0.8 from 0.8%: what n, total events and risk table allow.

    Failure F among n subjects comes from at most -n log(1 - F) events (each removes at least 1/n of those still event-free), so
    the curve then has no more levels than that; and it cannot exceed 1 - n_risk/n, as those still at risk are event-free.
    """
    if top <= 0:
        return "probability"  # nothing failed, on either scale
    events = -arm.n * math.log1p(-top / 100)
    percent = events >= 0.9 * max(1, arm.total_events or 0)
    probability = True
    if arm.risk is not None:
        known = ~np.isnan(arm.risk.count) & (arm.risk.time <= curve.time.max())
        order = np.lexsort((curve.survival, curve.time))
        time, failure = np.append(-np.inf, curve.time[order]), np.append(0.0, curve.survival[order])
        at_risk_times = failure[np.searchsorted(time, arm.risk.time[known], side="right") - 1]
        probability = bool(np.all(at_risk_times <= 1 - arm.risk.count[known] / arm.n + OUTSIDE))
    if percent and probability:
        levels = np.unique(np.round(curve.survival / top * 50)).size  # heights closer than 2% of the curve's are one level
        percent = levels <= 2 * (events + 1)  # each level may straddle two of them
    if percent != probability:
        return "percent" if percent else "probability"
    reason = "fits both" if percent else "fits neither"
    raise CurveError(
        arm.label,
        f"failure up to {top:.4g} {reason} probability {'and' if percent else 'nor'} percent, given n = {arm.n}, the risk table and the "
        "total events as far as there are any; declare scale = 'probability' or 'percent'",
    )
