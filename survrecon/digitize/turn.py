"""Figures that lie on their side, as on landscape pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.axes import number
from survrecon.digitize.drawing import Drawing
from survrecon.digitize.figure import Text


def upright(drawing: Drawing) -> tuple[Drawing, int]:
    """Turn a drawing so that its numbers can be read.

    Parameters
    ----------
    drawing : Drawing
        As it is on the page.

    Returns
    -------
    drawing : Drawing
        Turned, but for its pictures, which are left out.
    degrees : int
        By how much it was turned clockwise: 0, 90, 180 or 270.
    """
    quarter = _quarter(drawing.texts)
    if quarter == 0:
        return drawing, 0
    corner = np.array([drawing.width, drawing.height])

    def turn(points: FloatArray) -> FloatArray:
        for size in (corner, corner[::-1], corner)[:quarter]:
            points = np.column_stack([size[1] - points[:, 1], points[:, 0]])
        return points

    def turn_text(text: Text) -> Text:
        (left, top), (right, bottom) = np.sort(turn(np.array([(text.left, text.top), (text.right, text.bottom)])), axis=0).tolist()
        return replace(text, left=left, top=top, right=right, bottom=bottom, angle=(text.angle - 90 * quarter) % 360)

    width, height = (corner[::-1] if quarter % 2 else corner).tolist()
    shapes = tuple(replace(shape, points=turn(shape.points)) for shape in drawing.shapes)
    return Drawing(width, height, shapes, tuple(map(turn_text, drawing.texts)), (), drawing.outlined), 90 * quarter


def _quarter(texts: Sequence[Text]) -> int:
    """Return how many times the page must be turned by 90 degrees: the numbers of one axis then are level, those of the other may stand."""
    count = [0, 0, 0, 0]
    for text in texts:
        if number(text.string) is not None:
            count[round(text.angle / 90) % 4] += 1
    return max(range(4), key=lambda quarter: (2 * count[quarter] + count[(quarter + 1) % 4], quarter == 0))
