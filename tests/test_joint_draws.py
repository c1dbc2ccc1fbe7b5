"""The model behind the draws of the joint method: its parts by hand, and its intervals on simulated truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from survrecon.clean import clean
from survrecon.coverage import run_trial, summarize
from survrecon.data import Arm
from survrecon.ensemble import middle
from survrecon.reconstruction import reconstruct
from survrecon.reconstruction._censoring import _uncensored, drawn_censoring
from survrecon.reconstruction._draws import BY_HAND, Noise, draw_curves, draw_errors
from survrecon.reconstruction._forward import walk
from survrecon.reconstruction._model import read_model
from survrecon.reconstruction._walks import force_total, halfway, meet_total, walk_many
from survrecon.simulation import REGIMES, digitize, simulate, withhold


def figure(seed: int | tuple[int, ...], regime: str, scenario: str, **fixed: float) -> list[Arm]:
    trial = simulate(seed, **fixed)
    return [withhold(arm, scenario) for arm in digitize(trial, regime, np.random.default_rng(seed))]


def columns(*drops: float, end: float, n: int, **known) -> Arm:
    """A curve without censoring that falls by 1/n at each of `drops`, read at 200 even times before `end`, with 0.0005 up and down."""
    time = (np.arange(200) + 0.5) * end / 200
    survival = 1 - np.searchsorted(drops, time, side="right") / n + np.where(np.arange(200) % 2, 0.0005, -0.0005)
    return Arm.from_arrays(time, np.minimum(survival, 1.0), n=n, **known)


# --- events along a curve


@pytest.mark.parametrize("regime", ["vector", "raster", "clicks"])
@pytest.mark.parametrize("scenario", ["N", "R"])
def test_many_walks_are_as_many_single_walks(regime, scenario):
    rng = np.random.default_rng(1)
    for arm in figure(6, regime, scenario, n=120):
        model = read_model(clean(arm).arm, None)
        layout = model.layout
        censored = 0.6 * rng.random((5, 1)) * layout.share * layout.losses[layout.interval]
        survival = np.tile(layout.survival, (5, 1)) ** (1 + 0.05 * rng.random((5, 1)))
        singly = [walk(layout, *each, model.single_last) for each in zip(censored, survival, strict=True)]
        assert np.array_equal(walk_many(layout, censored, survival, model.single_last), singly)


def test_subjects_kept_for_the_end_have_no_event_before():
    layout = read_model(clean(columns(1, 2, 3, 4, end=5, n=4)).arm, None).layout  # falls to 0 at 4
    kept = np.array([0, 1, 2])
    events = walk_many(layout, np.zeros((3, layout.time.size)), np.tile(layout.survival, (3, 1)), True, kept)
    assert events.sum(axis=1).tolist() == [4, 3, 2]


def test_a_total_is_met_by_moving_the_censoring_and_by_force():
    arm = figure(6, "clicks", "R", n=200)[0]
    model = read_model(clean(arm).arm, None)
    layout = model.layout
    censored = np.tile(0.4 * layout.share * layout.losses[layout.interval], (3, 1))
    curve = np.tile(layout.survival, (3, 1))

    def events_of(moved, rows):
        return walk_many(layout, moved, curve[rows], model.single_last)

    events = events_of(censored, np.arange(3))
    wanted = events.sum(axis=1) + np.array([0, 2, -2])
    moved, met = meet_total(layout, censored, events, events_of, wanted)
    assert np.array_equal(moved[0], censored[0])
    assert (np.abs(met.sum(axis=1) - wanted) <= 1).all()
    assert moved[1].sum() < censored[1].sum()  # more events: more were at risk, so censored later
    assert force_total(layout, met, wanted, np.zeros(3, dtype=int)).sum(axis=1).tolist() == wanted.tolist()


def test_events_since_the_point_before_meet_half_of_its_censored():
    layout = read_model(clean(Arm.from_arrays([0, 1, 2, 3, 4], [1, 0.9, 0.8, 0.7, 0.6], n=10)).arm, None).layout
    layout = replace(layout, interval=np.array([0, 0, 0, 1, 1]))
    # in the first interval 0, 2 and 6 before the points, in the second 1 and 4: halfway from 0, from 0 again where it starts
    assert halfway(layout, np.array([[0.0, 2.0, 6.0, 1.0, 4.0]])).tolist() == [[0, 1, 4, 0.5, 2.5]]


# --- censoring where no counts are printed


@pytest.mark.parametrize(
    ("bend", "rate", "time", "share"),
    # entry over half of the 8 months to the cut: all are followed for 4, half of them for 6, nobody for 8
    [(1, 0, 3, 1), (1, 0, 6, 1 / 2), (2, 0, 6, 1 / 4), (1, math.log(2), 1, 1 / 2), (1, math.log(2), 6, 1 / 128), (1, 0, 9, 0)],
)
def test_share_uncensored_by_hand(bend, rate, time, share):
    one = [np.array([float(value)]) for value in (0.5, bend, rate, 8)]
    assert _uncensored(np.array([float(time)]), *one)[0, 0] == pytest.approx(share)


def test_nobody_is_cut_off_where_all_follow_up_is_over_before():
    one = [np.array([value]) for value in (0.5, 1.0, math.log(2), np.inf)]
    assert _uncensored(np.array([2.0]), *one)[0, 0] == pytest.approx(1 / 4)


def test_a_printed_total_says_how_many_were_censored():
    layout = read_model(clean(figure(6, "clicks", "N", n=300)[0]).arm, None).layout
    few, any_number, many = (drawn_censoring(layout, 100, total, np.random.default_rng(1))[:, -1] for total in (90, None, 200))
    assert np.median(few) > np.median(many) + 50  # 300 less the events
    assert few.std() < any_number.std() / 2 > many.std()
    assert abs(np.median(few) - 210) < 30


# --- the end of the curve


def test_an_event_after_the_last_column_is_drawn_as_often_as_it_is_likely():
    # Of 10 subjects, 9 have the event before the end; the last 8 to leave before it all had it. Censored at a rate that does not fall
    # as subjects leave, the last one is (8 + 1/2) : (1/2 * (8 + 1) / 2) likely to have it: 8.5 / 10.75 = 0.79.
    found = reconstruct(columns(*range(1, 10), end=10, n=10), draws=200)
    last = np.array([draw.event[-1] for draw in found.draws])
    assert abs(last.mean() - 8.5 / 10.75) < 4 * math.sqrt(0.79 * 0.21 / 200)
    assert {int(draw.event.sum()) for draw in found.draws} == {9, 10}


@pytest.mark.parametrize(("total", "seen"), [(9, False), (10, True)])
def test_a_printed_total_decides_about_the_last(total, seen):
    found = reconstruct(columns(*range(1, 10), end=10, n=10, total_events=total), draws=50)
    assert np.mean([draw.event[-1] == seen for draw in found.draws]) > 0.9
    assert {int(draw.event.sum()) for draw in found.draws} == {total}


def test_a_mark_at_the_end_decides_about_the_last():
    found = reconstruct(columns(*range(1, 10), end=10, n=10, censor_times=[9.975]), draws=50)
    assert {bool(draw.event[-1]) for draw in found.draws} == {False}


def test_a_curve_that_ends_at_0_ends_with_an_event():  # before, somebody censored was put after it
    arm = next(arm for arm in figure((1, 59), "exact", "N") if arm.curve.survival[-1] == 0)
    found = reconstruct(arm, draws=20)
    assert {bool(draw.event[-1]) for draw in found.draws} == {True}
    assert {float(draw.time[-1]) for draw in found.draws} == {float(arm.curve.time[-1])}


# --- how precisely a curve was clicked


def test_the_error_of_clicks_is_drawn_and_that_of_columns_is_known():
    noise = Noise(np.zeros((4000, 2)), np.random.default_rng(1))
    clicked, sampled = (read_model(clean(figure(6, regime, "R", n=200)[0]).arm, None) for regime in ("clicks", "raster"))
    assert set(draw_errors(sampled, noise).ravel()) == {sampled.sigma}
    assert set(draw_errors(replace(clicked, freedom=math.inf), noise).ravel()) == {clicked.sigma}
    # 1 / s^2 is chi-squared over its degrees of freedom and the scale, so its mean is 1 / scale; its variance 2 / freedom of that, squared
    for freedom in (0, 12):
        scale = (freedom * clicked.sigma**2 + 4 * BY_HAND**2) / (freedom + 4)
        precision = scale / draw_errors(replace(clicked, freedom=freedom), noise) ** 2
        assert abs(precision.mean() - 1) < 4 * math.sqrt(2 / (freedom + 4) / 4000)


def test_clicks_that_happen_to_fall_are_not_taken_for_the_drops():
    # 683 subjects and 60 clicks without a rise; before, each click was a drop of some eight events at one time, and all draws had 565
    arm = figure_of(1, 53, "clicks", "N")[1]
    model = read_model(clean(arm).arm, None)
    assert model.between
    events = np.array([draw.event.sum() for draw in reconstruct(arm, draws=100).draws])
    low, high = middle(events.astype(float))
    assert low < simulate((1, 53)).arms[1].event.sum() < high


def test_a_calendar_brings_many_events_together():
    # of 1000, 20 have the event every month, while a few that differ are censored: no step of survival is common
    time = np.arange(25.0)
    survival = np.cumprod(np.append(1.0, 1 - 20 / (1000 - 23.0 * np.arange(24) - np.arange(24) ** 2 / 7)))
    arm = clean(Arm.from_arrays(time, survival, n=1000)).arm
    assert not read_model(arm, None).between


def figure_of(seed: int, number: int, regime: str, scenario: str) -> list[Arm]:
    """The figure of one trial of `survrecon benchmark`."""
    arms = digitize(simulate((seed, number)), regime, np.random.default_rng((seed, number, list(REGIMES).index(regime))))
    return [withhold(arm, scenario) for arm in arms]


# --- simulated truth


@pytest.mark.parametrize(("regime", "scenario"), [("raster", "N"), ("clicks", "N"), ("clicks", "R")])
def test_intervals_hold_simulated_truth(regime, scenario):
    # Of 32 arms and 16 hazard ratios at 95%, fewer than 25 and 12 have a probability below 0.001.
    # Before, 31% of the events of clicks with n alone.
    rows = [row for number in range(16) for row in run_trial(number, 9, regimes=[regime], scenarios=[scenario], draws=60, n=150)]
    (cell,) = summarize(rows)
    assert cell.failures == 0
    assert min(cell.events, cell.median, cell.rmst) >= 100 * 25 / 32
    assert cell.hr >= 100 * 12 / 16


def test_the_curve_at_a_risk_time_between_two_clicks_is_drawn():
    # Clicks at 1 and 3, S falls from 0.9 to 0.5; at the risk time 2 any part of that may be behind: evenly, as it lies halfway.
    risk = {"risk_times": [0, 2], "risk_counts": [1000, 700]}
    arm = Arm.from_arrays([0, 1, 3, 4], [1, 0.9, 0.5, 0.4], n=1000, **risk)
    model = read_model(clean(arm).arm, 0.003)
    assert model.between
    assert model.layout.time.tolist() == [0, 1, 2, 3, 4]
    curves = draw_curves(model, np.zeros(5, dtype=int), Noise(np.zeros((1000, 2)), np.random.default_rng(1)))
    share = (curves[:, 1] - curves[:, 2]) / (curves[:, 1] - curves[:, 3])
    assert (np.diff(curves, axis=1) <= 0).all()
    assert abs(share.mean() - 1 / 2) < 4 * math.sqrt(1 / 12 / 1000)
    assert np.quantile(share, [0.1, 0.9]) == pytest.approx([0.1, 0.9], abs=0.04)
