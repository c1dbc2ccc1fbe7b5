"""Kaplan-Meier curves of made-up data drawn by matplotlib in many styles, as SVG and PDF: every vertex, mark and count comes back."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.figure
import matplotlib.ticker
import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.plotting import add_at_risk_counts

from survrecon.digitize.figure import Digitized, Hints
from survrecon.digitize.vector import digitize_pdf, digitize_svg
from survrecon.errors import FigureError

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
LABELS = ("arm A", "arm B", "arm C", "arm D")
BOTH = ("svg", "pdf")


def subjects(n: int, scale: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Times in days, a little before the end of the day, so that none is at a tick; who had the event."""
    rng = np.random.default_rng(seed)
    event, censoring = rng.weibull(1.1, n) * scale, rng.uniform(6, 36, n)
    return np.ceil(np.minimum(event, censoring) * 30) / 30 - 0.01, event <= censoring


ARMS = [subjects(n, scale, seed) for seed, (n, scale) in enumerate([(150, 30), (140, 18), (100, 22), (60, 45)])]


def product_limit(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners of the curve, its height after each, and the times of censoring."""
    times = np.unique(time[event])
    after = np.cumprod([1 - np.sum(time[event] == t) / np.sum(time >= t) for t in times])
    last = [] if time.max() == times[-1] else [time.max()]
    return np.array([0, *times, *last]), np.array([1, *after, *after[-1:][: len(last)]]), np.unique(time[~event])


CURVES = [product_limit(*arm) for arm in ARMS]


def height(curve: tuple[np.ndarray, np.ndarray, np.ndarray], at: np.ndarray) -> np.ndarray:
    return curve[1][np.searchsorted(curve[0], at, side="right") - 1]


def draw(axes, arms=2, colors=COLORS, styles=("-",) * 4, marker="|", scale=1.0, failure=False, labels=LABELS, **how):
    for curve, color, style, label in zip(CURVES[:arms], colors, styles, labels, strict=False):
        side = (lambda s: 1 - s) if failure else (lambda s: s)
        axes.step(curve[0], scale * side(curve[1]), where="post", color=color, linestyle=style, label=label, **how)
        if marker:
            axes.plot(curve[2], scale * side(height(curve, curve[2])), marker, color=color, markersize=5, markerfacecolor="none")


def new(**size):
    canvas = matplotlib.figure.Figure(**size)
    return canvas, canvas.subplots()


def read(canvas, folder: Path, kind: str, **hints) -> Digitized:
    path = folder / f"figure.{kind}"
    with matplotlib.rc_context({"path.simplify": False, "svg.fonttype": "none"}):
        canvas.savefig(path)
    return (digitize_pdf if kind == "pdf" else digitize_svg)(path, Hints(**hints))


def check(figure: Digitized, arms=2, failure=False, marks=True, labels=LABELS, until=99.0):
    """Every curve is one of the arms', in this order, vertex by vertex; so are its marks."""
    assert [trace.label for trace in figure.traces] == list(labels[:arms])
    for trace, curve in zip(figure.traces, CURVES, strict=False):
        corners = [(t, s) for t, s in zip(curve[0], curve[1], strict=True) if t <= until]
        expected = [(0.0, 1.0), *(point for (t, s), before in zip(corners[1:], curve[1], strict=False) for point in ((t, before), (t, s)))]
        found = np.column_stack([trace.time, 1 - trace.survival if failure else trace.survival])
        for point in expected:
            assert np.abs(found - point).sum(axis=1).min() < 2e-6, point
        assert found[-1, 0] <= until + 2
        shown = curve[2][curve[2] <= until] if marks else np.array([])
        if marks:
            assert trace.censor_times[: shown.size] == pytest.approx(shown, abs=2e-6)
        assert marks or trace.censor_times is None
        assert not trace.doubts


@pytest.mark.parametrize("kind", BOTH)
def test_four_arms_told_apart_by_dashes_with_grid_and_inward_ticks(kind, tmp_path):
    canvas, axes = new()
    draw(axes, 4, ("black",) * 4, ("-", "--", ":", "-."), scale=100, marker="+")
    axes.grid(True)
    axes.tick_params(direction="in", top=True, right=True)
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter())
    axes.set_xlabel("Time (months)")
    axes.legend()
    figure = read(canvas, tmp_path, kind)
    check(figure, 4)
    assert (figure.percent, figure.time_unit, figure.orientation, figure.kind) == (True, "month", "survival", "vector")


@pytest.mark.parametrize("kind", BOTH)
def test_black_solid_curves_share_their_marks_rightly(kind, tmp_path):
    """All in one color and style: the marks are told by the order in which they were drawn."""
    canvas, axes = new()
    draw(axes, 2, ("black",) * 2)
    check(read(canvas, tmp_path, kind), labels=("arm 1", "arm 2"))


def test_letters_drawn_as_outlines_but_named_in_comments(tmp_path):
    canvas, axes = new()
    draw(axes)
    axes.legend()
    with matplotlib.rc_context({"path.simplify": False, "svg.fonttype": "path"}):
        canvas.savefig(tmp_path / "figure.svg")
    check(digitize_svg(tmp_path / "figure.svg", Hints()))


@pytest.mark.parametrize("kind", BOTH)
def test_rising_curves_with_circles(kind, tmp_path):
    canvas, axes = new()
    draw(axes, failure=True, marker="o")
    axes.legend(loc="lower right")
    figure = read(canvas, tmp_path, kind)
    assert figure.orientation == "failure"
    check(figure, failure=True)


@pytest.mark.parametrize("kind", BOTH)
def test_truncated_axes_hide_what_is_beyond_them(kind, tmp_path):
    canvas, axes = new()
    draw(axes, marker="x")
    axes.set(xlim=(0, 12), ylim=(0.4, 1.0))
    axes.legend(loc="lower left")
    figure = read(canvas, tmp_path, kind)
    check(figure, until=11)
    assert max(trace.time[-1] for trace in figure.traces) <= 12.1
    assert any("cut at the frame" in note for note in figure.notes)


@pytest.mark.parametrize("kind", BOTH)
def test_lifelines_with_bands_and_its_table(kind, tmp_path):
    """Its rows of events and censored subjects are no numbers at risk; each arm's rows stand under its name."""
    canvas, axes = new(figsize=(7, 7))
    fits = [KaplanMeierFitter().fit(*arm, label=label) for arm, label in zip(ARMS[:2], LABELS, strict=False)]
    for fit in fits:
        fit.plot_survival_function(ax=axes, show_censors=True, ci_show=True)
    add_at_risk_counts(*fits, ax=axes, fig=canvas)
    canvas.subplots_adjust(bottom=0.45, left=0.2)
    figure = read(canvas, tmp_path, kind)
    check(figure)
    for trace, (time, _) in zip(figure.traces, ARMS, strict=False):
        assert trace.risk.count.tolist() == [np.sum(time >= tick) for tick in trace.risk.time]
        assert trace.risk.time.size >= 7


@pytest.mark.parametrize("color", ["black", COLORS[0]])
@pytest.mark.parametrize("style", ["-", "--"])
def test_confidence_limits_drawn_as_lines(color, style, tmp_path):
    canvas, axes = new()
    fit = KaplanMeierFitter().fit(*ARMS[0])
    draw(axes, 1, (color,), marker=None, labels=[None])
    for column in fit.confidence_interval_:
        axes.step(fit.confidence_interval_.index, fit.confidence_interval_[column], where="post", color=color, linestyle=style)
    figure = read(canvas, tmp_path, "svg")
    check(figure, 1, marks=False, labels=("arm 1",))
    assert figure.notes == ("2 confidence limits left out: they step only where a curve does",)


@pytest.mark.parametrize("kind", BOTH)
def test_curves_in_pieces(kind, tmp_path):
    canvas, axes = new()
    for time, survival, _ in CURVES[:2]:
        for k in range(len(time) - 1):
            axes.plot(time[k : k + 2], [survival[k]] * 2, color="black")
            axes.plot([time[k + 1]] * 2, survival[k : k + 2], color="black")
    axes.set_ylim(0, 1.05)
    check(read(canvas, tmp_path, kind), marks=False, labels=("arm 1", "arm 2"))


def test_curves_drawn_as_thin_areas(tmp_path):
    """A line 1.5 points thick turned into its outline: corners move by half of that, up and right, and down and left."""
    canvas, axes = new()
    axes.set(xlim=(0, 38), ylim=(0, 1.05))
    canvas.draw_without_rendering()
    for (time, survival, _), color in zip(CURVES[:2], COLORS, strict=False):
        corners = np.array([(t, s) for k in range(len(time) - 1) for t, s in ((time[k], survival[k]), (time[k + 1], survival[k]))])
        line = axes.transData.transform(corners)
        above, below = line + 0.75, line - 0.75
        for end in (0, -1):
            above[end, 0] = below[end, 0] = line[end, 0]
        axes.fill(*axes.transData.inverted().transform(np.vstack([above, below[::-1]])).T, color=color, linewidth=0)
    figure = read(canvas, tmp_path, "svg")
    assert [trace.color for trace in figure.traces] == list(COLORS[:2])
    for trace, (time, survival, _) in zip(figure.traces, CURVES, strict=False):
        assert trace.time[::2] == pytest.approx(time[:-1], abs=1e-4)
        assert trace.survival[::2] == pytest.approx(survival[:-1], abs=1e-4)


@pytest.mark.parametrize("kind", BOTH)
def test_names_in_color_guide_lines_and_notes_in_the_panel(kind, tmp_path):
    canvas, axes = new()
    draw(axes, labels=(None, None))
    axes.axhline(0.5, linestyle=":", color="gray")
    axes.plot([0, 12, 12], [0.5, 0.5, 0], linestyle="--", color="black")
    axes.text(25, 0.8, "arm A", color=COLORS[0])
    axes.text(25, 0.3, "arm B", color=COLORS[1])
    axes.text(3, 0.1, "HR 0.60 (0.44 to 0.81), p = 0.001")
    check(read(canvas, tmp_path, kind))


@pytest.mark.parametrize("kind", BOTH)
def test_ticks_for_the_censored_on_top_of_black_curves(kind, tmp_path):
    canvas, axes = new()
    draw(axes, colors=("black",) * 2, styles=("-", "--"), marker=None)
    for curve in CURVES[:2]:
        axes.vlines(curve[2], height(curve, curve[2]), height(curve, curve[2]) + 0.02, color="black", linewidth=0.6)
    axes.legend()
    check(read(canvas, tmp_path, kind))


def test_a_curve_of_its_horizontal_parts_middles_is_put_together_and_doubted(tmp_path):
    canvas, axes = new()
    draw(axes, 1)
    time, survival, _ = CURVES[1]
    for k in range(len(time) - 1):
        axes.plot(time[k] + (time[k + 1] - time[k]) * np.array([0.2, 0.8]), [survival[k]] * 2, color="#aa0000")
    sure, doubted = sorted(read(canvas, tmp_path, "svg").traces, key=lambda trace: len(trace.doubts))
    assert (sure.color, sure.doubts) == (COLORS[0], ())
    assert doubted.color == "#aa0000"
    assert "of its drops lie in gaps between its dashes, and were put in their middle" in doubted.doubts[0]


def test_dashes_that_make_no_curve_are_told(tmp_path):
    canvas, axes = new()
    draw(axes, 1)
    for time, survival in np.random.default_rng(1).uniform((1, 0), (30, 0.3), (40, 2)):
        axes.plot([time, time + 1], [survival, survival], color="#aa0000")
    (trace,) = read(canvas, tmp_path, "svg").traces
    assert any("in #aa0000 are on no curve: one that is drawn dash by dash may be missing" in doubt for doubt in trace.doubts)


@pytest.mark.parametrize("kind", BOTH)
def test_names_beside_black_curves(kind, tmp_path):
    canvas, axes = new()
    draw(axes, colors=("black",) * 2, styles=("-", "--"), labels=(None, None))
    for curve, label in zip(CURVES[:2], LABELS, strict=False):
        axes.text(20, height(curve, np.array([20.0]))[0] + 0.03, label)
    axes.text(1, 0.05, "Hazard ratio 0.60 (0.44-0.81)")
    check(read(canvas, tmp_path, kind))


@pytest.mark.parametrize("kind", BOTH)
def test_black_marks_on_curves_in_color(kind, tmp_path):
    """One of the curves is black too: the color of the marks says nothing."""
    canvas, axes = new()
    draw(axes, colors=("black", COLORS[0]), marker=None)
    for curve in CURVES[:2]:
        axes.plot(curve[2], height(curve, curve[2]), "|", color="black", markersize=6)
    axes.legend()
    check(read(canvas, tmp_path, kind))


@pytest.mark.parametrize("kind", BOTH)
def test_a_guess_about_the_risk_table_is_doubted(kind, tmp_path):
    """Two black curves that end alike: nothing but the censoring tells which row is whose."""
    canvas, axes = new()
    draw(axes, colors=("black",) * 2, styles=("-", "--"), labels=(None, None))
    axes.set(xticks=[0, 0.5, 1], xlim=(-0.05, 1.5))
    for row, (time, _) in enumerate(ARMS[:2]):
        for tick in (0, 0.5, 1):
            axes.text(tick, -0.2 - 0.07 * row, str(np.sum(time >= tick)), transform=axes.get_xaxis_transform(), ha="center")
        axes.text(-0.1, -0.2 - 0.07 * row, LABELS[row], transform=axes.get_xaxis_transform(), ha="right")
    canvas.subplots_adjust(bottom=0.35)
    figure = read(canvas, tmp_path, kind)
    assert all("is a guess" in trace.doubts[0] for trace in figure.traces)
    assert {trace.label for trace in figure.traces} == {"arm A", "arm B"}


@pytest.mark.parametrize("kind", BOTH)
def test_table_drawn_by_matplotlib_and_spines_set_apart(kind, tmp_path):
    canvas, axes = new()
    draw(axes)
    ticks = (0, 10, 20, 30)
    axes.set(xticks=ticks, yticks=np.linspace(0, 1, 5))
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_position(("outward", 10))
    cells = [[str(np.sum(time >= tick)) for tick in ticks] for time, _ in ARMS[:2]]
    axes.table(cells, rowLabels=LABELS[:2], loc="bottom", bbox=[-0.03, -0.45, 0.97, 0.2])
    canvas.subplots_adjust(bottom=0.4, left=0.2)
    axes.legend(frameon=False)
    check(read(canvas, tmp_path, kind))


@pytest.mark.parametrize("panel", [1, 4])
@pytest.mark.parametrize("kind", BOTH)
def test_one_of_four_panels(kind, panel, tmp_path):
    canvas = matplotlib.figure.Figure(figsize=(9, 8))
    for k, axes in enumerate(canvas.subplots(2, 2).flat, 1):
        draw(axes, 2 if k == panel else 1)
        axes.set(xlabel="Weeks" if k == panel else "Years")
        axes.legend()
    with pytest.raises(FigureError, match=r"curves in 4 panels; choose one with --panel \(1, 2, 3, 4\)"):
        read(canvas, tmp_path, kind)
    figure = read(canvas, tmp_path, kind, panel=panel)
    check(figure)
    assert figure.time_unit == "week"


def test_sloping_lines_are_doubted(tmp_path):
    canvas, axes = new()
    axes.plot(*CURVES[0][:2])
    (trace,) = read(canvas, tmp_path, "svg").traces
    assert trace.doubts == ("it is drawn with sloping lines, not steps; its drops are somewhere between its points",)
    assert trace.time == pytest.approx(CURVES[0][0], abs=1e-6)


def test_axes_without_ticks_are_doubted(tmp_path):
    canvas, axes = new()
    draw(axes)
    axes.tick_params(length=0)
    axes.set_yticks([0, 0.5, 1.0])
    figure = read(canvas, tmp_path, "svg")
    assert all("an axis has no ticks" in trace.doubts[0] for trace in figure.traces)
    assert figure.traces[0].survival[-1] == pytest.approx(CURVES[0][1][-1], abs=0.01)


def test_hints_win_over_what_is_read(tmp_path):
    canvas, axes = new()
    draw(axes)
    axes.legend()
    axes.set_axis_off()
    with pytest.raises(FigureError, match="no two axes with ticks and numbers were found; give --x-range"):
        read(canvas, tmp_path, "svg")
    left, bottom = axes.transData.transform((0, 0)) * 72 / canvas.dpi
    right, top = axes.transData.transform((30, 1)) * 72 / canvas.dpi
    height_of_page = canvas.get_figheight() * 72
    points = {"x_points": ((left, 0), (right, 30)), "y_points": ((height_of_page - bottom, 0), (height_of_page - top, 1))}
    check(read(canvas, tmp_path, "svg", **points))
    arms = (("second", "#D55E00"), ("first", "rgb(0, 114, 178)"))
    assert [trace.label for trace in read(canvas, tmp_path, "svg", arms=arms, **points).traces] == ["second", "first"]


def test_x_range_counts_from_the_first_tick_to_the_last(tmp_path):
    canvas, axes = new()
    draw(axes)
    axes.legend()
    axes.set_xticks([0, 10, 20, 30], ["start", "", "", "end"])
    check(read(canvas, tmp_path, "pdf", x_range=(0, 30)))


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        ((("a", None),), r"2 curves were found \(#0072b2, #d55e00\), but 1 arm was named"),
        ((("a", "#00ff00"),), "no curve is left for the arm 'a' in the color '#00ff00'"),
        ((("a", "#0072b2"), ("b", "#0072b2"), ("c", "#d55e00")), "no curve is left for the arm 'b'"),
        ((("a", "blurple"),), "has the color 'blurple'; give each arm one such as #0072b2"),
    ],
)
def test_arms_that_are_not_there(arms, message, tmp_path):
    canvas, axes = new()
    draw(axes)
    with pytest.raises(FigureError, match=message):
        read(canvas, tmp_path, "svg", arms=arms)


def test_arms_without_colors_are_in_the_order_of_their_areas(tmp_path):
    canvas, axes = new()
    draw(axes)
    figure = read(canvas, tmp_path, "svg", arms=(("long", None), ("short", None)))
    check(figure, labels=("long", "short"))


def test_fewer_arms_named_than_curves_are_those_with_censor_marks(tmp_path):
    canvas, axes = new()
    draw(axes)
    axes.step(CURVES[2][0], CURVES[2][1], where="post", color=COLORS[2])
    figure = read(canvas, tmp_path, "svg", arms=(("long", None), ("short", None)))
    check(figure, labels=("long", "short"))
    assert "1 more curve was found, for which no arm is named" in figure.notes


def test_logarithmic_axes_and_dates_are_refused(tmp_path):
    canvas, axes = new()
    draw(axes)
    axes.set_xticks([0, 10, 20, 30], ["2010", "2012", "2014", "2016"])
    with pytest.raises(FigureError, match="2010 to 2016 are dates"):
        read(canvas, tmp_path, "pdf")
    axes.set_xticks([0, 10, 20, 30])
    axes.set_yscale("log")
    for kind in BOTH:
        with pytest.raises(FigureError, match="logarithmic"):
            read(canvas, tmp_path, kind)
