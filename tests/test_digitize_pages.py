"""PDFs of several pages and of scanned pages: which page is read, and as what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from survrecon.digitize import Hints, read_figure
from survrecon.errors import FigureError

TIME, SURVIVAL = [0, 2, 4, 7, 10], [1, 0.8, 0.5, 0.25, 0.25]  # levels from each time on
VERTICES = np.array([(0, 1), (2, 1), (2, 0.8), (4, 0.8), (4, 0.5), (7, 0.5), (7, 0.25), (10, 0.25)])


def figure() -> Figure:
    sheet = Figure(figsize=(5, 4), dpi=200)
    axes = sheet.subplots()
    axes.step(TIME, SURVIVAL, where="post", color="#0072B2", linewidth=1.5)
    axes.set(xlim=(0, 12), ylim=(0, 1.05), yticks=np.arange(6) / 5, xlabel="Months", ylabel="Survival")
    return sheet


def prose() -> Figure:
    sheet = Figure(figsize=(5, 4))
    sheet.text(0.1, 0.5, "Methods: none of this is a curve.")
    return sheet


def scan() -> Figure:
    """Return a page that holds the figure as a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure())
    canvas.draw()
    sheet = Figure(figsize=(5, 4), dpi=200)
    sheet.figimage(np.asarray(canvas.buffer_rgba())[..., :3])
    return sheet


def save(path: Path, *pages: Figure) -> Path:
    with PdfPages(path) as file:
        for page in pages:
            file.savefig(page, dpi=200)
    return path


def test_the_first_page_with_a_figure_is_read(tmp_path):
    path = save(tmp_path / "article.pdf", prose(), figure(), prose())
    found = read_figure(path, Hints())
    assert found.notes[0] == "page 2 of 3 is the first with curves"
    (trace,) = found.traces
    np.testing.assert_allclose(np.stack([trace.time, trace.survival], axis=1), VERTICES, atol=1e-4)


def test_the_page_that_is_asked_for_is_read(tmp_path):
    path = save(tmp_path / "article.pdf", prose(), figure())
    assert len(read_figure(path, Hints(page=2)).traces) == 1
    with pytest.raises(FigureError):
        read_figure(path, Hints(page=1))


def test_an_article_without_a_figure(tmp_path):
    with pytest.raises(FigureError, match="no curves drawn as lines on its 2 pages; give the page of the figure with --page"):
        read_figure(save(tmp_path / "article.pdf", prose(), prose()), Hints())


def test_a_scanned_page_is_read_as_a_picture(tmp_path):
    found = read_figure(save(tmp_path / "scan.pdf", scan()), Hints(x_range=(0, 12), y_range=(0, 1), arms=(("drug", None),)))
    assert found.kind == "raster"
    assert found.notes[0] == "the curves are a picture in the file; its pixels were read"
    (trace,) = found.traces
    grid = np.array([1, 3, 5.5, 8.5])  # in the middle of each level
    at = np.searchsorted(trace.time, grid, side="right") - 1
    pixel = 1.05 / 616  # of survival: 77% of 800 pixels are the axis
    np.testing.assert_allclose(trace.survival[at], [1, 0.8, 0.5, 0.25], atol=pixel)
