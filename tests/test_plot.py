"""Figures: what is drawn equals what was worked by hand, and nothing that is written covers anything else."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from survrecon._lettering import results
from survrecon._placement import free_spot, gap, label_spots, nice_ticks, spaced, step_boxes, thin_ticks
from survrecon.data import IPD, Arm, Curve, Reconstruction, Residuals, RiskRow
from survrecon.errors import PlotError, StudyFileError
from survrecon.plot import COLORS, TICK_SPACING, plot_km, plot_residuals, save_figure
from survrecon.reanalysis import reanalyze
from survrecon.results import Analysis, Comparison, Estimate, TestResult

# Six subjects, worked by hand: S falls to 5/6 at 1; at 3 with four at risk to 5/6 * 3/4 = 5/8; at 4 with three
# at risk to 5/8 * 2/3 = 5/12; at 6 with one at risk to 0. Censored at 2 and 5.
SIX = IPD([1, 2, 3, 4, 5, 6], [1, 0, 1, 1, 0, 1], "drug")
SIX_STEPS = [(0, 1), (1, 5 / 6), (3, 5 / 8), (4, 5 / 12), (6, 0), (6, 0)]
SIXTY = "Docetaxel 75 mg/m2 every 3 weeks plus nintedanib 200 mg bid"
DOSES = (6, 10, 17, 28, 70)


def weibull(label: str, scale: float, n: int = 60, shape: float = 1.0, seed: int = 1) -> IPD:
    """Simulated subjects, followed for 20 to 40 months."""
    rng = np.random.default_rng(seed)
    time, censored = scale * rng.weibull(shape, n), rng.uniform(20, 40, n)
    return IPD(np.minimum(time, censored), time <= censored, label)


def rebuilt(ipd: IPD, risk: tuple[tuple[float, int], ...] = (), reading: tuple[float, float] | None = None) -> Reconstruction:
    """A reconstruction made by hand: two digitized points, the second 0.025 lower, and printed counts."""
    arm = Arm(ipd.label, ipd.n, Curve([0, 3], [1, 0.6], "probability", "survival", reading))
    rows = tuple(RiskRow(time, printed, int(np.sum(ipd.time >= time))) for time, printed in risk)
    residuals = Residuals(np.array([0, 3]), np.array([0, 0.025]), 0.025 / 2**0.5, 0.025, 3)
    return Reconstruction(arm, ipd, "by hand", residuals=residuals, risk=rows)


def curves(ax):
    return [line for line in ax.get_lines() if line.get_drawstyle() == "steps-post"]


def marked(ax, marker):
    return [line for line in ax.get_lines() if line.get_marker() == marker]


def written(ax):
    """What stands in and around the axes: each text with its box in pixels."""
    figure = ax.figure.canvas.figure
    for _ in range(2 if figure.get_layout_engine() else 1):  # constrained layout settles in the second round
        figure.draw_without_rendering()
    texts = [text for text in ax.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent()) for text in texts]


def words(ax):
    return [text.get_text() for text, _ in written(ax)]


def counts(ax):
    """The rows of the risk table from the top: text and place on the time axis of each count."""
    found = [(box.y0, box.x0, (box.x0 + box.x1) / 2, text.get_text()) for text, box in written(ax) if isinstance(text, Annotation)]
    found = sorted((-round(y), left, middle, text) for y, left, middle, text in found if text.strip("()").isdigit())
    rows = [list(row) for _, row in itertools.groupby(found, key=lambda cell: cell[0])]
    return [[(text, float(ax.transData.inverted().transform((middle, 0))[0])) for _, _, middle, text in row] for row in rows]


def check_nothing_overlaps(*axes):
    """No text covers another one, a curve, a digitized point, or other axes; the whole is inside a figure of its own size."""
    boxes = [(text.get_text(), box.extents, ax) for ax in axes for text, box in written(ax)]
    for (one, box, _), (other, with_box, _) in itertools.combinations(boxes, 2):
        apart = box[2] <= with_box[0] or with_box[2] <= box[0] or box[3] <= with_box[1] or with_box[3] <= box[1]
        assert apart, f"{one!r} and {other!r} overlap"
    for ax in axes:
        drawn = [step_boxes(*ax.transData.transform(line.get_xydata()).T) for line in curves(ax)]
        points = [np.tile(ax.transData.transform(line.get_xydata()), 2) for line in marked(ax, "o")]
        for text, box, own in boxes:
            if own is not ax:
                assert gap(tuple(box), np.array([ax.bbox.extents])) > 0, f"{text!r} is in other axes"
            elif box[1] > ax.bbox.y0:
                assert gap(tuple(box), np.vstack([*drawn, *points])) > 0, f"{text!r} covers a curve"


def test_the_curve_is_the_kaplan_meier_estimate():
    (line,) = curves(plot_km([SIX]))
    assert line.get_label() == "drug"
    assert np.allclose(line.get_xydata(), SIX_STEPS)


def test_percent():
    ax = plot_km([SIX], percent=True)
    assert np.allclose(curves(ax)[0].get_ydata(), [100 * survival for _, survival in SIX_STEPS])
    assert ax.get_ylim() == (0, 100)
    assert ax.get_ylabel() == "Survival (%)"


@pytest.mark.parametrize("arms", [1, 2, 3, 5, 7])
def test_one_curve_for_each_arm_each_with_its_own_look(arms):
    ax = plot_km([weibull(f"arm {i}", 5 + 5 * i) for i in range(arms)])
    looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in curves(ax)}
    assert [line.get_label() for line in curves(ax)] == [f"arm {i}" for i in range(arms)]
    assert len(looks) == arms
    if arms <= 5:  # in gray too
        assert len({dashes for _, dashes in looks}) == arms


def test_colors_are_dark_enough_on_white():
    # WCAG 2.1, success criterion 1.4.11: contrast of graphics at least 3 to 1, (1 + 0.05) / (luminance + 0.05).
    for color in COLORS:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
        assert 1.05 / (np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05) >= 3


def test_axes_start_at_zero_and_end_as_asked():
    high = weibull("high", 900)
    ax = plot_km([high])
    assert ax.get_ylim() == (0, 1)
    assert ax.get_xlim()[0] == 0
    assert ax.get_xlim()[1] >= high.time[-1]
    ax = plot_km([high], y_min=0.9, x_max=12, time_unit="month", title="High", y_label="Alive")
    assert ax.get_ylim() == (0.9, 1)
    assert ax.get_xlim() == (0, 12)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title("left")) == ("Time (months)", "Alive", "High")


def test_censor_ticks_sit_on_the_curve():
    (ticks,) = marked(plot_km([SIX]), "|")
    assert np.allclose(ticks.get_xydata(), [(2, 5 / 6), (5, 5 / 12)])
    assert marked(plot_km([SIX], censor_ticks=False), "|") == []


def test_many_censor_ticks_are_thinned():
    ax = plot_km([IPD(np.linspace(0, 10, 10_000), np.zeros(10_000))])
    (ticks,) = marked(ax, "|")
    points = np.diff(ax.transData.transform(ticks.get_xydata())[:, 0]) * 72 / ax.figure.dpi
    assert points.min() > 0.999 * TICK_SPACING
    assert ticks.get_xdata().size > 50  # thinned, not left out


def test_digitized_points_are_those_read():
    assert np.allclose(marked(plot_km([rebuilt(SIX)]), "o")[0].get_xydata(), [(0, 1), (3, 0.6)])
    assert np.allclose(marked(plot_km([rebuilt(SIX, reading=(0.98, 0.61))], percent=True), "o")[0].get_ydata(), [98, 61])
    assert marked(plot_km([rebuilt(SIX)], points=False), "o") == marked(plot_km([SIX]), "o") == []


def test_counts_stand_under_their_ticks():
    # At risk at 0, 1, 2, ... with times 1 to 6: 6, 6, 5, 4, 3, 2, 1. Of the control's times 0.5, 2, 2, 7, four are
    # at or after 0, three at or after 1 and 2, one at or after 3 to 7.
    ax = plot_km([SIX, IPD([0.5, 2, 2, 7], [1, 1, 0, 0], "control")])
    drug, control = counts(ax)
    assert [text for text, _ in drug] == ["6", "6", "5", "4", "3", "2", "1", "0"]
    assert [text for text, _ in control] == ["4", "3", "3", "1", "1", "1", "1", "1"]
    assert np.allclose([at for _, at in drug], range(8), atol=0.01)
    assert np.allclose(ax.get_xticks(), range(8))
    named = {text.get_text(): text for text, box in written(ax) if box.x1 < ax.bbox.x0 and isinstance(text, Annotation)}
    assert list(named) == ["No. at risk", "drug", "control"]
    assert named["control"].get_color() != named["drug"].get_color()


def test_printed_counts_in_parentheses_where_they_differ():
    ax = plot_km([rebuilt(SIX, ((0, 6), (2, 5), (4, 2), (6, 1)))])
    ours, printed = counts(ax)
    assert [text for text, _ in ours] == ["6", "5", "3", "1"]
    assert [text for text, _ in printed] == ["(2)"]
    assert np.allclose([at for _, at in ours], [0, 2, 4, 6], atol=0.01)
    assert printed[0][1] == pytest.approx(4, abs=0.01)
    assert any("In parentheses: as printed" in text for text in words(ax))
    assert not any("parentheses" in text for text in words(plot_km([rebuilt(SIX, ((0, 6), (4, 3)))])))


def test_ticks_are_the_times_asked_for():
    ax = plot_km([SIX], risk_times=[0, 1.5, 6])
    assert counts(ax) == [[("6", pytest.approx(0, abs=0.01)), ("5", pytest.approx(1.5, abs=0.01)), ("1", pytest.approx(6, abs=0.01))]]
    assert ax.get_xticks().tolist() == [0, 1.5, 6]


def test_too_many_printed_times_are_thinned():
    ipd = weibull("drug", 30)
    times = np.arange(0, 40, 2)
    ax = plot_km([rebuilt(ipd, tuple((float(time), int(np.sum(ipd.time >= time))) for time in times))], time_unit="month")
    assert ax.get_xticks().tolist() == times[::2].tolist()


def test_printed_times_that_end_early_are_not_the_ticks():
    assert plot_km([rebuilt(SIX, ((0, 6), (1, 6)))]).get_xticks()[-1] == 6


def test_without_risk_table():
    assert counts(plot_km([SIX], risk_table=False)) == []


DRAWN = {
    "two": [weibull("drug", 20), weibull("placebo", 10, seed=2)],
    "five": [weibull(f"dose {scale}", scale, seed=scale) for scale in DOSES],
    "five that cross": [weibull(f"dose {i}", 16 + i, seed=i) for i in range(5)],
    "long labels": [weibull(SIXTY, 20), weibull(SIXTY.replace("200", "100"), 12)],
    "five long labels": [weibull(f"{SIXTY} {scale}", scale, seed=scale) for scale in DOSES],
    "crossing": [weibull("immunotherapy", 14, shape=0.6), weibull("chemotherapy", 14, shape=1.8)],
    "tiny": [SIX, IPD([0.5, 1.5, 2.5, 2.5, 4.5], [1, 1, 1, 0, 1], "control")],
    "huge": [weibull("statin", 30, 10_000), weibull("placebo", 24, 1000)],
    "S reaches 0": [IPD(np.arange(1, 41), np.ones(40), "one"), IPD(np.arange(1, 41) / 2, np.ones(40), "two")],
    "no events": [IPD([3, 8], [0, 0], "nobody"), IPD([2, 9], [0, 0], "nobody either")],
    "days": [IPD(100 * weibull("", 20).time, np.ones(60), "screened"), IPD(90 * weibull("", 10).time, np.ones(60), "not screened")],
    "near 1": [weibull("vaccine", 400), weibull("placebo", 300, seed=2)],
    "reconstructions": [
        rebuilt(weibull("palbociclib-letrozole", 20), tuple((float(time), 50 - time) for time in range(0, 34, 3))),
        rebuilt(weibull("placebo-letrozole", 10), tuple((float(time), 40 - time) for time in range(0, 34, 3))),
    ],
}


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_that_is_written_covers_anything(name):
    items = DRAWN[name]
    ax = plot_km(items, analysis=reanalyze(items, items[0].label), time_unit="month", title=f"{name}: a title")
    check_nothing_overlaps(ax)
    text = "\n".join(words(ax)).replace("\n", " ")
    assert "Hazard ratio" in text
    for item in items:
        assert item.label in text
    boxes = np.array([box.extents for _, box in written(ax)])
    assert boxes.min() >= 0
    assert np.all(boxes[:, 2:].max(axis=0) <= ax.figure.bbox.size)


@pytest.mark.parametrize("layout", [None, "tight", "constrained"])
def test_in_a_grid_each_plot_keeps_to_its_place(layout):
    axes = Figure(figsize=(12, 12 if layout is None else 6), layout=layout).subplots(1 if layout else 2, 2)
    for ax, name in zip(axes.flat, ["five", "long labels", "two", "crossing"][: axes.size], strict=True):
        items = DRAWN[name]
        assert plot_km(items, ax, analysis=reanalyze(items, items[0].label), title=name) is ax
    check_nothing_overlaps(*axes.flat)


def test_residuals_in_a_grid_beside_curves():
    axes = Figure(figsize=(12, 5)).subplots(1, 2)
    items = DRAWN["reconstructions"]
    assert plot_km(items, axes[0]) is axes[0]
    assert plot_residuals(items, axes[1], title="Residuals") is axes[1]
    check_nothing_overlaps(*axes)


def comparison(arm, value, p=0.03, level=0.95):
    none = Estimate(None)
    hr = Estimate(value, value and 0.0912, value and 1.5, level)
    return Comparison(arm, "placebo", hr, None, TestResult(1, p), {}, none, none, None, None, (), TestResult(1, p))


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0009, "p < 0.001"), (0.0042, "p = 0.004"), (0.0312, "p = 0.03"), (0.994, "p = 0.99"), (0.996, "p > 0.99"), (None, "not estimable")],
)
def test_results_of_two_arms(p, text):
    analysis = Analysis((), (comparison("drug", 0.58),), "placebo", TestResult(1, p))
    assert results(analysis) == f"Hazard ratio vs placebo\n0.58 (95% CI 0.09 to 1.50)\nLog-rank {text}"


def test_results_of_three_arms_and_of_none():
    pairs = (comparison("low", 0.7, level=0.9967), comparison("high", None, level=0.9967))
    lines = ["Hazard ratio (99.67% CI) vs placebo", "low: 0.70 (0.09 to 1.50)", "high: not estimable", "Log-rank p = 0.02"]
    assert results(Analysis((), pairs, "placebo", TestResult(1, 0.02))).split("\n") == lines
    assert results(Analysis(())) == results(None) == ""


def test_results_stand_in_a_corner_without_curves():
    low = plot_km(DRAWN["two"], analysis=reanalyze(DRAWN["two"], "placebo"))
    high = plot_km(DRAWN["near 1"], analysis=reanalyze(DRAWN["near 1"], "placebo"))
    for ax, right, top in ((low, True, True), (high, False, False)):
        (box,) = [box for text, box in written(ax) if text.get_text().startswith("Hazard ratio")]
        middle = ax.transAxes.inverted().transform((box.extents[:2] + box.extents[2:]) / 2)
        assert ((middle > 0.5) == (right, top)).all()


def test_labels_are_direct_where_they_fit_and_else_a_legend():
    assert plot_km(DRAWN["two"]).get_legend() is None
    same = [IPD(SIX.time, SIX.event, label) for label in ("one", "two", "three")]
    assert [text.get_text() for text in plot_km(same).get_legend().get_texts()] == ["one", "two", "three"]


def test_residuals():
    ax = plot_residuals([SIX, rebuilt(SIX)], percent=True, title="Fit")
    zero, line = ax.get_lines()
    assert np.all(np.asarray(zero.get_ydata()) == 0)
    assert np.allclose(line.get_xydata(), [(0, 0), (3, 2.5)])
    assert line.get_label() == "drug (RMSE 1.8)"  # sqrt((0 + 2.5^2) / 2) = 1.77
    assert "drug (RMSE 1.8)" in words(ax)
    assert ax.get_ylim() == pytest.approx((-2.75, 2.75))


@pytest.mark.parametrize("extension", ["png", "svg", "PNG"])
def test_a_saved_figure_is_the_same_each_time(tmp_path, extension):
    items = [rebuilt(SIX, ((0, 6), (4, 2)))]
    paths = [tmp_path / "new" / f"{i}.{extension}" for i in range(3)]
    ax = plot_km(items)
    assert [save_figure(what, path) for what, path in zip((ax, ax.figure, plot_km(items)), paths, strict=True)] == paths
    first, *others = (path.read_bytes() for path in paths)
    assert all(other == first for other in others)
    assert first[:4] == (b"<?xm" if extension == "svg" else b"\x89PNG")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in paths)


@pytest.mark.parametrize("name", ["figure.gif", "figure", "figure.pdf"])
def test_other_extensions_are_refused(tmp_path, name):
    with pytest.raises(PlotError, match=r"\.png or \.svg"):
        save_figure(plot_km([SIX]), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_that_cannot_be_written(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StudyFileError, match="cannot be written"):
        save_figure(plot_km([SIX]), tmp_path / "taken" / "figure.png")


def test_pyplot_knows_nothing_of_our_figures():
    plot_km([SIX])
    plot_residuals([rebuilt(SIX)])
    assert plt.get_fignums() == []
    script = """
import sys
from survrecon.plot import plot_km
loaded = "matplotlib" in sys.modules
from survrecon.data import IPD
plot_km([IPD([1, 2], [1, 0])])
print(loaded, "matplotlib.pyplot" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True).stdout == "False False\n"


def test_axes_of_pyplot():
    figure, ax = plt.subplots()
    try:
        assert plot_km([SIX], ax) is ax
        assert plt.get_fignums() == [figure.number]
    finally:
        plt.close(figure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colors": ["red"]}, "1 colors for 2 arms"),
        ({"colors": ["red", "reddish"]}, "'reddish' is not a color"),
        ({"x_max": 0}, "x_max = 0 must be"),
        ({"x_max": np.inf}, "x_max = inf must be"),
        ({"y_min": 1}, "y_min = 1 must be"),
        ({"risk_times": [0, np.nan]}, "risk_times: nan"),
        ({"risk_times": [-1]}, "risk_times: -1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(PlotError, match=message):
        plot_km([SIX, SIX], **options)


def test_nothing_to_draw():
    with pytest.raises(PlotError, match="nothing to draw"):
        plot_km([])
    with pytest.raises(PlotError, match="no residuals"):
        plot_residuals([SIX])


def test_round_ticks():
    assert nice_ticks(33, "month", 4).tolist() == [0, 6, 12, 18, 24, 30]
    assert nice_ticks(110, "week", 12).tolist() == [0, 12, 24, 36, 48, 60, 72, 84, 96, 108]
    assert nice_ticks(4000, "day", 400).tolist() == [0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000]
    assert nice_ticks(0.8, "month", 0.09).tolist() == pytest.approx(np.arange(9) / 10)


def test_thinning():
    assert thin_ticks(np.array([0, 1, 2, 12, 24.0]), 1.5).tolist() == [0, 2, 24]
    assert thin_ticks(np.array([0.0]), 9).tolist() == [0]
    assert spaced(np.array([]), 1).tolist() == []
    assert spaced(np.array([1e9, 1e9 + 1]), 1e-9).tolist() == [1e9, 1e9 + 1]  # a distance below rounding


def test_room_for_a_block():
    frame, top_right = (0, 0, 100, 100), np.array([[90.0, 90.0, 95.0, 95.0]])
    assert free_spot((30, 10), frame, np.empty((0, 4)), 2) == (70, 90, 100, 100)
    assert free_spot((30, 10), frame, top_right, 2) == (0, 0, 30, 10)
    assert free_spot((101, 10), frame, np.empty((0, 4)), 2) is None
    assert free_spot((30, 10), frame, np.array([[0, 0, 100, 100.0]]), 2) is None


def test_labels_beside_two_curves():
    high, low = (np.array([0.0, 100.0]), np.array([90.0, 90.0])), (np.array([0.0, 100.0]), np.array([30.0, 30.0]))
    above, below = label_spots([(20, 8), (20, 8)], [high, low], (0, 0, 100, 100), np.empty((0, 4)), 2)
    assert abs((above[1] + above[3]) / 2 - 90) < abs((above[1] + above[3]) / 2 - 30)
    assert abs((below[1] + below[3]) / 2 - 30) < abs((below[1] + below[3]) / 2 - 90)
    assert label_spots([(20, 8), (20, 8)], [high, high], (0, 0, 100, 100), np.empty((0, 4)), 2) is None


def test_labels_keep_off_what_is_there():
    curve, frame, spots = (np.array([0.0, 100.0]), np.array([50.0, 50.0])), (0, 0, 100, 100), []
    for _ in range(8):  # each label in its turn is an obstacle to the next
        (spot,) = label_spots([(20, 8)], [curve], frame, np.array(spots).reshape(-1, 4), 2)
        assert gap(spot, np.array(spots).reshape(-1, 4)) >= 1
        assert gap(spot, step_boxes(*curve)) >= 2
        spots.append(spot)
