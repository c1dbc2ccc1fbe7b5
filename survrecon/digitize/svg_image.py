"""Pictures that an SVG file holds as base64."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from survrecon.errors import FigureError, MissingExtraError

MOST_PIXELS = 50_000_000


def embedded(path: Path, link: str) -> NDArray[np.uint8] | None:
    """Return the pixels of a picture in a file.

    Parameters
    ----------
    path : Path
        The file, for messages.
    link : str
        What the picture's element refers to.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3), or None
        None where it refers to another file, which is not opened, or is no PNG or JPEG.

    Raises
    ------
    FigureError
        A picture that is damaged or too large.
    MissingExtraError
        The extra ``digitize`` is not installed.
    """
    match = re.match(r"data:image/(?:png|jpe?g)[^,]*;base64,", link)
    if not match:
        return None
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("reading a picture", "digitize") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is looked at here
            picture: Image.Image = Image.open(io.BytesIO(base64.b64decode(link[match.end() :])))
            if picture.width * picture.height > MOST_PIXELS:
                raise FigureError(path, f"holds a picture of {picture.width} x {picture.height} pixels; at most {MOST_PIXELS} are read")
            flat = Image.new("RGB", picture.size, "white")
            picture = picture.convert("RGBA")
            flat.paste(picture, mask=picture.getchannel("A"))
            return np.asarray(flat, dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        if isinstance(error, FigureError):
            raise
        raise FigureError(path, f"holds a picture that cannot be read ({error}); save the figure again") from None
