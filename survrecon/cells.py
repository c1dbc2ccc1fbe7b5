"""Text split into rows of cells, and cells read as numbers, whatever program or country they come from."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from survrecon.errors import Problem, StudyFileError
from survrecon.files import file_error, read_text

MOST_PROBLEMS = 50  # shown of one file; the others are counted
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*|,\d+)?|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes
    ----------
    line : int
        Its number in the file, from 1.
    cells : list of str
        Without spaces around them.
    """

    line: int
    cells: list[str]

    def problem(self, remedy: str) -> Problem:
        """Return what is wrong with this line.

        Parameters
        ----------
        remedy : str
            What is wrong and what to do.

        Returns
        -------
        Problem
            With the number of the line and its beginning.
        """
        return Problem(f"line {self.line}", repr(", ".join(self.cells))[:80], remedy)


def read_rows(path: str | Path) -> list[Row]:
    """Read the rows of a file.

    Parameters
    ----------
    path : path-like
        Text; see `split_rows`.

    Returns
    -------
    list of Row
        All lines but blank ones and comments.

    Raises
    ------
    StudyFileError
        See `split_rows` and `survrecon.files.read_text`.
    """
    return split_rows(path, read_text(path))


def split_rows(path: str | Path, text: str) -> list[Row]:
    """Split text into rows of cells.

    Parameters
    ----------
    path : path-like
        Where it stands, for the error.
    text : str
        Cells separated by semicolons, tabs, commas or spaces, as in most of its lines.

    Returns
    -------
    list of Row
        All lines but blank ones and those that begin with ``#``.

    Raises
    ------
    StudyFileError
        Quotation marks without end, or no line at all.
    """
    lines = ["\n" if line.lstrip().startswith("#") else line for line in io.StringIO(text, newline=None)]
    mark = _delimiter([line for line in lines if line.strip()])
    reader = csv.reader((line.strip(" \n") for line in lines) if mark == " " else lines, delimiter=mark, skipinitialspace=True, strict=True)
    try:
        rows = [Row(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise file_error(path, f"cannot be split into columns: {error}", f"line {reader.line_num}") from None
    if not rows:
        raise file_error(path, "holds no line but blank ones and comments; fill it in, or leave it out")
    return rows


def _delimiter(lines: list[str]) -> str:
    """Return what separates the columns of most lines; a comma only where it is not the decimal mark."""
    bare = [re.sub('"[^"]*"', "", line).strip() for line in lines]

    def most(condition: list[bool]) -> bool:
        return 2 * sum(condition) > len(bare)

    for mark in (";", "\t"):
        if most([mark in line for line in bare]):
            return mark
    spaced = [len(cells) > 1 and all(_NUMBER.fullmatch(cell) and cell[0] != "," for cell in cells) for cells in map(str.split, bare)]
    return "," if most(["," in line for line in bare]) and not most(spaced) else " "


def is_number(cell: str) -> bool:
    """Whether a cell is a finite number, with decimal point or comma.

    Parameters
    ----------
    cell : str
        The cell.

    Returns
    -------
    bool
        False where it may mean thousands, as in ``1,234.5``.
    """
    return bool(_NUMBER.fullmatch(cell.replace("−", "-"))) and math.isfinite(to_number(cell))


def to_number(cell: str) -> float:
    """Read a cell for which `is_number` holds.

    Parameters
    ----------
    cell : str
        The cell.

    Returns
    -------
    float
        Its value.
    """
    return float(cell.replace("−", "-").replace(",", "."))


def without_trailing(row: Row, width: int) -> Row:
    """Drop the empty cell that a delimiter at the end of the line makes.

    Parameters
    ----------
    row : Row
        The row.
    width : int
        How many cells it should have.

    Returns
    -------
    Row
        The row itself where it is not too long, or ends in something.
    """
    return Row(row.line, row.cells[:-1]) if len(row.cells) > width and row.cells[-1] == "" else row


def refuse(path: str | Path, problems: Sequence[Problem]) -> None:
    """Raise an error if there are problems.

    Parameters
    ----------
    path : path-like
        The file.
    problems : sequence of Problem
        What is wrong with it; no more than `MOST_PROBLEMS` are shown.

    Raises
    ------
    StudyFileError
        If there are any.
    """
    if problems:
        rest = len(problems) - MOST_PROBLEMS
        more = [Problem("and", f"{rest} more", "of the same kind or other")] if rest > 0 else []
        raise StudyFileError(path, [*problems[:MOST_PROBLEMS], *more])
