"""Scores of what was read off a generated figure, against the data that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import Any

import numpy as np

from survrecon.data import IPD, Arm, FloatArray, IntArray
from survrecon.digitize.figure import Digitized, Trace
from survrecon.draws import cox_two_sample
from survrecon.errors import SurvReconError
from survrecon.figure_designs import FigureDesign, Truth
from survrecon.reconstruction import reconstruct
from survrecon.survival import kaplan_meier

WRONG = 0.01  # a root mean square error above this must come with a doubt
NEAR = 0.005  # censor marks this share of the time axis apart are the same
Steps = tuple[FloatArray, FloatArray]  # times, and the value from each to the next


@dataclass(frozen=True)
class FigureRow:
    """One figure read in one mode; tuples are by true arm.

    Attributes
    ----------
    figure : int
        Its number, from 0.
    mode : str
        One of `MODES`.
    design : FigureDesign
        Of the figure.
    seconds : float
        That reading it took.
    rmse : tuple of float
        Root mean square over time of the error of survival, to the end of follow-up; NaN for an arm that was not found.
    doubted : tuple of bool
        Whether its curve came with a doubt.
    extra : int
        Curves found that are none.
    recall, precision : float
        Share of the censor marks that were found, and share of those found that are marks; NaN of none.
    exact : tuple of bool
        Vector mode: whether the joint reconstruction has the true number of events at every step.
    log_hr : float
        Vector mode: largest error of the log hazard ratio of an arm against the first; NaN where there is none.
    doubts : tuple of str
        All of them.
    failure : str
        Why the figure was refused, or the exception of a crash.
    crashed : bool
        The failure is a fault of the program.
    """

    figure: int
    mode: str
    design: FigureDesign
    seconds: float
    rmse: tuple[float, ...] = ()
    doubted: tuple[bool, ...] = ()
    extra: int = 0
    recall: float = nan
    precision: float = nan
    exact: tuple[bool, ...] = ()
    log_hr: float = nan
    doubts: tuple[str, ...] = ()
    failure: str = ""
    crashed: bool = False

    @property
    def failed(self) -> bool:
        """Whether the figure was refused, or a curve of it not found."""
        return bool(self.failure) or bool(np.isnan(self.rmse).any())

    @property
    def silently_wrong(self) -> bool:
        """Whether a curve is wrong without a doubt, or the number of curves is without any."""
        if self.failure:
            return False
        wrong = any(rmse > WRONG and not doubted for rmse, doubted in zip(self.rmse, self.doubted, strict=True))
        return wrong or (not self.doubts and (self.failed or self.extra > 0))

    @property
    def needlessly_doubted(self) -> bool:
        """Whether there are doubts although every curve is right."""
        return bool(self.doubts) and not self.failed and not self.extra and max(self.rmse) <= WRONG

    def to_dict(self) -> dict[str, Any]:
        """Return one flat dictionary.

        Returns
        -------
        dict
            The fields of the design among the others; several values are joined by spaces, doubts by semicolons.
        """
        fields = asdict(self)
        design = fields.pop("design") | {"seed": " ".join(map(str, self.design.seed))}
        fields |= {name: " ".join(f"{value:.6g}" for value in fields[name]) for name in ("rmse", "doubted", "exact")}
        return {"figure": self.figure, "mode": self.mode, **design, **fields, "doubts": "; ".join(self.doubts)} | {
            "failed": self.failed,
            "silently_wrong": self.silently_wrong,
            "needlessly_doubted": self.needlessly_doubted,
        }


def curve_error(true: Steps, found: Steps, end: float) -> float:
    """Return the root mean square over time of the difference between two step functions that start at 1.

    Parameters
    ----------
    true, found : tuple of ndarray of float, shape (k,)
        Times in increasing order, ties allowed, and the value from each to the next.
    end : float
        They are compared from 0 to here.

    Returns
    -------
    float
        Exact: both are constant between all their times.

    Examples
    --------
    >>> import numpy as np
    >>> curve_error((np.array([1.0]), np.array([0.5])), (np.array([2.0]), np.array([0.5])), 4.0)  # 0.5 off for a quarter of the time
    0.25
    """
    edges = np.unique(np.concatenate([[0.0, end], *(time[(time > 0) & (time < end)] for time, _ in (true, found))]))
    heights = [np.append(1.0, value)[np.searchsorted(time, edges[:-1], side="right")] for time, value in (true, found)]
    return float(np.sqrt(np.square(heights[0] - heights[1]) @ np.diff(edges) / end))


def match(errors: FloatArray) -> list[int | None]:
    """Assign to each true arm the curve found that makes the sum of errors least.

    Parameters
    ----------
    errors : ndarray of float, shape (arms, curves)
        Of each curve if it is taken for each arm.

    Returns
    -------
    list of int or None
        Number of the curve of each arm; None where there are fewer curves than arms.
    """
    from scipy.optimize import linear_sum_assignment

    assigned = dict(zip(*(side.tolist() for side in linear_sum_assignment(errors)), strict=True))
    return [assigned.get(arm) for arm in range(errors.shape[0])]


def mark_scores(true: Sequence[FloatArray], found: Sequence[FloatArray], near: float) -> tuple[float, float]:
    """Return the recall and the precision of censor marks.

    Parameters
    ----------
    true, found : sequence of ndarray of float
        Times of the marks, arm by arm.
    near : float
        Distance within which two marks are the same; a mark may stand for several that were drawn over each other.

    Returns
    -------
    tuple of two float
        NaN where there are no true marks, or none was found.
    """

    def share(of: Sequence[FloatArray], among: Sequence[FloatArray]) -> float:
        distances = [np.min(np.abs(others - time), initial=np.inf) for times, others in zip(of, among, strict=True) for time in times]
        return float(np.mean(np.array(distances) <= near)) if distances else nan

    return share(true, found), share(found, true)


def score(number: int, mode: str, truth: Truth, digitized: Digitized, seconds: float = 0.0) -> FigureRow:
    """Compare what was read off a figure with what it shows.

    Parameters
    ----------
    number : int
        Of the figure.
    mode : str
        One of `MODES`; "vector" also reconstructs every arm and compares events and hazard ratios.
    truth : Truth
        What it shows.
    digitized : Digitized
        What was read.
    seconds : float
        That it took.

    Returns
    -------
    FigureRow
        The scores.
    """
    curves = [truth.curve(arm) for arm in range(len(truth.arms))]
    found = [(trace.time, 1 - trace.survival if digitized.orientation == "failure" else trace.survival) for trace in digitized.traces]
    errors = np.array([[curve_error(curve, steps, float(curve[0][-1])) for steps in found] for curve in curves]).reshape(len(curves), -1)
    assigned = match(errors)
    traces = [None if i is None else digitized.traces[i] for i in assigned]
    marks = [np.array([]) if trace is None or trace.censor_times is None else trace.censor_times for trace in traces]
    recall, precision = mark_scores([truth.marks(arm) for arm in range(len(curves))], marks, NEAR * truth.x_range[1])
    exact, log_hr = _rebuild(truth, traces) if mode == "vector" else ((), nan)
    return FigureRow(
        number,
        mode,
        truth.design,
        seconds,
        rmse=tuple(nan if i is None else float(errors[arm, i]) for arm, i in enumerate(assigned)),
        doubted=tuple(trace is not None and bool(trace.doubts) for trace in traces),
        extra=max(len(found) - len(curves), 0),
        recall=recall,
        precision=precision,
        exact=exact,
        log_hr=log_hr,
        doubts=tuple(doubt for trace in digitized.traces for doubt in trace.doubts),
    )


def _rebuild(truth: Truth, traces: Sequence[Trace | None]) -> tuple[tuple[bool, ...], float]:
    """Return which arms' events come back exactly from n and what was read, and the largest error of a log hazard ratio."""
    rebuilt: list[IPD | None] = []
    for ipd, trace in zip(truth.arms, traces, strict=True):
        try:
            rebuilt.append(None if trace is None else reconstruct(_arm(ipd, trace)).ipd)
        except (SurvReconError, ValueError):
            rebuilt.append(None)
    exact = tuple(
        found is not None and np.array_equal(_events(ipd), _events(found)) for ipd, found in zip(truth.arms, rebuilt, strict=True)
    )
    errors = [_log_hr(*found) - _log_hr(*true) for true, found in zip(_pairs(truth.arms), _pairs(rebuilt), strict=True)]
    return exact, float(np.max(np.abs(errors))) if errors else nan


def _arm(ipd: IPD, trace: Trace) -> Arm:
    return Arm.from_arrays(
        trace.time,
        trace.survival,
        n=ipd.n,
        label=ipd.label,
        risk_times=None if trace.risk is None else trace.risk.time,
        risk_counts=None if trace.risk is None else trace.risk.count,
        censor_times=trace.censor_times,
    )


def _events(ipd: IPD) -> IntArray:
    return kaplan_meier(ipd.time, ipd.event).n_event


def _pairs(arms: Sequence[Any]) -> list[tuple[Any, Any]]:
    return [(arms[0], other) for other in arms[1:]]


def _log_hr(one: IPD | None, other: IPD | None) -> float:
    return nan if one is None or other is None else cox_two_sample(one.time, one.event, other.time, other.event)[0]
