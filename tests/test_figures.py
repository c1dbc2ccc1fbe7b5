"""Generated figures: balanced designs, and files that show exactly the data they claim, read off the SVG by its own ticks."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from survrecon.data import IPD
from survrecon.figure_designs import FACTORS, Truth, truth_of
from survrecon.figure_styles import STYLES
from survrecon.figures import FigureDesign, draw, generate

SVG = "{http://www.w3.org/2000/svg}"
# one event at 1 of 4 at risk, one censored at 2, one event at 3 of 2 at risk, the last censored at 5
FOUR = Truth(FigureDesign(arms=1), (IPD([1, 2, 3, 5], [1, 0, 1, 0]),), np.array([0.0, 3.0, 6.0]), np.array([0.0, 1.0]), ("#000000",))


# --- designs


def test_levels_of_every_factor_are_equally_frequent():
    designs = [generate(number, seed=3) for number in range(60)]  # 60: divisible by the number of levels of each factor
    for name, levels in FACTORS.items():
        share = 60 // len(levels)
        assert Counter(getattr(design, name) for design in designs) == {level: share * n for level, n in Counter(levels).items()}


def test_factors_do_not_go_together():
    designs = [generate(number) for number in range(240)]
    assert len({(design.style, design.dpi) for design in designs}) == 24
    assert len({(design.marks, design.course) for design in designs}) == 12


def test_a_vector_figure_is_the_raster_figure_in_another_format():
    raster, vector = (generate(7, kind=kind) for kind in ("raster", "vector"))
    assert {raster.format, vector.format} < {"png", "jpeg", "svg", "pdf"}
    assert raster.format in ("png", "jpeg")
    assert replace(raster, format=vector.format) == vector


def test_fixed_fields_and_the_series():
    assert generate(4, arms=1, style="jama") == replace(generate(4), arms=1, style="jama")
    assert any(generate(number, 1) != replace(generate(number, 2), seed=(1, number)) for number in range(5))


# --- truth


def test_truth_by_hand():
    time, survival = FOUR.curve(0)
    assert (time.tolist(), survival.tolist()) == ([0, 1, 3, 5], [1, 0.75, 0.375, 0.375])
    assert FOUR.marks(0).tolist() == [2, 5]
    assert FOUR.risk_table(0).count.tolist() == [4, 2, 0]
    assert (FOUR.x_range, FOUR.y_range) == ((0, 6), (0, 1))


def test_a_last_event_ends_the_curve():
    last = replace(FOUR, arms=(IPD([1, 2], [0, 1]),))
    assert [part.tolist() for part in last.curve(0)] == [[0, 2], [1, 0]]
    assert replace(last, design=FigureDesign(marks="none")).marks(0).size == 0


@pytest.mark.parametrize("number", range(24))
def test_axes_hold_the_curves(number):
    design = generate(number, seed=5)
    truth = truth_of(design)
    assert (len(truth.arms), len(truth.colors)) == (design.arms, design.arms)
    assert len({arm.label for arm in truth.arms}) == design.arms
    assert truth.x_ticks[-1] >= max(arm.time[-1] for arm in truth.arms) > truth.x_ticks[-2]
    assert 3 <= truth.y_ticks.size <= 7
    assert truth.y_range[1] == (100 if design.percent else 1)
    lowest = min(truth.curve(arm)[1][-1] for arm in range(design.arms))
    assert truth.y_range[0] <= lowest * truth.y_range[1]
    assert (truth.y_range[0] > 0) <= design.truncated


def test_courses():
    def ratio(course):
        """Geometric mean over trials of the third arm's time to 75% to the first one's."""
        truths = [truth_of(FigureDesign(course=course, arms=3, seed=(4, i))) for i in range(10)]
        quartiles = np.array([[time[survival <= 0.75][0] for time, survival in map(truth.curve, range(3))] for truth in truths])
        return np.exp(np.mean(np.log(quartiles[:, 2] / quartiles[:, 0])))

    assert ratio("apart") > 1.69  # medians are 1.3 to 1.8 times those of the arm before, so the third's at least 1.69 times the first's
    assert ratio("close") == pytest.approx(1, abs=0.25)


# --- files


def drawn(path):
    """Return origin and scale of both axes and all paths of an SVG, by its ticks."""
    root = ET.parse(path).getroot()

    def axis(start, column):
        ticks = [group for group in root.iter(f"{SVG}g") if group.get("id", "").startswith(start)]
        at = [[float(use.get(column)) for use in tick.iter(f"{SVG}use")][-1] for tick in (ticks[0], ticks[-1])]
        value = [float("".join(next(tick.iter(f"{SVG}text")).itertext())) for tick in (ticks[0], ticks[-1])]
        scale = (value[1] - value[0]) / (at[1] - at[0])
        return value[0] - scale * at[0], scale

    paths = []
    for path in root.iter(f"{SVG}path"):
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", path.get("d", ""))]
        paths.append((path.get("style", ""), path.get("d", ""), numbers))
    return axis("xtick_", "x"), axis("ytick_", "y"), paths


@pytest.mark.parametrize("style", STYLES)
def test_the_curve_in_the_file_is_the_true_one(tmp_path, style):
    design = FigureDesign(style, "svg", arms=2, marks="none", percent=style == "nejm", offset=style == "jco", risk_table=False, seed=(2,))
    truth = draw(design, tmp_path / "figure.svg")
    x, y, paths = drawn(tmp_path / "figure.svg")
    for arm, color in enumerate(truth.colors):
        look = f"stroke: {color}"
        _, d, numbers = max((path for path in paths if look in path[0]), key=lambda path: len(path[1]))
        assert set(re.findall("[A-Za-z]", d)) == {"M", "L"}
        points = np.reshape(numbers, (-1, 2))
        found = np.column_stack([x[0] + x[1] * points[:, 0], (y[0] + y[1] * points[:, 1]) / truth.y_range[1]])
        time, survival = truth.curve(arm)
        corners = np.column_stack([np.repeat(time, 2)[1:], np.repeat(survival, 2)[:-1]])
        assert found[0] == pytest.approx(corners[0], abs=1e-4)
        assert found[-1] == pytest.approx(corners[-1], abs=1e-4)
        # matplotlib leaves out vertices that move the line by less than a ninth of a pixel: none is further away than that
        far = np.abs(found[:, None] - corners[None]) / [truth.x_range[1], 1.0]
        assert np.all(far.max(axis=2).min(axis=1) < 1e-3)


def test_everything_is_in_the_file(tmp_path):
    design = FigureDesign("lancet", "svg", marks="cross", band=True, grid=True, guide=True, seed=(2,))
    truth = draw(design, tmp_path / "figure.svg")
    root = ET.parse(tmp_path / "figure.svg").getroot()
    written = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    for arm, ipd in enumerate(truth.arms):
        assert ipd.label in written
        assert f"{ipd.n} (0)" in written
        assert sum(use.get("style", "").find(truth.colors[arm]) > 0 for use in root.iter(f"{SVG}use")) >= truth.marks(arm).size
    assert any("HR" in text for text in written)


def test_raster_files(tmp_path):
    from PIL import Image

    design = FigureDesign("survminer", dpi=100, band=True, seed=(3,))
    draw(design, tmp_path / "figure.png")
    draw(replace(design, format="jpeg", dpi=200), tmp_path / "figure.jpeg")
    with Image.open(tmp_path / "figure.png") as png, Image.open(tmp_path / "figure.jpeg") as jpeg:
        assert (png.format, jpeg.format) == ("PNG", "JPEG")
        assert png.width == 620  # 6.2 inches
        assert (jpeg.width, jpeg.height) == pytest.approx((2 * png.width, 2 * png.height), abs=1)
        colors = {color for _, color in png.convert("RGB").getcolors(100_000)}
    assert {(0xF8, 0x76, 0x6D), (0x00, 0xBF, 0xC4)} <= colors


def test_the_same_design_gives_the_same_file(tmp_path):
    design = generate(2, kind="vector", format="pdf")
    for name in ("one", "other"):
        draw(design, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert (tmp_path / "one").read_bytes().startswith(b"%PDF")


def test_every_level_is_a_field():
    assert set(FACTORS) | {"format", "seed"} == {field.name for field in fields(FigureDesign)}
