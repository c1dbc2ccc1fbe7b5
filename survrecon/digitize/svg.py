"""SVG files, as matplotlib, R, Illustrator, Inkscape and others write them.

Shapes and texts are found with ElementTree, since the documents of svgelements cannot read matplotlib's files; only the
path data and transforms are left to svgelements.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.drawing import MOST_POINTS, Drawing, Image, Shape
from survrecon.digitize.figure import Text
from survrecon.digitize.svg_style import INHERITED, Rules, color, length, number, own_style, read_rules
from survrecon.digitize.svg_text import read_text
from survrecon.digitize.svg_xml import XLINK, is_comment, parse, tag_of
from survrecon.errors import FigureError, MissingExtraError

MOST_DRAWN = 50_000  # elements, each use of a symbol counted
DEEPEST = 60  # groups, and uses of symbols, within one another
ON_A_BEND = 12  # points taken along one curved piece
GROUPS = {"svg", "g", "a", "switch"}
SHAPES = {"path", "line", "polyline", "polygon", "rect", "circle", "ellipse"}
DRAWN = {*GROUPS, *SHAPES, "use", "text", "image"}  # anything else is not drawn where it stands

_GLYPH = re.compile(r"glyph|-[0-9a-fA-F]{1,6}$")  # names of letters: cairo's glyph0-1 and glyph-0-1, matplotlib's DejaVuSans-3f


@dataclass
class _Page:
    """What was found so far, and what is looked up on the way."""

    path: Path
    rules: Rules
    named: dict[str, ET.Element]
    size: tuple[float, float]
    shapes: list[Shape] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    outlined: bool = False
    known: dict[str, list[tuple[FloatArray, bool]]] = field(default_factory=dict)
    drawn: int = 0
    points: int = 0


def read_svg(path: str | Path) -> Drawing:
    """Read all that an SVG file draws.

    Parameters
    ----------
    path : path-like
        Plain or compressed with gzip (``.svgz``).

    Returns
    -------
    Drawing
        In the user units of the file's view box. Clip paths are not applied.

    Raises
    ------
    FigureError
        Not an SVG, not well formed, with entities other than short texts, or too large or deep.
    MissingExtraError
        The extra ``digitize`` is not installed.
    """
    try:
        import svgelements  # noqa: F401
    except ImportError:
        raise MissingExtraError("reading an SVG figure", "digitize") from None
    path = Path(path)
    root = parse(path)
    view = [number(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    size = (view[2], view[3]) if len(view) == 4 else (length(root.get("width"), 0, 600.0), length(root.get("height"), 0, 400.0))
    named = {element.get("id", ""): element for element in root.iter() if not is_comment(element) and element.get("id")}
    page = _Page(path, read_rules(root), named, size)
    _draw_children(page, root, np.eye(3), _style(page, root, {}, ()), (root,))
    return Drawing(*size, tuple(page.shapes), tuple(page.texts), tuple(page.images), page.outlined)


def _draw_children(page: _Page, element: ET.Element, matrix: FloatArray, style: dict[str, str], above: tuple[ET.Element, ...]) -> None:
    comment = ""
    for child in element:
        if is_comment(child):
            comment = (child.text or "").strip()
            continue
        if comment and _is_lettering(child):
            _letter(page, comment, child, matrix, style, above)
        else:
            _draw(page, child, matrix, style, above)
        comment = ""


def _draw(page: _Page, element: ET.Element, matrix: FloatArray, style: dict[str, str], above: tuple[ET.Element, ...]) -> None:
    """Draw an element with all that it holds."""
    tag = tag_of(element)
    if tag not in DRAWN:
        return
    page.drawn += 1
    if page.drawn > MOST_DRAWN or len(above) > DEEPEST:
        what = f"draws more than {MOST_DRAWN} elements" if page.drawn > MOST_DRAWN else f"nests more than {DEEPEST} groups"
        raise FigureError(page.path, f"{what}; save the figure alone, without background or map")
    style = _style(page, element, style, above)
    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return
    matrix = matrix @ _transform(page, element.get("transform") or "")
    if tag in GROUPS:
        if tag == "svg":
            matrix = matrix @ _viewport(page, element)
        _draw_children(page, element, matrix, style, (*above, element))
    elif tag == "use":
        _use(page, element, matrix, style, above)
    elif tag == "text":
        page.texts += read_text(element, matrix, style, lambda child, outer: _style(page, child, outer, (*above, element)))
    elif tag == "image":
        _image(page, element, matrix)
    else:
        page.shapes += _shapes(page, element, tag, matrix, style)


def _style(page: _Page, element: ET.Element, outer: dict[str, str], above: tuple[ET.Element, ...]) -> dict[str, str]:
    """Return the style of an element: inherited, by its attributes, by rules, by its own declarations."""
    own = own_style(element, page.rules, above)
    style = {name: value for name, value in outer.items() if name in INHERITED} | {k: v for k, v in own.items() if v != "inherit"}
    style["opacity"] = str(number(outer.get("opacity", "1"), 1.0) * number(own.get("opacity", "1"), 1.0))
    return style


def _transform(page: _Page, transform: str) -> FloatArray:
    if not transform.strip():
        return np.eye(3)
    from svgelements import Matrix

    try:
        m = Matrix(transform)
        found = np.array([[m.a, m.c, m.e], [m.b, m.d, m.f], [0, 0, 1]], dtype=float)
    except Exception as error:  # whatever svgelements meets in a malformed one
        raise FigureError(page.path, f"has the transform {transform[:80]!r}, which cannot be read ({error})") from None
    if not np.isfinite(found).all():
        raise FigureError(page.path, f"has the transform {transform[:80]!r}, which is not finite; save the figure again")
    return found


def _viewport(page: _Page, element: ET.Element) -> FloatArray:
    """Return the transform of an SVG within an SVG."""
    x, y = length(element.get("x"), page.size[0], 0.0), length(element.get("y"), page.size[1], 0.0)
    view = [number(part, np.nan) for part in re.split(r"[\s,]+", element.get("viewBox", "").strip())]
    if len(view) != 4 or not all(map(isfinite, view)) or min(view[2:]) <= 0:
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
    width, height = length(element.get("width"), page.size[0], view[2]), length(element.get("height"), page.size[1], view[3])
    scale = min(width / view[2], height / view[3])
    x += (width - scale * view[2]) / 2 - scale * view[0]
    y += (height - scale * view[3]) / 2 - scale * view[1]
    return np.array([[scale, 0, x], [0, scale, y], [0, 0, 1.0]])


def _use(page: _Page, element: ET.Element, matrix: FloatArray, style: dict[str, str], above: tuple[ET.Element, ...]) -> None:
    name = _href(element)
    target = page.named.get(name)
    if _GLYPH.search(name):
        page.outlined = True
    alone = sum(1 for _ in above[-1]) == 1  # a letter by itself may be a censor mark, as R's + is
    if target is None or _GLYPH.search(name) and not alone:
        return
    x, y = length(element.get("x"), page.size[0], 0.0), length(element.get("y"), page.size[1], 0.0)
    matrix = matrix @ np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
    inside = (*above, element)
    before = len(page.shapes)
    if tag_of(target) == "symbol":
        _draw_children(page, target, matrix, _style(page, target, style, inside), inside)
    else:
        _draw(page, target, matrix, style, inside)
    if _GLYPH.search(name):  # whatever its form, it is no tick and no frame
        page.shapes[before:] = [replace(shape, curved=True) for shape in page.shapes[before:]]


def _href(element: ET.Element) -> str:
    return (element.get("href") or element.get(XLINK) or "").removeprefix("#")


def _is_lettering(element: ET.Element) -> bool:
    """Whether a group only uses letters, as matplotlib draws a text that it names in the comment before."""
    drawn = [child for child in element.iter() if not is_comment(child) and tag_of(child) == "use"]
    return tag_of(element) == "g" and bool(drawn) and all(_GLYPH.search(_href(use)) for use in drawn)


def _letter(page: _Page, string: str, group: ET.Element, matrix: FloatArray, style: dict[str, str], above: tuple[ET.Element, ...]) -> None:
    """Take a text from the comment before its drawn letters, and its place from them."""
    style = _style(page, group, style, above)
    matrix = matrix @ _transform(page, group.get("transform") or "")
    corners = []
    for use in (child for child in group.iter() if not is_comment(child) and tag_of(child) == "use"):
        letter = page.named.get(_href(use))
        x, y = length(use.get("x"), 0, 0.0), length(use.get("y"), 0, 0.0)
        placed = matrix @ _transform(page, use.get("transform") or "") @ np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
        if letter is not None:
            data = letter.get("d", "")
            corners += [_moved(points, placed @ _transform(page, letter.get("transform") or "")) for points, _ in _known(page, data)]
    page.points += sum(map(len, corners))
    if corners:
        left, top = (float(low) for low in np.min([c.min(axis=0) for c in corners], axis=0))
        right, bottom = (float(high) for high in np.max([c.max(axis=0) for c in corners], axis=0))
        angle = -float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))) % 360
        page.texts.append(Text(string, left, top, right, bottom, angle, color(style.get("fill", "#000000"), style) or "#000000"))


def _shapes(page: _Page, element: ET.Element, tag: str, matrix: FloatArray, style: dict[str, str]) -> Iterator[Shape]:
    """Yield the pieces of a path, or of a shape that is one."""
    data = element.get("d", "") if tag == "path" else _path_data(page, element, tag)
    if not data:
        return
    stroke, fill = color(style.get("stroke", "none"), style), color(style.get("fill", "#000000"), style)
    opacity = number(style.get("opacity"), 1.0)
    if number(style.get("stroke-opacity"), 1.0) * opacity < 0.01:
        stroke = None
    if number(style.get("fill-opacity"), 1.0) * opacity < 0.01:
        fill = None
    if stroke is None and fill is None:
        return
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    width = length(style.get("stroke-width"), page.size[0], 1.0) * scale
    parts = re.findall(r"[^\s,]+", style.get("stroke-dasharray", "none"))
    dash = tuple(length(part, page.size[0], 0.0) * scale for part in parts)
    seen = opacity * number(style.get("fill-opacity" if stroke is None else "stroke-opacity"), 1.0)
    for points, curved in _known(page, data):
        page.points += len(points)
        if page.points > MOST_POINTS:
            raise FigureError(page.path, f"has lines of more than {MOST_POINTS} points; save the figure alone, without background or map")
        yield Shape(_moved(points, matrix), stroke, fill, width, dash if any(dash) else (), seen, curved)


def _path_data(page: _Page, element: ET.Element, tag: str) -> str:
    """Return the path data that draw a line, rectangle or circle."""
    wide, high = page.size

    def of(name: str, whole: float) -> float:
        return length(element.get(name), whole, 0.0)

    if tag == "line":
        return f"M{of('x1', wide)},{of('y1', high)}L{of('x2', wide)},{of('y2', high)}"
    if tag in ("polyline", "polygon"):
        places = re.findall(r"[-+.\deE]+", element.get("points", ""))
        pairs = [f"{x},{y}" for x, y in zip(places[::2], places[1::2], strict=False)]
        return f"M{'L'.join(pairs)}{'Z' if tag == 'polygon' else ''}" if len(pairs) > 1 else ""
    if tag == "rect":
        x, y, width, height = of("x", wide), of("y", high), of("width", wide), of("height", high)
        return f"M{x},{y}h{width}v{height}h{-width}Z" if width > 0 and height > 0 else ""
    if tag in ("circle", "ellipse"):
        x, y = of("cx", wide), of("cy", high)
        a, b = (of("r", wide),) * 2 if tag == "circle" else (of("rx", wide), of("ry", high))
        return f"M{x - a},{y}A{a},{b} 0 1 0 {x + a},{y}A{a},{b} 0 1 0 {x - a},{y}Z" if a > 0 and b > 0 else ""
    return ""


def _known(page: _Page, data: str) -> list[tuple[FloatArray, bool]]:
    """Return the pieces of path data, read once for all the places where a symbol is used."""
    if data not in page.known:
        page.known[data] = list(_pieces(page, data))
    return page.known[data]


def _pieces(page: _Page, data: str) -> Iterator[tuple[FloatArray, bool]]:
    """Yield the connected lines of path data, and whether they are curved anywhere."""
    from svgelements import Close, Line, Move
    from svgelements import Path as PathData

    if len(data) > 40 * MOST_POINTS:
        raise FigureError(page.path, f"has a line of more than {MOST_POINTS} points; save the figure alone, without background or map")
    try:
        segments = list(PathData(data))
        points: list[Any] = []
        curved = False
        for segment in segments:
            if isinstance(segment, Move):
                if len(points) > 1:
                    yield _array(page, points), curved
                points, curved = [segment.end], False
            elif isinstance(segment, (Line, Close)):
                if segment.end is not None:
                    points.append(segment.end)
            else:
                points += [segment.point(share) for share in np.linspace(0, 1, ON_A_BEND + 1)[1:]]
                curved = True
    except FigureError:
        raise
    except Exception as error:  # whatever svgelements meets in malformed data
        why = str(error) or type(error).__name__
        raise FigureError(page.path, f"has a line that cannot be read, {data[:60]!r} ({why}); save the figure again") from None
    if len(points) > 1:
        yield _array(page, points), curved


def _array(page: _Page, points: list[Any]) -> FloatArray:
    found = np.array([(point.x, point.y) for point in points], dtype=float)
    if not np.isfinite(found).all():
        raise FigureError(page.path, "has a line whose coordinates are not finite numbers; save the figure again")
    return found


def _moved(points: FloatArray, matrix: FloatArray) -> FloatArray:
    moved: FloatArray = points @ matrix[:2, :2].T + matrix[:2, 2]
    return moved


def _image(page: _Page, element: ET.Element, matrix: FloatArray) -> None:
    """Take a picture that the file itself holds."""
    from survrecon.digitize.svg_image import embedded

    pixels = embedded(page.path, element.get("href") or element.get(XLINK) or "")
    if pixels is not None:
        x, y = length(element.get("x"), page.size[0], 0.0), length(element.get("y"), page.size[1], 0.0)
        width = length(element.get("width"), page.size[0], float(pixels.shape[1]))
        height = length(element.get("height"), page.size[1], float(pixels.shape[0]))
        ends = _moved(np.array([[x, y], [x + width, y + height]]), matrix)
        pixels = pixels[:: 1 if ends[0, 1] <= ends[1, 1] else -1, :: 1 if ends[0, 0] <= ends[1, 0] else -1]
        (left, top), (right, bottom) = np.sort(ends, axis=0).tolist()
        page.images.append(Image(pixels, (left, top, right, bottom)))


