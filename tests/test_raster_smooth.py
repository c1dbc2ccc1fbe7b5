"""The mean course of a curve: on its ink where that is seen, in the middle of what it may do where it is hidden."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from painting import painted

from survrecon.digitize.raster_smooth import FINE, smooth

ACROSS, DOWN = FINE, 2 * FINE  # of a thin line

X, Y = [0.0, 12.0, 40.0], [8.0, 14.5, 30.0]


def course(ink, seen=None, over=None, corridor=None, falls=(0.05, 8.0)):
    ink = ink.astype(np.float32)
    height, width = ink.shape
    low, high = corridor or (np.zeros(width), np.full(width, float(height)))
    seen, over = np.ones_like(ink) if seen is None else seen, np.zeros_like(ink) if over is None else over
    return smooth(ink, seen.astype(np.float32), over.astype(np.float32), 3.0, (low, high), 8.0, falls)


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
    # every falling course over 7 levels and 4 points, by enumeration: prior chances only, as no pixel is seen
    height, width, rate, mean_fall = 2, 2, 0.6, 1.5
    levels, points = np.arange(height * DOWN - 1), width * ACROSS
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
    assert course(nothing, nothing, corridor=corridor, falls=(rate, mean_fall))[1] == pytest.approx(mean / total)


def test_it_stays_in_its_corridor():
    nothing = np.zeros((40, 60))
    low, high = np.linspace(5, 20, 60), np.linspace(10, 25, 60)
    x, y = course(nothing, nothing, corridor=(low, high))
    column = x.astype(int)
    assert np.all(y >= low[column] - 1 / DOWN)
    assert np.all(y <= high[column] + 1 / DOWN)
