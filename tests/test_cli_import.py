"""`survrecon import`: from the files of other programs to a study that verify can use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import TINY_TIMES, curve_csv
from test_formats import POPIGO, dataset, wpd4

from survrecon.cli import main
from survrecon.read import read_study

EXTERNAL = Path(__file__).parents[2] / "shared" / "external"
RISK = "time,drug,placebo\n0,10,10\n5,8,6\n10,5,1\n15,3,0\n"


def invoke(*arguments):
    done = CliRunner().invoke(main, ["import", *map(str, arguments)])
    assert "Traceback" not in done.output and (done.exception is None or isinstance(done.exception, SystemExit))
    return done


@pytest.fixture
def files(tmp_path):
    """The two curves of the study ``tiny`` as CSV, both in one project of WebPlotDigitizer, its risk table and its patient data."""
    for label, times in TINY_TIMES.items():
        (tmp_path / f"{label}.csv").write_text(curve_csv(times))
    steps = {label: [(0, 1), *((time, 1 - (i + 1) / 10) for i, time in enumerate(times))] for label, times in TINY_TIMES.items()}
    (tmp_path / "project.json").write_text(json.dumps(wpd4(*(dataset(label, points) for label, points in steps.items()))))
    (tmp_path / "risk.csv").write_text(RISK)
    rows = [f"{time},1,{treat}" for treat, label in enumerate(("placebo", "drug")) for time in TINY_TIMES[label]]
    (tmp_path / "ipd.csv").write_text("\n".join(["time,status,treat", *rows]))
    return tmp_path


def completed(folder, published):
    """Fill in what the files do not say, as a reader of the paper would."""
    text = (folder / "study.toml").read_text()
    assert text.count('= "?"') >= 2
    text = text.replace('"?"', '"Figure 1"').replace("# [published.hazard_ratio]", published)
    (folder / "study.toml").write_text(text)
    done = CliRunner().invoke(main, ["verify", str(folder), "--json"])
    study = json.loads(done.output)["studies"][0]
    return done.exit_code, {(check["quantity"], check["arm"]): check["verdict"] for check in study["checks"]}


# R on the same subjects, see conftest
HR = 'hazard_ratio = { estimate = "0.277", ci = ["0.0910", "0.8428"] }'
ALL_AGREE = {("hazard ratio" + limit, "drug"): "agrees" for limit in ("", ", lower limit", ", upper limit")}


def test_a_project_becomes_a_study_that_verifies(files):
    out = files / "study"
    options = ["--risk-table", files / "risk.csv", "--reference", "placebo", "--time-unit", "month", "--trial", "T", "--endpoint", "OS"]
    done = invoke(files / "project.json", "--out", out, *options)
    assert done.exit_code == 0
    assert "drug: 11 points to 19.5, 0; no censor marks; 4 numbers at risk; from project.json (WebPlotDigitizer)" in done.output
    assert f"survrecon verify {out}" in done.output
    assert sorted(path.name for path in out.iterdir()) == ["drug.csv", "placebo.csv", "study.toml"]
    assert completed(out, HR) == (0, ALL_AGREE)
    study = read_study(out)
    assert (study.trial, study.endpoint, study.time_unit, study.published.reference) == ("T", "OS", "month", "placebo")
    drug, placebo = study.arms
    assert (drug.label, drug.n, drug.risk.count.tolist()) == ("drug", 10, [10, 8, 5, 3])
    assert (placebo.label, placebo.n, placebo.risk.count.tolist()) == ("placebo", 10, [10, 6, 1, 0])


def test_a_file_for_each_arm_named_after_it(files):
    done = invoke(files / "drug.csv", files / "placebo.csv", "--out", files / "study", "--risk-table", files / "risk.csv")
    assert done.exit_code == 0
    text = (files / "study" / "study.toml").read_text().replace('time_unit = "?"', 'time_unit = "day"')
    (files / "study" / "study.toml").write_text(text.replace('reference = "?"', 'reference = "placebo"'))
    assert completed(files / "study", HR) == (0, ALL_AGREE)


def test_names_given_on_the_command_line(files):
    done = invoke(files / "project.json", "--arm", "A", "--arm", "B", "--reference", "B", "--out", files / "study")
    assert done.exit_code == 0
    assert sorted(path.name for path in (files / "study").iterdir()) == ["A.csv", "B.csv", "study.toml"]
    assert 'reference = "B"' in (files / "study" / "study.toml").read_text()


def test_patient_data_become_a_study_of_patient_data(files):
    options = ["--arm", "placebo", "--arm", "drug", "--reference", "placebo", "--time-unit", "month"]
    done = invoke(files / "ipd.csv", "--out", files / "study", *options)
    assert done.exit_code == 0 and "drug: 10 subjects, 10 events; no numbers at risk; from ipd.csv (IPDfromKM)" in done.output
    assert sorted(path.name for path in (files / "study").iterdir()) == ["ipd.csv", "study.toml"]
    assert completed(files / "study", HR) == (0, ALL_AGREE)


def test_all_that_a_project_knows(files):
    (files / "popigo.json").write_text(json.dumps(POPIGO))
    assert invoke(files / "popigo.json", "--time-unit", "month", "--out", files / "study").exit_code == 0
    assert sorted(path.name for path in (files / "study").iterdir()) == ["drug-censor.csv", "drug.csv", "study.toml"]
    path = files / "study" / "study.toml"
    path.write_text(path.read_text().replace('"?"', '"Figure 1"'))
    (arm,) = read_study(files / "study").arms
    assert (arm.n, arm.total_events, arm.censor_times.tolist(), arm.risk.count.tolist()) == (80, 37, [5, 15], [80, 32, 0])
    assert (arm.curve.scale, arm.curve.orientation, arm.source) == ("probability", "survival", "popigo.json (KM-PoPiGo)")


def test_files_that_name_their_curves_alike_are_told_apart_by_their_own_names(files):
    for name in ("a", "b"):
        (files / f"{name}.json").write_text(json.dumps(wpd4(dataset("Default Dataset", [(0, 1), (1, 0.5)]))))
    assert invoke(files / "a.json", files / "b.json", "--out", files / "study").exit_code == 0
    assert (files / "study" / "a.csv").exists() and (files / "study" / "b.csv").exists()


def test_nothing_is_overwritten_unless_asked(files):
    out = files / "study"
    assert invoke(files / "drug.csv", "--out", out).exit_code == 0
    (out / "study.toml").write_text("mine")
    again = invoke(files / "drug.csv", "--out", out)
    assert again.exit_code == 2 and "--force" in again.output and (out / "study.toml").read_text() == "mine"
    assert invoke(files / "drug.csv", "--out", out, "--force").exit_code == 0
    assert (out / "study.toml").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["drug.csv", "--risk-table", "risk.csv"], "names the arm 'placebo'"),
        (["drug.csv", "--reference", "placebo"], "--reference names the arm 'placebo'; the arms are 'drug'"),
        (["project.json", "--arm", "A"], "--arm is given 1 times, but there are 2 arms: 'drug', 'placebo'"),
        (["project.json", "--arm", "A", "--arm", "A"], "labels of their own"),
        (["project.json", "--arm", "A", "--arm", " "], "labels of their own"),
        (["project.json", "--arm", "A", "--arm", "?"], "labels of their own"),
        (["drug.csv", "ipd.csv"], "not of both"),
        (["project.json", "drug.csv"], "labels of their own"),
        (["missing.csv"], "does not exist"),
        (["."], "is a folder"),
        (["risk.csv"], "does not name one column"),
        (["spoiled.csv"], "line 3 = '1, oops'"),
        (["binary.csv"], "not UTF-8"),
    ],
)
def test_bad_input_leaves_nothing(files, monkeypatch, arguments, told):
    monkeypatch.chdir(files)
    (files / "spoiled.csv").write_text("time,survival\n0,1\n1,oops\n")
    (files / "binary.csv").write_bytes(bytes(range(200, 256)))
    before = sorted(files.iterdir())
    done = invoke(*arguments, "--out", "study")
    assert (done.exit_code, told in done.output) == (2, True), done.output
    assert sorted(files.iterdir()) == before


def test_help_and_what_is_missing(files):
    for arguments in (["--help"], ["files", "--help"], ["kmdata", "--help"]):
        done = invoke(*arguments)
        assert done.exit_code == 0 and "survrecon import kmdata kmdata/data" in done.output or "figure2.tar" in done.output
    assert invoke(files / "drug.csv").exit_code == 2  # no --out
    assert invoke("--out", files / "study").exit_code == 2  # no PATH


def test_a_file_named_like_the_command_is_reached_through_files(files, monkeypatch):
    monkeypatch.chdir(files)
    (files / "kmdata").write_text(curve_csv(TINY_TIMES["drug"]))
    assert invoke("files", "kmdata", "--out", "study").exit_code == 0
    assert (files / "study" / "kmdata.csv").exists()


def test_clicks_of_others_give_the_published_results(tmp_path):
    """KEYNOTE-189, overall survival (N Engl J Med 2018;378:2078): hazard ratio 0.49 (0.38 to 0.64), median of placebo 11.3 months."""
    source = EXTERNAL / "keynote-189-os"
    if not source.exists():
        pytest.skip(f"{source} is not here")
    options = ["--risk-table", source / "risk-table.csv", "--reference", "placebo", "--time-unit", "month"]
    assert invoke(source / "pembrolizumab.csv", source / "placebo.csv", "--out", tmp_path / "study", *options).exit_code == 0
    medians = '[published.median]\nplacebo = { estimate = "11.3" }\npembrolizumab = { estimate = "not reached" }'
    code, verdicts = completed(tmp_path / "study", f'hazard_ratio = {{ estimate = "0.49", ci = ["0.38", "0.64"] }}\n{medians}')
    assert code == 0 and len(verdicts) == 5 and set(verdicts.values()) == {"agrees"}
