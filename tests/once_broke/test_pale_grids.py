"""The soft edges of a pale grid were taken for the ripples of a JPEG; a line of which one row is seen on another then lost its color."""

import io

import numpy as np
from PIL import Image

from survrecon.digitize.raster_colors import separate
from survrecon.digitize.raster_fills import _rippled, contrast

WHITE, ORANGE, NAVY = (np.array(color, dtype=float) for color in [(255, 255, 255), (230, 132, 42), (17, 79, 127)])


def lines_on_a_grid():
    """Draw an orange line, one row of a navy one over it, and a grid whose edges are a little softer than its lines."""
    pixels = np.full((200, 300, 3), 255, dtype=np.uint8)
    for at in range(10, 190, 40):
        for away, gray in ((-1, 248), (0, 224), (1, 248)):
            pixels[at + away] = np.minimum(pixels[at + away], gray)
            pixels[:, at + away] = np.minimum(pixels[:, at + away], gray)
    pixels[101:105, 20:280], pixels[100, 20:280] = ORANGE, NAVY
    return pixels


def test_a_row_of_a_line_on_another_keeps_its_color():
    pixels = lines_on_a_grid()
    orange, navy = separate(contrast(pixels, WHITE, 7), [WHITE - ORANGE, WHITE - NAVY], WHITE)
    assert navy.own[100, 30:270].min() > 0.9
    assert orange.own[102:104, 30:270].min() > 0.9


def test_ripples_of_a_jpeg_are_known():
    file = io.BytesIO()
    Image.fromarray(lines_on_a_grid()).save(file, format="jpeg", quality=60)
    for pixels, rippled in ((lines_on_a_grid(), False), (np.asarray(Image.open(file)), True)):
        assert _rippled(WHITE.astype(np.float32) - pixels.astype(np.float32)) is rippled
