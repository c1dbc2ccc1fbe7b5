"""The public database kmdata (R package of Redd, Fell and Rahman): patient data of 304 published figures, and their hazard ratios.

Each figure is an R data file with time, event and arm; kmdata_key.rda describes them all. The key lists the arms of a figure in the order
of the alphabet and does not say which of them its hazard ratio divides by. The data do as far as anything does: the first level of the
factor ``arm`` is the one that R's Cox model divides by, and where the control is not first in the alphabet its authors put it first.
"""

from __future__ import annotations

import bz2
import lzma
import math
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from survrecon.data import IPD, Arm, Study
from survrecon.errors import MissingExtraError, Problem, StudyFileError
from survrecon.fields import parse_printed
from survrecon.files import file_error, read_bytes
from survrecon.published import Published, PublishedValue

KEY = "kmdata_key"
LARGEST_UNPACKED = 50_000_000  # bytes; a figure has 20,000
MOST_ROWS = 1_000_000
SOURCE = "kmdata (R package by Redd, Fell and Rahman): patient data reconstructed by others from the digitized figure"
_UNITS = {"days": "day", "weeks": "week", "months": "month", "years": "year"}


@dataclass(frozen=True, eq=False)
class Frame:
    """An R data frame.

    Attributes
    ----------
    columns : dict of str to sequence
        Its columns; a factor as a `Factor`.
    attributes : dict of str to object
        As R has them.
    """

    columns: Mapping[str, Any]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Factor:
    """An R factor.

    Attributes
    ----------
    codes : sequence of int
        Number of the level of each element, from 1.
    levels : tuple of str
        In order.
    """

    codes: Sequence[int]
    levels: tuple[str, ...]


def read_kmdata(path: str | Path) -> list[Study]:
    """Read figures of kmdata.

    Parameters
    ----------
    path : path-like
        A folder of .rda files with ``kmdata_key.rda`` among them, or one .rda file, whose key is looked for beside it.

    Returns
    -------
    list of Study
        One for each figure, in the order of the names; evidence is patient data, published the hazard ratio of the key.

    Raises
    ------
    StudyFileError
        No such file, no figure, and everything that is wrong with any of them.
    MissingExtraError
        The extra ``kmdata`` is not installed.
    """
    path = Path(path)
    if not path.exists():
        raise file_error(path, "does not exist; name the folder of kmdata's .rda files, or one of them")
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in (".rda", ".rdata")) if path.is_dir() else [path]
    files = [file for file in files if not file.name.startswith("kmdata_")]  # the key and the demographics
    if not files:
        raise file_error(path, "holds no figure of kmdata: no .rda file but the key; name a folder of them")
    key = _key((path if path.is_dir() else path.parent) / f"{KEY}.rda")
    studies: list[Study] = []
    problems: list[Problem] = []
    for file in files:
        try:
            studies.append(_read_figure(file, key))
        except StudyFileError as error:
            if len(files) == 1:
                raise
            problems += [Problem(f"{file.name}, {problem.key}", problem.value, problem.remedy) for problem in error.problems]
    if problems:
        raise StudyFileError(path, problems)
    return studies


def _key(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of the key by name of the figure; none where there is no key."""
    if not path.exists():
        return {}
    _, frame = _read_frame(path)
    absent = [name for name in ("name", "HazardRatio", "Units", "Outcome") if name not in frame.columns]
    if absent:
        raise file_error(path, f"has no column {', '.join(absent)}; expected the key of kmdata")
    columns = {name: _texts(column) if isinstance(column, Factor) else list(column) for name, column in frame.columns.items()}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return {str(row["name"]): row for row in rows}


def _read_figure(path: Path, key: Mapping[str, dict[str, Any]]) -> Study:
    name, frame = _read_frame(path)
    arms = _arms(path, frame)
    row = key.get(name, {})
    attributes = {text: _text(value[0]) for text, value in frame.attributes.items() if isinstance(value, (list, np.ndarray)) and len(value)}
    units = _text(row.get("Units")) or attributes.get("units", "")
    if units not in _UNITS:
        raise file_error(path, "is not a unit of time that kmdata uses: days, weeks, months, years", "units", repr(units))
    trial = _text(row.get("ClinicalTrial")) or attributes.get("title", "").partition(", figure")[0] or name
    published, notes = _published(row, arms)
    missing = () if published.values else ("the published hazard ratio",)
    reported, n = _number(row.get("ReportedSampleSize")), sum(arm.n for arm in arms)
    if reported is not None and reported != n:
        notes.append(f"the trial reports {reported:g} subjects, the figure's data have {n}")
    if attributes.get("units", units) != units:
        notes.append(f"the key says {units}, the data say {attributes['units']}; taken from the key")
    score, most = (_number(row.get(column)) for column in ("QualityScore", "QualityMax"))
    if score is not None and most is not None:
        notes.append(f"kmdata's own score of how well the data meet what the paper prints: {score:g} of {most:g}")
    if subgroup := _text(row.get("Subgroups")):
        notes.append(f"subgroup: {subgroup}")
    registration = _text(row.get("TrialRegistration"))
    return Study(
        id=path.stem,
        trial=trial,
        endpoint=_text(row.get("Outcome")) or attributes.get("event") or "not named",
        time_unit=_UNITS[units],
        evidence="ipd",
        arms=arms,
        published=published,
        citation=attributes.get("source", ""),
        figure=f"Figure {_text(row.get('Figure'))}" if row else attributes.get("title", ""),
        registration="" if registration == "NR" else registration,
        missing=missing,
        notes=tuple(notes),
        source=f"{SOURCE}, {path.name}",
    )


def _published(row: Mapping[str, Any], arms: Sequence[Arm]) -> tuple[Published, list[str]]:
    """Return the key's hazard ratio, of the second arm over the first, and what was assumed."""
    ratio = _number(row.get("HazardRatio"))
    if ratio is None or ratio <= 0 or len(arms) != 2:
        why = "there is no key" if not row else "the key has none" if ratio is None or ratio <= 0 else f"there are {len(arms)} arms"
        return Published(arms[0].label if len(arms) > 1 else None), [f"no published hazard ratio: {why}"]
    text = f"{ratio:.2f}" if round(ratio, 2) == ratio else f"{ratio:g}"  # the key is a number, which has lost its trailing zeros
    control, treated = (arm.label for arm in arms)
    source = f"{KEY}.rda, HazardRatio, to at least two decimals; in the direction that the order of the arms in the data implies"
    value = PublishedValue("hazard_ratio", parse_printed(text), treated, source=source)
    why = "the first level of the data's arms, as R's Cox model takes it; the key does not say which arm its hazard ratio divides by"
    return Published(control, (value,)), [f"reference {control}: {why}"]


def _arms(path: Path, frame: Frame) -> tuple[Arm, ...]:
    """Return the arms in the order of the factor's levels."""
    absent = [name for name in ("time", "event", "arm") if name not in frame.columns]
    if absent:
        raise file_error(path, f"has no column {', '.join(absent)}; expected a figure of kmdata: time, event, arm")
    time, event, arm = (frame.columns[name] for name in ("time", "event", "arm"))
    labels = np.array(_texts(arm) if isinstance(arm, Factor) else [_text(cell) for cell in arm])
    levels = [level for level in (arm.levels if isinstance(arm, Factor) else dict.fromkeys(labels.tolist())) if level in labels]
    try:
        times = np.ma.filled(np.ma.masked_array(time, dtype=float), np.nan)
        events = np.ma.filled(np.ma.masked_array(event, dtype=float), np.nan)
        data = [IPD(times[labels == level], events[labels == level], str(level)) for level in levels]
    except (ValueError, TypeError, IndexError) as error:
        raise file_error(path, f"is not patient data: {error}", "time, event, arm") from None
    if not data or "" in levels:
        raise file_error(path, "has no subjects, or some without an arm", "arm")
    return tuple(Arm(ipd.label, ipd.n, ipd=ipd) for ipd in data)


def _read_frame(path: Path) -> tuple[str, Frame]:
    """Return the one data frame of an R data file, and its name."""
    try:
        from rdata import conversion, parser
    except ImportError:
        raise MissingExtraError("reading R data files", "kmdata") from None

    classes: dict[str | bytes, Any] = {"kmdata": Frame, "data.frame": Frame, "factor": _factor, "table": lambda value, attributes: value}
    sequences = {name: _limited(expand) for name, expand in parser.DEFAULT_ALTREP_MAP.items()}
    data = _unpacked(path, read_bytes(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that are not needed
            parsed = parser.parse_data(data, altrep_constructor_dict=sequences)
            found = conversion.convert(parsed, {**conversion.DEFAULT_CLASS_MAP, **classes})
    except Exception as error:  # whatever the parser makes of a damaged file
        raise file_error(path, f"is not a whole R data file ({type(error).__name__}); download it again") from None
    frames = {str(name): value for name, value in found.items() if isinstance(value, Frame)} if isinstance(found, dict) else {}
    if len(frames) != 1 or not isinstance(next(iter(frames.values())).columns, dict):
        raise file_error(path, f"holds {len(frames)} data frames; expected one, as each file of kmdata has")
    return next(iter(frames.items()))


def _unpacked(path: Path, data: bytes) -> bytes:
    """Undo R's compression, giving up on what grows far too large."""
    kinds: dict[bytes, Callable[[], Any]] = {
        b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
        b"BZh": bz2.BZ2Decompressor,
        b"\xfd7zXZ": lzma.LZMADecompressor,
    }
    for start, decompressor in kinds.items():
        if data.startswith(start):
            try:
                data = decompressor().decompress(data, LARGEST_UNPACKED + 1)
            except (zlib.error, OSError, EOFError, lzma.LZMAError) as error:
                raise file_error(path, f"is damaged ({error}); download it again") from None
            break
    if len(data) > LARGEST_UNPACKED:
        raise file_error(path, f"unpacks to more than {LARGEST_UNPACKED} bytes; expected a file of kmdata")
    if not data.startswith(b"RDX"):
        raise file_error(path, "is not an R data file as save() writes it (.rda); expected a file of kmdata")
    return data


def _limited(expand: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Keep one of R's compact sequences, such as 1:n, from unpacking to gigabytes."""

    def limited(state: Any) -> Any:
        length = state.value[0] if isinstance(state.value, np.ndarray) else 0
        if length > MOST_ROWS:
            raise ValueError("a sequence is too long")
        return expand(state)

    return limited


def _factor(codes: Any, attributes: Mapping[str, Any]) -> Factor:
    return Factor(codes, tuple(_text(level) for level in attributes["levels"]))


def _texts(factor: Factor) -> list[str]:
    codes = np.ma.filled(np.ma.masked_array(factor.codes, dtype=float), 0.0)
    return [factor.levels[int(code) - 1] if 1 <= code <= len(factor.levels) else "" for code in codes.tolist()]


def _text(value: Any) -> str:
    """Return text on one line; nothing for R's NA."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    """Return a number; None for R's NA."""
    if value is None or value is np.ma.masked or isinstance(value, (str, bool)):
        return None
    number = float(value)
    return number if math.isfinite(number) else None
