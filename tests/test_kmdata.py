"""The database kmdata: files in its layout made by R (reference/kmdata.R), and five of its figures where they are at hand.

Every hazard ratio expected of the files made by R is in reference/kmdata/expected.csv, from R's coxph.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from survrecon.cli import main
from survrecon.digitize import kmdata
from survrecon.digitize.kmdata import read_kmdata
from survrecon.errors import MissingExtraError, StudyFileError, SurvReconError
from survrecon.pipeline import run
from survrecon.read import read_study

rdata = pytest.importorskip("rdata", reason="needs the extra kmdata")

REFERENCE = Path(__file__).parent / "reference" / "kmdata"
SHARED = Path(__file__).parents[2] / "shared" / "external" / "kmdata"
# survival::aml, as R's help page prints it: maintained, then nonmaintained; + is censored
MAINTAINED = "9 13 13+ 18 23 28+ 31 34 45+ 48 161+"
NONMAINTAINED = "5 5 8 8 12 16+ 23 27 30 33 43 45"


def invoke(*arguments):
    return CliRunner().invoke(main, ["import", "kmdata", *map(str, arguments)])


def told(ipd):
    return " ".join(f"{time:g}{'' if event else '+'}" for time, event in zip(ipd.time, ipd.event, strict=True))


def test_figures_and_what_the_key_says_of_them():
    first, second, third, fourth = read_kmdata(REFERENCE)
    assert [(arm.label, told(arm.ipd)) for arm in first.arms] == [("nonmaintained", NONMAINTAINED), ("maintained", MAINTAINED)]
    assert (first.id, first.trial, first.endpoint, first.time_unit, first.evidence) == ("AML_1A", "AML", "RFS", "week", "ipd")
    assert (first.figure, first.registration, first.citation) == ("Figure 1A", "NCT00000001", "Miller RG. Survival Analysis. Wiley 1981.")
    assert first.published.reference == "nonmaintained"
    (value,) = first.published.values
    assert (value.quantity, value.arm, value.estimate.text, value.estimate.half_unit) == ("hazard_ratio", "maintained", "0.40", 0.005)
    assert "the trial reports 30 subjects, the figure's data have 23" in second.notes and "subgroup: all" in second.notes
    assert (second.registration, third.registration, third.published.values[0].estimate.text) == ("", "", "2.498")
    assert (fourth.published.values, fourth.missing, fourth.time_unit) == ((), ("the published hazard ratio",), "month")
    assert "the key says months, the data say weeks; taken from the key" in fourth.notes
    assert all("the key does not say which arm" in study.notes[0] for study in (first, second, third))
    assert "no published hazard ratio: the key has none" in fourth.notes


def test_hazard_ratios_are_those_of_r():
    with (REFERENCE / "expected.csv").open() as file:
        expected = [float(number) for number in list(csv.reader(file))[1]]
    for study in read_kmdata(REFERENCE):
        hr = run(study).analysis.comparison("maintained").hr
        np.testing.assert_allclose((hr.value, hr.lower, hr.upper), expected, rtol=1e-6)  # as in test_reanalysis


def test_one_figure_with_and_without_its_key(tmp_path):
    (study,) = read_kmdata(REFERENCE / "AML_1A.rda")
    assert study.published.values
    shutil.copy(REFERENCE / "AML_1A.rda", tmp_path / "copy.rda")
    (study,) = read_kmdata(tmp_path / "copy.rda")
    assert (study.id, study.trial, study.endpoint, study.time_unit, study.figure) == ("copy", "AML", "RFS", "week", "AML, figure 1A")
    assert study.published.values == () and "no published hazard ratio: there is no key" in study.notes


def test_the_command_lists_what_differs():
    done = invoke(REFERENCE)
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert [line.split()[-1] for line in lines[1:5]] == ["agrees", "differs", "differs", "ratio"]
    assert lines[5] == "4 figures: agrees 1, differs 2, not comparable 1"
    assert lines[6] == "differs: AML_2B: published 0.80, ours 0.4003 (maintained against nonmaintained)"
    assert lines[7].endswith("ours 0.4003 (maintained against nonmaintained); maintained as reference would agree: 2.498")
    assert invoke(REFERENCE / "AML_1A.rda").exit_code == 0


def test_study_folders_for_verify_and_plot(tmp_path):
    out = tmp_path / "studies"
    assert invoke(REFERENCE, "--out", out).exit_code == 1
    assert sorted(path.name for path in out.iterdir()) == ["AML_1A", "AML_2B", "AML_3", "AML_4"]
    again = {study.id: read_study(out / study.id) for study in read_kmdata(REFERENCE)}
    for study in read_kmdata(REFERENCE):
        copy = again[study.id]
        assert (copy.published, copy.notes, copy.missing, copy.source) == (study.published, study.notes, study.missing, study.source)
        assert [told(arm.ipd) for arm in copy.arms] == [told(arm.ipd) for arm in study.arms]
    done = CliRunner().invoke(main, ["verify", str(out), "--json"])
    verdicts = {study["id"]: [check["verdict"] for check in study["checks"]] for study in json.loads(done.output)["studies"]}
    assert (done.exit_code, verdicts) == (1, {"AML_1A": ["agrees"], "AML_2B": ["differs"], "AML_3": ["differs"], "AML_4": []})
    done = CliRunner().invoke(main, ["plot", str(out / "AML_1A"), "--out", str(tmp_path / "km.png")])
    assert done.exit_code == 0 and (tmp_path / "km.png").stat().st_size > 1000
    done = invoke(REFERENCE, "--out", out)
    assert done.exit_code == 2 and "--force" in done.output
    assert invoke(REFERENCE, "--out", out, "--force").exit_code == 1


# The database itself.


@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")
def test_figures_by_others(tmp_path):
    done = invoke(SHARED, "--out", tmp_path / "studies")
    # published hazard ratios: the key; CLEOPATRA OS and PFS 0.68, iniparib phase 3 OS 0.88 and PFS 0.79, PALOMA-2 PFS 0.58
    verdicts = {line.split()[0]: (line.split()[2], line.split()[-1]) for line in done.output.splitlines()[1:6]}
    assert verdicts == {
        "CLEOPATRA_2A": ("0.68", "agrees"),
        "CLEOPATRA_3A": ("0.68", "agrees"),
        "NCT00938652_2A": ("0.88", "agrees"),
        "NCT00938652_2C": ("0.79", "agrees"),
        "PALOMA2_1A": ("0.58", "differs"),
    }
    assert done.exit_code == 1 and "5 figures: agrees 4, differs 1, not comparable 0" in done.output
    done = CliRunner().invoke(main, ["verify", str(tmp_path / "studies")])
    assert done.exit_code == 1 and "agrees 4, differs 1" in done.output
    for study in read_kmdata(SHARED):
        with (SHARED / f"{study.id}.csv").open() as file:
            rows = sorted((float(row["time"]), row["event"], row["arm"]) for row in csv.DictReader(file))
        ours = sorted((t, str(int(e)), arm.label) for arm in study.arms for t, e in zip(arm.ipd.time.tolist(), arm.ipd.event, strict=True))
        assert ours == rows


# Bad input.


def figure(**columns):
    data = {"time": [1.0, 2.0], "event": np.array([1, 0], dtype="int32"), "arm": pd.Categorical(["a", "b"])} | columns
    return pd.DataFrame({name: value for name, value in data.items() if value is not None})


def written(folder, name, value, **options):
    path = folder / f"{name}.rda"
    rdata.write_rda(path, {name: value}, **options)
    return path


def key_of(name, **columns):
    row = {"name": [name], "HazardRatio": [0.5], "Units": ["months"], "Outcome": ["OS"]} | columns
    return pd.DataFrame({column: value for column, value in row.items() if value is not None})


def test_a_frame_written_by_python(tmp_path):
    path = written(tmp_path, "trial_1", figure())
    written(tmp_path, "kmdata_key", key_of("trial_1"))
    (study,) = read_kmdata(path)
    assert ([(arm.label, told(arm.ipd)) for arm in study.arms], study.published.reference) == ([("a", "1"), ("b", "2+")], "a")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (figure(time=None), "has no column time"),
        (figure(event=None, arm=None), "has no column event, arm"),
        (figure(time=["1", "x"]), "is not patient data"),
        (figure(time=[1.0, np.nan]), "is not patient data"),
        (figure(time=[-1.0, 2.0]), "is not patient data"),
        (figure(event=np.array([1, 2], dtype="int32")), "is not patient data"),
        (figure(arm=["a", ""]), "some without an arm"),
        (figure().iloc[:0], "has no subjects"),
        ("text", "holds 0 data frames"),
        ({"a": 1}, "holds 0 data frames"),
    ],
)
def test_frames_refused(tmp_path, value, expected):
    path = written(tmp_path, "trial_1", value)
    written(tmp_path, "kmdata_key", key_of("trial_1"))
    with pytest.raises(StudyFileError, match=expected) as caught:
        read_kmdata(path)
    assert caught.value.path == path


@pytest.mark.parametrize(("column", "cells", "expected"), [("Units", ["decades"], "decades"), ("Outcome", None, "Outcome")])
def test_keys_refused(tmp_path, column, cells, expected):
    written(tmp_path, "trial_1", figure())
    written(tmp_path, "kmdata_key", key_of("trial_1", **{column: cells}))
    with pytest.raises(StudyFileError, match=expected):
        read_kmdata(tmp_path)


@pytest.mark.parametrize("ratio", [np.nan, 0.0, -1.0, np.inf])
def test_hazard_ratios_that_are_none(tmp_path, ratio):
    written(tmp_path, "trial_1", figure())
    written(tmp_path, "kmdata_key", key_of("trial_1", HazardRatio=[ratio]))
    (study,) = read_kmdata(tmp_path)
    assert study.published.values == () and study.missing


def test_three_arms_have_no_one_hazard_ratio(tmp_path):
    frame = figure(time=[1.0, 2.0, 3.0], event=np.array([1, 0, 1], dtype="int32"), arm=pd.Categorical(["a", "b", "c"]))
    written(tmp_path, "trial_1", frame)
    written(tmp_path, "kmdata_key", key_of("trial_1"))
    (study,) = read_kmdata(tmp_path)
    assert (study.published.values, study.published.reference) == ((), "a") and "there are 3 arms" in study.notes[0]
    assert len(run(study).analysis.comparisons) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not an R data file"),
        (b"time,event,arm\n", "not an R data file"),
        (b"\x1f\x8b broken", "is damaged"),
        (b"BZh broken", "is damaged"),
        (b"\xfd7zXZ broken", "is damaged"),
        (gzip.compress(b"time,event,arm\n", mtime=0), "not an R data file"),
        (gzip.compress(b"RDX3\nX\n\0\0\0\3", mtime=0), "not a whole R data file"),
        (gzip.compress((REFERENCE / "AML_4.rda").read_bytes()[:600], mtime=0), "not a whole R data file"),
    ],
)
def test_files_refused(tmp_path, content, expected):
    path = tmp_path / "x.rda"
    path.write_bytes(content)
    with pytest.raises(StudyFileError, match=expected):
        read_kmdata(path)
    done = invoke(path)
    assert done.exit_code == 2 and str(path) in done.output and "Traceback" not in done.output


def test_all_bad_files_of_a_folder_are_named(tmp_path):
    shutil.copytree(REFERENCE, tmp_path / "data")
    for name in ("AML_1A", "AML_3"):
        (tmp_path / "data" / f"{name}.rda").write_bytes(b"RDX")
    with pytest.raises(StudyFileError) as caught:
        read_kmdata(tmp_path / "data")
    assert [problem.key for problem in caught.value.problems] == ["AML_1A.rda, file", "AML_3.rda, file"]


def test_folders_without_figures(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StudyFileError):
            read_kmdata(path)
    shutil.copy(REFERENCE / "kmdata_key.rda", tmp_path)
    with pytest.raises(StudyFileError, match="no figure of kmdata"):
        read_kmdata(tmp_path)


def test_what_unpacks_to_gigabytes(tmp_path, monkeypatch):
    path = tmp_path / "bomb.rda"
    path.write_bytes(gzip.compress(b"RDX3\nX\n" + bytes(10_000_000)))
    monkeypatch.setattr(kmdata, "LARGEST_UNPACKED", 1_000_000)
    with pytest.raises(StudyFileError, match="unpacks to more than"):
        read_kmdata(path)


def test_a_sequence_of_a_billion_is_not_unpacked(tmp_path):
    # R saves 1:2, the attribute arms, as first, length and step; the length becomes a billion
    data = (REFERENCE / "AML_4.rda").read_bytes()
    compact = np.array([2.0, 1.0, 1.0], dtype=">f8").tobytes()
    assert data.count(compact) == 1
    path = tmp_path / "long.rda"
    path.write_bytes(data.replace(compact, np.array([1e9, 1.0, 1.0], dtype=">f8").tobytes()))
    with pytest.raises(StudyFileError, match="not a whole R data file"):
        read_kmdata(path)


def test_whatever_is_spoiled_ends_in_an_error_of_ours_or_in_a_study(tmp_path):
    rng = random.Random(2)
    content = (REFERENCE / "AML_4.rda").read_bytes()
    for _ in range(150):
        spoiled = bytearray(content)
        start = rng.randrange(len(spoiled))
        spoiled[start : start + rng.choice((0, 1, 4, 100))] = rng.choice((b"", b"\xff" * 4, rng.randbytes(4), b"\0" * 8))
        path = tmp_path / "spoiled.rda"
        path.write_bytes(spoiled)
        try:
            studies = read_kmdata(path)
        except SurvReconError as error:
            assert str(path) in str(error)
        else:
            assert len(studies) == 1


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdata", None)
    with pytest.raises(MissingExtraError, match=r"survrecon\[kmdata\]"):
        read_kmdata(REFERENCE)
    done = invoke(REFERENCE)
    assert done.exit_code == 2 and "survrecon[kmdata]" in done.output
