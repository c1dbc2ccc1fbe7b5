"""Guyot 2012: the algorithm followed by hand on ten subjects, in each information scenario, and where it is known to fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survrecon import Arm, reconstruct
from survrecon.errors import ReconstructionError, SurvReconError

# Ten subjects. Without censoring 10 (1 - 0.9) = 1 event at 1, 9 (1 - 0.8/0.9) = 1 at 2 and 8 (1 - 0.6/0.8) = 2 at 3.
CURVE = {"time": [0, 1, 2, 3, 4], "survival": [1, 0.9, 0.8, 0.6, 0.6], "n": 10}


def guyot(grid_points=0, **known):
    """Reconstruct on the curve's own points and the risk times, as in the paper, unless asked for more."""
    arm = Arm.from_arrays(**known, label="drug", scale="probability", orientation="survival")
    return reconstruct(arm, method="guyot", grid_points=grid_points)


def subjects(result):
    """Return event times, and censoring times."""
    ipd = result.ipd
    return ipd.time[ipd.event].round(9).tolist(), ipd.time[~ipd.event].round(9).tolist()


def test_n_only():
    # Nobody is censored before the end, as the paper says.
    result = guyot(**CURVE)
    assert subjects(result) == ([1, 2, 3, 3], [4] * 6)
    assert result.total_events == (None, 4)
    assert result.residuals.max_abs < 1e-12


def test_total_events():
    # 4 events without censoring, 1 too many: one censored, at 2, just after the event there. Then 7 (1 - 0.6/0.8) = 1.75, still 2
    # at 3. Two censored, at 4/3 and 8/3: 8 (1 - 0.8/0.9) = 0.89, 1 at 2, estimate 0.9 * 7/8 = 0.7875; 6 (1 - 0.6/0.7875) = 1.43, 1
    # at 3: 3 events. One censored lies between 1 and 2, one between 2 and 3, and each goes to the middle of its gap.
    result = guyot(**CURVE, total_events=3)
    assert subjects(result) == ([1, 2, 3], [1.5, 2.5] + [4] * 5)
    assert result.total_events == (3, 3)
    # 0.9 * 7/8 * 5/6 = 0.65625 against 0.6 at 3 and 4, and 0.7875 against 0.8 at 2
    assert np.allclose(result.residuals.value, [0, 0, -0.0125, 0.05625, 0.05625])
    assert np.isclose(result.residuals.rmse, np.sqrt((0.0125**2 + 2 * 0.05625**2) / 5))
    assert np.isclose(result.residuals.max_abs, 0.05625)
    assert result.residuals.max_abs_time == 3


def test_risk_table():
    # First guess 10 * 0.8 - 7 = 1 censored, at 1 and after the event: 8 at risk at 2, one too many. Two, at 2/3 and 4/3: 9 (1 - 0.9) = 0.9,
    # 1 event of 9, and 7 at risk at 2. After 2, as many censored per unit of time as before, 2 until 4, at 8/3 and 10/3:
    # 7 (1 - 0.8 / (8/9)) = 0.7, 1 event; then 5 (1 - 0.6 / (8/9 * 6/7)) = 1.06, 1 event.
    result = guyot(**CURVE, risk_times=[0, 2], risk_counts=[10, 7])
    assert subjects(result) == ([1, 2, 3], [0.5, 1.5, 2.5, 3.5, 4, 4, 4])
    assert [(row.time, row.printed, row.reconstructed) for row in result.risk] == [(0, 10, 10), (2, 7, 7)]


def test_risk_table_and_total_events():
    # As above 3 events, and 2 are printed: the censored after 2 rise by one until an event fewer fits. With 3, at 2.5, 3 and 3.5:
    # 5 (1 - 0.6/0.762) = 1.06 at 3, still 1; with 4, at 2.4, 2.8, 3.2 and 3.6: 4 * 0.2125 = 0.85, 1; with 5, at 7/3, 8/3, 3, 10/3 and 11/3:
    # the same 4 at 3; with 6, three before 3: 3 * 0.2125 = 0.64, 1; with all 7, at 2.25 ... 3.75: again 3. No more can be censored,
    # so the last event gives way: 2 events, as printed.
    result = guyot(**CURVE, risk_times=[0, 2], risk_counts=[10, 7], total_events=2)
    assert subjects(result)[0] == [1, 2]
    assert result.total_events == (2, 2)
    assert result.ipd.n == 10


def test_no_event_left_after_the_last_risk_time():
    # 1 event before 2, as above, is all that is printed: everybody after 2 is censored.
    result = guyot(**CURVE, risk_times=[0, 2], risk_counts=[10, 7], total_events=1)
    assert subjects(result)[0] == [1]
    assert [row.reconstructed for row in result.risk] == [10, 7]


def test_no_events_at_all():
    events, censored = subjects(guyot(**CURVE, total_events=0))
    assert events == []
    assert len(censored) == 10


def test_more_events_than_the_curve_holds():
    result = guyot(**CURVE, total_events=6)
    assert result.total_events == (6, 4)
    assert "4 events were placed, 6 are printed" in result.notes[-1]


def test_survival_0_before_the_end():
    # 4 (1 - 0.5) = 2 events at 1 and the other 2 at 2; the point at 3 has nobody left, and divides by nothing.
    result = guyot(time=[0, 1, 2, 3], survival=[1, 0.5, 0, 0], n=4, risk_times=[0, 2, 3], risk_counts=[4, 2, 0])
    assert subjects(result) == ([1, 1, 2, 2], [])
    assert [row.reconstructed for row in result.risk] == [4, 2, 0]


def test_risk_intervals_without_a_point():
    # Nothing of the curve between 1 and 2, and 2 and 3; the printed counts lose one subject from 1 to 2.
    result = guyot(time=[0, 5, 6], survival=[1, 0.5, 0.5], n=4, risk_times=[0, 1, 2, 3], risk_counts=[4, 4, 3, 3])
    assert [row.reconstructed for row in result.risk] == [4, 4, 3, 3]
    assert subjects(result)[0] == [5]


def test_a_count_that_the_curve_rules_out_gives_way():
    # Half of 8 have the event before 1.5, and 7 are printed: the loop of the paper goes to fewer than 0 censored.
    result = guyot(time=[0, 1, 2], survival=[1, 0.5, 0.25], n=8, risk_times=[0, 1.5], risk_counts=[8, 7])
    assert [row.reconstructed for row in result.risk] == [8, 4]
    assert "7 at 1.5 (reconstructed 4)" in result.notes[-1]
    assert result.ipd.n == 8


def test_risk_table_beyond_the_curve():
    result = guyot(**CURVE, risk_times=[0, 2, 6], risk_counts=[10, 7, 2])
    assert "1 risk-table cells after the end of the curve (4) were not used" in result.notes[-1]
    assert subjects(result) == subjects(guyot(**CURVE, risk_times=[0, 2], risk_counts=[10, 7]))


def test_flat_points_place_the_censoring_better():
    # One event at 10 among 20, and 9 lost from 0 to 10: with points at 0 and 10 only, all 9 leave in one gap. Truth here: even censoring,
    # one each at 1, ..., 9; the grid puts them to within its own width, 10 / 400.
    known = {"time": [0, 10, 11], "survival": [1, 10 / 11, 10 / 11], "n": 20, "risk_times": [0, 10], "risk_counts": [20, 11]}
    censored = subjects(guyot(400, **known))[1][:9]
    assert np.allclose(censored, np.arange(1, 10), atol=10 / 400)


def test_needs_a_curve():
    with pytest.raises(ReconstructionError, match="arm 'drug': method 'guyot' needs curve coordinates"):
        reconstruct(Arm("drug", 10), method="guyot")


@st.composite
def arms(draw):
    """Draw any curve with any risk table and total, consistent or not."""
    n = draw(st.integers(1, 60))
    size = draw(st.integers(1, 12))
    time = np.cumsum(draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))) + 1
    survival = np.sort(draw(st.lists(st.integers(0, 100), min_size=size, max_size=size)))[::-1] / 100
    known = {"time": np.append(0, time), "survival": np.append(1.0, survival), "n": n}
    if draw(st.booleans()):
        counts = np.sort(draw(st.lists(st.integers(0, n), min_size=1, max_size=5)))[::-1]
        known |= {"risk_times": np.arange(counts.size + 1) * draw(st.integers(1, 6)), "risk_counts": np.append(n, counts)}
    if draw(st.booleans()):
        known["total_events"] = draw(st.integers(0, n))
    return known


@settings(max_examples=100, deadline=None)
@given(arms(), st.sampled_from([0, 50]), st.sampled_from([1.0, 30.4375, 0.001]))
def test_whatever_comes_in(known, grid_points, unit):
    try:
        result = guyot(grid_points, **known)
    except SurvReconError:
        return
    assert result.ipd.n == known["n"]
    assert np.all(np.diff(result.fitted.survival) <= 0)
    assert result.total_events[1] <= known["n"]
    scaled = dict(known, time=known["time"] * unit)
    if "risk_times" in known:
        scaled["risk_times"] = known["risk_times"] * unit
    order = np.random.default_rng(0).permutation(known["time"].size)
    scaled["time"], scaled["survival"] = scaled["time"][order], known["survival"][order]
    other = guyot(grid_points, **scaled)
    assert np.allclose(other.ipd.time, unit * result.ipd.time, rtol=1e-7)
    assert np.array_equal(other.ipd.event, result.ipd.event)
