"""What once came out of a drawing quietly wrong."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.figure
import numpy as np
import pytest

import survrecon
from survrecon.digitize.figure import Hints
from survrecon.digitize.vector import digitize_svg
from survrecon.errors import FigureError
from survrecon.figures import draw, generate

LUNG = Path(survrecon.__file__).parents[1] / "digitized" / "ncctg-lung-sex-os" / "figure.svg"  # women live longer, in blue


@pytest.mark.parametrize("arms", [("male", "female"), ("Female", "Male")])
def test_arms_named_as_in_the_legend_keep_their_curves_in_any_order(arms):
    """By area, the first name was given to the women's curve, whatever the legend said: hazard ratios came out upside down."""
    figure = digitize_svg(LUNG, Hints(arms=tuple((label, None) for label in arms)))
    assert [trace.label for trace in figure.traces] == list(arms)
    assert {trace.label.lower(): trace.color for trace in figure.traces} == {"female": "#0072b2", "male": "#d55e00"}


@pytest.mark.parametrize(("label", "top"), [("Cumulative hazard", 1.2), ("Nelson-Aalen", 3.0)])
def test_cumulative_hazards_are_not_read_as_incidence(label, top, tmp_path):
    """An axis from 0 to 3 could be one of percents, and is doubted, as nothing says so; on one up to 1, the title tells."""
    canvas = matplotlib.figure.Figure()
    axes = canvas.subplots()
    axes.step(range(30), np.cumsum(1 / np.arange(40.0, 10.0, -1.0)) - 1 / 40, where="post")  # 29 events among 40
    axes.set(ylim=(0, top), ylabel=label)
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        canvas.savefig(tmp_path / "figure.svg")
    if label == "Cumulative hazard":
        with pytest.raises(FigureError, match="its axis is titled 'Cumulative hazard'; only survival"):
            digitize_svg(tmp_path / "figure.svg", Hints())
    else:
        (trace,) = digitize_svg(tmp_path / "figure.svg", Hints()).traces
        assert "if that is the cumulative hazard, nothing here is right" in trace.doubts[0]


def test_a_band_ends_where_the_last_event_and_a_censoring_are_at_one_time(tmp_path):
    """The limits of figure 149 were one point longer than its curve, and drawing it raised."""
    truth = draw(generate(149), tmp_path / "figure.svg")
    subjects = truth.arms[0]
    last = subjects.time == subjects.time.max()
    assert truth.design.band and set(subjects.event[last]) == {0, 1}
    assert (tmp_path / "figure.svg").exists()
