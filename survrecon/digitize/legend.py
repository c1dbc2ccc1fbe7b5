"""Names of the curves: from samples of their lines beside words, or words in their color."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from survrecon.digitize.axes import number
from survrecon.digitize.drawing import Shape
from survrecon.digitize.figure import Text
from survrecon.digitize.labels import distance, plain, rgb
from survrecon.digitize.lines import Line, height_at
from survrecon.digitize.panels import Panel

LONGEST = 0.25  # a sample is shorter than this share of the panel's width
GAP = 3.0  # between a sample and its words, in heights of the letters
NEAR_COLOR = 30.0
SHORTEST = 4.0  # units of the file
DARK = 80.0  # of 255: words in such a color are no sign of a curve
BESIDE = 2.5  # heights of the letters: names further from their curves are beside none
CLOSER = 0.5  # heights of the letters by which names must be closer to their own curves than to others
MOST_WORDS = 80  # letters of a label

_RESULT = re.compile(r"\b(?:hr|hazard|ratio|ci|p|log-?rank|median|months?|years?|weeks?|days?)\b|[=<>≤%]", re.IGNORECASE)


@dataclass(frozen=True)
class _Sample:
    """A short piece of line, or a patch of color, with words beside it."""

    label: str
    color: str
    dash: tuple[float, ...]
    width: float
    patch: bool
    place: tuple[float, float]


def find_labels(
    shapes: Sequence[Shape], texts: Iterable[Text], panel: Panel, curves: Sequence[Line], used: frozenset[int]
) -> tuple[list[str], list[int], str, list[str]]:
    """Find the name of each curve.

    Parameters
    ----------
    shapes : sequence of Shape
        Of the drawing.
    texts : iterable of Text
        Of the panel.
    panel : Panel
        Its frame.
    curves : sequence of Line
        The curves.
    used : frozenset of int
        Shapes that are something else: ticks, frame, curves.

    Returns
    -------
    labels : list of str
        For each curve; empty where nothing names it.
    order : list of int
        The curves in the order of the legend; in their own order without one.
    how : str
        "legend" or "text" (words in the color of the curve), or empty.
    others : list of str
        Names in the legend, beside a piece of line, that are no curve's.
    """
    words = [text for text in texts if any(letter.isalpha() for letter in text.string) and abs(text.angle) % 180 < 45]
    free = (shape for i, shape in enumerate(shapes) if i not in used and not _is_on_a_curve(shape, curves))
    samples = [sample for shape in free if (sample := _sample(shape, words, panel)) is not None]
    chosen = [_best(curve, samples) for curve in curves]
    labels = [sample.label if sample else "" for sample in chosen]
    colors = [curve.style[0] for curve in curves]
    like_curves = [sample for sample in samples if not sample.patch and min(distance(sample.color, color) for color in colors) < NEAR_COLOR]
    if _distinct(labels):
        others = sorted({sample.label for sample in like_curves} - set(labels))
        places = [(round(sample.place[1]), sample.place[0]) if sample else (np.inf, np.inf) for sample in chosen]
        return labels, sorted(range(len(curves)), key=lambda k: places[k]), "legend", others
    labels = [_colored(curve, words, curves) for curve in curves]
    if _distinct(labels):
        return labels, list(range(len(curves))), "text", []
    return [""] * len(curves), list(range(len(curves))), "", sorted({sample.label for sample in like_curves})


def _distinct(labels: Sequence[str]) -> bool:
    known = [label for label in labels if label]
    return bool(known) and len(set(known)) == len(known)


def _is_on_a_curve(shape: Shape, curves: Sequence[Line]) -> bool:
    """Whether a shape is a censor mark rather than a sample."""
    left, top, right, bottom = shape.box
    x, y = (left + right) / 2, (top + bottom) / 2
    inside = (curve.points for curve in curves if curve.points[0, 0] - 1 <= x <= curve.points[-1, 0] + 1)
    return right - left < SHORTEST or any(abs(float(height_at(points, np.array([x]))[0]) - y) < 2 for points in inside)


def _sample(shape: Shape, words: Sequence[Text], panel: Panel) -> _Sample | None:
    """Return a shape as sample of a legend, where it may be one and words stand beside it."""
    left, top, right, bottom = shape.box
    longest = LONGEST * (panel.box[2] - panel.box[0])
    line = shape.stroke is not None and bottom - top <= 0.1 * (right - left) and len(shape.points) < 20
    patch = shape.fill is not None and not line and 2 < bottom - top < 0.5 * longest
    if not (line or patch) or not 2 < right - left < longest:
        return None
    color = (shape.stroke if line else shape.fill) or ""
    label = _beside(left, right, (top + bottom) / 2, words)
    return _Sample(label, color, shape.dash, shape.width, patch, (left, (top + bottom) / 2)) if label else None


def _beside(left: float, right: float, middle: float, words: Sequence[Text]) -> str:
    """Return the words right of a sample, else left of it, at its height, up to the first wide gap."""
    level = [text for text in words if text.top - 0.1 <= middle <= text.bottom + 0.1]
    for behind in (True, False):
        end = right if behind else left
        found: list[str] = []
        for text in sorted(level, key=lambda text: text.left if behind else -text.right):
            gap = text.left - end if behind else end - text.right
            letter = text.bottom - text.top
            if -0.5 * letter <= gap <= (GAP if not found else 0.7) * letter:
                found.append(text.string)
                end = text.right if behind else text.left
        if found:
            label = " ".join(found if behind else found[::-1]).strip(" :")
            return label if len(label) <= MOST_WORDS and number(label) is None else ""
    return ""


def _best(curve: Line, samples: Sequence[_Sample]) -> _Sample | None:
    """Return the sample drawn most like a curve; None where two labels are alike in that."""
    color, width, dash, _ = curve.style
    near = [sample for sample in samples if distance(sample.color, color) < NEAR_COLOR]
    fitting = [sample for sample in near if sample.patch or _same_dash(sample.dash, dash)]
    if not fitting:
        return None

    def unlike(sample: _Sample) -> tuple[bool, float]:
        return sample.patch, round(abs(sample.width - width), 1)

    best = min(map(unlike, fitting))
    labels = {sample.label for sample in fitting if unlike(sample) == best}
    return next(sample for sample in fitting if unlike(sample) == best) if len(labels) == 1 else None


def _same_dash(dash: Sequence[float], other: Sequence[float]) -> bool:
    if bool(dash) != bool(other):
        return False
    return not dash or len(dash) == len(other) and bool(np.allclose(np.divide(dash, max(dash)), np.divide(other, max(other)), atol=0.15))


def beside_curves(texts: Iterable[Text], names: Sequence[str], curves: Sequence[Line], panel: Panel) -> list[str]:
    """Find the curves beside which known names are written.

    Parameters
    ----------
    texts : iterable of Text
        Of the panel.
    names : sequence of str
        Of the rows of the risk table; without any, all words in the panel that may be names.
    curves : sequence of Line
        The curves.
    panel : Panel
        Its frame.

    Returns
    -------
    list of str
        For each curve; nothing where there are not as many names as curves, where one is not written in the panel
        exactly once, is not close to any, or as close to another curve.
    """
    left, top, right, bottom = panel.box
    inside = [text for text in texts if left < (text.left + text.right) / 2 < right and top < (text.top + text.bottom) / 2 < bottom]
    names = names or [text.string for text in inside if _may_be_name(text.string)]
    written = [[text for text in inside if plain(text.string) == plain(name)] for name in names]
    if len(names) != len(curves) or not 1 < len(names) <= 6 or any(len(found) != 1 for found in written):
        return [""] * len(curves)
    gaps = np.array([[_gap(found[0], curve) for curve in curves] for found in written])
    orders = sorted((float(sum(gaps[i, k] for i, k in enumerate(order))), order) for order in permutations(range(len(curves))))
    letter = written[0][0].bottom - written[0][0].top
    far = max(gaps[i, k] for i, k in enumerate(orders[0][1])) > BESIDE * letter
    if far or orders[1][0] - orders[0][0] < CLOSER * letter:
        return [""] * len(curves)
    return [names[orders[0][1].index(k)] for k in range(len(curves))]


def _may_be_name(string: str) -> bool:
    return len(string) <= 40 and len(re.findall("[A-Za-z]", string)) > 2 and not _RESULT.search(string)


def _gap(text: Text, curve: Line) -> float:
    """Return the space between a text and a curve."""
    x = np.linspace(text.left, text.right, 40)
    first, last = curve.points[0, 0], curve.points[-1, 0]
    y = height_at(curve.points, x)
    apart = np.maximum(np.maximum(text.top - y, y - text.bottom), 0)
    return float(np.hypot(apart, np.maximum(np.maximum(first - x, x - last), 0)).min())


def _colored(curve: Line, words: Sequence[Text], curves: Sequence[Line]) -> str:
    """Return the words in the color that only this curve has."""
    color = curve.style[0]
    if float(rgb(color).max()) < DARK or sum(distance(color, other.style[0]) < NEAR_COLOR for other in curves) > 1:
        return ""
    own = {text.string.strip() for text in words if distance(text.color, color) < NEAR_COLOR}
    return own.pop() if len(own) == 1 else ""
