"""Read the lines of a plot and the censor marks on them together: each tells where the other is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from survrecon.data import FloatArray
from survrecon.digitize.raster_fit import coverage, fit
from survrecon.digitize.raster_found import Found, drawn
from survrecon.digitize.raster_shapes import choose_stamp, explains_marks, tick_or_cross
from survrecon.digitize.raster_smooth import smooth
from survrecon.digitize.raster_stamps import Sheet, Stamp, find_prints, paint
from survrecon.digitize.raster_trace import Floats, Steps, join_levels

WIDE = 4.0  # times its thickness that a line may be from the path that was followed
HIGH = 0.03  # of the plot's height, the same
LEAST = 0.3  # pixels: lower steps are noise
BLEND = 0.6  # of a pixel that is accounted for: there, no other ink is in front
GAPS = 0.9  # of a solid line is ink, at least
ALIKE = 1.2  # lines of one figure differ less in thickness
ALIKE = 1.2  # lines of one figure differ less in thickness
FINELY = 4.0  # places in the width of a stroke where a stamp is tried

Ink = tuple[Floats, Floats]  # of a curve, and the weight of each pixel


def read_lines(found: list[Found], start: float) -> list[Found]:
    """Find the exact course of each curve, and its censor marks.

    Parameters
    ----------
    found : list of Found
        The curves of a plot, each with a path along its ink.
    start : float
        Row where curves start.

    Returns
    -------
    list of Found
        With exact steps and marks.
    """
    thinnest = min((curve.steps.thickness for curve in found), default=1.0)
    # where marks are dense, a line is never seen alone
    found = [replace(curve, steps=replace(curve.steps, thickness=min(curve.steps.thickness, ALIKE * thinnest))) for curve in found]
    inks = [_ink(curve, [other for other in found if other is not curve and other.layer == curve.layer]) for curve in found]
    lines = [_line(curve, ink, np.zeros_like(ink[0]), start) for curve, ink in zip(found, inks, strict=True)]
    stamp = choose_stamp([(line.steps, _sheet(line, ink)) for line, ink in zip(lines, inks, strict=True)])
    if stamp is None:
        return lines
    sheets = [_sheet(line, ink) for line, ink in zip(lines, inks, strict=True)]
    prints = [_prints(stamp, line.steps, sheet) for line, sheet in zip(lines, sheets, strict=True)]
    stamp = tick_or_cross(stamp, prints, sheets)
    if not explains_marks(stamp, prints, sheets):
        return lines
    over = [paint(stamp, *each, _shape(ink)) for each, ink in zip(prints, inks, strict=True)]
    lines = [_line(curve, ink, marked, start) for curve, ink, marked in zip(found, inks, over, strict=True)]
    return [replace(line, marks=columns, reach=stamp.size) for line, (columns, _) in zip(lines, prints, strict=True)]


def _prints(stamp: Stamp, steps: Steps, sheet: Sheet) -> tuple[FloatArray, FloatArray]:
    """Find the marks along a line: columns and rows."""
    evenly = np.arange(steps.x[0], steps.end + 0.5, max(0.5, stamp.stroke / FINELY))
    places = np.sort(np.concatenate([evenly, steps.x[1:]]))  # who is censored at an event's time stands right below the drop
    columns = find_prints(stamp, places, steps.rows(places), sheet)
    return columns, steps.rows(columns)


def _sheet(line: Found, ink: Ink) -> Sheet:
    return Sheet(*ink, coverage(line.steps, _shape(ink)))


def _shape(ink: Ink) -> tuple[int, int]:
    return ink[0].shape[0], ink[0].shape[1]


def _ink(curve: Found, others: list[Found]) -> Ink:
    """Return how much of each pixel the curve's color covers, and each pixel's weight: 0 where the curve may be hidden."""
    own, blank = curve.ink.own, curve.ink.blank
    line = coverage(curve.steps, own.shape) > 0.9
    full = float(np.clip(np.median(own[line & (own > 0.5)]), 0.6, 1.0)) if np.any(line & (own > 0.5)) else 1.0
    seen = np.clip((own + blank) / BLEND, 0, 1) ** 2
    core = line & (own + blank > 0.5)
    if core.any() and np.mean(own[core] / full) < GAPS:
        size = 1 + 2 * int(3 * curve.steps.thickness)
        closed = np.maximum(*(ndimage.grey_closing(own, size=shape) for shape in ((1, size), (size, 1))))
        seen[(closed > 0.5) & (own < 0.5)] = 0
    for other in others:
        seen[drawn(other, 1.0)] = 0
    return np.clip(own / full, 0, 1).astype(np.float32), seen.astype(np.float32)


def _line(curve: Found, ink: Ink, over: Floats, start: float) -> Found:
    """Find the course of a curve for known marks."""
    (own, seen), steps = ink, curve.steps
    drops_at_end = bool(steps.x[-1] == steps.end)
    # the stroke of that drop, or a mark at the end, does not tell of the level before
    end = max(steps.end - steps.thickness * (0.5 if drops_at_end else 1.0), steps.x[0] + 2)
    first, last = int(steps.x[0]), min(int(np.ceil(end)), own.shape[1])
    start = start if abs(steps.y[0] - start) < HIGH * own.shape[0] else float(steps.y[0])
    low, high = _corridor(curve)
    part = slice(first, last)
    many, fallen = max(steps.x.size, 5), max(float(np.ptp(steps.y)), 10.0)
    falls = many / (last - first), fallen / many
    places, rows = smooth(own[:, part], seen[:, part], over[:, part], steps.thickness, (low[part], high[part]), start, falls)
    x, y = join_levels(first + places - (places[1] - places[0]) / 2, rows, LEAST)
    if drops_at_end:
        x, y = np.append(x, steps.end), np.append(y, max(steps.y[-1], y[-1]))
    near = (np.arange(own.shape[0])[:, None] >= low - 1) & (np.arange(own.shape[0])[:, None] <= high + 1)
    steps = fit(Steps(x, y, steps.end, steps.thickness), own, seen * near, over)
    return replace(curve, steps=steps)


def _corridor(curve: Found) -> tuple[FloatArray, FloatArray]:
    """Return the highest and the lowest row where a curve may be in each column."""
    height, width = curve.ink.own.shape
    path, spare = curve.path, max(WIDE * curve.steps.thickness, HIGH * height)
    at = np.clip(np.arange(width) - path.first, 0, path.enter.size - 1)
    reach = 2 * int(spare / 2) + 1
    low = ndimage.minimum_filter1d(path.enter[at], reach, mode="nearest") - spare
    high = ndimage.maximum_filter1d(path.leave[at], reach, mode="nearest") + 1 + spare
    return low.astype(float), high.astype(float)
