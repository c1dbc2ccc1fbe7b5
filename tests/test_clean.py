"""Cleaning: each repair on a case worked by hand, and what must hold for every curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from survrecon.clean import clean
from survrecon.data import Arm, Curve
from survrecon.errors import CurveError, InconsistentDataError, SurvReconError
from survrecon.read import read_curve, read_risk_table

EXTERNAL = Path(__file__).parents[2] / "shared" / "external"
PROPER = ([0, 1, 2, 3, 4], [1, 0.9, 0.7, 0.5, 0.4])


def cleaned(time, survival, scale="probability", orientation="survival", **more):
    return clean(Arm.from_arrays(time, survival, **{"n": 20, "label": "drug", "scale": scale, "orientation": orientation} | more))


def points(result):
    return list(zip(result.arm.curve.time.tolist(), result.arm.curve.survival.tolist(), strict=True))


def test_a_proper_curve_stays_as_it_is():
    result = cleaned(*PROPER)
    assert points(result) == list(zip(*PROPER, strict=True))
    assert result.notes == ()
    assert (result.arm.curve.scale, result.arm.curve.orientation) == ("probability", "survival")
    assert result.arm.curve.reading.tolist() == PROPER[1]


@pytest.mark.parametrize(
    ("time", "survival", "expected", "notes"),
    [
        ([1, 2], [0.9, 0.5], [(0, 1), (1, 0.9), (2, 0.5)], ["origin (0, 1) added"]),
        ([0, 3, 1, 2], [1, 0.5, 0.9, 0.7], [(0, 1), (1, 0.9), (2, 0.7), (3, 0.5)], ["2 points put in order of time"]),
        (
            [-0.5, 50, 100],
            [1, 0.5, 0.2],
            [(0, 1), (50, 0.5), (100, 0.2)],
            ["1 point at a negative time moved to time 0, at most by 0.5"],
        ),
        ([0, 1, 2], [1.02, 0.5, -0.01], [(0, 1), (1, 0.5), (2, 0)], ["2 values slightly outside 0 to 1 clipped"]),
        ([0, 1, 1, 2], [1, 0.5, 0.5, 0.2], [(0, 1), (1, 0.5), (2, 0.2)], ["1 point dropped as an exact repeat"]),
        # a vertical segment keeps its heights, which a joint method takes as steps of their own
        ([0, 1, 1, 1, 2], [1, 0.5, 0.9, 0.7, 0.4], [(0, 1), (1, 0.9), (1, 0.7), (1, 0.5), (2, 0.4)], []),
        # 0.1 + 0.2 and 0.3 differ by rounding error: one time
        (
            [0, 0.3, 0.1 + 0.2, 2],
            [1, 0.9, 0.8, 0.4],
            [(0, 1), (0.3, 0.9), (0.3, 0.8), (2, 0.4)],
            ["1 point within rounding error of the time before, set equal to it"],
        ),
        (
            [0, 1],
            [0.989, 0.5],
            [(0, 1), (0, 0.989), (1, 0.5)],
            ["origin (0, 1) added", "survival at time 0 was read as 0.989, kept as a fall at time 0"],
        ),
        # isotonic regression: the mean of 0.7 and 0.71 is 0.705
        (
            [0, 1, 2, 3],
            [1, 0.7, 0.71, 0.5],
            [(0, 1), (1, 0.705), (2, 0.705), (3, 0.5)],
            ["2 points raised or lowered by isotonic regression, at most 0.005"],
        ),
        ([0], [1], [(0, 1)], []),
    ],
)
def test_repairs(time, survival, expected, notes):
    result = cleaned(time, survival)
    assert points(result) == [(t, pytest.approx(s, abs=1e-12)) for t, s in expected]
    assert list(result.notes) == notes


def test_reading_is_what_was_read_before_isotonic_regression():
    result = cleaned([3, 0, 1, 2], [50, 100, 70, 71], scale="percent")
    assert result.arm.curve.reading.tolist() == pytest.approx([1, 0.7, 0.71, 0.5])
    assert result.arm.curve.survival.tolist() == pytest.approx([1, 0.705, 0.705, 0.5])


def test_clicks_on_a_steep_fall_keep_it():
    # A fall from 0.9 to 0.5 at time 10 whose lower end was clicked 0.1 too far left, on an axis to 100. Isotonic regression
    # alone would read (0.5 + 0.9) / 2 = 0.7 there and until the next click at time 50.
    result = cleaned([0, 9.95, 10.05, 50, 100], [1, 0.5, 0.9, 0.45, 0.4])
    assert points(result) == [(0, 1), (9.95, 0.9), (10.05, 0.5), (50, 0.45), (100, 0.4)]
    assert result.notes == ("2 points on steep falls, out of order by at most 5% of the time range, put in falling order",)


@pytest.mark.parametrize(
    ("time", "survival", "declared", "message"),
    [
        ([0, 1, 2, 3], [1, 0.5, 0.8, 0.2], {}, "survival 0.5 at time 1 is 0.15 away"),
        ([0, 1, 2, 3], [1, 0.9, 0.07, 0.7], {}, "survival 0.07 at time 2 is 0.3"),
        (np.arange(201), [1 - i / 400 if i != 100 else 0.075 for i in range(201)], {}, "point 100 .0.075.: survival 0.075 at time 100"),
        ([-3, 50, 100], [1, 0.5, 0.2], {}, "more than 2% of the time range below 0"),
        ([-3, -2], [1, 0.5], {}, "more than 2% of the time range below 0"),
        ([0, 1, 2], [1, 35, 0.2], {}, "outside 0 to 1"),
        ([0, 1, 2], [1, 0.5, -0.06], {}, "outside 0 to 1"),
        ([0, 1, 2], [100, 50, 106], {"scale": "auto"}, "outside 0 to 100"),
        ([0, 1, 2], [1, 0.7, 0.5], {"scale": "percent"}, "point 0 .1.: declared as percent, but this is the highest value"),
        ([0, 1, 2], [1, 0.7, 0.5], {"scale": "percent", "orientation": "auto"}, "declared as percent, but"),
        ([0, 1, 2], [0, 0.3, 0.5], {}, "declared as survival, but the values, from 0 to 0.5, are those of a failure curve"),
        ([0, 1, 2], [0, 3, 5], {"scale": "percent"}, "declared as survival, but"),
        ([0, 1, 2], [1, 0.7, 0.5], {"orientation": "failure"}, "declared as failure, but"),
    ],
)
def test_what_cannot_be_repaired(time, survival, declared, message):
    with pytest.raises(CurveError, match=message) as caught:
        cleaned(time, survival, **declared)
    assert caught.value.arm == "drug"


def test_the_error_names_the_point_as_it_was_given():
    with pytest.raises(CurveError) as caught:
        cleaned([3, 2, 1, 0], [20, 80, 50, 100], scale="percent")
    assert (caught.value.index, caught.value.value) == (2, 50)  # 0.5 and 0.8 both move by 0.15; the earlier one is named


@pytest.mark.parametrize(
    ("values", "more", "found"),
    [
        ([1, 0.8, 0.3], {}, ("probability", "survival")),
        ([98.9, 60, 26], {}, ("percent", "survival")),
        ([0.93, 0.6, 0.4], {}, ("probability", "survival")),  # begins late
        ([99, 75, 52], {}, ("percent", "survival")),  # a truncated axis
        ([1, 1, 1], {}, ("probability", "survival")),  # no event
        ([100, 99.2, 99.3], {}, ("percent", "survival")),  # flat, within reading error
        ([0.999, 1, 1.001], {}, ("probability", "survival")),  # flat, and rising within reading error
        ([0, 20, 45], {}, ("percent", "failure")),
        ([0, 0, 0], {}, ("probability", "failure")),  # no event
        # 0.6% of 20 subjects is less than one event
        ([0, 0.2, 0.6], {}, ("probability", "failure")),
        # 0.8% of 2000 is up to 16 events, but then no more than 1 - 1900/2000 = 5% can have failed at time 2
        ([0, 0.4, 0.8], {"n": 2000, "risk_times": [0, 2], "risk_counts": [2000, 1900]}, ("percent", "failure")),
        # 0.8% of 2000 cannot hold 900 events
        ([0, 0.4, 0.8], {"n": 2000, "total_events": 900}, ("probability", "failure")),
        # 0.8% of 400 is at most 3 events: not 40 different heights
        (np.linspace(0, 0.8, 40), {"n": 400}, ("probability", "failure")),
    ],
)
def test_detection(values, more, found):
    result = cleaned(np.arange(len(values)), values, "auto", "auto", **more)
    assert f"detected scale {found[0]}, orientation {found[1]}" in result.notes[0]
    survival = np.asarray(values) / (100 if found[0] == "percent" else 1)
    expected = survival if found[1] == "survival" else 1 - survival
    assert result.arm.curve.survival[-1] == pytest.approx(expected[-1], abs=0.003)


def test_declared_percent_failure_may_stay_near_zero():
    # 0.1% failed and the last reading is a little low: 1 - 0.0005, both readings averaged
    result = cleaned([0, 1, 2], [0, 0.1, 0.0], "percent", "failure")
    assert points(result) == [(0, 1), (1, pytest.approx(0.9995)), (2, pytest.approx(0.9995))]


@pytest.mark.parametrize(
    ("values", "more", "message"),
    [
        ([0, 0.4, 0.8], {"n": 2000}, "fits both probability and percent, given n = 2000"),
        ([0, 0.4, 0.8], {"n": 2000, "risk_times": [0, 2], "risk_counts": [2000, 1900], "total_events": 900}, "fits neither"),
        ([0.5, 0.5, 0.5], {}, "neither fall from the top of the scale nor rise from 0"),
        ([0.2, 0.7, 0.1, 0.8, 0.3], {}, "neither fall from the top of the scale nor rise from 0"),
        ([0.03, 0.02, 0.01], {}, "neither fall"),
        ([1, 0.9, 12, 0.5], {}, "neither fall"),  # 0.12 without its point
        ([1, 0.9, 1.5, 0.5], {"orientation": "survival"}, "too large for a probability and too small for percent"),
    ],
)
def test_what_cannot_be_told_apart(values, more, message):
    with pytest.raises(CurveError, match=message) as caught:
        cleaned(np.arange(len(values)), values, **{"scale": "auto", "orientation": "auto"} | more)
    assert "declare" in str(caught.value)


def test_risk_table_without_its_first_row_and_with_missing_cells():
    result = cleaned(*PROPER, risk_times=[1, 2, 3, 5], risk_counts=[18, None, 9, 0])
    assert (result.arm.risk.time.tolist(), result.arm.risk.count.tolist()) == ([0, 1, 3, 5], [20, 18, 9, 0])
    assert list(result.notes) == [
        "1 cell missing in the risk table, left out",
        "risk table starts at time 1; (0, 20) added",
        "1 risk-table row after the end of the curve at 4 kept",
    ]


def test_risk_table_with_no_count_at_all():
    result = cleaned(*PROPER, risk_times=[0, 2], risk_counts=[None, None])
    assert result.arm.risk is None
    assert list(result.notes) == ["2 cells missing in the risk table, left out"]


def test_first_count_that_is_not_n():
    with pytest.raises(InconsistentDataError, match="n = 20, but the number at risk at time 0 is 19"):
        cleaned(*PROPER, risk_times=[0, 2], risk_counts=[19, 9])


def test_censor_marks():
    result = cleaned(*PROPER, censor_times=[2, -0.02, 6, 1, 4.5])
    assert result.arm.censor_times.tolist() == [0, 1, 2, 4.5, 6]
    assert list(result.notes) == [
        "3 censor marks put in order of time",
        "1 censor mark at a negative time moved to time 0, at most by 0.02",
        "2 censor marks after the end of the curve at 4 kept",
    ]
    with pytest.raises(CurveError, match="censor mark lies more than 2%"):
        cleaned(*PROPER, censor_times=[-1, 4])
    assert cleaned(*PROPER, censor_times=[]).arm.censor_times.size == 0


def test_an_arm_without_a_curve():
    result = clean(Arm("drug", 20, total_events=3, source="Table 2"))
    assert (result.arm.n, result.arm.curve, result.arm.total_events, result.arm.source, result.notes) == (20, None, 3, "Table 2", ())


def test_a_curve_changed_after_cleaning_is_cleaned_again():
    first = cleaned(*PROPER).arm
    changed = Curve(first.curve.time, first.curve.survival[::-1], "probability", "survival", first.curve.reading)
    with pytest.raises(CurveError, match="failure curve"):
        clean(Arm("drug", 20, changed))


# What must hold for every curve.


@st.composite
def true_curves(draw):
    """A Kaplan-Meier curve to four decimals, with vertical segments: non-increasing from below 1 at times above 0."""
    size = draw(st.integers(2, 40))
    times = np.cumsum(draw(st.lists(st.integers(0, 30), min_size=size, max_size=size))) + 1
    falls = np.cumsum(draw(st.lists(st.integers(0, 200), min_size=size, max_size=size)))
    assume(falls[-1] - falls[0] > 500 and times[-1] > times[0])
    return times / 10, (10000 - falls) / 10000


@st.composite
def noisy_curves(draw):
    time, survival = draw(true_curves())
    noise = draw(st.lists(st.integers(-40, 40), min_size=time.size, max_size=time.size))
    return time, survival + np.array(noise) / 10000


def valid(arm):
    time, survival, reading = arm.curve.time, arm.curve.survival, arm.curve.reading
    assert (time[0], survival[0]) == (0, 1)
    assert np.all(np.diff(time) >= 0) and np.all(np.diff(survival) <= 0)
    assert survival.min() >= 0 and survival.max() <= 1
    assert reading.shape == survival.shape == time.shape
    assert (arm.curve.scale, arm.curve.orientation) == ("probability", "survival")


@settings(max_examples=60, deadline=None)
@given(noisy_curves(), st.randoms(use_true_random=False))
def test_order_does_not_matter(curve, random):
    order = list(range(curve[0].size))
    random.shuffle(order)
    one, other = cleaned(*curve), cleaned(curve[0][order], curve[1][order])
    assert points(one) == points(other)
    assert one.arm.curve.reading.tolist() == other.arm.curve.reading.tolist()


@settings(max_examples=60, deadline=None)
@given(true_curves(), st.booleans())
def test_scale_and_orientation_do_not_matter(curve, detect):
    time, survival = curve
    expected = cleaned(time, survival).arm.curve
    for scale, orientation, values in (
        ("probability", "survival", survival),
        ("percent", "survival", 100 * survival),
        ("probability", "failure", 1 - survival),
        ("percent", "failure", 100 - 100 * survival),
    ):
        curve = cleaned(time, values, "auto" if detect else scale, "auto" if detect else orientation).arm.curve
        assert curve.time.tolist() == expected.time.tolist()
        assert curve.survival == pytest.approx(expected.survival, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(noisy_curves())
def test_time_unit_does_not_matter(curve):
    one, other = cleaned(*curve).arm.curve, cleaned(curve[0] * 32, curve[1]).arm.curve
    assert (one.time * 32).tolist() == other.time.tolist()
    assert one.survival.tolist() == other.survival.tolist()


@settings(max_examples=60, deadline=None)
@given(noisy_curves())
def test_again_changes_nothing(curve):
    arm = cleaned(*curve, "auto", "auto", risk_times=[1, 500], risk_counts=[9, None], censor_times=[3, 1, 900]).arm
    valid(arm)
    again = clean(arm)
    assert again.notes == ()
    assert again.arm.curve is arm.curve
    assert (again.arm.risk.time.tolist(), again.arm.risk.count.tolist()) == ([0, 1], [20, 9])
    assert again.arm.censor_times.tolist() == arm.censor_times.tolist()


@settings(max_examples=60, deadline=None)
@given(noisy_curves())
def test_isotonic_regression_moves_no_more_than_the_noise(curve):
    # Noise of at most 0.004 around a non-increasing truth: reading and repaired curve both stay within it.
    arm = cleaned(*curve).arm
    assert np.abs(arm.curve.survival - arm.curve.reading).max() <= 0.008 + 1e-12


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-2, 100), st.floats(-3, 120)), min_size=1, max_size=30),
    st.sampled_from(["auto", "probability", "percent"]),
    st.sampled_from(["auto", "survival", "failure"]),
)
def test_anything_is_cleaned_or_refused(pairs, scale, orientation):
    time, values = zip(*pairs, strict=True)
    try:
        result = cleaned(time, values, scale, orientation)
    except SurvReconError as error:
        assert "drug" in str(error)
    else:
        valid(result.arm)


# Clicks of others on published figures.


@pytest.mark.skipif(not EXTERNAL.is_dir(), reason="../shared/external is absent")
def test_bonner_2006():
    # What ScanIt wrote: percent, one time of -0.512 on an axis to 70, first height 98.9.
    risk = read_risk_table(EXTERNAL / "bonner-2006-locoregional" / "risk-table.csv")
    curve = read_curve(EXTERNAL / "bonner-2006-locoregional" / "radiotherapy.csv")
    result = clean(Arm("radiotherapy", 213, curve, risk["radiotherapy"]))
    valid(result.arm)
    assert result.notes[:4] == (
        "detected scale percent, orientation survival (values from 26.2 to 98.9)",
        "1 point at a negative time moved to time 0, at most by 0.512",
        "origin (0, 1) added",
        "survival at time 0 was read as 0.989, kept as a fall at time 0",
    )
    assert result.arm.risk.count.tolist() == [213, 122, 80, 51, 30, 10]


@pytest.mark.skipif(not EXTERNAL.is_dir(), reason="../shared/external is absent")
@pytest.mark.parametrize(
    "name",
    [
        "keynote-189-os/pembrolizumab.csv",
        "keynote-189-os/placebo.csv",
        "bonner-2006-locoregional/radiotherapy-cetuximab.csv",
        "checkmate-067-s3a/Checkmate_067_S3A_Nivolumab.csv",
        "formats/digitizeit.csv",
        "formats/scanit.txt",
    ],
)
def test_curves_of_others_become_proper(name):
    result = clean(Arm("drug", 200, read_curve(EXTERNAL / name)))
    valid(result.arm)
    assert np.abs(result.arm.curve.survival - result.arm.curve.reading).max() < 0.01
