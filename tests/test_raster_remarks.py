"""Remarks in a plot: their letters go, whatever else there is stays."""

import numpy as np
import pytest

from survrecon.digitize.figure import Text
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_remarks import remarks, without_letters

SHAPE = (200, 400)


def words(string, left, top):
    """Words beside each other, 10 pixels for each letter and between words, 12 high."""
    found = []
    for word in string.split():
        found.append(Text(word, left, top, left + 10 * len(word), top + 12))
        left += 10 * len(word) + 10
    return found


@pytest.mark.parametrize("string", ["HR 0.55", "Hazard ratio, 0.98", "P=0.003", "log-rank p < .001", "0·74 to 1·20", "Median 12 months"])
def test_words_of_survival_are_a_remark(string):
    (box,) = remarks(words(string, 130, 60), [], 100, 50, SHAPE)
    assert box == (30, 10, 30 + 10 * len(string), 22)


@pytest.mark.parametrize("string", ["ee ee eee", "— - —", "++", "Oo", "Drug", "12 24", "ChIP"])
def test_what_dashes_look_like_is_none(string):
    assert remarks(words(string, 130, 60), ["Drug B"], 100, 50, SHAPE) == []


def test_names_of_curves_are_remarks_but_not_beside_each_other():
    names = words("Drug A", 130, 60) + words("Placebo", 300, 61)
    assert remarks(names, ["drug a", "Placebo"], 100, 50, SHAPE) == [(30, 10, 90, 22), (200, 11, 270, 23)]


def test_words_outside_of_the_plot_are_none():
    assert remarks(words("HR 0.55", 130, 60), [], 100, 61, SHAPE) == []


def test_letters_go_and_a_curve_through_them_stays():
    own = np.zeros(SHAPE, dtype=np.float32)
    own[100:103, 20:300] = 1  # a line, which a letter touches
    own[95:101, 60:62] = 1
    own[92:104, 80:84] = 0  # a gap in it, with a letter
    own[94:106, 81:83] = 1
    own[94:98, 120:125] = 1  # a letter above it
    own[10:20, 10:20] = 1  # far away
    layer = Layer((0, 0, 0), own, 1 - own)
    (rest,) = without_letters([layer], [(50, 93, 150, 107)])
    assert rest.own[100:103, 20:80].min() == 1 and rest.own[100:103, 84:300].min() == 1
    assert rest.own[95:101, 60:62].min() == 1
    assert rest.own[90:99, 81:150].max() == 0 and rest.own[94:106, 81:83].max() == 0
    assert rest.own[10:20, 10:20].min() == 1
    assert np.array_equal(rest.blank, layer.blank)  # something may be behind letters
    assert layer.own[94, 81] == 1  # the layer itself is not changed
