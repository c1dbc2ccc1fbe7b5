"""Curves of one color that only together are followed rightly: painted by hand, as every row says."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("skimage")
from painting import line_boxes, rectangles

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_curves import find_curves
from survrecon.digitize.raster_dashes import Pattern
from survrecon.digitize.raster_found import measured
from survrecon.digitize.raster_thickness import ink_thickness, line_thickness
from survrecon.digitize.raster_together import follow_together
from survrecon.digitize.raster_trace import Path

SHAPE = (150, 300)
UPPER = [(5.0, 62.0, 200.0), (10.0, 118.0, 130.0), 290.0]
LOWER = [(5.0, 40.0), (10.0, 141.0), 180.0]


def layer_of(boxes, blanks=()):
    own = rectangles(boxes, SHAPE).astype(np.float32)
    for left, top, right, bottom in blanks:
        own[top:bottom, left:right] = 0
    return Layer((0, 0, 0), own, 1 - own)


def test_two_lines_of_one_color_do_not_change_ends():
    # the drop of the upper line is blank for 30 rows; alone, it would rather come over 22 columns from the drop of the lower one
    layer = layer_of(line_boxes(*UPPER, 4.0) + line_boxes(*LOWER, 4.0), blanks=[(56, 82, 68, 112)])
    high, low = find_curves([layer], 5, 10.0, 2)
    assert high.steps.rows(np.array([50.0, 100.0, 250.0])) == pytest.approx([10, 118, 130], abs=0.5)
    assert low.steps.rows(np.array([30.0, 50.0])) == pytest.approx([10, 141], abs=0.5)


def test_letters_do_not_say_how_thick_a_line_is():
    # ten rows of strokes two pixels high and ten long, as of small print, and one curve six pixels thick
    print_ = [(30 + 20 * i, 100 + 10 * j, 40 + 20 * i, 102 + 10 * j) for i in range(12) for j in range(5)]
    layer = layer_of(line_boxes(*UPPER, 6.0) + print_)
    assert ink_thickness(layer.own) == 2
    assert line_thickness(layer.own, layer.blank, 5, 10.0) == 6


def test_dashes_do_not_hold_a_curve_where_much_more_ink_lies_elsewhere():
    # the lower curve was followed along the upper one, with dashes that it has not, for all but its last 105 columns
    layer = layer_of(line_boxes(*UPPER, 4.0) + line_boxes(*LOWER, 4.0))
    upper, lower = (np.full(285, 10) for _ in range(2))
    upper[57:195], upper[195:], lower[57:70], lower[70:] = 118, 130, 118, 141
    paths = [Path(5, course, np.append(course[1:], course[-1]), 0.0) for course in (upper, lower[:175])]
    dashes = Pattern((9.0, 5.0), 15.0)
    alike = [replace(measured(0, layer, path), pattern=dashes) for path in paths]
    high, low = sorted(follow_together(layer, 5, 10.0, 4.0, alike, 2), key=lambda curve: -curve.steps.end)
    assert high.steps.rows(np.array([50.0, 100.0, 250.0])) == pytest.approx([10, 118, 130], abs=0.5)
    assert low.steps.rows(np.array([30.0, 50.0, 150.0])) == pytest.approx([10, 141, 141], abs=0.5)
