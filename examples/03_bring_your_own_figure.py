"""From coordinates in arrays to patient data, statistics and a figure. Usage: 03_bring_your_own_figure.py [FOLDER]

The numbers are those of digitized/leukemia-6mp-remission (Freireich 1963), rounded as one would type them; yours come
from the digitizer of your choice. The same on the command line, without writing any Python:
survrecon reconstruct --arm "drug=drug.csv" --arm "control=control.csv" --risk-table risk.csv --reference control --out FOLDER
"""

import sys
from pathlib import Path

import survrecon
from survrecon.plot import plot_km, save_figure

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "own-figure")
folder.mkdir(exist_ok=True)

# Time and survival as read off the axes, in percent; numbers at risk as printed below the figure.
drug = survrecon.Arm.from_arrays(
    time=[0, 6, 7, 10, 13, 16, 22, 23, 35],
    survival=[100, 85.7, 80.7, 75.3, 69.0, 62.7, 53.8, 44.8, 44.8],
    risk_times=[0, 5, 10, 20, 30],
    risk_counts=[21, 21, 15, 8, 4],
    label="6-MP",
)
control = survrecon.Arm.from_arrays(
    time=[0, 1, 2, 3, 4, 5, 8, 11, 12, 15, 17, 22, 23],
    survival=[100, 90.5, 81.0, 76.2, 66.7, 57.1, 38.1, 28.6, 19.0, 14.3, 9.5, 4.8, 0],
    risk_times=[0, 5, 10, 20],
    risk_counts=[21, 14, 8, 2],
    total_events=21,
    label="placebo",
)

reconstructions = [survrecon.reconstruct(arm) for arm in (drug, control)]
for item in reconstructions:
    print(f"{item.label}: {item.ipd.n} subjects, {item.total_events[1]} events, curve within {item.residuals.max_abs:.3f}")
    for note in item.notes:
        print(f"  {note}")

analysis = survrecon.reanalyze(reconstructions, reference="placebo")
hr = analysis.comparison("6-MP").hr
print(f"hazard ratio {hr.value:.2f} ({hr.lower:.2f} to {hr.upper:.2f})")

reconstructions[0].ipd.to_frame().to_csv(folder / "6-MP.csv", index=False)
save_figure(plot_km(reconstructions, analysis=analysis, time_unit="week", percent=True), folder / "km.png")
print(f"wrote {folder}/6-MP.csv and {folder}/km.png")
