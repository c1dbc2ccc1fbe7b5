"""SVG and PDF files as programs write them, and as nobody should: every error says what to do, nothing takes long."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import matplotlib
import matplotlib.figure
import numpy as np
import pytest

from survrecon.digitize.figure import Hints
from survrecon.digitize.pdf import count_pages, read_pdf
from survrecon.digitize.svg import read_svg
from survrecon.digitize.vector import digitize_pdf, digitize_svg
from survrecon.errors import FigureError

FIGURES = Path(__file__).parent / "figures"
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 300 200">'

SVGZ = gzip.compress(b"<svg/>", mtime=0)


def svg(tmp_path: Path, body: str, before: str = "") -> Path:
    path = tmp_path / "figure.svg"
    path.write_text(f"{before}{HEAD}{body}</svg>", encoding="utf-8")
    return path


def pdf(tmp_path: Path, content: str = "", pages: int = 1, trailer: str = "") -> Path:
    """A PDF whose pages all draw the same, with an index that needs no repair."""
    kids = " ".join(f"{4 + k} 0 R" for k in range(pages))
    stream = f"<</Length {len(content)}>>\nstream\n{content}\nendstream"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {pages}>>", stream]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 3 0 R/Resources<<>>>>"] * pages
    text, places = "%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{item}\nendobj\n"
    index = "".join(f"{place:010} 00000 n \n" for place in places)
    size, start = len(objects) + 1, len(text)
    text += f"xref\n0 {size}\n0000000000 65535 f \n{index}trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF"
    path = tmp_path / "figure.pdf"
    path.write_text(text, encoding="latin-1")
    return path


# Two axes of 200 and 100 units: 0 to 20 months, 1 to 0; a curve that drops to 0.75 at 4, to 0.5 at 10, and ends at 18; a mark at 6.
# As Illustrator writes it: classes, entities for namespaces, texts placed by a matrix, ticks in one group that is moved and scaled.
ILLUSTRATOR = """
<style type="text/css">.st0{fill:none;stroke:#231F20;stroke-width:0.5;} .st1{fill:none;stroke:#ED1C24;}
.st2 , .st3{font-size:8px;} .st9 path{stroke:red}</style>
<g id="axes" transform="translate(50 20) scale(2)"><g class="st0">
<line x1="0" y1="0" x2="0" y2="50"/><path d="M0,50h100"/>
<path d="M0,0h-2M0,25h-2M0,50h-2"/><polyline points="0,50 0,52"/><polyline points="50,50 50,52"/><polyline points="100,50 100,52"/></g></g>
<text transform="matrix(1 0 0 1 28 23)" class="st3">1·0</text><text transform="matrix(1 0 0 1 28 73)" class="st3">0·5</text>
<text transform="matrix(1 0 0 1 36 123)" class="st3">0</text>
<text class="st3" x="48" y="136">0</text><text class="st3"><tspan x="146" y="136">1</tspan><tspan>0</tspan></text>
<text class="st3" transform="translate(250,136)" text-anchor="middle">20</text><text x="130" y="150" class="st2">Time (mo)</text>
<path class="st1" d="M50,20h40v25h60v25h80"/><g opacity=".9"><path class="st1" d="M110,42v6"/></g>
<text x="20" y="170" class="st3" fill="#ED1C24">Drug X</text><text x="46" y="170" class="st3">12</text>
<text x="146" y="170" class="st3">6</text>
"""
DOCTYPE = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [<!ENTITY ns_x "http://ns.adobe.com/x/1.0/">]>'


@pytest.mark.parametrize("packed", [False, True])
def test_svg_as_illustrator_writes_it(packed, tmp_path):
    path = svg(tmp_path, ILLUSTRATOR, DOCTYPE)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    figure = digitize_svg(path, Hints())
    (trace,) = figure.traces
    assert trace.time.tolist() == [0, 4, 4, 10, 10, 18]
    assert trace.survival.tolist() == [1, 1, 0.75, 0.75, 0.5, 0.5]
    assert trace.censor_times.tolist() == [6]
    assert (trace.label, trace.color, figure.time_unit) == ("Drug X", "#ed1c24", "month")
    assert (trace.risk.time.tolist(), trace.risk.count.tolist()) == ([0, 10], [12, 6])


def test_symbols_nested_pictures_units_and_what_is_not_drawn(tmp_path):
    drawing = read_svg(
        svg(
            tmp_path,
            """<defs><circle id="dot" r="2"/><clipPath id="c"><rect width="9" height="9"/></clipPath></defs>
            <symbol id="s"><path d="M0,0L4,0" stroke="#123456"/></symbol>
            <svg x="10" y="20" width="100" height="50" viewBox="0 0 10 5">
            <line x1="1" y1="1" x2="2" y2="1" stroke="currentColor" color="blue"/></svg>
            <use xlink:href="#dot" x="100" y="50" fill="red"/><use href="#s" transform="rotate(90)"/><use href="#nowhere"/>
            <rect x="10%" y="50%" width="1in" height="12pt" fill="none" stroke="rgb(255, 0, 0)" stroke-dasharray="4 2" stroke-opacity=".5"/>
            <path d="M0 0L1 1" display="none" stroke="red"/><path d="M0 0L1 1" stroke="none" fill="none"/>
            <g visibility="hidden"><path d="M0 0L1 1"/></g>""",
        )
    )
    found = {(shape.stroke, shape.fill): shape for shape in drawing.shapes}
    assert len(drawing.shapes) == 4
    assert found["#0000ff", "#000000"].points.tolist() == [[20, 30], [30, 30]]
    assert found[None, "#ff0000"].box == pytest.approx((98, 48, 102, 52))
    assert found["#123456", "#000000"].points == pytest.approx(np.array([[0, 0], [0, 4]]))
    assert found["#ff0000", None].box == pytest.approx((30, 100, 126, 116))
    assert (found["#ff0000", None].dash, found["#ff0000", None].opacity) == ((4, 2), 0.5)


def test_exponents_and_turned_texts(tmp_path):
    body = """<text x="10" y="50" font-size="10">10<tspan dy="-4" font-size="7">2</tspan></text>
        <text transform="translate(20,100) rotate(-90)" text-anchor="middle" textLength="30" font-size="10">Survival</text>"""
    power, title = read_svg(svg(tmp_path, body)).texts
    assert power.string == "10^2"
    assert (title.angle, title.left, title.right, title.top, title.bottom) == pytest.approx((90, 12.8, 20, 85, 115))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a well-formed SVG"),
        ("<svg><g></svg>", "not a well-formed SVG"),
        ("<html></html>", "its root is <html>, not <svg>"),
        (HEAD + "</svg>", "draws no lines; the page is 300 wide and 200 high; check --page and --bbox"),
        (HEAD + '<path d="M0 0L9 9" stroke="red"/></svg>', "no two axes with ticks and numbers were found; give --x-range and --y-range"),
        (HEAD + '<path d="M0 0L1e999 9" stroke="red"/></svg>', "coordinates are not finite"),
        (HEAD + '<path d="M0 0L1 2" transform="rotate(nan)" stroke="red"/></svg>', r"the transform 'rotate\(nan\)'"),
        (HEAD + "<g>" * 300 + "</g>" * 300 + "</svg>", "nests more than 200 elements"),
        (HEAD + "<g>" * 100 + "</g>" * 100 + "</svg>", "nests more than 60 groups"),
        (HEAD + "<g/>" * 200_001 + "</svg>", "has more than 200000 elements"),
        (HEAD + '<path stroke="red" d="M0 0' + "h1" * 200_001 + '"/></svg>', "of more than 200000 points"),
        (HEAD + '<g id="a"><use href="#a"/></g></svg>', "nests more than 60 groups"),
        ('<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + HEAD + "&b;</svg>", "defines the entity 'b'"),
        ('<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + HEAD + "<text>&a;</text></svg>", "defines the entity 'a'"),
        (f'<!DOCTYPE svg [<!ENTITY a "{"x" * 999}">]>{HEAD}</svg>', "defines the entity 'a'"),
        (HEAD + '<image href="data:image/png;base64,iVBORw0KGgo="/></svg>', "holds a picture that cannot be read"),
    ],
    ids=range(16),
)
def test_bad_svg(text, message, tmp_path):
    path = tmp_path / "figure.svg"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FigureError, match=message):
        digitize_svg(path, Hints())


def test_symbols_that_use_symbols_do_not_multiply_without_end(tmp_path):
    """Nine levels of ten uses each would draw a thousand million lines."""
    levels = [f'<g id="l{k}">' + f'<use href="#l{k - 1}"/>' * 10 + "</g>" for k in range(1, 10)]
    path = svg(tmp_path, '<defs><path id="l0" d="M0 0L1 1" stroke="red"/>' + "".join(levels) + '</defs><use href="#l9"/>')
    with pytest.raises(FigureError, match="draws more than 50000 elements"):
        digitize_svg(path, Hints())


@pytest.mark.parametrize("content", [SVGZ[:-9], SVGZ[:5], b"\x1f\x8b" + bytes(50)])
def test_damaged_compressed_svg(content, tmp_path):
    (tmp_path / "figure.svgz").write_bytes(content)
    with pytest.raises(FigureError, match="not a whole compressed SVG"):
        digitize_svg(tmp_path / "figure.svgz", Hints())


def test_compressed_svg_that_grows(tmp_path):
    (tmp_path / "figure.svgz").write_bytes(gzip.compress(bytes(100_000_001)))
    with pytest.raises(FigureError, match="more than 100 MB"):
        digitize_svg(tmp_path / "figure.svgz", Hints())


def test_missing_file(tmp_path):
    for read in (digitize_svg, digitize_pdf):
        with pytest.raises(FigureError, match="No such file"):
            read(tmp_path / "none", Hints())


def test_pdf_without_figure_pages_and_wrong_pages(tmp_path):
    with pytest.raises(FigureError, match="draws no lines; the page is 300 wide and 200 high; check --page and --bbox"):
        digitize_pdf(pdf(tmp_path), Hints())
    path = pdf(tmp_path, "1 0 0 RG 10 10 m 20 20 l S", pages=3)
    assert count_pages(path) == 3
    with pytest.raises(FigureError, match="no curves drawn as lines on its 3 pages; give the page of the figure with --page"):
        digitize_pdf(path, Hints())
    for page in (0, 4):
        with pytest.raises(FigureError, match=f"has 3 pages, no page {page}; give --page from 1 to 3"):
            digitize_pdf(path, Hints(page=page))
    with pytest.raises(FigureError, match="has no pages"):
        digitize_pdf(pdf(tmp_path, pages=0), Hints())


def test_colors_curves_and_dashes_of_pdf(tmp_path):
    """Gray, CMYK and spot colors; y is turned downwards on a page 200 high; a Bezier curve is followed through its middle."""
    content = "0.5 G [3 1] 0 d 2 w 10 190 m 20 190 l S 0 1 1 0 k 0 0 10 5 re f [] 0 d 0 G 0 100 m 0 120 40 120 40 100 c S "
    content += "5 5 m 9 9 12 5 v S"
    shapes = {(shape.stroke, shape.fill, shape.curved): shape for shape in read_pdf(pdf(tmp_path, content)).shapes}
    assert shapes["#808080", None, False].points == pytest.approx(np.array([[10, 10], [20, 10]]))
    assert (shapes["#808080", None, False].dash, shapes["#808080", None, False].width) == ((3, 1), 2)
    assert shapes[None, "#ff0000", False].box == (0, 195, 10, 200)
    bends = [shape.points for shape in read_pdf(pdf(tmp_path, content)).shapes if shape.curved]
    assert bends[0][6] == pytest.approx([20, 85])  # half way: 3/4 of the height of its handles


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4\n", b"%PDF-1.4 garbage" * 9, b"no pdf at all"])
def test_bad_pdf(content, tmp_path):
    (tmp_path / "figure.pdf").write_bytes(content)
    with pytest.raises(FigureError, match="not a PDF that can be read|has no pages|damaged PDF"):
        digitize_pdf(tmp_path / "figure.pdf", Hints())


def test_encrypted_pdf(tmp_path):
    """Its keys belong to no password, the empty one included."""
    keys = f"/ID[<{'0' * 32}><{'0' * 32}>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<{'11' * 32}>/U<{'22' * 32}>>>"
    with pytest.raises(FigureError, match="is encrypted; remove its password"):
        digitize_pdf(pdf(tmp_path, trailer=keys), Hints())


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_a_picture_alone_is_found_in_a_drawing(kind, tmp_path):
    canvas = matplotlib.figure.Figure(figsize=(4, 3))
    canvas.figimage(np.tile(np.array([[[0, 80, 160]]], dtype=np.uint8), (300, 400, 1)))
    with matplotlib.rc_context({"svg.image_inline": True}):
        canvas.savefig(tmp_path / f"figure.{kind}", dpi=100)
    (image,) = (read_pdf if kind == "pdf" else read_svg)(tmp_path / f"figure.{kind}").images
    assert image.pixels.dtype == np.uint8
    assert image.box == pytest.approx((0, 0, 288, 216), abs=1)
    height, width = image.pixels.shape[:2]
    assert image.pixels[height // 2, width // 2].tolist() == [0, 80, 160]


@pytest.mark.parametrize("name", ["r-black.pdf", "r-black-svglite.svgz"])
@pytest.mark.parametrize("seed", range(4))
def test_damage_anywhere_is_an_error_of_ours_or_none(name, seed, tmp_path):
    chance = random.Random(seed)
    whole = (FIGURES / name).read_bytes()
    content = bytearray(gzip.decompress(whole) if name.endswith("z") else whole)
    for _ in range(10):
        spoiled = bytearray(content)
        for _ in range(chance.choice([1, 5, 50])):
            place = chance.randrange(len(spoiled))
            piece = chance.choice([b"", b"9999999999", b"<g>", b"nan", b"-", bytes([chance.randrange(256)])])
            spoiled[place : place + chance.choice([0, 1, 300])] = piece
        (tmp_path / "figure").write_bytes(bytes(spoiled))
        try:
            (digitize_pdf if name.endswith("pdf") else digitize_svg)(tmp_path / "figure", Hints())
        except FigureError as error:
            assert len(str(error)) < 600  # noqa: PT017
