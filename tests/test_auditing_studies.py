"""The audit of real studies, the end point that data belong to, and what the user sees."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from audited import INVESTIGATOR, ROOT, SHIPPED, external, found, study, value
from click.testing import CliRunner
from simulated_studies import cox

import survrecon
from survrecon.auditing import audit, match_endpoint, siblings
from survrecon.cli import main
from survrecon.data import IPD, Arm, Curve, Study
from survrecon.errors import ReanalysisError
from survrecon.read import read_ipd, read_study
from survrecon.survival import kaplan_meier

# Studies that come with survrecon, and the end point that data belong to


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_studies_that_come_with_survrecon_are_consistent(path):
    findings = audit(read_study(path))
    assert [finding for finding in findings if finding.verdict != "consistent"] == []
    assert findings or read_study(path).evidence == "registered"


def test_paloma2_as_a_public_database_files_it():
    """kmdata's figure 1A has the medians, events and hazard ratio of the blinded review, and the numbers at risk of Figure 1A."""
    ipd = read_ipd(external("kmdata/PALOMA2_1A.csv"))
    filed = read_study(INVESTIGATOR)
    others = siblings(filed)
    assert [other.id for other in others] == ["paloma2-pfs-bicr"]
    findings = {(finding.check, finding.subject): finding for finding in audit(filed, others, ipd)}
    match = findings["data fit the end point that they are filed under", filed.id]
    assert match.verdict == "in tension"
    assert "So the data are those of paloma2-pfs-bicr: progression-free survival, blinded independent central review" in match.why
    numbers = dict(match.numbers)
    own, sibling = f"{filed.id}: ", "paloma2-pfs-bicr: "
    assert [numbers[f"{own}{title}, palbociclib-letrozole"] for title in ("events", "median")] == ["194 (159)", "24.8 (30.5)"]
    assert [numbers[f"{own}{title}, placebo-letrozole"] for title in ("events", "median")] == ["137 (97)", "14.5 (19.4)"]
    assert numbers[f"{own}numbers at risk, palbociclib-letrozole"] == "12 cells (within 0)"
    assert numbers[f"{own}hazard ratio, palbociclib-letrozole"] == "0.58 (0.662)"
    assert numbers[f"{sibling}hazard ratio, palbociclib-letrozole"] == "0.65 (0.662)"
    assert all(findings["median on the curve", arm.label].verdict == "impossible" for arm in filed.arms)
    assert findings["events within the losses", "placebo-letrozole"].verdict == "impossible"  # 137 against at most 123
    assert {finding.verdict for (check, _), finding in findings.items() if check == "numbers at risk under the curve"} == {"consistent"}


def test_the_same_from_the_curves_alone():
    """Filed as curves: reconstructed without the printed totals, and held against both studies."""
    ipd = read_ipd(external("kmdata/PALOMA2_1A.csv"))
    filed = read_study(INVESTIGATOR)
    arms = []
    for arm, data in zip(filed.arms, ipd, strict=True):
        km = kaplan_meier(data.time, data.event)
        arms.append(replace(arm, curve=Curve(np.append(0, km.time), np.append(1, km.survival), "probability", "survival")))
    (match,) = [finding for finding in audit(replace(filed, arms=tuple(arms)), siblings(filed)) if finding.check.startswith("data fit")]
    assert "So the data are those of paloma2-pfs-bicr" in match.why


def two_arms(hr: float, seed: int = 1) -> tuple[list[IPD], Study]:
    """Exponential data, and a study that prints what they say (Cox by the helper of the simulation)."""
    rng = np.random.default_rng(seed)
    drug, placebo = rng.exponential(10 / hr, 150), rng.exponential(10, 150)
    ipd = [IPD(np.minimum(time, 24), time < 24, label) for time, label in ((drug, "Drug"), (placebo, "PLACEBO"))]
    time, event = np.concatenate([each.time for each in ipd]), np.concatenate([each.event for each in ipd])
    beta, se = cox(time, event, np.repeat([True, False], 150))
    limits = tuple(f"{math.exp(beta + side * 1.96 * se):.2f}" for side in (-1, 1))
    arms = tuple(Arm(each.label.lower(), 150, total_events=int(each.event.sum())) for each in ipd)
    return ipd, replace(study(value("hazard_ratio", f"{math.exp(beta):.2f}", ci=limits), arms=arms), id=f"hr-{hr}")


def test_data_that_fit_where_they_are_filed():
    (ipd, own), (_, other) = two_arms(0.5), two_arms(0.8, seed=2)
    assert match_endpoint(ipd, own, [other]).verdict == "consistent"
    misfiled = match_endpoint(ipd, other, [own])
    assert misfiled.verdict == "in tension"
    assert "So the data are those of hr-0.5" in misfiled.why


def test_data_of_other_arms_are_refused():
    ipd, own = two_arms(0.5)
    with pytest.raises(ReanalysisError, match="the data have the arms 'x', 'PLACEBO', and hr-0.5 has 'drug', 'placebo'; rename"):
        audit(own, ipd=[replace(ipd[0], label="x"), ipd[1]])
    elsewhere = replace(own, id="elsewhere", arms=(Arm("a", 5), Arm("b", 5)))
    assert match_endpoint(ipd, own, [elsewhere]).verdict == "consistent"  # a sibling with other arms is left out


# Seen by the user


def run(*arguments: object):
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_the_command_shows_its_arithmetic(tiny):
    result = run("audit", tiny, "--details")
    assert result.exit_code == 0, result.output
    assert "HR = sqrt(lower * upper)" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 118
    brief = run("audit", tiny).stdout
    assert "HR = sqrt" not in brief
    assert "hazard ratio in the middle of its interval: drug; 0.277, allowed 0.2764 to 0.2775" in brief


def test_the_command_exits_with_1_where_something_is_impossible(tiny):
    file = tiny / "study.toml"
    file.write_text(file.read_text().replace('"10.5", ci = ["1.5"', '"25.5", ci = ["1.5"'))
    result = run("audit", tiny)
    assert result.exit_code == 1  # limits 1.5 and 15.5, each with half a digit, and half a digit of the median
    assert "impossible  median within its interval: drug; 25.5, allowed 1.4 to 15.6" in result.stdout
    assert "impossible: median within its interval (drug): 25.5 is above 15.6" in run("verify", tiny).stdout


def test_findings_as_json(tiny):
    content = json.loads(run("audit", tiny, "--json").stdout, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    (only,) = content["studies"]
    assert (only["id"], only["evidence"], content["errors"]) == ("tiny", "digitized", [])
    keys = ["check", "subject", "verdict", "numbers", "value", "allowed", "formula", "source", "why"]
    assert all(list(finding) == keys for finding in only["audit"])
    verified = json.loads(run("verify", tiny, "--json").stdout)["studies"][0]
    assert verified["audit"] == only["audit"]
    assert survrecon.run(read_study(tiny)).audit == tuple(survrecon.audit(read_study(tiny)))


def test_bad_input_to_the_command(tiny):
    (tiny / "ipd.csv").write_text("time,event,arm\n1,1,drug\n2,1,nobody\n")
    result = run("audit", tiny, "--ipd", tiny / "ipd.csv")
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert "rename the arms in the data" in result.stderr
    assert run("audit").exit_code == 2
    result = run("audit", ROOT / "digitized", "--ipd", tiny / "ipd.csv")
    assert "--ipd goes with one STUDY." in result.stderr


def test_a_study_without_results_has_nothing_to_audit():
    result = run("audit", ROOT / "digitized" / "tdm1-palbociclib-pfs")
    assert result.exit_code == 0
    assert "no numbers to hold against each other" in result.stdout


def test_a_curve_that_cannot_be_one_is_a_finding():
    arm = Arm("drug", 10, Curve([0, 1, 2, 3], [1, 0.4, 0.9, 0.3], "probability", "survival"))
    (finding,) = found(study(arms=(arm,)), "curve falls from 1")
    assert finding.verdict == "in tension"
    assert "closest curve that does not rise" in finding.why
