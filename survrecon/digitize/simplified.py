"""Drops that a program merged to make its file smaller, as matplotlib does (path.simplify) with those less than 1/9 of a point apart."""

from __future__ import annotations

from math import ceil, floor, inf

import numpy as np

from survrecon.data import FloatArray

NEIGHBORS = 6  # drops on each side; at least one of so many is a single event's
UNEVEN = 0.3  # events by which censored subjects may change what a drop seems to consist of
MOST_CENSORED = 30  # between two drops that were merged
MOST_EVENTS = 30  # of a slope, to be told apart


def split_drops(points: FloatArray, widest: float, resolution: tuple[float, float]) -> tuple[FloatArray, int]:
    """Return a step curve whose merged drops are apart again, one at each end of the short slope that was drawn for them.

    Parameters
    ----------
    points : ndarray of float, shape (k, 2)
        Time and survival at the vertices from the left.
    widest : float
        Slopes that take no longer are merged drops.
    resolution : tuple of float
        Smallest steps of time and of survival in the file.

    Returns
    -------
    points : ndarray of float, shape (k + 2 * slopes, 2)
        With both corners of each slope.
    slopes : int
        How many were split.

    Notes
    -----
    A drop is survival times events / number at risk, so that the drops before tell how many may be at risk, and the smallest
    of those near is one event's. In a file precise enough, the height of a slope then tells how many events it is made of and,
    if anybody was censored between, how many of them were first. If nobody was, any split draws the same slope: half of them
    are put at each end, the odd one first.

    Examples
    --------
    >>> points = np.array([(0, 1), (5, 1), (5, 0.9), (6, 0.9), (6.1, 0.7), (9, 0.7)])  # ten subjects: 1 event, then 1 + 1
    >>> split_drops(points, 0.15, (1e-6, 1e-8))[0][3:7].round(6).tolist()
    [[6.0, 0.9], [6.0, 0.8], [6.1, 0.8], [6.1, 0.7]]
    """
    run, fall = np.diff(points[:, 0]), -np.diff(points[:, 1])
    falling = (run <= widest) & (fall > 2 * resolution[1])
    upright = np.flatnonzero(falling & (run <= 2 * resolution[0]))
    slopes = np.flatnonzero(falling & (run > 2 * resolution[0]))
    if not slopes.size:
        return points, 0
    corners, most = [], inf
    for i in np.flatnonzero(falling).tolist():
        high, low = points[i : i + 2, 1].tolist()
        k = int(np.searchsorted(upright, i))
        near = fall[upright[max(0, k - NEIGHBORS) : k + NEIGHBORS]]
        most = min(most, high / near.min()) if near.size else most
        if run[i] <= 2 * resolution[0]:
            events, at_risk = _drop(high, low, most, resolution[1])
            most = at_risk - events
        else:
            between, most = _split(high, low, most, resolution[1])
            corners += [(points[i, 0], between), (points[i + 1, 0], between)]
    return np.insert(points, np.repeat(slopes + 1, 2), np.array(corners), axis=0), len(slopes)


def _drop(high: float, low: float, most: float, step: float) -> tuple[int, float]:
    """Return the events of a drop and the number at risk before it, as many of both as can be."""
    whole = floor((high - low) / high * most + UNEVEN) if most < inf else 0
    for events in range(whole, 0, -1):
        at_risk = events * high / (high - low)
        if abs(at_risk - round(at_risk)) <= 2 * step * at_risk**2 / events / high:
            return events, round(at_risk)
    return 0, most


def _split(high: float, low: float, most: float, step: float) -> tuple[float, float]:
    """Return the height between the two drops of a slope, and the number at risk after it at most."""
    events, at_risk = _drop(high, low, most, step)
    if events > 1:  # nobody was censored between
        return high * (1 - (events + 1) // 2 / at_risk), at_risk - events
    options = [(inf, (high + low) / 2, most)]
    whole = (high - low) / high * most + UNEVEN
    for events in range(2, floor(whole) + 1 if whole <= MOST_EVENTS else 0):
        fewest = ceil(events * high / (high - low))
        for n in range(fewest, min(floor(most + UNEVEN), fewest + MOST_CENSORED) + 1):
            for first in range(1, events):
                between = high * (1 - first / n)
                left = (events - first) * between / (between - low)  # at risk at the second drop
                miss = abs(left - round(left)) / (2 * step * left**2 / (events - first) / between)
                if miss <= 1 and round(left) <= n - first:
                    options.append((miss, between, round(left) - (events - first)))
    return min(options)[1:]
