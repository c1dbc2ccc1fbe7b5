"""The drop that a curve ends with: it was lost where another curve runs across it, and put ten columns early."""

import numpy as np
import pytest

pytest.importorskip("skimage")
from painting import painted

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_curves import find_curves
from survrecon.digitize.raster_drops import to_last_mark
from survrecon.digitize.raster_lines import read_lines
from survrecon.digitize.raster_trace import Steps


def test_a_last_drop_behind_another_curve_goes_on():
    # a line 3 pixels thick falls from row 20 to 40 at column 60, and at column 150 below the plot; at row 70 another one is in front
    own = painted([3.0, 60.0, 150.0], [20.0, 40.0, 130.0], 150.0, 3.0, (120, 200)).astype(np.float32)
    blank = 1 - own
    own[69:72], blank[69:72] = 0, 0
    (line,) = read_lines(find_curves([Layer((0, 0, 0), own, blank)], 3, 20.0, 1), 20.0)
    assert line.steps.x == pytest.approx([3, 60, 150], abs=0.2)
    assert line.steps.y[:2] == pytest.approx([20, 40], abs=0.2)
    assert line.steps.y[2] >= 120


def test_a_tall_drop_right_after_the_last_mark_is_none_of_its_arms():
    # a line 3 pixels thick falls at column 47, from row 8 to 28; a mark of 6 pixels to each side was seen at column 44
    x, y = [5.0, 47.0], [8.0, 28.0]
    steps = to_last_mark(Steps(np.array(x), np.array(y), 50.0, 3.0), np.array([44.0]), 6.0, painted(x, y, 50.0, 3.0))
    assert (steps.x.tolist(), steps.y.tolist(), steps.end) == (x, y, 50.0)
