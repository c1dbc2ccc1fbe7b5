"""Drops of several curves, and censor marks, that are at one time as far as can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.raster_found import Found

TIE = 0.1  # of a pixel: drops that are nearer are not told apart


def with_ties(found: Sequence[Found]) -> list[Found]:
    """Put drops that are too near each other to tell which is first at one time, and marks that are as near to a drop.

    Who is at risk at a drop hangs on which is first.

    Parameters
    ----------
    found : sequence of Found
        The curves of a plot.

    Returns
    -------
    list of Found
        The same with these drops, marks and ends at the mean of each group of drops.
    """
    drops = np.sort(np.concatenate([curve.steps.x[1:] for curve in found]))
    if drops.size == 0:
        return list(found)
    times = _means(drops)

    def tied(columns: FloatArray) -> FloatArray:
        nearest = times[np.abs(columns[:, None] - times).argmin(axis=1)]
        return np.where(np.abs(columns - nearest) <= TIE, nearest, columns)

    def with_tied(curve: Found) -> Found:
        steps, start, marks = curve.steps, curve.steps.x[:1], tied(curve.marks)
        x = np.maximum(np.append(start, tied(steps.x[1:])), start)
        end = np.max([*tied(np.array([steps.end])), *marks[-1:]])  # it goes to its last mark
        return replace(curve, steps=replace(steps, x=x, end=float(end)), marks=marks)

    return [with_tied(curve) for curve in found]


def _means(drops: FloatArray) -> FloatArray:
    """Return the means of groups of ascending values, none wider than a tie."""
    groups = [[drops[0]]]
    for drop in drops[1:]:
        if drop - groups[-1][0] > TIE:
            groups.append([])
        groups[-1].append(drop)
    return np.array([np.mean(group) for group in groups])
