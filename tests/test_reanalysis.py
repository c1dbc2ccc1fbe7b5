"""`reanalyze` against R's survival package (reference/*.json, README there), its refusals, and its properties."""

from __future__ import annotations

import json
from dataclasses import replace
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survrecon.data import IPD, Arm, Reconstruction
from survrecon.errors import NotEstimableError, ReanalysisError, SurvReconError
from survrecon.group_tests import proportional_hazards
from survrecon.reanalysis import reanalyze
from survrecon.survival import kaplan_meier, merge_near_ties, survival_at

REFERENCE = {path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "reference").glob("*.json"))}
CLOSED = {"rel": 1e-11, "abs": 1e-12}  # the same closed formula in the same precision: only the order of sums differs
NEWTON = {"rel": 1e-6, "abs": 1e-6}  # two iterations stopped by different rules; see reference/README.md
TWICE = {"rel": 1e-5, "abs": 1e-5}  # both sides stopped by lifelines' rule, on samples with standard errors up to about 10
DRUG, PLACEBO = IPD([2, 4, 5, 8, 9], [1, 0, 1, 1, 0], "drug"), IPD([1, 3, 3, 6, 7], [1, 1, 1, 0, 1], "placebo")


def same(value, expected, tolerance):
    return value is None if expected is None else value == pytest.approx(expected, **tolerance)


def from_reference(data):
    """Run `reanalyze` on the data that R was given."""
    arm = np.array(data["arm"])
    columns = [data["time"], data["event"], data["stratum"] or data["arm"]]
    ipd = []
    for label in data["arms"]:
        time, event, stratum = (np.array(column)[arm == label] for column in columns)
        ipd.append(IPD(time, event, label, stratum if data["stratum"] else None))
    options = {"times": data["times"], "risk_times": data["times"], "tau": data["tau"], "level": data["level"]}
    return reanalyze(ipd, data["reference"], rho_gamma=[(1, 0)], **options)


@pytest.mark.parametrize("name", REFERENCE)
def test_arms_agree_with_r(name):
    data = REFERENCE[name]
    analysis = from_reference(data)
    for label, expected in data["arms"].items():
        arm = analysis.arm(label)
        assert (arm.n, arm.events) == (expected["n"], expected["events"])
        for key in ("median", "median_linear", "median_log", "follow_up"):
            estimate = getattr(arm, key)
            assert estimate.level == data["level"]
            for value, limit in zip((estimate.value, estimate.lower, estimate.upper), expected[key], strict=True):
                assert same(value, limit, CLOSED), (label, key)
        assert (arm.rmst.value, arm.rmst.se) == pytest.approx(tuple(expected["rmst"]), **CLOSED)
        assert [count for _, count in arm.n_risk] == expected["n_risk"]
        for i, (_, estimate) in enumerate(arm.survival):
            assert same(estimate.value, expected["survival"][i], CLOSED)
            assert same(estimate.se, expected["se"][i], CLOSED)
            if estimate.value != 1:  # there R gives limits of 1 or none, depending on whether a censoring came before
                assert same(estimate.lower, expected["lower"][i], CLOSED)
                assert same(estimate.upper, expected["upper"][i], CLOSED)


@pytest.mark.parametrize("method", ["linear", "log"])
@pytest.mark.parametrize("name", REFERENCE)
def test_other_intervals_agree_with_r(name, method):
    data = REFERENCE[name]
    everyone = np.array(data["arm"])
    for label, expected in data["arms"].items():
        time, event = merge_near_ties(data["time"])[everyone == label], np.array(data["event"])[everyone == label]
        for i, at in enumerate(data["times"]):
            estimate = survival_at(kaplan_meier(time, event), at, data["level"], method)
            assert same(estimate.lower, expected[f"lower_{method}"][i], CLOSED)
            assert same(estimate.upper, expected[f"upper_{method}"][i], CLOSED)


@pytest.mark.parametrize("name", REFERENCE)
def test_comparisons_agree_with_r(name):
    data = REFERENCE[name]
    analysis = from_reference(data)
    for label, expected in data["pairs"].items():
        pair = analysis.comparison(label)
        beta, se, p = expected["cox"] or (None, None, None)
        assert same(pair.hr.value, None if beta is None else exp(beta), NEWTON)
        assert same(pair.hr.se, se, NEWTON)
        assert same(pair.wald_p, p, NEWTON)
        assert same(pair.logrank.statistic, expected["logrank"], CLOSED)
        assert same(pair.weighted["fleming-harrington(1,0)"].statistic, expected["rho"], CLOSED)
        assert same(pair.proportional_hazards.statistic, expected["zph"], NEWTON)
    assert same(analysis.logrank.statistic, data["logrank"] and data["logrank"][0], CLOSED)
    assert analysis.logrank.df == (data["logrank"][1] if data["logrank"] else 1)


@pytest.mark.parametrize("name", [name for name, data in REFERENCE.items() if data["stratum"]])
def test_stratified_results_agree_with_r(name):
    data = REFERENCE[name]
    analysis = from_reference(data)
    arm, stratum = np.array(data["arm"]), np.array(data["stratum"])
    for label, expected in data["pairs"].items():
        pair, (beta, se, _) = analysis.comparison(label), expected["stratified_cox"]
        assert (pair.stratified_hr.value, pair.stratified_hr.se) == pytest.approx((exp(beta), se), **NEWTON)
        assert pair.stratified_logrank.statistic == pytest.approx(expected["stratified_logrank"], **CLOSED)
        both = (arm == label) | (arm == data["reference"])
        columns = [np.array(data[key])[both] for key in ("time", "event")]
        zph = proportional_hazards(*columns, (arm == label)[both], exp(beta), stratum[both])
        assert zph.statistic == pytest.approx(expected["stratified_zph"], **CLOSED)


def test_reference_data_are_those_of_lifelines():
    from lifelines.datasets import load_gbsg2, load_leukemia, load_lung

    leukemia, lung, gbsg = load_leukemia(), load_lung(), load_gbsg2()
    for name, time, event, treated, label in [
        ("freireich", leukemia.t, leukemia.status, leukemia.Rx == 0, "6-MP"),
        ("lung", lung.time, lung.status, lung.sex == 2, "female"),
        ("gbsg", gbsg.time, gbsg.cens, gbsg.horTh == "yes", "hormone"),
    ]:
        data = REFERENCE[name]
        ours = sorted(zip(data["time"], data["event"], (arm == label for arm in data["arm"]), strict=True))
        assert ours == sorted(zip(time, event, treated, strict=True)), name


def test_differences_by_hand():
    # drug: 4/5 from 2, 8/15 from 5; placebo: 4/5 from 1, 2/5 from 3. To 5: 2 + 3 * 4/5 = 4.4 and 1 + 2 * 4/5 + 2 * 2/5 = 3.4.
    # Variances: (12/5)^2 / 20 = 0.288 (the event at 5 has no area), (12/5)^2 / 20 + (4/5)^2 * 2/(4 * 2) = 0.288 + 0.16 = 0.448.
    pair = reanalyze([DRUG, PLACEBO], "placebo", tau=5, times=[4]).comparison("drug")
    se = sqrt(0.288 + 0.448)
    assert (pair.rmst_difference.value, pair.rmst_difference.se) == pytest.approx((1.0, se))
    assert pair.rmst_difference.lower == pytest.approx(1 - 1.959963984540054 * se)
    log_se = sqrt(0.288 / 4.4**2 + 0.448 / 3.4**2)
    assert (pair.rmst_ratio.value, pair.rmst_ratio.se) == pytest.approx((4.4 / 3.4, log_se))
    assert pair.rmst_ratio.upper == pytest.approx(exp(log(4.4 / 3.4) + 1.959963984540054 * log_se))
    # At 4: 4/5 - 2/5, binomial variances, for nobody was lost by then.
    [(time, difference)] = pair.survival_difference
    assert (time, difference.value, difference.se) == pytest.approx((4, 0.4, sqrt(0.8 * 0.2 / 5 + 0.4 * 0.6 / 5)))
    # p values, by the tabulated normal distribution: 1 / 0.858 = 1.166 and 0.2578 / 0.2314 = 1.114.
    assert (pair.rmst_difference_p, pair.rmst_ratio_p) == pytest.approx((0.2437, 0.2652), abs=0.0005)


def test_follow_up_by_hand():
    # drug, reversed: lost at 4 (4 at risk) and 9 (1 at risk): 3/4, then 0.
    assert reanalyze([DRUG]).arm("drug").follow_up.value == 9


def test_default_tau_is_the_shortest_last_follow_up_and_is_noted():
    analysis = reanalyze([DRUG, PLACEBO], "placebo")
    assert {arm.tau for arm in analysis.arms} == {7}
    assert "restricted means are to 7, the shortest last follow-up among the arms" in analysis.notes


def test_single_arm_has_no_comparison():
    analysis = reanalyze([DRUG])
    assert (analysis.comparisons, analysis.logrank, analysis.reference) == ((), None, None)
    assert reanalyze([DRUG], "drug").reference == "drug"


def test_several_arms_are_each_compared_with_the_reference_on_their_own_data():
    third = IPD([1, 2, 4, 4, 9], [1, 1, 1, 0, 1], "third")
    analysis = reanalyze([DRUG, PLACEBO, third], "placebo", tau=7)
    assert [pair.arm for pair in analysis.comparisons] == ["drug", "third"]
    assert analysis.comparison("drug") == reanalyze([DRUG, PLACEBO], "placebo").comparison("drug")
    assert analysis.logrank.df == 2


def test_reconstructions_bring_their_labels_and_what_they_used():
    rebuilt = Reconstruction(Arm("drug", 5), replace(DRUG, label="anything"), "printed", used=("median", "total events"))
    analysis = reanalyze([rebuilt, PLACEBO], "placebo")
    assert analysis.used == ("median drug", "total events drug")
    assert analysis.comparison("drug") == reanalyze([DRUG, PLACEBO], "placebo").comparison("drug")


def test_analysis_is_plain_enough_for_json():
    analysis = reanalyze([DRUG, PLACEBO], "placebo", times=[4, 20], risk_times=[0, 3])
    assert json.loads(json.dumps(analysis.to_dict(), allow_nan=False))["comparisons"][0]["arm"] == "drug"


@pytest.mark.parametrize(
    ("drug", "placebo", "why"),
    [
        (([1, 2, 3], [0, 0, 0]), ([1, 2, 3], [1, 1, 0]), "no events in arm 'drug'"),
        (([1, 2, 3], [1, 0, 0]), ([1, 2, 3], [0, 0, 0]), "no events in arm 'placebo'"),
        (([4, 5, 6], [1, 1, 1]), ([1, 2, 3], [1, 1, 1]), "nobody in arm 'placebo' is at risk at any event of arm 'drug'"),
        (([1, 2, 3], [1, 1, 1]), ([4, 5, 6], [1, 1, 1]), "nobody in arm 'drug' is at risk at any event of arm 'placebo'"),
        (([1, 2, 4], [0, 0, 1]), ([2, 3], [0, 1]), "nobody in arm 'placebo' is at risk at any event of arm 'drug'"),
    ],
)
def test_hazard_ratio_that_does_not_exist(drug, placebo, why):
    analysis = reanalyze([IPD(*drug, "drug"), IPD(*placebo, "placebo")], "placebo")
    pair = analysis.comparison("drug")
    assert (pair.hr.value, pair.hr.lower, pair.wald_p, pair.hr.why) == (None, None, None, why)
    assert pair.proportional_hazards.why == why
    assert f"drug against placebo: hazard ratio: {why}" in analysis.notes


def test_strata_can_take_the_hazard_ratio_away():
    # Each arm has a stratum of its own: estimable together, never at risk together within a stratum.
    drug, placebo = replace(DRUG, stratum=["x"] * 5), replace(PLACEBO, stratum=["y"] * 5)
    pair = reanalyze([drug, placebo], "placebo").comparison("drug")
    assert pair.hr.value is not None
    assert pair.stratified_hr.why == "the arms are never at risk together at an event of its stratum"
    assert pair.stratified_logrank.statistic is None


@pytest.mark.parametrize("failure", ["error", "infinite"])
def test_cox_model_that_does_not_converge(monkeypatch, failure):
    # No data are known on which lifelines fails after the check for a maximum; so it is made to.
    import lifelines
    from lifelines.exceptions import ConvergenceError

    class Failing:
        params_, standard_errors_ = {"arm": 40.0}, {"arm": 1.0}

        def fit(self, *_, **__):
            if failure == "error":
                raise ConvergenceError("no")
            return self

    monkeypatch.setattr(lifelines, "CoxPHFitter", Failing)
    pair = reanalyze([DRUG, PLACEBO], "placebo").comparison("drug")
    assert (pair.hr.value, pair.hr.why) == (None, "the Cox model did not converge")


def test_notes_list_what_has_no_value():
    analysis = reanalyze([IPD([3, 4], [0, 0], "drug"), IPD([1, 2], [1, 1], "placebo")], "placebo", times=[5])
    assert set(analysis.notes) >= {
        "drug: no events",
        "drug: median not reached",
        "placebo: median follow-up not reached",
        "drug: survival: time 5 is beyond the last follow-up, 4",
    }
    assert analysis.arm("placebo").survival[0][1].value == 0
    assert analysis.comparison("drug").survival_difference[0][1].value is None


def test_arm_without_follow_up():
    analysis = reanalyze([IPD([0, 0], [0, 1], "drug"), PLACEBO], "placebo")
    assert analysis.arm("drug").tau is None
    assert analysis.arm("drug").rmst.why == "an arm has no follow-up beyond time 0"
    assert analysis.comparison("drug").rmst_ratio.why == "an arm has no follow-up beyond time 0"


def test_restricted_mean_of_zero_has_no_ratio():
    pair = reanalyze([IPD([0, 0, 3], [1, 1, 0], "drug"), IPD([0, 3], [1, 1], "placebo")], "placebo").comparison("drug")
    assert pair.rmst_ratio.value == pytest.approx((1 / 3) / (1 / 2))
    dead = reanalyze([IPD([0, 0], [1, 1], "drug"), IPD([0, 3], [1, 1], "placebo")], "placebo").comparison("drug")
    assert (dead.rmst_ratio.value, dead.rmst_difference_p) == (None, None)


@pytest.mark.parametrize(
    ("items", "reference", "options", "message"),
    [
        ([], None, {}, "no arms"),
        ([Arm("drug", 3)], None, {}, "cannot reanalyze an object of type Arm"),
        ([DRUG, PLACEBO], None, {}, "one of 'drug', 'placebo'"),
        ([DRUG, PLACEBO], "control", {}, "'control' is not among 'drug', 'placebo'"),
        ([DRUG], "control", {}, "'control' is not among 'drug'"),
        ([DRUG, DRUG], "drug", {}, "same label, among 'drug', 'drug'"),
        ([replace(DRUG, stratum=np.ones(5)), PLACEBO], "placebo", {}, "strata for 'drug' but not for all of 'drug', 'placebo'"),
        ([DRUG], None, {"level": 95}, "level = 95 must lie between 0 and 1"),
        ([DRUG], None, {"level": float("nan")}, "level = nan"),
        ([DRUG], None, {"tau": 0}, "tau = 0 must be a finite number above 0"),
        ([DRUG], None, {"tau": float("inf")}, "tau = inf"),
        ([DRUG], None, {"times": [1, -2]}, "times: -2 must be a finite number that is not negative"),
        ([DRUG], None, {"risk_times": [float("nan")]}, "risk_times: nan"),
        ([DRUG], None, {"rho_gamma": [(0, -1)]}, "rho_gamma: -1"),
    ],
)
def test_bad_input_is_refused_by_name(items, reference, options, message):
    with pytest.raises(ReanalysisError, match=message) as caught:
        reanalyze(items, reference, **options)
    assert isinstance(caught.value, SurvReconError) and isinstance(caught.value, ValueError)


def test_tau_beyond_follow_up_is_refused():
    with pytest.raises(NotEstimableError, match=r"tau = 8 is beyond the last follow-up of 'placebo' \(7\); choose one up to 7"):
        reanalyze([DRUG, PLACEBO], "placebo", tau=8)


def test_weights_are_named_by_their_exponents():
    pair = reanalyze([DRUG, PLACEBO], "placebo", rho_gamma=[(0, 0.5), (0, 0)]).comparison("drug")
    assert list(pair.weighted) == ["gehan-breslow", "tarone-ware", "fleming-harrington(0,0.5)", "fleming-harrington(0,0)"]
    assert pair.weighted["fleming-harrington(0,0)"] == pair.logrank


rows = st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=10)


def ipd(label, arm, factor=1.0):
    return IPD([time * factor for time, _ in arm], [event for _, event in arm], label)


@settings(max_examples=25, deadline=None)
@given(rows, rows, st.sampled_from([0.03, 30.4375]))
def test_time_unit_does_not_matter(one, other, factor):
    base = reanalyze([ipd("a", one), ipd("b", other)], "b").comparison("a")
    scaled = reanalyze([ipd("a", one, factor), ipd("b", other, factor)], "b").comparison("a")
    assert same(scaled.hr.value, base.hr.value, TWICE)
    assert same(scaled.logrank.statistic, base.logrank.statistic, CLOSED)
    assert same(scaled.proportional_hazards.statistic, base.proportional_hazards.statistic, TWICE)
    assert same(scaled.rmst_ratio.value, base.rmst_ratio.value, CLOSED)


@settings(max_examples=25, deadline=None)
@given(rows, rows)
def test_swapping_the_reference_inverts_the_hazard_ratio(one, other):
    arms = [ipd("a", one), ipd("b", other)]
    forward, back = reanalyze(arms, "b").comparison("a"), reanalyze(arms, "a").comparison("b")
    assert same(forward.hr.value, None if back.hr.value is None else 1 / back.hr.value, TWICE)
    assert same(forward.hr.lower, None if back.hr.upper is None else 1 / back.hr.upper, TWICE)
    assert same(forward.wald_p, back.wald_p, TWICE)
    assert same(forward.logrank.statistic, back.logrank.statistic, CLOSED)
    assert forward.rmst_difference.value == pytest.approx(-back.rmst_difference.value, **CLOSED)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=4, max_size=15).filter(lambda s: len({arm for _, arm in s}) == 2))
def test_hazard_ratio_and_logrank_point_the_same_way(subjects):
    # Without ties the log-rank score is the score of the Cox model at a hazard ratio of 1, so it has the sign of the log hazard ratio.
    excess = sum(event * (arm - np.mean([other for _, other in subjects[i:]])) for i, (event, arm) in enumerate(subjects))
    rows_of = {treated: [(i + 1, event) for i, (event, arm) in enumerate(subjects) if arm is treated] for treated in (True, False)}
    pair = reanalyze([ipd("a", rows_of[True]), ipd("b", rows_of[False])], "b").comparison("a")
    if pair.hr.value is not None and abs(excess) > 1e-9:
        assert np.sign(log(pair.hr.value)) == np.sign(excess)
