"""Marks so dense that none stands alone: which stamp they are, and where the line is among them."""

import numpy as np
import pytest
from painting import line_boxes, painted, rectangles
from test_raster_stamps import END, MARKS, SHAPE, Y, assert_runs_true, crosses, found_in, level, rings, ticks
from test_raster_stamps import X as DROPS

from survrecon.digitize.raster_dense import better_stamp
from survrecon.digitize.raster_fit import coverage
from survrecon.digitize.raster_lines import read_lines
from survrecon.digitize.raster_stamps import Sheet, Stamp
from survrecon.digitize.raster_trace import Steps

# every 5 pixels, none nearer to a drop than 2
DENSE = [c for c in np.arange(6.0, 148.0, 5.0) if np.min(np.abs(c - np.array(DROPS))) >= 2]
STEPS = Steps(np.array(DROPS), np.array(Y), END, 3.0)


def picture(shape, at):
    if shape == "circle":
        return np.maximum(painted(DROPS, Y, END, 3.0, SHAPE), rings(at))
    return rectangles(line_boxes(DROPS, Y, END, 3.0) + {"tick": ticks, "cross": crosses}[shape](at), SHAPE)


@pytest.mark.parametrize("shape", ["tick", "cross", "circle"])
def test_the_stamp_of_dense_marks_is_found(shape):
    ink = picture(shape, DENSE).astype(np.float32)
    sheet = Sheet(ink, np.ones_like(ink), coverage(STEPS, SHAPE))
    stamp = better_stamp([(STEPS, sheet)], None, 3.0)
    assert stamp is not None
    assert stamp.shape == shape
    assert stamp.size == pytest.approx(6.0, abs=0.6)
    assert stamp.stroke == pytest.approx(2.0, abs=0.6)


def test_a_stamp_that_explains_nearly_all_is_kept():
    ink = picture("tick", MARKS).astype(np.float32)
    sheet = Sheet(ink, np.ones_like(ink), coverage(STEPS, SHAPE))
    known = Stamp("tick", 6.0, 2.0)
    assert better_stamp([(STEPS, sheet)], known, 3.0) is known


def test_a_line_without_marks_has_no_stamp():
    ink = painted(DROPS, Y, END, 3.0, SHAPE).astype(np.float32)
    assert better_stamp([(STEPS, Sheet(ink, np.ones_like(ink), coverage(STEPS, SHAPE)))], None, 3.0) is None


@pytest.mark.parametrize("shape", ["tick", "cross", "circle"])
def test_dense_marks_and_the_line_among_them_are_read(shape):
    (line,) = read_lines([found_in(picture(shape, DENSE))], Y[0])
    assert line.marks == pytest.approx(DENSE, abs=0.8)
    rows = [line.steps.rows(np.array([c]))[0] for c in DENSE]
    assert rows == pytest.approx([level(c) for c in DENSE], abs=0.3)


def test_a_block_of_ticks_side_by_side_leaves_the_line_in_its_middle():
    block = list(np.arange(95.0, 140.0, 2.0))  # no gap between them
    ink = picture("tick", [12.5, 40.0, 44.0, *block])
    (line,) = read_lines([found_in(ink)], Y[0])
    assert_runs_true(line.steps)


def test_a_line_too_short_for_any_column_keeps_what_is_known():
    ink = np.zeros(SHAPE, dtype=np.float32)
    dot = Steps(np.array([3.0]), np.array([12.0]), 4.5, 3.0)
    assert better_stamp([(dot, Sheet(ink, np.ones_like(ink), ink))], Stamp("tick", 6.0, 2.0), 3.0) == Stamp("tick", 6.0, 2.0)
