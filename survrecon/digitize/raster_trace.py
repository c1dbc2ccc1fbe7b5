"""Follow one curve through a layer of ink: the cheapest path that never turns back, then its exact edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survrecon.data import FloatArray, IntArray
from survrecon.digitize.raster_runs import outside

Floats = NDArray[np.float32]

# cost of one pixel along the path, in units of one column of the curve's own ink
HIDDEN_ACROSS = 0.15  # under other ink: the curve may be behind it
HIDDEN_ALONE = 0.05  # the same for the only curve of its color: what is seen of it beyond is its own, however far
BLANK_ACROSS = 2.0  # on nothing
HIDDEN_DOWN = 0.4
DOWN_ALONE = 0.1  # for that curve
BLANK_DOWN = 3.0  # what lies between dashes costs a fraction
TURN = 0.1  # each drop, so that soft edges do not become many small ones; a steep curve in a small picture falls in every column
GAP = 3  # between dashes, half of the longest in thicknesses of the line
CLOSED = 0.5  # worth of such a gap
OFF_CENTER = 0.3  # lost at the edge of the ink
OFF_CENTER_DOWN = 0.1
START_AWAY = 0.1  # of the width: a start elsewhere than at 1
CROSSED = 1.0  # thicknesses of the line: half of what may lie across a drop


@dataclass(frozen=True, eq=False)
class Path:
    """A path over the columns of a layer, in rows.

    Attributes
    ----------
    first : int
        Its first column.
    enter, leave : ndarray of int, shape (k,)
        Row in which it comes into each column, and in which it leaves; `leave` is never less.
    gain : float
        Columns on its own ink, less what it pays for the rest.
    """

    first: int
    enter: IntArray
    leave: IntArray
    gain: float

    @property
    def columns(self) -> IntArray:
        """Return its columns."""
        return np.arange(self.first, self.first + self.enter.size)

    @property
    def places(self) -> tuple[IntArray, IntArray]:
        """Return the rows and the columns of all of its pixels."""
        rows = np.concatenate([np.arange(enter, leave + 1) for enter, leave in zip(self.enter, self.leave, strict=True)])
        return rows, np.repeat(self.columns, self.leave - self.enter + 1)


def follow(own: Floats, blank: Floats, first: int, start_row: float, thickness: float, dashed: bool = True, alone: bool = False) -> Path:
    """Find the path downwards and to the right that has most of the layer's ink.

    Parameters
    ----------
    own, blank : ndarray of float32, shape (height, width)
        Share of each pixel that is covered by this curve's color, and by nothing; the rest may hide the curve.
    first : int
        Column where curves start.
    start_row : float
        Row where they do.
    thickness : float
        Of their lines, in pixels.
    dashed : bool
        Whether short gaps are between dashes; if not, they count as nothing.
    alone : bool
        Whether no other curve has this color.

    Returns
    -------
    Path
        The best one; its end is where it gains no more.
    """
    own, blank = own[:, first:], blank[:, first:]
    hidden = np.clip(1 - own - blank, 0, 1)
    gaps_across, gaps_down = (closed(own, max(1, round(thickness)), axis) if dashed else own for axis in (1, 0))
    worth = (1 - OFF_CENTER) * np.maximum(own, CLOSED * gaps_across) + OFF_CENTER * own * centrality(own)
    ink = 1 - blank
    # a hidden curve is in the middle of what covers it
    covered = (HIDDEN_ALONE if alone else HIDDEN_ACROSS) * hidden * (2 - centrality(ink))
    across = covered + BLANK_ACROSS * blank * (1 - 0.8 * gaps_across) - worth
    # a drop along its own ink costs nothing, however short the run after it is
    off_center = OFF_CENTER_DOWN * (1 - own - np.where(hidden > own, centrality(ink.T).T, centrality(own.T).T))
    down = (DOWN_ALONE if alone else HIDDEN_DOWN) * hidden + BLANK_DOWN * blank * (1 - gaps_down) + off_center
    return cheapest(across, down, first, start_row)


def start_reach(height: int) -> float:
    """Return how far from survival 1 a curve may start.

    Parameters
    ----------
    height : int
        Of the plot, in pixels.

    Returns
    -------
    float
        In pixels.
    """
    return max(2.0, 0.006 * height)


def cheapest(across: Floats, down: Floats, first: int, start_row: float) -> Path:
    """Find the cheapest path downwards and to the right.

    Parameters
    ----------
    across, down : ndarray of float32, shape (height, k)
        Cost of each pixel that the path runs through to the right and downwards; less than 0 for a gain.
    first : int
        Number of the first column.
    start_row : float
        Row where curves start.

    Returns
    -------
    Path
        Its end is where it gains no more to the right.

    Notes
    -----
    A shortest path on the lattice: with D the cost of leaving a column in each row, A = D + cost of the next
    column's pixel and V the running cost of moving down that column, the next D is min(A, V + TURN + min(A - V above)).
    """
    down = np.cumsum(down, axis=0)
    height, width = across.shape
    rows = np.arange(height, dtype=np.int32)
    origin = np.empty((width, height), dtype=np.int32)
    cost = np.where(np.abs(rows + 0.5 - start_row) <= start_reach(height), 0.0, START_AWAY * width).astype(np.float64)
    ends, end_rows = np.empty(width), np.empty(width, dtype=np.int64)
    for column in range(width):
        cost = cost + across[:, column]
        end_rows[column] = cost.argmin()
        ends[column] = cost[end_rows[column]]
        lifted = cost - down[:, column]
        least = np.minimum.accumulate(lifted)
        came = np.maximum.accumulate(np.where(lifted <= least, rows, 0))
        dropped = least + down[:, column] + TURN
        better = dropped < cost
        origin[column] = np.where(better, came, rows)
        cost = np.where(better, dropped, cost)
    last = int(ends.argmin())
    enter, leave = np.empty(last + 1, dtype=np.int64), np.empty(last + 1, dtype=np.int64)
    row = enter[last] = leave[last] = int(end_rows[last])
    for column in range(last - 1, -1, -1):
        leave[column] = row
        row = enter[column] = int(origin[column, row])
    return Path(first, enter, leave, -float(ends[last]))


def centrality(own: Floats) -> Floats:
    """Return how far each pixel is from the ends of its vertical run of ink.

    Parameters
    ----------
    own : ndarray of float32, shape (height, width)
        Share of each pixel that is covered.

    Returns
    -------
    ndarray of float32, shape (height, width)
        1 in the middle, falling to 0 at the ends.
    """
    over, under = outside(own > 0.5)
    rows = np.arange(own.shape[0], dtype=np.int32)[:, None]
    return np.asarray(1 - np.abs(over + under - 2 * rows) / np.maximum(under - over, 1), dtype=np.float32)


def closed(own: Floats, thickness: int, axis: int) -> Floats:
    """Fill the gaps between dashes along an axis.

    Parameters
    ----------
    own : ndarray of float32, shape (height, width)
        Share of each pixel that is covered.
    thickness : int
        Of the line, in pixels.
    axis : int
        1 along rows, 0 along columns.

    Returns
    -------
    ndarray of float32, shape (height, width)
        The same with gaps filled.
    """
    from scipy import ndimage

    size = 1 + 2 * int(GAP * thickness)
    wide = ndimage.maximum_filter1d(own, size, axis=axis, mode="constant")  # what is outside of the plot closes nothing
    return np.asarray(ndimage.minimum_filter1d(wide, size, axis=axis, mode="constant"), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Steps:
    """A step function in pixels: at `x[i]` it comes to row `y[i]`; it ends at `end`.

    Attributes
    ----------
    x, y : ndarray of float, shape (k,)
        Ascending, both.
    end : float
        Where it ends.
    thickness : float
        Of the line.
    """

    x: FloatArray
    y: FloatArray
    end: float
    thickness: float

    def rows(self, columns: FloatArray) -> FloatArray:
        """Return where the curve is at some columns.

        Parameters
        ----------
        columns : ndarray of float
            Of any shape; before the start, the first level counts.

        Returns
        -------
        ndarray of float
            Rows, of the same shape.
        """
        return np.asarray(self.y[np.clip(np.searchsorted(self.x, columns, side="right") - 1, 0, None)], dtype=float)


FINE = 4  # points per pixel
GUESS = 0.05  # weight of the path where neither edge is seen
OFF = 1.5  # pixels that an edge may be from where the path says


def refine(path: Path, own: Floats, blank: Floats, least: float = 0.3) -> Steps:
    """Measure where the curve runs, to a part of a pixel, from the edges of its ink along the path.

    Parameters
    ----------
    path : Path
        Where to look.
    own, blank : ndarray of float32, shape (height, width)
        Share of each pixel that the curve's color covers, and that nothing covers.
    least : float
        Smaller steps, in pixels, are noise.

    Returns
    -------
    Steps
        Rows and columns from the top left corner of the layer.

    Notes
    -----
    A line of thickness w along a falling step function has its upper edge w/2 higher, and each drop of the upper edge comes w/2
    late; the lower edge is w/2 deeper and drops w/2 early. So the middle of the two, each moved back, is the function,
    however short its steps are. An edge that is covered by other ink or by a censor mark is left out; without both, the path counts.
    """
    top, bottom = _edges(own, blank, path)
    thickness = _thickness(bottom - top)
    half = thickness / 2
    # where the edges can be, as far as the path knows
    reach = int(np.ceil(half + 0.5))
    high = -_widest(-path.enter.astype(float), reach) + 0.5
    deep = _widest(path.leave.astype(float), reach) + 0.5
    top[(top < high - half - OFF) | (top > deep - half + OFF)] = np.nan
    bottom[(bottom < high + half - OFF) | (bottom > deep + half + OFF)] = np.nan
    start, end = float(path.first), float(path.first + path.enter.size)
    grid = (np.arange(path.enter.size * FINE) + 0.5) / FINE
    from_top = top[np.clip((grid + half).astype(int), 0, top.size - 1)] + half
    from_bottom = bottom[np.clip((grid - half).astype(int), 0, bottom.size - 1)] - half
    known = np.isfinite(np.stack([from_top, from_bottom]))
    measured = np.where(known, [from_top, from_bottom], 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    guessed = np.stack([path.enter, path.enter, path.leave, path.leave], axis=1).ravel() + 0.5
    seen = known.any(axis=0)
    middle = _rising(np.where(seen, measured, guessed), np.where(seen, 1.0, GUESS))
    x, y = join_levels(start + grid - 0.5 / FINE, middle, least)
    return Steps(x, y, end, thickness)


def with_last_drop(steps: Steps, path: Path, own: Floats, blank: Floats) -> Steps:
    """Add the drop that a curve ends with, such as to 0 at the last event: no run follows it that a path could gain from.

    Parameters
    ----------
    steps : Steps
        The curve.
    path : Path
        Along its ink.
    own, blank : ndarray of float32, shape (height, width)
        Share of each pixel that the curve's color covers, and that nothing covers.

    Returns
    -------
    Steps
        With one more step, of no length, where there is such a drop.
    """
    from scipy import ndimage

    last = path.first + path.enter.size
    columns = np.arange(max(last - int(2 * steps.thickness) - 2, path.first), last)
    crossed = 1 + 2 * int(CROSSED * steps.thickness + 1)  # another curve in front of the drop does not end it
    joined = ndimage.grey_closing(own[:, columns], size=(crossed, 1), mode="nearest")
    over, under = outside((own[:, columns] > 0.5) | (joined > 0.5) & (blank[:, columns] < 0.5))
    at, rows = np.arange(columns.size), path.enter[columns - path.first]
    least = max(5 * steps.thickness, 0.02 * own.shape[0])
    tall = under[rows, at] - rows > least
    row = int(rows[tall.argmax()])  # the level that the drop comes from: the path may end halfway down
    up, down = row - over[row, at], under[row, at] - row
    falls = (down > least) & (down > 2 * up) & (under[row, at] > row)
    if not falls.any():
        return steps
    column = float(columns[falls].mean()) + 0.5
    bottom = float(under[row, at][falls].max())
    # onto the axis, whose soft edge hides the end, or to a level of its own
    bottom = own.shape[0] + 2.0 if bottom >= own.shape[0] - steps.thickness - 1 else bottom - steps.thickness / 2
    before = steps.x < column
    return Steps(np.append(steps.x[before], column), np.append(steps.y[before], bottom), column, steps.thickness)


def _widest(values: FloatArray, reach: int) -> FloatArray:
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter1d(values, 2 * reach + 1))


def _edges(own: Floats, blank: Floats, path: Path) -> tuple[FloatArray, FloatArray]:
    """Upper and lower edge of the ink that the path runs through in each column; NaN without ink, or where other ink covers the edge."""
    part = own[:, path.first : path.first + path.enter.size]
    free = np.pad(part + blank[:, path.first : path.first + path.enter.size] > 0.6, ((2, 2), (0, 0)))
    solid = part > 0.5
    over, under = outside(solid)
    at = np.arange(part.shape[1])
    top_row, bottom_row = over[path.enter, at] + 1, under[path.leave, at] - 1
    padded = np.pad(part, ((1, 1), (0, 0)))
    top = top_row + (1 - padded[top_row + 1, at]) - padded[top_row, at]
    bottom = bottom_row + padded[bottom_row + 1, at] + padded[bottom_row + 2, at]
    seen_top = solid[path.enter, at] & free[top_row, at]  # past the soft edge
    seen_bottom = solid[path.leave, at] & free[bottom_row + 4, at]
    return np.where(seen_top, top, np.nan).astype(float), np.where(seen_bottom, bottom, np.nan).astype(float)


def _thickness(heights: FloatArray) -> float:
    """Return the height of the ink in the columns that have neither a drop nor a mark: the lowest ones."""
    known = heights[np.isfinite(heights)]
    if known.size == 0:
        return 1.0
    thin = known[known <= np.quantile(known, 0.2) + 0.5]
    return float(np.clip(np.median(thin), 0.8, None))


def _rising(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Nearest non-decreasing values, in weighted least squares."""
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(values, weights=weights).x, dtype=float)


def join_levels(x: FloatArray, y: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    """Join neighboring values to levels until no two differ by less than some amount, the closest first.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)
        Places, ascending and evenly spaced, and what is never less than at the place before.
    least : float
        That amount.

    Returns
    -------
    x, y : ndarray of float, shape (k,)
        Where each level starts, and its mean.
    """
    starts = np.flatnonzero(np.diff(y, prepend=-np.inf) > 1e-9)
    counts = np.diff(np.append(starts, y.size)).astype(float)
    means = np.add.reduceat(y, starts) / counts
    for _ in range(starts.size):
        gaps = np.diff(means)
        if gaps.size == 0 or gaps.min() >= least:
            break
        at = int(gaps.argmin())
        weight = counts[at] + counts[at + 1]
        means[at] = (counts[at] * means[at] + counts[at + 1] * means[at + 1]) / weight
        counts[at] = weight
        starts, counts, means = np.delete(starts, at + 1), np.delete(counts, at + 1), np.delete(means, at + 1)
    return x[starts], means
