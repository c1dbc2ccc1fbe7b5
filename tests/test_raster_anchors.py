"""Circles near a line that is read wrong: their middles are on the true one, and the line is then read through them."""

import numpy as np
import pytest
from painting import line_boxes, rectangles

from survrecon.digitize.raster_anchors import Anchors, anchors_near
from survrecon.digitize.raster_fit import coverage
from survrecon.digitize.raster_ink import bare
from survrecon.digitize.raster_smooth import smooth
from survrecon.digitize.raster_stamps import Sheet, Stamp
from survrecon.digitize.raster_trace import Steps

SHAPE = (120, 200)
STAMP = Stamp("circle", 8.0, 3.0)
X, Y, END = [3.0, 60.0, 130.0], [20.0, 45.0, 90.0], 190.0
MARKS = [20.0, 27.0, 45.0, 75.0, 81.0, 88.0, 101.0, 144.0, 150.0, 171.0]
LINE = Steps(np.array(X), np.array(Y), END, 3.0)


def rings(middles, radius=8.0, stroke=3.0, fine=8):
    """Share of each pixel that circles cover, by the distance of points from their middles."""
    rows, columns = ((np.arange(n * fine) + 0.5) / fine for n in SHAPE)
    inside = np.zeros((rows.size, columns.size), dtype=bool)
    for x, y in middles:
        inside |= np.abs(np.hypot(columns[None] - x, rows[:, None] - y) - radius) <= stroke / 2
    return inside.reshape(SHAPE[0], fine, SHAPE[1], fine).mean(axis=(1, 3))


def middles():
    return [(x, float(LINE.rows(np.array([x]))[0])) for x in MARKS]


def ink_of(circles):
    return np.maximum(rectangles(line_boxes(X, Y, END, 3.0), SHAPE), rings(circles)).astype(np.float32)


def moved(down):
    return Steps(LINE.x, LINE.y + down, END, 3.0)


@pytest.mark.parametrize("down", [-7.0, 0.0, 7.0])
def test_middles_are_found_though_the_line_is_off(down):
    ink, line = ink_of(middles()), moved(down)
    found = anchors_near(STAMP, line, Sheet(ink, np.ones_like(ink), coverage(line, SHAPE)))
    assert np.all(np.diff(found.x) >= 0)
    for x, y in middles():
        assert np.min(np.hypot(found.x - x, found.y - y)) < 1.0
    sure = found.weight > 0.5 * found.weight.max()
    assert sure.sum() >= 8 and np.all(found.weight > 0)
    for x, y in zip(found.x[sure], found.y[sure], strict=True):
        assert min(np.hypot(x - a, y - b) for a, b in middles()) < 1.0


def test_half_circles_tell_their_middles():
    # other ink hides what is higher than 2 pixels over the line, and the line itself
    ink, seen = ink_of(middles()), np.ones(SHAPE, dtype=np.float32)
    rows = np.arange(SHAPE[0])[:, None]
    hidden = rows < LINE.rows(np.arange(SHAPE[1]) + 0.5) + 2
    ink[hidden], seen[hidden] = 0, 0
    line = moved(6.5)  # along the lower edges
    found = anchors_near(STAMP, line, Sheet(ink, seen, coverage(line, SHAPE)))
    near = np.array([min(abs(y - b) for a, b in middles() if abs(x - a) < 10) for x, y in zip(found.x, found.y, strict=True)])
    assert near.size >= 6 and np.quantile(near, 0.8) < 1.5


def test_a_line_alone_has_no_circles():
    ink = ink_of([])
    found = anchors_near(STAMP, LINE, Sheet(ink, np.ones_like(ink), coverage(LINE, SHAPE)))
    assert found.x.size == 0


def test_no_more_than_a_column_of_line():
    ink = np.zeros(SHAPE, dtype=np.float32)
    line = Steps(np.array([5.0]), np.array([20.0]), 5.0, 3.0)
    assert anchors_near(STAMP, line, Sheet(ink, np.ones_like(ink), coverage(line, SHAPE))).x.size == 0


def test_the_course_runs_through_points_where_nothing_is_seen():
    width = 60
    ink = bare(np.zeros((40, width)), np.zeros((40, width)))
    corridor = np.zeros(width), np.full(width, 40.0)
    points = Anchors(np.array([15.0, 45.0]), np.array([10.0, 30.0]), np.array([100.0, 100.0]))
    x, y = smooth(ink, 3.0, corridor, 8.0, (0.05, 8.0), anchors=points)
    free = smooth(ink, 3.0, corridor, 8.0, (0.05, 8.0))[1]
    for column, row in ((15.0, 10.0), (45.0, 30.0)):
        assert y[x < column - 1][-1] < row + 1 and y[x > column + 1][0] > row - 1
    assert free[x < 14].max() > 11 or free[x > 46].min() < 29  # which it does not without them
