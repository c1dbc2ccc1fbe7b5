"""The curves that the user names, found by what he says of them: label, color, or order."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

from survrecon.digitize.figure import Hints
from survrecon.digitize.labels import distance, plain
from survrecon.digitize.lines import Line
from survrecon.digitize.svg_style import color as css_color
from survrecon.errors import FigureError


def count(things: Sequence[object], name: str) -> str:
    """Return how many there are, with the verb.

    Parameters
    ----------
    things : sequence
        Any.
    name : str
        Of one of them.

    Returns
    -------
    str
        Such as ``2 curves were``.
    """
    return f"{len(things)} {name}{' was' if len(things) == 1 else 's were'}"


def named_curves(
    lines: Sequence[Line],
    area: Sequence[float],
    labels: Sequence[str],
    marked: Set[int],
    hints: Hints,
    path: Path,
) -> dict[int, str]:
    """Return the curves that the user names, in his order.

    Parameters
    ----------
    lines : sequence of Line
        All curves.
    area : sequence of float
        Under each.
    labels : sequence of str
        What the figure calls each; empty where it does not.
    marked : set of int
        Those with censor marks.
    hints : Hints
        The arms.
    path : Path
        The file, for messages.

    Returns
    -------
    dict of int to str
        Label by position of the curve; empty where no arm is named.

    Raises
    ------
    FigureError
        An arm that is not found, or no telling which it is.
    """
    if not hints.arms:
        return {}
    colors = ", ".join(sorted({line.style[0] for line in lines}))
    found: dict[int, str] = {}
    largest = sorted(range(len(lines)), key=lambda k: -area[k])
    if all(color is None for _, color in hints.arms):
        read = {plain(label): k for k, label in enumerate(labels) if label}
        names = [plain(label) for label, _ in hints.arms]
        if len(set(names)) == len(names) and set(names) == set(read):  # the figure says which is which, whatever the order
            return {read[name]: label for name, (label, _) in zip(names, hints.arms, strict=True)}
        if len(hints.arms) == len(marked):  # limits have no censor marks
            largest = [k for k in largest if k in marked]
        elif len(hints.arms) != len(lines):
            ways = "give each its color" if ", " in colors else "name them all, and take those that are none out of study.toml"
            if len(hints.arms) > len(lines):
                ways = "name no more; if one is missing, check --page, --panel and --bbox"
            found_and_named = f"{count(lines, 'curve')} found ({colors}), but {count(hints.arms, 'arm')} named"
            raise FigureError(path, f"{found_and_named}; {ways}")
        return {k: label for k, (label, _) in zip(largest, hints.arms, strict=True)}
    for label, color in hints.arms:
        wanted = css_color(color or "", {})
        if wanted is None:
            raise FigureError(path, f"the arm {label!r} has the color {color!r}; give each arm one such as #0072b2: {colors}")
        free = [k for k in largest if k not in found]
        nearest = min(free, key=lambda k: distance(lines[k].style[0], wanted), default=None)
        if nearest is None or distance(lines[nearest].style[0], wanted) > 100:
            raise FigureError(path, f"no curve is left for the arm {label!r} in the color {color!r}; the curves have {colors}")
        found[nearest] = label
    return found
