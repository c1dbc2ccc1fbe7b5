"""Every example runs as a user would run it, and prints what it should."""

from __future__ import annotations

import csv
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(name: str, folder: Path) -> str:
    """Run an example in a folder of its own and return what it prints."""
    (path,) = (example for example in EXAMPLES if example.name.startswith(name))
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, str(path)], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_rederive_a_hazard_ratio(tmp_path):
    lines = run("01", tmp_path).splitlines()
    assert lines[0].startswith("re-derived: 0.5")
    assert lines[1] == "hazard ratio: published 0.588, agrees"


def test_overlay_two_studies(tmp_path):
    assert "median 1528 days, n 440" in run("02", tmp_path)
    assert (tmp_path / "overlay.png").read_bytes().startswith(b"\x89PNG")


def test_bring_your_own_figure(tmp_path):
    text = run("03", tmp_path)
    assert "6-MP: 21 subjects, 9 events" in text
    with (tmp_path / "own-figure" / "6-MP.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), sum(int(row["event"]) for row in rows)) == (21, 9)


def test_the_numbers_of_the_example_are_those_of_the_study(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["example", str(tmp_path / "out")])
    names = runpy.run_path(str(ROOT / "examples" / "03_bring_your_own_figure.py"))
    for arm, label in ((names["drug"], "6-MP"), (names["control"], "placebo")):
        with (ROOT / "digitized" / "leukemia-6mp-remission" / f"{label}.csv").open() as file:
            read = {
                round(float(row["time"])): float(row["survival"]) for row in csv.DictReader(file)
            }  # the last point of a drop is its foot
        assert dict(zip(arm.curve.time, arm.curve.survival / 100, strict=True)) == pytest.approx(read, abs=0.001)


def test_audit_an_abstract(tmp_path):
    lines = run("04", tmp_path).splitlines()
    assert lines[0].endswith("checks, 0 not consistent")
    assert lines[1].startswith("347 planned events") and lines[1].endswith("347 events have power 90.3%")
    assert any(line.startswith("in tension: hazard ratio in the middle of its interval: 0.58 is above") for line in lines[2:])
    assert any(line.startswith("impossible: width of the interval against the events") for line in lines[2:])


def test_digitize_a_pdf(tmp_path):
    lines = run("05", tmp_path).splitlines()
    assert lines[0].startswith("female: ") and lines[0].endswith("[90 66 26 11  2  0]")
    assert lines[-1] == "hazard ratio 0.588 (0.424 to 0.816); the patient data give 0.588 (0.424 to 0.816)"


def test_digitize_a_png(tmp_path):
    last = run("06", tmp_path).splitlines()[-2]
    hr = float(last.split()[2])
    assert abs(hr - 0.588) < 0.02  # the patient data give 0.588
    assert (tmp_path / "from-pixels" / "overlay.png").read_bytes().startswith(b"\x89PNG")


def test_every_example_has_a_test():
    tests = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES if f'run("{path.name[:2]}"' not in tests] == []
