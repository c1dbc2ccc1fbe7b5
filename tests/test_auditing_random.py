"""The audit on random data: its inequalities hold, honest studies are left alone, spoiled ones are caught, nothing breaks it."""

from __future__ import annotations

import math
from functools import cache

import audit_rates
import numpy as np
import pytest
from audited import study, value
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_studies import cox

from survrecon.auditing import audit
from survrecon.checks._bands import log_se_range
from survrecon.checks._bounds import Bounds, event_range, least_survival
from survrecon.data import Arm, Curve, RiskTable, Study
from survrecon.published import Design, Interim, Subgroup
from survrecon.read import parse_printed
from survrecon.survival import kaplan_meier, number_at_risk

# The inequalities, on random data


@st.composite
def patients(draw) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(5, 60))
    time = np.array(draw(st.lists(st.integers(1, 40), min_size=n, max_size=n)), dtype=float)
    return time, np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))


@given(patients(), st.integers(2, 12))
@settings(max_examples=200, deadline=None)
def test_curve_numbers_at_risk_and_events_of_any_data_agree(data, step):
    """The exact curve bounds the numbers at risk; the true events lie in their range, and Greenwood's error in its own."""
    time, event = data
    km, ticks = kaplan_meier(time, event), np.arange(0, 41, step, dtype=float)
    count = number_at_risk(time, ticks).astype(float)
    survival = np.append(1.0, km.survival)
    before = survival[np.searchsorted(km.time, ticks, side="left")]
    bounds = Bounds(before, before)
    assert np.all(least_survival(count, bounds) <= before + 1e-12)
    low, high = event_range(count, bounds, rest=count[-1])
    assert low - 1e-9 <= event.sum() <= high + 1e-9
    for k in np.flatnonzero((km.survival > 0) & (km.survival < 1)):
        least, most = log_se_range((km.survival[k],) * 2, time.size, float(np.sum(time >= km.time[k])) - km.n_event[k])
        assert least * (1 - 1e-9) <= km.log_se[k] <= most * (1 + 1e-9)


@given(patients(), patients())
@settings(max_examples=200, deadline=None)
def test_no_cox_interval_is_narrower_than_its_events_allow(first, second):
    time, event = (np.concatenate(each) for each in zip(first, second, strict=True))
    drug = np.arange(time.size) >= first[0].size
    fit = cox(time, event, drug)
    if fit is not None:
        assert fit[1] ** 2 >= (1 / event[drug].sum() + 1 / event[~drug].sum()) * (1 - 1e-9)


@st.composite
def printed_studies(draw) -> Study:
    """Any numbers that a study file may hold, true or not."""
    numbers = st.sampled_from(["0.00", "0.01", "0.5", "1", "1.00", "3.7", "12", "<0.001", ">24", "not reached", "1e3", "0.999"])
    shares = st.sampled_from(["0%", "3%", "50%", "99.9%", "100%", "<1%", "not reached"])
    times = st.floats(0, 50)
    arms = []
    for label in draw(st.sampled_from([["drug"], ["drug", "placebo"], ["drug", "placebo", "third"]])):
        n = draw(st.integers(1, 300))
        count = np.array(sorted(draw(st.lists(st.integers(0, n), min_size=1, max_size=6)), reverse=True), dtype=float)
        count[draw(st.lists(st.integers(0, count.size - 1), max_size=2))] = np.nan
        risk = RiskTable(draw(st.sampled_from([0.0, 2.0])) + 3 * np.arange(count.size), count) if draw(st.booleans()) else None
        heights = draw(st.lists(st.floats(0, 1), min_size=1, max_size=12))
        line = Curve(sorted(draw(times) for _ in heights), sorted(heights, reverse=True), "probability", "survival")
        arms.append(
            Arm(
                label,
                n,
                line if draw(st.booleans()) else None,
                risk,
                draw(st.none() | st.integers(0, n)),
                draw(st.none() | st.lists(times, max_size=5)),
                last_follow_up=draw(st.none() | times),
                beyond=tuple(draw(st.lists(st.tuples(times, st.integers(1, n)), max_size=2))),
                events_percent=draw(st.none() | shares.map(parse_printed)),
            )
        )
    values = []
    for _ in range(draw(st.integers(0, 6))):
        quantity = draw(st.sampled_from(["hazard_ratio", "median", "survival", "rmst", "logrank_p", "wald_p", "logrank_chi2"]))
        kind = shares if quantity in ("survival", "logrank_p", "wald_p") else numbers
        ci = sorted((draw(kind), draw(kind)), key=lambda text: parse_printed(text).value or 0.0) if draw(st.booleans()) else None
        more = {"time": draw(st.none() | times), "level": draw(st.sampled_from([0.5, 0.95, 0.9999])), "two_sided": draw(st.booleans())}
        more |= {"stratified": draw(st.booleans()), "model": draw(st.sampled_from(["", "Cox"]))}
        values.append(value(quantity, draw(kind), draw(st.sampled_from(["drug", "placebo"])), ci, **more))
    groups = []
    for level in "abc":
        low, hr, high = sorted((parse_printed(draw(numbers)) for _ in range(3)), key=lambda printed: printed.value or 0.0)
        groups.append(Subgroup("site", level, hr, (low, high), draw(st.none() | st.integers(1, 300))))
    design = Design(draw(st.integers(1, 999)), draw(st.sampled_from([0.1, 0.69, 0.997, 1.0, 2.0])), 0.9, 0.05, draw(st.integers(1, 2)), 2.0)
    looks = [Interim(draw(st.integers(1, 400)), 200, parse_printed(draw(numbers)), parse_printed(draw(shares))) for _ in range(2)]
    return study(*values, arms=tuple(arms), subgroups=tuple(groups), design=design, interims=tuple(looks))


@given(printed_studies())
@settings(max_examples=100, deadline=None)
def test_no_numbers_break_the_audit(given_study):
    for finding in audit(given_study):
        assert finding.formula and finding.verdict in ("consistent", "in tension", "impossible")
        assert finding.value is None or not math.isnan(finding.value)
        assert finding.allowed is None or finding.allowed[0] <= finding.allowed[1], finding


# Honest and spoiled studies: small samples of the runs in audit_rates.py


def test_honest_studies_are_left_alone():
    """The full run (audit_rates.py honest 10000) is what the rates are quoted from; 250 studies here, at most 1% for each check."""
    rates = audit_rates.honest(150)
    assert len(rates) >= 35
    assert {check: impossible for check, (_, _, impossible) in rates.items() if impossible} == {}
    assert {check: tense for check, (_, tense, _) in rates.items() if tense > 7} == {}  # of 250 at 1%, more than 7 have probability 0.004


@cache
def caught() -> dict[str, float]:
    return {kind: hits / made for kind, (made, hits, *_) in audit_rates.spoiled(20).items() if made}


@pytest.mark.parametrize(
    ("kind", "least"),
    # below the rates of the full run (audit_rates.py spoiled 600) by what a sample of 20 may miss
    [
        ("digit: n", 0.8),
        ("digit: percentage of events", 0.99),
        ("digit: hazard ratio", 0.8),
        ("digit: limit of the hazard ratio", 0.7),
        ("digit: hazard ratio of a subgroup", 0.8),
        ("arms swapped: curves", 0.8),
        ("arms swapped: numbers at risk and n", 0.7),
        ("arms swapped: reference of the hazard ratio", 0.6),
        ("wrong panel: curves", 0.8),
        ("wrong panel: hazard ratio", 0.8),
        ("percent for count: total events", 0.7),
        ("percent for count: numbers at risk", 0.9),
    ],
)
def test_spoiled_studies_are_caught(kind, least):
    assert caught()[kind] >= least


def test_every_kind_of_mistake_is_caught_sometimes():
    assert {kind: rate for kind, rate in caught().items() if rate < 0.2} == {}
