"""The frozen value objects that flow through survrecon: those of `survrecon.arm`, and reconstructions and studies made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from survrecon.arm import IPD, Arm, BoolArray, Curve, FloatArray, IntArray, Orientation, RiskTable, Scale, frozen_floats
from survrecon.published import Published

__all__ = [
    "IPD",
    "Arm",
    "BoolArray",
    "Curve",
    "FloatArray",
    "IntArray",
    "Orientation",
    "Reconstruction",
    "Residuals",
    "RiskRow",
    "RiskTable",
    "Scale",
    "Study",
    "frozen_floats",
]


@dataclass(frozen=True, eq=False)
class Residuals:
    """Reconstructed minus digitized survival at the digitized points.

    Attributes
    ----------
    time, value : ndarray of float, shape (k,)
        Digitized times, and the difference at each.
    rmse : float
        Root mean square of `value`.
    max_abs : float
        Largest absolute difference.
    max_abs_time : float
        The time at which it occurs.
    """

    time: FloatArray
    value: FloatArray
    rmse: float
    max_abs: float
    max_abs_time: float


@dataclass(frozen=True)
class RiskRow:
    """One cell of the risk table beside its reconstruction.

    Attributes
    ----------
    time : float
        Time of the cell.
    printed : int
        The printed count.
    reconstructed : int
        Subjects of the reconstruction with a time at or after it.
    """

    time: float
    printed: int
    reconstructed: int


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Individual patient data rebuilt for one arm, and how well they fit what was given.

    Attributes
    ----------
    arm : Arm
        The arm after cleaning.
    ipd : IPD
        The reconstructed subjects; as many as ``arm.n``.
    method : str
        Name of the method.
    fitted : Curve or None
        Kaplan-Meier curve of `ipd`: its event times and the survival just after each.
    residuals : Residuals or None
        Fit to the digitized points; None without a curve.
    risk : tuple of RiskRow
        Printed and reconstructed numbers at risk.
    total_events : tuple of (int or None, int)
        Printed and reconstructed number of events.
    notes : tuple of str
        What was repaired, assumed or given up, in the order it happened.
    used : tuple of str
        Published quantities that were used as input, e.g. ``"median"``.
    draws : tuple of IPD
        Draws from what the input leaves open, each as plausible as the data allow; each meets the hard
        constraints as `ipd` does. Empty where none were asked for.
    """

    arm: Arm
    ipd: IPD
    method: str
    fitted: Curve | None = None
    residuals: Residuals | None = None
    risk: tuple[RiskRow, ...] = ()
    total_events: tuple[int | None, int] = (None, 0)
    notes: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    draws: tuple[IPD, ...] = ()

    @property
    def label(self) -> str:
        """Label of the arm."""
        return self.arm.label


@dataclass(frozen=True, eq=False)
class Study:
    """One published figure or result.

    Attributes
    ----------
    id : str
        Name of its folder.
    trial, endpoint : str
        E.g. ``"PALOMA-2"`` and ``"progression-free survival, investigator"``.
    time_unit : str
        ``"day"``, ``"week"``, ``"month"`` or ``"year"``.
    evidence : {"digitized", "printed", "registered", "ipd"}
        Coordinates of a curve; printed numbers only; registered without a result; patient data.
    arms : tuple of Arm
        The arms, in the order of the file.
    published : Published
        What the document prints.
    citation, figure, registration : str
        The document, the figure and panel, and the registration number.
    missing : tuple of str
        What the document has and we do not.
    notes : tuple of str
        What reading the files changed or detected.
    path : str
        The study file, or empty.
    doi, source : str
        The document's DOI, and where its contents were read.
    """

    id: str
    trial: str
    endpoint: str
    time_unit: str
    evidence: Literal["digitized", "printed", "registered", "ipd"]
    arms: tuple[Arm, ...] = ()
    published: Published = field(default_factory=Published)
    citation: str = ""
    figure: str = ""
    registration: str = ""
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    path: str = ""
    doi: str = ""
    source: str = ""

    def arm(self, label: str) -> Arm:
        """Return the arm of that label; KeyError where there is none.

        Parameters
        ----------
        label : str
            Label as written in the study file.

        Returns
        -------
        Arm
            The arm.
        """
        for arm in self.arms:
            if arm.label == label:
                return arm
        raise KeyError(label)
