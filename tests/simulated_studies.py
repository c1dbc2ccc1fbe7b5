"""Honest studies: patients drawn at random, every number computed from them and rounded as papers do.

What `audit` says of such a study is a false alarm; what it says after one number was spoiled (`spoiled_studies.py`) is a catch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from survrecon.data import Arm, Curve, RiskTable, Study
from survrecon.fields import parse_printed
from survrecon.group_tests import logrank
from survrecon.published import Design, Interim, Printed, Published, PublishedValue, Subgroup
from survrecon.survival import kaplan_meier, median, number_at_risk, risk_sets, survival_at

DAYS = 365.25 / 12
LABELS = ("control", "drug")
Q = NormalDist().inv_cdf
FACTORS = (("age", ("<65", "65 or more")), ("site", ("visceral", "bone", "other")))


@dataclass(frozen=True, eq=False)
class Trial:
    """Patients of a two-arm trial: months, events, arm (1: drug), the levels of two factors, and subjects in the drug arm per control.

    `later` holds a second end point of the same patients, as survival is to progression.
    """

    time: np.ndarray
    event: np.ndarray
    drug: np.ndarray
    factors: np.ndarray
    allocation: int
    later: Trial | None = None


def draw_trial(rng: np.random.Generator) -> Trial:
    """Draw a trial: Weibull times, uniform accrual, loss to follow-up, whole days; some with scheduled visits or a changing effect."""
    n, allocation = int(np.exp(rng.uniform(np.log(60), np.log(1200)))), int(rng.choice([1, 1, 2]))
    drug = rng.permutation(np.arange(n) % (allocation + 1) > 0)
    factors = np.column_stack([rng.choice(len(levels), n, p=rng.dirichlet([6.0] * len(levels))) for _, levels in FACTORS])
    scale, shape = rng.uniform(3, 30) * DAYS / math.log(2), rng.uniform(0.8, 1.6)
    effect = np.clip(rng.normal(-0.3, 0.35), -1.2, 0.4) + np.zeros(n)
    prognosis = sum(rng.normal(0, 0.4, len(levels))[factors[:, i]] for i, (_, levels) in enumerate(FACTORS))
    shapes = np.where(drug, shape * (rng.uniform(0.85, 1.2) if rng.random() < 0.25 else 1.0), shape)
    survival = scale * (rng.exponential(size=n) * np.exp(-effect * drug - prognosis)) ** (1 / shapes)
    accrual, minimum = scale * rng.uniform(0.3, 1.5), scale * rng.uniform(0.2, 1.5)
    dropout = rng.exponential(size=n) * scale / rng.uniform(0.02, 0.25)
    visit = rng.choice([0, 0, 56, 84])
    if visit:  # progression is seen at the next visit, give or take a week
        survival = np.maximum(np.ceil(survival / visit) * visit + rng.integers(-7, 8, n), 1)
    censoring = np.minimum(minimum + accrual * rng.random(n), dropout)
    death = survival + rng.exponential(size=n) * scale * rng.uniform(0.5, 2)
    ends = [(np.maximum(np.ceil(np.minimum(each, censoring)), 1) / DAYS, each <= censoring) for each in (survival, death)]
    return Trial(*ends[0], drug, factors, allocation, Trial(*ends[1], drug, factors, allocation))


def cox(time: np.ndarray, event: np.ndarray, drug: np.ndarray, stratum: np.ndarray | None = None) -> tuple[float, float] | None:
    """Log hazard ratio and its standard error (Efron, Newton's method); None where there is no maximum."""
    sets = risk_sets(time, event, drug, stratum)
    if sets.n_risk.shape[1] < 2:
        return None
    d = sets.n_event.sum(axis=1)
    row = np.repeat(np.arange(d.size), d)
    taken = (np.arange(row.size) - np.repeat(np.cumsum(d) - d, d)) / d[row]
    control, active = (sets.n_risk[row] - taken[:, None] * sets.n_event[row]).T
    observed, beta = sets.n_event[:, 1].sum(), 0.0
    for _ in range(50):
        share = active * math.exp(beta) / (control + active * math.exp(beta))
        information = float(np.sum(share * (1 - share)))
        if information < 0.5 or abs(beta) > 5:
            return None
        step = float(np.clip((observed - share.sum()) / information, -1, 1))
        beta += step
        if abs(step) < 1e-9:
            return beta, 1 / math.sqrt(information)
    return None


def printed(value: float | None, decimals: int, percent: bool = False) -> Printed:
    """Round as a paper does; None is "not reached"."""
    if value is None or not math.isfinite(value):
        return parse_printed("not reached")
    return parse_printed(f"{100 * value:.{decimals}f}%" if percent else f"{value:.{decimals}f}")


def printed_p(p: float, decimals: int) -> Printed:
    """Round a p value; "<0.001" and the like where nothing would be left of it."""
    least = 10.0**-decimals
    return parse_printed(f"<{least:.{decimals}f}") if p < least else printed(p, decimals if p < 0.1 else 2)


def ratio(fit: tuple[float, float], level: float, decimals: int) -> tuple[Printed, tuple[Printed, Printed]]:
    """Hazard ratio with its Wald interval, rounded."""
    (beta, se), z = fit, Q((1 + level) / 2)
    low, high = (printed(math.exp(beta + side * z * se), decimals) for side in (-1, 1))
    return printed(math.exp(beta), decimals), (low, high)


def read_off(time: np.ndarray, survival: np.ndarray, end: float, how: str, rng: np.random.Generator) -> Curve:
    """Read the corners of a curve off a figure: in vector graphics, in pixel columns, or by clicks."""
    x, y = np.repeat(np.append(time, end), 2)[:-1], np.concatenate([[1.0], np.repeat(survival, 2)])
    x, y = np.append(0.0, x), np.append(1.0, y)
    if how == "vector":
        step = end / 2000
        return Curve(np.round(x / step) * step, np.round(y * 2000) / 2000, "probability", "survival")
    if how == "pixels":
        columns = np.linspace(0, end, 700)
        height = np.append(1.0, survival)[np.searchsorted(time, columns, side="right")]
        return Curve(columns, np.clip(np.round((height * 450) + rng.normal(0, 0.35, 700)) / 450, 0, 1), "probability", "survival")
    chosen = np.unique(np.concatenate([[0, x.size - 1], rng.choice(x.size, min(80, x.size), replace=False)]))
    clicks = x[chosen] + rng.normal(0, 0.003 * end, chosen.size), y[chosen] + rng.normal(0, 0.003, chosen.size)
    order = np.argsort(clicks[0])
    return Curve(np.maximum(clicks[0][order], 0), np.clip(clicks[1][order], 0, 1), "probability", "survival")


def publish(trial: Trial, rng: np.random.Generator, name: str = "simulated") -> Study | None:
    """Print a study about a trial; None where the trial has no hazard ratio to print."""
    stratum = trial.factors[:, 0] if rng.random() < 0.4 else None
    fit = cox(trial.time, trial.event, trial.drug, stratum)
    if fit is None or fit[1] > 0.7:
        return None
    end = float(trial.time.max())
    tick = float(rng.choice([tick for tick in (1, 2, 3, 4, 5, 6, 12) if 5 <= end / tick <= 14] or [math.ceil(end / 8)]))
    ticks = np.arange(0, end + tick, tick)
    how = str(rng.choice(["", "", "vector", "pixels", "clicks"]))
    ci_type, values, arms = str(rng.choice(["log-log", "linear", "log"])), [], []
    landmarks = rng.choice(ticks[1:4], 1) if rng.random() < 0.5 else np.round(rng.uniform(0.2, 0.7, 1) * end)
    for code, label in enumerate(LABELS):
        time, event = trial.time[trial.drug == code], trial.event[trial.drug == code]
        km = kaplan_meier(time, event)
        risk, n = RiskTable(ticks, number_at_risk(time, ticks)), time.size
        curve = read_off(km.time, km.survival, float(time.max()), how, rng) if how and km.time.size else None
        total = int(event.sum()) if rng.random() < 0.7 else None
        share = parse_printed(f"{100 * total / n:.1f}%") if total is not None and rng.random() < 0.5 else None
        marks = np.unique(time[~event]) if how == "vector" and rng.random() < 0.5 else None
        asides = {"last_follow_up": round(float(time.max()), 1)} if rng.random() < 0.3 else {}
        if rng.random() < 0.3:
            beyond = round(float(rng.uniform(0.2, 0.9)) * end)
            asides["beyond"] = ((beyond, int(np.sum(time > beyond))),)
        arms.append(Arm(label, n, curve, risk if rng.random() < 0.9 else None, total, marks, events_percent=share, **asides))
        half = median(km, 0.95, ci_type)
        limits = (printed(half.lower, 1), printed(half.upper, 1)) if rng.random() < 0.9 else None
        values.append(PublishedValue("median", printed(half.value, 1), label, limits))
        for at in np.unique(landmarks):
            here = survival_at(km, float(at), 0.95, ci_type)
            if here.value is not None and here.lower is not None and 0 < here.value < 1:
                digits = int(rng.integers(2))
                limits = tuple(printed(limit, digits, percent=True) for limit in (here.lower, here.upper))
                values.append(PublishedValue("survival", printed(here.value, digits, percent=True), label, limits, time=float(at)))
    level, digits = float(rng.choice([0.95, 0.95, 0.95, 0.9, 0.99])), int(rng.choice([2, 2, 2, 3]))
    estimate, limits = ratio(fit, level, digits)
    stratified = stratum is not None
    values.append(PublishedValue("hazard_ratio", estimate, "drug", limits, level, stratified=stratified, model="Cox"))
    tested = stratum if rng.random() < 0.9 else None  # now and then the p value is that of the unstratified test
    test = logrank(trial.time, trial.event, trial.drug, tested)
    decimals, one_sided = int(rng.choice([3, 3, 4])), rng.random() < 0.15
    z = math.copysign(math.sqrt(test.statistic), fit[0])
    p = NormalDist().cdf(z) if one_sided else test.p
    values.append(PublishedValue("logrank_p", printed_p(p, decimals), "drug", two_sided=not one_sided, stratified=tested is not None))
    if rng.random() < 0.3:
        wald = 2 * NormalDist().cdf(-abs(fit[0] / fit[1]))
        values.append(PublishedValue("wald_p", printed_p(wald, decimals), "drug", stratified=stratified))
    if rng.random() < 0.2:
        values.append(PublishedValue("logrank_chi2", printed(test.statistic, 1), "drug", stratified=tested is not None))
    interims = (draw_interim(trial, rng),) if rng.random() < 0.3 else ()
    design = draw_design(trial, rng) if rng.random() < 0.5 else None
    published = Published(LABELS[0], tuple(values), draw_subgroups(trial), design, interims)
    return Study(name, name, "survival", "month", "digitized" if how else "printed", tuple(arms), published)


def draw_subgroups(trial: Trial) -> tuple[Subgroup, ...]:
    """Print the forest plot: every level whose hazard ratio can be estimated."""
    rows = []
    for i, (factor, levels) in enumerate(FACTORS):
        for code, level in enumerate(levels):
            inside = trial.factors[:, i] == code
            fit = cox(trial.time[inside], trial.event[inside], trial.drug[inside]) if inside.any() else None
            if fit is not None and fit[1] < 1:
                rows.append(Subgroup(factor, level, *ratio(fit, 0.95, 2), int(inside.sum())))
    return tuple(rows)


def draw_design(trial: Trial, rng: np.random.Generator) -> Design:
    """Plan a trial by Schoenfeld's or Freedman's formula, with or without a few more events for interim analyses."""
    hr, power = round(float(rng.uniform(0.55, 0.82)), 2), float(rng.choice([0.8, 0.85, 0.9]))
    alpha, sides = (0.05, 2) if rng.random() < 0.6 else (0.025, 1)
    r, z = trial.allocation, Q(1 - alpha / sides) + Q(power)
    schoenfeld = (z * (1 + r) / math.log(hr)) ** 2 / r
    freedman = (z * (1 + r * hr) / (1 - hr)) ** 2 / r
    return Design(math.ceil(rng.choice([schoenfeld, freedman]) * rng.choice([1.0, 1.0, 1.02])), hr, power, alpha, sides, r)


def draw_interim(trial: Trial, rng: np.random.Generator) -> Interim:
    """Print the first boundary of an O'Brien-Fleming type spending function."""
    events = int(trial.event.sum())
    planned = math.ceil(events / rng.uniform(0.4, 0.8))
    spent = 2 * NormalDist().cdf(-Q(1 - 0.025 / 2) / math.sqrt(events / planned))
    r = trial.allocation
    hr = math.exp(Q(spent) * (1 + r) / math.sqrt(r * events))
    return Interim(events, planned, printed(hr, 3), printed(2 * spent, 4 if spent > 1e-3 else 5), 0.05, 2, 2)
