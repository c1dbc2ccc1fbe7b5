"""Axes of pictures, painted by hand: every position and value follows by counting pixels."""

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image

from survrecon.digitize.figure import Hints
from survrecon.digitize.raster import digitize_image, digitize_pixels
from survrecon.digitize.raster_tilt import tilt

RED = (200, 30, 30)
RANGES = {"x_range": (0.0, 10.0), "y_range": (0.0, 1.0)}


def painted(axis=0, ticks_up=11):
    """Axes (times 0 to 10 at columns 50.5 to 450.5, survival 0 to 1 at rows 250.5 to 50.5) and a curve: 1, 0.8, 0.5 from times 0, 2, 5."""
    pixels = np.full((300, 500, 3), 255, dtype=np.uint8)
    pixels[50:251, 50] = pixels[250, 50:471] = axis
    for i in range(11):
        pixels[250:256, 50 + 40 * i] = axis
    for i in range(ticks_up):
        pixels[250 - 20 * i, 45:51] = axis
    for first, last, row, deeper in ((50, 130, 50, 90), (130, 250, 90, 150), (250, 430, 150, 150)):
        pixels[row - 1 : row + 2, first - 1 : last + 2] = RED
        pixels[row - 1 : deeper + 2, last - 1 : last + 2] = RED
    return pixels


def levels(read):
    (trace,) = read.traces
    return trace.survival[np.searchsorted(trace.time, [1, 3, 6], side="right") - 1]


def test_an_axis_line_that_wavers_around_the_darkness_of_lines_is_one():
    # gray 90 is 65% dark and gray 115 55%: the line is found by the rows 150 to 250, and goes on up to row 50
    pixels = painted(axis=90)
    pixels[50:150, 50] = 115
    read = digitize_pixels(pixels, Hints(**RANGES))
    assert [value for _, value in read.y.ticks] == pytest.approx([i / 10 for i in range(11)])
    assert levels(read) == pytest.approx([1, 0.8, 0.5], abs=0.002)


def test_a_range_on_too_few_ticks_is_doubted():
    # 9 ticks from row 250.5 to 90.5, 20 rows apart; a curve 3 rows thick begins at row 49: 41.5 / 20 = 2.1 steps more
    (trace,) = digitize_pixels(painted(ticks_up=9), Hints(**RANGES)).traces
    assert "y axis goes on by 2.1 steps beyond the 9 ticks" in trace.doubts[0]
    points = Hints(x_range=(0, 10), y_points=((250.5, 0), (50.5, 1)))
    assert not any("goes on by" in doubt for doubt in digitize_pixels(painted(ticks_up=9), points).traces[0].doubts)


@pytest.mark.parametrize("axis", [0, 120])
def test_a_border_around_the_picture_is_no_axis(axis):
    pixels = np.full((360, 560, 3), 255, dtype=np.uint8)
    pixels[10:350, 10:550] = 0
    pixels[13:347, 13:547] = 255
    pixels[30:330, 30:530] = painted(axis)
    read = digitize_pixels(pixels, Hints(**RANGES))
    assert levels(read) == pytest.approx([1, 0.8, 0.5], abs=0.002)
    assert float(read.x.value(30 + 50.5)) == pytest.approx(0, abs=0.01)


def test_light_lines_on_a_dark_background():
    # the inverse of red (200, 30, 30) = #c81e1e is (55, 225, 225) = #37e1e1
    read = digitize_pixels(255 - painted(), Hints(**RANGES, arms=(("only", "#37e1e1"),)))
    assert levels(read) == pytest.approx([1, 0.8, 0.5], abs=0.002)
    assert read.traces[0].color == "#37e1e1" and any("light on dark" in note for note in read.notes)
    assert read.backdrop.mean() < 50


def test_the_edges_of_a_filled_panel_are_axes():
    # a gray panel from columns 31 to 470 and rows 31 to 269, grid lines and ticks where the axes of the other figures have their ticks
    pixels = np.full((300, 500, 3), 255, dtype=np.uint8)
    pixels[31:270, 31:471] = 235
    for i in range(0, 11, 2):
        pixels[31:270, 50 + 40 * i] = pixels[250 - 20 * i, 31:471] = 255
        pixels[270:275, 50 + 40 * i] = pixels[250 - 20 * i, 26:31] = 51
    for first, last, row, deeper in ((50, 130, 50, 90), (130, 250, 90, 150), (250, 430, 150, 150)):
        pixels[row - 1 : row + 2, first - 1 : last + 2] = RED
        pixels[row - 1 : deeper + 2, last - 1 : last + 2] = RED
    read = digitize_pixels(pixels, Hints(**RANGES))
    assert levels(read) == pytest.approx([1, 0.8, 0.5], abs=0.002)
    assert float(read.x.value(450.5)) == pytest.approx(10, abs=0.01) and float(read.y.value(150.5)) == pytest.approx(0.5, abs=0.002)
    assert (read.backdrop == pixels).all()


@pytest.mark.parametrize("turned", [-1.2, 0.4])
def test_a_picture_that_is_turned_a_little_is_straightened(turned, tmp_path):
    picture = Image.fromarray(np.repeat(np.repeat(painted(), 2, axis=0), 2, axis=1))  # a pixel of 400 rows from 0 to 1 is 0.0025
    picture.rotate(turned, Image.Resampling.BICUBIC, fillcolor="white").save(tmp_path / "turned.png")
    read = digitize_image(tmp_path / "turned.png", Hints(**RANGES))
    assert levels(read) == pytest.approx([1, 0.8, 0.5], abs=0.005)
    assert any("turned by" in note for note in read.notes)


def test_level_pictures_are_left_alone():
    assert tilt(painted()) == 0 and tilt(255 - painted()) == 0 and tilt(np.full((300, 500, 3), 255, dtype=np.uint8)) == 0


def test_two_panels_are_noted():
    two = np.concatenate([painted(), painted()], axis=1)
    read = digitize_pixels(two, Hints(**RANGES))
    (note,) = (note for note in read.notes if "panels" in note)
    assert "2 panels" in note and "--panel" in note
    assert levels(read) == pytest.approx([1, 0.8, 0.5], abs=0.003)
    right = digitize_pixels(two, Hints(**RANGES, panel=2))
    assert right.x.ticks[0] == pytest.approx((550.5, 0.0)) and not any("panels" in note for note in right.notes)
