"""Draw the curves of two studies into one figure. Usage: 02_overlay_two_studies.py [FIGURE]

The two trials have nothing in common but their time unit, and nothing can be concluded from setting them side by
side; the example shows how to do it for trials of the same disease and endpoint.
"""

import sys
from dataclasses import replace
from pathlib import Path

import survrecon
from survrecon.plot import plot_km, save_figure

figure = sys.argv[1] if len(sys.argv) > 1 else "overlay.png"
digitized = Path(__file__).parents[1] / "digitized"
lung = survrecon.read_study(digitized / "ncctg-lung-sex-os")
breast = survrecon.read_study(digitized / "gbsg2-hormonal-rfs")

arms = [
    replace(lung.arm("male"), label="lung cancer, men: survival"),
    replace(breast.arm("no-hormonal-therapy"), label="breast cancer: no recurrence"),
]
reconstructions = [survrecon.reconstruct(arm) for arm in arms]
analysis = survrecon.reanalyze(reconstructions, reference=arms[1].label)
for arm in analysis.arms:
    print(f"{arm.label}: median {arm.median.value:.0f} days, n {arm.n}")
save_figure(plot_km(reconstructions, time_unit="day", risk_times=range(0, 2501, 500)), figure)
print(f"wrote {figure}")
