"""Generated pictures had their ticks and curves moved by up to a third of a pixel, though they lie between whole pixels in journals.

The same design as SVG, in which nothing is rounded, says where they are.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from survrecon.figure_designs import FigureDesign
from survrecon.figures import draw

SVG = "{http://www.w3.org/2000/svg}"
DPI = 100


def middle(ink, columns, near):
    """Row of the middle of the line near this one: between its borders, which are as far from a row within it as there is ink."""
    within = round(near)
    strip = ink[within - 5 : within + 5, columns].mean(axis=1)
    return within + (strip[5:].sum() - strip[:5].sum()) / 2


@pytest.mark.parametrize("style", ["nejm", "survminer"])  # lines of an odd and of an even number of parts
def test_lines_and_ticks_lie_where_they_are(tmp_path, style):
    design = FigureDesign(style, "png", DPI, arms=1, color=False, marks="none", risk_table=False, offset=True, seed=(2,))
    draw(design, tmp_path / "figure.png")
    draw(replace(design, format="svg"), tmp_path / "figure.svg")
    root = ET.parse(tmp_path / "figure.svg").getroot()
    ticks = [group for group in root.iter(f"{SVG}g") if group.get("id", "").startswith("ytick_")]
    uses = [next(tick.iter(f"{SVG}use")) for tick in ticks]
    at = np.array([[float(use.get(name)) for name in "xy"] for use in uses]) * DPI / 72
    line = max((path.get("d", "") for path in root.iter(f"{SVG}path") if "stroke-linecap: square" in path.get("style", "")), key=len)
    course = np.reshape([float(number) for number in re.findall(r"-?\d+\.?\d*", line)], (-1, 2)) * DPI / 72
    with Image.open(tmp_path / "figure.png") as image:
        ink = 1 - np.asarray(image.convert("L")) / 255
    for x, y in at:
        assert middle(ink, slice(int(x) - 3, int(x) - 1), y) == pytest.approx(y, abs=0.01)
    level = int(np.argmax(np.diff(course[:, 0])))  # the longest piece
    (left, row), right = course[level], course[level + 1, 0]
    assert middle(ink, slice(int(left) + 4, int(right) - 4), row) == pytest.approx(row, abs=0.01)
