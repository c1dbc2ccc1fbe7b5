"""Several paths at once: against all pairs of paths tried one by one, and where the best path alone leads astray."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from survrecon.digitize.raster_flow import TURN, Worth, best_paths


def all_paths(shape, rows):
    """Every path to the right and downwards that starts in the first column."""
    found, growing = [], [((row, 0),) for row in rows]
    while growing:
        path = growing.pop()
        found.append(path)
        row, column = path[-1]
        growing += [(*path, place) for place in ((row + 1, column), (row, column + 1)) if place[0] < shape[0] and place[1] < shape[1]]
    return found


def gain(paths, worth):
    """What paths gain, counted pixel by pixel."""
    total, seen = 0.0, set()
    for path in paths:
        total -= TURN * sum(here[0] != there[0] for here, there in zip(path, path[1:], strict=False))
        for place in path:
            total += worth.again[place] if place in seen else worth.first[place]
            seen.add(place)
    return total


@pytest.mark.parametrize("seed", range(8))
def test_two_paths_gain_as_much_as_the_best_of_all_pairs(seed):
    rng = np.random.default_rng(seed)
    first = rng.choice([-2.0, -0.1, 1.0], p=[0.4, 0.2, 0.4], size=(4, 5)) + rng.uniform(0, 0.01, (4, 5))
    worth = Worth(first, np.where(first > 0, -0.15, first))
    rows = np.array([0, 1])
    paths = all_paths(first.shape, rows)
    best = max([0.0, *(gain([path], worth) for path in paths), *(gain(pair, worth) for pair in combinations_with_replacement(paths, 2))])
    found = [tuple(map(tuple, path.tolist())) for path in best_paths(worth, rows, 2)]
    assert gain(found, worth) == pytest.approx(best)
    turns = TURN * sum(here[0] != there[0] for path in found for here, there in zip(path, path[1:], strict=False))
    assert worth.of([np.array(path) for path in found]) == pytest.approx(best + turns)


def test_the_first_path_gives_its_end_back():
    # the upper line has 10 pixels of ink and 2 blank ones, 8 in all. So one path gains more where it leaves it after 6 and comes down
    # over 2 blank pixels to the last 7 of the lower line, 11 in all; two gain most without it, 8 and 12
    ink = np.full((4, 12), -9.0)
    ink[0], ink[0, 6:8] = 1, -1
    ink[3] = 1
    ink[1:3, 5] = -1
    worth = Worth(ink, np.where(ink > 0, -0.15, ink))
    (alone,) = best_paths(worth, np.array([0]), 1)
    assert (worth.of([alone]), alone[-1].tolist()) == (11, [3, 11])
    high, low = best_paths(worth, np.array([0, 3]), 2)
    assert worth.of([high, low]) == 20
    assert high.tolist() == [[0, column] for column in range(12)]
    assert low.tolist() == [[3, column] for column in range(12)]


def test_no_path_where_none_gains():
    assert best_paths(Worth(np.full((3, 3), -1.0), np.full((3, 3), -1.0)), np.array([0]), 2) == []
