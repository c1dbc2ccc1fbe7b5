"""What other programs, or a first version of ours, got wrong. Each case says what came out and what is right."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from survrecon.data import IPD
from survrecon.errors import NotEstimableError
from survrecon.reanalysis import reanalyze
from survrecon.survival import kaplan_meier, median, number_at_risk, rmst, survival_at


def test_median_where_survival_is_exactly_half():
    # lifelines 0.30.3: 2.0. R and SAS: the midpoint of 2 and 3.
    assert median(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])).value == 2.5


def test_half_as_a_product_of_rounded_fractions():
    # 5/6 * 4/5 * 3/4 is 0.5000000000000001 in floating point: still 0.5, from 3 to 4.
    km = kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1])
    assert median(km).value == 3.5


def test_no_limits_where_survival_is_zero():
    # The log-scale band was 0 / infinity = 0 there, so that the lower limit was 2; R has none.
    km = kaplan_meier([2, 2, 2], [1, 1, 1])
    for method in ("log-log", "log", "linear"):
        result = median(km, method=method)
        assert (result.value, result.lower, result.upper) == (2, None, None)


def test_near_ties_between_arms():
    # 0.1 + 0.2 is not 0.3 to lifelines: its events there are two, one after the other. To R they are tied:
    # expected of a 2 * 2/4, variance 2 * 1/4 * (4 - 2)/(4 - 1) = 1/3, so chi-squared is 0.
    arms = [IPD([0.1 + 0.2, 1], [1, 0], "a"), IPD([0.3, 1], [1, 0], "b")]
    analysis = reanalyze(arms, "b")
    assert analysis.logrank.statistic == pytest.approx(0, abs=1e-15)
    assert analysis.comparison("a").hr.value == pytest.approx(1, rel=1e-6)
    assert analysis.notes[0] == "times that differed by rounding only and were made equal: 1"


def test_rmst_standard_error_is_not_the_spread_of_the_times():
    # lifelines' return_variance is the variance of min(T, tau), here 1.25; the mean of 1, 2, 3, 4 has variance 1.25 / 4.
    assert rmst(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]), 4).se == pytest.approx(sqrt(1.25 / 4))


def test_rmst_does_not_extend_the_curve():
    # lifelines carries 0.5 on to any tau without a word.
    with pytest.raises(NotEstimableError, match="beyond the last follow-up, 3"):
        rmst(kaplan_meier([1, 3], [1, 0]), 10)
    assert survival_at(kaplan_meier([1, 3], [1, 0]), 10).value is None


def test_number_at_risk_counts_who_reaches_the_tick():
    # The table under lifelines' plots counts after the tick: 1 here. Papers count time >= tick.
    assert number_at_risk([1, 2, 3], 2) == 2


@pytest.mark.parametrize(("time", "event"), [([1, 2], [1, 2]), ([-1, 2], [1, 1]), ([float("nan"), 1], [1, 1])])
def test_codes_and_times_that_lifelines_lets_pass(time, event):
    with pytest.raises(ValueError, match="arm 'a': every"):
        IPD(time, event, "a")


def test_arm_without_events_has_no_hazard_ratio():
    # lifelines warns, and gives exp(-17) with a standard error of 2948; R warns, and gives exp(-21) with 23350.
    analysis = reanalyze([IPD([2, 3, 5], [0, 0, 0], "a"), IPD([1, 2, 4], [1, 1, 1], "b")], "b")
    assert analysis.comparison("a").hr.value is None
    assert analysis.comparison("a").logrank.statistic is not None


def test_cox_model_stops_too_early_by_default():
    # With its default options lifelines gave -0.01601 for levamisole against observation in R's colon data, on the way to -0.01605:
    # its criterion allows 0.0004 standard errors. Here the maximum is known (tests/test_group_tests.py): (1 + sqrt(17)) / 2.
    hr = reanalyze([IPD([1, 3], [1, 1], "a"), IPD([2, 4], [1, 1], "b")], "b").comparison("a").hr
    assert hr.value == pytest.approx((1 + sqrt(17)) / 2, rel=1e-6)


def test_strata_that_do_not_match_the_subjects():
    # One stratum too many went unnoticed.
    with pytest.raises(ValueError, match="3 times but 4 strata"):
        IPD(np.array([1, 2, 3]), np.array([1, 0, 1]), "a", np.array(["x", "x", "y", "y"]))
