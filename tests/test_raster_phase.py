"""Dash patterns along a line: gaps painted at known lengths must be read, whatever the line does, and none where there are none."""

import numpy as np
import pytest
from painting import dashes

from survrecon.digitize.raster_phase import dashes_and_ends, pattern_along
from survrecon.digitize.raster_trace import Steps

SHAPE = (200, 400)
X, Y, END = [5.0, 60.0, 90.0, 180.0, 260.0], [10.0, 30.0, 75.0, 120.0, 170.0], 390.0
STEPS = Steps(np.array(X), np.array(Y), END, 3.0)


def dashed(lengths):
    """Dashes along the line."""
    return dashes(X, Y, END, lengths, SHAPE)


@pytest.mark.parametrize("lengths", [(12.0, 5.0), (6.0, 4.5), (18.0, 5.0, 4.0, 5.0)])
def test_lengths_are_read_off_the_line(lengths):
    ink = dashed(lengths)
    pattern = pattern_along(STEPS, ink, np.ones_like(ink))
    assert pattern is not None
    assert pattern.period == pytest.approx(sum(lengths), rel=0.002)  # the line is more than 30 periods long
    assert len(pattern.lengths) == len(lengths)
    # those of two dashes may begin with either
    assert sorted(pattern.lengths) == pytest.approx(sorted(lengths), abs=1.0)
    away = (pattern.origin - (X[0] + Y[0])) % pattern.period
    if len(lengths) == 2:
        assert min(away, pattern.period - away) < 1.0


def test_marks_in_most_gaps_do_not_hide_them():
    ink = dashed((12.0, 5.0))
    for column in range(8, 390, 9):
        row = Y[int(np.searchsorted(X, column, side="right")) - 1]
        ink[int(row) - 6 : int(row) + 6, column : column + 5] = 1
    pattern = pattern_along(STEPS, ink, np.ones_like(ink))
    assert pattern is not None
    assert pattern.period == pytest.approx(17.0, rel=0.005)


def test_an_unbroken_line_has_no_pattern():
    ink = dashed((1e4, 1.0))
    assert pattern_along(STEPS, ink, np.ones_like(ink)) is None


@pytest.mark.parametrize("seed", range(5))
def test_holes_at_random_are_no_pattern(seed):
    ink = dashed((1e4, 1.0))
    for column in np.random.default_rng(seed).integers(5, 385, 12):
        ink[:, column : column + 6] = 0
    assert pattern_along(STEPS, ink, np.ones_like(ink)) is None


def test_pixels_near_the_end_of_a_dash_are_told():
    ink = dashed((12.0, 5.0))
    pattern = pattern_along(STEPS, ink, np.ones_like(ink))
    assert pattern is not None
    dashes, ends = dashes_and_ends(pattern, SHAPE, 3.0)
    line = dashed((1e4, 1.0)) > 0.99
    sure = line & ~ends
    assert sure.sum() > 0.4 * line.sum()
    assert np.mean((ink > 0.5)[sure] == dashes[sure]) > 0.99
