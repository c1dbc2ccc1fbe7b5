"""Pages of PDF files, through pdfplumber."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from math import atan2, degrees
from pathlib import Path
from typing import Any

import numpy as np

from survrecon.digitize.drawing import MOST_POINTS, Drawing, Image, Shape
from survrecon.digitize.figure import Text
from survrecon.errors import FigureError, MissingExtraError

ON_A_BEND = 12  # points taken along one curved piece
ASCENT = 0.72  # height of digits and capitals over the size of the type
MOST_IMAGES = 4
LEAST_IMAGE = 0.05  # share of the page below which a picture is a logo
MOST_PIXELS = 20_000_000
DRAWN_LETTERS = 40  # curved areas without a stroke as small as letters; more of them are a text
SYMBOLS = "+|xX\u00d7\u25cb\u25cf\u2022o\u2020"  # letters that stand for a censored subject each


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a PDF, and say what is wrong with it where that fails at any time."""
    try:
        import pdfplumber
        from pdfminer.pdfdocument import PDFPasswordIncorrect
        from pdfminer.pdfexceptions import PDFException
        from pdfminer.psexceptions import PSException
        from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException
    except ImportError:
        raise MissingExtraError("reading a PDF figure", "digitize") from None
    logging.getLogger("pdfminer").setLevel(logging.ERROR)  # what it says of unusual fonts does not matter here
    try:
        with path.open("rb") as file, pdfplumber.open(file) as document:  # pdfplumber leaves damaged files open
            yield document
    except (FigureError, MemoryError):
        raise
    except (PdfminerException, MalformedPDFException, PDFException, PSException) as error:
        cause = error.args[0] if isinstance(error, PdfminerException) and error.args else error
        if isinstance(cause, PDFPasswordIncorrect):
            raise FigureError(path, "is encrypted; remove its password, as with `qpdf --decrypt`, or print the page to a new PDF") from None
        raise FigureError(path, f"is not a PDF that can be read ({cause or type(cause).__name__}); print the page to a new PDF") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError, ArithmeticError) as error:
        # what pdfminer meets in damaged files
        raise FigureError(path, f"is a damaged PDF ({type(error).__name__}: {error}); print the page to a new PDF") from None


def count_pages(path: str | Path) -> int:
    """Return the number of pages.

    Parameters
    ----------
    path : path-like
        A PDF.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    FigureError
        Not a PDF, damaged, encrypted, or without pages.
    MissingExtraError
        The extra ``digitize`` is not installed.
    """
    path = Path(path)
    with _opened(path) as document:
        if not document.pages:
            raise FigureError(path, "has no pages; print the figure to a new PDF")
        return len(document.pages)


def read_pdf(path: str | Path, page: int | None = None) -> Drawing:
    """Read all that a page of a PDF draws.

    Parameters
    ----------
    path : path-like
        The file.
    page : int, optional
        From 1; the first where it is left out.

    Returns
    -------
    Drawing
        In points from the top left corner of the page. Clip paths are not applied.

    Raises
    ------
    FigureError
        Not a PDF, damaged, encrypted, no such page, or too many lines.
    MissingExtraError
        The extra ``digitize`` is not installed.
    """
    path = Path(path)
    with _opened(path) as document:
        pages = len(document.pages)
        number = 1 if page is None else page
        if not 1 <= number <= pages:
            remedy = f"give --page from 1 to {pages}" if pages > 1 else "leave --page out"
            raise FigureError(path, f"has {pages} page{'s' * (pages != 1)}, no page {page}; {remedy}")
        sheet = document.pages[number - 1]
        objects = sheet.objects
        drawn = [item for kind in ("curve", "line", "rect") for item in objects.get(kind, ())]
        if sum(len(item["pts"]) for item in drawn) > MOST_POINTS:
            raise FigureError(path, f"draws lines of more than {MOST_POINTS} points; print the figure alone to a PDF")
        shapes = tuple(shape for item in drawn if (shape := _shape(item)) is not None)
        letters = sum(shape.curved and shape.stroke is None and max(np.ptp(shape.points, axis=0)) < 12 for shape in shapes)
        texts = tuple(_texts(objects.get("char", ())))
        images = tuple(_images(sheet, objects.get("image", ())))
        return Drawing(float(sheet.width), float(sheet.height), shapes, texts, images, letters > DRAWN_LETTERS)


def _shape(item: dict[str, Any]) -> Shape | None:
    """Return a line or area as pdfplumber has it."""
    stroke = _color(item.get("stroking_color")) if item.get("stroke") else None
    fill = _color(item.get("non_stroking_color")) if item.get("fill") else None
    points: list[tuple[float, float]] = []
    curved = False
    for step in item.get("path") or [("l", point) for point in item["pts"]]:
        operator, places = step[0], step[1:]
        if operator in "ml":
            points.append(places[0])
        elif operator == "h" and points:
            points.append(points[0])
        elif operator in "cvy" and points:
            points += _bend(operator, points[-1], places)
            curved = True
    if len(points) < 2 or (stroke is None and fill is None):
        return None
    found = np.array(points, dtype=float)
    if not np.isfinite(found).all():
        return None
    dash = item.get("dash") or ((), 0)
    lengths = tuple(float(part) for part in dash[0]) if isinstance(dash[0], (list, tuple)) else ()
    return Shape(found, stroke, fill, float(item.get("linewidth") or 0), lengths if any(lengths) else (), 1.0, curved)


def _bend(operator: str, start: tuple[float, float], places: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Return points along a Bezier curve; two of its four points are one for the operators v and y."""
    if operator == "v":
        places = (start, *places)
    elif operator == "y":
        places = (*places, places[-1])
    if len(places) != 3:
        return [places[-1]]
    share = np.linspace(0, 1, ON_A_BEND + 1)[1:, None]
    a, b, c, d = (np.array(place, dtype=float) for place in (start, *places))
    bend = (1 - share) ** 3 * a + 3 * (1 - share) ** 2 * share * b + 3 * (1 - share) * share**2 * c + share**3 * d
    return [(float(x), float(y)) for x, y in bend]


def _color(value: Any) -> str | None:
    """Return a gray, RGB or CMYK color as ``#rrggbb``; black where a pattern or spot color says nothing else."""
    parts = [value] if isinstance(value, (int, float)) else list(value or ())
    numbers = [min(max(float(part), 0.0), 1.0) for part in parts if isinstance(part, (int, float))]
    if len(numbers) == 4:
        cyan, magenta, yellow, black = numbers
        numbers = [(1 - ink) * (1 - black) for ink in (cyan, magenta, yellow)]
    elif len(numbers) != 3:
        numbers = [numbers[0] if numbers else 0.0] * 3
    return "#" + "".join(f"{round(255 * part):02x}" for part in numbers)


def _texts(chars: Any) -> Iterator[Text]:
    """Yield the texts of a page: letters that follow one another on one line."""
    line: list[dict[str, Any]] = []
    string = ""
    for char in chars:
        if not char["text"]:
            continue
        between = _between(line[-1], char) if line else None
        if between is None:
            if line:
                yield _text(line, string)
            line, string = [char], char["text"]
        else:
            line.append(char)
            string += between + char["text"]
    if line:
        yield _text(line, string)


def _turned(char: dict[str, Any]) -> float:
    return degrees(atan2(char["matrix"][1], char["matrix"][0]))


def _between(last: dict[str, Any], char: dict[str, Any]) -> str | None:
    """Return what stands between two letters of one text: nothing, a space, or ``^`` before an exponent; None for two texts."""
    angle = _turned(last)
    if abs(angle - _turned(char)) > 1 or last["text"] == char["text"] and char["text"] in SYMBOLS:
        return None
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    step = np.array(char["matrix"][4:]) - np.array(last["matrix"][4:])
    upright = abs(angle) % 180 < 45
    advance = last["x1"] - last["x0"] if upright else last["bottom"] - last["top"]
    size, gap, raised = max(last["size"], 1e-6), float(step @ along) - advance, float(step @ [-along[1], along[0]])
    if not -0.3 * size < gap < 0.9 * size or not -0.6 * size < raised < 0.8 * size:
        return None
    if abs(raised) > 0.12 * size:
        if raised > 0 and char["size"] < 0.9 * size:
            return "^"
        return "" if abs(char["size"] - size) > 0.1 * size and gap < 0.3 * size else None
    if gap > 0.2 * size and last["text"].isdigit() and char["text"].isdigit():
        return None  # two tick labels or counts beside each other
    return " " if gap > 0.2 * size and not (last["text"].isspace() or char["text"].isspace()) else ""


def _text(line: list[dict[str, Any]], string: str) -> Text:
    boxes = np.array([_letter_box(char) for char in line if not char["text"].isspace()] or [_letter_box(line[0])], dtype=float)
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    fill = _color(line[0].get("non_stroking_color"))
    return Text(string.strip(), float(left), float(top), float(right), float(bottom), _turned(line[0]) % 360, fill or "#000000")


def _letter_box(char: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return the box of a digit or capital on the baseline; pdfplumber's has the highest and lowest letter of the typeface."""
    angle, rise = _turned(char), ASCENT * char["size"]
    if abs(angle) < 5:
        base = char["bottom"] - (char["matrix"][5] - char["y0"])
        return char["x0"], base - rise, char["x1"], base
    if abs(angle - 90) < 5:
        return char["matrix"][4] - rise, char["top"], char["matrix"][4], char["bottom"]
    return char["x0"], char["top"], char["x1"], char["bottom"]


def _images(sheet: Any, items: Any) -> Iterator[Image]:
    """Yield the largest pictures of a page, as they look on it, in their own resolution as far as possible."""
    page = float(sheet.width * sheet.height)
    large = sorted(items, key=lambda item: -item["width"] * item["height"])[:MOST_IMAGES]
    for item in large:
        left, top = max(float(item["x0"]), 0.0), max(float(item["top"]), 0.0)
        right, bottom = min(float(item["x1"]), float(sheet.width)), min(float(item["bottom"]), float(sheet.height))
        if (right - left) * (bottom - top) < LEAST_IMAGE * page or right <= left or bottom <= top:
            continue
        own = 72 * float(item["srcsize"][0]) / max(float(item["width"]), 1.0)
        resolution = min(max(own, 72.0), 600.0, 72 * (MOST_PIXELS / page) ** 0.5)
        pixels = np.asarray(sheet.to_image(resolution=resolution).original.convert("RGB"), dtype=np.uint8)
        a, b, c, d = (round(place * resolution / 72) for place in (left, top, right, bottom))
        yield Image(pixels[b:d, a:c], (left, top, right, bottom))
