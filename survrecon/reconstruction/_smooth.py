"""Where the censored left: the most probable course of the number at risk, given the events.

With events d_i known, the curve reads y_i = -log S after each, and the reconstruction has
H_i = H_{i-1} - log(1 - d_i / n_i). With n_i = expected_i + e_i, the course e is a random walk pinned to 0
at the printed counts, so the misfit r_i = H_i - y_i minimizes

    sum_i w_i r_i^2 + sum_i (e_i - e_{i-1})^2 / q_i,    e_i = (r_{i-1} - r_i + g_i) / b_i

after linearizing in n_i: a banded least-squares problem in r that is exact for w to infinity (the curve
decides) and gives e = 0 for w to 0 (evenly spread censoring decides).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky_banded, solve_banded, solveh_banded

from survrecon.data import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Course:
    """Events of one arm and what is expected of the censoring around them.

    Attributes
    ----------
    events : ndarray of float, shape (m,)
        Events at each step.
    full : ndarray of float, shape (m,)
        Number at risk before each step, had nobody been censored in its interval yet.
    expected : ndarray of float, shape (m,)
        Expected censored in the interval before each step.
    variance : ndarray of float, shape (m,)
        Variance of the number censored between the step before (or the interval's start) and the step.
    variance_end : ndarray of float, shape (m,)
        At the last step of an interval that ends in a printed count: variance from there to its end; else infinity.
    first : ndarray of bool, shape (m,)
        Whether the step is the first of its interval.
    read : ndarray of float, shape (m,)
        -log S read after each step.
    weight : ndarray of float, shape (m,)
        1 / variance of `read`.
    """

    events: FloatArray
    full: FloatArray
    expected: FloatArray
    variance: FloatArray
    variance_end: FloatArray
    first: BoolArray
    read: FloatArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class _System:
    """Normal equations in the scaled misfit, and the way back from it to the number at risk."""

    banded: FloatArray
    right: FloatArray
    scale: FloatArray
    constant: FloatArray
    inverse: FloatArray

    def at_risk(self, scaled: FloatArray) -> FloatArray:
        """Return numbers at risk for misfits of shape (m,) or (m, draws)."""
        columns = scaled.reshape(scaled.shape[0], -1)
        r = self.scale[:, None] * columns
        n = self.constant[:, None] + self.inverse[:, None] * (np.vstack([np.zeros((1, r.shape[1])), r[:-1]]) - r)
        found: FloatArray = n.reshape(scaled.shape)
        return found


def _system(course: Course, at: FloatArray) -> _System:
    d = course.events
    at = np.maximum(at, d + 0.5)
    slope = d / (at * (at - d))
    expected = course.full - course.expected
    g = -np.log1p(-d / at) + slope * (at - expected) - np.diff(course.read, prepend=0.0)
    inverse = 1 / slope
    link = 1 / course.variance
    inner = np.where(course.first, 0.0, link)[1:]  # link of each step with the one before, inside an interval
    q_diagonal = link + 1 / course.variance_end
    q_diagonal[:-1] += inner
    c = inverse * g
    qc = q_diagonal * c
    qc[:-1] -= inner * c[1:]
    qc[1:] -= inner * c[:-1]
    right = inverse * qc
    right[:-1] -= inverse[1:] * qc[1:]
    banded = np.zeros((3, d.size))  # B'QB + W, with B the bidiagonal map from r to e
    banded[2] = course.weight + inverse**2 * q_diagonal
    banded[2, :-1] += inverse[1:] ** 2 * q_diagonal[1:] + 2 * inverse[:-1] * inverse[1:] * inner
    banded[1, 1:] = -(inverse[1:] ** 2) * q_diagonal[1:] - inverse[:-1] * inverse[1:] * inner
    banded[1, 1:-1] -= inverse[1:-1] * inverse[2:] * inner[1:]
    banded[0, 2:] = inverse[1:-1] * inverse[2:] * inner[1:]
    scale = 1 / np.sqrt(banded[2])
    banded[1, 1:] *= scale[1:] * scale[:-1]
    banded[0, 2:] *= scale[2:] * scale[:-2]
    banded[2] = 1 + 1e-13
    return _System(banded, scale * right, scale, expected + c, inverse)


def smooth(course: Course, at: FloatArray) -> FloatArray:
    """Return the most probable number at risk before each step.

    Parameters
    ----------
    course : Course
        Steps of all intervals.
    at : ndarray of float, shape (m,)
        Numbers at risk about which to linearize.

    Returns
    -------
    ndarray of float, shape (m,)
        One Gauss-Newton step; call again with the result to converge.
    """
    system = _system(course, at)
    return system.at_risk(solveh_banded(system.banded, system.right, check_finite=False))


def deviations(course: Course, at: FloatArray, normal: FloatArray) -> FloatArray:
    """Return draws of how the number at risk before each step deviates from its most probable course.

    Parameters
    ----------
    course : Course
        Steps of all intervals.
    at : ndarray of float, shape (m,)
        The most probable course.
    normal : ndarray of float, shape (m, draws)
        Independent standard normal numbers.

    Returns
    -------
    ndarray of float, shape (m, draws)
        From the (Gaussian) posterior distribution: U^-1 z with U'U the precision of the misfit, the banded form of
        forward filtering, backward sampling (Rue 2001, J R Stat Soc B 63:325).
    """
    system = _system(course, at)
    upper = cholesky_banded(system.banded, check_finite=False)
    misfit = solve_banded((0, min(2, normal.shape[0] - 1)), upper[-min(3, normal.shape[0]) :], normal, check_finite=False)
    return system.at_risk(misfit) - system.constant[:, None]
