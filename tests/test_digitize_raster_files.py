"""Picture files: formats, damaged files, and words read with tesseract where it is installed."""

import io
import shutil

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image, features

from survrecon.digitize import ocr
from survrecon.digitize.figure import Hints
from survrecon.digitize.raster import digitize_image, digitize_pixels
from survrecon.errors import FigureError

COLUMNS = ["level", "page_num", "block_num", "par_num", "line_num", "word_num", "left", "top", "width", "height", "conf", "text"]
TABLE = [
    "\t".join(COLUMNS),
    "5 1 1 1 1 1 30 60 90 30 96.5 Months".replace(" ", "\t"),
    "5 1 1 1 1 2 33 9 6 6 12.0 smudge".replace(" ", "\t"),  # less sure than 30%
    "5 1 1 1 1 3 x 9 6 6 95 broken".replace(" ", "\t"),
    "",
]


def painted():
    """Axes (times 0 to 10 at columns 50.5 to 450.5, survival 0 to 1 at rows 250.5 to 50.5) and a curve: 1, 0.8, 0.5 from times 0, 2, 5."""
    pixels = np.full((300, 500, 3), 255, dtype=np.uint8)
    pixels[50:251, 50] = pixels[250, 50:471] = 0
    for i in range(11):
        pixels[250:256, 50 + 40 * i] = pixels[250 - 20 * i, 45:51] = 0
    for first, last, row, deeper in ((50, 130, 50, 90), (130, 250, 90, 150), (250, 430, 150, 150)):
        pixels[row - 1 : row + 2, first - 1 : last + 2] = (200, 30, 30)
        pixels[row - 1 : deeper + 2, last - 1 : last + 2] = (200, 30, 30)
    return pixels


def test_formats_of_one_picture_agree(tmp_path):
    pixels = painted()
    picture = Image.fromarray(pixels)
    picture.save(tmp_path / "rgb.png")
    picture.quantize(8).save(tmp_path / "palette.png")
    picture.convert("CMYK").save(tmp_path / "cmyk.tif")
    alpha = picture.convert("RGBA")
    alpha.putalpha(Image.fromarray(np.where((pixels == 255).all(axis=2), 0, 255).astype(np.uint8)))
    alpha.save(tmp_path / "alpha.png")
    gray = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    Image.fromarray(gray).save(tmp_path / "deep.png")
    Image.new("RGB", (500, 300), "white").save(tmp_path / "pages.tif", save_all=True, append_images=[Image.fromarray(pixels)])
    names = ["rgb.gif", "rgb.bmp"]
    if features.check("webp"):
        names.append("rgb.webp")
    for name in names:
        picture.save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    for name in (*names, "rgb.png", "palette.png", "cmyk.tif", "alpha.png", "deep.png", "pages.tif"):
        (trace,) = digitize_image(tmp_path / name, Hints(x_range=(0, 10), y_range=(0, 1), page=2 if name == "pages.tif" else None)).traces
        assert trace.survival[np.searchsorted(trace.time, [1, 3, 6], side="right") - 1] == pytest.approx([1, 0.8, 0.5], abs=0.002), name
    with pytest.raises(FigureError, match="no page 3; it has 2"):
        digitize_image(tmp_path / "pages.tif", Hints(page=3))


NO_PICTURES = [b"", b"time,survival\n0,1\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 nothing more", b"II*\x00\xff\xff\xff\xff"]


@pytest.mark.parametrize("content", NO_PICTURES)
def test_a_file_that_is_no_picture(tmp_path, content):
    path = tmp_path / "figure.png"
    path.write_bytes(content)
    with pytest.raises(FigureError, match=r"figure\.png: is no PNG, JPEG, TIFF, GIF, BMP or WEBP picture"):
        digitize_image(path)


def test_a_picture_cut_short_or_far_too_large(tmp_path):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)).save(file, "PNG")
    (tmp_path / "cut.png").write_bytes(file.getvalue()[:5000])
    with pytest.raises(FigureError, match="no PNG, JPEG, TIFF, GIF, BMP or WEBP picture that can be read"):
        digitize_image(tmp_path / "cut.png")
    Image.new("1", (7000, 7000)).save(tmp_path / "large.png")
    Image.new("1", (20000, 20000)).save(tmp_path / "bomb.png")
    for name in ("large.png", "bomb.png"):
        with pytest.raises(FigureError, match="more than 40 million"):
            digitize_image(tmp_path / name)
    with pytest.raises(FigureError, match="no such file"):
        digitize_image(tmp_path / "none.png")


def test_words_of_tesseracts_table():
    # the picture was read at 3 times its size: 30, 60, 90 and 30 pixels are 10, 20, 30 and 10
    (text,) = ocr._texts(TABLE, 3)
    assert (text.string, text.left, text.top, text.right, text.bottom) == ("Months", 10, 20, 40, 30)


def test_without_tesseract_nothing_is_read(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda command: None)
    assert ocr.read_texts(painted()) == ()
    with pytest.raises(FigureError, match="give --x-range and --y-range"):
        digitize_pixels(painted())


def test_a_tesseract_that_fails_or_hangs_is_none(monkeypatch, tmp_path):
    command = tmp_path / "tesseract"
    monkeypatch.setattr(shutil, "which", lambda name: str(command))
    for script in ("exit 3", "exec /bin/sleep 30"):
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)
        monkeypatch.setattr(ocr, "SECONDS", 0.3)
        assert ocr.read_texts(painted()) == ()


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_axes_and_numbers_at_risk_are_read_from_the_picture():
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.2, 0.35, 0.75, 0.6))
    axes.step([0, 7, 20, 33], [100, 80, 50, 50], where="post", color="tab:red")
    axes.step([0, 12, 25, 35], [100, 90, 75, 75], where="post", color="tab:blue")
    axes.set(xlim=(0, 36), ylim=(0, 100), xticks=range(0, 37, 6), yticks=range(0, 101, 20), xlabel="Months since randomization")
    rows = (("Drug", (120, 112, 101, 88, 71, 40, 12)), ("Placebo", (118, 97, 80, 62, 45, 23, 10)))
    for depth, (name, counts) in zip((-0.33, -0.43), rows, strict=True):
        axes.text(-4, depth, name, ha="right", transform=axes.get_xaxis_transform())
        for time, count in zip(range(0, 37, 6), counts, strict=True):
            axes.text(time, depth, str(count), ha="center", transform=axes.get_xaxis_transform())
    file = io.BytesIO()
    figure.savefig(file, dpi=150)
    read = digitize_pixels(np.asarray(Image.open(file).convert("RGB")))
    assert read.percent and read.time_unit == "month"
    drug, placebo = read.traces
    assert (drug.label, placebo.label) == ("Drug", "Placebo")
    for trace, (_, counts) in zip(read.traces, rows, strict=True):
        wanted = dict(zip(range(0, 37, 6), counts, strict=True))
        got = dict(zip(trace.risk.time.tolist(), trace.risk.count.tolist(), strict=True))
        assert len(got) >= 5 and all(wanted[time] == count for time, count in got.items())
    assert drug.survival[np.searchsorted(drug.time, [6, 18, 30], side="right") - 1] == pytest.approx([1, 0.9, 0.75], abs=0.005)
