"""The mean course of a curve: on its ink where that is seen, in the middle of what it may do where it is hidden."""

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest
from painting import painted

from survrecon.digitize.raster_ink import bare
from survrecon.digitize.raster_smooth import FINE, smooth
from survrecon.digitize.raster_stamps import Stamp

ACROSS, DOWN = FINE, 2 * FINE  # of a thin line

X, Y = [0.0, 12.0, 40.0], [8.0, 14.5, 30.0]


def course(ink, seen=None, over=None, corridor=None, falls=(0.05, 8.0), stamp=None, dash=None):
    height, width = ink.shape
    low, high = corridor or (np.zeros(width), np.full(width, float(height)))
    known = bare(ink, np.ones_like(ink) if seen is None else seen)
    known = known if over is None else replace(known, over=over.astype(np.float32))
    known = known if dash is None else replace(known, dash=dash.astype(np.float32))
    return smooth(known, 3.0, (low, high), 8.0, falls, stamp)


def test_a_line_that_is_seen_is_found():
    x, y = course(painted(X, Y, 60, 3.0))
    true = np.array(Y)[np.searchsorted(X, x, side="right") - 1]
    away = np.min(np.abs(x[:, None] - X[1:]), axis=1)
    assert y[away > 0.5] == pytest.approx(true[away > 0.5], abs=1 / DOWN / 2)


def test_a_hidden_stretch_is_crossed_in_the_middle():
    ink, seen = painted([0, 30], [8, 32], 60, 3.0), np.ones((40, 60))
    ink[:, 15:45], seen[:, 15:45] = 0, 0
    x, y = course(ink, seen)
    assert y[np.abs(x - 30) < 1] == pytest.approx(20, abs=1.5)  # half way from 8 to 32
    assert np.all(np.diff(y) >= -1e-9)


def test_marks_that_are_known_tell_nothing():
    ink, bars = painted(X, Y, 60, 3.0), np.zeros((40, 60))
    bars[20:27, 20:34] = 1  # a block of ink under a level, as rows of circles make
    bars[2:27, 20:34] = 1
    assert course(np.maximum(ink, bars), over=bars)[1] == pytest.approx(course(ink)[1], abs=0.3)


def test_without_ink_it_is_the_mean_over_all_courses():
    # every falling course over 7 levels and 12 points, by enumeration: prior chances only, as no pixel is seen; with the line
    # 3 pixels thick, the course begins 2 columns before the picture and ends as many after it
    height, width, beyond, rate, mean_fall = 2, 2, 2, 0.6, 1.5
    levels, points = np.arange(height * DOWN - 1), (width + 2 * beyond) * ACROSS
    chance, slope = rate / ACROSS, 1 / (mean_fall * DOWN)
    start = np.exp(-0.5 * ((levels / DOWN - 8.0) / 2.0) ** 2)
    total, mean = 0.0, np.zeros(points)
    for rows in combinations_with_replacement(levels, points):
        weight = start[rows[0]]
        for before, after in zip(rows, rows[1:], strict=False):
            weight *= 1 - chance if before == after else chance * np.expm1(slope) * np.exp(-slope * (after - before))
        total += weight
        mean += weight * np.array(rows) / DOWN
    nothing = np.zeros((height, width))
    corridor = np.zeros(width), np.full(width, levels[-1] / DOWN)
    inside = slice(beyond * ACROSS, points - beyond * ACROSS)
    assert course(nothing, nothing, corridor=corridor, falls=(rate, mean_fall))[1] == pytest.approx((mean / total)[inside])


def test_it_stays_in_its_corridor():
    nothing = np.zeros((40, 60))
    low, high = np.linspace(5, 20, 60), np.linspace(10, 25, 60)
    x, y = course(nothing, nothing, corridor=(low, high))
    column = x.astype(int)
    assert np.all(y >= low[column] - 1 / DOWN)
    assert np.all(y <= high[column] + 1 / DOWN)


def test_the_lower_half_of_marks_is_not_taken_for_the_line():
    # ticks side by side, 8 pixels up and down from a line at row 14, then 20; what is above row 17 is hidden
    ink, seen = painted([0.0, 27.0], [14.0, 20.0], 60, 3.0), np.ones((40, 60))
    ink[6:22, 15:27], ink[12:28, 27:40] = 1, 1
    ink[:17, 12:42], seen[:17, 12:42] = 0, 0
    away = {}
    for stamp in (None, Stamp("tick", 8.0, 2.0)):
        x, y = course(ink, seen, stamp=stamp)
        away[stamp] = np.abs(y - 14.0)[(x > 16) & (x < 26)]
    assert away[Stamp("tick", 8.0, 2.0)].max() < 0.5
    assert away[None].max() > 3  # if nothing is known of marks, the line is in what is seen of them


@pytest.mark.parametrize("stamp", [Stamp("tick", 6.0, 2.0), Stamp("cross", 6.0, 2.0), Stamp("circle", 6.0, 2.0)])
def test_a_line_without_marks_runs_where_it_does_though_there_might_be_some(stamp):
    x, y = course(painted(X, Y, 60, 3.0), stamp=stamp)
    away = np.min(np.abs(x[:, None] - X[1:]), axis=1)
    assert y[away > 0.5] == pytest.approx(np.array(Y)[np.searchsorted(X, x[away > 0.5], side="right") - 1], abs=0.125)


def test_a_gap_between_dashes_is_crossed_where_there_is_nothing():
    # the line is level through its gap, and a thin gray line, which may hide it, leads down from there
    ink, seen, dash = painted([0.0], [10.0], 60, 3.0), np.ones((40, 60)), np.ones((40, 60))
    sums = np.arange(40)[:, None] + np.arange(60)
    ink[(sums >= 38) & (sums < 46) & (ink > 0)] = 0
    dash[(sums >= 38) & (sums < 46)] = 0
    seen[:, 34:36] = 0
    assert course(ink, seen, dash=dash)[1] == pytest.approx(10.0, abs=0.5)


def test_the_end_of_a_picture_makes_no_line_fall():
    # a level line; near its end a guide 0.1 as dark as ink crosses it: the lower edges of the last columns were not counted, so a fall
    # by most of the height cost less than to go on
    ink = painted([0], [8], 62, 3.0, (200, 60))
    ink[:, 55] = np.maximum(ink[:, 55], 0.1)
    _, y = course(ink, falls=(0.02, 15.0))
    assert y == pytest.approx(8, abs=0.3)
