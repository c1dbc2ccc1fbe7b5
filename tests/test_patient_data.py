"""Studies whose evidence is patient data: read, written, and analyzed as they are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import TINY, TINY_TIMES

from survrecon.cli import main
from survrecon.data import IPD, Arm
from survrecon.errors import StudyFileError
from survrecon.pipeline import run
from survrecon.read import read_study, study_files, write_study
from survrecon.reconstruction import reconstruct
from survrecon.write import DraftArm, draft_study

DATA = TINY.replace('"digitized"', '"ipd"\nipd = "data.csv"')
STUDY = "\n".join(line for line in DATA.splitlines() if not line.startswith(("curve", "n =")))
ROWS = [f"{time},1,{label}" for label, times in TINY_TIMES.items() for time in times]


@pytest.fixture
def folder(tmp_path):
    """The twenty subjects of the study ``tiny``, as patient data."""
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "data.csv").write_text("\n".join(["time,event,arm", *ROWS]))
    return tmp_path


def changed(folder, old, new, name="study.toml"):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    return folder


def problems_of(folder):
    with pytest.raises(StudyFileError) as caught:
        read_study(folder)
    return [(problem.key, problem.value) for problem in caught.value.problems]


def test_patient_data_are_analyzed_as_they_are(folder):
    study = read_study(folder)
    assert [(arm.label, arm.n, arm.ipd.time.tolist()) for arm in study.arms] == [(label, 10, times) for label, times in TINY_TIMES.items()]
    result = run(study)
    assert [item.ipd.time.tolist() for item in result.reconstructions] == list(TINY_TIMES.values())
    assert [item.method for item in result.reconstructions] == ["patient data"] * 2
    # at risk at 0, 5, 10, 15: drug 10, 8, 5, 3 and placebo 10, 6, 1, 0, as printed; total of events 10 and 10
    assert all(row.printed == row.reconstructed for item in result.reconstructions for row in item.risk)
    assert [item.total_events for item in result.reconstructions] == [(10, 10)] * 2
    assert {check.verdict for check in result.checks} == {"agrees"} and len(result.checks) == 11  # R on the same subjects, see conftest
    assert round(result.analysis.comparison("drug").hr.value, 3) == 0.277
    assert all(finding.verdict == "consistent" for finding in result.audit)


def test_what_is_printed_against_the_direction_of_the_data(folder):
    reversed_hr = changed(folder, '{ estimate = "0.277", ci = ["0.0910", "0.8428"] }', '{ estimate = "3.61" }')
    result = run(read_study(reversed_hr))
    assert [check.verdict for check in result.checks if check.quantity == "hazard ratio"] == ["differs"]


def test_the_study_comes_back_equal(folder, tmp_path):
    study = read_study(folder)
    write_study(study, tmp_path / "copy")
    again = read_study(tmp_path / "copy")
    assert [path.name for path in study_files(tmp_path / "copy")] == ["study.toml", "ipd.csv"]
    assert again.published == study.published and again.evidence == "ipd"
    for old, new in zip(study.arms, again.arms, strict=True):
        assert (old.label, old.n, old.total_events) == (new.label, new.n, new.total_events)
        assert np.array_equal(old.ipd.time, new.ipd.time) and np.array_equal(old.ipd.event, new.ipd.event)


def test_strata_come_along(folder):
    header, *rows = (folder / "data.csv").read_text().splitlines()
    (folder / "data.csv").write_text("\n".join([header + ",stratum", *(f"{row},{'ab'[i % 2]}" for i, row in enumerate(rows))]))
    result = run(read_study(folder))
    assert result.analysis.comparison("drug").stratified_hr is not None


def test_the_command_line(folder):
    done = CliRunner().invoke(main, ["verify", str(folder), "--json"])
    study = json.loads(done.output)["studies"][0]
    assert (done.exit_code, study["evidence"], study["arms"][0]["method"]) == (0, "ipd", "patient data")
    picture = folder / "km.svg"
    done = CliRunner().invoke(main, ["plot", str(folder), "--out", str(picture)])
    assert done.exit_code == 0 and picture.stat().st_size > 1000
    done = CliRunner().invoke(main, ["plot", str(folder), "--residuals", "--out", str(folder / "r.svg")])
    assert done.exit_code == 2 and "no residuals" in done.output
    done = CliRunner().invoke(main, ["verify", str(folder), "--out", str(folder / "out")])
    assert done.exit_code == 0 and len((folder / "out" / folder.name / "ipd.csv").read_text().splitlines()) == 21


def test_data_and_tables_must_fit_together(folder):
    assert problems_of(changed(folder, '\nipd = "data.csv"', "")) == [("study.ipd", "")]
    changed(folder, '"ipd"\n', '"ipd"\nipd = "missing.csv"\n')
    assert problems_of(folder) == [("study.ipd = 'missing.csv', file", "")]
    changed(folder, "missing.csv", "data.csv")
    changed(folder, "placebo", "Placebo", "data.csv")
    assert ("study.ipd = 'data.csv'", "'Placebo'") in problems_of(folder)
    (folder / "data.csv").write_text("time,event,arm\n1,2,drug\n")
    assert problems_of(folder) == [("study.ipd = 'data.csv', line 2", "'1, 2, drug'")]


def test_an_arm_without_data(folder):
    assert ("arm[2].label", "'third'") in problems_of(changed(folder, "[published]", '[[arm]]\nlabel = "third"\n[published]'))


def test_labels_that_differ_in_punctuation_only(folder):
    for name in ("study.toml", "data.csv"):
        text = (folder / name).read_text().replace("drug = {", '"drug" = {').replace("placebo = {", '"placebo" = {')
        (folder / name).write_text(text.replace("drug", "A + B").replace("placebo", "A - B"))
    result = run(read_study(folder))
    assert {check.verdict for check in result.checks} == {"agrees"} and result.analysis.reference == "A - B"


def test_no_arms(folder):
    (folder / "study.toml").write_text(STUDY[: STUDY.index("[[arm]]")])
    assert problems_of(folder)[-1] == ("arm", "")


@pytest.mark.parametrize("evidence", ["digitized", "printed", "registered"])
def test_patient_data_go_with_their_evidence_only(folder, evidence):
    assert ("study.ipd", "'data.csv'") in problems_of(changed(folder, '"ipd"', f'"{evidence}"'))


def test_a_curve_does_not_go_with_patient_data(folder):
    assert problems_of(changed(folder, 'label = "drug"', 'label = "drug"\ncurve = "data.csv"'))[0] == ("arm[0].curve", "'data.csv'")


def test_another_number_of_subjects_is_refused(folder):
    assert problems_of(changed(folder, 'label = "drug"', 'label = "drug"\nn = 12')) == [("arm[0].n", "12")]
    (folder / "data.csv").write_text("\n".join(["time,event,arm", *ROWS[1:]]))
    assert problems_of(folder) == [("arm[0].n", "12"), ("arm[0].total_events", "10"), ("arm[0].risk_counts[0]", "")]
    with pytest.raises(ValueError, match="n = 3 but the patient data have 2 subjects"):
        Arm("drug", 3, ipd=IPD([1, 2], [1, 0]))


def test_numbers_at_risk_that_are_not_those_of_the_data_are_shown(folder):
    item = reconstruct(read_study(changed(folder, "risk_counts = [10, 8, 5, 3]", "risk_counts = [10, 9, 5, 3]")).arms[0])
    assert [(row.printed, row.reconstructed) for row in item.risk] == [(10, 10), (9, 8), (5, 5), (3, 3)]


def test_a_draft_of_patient_data_asks_for_neither_n_nor_curve(tmp_path):
    arms = [DraftArm(label, ipd=IPD(times, [1] * 10), source="data.csv") for label, times in TINY_TIMES.items()]
    written = draft_study(tmp_path / "draft", {"trial": "T", "endpoint": "OS", "time_unit": "day"}, arms, "placebo")
    assert [path.name for path in written] == ["study.toml", "ipd.csv"]
    assert [key for key, _ in problems_of(tmp_path / "draft")] == ["study.citation", "study.figure"]
    text = (tmp_path / "draft" / "study.toml").read_text().replace('"?"', '"x"')
    (tmp_path / "draft" / "study.toml").write_text(text)
    study = read_study(tmp_path / "draft")
    assert [(arm.label, arm.ipd.time.tolist()) for arm in study.arms] == list(TINY_TIMES.items())
