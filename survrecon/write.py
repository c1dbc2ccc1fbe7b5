"""A `Study` as a folder that reads back equal, and the scaffold of a new one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any

from survrecon.data import IPD, Arm, Curve, FloatArray, RiskTable, Study
from survrecon.errors import Problem, StudyFileError
from survrecon.fields import PLACEHOLDER
from survrecon.files import write_csv, write_text
from survrecon.published import Printed, Published
from survrecon.tables import write_ipd

STUDY_FILE = "study.toml"
IPD_FILE = "ipd.csv"


def write_study(study: Study, folder: str | Path) -> None:
    """Write a study folder: study.toml and a CSV file for each curve, or one of patient data.

    Parameters
    ----------
    study : Study
        What to write. Of a cleaned curve, the repaired points are written, not the reading behind them.
    folder : path-like
        Made where it does not exist; files of the same names are replaced. Its name is the study's id when read back.

    Raises
    ------
    StudyFileError
        A file cannot be written.
    """
    folder = Path(folder)
    names = _file_names([arm.label for arm in study.arms])
    keys = ("trial", "endpoint", "time_unit", "evidence", "citation", "doi", "figure", "registration", "source", "missing", "notes")
    header = {key: getattr(study, key) for key in keys if getattr(study, key)}
    data = [arm.ipd for arm in study.arms if arm.ipd is not None]
    if data:
        write_ipd(folder / IPD_FILE, data)
        header["ipd"] = IPD_FILE
    lines = ["[study]", *_pairs(header)]
    for arm, name in zip(study.arms, names, strict=True):
        lines += ["", "[[arm]]", *_pairs(_arm(arm, name))]
        if arm.curve is not None:
            _write_curve(folder / name, arm.curve)
    lines += _published(study.published)
    write_text(folder / STUDY_FILE, "\n".join(lines) + "\n")


def new_study(
    folder: str | Path,
    trial: str = PLACEHOLDER,
    endpoint: str = PLACEHOLDER,
    time_unit: str = PLACEHOLDER,
    arms: Sequence[str] = (),
) -> list[Path]:
    """Write the scaffold of a study to be filled in. It holds no number, and is refused as a study until each "?" is replaced.

    Parameters
    ----------
    folder : path-like
        Made where it does not exist.
    trial, endpoint : str
        Names.
    time_unit : str
        "day", "week", "month" or "year".
    arms : sequence of str
        Labels, the reference arm among them.

    Returns
    -------
    list of Path
        The files written: study.toml and an empty coordinates file for each arm.

    Raises
    ------
    StudyFileError
        A file of the scaffold exists already, a label is empty or repeated, or a file cannot be written.
    """
    folder = Path(folder)
    names = _file_names(arms)
    targets = [folder / STUDY_FILE, *(folder / name for name in names)]
    problems = [Problem(path.name, "", "exists already; choose another folder, or edit it") for path in targets if path.exists()]
    problems += _label_problems(arms)
    if problems:
        raise StudyFileError(folder, problems)
    for path in targets[1:]:
        write_text(path, _CURVE_SCAFFOLD)
    header = {"trial": trial, "endpoint": endpoint, "time_unit": time_unit}
    tables = [{"label": label, "curve": name} for label, name in zip(arms, names, strict=True)]
    write_text(folder / STUDY_FILE, _scaffold(header, tables))
    return targets


@dataclass(frozen=True, eq=False)
class DraftArm:
    """One arm of a study that is not complete yet.

    Attributes
    ----------
    label : str
        Name of the arm.
    curve : Curve or None
        Its coordinates; None where there are patient data.
    censor_times : ndarray of float or None
        Times of the censor marks.
    risk : RiskTable or None
        Numbers at risk.
    n : int or None
        Subjects at time 0; None for the first number at risk, where that is at time 0, or else not known yet.
    total_events : int or None
        Printed number of events.
    source : str
        Where the numbers were read.
    ipd : IPD or None
        Patient data in place of coordinates; all arms of a study have them, or none.
    """

    label: str
    curve: Curve | None = None
    censor_times: FloatArray | None = None
    risk: RiskTable | None = None
    n: int | None = None
    total_events: int | None = None
    source: str = ""
    ipd: IPD | None = None


def draft_study(folder: str | Path, header: Mapping[str, Any], arms: Sequence[DraftArm], reference: str | None = None) -> list[Path]:
    """Write a study folder with its coordinates or patient data, and a "?" for each thing that is not known yet.

    Parameters
    ----------
    folder : path-like
        Made where it does not exist; files of the same names are replaced. `survrecon.output.staged` gives a folder that
        appears whole or not at all, and replaces files only if told to.
    header : mapping
        Keys of the table [study] that are known: ``trial``, ``endpoint``, ``time_unit``, ``figure``, ``notes`` and so on.
    arms : sequence of DraftArm
        Coordinates or patient data, and what else is known.
    reference : str, optional
        Label of the reference arm, where known.

    Returns
    -------
    list of Path
        The files written: study.toml, then the patient data, or for each arm its coordinates and its censor marks.

    Raises
    ------
    StudyFileError
        A label is empty or repeated, or a file cannot be written.
    """
    folder = Path(folder)
    labels = [arm.label for arm in arms]
    if problems := _label_problems(labels):
        raise StudyFileError(folder, problems)
    names = _file_names([*labels, *(f"{label}-censor" for label in labels)])
    written, tables = [folder / STUDY_FILE], []
    for arm, name, censor_name in zip(arms, names, names[len(arms) :], strict=False):
        table = _draft_table(arm)
        if arm.curve is not None:
            written.append(folder / name)
            _write_curve(written[-1], arm.curve)
            table |= {"curve": name}
        if arm.censor_times is not None and arm.censor_times.size:
            written.append(folder / censor_name)
            write_csv(written[-1], ("time",), ([time] for time in arm.censor_times.tolist()))
            table |= {"censor_file": censor_name}
        tables.append(table)
    data = [replace(arm.ipd, label=arm.label) for arm in arms if arm.ipd is not None]
    if data:
        written.append(folder / IPD_FILE)
        write_ipd(written[-1], data)
        header = {**header, "evidence": "ipd", "ipd": IPD_FILE}
    write_text(written[0], _scaffold(header, tables, reference))
    return written


def _draft_table(arm: DraftArm) -> dict[str, Any]:
    n, risk, curve = arm.n, arm.risk, arm.curve
    if n is None and risk is not None and risk.time[0] == 0 and risk.count[0] >= 1:
        n = int(risk.count[0])
    table = {"label": arm.label, "n": n, "total_events": arm.total_events, "source": arm.source or None} | _risk_cells(risk)
    known = {} if curve is None else {"scale": curve.scale, "orientation": curve.orientation, "resolution": curve.resolution}
    table |= {key: value for key, value in known.items() if value != "auto"}
    unasked = ("n", "curve") if arm.ipd is not None else ()  # the file of patient data tells
    return {key: value for key, value in table.items() if value is not None} | dict.fromkeys(unasked)


def _label_problems(labels: Sequence[str]) -> list[Problem]:
    return [
        Problem("arms", repr(label), f"is empty or repeated, or {PLACEHOLDER!r}; give each arm its own label")
        for label in dict.fromkeys(labels)
        if label.strip() in ("", PLACEHOLDER) or labels.count(label) > 1
    ]


def _scaffold(header: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], reference: str | None = None) -> str:
    """Return a study.toml with what is known, and a placeholder or a comment for all else."""
    texts = [_STUDY_SCAFFOLD, *([_ARM_SCAFFOLD] * len(arms)), *([_COMPARISON_SCAFFOLD] if len(arms) > 1 else []), _PUBLISHED_SCAFFOLD]
    tables: list[Mapping[str, Any]] = [header, *arms, {"reference": reference} if reference else {}, {}]
    return "\n".join(_filled(text, table) for text, table in zip(texts, tables, strict=False))


def _filled(scaffold: str, table: Mapping[str, Any]) -> str:
    """Put values in place of the lines of a scaffold that ask for them; None takes the line out."""

    def line(match: re.Match[str]) -> str:
        value = table.get(match[1], PLACEHOLDER)
        return match[0] if value == PLACEHOLDER else "" if value is None else f"{match[1]} = {_toml(value)}\n"

    return re.sub(r"^(?:# )?(\w+) =.*\n", line, scaffold, flags=re.MULTILINE)


def _write_curve(path: Path, curve: Curve) -> None:
    write_csv(path, ("time", "survival"), zip(curve.time.tolist(), curve.survival.tolist(), strict=True))


_CURVE_SCAFFOLD = """\
# One line for each point read off the curve: time (in the time unit of study.toml), survival (probability or percent).
time,survival
"""

_STUDY_SCAFFOLD = """\
# A study of survrecon. Replace every "?" with what the document says; remove the # before a line that it has numbers for.
# Write no number that is not in the document. Printed results stand in quotation marks, so that no digit is lost.

[study]
trial = "?"
endpoint = "?"
time_unit = "?"            # day, week, month or year: the unit of every time in this file and its curves
evidence = "digitized"     # digitized: with coordinates of a curve; printed: numbers only, no curve; registered: no result yet
# ipd =                    # with evidence = "ipd", in place of curves: the file of patient data, time,event,arm
citation = "?"             # authors, title, journal, year, pages
figure = "?"               # figure and panel
# doi =
# registration =
# source =                 # where all this was read
# missing =                # list: what the document has and this folder does not
# notes =                  # list: what else a reader must know
"""

_ARM_SCAFFOLD = """\
[[arm]]
label = "?"
n = "?"                    # subjects at time 0
curve = "?"
source = "?"               # where each number was read: document, page, table or figure
# total_events =           # printed number of events
# events_percent =         # printed share of subjects with an event, such as "43.7%"
# risk_times =             # list: times of the printed numbers at risk
# risk_counts =            # list: the numbers at risk, "" for a missing cell
# scale =                  # "probability" or "percent"; detected where left out
# orientation =            # "survival" or "failure"; detected where left out
# resolution =             # list: smallest steps of time and of survival probability that the figure shows, such as a pixel's
# censor_times =           # list: times of the censor marks
# censor_file =            # in place of censor_times: the name of a file of one column
# last_follow_up =         # printed longest follow-up
"""

_PUBLISHED_SCAFFOLD = """\
# [published.median.LABEL]  # label of an arm, in quotation marks if it has more than letters, digits, - and _
# estimate =               # or "not reached"
# ci =                     # list: lower and upper limit, or "not estimable" in place of one
# source =

# [[published.survival]]
# arm =                    # label of an arm
# time =
# estimate =
# source =
"""

_COMPARISON_SCAFFOLD = """\
[published]
reference = "?"            # label of the arm that is the denominator of every hazard ratio

# [published.hazard_ratio]
# estimate =
# arm =                    # label of the arm compared with the reference
# ci =                     # list: lower and upper limit
# level =                  # of the interval, such as 0.95
# model =
# stratified =             # true or false
# adjusted =               # true or false
# source =

# [published.logrank_p]
# value =                  # or below = (printed "<") or above = (printed ">")
# two_sided =              # true or false
# stratified =             # true or false
# source =
"""


def _file_names(labels: Iterable[str]) -> list[str]:
    """Return a file name for each label, no two alike on any file system."""
    names: list[str] = []
    for label in labels:
        stem = re.sub(r"[^\w.+-]+", "-", label).strip("-.")[:80] or "arm"
        taken = sum(re.fullmatch(re.escape(stem.lower()) + r"(-\d+)?\.csv", name.lower()) is not None for name in names)
        names.append(f"{stem}-{taken + 1}.csv" if taken else f"{stem}.csv")
    return names


def _risk_cells(risk: RiskTable | None) -> dict[str, Any]:
    if risk is None:
        return {}
    return {"risk_times": risk.time.tolist(), "risk_counts": ["" if math.isnan(count) else count for count in risk.count.tolist()]}


def _arm(arm: Arm, curve_name: str) -> dict[str, Any]:
    table: dict[str, Any] = {"label": arm.label, "n": arm.n, "total_events": arm.total_events, "events_percent": arm.events_percent}
    table |= _risk_cells(arm.risk)
    if arm.curve is not None:
        table |= {"curve": curve_name, "scale": arm.curve.scale, "orientation": arm.curve.orientation, "resolution": arm.curve.resolution}
    table["censor_times"] = None if arm.censor_times is None else arm.censor_times.tolist()
    table["last_follow_up"] = arm.last_follow_up
    table["beyond"] = [{"time": time, "count": count} for time, count in arm.beyond] or None
    table["source"] = arm.source or None
    return {key: value for key, value in table.items() if value is not None}


def _published(published: Published) -> list[str]:
    """Return the lines of [published], each result as a table of its own."""
    lines = ["", "[published]", *_pairs({"reference": published.reference} if published.reference else {})]
    medians = [value.arm for value in published.values if value.quantity == "median"]
    for value in published.values:
        table = _changed(value, leave_out=("quantity",))
        place = [value.quantity]
        if value.quantity == "median":
            place.append(table.pop("arm"))
        if value.quantity.endswith("_p"):
            table = {"value" if key == "estimate" else key: item for key, item in table.items()}
        single = value.quantity == "median" and medians.count(value.arm) == 1
        lines += _section(place, table, array=not single)
    for subgroup in published.subgroups:
        lines += _section(["subgroup"], _changed(subgroup))
    if published.design is not None:
        lines += _section(["design"], _changed(published.design), array=False)
    for interim in published.interims:
        lines += _section(["interim"], _changed(interim))
    return lines


def _changed(item: Any, leave_out: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields of a dataclass that differ from their defaults."""
    values = {field.name: getattr(item, field.name) for field in fields(item) if field.name not in leave_out}
    defaults = {field.name: field.default for field in fields(item)}
    return {name: value for name, value in values.items() if defaults[name] is MISSING or value != defaults[name]}


def _section(place: Sequence[str], table: Mapping[str, Any], array: bool = True) -> list[str]:
    name = ".".join(map(_key, ("published", *place)))
    return ["", f"[[{name}]]" if array else f"[{name}]", *_pairs(table)]


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_toml(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    """Write one value in TOML."""
    if isinstance(value, Printed):
        value = value.text
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(float(value)).removesuffix(".0")
