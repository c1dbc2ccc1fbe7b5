"""Separate a plot into layers of ink, one per color: how much of each pixel is covered by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np

from survrecon.data import BoolArray, FloatArray, IntArray
from survrecon.digitize.raster_chroma import BRIGHTNESS, can_unmix, same_hues, unmixed
from survrecon.digitize.raster_fills import GRAY, Contrast, Floats
from survrecon.digitize.raster_trace import centrality
from survrecon.errors import FigureError

SAME = 42.0  # colors closer than this, of 441 between black and white, are one
FAINT = 36.0  # paler than this against the background is no line
MOST_LAYERS = 8
SEEN = 0.1  # of the columns: what is seen in fewer is text
STEEP = 0.25  # of the rows: what is seen in more is no text
APART = 9  # pixels: in deep fills, what a JPEG leaves near stronger ink is no color
MIXED = 1.5  # a mixture is this many times rarer than what it is mixed of
MADE_OF = 0.5  # as frequent as it, at least, where there are more colors than curves
HALF = 0.45  # of the strength of black: a line of one pixel that lies on two rows has so much
BOTH = 0.4  # of its columns have black too, at drops
MIXED_GRAY = 4.0  # the same for shades of gray, which lie between black and white anyway
GRID = 0.5  # of the strongest ink: a grid may be as strong, of which little is left without straight lines
BANDED = 8.0  # of 441 between black and white: a fill is as unlike the background
VIVID = 30  # colors less colored than this come after all others: they may be edges of fills
DULL = 18  # a JPEG may leave so little of a color
TURN = 25.0  # degrees between two hues: neither is the other mixed with gray
PALE = 60.0  # paler than this there is no telling a hue
DIMMED, LESS = 20.0, 0.8  # it leaves thin lines less of their color: brightness differs by so much, and color is so many times less


@dataclass(frozen=True, eq=False)
class Layer:
    """All ink of one color.

    Attributes
    ----------
    color : tuple of int
        Red, green, blue.
    own : ndarray of float32, shape (height, width)
        Share of each pixel that this color covers.
    blank : ndarray of float32, shape (height, width)
        Share of each pixel that no ink covers.
    """

    color: tuple[int, int, int]
    own: Floats
    blank: Floats

    @property
    def colored(self) -> bool:
        """Whether it is no shade of gray."""
        return bool(np.ptp(self.color) >= DULL)

    @cached_property
    def middles(self) -> tuple[Floats, Floats]:
        """Return how near each pixel is to the middle of its run of ink, upright and level; see `centrality`."""
        return centrality(self.own), centrality(self.own.T).T


def rgb_of(color: str, path: str | Path) -> FloatArray:
    """Return the parts of a color that the user names.

    Parameters
    ----------
    color : str
        As ``#rrggbb`` or a CSS name.
    path : path-like
        The file, for the error.

    Returns
    -------
    ndarray of float, shape (3,)
        Red, green, blue.

    Raises
    ------
    FigureError
        If there is no such color.
    """
    from PIL import ImageColor

    try:
        return np.array(ImageColor.getrgb(color)[:3], dtype=float)
    except ValueError as error:
        raise FigureError(path, f"{color!r} is no color; write it as #rrggbb or by its CSS name") from error


def hex_of(color: tuple[int, int, int]) -> str:
    """Return a color as ``#rrggbb``.

    Parameters
    ----------
    color : tuple of int
        Red, green, blue.

    Returns
    -------
    str
        Its name.
    """
    return "#{:02x}{:02x}{:02x}".format(*color)


def find_colors(ink: Contrast, count: int | None = None, given: Sequence[FloatArray] = ()) -> list[FloatArray]:
    """Find the colors that lines are drawn in.

    Parameters
    ----------
    ink : Contrast
        Of the plot.
    count : int or None
        How many curves there are at most, if known.
    given : sequence of ndarray of float, shape (3,)
        Colors that the user names, as differences from the background: the nearest found stand for them.

    Returns
    -------
    list of ndarray of float, shape (3,)
        Each color's difference from the background; that seen in most columns first.
    """
    from scipy import ndimage

    away = ink.opaque * ink.clear[:, :, None]
    strength = np.sqrt(np.sum(away * away, axis=2))
    strongest = np.where(ink.deep, *(ndimage.maximum_filter(strength, size=size) for size in (APART, 3)))
    core = (strength > FAINT) & (strength >= 0.92 * strongest)
    rows, columns = np.nonzero(core)
    colors = away[rows, columns]
    found: list[tuple[FloatArray, float]] = []
    seen: list[IntArray] = []
    steep: list[FloatArray] = []
    left = np.ones(len(colors), dtype=bool)
    for _ in range(3 * MOST_LAYERS):
        if left.sum() < 20:
            break
        center = _densest(colors[left])
        near = np.linalg.norm(colors - center, axis=1) < SAME
        taken = left & (near | _paler(colors, center))
        seen.append(np.unique(columns[left & near]))
        share = seen[-1].size / away.shape[1]
        found.append((np.median(colors[left & near], axis=0).astype(float), share))
        if share <= SEEN and np.unique(rows[left & near]).size > STEEP * away.shape[0]:
            steep.append(found[-1][0])
        left &= ~taken
    found = sorted(_with_joined_grays(found, seen, away.shape[1]), key=lambda pair: -pair[1])
    if not given:
        return _no_mixtures(found, count, steep)
    return _as_seen(given, [color for color, _ in found])


def _with_joined_grays(found: list[tuple[FloatArray, float]], seen: list[IntArray], width: int) -> list[tuple[FloatArray, float]]:
    """Take a gray for the darkest one if they are seen in other columns: a thin line is black in one row of pixels, or gray in two."""
    often = [number for number, (_, share) in enumerate(found) if share > SEEN]
    grays = [number for number in often if np.ptp(found[number][0]) < GRAY]
    if not grays or len(grays) < len(often):  # beside colors, text and grid are gray
        return found
    strengths = {number: float(np.linalg.norm(found[number][0])) for number in grays}
    darkest = max(grays, key=lambda number: strengths[number])

    def is_half(number: int) -> bool:
        both, fewer = np.intersect1d(seen[number], seen[darkest]).size, min(seen[number].size, seen[darkest].size)
        return number != darkest and strengths[number] > HALF * strengths[darkest] and both < BOTH * fewer

    halves = {number for number in grays if is_half(number)}
    if not halves:
        return found
    columns = np.unique(np.concatenate([seen[number] for number in (darkest, *halves)]))
    others = [each for number, each in enumerate(found) if number not in {darkest, *halves}]
    return [*others, (found[darkest][0], columns.size / width)]


def _as_seen(given: Sequence[FloatArray], seen: list[FloatArray]) -> list[FloatArray]:
    """Let the nearest color seen, if it is near, stand for each color given, but for one only."""
    named = [color for here, color in enumerate(given) if not any(np.array_equal(color, other) for other in given[:here])]
    away_from = [[float(np.linalg.norm(color - other)) for other in seen] for color in named]
    stands: dict[int, int] = {}
    for away, here, there in sorted((away, here, there) for here, row in enumerate(away_from) for there, away in enumerate(row)):
        if away < 1.5 * SAME and here not in stands and there not in stands.values():
            stands[here] = there
    return [seen[stands[here]] if here in stands else color for here, color in enumerate(named)]


def _no_mixtures(found: list[tuple[FloatArray, float]], count: int | None, steep: Sequence[FloatArray] = ()) -> list[FloatArray]:
    """Leave out what is seen in few columns, and what a much more frequent pair of colors makes where it touches or is blurred."""
    vivid = [color for color, share in found if share > SEEN and np.ptp(color) >= VIVID]

    def is_colored(color: FloatArray) -> bool:
        return bool(np.ptp(color) >= GRAY) or _own_hue(color, vivid)

    kept: list[tuple[FloatArray, float]] = []
    for color, share in found:
        ratio = MIXED if np.ptp(color) >= GRAY else MIXED_GRAY
        pure = [other for other, often in [*kept, (np.zeros(3), 1.0)] if often > ratio * share]
        if _own_hue(color, vivid):  # which only two others that are colored can make
            pure = [other for other in pure if np.ptp(other) >= GRAY]
        if share > SEEN and not any(_between(color, one, other) for one, other in combinations(pure, 2)):
            kept.append((color, share))
    clear = [(color, share) for color, share in kept if not any(often > share and _dimmed(color, other) for other, often in kept)]
    if count is None or sum(np.ptp(color) >= GRAY for color, _ in clear) >= count:
        kept = clear
    colored = [(color, share) for color, share in kept if is_colored(color)]
    vivid_first = sorted(colored, key=lambda pair: np.ptp(pair[0]) < VIVID and not _own_hue(pair[0], vivid))
    bright = [color for color, _ in (vivid_first if count is None else _fewer(vivid_first, count))]
    bright = _with_steep(bright, steep, MOST_LAYERS if count is None else count)
    gray = [color for color, _ in kept if not is_colored(color)]
    if bright:  # then text and grid are gray, in as many shades as letters have edges
        gray = sorted(gray, key=np.linalg.norm)[-1:] if len(bright) == count else gray[: 2 + (count or 0)]
    return (bright + gray)[:MOST_LAYERS]


def _with_steep(bright: list[FloatArray], steep: Sequence[FloatArray], count: int) -> list[FloatArray]:
    """Add what is seen in few columns until there are as many colors as curves, if it is vivid and like no other."""
    bright = list(bright)
    for color in steep:
        new = np.ptp(color) >= VIVID and not any(_same_hue(color, other) for other in bright)
        if len(bright) < count and new and not any(_between(color, *pair) for pair in combinations(bright, 2)):
            bright.append(color)
    return bright


def _own_hue(color: FloatArray, vivid: list[FloatArray]) -> bool:
    """Whether a color, however dull, is none of the vivid ones mixed with gray."""
    others = [other for other in vivid if other is not color]
    return bool(np.ptp(color) >= DULL and np.linalg.norm(color) > PALE and not any(_same_hue(color, other) for other in others))


def _same_hue(color: FloatArray, other: FloatArray) -> bool:
    one, two = color - color @ BRIGHTNESS, other - other @ BRIGHTNESS
    return bool(one @ two > np.cos(np.radians(TURN)) * np.linalg.norm(one) * np.linalg.norm(two))


def _dimmed(color: FloatArray, other: FloatArray) -> bool:
    """Whether a color is what a JPEG makes of another one in thin lines, such as confidence limits."""
    one, two = (float(np.linalg.norm(of - of @ BRIGHTNESS)) for of in (color, other))
    less = np.ptp(color) >= DULL and one < LESS * two
    return bool(less and abs(float((color - other) @ BRIGHTNESS)) < DIMMED and _same_hue(color, other))


def _fewer(found: list[tuple[FloatArray, float]], count: int) -> list[tuple[FloatArray, float]]:
    """Leave out colors until so many are left: the last of those that two others may make, however frequent, else the last."""
    found = list(found)
    while len(found) > count:
        mixed = []
        for number, (color, share) in enumerate(found):
            others = [other for there, (other, often) in enumerate(found) if there != number and often > MADE_OF * share]
            if any(_between(color, one, other) for one, other in combinations(others, 2)):
                mixed.append(number)
        del found[mixed[-1] if mixed else -1]
    return found


def _between(color: FloatArray, one: FloatArray, other: FloatArray) -> bool:
    """Whether a color lies near the straight line between two."""
    along = other - one
    share = float(np.clip((color - one) @ along / max(float(along @ along), 1e-9), 0, 1))
    return float(np.linalg.norm(color - one - share * along)) < 0.6 * SAME


def _densest(colors: Floats) -> FloatArray:
    """Return the center of the fullest cell of a grid over the colors, and its neighborhood's mean."""
    cells = np.floor_divide(colors + 256, 24).astype(np.int64)
    codes, counts = np.unique(cells @ np.array([10000, 100, 1]), return_counts=True)
    best = codes[counts.argmax()]
    middle = np.mean(colors[cells @ np.array([10000, 100, 1]) == best], axis=0)
    near = np.linalg.norm(colors - middle, axis=1) < SAME / 2
    return np.asarray(np.mean(colors[near], axis=0), dtype=float)


def _paler(colors: Floats, center: FloatArray) -> BoolArray:
    """Which colors are the given one mixed with background: thin strokes and soft edges; not grays, which may be another curve's."""
    if np.ptp(center) < GRAY:
        return np.zeros(len(colors), dtype=bool)
    share = colors @ center / (center @ center)
    rest = np.linalg.norm(colors - share[:, None] * center, axis=1)
    return np.asarray((share > 0) & (share < 1.4) & (rest < 0.5 * SAME * np.clip(share, 0.3, 1)))


def separate(ink: Contrast, colors: list[FloatArray], behind: FloatArray, softness: float = 28.0) -> list[Layer]:
    """Share the ink of every pixel out among the colors.

    Parameters
    ----------
    ink : Contrast
        Of the plot.
    colors : list of ndarray of float, shape (3,)
        Each color's difference from the background.
    behind : ndarray of float, shape (3,)
        The background.
    softness : float
        How far a pixel may be from a mixture of background and color.

    Returns
    -------
    list of Layer
        In the order of the colors.
    """
    from scipy import ndimage

    if not colors:
        return []
    known = None
    if can_unmix(ink) and any(np.ptp(color) >= GRAY for color in colors):
        ink, known = unmixed(ink, colors)
    line, fill, strength = ink.line, ink.fill, ink.strength
    # a soft edge is told from a paler stroke by the pixels beside it
    core = ndimage.maximum_filter(np.linalg.norm(ink.opaque, axis=2), size=3)
    weights, shares = [], []
    weakest = np.full(strength.shape, np.inf, dtype=np.float32)
    for color in colors:
        vector = color.astype(np.float32) - fill  # from what is behind to the color
        norm = np.maximum(np.linalg.norm(vector, axis=2), np.float32(FAINT))
        share = np.clip(np.sum(line * vector, axis=2) / norm**2, 0, 1)
        rest = line - share[:, :, None] * vector
        distance = np.sum(rest * rest, axis=2)
        if any(_alike(color, other) for other in colors if other is not color):
            distance += 0.5 * (core - np.float32(np.linalg.norm(color))) ** 2
        weights.append(np.exp(-0.5 * distance / np.float32(softness**2)))
        shares.append(share)
        weakest = np.minimum(weakest, norm)
    norms = [float(np.linalg.norm(color)) for color in colors]
    strongest = max(norms)
    covered = np.clip(strength / np.maximum(0.6 * weakest, FAINT), 0, 1)
    banded = np.linalg.norm(fill, axis=2) > BANDED
    found = []
    for color, norm, own in zip(colors, norms, _owns(colors, weights, shares, known), strict=True):
        own[strength < 0.3 * FAINT] = 0
        blank = 1 - np.maximum(covered, np.clip(own, 0, 1))
        red, green, blue = (int(round(float(v))) for v in np.clip(behind - color, 0, 255))
        left, empty = without_rules(own.astype(np.float32), blank.astype(np.float32), banded)
        if norm > GRID * strongest or left.sum() > 0.5 * own.sum():  # what is left of a pale grid is no curve
            found.append(Layer((red, green, blue), left, empty))
    return found


def _owns(colors: list[FloatArray], weights: list[Floats], shares: list[Floats], known: list[Floats] | None) -> list[Floats]:
    """Return how much of each pixel each color covers, by how near the pixel's color is to it, or as is known of each hue."""
    if known is None:
        total = np.maximum(np.sum(weights, axis=0), 1e-6)
        return [share * np.sqrt(weight) * weight / total for share, weight in zip(shares, weights, strict=True)]
    owns = []
    for own, weight, same in zip(known, weights, same_hues(colors), strict=True):
        rivals = np.sum([other for other, one in zip(weights, same, strict=True) if one], axis=0)
        owns.append(own if same.sum() == 1 else own * weight / np.maximum(rivals, np.float32(1e-6)))
    return owns


def _alike(color: FloatArray, other: FloatArray) -> bool:
    return float(color @ other) > 0.985 * float(np.linalg.norm(color) * np.linalg.norm(other))


def without_rules(own: Floats, blank: Floats, banded: BoolArray) -> tuple[Floats, Floats]:
    """Take away straight lines from edge to edge: grid, guides, the box. A curve may still run behind them.

    Parameters
    ----------
    own, blank : ndarray of float32, shape (height, width)
        Share of each pixel that the color covers, and that nothing covers.
    banded : ndarray of bool, shape (height, width)
        Where bands are: these may hide lines too.

    Returns
    -------
    own, blank : ndarray of float32, shape (height, width)
        New arrays.
    """
    own, blank = own.copy(), blank.copy()
    for ink, empty, hiding in ((own, blank, banded), (own.T, blank.T, banded.T)):
        length = ink.shape[1]
        parts = np.linspace(0, length, 21).astype(int)
        there = ink > 0.3
        seen, partly = (np.add.reduceat(there | (empty < 0.5) | more, parts[:-1], axis=1) / np.diff(parts) for more in (False, hiding))
        whole = (seen.min(axis=1) >= 0.25) & (there.mean(axis=1) > 0.4)
        beside = (there & ~hiding).mean(axis=1)  # of bands
        behind = (partly.min(axis=1) >= 0.25) & (beside > np.maximum(0.8 * (~hiding).mean(axis=1), 0.15))
        for row in np.flatnonzero(whole | behind):
            near = slice(max(row - 1, 0), row + 2)
            empty[near] = np.where(ink[near] > 0, 0, empty[near])
            ink[near] = 0
    return own, blank
