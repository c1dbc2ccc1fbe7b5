"""A row of a risk table had no name: dashes that tesseract reads as words without letters were then that name, and lost their ink."""

import pytest

from survrecon.digitize.figure import Text
from survrecon.digitize.raster_remarks import remarks


@pytest.mark.parametrize("label", ["", "-", "  "])
@pytest.mark.parametrize("dashes", ["—", "--", "~ ~"])
def test_dashes_are_no_remark_where_a_label_has_no_letters(label, dashes):
    words = [Text(dashes, 259.0, 266.0, 332.0, 276.0), Text("Placebo", 351.0, 31.0, 418.0, 45.0)]
    assert remarks(words, [label, "Placebo"], 0.0, 0.0, (460, 450)) == [(351, 31, 418, 45)]
