"""The stamp of marks that are so dense that none stands alone: the one whose prints, all along a curve, leave the least ink."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.raster_runs import outside
from survrecon.digitize.raster_shapes import LARGEST, climbed, frequent, unexplained
from survrecon.digitize.raster_stamps import Sheet, Stamp, prints_along
from survrecon.digitize.raster_trace import Steps

PRICE = 1.0  # squared ink, in pixels, that each print must explain
WELL = 0.2  # of what sticks out may be left by a stamp that needs no other to be tried
CLEARLY = 0.75  # of what a stamp that stands alone leaves is left by a better one
HEIGHTS = 3  # that are tried
STROKES = (0.7, 1.0)  # thickness of marks, in that of the line
THICKEST = 1.25  # the same
FEW = 10  # columns in which ink reaches as far up as down
EVEN = 1.5  # pixels between these
LONG = 400  # columns of a line are enough


def better_stamp(curves: list[tuple[Steps, Sheet]], known: Stamp | None, thickness: float, clearly: float = CLEARLY) -> Stamp | None:
    """Look for a stamp that explains marks better, if the one that is known leaves much of them.

    Parameters
    ----------
    curves : list of (Steps, Sheet)
        The lines, and the ink around each.
    known : Stamp or None
        The best so far.
    thickness : float
        Of the lines.
    clearly : float
        A better one must leave less than this share of what the known one leaves.

    Returns
    -------
    Stamp or None
        The known one where there is no better.
    """
    found = [_stretch(*curve) for curve in curves]
    steps, sheet, reaches = max(found, key=lambda stretch: stretch[2].size)  # one tells as much as all
    if reaches.size < FEW:
        return known
    within = float(reaches.max())
    before = 1.0 if known is None else _left(known, steps, sheet, within)
    if before < WELL:
        return known
    tried = dict.fromkeys(stamp for height in _heights(reaches) for stamp in _of_height(height, thickness))
    tried |= {} if known is None else {known: None}
    if not tried:
        return None
    worth, best = climbed(tried, lambda stamp: -_left(stamp, steps, sheet, within), THICKEST * thickness)
    return best if -worth < clearly * before else known


def _left(stamp: Stamp, steps: Steps, sheet: Sheet, within: float) -> float:
    """Return which share of what sticks out of a line a stamp's prints leave, and what they cost."""
    prints = prints_along(stamp, steps, sheet)
    left, before = unexplained(stamp, [prints], [sheet], within)
    return (left + PRICE * prints[0].size) / before if before > 0 else 1.0


def _heights(reaches: FloatArray) -> list[float]:
    """Return how high most ink reaches, the commonest first."""
    return [float(np.median(reaches[np.abs(reaches - height) <= EVEN])) for height in frequent(reaches, 1)[:HEIGHTS]]


def _of_height(height: float, thickness: float) -> list[Stamp]:
    """List stamps that reach as high."""
    found = []
    for stroke in (max(share * thickness, 1.0) for share in STROKES):
        found += [Stamp("tick", height, stroke), Stamp("cross", height, stroke), Stamp("circle", height - stroke / 2, stroke)]
    return [stamp for stamp in found if stamp.size > stamp.stroke]


def _stretch(steps: Steps, sheet: Sheet) -> tuple[Steps, Sheet, FloatArray]:
    """Cut out the columns of a line in which ink reaches from it as far up as down most often, as marks do; also how far it does."""
    height, width = sheet.own.shape
    over, under = outside((sheet.own > 0.5) & (sheet.seen > 0.5))
    columns = np.arange(int(np.ceil(steps.x[0])) + 1, min(int(steps.end), width))
    if not columns.size:
        return steps, sheet, np.array([])
    rows = steps.rows(columns + 0.5)
    at = np.clip(rows.astype(int), 0, height - 1)
    up, down = rows - over[at, columns] - 1, under[at, columns] - rows
    highest = max(LARGEST * height, 2 * steps.thickness) + 2
    marked = (np.abs(up - down) < EVEN) & (up > steps.thickness / 2 + EVEN) & (up < highest)
    many = np.convolve(marked, np.ones(LONG), "valid") if marked.size > LONG else np.zeros(1)
    begin = int(many.argmax())
    some = slice(begin, begin + LONG)
    left, right = int(columns[some][0]), int(columns[some][-1]) + 1
    inside = (steps.x > left) & (steps.x < right)
    x, y = steps.x[inside] - left, np.append(steps.rows(np.array([float(left)])), steps.y[inside])
    cut = replace(steps, x=np.append(0.0, x), y=y, end=min(steps.end, float(right)) - left)
    part = Sheet(sheet.own[:, left:right], sheet.seen[:, left:right], sheet.line[:, left:right])
    return cut, part, (up[some][marked[some]] + down[some][marked[some]]) / 2
