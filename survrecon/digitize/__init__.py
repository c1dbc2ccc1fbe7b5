"""From a figure, or another program's export of one, to coordinates."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survrecon.digitize.bounded import bounded
from survrecon.digitize.figure import Digitized, Hints, Trace
from survrecon.errors import FigureError

if TYPE_CHECKING:
    from survrecon.digitize.drawing import Drawing

__all__ = ["Digitized", "Hints", "digitize_figure"]

SECONDS, MEGABYTES = 30, 1024  # that one figure may take
SUBPIXEL = 0.01  # of a pixel, to which coordinates of an image are given
PAGES_TOLD = 3  # of those that could not be read
LARGEST_FILE = 100_000_000  # bytes
IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"GIF8", b"RIFF")


def digitize_figure(path: str | Path, **hints: Any) -> Digitized:
    """Read the curves, axes, censor marks and numbers at risk off a Kaplan-Meier figure.

    Parameters
    ----------
    path : path-like
        PDF, SVG, PNG, JPEG or TIFF, recognized by its contents. It is read in a process of its own, that is
        stopped when the file takes more than 30 seconds or 1 GB.
    **hints
        What is known of the figure, by the names of `Hints`: ``page=5``, ``x_range=(0, 36)``, ``y_range=(0, 100)``,
        ``arms=[("drug", "#d62728"), ("placebo", "#1f77b4")]``.

    Returns
    -------
    Digitized
        Axes and curves; what is doubtful says so.

    Raises
    ------
    FigureError
        No such file, not a figure, no curve in it, axes that cannot be read, or too large.
    MissingExtraError
        The extra ``digitize`` is not installed.
    """
    path = Path(path)
    try:
        return bounded(read_figure, path, Hints(**hints), seconds=SECONDS, megabytes=MEGABYTES)
    except TimeoutError:
        raise FigureError(path, f"was not read within {SECONDS} seconds; crop it to one figure with --bbox, or save it smaller") from None
    except MemoryError:
        raise FigureError(path, f"takes more than {MEGABYTES} MB to read; crop it to one figure, or save it smaller") from None


def read_figure(path: Path, hints: Hints) -> Digitized:
    """Read a figure in this process, without a limit of time and memory.

    Parameters
    ----------
    path : Path
        See `digitize_figure`.
    hints : Hints
        What the user knows of the figure.

    Returns
    -------
    Digitized
        Axes and curves.

    Raises
    ------
    FigureError, MissingExtraError
        See `digitize_figure`.
    """
    kind = recognize(path)
    if kind == "raster":
        from survrecon.digitize.raster import digitize_image

        return _to_resolution(digitize_image(path, hints), SUBPIXEL)
    if kind == "svg":
        from survrecon.digitize.svg import read_svg

        return _read_drawing(read_svg(path), hints, path)
    return _read_pages(path, hints)


def _read_pages(path: Path, hints: Hints) -> Digitized:
    """Read the page of a PDF that is asked for, or else the first that can be read."""
    from survrecon.digitize.pdf import count_pages, read_pdf

    last = count_pages(path)
    if hints.page is not None or last == 1:
        return _read_drawing(read_pdf(path, hints.page), hints, path)
    refused = []
    for page in range(1, last + 1):
        try:
            found = _read_drawing(read_pdf(path, page), hints, path)
        except FigureError as error:
            refused.append(f"page {page}: {error.message}")
        else:
            return replace(found, notes=(f"page {page} of {last}, the first with a figure that could be read", *found.notes))
    told = "; ".join(refused[:PAGES_TOLD]) + ("; ..." if len(refused) > PAGES_TOLD else "")
    raise FigureError(path, f"no page has a figure that can be read; give --page and what it lacks ({told})")


def _read_drawing(drawing: Drawing, hints: Hints, path: Path) -> Digitized:
    """Read a drawing; or, where it has no curve of its own, the largest picture in it, as of a scanned page."""
    from survrecon.digitize.vector import digitize_drawing

    try:
        return _to_resolution(digitize_drawing(drawing, hints, path))
    except FigureError:
        if not drawing.images:
            raise
    from survrecon.digitize.raster import digitize_pixels

    pixels = drawing.images[0].pixels
    note = f"the figure is a picture of {pixels.shape[1]} x {pixels.shape[0]} pixels in the page; positions are those of its pixels"
    found = _to_resolution(digitize_pixels(pixels, hints, path), SUBPIXEL)
    return replace(found, notes=(note, *found.notes))


def _to_resolution(digitized: Digitized, share: float = 1.0) -> Digitized:
    """Round to the decimals above the file's resolution: what is equal in the figure, in one curve or in two, comes out equal."""
    import numpy as np

    decimals = [15 if step <= 0 else max(math.floor(-math.log10(2 * share * step)), 0) for step in digitized.resolution]

    def rounded(trace: Trace) -> Trace:
        time, survival, marks = trace.time, trace.survival, trace.censor_times
        time, survival = (
            np.round(values, digits) + 0.0 for values, digits in zip((time, survival), decimals, strict=True)
        )  # no minus zero
        marks = None if marks is None else np.round(marks, decimals[0]) + 0.0
        return replace(trace, time=time, survival=survival, censor_times=marks)

    return replace(digitized, traces=tuple(map(rounded, digitized.traces)))


def recognize(path: Path) -> str:
    """Tell what a file is from its first bytes.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        ``"pdf"``, ``"svg"`` or ``"raster"``.

    Raises
    ------
    FigureError
        Not a file, empty, too large, or none of these.
    """
    try:
        size = path.stat().st_size if path.is_file() else -1  # reading a device might never end
        start = b"" if size < 0 else _start(path)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise FigureError(path, f"cannot be read: {error}") from None
    if size < 0:
        raise FigureError(path, "is not a file; check the name" if path.exists() else "does not exist; check the name")
    if not start:
        raise FigureError(path, "is empty; save the figure again")
    if size > LARGEST_FILE:
        raise FigureError(path, f"has {size} bytes, more than {LARGEST_FILE}; save the one page or figure on its own")
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith(IMAGES):
        return "raster"
    if start.startswith(b"\x1f\x8b") or b"<svg" in start or b"<?xml" in start:
        return "svg"
    remedy = "convert it with ps2pdf" if start.startswith(b"%!PS") else "save the figure as PDF, SVG, PNG, JPEG or TIFF"
    raise FigureError(path, f"is not a PDF, SVG, PNG, JPEG or TIFF file (it starts with {start[:8]!r}); {remedy}")


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)
