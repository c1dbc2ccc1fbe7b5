"""What once broke the audit: numbers that contradict each other must not hide, crash or invent a finding."""

from __future__ import annotations

import numpy as np

from survrecon.auditing import audit
from survrecon.checks._bands import survival_at_limit
from survrecon.data import Arm, Curve, RiskTable, Study
from survrecon.fields import parse_printed
from survrecon.published import Published, PublishedValue

FALL = Curve([0, 3, 3, 9, 9, 30], [1, 1, 0.75, 0.75, 0.55, 0.55], "probability", "survival")
TABLE = RiskTable([0, 6, 12, 18], [200, 150, 100, 90])


def findings(*values: PublishedValue, **arm: object) -> dict[str, str]:
    """Return the verdicts on one arm of 200 by check."""
    study = Study("x", "X", "survival", "month", "printed", (Arm("drug", 200, **arm),), Published(None, values))
    return {finding.check: finding.verdict for finding in audit(study)}


def median(text: str) -> PublishedValue:
    return PublishedValue("median", parse_printed(text), "drug")


def test_a_median_off_its_curve_does_not_hide_the_events():
    """The two together left no curve at all, and the total of events was not looked at; now the curve alone counts."""
    verdicts = findings(median("4.0"), curve=FALL, risk=TABLE, total_events=190)
    assert (verdicts["median on the curve"], verdicts["events within the losses"]) == ("impossible", "impossible")


def test_a_median_printed_as_above_a_time():
    """Infinity less infinity: the curve never reaches 0.5, and neither does a median above 24 say when it is."""
    assert findings(median(">24"), curve=FALL)["median on the curve"] == "consistent"


def test_a_table_with_one_cell_after_a_curve_that_says_nothing_yet():
    flat = Curve([0, 20], [1, 1], "probability", "survival")
    assert "numbers at risk under the curve" not in findings(curve=flat, risk=RiskTable([0, 6], [200, 200]))


def test_survival_without_its_time():
    value = PublishedValue("survival", parse_printed("50%"), "drug")
    assert set(findings(value, risk=TABLE).values()) <= {"consistent"}


def test_more_censor_marks_than_subjects():
    verdicts = findings(total_events=0, censor_times=np.arange(1.0, 202.0))
    assert verdicts["events and censor marks"] == "impossible"


def test_the_log_band_widens_again_next_to_0():
    """With one of 90 left, S exp(1.96 SE) is above one half again at S = 0.001, which no curve of 90 subjects reaches."""
    low, high = survival_at_limit("upper", 90, 11, 0.95, "log")
    assert 0.3 < low < high < 0.4


def test_a_small_trial_followed_to_the_end(tiny):
    """Ten and ten subjects, all with an event, hazard ratio 0.277: the arms drift apart, and the interval is wider than 1/d + 1/d says."""
    from survrecon.read import read_study

    assert {finding.verdict for finding in audit(read_study(tiny))} == {"consistent"}
