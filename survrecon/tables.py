"""CSV files of people and digitizers: curves, numbers at risk, censor times, individual patient data."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from survrecon.cells import Row, is_number, read_rows, refuse, to_number, without_trailing
from survrecon.data import IPD, Curve, Orientation, RiskTable, Scale, frozen_floats
from survrecon.errors import Problem, StudyFileError
from survrecon.files import read_text, write_csv

MISSING = {"", "-", "–", "—", ".", "na", "n/a", "nan"}  # cells of a risk table, in lower case
_TIME = re.compile(r"t|x|(?:.* )?times?\b.*|(?:days?|weeks?|months?|years?)\b.*")
_SURVIVAL = re.compile(r"s|y|surv(?:ival)?\b.*|failure\b.*|(?:cumulative )?incidence\b.*|prob(?:ability)?\b.*|percent\b.*")


def read_curve(path: str | Path, scale: Scale = "auto", orientation: Orientation = "auto") -> Curve:
    """Read the coordinates of one curve.

    Parameters
    ----------
    path : path-like
        Two columns, time and survival, separated by comma, semicolon, tab or spaces; decimal point or comma; header,
        blank lines and lines that begin with ``#`` allowed. More columns only with a header that names these two.
    scale : {"auto", "probability", "percent"}
        Unit of the second column.
    orientation : {"auto", "survival", "failure"}
        Direction of the second column.

    Returns
    -------
    Curve
        The points as they stand in the file; `survrecon.clean.clean` repairs them.

    Raises
    ------
    StudyFileError
        All lines that cannot be read.
    """
    rows = read_rows(path)
    first, second, width = 0, 1, 2
    if not any(is_number(cell) for cell in rows[0].cells):
        header = without_trailing(rows.pop(0), 2)
        first, second = _curve_columns(path, header)
        width = len(header.cells)
    elif len(without_trailing(rows[0], 2).cells) > 2:
        remedy = "has more than two columns and no header: keep time and survival (a decimal comma needs semicolons or tabs), or name them"
        raise StudyFileError(path, [rows[0].problem(remedy)])
    problems: list[Problem] = []
    points = []
    for row in rows:
        cells = without_trailing(row, width).cells
        if len(cells) != width:
            problems.append(row.problem(f"{_columns(cells, width)}; separate them by comma, or by semicolon where the comma is decimal"))
        elif not (is_number(cells[first]) and is_number(cells[second])):
            problems.append(row.problem("is not two numbers, time and survival; correct or remove the line"))
        else:
            points.append((to_number(cells[first]), to_number(cells[second])))
    if not rows:
        problems.append(Problem("file", "", "has no points; write one line, time and survival, for each"))
    refuse(path, problems)
    time, survival = np.array(points).T
    return Curve(time, survival, scale, orientation)


def read_risk_table(path: str | Path) -> dict[str, RiskTable]:
    """Read numbers at risk.

    Parameters
    ----------
    path : path-like
        First line ``time`` and the labels of the arms, then a line for each time; or, as papers print it, first line the
        times and then a line for each arm, its label first. A missing cell is empty, ``NA`` or ``-``.

    Returns
    -------
    dict of str to RiskTable
        By label, in the order of the file.

    Raises
    ------
    StudyFileError
        All cells that are not numbers, or a table whose layout cannot be told.
    """
    header, *rows = read_rows(path)
    width = len(header.cells) - (header.cells[-1] == "")
    if width < 2 or not rows:
        raise StudyFileError(path, [header.problem("is not a table; write 'time' and the arms' labels, then a line for each time")])
    rows = [without_trailing(row, width) for row in rows]
    refuse(path, [row.problem(_columns(row.cells, width)) for row in rows if len(row.cells) != width])
    table = [header.cells[:width], *(row.cells for row in rows)]
    if _times_lie_across(path, header, rows):
        table = [list(column) for column in zip(*table, strict=True)]
    labels = table[0][1:]
    unclear = {label for label in labels if not label or labels.count(label) > 1}
    problems = [Problem("labels", repr(label), "is empty or repeated; give each arm its own label") for label in sorted(unclear)]
    for cells in table[1:]:
        if not is_number(cells[0]):
            problems.append(Problem("time", repr(cells[0]), "is not a number"))
        problems += [
            Problem(f"time {cells[0]}, {label}", repr(cell), "is not a count; write a whole number, or NA where it is missing")
            for label, cell in zip(labels, cells[1:], strict=True)
            if not (is_number(cell) or cell.lower() in MISSING)
        ]
    refuse(path, problems)
    times = frozen_floats([to_number(cells[0]) for cells in table[1:]])
    counts = [[math.nan if cell.lower() in MISSING else to_number(cell) for cell in cells[1:]] for cells in table[1:]]
    return {label: RiskTable(times, frozen_floats(column)) for label, column in zip(labels, zip(*counts, strict=True), strict=True)}


def read_times(path: str | Path) -> list[float]:
    """Read one column of times, e.g. of censor marks.

    Parameters
    ----------
    path : path-like
        One time on each line; decimal point or comma; header, blank lines and lines that begin with ``#`` allowed.

    Returns
    -------
    list of float
        The times as they stand in the file.

    Raises
    ------
    StudyFileError
        All lines that are not a number.
    """
    lines = [(number, line.strip(" \t\";")) for number, line in enumerate(read_text(path).splitlines(), 1)]
    lines = [(number, cell.removesuffix(",")) for number, cell in lines if cell and not cell.startswith("#")]
    if lines and not re.search(r"\d", lines[0][1]):
        del lines[0]
    problems = [Problem(f"line {number}", repr(cell)[:80], "is not one time") for number, cell in lines if not is_number(cell)]
    refuse(path, problems)
    return [to_number(cell) for _, cell in lines]


def read_ipd(path: str | Path) -> list[IPD]:
    """Read individual patient data.

    Parameters
    ----------
    path : path-like
        Columns ``time``, ``event`` (0 or 1), ``arm`` and, where there is one, ``stratum``, in any order, named in the first line.

    Returns
    -------
    list of IPD
        One for each arm, in order of first appearance; strata are text.

    Raises
    ------
    StudyFileError
        All lines that cannot be read.
    """
    header, *rows = read_rows(path)
    names = [name.lower() for name in without_trailing(header, 3).cells]
    if sorted(names) not in (["arm", "event", "time"], ["arm", "event", "stratum", "time"]):
        raise StudyFileError(path, [header.problem("must name the columns time, event, arm and, where there is one, stratum")])
    problems: list[Problem] = []
    subjects: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        cells = without_trailing(row, len(names)).cells
        subject = dict(zip(names, cells, strict=False))
        if len(cells) != len(names):
            problems.append(row.problem(_columns(cells, len(names))))
        elif not is_number(subject["time"]) or to_number(subject["time"]) < 0:
            problems.append(row.problem("has a time that is not a number of at least 0"))
        elif not is_number(subject["event"]) or to_number(subject["event"]) not in (0, 1):
            problems.append(row.problem("has an event that is not 0 (censored) or 1 (event)"))
        elif not subject["arm"]:
            problems.append(row.problem("has no arm"))
        else:
            subjects.setdefault(subject["arm"], []).append(subject)
    if not rows:
        problems.append(Problem("file", "", "has no subjects; write one line for each"))
    refuse(path, problems)
    return [_ipd(label, arm) for label, arm in subjects.items()]


def _ipd(label: str, subjects: list[dict[str, str]]) -> IPD:
    time = frozen_floats([to_number(subject["time"]) for subject in subjects])
    event = np.array([to_number(subject["event"]) == 1 for subject in subjects])
    stratum = np.array([subject["stratum"] for subject in subjects]) if "stratum" in subjects[0] else None
    return IPD(time, event, label, stratum)


def write_ipd(path: str | Path, arms: list[IPD]) -> None:
    """Write individual patient data as CSV, in full precision.

    Parameters
    ----------
    path : path-like
        The file; replaced where it exists.
    arms : list of IPD
        With a column ``stratum`` where any of them has strata.
    """
    width = 4 if any(arm.stratum is not None for arm in arms) else 3
    rows = []
    for arm in arms:
        stratum = [""] * arm.n if arm.stratum is None else arm.stratum.tolist()
        events = arm.event.astype(int).tolist()
        rows += [(time, event, arm.label, group)[:width] for time, event, group in zip(arm.time.tolist(), events, stratum, strict=True)]
    write_csv(path, ("time", "event", "arm", "stratum")[:width], rows)


def write_draws(path: str | Path, arms: Sequence[Sequence[IPD]]) -> None:
    """Write draws as ``draw,time,event,arm``: one data set per draw, usable as multiple imputations.

    Parameters
    ----------
    path : path-like
        The file; it appears whole or not at all.
    arms : sequence of sequence of IPD
        The draws of each arm; draw k of all arms together is one data set.
    """
    rows = ((k, t, int(e), ipd.label) for draws in arms for k, ipd in enumerate(draws, 1) for t, e in zip(ipd.time, ipd.event, strict=True))
    write_csv(path, ("draw", "time", "event", "arm"), rows)


def _columns(cells: list[str], expected: int) -> str:
    return f"number of columns is {len(cells)}, expected {expected}"


def _curve_columns(path: str | Path, header: Row) -> tuple[int, int]:
    """Return where time and survival stand: as the header names them, else in this order."""
    names = [re.sub(r"[\s_]+", " ", name.lower()).strip() for name in header.cells]
    times = [i for i, name in enumerate(names) if _TIME.fullmatch(name)]
    survivals = [i for i, name in enumerate(names) if _SURVIVAL.fullmatch(name) and i not in times]
    if len(times) == len(survivals) == 1:
        return times[0], survivals[0]
    if len(names) == 2:
        return 0, 1
    raise StudyFileError(path, [header.problem("does not name one column time and one survival; name them so, one curve in each file")])


def _times_lie_across(path: str | Path, header: Row, rows: list[Row]) -> bool:
    """Whether the times of a risk table stand in its first line, not in its first column."""
    corner = header.cells[0].lower()
    across = all(is_number(cell) for cell in header.cells[1:] if cell)
    down = any(is_number(row.cells[0]) for row in rows)
    if across and down:  # arms have numbers for labels; only the first cell can tell
        across, down = corner in ("arm", "group", "treatment", "label"), bool(_TIME.fullmatch(corner))
    if across == down:
        remedy = "must name 'time' and the arms, times beginning the lines below; or hold the times, labels beginning the lines below"
        raise StudyFileError(path, [header.problem(remedy)])
    return across
