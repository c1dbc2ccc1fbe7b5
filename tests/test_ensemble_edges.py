"""Draws of arms at the edge of what there can be: no crash, no NaN, and where there is no number, words that say why."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click import unstyle

from survrecon.data import Arm, Study
from survrecon.output import write_result
from survrecon.pipeline import run
from survrecon.published import Published, PublishedValue
from survrecon.schema import parse_printed
from survrecon.terminal import study_text

SLOPE = 0.0505  # survival ends at 0.495, read within a few thousandths
STEPS = np.linspace(0, 10, 60)


def arm(label: str, time, survival, n: int, **more) -> Arm:
    return Arm.from_arrays(time, survival, n=n, label=label, **more)


CASES = {
    "one subject": [arm("a", [0, 1], [1, 0], 1), arm("b", [0, 2], [1, 0], 1)],
    "two subjects": [arm("a", [0, 1, 2], [1, 0.5, 0], 2), arm("b", [0, 1.5, 3], [1, 0.5, 0.5], 2)],
    "one subject, no event": [arm("a", [0, 1], [1, 1], 1), arm("b", [0, 2], [1, 1], 1)],
    "no events": [arm("a", [0, 5], [1, 1], 20), arm("b", [0, 6], [1, 1], 20)],
    "no events in one arm": [arm("a", [0, 5], [1, 1], 20), arm("b", [0, 2, 6], [1, 0.5, 0.5], 20)],
    "everybody has the event": [
        arm("a", [0, 1, 2, 3, 4], [1, 0.75, 0.5, 0.25, 0], 4),
        arm("b", [0, 2, 3, 5, 6], [1, 0.75, 0.5, 0.25, 0], 4, total_events=4),
    ],
    "one arm": [arm("a", [0, 1, 2, 3, 4], [1, 0.75, 0.5, 0.25, 0.25], 40)],
    "three arms": [arm(label, [0, 1, 2, 4], [1, 1 - d, 1 - 2 * d, 1 - 2.5 * d], 40) for label, d in (("a", 0.25), ("b", 0.15), ("c", 0.1))],
    "median reached in some draws": [
        arm("a", STEPS, 1 - SLOPE * STEPS + 0.003 * np.sin(np.arange(60)), 80),
        arm("b", STEPS, 1 - 0.0495 * STEPS, 80),
    ],
    "arms one after the other": [arm("a", [0, 1, 2], [1, 0.5, 0], 10), arm("b", [0, 8, 9], [1, 0.5, 0], 10)],
    "nobody left at the end": [
        arm("a", [0, 1, 2, 3, 4], [1, 0.75, 0.5, 0.25, 0.2], 40, risk_times=[0, 2, 4], risk_counts=[40, 20, 0]),
        arm("b", [0, 1, 2, 3, 4], [1, 0.85, 0.7, 0.65, 0.65], 40, risk_times=[0, 2, 4], risk_counts=[40, 28, 1]),
    ],
    "identical arms": [arm(label, [0, 1, 2, 3], [1, 0.8, 0.6, 0.4], 10) for label in "ab"],
    "three points of a large arm": [arm("a", [0, 1, 2], [1, 0.8, 0.6], 2000), arm("b", [0, 1, 2], [1, 0.7, 0.5], 2000, total_events=990)],
}


def study_of(arms: list[Arm]) -> Study:
    printed = [("median", "not reached", "a", None), ("survival", "0.5", "a", 1.0)]
    printed += [(quantity, "0.70", arm.label, None) for arm in arms[1:] for quantity in ("hazard_ratio", "logrank_p")]
    values = tuple(PublishedValue(quantity, parse_printed(text), arm=label, time=time) for quantity, text, label, time in printed)
    return Study("edge", "Trial", "survival", "month", "digitized", tuple(arms), Published("a" if len(arms) > 1 else None, values))


@pytest.mark.parametrize("draws", [1, 2, 20])
@pytest.mark.parametrize("case", CASES)
def test_draws_of_arms_at_the_edge(case, draws, tmp_path):
    result = run(study_of(CASES[case]), draws=draws)
    write_result(result, tmp_path / "out", {}, [])
    assert json.loads((tmp_path / "out/analysis.json").read_text())["analysis"]["spreads"]
    lines = study_text(result).splitlines()
    assert not any({"nan", "inf", "None"} & set(line.replace(",", " ").replace(";", " ").split()) for line in lines)
    assert result.analysis is not None
    for spread in result.analysis.spreads:
        if spread.reconstruction is None:
            assert spread.why == "not estimable in most draws"
            continue
        low, high = spread.reconstruction
        assert low <= high
        assert math.isfinite(low) or spread.quantity == "median"
        assert spread.total is None or (spread.total[0] < spread.total[1] and all(map(math.isfinite, spread.total)))
        if spread.quantity in ("hazard ratio", "median", "rmst", "survival"):
            assert (spread.total is None) == bool(spread.why), spread
        if spread.quantity == "survival" and spread.total:
            assert 0 <= spread.total[0] <= spread.total[1] <= 1
        if spread.bounds:
            assert spread.bounds[0] <= low * 1.001
            assert high <= spread.bounds[1] * 1.001


def test_what_is_not_determined_leads_the_output():
    """Few drops, no numbers at risk: of 600 subjects, any number may have left before the late drops."""
    arms = [arm("a", [0, 5, 10], [1, 0.9, 0.5], 600), arm("b", [0, 1, 9, 10], [1, 0.9, 0.6, 0.6], 600)]
    result = run(study_of(arms), draws=50)
    assert result.analysis is not None
    (said,) = result.analysis.undetermined
    assert said.startswith("what was given does not determine the hazard ratio of b: it leaves ")
    lines = study_text(result).splitlines()
    assert "edge" in lines[0]
    assert said.startswith(unstyle(lines[1]).strip())
    assert list(result.to_dict())[:3] == ["id", "evidence", "undetermined"]
    assert result.to_dict()["undetermined"] == [said]


def test_whether_a_median_is_reached_may_itself_be_open():
    analysis = run(study_of(CASES["median reached in some draws"]), draws=60).analysis
    assert analysis is not None
    spread = next(each for each in analysis.spreads if (each.quantity, each.arm) == ("median", "a"))
    assert spread.reconstruction is not None
    assert math.isfinite(spread.reconstruction[0])
    assert spread.reconstruction[1] == math.inf
    assert spread.total is None
