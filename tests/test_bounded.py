"""A function in a process of its own, with limits; and errors that cross from one process to another."""

from __future__ import annotations

import math
import pickle
import time
from pathlib import Path

import pytest

from survrecon import errors
from survrecon.digitize import digitize_figure, recognize
from survrecon.digitize.bounded import bounded
from survrecon.errors import FigureError, Problem, ReconstructionError, StudyFileError, SurvReconError

LIMITS = {"seconds": 60, "megabytes": 1024}


def test_the_result_comes_back():
    assert bounded(math.hypot, 3, 4, **LIMITS) == 5


def test_what_is_printed_does_not_mix_with_the_result():
    assert bounded(print, "noise", **LIMITS) is None


def test_a_function_that_takes_too_long_is_stopped():
    with pytest.raises(TimeoutError, match="after 1 seconds"):
        bounded(time.sleep, 60, seconds=1, megabytes=1024)


def test_a_function_that_takes_too_much_memory_is_stopped():
    with pytest.raises(MemoryError):
        bounded(bytes, 2 << 30, **LIMITS)  # 2 GB


def test_an_error_of_ours_comes_back_as_it_was_raised():
    with pytest.raises(FigureError) as caught:
        bounded(recognize, Path("no such file"), **LIMITS)
    assert caught.value.path == Path("no such file")
    assert caught.value.message == "does not exist; check the name"


def test_any_other_error_is_told_to_be_our_fault():
    with pytest.raises(ReconstructionError, match=r"fault of survrecon \(ValueError: math domain error"):
        bounded(math.sqrt, -1, **LIMITS)


def test_every_error_can_be_pickled():
    made: list[SurvReconError] = [
        StudyFileError("study.toml", [Problem("n", "x", "is not a number")]),
        errors.CurveError("drug", "no points", 3, 0.5),
        errors.RiskTableError("drug", "negative", 2),
        errors.InconsistentDataError("drug", "two things", (0.0, 1.0)),
        errors.MissingExtraError("digitizing", "digitize"),
        FigureError("figure.png", "is empty"),
    ]
    for error in made:
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"time,survival\n0,1\n", "is not a PDF, SVG, PNG, JPEG, TIFF, GIF, BMP or WEBP file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "ps2pdf"),
        (b"PK\x03\x04", "is not a PDF, SVG"),
    ],
)
def test_a_file_that_is_no_figure(tmp_path, content, message):
    (tmp_path / "figure.png").write_bytes(content)
    with pytest.raises(FigureError, match=message):
        digitize_figure(tmp_path / "figure.png")


def test_a_folder_is_no_figure(tmp_path):
    with pytest.raises(FigureError, match="is not a file"):
        digitize_figure(tmp_path)


@pytest.mark.parametrize(("start", "kind"), [(b"%PDF-1.7", "pdf"), (b"<svg", "svg"), (b"\x1f\x8b", "svg"), (b"\xff\xd8\xff", "raster")])
def test_a_figure_is_known_by_its_contents(tmp_path, start, kind):
    (tmp_path / "figure.txt").write_bytes(start)
    assert recognize(tmp_path / "figure.txt") == kind
