"""matplotlib merges drops less than 1/9 of a point apart into one slope (path.simplify, its default): they must come apart again."""

from __future__ import annotations

import matplotlib
import matplotlib.figure
import numpy as np
import pytest

from survrecon.digitize.figure import Hints
from survrecon.digitize.simplified import split_drops
from survrecon.digitize.vector import digitize_pdf, digitize_svg

FINE = (1e-6, 1e-9)


def falling(*drops: tuple[float, float]) -> np.ndarray:
    """Vertices of a curve from 1 with drops at times, each to a height."""
    points, height = [(0.0, 1.0)], 1.0
    for time, after in drops:
        points += [(time, height), (time, after)]
        height = after
    return np.array([*points, (points[-1][0] + 5, height)])


def sloping(points: np.ndarray, first: int) -> np.ndarray:
    """The same as drawn with the drop at a vertex and the next drop as one line."""
    return np.delete(points, [first + 1, first + 2], axis=0)


@pytest.mark.parametrize("events", [(1, 1), (1, 2), (2, 1), (3, 1), (1, 3), (2, 2)])
def test_somebody_censored_between_two_drops_tells_them_apart(events):
    """Of 100, one has the event on day 1; of 99, some on day 50; one is censored that day; of those left, some on day 50.1."""
    first = 0.99 * (1 - events[0] / 99)
    second = first * (1 - events[1] / (99 - events[0] - 1))
    true = falling((1, 0.99), (50, first), (50.1, second))
    found, count = split_drops(sloping(true, 3), 0.15, FINE)
    assert count == 1
    np.testing.assert_allclose(found, true, atol=1e-9)


def test_two_events_apart_and_three_with_the_odd_one_first():
    """Of 100: 1, then 1 + 1 and, two days later, 3 more of 97; nobody is censored, so nothing tells 2 + 1 from 1 + 2."""
    true = falling((1, 0.99), (50, 0.98), (50.1, 0.97), (52, 0.95), (52.1, 0.94))
    found, count = split_drops(sloping(sloping(true, 7), 3), 0.15, FINE)
    assert count == 2
    np.testing.assert_allclose(found, true, atol=1e-12)


def test_halves_where_nothing_tells_the_number_of_events():
    found, _ = split_drops(np.array([(0, 1), (50, 1), (50.1, 0.3), (60, 0.3)]), 0.15, FINE)
    assert found[2:4].tolist() == [[50, 0.65], [50.1, 0.65]]


@pytest.mark.parametrize("width", [0.2, 30.0])
def test_wider_slopes_stay(width):
    points = np.array([(0, 1), (50, 1), (50 + width, 0.3), (90, 0.3)])
    found, count = split_drops(points, 0.15, FINE)
    assert (found.tolist(), count) == (points.tolist(), 0)


@pytest.mark.parametrize("kind", ["svg", "pdf"])
@pytest.mark.parametrize("failure", [False, True])
def test_figures_as_matplotlib_draws_them(tmp_path, kind, failure):
    """Pairs of events one day apart (0.06 points) every 40 days among 150, one subject censored 20 days after each pair."""
    days, survival, at_risk = [0.0], [1.0], 150
    for k in range(45):
        for day in (40 * k + 20, 40 * k + 21):
            days, survival, at_risk = [*days, day], [*survival, survival[-1] * (1 - 1 / at_risk)], at_risk - 1
        at_risk -= 1
    canvas = matplotlib.figure.Figure()
    axes = canvas.subplots()
    days, survival = np.array([*days, 6000]), np.array([*survival, survival[-1]])
    axes.step(days, 1 - survival if failure else survival, where="post")
    axes.set(xlim=(0, 6000), ylim=(0, 1.02))
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        canvas.savefig(tmp_path / f"figure.{kind}")
    figure = (digitize_pdf if kind == "pdf" else digitize_svg)(tmp_path / f"figure.{kind}", Hints())
    (trace,) = figure.traces
    moved = "the program that drew the figure moved vertices: 45 short slopes stood for drops close together, and became two steps each"
    assert figure.notes == (moved,)
    assert trace.doubts == ()
    found = 1 - trace.survival if failure else trace.survival
    expected = np.repeat(np.column_stack([days, survival]), 2, axis=0)
    np.testing.assert_allclose(np.unique(trace.time), days, atol=2e-4)
    assert all(np.hypot((trace.time - t) / 1000, found - s).min() < 2e-7 for t, s in expected)
