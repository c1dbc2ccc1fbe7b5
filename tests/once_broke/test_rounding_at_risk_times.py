"""A fall at a risk time, read 4e-6 days before it from an SVG, was taken to be over before the subjects there were counted."""

from __future__ import annotations

import numpy as np

from survrecon import Arm, reconstruct
from survrecon.clean import clean

# Four subjects, events at 100, 500, 500 and 900, counted at 0 and 500: 4 and 3, as the events at 500 are at risk there.
TIME = [0, 100, 100, 499.9999962, 499.9999962, 900, 900]
SURVIVAL = [1, 1, 0.75, 0.75, 0.25, 0.25, 0]


def test_a_fall_at_a_risk_time_counts_there():
    arm = Arm.from_arrays(TIME, SURVIVAL, risk_times=[0, 500], risk_counts=[4, 3])
    assert 500.0 in clean(arm).arm.curve.time
    assert "2 points within rounding error of a risk time, set equal to it" in clean(arm).notes
    found = reconstruct(arm)
    assert found.ipd.time.tolist() == [100, 500, 500, 900]
    assert [row.reconstructed for row in found.risk] == [4, 3]
    assert found.residuals.max_abs < 1e-9


def test_a_mark_at_a_fall_counts_there():
    arm = Arm.from_arrays(TIME, SURVIVAL, n=4, censor_times=[99.9999999, 300])
    np.testing.assert_array_equal(clean(arm).arm.censor_times, [100, 300])


def test_what_differs_by_more_than_rounding_stays():
    arm = Arm.from_arrays([0, 499.99, 499.99, 900], [1, 1, 0.75, 0.75], n=4, risk_times=[0, 500], risk_counts=[4, 3], censor_times=[499.98])
    cleaned = clean(arm).arm
    assert 499.99 in cleaned.curve.time and cleaned.censor_times.tolist() == [499.98]
