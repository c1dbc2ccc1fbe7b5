"""The command ``survrecon benchmark --figures``: its results as text, JSON and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from survrecon.figure_benchmark import FigureCell
    from survrecon.figure_scores import FigureRow

FIGURES = 40
HEADS = ("", "", "figures", "RMSE", "marks %", "failed", "crashed", "doubted", "needless", "silent", "exact %", "|d log HR|", "seconds")
WIDTHS = (10, 9, 7, 15, 9, 6, 7, 7, 8, 6, 7, 15, 10)
LEGEND = """\
RMSE: root mean square over time of the error of survival, per arm; |d log HR|: after reconstruction, against the true data's;
both and seconds: median / 95th percentile. marks: percent of the censor marks found / of those found that are marks.
failed: refused, or a curve not found; crashed: refused by a fault of survrecon; doubted: read, with a doubt; needless: those
of them where all curves are right; silent: read without a doubt, but a curve was not found or has an RMSE above 0.01.
exact: percent of the arms whose numbers of events come back exactly at every step, from n and what was read."""


def run(figures: int, seed: int, as_json: bool, out: Path | None, force: bool) -> None:
    """Draw figures, read them in every mode, and print the scores as a table or as JSON.

    Parameters
    ----------
    figures : int
        How many designs; each is read in every mode.
    seed : int
        Of the series.
    as_json : bool
        Print one JSON object instead of a table.
    out : pathlib.Path or None
        Folder for the table, the single figures, and the files of those that were read wrong.
    force : bool
        Replace files there.

    Raises
    ------
    MissingExtraError
        The extra ``digitize`` is not installed.
    OutputError
        The folder has such files.
    """
    from survrecon.figure_benchmark import run_figure, summarize
    from survrecon.outcome import to_json
    from survrecon.output import require_free
    from survrecon.terminal import progress

    if out:
        require_free(out, force)
    with TemporaryDirectory() as folder:
        rows = [row for number in progress(range(figures)) for row in run_figure(number, seed, folder=Path(folder))]
        cells = summarize(rows)
        if out:
            _write(out, rows, cells, Path(folder), force)
    options = {"figures": figures, "seed": seed}
    if as_json:
        content = {"options": options, "table": [cell.to_dict() for cell in cells], "failures": _failures(rows)}
        click.echo(to_json(content), nl=False)
    else:
        click.echo(text(rows, cells, options) + (f"\n\nwrote {out}" if out else ""))


def text(rows: Sequence[FigureRow], cells: Sequence[FigureCell], options: dict[str, Any]) -> str:
    """Return the table by mode, its legend, and the reasons of failures.

    Parameters
    ----------
    rows : sequence of FigureRow
        All figures.
    cells : sequence of FigureCell
        Their summary.
    options : dict
        What was asked for, by name.

    Returns
    -------
    str
        Many lines.
    """
    from survrecon.figure_benchmark import MODES

    lines = [f"generated figures ({', '.join(f'{name} {value}' for name, value in options.items())})"]
    for mode in dict.fromkeys(cell.mode for cell in cells):
        lines += ["", click.style(f"{mode}: {MODES[mode]}", bold=True), _row(HEADS)]
        factor = ""
        for cell in (cell for cell in cells if cell.mode == mode):
            lines.append(_row(_cells(cell, "" if cell.factor == factor else cell.factor)))
            factor = cell.factor
    lines += ["", LEGEND]
    for each in _failures(rows):
        lines.append(f"{'crashed' if each['crashed'] else 'failed'} {each['count']} x: {each['mode']}: {each['why']}")
    return "\n".join(lines)


def _cells(cell: FigureCell, factor: str) -> tuple[str, ...]:
    return (
        factor if cell.factor else "all",
        cell.level,
        str(cell.figures),
        _pair(cell.rmse, 4),
        f"{_share(cell.recall)} / {_share(cell.precision)}",
        *(str(count or "-") for count in (cell.failed, cell.crashed, cell.flagged, cell.needless, cell.silently_wrong)),
        _share(cell.exact),
        _pair(cell.log_hr, 4),
        _pair(cell.seconds, 1),
    )


def _pair(values: tuple[float, float], digits: int) -> str:
    return "-" if isnan(values[0]) else " / ".join(f"{value:.{digits}f}" for value in values)


def _share(value: float) -> str:
    return "-" if isnan(value) else f"{100 * value:.0f}"


def _row(cells: Sequence[str]) -> str:
    return ("  " + " ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))).rstrip()


def _failures(rows: Sequence[FigureRow]) -> list[dict[str, Any]]:
    """Return each reason why figures were refused, in which mode, and how often."""
    counts = Counter((row.mode, row.crashed, row.failure) for row in rows if row.failure)
    return [{"mode": mode, "crashed": crashed, "count": count, "why": why} for (mode, crashed, why), count in counts.most_common()]


def _write(out: Path, rows: Sequence[FigureRow], cells: Sequence[FigureCell], drawn: Path, force: bool) -> None:
    """Write the table, the single figures, and the files of those that were not read well."""
    from survrecon.files import write_bytes, write_csv
    from survrecon.output import staged

    with staged(out, force) as folder:
        for name, items in (("table.csv", cells), ("figures.csv", rows)):
            lines = [item.to_dict() for item in items]
            write_csv(folder / name, lines[0], [line.values() for line in lines])
        for row in rows:
            if row.failed or row.silently_wrong:
                name = f"{row.figure}.{row.design.format}"
                write_bytes(folder / "not-read-well" / name, (drawn / name).read_bytes())
