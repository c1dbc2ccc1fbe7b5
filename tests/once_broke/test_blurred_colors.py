"""A JPEG keeps one color for four pixels: lines near each other took some of each other's, and a gray one went on along a teal one."""

import io

import numpy as np
import pytest
from PIL import Image

from survrecon.digitize.raster_chroma import MOST, can_unmix, same_hues, unmixed
from survrecon.digitize.raster_colors import separate
from survrecon.digitize.raster_fills import Contrast, contrast

WHITE, ORANGE, NAVY = (np.array(color, dtype=float) for color in [(255, 255, 255), (230, 132, 42), (17, 79, 127)])
TEAL, GRAY, BLACK = (np.array(color, dtype=float) for color in [(90, 164, 156), (128, 128, 128), (0, 0, 0)])


def as_jpeg(lines, shape=(120, 300)):
    """Draw level lines, each of a color from one row to before another, and return their pixels in a JPEG as authors send them."""
    pixels = np.full((*shape, 3), 255, dtype=np.uint8)
    for color, top, bottom in lines:
        pixels[top:bottom, 20:280] = color
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="jpeg", quality=60)
    return np.asarray(Image.open(file))


def layers(pixels, colors):
    return separate(contrast(pixels, WHITE, 7), [WHITE - color for color in colors], WHITE)


@pytest.mark.parametrize("apart", [0, 1, 2])
@pytest.mark.parametrize("top", range(50, 54))  # against the squares that a JPEG is made of
def test_lines_beside_each_other_keep_their_colors(top, apart):
    below = top + 3 + apart
    orange, navy = layers(as_jpeg([(ORANGE, top, top + 3), (NAVY, below, below + 3)]), [ORANGE, NAVY])
    for layer, own, others in ((orange, top, below), (navy, below, top)):
        ink = layer.own[:, 40:260].mean(axis=1)
        assert ink[own : own + 3].sum() == pytest.approx(3, abs=0.6)
        assert ink[others : others + 3].sum() < 0.6


def test_the_edge_of_a_teal_line_is_no_gray_line():
    pixels = as_jpeg([(TEAL, 30, 32), (GRAY, 60, 62), (BLACK, 90, 92)])
    teal, gray, _ = layers(pixels, [TEAL, GRAY, BLACK])
    assert gray.own[28:34, 40:260].sum(axis=0).mean() < 0.4
    assert gray.own[58:64, 40:260].sum(axis=0).mean() > 1.4
    assert teal.own[28:34, 40:260].sum(axis=0).mean() > 1.6


def test_ink_of_no_color_given_is_nobodys():
    (orange,) = layers(as_jpeg([(ORANGE, 30, 34), (NAVY, 60, 64)]), [ORANGE])
    assert orange.own[30:34, 40:260].mean() > 0.8
    assert orange.own[58:66, 40:260].max() < 0.3


def test_all_the_ink_is_shared_out():
    pixels = as_jpeg([(ORANGE, 50, 53), (NAVY, 54, 57)])
    ink = contrast(pixels, WHITE, 7)
    _, shares = unmixed(ink, [WHITE - ORANGE, WHITE - NAVY])
    luma = np.array([0.299, 0.587, 0.114])  # as in the JPEG standard
    dark = sum(share * (luma @ (WHITE - color)) for share, color in zip(shares, (ORANGE, NAVY), strict=True))
    seen = 255 - pixels[50:57, 40:260] @ luma
    assert np.abs(dark[50:57, 40:260] - seen).mean() < 0.1 * seen.mean()


def test_hues_are_told_and_shades_are_not():
    told = same_hues([WHITE - color for color in (ORANGE, NAVY, GRAY, BLACK)])
    assert told.tolist() == [[i == j or {i, j} == {2, 3} for i in range(4)] for j in range(4)]


def test_a_photograph_is_not_shared_out():
    few, many = (np.full((1, size, 3), 100, dtype=np.float32) for size in (MOST, MOST + 1))
    assert can_unmix(Contrast(few, np.zeros_like(few), np.zeros(few.shape[:2], dtype=bool), few))
    assert not can_unmix(Contrast(many, np.zeros_like(many), np.zeros(many.shape[:2], dtype=bool), many))


def test_a_png_is_not_shared_out():
    pixels = np.full((120, 300, 3), 255, dtype=np.uint8)
    pixels[50:53, 20:280] = ORANGE
    ink = contrast(pixels, WHITE, 7)
    assert not can_unmix(ink)
    with pytest.raises(ValueError, match="JPEG"):
        unmixed(ink, [WHITE - ORANGE])


def test_a_color_that_was_measured_too_pale_is_measured_again():
    mauve, red = (np.array(color, dtype=float) for color in [(146, 94, 159), (237, 0, 0)])
    gray = np.array([0.299, 0.587, 0.114]) @ mauve
    pale = gray + 0.4 * (mauve - gray)  # a JPEG may leave so little; then navy and red, which make mauve, are more of its line than it is
    pixels = as_jpeg([(NAVY, 20, 22), (mauve, 50, 52), (red, 80, 82)])
    _, shares = unmixed(contrast(pixels, WHITE, 7), [WHITE - color for color in (NAVY, pale, red)])
    navy, found, other = (share[48:54, 40:260].sum(axis=0).mean() for share in shares)
    assert found > 0.8
    assert found > 1.5 * max(navy, other)


def test_where_there_is_no_ink_no_color_has_any():
    blank = np.zeros((20, 30, 3), dtype=np.float32)
    ink = Contrast(blank, blank, np.zeros((20, 30), dtype=bool), blank)
    assert can_unmix(ink)
    _, shares = unmixed(ink, [WHITE - ORANGE, WHITE - NAVY])
    assert np.sum(shares) == 0
