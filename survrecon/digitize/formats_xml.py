"""Engauge Digitizer's documents (.dig), from version 6: XML with pixels of the points and of three axis points."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.exported import Exported, curve_of
from survrecon.files import file_error
from survrecon.write import DraftArm

MOST_ELEMENTS = MOST_ATTRIBUTES = 500_000  # a document of ten thousand points has 20,000 and 60,000
_PARALLEL = 1e-9  # share of the squared distances below which the area between axis points counts as none


def read_xml(path: Path, text: str) -> Exported:
    """Read a document of Engauge Digitizer.

    Parameters
    ----------
    path : Path
        The file, for the error.
    text : str
        Its contents.

    Returns
    -------
    Exported
        One curve for each that has points.

    Raises
    ------
    StudyFileError
        Not whole, of another program, with entities, or with axes other than three points of a linear, Cartesian plot.
    """
    if re.search(r"<!ENTITY|<!DOCTYPE[^>]*\[", text):
        raise file_error(path, "declares entities, which no program that we read does; save it again as a .dig file")
    if text.count("=") > MOST_ATTRIBUTES:  # the parser's time grows with the square of those of one element
        raise file_error(path, f"holds more than {MOST_ATTRIBUTES} attributes; export the curves as CSV")
    root = _parse(path, text)
    if root.tag != "Document" or next(root.iter("CurvesGraphs"), None) is None:
        raise file_error(path, "is XML, but not a document of Engauge Digitizer (Document with CurvesGraphs)")
    figures = [figure for figure in root.iter("CoordSystem") if _curves(figure)] or [root]
    if len(figures) > 1:
        raise file_error(path, f"holds {len(figures)} coordinate systems with curves; export the one of this figure as CSV")
    figure, curves, notes = figures[0], [], []
    transform = _transform(path, figure)
    for element in _curves(figure, empty=True):
        label = element.get("CurveName", "")
        pixels = [_position(path, point, "PositionScreen") for point in element.iter("Point")]
        if not pixels:
            notes.append(f"curve {label!r} left out: it has no points")
            continue
        values = np.column_stack([pixels, np.ones(len(pixels))]) @ transform
        curves.append(DraftArm(label, curve_of(path, label, [(x, y) for x, y in values.tolist()])))
    return Exported("Engauge Digitizer", tuple(curves), notes=tuple(notes))


def _parse(path: Path, text: str) -> ElementTree.Element:
    """Build the tree, giving up on one that is far too large."""
    root = ElementTree.Element("")
    try:
        for count, (_, element) in enumerate(ElementTree.iterparse(StringIO(text), events=("start",))):
            root = element if count == 0 else root
            if count > MOST_ELEMENTS:
                raise file_error(path, f"holds more than {MOST_ELEMENTS} elements; export the curves as CSV")
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise file_error(path, "is not whole XML; save the document again", f"line {line}", str(error).partition(":")[0]) from None
    return root


def _curves(figure: ElementTree.Element, empty: bool = False) -> list[ElementTree.Element]:
    curves = [curve for graphs in figure.iter("CurvesGraphs") for curve in graphs.iter("Curve")]
    return [curve for curve in curves if empty or next(curve.iter("Point"), None) is not None]


def _transform(path: Path, figure: ElementTree.Element) -> FloatArray:
    """Return the matrix that takes (x pixel, y pixel, 1) to (time, survival)."""
    coords = next(figure.iter("Coords"), None)
    kinds = {} if coords is None else {key: coords.get(key) for key in ("TypeString", "ScaleXThetaString", "ScaleYRadiusString")}
    unusual = [f"{key} {kind}" for key, kind in kinds.items() if kind not in ("Cartesian", "Linear", None)]
    if unusual:
        raise file_error(path, "is not a Cartesian plot with linear axes; export the curves as CSV", "Coords", ", ".join(unusual))
    points = [point for point in figure.iter("Point") if point.get("IsAxisPoint") == "True" and point.find("PositionGraph") is not None]
    if len(points) != 3 or any(point.get("IsXOnly") == "True" for point in points):
        raise file_error(path, f"has {len(points)} axis points, not 3 with both coordinates; export the curves as CSV", "axis points")
    pixels = np.array([[*_position(path, point, "PositionScreen"), 1.0] for point in points])
    values = np.array([_position(path, point, "PositionGraph") for point in points])
    sides = pixels[1:, :2] - pixels[0, :2]
    area = abs(sides[0, 0] * sides[1, 1] - sides[0, 1] * sides[1, 0])
    if area <= _PARALLEL * np.max(np.sum(sides**2, axis=1)):
        raise file_error(path, "lie on one line; set them again in Engauge", "axis points")
    return np.linalg.solve(pixels, values)


def _position(path: Path, point: ElementTree.Element, name: str) -> tuple[float, float]:
    element, shown = point.find(name), point.get("Identifier", "Point").replace("\t", " ")
    try:
        x, y = (float(element.get(axis, "")) for axis in "XY") if element is not None else (np.nan, np.nan)
    except ValueError:
        x, y = np.nan, np.nan
    if not (np.isfinite(x) and np.isfinite(y)):
        raise file_error(path, f"has no {name} of two numbers; save the document again", shown[:60])
    return x, y
