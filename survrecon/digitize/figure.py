"""What a figure is read into: axes, traced curves, and what the user says of the figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from survrecon.data import Arm, FloatArray, RiskTable, frozen_floats


@dataclass(frozen=True)
class Hints:
    """What the user says of the figure; it always wins over what is read there.

    Positions are in the file's own units, from its top left corner: PDF points, SVG user units, pixels.

    Attributes
    ----------
    page : int or None
        Page of a PDF or frame of a TIFF, from 1; None for the only one, or the first that has a curve.
    panel : int or None
        Panel of the page, from 1 in reading order; None for the only one.
    bbox : tuple of four float or None
        Left, top, right and bottom of the part to look at, axis labels and risk table included.
    x_range, y_range : tuple of two float or None
        Values at the first and the last tick of the axis, from the left and from the bottom (at the ends of its line
        where it has no ticks).
    x_points, y_points : tuple of two (position, value) or None
        Two positions along the axis and their values; exact where `x_range` depends on the ticks found.
    arms : tuple of (label, color or None)
        One per curve: its color as ``#rrggbb`` or a CSS name; without colors, as the figure's legend says, else
        in the order of the areas under the curves, largest first.
    """

    page: int | None = None
    panel: int | None = None
    bbox: tuple[float, float, float, float] | None = None
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_points: tuple[tuple[float, float], tuple[float, float]] | None = None
    y_points: tuple[tuple[float, float], tuple[float, float]] | None = None
    arms: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Text:
    """A piece of text in a figure; the box is in the file's units, y downwards.

    Attributes
    ----------
    string : str
        What it says.
    left, top, right, bottom : float
        Its box.
    angle : float
        Reading direction in degrees counterclockwise: 0, or 90 for the title of a vertical axis.
    color : str
        As ``#rrggbb``.
    """

    string: str
    left: float
    top: float
    right: float
    bottom: float
    angle: float = 0.0
    color: str = "#000000"


@dataclass(frozen=True)
class Axis:
    """A linear axis: ``value = origin + scale * position``.

    Attributes
    ----------
    origin, scale : float
        Of the line above; positions in the file's units, y downwards.
    ticks : tuple of (position, value)
        The ticks that it was read from.
    start, end : float
        Positions of the ends of the drawn axis line.
    title : str
        Its title, where there is one.
    """

    origin: float
    scale: float
    ticks: tuple[tuple[float, float], ...] = ()
    start: float = 0.0
    end: float = 0.0
    title: str = ""

    def value(self, position: Any) -> FloatArray:
        """Return the value at a position.

        Parameters
        ----------
        position : float or array-like
            In the file's units.

        Returns
        -------
        ndarray of float
            Values on the axis.
        """
        return np.asarray(self.origin + self.scale * np.asarray(position, dtype=float))

    def position(self, value: Any) -> FloatArray:
        """Return the position of a value.

        Parameters
        ----------
        value : float or array-like
            Values on the axis.

        Returns
        -------
        ndarray of float
            In the file's units.
        """
        return np.asarray((np.asarray(value, dtype=float) - self.origin) / self.scale)


@dataclass(frozen=True, eq=False)
class Trace:
    """One curve taken off a figure.

    Attributes
    ----------
    label : str
        From the legend, the risk table or the user; ``"arm 1"`` and so on where none is known.
    color : str
        As drawn, ``#rrggbb``.
    time : ndarray of float, shape (k,)
        In the axis' unit; vertices of the steps in drawing order.
    survival : ndarray of float, shape (k,)
        Probability: values of a percent axis are divided by 100. As drawn, falling or rising.
    censor_times : ndarray of float or None
        Times of the censor marks; None where the figure has none.
    risk : RiskTable or None
        The row of the risk table that belongs to it.
    doubts : tuple of str
        Why it may be wrong, where it may; each says what to look at.
    """

    label: str
    color: str
    time: FloatArray
    survival: FloatArray
    censor_times: FloatArray | None = None
    risk: RiskTable | None = None
    doubts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("time", "survival", "censor_times"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen_floats(getattr(self, name)))


@dataclass(frozen=True, eq=False)
class Digitized:
    """All that was read off one panel of a figure.

    Attributes
    ----------
    kind : {"vector", "raster"}
        How it was read.
    x, y : Axis
        Time, and survival as the axis has it (percent stays percent).
    traces : tuple of Trace
        One per curve, in the order of the legend or the risk table where known, else of the area under the curve.
    percent : bool
        The vertical axis runs to 100.
    orientation : {"survival", "failure"}
        Falling from 1, or rising from 0.
    time_unit : str or None
        "day", "week", "month" or "year", where the title of the axis says so.
    resolution : tuple of two float
        Smallest step that the file can show, in time and in probability: a pixel, or the precision of its numbers.
    notes : tuple of str
        What was assumed, repaired or not found, in the order it happened.
    backdrop : ndarray of uint8, shape (height, width, 3), or tuple of (ndarray of float, shape (k, 2), color)
        The figure to draw under the overlay: its pixels, or the lines of its drawing.
    texts : tuple of Text
        The texts of the panel, for the overlay.
    """

    kind: str
    x: Axis
    y: Axis
    traces: tuple[Trace, ...]
    percent: bool = False
    orientation: Literal["survival", "failure"] = "survival"
    time_unit: str | None = None
    resolution: tuple[float, float] = (0.0, 0.0)
    notes: tuple[str, ...] = ()
    backdrop: NDArray[np.uint8] | tuple[tuple[FloatArray, str], ...] = ()
    texts: tuple[Text, ...] = ()

    def arms(self, n: Mapping[str, int] | None = None, total_events: Mapping[str, int] | None = None) -> tuple[Arm, ...]:
        """Return the curves as arms that `survrecon.reconstruct` takes.

        Parameters
        ----------
        n : mapping of label to int, optional
            Subjects at time 0, where the figure has no number at risk there, or another.
        total_events : mapping of label to int, optional
            Printed numbers of events.

        Returns
        -------
        tuple of Arm
            In the order of `traces`.

        Raises
        ------
        CurveError, RiskTableError, ValueError
            Numbers that cannot be true, or the size of an arm is not known.
        """
        labels = [trace.label for trace in self.traces]
        for name, given in (("n", n), ("total_events", total_events)):
            for label in given or {}:
                if label not in labels:
                    raise ValueError(f"{name} names the arm {label!r}; the curves are {', '.join(map(repr, labels))}")
        return tuple(
            Arm.from_arrays(
                trace.time,
                trace.survival,
                (n or {}).get(trace.label),
                None if trace.risk is None else trace.risk.time,
                None if trace.risk is None else trace.risk.count,
                (total_events or {}).get(trace.label),
                trace.censor_times,
                trace.label,
                "probability",
                self.orientation,
                resolution=self.resolution if self.kind == "raster" else None,  # the digits of a drawing tell it
            )
            for trace in self.traces
        )
