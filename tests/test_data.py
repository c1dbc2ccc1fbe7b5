"""Value objects: what they refuse, what they keep, that they never change. Every expected value is worked by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from survrecon.data import IPD, Arm, Curve, RiskTable, Study
from survrecon.errors import CurveError, RiskTableError, SurvReconError

TIME, SURVIVAL = [0.0, 1.0, 2.0], [1.0, 0.75, 0.5]


def test_arrays_are_copied_and_read_only():
    time = np.array(TIME)
    arm = Arm.from_arrays(time, SURVIVAL, n=4, censor_times=[0.5])
    time[1] = 99
    assert arm.curve.time.tolist() == TIME
    for array in (arm.curve.time, arm.curve.survival, arm.censor_times, IPD([1, 2], [1, 0]).time, RiskTable([0], [4]).count):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7
    with pytest.raises(dataclasses.FrozenInstanceError):
        arm.n = 5


def test_n_from_the_risk_table():
    arm = Arm.from_arrays(TIME, SURVIVAL, risk_times=[0, 1], risk_counts=[4, 3])
    assert (arm.n, type(arm.n)) == (4, int)
    for times, counts in (([1, 2], [4, 3]), ([0, 1], [np.nan, 3]), ([], [])):
        with pytest.raises(ValueError, match="n is missing"):
            Arm.from_arrays(TIME, SURVIVAL, risk_times=times, risk_counts=counts)


@pytest.mark.parametrize("n", [0, -3, 2.5, True, "4", None, np.nan])
def test_impossible_n(n):
    with pytest.raises(ValueError, match="whole number of at least 1"):
        Arm("drug", n)


@pytest.mark.parametrize("total", [-1, 5, 1.5, True, np.inf])
def test_impossible_total_events(total):
    with pytest.raises(ValueError, match="whole number from 0 to n = 4"):
        Arm("drug", 4, total_events=total)


@pytest.mark.parametrize("value", [4, 4.0, np.int32(4), np.float64(4)])
def test_whole_numbers_of_any_kind(value):
    arm = Arm("drug", value, total_events=value)
    assert (arm.n, arm.total_events, type(arm.n), type(arm.total_events)) == (4, 4, int, int)


@pytest.mark.parametrize(
    ("time", "survival", "index", "message"),
    [
        ([0, 1], [1], None, "2 times but 1 survival"),
        ([], [], None, "no points"),
        ([0, np.nan], [1, 0.5], 1, "the time is not a finite number"),
        ([0, 1, 2], [1, 0.5, np.inf], 2, "the survival is not a finite number"),
    ],
)
def test_impossible_coordinates(time, survival, index, message):
    with pytest.raises(CurveError, match=message) as caught:
        Arm.from_arrays(time, survival, n=4, label="drug")
    assert (caught.value.arm, caught.value.index) == ("drug", index)


def test_unknown_scale_and_orientation():
    with pytest.raises(CurveError, match="unknown scale 'percentage'"):
        Arm.from_arrays(TIME, SURVIVAL, n=4, scale="percentage")
    with pytest.raises(CurveError, match="unknown orientation 'down'"):
        Arm.from_arrays(TIME, SURVIVAL, n=4, orientation="down")


@pytest.mark.parametrize(
    ("times", "counts", "index", "message"),
    [
        ([0, 1, 2], [4, 2, 3], 2, "the count 3 at time 2 is above 2 at time 1; counts cannot increase"),
        ([0, 1, 2], [4, np.nan, 5], 2, "above n = 4"),
        ([0, 1, 2, 3], [4, 2, np.nan, 3], 3, "above 2 at time 1"),
        ([0, 1], [4, -1], 1, "negative"),
        ([0, 1], [4, 2.5], 1, "not a whole number"),
        ([0, 1], [4, np.inf], 1, "not a whole number"),
        ([0, 1], [5, 4], 0, "above n = 4"),
        ([0, 1, 1], [4, 3, 2], 2, "the time 1 is repeated"),
        ([0, 2, 1], [4, 3, 2], 2, "the time 1 comes after 2"),
        ([-1, 1], [4, 3], 0, "not negative"),
        ([0, np.nan], [4, 3], 1, "not negative"),
        ([0, 1], [4], None, "2 times but 1 counts"),
        ([], [], None, "no cells"),
    ],
)
def test_impossible_risk_tables(times, counts, index, message):
    with pytest.raises(RiskTableError, match=message) as caught:
        Arm.from_arrays(TIME, SURVIVAL, n=4, risk_times=times, risk_counts=counts, label="drug")
    assert (caught.value.arm, caught.value.index) == ("drug", index)
    assert message in caught.value.message  # without the label, for those who put it into a file's context


def test_possible_risk_tables():
    arm = Arm.from_arrays(TIME, SURVIVAL, n=4, risk_times=[0, 5, 7, 30], risk_counts=[4, None, 0, 0])
    assert np.isnan(arm.risk.count[1]) and arm.risk.count[[0, 2, 3]].tolist() == [4, 0, 0]
    assert Arm.from_arrays(TIME, SURVIVAL, n=4, risk_times=[0, 5], risk_counts=[None, None]).risk.time.size == 2
    with pytest.raises(RiskTableError, match="belong together"):
        Arm.from_arrays(TIME, SURVIVAL, n=4, risk_times=[0])


def test_censor_marks_must_be_finite():
    with pytest.raises(CurveError, match="censor mark") as caught:
        Arm.from_arrays(TIME, SURVIVAL, n=4, censor_times=[1, np.nan])
    assert caught.value.index == 1


def test_from_frame_is_from_arrays():
    frame = pd.DataFrame({"survival": SURVIVAL, "note": ["a", "b", "c"], "time": TIME}, index=[7, 3, 5])
    arm = Arm.from_frame(frame, n=4, label="drug", risk_times=[0, 2], risk_counts=[4, 1], total_events=2, scale="probability")
    assert (arm.curve.time.tolist(), arm.curve.survival.tolist()) == (TIME, SURVIVAL)
    assert (arm.label, arm.n, arm.total_events, arm.curve.scale) == ("drug", 4, 2, "probability")
    assert arm.risk.count.tolist() == [4, 1]
    with pytest.raises(CurveError, match=r"no column survival among \['time', 'S'\]; rename"):
        Arm.from_frame(frame[["time"]].assign(S=1.0), n=4, label="drug")


def test_ipd_puts_events_before_censored_at_equal_times():
    # Kaplan-Meier counts those censored at a time as still at risk for the events of that time.
    ipd = IPD([3, 1, 3, 2], [0, 1, 1, 0], "drug", ["d", "a", "c", "b"])
    assert ipd.time.tolist() == [1, 2, 3, 3]
    assert ipd.event.tolist() == [True, False, True, False]
    assert ipd.stratum.tolist() == ["a", "b", "c", "d"]
    assert ipd.n == 4
    assert ipd.to_frame().to_dict("list") == {
        "time": [1, 2, 3, 3],
        "event": [1, 0, 1, 0],
        "arm": ["drug"] * 4,
        "stratum": ["a", "b", "c", "d"],
    }
    assert list(IPD([1], [True]).to_frame().columns) == ["time", "event", "arm"]


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1, 2], [1], "2 times but 1 event"),
        ([], [], "no subjects"),
        ([1, -2], [1, 0], "not negative"),
        ([1, np.nan], [1, 0], "finite"),
        ([1, 2], [1, 2], "0 or 1"),
        ([1, 2], [1, np.nan], "0 or 1"),
        ([1, 2], [1, None], "0 or 1"),
    ],
)
def test_impossible_ipd(time, event, message):
    with pytest.raises(ValueError, match=message):
        IPD(time, event)


@pytest.mark.parametrize("stratum", [["a"], ["a", "b", "c"]])
def test_one_stratum_for_each_subject(stratum):
    with pytest.raises(ValueError, match=f"2 times but {len(stratum)} strata"):
        IPD([1, 2], [1, 0], stratum=stratum)


def test_arm_of_a_study():
    study = Study("x", "T", "os", "month", "printed", (Arm("a", 3), Arm("b", 4)))
    assert study.arm("b").n == 4
    with pytest.raises(KeyError):
        study.arm("c")


def test_errors_are_of_one_family():
    error = CurveError("drug", "too high", 3, 1.5)
    assert isinstance(error, SurvReconError) and isinstance(error, ValueError)
    assert str(error) == "arm 'drug', curve, point 3 (1.5): too high"


def test_reading_is_kept_with_the_curve():
    curve = Curve([0, 1], [1, 0.5], "probability", "survival", [1, 0.49])
    assert curve.reading.tolist() == [1, 0.49]
