"""The joint method: arms worked by hand, each information scenario, contradictions, targets, and what must hold whatever comes in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from survrecon import Arm, reanalyze, reconstruct
from survrecon.errors import CurveError, InconsistentDataError, ReconstructionError, SurvReconError
from survrecon.read import read_study
from survrecon.simulation import digitize, simulate, withhold

ROOT = Path(__file__).parents[1]
EXTERNAL = ROOT.parent / "shared" / "external"

# Eight subjects: events at 1, 3, 4 and 6, censored at 2, 5, 6 (after the event) and 7. At risk before the events: 8, 6, 5 and 3.
SURVIVAL = np.cumprod([1, 7 / 8, 5 / 6, 4 / 5, 2 / 3, 1])
EIGHT = {"time": [0, 1, 3, 4, 6, 7], "survival": SURVIVAL, "n": 8}
TRUTH = {"time": [1, 2, 3, 4, 5, 6, 6, 7], "event": [1, 0, 1, 1, 0, 1, 0, 0]}
KNOWN = {
    "R": {"risk_times": [0, 2, 4, 6], "risk_counts": [8, 7, 5, 3]},
    "E": {"total_events": 4},
    "C": {"censor_times": [2, 5, 6, 7]},
}
SCENARIOS = ["", "E", "C", "EC", "R", "RE", "RC", "REC"]


def joint(options=None, **known):
    arm = Arm.from_arrays(**{"label": "drug", "scale": "probability", "orientation": "survival"} | known)
    return reconstruct(arm, method="joint", **options or {})


def known_in(scenario):
    return {key: value for letter in scenario for key, value in KNOWN[letter].items()}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_eight_subjects(scenario):
    # A fall by 1/8, then by 1/6 of what was left, 1/5 and 1/3: single events among 8, 6, 5 and 3, so that two or more are impossible
    # (2 of 16, 12, 10 or 6). The curve alone says how many are at risk, hence how many left before: 1, 0, and 1; 2 are left after 6.
    result = joint(**EIGHT, **known_in(scenario))
    time, event = result.ipd.time, result.ipd.event
    assert time[event].tolist() == [1, 3, 4, 6]
    assert [int(np.sum(time >= t)) for t in (1, 3, 4, 6)] == [8, 6, 5, 3]
    assert time[-1] == 7  # the end of the curve
    assert result.residuals.max_abs < 1e-9
    assert all(row.printed == row.reconstructed for row in result.risk)
    if "C" in scenario:
        assert time.tolist() == TRUTH["time"]
        assert event.astype(int).tolist() == TRUTH["event"]
    if "R" in scenario and "C" not in scenario:  # 7 at risk at 2, 6 at 3; 5 at 4, 4 after it, 3 at 6: in the middle of each gap
        assert time[~event][:2].tolist() == [2.5, 5]


@pytest.mark.parametrize(("total", "events", "left_before"), [(2, (1, 1), 2), (4, (2, 2), 0)])
def test_the_total_decides_between_ties(total, events, left_before):
    # Survival 1/2 from 2, 0 from 4. Of 4 subjects: 2 events and 2 more, or 2 censored before 2, then 1 event and 1 more.
    result = joint(time=[0, 2, 4], survival=[1, 0.5, 0], n=4, total_events=total)
    time, event = result.ipd.time, result.ipd.event
    assert (np.sum(event & (time == 2)), np.sum(event & (time == 4))) == events
    assert np.sum(time < 2) == left_before


def test_everybody_at_risk_has_the_event_where_survival_is_0():
    # 3 of 5 at risk at 6, and survival 0 there.
    result = joint(time=[0, 3, 6], survival=[1, 0.8, 0], n=5, risk_times=[0, 6], risk_counts=[5, 3])
    assert result.ipd.time[result.ipd.event].tolist() == [3, 6, 6, 6]


def test_event_just_before_its_tick():
    # An event each at 1, 2, ..., 15, read to 0.018 as in digitized/leukemia-6mp-remission: 15 becomes 14.994. At risk at 15: the one who
    # has the event there. Taken at its word the last event comes before 15, with nobody left, or one of the 15 has none.
    time = np.round(np.arange(16) / 0.018) * 0.018
    assert time[15] < 15
    result = joint(time=time, survival=np.linspace(1, 0, 16), n=15, risk_times=[0, 5, 10, 15], risk_counts=[15, 11, 6, 1])
    assert result.ipd.event.all()
    assert result.residuals.max_abs < 1e-9
    assert [row.reconstructed for row in result.risk] == [15, 11, 6, 1]
    assert "events and marks read within 0.009 of a risk time taken to be at that time" in result.notes


def test_leukemia():
    # Freireich's 42 patients, as drawn and read back in digitized/: events and marks on a tick are read up to 0.008 weeks before it.
    from lifelines.datasets import load_leukemia

    data = load_leukemia()
    results = [reconstruct(arm) for arm in read_study(ROOT / "digitized" / "leukemia-6mp-remission").arms]
    for result, code in zip(results, (0, 1), strict=True):
        rows = data[data["Rx"] == code].sort_values(["t", "status"], ascending=[True, False])
        assert np.array_equal(result.ipd.event, rows["status"].to_numpy(bool))
        assert np.allclose(result.ipd.time, rows["t"], rtol=0, atol=36 / 4000)  # half a reading step
    hazard_ratio = reanalyze(results, reference="placebo").comparisons[0].hr
    assert round(hazard_ratio.value, 4) == 0.2076  # R: study.toml


# ---------------------------------------------------------------- contradictions

FALLING = {"time": [0, 1, 2, 3, 4], "survival": [1, 0.9, 0.8, 0.7, 0.6], "n": 100}
CONTRADICTIONS = {
    "risk table": (  # an event each at 1 and 2 among 10
        {**FALLING, "n": 10, "risk_times": [0, 3, 4], "risk_counts": [10, 10, 5]},
        "arm 'drug', between 0 and 3: the risk table keeps 10 of 10 subjects, but the curve falls from 1 to 0.8, which leaves at most 8",
    ),
    "too many events": (  # 10 + 10 + 10 + 10 of 100 without censoring
        {**FALLING, "total_events": 70},
        "arm 'drug', between 0 and 4: 70 events are printed, but curve and risk table hold at most 40",
    ),
    "too few events": (  # at least 100 * 0.1 before 2 (at risk at 2: 80), 80 * 0.2 / 0.9 before 4, and those at 4
        {**FALLING, "risk_times": [0, 2, 4], "risk_counts": [100, 80, 60], "total_events": 10},
        "arm 'drug', between 0 and 4: 10 events are printed, but curve and risk table ask for at least",
    ),
    "marks": (
        {**FALLING, "n": 10, "risk_times": [0, 4], "risk_counts": [10, 7], "censor_times": [1.1, 1.2, 1.3, 1.4]},
        "arm 'drug', between 0 and 4: 4 censor marks, but the risk table loses only 3 subjects",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_named(name):
    known, message = CONTRADICTIONS[name]
    with pytest.raises(InconsistentDataError) as error:
        joint(**known)
    assert message in str(error.value)
    assert "use on_conflict='nearest'" in str(error.value)
    assert error.value.interval is not None


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_give_way_when_asked(name):
    known, message = CONTRADICTIONS[name]
    result = joint({"on_conflict": "nearest"}, **known)
    assert result.ipd.n == known["n"]
    assert all(row.printed == row.reconstructed for row in result.risk)  # the counts hold
    assert "total_events" not in known or result.total_events[0] == result.total_events[1]
    assert any(message.partition(": ")[2] in note and "gave way" in note for note in result.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_conflict": "ignore"}, "on_conflict = 'ignore'; use 'error' or 'nearest'"),
        ({"reading_error": 0.5}, "reading_error = 0.5; give a probability from 0 to 0.5"),
        ({"reading_error": -0.1}, "reading_error = -0.1"),
        ({"reading_error": "fine"}, "reading_error = 'fine'"),
        ({"targets": {"mean": 3}}, r"targets\['mean'\] = 3; give 'median': a time, or 'survival'"),
        ({"targets": {"median": "11.3"}}, r"targets\['median'\] = '11.3'"),
        ({"targets": {"survival": {"a year": 0.5}}}, r"targets\['survival'\] = "),
        ({"targets": {"survival": {12: 48}}}, r"targets\['survival'\] = "),
        ({"targets": [11.3]}, "give a mapping"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(ReconstructionError, match=message):
        joint(options, **EIGHT)


def test_a_curve_without_time():
    with pytest.raises(CurveError, match="every point is at time 0; give at least one later point"):
        joint(time=[0, 0], survival=[1, 0.5], n=4)


def test_needs_a_curve():
    with pytest.raises(ReconstructionError, match="arm 'drug': method 'joint' needs curve coordinates"):
        reconstruct(Arm("drug", 10), method="joint")


def test_reading_error_is_stated_or_estimated():
    assert "reading error of survival 0.01 (stated)" in joint({"reading_error": 0.01}, **EIGHT).notes
    # Two digits: the step is 0.01, and the standard deviation of rounding 0.01 / sqrt(12) = 0.0029.
    coarse = joint(time=np.arange(9), survival=[1, 0.97, 0.93, 0.9, 0.84, 0.79, 0.77, 0.71, 0.68], n=60)
    assert "reading error of survival 0.0029 (estimated)" in coarse.notes


# ---------------------------------------------------------------- exact coordinates give exact counts


@pytest.mark.parametrize("n", [50, 200, 600, 2000])
@pytest.mark.parametrize("scans", [0.0, 2.0], ids=["days", "scans"])  # progression is seen at scans: many events on few days
def test_exact_coordinates_give_exact_counts(n, scans):
    for seed in range(3):
        trial = simulate((n, seed), n=n, scans=scans)
        for arm, truth in zip(digitize(trial, "exact", np.random.default_rng(0)), trial.arms, strict=True):
            result = reconstruct(withhold(arm, "RE"))
            drops, events = np.unique(truth.time[truth.event], return_counts=True)
            found, counts = np.unique(result.ipd.time[result.ipd.event], return_counts=True)
            assert np.allclose(found, drops)
            assert np.array_equal(counts, events)
            assert result.residuals.max_abs < 1e-9


# ---------------------------------------------------------------- figures of others

needs_external = pytest.mark.skipif(not EXTERNAL.is_dir(), reason="../shared/external is absent")


def clicked(folder, label, column="survival", risk=None, options=None):
    points = np.genfromtxt(EXTERNAL / folder / f"{label}.csv", delimiter=",", names=True)
    table = np.genfromtxt(EXTERNAL / folder / "risk-table.csv", delimiter=",", names=True)
    counts = table[risk or label]
    arm = Arm.from_arrays(points["time"], points[column], risk_times=table["time"], risk_counts=counts, label=label)
    return reconstruct(arm, **options or {})


@needs_external
def test_keynote_189_median_lies_where_the_clicks_cross_one_half():
    # Clicks: S(10.80) = 0.5005, S(11.26) = 0.4927. Integer rounding in other tools puts the median at 10.80; the paper prints 11.3.
    placebo, drug = (clicked("keynote-189-os", label) for label in ("placebo", "pembrolizumab"))
    analysis = reanalyze([placebo, drug], reference="placebo")
    assert round(analysis.arms[0].median.value, 2) == 11.26
    assert analysis.arms[1].median.value is None  # printed: not reached
    assert abs(analysis.comparisons[0].hr.value - 0.49) < 0.02  # printed
    assert all(row.printed == row.reconstructed for result in (placebo, drug) for row in result.risk)


@needs_external
def test_keynote_189_targets():
    # Without targets the median is 11.26, and S(6) 0.723; these are within the reading of the clicks but not their answer.
    result = clicked("keynote-189-os", "placebo", options={"targets": {"median": 10.8, "survival": {6.0: 0.73}}})
    assert result.used == ("median", "survival at 6")
    assert 10.75 <= reanalyze([result]).arms[0].median.value <= 10.85
    assert 0.725 <= result.fitted.survival[result.fitted.time <= 6][-1] <= 0.735
    assert result.notes[-2:] == ("target median 10.8 met", "target survival at 6 0.73 met")
    assert all(row.printed == row.reconstructed for row in result.risk)


@needs_external
def test_a_target_out_of_reach_says_so():
    result = clicked("keynote-189-os", "placebo", options={"targets": {"median": 19.0}})
    assert "target median 19 not met within the reading of the curve" in " ".join(result.notes)


@needs_external
def test_bonner():
    results = [
        clicked("bonner-2006-locoregional", "radiotherapy", "survival_percent"),
        clicked("bonner-2006-locoregional", "radiotherapy-cetuximab", "survival_percent", "radiotherapy_cetuximab"),
    ]
    analysis = reanalyze(results, reference="radiotherapy")
    assert 0.52 < analysis.comparisons[0].hr.value < 0.89  # printed: 0.68 with these limits
    # Printed: 14.9 and 24.4. Read: 0.503 at 14.3 and 0.493 at 14.8; 0.5 from 24.6 to 24.8, and 0.495 at 25.4, to half a percent.
    first, second = (arm.median.value for arm in analysis.arms)
    assert 14.3 < first <= 14.8
    assert 24.1 < second <= 25.4
    assert all(row.printed == row.reconstructed for result in results for row in result.risk)


@needs_external
def test_checkmate_067():
    # 1,200 points at pixel columns, and a table that ends with 0 at 45 months.
    points = np.genfromtxt(EXTERNAL / "checkmate-067-s3a" / "Checkmate_067_S3A_Nivolumab.csv", delimiter=",", names=True)
    table = np.genfromtxt(EXTERNAL / "checkmate-067-s3a" / "Checkmate_067_At_Risk.csv", delimiter=",", names=True, comments=None)
    result = joint(time=points["T"], survival=points["S"], risk_times=table["trisk"], risk_counts=table["nrisk"])
    assert result.ipd.n == 80
    assert all(row.printed == row.reconstructed for row in result.risk)
    assert result.residuals.rmse < 0.01


# ---------------------------------------------------------------- whatever comes in


@st.composite
def arms(draw):
    """Draw a small arm with any curve and any table, total and marks, consistent or not."""
    n = draw(st.integers(1, 25))
    size = draw(st.integers(1, 8))
    time = np.cumsum(draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))).astype(float)
    survival = np.sort(draw(st.lists(st.integers(0, 20), min_size=size, max_size=size)))[::-1] / 20
    known = {"time": time, "survival": survival, "n": n}
    if draw(st.booleans()):
        counts = np.sort(draw(st.lists(st.integers(0, n), min_size=0, max_size=4)))[::-1]
        known |= {"risk_times": np.arange(counts.size + 1.0) * draw(st.integers(1, 4)), "risk_counts": np.append(n, counts)}
    if draw(st.booleans()):
        known["total_events"] = draw(st.integers(0, n))
    if draw(st.booleans()):
        known["censor_times"] = np.array(draw(st.lists(st.integers(0, 20), max_size=6)), dtype=float)
    return known


OPTIONS = st.fixed_dictionaries(
    {"on_conflict": st.sampled_from(["error", "nearest"])},
    optional={
        "reading_error": st.sampled_from([0.0, 0.003, 0.4]),
        "targets": st.sampled_from([{"median": 3.0}, {"survival": {2: 0.5, 40: 0.1}}]),
    },
)


@settings(max_examples=60, deadline=None)
@given(arms(), OPTIONS)
@example({"time": [0.0, 4], "survival": [1, 1], "n": 3, "risk_times": [0.0, 9], "risk_counts": [3, 3]}, {"on_conflict": "error"})
@example({"time": [0.0, 4], "survival": [1, 0.5], "n": 2, "censor_times": np.array([0.0, 9])}, {"on_conflict": "error"})
def test_a_reconstruction_or_a_clear_error(known, options):
    try:
        result = joint(options, **known)
    except SurvReconError as error:
        assert str(error)
        return
    assert result.ipd.n == known["n"]
    assert np.all(result.ipd.time >= 0)
    assert all(row.printed == row.reconstructed for row in result.risk)
    printed, placed = result.total_events
    assert printed in (None, placed) or any("events were placed" in note for note in result.notes)
    again = joint(options, **known)
    assert again.ipd.time.tolist() == result.ipd.time.tolist()
    assert again.ipd.event.tolist() == result.ipd.event.tolist()


@settings(max_examples=60, deadline=None)
@given(arms(), st.randoms(use_true_random=False), st.sampled_from([365.25, 1 / 1000]))
def test_order_unit_scale_and_repetition_do_not_matter(known, random, unit):
    try:
        result = joint({"on_conflict": "nearest"}, **known)
    except SurvReconError:
        return
    order = list(range(known["time"].size)) + [random.randrange(known["time"].size)]
    random.shuffle(order)
    other = {key: value * unit if key in ("time", "risk_times", "censor_times") else value for key, value in known.items()}
    other |= {"time": other["time"][order], "survival": 100 * known["survival"][order], "scale": "percent"}
    changed = joint({"on_conflict": "nearest"}, **other)
    assert np.allclose(changed.ipd.time, unit * result.ipd.time, rtol=1e-7)
    assert np.array_equal(changed.ipd.event, result.ipd.event)
