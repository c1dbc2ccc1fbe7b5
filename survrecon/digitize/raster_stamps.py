"""Censor marks as stamps: one shape, printed many times along a curve, found by what it explains of the ink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from survrecon.data import FloatArray, IntArray
from survrecon.digitize.raster_trace import Floats, Steps

FINE = 4  # places in a pixel, along each side
CUTS = (0.0, 0.4, 0.7, 0.9)  # of a circle's radius, from its middle
Prints = tuple[FloatArray, FloatArray]  # columns and rows
Shape = Callable[[FloatArray, FloatArray, float, float], FloatArray]


def _tick(x: FloatArray, y: FloatArray, size: float, half: float) -> FloatArray:
    return np.asarray(_overlap(y, size)[:, None] * _overlap(x, half))


def _cross(x: FloatArray, y: FloatArray, size: float, half: float) -> FloatArray:
    return np.maximum(_tick(x, y, size, half), _tick(y, x, size, half).T)


def _circle(x: FloatArray, y: FloatArray, size: float, half: float) -> FloatArray:
    return np.asarray(np.clip(half + 0.5 - np.abs(np.hypot(x, y[:, None]) - size), 0, 1), dtype=float)


def _overlap(middles: FloatArray, half: float) -> FloatArray:
    """Return how much of each pixel lies within this distance from 0."""
    return np.asarray(np.clip(np.minimum(middles + 0.5, half) - np.maximum(middles - 0.5, -half), 0, 1), dtype=float)


SHAPES: dict[str, Shape] = {"tick": _tick, "cross": _cross, "circle": _circle}


@dataclass(frozen=True)
class Stamp:
    """A shape of a certain size.

    Attributes
    ----------
    shape : str
        One of `SHAPES`.
    size : float
        Half of its height; radius of a circle; in pixels.
    stroke : float
        Thickness of its strokes.
    """

    shape: str
    size: float
    stroke: float

    @property
    def reach(self) -> int:
        """Return how many pixels it covers at most above, and below, that of its middle."""
        return int(np.ceil(self.size + self.stroke / 2)) + 1

    @property
    def aside(self) -> int:
        """Return the same to its left, and to its right."""
        return int(np.ceil(self.stroke / 2)) + 1 if self.shape == "tick" else self.reach

    def strokes(self) -> list[tuple[float, float]]:
        """Return how far from its middle a column through it is inked, upwards as downwards.

        Returns
        -------
        list of (float, float)
            Where a stroke begins and where it ends, in pixels, for several columns.
        """
        if self.shape != "circle":
            return [(0.0, self.size)]
        inner, outer = self.size - self.stroke / 2, self.size + self.stroke / 2
        aside = self.size * np.array(CUTS)
        rings = zip(np.sqrt(np.maximum(inner**2 - aside**2, 0)), np.sqrt(outer**2 - aside**2), strict=True)
        return [(0.0, outer), *((float(low), float(high)) for low, high in rings)]  # the first where circles are dense

    def prints(self) -> Floats:
        """Return what it covers when its middle is at each of `FINE` by `FINE` places in a pixel.

        Returns
        -------
        ndarray of float32, shape (FINE, FINE, 2 * reach + 1, 2 * aside + 1)
            First the place down, then across.
        """
        rows, columns = (np.arange(2 * reach + 1, dtype=float) + 0.5 - reach for reach in (self.reach, self.aside))
        made = np.empty((FINE, FINE, rows.size, columns.size), dtype=np.float32)
        for down in range(FINE):
            for right in range(FINE):
                x, y = columns - (right + 0.5) / FINE, rows - (down + 0.5) / FINE
                made[down, right] = SHAPES[self.shape](x, y, self.size, self.stroke / 2)
        return made


def paint(stamp: Stamp, x: FloatArray, y: FloatArray, shape: tuple[int, int]) -> Floats:
    """Return how much of each pixel stamps cover.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    x, y : ndarray of float, shape (k,)
        Their middles, in pixels.
    shape : tuple of two int
        Height and width of the picture.

    Returns
    -------
    ndarray of float32, shape (height, width)
        From 0 to 1.
    """
    reach, aside = stamp.reach, stamp.aside
    sheet = np.zeros((shape[0] + 2 * reach, shape[1] + 2 * aside), dtype=np.float32)
    prints = stamp.prints()
    for (row, down), (column, right) in zip(_split(y, shape[0]), _split(x, shape[1]), strict=True):
        part = sheet[row : row + 2 * reach + 1, column : column + 2 * aside + 1]
        np.maximum(part, prints[down, right], out=part)
    return sheet[reach:-reach, aside:-aside]


def _split(values: FloatArray, limit: int) -> list[tuple[int, int]]:
    """Return the pixel of each value and its place in it."""
    fine = np.clip(np.floor(values * FINE).astype(int), 0, limit * FINE - 1)
    return [divmod(int(value), FINE) for value in fine]


FINELY = 4.0  # places in the width of a stroke where a stamp is tried
COARSE = 2.0  # pixels in the width of a stroke are enough
LEAST_SHARE = 0.5  # of the ink that a stamp would add must be there
TIE = 1e-6  # squared ink
GOLDEN = (5**0.5 - 1) / 2  # multiples of it are spread evenly
MOST = 600  # marks of a curve
LEAST_SEEN = 0.25  # of a stamp must be visible by itself


@dataclass(frozen=True, eq=False)
class Sheet:
    """What prints are looked for in.

    Attributes
    ----------
    own, seen : ndarray of float32, shape (height, width)
        Ink, and the weight of each pixel.
    line : ndarray of float32, shape (height, width)
        What the curve itself covers.
    """

    own: Floats
    seen: Floats
    line: Floats


class Places:
    """Places where a stamp may have been printed, and what it would explain there.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    x, y : ndarray of float, shape (k,)
        The places.
    sheet : Sheet
        The ink; its line is painted over with what is put.
    """

    def __init__(self, stamp: Stamp, x: FloatArray, y: FloatArray, sheet: Sheet) -> None:
        height, width = sheet.own.shape
        self.stride = max(1, int(stamp.stroke / COARSE))
        self.prints = stamp.prints()
        inked = np.zeros(self.prints.shape[2:], dtype=bool)
        inked[stamp.reach % self.stride :: self.stride, stamp.aside % self.stride :: self.stride] = True
        high, wide = np.nonzero(inked & (self.prints.max(axis=(0, 1)) > 0))
        down, right = (
            np.array(_split(values, limit), dtype=int).reshape(-1, 2) for values, limit in zip((y, x), (height, width), strict=True)
        )
        self.place = down[:, 1], right[:, 1]
        self.corner = down[:, 0] - stamp.reach, right[:, 0] - stamp.aside
        rows, columns = self.corner[0][:, None] + high, self.corner[1][:, None] + wide
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        self.index = np.clip(rows, 0, height - 1) * width + np.clip(columns, 0, width - 1)
        self.shapes = np.where(inside, self.prints[:, :, high, wide][self.place], 0)
        self.ink, self.weight, self.explained = sheet.own, sheet.seen, sheet.line

    def gains(self, some: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return how much squared ink prints explain.

        Parameters
        ----------
        some : ndarray of int
            Numbers of the places.

        Returns
        -------
        tuple of two ndarray of float
            By how much the sum of squared differences from the ink becomes less, and by how much it would if the print were all there.
        """
        index = self.index[some]
        before, ink, weight = (values.ravel()[index] for values in (self.explained, self.ink, self.weight))
        after = np.maximum(before, self.shapes[some])
        added = weight * (after - before)
        scale = self.stride**2
        return scale * (added * (2 * ink - before - after)).sum(axis=1), scale * (added * (after - before)).sum(axis=1)

    def put(self, one: int) -> None:
        """Print one, on the sheet's line.

        Parameters
        ----------
        one : int
            Number of its place.
        """
        made = self.prints[self.place[0][one], self.place[1][one]]
        top, left = self.corner[0][one], self.corner[1][one]
        hidden_top, hidden_left = max(-top, 0), max(-left, 0)  # beyond the edges of the picture
        part = self.explained[max(top, 0) : top + made.shape[0], max(left, 0) : left + made.shape[1]]
        seen = made[hidden_top : hidden_top + part.shape[0], hidden_left : hidden_left + part.shape[1]]
        np.maximum(part, seen, out=part)


def find_prints(stamp: Stamp, x: FloatArray, y: FloatArray, sheet: Sheet) -> FloatArray:
    """Find where a stamp was printed: again and again, what is clearer than all around it.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    x, y : ndarray of float, shape (k,)
        Where it may be, along the curve; ascending.
    sheet : Sheet
        The ink.

    Returns
    -------
    ndarray of float
        Those of `x` where it is, ascending.
    """
    places = Places(stamp, x, y, replace(sheet, line=sheet.line.copy()))
    gain, possible = places.gains(np.arange(x.size))
    # of a stamp that stands alone
    full = np.median(possible) if x.size else 0.0
    chosen = np.zeros(x.size, dtype=bool)
    around = 2 * stamp.aside + 1  # prints farther apart have no pixel in common
    first, last = np.searchsorted(x, x - around), np.searchsorted(x, x + around, side="right")
    order = TIE * np.modf(np.arange(x.size) * GOLDEN)[0]  # of places that are as good
    while chosen.sum() < MOST:
        usable = (gain >= LEAST_SHARE * possible) & (possible >= LEAST_SEEN * full) & ~chosen
        value = np.where(usable, gain + order, -np.inf)
        peaks = np.flatnonzero(usable & (value == ndimage.maximum_filter1d(value, 3)))
        best = [at for at in peaks if value[first[at] : last[at]].argmax() == at - first[at]]
        if not best:
            break
        changed = np.zeros(x.size, dtype=bool)
        for at in best:
            places.put(int(at))
            chosen[at] = changed[first[at] : last[at]] = True
        near = np.flatnonzero(changed & ~chosen)
        gain[near], possible[near] = places.gains(near)
    return x[chosen]


def prints_along(stamp: Stamp, steps: Steps, sheet: Sheet) -> Prints:
    """Find the prints of a stamp along a line.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    steps : Steps
        The line.
    sheet : Sheet
        The ink around it.

    Returns
    -------
    x, y : ndarray of float, shape (k,)
        Columns and rows of the prints, ascending.
    """
    evenly = np.arange(steps.x[0], steps.end + 0.5, max(0.5, stamp.stroke / FINELY))
    places = np.sort(np.concatenate([evenly, steps.x[1:]]))  # who is censored at an event's time stands right below the drop
    columns = find_prints(stamp, places, steps.rows(places), sheet)
    return columns, steps.rows(columns)


def explained(stamp: Stamp, x: FloatArray, y: FloatArray, sheet: Sheet) -> tuple[FloatArray, FloatArray]:
    """Return how much of the ink one print explains, for each of several places.

    Parameters
    ----------
    stamp : Stamp
        The shape.
    x, y : ndarray of float, shape (k,)
        The places.
    sheet : Sheet
        The ink.

    Returns
    -------
    tuple of two ndarray of float, shape (k,)
        By how much the sum of squared differences from the ink becomes less, and by how much it would if the whole stamp were there.
    """
    return Places(stamp, x, y, sheet).gains(np.arange(x.size))
