"""What is known of one arm: curve, numbers at risk, what is printed, patient data. Import these through `survrecon.data`.

Arrays are copied on the way in and made read-only, so a value never changes after it was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survrecon.errors import CurveError, RiskTableError
from survrecon.published import Printed

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Scale = Literal["probability", "percent", "auto"]
Orientation = Literal["survival", "failure", "auto"]


def frozen_floats(values: ArrayLike) -> FloatArray:
    """Copy values into a read-only array.

    Parameters
    ----------
    values : array-like
        Numbers; None becomes NaN.

    Returns
    -------
    ndarray of float, shape (k,)
        One-dimensional, and not writeable.
    """
    array = np.array(values, dtype=float).ravel()
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Curve:
    """Coordinates read off one Kaplan-Meier curve.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        Times in the study's unit.
    survival : ndarray of float, shape (k,)
        Values as read, on `scale` and in `orientation`. After `survrecon.clean.clean`: survival
        probability just after each time, non-increasing, from 1 at time 0.
    scale : {"auto", "probability", "percent"}
        Unit of `survival`; "auto" leaves the detection to `clean`.
    orientation : {"auto", "survival", "failure"}
        Whether the values fall from 1 (survival) or rise from 0 (failure, cumulative incidence).
    reading : ndarray of float, shape (k,), or None
        Set by `clean`: survival probability as it was read, before it was made non-increasing.
    resolution : tuple of (float, float), or None
        Smallest steps of time and of survival probability that the figure shows, such as those of a pixel; None
        where only the coordinates themselves tell how precisely they were read.
    """

    time: FloatArray
    survival: FloatArray
    scale: Scale = "auto"
    orientation: Orientation = "auto"
    reading: FloatArray | None = None
    resolution: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", frozen_floats(self.time))
        object.__setattr__(self, "survival", frozen_floats(self.survival))
        if self.reading is not None:
            object.__setattr__(self, "reading", frozen_floats(self.reading))


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Numbers at risk printed under a figure.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
        Times at which the counts are printed, strictly increasing.
    count : ndarray of float, shape (m,)
        Subjects with a time at or after each of them; NaN where the cell is missing.
    """

    time: FloatArray
    count: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", frozen_floats(self.time))
        object.__setattr__(self, "count", frozen_floats(self.count))


def _check_curve(label: str, curve: Curve) -> None:
    if curve.time.size != curve.survival.size:
        raise CurveError(label, f"{curve.time.size} times but {curve.survival.size} survival values; give one for each")
    if curve.time.size == 0:
        raise CurveError(label, "no points; give at least one time with its survival")
    for name, values in (("time", curve.time), ("survival", curve.survival)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise CurveError(label, f"the {name} is not a finite number; remove or retype the point", int(bad[0]), float(values[bad[0]]))
    if curve.scale not in ("auto", "probability", "percent"):
        raise CurveError(label, f"unknown scale {curve.scale!r}; use 'probability', 'percent' or 'auto'")
    if curve.resolution is not None and not all(np.isfinite(step) and step >= 0 for step in curve.resolution):
        raise CurveError(label, f"resolution {curve.resolution!r}; give the smallest steps of time and survival, not below 0")
    if curve.orientation not in ("auto", "survival", "failure"):
        raise CurveError(label, f"unknown orientation {curve.orientation!r}; use 'survival', 'failure' or 'auto'")


def _check_risk(label: str, risk: RiskTable, n: int) -> None:
    time, count = risk.time, risk.count
    if time.size != count.size:
        raise RiskTableError(label, f"{time.size} times but {count.size} counts; give one for each")
    if time.size == 0:
        raise RiskTableError(label, "no cells; leave the risk table out where there is none")
    for i in range(time.size):
        if not np.isfinite(time[i]) or time[i] < 0:
            raise RiskTableError(label, f"the time {time[i]:g} must be a number that is not negative", i)
        if i and time[i] == time[i - 1]:
            raise RiskTableError(label, f"the time {time[i]:g} is repeated; keep one cell for each time", i)
        if i and time[i] < time[i - 1]:
            raise RiskTableError(label, f"the time {time[i]:g} comes after {time[i - 1]:g}; give the times in increasing order", i)
    known = np.flatnonzero(~np.isnan(count)).tolist()
    for previous, i in zip([None, *known], known, strict=False):
        value, where = count[i], f"at time {time[i]:g}"
        if value < 0:
            raise RiskTableError(label, f"the count {value:g} {where} is negative", i)
        if not np.isfinite(value) or value != np.floor(value):
            raise RiskTableError(label, f"the count {value:g} {where} is not a whole number", i)
        if value > n:
            raise RiskTableError(label, f"the count {value:g} {where} is above n = {n}", i)
        if previous is not None and value > count[previous]:
            earlier = f"{count[previous]:g} at time {time[previous]:g}"
            raise RiskTableError(label, f"the count {value:g} {where} is above {earlier}; counts cannot increase", i)


def _whole(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool) and float(value).is_integer()


@dataclass(frozen=True, eq=False)
class Arm:
    """All that was printed or read about one arm of a figure.

    Attributes
    ----------
    label : str
        Name of the arm.
    n : int
        Subjects at time 0.
    curve : Curve or None
        Digitized coordinates; None where only numbers were printed.
    risk : RiskTable or None
        Numbers at risk.
    total_events : int or None
        Events over the whole follow-up.
    censor_times : ndarray of float or None
        Times of the censor marks read off the figure; one mark may stand for several subjects.
    source : str
        Where the numbers were read.
    last_follow_up : float or None
        Printed longest follow-up.
    beyond : tuple of (float, int)
        Printed statements "this many subjects were event-free and followed beyond this time".
    events_percent : Printed or None
        The printed share of subjects with an event.
    ipd : IPD or None
        Patient data, where they are at hand; then nothing is reconstructed.

    Raises
    ------
    CurveError
        Coordinates of unequal number, empty or not finite.
    RiskTableError
        Counts that increase, are negative, fractional or above n; times repeated or out of order.
    ValueError
        `n` or `total_events` that is not a whole number, more events than subjects, or other than `n` subjects in `ipd`.
    """

    label: str
    n: int
    curve: Curve | None = None
    risk: RiskTable | None = None
    total_events: int | None = None
    censor_times: FloatArray | None = None
    source: str = ""
    last_follow_up: float | None = None
    beyond: tuple[tuple[float, int], ...] = ()
    events_percent: Printed | None = None
    ipd: IPD | None = None

    def __post_init__(self) -> None:
        if not _whole(self.n) or self.n < 1:
            raise ValueError(f"arm {self.label!r}: n = {self.n!r} must be a whole number of at least 1")
        object.__setattr__(self, "n", int(self.n))
        if self.total_events is not None:
            if not _whole(self.total_events) or not 0 <= self.total_events <= self.n:
                raise ValueError(f"arm {self.label!r}: total_events = {self.total_events!r} must be a whole number from 0 to n = {self.n}")
            object.__setattr__(self, "total_events", int(self.total_events))
        if self.curve is not None:
            _check_curve(self.label, self.curve)
        if self.risk is not None:
            _check_risk(self.label, self.risk, self.n)
        if self.censor_times is not None:
            times = frozen_floats(self.censor_times)
            bad = np.flatnonzero(~np.isfinite(times))
            if bad.size:
                raise CurveError(self.label, "a censor mark is not a finite number; remove or retype it", int(bad[0]), float(times[bad[0]]))
            object.__setattr__(self, "censor_times", times)
        if self.ipd is not None and self.ipd.n != self.n:
            raise ValueError(f"arm {self.label!r}: n = {self.n} but the patient data have {self.ipd.n} subjects; correct one of the two")

    @classmethod
    def from_arrays(
        cls,
        time: ArrayLike,
        survival: ArrayLike,
        n: int | None = None,
        risk_times: ArrayLike | None = None,
        risk_counts: ArrayLike | None = None,
        total_events: int | None = None,
        censor_times: ArrayLike | None = None,
        label: str = "arm",
        scale: Scale = "auto",
        orientation: Orientation = "auto",
        source: str = "",
        resolution: tuple[float, float] | None = None,
    ) -> Arm:
        """Make an arm from arrays, lists or pandas columns.

        Parameters
        ----------
        time, survival : array-like, shape (k,)
            Digitized coordinates, in any order.
        n : int, optional
            Subjects at time 0; may be left out where the risk table has a count at time 0.
        risk_times, risk_counts : array-like, shape (m,), optional
            Numbers at risk and their times; a missing count is NaN or None.
        total_events : int, optional
            Printed number of events.
        censor_times : array-like, optional
            Times of censor marks.
        label : str
            Name of the arm.
        scale : {"auto", "probability", "percent"}
            Unit of `survival`.
        orientation : {"auto", "survival", "failure"}
            Direction of `survival`.
        source : str
            Where the numbers were read.
        resolution : tuple of two float, optional
            Smallest steps of time and of survival probability that the figure shows; estimated where not given.

        Returns
        -------
        Arm
            The validated arm; its curve is as given, and is repaired by `clean`.

        Raises
        ------
        CurveError, RiskTableError, ValueError
            See `Arm`.

        Examples
        --------
        >>> arm = Arm.from_arrays([0, 1, 2], [1, 0.75, 0.5], n=4, label="drug")
        >>> arm.n, arm.label
        (4, 'drug')
        """
        if (risk_times is None) != (risk_counts is None):
            raise RiskTableError(label, "risk_times and risk_counts belong together; give both or neither")
        risk = None if risk_times is None else RiskTable(frozen_floats(risk_times), frozen_floats(risk_counts))  # type: ignore[arg-type]
        if n is None:
            if risk is None or risk.time.size == 0 or risk.time[0] != 0 or not np.isfinite(risk.count[0]):
                raise ValueError(f"arm {label!r}: n is missing; give it, or a risk table with a count at time 0")
            n = risk.count[0]
        curve = Curve(frozen_floats(time), frozen_floats(survival), scale, orientation, resolution=resolution)
        marks = None if censor_times is None else frozen_floats(censor_times)
        return cls(label, n, curve, risk, total_events, marks, source)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, **keywords: Any) -> Arm:
        """Make an arm from a DataFrame with columns ``time`` and ``survival``.

        Parameters
        ----------
        frame : pandas.DataFrame
            Digitized coordinates, one row per point, in any order; other columns are not looked at.
        **keywords
            All others of `from_arrays`: `n`, `label`, `risk_times` and so on.

        Returns
        -------
        Arm
            The validated arm.

        Raises
        ------
        CurveError, RiskTableError, ValueError
            A missing column, and see `Arm`.

        Examples
        --------
        >>> import pandas as pd
        >>> Arm.from_frame(pd.DataFrame({"time": [0, 1], "survival": [1, 0.75]}), n=4).curve.survival.tolist()
        [1.0, 0.75]
        """
        missing = [name for name in ("time", "survival") if name not in frame.columns]
        if missing:
            message = f"no column {' and '.join(missing)} among {list(frame.columns)}; rename the columns to time and survival"
            raise CurveError(keywords.get("label", "arm"), message)
        return cls.from_arrays(frame["time"], frame["survival"], **keywords)


@dataclass(frozen=True, eq=False)
class IPD:
    """Individual patient data of one arm.

    Attributes
    ----------
    time : ndarray of float, shape (n,)
        Time of event or censoring, increasing.
    event : ndarray of bool, shape (n,)
        True where the time is an event's.
    label : str
        Name of the arm.
    stratum : ndarray, shape (n,), or None
        Stratum of each subject, for stratified analyses.
    """

    time: FloatArray
    event: BoolArray
    label: str = "arm"
    stratum: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        time = np.array(self.time, dtype=float).ravel()
        event = np.array(self.event).ravel()
        if time.size != event.size:
            raise ValueError(f"arm {self.label!r}: {time.size} times but {event.size} event indicators")
        if time.size == 0:
            raise ValueError(f"arm {self.label!r}: no subjects")
        if not np.all(np.isfinite(time)) or np.any(time < 0):
            raise ValueError(f"arm {self.label!r}: every time must be a finite number that is not negative")
        if not np.all(np.isin(event, (0, 1))):
            raise ValueError(f"arm {self.label!r}: every event indicator must be 0 or 1 (False or True)")
        event = event.astype(bool)
        order = np.lexsort((~event, time))  # at equal times events come first, as Kaplan-Meier counts them
        time, event = time[order], event[order]
        time.flags.writeable = event.flags.writeable = False
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "event", event)
        if self.stratum is not None:
            stratum = np.array(self.stratum).ravel()
            if stratum.size != time.size:
                raise ValueError(f"arm {self.label!r}: {time.size} times but {stratum.size} strata")
            stratum = stratum[order]
            stratum.flags.writeable = False
            object.__setattr__(self, "stratum", stratum)

    @property
    def n(self) -> int:
        """Number of subjects."""
        return int(self.time.size)

    def to_frame(self) -> pd.DataFrame:
        """Return columns ``time``, ``event`` (0 or 1) and ``arm``, and ``stratum`` where there is one.

        Returns
        -------
        pandas.DataFrame
            One row per subject.
        """
        import pandas as pd

        frame = pd.DataFrame({"time": self.time, "event": self.event.astype(int), "arm": self.label})
        return frame if self.stratum is None else frame.assign(stratum=self.stratum)
