"""What another program's file holds: curves or patient data, and which program wrote it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from survrecon.data import IPD, Curve, Orientation, Scale, frozen_floats
from survrecon.files import file_error
from survrecon.write import DraftArm

MOST_CURVES = 100  # no figure has more


@dataclass(frozen=True, eq=False)
class Exported:
    """What was read from a file of another program.

    Attributes
    ----------
    program : str
        The program that writes such files, or how the table is laid out where several do.
    curves : tuple of DraftArm
        Coordinates with label, and what else the program knows: censor marks, numbers at risk, subjects, events.
    ipd : tuple of IPD
        Patient data, one per arm; empty where there are curves.
    notes : tuple of str
        What was left out or assumed.
    """

    program: str
    curves: tuple[DraftArm, ...] = ()
    ipd: tuple[IPD, ...] = ()
    notes: tuple[str, ...] = ()


def curve_of(
    path: str | Path, label: str, points: Sequence[tuple[Any, Any]], scale: Scale = "auto", orientation: Orientation = "auto"
) -> Curve:
    """Make a curve of points that a program wrote as JSON or XML.

    Parameters
    ----------
    path : path-like
        The file, for the error.
    label : str
        Name of the curve, for the error.
    points : sequence of (time, survival)
        As they stand in the file.
    scale, orientation : str
        Of the curve, where the program knows.

    Returns
    -------
    Curve
        The points in the same order.

    Raises
    ------
    StudyFileError
        A point that is not two finite numbers.
    """
    for i, point in enumerate(points, 1):
        if not all(is_finite(value) for value in point):
            key, shown = f"curve {label!r}, point {i}", ", ".join(map(str, point))[:60]
            raise file_error(path, "is not two numbers; correct the point or delete it in the program", key, shown)
    time, survival = zip(*points, strict=True)
    return Curve(frozen_floats(time), frozen_floats(survival), scale, orientation)


def is_finite(value: Any) -> bool:
    """Whether a value is a finite number.

    Parameters
    ----------
    value : object
        From JSON.

    Returns
    -------
    bool
        False for text, true and false, and numbers too large for a float.
    """
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
