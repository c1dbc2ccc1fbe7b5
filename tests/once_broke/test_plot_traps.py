"""What a first version of the figures got wrong. Each case says what came out and what is right."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from survrecon.data import IPD
from survrecon.plot import plot_km
from survrecon.reanalysis import reanalyze

TWO = IPD([1, 2, 3, 4, 5, 6], [1, 0, 1, 1, 0, 1], "first"), IPD([1, 2, 3, 4, 5, 7], [1, 1, 1, 1, 0, 1], "second")


def annotations(ax):
    ax.figure.canvas.figure.draw_without_rendering()
    return [text for text in ax.findobj(Annotation) if text.get_text()]


def test_label_with_a_line_break():
    # Its column was as wide as its wider line, but it was written in one line, across the first counts.
    ax = plot_km([TWO[0], IPD(TWO[1].time, TWO[1].event, "second arm\nof   three")])
    (label,) = [text for text in annotations(ax) if text.get_text() == "second arm of three" and text.get_fontweight() == "normal"]
    assert label.get_window_extent().x1 < ax.bbox.x0


def test_arm_without_a_label():
    # matplotlib's own "_child21" stood at the curve.
    ax = plot_km([TWO[0], IPD(TWO[1].time, TWO[1].event, "")])
    assert not any("child" in text.get_text() for text in annotations(ax))


def test_label_that_starts_with_an_underscore():
    # matplotlib leaves such a line out of the legend; the arm is not hidden for that.
    ax = plot_km([IPD(TWO[0].time, TWO[0].event, label) for label in ("_a", "_b")])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["_a", "_b"]


def test_dollar_signs():
    # Two of them set what stands between in mathematical italics.
    ax = plot_km([IPD(TWO[0].time, TWO[0].event, "$5 or $6")], title="$7 or $8")
    priced = [text for text in ax.findobj(Text) if "$" in text.get_text()]
    assert len(priced) == 3  # in the table, at the curve, and the title
    assert not any(text.get_parse_math() for text in priced)


def test_axes_that_have_a_locator_already():
    # "'TransformedBbox' object has no attribute 'from_extents'"
    outer = Figure().subplots()
    inner = outer.inset_axes((0.3, 0.3, 0.6, 0.6))
    plot_km(TWO, inner)
    inner.figure.draw_without_rendering()
    assert outer.bbox.x0 < inner.bbox.x0 < inner.bbox.x1 < outer.bbox.x1


def test_legend_and_results_above_the_axes():
    # Where neither found room inside, one was written over the other.
    items = [IPD(np.linspace(0, 40, 30) * (1 + i / 4), np.ones(30), f"arm number {i} of some length") for i in range(5)]
    ax = Figure(figsize=(3.4, 6)).subplots()
    plot_km(items, ax, analysis=reanalyze(items, items[0].label))
    (text,) = [text for text in annotations(ax) if text.get_text().startswith("Hazard ratio")]
    legend, text = ax.get_legend().get_window_extent(), text.get_window_extent()
    assert min(legend.y0, text.y0) > ax.bbox.y1
    assert not legend.overlaps(text)
