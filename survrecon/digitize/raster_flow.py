"""Several falling paths at once, such that together they gain most: a flow of least cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from survrecon.data import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TURN = 0.02  # cost of each pixel downwards: of equal ways, the higher one


@dataclass(frozen=True, eq=False)
class Worth:
    """What pixels are worth to the paths that run through them.

    Attributes
    ----------
    first : ndarray of float, shape (height, width)
        Gain of the first path through each; less than 0 for a cost.
    again : ndarray of float, shape (height, width)
        The same for each path after it; no more than `first`.
    """

    first: FloatArray
    again: FloatArray

    def of(self, paths: Sequence[IntArray]) -> float:
        """Return what some paths gain together.

        Parameters
        ----------
        paths : sequence of ndarray of int, shape (k, 2)
            Row and column of their pixels, each once.

        Returns
        -------
        float
            The sum over all pixels.
        """
        visits = np.zeros(self.first.shape, dtype=int)
        for path in paths:
            visits[tuple(path.T)] += 1
        return float(np.sum(self.first[visits > 0]) + np.sum(self.again * np.maximum(visits - 1, 0)))


def best_paths(worth: Worth, rows: IntArray, count: int) -> list[IntArray]:
    """Find the paths to the right and downwards that together gain most.

    Parameters
    ----------
    worth : Worth
        Of all pixels.
    rows : ndarray of int
        Where in the first column they may start.
    count : int
        How many paths at most.

    Returns
    -------
    list of ndarray of int, shape (k, 2)
        Row and column of the pixels of each, the highest path first; none crosses another, but they may share pixels.

    Notes
    -----
    Successive shortest paths (Ahuja, Magnanti and Orlin, Network flows, 1993, section 9.7): each further path may also take over
    the end of one found before, and leave it another. Every pixel is two nodes, entered and left; what it is worth lies between.
    """
    from scipy.sparse.csgraph import dijkstra

    size = worth.first.size
    start, stop = 2 * size, 2 * size + 1
    arcs = _arcs(worth.first.shape[0], worth.first.shape[1], rows)
    flow = np.zeros((3, size), dtype=int)
    potential = _potential(-worth.first, rows)
    for _ in range(count):
        away, before = dijkstra(_left(worth, arcs, flow, potential), indices=start, return_predecessors=True)
        potential += np.minimum(away, away[stop])
        if potential[stop] >= 0:
            break
        _send(flow, before)
    return _apart(flow, worth.first.shape[1], rows)


def _arcs(height: int, width: int, rows: IntArray) -> tuple[BoolArray, IntArray, IntArray]:
    """Return which arcs there are through pixels, to the right and downwards; and from where to where these lead, and the other ones.

    Nodes are where pixels are entered, where they are left, the start and the stop.
    """
    pixels = np.arange(height * width)
    enter, leave = pixels, pixels + pixels.size
    there = np.concatenate([np.ones(pixels.size, dtype=bool), (pixels + 1) % width > 0, pixels + width < pixels.size])
    tails = np.concatenate([enter, leave, leave])[there]
    heads = np.concatenate([leave, enter + 1, enter + width])[there]
    tails = np.concatenate([tails, np.full(rows.size, 2 * pixels.size), leave])
    heads = np.concatenate([heads, rows * width, np.full(pixels.size, 2 * pixels.size + 1)])
    return there, tails, heads


def _left(worth: Worth, arcs: tuple[BoolArray, IntArray, IntArray], flow: IntArray, potential: FloatArray) -> csr_array:
    """Return the arcs that one more path may take, those of paths before it backwards, with costs above the potential's."""
    from scipy.sparse import csr_array

    there, tails, heads = arcs
    size = flow.shape[1]
    first, again = -worth.first.ravel(), -worth.again.ravel()
    moves = np.concatenate([np.zeros(size), np.full(size, TURN)])
    forwards = np.concatenate([np.where(flow[0] > 0, again, first), moves])[there]
    backwards = np.concatenate([np.where(flow[0] > 1, again, first), moves])[there]
    used = np.flatnonzero(flow.ravel()[there])
    cost = np.concatenate([forwards, np.zeros(tails.size - there.sum()), -backwards[used]])
    tails, heads = np.concatenate([tails, heads[used]]), np.concatenate([heads, tails[used]])
    reached = np.isfinite(potential[tails]) & np.isfinite(potential[heads])
    cost, tails, heads = cost[reached], tails[reached], heads[reached]
    above = np.maximum(cost + potential[tails] - potential[heads], 0)  # never less but by rounding
    return csr_array((above, (tails, heads)), shape=(potential.size, potential.size))


def _send(flow: IntArray, before: IntArray) -> None:
    """Add a path to a flow, from the node before the stop back to the start."""
    size = flow.shape[1]
    head = int(before[2 * size + 1])
    while before[head] != 2 * size:
        tail = int(before[head])
        here, there = tail % size, head % size
        forwards = head > tail if here == there else tail >= size
        kind = 0 if here == there else 1 if abs(here - there) == 1 else 2
        flow[kind, here if forwards else there] += 1 if forwards else -1
        head = tail


def _potential(cost: FloatArray, rows: IntArray) -> FloatArray:
    """Return the least cost of the way to each node, then to the start and the stop; diagonal by diagonal."""
    height, width = cost.shape
    enter, leave = np.full((height + 1, width + 1), np.inf), np.full((height + 1, width + 1), np.inf)  # row and column -1 are the last
    enter[rows, 0] = 0
    for diagonal in range(height + width - 1):
        row = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        column = diagonal - row
        enter[row, column] = np.minimum.reduce([enter[row, column], leave[row, column - 1], leave[row - 1, column] + TURN])
        leave[row, column] = enter[row, column] + cost[row, column]
    enter, leave = enter[:height, :width], leave[:height, :width]
    return np.concatenate([enter.ravel(), leave.ravel(), [0.0, leave.min()]])


def _apart(flow: IntArray, width: int, rows: IntArray) -> list[IntArray]:
    """Take a flow apart into paths, the highest one first."""
    through, right, down = flow.copy()
    begin = through.copy()
    begin[1:] -= right[:-1]
    begin[width:] -= down[:-width]
    paths = []
    for row in np.repeat(rows, begin[rows * width]):
        place, path = int(row) * width, []
        while True:
            path.append(divmod(place, width))
            if right[place] > 0:
                right[place] -= 1
                place += 1
            elif down[place] > 0:
                down[place] -= 1
                place += width
            else:
                break
        paths.append(np.array(path))
    return paths
