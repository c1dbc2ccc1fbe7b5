"""Re-derive the hazard ratio of a published figure from its digitized curves."""

from pathlib import Path

import survrecon

study = survrecon.read_study(Path(__file__).parents[1] / "digitized" / "ncctg-lung-sex-os")
result = survrecon.run(study)
ours = result.analysis.comparison("female").hr
print(f"re-derived: {ours.value:.3f} ({ours.lower:.3f} to {ours.upper:.3f})")
for check in result.checks:
    print(f"{check.quantity}: published {check.published}, {check.verdict}")
