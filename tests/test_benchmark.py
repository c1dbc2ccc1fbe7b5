"""Simulated trials, their digitization, the scores and the command: truth by hand where the numbers are, else by simulation."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import astuple, replace

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.colors import to_hex

from survrecon import reconstruction
from survrecon.benchmark import Cell, Errors, Row, curve_methods, run_trial, score, summarize
from survrecon.cli import main
from survrecon.data import IPD
from survrecon.draws import cox_two_sample
from survrecon.errors import NotEstimableError, PlotError
from survrecon.plot import COLORS
from survrecon.plot_benchmark import plot_benchmark
from survrecon.simulation import REGIMES, SCENARIOS, Design, Trial, digitize, simulate, withhold
from survrecon.survival import kaplan_meier

# Events at 1 and 3 in one arm, at 2 and 4 in the other: the hazard ratio is (sqrt(17) - 1) / 8, see draws.cox_two_sample.
FOUR = (IPD([1, 3], [1, 1], "control"), IPD([2, 4], [1, 1], "active"))
TINY = Trial(Design(2, 0.5, 1, 1, 0, 1, 1, 0), FOUR, np.array([0.0, 2.0, 4.0, 6.0]), float(np.log((17**0.5 - 1) / 8)), 0.8)
PAIR = (1.0, 2.0)


def cell(method="joint", scenario="R", regime="exact", **changes) -> Cell:
    return replace(Cell(regime, scenario, method, 10, 0, (0.004, 0.02), PAIR, PAIR, PAIR, PAIR, 0.0, 1.0, 1.0, 0.15), **changes)


def row(trial: int, method: str, milliseconds: float, log_hr: float | None = 0.0) -> Row:
    errors = None if log_hr is None else Errors(log_hr, 10 * log_hr, 1, (0.1, 0.2), (np.nan, 5), (True, False))
    return Row(trial, "exact", "R", method, milliseconds, 0.1, errors, "" if errors else "Boom: no")


def readings(regime: str, seed: int = 2):
    trial = simulate(seed, n=150)
    return trial, digitize(trial, regime, np.random.default_rng(seed))


def command(*args: object):
    result = CliRunner().invoke(main, ["benchmark", *map(str, args)])
    assert not isinstance(result.exception, Exception), result.exception
    return result


# --- trials


def test_a_trial_is_determined_by_its_seed():
    one, again, other = simulate((1, 2)), simulate((1, 2)), simulate((1, 3))
    assert (one.design, one.log_hr) == (again.design, again.log_hr)
    assert all(np.array_equal(a.time, b.time) and np.array_equal(a.event, b.event) for a, b in zip(one.arms, again.arms, strict=True))
    assert one.log_hr != other.log_hr


def test_what_is_fixed_leaves_the_rest_of_the_design_as_it_was():
    assert simulate(4, n=80, hr=0.6).design == replace(simulate(4).design, n=80, hr=0.6)


def test_hazards_are_those_of_the_design():
    # everybody is followed to the event; standard errors at 20,000 per arm: 0.01 for log HR, 0.0035 for S(10)
    trial = simulate(1, n=20_000, hr=0.6, events=1, shape=1.5, scans=0, median=10, dropout=0)
    assert trial.log_hr == pytest.approx(np.log(0.6), abs=0.04)
    control, active = trial.arms
    assert control.event.all()
    for time in (5, 10, 20):  # S(t) = 0.5^((t / median)^shape), to the power of the hazard ratio in the other arm
        survival = 0.5 ** ((time / 10) ** 1.5)
        assert np.mean(control.time > time) == pytest.approx(survival, abs=0.014)
        assert np.mean(active.time > time) == pytest.approx(survival**0.6, abs=0.014)


def test_data_are_cut_at_the_number_of_events():
    trial = simulate(1, n=200, events=0.45, accrual=1, median=10, dropout=0)
    assert sum(arm.event.sum() for arm in trial.arms) == 180
    censored = np.concatenate([arm.time[~arm.event] for arm in trial.arms])
    assert np.ptp(censored) <= 1.1  # entered within a month, all left at the cut
    lost = simulate(1, n=200, events=0.45, accrual=1, median=10, dropout=0.03)
    assert np.ptp(np.concatenate([arm.time[~arm.event] for arm in lost.arms])) > 3


def test_times_are_whole_days_and_scans_gather_them():
    trial = simulate(3, n=400, scans=2.0, median=10, events=0.8)
    time = trial.arms[0].time
    assert np.allclose(30.4375 * time, np.round(30.4375 * time))
    assert time.min() > 0
    events = trial.arms[0].time[trial.arms[0].event]
    near = np.abs(events - 2 * np.round(events / 2)) < 0.5  # three standard deviations of a scan's day
    assert 0.8 <= near.mean() < 1


def test_numbers_at_risk_by_hand():
    assert [TINY.risk_table(arm).time.tolist() for arm in (0, 1)] == [[0, 2, 4], [0, 2, 4, 6]]
    assert [TINY.risk_table(arm).count.tolist() for arm in (0, 1)] == [[2, 1, 0], [2, 2, 1, 0]]


def test_a_trial_without_a_hazard_ratio_says_so():
    with pytest.raises(NotEstimableError, match="20 subjects and 5% events"):
        simulate(1, n=10, events=0.05, accrual=0.001)  # a single event


# --- digitization


def test_exact_is_every_corner():
    (arm, other) = digitize(TINY, "exact", np.random.default_rng(1))
    assert (arm.curve.time.tolist(), arm.curve.survival.tolist()) == ([0, 1, 3], [1, 0.5, 0])
    assert (other.n, other.total_events, other.censor_times.tolist()) == (2, 2, [])
    trial, arms = readings("exact")
    for ipd, arm in zip(trial.arms, arms, strict=True):
        km = kaplan_meier(ipd.time, ipd.event)
        assert set(km.time) < {*arm.curve.time}
        assert np.array_equal(arm.curve.survival[np.searchsorted(arm.curve.time, km.time)], km.survival)
        assert arm.curve.time[[0, -1]].tolist() == [0, km.last_time]
        assert set(arm.censor_times) == set(ipd.time[~ipd.event])


def test_vector_is_exact_to_half_a_step_of_a_lattice():
    trial, arms = readings("vector")
    end = trial.ticks[-1]
    for exact, arm in zip(readings("exact")[1], arms, strict=True):
        for values, true, step in (
            (arm.curve.time, exact.curve.time, end / 2000),
            (arm.curve.survival, exact.curve.survival, 1 / 2000),
        ):
            assert np.allclose(values / step, np.round(values / step), atol=1e-6)
            assert 0.3 * step < np.abs(values - true).max() <= 0.5001 * step
        assert np.abs(arm.censor_times[:, None] - exact.censor_times).min(axis=1).max() <= 0.5001 * end / 2000


def test_raster_is_one_jittered_reading_for_each_column():
    trial, arms = readings("raster")
    end = trial.ticks[-1]
    for ipd, arm in zip(trial.arms, arms, strict=True):
        column = arm.curve.time / end * 700 - 0.5
        assert np.allclose(column, np.arange(column.size))
        assert 0 <= ipd.time[-1] - arm.curve.time[-1] < end / 700
        height = 450 * arm.curve.survival
        assert np.allclose(height, np.round(height))
        km = kaplan_meier(ipd.time, ipd.event)
        off = height - 450 * np.append(1, km.survival)[np.searchsorted(km.time, arm.curve.time, side="right")]
        # jitter 0.35 and rounding 1 / sqrt(12), together 0.45 pixels; two or more hundred readings
        assert np.std(off) == pytest.approx(np.hypot(0.35, 12**-0.5), rel=0.2)
        assert np.abs(off).max() < 0.5 + 5 * 0.35


def test_clicks_lie_along_the_line_with_an_error_in_both_axes():
    distances, vertical = [], []
    for seed in range(5):
        trial, arms = readings("clicks", seed)
        for exact, arm in zip(digitize(trial, "exact", np.random.default_rng(0)), arms, strict=True):
            x, y = arm.curve.time / trial.ticks[-1], arm.curve.survival
            assert (x.size, x[0], y[0]) == (60, 0, 1)
            left, right = exact.curve.time / trial.ticks[-1], np.append(exact.curve.time[1:], exact.curve.time[-1]) / trial.ticks[-1]
            level, upper = exact.curve.survival, np.append(1, exact.curve.survival[:-1])

            def outside(value, low, high):
                return np.maximum(np.maximum(low - value[:, None], value[:, None] - high), 0)

            flat = np.hypot(outside(x, left, right), outside(y, level, level)).min(axis=1)
            steep = np.hypot(outside(x, left, left), outside(y, level, upper)).min(axis=1)
            distances.append(np.minimum(flat, steep))
            vertical.append((steep < flat).mean())
    distances = np.concatenate(distances)
    # a normal error of 0.3% along one axis, where the line follows the other; less near corners
    assert 0.001 < np.sqrt(np.mean(distances**2)) <= 0.0033
    assert distances.max() < 5 * 0.003
    assert 0.2 < np.mean(vertical) < 0.8


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenarios_withhold_what_they_do_not_name(scenario):
    arm = withhold(readings("exact")[1][0], scenario)
    known = {"R": arm.risk is not None, "E": arm.total_events is not None, "C": arm.censor_times is not None}
    assert {letter for letter, given in known.items() if given} == set(scenario) - {"N"}
    assert arm.curve is not None


# --- scores


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_truth_scores_zero(seed):
    trial = simulate(seed)
    errors = score(trial, trial.arms)
    assert (errors.log_hr, errors.log_hr_se, errors.events, errors.curve) == (0, 0, 0, (0, 0))
    assert all(error == 0 or np.isnan(error) for error in errors.median)
    assert errors.median_lost == (False, False)


def test_scores_by_hand():
    # control: the event at 1 is moved to 2, so that S = 1 instead of 1/2 from 1 to 2, of tau = 3; active: that at 4 is censored.
    # Hazard ratio: x / ((2 + 2x) * 3/2 (1 + x) * (1 + x)), largest at 1 = 3x / (1 + x). Events 3 of 4.
    # Medians: control 2, the middle of 1 to 3; now 2.5. Active 3, the middle of 2 to 4; now S stays 1/2 from 2 on.
    errors = score(TINY, (IPD([2, 3], [1, 1]), IPD([2, 4], [1, 0])))
    assert errors.log_hr == pytest.approx(abs(np.log(0.5) - TINY.log_hr))
    assert errors.log_hr_se == pytest.approx(errors.log_hr / 0.8)
    assert errors.events == 25
    assert errors.curve == pytest.approx((0.5 / 3, 0))
    assert errors.median == pytest.approx((25, 100 / 3))


def test_a_median_that_is_lost_is_counted():
    errors = score(TINY, (FOUR[0], IPD([2, 3, 4], [1, 0, 0])))
    assert errors.median_lost == (False, True)
    assert np.isnan(errors.median[1])


# --- runs


def test_exact_counts_come_back_from_exact_readings_with_everything_known():
    rows = run_trial(1, regimes=["exact"], scenarios=["REC"], methods=["guyot", "joint"], n=100)
    assert [each.method for each in rows] == ["guyot", "joint"]
    assert rows[1].errors.events == 0
    assert rows[1].errors.log_hr < 0.01
    assert all(each.milliseconds > 0 for each in rows)


def test_rows_do_not_depend_on_what_else_is_run():
    everything = run_trial(3, 7, regimes=list(REGIMES), scenarios=["N", "R"], methods=["guyot"], n=60)
    assert len(everything) == 8
    (alone,) = run_trial(3, 7, regimes=["clicks"], scenarios=["R"], methods=["guyot"], n=60)
    (same,) = (each for each in everything if (each.regime, each.scenario) == ("clicks", "R"))
    assert astuple(replace(alone, milliseconds=0)) == astuple(replace(same, milliseconds=0))


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        (IPD([1.0], [True]), r"\[1, 1\] subjects instead of \[60, 60\]"),
        (IPD(np.arange(60.0), np.zeros(60)), "no hazard ratio"),
    ],
)
def test_failures_are_recorded(monkeypatch, result, failure):
    class Rebuilt:
        def __init__(self, *_):
            if isinstance(result, Exception):
                raise result
            self.ipd = result

    monkeypatch.setattr(reconstruction, "reconstruct", Rebuilt)
    (found,) = run_trial(0, regimes=["exact"], scenarios=["R"], methods=["joint"], n=60)
    assert found.errors is None
    assert re.search(failure, found.failure)
    assert np.isnan(found.to_dict()["log_hr"])


def test_summary_by_hand():
    times, errors = (2.0, 4.0, 9.0, 1.0), (0.1, 0.3, 0.2, None)
    rows = [row(i, "guyot", 2.0) for i in range(4)] + [row(i, "joint", ms, e) for i, (ms, e) in enumerate(zip(times, errors, strict=True))]
    guyot, joint = summarize(rows)
    assert (guyot.method, guyot.slowness, guyot.log_hr) == ("guyot", 1, (0, 0))
    assert (joint.figures, joint.failures) == (4, 1)
    assert joint.log_hr == pytest.approx((0.2, 0.28))  # of 0.1, 0.2, 0.3: 90% lies 8/10 of the way from 0.2 to 0.3
    assert joint.curve == pytest.approx((0.15, 0.2))
    assert joint.median == (5, 5)
    assert joint.median_lost == 50
    assert (joint.milliseconds, joint.slowness) == (3, 1.5)
    assert joint.to_dict()["log_hr_p90"] == pytest.approx(0.28)


def test_nothing_but_failures_has_no_errors():
    (found,) = summarize([row(0, "joint", 1.0, None)])
    assert found.failures == 1
    assert np.isnan([*found.log_hr, found.median_lost, found.slowness]).all()


def test_methods_are_those_that_use_the_curve():
    assert curve_methods()[0] == "guyot"
    assert set(curve_methods()) == set(reconstruction.methods()) - {"printed"}


# --- figure


def test_figure_shows_the_table():
    cells = [cell(method, scenario) for scenario in ("N", "RE") for method in ("guyot", "joint")]
    cells[3] = replace(cells[3], log_hr=(0.001, 0.03), failures=2)
    ax = plot_benchmark(cells)
    markers = {line.get_label(): line for line in ax.get_lines() if line.get_marker() in "os"}
    assert markers["guyot"].get_xdata().tolist() == [0.004, 0.004]
    assert markers["joint"].get_xdata().tolist() == [0.004, 0.001]
    assert [to_hex(markers[name].get_color()).upper() for name in ("guyot", "joint")] == list(COLORS[:2])
    assert (markers["guyot"].get_ydata() < markers["joint"].get_ydata()).all()  # the axis points down
    ends = {(round(x1, 4), round(y, 3)) for bars in ax.collections for ((_, y), (x1, _)) in bars.get_segments()}
    assert (0.03, round(markers["joint"].get_ydata()[1], 3)) in ends
    written = [text.get_text() for text in ax.texts]
    assert {"N: n only", "RE: risk table, total events", "2 of 10 failed"} <= set(written)
    assert ax.get_xscale() == "log"


def test_figure_of_errors_that_are_all_zero():
    with pytest.raises(PlotError, match="nothing to draw"):
        plot_benchmark([cell(log_hr=(0.0, 0.0))])


# --- command


def test_command_prints_json():
    arguments = ("--trials", 2, "--n", 60, "--regime", "vector", "--scenario", "R", "--scenario", "RE", "--json")
    content = json.loads(command(*arguments).stdout)
    assert content["options"] == {"trials": 2, "seed": 1, "n": 60}
    assert content["failures"] == []
    table = content["table"]
    assert [(line["scenario"], line["method"]) for line in table[:4]] == [(s, m) for s in ("R", "RE") for m in curve_methods()][:4]
    assert all(line["figures"] == 2 and line["log_hr_p50"] <= line["log_hr_p90"] for line in table)
    # the same numbers by another way: the two trials, their reconstructions, and the estimates
    errors = []
    for number in range(2):
        trial = simulate((1, number), n=60)
        arms = digitize(trial, "vector", np.random.default_rng((1, number, 1)))
        one, other = (reconstruction.reconstruct(withhold(arm, "R"), "guyot").ipd for arm in arms)
        errors.append(abs(cox_two_sample(one.time, one.event, other.time, other.event)[0] - trial.log_hr))
    assert table[0]["log_hr_p50"] == pytest.approx(np.mean(errors))
    timed = ("milliseconds", "slowness")
    again = json.loads(command(*arguments).stdout)["table"]
    assert [{k: v for k, v in line.items() if k not in timed} for line in again] == [
        {k: v for k, v in line.items() if k not in timed} for line in table
    ]


def test_command_writes_its_folder(tmp_path):
    out = tmp_path / "benchmark"
    arguments = ("--trials", 2, "--n", 60, "--regime", "exact", "--scenario", "R", "--method", "guyot", "--out", out)
    printed = command(*arguments).stdout
    assert "R: risk table" in printed
    assert f"wrote {out}" in printed
    assert sorted(path.name for path in out.iterdir()) == ["benchmark.png", "table.csv", "trials.csv"]
    with (out / "trials.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["trial"] for line in lines] == ["0", "1"]
    with (out / "table.csv").open() as file:
        (line,) = csv.DictReader(file)
    assert float(line["log_hr_p50"]) == pytest.approx(np.mean([float(each["log_hr"]) for each in lines]))
    assert f"{float(line['log_hr_p50']):.4f} / {float(line['log_hr_p90']):.4f}" in printed
    refused = command(*arguments)
    assert (refused.exit_code, "--force" in refused.stderr) == (2, True)
    assert command(*arguments, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("option", "value"), [("--regime", "fax"), ("--scenario", "X"), ("--method", "magic"), ("--n", "3"), ("--hr", "0")]
)
def test_command_refuses_what_it_does_not_know(option, value):
    result = command(option, value)
    assert result.exit_code == 2
    assert value in result.stderr
    assert option in result.stderr


def test_command_shows_failures(monkeypatch):
    def refuse(*_):
        raise NotEstimableError("not today")

    monkeypatch.setattr(reconstruction, "reconstruct", refuse)
    printed = command("--trials", 2, "--n", 60, "--regime", "exact", "--scenario", "R", "--method", "guyot").stdout
    assert "2/2" in printed
    assert "failed 2 x: guyot: NotEstimableError: not today" in printed
