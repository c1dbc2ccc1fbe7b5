"""Texts of SVG files, with boxes as wide as the file says, or as letters of a common typeface are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.figure import Text
from survrecon.digitize.svg_style import color, length, number
from survrecon.digitize.svg_xml import is_comment

ASCENT = 0.72  # height of digits and capitals over the size of the type
RAISED = 0.2  # letters higher than this share of their size are an exponent
Style = dict[str, str]


@dataclass
class _Run:
    """Letters in one line and one style."""

    string: str
    x: float
    y: float
    end: float | None
    size: float
    style: Style


def read_text(element: ET.Element, matrix: FloatArray, style: Style, style_of: Callable[[ET.Element, Style], Style]) -> list[Text]:
    """Read a text element, with the spans in it.

    Parameters
    ----------
    element : Element
        The ``text``.
    matrix : ndarray of float, shape (3, 3)
        From its coordinates to the drawing's.
    style : dict of str to str
        Its style.
    style_of : callable
        From an element within it and the style around that to its style.

    Returns
    -------
    list of Text
        One for each line: a span that begins at a place of its own begins a new one, unless it goes on from the last.
    """
    runs: list[_Run] = []
    _collect(element, style, style_of, runs, None)
    lines: list[list[_Run]] = []
    for run in runs:
        if lines and _goes_on(lines[-1], run):
            lines[-1].append(run)
        else:
            lines.append([run])
    return [text for line in lines if (text := _text(line, element, matrix)) is not None]


def _collect(element: ET.Element, style: Style, style_of: Callable[[ET.Element, Style], Style], runs: list[_Run], at: _Run | None) -> None:
    """Append the letters of an element and of the spans within it."""
    size = _size(style, at.size if at else 12.0)
    xs, ys = ([length(part, 0, 0.0) for part in re.findall(r"[^\s,]+", element.get(name, ""))] for name in ("x", "y"))
    last = runs[-1] if runs else None
    x = xs[0] if xs else last.x + _width(last.string, last.size) if last else at.x if at else 0.0
    y = ys[0] if ys else last.y if last else at.y if at else 0.0
    dy = element.get("dy", "").strip().split(" ")[0]
    y += number(dy) * size if dy.endswith("em") else length(dy, 0, 0.0)
    if style.get("dominant-baseline") in ("central", "middle"):
        y += 0.35 * size
    end = xs[-1] + 0.55 * size if len(xs) > 1 else None
    here = _Run(_letters(element.text), x, y, end, size, style)
    if here.string.strip():
        runs.append(here)
    for child in element:
        if not is_comment(child):
            _collect(child, style_of(child, style), style_of, runs, here)
        if _letters(child.tail).strip():
            last = runs[-1] if runs else here
            runs.append(_Run(_letters(child.tail), last.x + _width(last.string, last.size), y, None, size, style))


def _letters(text: str | None) -> str:
    return re.sub(r"[\s\u00a0]+", " ", text or "") if (text or "").strip() else ""


def _size(style: Style, outer: float) -> float:
    size = style.get("font-size", "12px")
    if size.endswith("%"):
        return number(size) * outer
    found = number(size) * outer if size.endswith("em") else length(size, 0, 12.0)
    return found if 0 < found < 1e6 else 12.0


def _width(string: str, size: float) -> float:
    """Return the width of a text in Helvetica, roughly."""
    return size * sum(0.28 if letter in " .,:;'|ijlI!()" else 0.56 if letter.islower() or letter.isdigit() else 0.67 for letter in string)


def _goes_on(line: list[_Run], run: _Run) -> bool:
    """Whether letters continue a line: close behind its end, at its height or, as an exponent, a little over it."""
    last = line[-1]
    gap = run.x - (last.end or last.x + _width(last.string, last.size))
    raised = line[0].y - run.y
    return -0.5 * last.size < gap < 0.5 * last.size and -0.3 * last.size < raised < 0.9 * last.size


def _text(line: list[_Run], element: ET.Element, matrix: FloatArray) -> Text | None:
    first = line[0]
    string = first.string
    for before, run in zip(line, line[1:], strict=False):
        exponent = run.size < 0.9 * before.size and before.y - run.y > RAISED * before.size
        string += ("^" if exponent else "") + run.string
    string = string.strip()
    if not string:
        return None
    width = sum(_width(run.string, run.size) for run in line) if line[-1].end is None else line[-1].end - first.x
    if element.get("textLength"):
        width = length(element.get("textLength"), 0, width)
    share = {"middle": 0.5, "end": 1.0}.get(first.style.get("text-anchor", "start"), 0.0)
    left, top = first.x - share * width, first.y - ASCENT * first.size
    corners = np.array([[x, y, 1] for x in (left, left + width) for y in (top, first.y)]) @ matrix.T
    if not np.isfinite(corners).all():
        return None
    (x0, y0), (x1, y1) = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    angle = -float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))) % 360
    fill = color(first.style.get("fill", "#000000"), first.style)
    return Text(string, float(x0), float(y0), float(x1), float(y1), angle, fill or "#000000")
