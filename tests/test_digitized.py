"""The studies in digitized/: they load, every number has a source, and the open-data curves are what `survrecon digitize` reads."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survrecon.digitize import Hints, read_figure
from survrecon.read import read_study

ROOT = Path(__file__).parents[1]
DIGITIZED = ROOT / "digitized"
SEEDS = ROOT.parent / "shared" / "seeds"
STUDIES = sorted(path.parent.name for path in DIGITIZED.glob("*/study.toml"))
OPEN = ["gbsg2-hormonal-rfs", "leukemia-6mp-remission", "ncctg-lung-sex-os"]
PIXELS = {f"{study}-png": study for study in OPEN}  # the same figures, read off their PNG
TICKS = {"gbsg2-hormonal-rfs": (0, 2500), "leukemia-6mp-remission": (0, 35), "ncctg-lung-sex-os": (0, 1000)}  # first and last, as drawn
SEED = {"iniparib": "000", "tdm1": "001", "ruxolitinib": "002", "paloma2": "003", "cleopatra": "004"}
FROM_SEEDS = [study for study in STUDIES if study not in OPEN and study not in PIXELS]
STEP = np.array([1e-4, 2e-8])  # to which the coordinates are written, in time and survival: the precision of the figures
PRINTED = ("estimate", "value", "below", "above", "boundary_hr", "boundary_p")


def toml(study: str) -> dict[str, Any]:
    return tomllib.loads((DIGITIZED / study / "study.toml").read_text(encoding="utf-8"))


def tables(node: Any) -> list[dict[str, Any]]:
    """All tables at or below a node."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return ([node] if isinstance(node, dict) else []) + [table for item in below for table in tables(item)]


def results(study: str) -> list[dict[str, Any]]:
    """All tables of [published] that hold a printed number."""
    return [table for table in tables(toml(study).get("published", {})) if set(table) & {*PRINTED, "events"}]


def csv(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def script(study: str) -> dict[str, Any]:
    return runpy.run_path(str(DIGITIZED / study / "make_figure.py"))


def product_limit(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Event times and survival just after each, from S(t) = S(t-) (1 - d / n)."""
    times = np.unique(time[event])
    return times, np.cumprod([1 - np.sum((time == t) & event) / np.sum(time >= t) for t in times])


def matched(read: np.ndarray, truth: np.ndarray, half: np.ndarray) -> bool:
    """Whether every point read lies within `half` of a true one, and every true one within `half` of a point read."""
    near = np.all(np.abs(read[:, None] - truth[None]) <= half, axis=2)
    return bool(near.any(axis=0).all() and near.any(axis=1).all())


def test_all_studies_are_here() -> None:
    assert len(STUDIES) == 15 and set(OPEN) < set(STUDIES) and set(PIXELS) < set(STUDIES)


@pytest.mark.parametrize("study", STUDIES)
def test_it_loads(study: str) -> None:
    loaded = read_study(DIGITIZED / study)
    raw = toml(study)
    assert loaded.id == study
    assert [arm.label for arm in loaded.arms] == [arm["label"] for arm in raw.get("arm", [])]
    for arm, written in zip(loaded.arms, raw.get("arm", []), strict=True):
        assert arm.n == written["n"] and arm.total_events == written.get("total_events")
        if arm.risk is not None:
            assert arm.risk.time[0] == 0 and arm.risk.count[0] == arm.n
            assert list(arm.risk.count) == written["risk_counts"] and list(arm.risk.time) == written["risk_times"]
    published = sum("estimate" in table or "value" in table or "below" in table for table in results(study))
    assert len(loaded.published.values) + len(loaded.published.subgroups) == published
    for value in loaded.published.values:
        assert value.arm is None or value.arm in [arm.label for arm in loaded.arms]


@pytest.mark.parametrize("study", STUDIES)
def test_every_number_has_its_source(study: str) -> None:
    raw = toml(study)
    assert raw["study"]["source"].strip()
    assert raw["study"]["evidence"] == "registered" or results(study)
    for table in [*raw.get("arm", []), *results(study)]:
        assert table.get("source", "").strip(), table


@pytest.mark.parametrize("study", FROM_SEEDS)
def test_a_study_without_a_figure_has_no_coordinates(study: str) -> None:
    raw = toml(study)
    assert raw["study"]["evidence"] in ("printed", "registered")
    assert [path.name for path in (DIGITIZED / study).iterdir()] == ["study.toml"]
    assert raw["study"]["missing"]


@pytest.mark.parametrize("study", [study for study in FROM_SEEDS if not study.startswith("tdm1")])
def test_printed_numbers_stand_in_the_document(study: str) -> None:
    """Estimates stand next to their limits in the seed document; n, events and counts stand in it too."""
    found = sorted(SEEDS.glob(f"{SEED[study.split('-')[0]]}_*.txt"))
    if not found:
        pytest.skip(f"the seed documents are not at {SEEDS}")
    text = re.sub(r"\s+", " ", found[0].read_text(encoding="utf-8"))

    def stands(*numbers: str) -> bool:
        pattern = r"[^\d]*(?:95%)?[^\d]*?".join(re.escape(number) for number in numbers)
        return re.search(rf"(?<![\d.]){pattern}(?!\d|\.\d)", text) is not None

    for table in results(study):
        printed = [str(table[key]) for key in PRINTED if key in table]
        for number in printed:
            assert stands(number, *table.get("ci", [])), table
    arms = toml(study)["arm"]
    for arm in arms:
        assert stands(str(arm["n"])) and stands(str(arm.get("total_events", arm["n"]))), arm["label"]
    if study != "paloma2-pfs-investigator":  # its numbers at risk are from the project's issue 2
        for pair in zip(*(arm.get("risk_counts", []) for arm in arms), strict=True):
            assert stands(*map(str, pair)), pair


@pytest.mark.parametrize("study", OPEN)
@pytest.mark.parametrize("name", ["figure.svg", "figure.pdf", "drawn again"])
def test_the_coordinates_are_those_of_the_figure(study: str, name: str, tmp_path: Path) -> None:
    """To the last digit of the files; the figure's bytes depend on the version of matplotlib, the coordinates do not."""
    path = DIGITIZED / study / name
    if name == "drawn again":
        script(study)["draw"](script(study)["figure"](), tmp_path)
        path = tmp_path / "figure.svg"
    for trace in read_figure(path, Hints()).traces:
        points = np.stack([trace.time, trace.survival], axis=1)
        np.testing.assert_allclose(points / STEP, csv(DIGITIZED / study / f"{trace.label}.csv") / STEP, rtol=0, atol=1)
        marks = DIGITIZED / study / f"{trace.label}-censor.csv"
        if trace.censor_times is not None and trace.censor_times.size:
            np.testing.assert_allclose(trace.censor_times, csv(marks).ravel(), rtol=0, atol=STEP[0])
        else:
            assert not marks.exists()


@pytest.mark.parametrize("study", OPEN)
def test_the_coordinates_are_those_of_the_true_curve(study: str) -> None:
    """Every vertex and every censor mark, and no other; truth: the product-limit estimate of the data."""
    for arm in script(study)["figure"]().arms:
        times, survival = product_limit(arm.time, arm.event)
        before = np.concatenate([[1.0], survival[:-1]])
        vertices = np.stack([np.repeat(times, 2), np.stack([before, survival], axis=1).ravel()], axis=1)
        truth = np.concatenate([[[0.0, 1.0]], vertices, [[arm.time.max(), survival[-1]]]])
        assert matched(csv(DIGITIZED / study / f"{arm.label}.csv"), truth, STEP)
        marks = arm.time[~arm.event]
        if marks.size:
            assert matched(csv(DIGITIZED / study / f"{arm.label}-censor.csv"), marks[:, None], STEP[:1])


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square over time, up to the end of the shorter one, of the difference between two step curves from (0, 1)."""
    grid = np.linspace(0, min(one[-1, 0], other[-1, 0]), 4001)[1:-1]
    levels = [np.append(1.0, curve[:, 1])[np.searchsorted(curve[:, 0], grid, side="right")] for curve in (one, other)]
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))


@pytest.mark.parametrize("study", PIXELS)
def test_the_pixels_give_the_true_curve(study: str) -> None:
    """To a few pixels of 1/414 of the axis; and what is committed is what the command reads, up to the versions of the libraries."""
    figure = script(PIXELS[study])["figure"]()
    arms = tuple((arm.label, arm.color) for arm in figure.arms)
    read = read_figure(DIGITIZED / PIXELS[study] / "figure.png", Hints(x_range=TICKS[PIXELS[study]], y_range=(0, 1), arms=arms))
    for trace in read.traces:
        committed = csv(DIGITIZED / study / f"{trace.label}.csv")
        again = np.stack([trace.time, trace.survival], axis=1)
        truth = csv(DIGITIZED / PIXELS[study] / f"{trace.label}.csv")  # of the SVG: the true curve, by the test above
        assert apart(committed, truth) < 0.01
        assert apart(committed, again) < 0.002


@pytest.mark.parametrize("study", PIXELS)
def test_both_readings_of_a_figure_print_the_same(study: str) -> None:
    ours, other = toml(study), toml(PIXELS[study])
    assert ours["published"] == other["published"]
    for one, two in zip(ours["arm"], other["arm"], strict=True):
        assert {key: one[key] for key in ("label", "n", "total_events", "risk_times", "risk_counts")}.items() <= two.items()
        assert one["resolution"] and "resolution" not in two


@pytest.mark.parametrize("study", OPEN)
def test_the_printed_counts_are_true(study: str) -> None:
    truth = {arm.label: arm for arm in script(study)["figure"]().arms}
    for arm in toml(study)["arm"]:
        true = truth[arm["label"]]
        assert arm["n"] == true.time.size and arm["total_events"] == true.event.sum()
        assert arm["risk_counts"] == [np.sum(true.time >= tick) for tick in arm["risk_times"]]


def test_r_prints_the_published_values() -> None:
    """Reference: R with the survival package, on the data sets that R ships."""
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    run = subprocess.run(["Rscript", str(DIGITIZED / "published_values.R")], capture_output=True, text=True, timeout=120, check=False)
    if run.returncode and "there is no package" in run.stderr:
        pytest.skip(run.stderr.strip())
    assert run.returncode == 0, run.stderr
    sections = {section.split(":")[0].strip(): re.split(r"[\s=]+", section) for section in run.stdout.split("\n==")[1:]}
    as_r_prints = {"0.00004": "4e-05", "not reached": "NA"}
    for study in OPEN:
        for table in results(study):
            for number in [*(table[key] for key in PRINTED if key in table), *table.get("ci", [])]:
                assert as_r_prints.get(number, number) in sections[study], (study, table)
        for arm in toml(study)["arm"]:
            assert {str(arm["n"]), str(arm["total_events"])} <= set(sections[study])


@pytest.mark.parametrize("study", STUDIES)
def test_the_files_are_small(study: str) -> None:
    """They are shipped in the wheel."""
    assert all(path.stat().st_size < 100_000 for path in (DIGITIZED / study).iterdir())
