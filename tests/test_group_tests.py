"""Log-rank and proportional-hazards tests: hand-worked samples, second routes, properties. Values from R: test_reanalysis.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survrecon.group_tests import fleming_harrington, logrank, normal_p, proportional_hazards

# a: events at 1, 4, lost at 6; b: events at 2, 2, 5.
#   t  at risk a, b   events a, b   expected a    variance n_a n_b d (n - d) / (n^2 (n - 1))   S before
#   1  3, 3           1, 0          3/6 = 1/2     9/36 = 1/4                                  1
#   2  2, 3           0, 2          2 * 2/5 = 4/5 2*3*2*3 / (25*4) = 9/25                     5/6
#   4  2, 1           1, 0          2/3           2/9                                         5/6 * 3/5 = 1/2
#   5  1, 1           0, 1          1/2           1/4                                         1/2 * 2/3 = 1/3
TIME, EVENT, GROUP = [1, 4, 6, 2, 2, 5], [1, 1, 0, 1, 1, 1], ["a"] * 3 + ["b"] * 3
EXCESS = np.array([1 - 1 / 2, -4 / 5, 1 - 2 / 3, -1 / 2])
VARIANCE = np.array([1 / 4, 9 / 25, 2 / 9, 1 / 4])

samples = st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.integers(0, 2)), min_size=2, max_size=15)


@pytest.mark.parametrize(
    ("weight", "w"),
    [
        (None, [1, 1, 1, 1]),
        (lambda n, s: n, [6, 5, 3, 2]),
        (lambda n, s: np.sqrt(n), np.sqrt([6, 5, 3, 2])),
        (fleming_harrington(1, 0), [1, 5 / 6, 1 / 2, 1 / 3]),
        (fleming_harrington(0, 1), [0, 1 / 6, 1 / 2, 2 / 3]),
        (fleming_harrington(0, 0), [1, 1, 1, 1]),
    ],
)
def test_weighted_logrank_by_hand(weight, w):
    result = logrank(TIME, EVENT, GROUP, weight=weight)
    chi2 = (np.array(w) @ EXCESS) ** 2 / (np.array(w) ** 2 @ VARIANCE)
    assert result.statistic == pytest.approx(chi2, rel=1e-12)
    assert result.p == pytest.approx(normal_p(np.sqrt(chi2)), rel=1e-10)
    assert result.df == 1


def test_strata_add_up():
    # The same sample twice, as two strata: scores and variances double, so chi-squared does too.
    once = logrank(TIME, EVENT, GROUP).statistic
    twice = logrank(TIME * 2, EVENT * 2, GROUP * 2, stratum=["x"] * 6 + ["y"] * 6).statistic
    assert twice == pytest.approx(2 * once, rel=1e-12)


def test_three_groups_without_ties_by_hand():
    # Events of a, b, c at 1, 2, 3. Events less expected: a 1 - 1/3, b 1 - 1/3 - 1/2. Variance: of a 2/9; of b 2/9 + 1/4; covariance -1/9.
    u, v = np.array([2 / 3, 1 / 6]), np.array([[2 / 9, -1 / 9], [-1 / 9, 2 / 9 + 1 / 4]])
    result = logrank([1, 2, 3], [1, 1, 1], ["a", "b", "c"])
    assert (result.statistic, result.df) == pytest.approx((u @ np.linalg.solve(v, u), 2))


def test_group_that_is_never_at_risk_with_the_others_takes_no_part():
    # c is lost before the first event: two groups remain, with one degree of freedom.
    result = logrank([*TIME, 0.5], [*EVENT, 0], [*GROUP, "c"])
    assert result.df == 1
    assert result.statistic == pytest.approx(logrank(TIME, EVENT, GROUP).statistic)


@pytest.mark.parametrize(
    ("time", "event", "why"),
    [
        ([1, 2, 3, 4], [0, 0, 0, 0], "no events"),
        ([1, 1, 1, 1], [1, 1, 1, 1], "no event leaves behind subjects of two groups"),
        ([1, 2, 3, 4], [0, 0, 1, 1], "no event leaves behind subjects of two groups"),
    ],
)
def test_logrank_that_cannot_be_computed(time, event, why):
    result = logrank(time, event, ["a", "a", "b", "b"])
    assert (result.statistic, result.p, result.df, result.why) == (None, None, 1, why)


def test_normal_p():
    assert normal_p(1.959963984540054) == pytest.approx(0.05, rel=1e-12)  # tabulated
    assert normal_p(-1.959963984540054) == normal_p(1.959963984540054)


def test_weights_agree_with_lifelines():
    # An independent program; R's survdiff has only the weights S^rho.
    from lifelines.datasets import load_leukemia
    from lifelines.statistics import multivariate_logrank_test

    data = load_leukemia()
    sample = data.t, data.status, data.Rx
    for weight, name, powers in [
        (lambda n, s: n, "wilcoxon", {}),
        (lambda n, s: np.sqrt(n), "tarone-ware", {}),
        (fleming_harrington(0, 1), "fleming-harrington", {"p": 0, "q": 1}),
        (fleming_harrington(1, 2), "fleming-harrington", {"p": 1, "q": 2}),
    ]:
        theirs = multivariate_logrank_test(data.t, data.Rx, data.status, weightings=name, **powers)
        assert logrank(*sample, weight=weight).statistic == pytest.approx(theirs.test_statistic, rel=1e-10), name


def test_proportional_hazards_by_hand():
    # a (treated): events at 1, 3; b: events at 2, 4. At risk b, a: 2 2, 2 1, 1 1, 1 0. The score of log HR at r is
    # 2 - 2r/(2 + 2r) - r/(2 + r) - r/(1 + r) = 0; times (1 + r)(2 + r): 4 + r - r^2 = 0, so that r = (1 + sqrt(17)) / 2.
    r = (1 + np.sqrt(17)) / 2
    share = np.array([r / (1 + r), r / (2 + r), r / (1 + r), 0])
    residual = np.array([1, 0, 1, 0]) - share
    assert residual.sum() == pytest.approx(0, abs=1e-15)
    clock = np.array([0, 1 / 4, 1 / 2, 3 / 4])  # 1 - S before each event
    v = share * (1 - share)
    information = np.array([[v.sum(), clock @ v], [clock @ v, clock**2 @ v]])
    score = np.array([0, clock @ residual])
    result = proportional_hazards([1, 3, 2, 4], [1, 1, 1, 1], [True, True, False, False], r)
    assert result.statistic == pytest.approx(score @ np.linalg.solve(information, score), rel=1e-12)


def test_proportional_hazards_needs_two_times():
    result = proportional_hazards([2, 2, 2], [1, 1, 1], [True, False, False], 1.0)
    assert (result.statistic, result.p) == (None, None)
    assert "two event times" in result.why


@given(samples, st.randoms())
def test_logrank_depends_on_the_order_of_times_only(rows, random):
    time, event, group = (np.array(column) for column in zip(*rows, strict=True))
    base = logrank(time, event, group)
    order = np.array(random.sample(range(len(rows)), len(rows)))
    for other in (logrank(time[order], event[order], group[order]), logrank(2.0**time, event, 2 - group)):
        assert other.df == base.df
        assert other.statistic == (None if base.statistic is None else pytest.approx(base.statistic, rel=1e-9, abs=1e-12))
