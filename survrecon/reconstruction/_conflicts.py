"""Which printed numbers the curve rules out, before anything is reconstructed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survrecon.data import FloatArray
from survrecon.reconstruction._layout import Layout

SIGMAS = 4.0  # reading errors that a contradiction must exceed
TIME_SLACK = {True: 0.01, False: 0.002}  # share of the follow-up by which a time may be misread: clicked or sampled, or drawn vertices
COUNT_SLACK = 0.02  # share of a total that may be misread in its sum over intervals


@dataclass(frozen=True)
class Conflict:
    """Two inputs that cannot both be true.

    Attributes
    ----------
    message : str
        Names both, with their numbers.
    interval : tuple of float
        The times between which they contradict each other.
    weaker : str
        Which of them gives way where the nearest answer is asked for.
    """

    message: str
    interval: tuple[float, float]
    weaker: str = "the curve"


def conflicts(layout: Layout, sigma: float, between: bool, total_events: int | None) -> list[Conflict]:
    """Find what cannot be true together.

    Parameters
    ----------
    layout : Layout
        Points, risk intervals and marks.
    sigma : float
        Standard deviation of the reading error.
    between : bool
        Whether the points lie anywhere on the curve rather than at its drops.
    total_events : int or None
        Printed number of events.

    Returns
    -------
    list of Conflict
        Empty where everything can be true.

    Notes
    -----
    Without censoring n S' / S subjects are left when the curve falls from S to S'; censoring only lowers
    that. Events are most when all censoring is late, n (1 - S'/S), and fewest when it is early, n' (S/S' - 1).
    """
    slack = TIME_SLACK[between] * layout.end
    start, stop = layout.edges[:-1], layout.edges[1:]
    early, late = _survival_at(layout, start + slack), _survival_at(layout, stop - slack)
    if between:  # from the point before a risk time to the one after it, the curve may have fallen already
        early[1:] = _survival_at(layout, start[1:] + slack, after=True)
    kindest = np.where(late >= early, 1.0, late / np.maximum(early, 1e-12))
    seen_start, seen_stop = np.append(1.0, layout.end_survival[:-1]), layout.end_survival  # before a drop at the risk time itself
    error = SIGMAS * sigma / np.maximum(seen_start, 1e-12)
    found = []
    left = layout.counts[:-1] * np.minimum(1.0, kindest + error) + 1
    for i in np.flatnonzero(layout.counts[1:] > left):
        most = np.floor(layout.counts[i] * seen_stop[i] / max(seen_start[i], 1e-12))
        message = (
            f"the risk table keeps {layout.counts[i + 1]:g} of {layout.counts[i]:g} subjects, but the curve falls from "
            f"{seen_start[i]:.4g} to {seen_stop[i]:.4g}, which leaves at most {most:g}"
        )
        found.append(Conflict(message, (float(start[i]), float(stop[i]))))
    slack = TIME_SLACK[True] * layout.end  # marks may be clicked where the curve was not
    inner = (layout.marks[None, :] > (start + slack)[:, None]) & (layout.marks[None, :] < (stop - slack)[:, None])
    for i in np.flatnonzero(inner.sum(axis=1) > layout.losses):
        message = f"{inner[i].sum()} censor marks, but the risk table loses only {layout.losses[i]:g} subjects"
        found.append(Conflict(message, (float(start[i]), float(stop[i])), "the last marks"))
    if total_events is not None and not found:
        found += _total(layout, seen_start, seen_stop, sigma, total_events)
    return found


def _total(layout: Layout, seen_start: FloatArray, seen_stop: FloatArray, sigma: float, total: int) -> list[Conflict]:
    fall = np.clip(1 - seen_stop / np.maximum(seen_start, 1e-12), 0, 1)
    most = float(np.sum(np.minimum(layout.losses, layout.counts[:-1] * fall)))
    ratio = np.maximum(seen_stop, 1e-12) / np.maximum(seen_start, 1e-12)
    fewest = float(np.sum(np.minimum(layout.losses, layout.counts[1:] * np.maximum(1 / ratio - 1, 0))))
    slack = 2 + COUNT_SLACK * total + SIGMAS * sigma * layout.counts[0]
    whole = (0.0, layout.end)
    if total > most + slack:
        return [Conflict(f"{total} events are printed, but curve and risk table hold at most {most:.0f}", whole)]
    if total < fewest - slack:
        return [Conflict(f"{total} events are printed, but curve and risk table ask for at least {fewest:.0f}", whole)]
    return []


def _survival_at(layout: Layout, time: FloatArray, after: bool = False) -> FloatArray:
    """Return the survival of the last point up to each time, or of the first one after it."""
    point = np.searchsorted(layout.time, time, side="right") - (0 if after else 1)
    at: FloatArray = layout.survival[np.clip(point, 0, layout.time.size - 1)]
    return at
