"""Two arms that drop in the same column of a picture drop at the same time.

The fit moved one of the drops by 0.004 of a pixel, which broke the tie: the hazard ratio of the leukemia figure became 0.197, not 0.208.
"""

from dataclasses import replace

import numpy as np
import pytest

from survrecon.digitize.figure import Hints
from survrecon.digitize.raster import digitize_pixels
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_ties import with_ties
from survrecon.digitize.raster_trace import Path, Steps

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


def curve(x: list[float], marks: list[float], end: float) -> Found:
    nothing, rows = np.zeros((9, 400), dtype=np.float32), np.zeros(2, dtype=np.int64)
    found = Found(0, Layer((0, 0, 0), nothing, nothing), Path(0, rows, rows, 0.0), Steps(np.array(x), np.arange(1.0, 1 + len(x)), end, 3.0))
    return replace(found, marks=np.array(marks))


def test_times_are_as_exact_as_they_were_read_but_for_ties():
    # rounded to a tenth of a pixel, drops at 210.04 and 210.06 were at two times, and all others 0.025 off on average
    one, other = with_ties([curve([3, 20.123, 210.04, 300], [20.05, 120.456], 300.08), curve([3, 210.06], [210.2, 333.34], 333.3)])
    assert one.steps.x == pytest.approx([3, 20.123, 210.05, 300])
    assert one.marks == pytest.approx([20.123, 120.456])  # the first is at the drop, as far as can be read
    assert one.steps.end == pytest.approx(300)  # a last drop
    assert other.steps.x == pytest.approx([3, 210.05])
    assert other.marks == pytest.approx([210.2, 333.34])
    assert other.steps.end == pytest.approx(333.34)  # a curve goes to its last mark
    level = curve([3], [5], 9)
    assert with_ties([level])[0].steps.x.tolist() == [3]
