"""From a figure, or another program's export of one, to coordinates."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from survrecon.data import FloatArray
from survrecon.digitize.bounded import bounded
from survrecon.digitize.figure import Digitized, Hints
from survrecon.errors import FigureError

__all__ = ["Digitized", "Hints", "digitize_figure"]

SECONDS, MEGABYTES = 30, 1024  # that one figure may take
SUBPIXEL = 0.01  # of a pixel, to which coordinates of an image are given
LARGEST_FILE = 100_000_000  # bytes
IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"GIF8", b"RIFF")


def digitize_figure(path: str | Path, **hints: Any) -> Digitized:
    """Read the curves, axes, censor marks and numbers at risk off a Kaplan-Meier figure.

    Parameters
    ----------
    path : path-like
        PDF, SVG, PNG, JPEG, TIFF, GIF, BMP or WEBP, recognized by its contents. It is read in a process of its own, that is
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
        remedy = "choose one figure with --page or --bbox, or save it smaller"
        raise FigureError(path, f"was not read within {SECONDS} seconds; {remedy}") from None
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
    _check(hints, path)
    kind = recognize(path)
    if kind == "raster":
        from survrecon.digitize.raster import digitize_image

        return _to_resolution(digitize_image(path, hints))
    from survrecon.digitize.vector import digitize_pdf, digitize_svg

    return _to_resolution(digitize_svg(path, hints) if kind == "svg" else digitize_pdf(path, hints))


def _check(hints: Hints, path: Path) -> None:
    """Refuse ranges and boxes that run the wrong way."""
    for name, where, ends in (("x", "to the right", hints.x_range), ("y", "upwards", hints.y_range)):
        if ends is not None and not ends[0] < ends[1]:
            raise FigureError(path, f"--{name}-range {ends[0]:g}:{ends[1]:g}: values must grow {where}; give the smaller one first")
    for name, where, points in (("x", "to the right", hints.x_points), ("y", "upwards", hints.y_points)):
        if points is not None and ((points[0][0] < points[1][0]) == (points[0][1] < points[1][1])) != (name == "x"):
            told = " ".join(f"{place:g}={value:g}" for place, value in points)
            why = "; positions count from the top" if name == "y" else ""
            raise FigureError(path, f"--{name}-at {told}: values must grow {where}{why}")
    if hints.bbox is not None and not (hints.bbox[0] < hints.bbox[2] and hints.bbox[1] < hints.bbox[3]):
        box = ",".join(f"{place:g}" for place in hints.bbox)
        raise FigureError(path, f"--bbox {box} is empty; give left, top, right and bottom, counted from the top left corner")


def _to_resolution(digitized: Digitized) -> Digitized:
    """Leave out digits far below the resolution; of a drawing, make times round that are so within its precision.

    Times that are equal in the data come out of two drawn curves with different last digits, and who is at risk hangs on which is first.
    """
    import numpy as np

    vector = digitized.kind == "vector"
    step, height = digitized.resolution if vector else (SUBPIXEL * size for size in digitized.resolution)
    coarse, fine, finest = _decimals(2 * step), _decimals(step) + 1, _decimals(height) + 1

    def time(values: FloatArray) -> FloatArray:
        even = np.round(values, coarse)
        return np.where(vector & (np.abs(values - even) <= step / 2), even, np.round(values, fine)) + 0.0  # no minus zero

    traces = (
        replace(
            trace,
            time=time(trace.time),
            survival=np.round(trace.survival, finest) + 0.0,
            censor_times=None if trace.censor_times is None else time(trace.censor_times),
        )
        for trace in digitized.traces
    )
    return replace(digitized, traces=tuple(traces))


def _decimals(step: float) -> int:
    """Return how many decimals have a unit not below the step."""
    return 14 if step <= 0 else min(max(math.floor(-math.log10(step)), 0), 14)


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
    raise FigureError(path, f"is not a PDF, SVG, PNG, JPEG, TIFF, GIF, BMP or WEBP file (it starts with {start[:8]!r}); {remedy}")


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)
