"""Lines drawn on whole pixels: rounded by the rule of Agg, then told by their fractions alone."""

import numpy as np
import pytest

from survrecon.digitize.raster_snapped import snapped
from survrecon.digitize.raster_trace import Steps


def drawn(width, seed, noise=0.05):
    """A curve of 40 steps as Agg draws it: its middle on a whole pixel, plus one half where the line is an odd number of pixels thick."""
    rng = np.random.default_rng(seed)
    x, y = np.sort(rng.uniform(0, 500, 40)), np.sort(rng.uniform(0, 300, 40))
    if width is not None:
        x, y = (np.floor(values + 0.5) + 0.5 * (width % 2) for values in (x, y))
    return Steps(x + rng.normal(0, noise, 40), y + rng.normal(0, noise, 40), 510.0, 3.0)


@pytest.mark.parametrize(("curve", "tick", "moved"), [(3, 2, -0.5), (2, 1, 0.5), (3, 1, 0.0), (4, 2, 0.0), (None, 2, 0.0), (None, 1, 0.0)])
def test_half_a_pixel_between_lines_of_odd_and_even_thickness(curve, tick, moved):
    ticks = [100 * i + 0.5 * (tick % 2) for i in range(5)]
    assert snapped([drawn(curve, seed) for seed in range(3)], ticks) == moved


def test_ticks_that_are_anywhere_tell_nothing():
    assert snapped([drawn(3, 0)], [0.0, 77.4, 154.8, 232.2]) == 0
    assert snapped([drawn(3, 0)], [10.0]) == snapped([], [0.0, 10.0]) == 0


def test_all_curves_are_moved_alike():
    # one curve is measured so badly that it alone would tell nothing
    assert snapped([drawn(3, 0, noise=1.0)], [0.0, 100.0]) == 0
    assert snapped([drawn(3, 0, noise=1.0), drawn(3, 1), drawn(3, 2)], [0.0, 100.0]) == -0.5
