"""The risk table under a figure, from its texts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.data import FloatArray, RiskTable
from survrecon.digitize.axes import rows_of
from survrecon.digitize.figure import Axis, Text

NEAR = 0.3  # a count stands this close to its tick, in spacings of the ticks
LEAST_KEPT = 0.7  # a row of which less than this share can be numbers at risk is no row of a risk table
APART = 6.0  # rows of one table are no further apart than this, in heights of the text

_CELL = re.compile(r"(\d{1,3}(?:[, \u00a0\u2009\u202f]\d{3})+|\d{1,7})\s*(?:[(\[/].*)?")
_MISSING = re.compile(r"[-\u2013\u2014]|n/?a", re.IGNORECASE)
_HEADING = re.compile(r"(?:(?:no|n|nr|numbers?|patients|subjects|participants|pts)\b\.?\s*(?:of\s+\w+\s+)?)?at[ -]risk\b.*", re.IGNORECASE)
_OTHER = re.compile(r"\bevents?\b|\bcensor|\bdeaths?\b", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class RiskRow:
    """One row of a risk table.

    Attributes
    ----------
    label : str
        What stands at its left, or above it; empty where nothing does.
    color : str
        Of the label, else of the counts, ``#rrggbb``.
    risk : RiskTable
        Its times and counts.
    doubts : tuple of str
        Cells that were left out, and why.
    """

    label: str
    color: str
    risk: RiskTable
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Line:
    """A row of texts: the label at its left, and the counts with the positions of their ticks."""

    label: str
    color: str
    cells: tuple[tuple[float, float], ...]
    top: float
    height: float


def read_risk_rows(texts: Iterable[Text], x_axis: Axis, below: float) -> tuple[RiskRow, ...]:
    """Read the numbers at risk that stand under the ticks of an axis.

    Parameters
    ----------
    texts : iterable of Text
        All texts of the panel.
    x_axis : Axis
        The axis of time; counts are centered, or flush, at its ticks.
    below : float
        Position of the axis line: only texts under it are looked at.

    Returns
    -------
    tuple of RiskRow
        From the top. Rows of events or of censored subjects, the tick labels and all other texts are left out.

    Examples
    --------
    >>> axis = Axis(0, 0.1, ((0, 0), (100, 10), (200, 20)))
    >>> words = [("drug", -60), ("30", 0), ("21", 100), ("4", 200)]
    >>> row = read_risk_rows([Text(word, x - 8, 80, x + 8, 90) for word, x in words], axis, below=50)[0]
    >>> row.label, row.risk.time.tolist(), row.risk.count.tolist()
    ('drug', [0.0, 10.0, 20.0], [30.0, 21.0, 4.0])
    """
    ticks = _grid(x_axis)
    under = [text for text in texts if (text.top + text.bottom) / 2 > below and abs(text.angle) % 180 < 45 and text.string.strip()]
    found: list[RiskRow] = []
    heading, last = "", math.inf
    for row in rows_of(under):
        line = _line(row, ticks, x_axis)
        if found and line.top - last > APART * line.height:
            break
        last = line.top
        if len(line.cells) < 2:
            heading = "" if _HEADING.match(line.label) else line.label
            continue
        risk_row = _risk_row(line, x_axis, heading)
        if risk_row is not None:
            found.append(risk_row)
    return tuple(found)


def _grid(axis: Axis) -> FloatArray:
    """Return positions at which counts may stand: the labelled ticks, and the ones between and beyond them at the same spacing."""
    places = np.array(sorted(place for place, _ in axis.ticks))
    if places.size < 2:
        return places
    spacing = float(np.diff(places).min())
    steps = np.arange(math.floor((axis.start - places[0]) / spacing - 1e-6), math.ceil((axis.end - places[0]) / spacing + 1e-6) + 1)
    even = places[0] + spacing * steps[:200]
    even = even[axis.value(even) > -1e-9]  # nobody is counted before time 0
    return np.unique(np.concatenate([places, [place for place in even if np.abs(places - place).min() > 0.3 * spacing]]))


def _line(row: Sequence[Text], ticks: FloatArray, axis: Axis) -> _Line:
    """Tell the label of a row from its counts."""
    spacing = float(np.diff(ticks).min()) if ticks.size > 1 else math.inf
    words = [word for text in row for word in _split(text, row, ticks, spacing)]
    numbers = [word for word in words if _CELL.fullmatch(word.string.strip()) or _MISSING.fullmatch(word.string.strip())]
    cells: dict[int, tuple[float, Text]] = {}
    for place in _flush(numbers, ticks, spacing):
        tick, miss, word = place
        if miss <= NEAR * spacing and miss < cells.get(tick, (math.inf, word))[0]:
            cells[tick] = miss, word
    if cells and 0 not in cells:
        _first_of_label(words, cells, ticks)
    used = {id(word) for _, word in cells.values()}
    first = min((word.left for _, word in cells.values()), default=math.inf)
    label = [word for word in words if id(word) not in used and word.left < first]
    colors = [word.color for word in (*label, *(word for _, word in cells.values())) if word.color != "#000000"]
    text = re.sub(r"\s+", " ", " ".join(word.string for word in label)).strip(" :")
    counts = tuple((float(ticks[tick]), _count(word.string)) for tick, (_, word) in sorted(cells.items()))
    return _Line(text, (colors or ["#000000"])[0], counts, row[0].top, max(text.bottom - text.top for text in row))


def _first_of_label(words: list[Text], cells: dict[int, tuple[float, Text]], ticks: FloatArray) -> None:
    """Take the number that ends a label for the first count, where there is none and it can be: lifelines writes both as one text."""
    next_count = _count(cells[min(cells)][1].string)
    for k, word in enumerate(words):
        touching = r"\s*" if word.right > ticks[0] else r"\s+"  # a label may come so close to the count that no space is left
        match = re.fullmatch(rf"(.*[^\s\d]|.*\S(?=\s)){touching}(\d+)", word.string.strip())
        if match and word.left < ticks[0] and word.right > ticks[0] - np.diff(ticks).min() and int(match[2]) >= next_count:
            words[k] = replace(word, string=match[1])
            words.insert(k + 1, replace(word, string=match[2], left=word.right))
            cells[0] = 0.0, words[k + 1]
            return


def _split(text: Text, row: Sequence[Text], ticks: FloatArray, spacing: float) -> list[Text]:
    """Split a text that holds several counts, or a label and the first count, where letters of one width would stand."""
    parts = [(match.start(), match.end()) for match in re.finditer(r"\S+", text.string)]
    numbers = [i for i, (start, end) in enumerate(parts) if text.string[start:end].isdigit()]
    if len(parts) < 2 or not numbers or _CELL.fullmatch(text.string.strip()) and text.right - text.left < 0.6 * spacing:
        return [text]
    width = (text.right - text.left) / len(text.string)
    words = [replace(text, string=text.string[a:b], left=text.left + a * width, right=text.left + b * width) for a, b in parts]
    middles = [(words[i].left + words[i].right) / 2 for i in numbers]
    if not ticks.size or max(np.abs(ticks - middle).min() for middle in middles[:50]) > NEAR * spacing:
        return [text]
    if len(numbers) == 1:  # a label such as "arm 1" keeps its number where another count stands at that tick
        tick = ticks[np.abs(ticks - middles[0]).argmin()]
        others = (other for other in row if other is not text and _CELL.fullmatch(other.string.strip()))
        if any(abs((other.left + other.right) / 2 - tick) <= NEAR * spacing for other in others):
            return [text]
    first = numbers[0]
    return [replace(text, string=text.string[: parts[first][0]].strip(), right=words[first].left), *words[first:]] if first else words


def _flush(numbers: Sequence[Text], ticks: FloatArray, spacing: float) -> list[tuple[int, float, Text]]:
    """Return each number with its tick and its distance from it, for the edge or middle that all have in line with the ticks."""
    best: tuple[float, list[tuple[int, float, Text]]] = (math.inf, [])
    for share in (0.5, 0.0, 1.0):
        anchors = np.array([word.left + share * (word.right - word.left) for word in numbers])
        if not anchors.size or not ticks.size:
            return []
        nearest = np.abs(anchors[:, None] - ticks).argmin(axis=1)
        misses = np.abs(anchors - ticks[nearest])
        close = misses <= NEAR * spacing
        spread = float(np.median(misses[close])) + 1e-3 * spacing * (share != 0.5) if close.any() else math.inf
        if spread < best[0]:
            best = spread, list(zip(nearest.tolist(), misses.tolist(), numbers, strict=True))
    return best[1]


def _count(cell: str) -> float:
    match = _CELL.fullmatch(cell.strip())
    return float(re.sub(r"\D", "", match[1])) if match else math.nan


def _risk_row(line: _Line, axis: Axis, heading: str) -> RiskRow | None:
    """Return the numbers at risk of a row, unless it is one of tick labels, events or censored subjects."""
    places, counts = np.transpose(line.cells)
    times = _times(places, axis)
    label = re.sub(_HEADING, "", line.label).strip(" :-") or ("" if _OTHER.search(heading) else heading)
    if np.allclose(times, counts, equal_nan=True) or _OTHER.search(line.label):
        return None
    kept = _longest_fall(counts)
    if kept.sum() < max(2, LEAST_KEPT * np.isfinite(counts).sum()):
        return None
    wrong = np.isfinite(counts) & ~kept
    doubts = tuple(
        f"number at risk {count:g} at {time:g} left out: the numbers before and after it cannot both be true with it"
        for time, count in zip(times[wrong], counts[wrong], strict=True)
    )
    return RiskRow(label, line.color, RiskTable(times, np.where(kept, counts, np.nan)), doubts)


def _times(places: FloatArray, axis: Axis) -> FloatArray:
    """Return the times at ticks: the number on the label, not where exactly its tick was drawn."""
    labelled = dict(axis.ticks)
    step = abs(axis.ticks[1][1] - axis.ticks[0][1]) / 1000
    return np.array([labelled.get(place, step * round(float(axis.value(place)) / step)) for place in places.tolist()])


def _longest_fall(counts: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mark the most counts that do not increase from one to the next."""
    length, before = [1] * counts.size, [-1] * counts.size
    known = np.flatnonzero(np.isfinite(counts)).tolist()
    for i in known:
        for j in known:
            if j < i and counts[j] >= counts[i] and length[j] + 1 > length[i]:
                length[i], before[i] = length[j] + 1, j
    kept = np.zeros(counts.size, dtype=bool)
    i = max(known, key=lambda i: length[i], default=-1)
    while i >= 0:
        kept[i] = True
        i = before[i]
    return kept
