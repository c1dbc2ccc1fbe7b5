"""Pictures that were read with a warning of numpy: hollows like circles beside a curve, but nothing like a tick."""

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("matplotlib")

from survrecon.digitize import read_figure
from survrecon.figure_benchmark import hints_of
from survrecon.figures import draw, generate


def test_circles_where_no_column_is_ticked(tmp_path):
    # four gray curves without marks; a warning is an error here
    truth = draw(generate(14, 7, "raster"), tmp_path / "figure.jpeg")
    traces = read_figure(tmp_path / "figure.jpeg", hints_of(truth)).traces
    assert len(traces) == 4
    assert all(trace.censor_times is None or np.size(trace.censor_times) == 0 for trace in traces)
