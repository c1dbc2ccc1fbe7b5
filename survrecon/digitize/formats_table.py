"""Tables that digitizers and reconstruction programs write: CSV, TSV and columns of fixed width.

Recognized by the names of the columns: WebPlotDigitizer's datasets side by side, under two lines of names; Engauge's curves, side by side
on common times or one below the other; DigitizeIt's pairs of columns; ScanIt's columns of ten characters; PlotDigitizer's ``x, y``; patient
data as IPDfromKM, KM-PoPiGo and kmdata name them; and two columns, time and survival.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from survrecon.cells import Row, is_number, refuse, split_rows, to_number
from survrecon.data import IPD, Curve, frozen_floats
from survrecon.digitize.exported import MOST_CURVES, Exported
from survrecon.errors import Problem, StudyFileError
from survrecon.files import file_error
from survrecon.tables import read_curve
from survrecon.write import DraftArm

_SCANIT = re.compile(r"(?=.{10}\t) *\S+\t(?=.{10}$) *\S+")  # two columns, set right in ten characters
_GNUPLOT = re.compile(r"^#\s*(?=x\s*[,;\t]\s*\S)", re.IGNORECASE | re.MULTILINE)  # Engauge's names of columns, made a comment for gnuplot
_EVENT, _ARM = ("status", "event"), ("treat", "arm", "group")
_WRITERS = {"time status treat": "IPDfromKM", "time status group": "KM-PoPiGo"}


@dataclass(frozen=True)
class _Block:
    """Lines below one line of names; a curve is a label and its two columns."""

    names: Row
    rows: list[Row]


def read_table(path: Path, text: str) -> Exported:
    """Read a table.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        Its contents.

    Returns
    -------
    Exported
        Curves, those without a name of their own labeled ``""``; or patient data.

    Raises
    ------
    StudyFileError
        Columns that cannot be told, and all cells that are not numbers.
    """
    rows = split_rows(path, _GNUPLOT.sub("", text))
    if len(rows) > 1 and _names(rows[1]) == ["x", "y"] * (len(rows[1].cells) // 2):
        return _webplotdigitizer(path, rows)
    if len(rows) > 1 and all(map(_is_header, rows)):
        raise file_error(path, "holds no line of numbers; expected the export of a digitizer, or two columns, time and survival")
    if not _is_header(rows[0]):
        lines = [line for line in text.splitlines() if line.strip()]
        scanit = all(map(_SCANIT.fullmatch, lines))
        return Exported("ScanIt" if scanit else "two columns, time and survival", (DraftArm("", read_curve(path)),))
    names = _names(rows[0])
    columns = _patient_columns(names)
    if columns is not None:
        return _patient_data(path, rows, columns)
    blocks = _blocks(rows)
    if names == ["x", "y"] and len(blocks) == 1:
        program = "PlotDigitizer" if text.lstrip("\ufeff \r\n").startswith("x, y") else "columns x and y"
        return _exported(path, program, [("", rows[1:], (0, 1))])
    if names[0] == "x" and len(names) > 1:
        return _engauge(path, blocks)
    pairs = _pairs(rows[0].cells)
    if pairs and len(blocks) == 1:
        return _exported(path, "DigitizeIt", [(label, rows[1:], columns) for label, columns in pairs])
    if len(blocks) > 1:
        raise StudyFileError(path, [blocks[1].names.problem("begins a second table; keep one curve in each file")])
    return Exported("two columns, time and survival", (DraftArm("", read_curve(path)),))


def _names(row: Row) -> list[str]:
    return [cell.lower() for cell in row.cells]


def _is_header(row: Row) -> bool:
    return not any(map(is_number, row.cells))


def _blocks(rows: list[Row]) -> list[_Block]:
    """Cut rows in front of each line of names."""
    starts = [i for i, row in enumerate(rows) if _is_header(row)]
    return [_Block(rows[start], rows[start + 1 : end]) for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)]


def _webplotdigitizer(path: Path, rows: list[Row]) -> Exported:
    """Read datasets side by side: a name above the first of two columns X, Y."""
    labels = rows[0].cells[: len(rows[1].cells)]
    if any(labels[1::2]) or len(labels) < len(rows[1].cells) - 1:
        remedy = "does not name each second column; rename datasets that have a comma in their names, and export again"
        raise StudyFileError(path, [rows[0].problem(remedy)])
    curves = [(label, rows[2:], (2 * i, 2 * i + 1)) for i, label in enumerate(labels[::2])]
    return _exported(path, "WebPlotDigitizer", curves)


def _engauge(path: Path, blocks: list[_Block]) -> Exported:
    """Read curves on common times, or one below the other."""
    curves = [(label, block.rows, (0, i)) for block in blocks for i, label in enumerate(block.names.cells[1:], 1) if label]
    if any(_names(block.names)[0] != "x" for block in blocks):
        raise file_error(path, "holds tables whose first column is not x; expected the curves as Engauge exports them")
    return _exported(path, "Engauge Digitizer", curves, common_times=len(blocks) == 1)


def _pairs(cells: Sequence[str]) -> list[tuple[str, tuple[int, int]]]:
    """Return the label and columns of each pair ``LABEL x``, ``LABEL y``; none where any column has no partner."""
    stems = [re.fullmatch(r"(.+?)\s+([xy])", cell, re.IGNORECASE) for cell in cells if cell]
    named = [(match[1], match[2].lower()) for match in stems if match]
    paired = len(named) == len(stems) and [axis for _, axis in named] == ["x", "y"] * (len(named) // 2)
    if not paired or any(named[i][0] != named[i + 1][0] for i in range(0, len(named), 2)):
        return []
    return [(label, (i, i + 1)) for i, (label, axis) in enumerate(named) if axis == "x"]


def _exported(
    path: Path, program: str, curves: Sequence[tuple[str, list[Row], tuple[int, int]]], common_times: bool = False
) -> Exported:
    """Read pairs of columns; those that are empty are left out with a note."""
    if len(curves) > MOST_CURVES:
        raise file_error(path, f"holds {len(curves)} curves, more than {MOST_CURVES}; export those of one figure")
    problems: list[Problem] = []
    arms, notes = [], []
    for row in {row.line: row for _, rows, _ in curves for row in rows}.values():
        width = 1 + max(column for _, rows, columns in curves for column in columns)
        if any(row.cells[width:]):
            problems.append(row.problem(f"number of columns is {len(row.cells)}, expected {width}"))
    for label, rows, columns in curves:
        points = list(_points(rows, columns, problems, common_times))
        if points:
            time, survival = zip(*points, strict=True)
            arms.append(DraftArm(label, Curve(frozen_floats(time), frozen_floats(survival))))
        elif not problems:
            notes.append(f"curve {label!r} left out: it has no points")
    refuse(path, problems)
    return Exported(program, tuple(arms), notes=tuple(notes))


def _points(rows: Iterable[Row], columns: tuple[int, int], problems: list[Problem], common_times: bool) -> Iterator[tuple[float, float]]:
    for row in rows:
        x, y = (row.cells[column] if column < len(row.cells) else "" for column in columns)
        if is_number(x) and is_number(y):
            yield to_number(x), to_number(y)
        elif y or (x and not common_times):  # a time of another curve stands there without a value
            problems.append(row.problem(f"column {columns[0] + 1} or {columns[1] + 1} is not a number; correct or remove the line"))


def _patient_columns(names: Sequence[str]) -> dict[str, int] | None:
    """Return where time, event and, where there is one, arm stand; None where these are not patient data."""
    events, arms = [name for name in names if name in _EVENT], [name for name in names if name in _ARM]
    known = {"time", *events, *arms, ""}  # R writes the numbers of its rows below an empty name
    if names.count("time") != 1 or len(events) != 1 or len(arms) > 1 or set(names) - known or names.count("") > 1:
        return None
    return {key: names.index(name) for key, name in (("time", "time"), ("event", events[0]), *([("arm", arms[0])] if arms else []))}


def _patient_data(path: Path, rows: list[Row], columns: dict[str, int]) -> Exported:
    header, *rows = rows
    width = len(header.cells)
    shift = int(bool(rows) and all(len(row.cells) == width + 1 for row in rows))  # R's write.table: no name above the numbers of the rows
    problems: list[Problem] = []
    subjects: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        cells = row.cells[shift:]
        if len(cells) != width:
            problems.append(row.problem(f"number of columns is {len(row.cells)}, expected {width}"))
            continue
        time, event, arm = (cells[columns[key]] if key in columns else "" for key in ("time", "event", "arm"))
        if not is_number(time) or to_number(time) < 0:
            problems.append(row.problem("has a time that is not a number of at least 0"))
        elif not is_number(event) or to_number(event) not in (0, 1):
            problems.append(row.problem("has a status that is not 0 (censored) or 1 (event)"))
        elif "arm" in columns and not arm:
            problems.append(row.problem("has no arm"))
        else:
            name = header.cells[columns["arm"]] if "arm" in columns else ""
            label = f"{name} {arm}" if is_number(arm) else arm  # a number alone tells no reader what it counts
            subjects.setdefault(label, []).append((to_number(time), to_number(event)))
    if not rows:
        problems.append(Problem("file", "", "has no subjects; expected one line for each"))
    if len(subjects) > MOST_CURVES:
        problems.append(Problem("file", f"{len(subjects)} arms", f"is more than {MOST_CURVES}; expected the arms of one figure"))
    refuse(path, problems)
    program = _WRITERS.get(" ".join(filter(None, _names(header))), "patient data")
    return Exported(program, ipd=tuple(_ipd(label, pairs) for label, pairs in subjects.items()))


def _ipd(label: str, pairs: list[tuple[float, float]]) -> IPD:
    time, event = zip(*pairs, strict=True)
    return IPD(frozen_floats(time), np.array(event) == 1, label)
