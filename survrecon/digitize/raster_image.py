"""Open a picture of any kind as plain colors, within bounds."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survrecon.errors import FigureError, MissingExtraError

Pixels = NDArray[np.uint8]

MOST_PIXELS = 40_000_000
KINDS = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP")


def read_pixels(path: str | Path, page: int | None = None) -> Pixels:
    """Read one frame of a PNG, JPEG, TIFF, GIF, BMP or WEBP file; what is transparent is white.

    Parameters
    ----------
    path : path-like
        The file.
    page : int or None
        Frame of a TIFF or GIF, from 1; None for the first.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Red, green and blue.

    Raises
    ------
    FigureError
        If it is no such picture, is damaged or too large, or has no such frame.
    """
    try:
        import skimage  # noqa: F401
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("reading a picture", "digitize") from error

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata and size, which is checked here
            with Image.open(path, formats=KINDS) as picture:
                return _frame(picture, path, 1 if page is None else page)
    except Image.DecompressionBombError as error:
        raise FigureError(path, f"has more than {MOST_PIXELS // 10**6} million pixels; give it at a lower resolution") from error
    except FileNotFoundError as error:
        raise FigureError(path, "no such file") from error
    except FigureError:
        raise
    except Exception as error:  # noqa: BLE001  a damaged file can raise anything, from struct.error to MemoryError
        kinds = "PNG, JPEG, TIFF, GIF, BMP or WEBP"
        raise FigureError(path, f"is no {kinds} picture that can be read ({error}); save it again as PNG") from error


def _frame(picture: Any, path: str | Path, page: int) -> Pixels:
    from PIL import Image

    frames = getattr(picture, "n_frames", 1)
    if not 1 <= page <= frames:
        raise FigureError(path, f"has no page {page}; it has {frames}")
    picture.seek(page - 1)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise FigureError(path, f"has {width} x {height} pixels, more than {MOST_PIXELS // 10**6} million; give it at a lower resolution")
    picture.load()
    if picture.mode.startswith(("I", "F")):  # more than 8 bits of gray
        deep = np.asarray(picture, dtype=np.float32)
        most = 65535.0 if deep.max(initial=0) > 255 else 255.0
        gray = np.clip(deep * (255 / most) + 0.5, 0, 255).astype(np.uint8)
        return np.repeat(gray[:, :, None], 3, axis=2)
    if picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
        sheet = Image.new("RGBA", picture.size, "white")
        sheet.alpha_composite(picture.convert("RGBA"))
        picture = sheet
    return np.array(picture.convert("RGB"), dtype=np.uint8)
