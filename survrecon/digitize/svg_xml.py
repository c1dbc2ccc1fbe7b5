"""The elements of an SVG file, read within bounds: no entities that grow, no depth or size without end."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path
from typing import Any
from xml.parsers import expat

from survrecon.errors import FigureError

XLINK = "{http://www.w3.org/1999/xlink}href"
LARGEST = 100_000_000  # bytes, unpacked
LONGEST_ENTITY = 500  # Illustrator names its namespaces by entities; longer ones are an attack
MOST_ELEMENTS = 200_000
DEEPEST = 200


def is_comment(element: ET.Element) -> bool:
    """Tell whether it is a comment, not an element.

    Parameters
    ----------
    element : Element
        Anything in the tree.

    Returns
    -------
    bool
        Whether its text is a comment.
    """
    return not isinstance(element.tag, str)


def tag_of(element: ET.Element) -> str:
    """Return the name of an element without its namespace.

    Parameters
    ----------
    element : Element
        Not a comment.

    Returns
    -------
    str
        Such as ``path``; empty for a comment.
    """
    return "" if is_comment(element) else element.tag.rsplit("}", 1)[-1]


def parse(path: Path) -> ET.Element:
    """Read the tree of an SVG file.

    Parameters
    ----------
    path : Path
        Plain or compressed with gzip.

    Returns
    -------
    Element
        The root, with its comments.

    Raises
    ------
    FigureError
        Not an SVG, not well formed, with entities that refer to others or to files, or too large or deep.
    """
    builder = ET.TreeBuilder(insert_comments=True)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    open_elements = elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal open_elements, elements
        open_elements, elements = open_elements + 1, elements + 1
        if open_elements > DEEPEST or elements > MOST_ELEMENTS:
            what = f"nests more than {DEEPEST}" if open_elements > DEEPEST else f"has more than {MOST_ELEMENTS}"
            raise FigureError(path, f"{what} elements; save the figure alone, without background or map")
        builder.start(_full(name), {_full(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal open_elements
        open_elements -= 1
        builder.end(_full(name))

    def entity(name: str, is_parameter: bool, value: str | None, *outside: Any) -> None:
        if is_parameter or value is None or "&" in value or "%" in value or len(value) > LONGEST_ENTITY:
            raise FigureError(path, f"defines the entity {name[:40]!r}, which is not a short text; remove its <!DOCTYPE>")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.CommentHandler = builder.comment
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(_content(path), True)
        root = builder.close()
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter: an encoding that Python does not know
        if isinstance(error, FigureError):
            raise
        raise FigureError(path, f"is not a well-formed SVG ({error}); save the figure again, or as PDF") from None
    if tag_of(root) != "svg":
        raise FigureError(path, f"is XML, but its root is <{tag_of(root)[:40]}>, not <svg>; save the figure as SVG or PDF")
    return root


def _full(name: str) -> str:
    """Return a name with its namespace as ElementTree writes it."""
    return "{" + name if "}" in name else name


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FigureError(path, f"cannot be read: {error.strerror}") from None
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as file:
                content = file.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise FigureError(path, f"is not a whole compressed SVG ({error}); save it again, not compressed") from None
    if len(content) > LARGEST:
        raise FigureError(path, f"holds more than {LARGEST // 1_000_000} MB; save the figure alone, without background or map")
    return content
