"""The whole way from a folder to verdicts, and what comes out as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

import survrecon
from survrecon.data import Arm, RiskTable, Study
from survrecon.outcome import plain, to_json
from survrecon.published import Printed, Published, PublishedValue
from survrecon.reconstruction import methods


def strict(text: str):
    """Parse JSON and refuse NaN and Infinity, which are not JSON."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


@pytest.mark.parametrize("method", [name for name in methods() if name in ("guyot", "joint")])
def test_exact_coordinates_give_every_published_number(tiny, method):
    result = survrecon.run(survrecon.read_study(tiny), method=method)
    assert [check.verdict for check in result.checks] == ["agrees"] * 11
    assert result.analysis.comparison("drug").hr.value == pytest.approx(0.27695, abs=1e-5)  # R, see conftest.py
    assert result.analysis.comparison("drug").logrank.statistic == pytest.approx(5.721339, abs=1e-6)
    assert [item.method for item in result.reconstructions] == [method, method]


def test_a_wrong_published_number_differs(tiny):
    study = tiny / "study.toml"
    study.write_text(study.read_text().replace('"10.5"', '"12.5"'))
    result = survrecon.run(survrecon.read_study(tiny))
    assert [(check.quantity, check.arm) for check in result.checks if check.verdict == "differs"] == [("median", "drug")]


def test_the_result_as_a_dictionary(tiny):
    result = survrecon.run(survrecon.read_study(tiny))
    content = strict(to_json(result.to_dict()))
    assert list(content) == ["id", "evidence", "undetermined", "audit", "arms", "analysis", "checks", "notes"]
    assert (content["id"], content["evidence"]) == ("tiny", "digitized")
    drug = content["arms"][0]
    assert (drug["label"], drug["n"], drug["total_events"]) == ("drug", 10, {"printed": 10, "reconstructed": 10})
    assert drug["risk_table"][1] == {"time": 5.0, "printed": 8, "reconstructed": 8}
    assert set(drug["residuals"]) == {"rmse", "max_abs", "max_abs_time"}
    assert content["analysis"]["comparisons"][0]["hr"]["value"] == result.analysis.comparison("drug").hr.value
    keys = ["quantity", "arm", "published", "value", "interval", "allowed", "verdict", "why", "source"]
    assert all(list(check) == keys for check in content["checks"])


def test_a_study_without_curves_says_what_it_has_and_what_is_missing():
    arms = tuple(Arm(label, 9, total_events=5) for label in "ab")
    values = (PublishedValue("logrank_p", Printed("0.2", 0.2), arm="a"),)
    study = Study("x", "X", "survival", "month", "printed", arms, Published("b", values), figure="Figure 2", missing=("the figure",))
    result = survrecon.run(study)
    assert (result.reconstructions, result.analysis) == ((), None)
    assert [(check.verdict, check.value) for check in result.checks] == [("not comparable", None)]
    assert all(check.why.startswith("no coordinates: ") for check in result.checks)
    has, missing, add, enough = result.notes
    assert has == "has: a (n = 9), b (n = 9); events: 5 in a, 5 in b; 1 published results"
    assert missing == "missing: the figure"
    assert add.startswith("to add a curve: digitize Figure 2 ")
    assert enough.startswith("not reconstructed: arm 'a': n = 9 and 5 events do not tell when anything happened")


def test_numbers_at_risk_alone_are_reconstructed_and_marked_as_printed():
    risk = RiskTable([0, 6, 12], [9, np.nan, 2])
    arms = tuple(Arm(label, 9, risk=risk, total_events=5) for label in "ab")
    study = Study("x", "X", "survival", "month", "printed", arms, Published("b"), missing=("the figure",))
    result = survrecon.run(study)
    assert [item.method for item in result.reconstructions] == ["printed", "printed"]
    for item in result.reconstructions:
        for ipd in (item.ipd, *item.draws):
            assert (ipd.n, int(ipd.event.sum()), int((ipd.time >= 12).sum())) == (9, 5, 2)
    assert strict(to_json(result.to_dict()))["evidence"] == "printed"
    assert any(note.startswith("missing: the figure") for note in result.notes)


def test_a_registered_study_has_no_rows():
    result = survrecon.run(Study("x", "X", "survival", "month", "registered"))
    assert result.checks == ()
    assert result.notes[0] == "has: its registration, no numbers"
    assert result.notes[2].startswith("to add a result once there is one")


def test_an_arm_without_a_curve_is_left_out(tiny):
    study = survrecon.read_study(tiny)
    arms = (study.arms[0], Arm("placebo", 10))
    result = survrecon.run(Study("x", "X", "survival", "month", "digitized", arms, study.published))
    assert [item.label for item in result.reconstructions] == ["drug"]
    assert {check.verdict for check in result.checks if check.arm == "placebo"} == {"not comparable"}
    assert {check.verdict for check in result.checks if check.quantity == "hazard ratio"} == {"not comparable"}


def test_restricted_mean_and_landmark_come_from_the_published_values(tiny):
    study = tiny / "study.toml"
    # Areas by hand: drug to 5: 1.5 + 2 * 0.9 + 1.5 * 0.8 = 4.5; beyond placebo's follow-up of 10 nothing is computed.
    study.write_text(study.read_text() + '[[published.rmst]]\narm = "drug"\ntime = 5\nestimate = "4.50"\n')
    study.write_text(study.read_text() + '[[published.survival]]\narm = "drug"\ntime = 6\nestimate = "70%"\n')
    result = survrecon.run(survrecon.read_study(tiny))
    values = {check.quantity: (check.value, check.verdict) for check in result.checks}
    assert values["RMST to 5"] == (pytest.approx(4.5), "agrees")
    assert values["survival at 6"] == (pytest.approx(0.7), "agrees")
    study.write_text(study.read_text().replace("time = 5\n", "time = 12\n"))
    checks = survrecon.run(survrecon.read_study(tiny)).checks
    assert [check.verdict for check in checks if check.quantity == "RMST to 12"] == ["not comparable"]


def test_plain_is_strict():
    assert plain({"a": (np.float64("nan"), float("inf"), np.bool_(True)), 1: np.arange(2)}) == {"a": [None, None, True], "1": [0, 1]}
