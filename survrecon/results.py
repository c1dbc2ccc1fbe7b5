"""The frozen value objects that reanalysis and comparison return."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["agrees", "differs", "used as input", "not comparable"]
Plausibility = Literal["consistent", "in tension", "impossible"]

# How exactly a curve is read, as a share of its axis: about the width of its line, 2 points in a figure 3 inches high.
READING = 0.01


@dataclass(frozen=True)
class Estimate:
    """One statistic with its confidence interval, or the reason why there is none.

    Attributes
    ----------
    value : float or None
        None where it cannot be estimated (`why` says why) or was not reached.
    lower, upper : float or None
        Confidence limits; None where not estimable.
    level : float
        Confidence level.
    method : str
        How the limits were made, e.g. ``"log-log"``, ``"Greenwood"``, ``"Wald"``.
    se : float or None
        Standard error, on the log scale for ratios.
    why : str
        Empty, or why a part of it is missing, e.g. ``"median not reached"``.
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None
    level: float = 0.95
    method: str = ""
    se: float | None = None
    why: str = ""


@dataclass(frozen=True)
class TestResult:
    """A test statistic and its two-sided p value.

    Attributes
    ----------
    statistic : float or None
        Chi-squared.
    p : float or None
        Two-sided p value.
    df : int
        Degrees of freedom.
    why : str
        Empty, or why there is none.
    """

    __test__ = False  # not a test case, whatever pytest makes of the name

    statistic: float | None
    p: float | None
    df: int = 1
    why: str = ""


@dataclass(frozen=True)
class Spread:
    """How sure one statistic is, from the draws of an ensemble.

    Attributes
    ----------
    quantity : str
        ``"hazard ratio"``, ``"median"``, ``"events"``, ``"rmst"``, ``"survival"``, ``"log-rank chi-squared"``.
    arm : str or None
        The arm it belongs to; for comparisons the arm set against the reference.
    time : float or None
        Landmark (survival) or horizon (rmst).
    value : float or None
        Of the single reconstruction.
    reconstruction : tuple of (float, float) or None
        95% interval over the draws: what the figure and the printed numbers leave open, nothing else.
    total : tuple of (float, float) or None
        95% confidence interval with sampling error and reconstruction error together (Rubin's rules).
    why : str
        Empty, or why there is none.
    bounds : tuple of (float, float) or None
        Of a hazard ratio of two curves: no data set that draws them lies outside (`survrecon.sensitivity.bounds`).
    """

    quantity: str
    arm: str | None
    time: float | None
    value: float | None
    reconstruction: tuple[float, float] | None
    total: tuple[float, float] | None = None
    why: str = ""
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class ArmAnalysis:
    """Statistics of one arm.

    Attributes
    ----------
    label : str
        Name of the arm.
    n, events : int
        Subjects and events.
    median : Estimate
        Median survival with its log-log interval.
    median_linear : Estimate
        The same with the linear (Greenwood) interval.
    follow_up : Estimate
        Median follow-up by reverse Kaplan-Meier.
    last_time : float
        Longest follow-up.
    rmst : Estimate
        Restricted mean survival time to `tau`.
    tau : float or None
        Its horizon: as asked for, else the shortest last follow-up among the arms.
    survival : tuple of (float, Estimate)
        Survival with log-log interval at the times asked for.
    n_risk : tuple of (float, int)
        Numbers at risk at the times asked for.
    median_log : Estimate or None
        The median with the log interval, R's default.
    median_misread : tuple of (Estimate, Estimate)
        For the log-log, linear and log method: median and limits had the curve been read `READING` too high, or too low.
    """

    label: str
    n: int
    events: int
    median: Estimate
    median_linear: Estimate
    follow_up: Estimate
    last_time: float
    rmst: Estimate
    tau: float | None
    survival: tuple[tuple[float, Estimate], ...] = ()
    n_risk: tuple[tuple[float, int], ...] = ()
    median_log: Estimate | None = None
    median_misread: tuple[tuple[Estimate, Estimate], ...] = ()


@dataclass(frozen=True)
class Comparison:
    """One arm against the reference arm.

    Attributes
    ----------
    arm, reference : str
        Labels; `reference` is the denominator of the hazard ratio.
    hr : Estimate
        Cox hazard ratio (Efron ties) with Wald interval.
    wald_p : float or None
        Two-sided Wald p value.
    logrank : TestResult
        Log-rank test.
    weighted : dict of str to TestResult
        Keys ``gehan-breslow``, ``tarone-ware``, ``fleming-harrington(p,q)``.
    rmst_difference, rmst_ratio : Estimate
        Arm minus reference, arm over reference, to the common `tau`.
    rmst_difference_p, rmst_ratio_p : float or None
        Two-sided p values.
    survival_difference : tuple of (float, Estimate)
        Arm minus reference at the times asked for.
    proportional_hazards : TestResult
        Schoenfeld-residual test.
    stratified_hr : Estimate or None
        Present when the IPD carry a stratum.
    stratified_logrank : TestResult or None
        Present when the IPD carry a stratum.
    """

    arm: str
    reference: str
    hr: Estimate
    wald_p: float | None
    logrank: TestResult
    weighted: dict[str, TestResult]
    rmst_difference: Estimate
    rmst_ratio: Estimate
    rmst_difference_p: float | None
    rmst_ratio_p: float | None
    survival_difference: tuple[tuple[float, Estimate], ...]
    proportional_hazards: TestResult
    stratified_hr: Estimate | None = None
    stratified_logrank: TestResult | None = None


@dataclass(frozen=True)
class Analysis:
    """Everything recomputed from reconstructed (or true) IPD.

    Attributes
    ----------
    arms : tuple of ArmAnalysis
        One per arm, in the order given.
    comparisons : tuple of Comparison
        One per arm other than the reference; empty for a single arm.
    reference : str or None
        Label of the reference arm.
    logrank : TestResult or None
        The k-sample log-rank test over all arms; None for a single arm.
    notes : tuple of str
        What could not be estimated, or was assumed.
    used : tuple of str
        Published quantities the reconstructions used as input, as ``"<quantity> <arm>"``.
    spreads : tuple of Spread
        Reconstruction and total intervals, where the reconstructions carry draws (`survrecon.ensemble.spreads`).
    undetermined : tuple of str
        What the input does not determine, in words that lead the output.
    """

    arms: tuple[ArmAnalysis, ...]
    comparisons: tuple[Comparison, ...] = ()
    reference: str | None = None
    logrank: TestResult | None = None
    notes: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    spreads: tuple[Spread, ...] = ()
    undetermined: tuple[str, ...] = ()

    def arm(self, label: str) -> ArmAnalysis:
        """Return the statistics of one arm; KeyError where there is none.

        Parameters
        ----------
        label : str
            Label of the arm.

        Returns
        -------
        ArmAnalysis
            Its statistics.
        """
        return next((arm for arm in self.arms if arm.label == label), None) or _missing(label)

    def comparison(self, label: str) -> Comparison:
        """Return the comparison of one arm with the reference; KeyError where there is none.

        Parameters
        ----------
        label : str
            Label of the arm that is not the reference.

        Returns
        -------
        Comparison
            Its statistics.
        """
        return next((item for item in self.comparisons if item.arm == label), None) or _missing(label)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and None, ready for JSON.

        Returns
        -------
        dict
            The same names as the attributes.
        """
        return asdict(self)


def _missing(label: str) -> Any:
    raise KeyError(label)


@dataclass(frozen=True)
class Check:
    """One published quantity beside ours.

    Attributes
    ----------
    quantity : str
        What it is, e.g. ``"hazard ratio"``, ``"median"``, ``"log-rank p"``, ``"hazard ratio, lower limit"``.
    arm : str or None
        The arm it belongs to.
    published : str
        As printed.
    value : float or None
        Ours; None where it could not be computed.
    interval : tuple of (float, float) or None
        The range that counts as agreement: ours, widened by the reconstruction's stated error and by
        half the last printed digit.
    allowed : float or None
        Half the width of that range before rounding, in the quantity's unit (log scale for ratios).
    verdict : {"agrees", "differs", "used as input", "not comparable"}
        A published number used as input is never counted as confirmed.
    why : str
        The reason for the allowed difference, or why the two cannot be compared.
    source : str
        Where the published number was read.
    """

    quantity: str
    arm: str | None
    published: str
    value: float | None
    interval: tuple[float, float] | None
    allowed: float | None
    verdict: Verdict
    why: str
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The same names as the attributes.
        """
        return asdict(self)


@dataclass(frozen=True)
class Finding:
    """What one check of the audit found: arithmetic that can be redone by hand.

    Attributes
    ----------
    check : str
        What is held against what, e.g. ``"hazard ratio in the middle of its interval"``.
    subject : str
        The arm, comparison or subgroup it is about.
    verdict : {"consistent", "in tension", "impossible"}
        "impossible": no data can give these numbers, whatever was rounded; "in tension": honest data hardly ever do.
    numbers : tuple of (str, str)
        The numbers that went in, each with its name, as printed.
    value : float or None
        The number that is judged.
    allowed : tuple of (float, float) or None
        The range for it that the others leave, rounding and the stated slack included; an end may be infinite.
    formula : str
        How the range follows from the numbers.
    source : str
        Where the formula and the slack come from.
    why : str
        The verdict in words, and what may lie behind it.
    """

    check: str
    subject: str
    verdict: Plausibility
    numbers: tuple[tuple[str, str], ...]
    value: float | None
    allowed: tuple[float, float] | None
    formula: str
    source: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The same names as the attributes; `numbers` is a dictionary.
        """
        return asdict(self) | {"numbers": dict(self.numbers)}
