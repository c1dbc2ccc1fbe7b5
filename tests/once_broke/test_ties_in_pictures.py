"""Two arms that drop in the same column of a picture drop at the same time.

The fit moved one of the drops by 0.004 of a pixel, which broke the tie: the hazard ratio of the leukemia figure became 0.197, not 0.208.
"""

import numpy as np

from survrecon.digitize.figure import Hints
from survrecon.digitize.raster import digitize_pixels

RED, BLUE = (200, 30, 30), (0, 114, 178)


def test_drops_in_one_column_are_at_one_time():
    # columns 50 to 450 are times 0 to 10, rows 50 to 250 survival 1 to 0; lines 3 pixels thick drop at column 210, time 4, both
    pixels = np.full((300, 500, 3), 255, dtype=np.uint8)
    pixels[50:251, 50] = pixels[250, 50:451] = 0
    for place in range(50, 451, 40):
        pixels[250:256, place] = 0
    for place in range(50, 251, 40):
        pixels[place, 44:50] = 0
    for color, levels in ((RED, (50, 90, 130)), (BLUE, (50, 120, 200))):
        for (row, after), (left, right) in zip(zip(levels, levels[1:], strict=False), ((51, 210), (210, 300)), strict=True):
            pixels[row - 1 : row + 2, left : right + 2] = color
            pixels[row - 1 : after + 2, right - 1 : right + 2] = color
        pixels[levels[-1] - 1 : levels[-1] + 2, 300:420] = color
    read = digitize_pixels(pixels, Hints(x_range=(0, 10), y_range=(0, 1), arms=(("a", None), ("b", None))))
    one, other = (set(trace.time[1:][-np.diff(trace.survival) > 0.1].tolist()) for trace in read.traces)
    assert len(one) == 2
    assert one == other
