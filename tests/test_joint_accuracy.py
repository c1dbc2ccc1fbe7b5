"""Round trip: simulated trials, digitized in four ways, reconstructed by both methods, and held against their own truth.

`pytest -s` prints the distribution of the errors. The truth is the simulated subjects; Guyot's algorithm gets the same input.
"""

from __future__ import annotations

import numpy as np
import pytest

from survrecon import reconstruct
from survrecon.draws import cox_two_sample
from survrecon.simulation import REGIMES, digitize, simulate, withhold

TRIALS = 100
SMALL = 150  # subjects per arm at most, to keep this quick: of larger arms the errors are smaller


def log_hr(results):
    control, active = (result.ipd for result in results)
    return cox_two_sample(control.time, control.event, active.time, active.event)[0]


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("scenario", ["R", "NE"])
def test_never_worse_than_guyot(regime, scenario, capsys):
    errors = {"guyot": [], "joint": []}
    missed = []  # events, of the joint method
    for seed in range(TRIALS):
        trial = simulate(seed, n=40 + seed % (SMALL - 40))
        arms = [withhold(arm, scenario) for arm in digitize(trial, regime, np.random.default_rng(seed))]
        for method, found in errors.items():
            results = [reconstruct(arm, method=method) for arm in arms]
            found.append(abs(log_hr(results) - trial.log_hr))
        for result, truth in zip(results, trial.arms, strict=True):
            assert result.ipd.n == truth.n
            assert all(row.printed == row.reconstructed for row in result.risk)
            missed.append(abs(result.total_events[1] - int(truth.event.sum())))
            assert "E" not in scenario or missed[-1] == 0
    quantiles = {method: np.quantile(found, [0.5, 0.9]) for method, found in errors.items()}
    with capsys.disabled():
        table = "; ".join(f"{method} {middle:.4f} / {high:.4f}" for method, (middle, high) in quantiles.items())
        wrong = f"joint's events wrong in {np.mean(np.array(missed) > 0):.1%} of arms, by at most {max(missed)}"
        print(f"\n{regime} {scenario}: error of log HR in {TRIALS} trials, median / 90th percentile: {table}; {wrong}")
    assert np.all(quantiles["joint"] <= quantiles["guyot"])
    if regime == "exact":
        assert not any(missed)
