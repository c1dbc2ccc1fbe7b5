"""Both curve methods against hand-worked arms, enumeration, simulated truth and each other."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survrecon.data import IPD, Arm
from survrecon.errors import CurveError, InconsistentDataError, ReconstructionError
from survrecon.reconstruction import methods, reconstruct
from survrecon.simulation import digitize, simulate, withhold
from survrecon.survival import kaplan_meier, median, number_at_risk

SHARED = Path(__file__).parents[2] / "shared" / "external"
SCENARIOS = [e + r + c or "N" for r, e, c in product(("", "R"), ("", "E"), ("", "C"))]


def rows(ipd: IPD) -> list[tuple[float, bool]]:
    return list(zip(ipd.time.tolist(), ipd.event.tolist(), strict=True))


def exact(time, event, ticks, **more) -> Arm:
    """Return the arm whose curve and numbers at risk were read without error."""
    time, event = np.asarray(time, float), np.asarray(event, bool)
    curve = kaplan_meier(time, event)
    t, s = np.append(np.append(0, curve.time), time.max()), np.append(1, curve.survival)
    return Arm.from_arrays(t, np.append(s, s[-1]), n=time.size, risk_times=ticks, risk_counts=number_at_risk(time, ticks), **more)


# --- Guyot et al. 2012 by hand


def test_guyot_n_only_has_no_censoring_before_the_end():
    # 10 subjects, S = 0.9, 0.6: 10 * 0.1 = 1 event leaves 9; 9 * (1 - 0.6 / 0.9) = 3 events; 6 censored at the end, 5
    rec = reconstruct(Arm.from_arrays([0, 1, 3, 5], [1, 0.9, 0.6, 0.6], n=10), "guyot")
    assert rows(rec.ipd) == [(1.0, True)] + [(3.0, True)] * 3 + [(5.0, False)] * 6


def test_guyot_risk_table_only_finds_the_censored_of_each_interval():
    # Steps 1 to 4 on the curve's own points and ticks. 10 at risk, S falls to 0.8 at 1 and stays; 6 at risk at 4.
    # Guess: 10 * 0.8 / 1 - 6 = 2 censored, at 4/3 and 8/3, after the 2 events at 1: 10 - 2 - 2 = 6, as printed.
    # Then S falls to 0.4 at 6: 6 * (1 - 0.4 / 0.8) = 3 events. Rate 2 / 4 for 4 more time units: 2 of the 3 left, at
    # 4 + 4/3 and 4 + 8/3: the first before the event at 6, so 5 * 0.5 = 2.5, which rounds to 2, are left to have events.
    arm = Arm.from_arrays([0, 1, 6, 8], [1, 0.8, 0.4, 0.4], n=10, risk_times=[0, 4], risk_counts=[10, 6])
    rec = reconstruct(arm, "guyot", grid_points=0)
    assert [row.reconstructed for row in rec.risk] == [10, 6]
    assert number_at_risk(rec.ipd.time, [1.0, 1.01, 3.9]).tolist() == [10, 8, 6]
    assert rec.ipd.event.sum() == 2 + 2


def test_guyot_total_events_turns_later_events_into_censored():
    # one event is printed, two drops of 1/4 and 1/3 are seen; the last interval gives way
    arm = Arm.from_arrays([0, 1, 2, 3], [1, 0.75, 0.5, 0.5], n=4, total_events=1)
    rec = reconstruct(arm, "guyot")
    assert rec.total_events == (1, 1) and rec.ipd.n == 4


@pytest.mark.parametrize("counts", [[20, 20, 0], [20, 1, 1], [20, 12, 11]])
def test_guyot_ends_whatever_the_table_says(counts):
    arm = Arm.from_arrays([0, 1, 2, 5, 9], [1, 0.9, 0.4, 0.4, 0.0], n=20, risk_times=[0, 3, 6], risk_counts=counts)
    rec = reconstruct(arm, "guyot")
    assert rec.ipd.n == 20
    if [row.reconstructed for row in rec.risk] != counts:
        assert any("gave way" in note for note in rec.notes)


# --- the joint method


def test_eight_subjects_by_hand():
    # 8 at risk; event at 1 (7/8); one leaves at 1.5; event at 2 of 6: 7/8 * 5/6; one leaves; events at 4 of 4 and 5 of 3
    time, event = [1, 1.5, 2, 3, 4, 5, 6, 6.5], [1, 0, 1, 0, 1, 1, 0, 0]
    rec = reconstruct(exact(time, event, [0, 3.5]))
    assert rec.ipd.time[rec.ipd.event].tolist() == [1, 2, 4, 5]
    assert number_at_risk(rec.ipd.time, [1, 2, 3.5, 4, 5]).tolist() == [8, 6, 4, 4, 3]
    assert rec.residuals.max_abs < 1e-12


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("n", [60, 400, 1500])
def test_exact_coordinates_give_the_exact_counts(seed, n):
    rng = np.random.default_rng([seed, n])
    latent, leaving = rng.weibull(1.1, n) * 20, rng.uniform(4, 40, n)
    time, event = np.minimum(latent, leaving), latent <= leaving
    rec = reconstruct(exact(time, event, np.arange(0, 40, 5.0)))
    at = np.sort(time[event])
    assert rec.ipd.event.sum() == event.sum()
    np.testing.assert_allclose(rec.ipd.time[rec.ipd.event], at)
    np.testing.assert_array_equal(number_at_risk(rec.ipd.time, at), number_at_risk(time, at))


def solutions(arm: Arm):
    """Enumerate all events and censored per drop that reproduce curve, table and total exactly."""
    time, survival = arm.curve.time[1:], arm.curve.survival[1:]
    ticks = dict(zip(arm.risk.time.tolist(), arm.risk.count.tolist(), strict=True)) if arm.risk is not None else {}

    def extend(k, n, s, events, left):
        if k == time.size:
            if arm.total_events in (None, sum(events)):
                yield tuple(events), tuple(left)
            return
        between = [t for t in ticks if (time[k - 1] if k else 0.0) < t <= time[k]]
        for c in range(n + 1):
            # at most one tick between two drops: those who leave before it are `early`
            for early in range(c + 1) if between else [0]:
                if between and n - early != ticks[between[0]]:
                    continue
                here = n - c
                for d in range(here + 1):
                    after = s * (1 - d / here) if here else s
                    if abs(after - survival[k]) < 1e-9 and (d or survival[k] == s):
                        yield from extend(k + 1, here - d, after, [*events, d], [*left, c])
                if not between:
                    break

    yield from extend(0, arm.n, 1.0, [], [])


@pytest.mark.parametrize("seed", range(60))
def test_small_arms_against_enumeration(seed):
    """Truth: every way in which whole numbers reproduce the curve, the table and the total."""
    rng = np.random.default_rng([7, seed])
    n = int(rng.integers(6, 11))
    time = rng.choice(np.arange(1, 40), n, replace=False) / 4
    event = rng.random(n) < 0.6
    event[np.argmin(time)] = True
    arm = exact(time, event, [0, float(np.median(time)) + 0.01], total_events=int(event.sum()))
    found = reconstruct(arm)
    fitted = np.append(1, found.fitted.survival[1:])
    at = np.searchsorted(found.fitted.time, arm.curve.time, side="right") - 1
    np.testing.assert_allclose(fitted[at], arm.curve.survival, atol=1e-9)  # the least misfit is 0: the truth attains it
    counts = {ways[0] for ways in solutions(arm)}
    ours = tuple(int(np.sum(found.ipd.event & np.isclose(found.ipd.time, t))) for t in arm.curve.time[1:])
    if counts:
        ours_merged = ours[:-1] if len(ours) > 1 and arm.curve.time[-1] == arm.curve.time[-2] else ours
        assert any(ways[: len(ours_merged)] == ours_merged for ways in counts)


@pytest.mark.parametrize("regime", ["exact", "vector", "raster", "clicks"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_meets_its_hard_numbers(regime, scenario):
    for seed in range(4):
        trial = simulate((11, seed))
        for given_arm in digitize(trial, regime, np.random.default_rng(seed)):
            arm = withhold(given_arm, scenario)
            for method in ("guyot", "joint"):
                rec = reconstruct(arm, method)
                assert rec.ipd.n == arm.n and np.all(np.isfinite(rec.ipd.time)) and rec.ipd.time[0] >= 0
                if method == "joint":
                    assert [row.reconstructed for row in rec.risk] == [row.printed for row in rec.risk]
                    assert arm.total_events in (None, int(rec.ipd.event.sum()))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["guyot", "joint"]), st.sampled_from([1e-3, 0.25, 30.4375, 365.25]))
def test_order_and_unit_do_not_matter(seed, method, unit):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 120))
    time, event = rng.exponential(10, n).round(2) + 0.01, rng.random(n) < 0.7
    event[0] = True
    arm = exact(time, event, [0, 5, 10])
    order = rng.permutation(arm.curve.time.size)
    other = Arm.from_arrays(
        arm.curve.time[order] * unit, arm.curve.survival[order], n=n, risk_times=arm.risk.time * unit, risk_counts=arm.risk.count
    )
    one, two = reconstruct(arm, method).ipd, reconstruct(other, method).ipd
    np.testing.assert_array_equal(one.event, two.event)
    np.testing.assert_allclose(one.time * unit, two.time, rtol=1e-6)


def test_repeated_points_change_nothing():
    rng = np.random.default_rng(3)
    time, event = rng.exponential(10, 80), rng.random(80) < 0.7
    arm = exact(time, event, [0, 5, 10])
    twice = Arm.from_arrays(
        np.repeat(arm.curve.time, 2), np.repeat(arm.curve.survival, 2), n=80, risk_times=arm.risk.time, risk_counts=arm.risk.count
    )
    assert rows(reconstruct(arm).ipd) == rows(reconstruct(twice).ipd)


# --- contradictions


def test_a_table_that_the_curve_rules_out_is_named_with_both_numbers():
    # S falls from 1 to 0.5 by 4: of 100 at most 50 are left, and 80 are printed at 5
    arm = Arm.from_arrays([0, 2, 4, 7, 8], [1, 0.75, 0.5, 0.5, 0.4], n=100, risk_times=[0, 5], risk_counts=[100, 80], label="drug")
    with pytest.raises(InconsistentDataError, match=r"arm 'drug', between 0 and 5: .*80 of 100.*at most 50") as caught:
        reconstruct(arm)
    assert caught.value.interval == (0.0, 5.0)
    rec = reconstruct(arm, on_conflict="nearest")
    assert [row.reconstructed for row in rec.risk] == [100, 80] and any("gave way" in note for note in rec.notes)


@pytest.mark.parametrize("total, bound", [(95, "at most 60"), (1, "at least")])
def test_a_total_that_the_curve_rules_out(total, bound):
    # S ends at 0.4: at most 60 of 100 can have had the event; 50 still at risk at 5 leave at least as many as S asks for
    arm = Arm.from_arrays([0, 2, 4, 8], [1, 0.75, 0.5, 0.4], n=100, risk_times=[0, 5], risk_counts=[100, 50], total_events=total)
    with pytest.raises(InconsistentDataError, match=f"{total} events are printed, but .*{bound}"):
        reconstruct(arm)
    assert reconstruct(arm, on_conflict="nearest").ipd.n == 100


def test_unknown_methods_and_options():
    arm = Arm.from_arrays([0, 1], [1, 0.5], n=2)
    assert {"guyot", "joint"} <= set(methods())
    with pytest.raises(ReconstructionError, match="unknown method 'best'; use one of: .*guyot"):
        reconstruct(arm, "best")
    with pytest.raises(ReconstructionError, match="does not take these options: colour"):
        reconstruct(arm, colour="red")
    for option in ({"on_conflict": "ignore"}, {"reading_error": 0.7}, {"targets": {"mean": 3}}):
        with pytest.raises(ReconstructionError, match=next(iter(option)).replace("targets", "targets")):
            reconstruct(arm, **option)


# --- other people's digitization


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/external is not here")
def test_keynote_189_placebo_median_is_where_the_clicks_cross_one_half():
    # the clicks give S(10.80) = 0.5005 and S(11.26) = 0.4927; N Engl J Med 2018;378:2078 prints 11.3
    clicks = np.genfromtxt(SHARED / "keynote-189-os" / "placebo.csv", delimiter=",", names=True)
    table = np.genfromtxt(SHARED / "keynote-189-os" / "risk-table.csv", delimiter=",", names=True)
    arm = Arm.from_arrays(clicks["time"], clicks["survival"], n=206, risk_times=table["time"], risk_counts=table["placebo"])
    rec = reconstruct(arm)
    assert round(median(kaplan_meier(rec.ipd.time, rec.ipd.event)).value, 2) == 11.26
    met = reconstruct(arm, targets={"survival": {6.0: 0.72}})
    curve = kaplan_meier(met.ipd.time, met.ipd.event)
    assert abs(curve.survival[np.searchsorted(curve.time, 6.0, side="right") - 1] - 0.72) <= 0.005 + 1e-9
    assert met.used == ("survival at 6",)


def test_a_stated_resolution_is_the_reading_error():
    """A pixel of 0.0024 of survival: a reading lies anywhere in it, so its standard deviation is 0.0024 / sqrt(12) = 0.00069."""
    arm = Arm.from_arrays([0, 1.003, 2.517, 4.0821], [1, 0.8013, 0.5996, 0.4007], n=5, resolution=(0.05, 0.0024))
    found = reconstruct(arm, method="joint")
    assert "reading error of survival 0.00069 (estimated)" in found.notes
    assert found.ipd.event.sum() == 3


@pytest.mark.parametrize("resolution", [(0.1, float("nan")), (-1.0, 0.001)])
def test_a_resolution_that_cannot_be(resolution):
    with pytest.raises(CurveError, match="smallest steps of time and survival"):
        Arm.from_arrays([0, 1], [1, 0.5], n=4, resolution=resolution)
