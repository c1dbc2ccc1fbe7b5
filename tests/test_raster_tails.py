"""Lines of one color that meet: where each was followed on the other's line after a meeting, dashes must bring them back."""

from dataclasses import replace

import numpy as np
import pytest
from painting import dashes

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_phase import profile_along
from survrecon.digitize.raster_tails import untangled
from survrecon.digitize.raster_trace import Path, Steps

SHAPE = (200, 400)
# the first falls through the second at column 150, row 50; their vertices before and after that place
FIRST = ([5.0, 60.0, 150.0, 240.0], [10.0, 20.0, 100.0, 130.0])
SECOND = ([5.0, 30.0, 300.0], [10.0, 50.0, 80.0])
# the same, each with what follows of the other
HIGH = ([5.0, 60.0, 150.0, 300.0], [10.0, 20.0, 50.0, 80.0])
LOW = ([5.0, 30.0, 150.0, 240.0], [10.0, 50.0, 100.0, 130.0])
END = 390.0
SOLID, LONG = (1e4, 1.0), (12.0, 5.0)


def found(course, ink):
    """A curve that was followed along a course."""
    x, y = (np.array(values) for values in course)
    steps = Steps(x, y, END, 3.0)
    columns = np.arange(int(x[0]), int(END))
    path = Path(int(x[0]), steps.rows(columns).astype(int), steps.rows(columns + 1.0).astype(int), 1.0)
    return Found(0, Layer((0, 0, 0), ink, 1 - ink), path, steps)


def read(courses, patterns):
    """Untangle lines that were followed along some courses through the ink of the two curves."""
    ink = np.maximum(*(dashes(*course, END, lengths, SHAPE) for course, lengths in zip((FIRST, SECOND), patterns, strict=True)))
    lines = [found(course, ink) for course in courses]
    # where another line is, its ink tells nothing
    told = [1 - (ink > 0.5) * (dashes(*course, END, SOLID, SHAPE, 5.0) > 0) for course in courses[::-1]]
    profiles = [profile_along(line.steps, ink, weight) for line, weight in zip(lines, told, strict=True)]
    return lines, untangled(lines, profiles)


@pytest.mark.parametrize("patterns", [(SOLID, LONG), (LONG, SOLID), (LONG, (5.0, 4.0)), ((18.0, 5.0, 4.0, 5.0), LONG)])
def test_lines_go_on_with_their_own_dashes(patterns):
    _, lines = read((HIGH, LOW), patterns)
    for line, course in zip(lines, (FIRST, SECOND), strict=True):
        at = np.array([20.0, 100.0, 140.0, 160.0, 200.0, 280.0, 350.0])
        true = Steps(np.array(course[0]), np.array(course[1]), END, 3.0)
        assert line.steps.rows(at) == pytest.approx(true.rows(at))
        assert np.all(np.diff(line.steps.x) > 0)
        assert np.all(np.diff(line.steps.y) >= 0)
        assert line.path.enter.size == line.path.leave.size == line.path.columns.size
        assert line.path.enter[200 - 5] == int(true.rows(np.array([200.0]))[0])


@pytest.mark.parametrize("patterns", [(SOLID, LONG), (LONG, (5.0, 4.0)), (LONG, LONG), (SOLID, SOLID)])
def test_lines_that_are_right_or_alike_are_left_alone(patterns):
    before, after = read((FIRST, SECOND), patterns)
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_lines_of_two_colors_are_left_alone():
    ink = dashes(*FIRST, END, SOLID, SHAPE)
    lines = [found(HIGH, ink), replace(found(LOW, ink), layer=1)]
    profiles = [profile_along(line.steps, ink, np.ones_like(ink)) for line in lines]
    assert untangled(lines, profiles) == lines


def test_marks_and_ink_go_with_the_line_they_are_on():
    ink = np.maximum(dashes(*FIRST, END, SOLID, SHAPE), dashes(*SECOND, END, LONG, SHAPE))
    lines = [replace(found(course, ink), marks=np.array(marks)) for course, marks in ((HIGH, [100.0, 200.0]), (LOW, [50.0, 250.0]))]
    lines[0] = replace(lines[0], ink=Layer((0, 0, 0), np.zeros_like(ink), np.ones_like(ink)))
    profiles = [profile_along(line.steps, ink, np.ones_like(ink)) for line in lines]
    first, second = untangled(lines, profiles)
    assert first.marks.tolist() == [100.0, 250.0]
    assert second.marks.tolist() == [50.0, 200.0]
    assert first.ink.own[:50, :149].sum() == 0
    assert np.array_equal(first.ink.own[101:], ink[101:])
