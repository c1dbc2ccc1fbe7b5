"""Every second tick inside an axis was as good a row as all of them, where a curve touched one: times were 7/6 too long, silently."""

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
