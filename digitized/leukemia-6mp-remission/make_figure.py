"""Draw remission time under 6-MP and placebo (Freireich 1963).

Run from a clone: python digitized/leukemia-6mp-remission/make_figure.py
"""

import sys
from pathlib import Path

from lifelines.datasets import load_leukemia

sys.path.append(str(Path(__file__).resolve().parents[1]))
from _figure import Arm, Figure, draw  # noqa: E402


def figure() -> Figure:
    data = load_leukemia()
    arms = []
    for label, code, color in (("6-MP", 0, "#0072B2"), ("placebo", 1, "#D55E00")):
        rows = data[data["Rx"] == code]
        arms.append(Arm(label, rows["t"].to_numpy(float), rows["status"].to_numpy(bool), color))
    return Figure(tuple(arms), "Weeks", "Probability of remission", 36, (0, 5, 10, 15, 20, 25, 30, 35))


if __name__ == "__main__":
    draw(figure(), Path(__file__).resolve().parent)
