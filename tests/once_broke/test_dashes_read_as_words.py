"""Parts of curves that tesseract reads as words were taken for letters of names and remarks, and lost their ink."""

import pytest

from survrecon.digitize.figure import Text
from survrecon.digitize.raster_remarks import remarks


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
