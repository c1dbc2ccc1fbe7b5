"""What the tests of the audit share: small studies, and the findings about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from survrecon.auditing import audit
from survrecon.data import Arm, Curve, RiskTable, Study
from survrecon.published import Published, PublishedValue
from survrecon.read import find_studies, parse_printed
from survrecon.results import Finding

ROOT = Path(__file__).parents[1]
SHIPPED = find_studies([ROOT / "digitized"])
DIGITIZED = [path for path in SHIPPED if list(path.glob("*.csv"))]
EXTERNAL = ROOT.parent / "shared" / "external"
INVESTIGATOR = ROOT / "digitized" / "paloma2-pfs-investigator"



def external(name: str) -> Path:
    if not (EXTERNAL / name).exists():
        pytest.skip(f"{EXTERNAL / name} is not here: data made by others, which this project does not ship")
    return EXTERNAL / name


def value(quantity: str, text: str, arm: str = "drug", ci: tuple[str, str] | None = None, **more) -> PublishedValue:
    limits = None if ci is None else (parse_printed(ci[0]), parse_printed(ci[1]))
    return PublishedValue(quantity, parse_printed(text), arm, limits, **more)


def study(*values: PublishedValue, arms: tuple[Arm, ...] = (), **published) -> Study:
    arms = arms or (Arm("drug", 200), Arm("placebo", 200))
    return Study("x", "X", "survival", "month", "printed", arms, Published("placebo", values, **published))


def found(given: Study, check: str, subject: str = "") -> list[Finding]:
    return [finding for finding in audit(given) if finding.check == check and finding.subject.startswith(subject)]


def verdict(given: Study, check: str, subject: str = "") -> str:
    (finding,) = found(given, check, subject)
    return finding.verdict


def table(*counts: float, step: float = 6.0) -> RiskTable:
    return RiskTable(step * np.arange(len(counts)), np.array(counts, dtype=float))


def curve(*points: tuple[float, float]) -> Curve:
    return Curve(*zip(*points, strict=True), "probability", "survival")


RATIO = value("hazard_ratio", "0.58", ci=("0.46", "0.72"), model="Cox")
