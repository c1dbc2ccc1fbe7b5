"""Scores of digitized figures by hand arithmetic, and the command with a digitizer that knows the truth."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from math import nan

import numpy as np
import pytest
from click.testing import CliRunner

from survrecon import figure_benchmark
from survrecon.cli import main
from survrecon.data import IPD, RiskTable
from survrecon.digitize.figure import Axis, Digitized, Hints, Trace
from survrecon.errors import FigureError, MissingExtraError
from survrecon.figure_benchmark import hints_of, run_figure, summarize
from survrecon.figure_designs import FigureDesign, Truth, generate, truth_of
from survrecon.figure_scores import FigureRow, curve_error, mark_scores, match, score

AXIS = Axis(0.0, 1.0)
# first arm: 1 to 1, 3/4 to 3, 3/8 to 5, marks at 2 and 5; second: 1 to 2, 1/2 to 4, 0 from there; axis to 6
FIRST, SECOND = IPD([1, 2, 3, 5], [1, 0, 1, 0], "first"), IPD([2, 4], [1, 1], "second")
TRUTH = Truth(FigureDesign(), (FIRST, SECOND), np.array([0.0, 3.0, 6.0]), np.array([0.0, 1.0]), ("#000000", "#ff0000"))
RISK = RiskTable([0.0, 3.0], [4.0, 2.0])
READ_FIRST = Trace("a", "#000000", [0, 1, 1, 3, 3, 5], [1, 1, 0.75, 0.75, 0.375, 0.375], [2, 5], RISK)
READ_SECOND = Trace("b", "#ff0000", [0, 2, 2, 4, 4], [1, 1, 0.5, 0.5, 0], [])


def digitized(*traces: Trace, **fields) -> Digitized:
    return Digitized("vector", AXIS, AXIS, traces, **fields)


def row(**changes) -> FigureRow:
    return replace(FigureRow(0, "hints", FigureDesign(), 1.0, (0.002, 0.004), (False, False)), **changes)


def steps(times, values):
    return np.array(times, dtype=float), np.array(values, dtype=float)


# --- scores


def test_error_of_a_curve_by_hand():
    true = steps([0, 1, 3], [1, 0.75, 0.375])
    assert curve_error(true, true, 5) == 0
    # the step at 3 read at 3.2: 0.375 off for 0.2 of 5
    assert curve_error(true, steps([0, 1, 3.2], [1, 0.75, 0.375]), 5) == pytest.approx((0.375**2 * 0.2 / 5) ** 0.5)
    # all of it 0.01 too low but for time 0 to 1
    assert curve_error(true, steps([1, 3], [0.74, 0.365]), 5) == pytest.approx((0.01**2 * 4 / 5) ** 0.5)
    # what comes after the end does not count; the last value is held
    assert curve_error(true, steps([1, 3, 6], [0.75, 0.375, 0]), 5) == 0
    assert curve_error(true, steps([1], [0.75]), 5) == pytest.approx((0.375**2 * 2 / 5) ** 0.5)


def test_both_ends_of_a_vertical_part_may_be_given():
    assert curve_error(steps([0, 1], [1, 0.5]), steps([0, 1, 1, 2], [1, 1, 0.5, 0.5]), 2) == 0


def test_assignment_with_the_least_sum():
    # 0.1 + 0.1 is less than 0 + 0.3, although the first arm's best curve is the first
    assert match(np.array([[0.0, 0.1], [0.1, 0.3]])) == [1, 0]
    assert match(np.array([[0.2], [0.1]])) == [None, 0]
    assert match(np.array([[0.2, 0.1, 0.3]])) == [1]
    assert match(np.zeros((2, 0))) == [None, None]


def test_marks_by_hand():
    true, found = [np.array([1.0, 2.0, 3.0]), np.array([4.0])], [np.array([1.1, 2.6]), np.array([])]
    assert mark_scores(true, found, 0.15) == (1 / 4, 1 / 2)
    assert mark_scores(true, true, 0.15) == (1, 1)
    assert mark_scores([np.array([])], [np.array([2.0])], 0.15) == (pytest.approx(nan, nan_ok=True), 0)


def test_a_perfect_reading():
    scored = score(3, "vector", TRUTH, digitized(READ_SECOND, READ_FIRST))
    assert (scored.figure, scored.mode, scored.rmse, scored.extra) == (3, "vector", (0, 0), 0)
    assert (scored.recall, scored.precision) == (1, 1)
    assert scored.exact == (True, True)
    assert scored.log_hr == pytest.approx(0, abs=1e-9)
    assert not scored.failed
    assert not scored.silently_wrong


def test_a_rising_figure_is_turned_round():
    rising = [replace(trace, survival=1 - trace.survival) for trace in (READ_FIRST, READ_SECOND)]
    assert score(0, "hints", TRUTH, digitized(*rising, orientation="failure")).rmse == (0, 0)
    assert score(0, "hints", TRUTH, digitized(*rising)).silently_wrong


def test_what_is_wrong_and_what_is_not_found():
    late = replace(READ_FIRST, time=[0, 1.2, 1.2, 3, 3, 5])  # 1/4 off for 0.2 of 5
    scored = score(0, "raster", TRUTH, digitized(late))
    assert scored.rmse[0] == pytest.approx(0.25 * 0.2**0.5 / 5**0.5)
    assert np.isnan(scored.rmse[1])
    assert (scored.failed, scored.silently_wrong, scored.recall) == (True, True, 1)
    assert scored.exact == ()
    doubtful = score(0, "raster", TRUTH, digitized(replace(late, doubts=("runs into another curve",))))
    assert (doubtful.failed, doubtful.silently_wrong, doubtful.doubts) == (True, False, ("runs into another curve",))


def test_events_that_differ_are_not_exact():
    merged = replace(READ_FIRST, time=[0, 1, 1, 5], survival=[1, 1, 0.75, 0.75])  # the second event is not seen
    scored = score(0, "vector", TRUTH, digitized(merged, READ_SECOND))
    assert scored.exact == (False, True)
    assert scored.log_hr > 0.1


@pytest.mark.parametrize(
    ("changes", "failed", "silent", "needless"),
    [
        ({}, False, False, False),
        ({"doubts": ("d",)}, False, False, True),
        ({"rmse": (0.002, 0.011)}, False, True, False),
        ({"rmse": (0.002, 0.011), "doubted": (False, True), "doubts": ("d",)}, False, False, False),
        ({"rmse": (0.002, 0.011), "doubted": (True, False), "doubts": ("d",)}, False, True, False),
        ({"rmse": (0.002, nan)}, True, True, False),
        ({"rmse": (0.002, nan), "doubted": (True, False), "doubts": ("d",)}, True, False, False),
        ({"extra": 1}, False, True, False),
        ({"extra": 1, "doubts": ("d",)}, False, False, False),
        ({"rmse": (), "doubted": (), "failure": "FigureError: no curve"}, True, False, False),
    ],
)
def test_verdicts(changes, failed, silent, needless):
    found = row(**changes)
    assert (found.failed, found.silently_wrong, found.needlessly_doubted) == (failed, silent, needless)


# --- hints, rows and summary


def test_hints_are_what_a_user_sees():
    # areas to the end of follow-up: 1 + 3/4 x 2 + 3/8 x 2 = 3.25; 2 + 1/2 x 2 = 3
    assert hints_of(TRUTH) == Hints(x_range=(0, 6), y_range=(0, 1), arms=(("first", None), ("second", None)))
    turned = replace(TRUTH, arms=(SECOND, FIRST))
    assert hints_of(turned).arms == (("first", None), ("second", None))


def test_summary_by_hand():
    rows = [
        row(recall=0.5, precision=1.0),
        row(rmse=(0.006, 0.02), doubted=(False, False), recall=1.0, design=FigureDesign(dpi=100)),
        row(rmse=(), doubted=(), failure="KeyError: 1", crashed=True),
        row(mode="vector", exact=(True, False), log_hr=0.01, seconds=3.0, doubts=("d",)),
    ]
    everything, low, high, vector, _ = summarize(rows, ["dpi"])
    assert (everything.figures, everything.failed, everything.crashed, everything.flagged, everything.silently_wrong) == (3, 1, 1, 0, 1)
    assert vector.needless == 1
    assert everything.rmse == pytest.approx((0.005, 0.0179))  # 0.002, 0.004, 0.006, 0.02: 95% lies 0.85 of the way to the last
    assert (everything.recall, everything.precision) == (0.75, 1)
    assert np.isnan([everything.exact, *everything.log_hr]).all()
    assert [(cell.factor, cell.level, cell.figures) for cell in (low, high)] == [("dpi", "100", 1), ("dpi", "200", 2)]
    assert (vector.mode, vector.exact, vector.log_hr, vector.seconds, vector.flagged) == ("vector", 0.5, (0.01, 0.01), (3, 3), 1)
    assert vector.to_dict()["log_hr_p95"] == 0.01


def test_a_row_as_one_dictionary():
    flat = row(rmse=(0.25, nan), seconds=2.0).to_dict()
    assert (flat["style"], flat["seed"], flat["rmse"], flat["failed"]) == ("nejm", "0", "0.25 nan", True)


# --- runs


def knowing(path, hints):
    """Read a generated figure by its number, which is its name: a digitizer without error."""
    design = generate(int(path.stem), kind="vector" if path.suffix in (".svg", ".pdf") else "raster")
    truth = truth_of(design)
    traces = [Trace(arm.label, truth.colors[i], *truth.curve(i), truth.marks(i)) for i, arm in enumerate(truth.arms)]
    return digitized(*traces)


def test_a_figure_is_drawn_and_read_in_every_mode(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(figure_benchmark, "read_figure", lambda path, hints: given.append((path.suffix, hints)) or knowing(path, hints))
    rows = run_figure(2, folder=tmp_path)
    assert [each.mode for each in rows] == ["hints", "raster", "vector"]
    assert all(max(each.rmse) == 0 and each.seconds > 0 for each in rows)
    assert given[0][1].x_range is not None
    assert given[1][1] == given[2][1] == Hints()
    assert {path.suffix for path in tmp_path.iterdir()} == {given[1][0], given[2][0]}


@pytest.mark.parametrize(
    ("error", "crashed"), [(FigureError("2.png", "has no curve"), False), (ZeroDivisionError("by zero"), True), (MemoryError(), True)]
)
def test_what_is_raised_is_a_result(tmp_path, monkeypatch, error, crashed):
    def refuse(path, hints):
        raise error

    monkeypatch.setattr(figure_benchmark, "read_figure", refuse)
    (found,) = run_figure(2, modes=["raster"], folder=tmp_path)
    assert (found.failed, found.crashed, found.silently_wrong) == (True, crashed, False)
    assert found.failure.startswith(type(error).__name__)


# --- command


def command(*arguments):
    result = CliRunner().invoke(main, ["benchmark", "--figures", *map(str, arguments)])
    assert not isinstance(result.exception, Exception), result.exception
    return result


def test_command_prints_a_table_and_writes_a_folder(tmp_path, monkeypatch):
    def lazy(path, hints):
        if path.suffix in (".svg", ".pdf"):
            raise FigureError(path, "not today")
        return knowing(path, hints)

    monkeypatch.setattr(figure_benchmark, "read_figure", lazy)
    printed = command("--trials", 2, "--out", tmp_path / "out").stdout
    assert "generated figures (figures 2, seed 1)" in printed
    assert "0.0000 / 0.0000" in printed
    assert "failed 2 x: vector: FigureError: not today" in printed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["figures.csv", "not-read-well", "table.csv"]
    assert len(list((tmp_path / "out" / "not-read-well").iterdir())) == 2
    with (tmp_path / "out" / "figures.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [(line["figure"], line["mode"]) for line in lines[:3]] == [("0", "hints"), ("0", "raster"), ("0", "vector")]
    refused = command("--trials", 2, "--out", tmp_path / "out")
    assert (refused.exit_code, "--force" in refused.stderr) == (2, True)


def test_command_prints_json(monkeypatch):
    monkeypatch.setattr(figure_benchmark, "read_figure", knowing)
    content = json.loads(command("--trials", 1, "--json").stdout)
    assert content["options"] == {"figures": 1, "seed": 1}
    assert content["failures"] == []
    assert [line["mode"] for line in content["table"] if not line["factor"]] == ["hints", "raster", "vector"]
    assert content["table"][0]["rmse_p95"] == 0


def test_command_without_the_extra_says_what_to_install(monkeypatch):
    def refuse(path, hints):
        raise MissingExtraError("reading figures", "digitize")

    monkeypatch.setattr(figure_benchmark, "read_figure", refuse)
    result = command("--trials", 1)
    assert result.exit_code == 2
    assert "survrecon[digitize]" in result.stderr


def test_command_refuses_options_of_the_other_benchmark():
    result = command("--hr", 0.5, "--regime", "exact")
    assert result.exit_code == 2
    assert "--hr and --regime" in result.stderr
