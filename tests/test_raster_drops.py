"""Drops of a curve: one for each vertical stroke, where its ink has its middle."""

import numpy as np
import pytest
from painting import painted

from survrecon.digitize.raster_drops import from_start, to_last_mark, whole_drops
from survrecon.digitize.raster_trace import Steps


def test_two_parts_of_one_stroke_become_its_drop():
    ink = painted([5, 30.25], [8, 28], 50, 3)
    parts = Steps(np.array([5.0, 29.5, 31.5]), np.array([8.0, 20.0, 28.0]), 50.0, 3.0)
    whole = whole_drops(parts, ink)
    assert whole.x == pytest.approx([5, 30.25], abs=1e-3)
    assert whole.y == pytest.approx([8, 28])


def test_two_strokes_stay_two_drops():
    ink = painted([5, 29, 31], [8, 18, 28], 50, 3)
    parts = Steps(np.array([5.0, 29.0, 31.0]), np.array([8.0, 18.0, 28.0]), 50.0, 3.0)
    assert whole_drops(parts, ink).x == pytest.approx([5, 29, 31], abs=0.01)


def test_a_low_drop_keeps_its_area():
    # a third of the drop 0.45 pixels before the rest: together at 29.9 + 0.3
    parts = Steps(np.array([5.0, 29.9, 30.35]), np.array([8.0, 8.5, 9.5]), 50.0, 3.0)
    whole = whole_drops(parts, painted([5, 30.2], [8, 9.5], 50, 3))
    assert whole.x == pytest.approx([5, 30.2])
    assert whole.y == pytest.approx([8, 9.5])


def test_a_steep_descent_stays_many_drops():
    x, y = np.arange(10.0, 30.0), np.arange(5.0, 25.0)
    steep = whole_drops(Steps(x, y, 40.0, 3.0), painted(list(x), list(y), 40, 3))
    assert steep.x.size == x.size


def test_a_curve_starts_at_one_unless_its_ink_does_not():
    def first(*y, second=20.0):
        return from_start(Steps(np.array([0.0, second]), np.array(y), 50.0, 3.0), 10.0).y[0]

    assert first(11.2, 30.0) == 10  # less than two pixels off
    assert first(16.0, 30.0, second=3.0) == 10  # shorter than the line is thick
    assert first(16.0, 30.0) == 16


@pytest.mark.parametrize(
    # a line of 3 pixels that ends at column 50 with the right arm, 6 long, of a mark at 44.5
    ("last", "deeper", "drawn", "end"),
    [
        (44.5, 8.0, 8.0, 44.5),
        (44.5, 9.0, 9.0, 44.5),  # the arm's lower edge is no drop
        (44.5, 20.0, 20.0, 50.0),  # but this is one
        (44.5, 20.0, 8.0, 44.5),  # unless it has no ink: a line fitted behind a cross fell by 0.03, at the end of each of four curves
        (30.0, 8.0, 8.0, 50.0),  # the line goes on after the mark
    ],
)
def test_a_mark_at_the_end_ends_the_curve_in_its_middle(last, deeper, drawn, end):
    ink = painted([5, 47], [8, drawn], 50, 3)
    steps = to_last_mark(Steps(np.array([5.0, 47.0]), np.array([8.0, deeper]), 50.0, 3.0), np.array([20.0, last]), 6.0, ink)
    assert steps.end == end and steps.x[-1] <= end
    assert steps.y[-1] == (deeper if end == 50 else 8)
