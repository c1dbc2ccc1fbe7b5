"""survrecon digitize: a study folder and an overlay from a figure, and what bad input gets."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import survrecon
from survrecon.cli import main
from survrecon.errors import FigureError, MissingExtraError
from survrecon.read import read_study

LUNG = Path(survrecon.__file__).parents[1] / "digitized" / "ncctg-lung-sex-os"  # 90 women and 138 men, by R (published_values.R)
HEADER = ("--trial", "NCCTG", "--endpoint", "overall survival", "--citation", "Loprinzi 1994")


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, ["digitize", *map(str, args)])
    assert not isinstance(result.exception, Exception), result.exception
    return result


def test_a_figure_becomes_a_study(tmp_path):
    out = tmp_path / "lung"
    result = run(LUNG / "figure.pdf", "--out", out, "--reference", "male", "--events", "female=53", "--events", "male=112", *HEADER)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == [
        *("female-censor.csv", "female.csv", "male-censor.csv", "male.csv", "overlay.png", "study.toml")
    ]
    assert "female (#0072b2): 104 points" in result.stdout
    assert (out / "overlay.png").read_bytes().startswith(b"\x89PNG")
    scaffold = (out / "study.toml").read_text(encoding="utf-8")
    assert [line for line in scaffold.splitlines() if '= "?"' in line.partition("#")[0]] == []
    study = read_study(out)
    assert (study.time_unit, study.published.reference, study.figure) == ("day", "male", "figure.pdf")
    committed = read_study(LUNG)
    for arm, same in zip(study.arms, committed.arms, strict=True):
        assert (arm.label, arm.n, arm.total_events) == (same.label, same.n, same.total_events)
        np.testing.assert_allclose(arm.curve.survival, same.curve.survival, atol=2e-8)
        np.testing.assert_array_equal(arm.risk.count, same.risk.count)


def test_what_nobody_said_stays_open(tmp_path):
    result = run(LUNG / "figure.svg", "--out", tmp_path / "lung")
    assert "replace each" in result.stdout
    assert re.search(r'^trial = "\?"$', (tmp_path / "lung" / "study.toml").read_text(encoding="utf-8"), re.MULTILINE)


def test_what_is_typed_wins(tmp_path):
    (tmp_path / "risk.csv").write_text("time,women,men\n0,90,138\n500,20,20\n")
    result = run(
        *(LUNG / "figure.svg", "--out", tmp_path / "lung", "--reference", "men", "--time-unit", "week", *HEADER),
        *("--arm", "women=#0072B2", "--arm", "men=#D55E00", "--risk-table", tmp_path / "risk.csv", "--x-range", "0:100"),
    )
    assert result.exit_code == 0, result.output
    study = read_study(tmp_path / "lung")
    assert study.time_unit == "week"
    assert [(arm.label, arm.risk.time.tolist(), arm.risk.count.tolist()) for arm in study.arms] == [
        ("women", [0, 500], [90, 20]),
        ("men", [0, 500], [138, 20]),
    ]
    assert study.arm("men").curve.time[-1] == pytest.approx(102.2)  # day 1022 of an axis whose last tick, 1000, is now 100


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "lung").mkdir()
    (tmp_path / "lung" / "study.toml").write_text("mine")
    result = run(LUNG / "figure.svg", "--out", tmp_path / "lung")
    assert result.exit_code == 2 and "--force" in result.output
    assert (tmp_path / "lung" / "study.toml").read_text() == "mine"
    assert run(LUNG / "figure.svg", "--out", tmp_path / "lung", "--force").exit_code == 0


def test_a_doubtful_curve_ends_in_exit_code_1(tmp_path, monkeypatch):
    from dataclasses import replace

    from survrecon import digitize

    sure = digitize.digitize_figure(LUNG / "figure.svg")
    doubtful = replace(sure, traces=(replace(sure.traces[0], doubts=("hidden from 10 to 20",)), sure.traces[1]))
    monkeypatch.setattr(digitize, "digitize_figure", lambda path, **hints: doubtful)
    result = run(LUNG / "figure.svg", "--out", tmp_path / "lung")
    assert result.exit_code == 1
    assert "doubtful: female: hidden from 10 to 20" in result.stderr
    assert "female: hidden from 10 to 20" in (tmp_path / "lung" / "study.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--x-range", "0-36"), "is not of the form FIRST:LAST"),
        (("--x-range", "0:nan"), "is not of the form FIRST:LAST"),
        (("--bbox", "1,2,3"), "is not of the form LEFT,TOP,RIGHT,BOTTOM"),
        (("--x-at", "100=0"), "give it twice"),
        (("--x-at", "100=0", "--x-at", "100=5"), "give it twice, with two positions and two values"),
        (("--y-at", "100", "--y-at", "200"), "is not of the form POSITION=VALUE"),
        (("--arm", "=#ff0000"), "label of its own"),
        (("--arm", "drug", "--arm", "drug=#ff0000"), "label of its own"),
        (("--n", "female=many"), "is not of the form LABEL=COUNT"),
        (("--page", "0"), "--page"),
        (("--n", "drug=90"), "--n names the arm 'drug'; the curves are 'female', 'male'"),
        (("--reference", "placebo"), "--reference names the arm 'placebo'"),
    ],
)
def test_options_that_cannot_be_used(tmp_path, args, message):
    result = run(LUNG / "figure.svg", "--out", tmp_path / "lung", *args)
    assert result.exit_code == 2
    assert message in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--x-range", "1000:0"), "figure.svg: --x-range 1000:0: values must grow to the right; give the smaller one first"),
        (("--y-range", "1:0"), "figure.svg: --y-range 1:0: values must grow upwards; give the smaller one first"),
        (("--x-range", "5:5"), "'5:5' has the same value twice"),
        (("--x-at", "400=0", "--x-at", "100=9"), "figure.svg: --x-at 400=0 100=9: values must grow to the right"),
        (("--y-at", "100=0", "--y-at", "300=1"), "--y-at 100=0 300=1: values must grow upwards; positions count from the top"),
        (("--x-at", "5000=0", "--x-at", "6000=100"), r"curves start at time -[\d.]+, and no time is below 0; check --x-range and --x-at"),
        (("--x-at", "10=0"), "'10=0': give it twice"),
        (("--y-range", "5:9"), r"lines with steps start at .*9 of the survival axis: check that axis \(--y-range\)"),
        (("--bbox", "100,100,50,50"), "--bbox 100,100,50,50 is empty; give left, top, right and bottom"),
        (("--bbox", "0,0,1,1"), r"draws no lines in --bbox 0,0,1,1; the page is 432 wide and 316.8 high"),
        (("--panel", "3"), "has 1 panel, no panel 3; leave --panel out"),
        (("--arm", "male", "--arm", "male"), "'male', 'male': every arm needs a label of its own"),
        (("--arm", "male"), r"2 curves were found \(.*\), but 1 arm was named; give each its color"),
        (("--arm", "a", "--arm", "b", "--arm", "c"), "but 3 arms were named; name no more; if one is missing, check --page"),
        (("--n", "sex=male=x"), "'x' is not a whole number"),
    ],
)
def test_wrong_uses_say_what_to_do_and_write_nothing(tmp_path, args, message):
    result = run(LUNG / "figure.svg", "--out", tmp_path / "lung", *args)
    assert result.exit_code == 2
    assert re.search(message, result.stderr), result.stderr
    assert not any(tmp_path.iterdir())


def test_a_range_that_contradicts_the_labels_wins_but_is_told(tmp_path):
    result = run(LUNG / "figure.svg", "--out", tmp_path / "lung", "--x-range", "0:100")
    assert "note: the labels of an axis say 0 to 1000 where the range that was given says 0 to 100" in result.stdout
    result = run(LUNG / "figure.svg", "--out", tmp_path / "percent", "--y-range", "0:100")
    assert "the labels of an axis say" not in result.stdout


def test_a_file_that_is_no_figure(tmp_path):
    result = run(LUNG / "female.csv", "--out", tmp_path / "lung")
    assert result.exit_code == 2
    assert "female.csv: is not a PDF, SVG, PNG, JPEG, TIFF, GIF, BMP or WEBP file" in result.output
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_the_command_says_what_to_install(monkeypatch):
    from survrecon.digitize import Hints, read_figure

    for name in ("pdfplumber", "svgelements"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("figure.pdf", "figure.svg"):
        with pytest.raises(MissingExtraError, match=r"pip install 'survrecon\[digitize\]'"):
            read_figure(LUNG / name, Hints())


def test_arms_of_a_figure():
    figure = survrecon.digitize_figure(LUNG / "figure.svg")
    female, male = figure.arms(total_events={"male": 112})
    assert (female.n, female.total_events, male.n, male.total_events) == (90, None, 138, 112)
    with pytest.raises(ValueError, match="n names the arm 'women'; the curves are 'female', 'male'"):
        figure.arms(n={"women": 90})


def test_hints_that_do_not_exist():
    with pytest.raises(TypeError, match="zoom"):
        survrecon.digitize_figure(LUNG / "figure.svg", zoom=2)


def test_a_figure_that_takes_too_long_says_what_to_do(monkeypatch):
    from survrecon import digitize

    monkeypatch.setattr(digitize, "SECONDS", 0.01)
    with pytest.raises(FigureError, match="was not read within 0.01 seconds; choose one figure with --page or --bbox"):
        digitize.digitize_figure(LUNG / "figure.svg")
