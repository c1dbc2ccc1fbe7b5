"""Curves off pixels: figures painted by hand with heights that follow by counting, and figures drawn by matplotlib."""

import io

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image

from survrecon.digitize.figure import Hints
from survrecon.digitize.raster import digitize_pixels
from survrecon.errors import FigureError

RED, BLUE, BLACK = (200, 30, 30), (30, 60, 200), (0, 0, 0)
RANGES = {"x_range": (0.0, 10.0), "y_range": (0.0, 1.0)}
TWO = (("high", None), ("low", None))

FINE = 0.001 / 200  # a thousandth of a pixel of the survival axis, as painted here

def sheet():
    """A white sheet with axes whose middles are at column 50.5 and row 250.5, and ticks every 40 columns and 20 rows.

    Time t is at column 50.5 + 40 t, survival s at row 250.5 - 200 s.
    """
    pixels = np.full((300, 500, 3), 255, dtype=np.uint8)
    pixels[50:251, 50] = 0
    pixels[250, 50:471] = 0
    for i in range(11):
        pixels[250:256, 50 + 40 * i] = 0
        pixels[250 - 20 * i, 45:51] = 0
    return pixels


def paint(pixels, steps, color, end, thickness=3, dash=None):
    """Paint a line of odd thickness and with round corners along steps: (column, row) of the pixel in its middle where each begins."""
    reach, before = thickness // 2, pixels.copy()
    for (column, row), (following, deeper) in zip(steps, [*steps[1:], (end, steps[-1][1])], strict=True):
        across = np.arange(column - reach, following + reach + 1)
        if dash:
            across = across[across % sum(dash) < dash[0]]
        pixels[row - reach : row + reach + 1, across] = color
        pixels[row - reach : deeper + reach + 1, following - reach : following + reach + 1] = color if deeper > row else pixels[
            row - reach : deeper + reach + 1, following - reach : following + reach + 1
        ]
    away = np.arange(0.5 + 1 / 40, thickness / 2, 1 / 20)  # within the corner, in twentieths of a pixel
    inside = away[:, None] ** 2 + away**2 < (thickness / 2) ** 2
    share = inside.reshape(reach, 20, reach, 20).mean(axis=(1, 3))[:, :, None]
    for (_, row), (column, deeper) in zip(steps, steps[1:], strict=False):
        upper = slice(row - 1, row - reach - 1, -1), slice(column + 1, column + reach + 1)
        lower = slice(deeper + 1, deeper + reach + 1), slice(column - 1, column - reach - 1, -1)
        for corner in (upper, lower):
            pixels[corner] = np.round(share * pixels[corner] + (1 - share) * before[corner])


def at(trace, times):
    return trace.survival[np.searchsorted(trace.time, times, side="right") - 1]


def test_a_painted_curve_is_read_to_the_pixel():
    # rows 50, 90, 150, 230 are survival (250 - row) / 200 = 1, 0.8, 0.5, 0.1; columns 50, 130, 250, 370 are times 0, 2, 5, 8
    pixels = sheet()
    paint(pixels, [(50, 50), (130, 90), (250, 150), (370, 230)], RED, end=430)
    read = digitize_pixels(pixels, Hints(**RANGES))
    (trace,) = read.traces
    assert trace.color == "#c81e1e" and trace.label == "arm 1" and trace.censor_times is None
    # drops of 0.2, 0.3 and 0.4, each 0.4 of a pixel off in a line 380 pixels long: the root of 0.4 (0.04 + 0.09 + 0.16) / 380 is 0.0175
    assert len(trace.doubts) == 1 and "0.018" in trace.doubts[0]
    assert at(trace, [1, 3, 6, 9]) == pytest.approx([1, 0.8, 0.5, 0.1], abs=FINE)
    drops = trace.time[1:-1][np.diff(trace.survival)[:-1] < -0.01]
    assert drops == pytest.approx([2, 5, 8], abs=0.6 / 40)
    assert float(read.x.value(50.5)) == pytest.approx(0) and float(read.y.value(150.5)) == pytest.approx(0.5)
    assert (read.kind, read.percent, read.orientation) == ("raster", False, "survival")
    assert read.resolution == pytest.approx((1 / 40, 1 / 200))


def test_heights_between_pixels_come_from_gray_edges():
    # a line from row 89.75 to 92.75 covers a quarter of row 89, rows 90 and 91, and three quarters of row 92: its middle is 91.25
    pixels = sheet()
    paint(pixels, [(50, 50)], RED, end=130)
    for row, share in ((89, 0.25), (90, 1), (91, 1), (92, 0.75)):
        pixels[row, 129:430] = np.round(255 - share * (255 - np.array(RED)))
    pixels[49:93, 129:132] = RED
    (trace,) = digitize_pixels(pixels, Hints(**RANGES)).traces
    assert at(trace, [5]) == pytest.approx([(250.5 - 91.25) / 200], abs=0.0005)


def test_percent_and_two_points_of_an_axis():
    # columns 50.5 and 450.5 are said to be times 0 and 20, rows 250.5 and 50.5 are 0% and 100%
    pixels = sheet()
    paint(pixels, [(50, 50), (250, 150)], RED, end=430)
    hints = Hints(x_points=((50.5, 0), (450.5, 20)), y_points=((250.5, 0), (50.5, 100)))
    read = digitize_pixels(pixels, hints)
    assert read.percent and at(read.traces[0], [3, 15]) == pytest.approx([1, 0.5], abs=FINE)
    assert read.traces[0].time[-1] == pytest.approx(19, abs=0.1)  # column 430.5, give or take half the line


def test_two_colors_cross_and_names_follow_the_areas():
    # red falls to 0.5 at time 2 and stays, blue falls to 0.8 at 4 and to 0.2 at 6: areas to time 9.5 are 5.75 and 6.3
    pixels = sheet()
    paint(pixels, [(50, 50), (130, 150)], RED, end=430)
    paint(pixels, [(50, 50), (210, 90), (290, 210)], BLUE, end=430)
    high, low = digitize_pixels(pixels, Hints(**RANGES, arms=TWO)).traces
    assert (high.label, high.color, low.label, low.color) == ("high", "#1e3cc8", "low", "#c81e1e")
    assert at(high, [3, 5, 8]) == pytest.approx([1, 0.8, 0.2], abs=0.003)
    assert at(low, [1, 3, 5, 8]) == pytest.approx([1, 0.5, 0.5, 0.5], abs=0.003)


def test_given_colors_name_the_curves():
    pixels = sheet()
    paint(pixels, [(50, 50), (130, 150)], RED, end=430)
    paint(pixels, [(50, 50), (210, 90)], BLUE, end=430)
    traces = digitize_pixels(pixels, Hints(**RANGES, arms=(("drug", "firebrick"), ("placebo", "#2244cc")))).traces
    assert {trace.label: trace.color for trace in traces} == {"drug": "#c81e1e", "placebo": "#1e3cc8"}
    with pytest.raises(FigureError, match="'bleu' is no color"):
        digitize_pixels(pixels, Hints(**RANGES, arms=(("drug", "bleu"), ("placebo", "red"))))


def test_two_black_curves_are_told_by_their_dashes():
    pixels = sheet()
    paint(pixels, [(50, 50), (130, 90), (290, 130)], BLACK, end=430)
    paint(pixels, [(50, 50), (90, 130), (250, 210)], BLACK, end=430, dash=(12, 6))
    high, low = digitize_pixels(pixels, Hints(**RANGES, arms=TWO)).traces
    assert at(high, [1, 3, 8]) == pytest.approx([1, 0.8, 0.6], abs=0.005)
    assert at(low, [3, 8]) == pytest.approx([0.6, 0.2], abs=0.005)


def test_a_grid_and_a_box_are_no_curves():
    pixels = sheet()
    pixels[50:250:40, 50:471] = 215
    pixels[50:250, 90:471:80] = 215
    pixels[40, 50:471] = pixels[40:251, 470] = pixels[40:251, 50] = 0
    paint(pixels, [(50, 50), (130, 90), (250, 150)], RED, end=430)
    (trace,) = digitize_pixels(pixels, Hints(**RANGES, arms=(("one", None),))).traces
    assert trace.color == "#c81e1e" and at(trace, [1, 3, 6]) == pytest.approx([1, 0.8, 0.5], abs=0.003)


def test_a_band_is_no_curve_and_moves_none():
    pixels = sheet()
    for first, last, row in ((51, 130, 50), (130, 250, 90), (250, 430, 150)):
        pixels[max(row - 25, 40) : row + 25, first:last] = (244, 210, 210)
    paint(pixels, [(50, 50), (130, 90), (250, 150)], RED, end=430)
    (trace,) = digitize_pixels(pixels, Hints(**RANGES)).traces
    assert at(trace, [1, 3, 6]) == pytest.approx([1, 0.8, 0.5], abs=0.003)


def test_censor_marks_are_found_and_move_nothing():
    # ticks 13 pixels high and 1 wide at columns 90, 170, 190, 330: times 1, 3, 3.5, 7
    pixels = sheet()
    paint(pixels, [(50, 50), (130, 90), (250, 150)], RED, end=430)
    for column, row in ((90, 50), (170, 90), (190, 90), (330, 150)):
        pixels[row - 6 : row + 7, column] = RED
    (trace,) = digitize_pixels(pixels, Hints(**RANGES)).traces
    assert trace.censor_times == pytest.approx([1, 3, 3.5, 7], abs=0.02)
    assert at(trace, [1, 3.2, 7]) == pytest.approx([1, 0.8, 0.5], abs=FINE)


def test_the_last_drop_to_the_axis_belongs_to_the_curve_and_a_mark_at_the_end_does_not():
    # down to row 249 just above the axis at column 330, time 7; in the other, a tick of 13 pixels ends the curve at 0.8
    down, mark = sheet(), sheet()
    paint(down, [(50, 50), (130, 90)], RED, end=330)
    down[89:250, 329:332] = RED
    paint(mark, [(50, 50), (130, 90)], RED, end=330)
    mark[84:97, 329] = RED
    (falls,), (ends,) = (digitize_pixels(pixels, Hints(**RANGES)).traces for pixels in (down, mark))
    assert falls.survival[-1] == pytest.approx(0, abs=0.011) and falls.time[-1] == pytest.approx(7, abs=0.02)
    assert at(falls, [6.9]) == pytest.approx([0.8], abs=FINE)
    assert ends.survival[-1] == pytest.approx(0.8) and ends.censor_times[-1] == pytest.approx(7, abs=0.03)


def test_a_rising_curve_is_a_failure_curve():
    # the same steps upside down: rows 250 - (row - 50)
    pixels = sheet()
    falling = np.full_like(pixels, 255)
    paint(falling, [(50, 50), (130, 90), (250, 150)], RED, end=430)
    drawn = (falling != 255).any(axis=2)[50:249][::-1]
    pixels[51:250][drawn] = RED
    read = digitize_pixels(pixels, Hints(**RANGES))
    assert read.orientation == "failure"
    assert at(read.traces[0], [3, 6]) == pytest.approx([0.2, 0.5], abs=0.006)


def test_a_part_of_the_picture_keeps_the_files_positions():
    pixels = sheet()
    paint(pixels, [(50, 50), (250, 150)], RED, end=430)
    page = np.full((700, 1100, 3), 255, dtype=np.uint8)
    page[100:400, 50:550] = page[100:400, 600:1100] = pixels
    second = digitize_pixels(page, Hints(**RANGES, panel=2))
    boxed = digitize_pixels(page, Hints(**RANGES, bbox=(590, 90, 1100, 410)))
    for read in (second, boxed):
        assert float(read.x.value(650.5)) == pytest.approx(0) and float(read.y.value(150.5)) == pytest.approx(1)
        assert at(read.traces[0], [3, 8]) == pytest.approx([1, 0.5], abs=FINE)


def test_a_large_picture_is_reduced_and_says_so():
    pixels = sheet()
    paint(pixels, [(50, 50), (250, 150)], RED, end=430)
    large = np.kron(pixels, np.ones((8, 8, 1), dtype=np.uint8))  # 2400 x 4000
    read = digitize_pixels(large, Hints(**RANGES))
    assert any("reduced to 1/2" in note for note in read.notes)
    assert float(read.x.value(8 * 50.5)) == pytest.approx(0, abs=1e-6)
    assert at(read.traces[0], [3, 8]) == pytest.approx([1, 0.5], abs=0.001)


def test_what_is_doubtful_says_so():
    pixels = sheet()
    paint(pixels, [(50, 50), (130, 90)], RED, end=430)
    pixels[85:95, 200:260] = 255  # no ink for 60 of 420 columns
    (trace,) = digitize_pixels(pixels, Hints(**RANGES, arms=(("one", "#c81e1e"),))).traces
    late = sheet()
    paint(late, [(50, 90), (250, 150)], RED, end=430)  # starts at 0.8
    (start,) = digitize_pixels(late, Hints(**RANGES)).traces
    short = sheet()
    paint(short, [(50, 50), (250, 150)], RED, end=430)
    missing = digitize_pixels(short, Hints(**RANGES, arms=(("a", None), ("b", None), ("c", None))))
    assert trace.doubts and "0.2" in start.doubts[0]
    assert all(trace.doubts for trace in missing.traces) and any("was not found" in note for note in missing.notes)


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        (Hints(x_range=(0, 10)), "--y-range"),
        (Hints(), "--x-range and --y-range"),
        (Hints(x_range=(10, 0), y_range=(0, 1)), "smaller one first"),
        (Hints(x_range=(0, 10), y_range=(1, 1)), "two different values"),
        (Hints(x_range=(0, float("nan")), y_range=(0, 1)), "x-range"),
        (Hints(**RANGES, panel=3), "panel 3"),
        (Hints(**RANGES, bbox=(0, 0, 10, 10)), "10 x 10"),
        (Hints(**RANGES, bbox=(0, 0, 10, float("inf"))), "--bbox"),
        (Hints(**RANGES), "no curve"),
    ],
)
def test_what_is_missing_is_named(hints, message):
    with pytest.raises(FigureError, match=message):
        digitize_pixels(sheet(), hints)


def test_a_blank_sheet_has_no_axes():
    with pytest.raises(FigureError, match="no axis lines"):
        digitize_pixels(np.full((300, 500, 3), 255, dtype=np.uint8), Hints(**RANGES))


def kaplan_meier(rng, n, scale):
    """Times and survival of a simulated arm: exponential events, uniform censoring."""
    event, censor = rng.exponential(scale, n), rng.uniform(6, 12, n)
    time = np.minimum(event, censor)
    order = np.argsort(time)
    survival = np.cumprod(1 - (event <= censor)[order] / np.arange(n, 0, -1))
    return np.concatenate([[0], time[order]]), np.concatenate([[1], survival])


def rmse(trace, time, survival):
    grid = np.linspace(0, time[-1], 20001)
    truth = survival[np.searchsorted(time, grid, side="right") - 1]
    return float(np.sqrt(np.mean((at(trace, np.maximum(grid, trace.time[0])) - truth) ** 2)))


@pytest.mark.parametrize(("dpi", "quality", "most"), [(200, None, 0.0035), (100, None, 0.006), (200, 60, 0.0045)])
def test_simulated_arms_drawn_by_matplotlib(dpi, quality, most):
    # limits: a drop of 1/120 is 4 pixels high at 200 dpi, and matplotlib moves each line by up to half a pixel
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rng = np.random.default_rng(7)
    arms = [kaplan_meier(rng, 120, scale) for scale in (12.0, 5.0)]
    figure = Figure(figsize=(6, 4.5))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for (time, survival), color in zip(arms, ("tab:blue", "tab:red"), strict=True):
        axes.step(time, survival, where="post", color=color, linewidth=1.4, label=color)
    axes.set(xlim=(0, 12), ylim=(0, 1.05), xticks=range(0, 13, 2))
    axes.legend(frameon=False)
    file = io.BytesIO()
    figure.savefig(file, dpi=dpi)
    picture = Image.open(file).convert("RGB")
    if quality:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        picture = Image.open(file)
    read = digitize_pixels(np.asarray(picture), Hints(x_range=(0, 12), y_range=(0, 1), arms=TWO))
    for trace, arm in zip(read.traces, arms, strict=True):
        assert rmse(trace, *arm) < most
        assert trace.time[-1] == pytest.approx(arm[0][-1], abs=0.05)
