"""Kaplan-Meier statistics: one arm worked by hand, awkward arms, second routes to the same numbers, properties."""

from __future__ import annotations

from fractions import Fraction as F
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survrecon.errors import NotEstimableError
from survrecon.survival import (
    kaplan_meier,
    median,
    merge_near_ties,
    normal_quantile,
    number_at_risk,
    risk_sets,
    rmst,
    survival_at,
)

# Eight subjects: events at 1, 2, 2, 4, 6; lost at 3, 5, 7.
#   t  n  d  S after                Greenwood term d/(n (n - d))
#   1  8  1  7/8                    1/56
#   2  7  2  7/8 * 5/7 = 5/8        2/35
#   4  4  1  5/8 * 3/4 = 15/32      1/12
#   6  2  1  15/32 * 1/2 = 15/64    1/2
TIME, EVENT = [1, 2, 2, 3, 4, 5, 6, 7], [1, 1, 1, 0, 1, 0, 1, 0]
SURVIVAL = [F(7, 8), F(5, 8), F(15, 32), F(15, 64)]
TERMS = [F(1, 56), F(2, 35), F(1, 12), F(1, 2)]
EIGHT = kaplan_meier(TIME, EVENT)
Z = 1.959963984540054  # of 95%, tabulated

arms = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=12)


def test_table_by_hand():
    assert EIGHT.time.tolist() == [1, 2, 4, 6]
    assert EIGHT.n_risk.tolist() == [8, 7, 4, 2]
    assert EIGHT.n_event.tolist() == [1, 2, 1, 1]
    assert EIGHT.survival == pytest.approx([float(s) for s in SURVIVAL], rel=1e-15)
    assert EIGHT.log_se**2 == pytest.approx([float(sum(TERMS[: i + 1])) for i in range(4)], rel=1e-14)
    assert EIGHT.last_time == 7


def test_survival_with_interval_by_hand():
    # At 3 survival is 5/8; the variance of its log is 1/56 + 2/35 = 3/40 (binomial, for nobody was lost by 2: (5/8 * 3/8 / 8) / (5/8)^2).
    se = sqrt(0.075)
    linear = survival_at(EIGHT, 3, method="linear")
    assert (linear.value, linear.se) == pytest.approx((0.625, 0.625 * se))
    assert (linear.lower, linear.upper) == pytest.approx((0.625 - Z * 0.625 * se, 0.625 + Z * 0.625 * se))
    log_log = survival_at(EIGHT, 3)
    center, half = log(-log(0.625)), Z * se / -log(0.625)
    assert (log_log.lower, log_log.upper) == pytest.approx((exp(-exp(center + half)), exp(-exp(center - half))))
    assert (log_log.method, log_log.level) == ("log-log", 0.95)


def test_log_interval_by_hand():
    # At 3, 5/8 times or over exp(1.96 sqrt(0.075)) = 1.71; at 1, 7/8 * exp(1.96 * 0.1336) is above 1. Lower at 2: 0.625 / 1.71 = 0.37.
    log_scale = survival_at(EIGHT, 3, method="log")
    assert (log_scale.lower, log_scale.upper) == pytest.approx((0.625 / exp(Z * sqrt(0.075)), 1))
    assert survival_at(EIGHT, 1, method="log").upper == 1
    assert median(EIGHT, method="log").lower == 2


def test_linear_limits_are_cut_to_probabilities():
    # At 1: 7/8 +- 1.96 * 0.117; at 6: 15/64 +- 1.96 * 0.19.
    assert survival_at(EIGHT, 1, method="linear").upper == 1
    assert survival_at(EIGHT, 6, method="linear").lower == 0


def test_survival_at_the_ends():
    assert survival_at(EIGHT, 0.5).value == 1
    assert survival_at(EIGHT, 0.5).why == "no event by time 0.5"
    assert survival_at(EIGHT, 7).value == pytest.approx(15 / 64)
    beyond = survival_at(EIGHT, 7.1)
    assert (beyond.value, beyond.why) == (None, "time 7.1 is beyond the last follow-up, 7")
    fallen = survival_at(kaplan_meier([1, 2], [1, 1]), 9)  # nobody is left: survival stays 0
    assert (fallen.value, fallen.lower, fallen.se) == (0, None, None)
    assert "survival is 0" in fallen.why


def test_median_and_its_limits_by_hand():
    # 5/8 at 2 and 15/32 at 4: the median is 4. The log-log band is exp(-exp(log(-log S) +- 1.96 sqrt(V) / -log S)), V the sum of terms:
    # after 1: -log S = 0.1335, sqrt(V) = 0.1336, lower exp(-exp(-2.013 + 1.961)) = 0.39, below 0.5 already, so the lower limit is 1;
    # after 6: -log S = 1.4508, sqrt(V) = 0.8114, upper exp(-exp(0.372 - 1.096)) = 0.62, not yet at 0.5, so there is no upper limit.
    result = median(EIGHT)
    assert (survival_at(EIGHT, 1).lower, survival_at(EIGHT, 6).upper) == pytest.approx((0.39, 0.62), abs=0.005)
    assert (result.value, result.lower, result.upper) == (4, 1, None)
    assert result.why == "upper limit not reached"
    # Linear: 7/8 - 1.96 * 0.1169 = 0.65 at 1, 5/8 - 1.96 * 0.1712 = 0.29 at 2; upper 15/64 + 1.96 * 0.1902 = 0.61 at 6.
    linear = median(EIGHT, method="linear")
    assert (linear.value, linear.lower, linear.upper, linear.method) == (4, 2, None, "linear")


def test_narrower_level_reaches_the_upper_limit():
    # At 50%, z = 0.674: upper band at 4 is exp(-exp(log(-log(0.469)) - 0.674 * 0.398 / 0.758)) = 0.59, at 6 it is 0.37.
    assert normal_quantile(0.5) == pytest.approx(0.6744897501960817, rel=1e-14)  # tabulated
    assert median(EIGHT, level=0.5).upper == 6


@pytest.mark.parametrize(
    ("time", "event", "expected"),
    [
        ([1, 2, 3, 4], [1, 1, 1, 1], 2.5),  # 0.5 from 2 to 3
        ([1, 2, 3, 4], [1, 1, 0, 0], 2),  # 0.5 from 2 to the end
        ([1, 2, 2.5, 4], [1, 1, 0, 1], 3),  # the censoring at 2.5 does not end the interval: midpoint of 2 and 4
        ([1, 1, 2], [1, 1, 1], 1),  # from 1 to 1/3
        ([1, 2, 3], [1, 0, 0], None),  # stays at 2/3
        ([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 1, 0], 4),  # 5/6 * 4/5 * 3/4 = 0.5 up to rounding, until 5
    ],
)
def test_median_conventions(time, event, expected):
    assert median(kaplan_meier(time, event)).value == expected


def test_median_without_any_event():
    result = median(kaplan_meier([1, 2], [0, 0]))
    assert (result.value, result.lower, result.upper, result.why) == (None, None, None, "median not reached")


def test_rmst_by_hand():
    # To 7: 1*1 + 7/8*1 + 5/8*2 + 15/32*2 + 15/64*1. Areas from each event to 7, last first: 15/64, + 15/16, + 5/4, + 7/8.
    areas = [F(15, 64) + F(15, 16) + F(5, 4) + F(7, 8), F(15, 64) + F(15, 16) + F(5, 4), F(15, 64) + F(15, 16), F(15, 64)]
    variance = sum(area**2 * term for area, term in zip(areas, TERMS, strict=True))
    result = rmst(EIGHT, 7)
    assert result.value == pytest.approx(float(1 + areas[0]))
    assert result.se == pytest.approx(sqrt(variance))
    assert (result.lower, result.upper) == pytest.approx((result.value - Z * result.se, result.value + Z * result.se))
    # To 3: 1 + 7/8 + 5/8; areas 3/2 and 5/8.
    early = rmst(EIGHT, 3)
    assert (early.value, early.se) == pytest.approx((2.5, sqrt((9 / 4) / 56 + (25 / 64) * 2 / 35)))


def test_rmst_at_the_ends():
    with pytest.raises(NotEstimableError, match="tau = 7.5 is beyond the last follow-up, 7"):
        rmst(EIGHT, 7.5)
    before = rmst(EIGHT, 1)
    assert (before.value, before.se, before.lower, before.why) == (1, 0, None, "no event before tau")


def test_near_ties_are_one_time():
    assert merge_near_ties([0.3, 0.1 + 0.2, 0.3 + 1e-6]).tolist() == [0.3, 0.3, 0.3 + 1e-6]
    km = kaplan_meier([0.1 + 0.2, 0.3, 1], [1, 1, 0])
    assert (km.time.tolist(), km.n_event.tolist(), km.n_risk.tolist()) == ([0.3], [2], [3])
    assert number_at_risk([0.3, 0.1 + 0.2, 1], 0.1 + 0.2) == 3
    assert survival_at(kaplan_meier([0.1 + 0.2, 1], [1, 0]), 0.3).value == 0.5
    assert rmst(kaplan_meier([0.1 + 0.2, 0.1 * 7], [1, 0]), 0.7).value == pytest.approx(0.3 + 0.5 * 0.4)


def test_events_come_before_censorings_at_the_same_time():
    # Both at 1: two at risk, 1/2 survive. Reverse: the loss at 1 is counted among two at risk too.
    assert kaplan_meier([1, 1], [0, 1]).survival.tolist() == [0.5]
    assert kaplan_meier([1, 1], [1, 0]).survival.tolist() == [0.5]


def test_event_at_time_zero():
    km = kaplan_meier([0, 1, 2, 2], [1, 0, 1, 0])  # 3/4 from 0, then 3/8
    assert survival_at(km, 0).value == 0.75
    assert rmst(km, 2).value == pytest.approx(1.5)


def test_risk_sets_by_stratum():
    # Stratum x: a at 1, b at 2 (lost); stratum y: b at 1, a at 3.
    sets = risk_sets([1, 2, 1, 3], [1, 0, 1, 1], ["a", "b", "b", "a"], ["x", "x", "y", "y"])
    assert sets.time.tolist() == [1, 1, 3]
    assert sets.n_risk.tolist() == [[1, 1], [1, 1], [1, 0]]
    assert sets.n_event.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert sets.before.tolist() == [1, 1, 0.5]


def test_without_censoring_everything_is_the_plain_statistic():
    # S is the share still alive, its variance S (1 - S) / n; the mean to the last time is the mean, its variance sum (t - mean)^2 / n^2.
    time = np.array([2.0, 3.0, 3.0, 5.0, 8.0, 9.0, 9.5])
    km = kaplan_meier(time, np.ones(7))
    estimate = survival_at(km, 4, method="linear")
    assert (estimate.value, estimate.se) == pytest.approx((4 / 7, sqrt(4 / 7 * 3 / 7 / 7)))
    mean = rmst(km, 9.5)
    assert (mean.value, mean.se) == pytest.approx((time.mean(), time.std() / sqrt(7)))


@given(arms, st.randoms())
def test_order_of_subjects_does_not_matter(arm, random):
    shuffled = random.sample(arm, len(arm))
    one, other = (kaplan_meier([t for t, _ in rows], [e for _, e in rows]) for rows in (arm, shuffled))
    assert one.survival.tolist() == other.survival.tolist()
    assert median(one) == median(other)


@given(arms)
def test_survival_falls_and_stays_a_probability(arm):
    km = kaplan_meier([t for t, _ in arm], [e for _, e in arm])
    assert np.all(np.diff(km.survival, prepend=1.0) < 0)
    assert np.all((km.survival >= 0) & (km.survival <= 1))
    assert np.all(np.diff(km.n_risk) < 0)


@given(arms, st.lists(st.floats(0, 15), min_size=2, max_size=6))
def test_number_at_risk_never_rises_and_starts_at_n(arm, at):
    counts = number_at_risk([t for t, _ in arm], [0, *sorted(at)])
    assert counts[0] == len(arm)
    assert np.all(np.diff(counts) <= 0)


@given(arms.filter(lambda arm: max(t for t, _ in arm) > 0), st.sampled_from([1e-12, 0.1, 7.0, 1e9]))
def test_time_unit_does_not_matter(arm, factor):
    time, event = np.array([t for t, _ in arm], dtype=float), [e for _, e in arm]
    one, other = kaplan_meier(time, event), kaplan_meier(time * factor, event)
    assert one.survival.tolist() == other.survival.tolist()
    mean, scaled = rmst(one, time.max()), rmst(other, float((time * factor).max()))
    assert (scaled.value, scaled.se) == pytest.approx((mean.value * factor, mean.se * factor), rel=1e-9, abs=0)
    if median(one).value is not None:
        assert median(other).value == pytest.approx(median(one).value * factor)
