"""From a vector figure in a PDF to the hazard ratio: axes, curves, censor marks and numbers at risk are all read.

Needs: pip install 'survrecon[digitize]'. The same on the command line:
survrecon digitize figure.pdf --reference male --out digitized/my-trial
"""

from pathlib import Path

import survrecon

figure = survrecon.digitize_figure(Path(__file__).parents[1] / "digitized" / "ncctg-lung-sex-os" / "figure.pdf")
for trace in figure.traces:
    print(f"{trace.label}: {trace.time.size} vertices, {trace.censor_times.size} censor marks, at risk {trace.risk.count.astype(int)}")

reconstructions = [survrecon.reconstruct(arm) for arm in figure.arms()]
hr = survrecon.reanalyze(reconstructions, reference="male").comparison("female").hr
print(f"hazard ratio {hr.value:.3f} ({hr.lower:.3f} to {hr.upper:.3f}); the patient data give 0.588 (0.424 to 0.816)")
