"""From ticks and the texts beside them to a linear axis; what its title says of the unit of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from survrecon.data import FloatArray
from survrecon.digitize.figure import Axis, Text

BESIDE = 0.6  # a label's center lies this close to its tick, in heights of its letters
BENT = 0.05  # a labelled tick further than this share of the spacing from the line through the others is none of theirs
BENT_LABELS = 0.15  # the same for axes without ticks, read from the middles of their labels
MOST_LABELS = 80
SAME_LABELS = 0.02  # of the axis: what the user gives is what the labels say, if it is this close at each of them
CONTRADICTED = "the labels of an axis say {:g} to {:g} where the range that was given says {:g} to {:g}"
YEARS = (1900, 2100)  # an axis that starts and ends between them shows dates

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:[, \u00a0\u2009\u202f]\d{3})+")
_POWER = re.compile(r"\$?(?:\\mathdefault)?\{?10\^\{?([-+\u2212]?\d+)\}*\$?")
_UNITS = {
    "day": r"days?|d",
    "week": r"weeks?|wks?\.?|w",
    "month": r"months?|mos?\.?|mths?",
    "year": r"years?|yrs?\.?|y",
}


class AxisError(ValueError):
    """An axis on which no straight line can be read: logarithmic, broken, or of dates."""


def number(string: str) -> float | None:
    """Return the number that a tick label says.

    Parameters
    ----------
    string : str
        As printed: decimal point, comma or middle dot, thousands apart or not, with or without percent sign.

    Returns
    -------
    float or None
        ``50`` for ``50%``; None where it is not a number.

    Examples
    --------
    >>> number("0·8"), number("1,000"), number("0,5"), number("\u221220%"), number("10^2"), number("month")
    (0.8, 1000.0, 0.5, -20.0, 100.0, None)
    """
    text = string.strip().replace("\u2212", "-").replace("\u2013", "-").replace("·", ".").replace("\u2219", ".").removesuffix("%").strip()
    power = _POWER.fullmatch(text)
    if power:
        exponent = int(power[1].replace("\u2212", "-"))
        return 10.0**exponent if abs(exponent) < 100 else None
    text = text.removeprefix("$\\mathdefault{").removesuffix("}$")
    if _THOUSANDS.fullmatch(text):
        return float(re.sub("[^-+0-9]", "", text))
    text = text.replace(",", ".")
    return float(text) if _NUMBER.fullmatch(text) and len(text) < 20 else None


def time_unit(title: str) -> str | None:
    """Return the unit of time that the title of an axis names.

    Parameters
    ----------
    title : str
        Such as ``Months since randomization`` or ``Time (d)``.

    Returns
    -------
    {"day", "week", "month", "year"} or None
        None where it names none, or more than one.

    Examples
    --------
    >>> time_unit("Time since randomization (months)"), time_unit("Overall survival (y)"), time_unit("Time")
    ('month', 'year', None)
    """
    words = title.lower()
    named = {unit for unit, names in _UNITS.items() if re.search(rf"(?<![a-z])(?:{names})(?![a-z])", words)}
    return named.pop() if len(named) == 1 else None


def axis_through(first: tuple[float, float], last: tuple[float, float], ticks: Sequence[float] = ()) -> Axis:
    """Return the axis through two points.

    Parameters
    ----------
    first, last : tuple of (position, value)
        Two different positions and their values.
    ticks : sequence of float
        Positions of its ticks, where there are any.

    Returns
    -------
    Axis
        Its ticks have the values that the two points give them.

    Raises
    ------
    AxisError
        Equal positions or equal values.

    Examples
    --------
    >>> axis_through((100, 0), (300, 50)).value(140)
    array(10.)
    """
    if first[0] == last[0] or first[1] == last[1]:
        raise AxisError(f"{first[0]:g} = {first[1]:g} and {last[0]:g} = {last[1]:g} do not span an axis; give two different points")
    scale = (last[1] - first[1]) / (last[0] - first[0])
    origin = first[1] - scale * first[0]
    places = tuple(ticks) or (first[0], last[0])
    return Axis(origin, scale, tuple((place, origin + scale * place) for place in places), min(places), max(places))


def read_axis(ticks: Sequence[float], texts: Iterable[Text], horizontal: bool, line: float | None = None) -> Axis | None:
    """Read an axis from its ticks and the numbers beside them.

    Parameters
    ----------
    ticks : sequence of float
        Positions of the ticks along the axis; without any, the middles of the labels are taken for them.
    texts : iterable of Text
        Among them the tick labels; anything else may be there too.
    horizontal : bool
        Whether positions run along x, labels standing in a row; else along y, in a column.
    line : float or None
        Position of the axis across it: the row or column of numbers next to it is the labels'. Without it, that of
        the most numbers.

    Returns
    -------
    Axis or None
        None where no row of two numbers or more fits the ticks. Its ticks are those with a label, from the start.

    Raises
    ------
    AxisError
        Labels that do not lie on a straight line, as on a logarithmic or broken axis, and axes of dates.

    Examples
    --------
    >>> labels = [Text(str(10 * i), 100 * i - 5, 50, 100 * i + 5, 58) for i in range(4)]
    >>> axis = read_axis([0, 100, 200, 300], labels, horizontal=True)
    >>> round(float(axis.value(250)), 9), len(axis.ticks)
    (25.0, 4)
    """
    places = sorted({float(tick) for tick in ticks})
    for row in _rows(texts, horizontal, line):
        labelled = _labelled(places, row, horizontal)
        if len(labelled) >= 2:
            if any(_POWER.fullmatch(text.string) for text in row):
                raise AxisError(_not_straight(np.array([value for _, value in labelled])))
            return _straight(labelled, BENT)
        if len(places) < 2 and len(row) >= 2:
            return _straight([(_middle(text, horizontal), number(text.string) or 0.0) for text in row], BENT_LABELS)
    return None


def contradiction(read: Axis | None, given: Axis, horizontal: bool, points_lost: bool = False) -> str:
    """Tell where the labels of an axis say something else than the values that the user gives.

    Parameters
    ----------
    read : Axis or None
        As its labels say; None where they say nothing.
    given : Axis
        As the user says.
    horizontal : bool
        Whether it is the axis of time; the other one may be given in percents or in shares of 1.
    points_lost : bool
        Whether the labels may have lost their decimal points, as those read off a picture do.

    Returns
    -------
    str
        Empty where they agree.

    Examples
    --------
    >>> contradiction(axis_through((0, 0), (100, 60), [0, 50, 100]), axis_through((0, 0), (100, 72), []), True)
    'the labels of an axis say 0 to 60 where the range that was given says 0 to 72'
    """
    if read is None:
        return ""
    places, labels = np.transpose(read.ticks)
    values = given.value(places)
    slack = SAME_LABELS * float(np.ptp(values))
    factors = (1.0, *([] if horizontal else [100.0, 0.01]), *([0.1, 0.01, 0.001] if points_lost else []))
    if any(np.allclose(values, labels * factor, atol=slack) for factor in factors):
        return ""
    digits = 2 - int(np.floor(np.log10(np.ptp(values))))
    return CONTRADICTED.format(labels.min(), labels.max(), *(round(float(value), digits) + 0.0 for value in (values.min(), values.max())))


def read_axes(ticks: Sequence[float], texts: Iterable[Text], horizontal: bool, line: float) -> list[Axis]:
    """Read all axes of one row of ticks: that of each of several panels side by side.

    Parameters
    ----------
    ticks : sequence of float
        Positions of the ticks along the axes.
    texts : iterable of Text
        Among them the tick labels.
    horizontal : bool
        Whether positions run along x.
    line : float
        Position of the axes across them.

    Returns
    -------
    list of Axis
        One for each run of increasing labels; of decreasing ones for axes along y.

    Raises
    ------
    AxisError
        See `read_axis`.
    """
    places = sorted({float(tick) for tick in ticks})
    for row in _rows(texts, horizontal, line):
        labelled = _labelled(places, row, horizontal)
        if len(labelled) < 2:
            continue
        values = np.array([value for _, value in labelled])
        if any(_POWER.fullmatch(text.string) for text in row):
            raise AxisError(_not_straight(values))
        forward = np.diff(values) > 0 if horizontal else np.diff(values) < 0
        if forward.sum() < 0.5 * forward.size:  # an axis that runs the other way
            forward = ~forward
        starts = [0, *(np.flatnonzero(~forward) + 1).tolist(), len(labelled)]
        runs = [labelled[a:b] for a, b in zip(starts, starts[1:], strict=False)]
        return [_straight(run, BENT) for run in runs if len(run) > 1]
    return []


def is_percent(axis: Axis, texts: Iterable[Text] = ()) -> bool:
    """Tell whether the axis of survival runs to 100, not to 1.

    Parameters
    ----------
    axis : Axis
        Read from its labels, or given by the user.
    texts : iterable of Text
        Its labels, where they were read.

    Returns
    -------
    bool
        Whether its values are divided by 100 to become probabilities.
    """
    return max(abs(value) for _, value in axis.ticks) > 1.5 or any(text.string.strip().endswith("%") for text in texts)


def rows_of(texts: Iterable[Text], horizontal: bool = True) -> list[list[Text]]:
    """Put texts into rows, or into columns.

    Parameters
    ----------
    texts : iterable of Text
        In any order.
    horizontal : bool
        Rows of texts beside each other; False for columns of texts above each other.

    Returns
    -------
    list of list of Text
        Rows from the top and texts from the left; columns from the left and texts from the top.
    """
    rows: list[list[Text]] = []
    for text in sorted(texts, key=lambda text: sum(_extent(text, not horizontal))):
        low, high = _extent(text, not horizontal)
        for row in reversed(rows[-3:]):
            start, end = (float(value) for value in np.mean([_extent(other, not horizontal) for other in row], axis=0))
            if min(high, end) - max(low, start) > 0.5 * min(high - low, end - start):
                row.append(text)
                break
        else:
            rows.append([text])
    return [sorted(row, key=lambda text: _middle(text, horizontal)) for row in rows]


def _extent(text: Text, horizontal: bool) -> tuple[float, float]:
    return (text.left, text.right) if horizontal else (text.top, text.bottom)


def _middle(text: Text, horizontal: bool) -> float:
    low, high = _extent(text, horizontal)
    return (low + high) / 2


def _letter(text: Text) -> float:
    """Height of its letters, however it is turned."""
    return text.right - text.left if abs(text.angle) % 180 > 45 else text.bottom - text.top


def _rows(texts: Iterable[Text], horizontal: bool, line: float | None) -> list[list[Text]]:
    """Return rows of at least two numbers: nearest to the line first, or the longest first."""
    rows = [row[:MOST_LABELS] for row in rows_of((text for text in texts if number(text.string) is not None), horizontal) if len(row) > 1]
    if line is None:
        return sorted(rows, key=len, reverse=True)
    return sorted(rows, key=lambda row: abs(float(np.mean([_middle(text, not horizontal) for text in row])) - line))


def _labelled(places: Sequence[float], row: Sequence[Text], horizontal: bool) -> list[tuple[float, float]]:
    """Return the ticks beside which a number stands, with that number; of two numbers, the nearer one."""
    found: dict[float, tuple[float, float]] = {}
    for text in row if places else ():
        middle, value = _middle(text, horizontal), number(text.string)
        place = min(places, key=lambda place: abs(place - middle))
        miss = abs(place - middle)
        if value is not None and miss <= BESIDE * _letter(text) and miss < found.get(place, (np.inf, 0))[0]:
            found[place] = miss, value
    return [(place, value) for place, (_, value) in sorted(found.items())]


def _not_straight(values: FloatArray) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:8])
    remedy = "only linear axes can be read: give two points of it (--x-at, --y-at)"
    return f"the tick labels {shown} do not lie on a straight line; {remedy}"


def _straight(labelled: Sequence[tuple[float, float]], bent: float) -> Axis:
    """Return the line through most of the labelled ticks."""
    places, values = np.transpose(sorted(labelled))
    allowed = bent * float(np.median(np.diff(places)))
    best = np.zeros(places.size, dtype=bool)
    for i, j in combinations(range(places.size), 2):
        if values[i] != values[j]:
            fits = np.abs(places[i] + (values - values[i]) * (places[j] - places[i]) / (values[j] - values[i]) - places) <= allowed
            if fits.sum() > best.sum():
                best = fits
    if best.sum() < max(2, 0.6 * places.size):
        raise AxisError(_not_straight(values))
    places, values = places[best], values[best]
    if YEARS[0] <= values.min() and values.max() <= YEARS[1]:
        raise AxisError(f"the tick labels {values.min():g} to {values.max():g} are dates; a curve needs times from the start of follow-up")
    slope = np.polynomial.Polynomial.fit(values, places, 1).convert().coef
    scale = 1 / float(slope[1])
    ticks = tuple((float(place), float(value)) for place, value in zip(places, values, strict=True))
    return Axis(-float(slope[0]) * scale, scale, ticks, float(places.min()), float(places.max()))
