"""Lines that a file draws as thin filled areas, as programs do that turn strokes into outlines."""

from __future__ import annotations

import numpy as np

from survrecon.data import FloatArray

THICKEST = 4.0  # units of the file
MOST_POINTS = 20_000
UNEVEN = 1.6  # across a corner, a line is 1.41 times as thick as elsewhere


def middle_line(points: FloatArray) -> tuple[FloatArray, float] | None:
    """Return the line whose outline an area is.

    Parameters
    ----------
    points : ndarray of float, shape (k, 2)
        The vertices around the area.

    Returns
    -------
    points : ndarray of float, shape (k / 2, 2)
        The vertices of the line from the left; None where the area is no line of even thickness.
    thickness : float
        Of the line.

    Examples
    --------
    >>> ring = np.array([(0, 0), (11, 0), (11, 9), (20, 9), (20, 10), (10, 10), (10, 1), (0, 1.0)])
    >>> middle_line(ring)[0].tolist()
    [[0.0, 0.5], [10.5, 0.5], [10.5, 9.5], [20.0, 9.5]]
    """
    moved = np.any(np.diff(points, axis=0, append=points[:1]) != 0, axis=1)
    ring = points[moved]
    count = len(ring)
    if count < 6 or count % 2 or count > MOST_POINTS:
        return None
    left = ring[:, 0].min()
    for start in np.flatnonzero(ring[:, 0] <= left + THICKEST).tolist()[:20]:
        there = np.roll(ring, -start, axis=0)[: count // 2]
        back = np.roll(ring, -start, axis=0)[: count // 2 - 1 : -1]
        across = np.linalg.norm(there - back, axis=1)
        thickness = float(across.min())
        if thickness > 0 and across.max() <= min(UNEVEN * thickness, THICKEST):
            middle: FloatArray = (there + back) / 2
            return middle, thickness
    return None
