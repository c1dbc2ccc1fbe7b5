"""Which label and which row of the risk table belongs to which curve."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.risk_table import RiskRow

SAME_COLOR = 40.0  # distance of two colors that a reader takes for one, of at most 442
ABOVE = 0.02  # the share at risk lies below the curve; more than this above it, it is another curve's
LOW = 0.05  # survival below which a share says nothing
MOST_PERMUTED = 6


def rgb(color: str) -> FloatArray:
    """Return the parts of a color.

    Parameters
    ----------
    color : str
        As ``#rrggbb``.

    Returns
    -------
    ndarray of float, shape (3,)
        Red, green and blue from 0 to 255.
    """
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def is_gray(color: str) -> bool:
    """Tell whether a color is black, white or gray.

    Parameters
    ----------
    color : str
        As ``#rrggbb``.

    Returns
    -------
    bool
        Whether its parts are nearly equal.
    """
    return float(np.ptp(rgb(color))) < 25


def distance(color: str, other: str) -> float:
    """Return how far two colors are apart.

    Parameters
    ----------
    color, other : str
        As ``#rrggbb``.

    Returns
    -------
    float
        From 0 to 442, black to white.
    """
    return float(np.linalg.norm(rgb(color) - rgb(other)))


def match_rows(
    labels: Sequence[str],
    colors: Sequence[str],
    curves: Sequence[tuple[FloatArray, FloatArray]],
    rows: Sequence[RiskRow],
) -> tuple[tuple[int | None, ...], str]:
    """Tell which row of the risk table belongs to which curve.

    Parameters
    ----------
    labels : sequence of str
        Of the curves; empty where unknown.
    colors : sequence of str
        Of the curves, ``#rrggbb``.
    curves : sequence of (time, survival)
        The curves, survival falling from 1, in the order in which their rows are expected.
    rows : sequence of RiskRow
        The risk table.

    Returns
    -------
    rows : tuple of int or None
        For each curve, the position of its row.
    how : str
        By what they were told: "label"; "color"; "counts", where only this way each share at risk is below its curve;
        "guess", where this way the arms are the most alike in their censoring. Empty where they could not be told.

    Examples
    --------
    >>> from survrecon.data import RiskTable
    >>> rows = [RiskRow(label, "#000000", RiskTable([0, 5], [9, 2])) for label in ("Placebo", "Drug")]
    >>> match_rows(["drug", "placebo"], ["#ff0000", "#0000ff"], [], rows)
    ((1, 0), 'label')
    """
    names = [plain(row.label) for row in rows]
    wanted = [plain(label) for label in labels]
    if all(wanted) and len(set(wanted)) == len(wanted) and set(wanted) <= set(names):
        return tuple(names.index(name) for name in wanted), "label"
    by_color = _by_color(colors, rows)
    if by_color:
        return by_color, "color"
    if len(rows) != len(labels) or len(rows) > MOST_PERMUTED:
        return (None,) * len(labels), ""
    known = {i: names.index(name) for i, name in enumerate(wanted) if name and names.count(name) == 1}
    orders = [order for order in permutations(range(len(rows))) if all(order[i] == k for i, k in known.items())]
    if known and len(orders) == 1:  # the last one by what is left
        return orders[0], "label"
    possible = [order for order in orders if all(_below(*curve, rows[k]) for curve, k in zip(curves, order, strict=True))]
    if not possible:
        return (None,) * len(labels), ""
    best = min(possible, key=lambda order: (_unlike([rows[k] for k in order], curves), order))
    return best, "counts" if len(possible) == 1 else "guess"


def plain(label: str) -> str:
    """Return a label as it compares with others.

    Parameters
    ----------
    label : str
        As printed, or with the name of its variable as R prints strata: ``sex=1``.

    Returns
    -------
    str
        Letters and digits in lower case.
    """
    return re.sub(r"[\W_]+", "", label.rsplit("=", 1)[-1].lower()) or re.sub(r"[\W_]+", "", label.lower())


def _by_color(colors: Sequence[str], rows: Sequence[RiskRow]) -> tuple[int, ...]:
    """Return the one row in each curve's own color; nothing where some curve has none."""
    found = []
    for color in colors:
        near = [k for k, row in enumerate(rows) if not is_gray(row.color) and distance(color, row.color) < SAME_COLOR]
        if len(near) != 1:
            return ()
        found += near
    return tuple(found) if len(set(found)) == len(found) else ()


def _below(time: FloatArray, survival: FloatArray, row: RiskRow) -> bool:
    """Whether the shares at risk of a row lie under a curve, as censoring can only make them."""
    known = np.isfinite(row.risk.count)
    times, counts = row.risk.time[known], row.risk.count[known]
    if not counts.size or counts[0] <= 0 or times[0] > 0:
        return True
    before = np.interp(times, *_steps(time, survival))
    return bool(np.all(counts / counts[0] <= before + ABOVE))


def _unlike(rows: Sequence[RiskRow], curves: Sequence[tuple[FloatArray, FloatArray]]) -> float:
    """Return how much the shares not censored, of those without an event, differ between the arms, and how much they rise."""
    shares = []
    for row, curve in zip(rows, curves, strict=True):
        before = np.interp(row.risk.time, *_steps(*curve))
        start = row.risk.count[0] if row.risk.count[0] > 0 else np.nan
        shares.append(np.where(before > LOW, row.risk.count / start / np.maximum(before, LOW), np.nan))
    if len({share.size for share in shares}) != 1:
        return 0.0
    free = np.array(shares)
    rises = np.nansum(np.maximum(np.diff(free, axis=1), 0))
    gaps = np.nansum(np.abs(np.diff(free, axis=0)))
    return float(rises + gaps)


def _steps(time: FloatArray, survival: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return vertices with the height before each drop, for times at the drop itself."""
    order = np.lexsort((-survival, time))
    times, first = np.unique(time[order], return_index=True)
    return times, survival[order][first]
