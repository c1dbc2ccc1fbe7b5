"""A study small enough to check by hand, shared by the tests of the pipeline and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

# Ten subjects in each arm, all with an event: drug at 1.5, 3.5, ..., 19.5, placebo at 1, 2, ..., 10.
# Published: R 4.2.2, survival 3.5-3, coxph, survdiff and survfit(conf.type = "log-log") on these twenty subjects.
TINY = """\
[study]
trial = "Tiny"
endpoint = "survival"
time_unit = "month"
evidence = "digitized"
figure = "Figure 1"

[[arm]]
label = "drug"
n = 10
total_events = 10
risk_times = [0, 5, 10, 15]
risk_counts = [10, 8, 5, 3]
curve = "drug.csv"
scale = "probability"
orientation = "survival"

[[arm]]
label = "placebo"
n = 10
total_events = 10
risk_times = [0, 5, 10, 15]
risk_counts = [10, 6, 1, 0]
curve = "placebo.csv"
scale = "probability"
orientation = "survival"

[published]
reference = "placebo"
hazard_ratio = { estimate = "0.277", ci = ["0.0910", "0.8428"] }
logrank_p = { value = "0.0168" }
logrank_chi2 = { estimate = "5.72" }

[published.median]
drug = { estimate = "10.5", ci = ["1.5", "15.5"], ci_type = "log-log" }
placebo = { estimate = "5.5", ci = ["1.0", "8.0"], ci_type = "log-log" }
"""
TINY_TIMES = {"drug": [2 * i - 0.5 for i in range(1, 11)], "placebo": [float(i) for i in range(1, 11)]}


def curve_csv(times: list[float], scale: float = 1.0) -> str:
    """Every drop of the curve of as many subjects, all with an event."""
    rows = ["0," + str(scale)] + [f"{time},{scale * (1 - (i + 1) / len(times)):.6f}" for i, time in enumerate(times)]
    return "\n".join(["time,survival", *rows]) + "\n"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The folder of the study ``tiny``."""
    folder = tmp_path / "studies" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(TINY)
    for label, times in TINY_TIMES.items():
        (folder / f"{label}.csv").write_text(curve_csv(times))
    return folder
