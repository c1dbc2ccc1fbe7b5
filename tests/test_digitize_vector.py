"""Figures of known data, drawn by R and matplotlib, through digitizer and joint method: subjects, events and hazard ratio come back.

What is true of the data in tests/figures was computed by R there (make_figures.R, truth.json); all else is made here.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from survrecon.data import Arm, Curve
from survrecon.digitize.figure import Digitized, Hints
from survrecon.digitize.vector import digitize_pdf, digitize_svg
from survrecon.reanalysis import reanalyze
from survrecon.reconstruction import reconstruct

FIGURES = Path(__file__).parent / "figures"
TRUTH = json.loads((FIGURES / "truth.json").read_text(encoding="utf-8"))
ROOT = Path(__file__).parents[1]


def digitized(name: str, **hints: object) -> Digitized:
    return (digitize_pdf if name.endswith("pdf") else digitize_svg)(FIGURES / name, Hints(**hints))


def events(figure: Digitized, n: dict[str, int] | None = None) -> dict[str, tuple[int, int]]:
    return {item.ipd.label: (item.ipd.n, int(item.ipd.event.sum())) for item in rebuilt(figure, n)}


def rebuilt(figure: Digitized, n: dict[str, int] | None = None) -> list:
    arms = []
    for trace in figure.traces:
        size = n[trace.label] if n else int(trace.risk.count[0])
        curve = Curve(trace.time, trace.survival, "probability", figure.orientation)
        arms.append(reconstruct(Arm(trace.label, size, curve, trace.risk, None, trace.censor_times)))
    return arms


def hazard_ratio(figure: Digitized, reference: str, n: dict[str, int] | None = None) -> float:
    return reanalyze(rebuilt(figure, n), reference).comparisons[0].hr.value


# R draws to two decimals of a point, or to 1/256 of one: 4e-5 of survival, so that the number at risk, 1 / drop, is known to a few subjects
# and where in between the 235 censored under 212 marks left is not; with 1e-8 the same reconstruction is within 0.0005 of the hazard ratio.
HORMONE = ["r-plot.pdf", "r-plot-svglite.svgz", "r-plot-cairo.pdf", "survminer.pdf", "survminer-svglite.svgz", "survminer-lines.pdf"]


@pytest.mark.parametrize("name", HORMONE)
def test_r_figures_of_686_subjects(name):
    figure = digitized(name)
    assert {trace.label: trace.risk.count[0] for trace in figure.traces} == {"No hormone": 440, "Hormone": 246}
    assert events(figure) == {label: (arm["n"], arm["events"]) for label, arm in TRUTH["hormone"]["arms"].items()}
    assert hazard_ratio(figure, "No hormone") == pytest.approx(TRUTH["hormone"]["hazard_ratio"], rel=0.0015)
    assert figure.time_unit == "month"
    assert figure.percent == (name == "survminer-lines.pdf")
    assert not any(trace.doubts for trace in figure.traces)


@pytest.mark.parametrize("name", ["r-black.pdf", "r-black-svglite.svgz"])
def test_black_curves_told_apart_by_their_dashes(name):
    figure = digitized(name)
    assert [trace.label for trace in figure.traces] == ["Male", "Female"]
    assert [trace.risk.count.tolist() for trace in figure.traces] == [[138, 78, 31, 13, 6, 2], [90, 66, 26, 11, 2, 0]]
    assert events(figure) == {label: (arm["n"], arm["events"]) for label, arm in TRUTH["sex"]["arms"].items()}
    assert hazard_ratio(figure, "Male") == pytest.approx(TRUTH["sex"]["hazard_ratio"], rel=1e-6)
    assert figure.percent
    assert figure.time_unit == "day"


def test_letters_drawn_as_outlines_need_the_ends_of_the_axes():
    figure = digitized("r-plot-cairo.svgz", x_range=(0, 84), y_range=(0, 1), arms=(("Hormone", "#0072B2"), ("No hormone", "#D55E00")))
    n = {label: arm["n"] for label, arm in TRUTH["hormone"]["arms"].items()}
    assert events(figure, n) == {label: (arm["n"], arm["events"]) for label, arm in TRUTH["hormone"]["arms"].items()}
    for trace in figure.traces:  # the same figure in PDF, whose letters can be read
        (same,) = (other for other in digitized("r-plot.pdf").traces if other.label == trace.label)
        assert np.abs(trace.time - same.time).max() < 2 * 0.0025
        assert np.abs(trace.survival - same.survival).max() < 2 * 3.8e-5
        assert np.abs(trace.censor_times - same.censor_times).max() < 2 * 0.0025


def test_the_risk_table_as_a_panel_of_its_own_and_marks_among_outlined_letters():
    """The ranges fit both panels' ticks; only one has curves. Censor marks are the letter +, drawn as an outline too."""
    figure = digitized("survminer-cairo.svgz", x_range=(0, 84), y_range=(0, 1), arms=(("Hormone", None), ("No hormone", None)))
    n = {label: arm["n"] for label, arm in TRUTH["hormone"]["arms"].items()}
    assert events(figure, n) == {label: (arm["n"], arm["events"]) for label, arm in TRUTH["hormone"]["arms"].items()}
    for trace in figure.traces:  # base R marks the same subjects, in a file whose letters can be read
        (same,) = (other for other in digitized("r-plot.pdf").traces if other.label == trace.label)
        assert all(np.abs(same.censor_times - time).min() < 0.02 for time in trace.censor_times)
        assert np.sum(trace.censor_times < 84) == np.sum(same.censor_times < 84)  # survminer's axis ends there


def test_confidence_limits_in_the_style_of_their_curve():
    """R's limits on the log scale: the upper ones are 1 until late, so that one of them has a single step."""
    figure = digitized("r-limits.pdf", arms=(("rx=2", None), ("rx=1", None)))
    assert figure.notes == ("4 confidence limits left out: they step only where a curve does",)
    truth = {label: tuple(numbers) for label, numbers in TRUTH["ovarian"].items()}
    assert events(figure, {label: n for label, (n, _) in truth.items()}) == truth


def test_panels_confidence_limits_and_cumulative_incidence():
    women = digitized("r-panels.pdf", panel=1)
    assert len(women.traces) == 1
    assert "2 confidence limits left out" in " ".join(women.notes)
    assert events(women, {"arm 1": 90}) == {"arm 1": (90, TRUTH["sex"]["arms"]["Female"]["events"])}
    both = digitized("r-panels.pdf", panel=2)
    assert both.orientation == "failure"
    assert [trace.color for trace in both.traces] == ["#ff0000", "#0000ff"]
    assert events(both, {"arm 1": 138, "arm 2": 90}) == {"arm 1": (138, 112), "arm 2": (90, 53)}


def test_the_same_panel_by_its_place_on_the_page():
    by_place, by_number = digitized("r-panels.pdf", bbox=(330, 0, 648, 360)), digitized("r-panels.pdf", panel=2)
    assert [trace.time.tolist() for trace in by_place.traces] == [trace.time.tolist() for trace in by_number.traces]


def test_truncated_axes_and_circles_for_the_censored():
    """The curves end where xlim = c(0, 60), and the 4 percent for which R's axis goes on, cut them."""
    figure = digitized("r-truncated.pdf")
    assert [trace.label for trace in figure.traces] == ["No hormone", "Hormone"]
    for trace in figure.traces:
        drops, last = TRUTH["hormone_to_62.4_months"][trace.label]
        assert np.unique(trace.survival).size == 1 + drops
        assert trace.survival[-1] == pytest.approx(last, abs=2 * figure.resolution[1])
        assert np.unique(trace.censor_times).size == trace.censor_times.size > 90
    assert max(trace.time[-1] for trace in figure.traces) < 62.5
    assert figure.time_unit == "month"


def test_curves_that_begin_with_their_first_drop_are_not_lost_but_doubted():
    figure = digitized("ggplot-raw.pdf")
    assert events(figure, {"Male": 138, "Female": 90}) == {"Male": (138, 112), "Female": (90, 53)}
    assert [trace.doubts[0][:22] for trace in figure.traces] == ["it starts at 0.978, no", "it starts at 0.989, no"]  # 135/138 and 89/90


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_figures_that_lie_on_their_side(degrees, tmp_path):
    """R's numbers at the axis of survival stand, those at the axis of time do not: all of them are turned alike."""
    drawn = gzip.decompress((FIGURES / "r-black-svglite.svgz").read_bytes()).decode()
    (size,) = re.findall(r"viewBox='0 0 ([\d.]+) [\d.]+'", drawn)  # a square
    turned = drawn.replace("<rect width=", f"<g transform='rotate({-degrees} {float(size) / 2} {float(size) / 2})'><rect width=", 1)
    (tmp_path / "turned.svg").write_text(turned.replace("</svg>", "</g></svg>"), encoding="utf-8")
    found, same = digitize_svg(tmp_path / "turned.svg", Hints()), digitized("r-black-svglite.svgz")
    assert f"the figure lies on its side and was turned by {degrees} degrees clockwise" in found.notes
    assert [trace.label for trace in found.traces] == [trace.label for trace in same.traces] == ["Male", "Female"]
    for trace, other in zip(found.traces, same.traces, strict=True):
        np.testing.assert_allclose(trace.time, other.time, atol=1e-6)
        np.testing.assert_allclose(trace.survival, other.survival, atol=1e-8)
        np.testing.assert_allclose(trace.censor_times, other.censor_times, atol=1e-6)
        assert trace.risk.count.tolist() == other.risk.count.tolist()


def test_panels_that_share_an_axis_and_a_legend():
    for panel, (label, n, count) in enumerate([("Male", 138, 112), ("Female", 90, 53)], 1):
        assert events(digitized("ggplot-facets.pdf", panel=panel), {label: n}) == {label: (n, count)}


def test_limits_that_rise_percents_in_the_risk_table_and_a_second_panel():
    """Confidence limits on the log scale can rise: such a one is no curve, and the other limit of its pair is none either."""
    figure = digitized("survminer-limits.pdf")
    assert events(figure) == {label: tuple(numbers) for label, numbers in TRUTH["ecog"].items()}


@pytest.mark.parametrize("study", ["gbsg2-hormonal-rfs", "leukemia-6mp-remission", "ncctg-lung-sex-os"])
def test_the_open_data_figures_come_out_as_their_coordinate_files(study):
    """The files are rounded to 1/2000 of each axis, figure.svg is not: half of that is the most they may differ."""
    folder = ROOT / "digitized" / study
    figure = digitize_svg(folder / "figure.svg", Hints())
    assert {f"{trace.label}.csv" for trace in figure.traces} == {path.name for path in folder.glob("*.csv") if "censor" not in path.name}
    for trace in figure.traces:
        points = np.loadtxt(folder / f"{trace.label}.csv", delimiter=",", skiprows=1)
        step = (figure.x.value(figure.x.end) - figure.x.value(figure.x.start)) / 2000 / 2 * 1.001
        assert all(np.abs(trace.time - time).min() <= step for time in points[:, 0])
        assert all(np.hypot((trace.time - t) / step, (trace.survival - s) / 0.00025025).min() <= 2**0.5 for t, s in points)
        marks = folder / f"{trace.label}-censor.csv"
        expected = np.loadtxt(marks, skiprows=1, ndmin=1) if marks.exists() else np.array([])
        assert trace.censor_times.size == expected.size or marks.exists() and trace.censor_times.size >= expected.size
        assert all(np.abs(trace.censor_times - time).min() <= step for time in expected)
