"""The overlay lies on the figure: every position below is worked out by hand from the axes given."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
from matplotlib.collections import LineCollection

from survrecon.digitize.figure import Axis, Digitized, Text, Trace
from survrecon.plot_digitized import plot_overlay

# Time 0 at 100 and 10 at 300 (20 a month); survival 1 at 50 and 0 at 250 (200 for all).
X = Axis(origin=-5, scale=0.05, ticks=((100, 0), (300, 10)), start=90, end=310, title="Months")
Y = Axis(origin=1.25, scale=-0.005, ticks=((250, 0), (50, 1)), start=250, end=40)
TRACE = Trace("drug", "#ff0000", np.array([0, 4, 4, 10]), np.array([1, 1, 0.5, 0.5]), np.array([2.0, 6.0]))
PIXELS = np.full((300, 400, 3), 255, dtype=np.uint8)
FIGURE = Digitized("raster", X, Y, (TRACE,), backdrop=PIXELS, texts=(Text("Months", 180, 270, 220, 285),))
DRAWING = replace(FIGURE, kind="vector", backdrop=((np.array([[100, 50], [180, 50]]), "#ff0000"),))


def line(axes, label):
    return next(item for item in axes.lines if item.get_label() == label)


def test_a_curve_lies_where_it_was_read():
    drawn = line(plot_overlay(FIGURE), "drug")
    np.testing.assert_allclose(drawn.get_xdata(), [100, 180, 180, 300])
    np.testing.assert_allclose(drawn.get_ydata(), [50, 50, 150, 150])


def test_marks_lie_on_the_curve():
    marks = next(item for item in plot_overlay(FIGURE).lines if item.get_marker() == "|")
    np.testing.assert_allclose(marks.get_xdata(), [140, 220])  # months 2 and 6
    np.testing.assert_allclose(marks.get_ydata(), [50, 150])  # before and after the fall at 4


def test_a_percent_axis_gives_the_same_picture():
    percent = replace(FIGURE, percent=True, y=replace(Y, origin=125, scale=-0.5))
    np.testing.assert_allclose(line(plot_overlay(percent), "drug").get_ydata(), [50, 50, 150, 150])


def test_a_picture_is_shown_whole():
    axes = plot_overlay(FIGURE)
    assert axes.get_xlim() == (0, 400)
    assert axes.get_ylim() == (300, 0)
    assert {text.get_text() for text in axes.texts} == {"0", "10", "1"}


def test_a_drawing_is_shown_with_its_axes_and_texts_and_a_margin():
    axes = plot_overlay(DRAWING)
    # from 90 to 310 and from 40 to 285, and 6% of the longer side, 245, around it
    np.testing.assert_allclose(axes.get_xlim(), [90 - 14.7, 310 + 14.7])
    np.testing.assert_allclose(axes.get_ylim(), [285 + 14.7, 40 - 14.7])


def test_ticks_are_written_to_a_thousandth_of_the_axis():
    read = replace(X, ticks=((100, 0.00042), (300, 9.99977)))  # the axis spans 11 months
    assert {text.get_text() for text in plot_overlay(replace(FIGURE, x=read)).texts} == {"0", "10", "1"}


def test_pixels_lie_where_they_were():
    (image,) = plot_overlay(FIGURE).get_images()
    assert image.get_extent() == [0, 400, 300, 0]


def test_a_drawing_is_drawn_with_its_lines_and_texts():
    axes = plot_overlay(DRAWING)
    (lines,) = (item for item in axes.collections if isinstance(item, LineCollection))
    np.testing.assert_allclose(lines.get_segments(), [[[100, 50], [180, 50]]])
    assert "Months" in {text.get_text() for text in axes.texts}


def test_a_doubtful_curve_says_so():
    axes = plot_overlay(replace(FIGURE, traces=(replace(TRACE, doubts=("rises at 3",)),)))
    assert line(axes, "drug (doubtful)")


def test_more_curves_than_colors():
    many = plot_overlay(replace(FIGURE, traces=tuple(replace(TRACE, label=str(i)) for i in range(9))))
    assert line(many, "0").get_color() == line(many, "7").get_color() != line(many, "1").get_color()


def test_a_text_that_looks_like_mathematics_is_drawn_as_it_is():
    axes = plot_overlay(replace(FIGURE, kind="vector", backdrop=(), texts=(Text("$\\frac", 180, 270, 220, 285),)))
    axes.figure.savefig(BytesIO(), format="png")
