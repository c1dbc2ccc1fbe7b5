"""Reconstruction from printed numbers: what is printed is met, what is open is drawn, what was used confirms nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import survrecon
from survrecon.data import Arm, RiskTable
from survrecon.errors import NotEstimableError, ReconstructionError
from survrecon.published import Printed, Published, PublishedValue
from survrecon.reconstruction import reconstruct
from survrecon.reconstruction.printed import reconstruct_together
from survrecon.survival import number_at_risk

DIGITIZED = Path(survrecon.__file__).parents[1] / "digitized"
TABLE = RiskTable([0, 6, 12, 18], [60, 41, 22, 7])


def medians(label: str = "drug") -> tuple[PublishedValue, ...]:
    limits = (Printed("7.0", 7.0, half_unit=0.05), Printed("12.5", 12.5, half_unit=0.05))
    return (PublishedValue("median", Printed("9.1", 9.1, half_unit=0.05), label, limits),)


@pytest.mark.parametrize("total", [None, 31])
def test_every_draw_meets_the_hard_numbers(total):
    arm = Arm("drug", 60, risk=TABLE, total_events=total)
    rec = reconstruct(arm, "printed", results=medians(), draws=40, seed=3)
    assert len(rec.draws) == 40
    for ipd in (rec.ipd, *rec.draws):
        assert ipd.n == 60
        assert number_at_risk(ipd.time, TABLE.time).tolist() == [60, 41, 22, 7]
        assert total in (None, int(ipd.event.sum()))


def test_no_room_for_censoring_leaves_no_choice_of_events():
    # 8 subjects, 8 events: all losses are events, 3 before 6 and 5 after, in every draw
    rec = reconstruct(Arm("drug", 8, risk=RiskTable([0, 6, 12], [8, 5, 0]), total_events=8), "printed", draws=20)
    for ipd in (rec.ipd, *rec.draws):
        assert ipd.event.all() and int((ipd.time < 6).sum()) == 3


def test_same_seed_same_draws():
    arm = Arm("drug", 60, risk=TABLE)
    one, two, other = (reconstruct(arm, "printed", draws=5, seed=seed).draws for seed in (4, 4, 5))
    assert all(np.array_equal(a.time, b.time) for a, b in zip(one, two, strict=True))
    assert not all(np.array_equal(a.time, b.time) for a, b in zip(one, other, strict=True))


def test_too_little_says_what_would_be_enough():
    with pytest.raises(NotEstimableError, match="numbers at risk, a median"):
        reconstruct(Arm("drug", 60, total_events=31), "printed")
    with pytest.raises(ReconstructionError, match="draws = -1"):
        reconstruct(Arm("drug", 60, risk=TABLE), "printed", draws=-1)


def test_what_was_used_is_listed_and_a_hazard_ratio_never_is():
    arms = [Arm("drug", 60, risk=TABLE), Arm("placebo", 60, risk=RiskTable([0, 6, 12, 18], [60, 30, 12, 2]))]
    limits = (Printed("0.40", 0.40, half_unit=0.005), Printed("0.90", 0.90, half_unit=0.005))
    values = (*medians(), PublishedValue("hazard_ratio", Printed("0.60", 0.60, half_unit=0.005), "drug", limits))
    drug, placebo = reconstruct_together(arms, Published("placebo", values), draws=30)
    assert "median" in drug.used and "median" not in placebo.used
    assert not any(name == "hazard_ratio" for name in (*drug.used, *placebo.used))
    # another printed estimate with the same limits changes nothing: only the width of the interval is used
    other = (*medians(), PublishedValue("hazard_ratio", Printed("0.95", 0.95, half_unit=0.005), "drug", limits))
    again, _ = reconstruct_together(arms, Published("placebo", other), draws=30)
    assert np.array_equal(drug.ipd.time, again.ipd.time)


@pytest.mark.parametrize("name", ["iniparib-phase2-pfs", "iniparib-phase2-os", "paloma2-pfs-investigator"])
def test_seed_studies_predict_their_hazard_ratio(name):
    result = survrecon.run(survrecon.read_study(DIGITIZED / name))
    verdicts = {check.verdict for check in result.checks if check.quantity == "hazard ratio"}
    assert verdicts == {"agrees"}
    assert {check.verdict for check in result.checks if check.quantity == "median"} == {"used as input"}
    limits = {check.verdict for check in result.checks if check.quantity.startswith("hazard ratio, ")}
    assert limits == ({"agrees"} if name.startswith("paloma2") else {"used as input"})  # without totals, their width gave one
    assert result.to_dict()["evidence"] == "printed"


def test_every_seed_study_runs():
    # once broke: counts as floats could not serve as positions where a "beyond" count stands without a table
    for folder in sorted(path.parent for path in DIGITIZED.glob("*/study.toml")):
        result = survrecon.run(survrecon.read_study(folder))
        assert result.study.id == folder.name
        if folder.name == "ruxolitinib-trastuzumab-pfs":
            assert result.reconstructions and result.reconstructions[0].ipd.n == 26
