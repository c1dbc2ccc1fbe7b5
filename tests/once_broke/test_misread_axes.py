"""Axes whose ends were misread."""

import numpy as np
import pytest

from survrecon.digitize.raster_ticks import Line, find_ticks


def test_a_mark_that_prolongs_an_axis_hides_no_tick():
    """Ticks inside, one step of 180 pixels apart; that at 1 lies under a curve, whose mark reaches 13 pixels further."""
    ink = np.zeros((200, 1000))
    line = Line(near=100, far=103, start=37, end=953)
    ink[line.near : line.far, line.start : line.end] = 1
    for column in (230, 410, 590, 770, 950):
        ink[90:100, column : column + 3] = 1
    ink[60:100, 37:63] = 1  # the curve beside the axis
    assert find_ticks(ink, line, outwards=1) == pytest.approx([51.5, 231.5, 411.5, 591.5, 771.5, 951.5], abs=0.5)


def test_a_curve_beside_an_axis_is_no_row_of_ticks():
    """Ticks inside, 5 pixels long and 100 apart; circles of a curve reach further, 4 and 5 pixels apart."""
    ink = np.zeros((200, 600))
    line = Line(near=100, far=102, start=20, end=521)
    ink[line.near : line.far, line.start : line.end] = 1
    for column in (20, 120, 220, 320, 420, 520):
        ink[95:100, column] = 1
    for column in (30, 34, 39):
        ink[90:100, column : column + 2] = 1
    assert find_ticks(ink, line, outwards=1) == pytest.approx([20.5, 120.5, 220.5, 320.5, 420.5, 520.5], abs=0.1)


@pytest.mark.parametrize("dark", [1.0, 0.4])
@pytest.mark.parametrize("outwards", [1, -1])
def test_a_mark_on_the_last_tick_hides_it_no_more(outwards, dark):
    """Ticks outside, 8 pixels long and 100 apart; on the last lies a circle of 30 pixels, as where all of a curve's first are censored.

    A bright red one is as dark as 0.4 of black.
    """
    ink = np.zeros((200, 600))
    line = Line(near=100, far=102, start=20, end=523)
    ink[line.near : line.far, line.start : line.end] = 1
    outside = slice(102, 110) if outwards > 0 else slice(92, 100)
    for column in (20, 120, 220, 320, 420):
        ink[outside, column : column + 2] = 1
    assert find_ticks(ink, line, outwards) == pytest.approx([21, 121, 221, 321, 421], abs=0.1)  # nothing is at 521
    ink[86:116, 506:536] = dark
    assert find_ticks(ink, line, outwards) == pytest.approx([21, 121, 221, 321, 421, 521], abs=0.1)
