"""The joint method against brute force: every whole-number solution of many small arms, enumerated here and independently of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from survrecon import Arm, reconstruct

ARMS = 300
SAME = 1e-9  # survival probabilities closer than this are equal


@dataclass(frozen=True)
class Case:
    """A small arm: what is known of it, and its drops."""

    arm: Arm
    drops: tuple[float, ...]
    survival: tuple[float, ...]
    slack: float  # half the step to which survival was rounded
    truth: tuple[tuple[int, int], ...]  # events and number at risk of each drop


def draw(seed: int, step: float = 0.0) -> Case:
    """Draw 4 to 10 subjects, with ties in two arms of three, and let the known be any of R, E and C."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 11))
    time = rng.exponential(6, n)
    censoring = rng.uniform(1, 12, n) if seed % 4 else np.full(n, 9.0)
    event, time = time <= censoring, np.minimum(time, censoring)
    time = (np.round(time, 3), np.ceil(time), np.ceil(time / 2) * 2)[seed % 3]
    drops = np.unique(time[event])
    truth = [(int(np.sum(event & (time == t))), int(np.sum(time >= t))) for t in drops]
    exact = np.cumprod([1 - d / n_risk for d, n_risk in truth])
    survival = np.round(exact / step) * step if step else exact
    end = time.max()
    known = {}
    if rng.random() < 0.6:
        ticks = np.arange(0, end + 1, rng.choice([2.0, 3.0, 5.0]))
        known |= {"risk_times": ticks, "risk_counts": [(time >= tick).sum() for tick in ticks]}
    if rng.random() < 0.5:
        known["total_events"] = int(event.sum())
    if rng.random() < 0.4:
        known["censor_times"] = np.unique(time[~event])
    curve = np.concatenate([[0.0], drops, [end]]), np.concatenate([[1.0], survival, survival[-1:] if drops.size else [1.0]])
    arm = Arm.from_arrays(*curve, n=n, **known, scale="probability", orientation="survival", label=f"seed {seed}")
    return Case(arm, tuple(drops), tuple(survival), step / 2, tuple(truth))


def solutions(case: Case) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yield events and number at risk of every drop, for all whole numbers that meet all that is known."""
    arm = case.arm
    ticks = [] if arm.risk is None else list(zip(arm.risk.time.tolist(), arm.risk.count.astype(int).tolist(), strict=True))
    marks = [] if arm.censor_times is None else arm.censor_times.tolist()
    ends = (*case.drops, np.inf)

    def allowed(k: int, left: int, n_risk: int) -> bool:
        """Whether `left` after drop k - 1 may fall to `n_risk` before drop k."""
        low, high = (0.0 if k == 0 else case.drops[k - 1]), ends[k]
        if left - n_risk < sum(low <= mark < high for mark in marks) or (high == 0 and left > n_risk):
            return False
        first = k == 0
        for tick, count in ticks:
            if tick == high and count != n_risk:
                return False
            if (low < tick < high or (first and tick == low < high)) and not n_risk <= count <= left:
                return False
        return True

    def go(k: int, left: int, km: float, found: tuple[tuple[int, int], ...]) -> Iterator[tuple[tuple[int, int], ...]]:
        if k == len(case.drops):
            total = sum(d for d, _ in found)
            if allowed(k, left, 0) and (arm.total_events is None or total == arm.total_events):
                yield found
            return
        for n_risk in range(left, 0, -1):
            if not allowed(k, left, n_risk):
                continue
            for d in range(1, n_risk + 1):
                after = km * (1 - d / n_risk)
                if abs(after - case.survival[k]) <= case.slack + SAME:
                    yield from go(k + 1, n_risk - d, after, (*found, (d, n_risk)))

    yield from go(0, arm.n, 1.0, ())


def counts(case: Case) -> tuple[tuple[int, int], ...]:
    """Reconstruct; return events and number at risk of every drop."""
    ipd = reconstruct(case.arm).ipd
    return tuple((int(np.sum(ipd.event & (ipd.time == t))), int(np.sum(ipd.time >= t))) for t in case.drops)


def test_the_enumeration_by_hand():
    # 3 subjects, survival 1/2 at time 2: 1 of 2 at risk, with one censored before; all 3 at risk would need 1.5 events.
    arm = Arm.from_arrays([0, 2, 3], [1, 0.5, 0.5], n=3)
    assert list(solutions(Case(arm, (2.0,), (0.5,), 0.0, ()))) == [((1, 2),)]
    # 4 subjects: 2 of 4, or 1 of 2. One event is printed: only the second is left.
    arm = Arm.from_arrays([0, 2, 3], [1, 0.5, 0.5], n=4)
    assert sorted(solutions(Case(arm, (2.0,), (0.5,), 0.0, ()))) == [((1, 2),), ((2, 4),)]
    arm = Arm.from_arrays([0, 2, 3], [1, 0.5, 0.5], n=4, total_events=1)
    assert list(solutions(Case(arm, (2.0,), (0.5,), 0.0, ()))) == [((1, 2),)]
    # 3 at risk at time 1: nobody can have left before it beyond one, so 2 at risk at time 2 needs a second to leave after it.
    arm = Arm.from_arrays([0, 2, 3], [1, 0.5, 0.5], n=4, risk_times=[0, 1, 2], risk_counts=[4, 3, 2])
    assert list(solutions(Case(arm, (2.0,), (0.5,), 0.0, ()))) == [((1, 2),)]


@pytest.mark.parametrize("step", [0.0, 1 / 2000], ids=["exact", "rounded"])
def test_against_all_solutions(step, capsys):
    unique = ties = 0
    missed = []
    for seed in range(ARMS):
        case = draw(seed, step)
        every = list(solutions(case))
        assert case.truth in every, seed
        found = counts(case)
        unique += len(every) == 1
        ties += len(every) > 1 and found == case.truth
        if found not in every:
            missed.append(seed)
    with capsys.disabled():
        others = f"of the other {ARMS - unique}, {ties} got the true one"
        print(f"\n{ARMS} arms of 4 to 10 subjects: {unique} have one solution; {others}; missed: {missed}")
    # A member of all solutions is one that misses nothing; where there is only one, it is the true one.
    assert not missed
