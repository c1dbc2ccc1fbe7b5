"""Can the numbers of an abstract all be true? Those of PALOMA-2 as printed, then with one digit of its interval changed."""

from dataclasses import replace
from pathlib import Path

import survrecon
from survrecon.read import parse_printed

study = survrecon.read_study(Path(__file__).parents[1] / "digitized" / "paloma2-pfs-investigator")
findings = survrecon.audit(study)
print(f"as printed: {len(findings)} checks, {sum(finding.verdict != 'consistent' for finding in findings)} not consistent")
for finding in findings:
    if finding.check == "planned events against power":
        print(f"{finding.value} planned events, {finding.allowed[0]:.0f} to {finding.allowed[1]:.0f} allowed: {finding.why}")

values = [
    replace(value, ci=(parse_printed("0.46"), parse_printed("0.62"))) if value.quantity == "hazard_ratio" else value  # printed: 0.72
    for value in study.published.values
]
misprinted = replace(study, published=replace(study.published, values=tuple(values)))
for finding in survrecon.audit(misprinted):
    if finding.verdict != "consistent":
        print(f"{finding.verdict}: {finding.check}: {finding.why}")
