"""How often the audit errs: false alarms on honest studies, catches of spoiled ones, and the slack of its approximations.

    python tests/audit_rates.py honest 10000     # each check: share of studies "in tension", number "impossible"
    python tests/audit_rates.py spoiled 600      # each kind of mistake: share caught
    python tests/audit_rates.py slack 4000       # what the constants of survrecon/checks cover

The pytest suite runs the first two on a small sample (test_auditing_random.py); rates are quoted from full runs.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator

import numpy as np
from simulated_studies import FACTORS, cox, draw_trial, publish
from spoiled_studies import KINDS, Refused

from survrecon.auditing import audit
from survrecon.checks.ratios import OTHER_STRATA, SCORE
from survrecon.checks.subgroups import POOLED, PRECISION
from survrecon.checks.widths import EXCESS, STRATIFIED_EXCESS, drift
from survrecon.data import Study
from survrecon.group_tests import logrank
from survrecon.results import Finding

SEED = 20240229


def studies(count: int) -> Iterator[tuple[Study, Study, np.random.Generator]]:
    """Draw honest studies, each with one of another end point of the same patients."""
    drawn = seed = 0
    while drawn < count:
        rng = np.random.default_rng([SEED, seed])
        seed += 1
        trial = draw_trial(rng)
        study, other = publish(trial, rng), publish(trial.later, rng)
        if study is not None and other is not None:
            drawn += 1
            yield study, other, rng


def honest(count: int) -> dict[str, tuple[int, int, int]]:
    """Return, for each check, how many studies have it, and in how many it is in tension or impossible."""
    seen, tense, impossible = Counter(), Counter(), Counter()
    for study, _, _ in studies(count):
        findings = audit(study)
        seen.update({finding.check for finding in findings})
        tense.update({finding.check for finding in findings if finding.verdict == "in tension"})
        impossible.update({finding.check for finding in findings if finding.verdict == "impossible"})
    return {check: (seen[check], tense[check], impossible[check]) for check in sorted(seen)}


def spoiled(count: int) -> dict[str, tuple[int, int, int, int]]:
    """Return, for each kind of mistake, how many studies had it, and how many were caught, impossible, or refused on reading."""
    made, caught, impossible, refused = Counter(), Counter(), Counter(), Counter()
    for study, other, rng in studies(count):
        before = {(finding.check, finding.subject) for finding in _odd(audit(study))}
        for kind, spoil in KINDS.items():
            try:
                wrong = spoil(study, other, rng)
            except Refused:
                made[kind] += 1
                refused[kind] += 1
                caught[kind] += 1
                continue
            if wrong is not None:
                new = [finding for finding in _odd(audit(wrong)) if (finding.check, finding.subject) not in before]
                made[kind] += 1
                caught[kind] += bool(new)
                impossible[kind] += any(finding.verdict == "impossible" for finding in new)
    return {kind: (made[kind], caught[kind], impossible[kind], refused[kind]) for kind in KINDS}


def _odd(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict != "consistent"]


def slack(count: int) -> dict[str, float]:
    """Return the share of simulated trials that each constant covers, without the help of rounding."""
    held: dict[str, list[bool]] = {}
    for seed in range(count):
        trial = draw_trial(np.random.default_rng([SEED, seed]))
        fits = {}
        for kind, stratum in (("plain", None), ("stratified", trial.factors[:, 0])):
            fit = cox(trial.time, trial.event, trial.drug, stratum)
            if fit is None or fit[1] > 0.7:
                continue
            score = math.sqrt(logrank(trial.time, trial.event, trial.drug, stratum).statistic)
            fits[kind] = (*fit, score)
            held.setdefault(f"SCORE, {kind}", []).append(abs(score - _score(*fit)[0]) <= _score(*fit)[1])
            events = [int(trial.event[trial.drug == code].sum()) for code in (0, 1)]
            excess = fit[1] ** 2 / sum(1 / each for each in events)
            assert excess >= 1 - 1e-9, "the lower bound of the variance is broken"
            base, small = EXCESS if kind == "plain" else STRATIFIED_EXCESS
            most = drift(math.exp(fit[0]), trial.drug.mean() / (1 - trial.drug.mean())) * (1 + base + small / sum(events))
            held.setdefault(f"EXCESS, {kind}", []).append(excess <= most)
        if len(fits) == 2:
            middle, reach = _score(*fits["plain"][:2])
            held.setdefault("OTHER_STRATA", []).append(abs(fits["stratified"][2] - middle) <= reach + OTHER_STRATA)
        for i in range(len(FACTORS)) if "plain" in fits else ():
            inside = [trial.factors[:, i] == code for code in range(len(FACTORS[i][1]))]
            rows = [cox(trial.time[each], trial.event[each], trial.drug[each]) for each in inside if each.any()]
            if None not in rows and max(se for _, se in rows) < 1:
                weights = [se**-2 for _, se in rows]
                beta, se, _ = fits["plain"]
                pool = float(np.average([row[0] for row in rows], weights=weights))
                held.setdefault("POOLED", []).append(abs(pool - beta) <= POOLED * se)
                held.setdefault("PRECISION", []).append(PRECISION[0] <= 1 / math.sqrt(sum(weights)) / se <= PRECISION[1])
    return {name: float(np.mean(values)) for name, values in held.items()}


def _score(beta: float, se: float) -> tuple[float, float]:
    """Return the log-rank deviate that a Wald deviate stands for, and its slack."""
    z = abs(beta / se)
    return z * math.sinh(beta / 2) / (beta / 2), SCORE[0] + SCORE[1] * z * beta**2


def main(what: str, count: int) -> None:
    """Print one of the three tables."""
    if what == "honest":
        print(f"{'check':62} {'studies':>8} {'tension':>8} {'share':>8} {'impossible':>11}")
        for check, (seen, tense, impossible) in honest(count).items():
            print(f"{check:62} {seen:8} {tense:8} {tense / seen:8.4f} {impossible:11}")
    elif what == "spoiled":
        print(f"{'mistake':45} {'studies':>8} {'caught':>8} {'impossible':>11} {'refused':>8}")
        for kind, (made, *counts) in spoiled(count).items():
            caught, impossible, refused = (each / max(made, 1) for each in counts)
            print(f"{kind:45} {made:8} {caught:8.2f} {impossible:11.2f} {refused:8.2f}")
    else:
        for name, share in slack(count).items():
            print(f"{name:20} {share:.4f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
