"""Bounds of the hazard ratio: they hold every data set of small trials, are near the extremes, and hold simulated truth."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest

from survrecon.data import IPD, Arm
from survrecon.draws import cox_two_sample, two_sample_many
from survrecon.errors import ReconstructionError
from survrecon.reconstruction import reconstruct
from survrecon.reconstruction._common import at_risk
from survrecon.sensitivity import Side, _of_active, _of_control, bounds, largest
from survrecon.simulation import REGIMES, digitize, simulate, withhold
from survrecon.survival import kaplan_meier

MIDDLE = 2.5  # the risk time of the small trials, beside 0


def side(data: IPD, risk_times: tuple[float, ...] = (0.0,), end: float = 0.0) -> Side:
    """What the exact curve of a data set and its numbers at risk tell, written down without the joint method."""
    curve = kaplan_meier(data.time, data.event)
    falls = np.diff(curve.survival, prepend=1.0) < 0
    time, survival = curve.time[falls], curve.survival[falls]
    edges = np.array(risk_times)
    just_before = np.append(1.0, survival)[np.searchsorted(time, edges, side="left")]
    z = at_risk(data, edges) / np.maximum(just_before, 1e-9)  # nobody is left where the curve has ended
    least = 1 / np.append(1.0, survival)[:-1]
    return Side(
        time,
        survival,
        np.searchsorted(edges, time, side="right") - 1,
        edges,
        z,
        np.append(z[1:], 0.0),
        np.full(time.size, np.inf),
        np.maximum.accumulate(least[::-1])[::-1],
        end,
        False,
    )


def limits(control: IPD, active: IPD, risk_times: tuple[float, ...] = (0.0,), end: float = 0.0) -> tuple[float, float]:
    base, ours = side(control, risk_times, end), side(active, risk_times, end)
    top = largest(ours, base)
    return (1 / top if top else math.inf), largest(base, ours)


def all_arms(n: int, times: tuple[float, ...]) -> Iterator[IPD]:
    """Every arm of n subjects with an event in it: each has an event or is censored at one of the times."""
    for subjects in itertools.combinations_with_replacement([(time, event) for time in times for event in (0, 1)], n):
        if any(event for _, event in subjects):
            yield IPD(*zip(*subjects, strict=True))


def alike(n: int, times: tuple[float, ...], risk_times: tuple[float, ...]) -> list[list[IPD]]:
    """Group all arms by the curve that they draw, its end aside, and their numbers at risk."""
    groups = defaultdict(list)
    for arm in all_arms(n, times):
        curve = kaplan_meier(arm.time, arm.event)
        falls = np.diff(curve.survival, prepend=1.0) < -1e-12
        drawn = tuple(zip(curve.time[falls], np.round(curve.survival[falls], 9), strict=True))
        groups[drawn, tuple(at_risk(arm, np.array(risk_times)))].append(arm)
    return list(groups.values())


@pytest.mark.parametrize("risk_times", [(0.0,), (0.0, MIDDLE)])
@pytest.mark.parametrize(
    ("control_times", "active_times"),
    [((1.0, 3.0, 4.0), (1.5, 2.0, 3.5)), ((1.0, 2.0, 3.0), (1.0, 2.0, 3.0))],
    ids=["between", "tied"],
)
def test_no_data_set_of_a_small_trial_lies_outside(control_times, active_times, risk_times):
    """Exhaustive: all trials of 4 + 4 subjects with three times in each arm, and of each all that draw the same curves."""
    rng = np.random.default_rng(1)
    controls, actives = (alike(4, times, risk_times) for times in (control_times, active_times))
    pairs = [pair for pair in itertools.product(controls, actives) if len(pair[0]) * len(pair[1]) > 1]
    assert len(pairs) > 100
    spread = 0
    for i in rng.permutation(len(pairs))[:100]:
        base, ours = pairs[i]
        sets = list(itertools.product(base, ours))
        stacked = [np.array([getattr(pair[arm], name) for pair in sets]) for arm in (0, 1) for name in ("time", "event")]
        ratios = two_sample_many(*stacked).log_hr
        ratios = ratios[np.isfinite(ratios)]
        if ratios.size:
            low, high = limits(base[0], ours[0], risk_times)
            assert low <= math.exp(ratios.min() + 1e-6)
            assert math.exp(ratios.max() - 1e-6) <= high
            spread += ratios.max() - ratios.min() > 0.1
    assert spread > 10  # there was something to hold


def efron(n0: int, n1: int, d0: int, d1: int, ratio: float) -> tuple[float, float]:
    """What d0 and d1 events at one time add to the score and take from it, by Efron's sum: the r-th of d averages over who went before."""
    d = d0 + d1
    left = [(n0 - r * d0 / d, ratio * (n1 - r * d1 / d)) for r in range(d)]
    return sum(d1 / d * a / (a + b) for a, b in left), sum(d0 / d * b / (a + b) for a, b in left)


@pytest.mark.parametrize("ratio", [0.2, 1.0, 3.0])
def test_what_a_drop_adds_is_never_more_and_what_it_takes_never_less(ratio):
    for n0, n1 in itertools.product(range(1, 8), repeat=2):
        for d0, d1 in itertools.product(range(n0 + 1), range(n1 + 1)):
            if d0 + d1 == 0:
                continue
            tied = d0 > 0 and d1 > 0
            adds, takes = efron(n0, n1, d0, d1, ratio)
            # the other arm is taken as it is before its own events where it raises the score, and as it is after them where it lowers it
            most = _of_active(np.array(n0), np.array(n1), d1 / n1, ratio, tied)
            least = -_of_control(np.array(n0), np.array(n1 - d1), d0 / n0, ratio)
            assert adds <= most + 1e-12
            assert takes >= least - 1e-12
            if d0 + d1 == 1:  # one event: near what it really adds or takes
                assert most <= adds * (1.02 + 0.2 * (n0 + n1 < 6))
                assert least == pytest.approx(takes)


def two_drops(n: int, stay: int, times: tuple[int, int], shares: tuple[float, float], others: tuple[float, float]) -> Iterator[IPD]:
    """Every arm of n subjects that draws two drops and has `stay` at risk at 5; who leaves does so beside a drop of the other arm."""
    (first, second), (h1, h2) = times, shares
    for n1, n2 in itertools.product(range(1, n + 1), repeat=2):
        d1, d2 = n1 * h1, n2 * h2
        between, after = n1 - d1 - n2, n2 - d2 - stay
        if min(between, after) < 0 or d1 % 1 or d2 % 1:
            continue
        for when in itertools.product((0.1, first - 0.1), (others[0] - 0.2, others[0] + 0.2), (others[1] - 0.2, others[1] + 0.2)):
            counts = {when[0]: n - n1, first: d1, when[1]: between, second: d2, when[2]: after, 5.5: stay}
            time = np.repeat(list(counts), [int(count) for count in counts.values()])
            yield IPD(time, np.isin(time, times))


@pytest.mark.parametrize("swap", [False, True])
def test_bounds_are_near_the_extremes_of_all_data_sets(swap):
    """Two drops of 1/4 and 1/2 against two of 1/2 and 1/4, 48 subjects of whom 12 are at risk at 5; who left when is open."""
    arms = [list(two_drops(48, 12, (2, 4), (0.25, 0.5), (3, 4.5))), list(two_drops(48, 12, (1, 3), (0.5, 0.25), (2, 4)))]
    arms = arms[::-1] if swap else arms
    sets = list(itertools.product(*arms))
    stacked = [np.array([getattr(pair[arm], name) for pair in sets]) for arm in (0, 1) for name in ("time", "event")]
    ratios = np.exp(two_sample_many(*stacked).log_hr)
    low, high = limits(arms[0][0], arms[1][0], (0.0, 5.0))
    # bounds allow parts of subjects, and some of those who leave to leave early and some late: wider by 0.5% and 1.6% here
    assert 0.98 * ratios.min() < low <= ratios.min()
    assert ratios.max() <= high < 1.02 * ratios.max()


def test_one_drop_in_each_arm_by_hand():
    """One of four has the event at 1 in the active arm, and one of three at 2 in the control arm.

    At 1 there are 4 active and 3 or 4 control subjects, at 2 there are 3 control subjects and k active ones. The score is
    n0/(n0 + 4x) - x k/(3 + x k). With k = 3 and n0 = 4: 1/(1 + x) = x/(1 + x), x = 1; with n0 = 3: 3/(3 + 4x) = x/(1 + x), 4x^2 = 3.
    """
    control = IPD([1.5, 2, 3, 3], [0, 1, 0, 0])
    stay, leave = IPD([1, 3, 3, 3], [1, 0, 0, 0]), IPD([1, 2.1, 2.1, 2.1], [1, 0, 0, 0])
    near = {"rel": 0.012}  # two cells
    assert limits(control, stay, (0.0, 1.8, 2.2)) == pytest.approx((math.sqrt(3) / 2, 1), **near)
    # nobody is at risk at 2.2: k is from 0 to 3, and where it is 0 the score has no zero
    assert limits(control, leave, (0.0, 1.8, 2.2)) == pytest.approx((math.sqrt(3) / 2, math.inf), **near)
    # with curves drawn to 2.1, k is from 1 to 3: 1/(1 + x) = x/(3 + x), x^2 = 3
    assert limits(control, leave, (0.0, 1.8, 2.2), 2.1) == pytest.approx((math.sqrt(3) / 2, math.sqrt(3)), **near)


def test_an_arm_without_events_leaves_nothing_to_bound():
    events, none = IPD([1, 2, 3], [1, 1, 0]), IPD([1, 2, 3], [0, 0, 0])
    assert limits(events, none, end=3.0) == (0, 0)
    assert limits(none, events, end=3.0) == (math.inf, math.inf)
    assert limits(events, none) == (0, math.inf)  # everybody may leave before the other arm's first event


# --- through the joint method


def figure(seed: int, regime: str, scenario: str, n: int) -> list[Arm]:
    return [withhold(arm, scenario) for arm in digitize(simulate(seed, n=n), regime, np.random.default_rng(seed))]


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("scenario", ["N", "R", "REC"])
def test_bounds_hold_the_truth(regime, scenario):
    for seed in (3, 6):  # simulated truth; curves misread by at most three of their reading errors
        low, high = bounds(figure(seed, regime, scenario, 60), "control", misread=3)["active"]
        assert low < math.exp(simulate(seed, n=60).log_hr) < high


@pytest.mark.parametrize("regime", ["vector", "clicks"])
def test_bounds_hold_the_single_reconstruction(regime):
    arms = figure(4, regime, "R", 100)
    base, treated = (reconstruct(arm).ipd for arm in arms)
    low, high = bounds(arms, "control")["active"]
    assert low <= math.exp(cox_two_sample(base.time, base.event, treated.time, treated.event)[0]) <= high


def test_knowing_more_never_widens_the_bounds():
    found = [bounds(figure(3, "raster", scenario, 60), "control")["active"] for scenario in ("N", "R", "RC")]
    widths = [math.log(high / low) for low, high in found]
    assert widths[0] > 2 * widths[1] > 2 * widths[2]
    exact, misread = (bounds(figure(3, "clicks", "R", 60), "control", misread)["active"] for misread in (0, 2))
    assert misread[0] < exact[0] < exact[1] < misread[1]


def test_bounds_name_the_arms_when_the_reference_is_not_among_them():
    with pytest.raises(ReconstructionError, match="reference 'placebo' is not among the arms: control, active"):
        bounds(figure(3, "raster", "R", 60), "placebo")


def test_bounds_need_a_curve():
    with pytest.raises(ReconstructionError, match="arm 'a': bounds need curve coordinates"):
        bounds([Arm("a", 10), Arm("b", 10)], "a")
