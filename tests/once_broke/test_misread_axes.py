"""Axes whose ends were misread."""

import numpy as np
import pytest

from survrecon.digitize import raster_labels
from survrecon.digitize.axes import axis_through
from survrecon.digitize.figure import Hints, Text
from survrecon.digitize.raster_axes import Frame
from survrecon.digitize.raster_labels import contradictions, read_values, with_hidden_ticks
from survrecon.digitize.raster_ticks import Line, find_ticks
from survrecon.digitize.raster_view import View
from survrecon.errors import FigureError

TICKS = (51.0, 151.0, 251.0, 351.0, 451.0)


def axis_with_ticks(line, columns, rows, wide=2, width=600):
    """Ink of an axis line, and of ticks from some columns on, in these rows."""
    ink = np.zeros((200, width))
    ink[line.near : line.far, line.start : line.end] = 1
    for column in columns:
        ink[rows, column : column + wide] = 1
    return ink


def test_a_mark_that_prolongs_an_axis_hides_no_tick():
    """Ticks inside, one step of 180 pixels apart; that at 1 lies under a curve, whose mark reaches 13 pixels further."""
    line = Line(near=100, far=103, start=37, end=953)
    ink = axis_with_ticks(line, (230, 410, 590, 770, 950), slice(90, 100), wide=3, width=1000)
    ink[60:100, 37:63] = 1  # the curve beside the axis
    assert find_ticks(ink, line, outwards=1) == pytest.approx([51.5, 231.5, 411.5, 591.5, 771.5, 951.5], abs=0.5)


def test_a_curve_beside_an_axis_is_no_row_of_ticks():
    """Ticks inside, 5 pixels long and 100 apart; circles of a curve reach further, 4 and 5 pixels apart."""
    line = Line(near=100, far=102, start=20, end=521)
    ink = axis_with_ticks(line, (20, 120, 220, 320, 420, 520), slice(95, 100), wide=1)
    for column in (30, 34, 39):
        ink[90:100, column : column + 2] = 1
    assert find_ticks(ink, line, outwards=1) == pytest.approx([20.5, 120.5, 220.5, 320.5, 420.5, 520.5], abs=0.1)


@pytest.mark.parametrize("dark", [1.0, 0.4])
@pytest.mark.parametrize("outwards", [1, -1])
def test_a_mark_on_the_last_tick_hides_it_no_more(outwards, dark):
    """Ticks outside, 8 pixels long and 100 apart; on the last lies a circle of 30 pixels, as where all of a curve's first are censored.

    A bright red one is as dark as 0.4 of black.
    """
    line = Line(near=100, far=102, start=20, end=523)
    outside = slice(102, 110) if outwards > 0 else slice(92, 100)
    ink = axis_with_ticks(line, (20, 120, 220, 320, 420), outside)
    assert find_ticks(ink, line, outwards) == pytest.approx([21, 121, 221, 321, 421], abs=0.1)  # nothing is at 521
    ink[86:116, 506:536] = dark
    assert find_ticks(ink, line, outwards) == pytest.approx([21, 121, 221, 321, 421, 521], abs=0.1)


def test_marks_that_stick_out_of_an_axis_are_no_ticks_of_it():
    """Ticks inside, 8 pixels long and 100 apart; the first censored of a steep curve reach beyond the axis, 6 pixels apart."""
    line = Line(near=100, far=102, start=20, end=522)
    ink = axis_with_ticks(line, (20, 120, 220, 320, 420, 520), slice(92, 100))
    for column in (480, 486):
        ink[88:106, column : column + 2] = 1
    assert find_ticks(ink, line, outwards=1) == pytest.approx([21, 121, 221, 321, 421, 521], abs=0.1)


def test_every_second_tick_is_not_all_of_them():
    """Ticks inside, 100 apart; a curve hides that at 121, the other axis that at 521, and a guide line is at 41, 180 pixels before 221."""
    line = Line(near=100, far=102, start=20, end=521)
    ink = axis_with_ticks(line, (20, 220, 320, 420), slice(92, 100))
    assert find_ticks(ink, line, outwards=1) == pytest.approx([221, 321, 421, 521], abs=0.1)


def label(string, column, row):
    return Text(string, column - 10, row - 6, column + 10, row + 6)


def values_of(below, beside, clean=None):
    """Read a time axis along row 452, and a survival axis along column 50, with ticks 100 pixels apart from column and row 51."""
    frame = Frame(Line(451, 453, 50, 452), Line(49, 51, 50, 452), TICKS, TICKS[::-1])
    texts = [label(string, place, 470) for string, place in zip(below, TICKS, strict=False)]
    texts += [label(string, 30, place) for string, place in zip(beside, TICKS[::-1], strict=False)]
    view = View(np.full((500, 500, 3), 255, dtype=np.uint8), 0, 0, 1)
    return read_values(view, frame, Hints(), texts, "figure.png", clean)


@pytest.mark.parametrize(
    "labels", [("0.0", "0.25", "050", "0.75", "100"), ("0.0", "0·25", "", "75", "100"), ("000", "025", "050", "075", "100")]
)
def test_labels_that_lost_their_decimal_points(labels):
    # three of five were on a line from 0 to 100, or to 1000
    _, y = values_of(("0", "6", "12", "18", "24"), labels)
    assert dict(y.ticks) == pytest.approx(dict(zip(TICKS[::-1], (0, 0.25, 0.5, 0.75, 1), strict=True)))


def test_counts_below_an_axis_whose_labels_were_missed_are_not_its_labels(monkeypatch):
    # the row nearest to the axis was that of the numbers at risk; on their own, the labels are read
    clean = np.full((500, 500, 3), 255, dtype=np.uint8)
    counts, shares = ("80", "48", "37", "28", "9"), ("0.0", "0.25", "0.5", "0.75", "1.0")
    with pytest.raises(FigureError, match="80, 48, 37, 28, 9 do not lie on a straight line"):
        values_of(counts, shares)
    # read in a strip from column 10 and row 453 on, with 10 pixels added around it
    seen = [label(str(6 * i), 10 + place - 10, 10 + 470 - 453) for i, place in enumerate(TICKS)]
    monkeypatch.setattr(raster_labels, "read_texts", lambda pixels, **_: tuple(seen))
    x, _ = values_of(counts, shares, clean)
    assert float(x.value(251)) == pytest.approx(12, abs=0.5)


@pytest.mark.parametrize("outwards", [1, -1])
def test_ticks_inside_that_a_curve_touches_count(outwards):
    """Ticks inside, 8 pixels long and 100 apart; a steep curve touches that at 421, and hides that at 521, the end of the axis.

    Without these two, a range of 0 to 1 was put on 0 to 0.6.
    """
    line = Line(near=100, far=102, start=20, end=522)
    inside = slice(92, 100) if outwards > 0 else slice(102, 110)
    ink = axis_with_ticks(line, (20, 120, 220, 320, 420, 520), inside)
    ink[70:132, 500:522] = ink[70:94, 415:425] = ink[108:132, 415:425] = 1
    assert find_ticks(ink, line, outwards) == pytest.approx([21, 121, 221, 321, 421, 521], abs=0.5)


def test_a_curve_along_an_axis_adds_no_tick_beyond_its_end():
    """Ticks inside, 100 apart, the last 60 pixels before the end of the line: there is no place for one more, whatever lies there."""
    line = Line(near=100, far=102, start=20, end=480)
    ink = axis_with_ticks(line, (20, 120, 220, 320, 420), slice(92, 100))
    ink[90:100, 430:560] = 1
    assert find_ticks(ink, line, 1) == pytest.approx([21, 121, 221, 321, 421], abs=0.5)


def test_an_upright_title_is_cut_off_the_labels_beside_it():
    # JCO, 100 dpi: 0.8 was read as 208, with the p of the title before it, and the axis was refused
    clean = np.full((100, 60, 3), 255, dtype=np.uint8)
    for row in (10, 40, 70):
        for column in (28, 36, 41):  # digits of a label are as close as the point between them
            clean[row : row + 9, column : column + 6] = 0
    assert raster_labels._without_title(clean, (0, 0, 60, 100)) == (0, 0, 60, 100)
    clean[20:80, 8:18] = 0
    assert raster_labels._without_title(clean, (0, 0, 60, 100)) == (27, 0, 60, 100)


def test_a_row_of_labels_that_is_read_as_no_block_is_read_word_by_word(monkeypatch):
    # 300 dpi, labels far apart: of 0, 6, ... 54 tesseract made one 0, and the axis was refused
    seen = [label(str(6 * i), place, 27) for i, place in enumerate(TICKS)]
    monkeypatch.setattr(raster_labels, "read_texts", lambda pixels, block=False, **_: () if block else tuple(seen))
    x, _ = values_of(("0", "", "", "", ""), ("0.0", "0.25", "0.5", "0.75", "1.0"), np.full((500, 500, 3), 255, dtype=np.uint8))
    assert float(x.value(251)) == pytest.approx(12, abs=0.5)


@pytest.mark.parametrize(("last", "wrong"), [(24.0, False), (21.0, True)])
def test_a_wrong_range_is_told_by_labels_that_are_read_on_their_own_only(last, wrong, monkeypatch):
    # as in a plot by R, whose single digits were missed in the whole picture: 0 to 7 was taken where the labels say 0 to 8
    clean = np.full((500, 500, 3), 255, dtype=np.uint8)
    frame = Frame(Line(451, 453, 50, 452), Line(49, 51, 50, 452), TICKS, TICKS[::-1])
    axes = axis_through((51, 0), (451, last), TICKS), axis_through((451, 0), (51, 1), TICKS)
    seen = [label(str(6 * i), 10 + place - 10, 10 + 470 - 453) for i, place in enumerate(TICKS)]
    monkeypatch.setattr(raster_labels, "read_texts", lambda pixels, **_: tuple(seen))
    told = contradictions(frame, Hints(x_range=(0, last)), [], axes, clean)
    assert told == (["the labels of an axis say 0 to 24 where the range that was given says 0 to 21"] if wrong else [])
    assert contradictions(frame, Hints(x_range=(0, last)), [], axes) == []


def test_a_hidden_last_tick_is_added_where_the_labels_say_that_the_range_ends_there():
    # the tick at survival 1 lay under a circle: the range from 0 to 1 was put on the other four
    left = Line(49, 51, 50, 452)
    frame = Frame(Line(451, 453, 50, 452), left, TICKS, TICKS[:0:-1])
    texts = [label(f"{share:.2f}", 30, place) for share, place in zip((0, 0.25, 0.5, 0.75), TICKS[:0:-1], strict=True)]
    seen = with_hidden_ticks(frame, Hints(y_range=(0, 1)), texts, "figure.png")
    assert seen.y_ticks == pytest.approx(TICKS[::-1])
    assert seen.x_ticks == TICKS
    # as it was where the labels say nothing, or agree with the ticks that are seen, or no range is given
    for hints, words in ((Hints(y_range=(0, 1)), []), (Hints(y_range=(0, 0.75)), texts), (Hints(), texts)):
        assert with_hidden_ticks(frame, hints, words, "figure.png") == frame


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.25, 0.4, 0.5, 0.75, 0.9])
def test_ticks_are_where_they_are_within_a_pixel(shift):
    # 1.4 pixels wide and 100 apart: the mean of pixels weighted by their ink is up to 0.07 pixels beside their middles
    line = Line(near=100, far=102, start=20, end=523)
    ink = axis_with_ticks(line, (), slice(0))
    edges = np.arange(600)
    for column in (20, 120, 220, 320, 420):
        covered = np.clip(np.minimum(edges + 1, column + shift + 1.4) - np.maximum(edges, column + shift), 0, 1)
        ink[102:110] = np.maximum(ink[102:110], covered)
    middles = np.array([20, 120, 220, 320, 420]) + shift + 0.7
    assert find_ticks(ink, line, 1) == pytest.approx(middles, abs=0.01)


def test_labels_far_below_an_axis_are_read_as_one_line():
    # as in a plot by R, whose labels begin 36 pixels below the axis: only their upper halves were in the strip that was read
    clean = np.full((300, 400, 3), 255, dtype=np.uint8)
    clean[136:150, 50:60] = clean[136:150, 250:260] = clean[180:195, 100:300] = 0  # labels, and the title
    assert raster_labels._one_line(clean, (20, 100, 380, 140)) == (20, 133, 380, 153)
    assert raster_labels._one_line(clean, (20, 200, 380, 240)) == (20, 200, 380, 240)  # nothing there
