"""Curves that a program drew in pieces: every corner is known, as the figures are written here by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from survrecon.digitize.figure import Digitized, Hints
from survrecon.digitize.vector import digitize_svg
from survrecon.errors import FigureError

LEFT, TOP, RIGHT, BOTTOM, END = 70, 30, 470, 300, 36
COLORS = ("#0072b2", "#d55e00")
SEEDS = (1, 2)
Points = list[tuple[float, float]]


def corners(seed: int) -> Points:
    """Time and survival at the corners of the curve of 40 subjects, 30 events at least half a month apart, nobody censored."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.5, 1.6, 30))
    points = [(0.0, 1.0)]
    for k, time in enumerate(times, 1):
        points += [(time, 1 - (k - 1) / 40), (time, 1 - k / 40)]
    return [*points, (times[-1] + 1, 0.25)]


def placed(points: Points) -> Points:
    return [(LEFT + (RIGHT - LEFT) * time / END, BOTTOM - (BOTTOM - TOP) * height) for time, height in points]


def line(points: Points, color: str = "#000000") -> str:
    return f'<path d="M{"L".join(f"{x:.4f} {y:.4f}" for x, y in points)}" fill="none" stroke="{color}"/>'


def dashes(points: Points, on: float = 6, off: float = 4) -> Iterator[Points]:
    """Cut a line into dashes, as long as they are along it."""
    dash, left, drawn = [points[0]], on, True
    for (x, y), (end, bottom) in zip(points, points[1:], strict=False):
        long = abs(end - x) + abs(bottom - y)
        done = 0.0
        while long - done > left:
            done += left
            dash.append((x + (end - x) * done / long, y + (bottom - y) * done / long))
            if drawn:
                yield dash
            drawn = not drawn
            left, dash = on if drawn else off, dash[-1:]
        left -= long - done
        dash.append((end, bottom))
    if drawn:
        yield dash


def parts(points: Points) -> list[Points]:
    return [list(ends) for ends in zip(points, points[1:], strict=False)]


def box(ends: Points, beyond: float) -> str:
    """A part of a line as a filled box one thick, that goes on a little beyond its ends."""
    (x, y), (end, bottom) = ends
    wide, high = (beyond, 0.5) if y == bottom else (0.5, beyond)
    return f"M{x - wide:.4f} {y - high:.4f}H{end + wide:.4f}V{bottom + high:.4f}H{x - wide:.4f}Z"


def figure(tmp_path, body: list[str], right: bool = False, axis: str = "", **hints: object) -> Digitized:
    """Axes with ticks and labels, and what is drawn in them."""
    side, out, anchor = (RIGHT, 5, "start") if right else (LEFT, -5, "end")
    drawn = [axis or f'<path d="M{side} {TOP}V{BOTTOM}"/><path d="M{LEFT} {BOTTOM}H{RIGHT}"/>']
    for month in range(0, END + 1, 6):
        x = placed([(month, 0)])[0][0]
        drawn.append(
            f'<path d="M{x:.4f} {BOTTOM}v5"/><text x="{x:.4f}" y="{BOTTOM + 17}" font-size="10" text-anchor="middle">{month}</text>'
        )
    for height in (0, 0.25, 0.5, 0.75, 1):
        y = placed([(0, height)])[0][1]
        text = f'<text x="{side + 1.6 * out}" y="{y + 3.6:.4f}" font-size="10" text-anchor="{anchor}">{height}</text>'
        drawn.append(f'<path d="M{side} {y:.4f}h{out}"/>{text}')
    path = tmp_path / "figure.svg"
    frame = "".join(drawn).replace("<path ", '<path fill="none" stroke="#000000" ')
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 540 360">{frame}{"".join(body)}</svg>', encoding="utf-8")
    return digitize_svg(path, Hints(**hints))


def check(found: Digitized, tolerance: float = 1e-4, seeds: tuple[int, ...] = SEEDS) -> None:
    """Every corner of every curve is within so many months, or 1/36 as much of survival."""
    assert len(found.traces) == len(seeds)
    for seed, color in zip(seeds, COLORS, strict=False):
        (trace,) = (trace for trace in found.traces if trace.color == color)
        for time, height in corners(seed):
            assert np.max(np.abs([(trace.time - time), END * (trace.survival - height)]), axis=0).min() <= tolerance
        assert trace.time[-1] == pytest.approx(corners(seed)[-1][0], abs=max(tolerance, 1.0) if tolerance > 1e-3 else 1e-3)
        assert not trace.doubts


def both(pieces) -> list[str]:
    return [drawn for seed, color in zip(SEEDS, COLORS, strict=True) for drawn in pieces(placed(corners(seed)), color)]


def test_two_axes_drawn_as_one_line_are_no_curve(tmp_path):
    """From 1 down the axis of survival, then along the axis of time: everybody dead at once, if it were a curve."""
    axis = f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>'
    check(figure(tmp_path, both(lambda points, color: [line(points, color)]), axis=axis))
    with pytest.raises(FigureError, match="no line in the panel starts at 1"):
        figure(tmp_path, [], axis=axis)


@pytest.mark.parametrize("axis", ["", f'<path d="M{LEFT} {BOTTOM}H{RIGHT}V{TOP}"/>'])
def test_the_axis_of_survival_on_the_right(tmp_path, axis):
    found = figure(tmp_path, both(lambda points, color: [line(points, color)]), right=True, axis=axis)
    check(found)
    assert not any("rising" in note for note in found.notes)


@pytest.mark.parametrize("shuffled", [False, True])
def test_horizontal_and_vertical_parts_apart(tmp_path, shuffled):
    def pieces(points, color):
        found = [line(ends[:: rng.choice((1, -1)) if shuffled else 1], color) for ends in parts(points)]
        return rng.sample(found, len(found)) if shuffled else found

    rng = random.Random(3)
    check(figure(tmp_path, both(pieces)))


def test_gaps_that_hardly_show(tmp_path):
    def pieces(points, color):
        return [line([(x + 0.2 * (y == low), y), (end - 0.2 * (y == low), low)], color) for (x, y), (end, low) in parts(points)]

    found = figure(tmp_path, both(pieces))
    check(found, 0.03)
    assert "2 curves drawn in pieces, such as dashes, put together" in found.notes


def test_no_vertical_parts(tmp_path):
    check(figure(tmp_path, both(lambda points, color: [line(ends, color) for ends in parts(points) if ends[0][1] == ends[1][1]])))


def test_areas_under_curves_are_refused_with_a_remedy(tmp_path):
    """Down to the axis at the end: whether the curve goes there as well cannot be seen."""

    def pieces(points, color):
        ends = [(points[-1][0], BOTTOM), (LEFT, BOTTOM), points[0]]
        return [line([*points, *ends], color).replace('fill="none"', f'fill="{color}"')]

    with pytest.raises(FigureError, match="its curves may be areas, as under a curve or of strokes turned into outlines: print it"):
        figure(tmp_path, both(pieces))


def test_outlines_with_round_corners_are_refused_with_a_remedy(tmp_path):
    """Each curve as the outline of a thick stroke whose corners are arcs."""

    def pieces(points, color):
        there = "".join(f"L{x:.3f} {y - 0.5:.3f}a.5 .5 0 0 1 .1 .1" for x, y in points)
        back = "".join(f"L{x:.3f} {y + 0.5:.3f}" for x, y in points[::-1])
        return [f'<path d="M{LEFT} {TOP}{there}{back}Z" fill="{color}"/>']

    with pytest.raises(FigureError, match="its curves may be areas, as under a curve or of strokes turned into outlines: print it"):
        figure(tmp_path, both(pieces))


@pytest.mark.parametrize("beyond", [0.0, 0.5])
def test_filled_boxes(tmp_path, beyond):
    found = figure(tmp_path, both(lambda points, color: [f'<path d="{box(ends, beyond)}" fill="{color}"/>' for ends in parts(points)]))
    check(found, 0.05)


@pytest.mark.parametrize(("on", "off"), [(6, 4), (2, 2), (9, 3)])
def test_dash_by_dash(tmp_path, on, off):
    """A gap hides a corner at most: where it must be follows from the dashes before and after it."""
    body = [line(placed(corners(1)), COLORS[0]), *(line(dash, COLORS[1]) for dash in dashes(placed(corners(2)), on, off))]
    found = figure(tmp_path, body)
    slack = off * END / (RIGHT - LEFT)  # both corners of a drop may be within one gap
    trace = next(trace for trace in found.traces if trace.color == COLORS[1])
    assert len(found.traces) == 2
    for time, height in corners(2)[:-1]:
        assert np.max(np.abs([(trace.time - time), END * (trace.survival - height)]), axis=0).min() <= 1.5 * slack
    lost = trace.doubts[0].split()[0] if trace.doubts else "0"
    assert trace.doubts in ((), (f"{lost} of its drops lie in gaps between its dashes, and were put in their middle",))
    shown = [np.max(np.abs([(trace.time - t), END * (trace.survival - s)]), axis=0).min() <= 1e-3 for t, s in corners(2)]
    assert sum(shown) > 0.8 * len(shown)


def test_two_curves_dash_by_dash_in_one_color_are_never_taken_for_right(tmp_path):
    body = [line(dash) for seed, on in ((1, 6), (2, 2)) for dash in dashes(placed(corners(seed)), on, on)]
    try:
        found = figure(tmp_path, [line(placed(corners(1))), *body])
    except FigureError:
        return
    assert all(trace.doubts for trace in found.traces)
