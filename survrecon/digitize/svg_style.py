"""Style of SVG elements: attributes, declarations and the simple CSS rules that drawing programs write."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from math import isfinite

from survrecon.digitize.svg_xml import is_comment, tag_of

INHERITED = frozenset(
    ["stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill", "fill-opacity", "color", "visibility"]
    + ["font", "font-size", "text-anchor", "dominant-baseline"]
)
MOST_RULES = 3000
Rules = dict[str, list[tuple[int, tuple[tuple[str, ...], ...], dict[str, str]]]]
"""By tag, class or identifier that the element itself must have: weight, all names in order of nesting, declarations."""

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-z%]*)", re.IGNORECASE)
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "em": 12.0}


def number(text: str | None, default: float = 0.0) -> float:
    """Return the number at the start of a text.

    Parameters
    ----------
    text : str or None
        Such as ``0.5``; a percentage is a share of 1.
    default : float
        Where there is none.

    Returns
    -------
    float
        Finite, unless the default is not.

    Examples
    --------
    >>> number("25%"), number(None, 1.0)
    (0.25, 1.0)
    """
    match = _NUMBER.match(text or "")
    if not match or not isfinite(float(match[1])):
        return default
    return float(match[1]) / (100 if match[2] == "%" else 1)


def length(text: str | None, whole: float, default: float) -> float:
    """Return a length in user units.

    Parameters
    ----------
    text : str or None
        Number with or without unit.
    whole : float
        What 100% is.
    default : float
        Where there is none.

    Returns
    -------
    float
        In user units, 96 to the inch.

    Examples
    --------
    >>> length("2pt", 0, 0), length("50%", 300, 0), length("9px", 0, 0)
    (2.6666666666666665, 150.0, 9.0)
    """
    match = _NUMBER.match(text or "")
    if not match or not isfinite(float(match[1])):
        return default
    return float(match[1]) * (whole / 100 if match[2] == "%" else _UNITS.get(match[2].lower(), 1.0))


def color(paint: str, style: dict[str, str]) -> str | None:
    """Return a color as ``#rrggbb``.

    Parameters
    ----------
    paint : str
        Any CSS color; a pattern or gradient is gray.
    style : dict of str to str
        For ``currentColor``.

    Returns
    -------
    str or None
        None where nothing is painted, or the color is not known.
    """
    paint = paint.strip().lower()
    if paint == "currentcolor":
        paint = style.get("color", "#000000").strip().lower()
    if re.fullmatch(r"#[0-9a-f]{6}", paint):
        return paint
    if paint in ("none", "transparent", ""):
        return None
    if paint.startswith("url("):
        return "#808080"
    from svgelements import Color

    try:
        found = Color(paint)
        unknown = paint.isalpha() and paint != "black" and not (found.red or found.green or found.blue)
        return None if found.value is None or not found.alpha or unknown else f"#{found.red:02x}{found.green:02x}{found.blue:02x}"
    except Exception:  # whatever svgelements meets in a malformed one
        return None


def declarations(text: str) -> dict[str, str]:
    """Return the declarations of a ``style`` attribute or rule.

    Parameters
    ----------
    text : str
        Such as ``fill: none; stroke: #000000``.

    Returns
    -------
    dict of str to str
        Value of each property.
    """
    pairs = (part.partition(":") for part in text.split(";"))
    return {name.strip().lower(): value.replace("!important", "").strip() for name, mark, value in pairs if mark}


def read_rules(root: ET.Element) -> Rules:
    """Return all rules of an SVG file's style sheets.

    Parameters
    ----------
    root : Element
        Of the file.

    Returns
    -------
    Rules
        Those with simple names nested in each other; all others are passed over.
    """
    rules: Rules = {}
    sheets = ["".join(element.itertext()) for element in root.iter() if not is_comment(element) and tag_of(element) == "style"]
    css = re.sub(r"/\*.*?\*/", " ", "\n".join(sheets), flags=re.DOTALL)
    for count, match in enumerate(re.finditer(r"([^{};]+)\{([^{}]*)\}", css)):
        if count >= MOST_RULES:
            break
        declared = declarations(match[2])
        for selector in match[1].split(","):
            names = tuple(tuple(re.findall(r"[.#]?[\w*-]+", part)) for part in selector.replace(">", " ").split())
            if names and all(names) and not re.search(r"[\[\]:+~@]", selector):
                weight = sum(100 if name[0] == "#" else 10 if name[0] == "." else name != "*" for part in names for name in part)
                rules.setdefault(names[-1][0], []).append((weight, names, declared))
    return rules


def own_style(element: ET.Element, rules: Rules, above: tuple[ET.Element, ...]) -> dict[str, str]:
    """Return what is declared for an element itself: by attributes, by rules, by its ``style``.

    Parameters
    ----------
    element : Element
        The element.
    rules : Rules
        Of the file.
    above : tuple of Element
        The elements that it is in, outermost first.

    Returns
    -------
    dict of str to str
        Value of each property.
    """
    found = {name: value for name, value in element.attrib.items() if name in INHERITED or name in ("opacity", "display")}
    named = _names(element)
    fitting = [rule for name in named for rule in rules.get(name, ()) if _fits(rule[1], named, above)]
    for _, _, declared in sorted(fitting, key=lambda rule: rule[0]):
        found |= declared
    found |= declarations(element.get("style", ""))
    if "font" in found and "font-size" not in found:
        size = re.search(r"[\d.]+(?:px|pt|em|%)", found["font"])
        found |= {"font-size": size[0]} if size else {}
    return found


def _names(element: ET.Element) -> tuple[str, ...]:
    classes = (f".{name}" for name in element.get("class", "").split())
    return ("*", tag_of(element), *classes, f"#{element.get('id', '')}")


def _fits(names: tuple[tuple[str, ...], ...], own: tuple[str, ...], above: tuple[ET.Element, ...]) -> bool:
    """Whether the last names are the element's own and the ones before those of elements around it, in this order."""
    if not set(names[-1]) <= set(own):
        return False
    outer = iter(above)
    return all(any(set(part) <= set(_names(element)) for element in outer) for part in names[:-1])
