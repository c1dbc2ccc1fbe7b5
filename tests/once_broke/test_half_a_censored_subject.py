"""The unit of time does not matter, even where the censored of the last interval come out at a number and a half.

5.5 in months was 5.4999999999 in days, so one subject more was censored; hypothesis found the arm.
"""

import numpy as np

from survrecon import Arm, reconstruct


def events(unit):
    arm = Arm.from_arrays(
        np.array([0, 2, 3, 6, 8, 12, 16, 18]) * unit,
        np.array([1.0, 0.81, 0.78, 0.18, 0.18, 0.13, 0.0, 0.0]),
        n=52,
        risk_times=np.array([0, 6, 12]) * unit,
        risk_counts=np.array([52, 29, 7]),
    )
    return reconstruct(arm, method="guyot", grid_points=0).ipd.event.tolist()


def test_the_unit_of_time_does_not_matter():
    assert events(30.4375) == events(1.0)
