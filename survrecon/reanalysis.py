"""From individual patient data, reconstructed or true, to the statistics that papers print."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survrecon.data import IPD, BoolArray, FloatArray, Reconstruction
from survrecon.errors import NotEstimableError, ReanalysisError
from survrecon.group_tests import Weight, fleming_harrington, logrank, normal_p, proportional_hazards
from survrecon.results import READING, Analysis, ArmAnalysis, Comparison, Estimate, TestResult
from survrecon.survival import (
    TIE_TOLERANCE,
    KaplanMeier,
    kaplan_meier,
    median,
    merge_near_ties,
    normal_quantile,
    number_at_risk,
    risk_sets,
    rmst,
    survival_at,
)

# lifelines' default stops when the coefficient is still 0.0004 standard errors off; with this, within 1e-6 of R's.
PRECISION = {"precision": 1e-14, "r_precision": 0.0}
MAX_LOG_HR = 15.0  # a coefficient beyond it, a hazard ratio of three million, is on its way to infinity


@dataclass(frozen=True)
class _Options:
    times: tuple[float, ...]
    tau: float | None
    level: float
    rho_gamma: tuple[tuple[float, float], ...]
    risk_times: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class _Stacked:
    """Several arms in one array; `group` is the arm's position."""

    time: FloatArray
    event: BoolArray
    group: NDArray[np.int64]
    stratum: NDArray[Any] | None


def reanalyze(
    items: Sequence[Reconstruction | IPD],
    reference: str | None = None,
    *,
    times: Sequence[float] = (),
    tau: float | None = None,
    level: float = 0.95,
    rho_gamma: Sequence[tuple[float, float]] = ((0.0, 1.0),),
    risk_times: Sequence[float] = (),
) -> Analysis:
    """Compute medians, survival, restricted means, hazard ratios and tests.

    Every arm is compared with the reference arm, on the data of these two arms alone. Hazard ratios come from
    lifelines' Cox model (Efron ties); all else follows R's survival package.

    Parameters
    ----------
    items : sequence of Reconstruction or IPD
        One per arm. Where they carry strata, stratified results are added. Times of all arms that differ by
        rounding only count as one.
    reference : str, optional
        Label of the reference arm, the denominator of each hazard ratio; required with two or more arms.
    times : sequence of float
        Times at which to give survival.
    tau : float, optional
        Horizon of the restricted means; by default the shortest last follow-up among the arms.
    level : float
        Confidence level, between 0 and 1.
    rho_gamma : sequence of (float, float)
        Exponents of the Fleming-Harrington weights S^rho (1 - S)^gamma.
    risk_times : sequence of float
        Times at which to count the subjects at risk.

    Returns
    -------
    Analysis
        What cannot be estimated has no value but says why, and its notes repeat it.

    Raises
    ------
    ReanalysisError
        No arms; labels repeated; `reference` missing or unknown; strata in some arms only; an option out of range.
    NotEstimableError
        `tau` beyond the last follow-up of an arm.

    Examples
    --------
    >>> drug, placebo = IPD([2, 4], [1, 0], "drug"), IPD([1, 3], [1, 1], "placebo")
    >>> analysis = reanalyze([drug, placebo], reference="placebo")
    >>> analysis.arm("placebo").median.value, analysis.comparison("drug").hr.why
    (2.0, '')
    """
    raw = _arms(items, reference)
    arms = _merge(raw)
    options = _check_options(arms, times, tau, level, rho_gamma, risk_times)
    curves = {arm.label: kaplan_meier(arm.time, arm.event) for arm in arms}
    analyzed = tuple(_analyze(arm, curves[arm.label], options) for arm in arms)
    base = next((arm for arm in arms if arm.label == reference), arms[0])
    comparisons = tuple(_compare(arm, base, curves, options) for arm in arms if arm is not base)
    everyone = _stack(arms)
    moved = int(np.sum(everyone.time != _stack(raw).time))
    notes = [f"times that differed by rounding only and were made equal: {moved}"] if moved else []
    if comparisons and tau is None and options.tau is not None:
        notes.append(f"restricted means are to {options.tau:g}, the shortest last follow-up among the arms")
    return Analysis(
        analyzed,
        comparisons,
        reference,
        logrank(everyone.time, everyone.event, everyone.group) if comparisons else None,
        (*notes, *_gaps(analyzed, comparisons)),
        tuple(f"{quantity} {item.label}" for item in items if isinstance(item, Reconstruction) for quantity in item.used),
    )


def _arms(items: Sequence[Reconstruction | IPD], reference: str | None) -> list[IPD]:
    """Return the arms' data under their labels, once they can be compared."""
    arms = []
    for item in items:
        if not isinstance(item, (Reconstruction, IPD)):
            raise ReanalysisError(f"cannot reanalyze an object of type {type(item).__name__}; give one Reconstruction or IPD for each arm")
        ipd = item if isinstance(item, IPD) else item.ipd
        arms.append(IPD(ipd.time, ipd.event, item.label, ipd.stratum))
    labels = [arm.label for arm in arms]
    listed = ", ".join(map(repr, labels))
    if not arms:
        raise ReanalysisError("no arms; give at least one Reconstruction or IPD")
    if len(set(labels)) < len(labels):
        raise ReanalysisError(f"two arms have the same label, among {listed}; give each its own")
    if reference is None and len(arms) > 1:
        raise ReanalysisError(f"no reference arm; name the one in the hazard ratio's denominator, one of {listed}")
    if reference is not None and reference not in labels:
        raise ReanalysisError(f"the reference arm {reference!r} is not among {listed}")
    with_strata = [arm.label for arm in arms if arm.stratum is not None]
    if 0 < len(with_strata) < len(arms):
        given = ", ".join(map(repr, with_strata))
        raise ReanalysisError(f"strata for {given} but not for all of {listed}; give them for every arm or for none")
    return arms


def _merge(arms: list[IPD]) -> list[IPD]:
    """Merge near-ties over all arms at once, so that the same time is the same number in each."""
    merged = np.split(merge_near_ties(np.concatenate([arm.time for arm in arms])), np.cumsum([arm.n for arm in arms])[:-1])
    return [IPD(time, arm.event, arm.label, arm.stratum) for time, arm in zip(merged, arms, strict=True)]


def _check_options(
    arms: list[IPD],
    times: Sequence[float],
    tau: float | None,
    level: float,
    rho_gamma: Sequence[tuple[float, float]],
    risk_times: Sequence[float],
) -> _Options:
    for name, values in (("times", times), ("risk_times", risk_times), ("rho_gamma", [value for pair in rho_gamma for value in pair])):
        for value in values:
            if not isfinite(value) or value < 0:
                raise ReanalysisError(f"{name}: {value!r} must be a finite number that is not negative")
    if not 0 < level < 1:
        raise ReanalysisError(f"level = {level!r} must lie between 0 and 1, such as 0.95")
    last = {arm.label: float(arm.time[-1]) for arm in arms}
    shortest = min(last.values())
    if tau is not None:
        if not isfinite(tau) or tau <= 0:
            raise ReanalysisError(f"tau = {tau!r} must be a finite number above 0")
        short = [f"{label!r} ({time:g})" for label, time in last.items() if tau > time * (1 + TIE_TOLERANCE)]
        if short:
            raise NotEstimableError(f"tau = {tau:g} is beyond the last follow-up of {', '.join(short)}; choose one up to {shortest:g}")
    return _Options(
        tuple(map(float, times)),
        tau if tau is not None else shortest or None,
        level,
        tuple((float(rho), float(gamma)) for rho, gamma in rho_gamma),
        tuple(map(float, risk_times)),
    )


def _analyze(arm: IPD, curve: KaplanMeier, options: _Options) -> ArmAnalysis:
    level = options.level
    return ArmAnalysis(
        label=arm.label,
        n=arm.n,
        events=int(arm.event.sum()),
        median=median(curve, level),
        median_linear=median(curve, level, "linear"),
        follow_up=median(kaplan_meier(arm.time, ~arm.event), level),
        last_time=curve.last_time,
        rmst=_mean(curve, options),
        tau=options.tau,
        survival=tuple((time, survival_at(curve, time, level)) for time in options.times),
        n_risk=tuple((time, int(number_at_risk(arm.time, time))) for time in options.risk_times),
        median_log=median(curve, level, "log"),
        median_misread=tuple(
            (median(curve, level, method, READING), median(curve, level, method, -READING)) for method in ("log-log", "linear", "log")
        ),
    )


def _mean(curve: KaplanMeier, options: _Options) -> Estimate:
    if options.tau is None:
        return Estimate(None, level=options.level, method="Greenwood", why="an arm has no follow-up beyond time 0")
    return rmst(curve, options.tau, options.level)


def _stack(arms: Sequence[IPD]) -> _Stacked:
    strata = [arm.stratum for arm in arms if arm.stratum is not None]
    return _Stacked(
        np.concatenate([arm.time for arm in arms]),
        np.concatenate([arm.event for arm in arms]),
        np.repeat(np.arange(len(arms)), [arm.n for arm in arms]),
        np.concatenate(strata) if strata else None,
    )


def _compare(arm: IPD, base: IPD, curves: Mapping[str, KaplanMeier], options: _Options) -> Comparison:
    pair, level, curve, base_curve = _stack([base, arm]), options.level, curves[arm.label], curves[base.label]
    data, labels = (pair.time, pair.event, pair.group), (base.label, arm.label)
    hr, wald_p = _cox(pair, labels, level)
    weights: dict[str, Weight] = {"gehan-breslow": lambda n_risk, _: n_risk, "tarone-ware": lambda n_risk, _: np.sqrt(n_risk)}
    weights |= {f"fleming-harrington({rho:g},{gamma:g})": fleming_harrington(rho, gamma) for rho, gamma in options.rho_gamma}
    mean, base_mean = _mean(curve, options), _mean(base_curve, options)
    difference, difference_p = _difference(mean, base_mean, level)
    ratio, ratio_p = _ratio(mean, base_mean, level)
    landmarks = [
        (time, survival_at(curve, time, level, "linear"), survival_at(base_curve, time, level, "linear")) for time in options.times
    ]
    return Comparison(
        arm=arm.label,
        reference=base.label,
        hr=hr,
        wald_p=wald_p,
        logrank=logrank(*data),
        weighted={name: logrank(*data, weight=weight) for name, weight in weights.items()},
        rmst_difference=difference,
        rmst_ratio=ratio,
        rmst_difference_p=difference_p,
        rmst_ratio_p=ratio_p,
        survival_difference=tuple((time, _difference(ours, theirs, level)[0]) for time, ours, theirs in landmarks),
        proportional_hazards=TestResult(None, None, why=hr.why) if hr.value is None else proportional_hazards(*data, hr.value),
        stratified_hr=None if pair.stratum is None else _cox(pair, labels, level, stratified=True)[0],
        stratified_logrank=None if pair.stratum is None else logrank(*data, stratum=pair.stratum),
    )


def _no_hazard_ratio(pair: _Stacked, labels: tuple[str, str], stratum: NDArray[Any] | None) -> str:
    """Say why the partial likelihood has no maximum, or nothing where it has one.

    It falls towards a hazard ratio of 0 when an arm-1 event happens with arm 0 at risk, and towards infinity when an
    arm-0 event happens with arm 1 at risk. Both are needed; this is exact for two arms, with Efron's ties too.
    """
    for i, label in enumerate(labels):
        if not pair.event[pair.group == i].any():
            return f"no events in arm {label!r}"
    sets = risk_sets(pair.time, pair.event, pair.group, stratum)
    missing = [i for i in (0, 1) if not np.any((sets.n_event[:, i] > 0) & (sets.n_risk[:, 1 - i] > 0))]
    where = "" if stratum is None else " of its stratum"
    if missing == [0, 1]:
        return f"the arms are never at risk together at an event{where}"
    return "".join(f"nobody{where} in arm {labels[1 - i]!r} is at risk at any event of arm {labels[i]!r}" for i in missing)


def _cox(pair: _Stacked, labels: tuple[str, str], level: float, *, stratified: bool = False) -> tuple[Estimate, float | None]:
    """Hazard ratio of the second arm over the first, and its Wald p value."""
    stratum = pair.stratum if stratified else None
    why = _no_hazard_ratio(pair, labels, stratum)
    if why:
        return Estimate(None, level=level, method="Wald", why=why), None
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    frame = pd.DataFrame({"time": pair.time, "event": pair.event, "arm": pair.group})
    if stratum is not None:
        frame["stratum"] = np.unique(stratum, return_inverse=True)[1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it suspects separation where `_no_hazard_ratio` has ruled it out
            strata = None if stratum is None else ["stratum"]
            fit = CoxPHFitter().fit(frame, "time", "event", strata=strata, fit_options=PRECISION)
        beta, se = float(fit.params_["arm"]), float(fit.standard_errors_["arm"])
    except ConvergenceError:
        beta, se = np.nan, np.nan
    if not isfinite(beta) or not isfinite(se) or abs(beta) > MAX_LOG_HR or se <= 0:
        return Estimate(None, level=level, method="Wald", why="the Cox model did not converge"), None
    half = normal_quantile(level) * se
    return Estimate(exp(beta), exp(beta - half), exp(beta + half), level, "Wald", se), normal_p(beta / se)


def _difference(ours: Estimate, theirs: Estimate, level: float) -> tuple[Estimate, float | None]:
    """Ours minus theirs, of independent arms, and the p value of no difference; one standard error may be 0."""
    why = "; ".join(dict.fromkeys(filter(None, (ours.why, theirs.why))))
    if ours.value is None or theirs.value is None:
        return Estimate(None, level=level, method="Greenwood", why=why), None
    value = ours.value - theirs.value
    if ours.se is None or theirs.se is None or ours.se == theirs.se == 0:
        return Estimate(value, level=level, method="Greenwood", why=why), None
    se = sqrt(ours.se**2 + theirs.se**2)
    half = normal_quantile(level) * se
    return Estimate(value, value - half, value + half, level, "Greenwood", se), normal_p(value / se)


def _log(mean: Estimate) -> Estimate:
    if not mean.value or mean.se is None:
        return Estimate(None, why=mean.why or "a restricted mean is 0")
    return Estimate(log(mean.value), se=mean.se / mean.value, why=mean.why)


def _ratio(ours: Estimate, theirs: Estimate, level: float) -> tuple[Estimate, float | None]:
    """Ours over theirs, on the log scale by the delta method, and the p value of a ratio of 1."""
    logs, p = _difference(_log(ours), _log(theirs), level)
    value, lower, upper = (None if x is None else exp(x) for x in (logs.value, logs.lower, logs.upper))
    return Estimate(value, lower, upper, level, "Greenwood, log scale", logs.se, logs.why), p


def _gaps(arms: Sequence[ArmAnalysis], comparisons: Sequence[Comparison]) -> list[str]:
    """List what has no value, and why."""
    gaps = [f"{arm.label}: no events" for arm in arms if arm.events == 0]
    for arm in arms:
        named = [("median", arm.median), ("median follow-up", arm.follow_up)]
        gaps += [f"{arm.label}: {name} not reached" for name, estimate in named if estimate.value is None]
        rest = [("restricted mean", arm.rmst), *(("survival", estimate) for _, estimate in arm.survival)]
        gaps += [f"{arm.label}: {name}: {estimate.why}" for name, estimate in rest if estimate.value is None]
    for pair in comparisons:
        results: list[tuple[str, Estimate | TestResult, float | None]] = [
            ("hazard ratio", pair.hr, pair.hr.value),
            ("log-rank test", pair.logrank, pair.logrank.p),
            ("proportional-hazards test", pair.proportional_hazards, pair.proportional_hazards.p),
        ]
        if pair.stratified_hr and pair.stratified_logrank:
            results.append(("stratified hazard ratio", pair.stratified_hr, pair.stratified_hr.value))
            results.append(("stratified log-rank test", pair.stratified_logrank, pair.stratified_logrank.p))
        gaps += [f"{pair.arm} against {pair.reference}: {name}: {result.why}" for name, result, value in results if value is None]
    return gaps
