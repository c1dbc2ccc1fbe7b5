"""Where printed counts cut time: one grid of cells for all arms, grouped into rows between two known numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survrecon.data import Arm, BoolArray, FloatArray, IntArray
from survrecon.errors import InconsistentDataError

CELLS = 30  # least number of cells over the follow-up; twice as many changed nothing that could be measured
BEYOND = 2.0  # assumed follow-up where nothing tells its end, as a multiple of the latest printed time


@dataclass(frozen=True, eq=False)
class Counts:
    """Known numbers at risk of one arm.

    Attributes
    ----------
    label : str
        Name of the arm.
    time : ndarray of float, shape (r + 1,)
        Increasing from 0 to the end of follow-up.
    count : ndarray of int, shape (r + 1,)
        Subjects with a time at or after each of them; n first, 0 last.
    note : str
        Empty, or what was assumed about the end of follow-up.
    """

    label: str
    time: FloatArray
    count: IntArray
    note: str = ""

    @property
    def n(self) -> int:
        """Number of subjects."""
        return int(self.count[0])


def known_counts(arm: Arm, latest: float) -> Counts:
    """Collect what is printed about the number at risk of one arm.

    Parameters
    ----------
    arm : Arm
        Cleaned.
    latest : float
        The latest time that any other printed number of the arm mentions.

    Returns
    -------
    Counts
        Where neither a last follow-up nor a count of 0 ends the table, the end is assumed and the note says so.

    Raises
    ------
    InconsistentDataError
        Counts that increase, or subjects at risk after the last follow-up.
    """
    cells = {0.0: arm.n} if arm.risk is None else {float(t): int(c) for t, c in zip(arm.risk.time, arm.risk.count, strict=True)}
    for time, count in arm.beyond:
        cells[float(time)] = min(int(count), cells.get(float(time), arm.n))
    ticks = sorted(cells)
    for before, after in zip(ticks[:-1], ticks[1:], strict=True):
        if cells[after] > cells[before]:
            message = f"{cells[after]} at risk at {after:g} are more than {cells[before]} at {before:g}; correct one of them"
            raise InconsistentDataError(arm.label, message, (before, after))
    zero = next((time for time in ticks if cells[time] == 0), None)
    positive = [time for time in ticks if cells[time] > 0]
    end, note = _end(arm, positive, cells[positive[-1]], zero, latest)
    left = [*(cells[t] for t in positive), 0]  # whole numbers: they serve as positions too
    return Counts(arm.label, np.array([*positive, end]), np.array(left), note)


def _end(arm: Arm, positive: list[float], left: int, zero: float | None, latest: float) -> tuple[float, str]:
    """Return the end of follow-up, and what was assumed about it."""
    last = positive[-1]
    if arm.last_follow_up is not None:
        if arm.last_follow_up < last:
            message = f"{left} at risk at {last:g}, but the last follow-up is printed as {arm.last_follow_up:g}; correct one of them"
            raise InconsistentDataError(arm.label, message, (arm.last_follow_up, last))
        return max(arm.last_follow_up, last * (1 + 1e-6)), ""
    share = left / (left + 1)  # where the last of so many is expected if they are lost evenly
    if zero is not None:
        return max(last + share * (zero - last), min(latest * 1.01, zero)), ""
    if len(positive) > 1:
        end = max(last + share * float(np.median(np.diff(positive))), latest * 1.01)
        return end, f"end of follow-up not printed; taken as {end:.4g}, before the next count would have been printed"
    return BEYOND * latest, f"no numbers at risk: end of follow-up taken as {BEYOND * latest:.4g}, {BEYOND:g} times the latest printed time"


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of time by arm, flattened: first all cells of the first arm.

    Attributes
    ----------
    edges : ndarray of float, shape (k + 1,)
        Borders of the cells, the same for every arm, so that arms can be compared cell by cell.
    counts : tuple of Counts
        One for each arm.
    alive : ndarray of bool, shape (arms * k,)
        Whether a cell lies before its arm's end of follow-up.
    first, length : ndarray of int, shape (rows,)
        First cell of each row, and how many cells it has; cells after the end of follow-up belong to the arm's last row.
    arm : ndarray of int, shape (rows,)
        Each row's arm.
    at_risk, lost : ndarray of float, shape (rows,)
        Subjects at risk at the start of each row, and how many of them are lost in it, by event or censoring.
    """

    edges: FloatArray
    counts: tuple[Counts, ...]
    alive: BoolArray
    first: IntArray
    length: IntArray
    arm: IntArray
    at_risk: FloatArray
    lost: FloatArray

    @property
    def arms(self) -> int:
        """Number of arms."""
        return len(self.counts)

    @property
    def width(self) -> FloatArray:
        """Duration of each cell; 0 after the arm's end of follow-up."""
        return np.tile(np.diff(self.edges), self.arms) * self.alive

    def sums(self, values: FloatArray) -> FloatArray:
        """Add up values of cells within each row, along the last axis.

        Parameters
        ----------
        values : ndarray of float, shape (..., arms * k)
            One for each cell.

        Returns
        -------
        ndarray of float, shape (..., rows)
            The sums.
        """
        return np.asarray(np.add.reduceat(values, self.first, axis=-1))

    def spread(self, values: FloatArray) -> FloatArray:
        """Give each cell the value of its row.

        Parameters
        ----------
        values : ndarray of float, shape (..., rows)
            One for each row.

        Returns
        -------
        ndarray of float, shape (..., arms * k)
            One for each cell.
        """
        return np.repeat(values, self.length, axis=-1)

    def by_arm(self, values: FloatArray | BoolArray) -> FloatArray:
        """Split the last axis into arms and cells.

        Parameters
        ----------
        values : ndarray of float, shape (..., arms * k)
            One for each cell.

        Returns
        -------
        ndarray of float, shape (..., arms, k)
            The same values.
        """
        split: FloatArray = np.asarray(values.reshape(*values.shape[:-1], self.arms, self.edges.size - 1))
        return split


def make_grid(counts: Sequence[Counts], times: Sequence[float]) -> Grid:
    """Lay out cells that respect every known number at risk.

    Parameters
    ----------
    counts : sequence of Counts
        One for each arm.
    times : sequence of float
        Other times that shall be borders of cells.

    Returns
    -------
    Grid
        With at least `CELLS` cells up to the longest follow-up.

    Examples
    --------
    >>> grid = make_grid([Counts("drug", np.array([0.0, 30.0, 60.0]), np.array([9, 5, 0]))], [15])
    >>> grid.edges.size - 1, grid.first.tolist(), grid.lost.tolist()
    (31, [0, 16], [4.0, 5.0])
    """
    end = max(float(arm.time[-1]) for arm in counts)
    inner = [time for time in times if 0 < time < end]
    knots = np.unique(np.concatenate([*(arm.time for arm in counts), inner]))
    knots = knots[np.append(True, np.diff(knots) > 1e-9 * end)]
    pieces = np.maximum(np.ceil(CELLS * np.diff(knots) / end - 1e-9), 1).astype(int)
    parts = [np.linspace(low, high, k, endpoint=False) for low, high, k in zip(knots[:-1], knots[1:], pieces, strict=True)]
    edges = np.append(np.concatenate(parts), knots[-1])
    middle, k = (edges[1:] + edges[:-1]) / 2, edges.size - 1
    firsts = [np.searchsorted(middle, arm.time[:-1]) + i * k for i, arm in enumerate(counts)]
    first = np.concatenate(firsts)
    return Grid(
        edges,
        tuple(counts),
        np.concatenate([middle < arm.time[-1] for arm in counts]),
        first,
        np.diff(first, append=len(counts) * k),
        np.repeat(np.arange(len(counts)), [arm.count.size - 1 for arm in counts]),
        np.concatenate([arm.count[:-1] for arm in counts]).astype(float),
        np.concatenate([-np.diff(arm.count) for arm in counts]).astype(float),
    )
