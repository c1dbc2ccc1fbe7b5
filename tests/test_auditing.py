"""The audit, each check by hand: counts, numbers at risk, curves, medians, hazard ratios, subgroups, designs."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
from audited import DIGITIZED, INVESTIGATOR, RATIO, ROOT, curve, external, found, study, table, value, verdict

from survrecon.auditing import audit
from survrecon.checks._bands import log_se_range, survival_at_limit
from survrecon.checks._bounds import Bounds, event_range, least_survival, none
from survrecon.checks.design import events_needed, spent
from survrecon.data import Arm, Curve, RiskTable, Study
from survrecon.published import Design, Interim, Subgroup
from survrecon.read import parse_printed, read_study
from survrecon.results import Finding

# Counts


def test_the_first_number_at_risk_is_n():
    def given(first: int) -> Study:
        return study(arms=(Arm("drug", 200, risk=table(first, 150)),))

    assert verdict(given(200), "first number at risk is n") == "consistent"
    assert verdict(given(190), "first number at risk is n") == "impossible"


def test_statements_beside_the_risk_table_keep_its_order():
    """At 12, 100 are at risk; at 18, 60: of those beyond 15 there are at most 100, and at least 60."""

    def given(**more) -> Study:
        return study(arms=(Arm("drug", 200, risk=table(200, 150, 100, 60), **more),))

    check = "numbers at risk do not increase"
    verdicts = {count: verdict(given(beyond=((15.0, count),)), check) for count in (59, 60, 100, 101)}
    assert verdicts == {59: "in tension", 60: "consistent", 100: "consistent", 101: "impossible"}
    assert verdict(given(last_follow_up=20.0), check) == "consistent"
    assert verdict(given(last_follow_up=17.0), check) == "impossible"  # 60 are at risk at 18


def test_events_and_their_percentage():
    """PALOMA-2: 194 of 444 are 43.69%; a percent of 194 / 445 would be 43.6."""
    for text, expected in (("43.7%", "consistent"), ("43.8%", "impossible"), ("44%", "consistent")):
        arm = Arm("drug", 444, total_events=194, events_percent=parse_printed(text))
        assert verdict(study(arms=(arm,)), "events and their percentage") == expected


def test_each_censor_mark_is_a_subject_without_the_event():
    for events, expected in ((7, "consistent"), (8, "impossible")):
        arm = Arm("drug", 10, total_events=events, censor_times=[1, 2, 2, 3])
        assert verdict(study(arms=(arm,)), "events and censor marks") == expected


# Numbers at risk, curves, events


def test_numbers_at_risk_stay_below_the_curve():
    """S is 0.5 from 5 on; read to within 0.02 of 30 months and of 1, 104 of 200 can be at risk at 12, and 102 are within the usual 0.01."""
    line = curve((0, 1), (5, 1), (5, 0.5), (30, 0.5))

    def given(count: int) -> Finding:
        (finding,) = found(study(arms=(Arm("drug", 200, line, table(200, 104, count)),)), "numbers at risk under the curve")
        return finding

    arms = (Arm("drug", 200, line, table(200, count)) for count in (102, 103, 104, 105))
    verdicts = [verdict(study(arms=(arm,)), "numbers at risk under the curve") for arm in arms]
    assert verdicts == ["consistent", "in tension", "in tension", "impossible"]
    assert given(90).verdict == "in tension"  # because of the cell before


def test_numbers_at_risk_stay_below_one_half_after_the_median():
    """The inequality is n(t) <= n S(t-) <= n / 2 for t after the median, rounding included."""
    for count, expected in ((100, "consistent"), (101, "impossible")):
        arm = Arm("drug", 200, risk=table(200, count))
        assert verdict(study(value("median", "5.9"), arms=(arm,)), "numbers at risk under the median") == expected
        assert found(study(value("median", "6.0"), arms=(arm,)), "numbers at risk under the median") == []  # before or after 6?


def test_numbers_at_risk_stay_below_survival_at_a_landmark():
    """0.30 +- 0.005 of 200 are 61; the count at the landmark itself is that just before it, and not bound."""
    for count, expected in ((61, "consistent"), (62, "impossible")):
        arm = Arm("drug", 200, risk=table(200, 150, count))
        given = study(value("survival", "30%", time=11.0), arms=(arm,))
        assert verdict(given, "numbers at risk under survival at a landmark") == expected
        assert found(study(value("survival", "30%", time=12.0), arms=(arm,)), "numbers at risk under survival at a landmark") == []


def test_events_lie_between_all_after_and_all_before_the_losses():
    """Ten subjects, six at risk at 6 when S is 0.75: 6 (1 / 0.75 - 1) = 2 to 10 (1 - 0.75) = 2.5 events; then S = 0.25, 1 at risk.

    From 6 to 12: 1 (0.75 / 0.25 - 1) = 2 to 6 (1 - 1/3) = 4 events. In all 4 to 6.5, and one more may come after 12.
    """
    count, survival = np.array([10.0, 6.0, 1.0]), np.array([1.0, 0.75, 0.25])
    assert event_range(count, Bounds(survival, survival), rest=1.0) == pytest.approx((4.0, 7.5))
    assert event_range(count, Bounds(survival * 0, np.array([1.0, 0.5, 0.25])), rest=1.0) is None  # 6 of 10 are at risk with S <= 0.5
    assert least_survival(count, none(count)) == pytest.approx([1.0, 0.6, 0.1])


def test_a_total_of_another_figure_is_impossible():
    line = curve((0, 1), (3, 1), (3, 0.75), (9, 0.75), (9, 0.5), (30, 0.5))
    arms = {events: Arm("drug", 200, line, table(200, 150, 90, 80, 40, 0), total_events=events) for events in (97, 150)}
    verdicts = {events: verdict(study(arms=(arm,)), "events within the losses") for events, arm in arms.items()}
    assert verdicts == {97: "consistent", 150: "impossible"}  # exact coordinates: 150 (1/0.75 - 1) + 90 = 95.. to 50 + 50 = 100 events


def arms_of_bonner(exchanged: bool) -> tuple[Arm, ...]:
    folder = external("bonner-2006-locoregional")
    with (folder / "risk-table.csv").open() as file:
        rows = [list(map(float, row)) for row in list(csv.reader(file))[1:]]
    time, *counts = np.array(rows).T
    labels = ("radiotherapy", "radiotherapy-cetuximab")
    arms = []
    for label, count in zip(labels, counts[::-1] if exchanged else counts, strict=True):
        points = np.loadtxt(folder / f"{label}.csv", delimiter=",", skiprows=1)
        arms.append(Arm(label, int(count[0]), Curve(points[:, 0], points[:, 1], "percent", "survival"), RiskTable(time, count)))
    return tuple(arms)


def test_bonner_2006_with_its_rows_exchanged():
    check = "numbers at risk in their own rows"
    printed = replace(study(), arms=arms_of_bonner(False))
    exchanged = replace(study(), arms=arms_of_bonner(True))
    assert {finding.verdict for finding in audit(printed)} == {"consistent"}
    (finding,) = found(exchanged, check)
    assert finding.verdict == "impossible"
    assert "the rows of the two arms are probably swapped" in finding.why
    under = {each.subject: each.verdict for each in found(exchanged, "numbers at risk under the curve")}
    assert under == {"radiotherapy": "impossible", "radiotherapy-cetuximab": "consistent"}


@pytest.mark.parametrize("path", DIGITIZED, ids=lambda path: path.name)
def test_any_study_with_its_arms_exchanged(path):
    given = read_study(path)
    first, second = given.arms
    curves = replace(given, arms=(replace(first, curve=second.curve), replace(second, curve=first.curve)))
    assert verdict(curves, "numbers at risk in their own rows") != "consistent"
    assert "impossible" in {finding.verdict for finding in audit(curves)}
    rows = (replace(first, n=second.n, total_events=None, risk=second.risk), replace(second, n=first.n, total_events=None, risk=first.risk))
    assert verdict(replace(given, arms=rows), "numbers at risk in their own rows") != "consistent"


# Medians and landmarks


@pytest.mark.parametrize(
    ("text", "ci", "expected"),
    [
        ("5.9", ("4.5", "7.2"), "consistent"),
        ("7.3", ("4.5", "7.2"), "consistent"),  # 7.25 fits both
        ("7.4", ("4.5", "7.2"), "impossible"),
        ("4.3", ("4.5", "7.2"), "impossible"),
        ("24.8", ("22.1", "not estimable"), "consistent"),
        ("not reached", ("22.1", "30.0"), "impossible"),
    ],
)
def test_a_median_lies_within_its_interval(text, ci, expected):
    assert verdict(study(value("median", text, ci=ci)), "median within its interval") == expected


def test_a_median_lies_on_its_curve():
    """The curve crosses 0.5 at 9; usual reading 0.3 of 30 months, worst 0.6, and the last point before the fall."""
    arm = Arm("drug", 200, curve((0, 1), (8, 1), (8, 0.6), (9, 0.6), (9, 0.4), (30, 0.4)))
    expected = {"9.0": "consistent", "9.5": "in tension", "12.0": "impossible", "not reached": "impossible"}
    assert {text: verdict(study(value("median", text), arms=(arm,)), "median on the curve") for text in expected} == expected


def test_the_limits_of_a_median_lie_where_the_band_crosses():
    """S + 1.96 sqrt(S (1 - S) / 100) = 0.5 at S = 0.404: (0.5 - S)^2 = 0.0384 S (1 - S), so 1.0384 S^2 - 1.0384 S + 0.25 = 0."""
    root = (1 - math.sqrt(1 - 1 / 1.038416)) / 2
    assert survival_at_limit("upper", 100, 40, 0.95, "linear") == pytest.approx((root, root), abs=0.002)
    lower, upper = survival_at_limit("lower", 100, 60, 0.95, "linear")
    assert lower <= 1 - root <= upper
    line = curve(*((t, 1 - t / 40) for t in range(31)))
    given = [study(value("median", "20.0", ci=("16.0", text)), arms=(Arm("drug", 100, line),)) for text in ("24.0", "20.9")]
    assert [verdict(each, "limits of the median on the curve", "drug, upper") for each in given] == ["consistent", "in tension"]


def test_survival_at_a_landmark_lies_on_its_curve():
    arm = Arm("drug", 200, curve((0, 1), (3, 1), (3, 0.6), (30, 0.6)))
    expected = {"60%": "consistent", "62%": "in tension", "40%": "impossible"}
    given = {text: study(value("survival", text, time=12.0), arms=(arm,)) for text in expected}
    assert {text: verdict(each, "survival on the curve") for text, each in given.items()} == expected


def test_survival_does_not_rise():
    given = [study(value("median", "8.29"), value("survival", text, time=26.0)) for text in ("21%", "51%", "50%")]
    assert [verdict(each, "survival does not rise") for each in given] == ["consistent", "impossible", "consistent"]
    early = study(value("median", "8.29"), value("survival", "40%", time=4.0))
    assert verdict(early, "survival does not rise") == "impossible"


def test_somebody_is_at_risk_until_the_median_and_its_limits():
    arm = Arm("drug", 200, risk=table(200, 90, 20, 0))  # nobody from 18 on
    given = [study(value("median", "5.5", ci=("4.0", upper)), arms=(arm,)) for upper in ("18.0", "18.2")]
    assert [verdict(each, "follow-up reaches the median and its limits") for each in given] == ["consistent", "impossible"]


def test_the_interval_of_survival_is_as_wide_as_its_subjects_allow():
    """50% of 100: SE at least 5 points, linear limits 40 to 60 or wider; with 25 at risk at most 0.5 sqrt(0.5 / 25), 7.07 points."""
    assert log_se_range((0.5, 0.5), 100, 25) == pytest.approx((0.1, math.sqrt(0.02)))
    arm = Arm("drug", 100, risk=table(100, 70, 25))
    for limits, expected in ((("40%", "60%"), "consistent"), (("36%", "64%"), "consistent"), (("44%", "56%"), "in tension")):
        given = study(value("survival", "50%", ci=limits, time=12.0, ci_type="linear"), arms=(arm,))
        assert verdict(given, "width of the interval of survival") == expected


# Hazard ratios


@pytest.mark.parametrize(
    ("text", "expected"),
    # sqrt(0.455 * 0.715) = 0.5704 and sqrt(0.465 * 0.725) = 0.5806, and half a digit
    [("0.57", "consistent"), ("0.58", "consistent"), ("0.56", "in tension"), ("0.59", "in tension"), ("0.85", "impossible")],
)
def test_a_hazard_ratio_lies_in_the_middle_of_its_interval(text, expected):
    assert verdict(study(replace(RATIO, estimate=parse_printed(text))), "hazard ratio in the middle of its interval") == expected


def test_an_interval_and_its_wald_p():
    """R, coxph on survival::lung: 0.588 (0.4237 to 0.816), Wald p 0.00149 (digitized/ncctg-lung-sex-os)."""
    ratio = value("hazard_ratio", "0.588", ci=("0.4237", "0.816"), model="Cox, Efron ties")
    given = [study(ratio, value("wald_p", text)) for text in ("0.00149", "0.00194")]
    assert [verdict(each, "interval and Wald p") for each in given] == ["consistent", "impossible"]


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    # ln(0.58) / (ln(0.72 / 0.46) / 3.92) = -4.77; two-sided p 1.9e-6
    [
        ("<0.001", {}, "consistent"),
        ("0.000002", {}, "consistent"),
        ("0.03", {}, "in tension"),
        ("0.000001", {"two_sided": False}, "consistent"),
        ("0.999999", {"two_sided": False}, "consistent"),  # one-sided the other way
    ],
)
def test_an_interval_and_its_log_rank_p(text, more, expected):
    assert verdict(study(RATIO, value("logrank_p", text, **more)), "interval and log-rank p") == expected


def test_a_one_sided_p_value_in_place_of_a_two_sided_one_is_named():
    """0.64 (0.47 to 0.88): z = -2.79, two-sided 0.0053."""
    ratio = value("hazard_ratio", "0.640", ci=("0.468", "0.875"))
    (finding,) = found(study(ratio, value("logrank_p", "0.00255")), "interval and log-rank p")
    assert finding.verdict == "in tension"
    assert "it would fit as a one-sided p value" in finding.why


def test_levels_other_than_95_percent():
    """z = 2.9352 for 99.67%: the interval of SE 0.114 around 0.58 is 0.415 to 0.811."""
    wide = value("hazard_ratio", "0.58", ci=("0.42", "0.81"), level=0.9967, model="Cox")
    arms = (Arm("drug", 200, total_events=150), Arm("placebo", 200, total_events=160))  # sqrt(1/150 + 1/160) = 0.1136
    check = "width of the interval against the events"
    assert verdict(study(wide, arms=arms), check) == "consistent"
    (finding,) = found(study(replace(wide, level=0.95), arms=arms), check)
    assert finding.verdict == "in tension"
    narrow = replace(wide, ci=(parse_printed("0.48"), parse_printed("0.70")), level=0.95)
    (finding,) = found(study(narrow, arms=arms), check)
    assert finding.verdict == "impossible"
    assert "it would fit at the confidence level 0.9" in finding.why


def test_an_interval_needs_subjects():
    """Fewer than 1/200 + 1/200 = 0.1^2 the variance cannot be: limits exp(-/+ 0.196) around 1, 0.82 to 1.22, are the narrowest."""
    for ci, expected in ((("0.82", "1.22"), "consistent"), (("0.85", "1.18"), "impossible")):
        given = study(value("hazard_ratio", "1.00", ci=ci, model="Cox"))
        assert verdict(given, "width of the interval against the subjects") == expected


def test_a_reversed_reference_arm_is_named():
    medians = (value("median", "24.8"), value("median", "14.5", arm="placebo"))
    assert verdict(study(RATIO, *medians), "direction of the hazard ratio against the medians") == "consistent"
    reversed_ratio = value("hazard_ratio", "1.72", ci=("1.39", "2.17"))
    (finding,) = found(study(reversed_ratio, *medians), "direction of the hazard ratio against the medians")
    assert finding.verdict == "in tension"
    assert "is the reference arm reversed (1 / HR = 0.58)" in finding.why


@pytest.mark.parametrize("kind", ["survival at a landmark", "numbers at risk", "the curves"])
def test_the_direction_against_other_evidence(kind):
    arms = (
        Arm("drug", 200, curve(*((t, 0.98**t) for t in range(31))), table(200, 170, 150)),
        Arm("placebo", 200, curve(*((t, 0.95**t) for t in range(31))), table(200, 130, 90)),
    )
    values = (value("survival", "70%", time=18.0), value("survival", "40%", arm="placebo", time=18.0))
    check = f"direction of the hazard ratio against {kind}"
    assert verdict(study(RATIO, *values, arms=arms), check) == "consistent"
    assert verdict(study(value("hazard_ratio", "1.72", ci=("1.39", "2.17")), *values, arms=arms), check) == "in tension"


def test_a_chi_squared_and_its_p_value():
    """R: 10.3 on one degree of freedom, p = 0.001 (survdiff on survival::lung)."""
    given = [study(value("logrank_chi2", "10.3"), value("logrank_p", text)) for text in ("0.001", "0.0013", "0.003")]
    assert [verdict(each, "log-rank chi-squared and p") for each in given] == ["consistent", "consistent", "impossible"]


# Subgroups


def rows(*items: tuple[str, str, str, str, int]) -> tuple[Subgroup, ...]:
    printed = [(level, *map(parse_printed, ratio), n) for level, *ratio, n in items]
    return tuple(Subgroup("site", level, hr, (low, high), n) for level, hr, low, high, n in printed)


def test_subgroups_of_paloma2_and_misprints_in_them():
    given = read_study(INVESTIGATOR)
    checks = ("subgroup sizes add up", "subgroups pool to the overall hazard ratio", "subgroups are as precise as the whole")
    assert all(verdict(given, check, "disease site") == "consistent" for check in checks)
    (size, *_), (row, *others) = given.published.subgroups, given.published.subgroups
    too_many = replace(given, published=replace(given.published, subgroups=(replace(size, n=334), *others)))
    assert verdict(too_many, checks[0], "disease site") == "impossible"
    narrow = replace(row, ci=(parse_printed("0.57"), parse_printed("0.70")))
    misprinted = replace(given, published=replace(given.published, subgroups=(narrow, *others)))
    assert verdict(misprinted, checks[2], "disease site") == "in tension"


def test_an_interaction_beyond_chance():
    """ln 0.4 and ln 1.5 with SE 0.15 each: Q = (ln 3.75)^2 / (2 * 0.0225) = 38.8."""
    check = "levels of a factor do not differ by more than chance"
    for hr, ci, expected in (("1.5", ("1.12", "2.01"), "in tension"), ("0.5", ("0.37", "0.67"), "consistent")):
        given = study(subgroups=rows(("visceral", "0.4", "0.30", "0.54", 200), ("other", hr, *ci, 200)))
        assert verdict(given, check) == expected


def test_a_subgroup_is_too_small_for_its_interval():
    """Limits of SE 0.1 need 4 / 0.01 = 400 events."""
    for n, expected in ((420, "consistent"), (300, "impossible")):
        given = study(subgroups=rows(("visceral", "1.00", "0.82", "1.22", n)))
        assert verdict(given, "width of the interval against the subjects", "site: visceral") == expected


# Designs and interim analyses


def test_events_for_the_stated_power():
    """PALOMA-2: 10.507 * 9 / (2 * 0.13769) = 343.4; CLEOPATRA: 7.849 * 4 / 0.082761 = 379.4."""
    assert events_needed(Design(347, 0.69, 0.9, 0.025, 1, 2.0)) == pytest.approx(343.4, abs=0.05)
    assert events_needed(Design(381, 0.75, 0.8, 0.05, 2)) == pytest.approx(379.4, abs=0.05)
    planned = {"paloma2-pfs-investigator": (347, 447), "cleopatra-pfs-independent": (381, 318), "cleopatra-os-interim": (385, 585)}
    for name, (events, wrong) in planned.items():
        given = read_study(ROOT / "digitized" / name)
        assert given.published.design.events == events
        assert verdict(given, "planned events against power") == "consistent"
        changed = replace(given.published, design=replace(given.published.design, events=wrong))
        assert verdict(replace(given, published=changed), "planned events against power") == "in tension"


def test_the_interim_boundary_of_cleopatra():
    """2 - 2 Phi(2.2414 / sqrt(165 / 385)) = 0.00062 one-sided, printed as 0.0012 two-sided; exp(-z 2 / sqrt(165)) is 0.604 at p 0.0006."""
    assert spent(0.025, 165 / 385) == pytest.approx(0.00062, abs=5e-6)
    assert math.exp(-3.2389 * 2 / math.sqrt(165)) == pytest.approx(0.604, abs=5e-4)  # Phi(-3.2389) = 0.0006
    given = read_study(ROOT / "digitized" / "cleopatra-os-interim")
    checks = ("interim boundary against its spending function", "interim boundary, hazard ratio and p")
    assert [verdict(given, check) for check in checks] == ["consistent", "consistent"]
    (interim,) = given.published.interims
    for changed, expected in (
        ({"boundary_p": parse_printed("0.0006")}, ["in tension", "in tension"]),
        ({"boundary_hr": parse_printed("0.630")}, ["consistent", "in tension"]),
    ):
        wrong = replace(given, published=replace(given.published, interims=(replace(interim, **changed),)))
        assert [verdict(wrong, check) for check in checks] == expected
        if "boundary_p" in changed:
            assert "it would fit as a one-sided p value" in found(wrong, checks[0])[0].why


def test_later_interim_analyses_spend_what_is_left():
    """At 50% and 75% of the information, one-sided 0.025: spent 0.00153 and 0.00965; the second boundary lies between the rest and all."""
    first, second = spent(0.025, 0.5), spent(0.025, 0.75)
    assert (first, second) == (pytest.approx(0.00153, abs=1e-5), pytest.approx(0.00965, abs=1e-5))
    looks = [Interim(events, 400, None, parse_printed(p), 0.05, 2, 2) for events, p in ((200, "0.0031"), (300, "0.0183"))]
    given = study(interims=tuple(looks))
    assert [each.verdict for each in found(given, "interim boundary against its spending function")] == ["consistent"] * 2
    late = study(interims=(looks[0], replace(looks[1], boundary_p=parse_printed("0.0300"))))
    assert [each.verdict for each in found(late, "interim boundary against its spending function")] == ["consistent", "in tension"]


def test_interim_events_come_before_the_planned_ones():
    assert verdict(study(interims=(Interim(385, 165),)), "interim events before the planned ones") == "impossible"
