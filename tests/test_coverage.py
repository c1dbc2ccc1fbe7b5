"""Coverage of intervals: by hand on draws made by hand, and the command on two trials."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from survrecon.cli import main
from survrecon.coverage import Held, hold, run_trial, summarize
from survrecon.data import IPD
from survrecon.simulation import Design, Trial

# Events at 1 and 3 in one arm, at 2 and 4 in the other: the hazard ratio is x = (sqrt(17) - 1) / 8, see draws.cox_two_sample;
# with the arms swapped it is 1 / x.
EARLY, LATE = IPD([1, 3], [1, 1], "control"), IPD([2, 4], [1, 1], "active")
LOG_X = math.log((math.sqrt(17) - 1) / 8)
TINY = Trial(Design(2, 0.5, 1, 1, 0, 1, 1, 0), (EARLY, LATE), np.array([0.0, 2.0, 4.0]), LOG_X, 0.8)


def command(*args: object):
    result = CliRunner().invoke(main, ["benchmark", "--coverage", *map(str, args)])
    assert not isinstance(result.exception, Exception), result.exception
    return result


def test_the_truth_holds_itself():
    both = (True, True)
    assert hold(TINY, [(EARLY,) * 3, (LATE,) * 3]) == {"hr": True, "median": both, "rmst": both, "events": both, "width": 0.0}


def test_holding_by_hand():
    # draws of the control arm: the true one, and events at 2 and 4; of the active arm: events at 1 and 3, and the true one with its
    # last subject censored
    censored = IPD([2, 4], [1, 0], "active")
    found = hold(TINY, [(EARLY, LATE), (EARLY, censored)])
    # medians: control 2 and 3, true 2; active 2 and 2 (S stays 1/2 from 2 on), true 3
    assert found["median"] == (True, False)
    # to the tick at 2: control 1.5 and 2, true 1.5; active 1.5 and 2, true 2
    assert found["rmst"] == (True, True)
    # control 2 and 2, true 2; active 2 and 1, true 2
    assert found["events"] == (True, True)
    assert hold(TINY, [(EARLY, EARLY), (censored, censored)])["events"] == (True, False)
    # all draws swapped: log HR is -log x wherever; half-width 0; medians 3 and 2 instead of 2 and 3
    swapped = hold(TINY, [(LATE, LATE), (EARLY, EARLY)])
    assert swapped == {"hr": False, "median": (False, False), "rmst": (False, False), "events": (True, True), "width": 0.0}
    # one draw true, one swapped: from log x to -log x, over twice the standard error of 0.8
    assert hold(TINY, [(EARLY, LATE), (LATE, EARLY)])["width"] == pytest.approx(-LOG_X / 0.8)


def test_percentages_by_hand():
    row = Held(0, "exact", "R", True, (True, False), (True, True), (False, False), 0.1)
    other = replace(row, trial=1, hr=False, width=0.3)
    failed = Held(2, "exact", "R", failure="Boom: no")
    (cell,) = summarize([row, other, failed])
    assert (cell.figures, cell.failures) == (3, 1)
    assert (cell.hr, cell.median, cell.rmst, cell.events) == (50, 50, 100, 0)
    assert (cell.width, cell.width_p90) == pytest.approx((0.2, 0.28))  # 0.1 + 0.9 * 0.2
    (empty,) = summarize([failed])
    assert math.isnan(empty.hr)
    assert math.isnan(empty.width)


def test_exact_readings_with_everything_known_hold_the_truth():
    # ties of events and marks on the same day stay in order in every draw, so that restricted means are not pulled down
    for number in range(3):
        (row,) = run_trial(number, regimes=["exact"], scenarios=["REC"], draws=20, n=60)
        assert (row.failure, row.rmst, row.events) == ("", (True, True), (True, True))


def test_failures_are_counted(monkeypatch):
    def reconstruct(*args, **options):
        raise ValueError("no")

    monkeypatch.setattr("survrecon.coverage.reconstruct", reconstruct)
    (row,) = run_trial(0, regimes=["exact"], scenarios=["R"], n=60)
    assert row.failure == "ValueError: no"


def test_table_and_json_of_two_trials():
    options = ("--trials", 2, "--draws", 10, "--n", 60, "--regime", "vector", "--regime", "clicks", "--scenario", "RE")
    result = command(*options)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "simulated two-arm trials (trials 2, draws 10, seed 1, n 60)"
    assert lines[3].split() == ["regime", "HR", "median", "RMST", "events", "half-width", "90%", "failed"]
    assert [line.split()[0] for line in lines[4:6]] == ["vector", "clicks"]
    content = json.loads(command(*options, "--json").stdout)
    assert content["options"] == {"trials": 2, "draws": 10, "seed": 1, "n": 60}
    assert [(cell["regime"], cell["figures"], cell["events"]) for cell in content["coverage"]] == [("vector", 2, 100), ("clicks", 2, 100)]
    assert lines[4].split()[1] == f"{content['coverage'][0]['hr']:.0f}"
    assert content["failures"] == {}


def test_options_that_do_not_go_together(tmp_path):
    assert command("--method", "guyot").exit_code == 2
    assert command("--out", tmp_path / "out").exit_code == 2
    result = CliRunner().invoke(main, ["benchmark", "--draws", "5"])
    assert result.exit_code == 2
    assert "--draws belongs with --coverage" in result.stderr
