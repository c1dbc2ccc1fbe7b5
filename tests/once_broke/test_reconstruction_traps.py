"""What our first versions of the reconstruction got wrong. Each case says what came out and what is right."""

from __future__ import annotations

import numpy as np
import pytest

from survrecon import Arm, reconstruct
from survrecon.errors import CurveError


def joint(options=None, **known):
    arm = Arm.from_arrays(**{"label": "drug", "scale": "probability", "orientation": "survival"} | known)
    return reconstruct(arm, method="joint", **options or {})


def counts(result):
    """Return (time, events, at risk) of every drop."""
    time, event = result.ipd.time, result.ipd.event
    return [(float(t), int(np.sum(event & (time == t))), int(np.sum(time >= t))) for t in np.unique(time[event])]


@pytest.mark.parametrize("method", ["guyot", "joint"])
def test_every_point_at_time_0(method):
    # Joint divided by a follow-up of 0; Guyot returned everybody censored at 0.
    with pytest.raises(CurveError, match="every point is at time 0"):
        reconstruct(Arm.from_arrays([0, 0], [1, 0.5], n=4, scale="probability", orientation="survival"), method=method)


def test_large_stated_reading_error():
    # The curve was raised to a negative power in search of the printed total: 0 to it was infinite.
    result = joint(
        {"reading_error": 0.4, "on_conflict": "nearest"}, time=[0, 0.05, 0.15], survival=[1, 0.5, 0], n=2, total_events=0
    )
    assert result.total_events == (0, 0)


def test_events_at_a_risk_time_are_after_it():
    # 25 subjects in integer months of thirty days, ties at the risk times 60 and 90. The fall at 60 was in neither interval, so that
    # 16 printed events were "at most 13".
    result = joint(
        time=[0, 30, 60, 120, 180, 210, 240, 270, 600],
        survival=np.cumprod([1, 21 / 25, 17 / 21, 11 / 12, 8 / 10, 6 / 8, 4 / 6, 3 / 4, 1]),
        n=25,
        risk_times=[0, 60, 90, 150],
        risk_counts=[25, 21, 14, 11],
        total_events=16,
    )
    assert result.residuals.max_abs < 1e-9
    assert result.total_events == (16, 16)


def test_nobody_outlives_survival_0():
    # 2 of 3 left at 10, survival 0: one of them came out censored at 10, and survival 1/3.
    assert counts(joint(time=[0, 5, 10], survival=[1, 2 / 3, 0], n=3, total_events=3)) == [(5, 1, 3), (10, 2, 2)]
    # Two events of three: the third left before 10.
    assert counts(joint(time=[0, 5, 10], survival=[1, 2 / 3, 0], n=3, total_events=2)) == [(5, 1, 3), (10, 1, 1)]


def test_everybody_at_risk_at_the_last_time():
    # All six at risk at the end have the event there; one had, and five were censored.
    assert counts(joint(time=[0, 5], survival=[1, 0], n=6, risk_times=[0, 5], risk_counts=[6, 6])) == [(5, 6, 6)]


def test_one_event_and_one_censored_at_the_end():
    # The censored subject of the last gap was put 1e-19 before the end, so before the event, and survival was 0.
    assert counts(joint(time=[0, 0.004], survival=[1, 0.5], n=2)) == [(0.004, 1, 2)]


def test_fractions_of_a_small_arm_are_no_rounding():
    # 7/8, 6/8, 5/8, 5/12, 5/24, 0 are multiples of 1/24, which was taken for a reading step: 7 events came out, not 6.
    result = joint(time=[0, 1, 2, 3, 5, 6, 9], survival=[1, 7 / 8, 6 / 8, 5 / 8, 5 / 12, 5 / 24, 0], n=8)
    assert "reading error of survival 1e-08 (estimated)" in result.notes
    assert counts(result) == [(1, 1, 8), (2, 1, 7), (3, 1, 6), (5, 1, 3), (6, 1, 2), (9, 1, 1)]


def test_many_events_at_few_times():
    # 200 subjects in whole months: linearized about the wrong numbers of ties, the fit missed the last fall by 0.4.
    events, losses = [17, 19, 15, 10, 4, 2], [0, 15, 20, 25, 28, 20]  # losses: censored after each event, but for the first
    at_risk = [200]
    for d, c in zip(events, losses, strict=True):
        at_risk.append(at_risk[-1] - d - c)
    survival = np.cumprod([1 - d / n for d, n in zip(events, at_risk, strict=False)])
    curve = {"time": [0, 5, 10, 15, 20, 25, 30], "survival": [1, *survival], "n": 200}
    table = {"risk_times": [0, 6, 12, 18, 24], "risk_counts": [200, 183, 149, 114, 79]}
    result = joint(**curve, **table, total_events=sum(events))
    assert result.residuals.max_abs < 1e-9
    assert [row.reconstructed for row in result.risk] == table["risk_counts"]


def test_few_points_of_four_digits():
    # 1 - 1/7, 5/7, and 1/3 of it, rounded to 1/2000: three values were too few to see the step, and the last fall became one event of one.
    result = joint(time=[0, 2, 3, 5], survival=[1, 0.857, 0.7145, 0.238], n=7)
    assert counts(result) == [(2, 1, 7), (3, 1, 6), (5, 2, 3)]


def test_a_mark_at_the_end_counts():
    # A mark at the very end was not among those still to come, so that more events fitted before it than may be.
    result = joint(time=[0, 2, 4, 6, 8], survival=[1, 0.9, 0.7, 0.35, 0.35], n=10, censor_times=[4, 6, 8])
    assert counts(result) in ([(2, 1, 10), (4, 2, 9), (6, 3, 6)], [(2, 1, 10), (4, 2, 9), (6, 2, 4)])


def test_marks_a_hair_before_a_tick():
    # Marks at 20 and 35, read 19.998 and 34.992: three censored subjects were sought from 15 to 20, where two are, and the event at 16
    # was lost.
    time = [0, 5.994, 7.002, 10.008, 12.996, 16.002, 21.996, 23.004, 34.992]
    survival = [1, 0.857, 0.8065, 0.753, 0.69, 0.6275, 0.538, 0.448, 0.448]
    marks = [5.994, 9, 10.008, 10.998, 16.992, 19.008, 19.998, 25.002, 32.004, 34.002, 34.992]
    table = {"risk_times": [0, 5, 10, 15, 20, 25, 30, 35], "risk_counts": [21, 21, 15, 11, 8, 5, 4, 1]}
    result = joint(time=time, survival=survival, n=21, censor_times=marks, **table)
    # Freireich's 6-MP arm
    assert [(d, n) for _, d, n in counts(result)] == [(3, 21), (1, 17), (1, 15), (1, 12), (1, 11), (1, 7), (1, 6)]


def test_clicked_marks_bound_the_censored():
    # Clicked curve and marks: the course of censoring drifted off the marks that the subjects were then put at, and the curve with it.
    from survrecon.simulation import digitize, simulate, withhold

    trial = simulate(0)
    arm = withhold(digitize(trial, "clicks", np.random.default_rng(0))[0], "RC")
    assert reconstruct(arm).residuals.rmse < 0.01  # 0.019 before; 0.003 without the marks


def test_a_printed_total_does_not_ruin_the_end():
    # Events that the reading error did not explain were all put at the last points, where few are at risk: survival fell by half there.
    from survrecon.simulation import digitize, simulate, withhold

    trial = simulate(14)
    arm = withhold(digitize(trial, "clicks", np.random.default_rng(14))[0], "RE")
    result = reconstruct(arm)
    assert result.total_events[0] == result.total_events[1]
    assert result.residuals.rmse < 0.01  # 0.017 before


def test_a_steep_fall_before_a_risk_time():
    # Between two clicks the curve was taken to have fallen evenly, so that honest counts at 9 and 12 months contradicted it.
    from survrecon.simulation import digitize, simulate, withhold

    trial = simulate(151)
    arm = withhold(digitize(trial, "clicks", np.random.default_rng(151))[0], "R")
    assert all(row.printed == row.reconstructed for row in reconstruct(arm).risk)


def test_clicks_on_a_last_fall_to_0():
    # The last fall, clicked out of order in time, was measured to the middle of its own clicks, and the curve refused.
    from survrecon.simulation import digitize, simulate

    arm = digitize(simulate(34, n=74), "clicks", np.random.default_rng(34))[1]
    assert reconstruct(arm).arm.curve.survival[-1] < 0.01


def test_meeting_one_target_after_another():
    # The first was noted as met although meeting the second had moved it again.
    time = np.arange(0, 41.0)
    survival = np.round(np.exp(-time / 15), 3)
    result = joint({"targets": {"survival": {10: 0.52, 12: 0.47}}}, time=time, survival=survival, n=60)
    for at, printed in ((10, 0.52), (12, 0.47)):
        value = result.fitted.survival[result.fitted.time <= at][-1]
        met = f"target survival at {at} {printed:g} met" in result.notes
        assert met == (abs(value - printed) <= 0.005 * (1 + 1e-9))


def test_guyot_in_another_unit():
    # Grid points and censoring times that coincide but for rounding went to different gaps in days and in months.
    time, survival = np.arange(6.0), [1, 0.9, 0.9, 0.7, 0.45, 0.3]
    arms = [Arm.from_arrays(time * unit, survival, n=50, total_events=16, scale="probability") for unit in (1, 30.4375)]
    months, days = (reconstruct(arm, method="guyot").ipd for arm in arms)
    assert np.allclose(30.4375 * months.time, days.time, rtol=1e-9)
    assert np.array_equal(months.event, days.event)
