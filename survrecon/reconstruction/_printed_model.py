"""Hazards of event and of censoring that printed numbers leave possible, and counts drawn from them.

Prior: in each arm the logarithms of both hazards are Gaussian processes of time, a part common to all arms plus a
part of the arm's own. Likelihood: losses between known numbers at risk, and every `Fact`; given the losses, events
and censorings of the cells are multinomial, which makes the facts jointly normal. Posterior: normal around its mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survrecon.data import BoolArray, FloatArray
from survrecon.reconstruction._printed_facts import Equations, Fact, Point, Total, equations
from survrecon.reconstruction._printed_grid import Grid


@dataclass(frozen=True)
class Process:
    """Prior of one log hazard: level, course over time, and roughness.

    Attributes
    ----------
    level, level_apart : float
        Standard deviation of the level common to the arms, and of each arm's distance from it.
    course, course_apart : float
        Of the smooth course over time: common, and of each arm's own.
    length, power : float
        Of the Matern 3/2 correlation, in units of (time / follow-up) ** power.
    rise : float
        Expected rise of the log hazard over the follow-up.
    rough, rough_apart : float
        Standard deviation of what is not smooth (scans, cutoffs), common and each arm's own, for a twentieth of the follow-up.
    """

    level: float
    level_apart: float
    course: float
    course_apart: float
    length: float
    power: float
    rise: float
    rough: float
    rough_apart: float


# Fitted by marginal likelihood to the complete data of 60 two-arm trials, and rounded; for the arms' levels of the event
# hazard a wider one, so that a log hazard ratio of 0 is not presumed. Halving or doubling any of them hardly changes results.
EVENT = Process(level=1.5, level_apart=0.28, course=0.86, course_apart=0.25, length=0.3, power=0.25, rise=0.0, rough=0.35, rough_apart=0.2)
CENSORING = Process(
    level=2.0, level_apart=0.1, course=1.45, course_apart=0.15, length=0.25, power=1.0, rise=4.0, rough=0.35, rough_apart=0.1
)
ROUGHEST = 0.5  # largest variance of the log hazard of one cell that is not smooth
KEPT = 3e-3  # directions of a process with less than this share of the largest variance are left out
STEP = 1e-4  # of numerical derivatives
CORRECTIONS = 4  # of the counts towards the facts, each from the last one's number at risk


@dataclass(frozen=True, eq=False)
class Model:
    """Log hazards as linear functions of independent standard normal parameters.

    Attributes
    ----------
    grid : Grid
        The cells.
    facts : tuple of Fact
        What is printed.
    base : ndarray of float, shape (2, arms * k)
        Prior means of the log hazards, of event and of censoring.
    maps : ndarray of float, shape (2, arms * k, parameters)
        How the parameters move them.
    rough : ndarray of float, shape (2, arms * k)
        Variance of each cell's log hazards around the smooth course.
    """

    grid: Grid
    facts: tuple[Fact, ...]
    base: FloatArray
    maps: FloatArray
    rough: FloatArray


def make_model(grid: Grid, facts: Sequence[Fact]) -> Model:
    """Set up the prior for some arms and what is printed about them.

    Parameters
    ----------
    grid : Grid
        The cells.
    facts : sequence of Fact
        What is printed.

    Returns
    -------
    Model
        Ready for `mode`.
    """
    share = (grid.edges[1:] + grid.edges[:-1]) / (2 * grid.edges[-1])
    width = np.diff(grid.edges) / grid.edges[-1]
    years = sum(np.trapezoid(arm.count, arm.time) for arm in grid.counts)
    rate = np.log(0.5 * sum(arm.n for arm in grid.counts) / years)
    blocks = [_map(process, share, width, grid.arms) for process in (EVENT, CENSORING)]
    sizes = [block.shape[1] for block in blocks]
    maps = np.zeros((2, blocks[0].shape[0], sum(sizes)))
    maps[0, :, : sizes[0]], maps[1, :, sizes[0] :] = blocks
    base = [rate + process.rise * (share - 0.5) for process in (EVENT, CENSORING)]
    rough = [np.minimum(process.rough_apart**2 * 0.05 / width, ROUGHEST) for process in (EVENT, CENSORING)]
    return Model(grid, tuple(facts), np.tile(base, grid.arms), maps, np.tile(rough, grid.arms))


def _map(process: Process, share: FloatArray, width: FloatArray, arms: int) -> FloatArray:
    """Return how independent parameters move one log hazard in each cell, shape (arms * k, parameters)."""
    at = share**process.power
    distance = np.sqrt(3) * np.abs(at[:, None] - at) / process.length
    variance, shape = np.linalg.eigh((1 + distance) * np.exp(-distance))
    kept = variance > KEPT * variance[-1]
    shapes = shape[:, kept] * np.sqrt(variance[kept])

    def between(common: float, apart: float) -> FloatArray:
        return np.asarray(np.linalg.cholesky(common**2 * np.ones((arms, arms)) + apart**2 * np.eye(arms)))

    level = np.kron(between(process.level, process.level_apart), np.ones((share.size, 1)))
    rough = np.tile(np.diag(process.rough * np.sqrt(0.05 / width)), (arms, 1))
    return np.hstack([level, np.kron(between(process.course, process.course_apart), shapes), rough])


@dataclass(frozen=True, eq=False)
class Expected:
    """What hazards lead to expect of each cell, given the losses of its row.

    Attributes
    ----------
    losses : ndarray of float, shape (draws, rows)
        Expected losses of each row, given the number at risk only.
    share : ndarray of float, shape (draws, 2, arms * k)
        Probability that a loss of the row is an event, or a censoring, of the cell.
    count, variance : ndarray of float, shape (draws, 2, arms * k)
        Expected events and censorings, and their variance with roughness added.
    """

    losses: FloatArray
    share: FloatArray
    count: FloatArray
    variance: FloatArray


def expected(model: Model, parameters: FloatArray) -> Expected:
    """Compute what parameters lead to expect.

    Parameters
    ----------
    model : Model
        The prior and the grid.
    parameters : ndarray of float, shape (draws, parameters)
        Where to evaluate it.

    Returns
    -------
    Expected
        See there.
    """
    grid = model.grid
    log_hazard = model.base + np.einsum("hkp,sp->shk", model.maps, parameters, optimize=True)
    hazard = np.exp(np.clip(log_hazard, -40, 20)) * grid.width
    both = hazard.sum(axis=1)
    total = grid.sums(both)
    until = np.cumsum(both, axis=1) - both
    until = until - grid.spread(until[:, grid.first])  # since the row's start
    lost = np.exp(-until) * -np.expm1(-both)  # probability to be lost in the cell, from the row's start
    share = (lost / np.maximum(grid.spread(grid.sums(lost)), 1e-300) / np.maximum(both, 1e-300))[:, None] * hazard
    count = share * grid.spread(grid.lost)
    left = grid.at_risk - grid.lost
    with np.errstate(divide="ignore", invalid="ignore"):
        average = np.where(left > 0, grid.lost / np.log(grid.at_risk / left), grid.at_risk / 2)
    average = np.where(grid.lost > 0, average, grid.at_risk)
    return Expected(total * average, share, count, count + model.rough * count**2)


def _covariance(model: Model, at: Expected, found: Equations) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the facts' covariance given the hazards, and their weights on events and censorings less each row's average."""
    grid = model.grid
    mean = grid.spread(grid.sums(found.weight * at.share[:, None, 0]))
    events, censored = found.weight - mean, -mean
    matrix = (events * at.variance[:, None, 0]) @ events.transpose(0, 2, 1)
    matrix += (censored * at.variance[:, None, 1]) @ censored.transpose(0, 2, 1)
    size = np.arange(matrix.shape[1])
    matrix[:, size, size] += found.noise
    return matrix, events, censored


def _residuals(model: Model, parameters: FloatArray) -> FloatArray:
    """Return what half its sum of squares is the negative log posterior, up to the covariance's determinant."""
    from scipy.special import log_ndtr

    at = expected(model, parameters)
    found = equations(model.grid, model.facts, at.count[:, 0], at.count[:, 1])
    matrix, _, _ = _covariance(model, at, found)
    lost = model.grid.lost
    extra = model.grid.sums((model.rough * at.count**2).sum(axis=1)) / np.maximum(lost, 1)
    losses = 2 * (np.sqrt(lost + 0.375) - np.sqrt(at.losses + 0.375)) / np.sqrt(1 + extra)  # Anscombe 1948: variance 1
    met = _equalities(model.facts)
    factor = np.linalg.cholesky(matrix[:, met][:, :, met])
    equal = np.linalg.solve(factor, found.residual[:, met, None])[..., 0]
    spread = np.sqrt(np.diagonal(matrix, axis1=1, axis2=2)[:, ~met])
    above = np.sqrt(-2 * log_ndtr(found.residual[:, ~met] / spread))
    return np.concatenate([parameters, losses, equal, above], axis=1)


def _equalities(facts: Sequence[Fact]) -> BoolArray:
    return np.array([not isinstance(fact, Point) or fact.reached for fact in facts], dtype=bool)


@dataclass(frozen=True, eq=False)
class Posterior:
    """Normal approximation of the posterior.

    Attributes
    ----------
    mode : ndarray of float, shape (parameters,)
        Most probable parameters.
    root : ndarray of float, shape (parameters, parameters)
        ``root @ root.T`` is their covariance.
    misfit : float
        Half the sum of squared residuals at the mode, to choose between readings of the same numbers.
    """

    mode: FloatArray
    root: FloatArray
    misfit: float


def posterior(model: Model) -> Posterior:
    """Find the most probable hazards, and how far others may lie from them.

    Parameters
    ----------
    model : Model
        Prior and facts.

    Returns
    -------
    Posterior
        See there.
    """
    from scipy.optimize import least_squares

    size = model.maps.shape[2]
    steps = STEP * np.eye(size)

    def derivative(at: FloatArray) -> FloatArray:
        values = _residuals(model, np.vstack([at, at + steps]))
        return np.asarray((values[1:] - values[0]).T / STEP)

    def residuals(at: FloatArray) -> FloatArray:
        return np.asarray(_residuals(model, at[None])[0], dtype=float)

    fit = least_squares(residuals, np.zeros(size), derivative, method="lm", xtol=1e-5, ftol=1e-7, max_nfev=60)
    precision = fit.jac.T @ fit.jac
    variance, directions = np.linalg.eigh(precision)
    return Posterior(fit.x, directions / np.sqrt(np.maximum(variance, 1.0)), float(fit.cost))


def draw_counts(model: Model, found: Posterior, draws: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw events and censorings of every cell that meet the facts.

    Parameters
    ----------
    model : Model
        Prior and facts.
    found : Posterior
        Of its parameters.
    draws : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    events, censored : ndarray of float, shape (draws, arms * k)
        Not whole numbers, but each row adds up to its losses and each `Total` is met.

    Notes
    -----
    Hazards are drawn first, then counts, which are then moved by as little as meets the facts: a normal draw
    conditioned on linear equations (Matheron's rule), repeated as the number at risk changes.
    """
    grid = model.grid
    at = expected(model, found.mode + rng.standard_normal((draws, found.mode.size)) @ found.root.T)
    counts = _multinomial(model, at, rng)
    start = equations(grid, model.facts, at.count[:, 0], at.count[:, 1])
    matrix, _, _ = _covariance(model, at, start)
    met = _equalities(model.facts)
    error = rng.standard_normal(start.noise.shape) * np.sqrt(start.noise) * met
    for _ in range(CORRECTIONS):
        now = equations(grid, model.facts, counts[:, 0], counts[:, 1])
        missing = now.residual + error
        wanted = met | (missing < 0)  # what shall not be reached matters only where it is
        both = wanted[:, :, None] & wanted[:, None, :]
        pull = np.linalg.solve(np.where(both, matrix, np.eye(met.size)), np.where(wanted, missing, 0.0)[..., None])
        force = (now.weight * pull).sum(axis=1)
        mean = grid.spread(grid.sums(force * at.share[:, 0]))
        moved = counts + at.variance * np.stack([force - mean, -mean], axis=1)
        counts = _to_losses(grid, np.maximum(moved, 1e-9 * at.count))
    return _to_totals(grid, model.facts, counts[:, 0], counts[:, 1])


def _multinomial(model: Model, at: Expected, rng: np.random.Generator) -> FloatArray:
    """Draw whole counts of each row's losses, with rough probabilities."""
    grid = model.grid
    chance = at.share * np.exp(rng.standard_normal(at.share.shape) * np.sqrt(model.rough)) * grid.alive
    counts = np.zeros_like(chance)
    for first, length, lost in zip(grid.first, grid.length, grid.lost, strict=True):
        here = chance[:, :, first : first + length]
        flat = here.reshape(here.shape[0], -1) + 1e-12 * np.tile(grid.alive[first : first + length], 2)
        drawn = rng.multinomial(int(lost), flat / flat.sum(axis=1, keepdims=True))
        counts[:, :, first : first + length] = drawn.reshape(here.shape)
    return counts


def _to_losses(grid: Grid, counts: FloatArray) -> FloatArray:
    total = grid.sums(counts.sum(axis=1))
    return np.asarray(counts * grid.spread(grid.lost / np.maximum(total, 1e-300))[:, None])


def _to_totals(grid: Grid, facts: Sequence[Fact], events: FloatArray, censored: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Exchange events and censorings in proportion until each printed total is exact."""
    events, censored = events.copy(), censored.copy()
    for fact in facts:
        if isinstance(fact, Total):
            died, left = grid.by_arm(events)[:, fact.arm], grid.by_arm(censored)[:, fact.arm]
            gap = fact.events - died.sum(axis=1, keepdims=True)
            source = np.where(gap > 0, left, died)
            change = gap * source / np.maximum(source.sum(axis=1, keepdims=True), 1e-300)
            died += change
            left -= change
    return events, censored
