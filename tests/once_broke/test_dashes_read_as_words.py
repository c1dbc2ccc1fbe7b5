"""Parts of curves that tesseract reads as words were taken for letters of names and remarks, and lost their ink."""

import numpy as np
import pytest

from survrecon.digitize.figure import Text
from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_remarks import remarks, without_letters


@pytest.mark.parametrize("label", ["", "-", "  "])
@pytest.mark.parametrize("dashes", ["—", "--", "~ ~"])
def test_dashes_are_no_remark_where_a_label_has_no_letters(label, dashes):
    words = [Text(dashes, 259.0, 266.0, 332.0, 276.0), Text("Placebo", 351.0, 31.0, 418.0, 45.0)]
    assert remarks(words, [label, "Placebo"], 0.0, 0.0, (460, 450)) == [(351, 31, 418, 45)]


def test_circles_beside_a_remark_that_are_read_as_a_tall_word_are_none_of_it():
    # 127:15, 100 dpi: the words as tesseract has them; "th," are circles of a curve, which lost 40 columns and was 0.026 off
    read = [("th,", 36, 108, 91, 144), ("HR,", 98, 132, 117, 142), ("0.76;", 122, 132, 150, 142), ("95%", 157, 132, 177, 141)]
    words = [Text(string, *(float(edge) for edge in edges)) for string, *edges in read]
    assert remarks(words, [], 0.0, 0.0, (300, 300)) == [(98, 132, 177, 142)]


def test_a_curve_in_color_that_is_read_as_a_word_of_a_remark_is_no_letters():
    # as in 227:4: dashes with ticks, right of a remark in black and in its row; the curve ended there, 0.012 off, without a doubt
    black, red = (np.zeros((60, 200), dtype=np.float32) for _ in range(2))
    for left in range(20, 100, 10):
        black[20:30, left : left + 6] = 1
        red[22:28, left + 2 : left + 4] = 0.3  # what a JPEG leaves of letters in other colors
    red[24:26, 110:120] = red[24:26, 126:136] = red[20:30, 114:116] = 1
    layers = [Layer((0, 0, 0), black, 1 - black), Layer((200, 0, 0), red, 1 - np.maximum(black, red))]
    words, curve = without_letters(layers, [(15, 15, 140, 35)])
    assert words.own.max() == 0
    assert np.array_equal(curve.own[:, 105:], red[:, 105:]) and curve.own[:, :105].max() == 0
