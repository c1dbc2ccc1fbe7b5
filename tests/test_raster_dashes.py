"""Dash patterns in pictures: curves painted pixel by pixel with dashes counted along them."""

import numpy as np
import pytest

pytest.importorskip("PIL")

from survrecon.digitize.figure import Hints
from survrecon.digitize.raster import digitize_pixels
from survrecon.digitize.raster_dashes import Pattern, coherent_patterns, shown_patterns, tuned
from survrecon.digitize.raster_thickness import line_thickness

RANGES = {"x_range": (0.0, 10.0), "y_range": (0.0, 1.0)}
START = (60, 50)
# rows where each column is reached: 50 is survival 1, 450 is 0; 60 columns are a unit of time, from column 60
HIGH = [(60, 50), (130, 74), (205, 110), (270, 138), (351, 170), (452, 210), (560, 250)]
LOW = [(60, 50), (101, 90), (166, 154), (232, 226), (300, 282), (377, 330), (489, 370)]
CROSSING = [(60, 50), (178, 58), (240, 98), (291, 190), (360, 246), (431, 294), (520, 342)]
END = 640


def sheet():
    """A white sheet with axes: time t is in the middle of column 60 + 60 t, survival s in that of row 450 - 400 s."""
    pixels = np.full((520, 720, 3), 255, dtype=np.uint8)
    pixels[50:451, 60] = 0
    pixels[450, 60:661] = 0
    for i in range(11):
        pixels[450:457, 60 + 60 * i] = 0
        pixels[450 - 40 * i, 53:61] = 0
    return pixels


def course(steps, end=END):
    """Every pixel in the middle of the line, from the start on, and whether the line runs to the right there."""
    column, row = steps[0]
    for following, deeper in [*steps[1:], (end, steps[-1][1])]:
        for c in range(column, following):
            yield row, c, True
        for r in range(row, deeper):
            yield r, following, False
        column, row = following, deeper


def paint(pixels, steps, dash=(), end=END):
    """Paint a line three pixels thick; a dash begins at its start, and each pixel is one further along the pattern."""
    for place, (row, column, level) in enumerate(course(steps, end)):
        at, on = place % sum(dash) if dash else 0, True
        for number, length in enumerate(dash):
            if 0 <= at < length:
                on = number % 2 == 0
                break
            at -= length
        if on and level:
            pixels[row - 1 : row + 2, column] = 0
        elif on:
            pixels[row, column - 1 : column + 2] = 0


def read(pixels, count):
    names = [f"arm {number}" for number in range(count)]
    return digitize_pixels(pixels, Hints(**RANGES, arms=tuple((name, None) for name in names))).traces


def wrong(trace, steps):
    """Root mean square of the difference from what was painted, over time."""
    time = np.linspace(0, (END - 60) / 60, 5000)
    columns, rows = np.transpose(steps)
    true = (450 - rows[np.searchsorted((columns - 60) / 60, time, side="right") - 1]) / 400
    found = trace.survival[np.searchsorted(trace.time, np.maximum(time, trace.time[0]), side="right") - 1]
    return float(np.sqrt(np.mean((found - true) ** 2)))


def own_of(pixels):
    return (1 - pixels[:, :, 0] / np.float32(255)).astype(np.float32)


def test_the_share_of_a_pixel_is_what_its_cell_has_of_the_dashes():
    # dashes from 0 to 3 of each 5; the middles of pixels are at 0, 1, 2 and so on, and their cells reach half a pixel to either side
    assert Pattern((3.0, 2.0), 1.0).share(7) == pytest.approx([0.5, 1, 1, 0.5, 0, 0.5, 1])
    assert Pattern((), 1.0).share(3) == pytest.approx([1, 1, 1])
    # row 1 of column 0 is as far along as row 0 of column 1
    assert Pattern((3.0, 2.0), 1.0).expected((2, 3)).tolist() == [[0.5, 1, 1], [1, 1, 0.5]]


@pytest.mark.parametrize("dash", [(12, 6), (5, 4), (14, 4, 4, 4)])
def test_a_pattern_is_read_off_a_level_run_of_dashes(dash):
    pixels = np.full((200, 400, 3), 255, dtype=np.uint8)
    paint(pixels, [(20, 30), (301, 90)], dash, end=380)
    own = own_of(pixels)
    assert line_thickness(own, 1 - own, 20, 30.5) == 3
    found = shown_patterns(own, 3, 51)  # the middle of row 30 is at 30.5, that of column 20 at 20.5
    assert any(pattern.lengths == pytest.approx(dash, abs=0.15) for pattern in found)


def test_a_pattern_is_found_where_no_run_is_level_for_long():
    # a drop of 3 pixels after every 7: no two dashes of 9 with a gap of 5 are in one row
    pixels = np.full((420, 720, 3), 255, dtype=np.uint8)
    steps = [(20 + 7 * i, 30 + 3 * i) for i in range(90)]
    paint(pixels, steps, (9, 5), end=650)
    (found, *_) = coherent_patterns(own_of(pixels), 3, 51)
    assert found.period == pytest.approx(14, abs=0.05)
    assert found.lengths[0] == pytest.approx(9, abs=1.5)  # corners belong to two dashes


def test_the_length_of_a_pattern_is_exact_over_the_whole_curve():
    pixels = sheet()
    paint(pixels, HIGH, (12, 6))
    measured = tuned(Pattern((12.1, 6.1), 111.0), own_of(pixels))
    assert measured.period == pytest.approx(18, abs=0.02)


def test_three_black_curves_that_cross_are_told_by_their_dashes():
    pixels = sheet()
    paint(pixels, HIGH)
    paint(pixels, CROSSING, (12, 6))
    paint(pixels, LOW, (5, 4))
    errors = np.array([[wrong(trace, steps) for steps in (HIGH, CROSSING, LOW)] for trace in read(pixels, 3)])
    # drops of 8, 40, 92, 56, 48 and 48 of 400 pixels, each half a pixel off in 580: the root of 0.112 * 0.5 / 580 is 0.0098
    assert errors.min(axis=0).max() < 0.0098
    assert sorted(errors.argmin(axis=1)) == [0, 1, 2]


def test_dashes_and_dots_are_no_two_curves():
    pixels = sheet()
    paint(pixels, LOW)
    paint(pixels, CROSSING, (14, 4, 4, 4))
    errors = np.array([[wrong(trace, steps) for steps in (CROSSING, LOW)] for trace in read(pixels, 2)])
    assert errors.min(axis=0).max() < 0.0098


def test_curves_of_one_color_are_counted_by_their_patterns():
    pixels = sheet()
    paint(pixels, HIGH)
    paint(pixels, LOW, (12, 6))
    assert len(digitize_pixels(pixels, Hints(**RANGES)).traces) == 2
    alone = sheet()
    paint(alone, LOW, (12, 6))
    assert len(digitize_pixels(alone, Hints(**RANGES)).traces) == 1
    whole = sheet()
    paint(whole, LOW)
    assert len(digitize_pixels(whole, Hints(**RANGES)).traces) == 1
