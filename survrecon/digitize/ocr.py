"""Read the texts of a picture with the tesseract command, where it is installed."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Sequence

from survrecon.digitize.figure import Text
from survrecon.digitize.raster_image import Pixels

SECONDS = 8  # that one reading may take
LETTERS = 3  # times enlarged: tesseract wants letters 30 pixels high, tick labels at 100 dpi have 10
DIGIT = 28  # pixels high are digits read best; in larger ones a 5 is taken for a 9
LARGEST = 12_000_000  # pixels after that
SURE = 30.0  # percent: less sure than this is no text


def read_texts(pixels: Pixels, numbers: bool = False, block: bool = False, high: float | None = None) -> tuple[Text, ...]:
    """Read the words of a picture.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture.
    numbers : bool
        It holds numbers only.
    block : bool
        It is one column or block of text, not words here and there.
    high : float, optional
        Height of its digits in pixels, where it is known.

    Returns
    -------
    tuple of Text
        Words with their boxes in pixels; empty where tesseract is not installed, fails or takes too long.
    """
    command = shutil.which("tesseract")
    if command is None or min(pixels.shape[:2]) < 5:
        return ()
    from PIL import Image

    wanted = LETTERS if high is None else min(LETTERS, round(DIGIT / high))
    times = max(1, min(wanted, int((LARGEST / (pixels.shape[0] * pixels.shape[1])) ** 0.5)))
    picture = Image.fromarray(pixels).convert("L")
    picture = picture.resize((picture.width * times, picture.height * times), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    layout = ["--psm", "6" if block else "11"] + (["-c", "tessedit_char_whitelist=0123456789.,%-"] if numbers else [])
    try:
        done = subprocess.run(
            [command, "stdin", "stdout", *layout, "--dpi", "300", "tsv"],
            input=file.getvalue(),
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return _texts(done.stdout.decode("utf-8", "replace").splitlines(), times)


def _texts(lines: Sequence[str], times: int) -> tuple[Text, ...]:
    """Read tesseract's table: one row per word, with its box and how sure it is."""
    found = []
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        try:
            left, top, width, height = (int(row[name]) / times for name in ("left", "top", "width", "height"))
            word, sure = row["text"].strip(), float(row["conf"])
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if word.strip("|") and sure >= SURE:  # a bar is a line of the drawing
            found.append(Text(word, left, top, left + width, top + height))
    return tuple(found)
