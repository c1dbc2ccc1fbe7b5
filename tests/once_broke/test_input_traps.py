"""What our first versions of data, read and clean got wrong. Each case says what came out and what is right."""

from __future__ import annotations

import numpy as np
import pytest

from survrecon.clean import clean
from survrecon.data import IPD, Arm
from survrecon.errors import StudyFileError
from survrecon.read import read_curve, read_ipd, read_risk_table


def test_more_strata_than_subjects():
    # The surplus was dropped, and the others may have belonged to other subjects.
    with pytest.raises(ValueError, match="2 times but 3 strata"):
        IPD([1, 2], [1, 0], stratum=["a", "b", "c"])


def test_risk_table_with_no_count():
    # "zip() argument 2 is shorter than argument 1"
    arm = Arm.from_arrays([0, 1], [1, 0.5], n=4, risk_times=[0, 1], risk_counts=[None, None])
    assert clean(arm).arm.risk is None


def test_one_missing_cell_and_one_added():
    # As many rows as before, so that the table with the missing cell came back.
    arm = Arm.from_arrays([0, 1], [1, 0.5], n=4, risk_times=[1, 2], risk_counts=[3, None])
    risk = clean(arm).arm.risk
    assert (risk.time.tolist(), risk.count.tolist()) == ([0, 1], [4, 3])


def test_first_scan_read_with_clicks_out_of_order():
    # Progression at the first scan: a fall from 0.9 to 0.3 within 2% of the time range, its clicks in no order of time. The
    # largest move by isotonic regression is to the mean, 0.3, which was taken for a hopeless curve and refused.
    time = [0, 1.52, 1.58, 1.50, 1.56, 1.54, 4, 6]
    survival = [1, 0.9, 0.75, 0.6, 0.45, 0.3, 0.25, 0.2]
    curve = clean(Arm.from_arrays(time, survival, n=60)).arm.curve
    assert np.allclose(curve.survival, [1, 0.9, 0.75, 0.6, 0.45, 0.3, 0.25, 0.2])
    assert curve.time.tolist() == sorted(time)


def test_survival_time_is_a_time(tmp_path):
    # The name matched both columns, and time was read as survival.
    (tmp_path / "curve.csv").write_text("id,survival time,survival\n1,0,1\n2,5,0.5\n")
    assert read_curve(tmp_path / "curve.csv").time.tolist() == [0, 5]


def test_comma_after_a_space_is_no_decimal_mark(tmp_path):
    # "5 ,90" was 5 and 0.90.
    (tmp_path / "curve.csv").write_text("0 ,100\n5 ,90\n")
    assert read_curve(tmp_path / "curve.csv").survival.tolist() == [100, 90]


@pytest.mark.parametrize("read", [read_curve, read_risk_table, read_ipd])
def test_a_file_of_delimiters(tmp_path, read):
    # "list index out of range"
    (tmp_path / "file.csv").write_text(";\n;\n")
    with pytest.raises(StudyFileError, match="no line but blank ones"):
        read(tmp_path / "file.csv")


def test_an_arm_without_a_name(tmp_path):
    # The empty cell was taken for a trailing delimiter's, and the arm had the label "".
    (tmp_path / "ipd.csv").write_text("time,event,arm\n1,1,\n")
    with pytest.raises(StudyFileError, match="has no arm"):
        read_ipd(tmp_path / "ipd.csv")
