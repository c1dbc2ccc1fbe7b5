"""In a large picture, the line under dense ticks was taken to be as thick as their block, though another line was seen alone for long."""

from types import SimpleNamespace

import numpy as np

from survrecon.digitize.raster_lines import _thicknesses


def test_of_a_large_picture_the_line_that_is_seen_for_longer_tells_how_thick_lines_are():
    # 173:15: three curves under ticks, lines of 4 pixels, with as much ink as this; the steepest started 0.11 too low
    own = np.zeros((686, 1108), dtype=np.float32)
    seen = [(8.36, 151.9), (6.47, 243.6), (4.05, 918.2)]
    found = [
        SimpleNamespace(steps=SimpleNamespace(thickness=size), path=SimpleNamespace(gain=gain), ink=SimpleNamespace(own=own))
        for size, gain in seen
    ]
    assert _thicknesses(found) == [4.05]
