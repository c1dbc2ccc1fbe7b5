"""From the pixels of a figure to the hazard ratio, with the overlay to check by eye. Usage: 06_digitize_a_png.py [FOLDER]

What is typed wins over what is read in the picture: the values at the ends of the axes, the arms' colors, the numbers at risk.
Needs: pip install 'survrecon[digitize]'. The same on the command line:
survrecon digitize figure.png --x-range 0:1000 --y-range 0:1 --arm "female=#0072B2" --arm "male=#D55E00" \
  --risk-table risk.csv --reference male --out digitized/my-trial
"""

import sys
from pathlib import Path

import survrecon
from survrecon.plot import save_figure
from survrecon.plot_digitized import plot_overlay

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "from-pixels")
folder.mkdir(exist_ok=True)

figure = survrecon.digitize_figure(
    Path(__file__).parents[1] / "digitized" / "ncctg-lung-sex-os" / "figure.png",
    x_range=(0, 1000),  # at the first and the last tick
    y_range=(0, 1),
    arms=[("female", "#0072B2"), ("male", "#D55E00")],
)
save_figure(plot_overlay(figure), folder / "overlay.png")
for trace in figure.traces:
    print(f"{trace.label}: {trace.time.size} vertices; {'; '.join(trace.doubts) or 'no doubts'}")

reconstructions = [survrecon.reconstruct(arm) for arm in figure.arms(n={"female": 90, "male": 138})]
hr = survrecon.reanalyze(reconstructions, reference="male").comparison("female").hr
print(f"hazard ratio {hr.value:.3f} ({hr.lower:.3f} to {hr.upper:.3f}); the patient data give 0.588 (0.424 to 0.816)")
print(f"wrote {folder}/overlay.png")
