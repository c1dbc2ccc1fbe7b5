"""What makes a curve doubtful: falls behind other ink count as much as they can be wrong."""

import numpy as np
import pytest

from survrecon.digitize.raster_colors import Layer
from survrecon.digitize.raster_doubts import doubts_of
from survrecon.digitize.raster_found import Found
from survrecon.digitize.raster_trace import Path, Steps


def crossing(width, fall=20):
    """A line of 200 columns over 100 rows that falls within so many columns of other ink."""
    own, blank = np.zeros((100, 200), dtype=np.float32), np.ones((100, 200), dtype=np.float32)
    level = np.where(np.arange(200) < 100, 30, 30 + fall)
    enter, leave = level.copy(), level.copy()
    leave[99] = 30 + fall
    for column in range(200):
        own[enter[column] - 1 : leave[column] + 2, column] = 1
    blank[own > 0] = 0
    own[:, 100 - width // 2 : 100 + width // 2] = 0
    blank[:, 100 - width // 2 : 100 + width // 2] = 0
    steps = Steps(np.array([0.0, 100.0]), np.array([30.5, 30.5 + fall]), 200.0, 3.0)
    return Found(0, Layer((0, 0, 0), own, blank), Path(0, enter, leave, 190.0), steps)


@pytest.mark.parametrize(
    # the drop of 0.02 may be anywhere in 2 or in 8 of 200 columns: 0.02 sqrt(2 / 600) = 0.0012, 0.02 sqrt(8 / 600) = 0.0023;
    # that of 0.2 in 8: 0.023
    ("width", "fall", "doubted"),
    [(2, 2, False), (8, 2, False), (8, 20, True)],
)
def test_a_fall_behind_other_ink_counts_by_its_width(width, fall, doubted):
    curve = crossing(width, fall)
    behind = [d for d in doubts_of(curve, [], lambda columns: columns, 30.5, 100.0) if "falls" in d]
    assert bool(behind) == doubted
    if doubted:
        assert "0.20 of the axis behind other ink, from 96 to 104" in behind[0]
