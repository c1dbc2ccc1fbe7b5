"""Draw recurrence-free survival with and without hormonal therapy (GBSG-2).

Run from a clone: python digitized/gbsg2-hormonal-rfs/make_figure.py
"""

import sys
from pathlib import Path

from lifelines.datasets import load_gbsg2

sys.path.append(str(Path(__file__).resolve().parents[1]))
from _figure import Arm, Figure, draw  # noqa: E402


def figure() -> Figure:
    data = load_gbsg2()
    arms = []
    for label, code, color in (("hormonal-therapy", "yes", "#0072B2"), ("no-hormonal-therapy", "no", "#D55E00")):
        rows = data[data["horTh"] == code]
        arms.append(Arm(label, rows["time"].to_numpy(float), rows["cens"].to_numpy(bool), color))
    return Figure(tuple(arms), "Days", "Recurrence-free survival", 2750, (0, 500, 1000, 1500, 2000, 2500))


if __name__ == "__main__":
    draw(figure(), Path(__file__).resolve().parent)
