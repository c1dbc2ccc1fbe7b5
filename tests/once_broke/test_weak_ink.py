"""A gray pixel may be black mixed with white: its ink counted for less, lines of it seemed thinner, and their levels lay a quarter off."""

import numpy as np
import pytest
from painting import painted

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_found import measured
from survrecon.digitize.raster_lines import read_lines
from survrecon.digitize.raster_trace import follow

X, Y, END, THICKNESS = [3.0, 40.0, 71.3, 120.6], [20.3, 31.9, 45.2, 60.7], 180.0, 4.2


@pytest.mark.parametrize("share", [1.0, 0.79, 0.6])  # the second is what was left of #7f7f7f beside black
def test_lines_of_weak_ink_are_as_thick_and_where_they_are(share):
    shown = painted(X, Y, END, THICKNESS, (80, 200)).astype(np.float32)
    layer = Layer((127, 127, 127), np.float32(share) * shown, 1 - shown)
    (line,) = read_lines([measured(0, layer, follow(layer.own, layer.blank, 3, Y[0], THICKNESS))], Y[0])
    assert line.steps.thickness == pytest.approx(THICKNESS, abs=0.02)
    assert line.steps.x == pytest.approx(X, abs=0.02)
    assert line.steps.y == pytest.approx(Y, abs=0.02)
