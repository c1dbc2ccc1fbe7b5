"""The line that is fitted to pixels: painted lines must come back to a small part of a pixel."""

from dataclasses import replace

import numpy as np
import pytest
from painting import painted, rectangles

from survrecon.digitize.raster_fit import coverage, fit
from survrecon.digitize.raster_ink import bare
from survrecon.digitize.raster_trace import Steps

X, Y, END = [5.0, 17.3, 18.6, 33.45], [8.2, 12.9, 21.35, 30.0], 50.6
CLOSE_X, CLOSE_Y = [5.0, 17.3, 18.6, 19.0, 20.3], [8.2, 9.1, 10.3, 11.05, 13.0]  # drops closer than the line is thick
ROUND = 0.03  # of a pixel: a round corner is drawn as four steps


def fitted(steps, ink, seen=None, over=None):
    known = bare(ink, np.ones_like(ink) if seen is None else seen)
    return fit(steps, known if over is None else replace(known, over=over.astype(np.float32)))


@pytest.mark.parametrize(("x", "y"), [(X, Y), (CLOSE_X, CLOSE_Y)])
def test_the_coverage_of_a_line_is_what_is_painted(x, y):
    found, known = coverage(Steps(np.array(x), np.array(y), 50.6, 2.7), (40, 60)), painted(x, y, 50.6, 2.7)
    assert found == pytest.approx(known, abs=ROUND)
    assert found.sum() == pytest.approx(known.sum(), rel=1e-3)


def test_a_line_may_leave_the_picture():
    steps = Steps(np.array([-1.0, 20.0, 40.0]), np.array([-0.5, 20.0, 40.5]), 61.0, 3.0)
    assert coverage(steps, (40, 60)) == pytest.approx(painted([-1, 20, 40], [-0.5, 20, 40.5], 61, 3), abs=ROUND)


def test_steps_that_are_a_pixel_off_are_moved_onto_the_ink():
    off = Steps(np.array([5.0, 16.4, 19.5, 34.2]), np.array([8.9, 12.2, 22.1, 29.4]), 50.0, 2.7)
    found = fitted(off, painted(X, Y, END, 2.7))
    assert found.x == pytest.approx(X, abs=0.01)
    assert found.y == pytest.approx(Y, abs=0.01)
    assert found.end == pytest.approx(END, abs=0.01)


def test_a_drop_that_is_two_is_split():
    one = Steps(np.array([5.0, 18.0, 33.0]), np.array([8.0, 21.0, 30.0]), 50.6, 2.7)
    found = fitted(one, painted(X, Y, END, 2.7))
    assert found.x == pytest.approx(X, abs=0.05)
    assert found.y == pytest.approx(Y, abs=0.05)


def test_what_is_not_seen_moves_nothing():
    ink = painted(X, Y, END, 2.7)
    seen = np.ones_like(ink)
    ink[:, 29:38], seen[:, 29:38] = 1, 0  # something stands before the last drop
    off = Steps(np.array([5.0, 17.0, 19.0, 34.0]), np.array([8.5, 12.5, 21.0, 30.2]), 50.3, 2.7)
    found = fitted(off, ink, seen)
    assert found.x[:3] == pytest.approx(X[:3], abs=0.01)
    assert found.x[3] == pytest.approx(34.0, abs=0.01)
    assert found.y == pytest.approx(Y, abs=0.01)


def test_ink_of_marks_is_not_the_lines():
    bar = rectangles([(16.3, 2.9, 18.3, 22.9)], (40, 60))  # a tick at the first drop, which it hides
    ink = np.maximum(painted(X, Y, END, 2.7), bar)
    off = Steps(np.array([5.0, 17.0, 19.0, 34.0]), np.array([8.5, 12.5, 21.0, 30.2]), 50.3, 2.7)
    found = fitted(off, ink, over=bar.astype(np.float32))
    assert found.x == pytest.approx(X, abs=0.1)
    assert found.y == pytest.approx(Y, abs=0.05)
