"""Draw overall survival in advanced lung cancer by sex (NCCTG).

Run from a clone: python digitized/ncctg-lung-sex-os/make_figure.py
"""

import sys
from pathlib import Path

from lifelines.datasets import load_lung

sys.path.append(str(Path(__file__).resolve().parents[1]))
from _figure import Arm, Figure, draw  # noqa: E402


def figure() -> Figure:
    data = load_lung()
    arms = []
    for label, code, color in (("female", 2, "#0072B2"), ("male", 1, "#D55E00")):
        rows = data[data["sex"] == code]
        arms.append(Arm(label, rows["time"].to_numpy(float), rows["status"].to_numpy(bool), color))
    return Figure(tuple(arms), "Days", "Overall survival", 1100, (0, 200, 400, 600, 800, 1000))


if __name__ == "__main__":
    draw(figure(), Path(__file__).resolve().parent)
