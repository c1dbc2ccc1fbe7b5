"""Study folders that are not complete yet: what is known stands there, and a placeholder for all else."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from survrecon.data import Curve, RiskTable
from survrecon.errors import OutputError, StudyFileError
from survrecon.output import staged
from survrecon.read import read_study, study_files
from survrecon.write import DraftArm, draft_study, write_study

CURVE = Curve([0, 2, 2], [100, 100, 50], "percent", "survival")
RISK = RiskTable([0, 1, 2], [8, math.nan, 3])
ARMS = [DraftArm("drug A/B", CURVE, np.array([0.5, 1.25]), RISK, source="figure.svg"), DraftArm("placebo", Curve([0, 1], [1, 0.25]))]


def problems_of(folder):
    with pytest.raises(StudyFileError) as caught:
        read_study(folder)
    return [problem.key for problem in caught.value.problems]


def test_a_draft_holds_what_is_known_and_asks_for_the_rest(tmp_path):
    folder = tmp_path / "draft"
    written = draft_study(folder, {"trial": 'The "T"', "time_unit": "month", "notes": ["read by eye"]}, ARMS)
    assert [path.name for path in written] == ["study.toml", "drug-A-B.csv", "drug-A-B-censor.csv", "placebo.csv"]
    assert sorted(folder.iterdir()) == sorted(written)
    wanted = ["study.endpoint", "study.citation", "study.figure", "arm[1].n", "arm[1].source", "published.reference"]
    assert problems_of(folder) == wanted
    text = (folder / "study.toml").read_text().replace('\nn = "?"', "\nn = 4").replace('reference = "?"', 'reference = "placebo"')
    (folder / "study.toml").write_text(text.replace('"?"', '"Table 1"'))
    study = read_study(folder)
    drug, placebo = study.arms
    assert (study.trial, study.time_unit, study.evidence, study.notes) == ('The "T"', "month", "digitized", ("read by eye",))
    assert (drug.label, drug.n, drug.source, drug.censor_times.tolist()) == ("drug A/B", 8, "figure.svg", [0.5, 1.25])
    assert (drug.curve.time.tolist(), drug.curve.survival.tolist(), drug.curve.scale) == ([0, 2, 2], [100, 100, 50], "percent")
    assert drug.risk.time.tolist() == [0, 1, 2] and np.array_equal(drug.risk.count, [8, math.nan, 3], equal_nan=True)
    assert (placebo.n, placebo.censor_times, placebo.risk, placebo.curve.orientation) == (4, None, None, "auto")
    assert sorted(study_files(folder)) == sorted(written)


def test_all_that_a_study_needs_may_be_known(tmp_path):
    header = dict.fromkeys(("trial", "endpoint", "citation", "figure"), "x") | {"time_unit": "day"}
    arms = [DraftArm(label, CURVE, n=8, total_events=4, source="Figure 1") for label in ("a", "b")]
    draft_study(tmp_path / "whole", header, arms, reference="b")
    study = read_study(tmp_path / "whole")
    assert (study.published.reference, [(arm.n, arm.total_events) for arm in study.arms]) == ("b", [(8, 4), (8, 4)])


def test_a_stated_resolution_is_kept(tmp_path):
    header = dict.fromkeys(("trial", "endpoint", "citation", "figure"), "x") | {"time_unit": "day"}
    draft_study(tmp_path / "draft", header, [DraftArm("a", replace(CURVE, resolution=(0.5, 0.25)), n=8, source="x")])
    write_study(read_study(tmp_path / "draft"), tmp_path / "copy")
    assert [read_study(tmp_path / name).arms[0].curve.resolution for name in ("draft", "copy")] == [(0.5, 0.25), (0.5, 0.25)]


def test_no_two_arms_share_a_file(tmp_path):
    marks = np.array([1.0])
    written = draft_study(tmp_path, {}, [DraftArm("x", CURVE, marks), DraftArm("X-censor", CURVE, marks), DraftArm("?!", CURVE)])
    assert len({path.name.lower() for path in written}) == 6


def test_labels_must_be_told_apart(tmp_path):
    with pytest.raises(StudyFileError, match="empty or repeated"):
        draft_study(tmp_path / "a", {}, [DraftArm("x", CURVE), DraftArm("x", CURVE)])
    with pytest.raises(StudyFileError, match="'\\?'"):
        draft_study(tmp_path / "a", {}, [DraftArm("?", CURVE)])
    assert not (tmp_path / "a").exists()


def test_a_draft_in_a_staged_folder_appears_whole_and_over_nothing(tmp_path):
    target = tmp_path / "study"
    with staged(target) as folder:
        draft_study(folder, {}, ARMS)
        assert not target.exists()
    kept = (target / "study.toml").read_bytes()
    with pytest.raises(OutputError, match="--force"), staged(target) as folder:
        draft_study(folder, {"trial": "other"}, ARMS)
    assert (target / "study.toml").read_bytes() == kept
    with staged(target, force=True) as folder:
        draft_study(folder, {"trial": "other"}, ARMS)
    assert 'trial = "other"' in (target / "study.toml").read_text()
