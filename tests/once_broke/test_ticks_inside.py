"""Ticks inside an axis: fewer than all of them made as long a row, so that times were 7/6 and survival twice too long."""

import numpy as np
import pytest

from survrecon.digitize.raster_ticks import Line, find_ticks


def test_a_curve_that_touches_one_tick_leaves_all_others_in_the_row():
    # as in 179:4: eight ticks, the first on the other axis, one under a curve's last drop
    ink = np.zeros((60, 400))
    ink[50, 10:326] = ink[:51, 10] = 1
    ink[44:50, 10 + 45 * np.arange(8)] = 1
    ink[20:50, 10 + 45 * 3] = 1
    assert find_ticks(ink, Line(50, 51, 10, 326)) == pytest.approx(10.5 + 45 * np.arange(8), abs=0.2)


def test_a_tick_that_is_shorter_by_some_pixels_is_one_of_the_row():
    # as in 181:1: six ticks, that at the top longer by a pixel, as a curve touches it, and one shorter; three made the axis
    ink = np.zeros((400, 60))
    ink[10:321, 10] = ink[320, 10:] = 1
    for place, length in zip(15 + 61 * np.arange(5), (6, 5, 5, 4, 5), strict=True):
        ink[place, 11 : 11 + length] = 1
    assert find_ticks(ink.T, Line(10, 11, 10, 321), outwards=-1) == pytest.approx(15.5 + 61 * np.arange(6), abs=0.2)
