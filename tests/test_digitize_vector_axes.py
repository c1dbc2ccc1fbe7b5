"""Axes and risk tables from texts at known places; every expected number follows from the places given here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survrecon.data import RiskTable
from survrecon.digitize.axes import AxisError, axis_through, is_percent, number, read_axis, time_unit
from survrecon.digitize.figure import Axis, Text
from survrecon.digitize.labels import match_rows
from survrecon.digitize.risk_table import RiskRow, read_risk_rows

TICKS = (100.0, 200.0, 300.0, 400.0)
TIME = Axis(-10.0, 0.1, tuple((tick, tick / 10 - 10) for tick in TICKS), 100, 400)  # 0, 10, 20, 30


def word(string: str, x: float, y: float, color: str = "#000000", width: float | None = None) -> Text:
    """A text around a point, ten high, its letters six wide."""
    half = (6 * len(string) if width is None else width) / 2
    return Text(string, x - half, y - 5, x + half, y + 5, color=color)


def row(strings: str, y: float, color: str = "#000000") -> list[Text]:
    return [word(string, tick, y, color) for string, tick in zip(strings.split(), TICKS, strict=False) if string != "."]


@pytest.mark.parametrize(
    ("string", "value"),
    [("0.5", 0.5), (".5", 0.5), ("1.", 1), ("100%", 100), ("1 000", 1000), ("12,000", 12000), ("0,25", 0.25), ("0·9", 0.9), ("−3", -3)]
    + [("$\\mathdefault{10^{2}}$", 100), ("10^-1", 0.1), ("$\\mathdefault{20}$", 20)]
    + [(string, None) for string in ("", "months", "1-2", "1.2.3", "(0)", "p=0.5", "10^99999", "1e5", "1" * 30)],
)
def test_number(string, value):
    assert number(string) == value


@pytest.mark.parametrize(
    ("title", "unit"),
    [("Months", "month"), ("Time (mo)", "month"), ("Time in Days", "day"), ("Follow-up, yr", "year"), ("Weeks since start", "week")]
    + [("time", None), ("", None), ("Months (years)", None), ("Survival by day of month", None), ("Today", None)],
)
def test_time_unit(title, unit):
    assert time_unit(title) == unit


def test_axis_from_its_ticks_not_from_where_its_labels_stand():
    texts = [word(str(i), tick + 2.5, 60) for i, tick in zip((0, 6, 12, 18), TICKS, strict=True)]
    axis = read_axis(TICKS, texts, horizontal=True, line=50)
    assert axis.ticks == ((100, 0), (200, 6), (300, 12), (400, 18))
    assert float(axis.value(250)) == pytest.approx(9)


def test_the_row_next_to_the_axis_is_the_labels_and_one_misread_label_does_no_harm():
    texts = row("0 10 28 30", 60) + row("120 80 31 9", 90) + [word("Months", 250, 75)]
    axis = read_axis(TICKS, texts, horizontal=True, line=50)
    assert axis.ticks == ((100, 0), (200, 10), (400, 30))


def test_vertical_axis_with_minor_ticks_and_percent():
    texts = [Text(f"{value}%", 10, 298 - 2 * value, 30, 306 - 2 * value) for value in range(0, 101, 25)]
    axis = read_axis([302 - 2 * value for value in range(0, 101, 5)], texts, horizontal=False, line=40)
    assert len(axis.ticks) == 5
    assert float(axis.value(202)) == pytest.approx(50)
    assert is_percent(axis)


def test_axis_without_ticks_is_read_from_the_middles_of_its_labels():
    assert float(read_axis([], row("0 10 20 30", 60), horizontal=True).value(350)) == pytest.approx(25)


def test_no_axis():
    assert read_axis(TICKS, [word("Months", 100, 60)], horizontal=True) is None
    assert read_axis(TICKS, [word("5", 100, 60)], horizontal=True) is None


@pytest.mark.parametrize("labels", ["1 10 100 1000", "10^0 10^1 10^2 10^3", "0 1 5 20"])
def test_logarithmic_and_broken_axes_are_refused(labels):
    with pytest.raises(AxisError, match="straight line.*two points"):
        read_axis(TICKS, row(labels, 60), horizontal=True, line=50)


def test_dates_are_refused():
    with pytest.raises(AxisError, match="2010 to 2016 are dates"):
        read_axis(TICKS, row("2010 2012 2014 2016", 60), horizontal=True)


def test_axis_through_two_points():
    axis = axis_through((50, 0), (250, 60), ticks=(50, 150, 250))
    assert axis.ticks == ((50, 0), (150, 30), (250, 60))
    with pytest.raises(AxisError, match="do not span an axis"):
        axis_through((50, 0), (50, 60))


def test_risk_table_with_title_labels_events_and_its_own_tick_labels():
    texts = [
        *row("0 10 20 30", 60),
        word("Months", 250, 75),
        word("Number at risk", 60, 90),
        *[word("Arm", 20, 105, "#ff0000"), word("2", 45, 105, "#ff0000"), *row("120 80 31 9", 105)],
        *[word("Placebo", 30, 120), *row("1,118 70 - 3", 120)],
        *[word("Events", 30, 135), *row("0 7 9 9", 135)],
        *row("0 10 20 30", 150),
    ]
    first, second = read_risk_rows(texts, TIME, below=50)
    assert (first.label, first.color) == ("Arm 2", "#ff0000")
    assert (first.risk.time.tolist(), first.risk.count.tolist()) == ([0, 10, 20, 30], [120, 80, 31, 9])
    assert (second.label, second.color) == ("Placebo", "#000000")
    assert second.risk.count[[0, 1, 3]].tolist() == [1118, 70, 3]
    assert math.isnan(second.risk.count[2])


def test_risk_table_with_counts_in_parentheses_flush_left_and_between_the_labelled_ticks():
    axis = Axis(-10.0, 0.1, ((100, 0), (300, 20)), 100, 400)
    cells = [("60 (0)", 100), ("41 (12)", 200), ("9 (30)", 300), ("0 (33)", 400)]
    texts = [Text(string, x - 4, 100, x - 4 + 6 * len(string), 110) for string, x in cells]
    axis_between = Axis(-10.0, 0.1, ((100, 0), (200, 10), (300, 20)), 100, 400)
    rows = read_risk_rows(texts, axis_between, below=50)
    assert [(r.risk.time.tolist(), r.risk.count.tolist()) for r in rows] == [([0, 10, 20, 30], [60, 41, 9, 0])]
    assert read_risk_rows(texts, axis, below=50)[0].risk.time.tolist() == [0, 20]


def test_labels_that_share_their_text_with_the_first_count():
    """lifelines' add_at_risk_counts: a heading with the arm's name, then rows whose label and first count are one text."""
    texts = [word("KM_estimate", 40, 90), word("Censored 0", 91, 115), *row(". 1 2 3", 115)]
    texts += [Text("At risk 60", 46, 97, 106, 107), *row(". 41 9 2", 102)]
    (only,) = read_risk_rows(texts, TIME, below=50)
    assert (only.label, only.risk.time.tolist(), only.risk.count.tolist()) == ("KM_estimate", [0, 10, 20, 30], [60, 41, 9, 2])


def test_a_label_that_touches_the_first_count():
    (only,) = read_risk_rows([Text("Placebo171", 50, 97, 109, 107), *row(". 140 86 20", 102)], TIME, below=50)
    assert (only.label, only.risk.count.tolist()) == ("Placebo", [171, 140, 86, 20])


def test_a_row_that_is_one_text():
    """Twenty letters, 20 wide each: the counts' middles are at 140, 220, 300 and 380."""
    axis = Axis(-17.5, 0.125, ((140, 0), (220, 10), (300, 20), (380, 30)), 140, 380)
    (only,) = read_risk_rows([Text("drug  50  40  30  20", 0, 90, 400, 100)], axis, below=50)
    assert (only.label, only.risk.count.tolist()) == ("drug", [50, 40, 30, 20])


def test_a_count_that_cannot_be_true_is_left_out_with_a_doubt():
    (only,) = read_risk_rows(row("120 80 131 9", 90), TIME, below=50)
    assert only.risk.count[[0, 1, 3]].tolist() == [120, 80, 9]
    assert math.isnan(only.risk.count[2])
    assert only.doubts == ("number at risk 131 at 20 left out: the numbers before and after it cannot both be true with it",)


def test_numbers_far_below_are_no_part_of_the_table():
    assert len(read_risk_rows(row("120 80 31 9", 90) + row("99 44 22 11", 300), TIME, below=50)) == 1


@pytest.mark.parametrize(
    ("labels", "colors", "row_colors", "found"),
    [
        (("", ""), ("#ff0000", "#0000ff"), ("#0000f0", "#ff1010"), ((1, 0), "color")),
        (("", ""), ("#ff0000", "#0000ff"), ("#000000", "#000000"), ((1, 0), "counts")),  # 0.5 at risk cannot be of the curve at 0.2
        (("b", "a"), ("#000000", "#000000"), ("#000000", "#000000"), ((1, 0), "label")),
    ],
)
def test_rows_find_their_curves(labels, colors, row_colors, found):
    tables = (RiskTable([0, 10], [99, 9]), RiskTable([0, 10], [90, 45]))
    rows = [RiskRow(name, color, table) for name, color, table in zip("ab", row_colors, tables, strict=True)]
    time = np.array([0, 5, 5, 12.0])
    assert match_rows(labels, colors, [(time, np.array([1, 1, low, low])) for low in (0.6, 0.2)], rows) == found
