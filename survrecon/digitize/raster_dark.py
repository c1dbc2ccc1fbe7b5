"""Pictures with light lines on a dark background: read with their colors inverted, and told in their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from survrecon.digitize.figure import Digitized, Hints
from survrecon.digitize.raster_colors import hex_of, rgb_of
from survrecon.digitize.raster_fills import background
from survrecon.digitize.raster_image import Pixels

DARK = 100  # of 255: a background whose channels are below this on average is dark


def is_dark(pixels: Pixels) -> bool:
    """Tell whether the most frequent color is a dark one.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.

    Returns
    -------
    bool
        Whether it must be inverted to be dark on light.
    """
    return bool(background(pixels).mean() < DARK)


def inverted_hints(hints: Hints, path: str | Path) -> Hints:
    """Turn the colors that the user gives into those of the inverted picture.

    Parameters
    ----------
    hints : Hints
        With the colors of the picture as it is.
    path : path-like
        The file, for errors.

    Returns
    -------
    Hints
        All else is kept.
    """
    return replace(hints, arms=tuple((label, None if color is None else _inverted(color, path)) for label, color in hints.arms))


def in_own_colors(read: Digitized, pixels: Pixels, path: str | Path) -> Digitized:
    """Give what was read off the inverted picture the colors of the picture itself.

    Parameters
    ----------
    read : Digitized
        Of the inverted picture.
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture as it is.
    path : path-like
        The file, for errors.

    Returns
    -------
    Digitized
        With a note.
    """
    return replace(
        read,
        traces=tuple(replace(trace, color=_inverted(trace.color, path)) for trace in read.traces),
        texts=tuple(replace(text, color=_inverted(text.color, path)) for text in read.texts),
        notes=(*read.notes, "the picture is light on dark: its colors were inverted to read it"),
        backdrop=pixels,
    )


def _inverted(color: str, path: str | Path) -> str:
    red, green, blue = (255 - int(part) for part in rgb_of(color, path))
    return hex_of((red, green, blue))
