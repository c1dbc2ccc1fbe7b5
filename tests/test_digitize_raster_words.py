"""Numbers read off pictures with tesseract, where it is installed: figures drawn by matplotlib from values given here."""

import io
import shutil

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image

from survrecon.digitize.figure import Hints
from survrecon.digitize.raster import digitize_pixels
from survrecon.digitize.raster_names import _known

pytestmark = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def drawn(design, counts=(), dpi=120):
    """Two curves, 1, 0.8, 0.5 from times 0, 7, 20 and 1, 0.9, 0.75 from times 0, 12, 25, with a row of numbers at risk for each."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.2, 0.35, 0.75, 0.6))
    axes.step([0, 7, 20, 33], [1, 0.8, 0.5, 0.5], where="post", color="tab:red")
    axes.step([0, 12, 25, 35], [1, 0.9, 0.75, 0.75], where="post", color="tab:blue")
    axes.set(xlim=(0, 36), ylim=(0, 1.02), xticks=range(0, 37, 6), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1.0], xlabel="Months")
    for row, (name, numbers) in enumerate(counts):
        axes.text(-4, -0.33 - 0.1 * row, name, ha="right", transform=axes.get_xaxis_transform())
        for time, count in zip(range(0, 37, 6), numbers, strict=True):
            axes.text(time, -0.33 - 0.1 * row, str(count), ha="center", transform=axes.get_xaxis_transform())
    design(axes)
    file = io.BytesIO()
    figure.savefig(file, dpi=dpi)
    return np.asarray(Image.open(file).convert("RGB"))


def levels(trace, times):
    return trace.survival[np.searchsorted(trace.time, times, side="right") - 1]


def test_numbers_that_run_upwards_along_the_axis():
    def design(axes):
        axes.tick_params(axis="y", labelrotation=90)
        axes.set_ylabel("Survival")

    high, low = digitize_pixels(drawn(design)).traces
    assert levels(high, [6, 18, 30]) == pytest.approx([1, 0.9, 0.75], abs=0.005)
    assert levels(low, [3, 15, 30]) == pytest.approx([1, 0.8, 0.5], abs=0.005)


def test_ranges_that_contradict_the_labels_win_but_are_told():
    picture = drawn(lambda axes: None)
    read = digitize_pixels(picture, Hints(x_range=(0.0, 72.0), y_range=(0.0, 1.0)))
    assert read.notes[0] == "the labels of an axis say 0 to 36 where the range that was given says 0 to 72"
    assert levels(read.traces[0], [12, 36, 60]) == pytest.approx([1, 0.9, 0.75], abs=0.005)
    for agrees in (Hints(x_range=(0.0, 36.0), y_range=(0.0, 100.0)), Hints()):
        assert not any("labels of an axis" in note for note in digitize_pixels(picture, agrees).notes)


ROWS = (("Drug A", (120, 95, 53, 28, 9, 5, 0)), ("Placebo", (118, 75, 50, 15, 5, 1, 0)))


@pytest.mark.parametrize("dpi", [100, 150, 250])
@pytest.mark.parametrize("color", ["black", "tab:orange"])
def test_single_digits_of_a_risk_table(dpi, color):
    def design(axes):
        for text in axes.texts:
            text.set_color(color)

    drug, placebo = digitize_pixels(drawn(design, ROWS, dpi)).traces
    for trace, (label, counts) in zip((drug, placebo), ROWS, strict=True):
        assert (trace.label, trace.risk.time.tolist(), trace.risk.count.tolist()) == (label, list(range(0, 37, 6)), list(counts))


def test_words_under_the_axis_stay_words():
    def design(axes):
        axes.set_xlabel("Months since 1 of 2 randomizations")

    read = digitize_pixels(drawn(design, ROWS, dpi=150))
    assert read.time_unit == "month" and {"Months", "Placebo"} <= {text.string for text in read.texts}


# the shares at risk lie below both curves either way, and are the same at first
ALIKE = (("Drug A", (120, 90, 40, 20, 9, 4, 0)), ("Placebo", (120, 90, 41, 22, 11, 5, 0)))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_legend_tells_whose_numbers_are_at_risk_and_which_curve_a_name_is(swapped):
    blue, red = ("Placebo", "Drug A") if swapped else ("Drug A", "Placebo")

    def design(axes):
        axes.legend(axes.lines[::-1], [blue, red], loc="upper right")  # blue is the higher curve

    picture = drawn(design, ALIKE, dpi=150)
    read = digitize_pixels(picture)
    assert [trace.label for trace in read.traces] == [blue, red]
    assert [trace.risk.count[4] for trace in read.traces] == [dict(ALIKE)[name][4] for name in (blue, red)]
    assert any("by label" in note for note in read.notes)
    for names in (("Drug A", "Placebo"), ("Placebo", "Drug A")):  # in whatever order they are typed
        named = digitize_pixels(picture, Hints(arms=tuple((name, None) for name in names)))
        assert [trace.label for trace in named.traces] == [blue, red]


def test_words_that_are_no_known_names_name_no_curve():
    def design(axes):
        axes.legend(axes.lines[::-1], ["Median 20 months", "Not reached"], loc="upper right")

    read = digitize_pixels(drawn(design, ALIKE, dpi=150))
    assert {trace.label for trace in read.traces} <= {"Drug A", "Placebo", "arm 1", "arm 2"}
    assert not any("by label" in note for note in read.notes)


def test_names_that_were_misread_go_to_the_colors_they_are_most_like_together():
    found = {"#1f77b4": {"Stage Il"}, "#d62728": {"Stage |"}, "#2ca02c": {"Stage Ill", "Observed"}}
    names = ["Stage", "Stage 11", "Stage III"]  # I is lost, II and III are read in other ways
    assert _known(found, names) == {"#d62728": "Stage", "#1f77b4": "Stage 11", "#2ca02c": "Stage III"}
    assert _known(found, ["Stage", "Stage", "Stage III"]) == {}  # two were read as one
    assert _known({"#1f77b4": {"Drug"}}, ["Drug A", "Drug B"]) == {}  # as much like the one as like the other
    assert _known({"#1f77b4": set()}, ["Drug A", "Drug B"]) == {}
