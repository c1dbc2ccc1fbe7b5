"""Checks of published numbers, with ranges worked out by hand from the limits: 0.01 of the axis and what follows from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survrecon.comparison import LIMITS, compare, horizon, landmarks, not_comparable
from survrecon.data import IPD
from survrecon.published import Printed, Published, PublishedValue
from survrecon.reanalysis import reanalyze
from survrecon.results import Analysis, ArmAnalysis, Check, Comparison, Estimate, TestResult
from survrecon.schema import parse_printed
from survrecon.survival import kaplan_meier

NONE = Estimate(None, why="not asked for")


def arm(label: str = "drug", **changes) -> ArmAnalysis:
    median = Estimate(20.0, 15.0, 25.0)
    given = {"n": 100, "events": 50, "median": median, "median_linear": Estimate(20.0, 14.0, 23.0), "follow_up": NONE, "last_time": 30.0}
    return ArmAnalysis(label, **(given | {"rmst": NONE, "tau": None, "median_log": Estimate(20.0, 14.5, 24.0)} | changes))


def versus(label: str = "drug", **changes) -> Comparison:
    given = {"hr": Estimate(0.60, se=0.1), "wald_p": 0.01, "logrank": TestResult(16.0, 0.01), "weighted": {}, "survival_difference": ()}
    given |= dict.fromkeys(("rmst_difference", "rmst_ratio"), NONE) | dict.fromkeys(("rmst_difference_p", "rmst_ratio_p"))
    return Comparison(label, "placebo", **(given | {"proportional_hazards": TestResult(None, None)} | changes))


def trial(comparison: Comparison | None = None, **changes) -> Analysis:
    """100 events in two arms, unless changed."""
    return Analysis((arm("drug"), arm("placebo")), (comparison or versus(),), "placebo", **changes)


def checks(analysis: Analysis, quantity: str, printed: str, ci: tuple[str, str] | None = None, **changes) -> list[Check]:
    limits = None if ci is None else tuple(map(parse_printed, ci))
    value = PublishedValue(quantity, parse_printed(printed), ci=limits, **({"arm": "drug"} | changes))
    return compare(analysis, Published("placebo", (value,)))


def verdict(*args, **changes) -> str:
    return checks(*args, **changes)[0].verdict


def test_limits_follow_from_the_reading_error():
    assert LIMITS["survival"].size == LIMITS["rmst"].size == 0.01
    assert LIMITS["median"].size == pytest.approx(0.01 / (0.5 * 0.693147))  # 0.02885
    assert LIMITS["hazard_ratio"].size == pytest.approx(1.414214 * 0.0288539, rel=1e-5)  # 0.0408
    assert {LIMITS[name].size for name in ("logrank_p", "logrank_chi2", "wald_p")} == {LIMITS["hazard_ratio"].size / 2}
    assert all(limit.reason for limit in LIMITS.values())
    with pytest.raises(TypeError):
        LIMITS["median"] = LIMITS["survival"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("printed", "expected"),
    # ours 0.60, times or over exp(0.0408) = 1.04165: 0.57601 to 0.62499, and half a printed digit
    [
        ("0.58", "agrees"),
        ("0.57", "differs"),
        ("0.576", "agrees"),
        ("0.575", "differs"),
        ("0.6", "agrees"),
        ("0.62", "agrees"),
        ("0.63", "differs"),
    ],
)
def test_hazard_ratio(printed, expected):
    assert verdict(trial(), "hazard_ratio", printed) == expected


def test_a_check_carries_all_that_is_shown():
    (check,) = checks(trial(), "hazard_ratio", "0.58", source="abstract")
    assert (check.quantity, check.arm, check.published, check.value, check.source) == ("hazard ratio", "drug", "0.58", 0.60, "abstract")
    assert check.interval == pytest.approx((0.60 / 1.04165 - 0.005, 0.60 * 1.04165 + 0.005), abs=1e-4)
    assert check.allowed == pytest.approx(0.0408, abs=1e-4)
    assert check.why == LIMITS["hazard_ratio"].reason


def test_confidence_limits_are_recomputed_at_the_published_level():
    # R: 0.6 * exp(c(-1, 1) * qnorm(1 - 0.0033 / 2) * 0.1) is 0.4472 and 0.8049; at 95% it is 0.4932 and 0.7299
    _, lower, upper = checks(trial(), "hazard_ratio", "0.60", ("0.447", "0.805"), level=0.9967)
    assert (lower.quantity, upper.quantity) == ("hazard ratio, lower limit", "hazard ratio, upper limit")
    assert (lower.value, upper.value) == pytest.approx((0.4472, 0.8049), abs=1e-4)
    assert (lower.verdict, upper.verdict) == ("agrees", "agrees")
    _, lower, upper = checks(trial(), "hazard_ratio", "0.60", ("0.447", "0.805"))
    assert (lower.value, upper.value) == pytest.approx((0.4932, 0.7299), abs=1e-4)
    assert (lower.verdict, upper.verdict) == ("differs", "differs")


def test_without_a_standard_error_limits_cannot_be_compared():
    estimate, lower, _ = checks(trial(versus(hr=Estimate(0.60, 0.5, 0.72))), "hazard_ratio", "0.60", ("0.5", "0.7"))
    assert (estimate.verdict, lower.verdict) == ("agrees", "not comparable")


@pytest.mark.parametrize(
    ("printed", "expected"),
    # ours 20, 2.885% of it is 0.577: 19.423 to 20.577
    [
        ("20.5", "agrees"),
        ("20.6", "agrees"),
        ("20.7", "differs"),
        ("19", "agrees"),
        ("18", "differs"),
        ("not reached", "differs"),
        (">25", "differs"),
    ],
)
def test_median(printed, expected):
    assert verdict(trial(), "median", printed) == expected


@pytest.mark.parametrize(
    ("printed", "expected"), [("not reached", "agrees"), ("NE", "agrees"), ("20", "differs"), (">24", "agrees"), ("<24", "differs")]
)
def test_median_of_ours_not_reached(printed, expected):
    analysis = Analysis((arm(median=Estimate(None, 15.0, None, why="median not reached")),))
    assert verdict(analysis, "median", printed) == expected


def test_median_interval_of_a_type_the_paper_does_not_name():
    # log-log 15 to 25, linear 14 to 23, log 14.5 to 24; each limit is allowed 2.885% of ours
    estimate, lower, upper = checks(trial(), "median", "20", ("14.0", "23.0"))
    assert [check.verdict for check in (estimate, lower, upper)] == ["agrees"] * 3
    assert (lower.value, upper.value) == (14.0, 23.0)
    assert lower.why.endswith("ours by the linear method") and upper.why.endswith("ours by the linear method")
    _, lower, upper = checks(trial(), "median", "20", ("15.0", "23.0"))  # no single type gives both: the first of two equally good ones
    assert (lower.value, upper.value, lower.verdict, upper.verdict) == (15.0, 25.0, "agrees", "differs")


@pytest.mark.parametrize(("kind", "limits"), [("log-log", (15.0, 25.0)), ("linear", (14.0, 23.0)), ("log", (14.5, 24.0))])
def test_median_interval_of_the_published_type(kind, limits):
    _, lower, upper = checks(trial(), "median", "20", ("14.0", "23.0"), ci_type=kind)
    assert (lower.value, upper.value) == limits


def test_median_interval_of_a_type_or_level_that_ours_has_not():
    for changes in ({"ci_type": "Hall-Wellner"}, {"level": 0.9}):
        estimate, lower, upper = checks(trial(), "median", "20", ("14", "23"), **changes)
        assert [check.verdict for check in (estimate, lower, upper)] == ["agrees", "not comparable", "not comparable"]
        assert str(*changes.values()) in lower.why


def test_limit_not_reached():
    analysis = Analysis((arm(median=Estimate(20.0, 15.0, None), median_linear=Estimate(20.0, 15.0, None), median_log=None),))
    _, _, upper = checks(analysis, "median", "20", ("15", "not estimable"))
    assert (upper.verdict, upper.value, upper.interval) == ("agrees", None, None)
    _, _, upper = checks(analysis, "median", "20", ("15", "40"))
    assert upper.verdict == "differs"


def test_survival_at_a_time():
    analysis = Analysis((arm(survival=((6.0, Estimate(0.204, se=0.05)), (12.0, Estimate(None, why="time 12 is beyond follow-up")))),))
    assert verdict(analysis, "survival", "21%", time=6) == "agrees"  # 0.194 to 0.214, half a percent more either way
    assert verdict(analysis, "survival", "19%", time=6) == "agrees"
    assert verdict(analysis, "survival", "18%", time=6) == "differs"
    (check,) = checks(analysis, "survival", "10%", time=12)
    assert (check.quantity, check.verdict, check.why) == (
        "survival at 12",
        "not comparable",
        "ours is not estimable: time 12 is beyond follow-up",
    )
    assert verdict(analysis, "survival", "10%", time=18) == "not comparable"


@pytest.mark.parametrize(
    ("kind", "limits"),
    # S 0.5, standard error 0.05, 1.96 of them 0.098: 0.5 -+ 0.098; 0.5 exp(-+0.196); 0.5 to the power exp(+-0.098 / (0.5 ln 2)),
    # that is 1.3267 and 0.7537
    [("linear", (0.402, 0.598)), ("log", (0.4110, 0.6083)), ("log-log", (0.3986, 0.5931))],
)
def test_survival_intervals(kind, limits):
    analysis = Analysis((arm(survival=((6.0, Estimate(0.5, se=0.05)),)),))
    _, lower, upper = checks(analysis, "survival", "50%", ("40%", "60%"), time=6, ci_type=kind)
    assert (lower.value, upper.value) == pytest.approx(limits, abs=1e-4)


def test_survival_of_one_has_no_interval():
    analysis = Analysis((arm(survival=((6.0, Estimate(1.0, 1.0, 1.0, se=0.0)),)),))
    estimate, lower, _ = checks(analysis, "survival", "100%", ("98%", "100%"), time=6)
    assert (estimate.verdict, lower.verdict) == ("agrees", "not comparable")


def test_restricted_mean():
    analysis = Analysis((arm(rmst=Estimate(15.0, se=0.5), tau=24.0),))
    assert verdict(analysis, "rmst", "15.2", time=24) == "agrees"  # 1% of 24 is 0.24
    assert verdict(analysis, "rmst", "15.3", time=24) == "differs"
    assert verdict(analysis, "rmst", "15.2", time=36) == "not comparable"
    _, lower, _ = checks(analysis, "rmst", "15.0", ("14.0", "16.0"), time=24)
    assert lower.value == pytest.approx(15 - 1.95996 * 0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("printed", "expected"),
    # ours 0.01, z 2.5758; 100 events allow 0.0204 * 10 = 0.204: z 2.372 to 2.780, p 0.0054 to 0.0177
    [
        ("0.02", "agrees"),
        ("0.03", "differs"),
        ("0.005", "agrees"),
        ("0.004", "differs"),
        ("<0.01", "agrees"),
        ("<0.001", "differs"),
        (">0.05", "differs"),
    ],
)
@pytest.mark.parametrize("quantity", ["logrank_p", "wald_p"])
def test_p_value(quantity, printed, expected):
    assert verdict(trial(), quantity, printed) == expected


def test_one_sided_p_value():
    # half of 0.01, and of its range 0.0054 to 0.0177, where the hazard ratio is below 1; else one minus that
    (check,) = checks(trial(), "logrank_p", "0.0085", two_sided=False)
    assert (check.value, check.verdict) == (pytest.approx(0.005), "agrees")
    assert verdict(trial(), "logrank_p", "0.0095", two_sided=False) == "differs"
    (check,) = checks(trial(versus(hr=Estimate(1.7, se=0.1))), "logrank_p", "0.005", two_sided=False)
    assert (check.value, check.verdict) == (pytest.approx(0.995), "differs")
    (check,) = checks(trial(versus(hr=Estimate(None, why="no events"))), "logrank_p", "0.005", two_sided=False)
    assert check.verdict == "not comparable"


def test_p_value_that_underflows():
    analysis = trial(versus(logrank=TestResult(1600.0, 0.0)))
    assert verdict(analysis, "logrank_p", "<0.0001") == "agrees"
    assert verdict(analysis, "logrank_p", "0.04") == "differs"


@pytest.mark.parametrize(("printed", "expected"), [("17.7", "agrees"), ("17.8", "differs"), ("14.4", "agrees"), ("14.3", "differs")])
def test_chi_squared(printed, expected):
    # ours 16, z 4, allowed 0.204: 3.796 ** 2 = 14.41 to 4.204 ** 2 = 17.67
    assert verdict(trial(), "logrank_chi2", printed) == expected


def test_stratified_results_need_strata_but_show_ours():
    for quantity, ours in (("hazard_ratio", 0.60), ("logrank_p", 0.01), ("logrank_chi2", 16.0), ("wald_p", 0.01)):
        (check,) = checks(trial(), quantity, "0.60", stratified=True)
        assert (check.verdict, check.value) == ("not comparable", ours)
        assert "stratified" in check.why
    stratified = trial(versus(stratified_hr=Estimate(0.5, se=0.1), stratified_logrank=TestResult(20.0, 0.001)))
    assert checks(stratified, "hazard_ratio", "0.50", stratified=True)[0].value == 0.5
    assert verdict(stratified, "hazard_ratio", "0.50", stratified=True) == "agrees"
    assert verdict(stratified, "logrank_p", "0.001", stratified=True) == "agrees"
    assert verdict(stratified, "hazard_ratio", "0.50") == "differs"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"adjusted": True}, "adjusted"),
        ({"population": "per protocol"}, "per protocol"),
        ({"arm": "another"}, "no reconstructed comparison of 'another'"),
    ],
)
def test_what_cannot_be_compared_says_why(changes, reason):
    (check,) = checks(trial(), "hazard_ratio", "0.60", **changes)
    assert check.verdict == "not comparable"
    assert reason in check.why


def test_other_obstacles():
    assert verdict(trial(), "median", "20", arm="another") == "not comparable"
    (check,) = checks(trial(versus(hr=Estimate(None, why="no events in arm 'drug'"))), "hazard_ratio", "0.60")
    assert (check.verdict, check.why) == ("not comparable", "ours is not estimable: no events in arm 'drug'")
    swapped = compare(trial(), Published("drug", (PublishedValue("hazard_ratio", Printed("1.7", 1.7), arm="placebo"),)))
    assert swapped[0].verdict == "not comparable"
    assert "'drug'" in swapped[0].why and "'placebo'" in swapped[0].why


def test_what_was_used_is_never_confirmed():
    analysis = trial(used=("median drug",))
    assert [check.verdict for check in checks(analysis, "median", "20", ("15", "25"))] == ["used as input"] * 3
    assert verdict(analysis, "median", "20", arm="placebo") == "agrees"


def test_the_arm_may_be_left_out_where_there_is_one():
    assert verdict(trial(), "hazard_ratio", "0.60", arm=None) == "agrees"
    assert verdict(Analysis((arm(),)), "median", "20", arm=None) == "agrees"
    assert verdict(trial(), "median", "20", arm=None) == "not comparable"


def test_several_arms():
    three = Analysis(
        (arm("a"), arm("b"), arm("placebo")), (versus("a"), versus("b", hr=Estimate(0.8, se=0.1))), "placebo", TestResult(9.0, 0.011, 2)
    )
    assert checks(three, "hazard_ratio", "0.80", arm="b")[0].value == 0.8
    assert verdict(three, "hazard_ratio", "0.80", arm=None) == "not comparable"
    # the test over all arms: 150 events allow 0.0204 * 12.247 = 0.25
    (check,) = checks(three, "logrank_p", "0.011", arm=None)
    assert (check.value, check.verdict, check.allowed) == (0.011, "agrees", pytest.approx(0.2499, abs=1e-3))
    assert checks(three, "logrank_chi2", "9.0", arm=None)[0].value == 9.0
    for changes in ({"stratified": True}, {"two_sided": False}):
        assert verdict(three, "logrank_p", "0.011", arm=None, **changes) == "not comparable"


def test_not_comparable_gives_one_check_for_each_printed_number():
    values = (
        PublishedValue("median", Printed("20", 20.0), arm="drug", ci=(Printed("15", 15.0), Printed("NE", None))),
        PublishedValue("logrank_p", Printed("<0.001", 0.001, "<"), source="abstract"),
    )
    result = not_comparable(Published("placebo", values), "no coordinates")
    assert [check.quantity for check in result] == ["median", "median, lower limit", "median, upper limit", "log-rank p"]
    assert {(check.verdict, check.value, check.why) for check in result} == {("not comparable", None, "no coordinates")}


def test_times_to_reanalyze_at():
    values = [PublishedValue("survival", Printed("50%", 0.5), time=time) for time in (12.0, 6.0, 12.0)]
    values.append(PublishedValue("rmst", Printed("15", 15.0), time=24.0))
    assert landmarks(Published(None, tuple(values))) == (6.0, 12.0)
    assert horizon(Published(None, tuple(values))) == 24.0
    assert horizon(Published()) is None


@given(st.floats(0.05, 20), st.integers(1, 4))
def test_our_own_value_rounded_agrees(hr, digits):
    assert verdict(trial(versus(hr=Estimate(hr, se=0.1))), "hazard_ratio", f"{hr:.{digits}f}") == "agrees"


@given(st.floats(0.05, 20), st.sampled_from([-1, 1]), st.floats(1.05, 3))
def test_a_value_further_off_than_the_limit_differs(hr, direction, factor):
    published = hr * factor**direction  # more than exp(0.0408) = 1.0417 off, printed to six decimals
    assert verdict(trial(versus(hr=Estimate(hr, se=0.1))), "hazard_ratio", f"{published:.6f}") == "differs"


@given(st.floats(1e-12, 1), st.booleans())
def test_p_values_agree_with_themselves(p, two_sided):
    analysis = trial(versus(logrank=TestResult(1.0, p)))
    (check,) = checks(analysis, "logrank_p", f"{p if two_sided else p / 2:.3g}", two_sided=two_sided)
    assert check.verdict == "agrees"
    assert all(math.isfinite(end) for end in check.interval)


def test_a_median_where_the_curve_runs_flat_near_one_half():
    """Survival 0.504 from 10 to 20: had it been read 0.01 too high, the median would be 10 and not 20."""
    curve = kaplan_meier(*_flat(504))
    assert curve.survival.tolist() == pytest.approx([0.504, 0.404])
    analysis = reanalyze([IPD(*_flat(504), label="drug")])
    reach = analysis.arms[0].median_misread[0]
    assert (analysis.arms[0].median.value, reach[0].value, reach[1].value) == (20, 10, 20)
    published = Published(None, (PublishedValue("median", Printed("10", 10.0, half_unit=0.5), arm="drug"),))
    (check,) = compare(analysis, published)
    assert check.verdict == "agrees" and check.interval[0] == pytest.approx(10 - 0.4 - 0.5)  # 1% of 40, and half a printed digit
    (far,) = compare(reanalyze([IPD(*_flat(530), label="drug")]), published)
    assert far.verdict == "differs"


def test_a_median_that_is_nearly_reached():
    """Survival 0.505 to the end: not reached, but 0.01 lower it would be at 10."""
    time = np.append(np.repeat(10.0, 495), np.repeat(40.0, 505))
    analysis = reanalyze([IPD(time, time < 40, label="drug")])
    verdicts = {}
    for text, number in (("10", 10.0), ("5", 5.0)):
        (check,) = compare(analysis, Published(None, (PublishedValue("median", Printed(text, number, half_unit=0.5), arm="drug"),)))
        verdicts[text] = (check.value, check.verdict)
    assert verdicts == {"10": (None, "agrees"), "5": (None, "differs")}


def _flat(left: int) -> tuple[np.ndarray, np.ndarray]:
    """A thousand subjects: all but `left` have an event at 10, a hundred at 20, the others are censored at 40."""
    time = np.repeat([10.0, 20.0, 40.0], [1000 - left, 100, left - 100])
    return time, time < 40
