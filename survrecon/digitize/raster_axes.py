"""The two axis lines of a picture, their tick marks, and the values that the user gives for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.figure import Axis, Hints
from survrecon.digitize.raster_ticks import LONGEST_TICK, Line, evenly_spaced, find_ticks
from survrecon.errors import FigureError

SHORTEST = 0.2  # of the picture: what is shorter is no axis line
THICKEST = 0.02  # of the picture: what is thicker is no line
CORNER = 0.12  # how far the two lines may stay apart where they meet, as a share of their length
MOST_RUNS, MOST_LINES = 4000, 60  # a picture of many lines is no figure
ALIKE = 0.6  # sides of another panel, as a share of the largest's: the axes of a risk table are lower
MOST_BORDERS = 12  # pairs of lines around or inside each other that are looked at for ticks


@dataclass(frozen=True)
class Frame:
    """The axes of one panel.

    Attributes
    ----------
    bottom : Line
        The time axis.
    left : Line
        The survival axis.
    x_ticks, y_ticks : tuple of float
        Positions of their ticks, in the order of their values: rightwards, and upwards.
    panels : int
        How many of about this size there are in the picture.
    """

    bottom: Line
    left: Line
    x_ticks: tuple[float, ...]
    y_ticks: tuple[float, ...]
    panels: int = 1


def find_frame(ink: FloatArray, panel: int | None = None, any_ink: FloatArray | None = None) -> Frame | None:
    """Find the axis lines and ticks of a panel.

    Parameters
    ----------
    ink : ndarray of float, shape (height, width)
        0 for background, 1 for the darkest.
    panel : int or None
        Which one, from 1 in reading order; None for the largest.
    any_ink : ndarray of float, shape (height, width), optional
        The same for ink of any color, however bright: curves and marks can be drawn over ticks.

    Returns
    -------
    Frame or None
        None where there is no such pair of lines.
    """
    any_ink = ink if any_ink is None else any_ink
    bare = None  # a pair without ticks, such as a border around the picture, stands back behind a paler one that has some
    for darkness in (0.6, 0.35, 0.12):
        frames = _frames(ink > darkness, any_ink)
        if panel is None and frames:
            bottom, left = max(frames, key=lambda pair: pair[0].length * pair[1].length)
            frame = _with_ticks(any_ink, bottom, left)
            if frame.x_ticks or frame.y_ticks:
                alike = [pair for pair in frames if min(pair[0].length / bottom.length, pair[1].length / left.length) > ALIKE]
                ticked = [both for both in (_with_ticks(any_ink, *pair) for pair in alike) if both.x_ticks and both.y_ticks]
                return replace(frame, panels=max(len(ticked), 1))
            bare = bare or frame
        if panel is not None and 1 <= panel <= len(frames):
            heights = [left.length for _, left in frames]
            in_order = sorted(frames, key=lambda pair: (round(pair[0].near / (0.5 * max(heights))), pair[0].start))
            return _with_ticks(any_ink, *in_order[panel - 1])
    return bare


def _frames(mask: BoolArray, ink: FloatArray) -> list[tuple[Line, Line]]:
    """Pairs of a horizontal and a vertical line that meet as axes do, none inside another, largest first."""
    pairs = []
    for bottom in _lines(mask):
        for left in _lines(mask.T):
            gap_x, gap_y = abs(left.middle - bottom.start) / bottom.length, abs(bottom.middle - left.end) / left.length
            above = left.start < bottom.near - 0.5 * left.length
            if above and gap_x < CORNER and gap_y < CORNER:
                pairs.append((bottom.length * left.length * (1 - 3 * gap_x - 3 * gap_y), bottom, left))
    kept: list[tuple[Line, Line]] = []
    ordered = [(bottom, left) for _, bottom, left in sorted(pairs, key=lambda pair: -pair[0])]
    for bottom, left in _without_border(ordered, ink):
        if all(not _overlap(bottom, left, *other) for other in kept):
            kept.append((bottom, left))
    return kept


def _without_border(pairs: list[tuple[Line, Line]], ink: FloatArray) -> list[tuple[Line, Line]]:
    """Leave out the lines of a border around the picture: they have no ticks, but a pair inside of them has."""
    for place, (bottom, left) in enumerate(pairs[:MOST_BORDERS]):
        if find_ticks(ink, bottom) or find_ticks(ink.T, left, outwards=-1):
            return pairs[place:]
        inside = [pair for pair in pairs[place + 1 :] if pair[0].near < bottom.near - 5 and pair[1].near > left.near + 5]
        if not any(find_ticks(ink, pair[0]) and find_ticks(ink.T, pair[1], outwards=-1) for pair in inside[:MOST_BORDERS]):
            return pairs[place:]
    return pairs


def _overlap(bottom: Line, left: Line, other_bottom: Line, other_left: Line) -> bool:
    across = min(bottom.end, other_bottom.end) - max(bottom.start, other_bottom.start)
    down = min(left.end, other_left.end) - max(left.start, other_left.start)
    return across > 0 and down > 0


def _lines(mask: BoolArray) -> list[Line]:
    """Return the long thin lines along the rows of the mask."""
    height, width = mask.shape
    columns = np.arange(width, dtype=np.int32)
    length = columns - np.maximum.accumulate(np.where(mask, np.int32(-1), columns), axis=1)
    last = np.ones_like(mask)
    last[:, :-1] = ~mask[:, 1:]
    ends = np.argwhere(last & (length >= max(SHORTEST * width, 20)))[:MOST_RUNS]
    groups: list[list[tuple[int, int, int]]] = []  # row, start and end of the runs of each line
    for row, end in ends.tolist():
        run = (row, end + 1 - int(length[row, end]), end + 1)
        ends_above = ((group, group[-1]) for group in reversed(groups) if row - group[-1][0] == 1)
        group = next((group for group, above in ends_above if min(run[2], above[2]) > max(run[1], above[1])), None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    lines = []
    for group in groups:
        if len(group) <= max(3, THICKEST * height):
            longest = max(group, key=lambda run: run[2] - run[1])
            # rows that the line only touches in part are shorter or paler: those as long as the longest are its thickness
            core = [row for row, start, end in group if end - start >= 0.9 * (longest[2] - longest[1])]
            lines.append(Line(core[0], core[-1] + 1, longest[1], longest[2]))
    return lines[:MOST_LINES]


def _with_ticks(ink: FloatArray, bottom: Line, left: Line) -> Frame:
    bottom, left = _to_its_ends(ink, bottom), _to_its_ends(ink.T, left)
    x_ticks = find_ticks(ink, bottom)
    y_ticks = find_ticks(ink.T, left, outwards=-1)
    return Frame(bottom, left, x_ticks, tuple(reversed(y_ticks)))


def _to_its_ends(ink: FloatArray, line: Line) -> Line:
    """Follow a line beyond its ends as long as half of its ink is there: a thin one wavers around the darkness that it was found by."""
    along = ink[line.near : line.far].max(axis=0)
    pale = np.flatnonzero(along <= 0.5 * np.median(along[line.start : line.end]))
    return replace(
        line,
        start=int(pale[pale < line.start].max(initial=-1)) + 1,
        end=int(pale[pale >= line.end].min(initial=along.size)),
    )


def without_axes(pixels: NDArray[np.uint8], ink: FloatArray, frame: Frame) -> NDArray[np.uint8]:
    """Wipe out the axis lines and their outer ticks, which would be read as letters.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.
    ink : ndarray of float, shape (height, width)
        0 for background, 1 for the darkest.
    frame : Frame
        The axes.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        A copy.
    """
    wiped = pixels.copy()
    for picture, dark, line, outwards in ((wiped, ink, frame.bottom, 1), (np.swapaxes(wiped, 0, 1), ink.T, frame.left, -1)):
        first, last = max(line.start - 3, 0), line.end + 3
        rows = np.arange(line.near, dark.shape[0]) if outwards > 0 else np.arange(line.far - 1, -1, -1)
        rows = rows[: line.far - line.near + int(LONGEST_TICK * line.length)]
        attached = np.cumprod(dark[rows, first:last] > 0.1, axis=0).astype(bool)
        strip = picture[rows, first:last]
        strip[attached] = 255
        picture[rows, first:last] = strip
    return wiped


def axis_from_hints(name: Literal["x", "y"], hints: Hints, frame: Frame, path: str | Path) -> Axis | None:
    """Return the axis as the user gives it: two points of it, or its range.

    Parameters
    ----------
    name : {"x", "y"}
        Which axis.
    hints : Hints
        Points win over a range.
    frame : Frame
        Ticks and lines of the panel.
    path : path-like
        The file, for the error.

    Returns
    -------
    Axis or None
        None where the user gives neither.

    Raises
    ------
    FigureError
        If what is given is no axis.
    """
    line = frame.bottom if name == "x" else frame.left
    ticks = frame.x_ticks if name == "x" else frame.y_ticks
    # a line is found with the tick or the other axis that prolongs it: it starts where the two axes meet
    begins = max(line.start, frame.left.middle) if name == "x" else min(line.end, frame.bottom.middle)
    ends = (begins, line.end) if name == "x" else (begins, line.start)
    points: tuple[tuple[float, float], ...] | None = hints.x_points if name == "x" else hints.y_points
    span = hints.x_range if name == "x" else hints.y_range
    if points is None and span is not None:
        positions = _first_and_last(ticks) if ticks else ends
        points = tuple(zip(positions, span, strict=True))
    if points is None:
        return None
    (p0, v0), (p1, v1) = points
    if not np.all(np.isfinite([p0, v0, p1, v1])) or p0 == p1 or v0 == v1:
        raise FigureError(path, f"--{name}-at / --{name}-range: {points} need two different positions and two different values")
    scale = (v1 - v0) / (p1 - p0)
    if (scale > 0) != (name == "x"):
        where = "to the right" if name == "x" else "upwards"
        raise FigureError(path, f"--{name}-range: values must grow {where}; give the smaller one first")
    origin = v0 - scale * p0
    return Axis(origin, scale, tuple((float(p), float(origin + scale * p)) for p in ticks), float(ends[0]), float(ends[1]))


def ticks_missed(hints: Hints, frame: Frame) -> tuple[str, ...]:
    """Tell where a range that the user gives was put on fewer ticks than the axis must have.

    Parameters
    ----------
    hints : Hints
        What the user says of the axes.
    frame : Frame
        Ticks and lines of the panel.

    Returns
    -------
    tuple of str
        One doubt for each axis whose line goes on by a whole step or more beyond the ticks found.
    """
    doubts = []
    given = (
        ("x", hints.x_range, hints.x_points, frame.x_ticks, frame.bottom),
        ("y", hints.y_range, hints.y_points, frame.y_ticks, frame.left),
    )
    for name, span, points, ticks, line in given:
        if span is None or points is not None or len(ticks) < 2:
            continue
        step = float(np.median(np.abs(np.diff(ticks))))
        spare = max(min(ticks) - line.start, line.end - max(ticks))
        if spare > 0.95 * step:
            doubts.append(
                f"the {name} axis goes on by {spare / step:.1f} steps beyond the {len(ticks)} ticks that --{name}-range was put on; "
                f"give two points of it with --{name}-at"
            )
    return tuple(doubts)


def _first_and_last(ticks: tuple[float, ...]) -> tuple[float, float]:
    """Return the ends of the row of ticks; by a straight line through all of them where they are evenly spaced."""
    if not evenly_spaced(ticks):
        return ticks[0], ticks[-1]
    number = np.arange(len(ticks))
    slope, intercept = np.polyfit(number, ticks, 1)
    return float(intercept), float(intercept + slope * number[-1])
