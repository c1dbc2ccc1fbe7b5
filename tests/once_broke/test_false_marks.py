"""Censor marks that a digitizer saw where there are none made 38 events of a printed 53: marks give way to what is printed."""

from __future__ import annotations

import numpy as np

from survrecon import Arm, reconstruct

# Twenty subjects: events at 1, 2, ..., 10, the other ten censored at 11; each drop is 1/20.
TIME = np.append(np.repeat(np.arange(11), 2)[1:], 11)
SURVIVAL = np.append(np.repeat(1 - np.arange(11) / 20, 2)[:-1], 0.5)


def test_marks_that_the_curve_contradicts_are_left_out():
    curve = (TIME, SURVIVAL)
    false = np.repeat(np.arange(1, 10) + 0.5, 2) + np.tile([-0.1, 0.1], 9)  # 18 marks where ten subjects are censored, and later
    found = reconstruct(Arm.from_arrays(*curve, n=20, total_events=10, censor_times=false, resolution=(0.01, 0.002)))
    assert found.total_events == (10, 10)
    assert found.residuals.max_abs < 0.002
    assert any(note.startswith("the censor marks were left out") for note in found.notes)


def test_marks_that_agree_stay():
    found = reconstruct(Arm.from_arrays(TIME, SURVIVAL, n=20, total_events=10, censor_times=[11], resolution=(0.01, 0.002)))
    assert found.ipd.time[~found.ipd.event].tolist() == [11] * 10
    assert not any("marks" in note for note in found.notes)
