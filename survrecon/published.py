"""What a document prints: numbers as printed, results, subgroups, design and interim statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Printed:
    """A number as it was printed.

    Attributes
    ----------
    text : str
        As printed: ``"0.58"``, ``"<0.001"``, ``"21%"``, ``"NE"``, ``"not reached"``.
    value : float or None
        Its value (percent divided by 100); None where it is not a number.
    relation : {"=", "<", ">"}
        "<" for ``"<0.001"``.
    half_unit : float
        Half a unit of the last printed digit: the true value lies within this of `value`.
    """

    text: str
    value: float | None
    relation: Literal["=", "<", ">"] = "="
    half_unit: float = 0.0

    @property
    def reached(self) -> bool:
        """Whether it is a number (not "not reached", "not estimable")."""
        return self.value is not None


@dataclass(frozen=True)
class PublishedValue:
    """One published result.

    Attributes
    ----------
    quantity : str
        ``hazard_ratio``, ``median``, ``survival``, ``rmst``, ``logrank_p``, ``logrank_chi2`` or ``wald_p``.
    estimate : Printed
        The number as printed.
    arm : str or None
        The arm it belongs to; for comparisons the arm set against the reference.
    ci : tuple of (Printed, Printed) or None
        Printed confidence limits.
    level : float
        Confidence level, e.g. 0.95 or 0.9967.
    ci_type : str
        ``"log-log"``, ``"linear"``, ``"log"`` or ``""`` where the paper does not say.
    time : float or None
        Landmark (survival) or horizon (rmst), in the study's unit.
    stratified, adjusted : bool
        From a stratified or covariate-adjusted model.
    two_sided : bool
        Whether a p value is two-sided.
    population : str
        Other than that of the curve, or empty.
    source : str
        Where it was read.
    model : str
        The model behind it as the paper names it, e.g. ``"Cox"``, or empty.
    """

    quantity: str
    estimate: Printed
    arm: str | None = None
    ci: tuple[Printed, Printed] | None = None
    level: float = 0.95
    ci_type: str = ""
    time: float | None = None
    stratified: bool = False
    adjusted: bool = False
    two_sided: bool = True
    population: str = ""
    source: str = ""
    model: str = ""


@dataclass(frozen=True)
class Subgroup:
    """One row of a published forest plot.

    Attributes
    ----------
    factor, level : str
        E.g. ``"age"`` and ``"<65"``.
    estimate : Printed
        Hazard ratio.
    ci : tuple of (Printed, Printed) or None
        Its confidence limits.
    n : int or None
        Subjects in the subgroup, both arms together.
    source : str
        Where it was read.
    """

    factor: str
    level: str
    estimate: Printed
    ci: tuple[Printed, Printed] | None = None
    n: int | None = None
    source: str = ""


@dataclass(frozen=True)
class Design:
    """A trial's sample-size statement.

    Attributes
    ----------
    events : int
        Planned number of events.
    hazard_ratio : float
        Under the alternative.
    power, alpha : float
        E.g. 0.9 and 0.025.
    sides : int
        1 or 2: whether `alpha` is one- or two-sided.
    allocation : float
        Subjects in the treated arm for each in the reference arm.
    source : str
        Where it was read.
    """

    events: int
    hazard_ratio: float
    power: float
    alpha: float
    sides: int = 2
    allocation: float = 1.0
    source: str = ""


@dataclass(frozen=True)
class Interim:
    """An interim analysis with its stopping boundary.

    Attributes
    ----------
    events, planned_events : int
        Events at the analysis and at the final one.
    boundary_hr, boundary_p : Printed or None
        The printed boundary.
    alpha : float
        Type I error of the whole trial.
    sides : int
        Whether `alpha` is one- or two-sided.
    p_sides : int
        Whether `boundary_p` is one- or two-sided.
    spending : str
        E.g. ``"O'Brien-Fleming"``.
    source : str
        Where it was read.
    """

    events: int
    planned_events: int
    boundary_hr: Printed | None = None
    boundary_p: Printed | None = None
    alpha: float = 0.05
    sides: int = 2
    p_sides: int = 2
    spending: str = "O'Brien-Fleming"
    source: str = ""


@dataclass(frozen=True)
class Published:
    """All published results of a study.

    Attributes
    ----------
    reference : str or None
        Label of the reference arm: the denominator of every hazard ratio.
    values : tuple of PublishedValue
        Results that a reconstruction can be compared with.
    subgroups : tuple of Subgroup
        Forest-plot rows, for the audit.
    design : Design or None
        Sample-size statement, for the audit.
    interims : tuple of Interim
        Interim analyses, for the audit.
    """

    reference: str | None = None
    values: tuple[PublishedValue, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    design: Design | None = None
    interims: tuple[Interim, ...] = ()
