"""How far to trust the digitizer: generated figures, read as a user would, against the data that they show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import nan
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize import read_figure
from survrecon.digitize.figure import Hints
from survrecon.errors import MissingExtraError, SurvReconError
from survrecon.figure_designs import FACTORS, Truth, generate
from survrecon.figure_scores import FigureRow, score
from survrecon.figures import draw

MODES = {
    "hints": "PNG and JPEG, the user gives the ends of the axes and the number of curves",
    "raster": "PNG and JPEG, nothing given",
    "vector": "SVG and PDF, nothing given",
}
Pair = tuple[float, float]


@dataclass(frozen=True)
class FigureCell:
    """All figures of one mode that share a level of a factor; a pair is a median and a 95th percentile.

    Attributes
    ----------
    mode, factor, level : str
        Which figures; factor and level are empty for all of the mode.
    figures, failed, crashed, flagged, needless, silently_wrong : int
        How many there were, refused or with a curve not found, refused by a fault of the program, read with a doubt, with a doubt
        although right, and wrong without one.
    rmse : tuple of two float
        Over the arms that were found.
    recall, precision : float
        Of censor marks, mean over figures.
    exact : float
        Share of the arms that were found whose events came back exactly; NaN but in vector mode.
    log_hr : tuple of two float
        Over figures with two arms or more; NaN but in vector mode.
    seconds : tuple of two float
        For a figure.
    """

    mode: str
    factor: str
    level: str
    figures: int
    failed: int
    crashed: int
    flagged: int
    needless: int
    silently_wrong: int
    rmse: Pair
    recall: float
    precision: float
    exact: float
    log_hr: Pair
    seconds: Pair

    def to_dict(self) -> dict[str, Any]:
        """Return one flat dictionary.

        Returns
        -------
        dict
            The fields in order; a pair has the endings ``_p50`` and ``_p95``.
        """
        flat: dict[str, Any] = {}
        for name, item in asdict(self).items():
            flat |= {f"{name}_p50": item[0], f"{name}_p95": item[1]} if isinstance(item, tuple) else {name: item}
        return flat


def run_figure(number: int, seed: int = 1, *, modes: Sequence[str] = tuple(MODES), folder: Path, **fixed: Any) -> list[FigureRow]:
    """Draw one figure of the series, and read it in every mode.

    Parameters
    ----------
    number : int
        Of the figure, from 0. It determines, with `seed`, the design and the trial.
    seed : int
        Of the whole benchmark.
    modes : sequence of str
        Among `MODES`.
    folder : pathlib.Path
        Where the files go: ``3.png`` and ``3.svg``, or ``3.jpeg`` and ``3.pdf``.
    **fixed
        Fields of `FigureDesign` to be held at a value.

    Returns
    -------
    list of FigureRow
        One for each mode.

    Raises
    ------
    MissingExtraError
        The packages of the extra ``digitize`` are not installed.
    """
    rows = []
    for mode in modes:
        design = generate(number, seed, "vector" if mode == "vector" else "raster", **fixed)
        path = folder / f"{number}.{design.format}"
        truth = draw(design, path)
        rows.append(_attempt(number, mode, truth, path))
    return rows


def hints_of(truth: Truth) -> Hints:
    """Return what a user types who looks at a figure: the ends of its axes and the names of its curves.

    Parameters
    ----------
    truth : Truth
        Of the figure.

    Returns
    -------
    Hints
        Without colors; arms in the order of the areas under their curves.
    """
    curves = [truth.curve(arm) for arm in range(len(truth.arms))]
    areas = [survival[:-1] @ np.diff(time) for time, survival in curves]
    order = sorted(range(len(curves)), key=lambda arm: -areas[arm])
    return Hints(x_range=truth.x_range, y_range=truth.y_range, arms=tuple((truth.arms[arm].label, None) for arm in order))


def _attempt(number: int, mode: str, truth: Truth, path: Path) -> FigureRow:
    """Read a figure and score it; what is raised is a result here."""
    hints, started = hints_of(truth) if mode == "hints" else Hints(), perf_counter()
    try:
        digitized = read_figure(path, hints)
    except MissingExtraError:
        raise
    except Exception as error:
        crashed = not isinstance(error, SurvReconError)
        failure = f"{type(error).__name__}: {error}".replace(f"{path}: ", "")
        return FigureRow(number, mode, truth.design, perf_counter() - started, failure=failure, crashed=crashed)
    return score(number, mode, truth, digitized, perf_counter() - started)


def summarize(rows: Iterable[FigureRow], factors: Sequence[str] = ("format", *FACTORS)) -> list[FigureCell]:
    """Sum up the figures of each mode: all of them, and those of each level of each factor.

    Parameters
    ----------
    rows : iterable of FigureRow
        In any order.
    factors : sequence of str
        Fields of `FigureDesign`.

    Returns
    -------
    list of FigureCell
        Modes in the order in which they occur; in each first all figures, then factor by factor, levels in increasing order.
    """
    rows = list(rows)
    cells = []
    for mode in dict.fromkeys(row.mode for row in rows):
        of_mode = [row for row in rows if row.mode == mode]
        cells.append(_cell(mode, "", "", of_mode))
        for factor in factors:
            for level in sorted({getattr(row.design, factor) for row in of_mode}):
                cells.append(_cell(mode, factor, str(level), [row for row in of_mode if getattr(row.design, factor) == level]))
    return cells


def _cell(mode: str, factor: str, level: str, rows: Sequence[FigureRow]) -> FigureCell:
    exact = [each for row in rows for each, rmse in zip(row.exact, row.rmse, strict=mode == "vector") if np.isfinite(rmse)]
    return FigureCell(
        mode,
        factor,
        level,
        figures=len(rows),
        failed=sum(row.failed for row in rows),
        crashed=sum(row.crashed for row in rows),
        flagged=sum(bool(row.doubts) for row in rows),
        needless=sum(row.needlessly_doubted for row in rows),
        silently_wrong=sum(row.silently_wrong for row in rows),
        rmse=_spread(value for row in rows for value in row.rmse),
        recall=_mean(row.recall for row in rows),
        precision=_mean(row.precision for row in rows),
        exact=_mean(map(float, exact)),
        log_hr=_spread(row.log_hr for row in rows),
        seconds=_spread(row.seconds for row in rows),
    )


def _finite(values: Iterable[float]) -> FloatArray:
    array: FloatArray = np.array(list(values), dtype=float)
    return array[np.isfinite(array)]


def _mean(values: Iterable[float]) -> float:
    array = _finite(values)
    return float(array.mean()) if array.size else nan


def _spread(values: Iterable[float]) -> Pair:
    """Return the median and the 95th percentile of the finite values; NaN where there are none."""
    array = _finite(values)
    return (float(np.median(array)), float(np.percentile(array, 95))) if array.size else (nan, nan)
