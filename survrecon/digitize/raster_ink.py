"""What is known of each pixel around a curve: how much of it is inked, how surely, and what else than the line has inked it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.digitize.raster_trace import Floats


@dataclass(frozen=True, eq=False)
class Ink:
    """The pixels around a curve; each attribute is an ndarray of float32 of shape (height, width), from 0 to 1.

    Attributes
    ----------
    own : ndarray of float32
        Share of each pixel that the curve's color covers.
    seen : ndarray of float32
        Weight of each pixel: 0 where something else may be in front of the curve.
    over : ndarray of float32
        What censor marks of the same color cover.
    dash : ndarray of float32
        0 where the line has a gap between its dashes.
    """

    own: Floats
    seen: Floats
    over: Floats
    dash: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Return height and width."""
        return self.own.shape[0], self.own.shape[1]

    @property
    def free(self) -> Floats:
        """Return the share of each pixel that the line would cover, and marks do not, if it ran there."""
        return (1 - self.over) * self.dash


def bare(own: Floats, seen: Floats) -> Ink:
    """Return ink without marks or gaps.

    Parameters
    ----------
    own, seen : ndarray of float32, shape (height, width)
        As in `Ink`.

    Returns
    -------
    Ink
        Of an unbroken line.
    """
    return Ink(own.astype(np.float32), seen.astype(np.float32), np.zeros(own.shape, np.float32), np.ones(own.shape, np.float32))
