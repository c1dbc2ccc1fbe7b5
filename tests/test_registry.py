"""The registry of methods: what it lists, and what it says to names and options it does not know."""

from __future__ import annotations

import pytest

import survrecon
from survrecon import Arm, reconstruct
from survrecon.errors import ReconstructionError
from survrecon.reconstruction import DEFAULT_METHOD, methods

ARM = Arm.from_arrays([0, 1, 2], [1, 0.75, 0.5], n=4, label="drug")


def test_methods_are_listed_with_a_line_each():
    listed = methods()
    assert {"guyot", "joint"} <= set(listed)
    assert all(summary and "\n" not in summary for summary in listed.values())
    assert list(listed) == sorted(listed)


def test_joint_is_the_default():
    assert DEFAULT_METHOD == "joint"
    assert reconstruct(ARM).method == "joint"
    assert survrecon.reconstruct is reconstruct


def test_unknown_method():
    with pytest.raises(ReconstructionError, match="unknown method 'Guyot'; use one of: guyot, joint"):
        reconstruct(ARM, method="Guyot")


@pytest.mark.parametrize("name", ["_common", "__init__", "_search"])
def test_private_modules_are_no_methods(name):
    with pytest.raises(ReconstructionError, match="unknown method"):
        reconstruct(ARM, method=name)


@pytest.mark.parametrize("method", ["guyot", "joint"])
def test_unknown_option(method):
    with pytest.raises(ReconstructionError, match=f"method '{method}' does not take these options: nonsense"):
        reconstruct(ARM, method=method, nonsense=1)


@pytest.mark.parametrize("method", ["guyot", "joint"])
def test_notes_of_cleaning_come_first(method):
    notes = reconstruct(Arm.from_arrays([2, 1], [50, 75], n=4), method=method).notes
    assert notes[0].startswith("detected scale percent")


def test_fit_report_by_hand():
    # 1 of 4 at 1, 1 of 3 at 2; read 0.75 and 0.4, so the second is missed by 0.1. Printed: 4, 3 and 1 at 0, 2 and 3.
    arm = Arm.from_arrays([0, 1, 2, 3], [1, 0.75, 0.4, 0.4], n=4, risk_times=[0, 2, 3], risk_counts=[4, 3, 1], total_events=2)
    result = reconstruct(arm, method="guyot")
    assert result.fitted.time.tolist() == [0, 1, 2]
    assert result.fitted.survival.tolist() == [1, 0.75, 0.5]
    assert result.residuals.value.round(12).tolist() == [0, 0, 0.1, 0.1]
    assert (round(result.residuals.rmse, 12), result.residuals.max_abs_time) == (round((0.02 / 4) ** 0.5, 12), 2)
    assert [(row.time, row.printed, row.reconstructed) for row in result.risk] == [(0, 4, 4), (2, 3, 3), (3, 1, 1)]
    assert result.total_events == (2, 2)
