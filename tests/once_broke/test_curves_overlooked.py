"""Curves that were not followed where they are: a long line was no one's, a pale gray one beside colors, what is beyond a gap."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("skimage")
from painting import dashes, line_boxes, rectangles

from survrecon.digitize.figure import Text
from survrecon.digitize.raster import Plot, _off_curves
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_curves import _Search, find_curves, overlooked
from survrecon.digitize.raster_dashes import Pattern
from survrecon.digitize.raster_found import measured
from survrecon.digitize.raster_together import follow_together
from survrecon.digitize.raster_trace import Path

SHAPE = (150, 300)
UPPER = [(5.0, 62.0, 200.0), (10.0, 118.0, 130.0), 290.0]


def test_dashes_do_not_hold_a_curve_where_a_long_line_would_be_no_one_s():
    # as in 197:2: a second curve leaves the first, of dashes, at column 120 for 60 columns, but was followed along it
    first = dashes(*UPPER, (9.0, 5.0), SHAPE, 4.0)
    second = rectangles(line_boxes((120.0, 120.1), (120.0, 141.0), 180.0, 4.0), SHAPE).astype(np.float32)
    own = np.maximum(first, second)
    layer = Layer((0, 0, 0), own, 1 - own)
    upper = np.full(285, 10)
    upper[57:195], upper[195:] = 118, 130
    paths = [Path(5, course, np.append(course[1:], course[-1]), 0.0) for course in (upper, upper[:175])]
    alike = [replace(measured(0, layer, path), pattern=Pattern((9.0, 5.0), 5.0)) for path in paths]
    long, short = sorted(follow_together(layer, 5, 10.0, 4.0, alike, 2), key=lambda curve: -curve.steps.end)
    assert long.steps.rows(np.array([100.0, 150.0, 250.0])) == pytest.approx([118, 118, 130], abs=0.5)
    assert short.steps.rows(np.array([150.0])) == pytest.approx([141], abs=0.5)


def test_a_pale_gray_curve_is_looked_for_beside_one_in_color():
    # as in 193:22: the gray line is of dashes of eight columns and gaps of four, each pixel 0.4 of the gray
    high, low = ([(5.0, 62.0, 200.0), rows, 290.0] for rows in ((10.0, 30.0, 50.0), (10.0, 60.0, 80.0)))
    vivid, gray = (rectangles(line_boxes(*course, thick), SHAPE).astype(np.float32) for course, thick in ((high, 2.0), (low, 3.0)))
    gray *= np.where(np.arange(SHAPE[1]) % 12 < 8, 0.4, 0)
    layers = [Layer((200, 30, 30), vivid, 1 - vivid), Layer((120, 120, 120), gray, 1 - gray)]
    colored, pale = find_curves(layers, 5, 10.0, 2)
    assert colored.steps.rows(np.array([30.0, 100.0, 250.0])) == pytest.approx([10, 30, 50], abs=0.5)
    assert pale.steps.rows(np.array([100.0, 250.0])) == pytest.approx([60, 80], abs=0.5)


def test_a_curve_goes_on_after_a_gap_in_its_last_drop():
    # as in 173:12: a curve was followed to where a drop at column 150 begins, of which only the last part is seen, and 16 columns of a line
    ends = line_boxes((150.0,), (66.0,), 166.0, 4.0) + line_boxes((150.0, 150.1), (61.0, 66.0), 151.0, 4.0)
    own = rectangles(line_boxes(*UPPER, 4.0) + line_boxes((5.0, 30.0), (10.0, 50.0), 150.0, 4.0) + ends, SHAPE).astype(np.float32)
    layer = Layer((0, 0, 0), own, 1 - own)
    upper, lower = np.full(285, 10), np.full(145, 10)
    upper[57:195], upper[195:], lower[25:] = 118, 130, 50
    alike = [measured(0, layer, Path(5, course, np.append(course[1:], course[-1]), 0.0)) for course in (upper, lower)]
    long, short = sorted(follow_together(layer, 5, 10.0, 4.0, alike, 2), key=lambda curve: -curve.steps.end)
    assert long.steps.rows(np.array([100.0, 250.0])) == pytest.approx([118, 130], abs=0.5)
    assert short.steps.rows(np.array([100.0, 160.0])) == pytest.approx([50, 66], abs=0.5)


def test_bands_on_each_other_are_no_shade_of_gray_where_two_curves_are_black():
    # as in 257:7: what two bands make together goes on from where curves start, with 0.43 of the ink of a black line; it was 0.053 off
    second = [(5.0, 62.0, 150.0), (10.0, 60.0, 80.0), 290.0]
    black = rectangles(line_boxes(*UPPER, 4.0) + line_boxes(*second, 4.0), SHAPE).astype(np.float32)
    gray = 0.9 * rectangles(line_boxes((5.0, 62.0), (10.0, 30.0), 185.0, 8.0), SHAPE).astype(np.float32)
    layers = [Layer((0, 0, 0), black, 1 - black), Layer((160, 160, 160), gray * (1 - black), 1 - np.maximum(black, gray))]
    assert _Search(layers, 5, 10.0, 2).shades == set()


@pytest.mark.parametrize("period", [4, 1])
def test_more_ink_of_a_curve_s_own_color_is_told(period):
    # as in a plot by R with lty 1 and 3, and 281:23: where curves are not counted, only one black one was found, without a doubt
    first = rectangles(line_boxes(*UPPER, 2.0), SHAPE).astype(np.float32)
    second = rectangles(line_boxes((5.0, 62.0, 200.0), (10.0, 40.0, 60.0), 290.0, 2.0), SHAPE).astype(np.float32)
    dots = second * (np.add.outer(np.arange(SHAPE[0]), np.arange(SHAPE[1])) % period < 1)
    alone, both = (Layer((0, 0, 0), own, 1 - own) for own in (first, np.maximum(first, dots)))
    (found,) = find_curves([alone], 5, 10.0, 1)
    assert overlooked([both], [found], 5, 10.0) == [(0, 0, 0)]
    assert overlooked([alone], [found], 5, 10.0) == []
    both.own[4:17:12, 20:60], both.blank[4:17:12, 20:60] = 1, 0  # marks are no curve
    ticks = replace(both, own=np.where(second > 0, first, both.own), blank=np.where(second > 0, 1 - first, both.blank))
    assert overlooked([ticks], [found], 5, 10.0) == []


@pytest.mark.parametrize("rising", [False, True])
def test_marks_read_as_letters_are_no_name_of_their_curve(rising):
    # as in plots by R: crosses on a curve were read as "TH! ~", its last one as "a", and these were its name
    own = rectangles(line_boxes(*UPPER, 2.0), SHAPE).astype(np.float32)
    (found,) = find_curves([Layer((0, 0, 0), own, 1 - own)], 5, 10.0, 1)
    plot = Plot(100, 200, np.zeros((*SHAPE, 3), dtype=np.uint8), 5, 10.0, 140.0)

    def word(string, left, row):
        return Text(string, left, (200 + SHAPE[0] - row if rising else 200 + row) - 6, left + 20, (350 - row if rising else 200 + row) + 6)

    words = [word("TH!", 220, 118), word("a", 392, 130), word("Drug", 220, 90), word("Placebo", 420, 130)]
    assert [text.string for text in _off_curves(words, [found], plot, rising)] == ["Drug", "Placebo"]
