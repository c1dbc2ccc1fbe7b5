"""The values of the axes of a picture: those that the user gives, or those of the tick labels; and where the two differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from survrecon.digitize.axes import AxisError, contradiction, read_axis
from survrecon.digitize.figure import Axis, Hints, Text
from survrecon.digitize.ocr import DIGIT, read_texts
from survrecon.digitize.raster_axes import Frame, axis_from_hints
from survrecon.digitize.raster_image import Pixels
from survrecon.digitize.raster_ticks import evenly_spaced, tick_step
from survrecon.digitize.raster_view import View
from survrecon.errors import FigureError

LEAST_SHARES = 2  # labels that begin with a zero, of an axis from 0 to 1
SHARE = re.compile(r"0[.,\u00b7]?(\d+)")
LEAST_LABELS = 3  # two numbers can be misread and still make a line
INKED = 160  # of 255: what is darker is a letter
TITLE_AWAY = 0.1  # of the room for labels: letters of one are not so far apart
LEAST_AWAY = 3  # pixels, the same


def read_values(
    view: View, frame: Frame, hints: Hints, texts: Sequence[Text], path: str | Path, clean: Pixels | None = None
) -> tuple[Axis, Axis]:
    """Give the axis lines their values: those that the user gives, else those of the tick labels.

    Parameters
    ----------
    view : View
        What is looked at.
    frame : Frame
        The axis lines and ticks in it.
    hints : Hints
        What the user says of the axes.
    texts : sequence of Text
        Words read in the view.
    path : path-like
        The file, for errors.
    clean : ndarray of uint8, shape (height, width, 3), optional
        The view without axis lines, to read the tick labels on their own in.

    Returns
    -------
    x, y : Axis
        In the view's pixels.

    Raises
    ------
    FigureError
        If the values are not known, or cannot be.
    """
    hints = replace(hints, x_points=view.points(hints.x_points, view.left), y_points=view.points(hints.y_points, view.top))
    x, y = (axis_from_hints(name, hints, frame, path) for name in ("x", "y"))
    under, beside = _readings(clean, frame, texts)
    below, left = (frame.bottom.start, frame.bottom.end), (frame.left.end, frame.left.start)
    x = x or _first(under, frame.x_ticks, True, frame.bottom.middle, below, path)
    y = y or _first(beside, frame.y_ticks, False, frame.left.middle, left, path)
    if x is None or y is None or x.scale <= 0 or y.scale >= 0:
        missing = " and ".join(f"--{name}-range" for name, axis in (("x", x), ("y", y)) if axis is None) or "--x-range and --y-range"
        raise FigureError(path, f"the values of its axes cannot be read; give {missing}: the values at the first and the last tick")
    return x, y


def _room_for_labels(clean: Pixels) -> tuple[int, int]:
    """Return how far below and how far beside an axis its labels may be, in pixels."""
    height, width = clean.shape[:2]
    return max(24, height // 20), max(40, width // 15)


def _below(clean: Pixels | None, frame: Frame, texts: list[Text]) -> Iterator[Sequence[Text]]:
    """Read the labels of the time axis: as they were, then on their own, since small numbers that stand alone are missed else."""
    yield texts
    if clean is not None:
        high, wide = _room_for_labels(clean)
        right, under_it = min(frame.bottom.end + wide, clean.shape[1]), min(frame.bottom.far + high, clean.shape[0])
        strip = (max(frame.bottom.start - wide, 0), frame.bottom.far, right, under_it)
        yield _numbers(clean, strip)
        if (line := _one_line(clean, strip)) != strip:
            yield _numbers(clean, line)


def _at_left(clean: Pixels | None, frame: Frame, texts: list[Text]) -> Iterator[Sequence[Text]]:
    """Read the labels of the survival axis in the same ways, and as numbers that run upwards."""
    yield texts
    if clean is not None:
        high, wide = _room_for_labels(clean)
        above, under_it = max(frame.left.start - high, 0), min(frame.left.end + high // 2, clean.shape[0])
        strip = (max(frame.left.near - wide, 0), above, frame.left.near, under_it)
        yield _numbers(clean, strip)
        yield _upright_numbers(clean, strip)
        yield _numbers(clean, _without_title(clean, strip))


def _one_line(clean: Pixels, strip: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Make a strip as high as the first line of words in it or right below, which may be far from the axis."""
    left, top, right, bottom = strip
    inked = np.flatnonzero((clean[top : 2 * bottom - top, left:right] < INKED).any(axis=(1, 2)))
    breaks = np.flatnonzero(np.diff(inked) > LEAST_AWAY)
    if not inked.size:
        return strip
    last = int(inked[breaks[0]] if breaks.size else inked[-1])
    return left, max(top + int(inked[0]) - LEAST_AWAY, top), right, min(top + last + LEAST_AWAY + 1, clean.shape[0])


def _without_title(clean: Pixels, strip: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Cut off what stands left of the labels, such as an upright title, which is read into their lines."""
    left, top, right, bottom = strip
    inked = np.flatnonzero((clean[top:bottom, left:right] < INKED).any(axis=(0, 2)))
    beyond = np.flatnonzero(np.diff(inked) > max(TITLE_AWAY * (right - left), LEAST_AWAY))
    return (left + int(inked[beyond[-1] + 1]) - 1, top, right, bottom) if beyond.size else strip


def _first(
    readings: Iterable[Sequence[Text]], ticks: Sequence[float], horizontal: bool, line: float, ends: tuple[int, int], path: str | Path
) -> Axis | None:
    """Return the axis of the first reading that shows one; what is wrong with the first is told where none does."""
    wrong = None
    for texts in readings:
        try:
            axis = _read(ticks, texts, horizontal, line, ends, path)
        except FigureError as error:
            wrong = wrong or error
            continue
        if axis is not None:
            return axis
    if wrong is not None:
        raise wrong
    return None


def contradictions(frame: Frame, hints: Hints, texts: Sequence[Text], axes: tuple[Axis, Axis], clean: Pixels | None = None) -> list[str]:
    """Tell which of the values that the user gives are not those of the tick labels.

    Parameters
    ----------
    frame : Frame
        The axis lines and ticks in the view.
    hints : Hints
        What the user says of the axes.
    texts : sequence of Text
        Words read in the view.
    axes : tuple of two Axis
        As they were taken.
    clean : ndarray of uint8, shape (height, width, 3), optional
        The view without axis lines, to read the tick labels on their own in.

    Returns
    -------
    list of str
        One sentence for each axis; none where too few labels can be read.
    """
    typed = (hints.x_range or hints.x_points, hints.y_range or hints.y_points)
    told = []
    for known, readings, axis, horizontal in zip(typed, _readings(clean, frame, texts), axes, (True, False), strict=True):
        if known:  # else the labels say what it is
            read = next(filter(None, (_sure(frame, near, horizontal) for near in readings)), None)
            told.append(contradiction(read, axis, horizontal, points_lost=True))
    return [sentence for sentence in told if sentence]


def with_hidden_ticks(frame: Frame, hints: Hints, texts: Sequence[Text], path: str | Path) -> Frame:
    """Add a first or a last tick that cannot be seen, where only with it the range that the user gives is what the labels say.

    Parameters
    ----------
    frame : Frame
        The axis lines and ticks in the view.
    hints : Hints
        What the user says of the axes.
    texts : sequence of Text
        Words read in the view.
    path : path-like
        The file, for errors.

    Returns
    -------
    Frame
        The same where no range is given, or where labels say something else.
    """
    given: tuple[tuple[Literal["x", "y"], bool], ...] = (
        ("x", hints.x_points is None and hints.x_range is not None),
        ("y", hints.y_points is None and hints.y_range is not None),
    )
    for (name, ranged), readings in zip(given, _readings(None, frame, texts), strict=True):
        ticks, read = frame.x_ticks if name == "x" else frame.y_ticks, _sure(frame, next(readings), name == "x")
        if not ranged or read is None or not evenly_spaced(ticks):
            continue
        for places in (ticks, (*ticks, ticks[-1] + tick_step(ticks)), (ticks[0] - tick_step(ticks), *ticks)):
            tried = replace(frame, x_ticks=places) if name == "x" else replace(frame, y_ticks=places)
            axis = axis_from_hints(name, hints, tried, path)
            if axis is not None and not contradiction(read, axis, name == "x", points_lost=True):
                frame = tried
                break
    return frame


def _readings(clean: Pixels | None, frame: Frame, texts: Sequence[Text]) -> tuple[Iterator[Sequence[Text]], Iterator[Sequence[Text]]]:
    """Return what may be read of the labels of the time axis, and of those of the survival axis, one way after another."""
    under, beside = _under_and_beside(frame, texts)
    return _below(clean, frame, under), map(_pointed, _at_left(clean, frame, beside))


def _sure(frame: Frame, near: Sequence[Text], horizontal: bool) -> Axis | None:
    """Return an axis as its labels say, if there are enough of them."""
    ticks, line = (frame.x_ticks, frame.bottom) if horizontal else (frame.y_ticks, frame.left)
    try:
        axis = read_axis(ticks, near, horizontal, line.middle)
    except AxisError:
        return None
    # numbers at risk fall
    return axis if axis is not None and len(axis.ticks) >= LEAST_LABELS and (axis.scale > 0) == horizontal else None


def _under_and_beside(frame: Frame, texts: Sequence[Text]) -> tuple[list[Text], list[Text]]:
    """Return the texts where labels of the time axis may be, and where those of the survival axis may."""
    under = [text for text in texts if text.top >= frame.bottom.middle]
    return under, [text for text in texts if text.right <= frame.left.middle + 1]


def _numbers(clean: Pixels, strip: tuple[int, int, int, int]) -> tuple[Text, ...]:
    """Read the numbers in a part of the picture: left, top, right and bottom."""
    left, top, right, bottom = strip
    margin = 10
    part = np.pad(clean[top:bottom, left:right], ((margin, margin), (margin, margin), (0, 0)), constant_values=255)
    texts = read_texts(part, numbers=True, block=True)
    if len(texts) < LEAST_LABELS:  # enlarged digits may be missed
        texts = read_texts(part, numbers=True, block=True, high=DIGIT)
    if len(texts) < LEAST_LABELS:  # or a row of labels far apart
        texts = read_texts(part, numbers=True)
    return tuple(
        replace(t, left=t.left + left - margin, right=t.right + left - margin, top=t.top + top - margin, bottom=t.bottom + top - margin)
        for t in texts
    )


def _upright_numbers(clean: Pixels, strip: tuple[int, int, int, int]) -> tuple[Text, ...]:
    """Read numbers that run upwards, as R writes them along a vertical axis."""
    left, _, _, bottom = strip
    turned = np.rot90(clean[strip[1] : bottom, left : strip[2]], -1)
    return tuple(
        Text(t.string, left + t.top, bottom - t.right, left + t.bottom, bottom - t.left, angle=90.0)
        for t in _numbers(turned, (0, 0, turned.shape[1], turned.shape[0]))
    )


def _read(
    ticks: Sequence[float], texts: Sequence[Text], horizontal: bool, line: float, ends: tuple[int, int], path: str | Path
) -> Axis | None:
    if len(ticks) < 2:
        return None
    try:
        axis = read_axis(ticks, texts, horizontal, line)
    except AxisError as error:
        raise FigureError(path, f"{'x' if horizontal else 'y'} axis: {error}") from error
    if axis is None or len(axis.ticks) < LEAST_LABELS:
        return None
    return replace(_completed(axis, ticks), start=float(ends[0]), end=float(ends[1]))


def _pointed(texts: Sequence[Text]) -> list[Text]:
    """Give labels of survival their decimal points back, which are small: where some are 0.6 or 06, there are no 10 and 7."""
    shares = [SHARE.fullmatch(text.string) for text in texts]
    decimals = [len(share[1]) for share in shares if share]
    if len(decimals) < LEAST_SHARES:
        return list(texts)
    digits = max(sorted(set(decimals), reverse=True), key=decimals.count)

    def pointed(string: str, share: re.Match[str] | None) -> str:
        if share:
            return f"0.{share[1]}"
        return f"{int(string) / 10**digits:.{digits}f}" if string.isdecimal() and string not in ("0", "1") else string

    return [replace(text, string=pointed(text.string, share)) for text, share in zip(texts, shares, strict=True)]


def _completed(axis: Axis, ticks: Sequence[float]) -> Axis:
    """Give the ticks whose labels were not read the values between and beyond the others, where all are evenly spaced."""
    index = np.arange(len(ticks))
    known = dict(axis.ticks)
    at, values = np.array([(i, known[tick]) for i, tick in enumerate(ticks) if tick in known]).T
    step = (values[-1] - values[0]) / (at[-1] - at[0])
    if np.ptp(np.diff(ticks)) > 2.5 or np.abs(values - values[0] - step * (at - at[0])).max() > 1e-6 * abs(step):
        return axis
    full = values[0] + step * (index - at[0])
    scale, origin = np.polyfit(ticks, full, 1)
    named = tuple(zip(map(float, ticks), np.round(full, 9).tolist(), strict=True))
    return replace(axis, origin=float(origin), scale=float(scale), ticks=named)
