"""Cox and log-rank for many draws: hand arithmetic, lifelines and the tests of `group_tests` as second routes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import Polynomial as P
from scipy.optimize import brentq

from survrecon import draws
from survrecon.draws import cox_two_sample, cox_two_sample_many, logrank_two_sample, two_sample_many
from survrecon.group_tests import logrank


def simulated(seed: int, count: int = 1, sizes=(40, 55), decimals: int | None = None):
    """Times and events of two arms, exponential with different means, uniform censoring; rounded for ties."""
    rng = np.random.default_rng(seed)
    arms = []
    for n, mean in zip(sizes, (10.0, 15.0), strict=True):
        time, censored = rng.exponential(mean, (count, n)), rng.uniform(3, 30, (count, n))
        times = np.minimum(time, censored)
        arms += [times if decimals is None else np.round(times, decimals), time <= censored]
    return tuple(arms)


def test_without_ties_by_hand():
    # at risk 2, 2; 1, 2; 1, 1; 0, 1: see the docstring; information = 2x/(1+x)^2 + 2x/(1+2x)^2
    x = (17**0.5 - 1) / 8
    log_hr, se = cox_two_sample([1, 3], [1, 1], [4, 2], [1, 1])
    assert log_hr == pytest.approx(np.log(x), abs=1e-12)
    assert se == pytest.approx((2 * x / (1 + x) ** 2 + 2 * x / (1 + 2 * x) ** 2) ** -0.5, abs=1e-12)


def test_efron_ties_by_hand():
    # one time with three events, (1, 2) of (2, 3) at risk; the denominators are 2 + 3x, and less one and two thirds
    # of the events' weight 1 + 2x: (5 + 7x)/3 and (4 + 5x)/3. Score: 2 - 3x/(2+3x) - 7x/(5+7x) - 5x/(4+5x) = 0
    a, b, c, x = P([2, 3]), P([5, 7]), P([4, 5]), P([0, 1])
    (root,) = (r.real for r in (2 * a * b * c - 3 * x * b * c - 7 * x * a * c - 5 * x * a * b).roots() if r.real > 0)
    log_hr, se = cox_two_sample([1, 2], [1, 0], [1, 1, 2], [1, 1, 0])
    assert log_hr == pytest.approx(np.log(root), abs=1e-12)
    shares = np.array([3 * root / (2 + 3 * root), 7 * root / (5 + 7 * root), 5 * root / (4 + 5 * root)])
    assert se == pytest.approx(np.sum(shares * (1 - shares)) ** -0.5, abs=1e-12)


def test_logrank_with_ties_by_hand():
    # three events, (1, 2) of (2, 3) at risk: expected 3 * 3/5; variance 3 * (2/5)(3/5) * (5 - 3)/(5 - 1)
    score, variance = logrank_two_sample([1, 2], [1, 0], [1, 1, 2], [1, 1, 0])
    assert (score, variance) == pytest.approx((2 - 9 / 5, 9 / 25))


@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("sizes", [(12, 9), (40, 55), (300, 150)])
def test_agrees_with_lifelines(sizes, decimals):
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.statistics import logrank_test

    arms = simulated(11 + sum(sizes), sizes=sizes, decimals=decimals)
    time0, event0, time1, event1 = (column[0] for column in arms)
    arm = np.repeat([0, 1], sizes)
    frame = pd.DataFrame({"time": np.append(time0, time1), "event": np.append(event0, event1), "arm": arm})
    fit = CoxPHFitter().fit(frame, "time", "event", fit_options={"precision": 1e-12})
    found = two_sample_many(*arms)
    assert found.log_hr[0] == pytest.approx(fit.params_["arm"], abs=1e-6)
    assert found.se[0] == pytest.approx(fit.standard_errors_["arm"], abs=1e-6)
    chi2 = logrank_test(time0, time1, event0, event1).test_statistic
    assert found.score[0] ** 2 / found.variance[0] == pytest.approx(chi2, abs=1e-6)
    ours = logrank(frame["time"], frame["event"], arm).statistic
    assert found.score[0] ** 2 / found.variance[0] == pytest.approx(ours, rel=1e-10)


@pytest.mark.parametrize("chunk", [1, 300, 10**6])
def test_many_draws_are_the_single_draws(monkeypatch, chunk):
    monkeypatch.setattr(draws, "CHUNK", chunk)
    arms = simulated(3, count=7, decimals=0)
    found = two_sample_many(*arms)
    for i in range(7):
        one = tuple(column[i] for column in arms)
        assert (found.log_hr[i], found.se[i]) == pytest.approx(cox_two_sample(*one), rel=1e-12)
        assert (found.score[i], found.variance[i]) == pytest.approx(logrank_two_sample(*one), rel=1e-12)
    assert np.array_equal(cox_two_sample_many(*arms), (found.log_hr, found.se))


def test_order_of_subjects_and_unit_of_time_do_not_matter_and_swapped_arms_change_the_sign():
    time0, event0, time1, event1 = (column[0] for column in simulated(5, decimals=0))
    log_hr, se = cox_two_sample(time0, event0, time1, event1)
    assert cox_two_sample(30.4 * time0[::-1], event0[::-1], 30.4 * time1[::-1], event1[::-1]) == pytest.approx((log_hr, se), abs=1e-9)
    assert cox_two_sample(time1, event1, time0, event0) == pytest.approx((-log_hr, se), abs=1e-9)


def test_times_that_differ_by_rounding_are_ties():
    assert 0.1 + 0.2 != 0.3
    assert cox_two_sample([0.1 + 0.2, 1], [1, 0], [0.3, 0.3, 1], [1, 1, 0]) == cox_two_sample([1, 2], [1, 0], [1, 1, 2], [1, 1, 0])


@pytest.mark.parametrize(
    "arms",
    [
        ([1, 2], [0, 0], [1, 2], [0, 0]),  # no event
        ([1, 2], [1, 1], [1, 2], [0, 0]),  # none in arm 1
        ([1, 2], [0, 0], [1, 2], [1, 1]),  # none in arm 0
        ([1, 2], [1, 1], [3, 4], [1, 1]),  # arm 1 fails only when arm 0 is gone: HR 0
        ([3, 4], [1, 1], [1, 2], [1, 1]),  # the reverse: HR infinite
        ([1, 2], [1, 0], [3, 4], [1, 0]),  # arm 0 fails only while arm 1 is there, and the reverse never
    ],
)
def test_no_maximum_is_nan(arms):
    assert np.isnan(cox_two_sample(*arms)).all()


def test_a_draw_without_a_maximum_leaves_the_others_alone():
    times = np.array([[1.0, 3.0], [1.0, 2.0]]), np.array([[2.0, 4.0], [3.0, 4.0]])
    events = np.ones((2, 2))
    log_hr, se = cox_two_sample_many(times[0], events, times[1], events)
    assert log_hr[0] == pytest.approx(np.log((17**0.5 - 1) / 8))
    assert np.isnan([log_hr[1], se[1]]).all()
    assert two_sample_many([[1, 2]], [[0, 0]], [[1, 2]], [[0, 0]]).variance.tolist() == [0]


@pytest.mark.parametrize("late", [1, 2, 50])
def test_far_maximum_is_found(late):
    # Arm 0: one event at 0.5 * k among many of arm 1 for each k; the sizes make the maximum lie far from 0, where full
    # Newton steps overshoot. The score, sum over events of [arm 1] - b x / (a + b x), written out:
    time0, event0 = np.append([0.5] * late, [3000.0] * 5), np.append(np.ones(late), np.zeros(5))
    time1, event1 = np.arange(1.0, 2001), np.append(np.zeros(1999), 1.0)
    risk0, risk1 = np.append(5.0 + late - np.arange(late), 5.0), np.append(2000.0 - np.zeros(late), 1.0)

    def score(log_hr):
        return 1 - np.sum(risk1 * np.exp(log_hr) / (risk0 + risk1 * np.exp(log_hr)))

    time0[:late] -= 1e-3 * np.arange(late)[::-1]  # one after the other
    log_hr, _ = cox_two_sample(time0, event0, time1, event1)
    assert log_hr == pytest.approx(brentq(score, -30, 30, xtol=1e-12), abs=1e-9)


@pytest.mark.parametrize(
    "arms", [([1, 2], [1], [1], [1]), ([], [], [1], [1]), ([[1], [2]], [[1], [1]], [[1]], [[1]]), ([1], [1], [1, 2], [1, 1, 1])]
)
def test_shapes_that_do_not_belong_together(arms):
    with pytest.raises(ValueError, match="arm [01]: times .* the same draws"):
        cox_two_sample_many(*arms)
