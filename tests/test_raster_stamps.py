"""Censor marks as prints of one stamp: painted ones must be found where they are, and none where there are none."""

import numpy as np
import pytest
from painting import line_boxes, painted, rectangles

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_lines import read_lines
from survrecon.digitize.raster_stamps import Sheet, Stamp, find_prints, paint
from survrecon.digitize.raster_thickness import ink_thickness
from survrecon.digitize.raster_trace import follow, refine

SHAPE = (100, 160)
X, Y, END = [3.0, 30.0, 55.0, 90.0], [12.0, 22.5, 45.0, 70.0], 150.0
MARKS = [12.5, 40.0, 44.0, 66.3, 70.1, 88.0, 99.0, 120.0, 136.5]


def level(column):
    return Y[int(np.searchsorted(X, column, side="right")) - 1]


def ticks(columns, size=6.0, stroke=2.0):
    return [(c - stroke / 2, level(c) - size, c + stroke / 2, level(c) + size) for c in columns]


def crosses(columns, size=6.0, stroke=2.0):
    return ticks(columns, size, stroke) + [(c - size, level(c) - stroke / 2, c + size, level(c) + stroke / 2) for c in columns]


def rings(columns, radius=6.0, stroke=2.0, fine=8):
    """Share of each pixel that circles cover, by the distance of points from their centers."""
    rows, cols = ((np.arange(n * fine) + 0.5) / fine for n in SHAPE)
    inside = np.zeros((rows.size, cols.size), dtype=bool)
    for c in columns:
        inside |= np.abs(np.hypot(cols[None] - c, rows[:, None] - level(c)) - radius) <= stroke / 2
    return inside.reshape(SHAPE[0], fine, SHAPE[1], fine).mean(axis=(1, 3))


def found_in(ink):
    layer = Layer((0, 0, 0), ink.astype(np.float32), (1 - ink).astype(np.float32))
    path = follow(layer.own, layer.blank, 3, Y[0], ink_thickness(layer.own))
    return Found(0, layer, path, refine(path, layer.own, layer.blank))


def assert_runs_true(steps):
    """Levels to a fifth of a pixel wherever no drop is nearer than that."""
    columns = np.arange(X[0] + 1, END - 1, 0.1)
    columns = columns[np.min(np.abs(columns[:, None] - X), axis=1) > 0.2]
    rows = steps.y[np.searchsorted(steps.x, columns, side="right") - 1]
    assert rows == pytest.approx([level(c) for c in columns], abs=0.2)


@pytest.mark.parametrize("boxes", [ticks, crosses])
def test_ticks_and_crosses_are_found_on_the_curve(boxes):
    ink = rectangles(line_boxes(X, Y, END, 3.0) + boxes(MARKS), SHAPE)
    (line,) = read_lines([found_in(ink)], Y[0])
    assert line.marks == pytest.approx(MARKS, abs=0.6)
    assert_runs_true(line.steps)


def test_circles_are_found_by_their_outlines():
    ink = np.maximum(painted(X, Y, END, 3.0, SHAPE), rings(MARKS))
    (line,) = read_lines([found_in(ink)], Y[0])
    assert line.marks == pytest.approx(MARKS, abs=0.6)
    assert_runs_true(line.steps)


def test_a_bare_curve_has_no_marks():
    (line,) = read_lines([found_in(painted(X, Y, END, 3.0, SHAPE))], Y[0])
    assert line.marks.size == 0


def test_one_small_text_on_the_curve_is_no_mark():
    ink = rectangles([*line_boxes(X, Y, END, 3.0), (20.0, 15.0, 27.0, 20.0)], SHAPE)
    assert read_lines([found_in(ink)], Y[0])[0].marks.size == 0


def test_prints_that_overlap_are_told_apart():
    stamp = Stamp("circle", 6.0, 2.0)
    at = np.array([20.0, 27.0, 60.0, 64.0, 68.0])
    rows = np.full(at.size, 50.0)
    line = rectangles([(0, 48.5, 100, 51.5)], (100, 100)).astype(np.float32)
    ink = np.maximum(line, paint(stamp, at, rows, (100, 100)))
    places = np.arange(5, 95, 0.5)
    prints = find_prints(stamp, places, np.full(places.size, 50.0), Sheet(ink, np.ones_like(ink), line))
    assert prints == pytest.approx(at, abs=0.5)


@pytest.mark.parametrize(("shape", "area"), [("tick", 2 * 2 * 6), ("cross", 2 * 2 * 2 * 6 - 4), ("circle", np.pi * (7**2 - 5**2))])
def test_a_stamp_covers_the_area_of_its_shape(shape, area):
    # height times stroke; twice that without the middle; between two circles
    sheet = paint(Stamp(shape, 6.0, 2.0), np.array([30.0, 80.4]), np.array([30.0, 60.7]), (100, 120))
    assert sheet[:, :55].sum() == pytest.approx(area, rel=0.02)
    assert sheet[:, 55:].sum() == pytest.approx(area, rel=0.15)  # placed to a quarter of a pixel, painted in quarters


def test_a_stamp_at_the_edge_is_cut():
    sheet = paint(Stamp("tick", 6.0, 2.0), np.array([0.0]), np.array([0.0]), (20, 20))
    assert sheet.shape == (20, 20)
    assert sheet[:6, 0].min() > 0


def test_a_mark_right_at_a_drop_is_found():
    # half of it is hidden by the drop; the other half stands below the lower level
    marks = [12.5, 30.0, 40.0, 66.3, 90.0, 120.0]
    ink = rectangles(line_boxes(X, Y, END, 3.0) + ticks(marks), SHAPE)
    (line,) = read_lines([found_in(ink)], Y[0])
    assert line.marks == pytest.approx(marks, abs=0.6)
