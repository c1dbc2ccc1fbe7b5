"""What makes a curve doubtful: other courses, which count as much as they can be wrong."""

from dataclasses import replace

import numpy as np
import pytest

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_doubts import doubts_of
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_trace import Path, Steps


def crossing(width, fall=20):
    """A line of 200 columns over 100 rows that falls within so many columns of other ink."""
    own, blank = np.zeros((100, 200), dtype=np.float32), np.ones((100, 200), dtype=np.float32)
    level = np.where(np.arange(200) < 100, 30, 30 + fall)
    enter, leave = level.copy(), level.copy()
    leave[99] = 30 + fall
    for column in range(200):
        own[enter[column] - 1 : leave[column] + 2, column] = 1
    blank[own > 0] = 0
    own[:, 100 - width // 2 : 100 + width // 2] = 0
    blank[:, 100 - width // 2 : 100 + width // 2] = 0
    steps = Steps(np.array([0.0, 100.0]), np.array([30.5, 30.5 + fall]), 200.0, 3.0)
    return Found(0, Layer((0, 0, 0), own, blank), Path(0, enter, leave, 190.0), steps)


def doubts(curve, others=()):
    return doubts_of(curve, list(others), lambda columns: columns, 30.5, 100.0)


@pytest.mark.parametrize(
    # the drop of 0.02 may be anywhere in 2 or in 8 of 200 columns: 0.02 sqrt(2 / 600) = 0.0012, 0.02 sqrt(8 / 600) = 0.0023;
    # that of 0.2 in 8: 0.023, or 0.02, as what lies within the line of 3 pixels on either side counts as nothing
    ("width", "fall", "doubted"),
    [(2, 2, False), (8, 2, False), (8, 20, True)],
)
def test_a_fall_behind_other_ink_counts_by_its_width(width, fall, doubted):
    behind = [doubt for doubt in doubts(crossing(width, fall)) if "other courses" in doubt]
    assert bool(behind) == doubted
    if doubted:
        error, first, last = (float(behind[0].split(word)[1].split()[0]) for word in ("about ", "from ", " to "))
        assert 0.01 < error < 0.03 and 94 <= first <= 97 and 103 <= last <= 106


def with_ink(curve, rows, columns, course=False):
    """The same curve with more ink of its color; with a course, also what leads there from the curve."""
    own, blank = curve.ink.own.copy(), curve.ink.blank.copy()
    own[rows, columns] = 1
    if course:
        own[30 : rows.stop, columns.start : columns.start + 3] = 1
    blank[own > 0] = 0
    return replace(curve, ink=replace(curve.ink, own=own, blank=blank))


def test_ink_elsewhere_is_doubted_only_where_the_curve_may_run_there():
    # as many words as a legend has, above the curve: a course through them would leave the curve's own ink
    curve = crossing(2, fall=2)
    assert doubts(with_ink(curve, slice(5, 8), slice(120, 180))) == ()
    # a second branch, 0.3 lower from column 140 on, that is as long as what is left of the curve: 0.3 in half of all cases for 60
    # of 200 columns is 0.3 sqrt(0.5 * 60 / 200) = 0.116
    (doubt,) = doubts(with_ink(curve, slice(61, 64), slice(140, 200), course=True))
    error = float(doubt.split("about ")[1].split()[0])
    assert 0.06 < error < 0.18 and "from 14" in doubt


def test_curves_of_one_color_that_meet_are_doubted_only_where_they_part_again():
    # both at row 30 until column 100; then one falls by 0.2, and the other by as much or not at all
    curve, same = crossing(2), crossing(2)
    level = np.full(200, 30)
    level_on = Found(0, curve.ink, Path(0, level, level, 190.0), Steps(np.array([0.0]), np.array([30.5]), 200.0, 3.0))
    assert not any("meets" in doubt for doubt in doubts(curve, [same]))
    assert any("meets another curve of the same color" in doubt for doubt in doubts(curve, [level_on]))


@pytest.mark.parametrize(("below", "end", "doubted"), [(6, 190.0, True), (6, 152.0, False), (14, 190.0, False)])
def test_an_end_close_above_a_curve_that_goes_on_may_not_be_its_own(below, end, doubted):
    # a last drop of 6 pixels, behind marks that reach 2 pixels, would join the curve that ends at column 150 to the other one
    curve, other = crossing(2, fall=2), crossing(2, fall=2)
    short = replace(curve.path, enter=curve.path.enter[:150], leave=curve.path.leave[:150])
    curve.ink.own[:, 150:], curve.ink.blank[:, 150:] = 0, 1
    steps = replace(other.steps, y=other.steps.y + below, end=end)
    found = doubts(replace(curve, path=short, steps=replace(curve.steps, end=150.0), reach=2.0), [replace(other, steps=steps)])
    assert any("may go on as another curve" in doubt for doubt in found) == doubted


@pytest.mark.parametrize(("length", "gap", "doubted"), [(40, 0, True), (8, 0, False), (40, 12, False)])
def test_ink_of_another_color_that_begins_where_a_curve_ends_is_doubted(length, gap, doubted):
    # as in 263:19: the last drop of 20 rows at column 150, and the level after it, were taken for another gray's; a mark is as short as
    # 8 of 200 columns, and words are farther off
    curve = crossing(2, fall=2)
    own, blank = curve.ink.own.copy(), curve.ink.blank.copy()
    own[:, 150:], blank[:, 150:] = 0, 1
    blank[31:56, 149 + gap : 152 + gap] = 0
    blank[53:56, 149 + gap : 150 + gap + length] = 0
    short = replace(curve.path, enter=curve.path.enter[:150], leave=curve.path.leave[:150])
    ended = replace(curve, ink=replace(curve.ink, own=own, blank=blank), path=short, steps=replace(curve.steps, end=150.0))
    assert any("ink goes on from its end at 149" in doubt for doubt in doubts(ended)) == doubted
    after = Steps(np.array([0.0, 150.5]), np.array([32.5, 54.5]), 150.0 + length, 3.0)
    assert not any("ink goes on" in doubt for doubt in doubts(ended, [replace(ended, layer=1, steps=after)]))  # it is another curve's
