"""Study folders: study.toml and its CSV files become a `Study`, or a list of everything that is wrong with them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from survrecon.data import IPD, Arm, Curve, FloatArray, RiskTable, Study, frozen_floats
from survrecon.errors import Problem, RiskTableError, StudyFileError
from survrecon.fields import parse_printed
from survrecon.files import file_error, read_text, write_text
from survrecon.published import Design, Interim, Published, PublishedValue, Subgroup
from survrecon.schema import COMPARISONS, ArmTable, PublishedTable, StudyFile, StudyTable, Table, checked
from survrecon.tables import read_curve, read_ipd, read_risk_table, read_times, write_ipd
from survrecon.write import STUDY_FILE, new_study, write_study

__all__ = [
    "find_studies",
    "new_study",
    "parse_printed",
    "read_curve",
    "read_ipd",
    "read_risk_table",
    "read_study",
    "read_times",
    "study_files",
    "write_ipd",
    "write_study",
    "write_text",
]


def find_studies(paths: Iterable[str | Path]) -> list[Path]:
    """Find study folders.

    Parameters
    ----------
    paths : iterable of path-like
        Folders to look in and below, leaving out hidden ones; or study files.

    Returns
    -------
    list of Path
        Folders that hold a study.toml, sorted, each once.

    Raises
    ------
    StudyFileError
        A path that does not exist, or below which there is no study.
    """
    found: set[Path] = set()
    for path in map(Path, paths):
        if not path.exists():
            raise file_error(path, "does not exist; name a study folder, or a folder that holds some")
        files = [path] if path.name == STUDY_FILE else path.rglob(STUDY_FILE)
        visible = [file for file in files if not any(part.startswith(".") for part in file.relative_to(path).parts)]
        folders = {file.parent for file in visible if file.is_file()}
        if not folders:
            raise file_error(path, f"no {STUDY_FILE} in or below this folder; `survrecon new` makes one")
        found |= folders
    return sorted(found)


def study_files(path: str | Path) -> list[Path]:
    """List the files that a study is read from.

    Parameters
    ----------
    path : path-like
        A study folder or its study.toml.

    Returns
    -------
    list of Path
        study.toml, then the files of patient data, curves and censor marks that it names.

    Raises
    ------
    StudyFileError
        A study file that cannot be read.
    """
    file = _study_file(path)
    problems: list[Problem] = []
    tables = checked(StudyFile, _load(file), "", problems)
    if tables is None:
        raise StudyFileError(file, problems)
    named = [(tables.study, "ipd"), *((arm, key) for arm in tables.arm for key in ("curve", "censor_file"))]
    return [file, *(file.parent / name for name in dict.fromkeys(str(table[key]) for table, key in named if key in table))]


def read_study(path: str | Path) -> Study:
    """Read a study folder.

    Parameters
    ----------
    path : path-like
        The folder, or its study.toml.

    Returns
    -------
    Study
        What the files say, validated, its curves not yet cleaned.

    Raises
    ------
    StudyFileError
        Everything that is wrong with study.toml and the files it names, at once.
    """
    file = _study_file(path)
    data = _load(file)
    problems: list[Problem] = []
    checked(StudyFile, data, "", problems)
    header, printed, tables = data.get("study"), data.get("published", {}), data.get("arm", [])
    study = checked(StudyTable, header, "study", problems) if isinstance(header, dict) else None
    evidence = header.get("evidence") if isinstance(header, dict) else None
    tables = [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    labels = [table["label"] if isinstance(table.get("label"), str) else "" for table in tables]
    subjects = _subjects(header, labels, file.parent, problems) if isinstance(header, dict) else {}
    arms = [
        _arm(table, f"arm[{i}]", evidence, file.parent, problems, subjects.get(label))
        for i, (table, label) in enumerate(zip(tables, labels, strict=True))
    ]
    for i, label in enumerate(labels):
        if label and label in labels[:i]:
            problems.append(Problem(f"arm[{i}].label", repr(label), "is the label of an arm above; give each arm its own"))
    if evidence in ("digitized", "printed", "ipd") and not data.get("arm"):
        problems.append(Problem("arm", "", f"is missing; evidence = {evidence!r} needs a table [[arm]] for each arm"))
    published = _published(printed, labels, problems) if isinstance(printed, dict) else None
    if problems or study is None or published is None:
        raise StudyFileError(file, problems)
    without_n = [f"arm {label!r}: no number of subjects yet" for label, arm in zip(labels, arms, strict=True) if arm is None]
    fields = _fields(study, missing=tuple(study.missing), notes=(*study.notes, *without_n))
    return Study(
        id=file.parent.resolve().name,
        arms=tuple(arm for arm in arms if arm is not None),
        published=published,
        path=str(file),
        **{name: value for name, value in fields.items() if name != "ipd"},  # the arms have the data
    )


def _study_file(path: str | Path) -> Path:
    path = Path(path)
    if path.is_dir():
        if not (path / STUDY_FILE).exists():
            raise file_error(path, f"holds no {STUDY_FILE}; name a study folder, or make one with `survrecon new`")
        return path / STUDY_FILE
    return path


def _load(file: Path) -> dict[str, Any]:
    """Parse TOML, keeping numbers with a decimal point as they were written."""
    try:
        return tomllib.loads(read_text(file), parse_float=Decimal)
    except StudyFileError:
        raise
    except RecursionError:
        raise file_error(file, "is nested too deeply; a study file has tables of tables at most") from None
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).removesuffix(")").partition(" (at ")
        remedy = f"is not valid TOML ({what}); text stands in quotation marks, items between commas, each key once"
        raise file_error(file, remedy, place.split(",")[0] or "file") from None
    except (ValueError, ArithmeticError):
        raise file_error(file, "holds a number of far too many digits; correct it") from None


def _fields(table: Table, **changed: Any) -> dict[str, Any]:
    """Return the fields of a validated table, ready for the value object of the same names."""
    return {name: getattr(table, name) for name in type(table).model_fields} | changed


def _subjects(header: dict[str, Any], labels: list[str], folder: Path, problems: list[Problem]) -> dict[str, IPD]:
    """Read the patient data of a study, by label of the arm."""
    evidence, name = header.get("evidence"), header.get("ipd")
    if evidence == "ipd" and name is None:
        problems.append(Problem("study.ipd", "", "is missing; name the file of patient data: time, event, arm"))
    if evidence in ("digitized", "printed", "registered") and name is not None:
        problems.append(Problem("study.ipd", repr(name), f"does not go with evidence = {evidence!r}; set evidence = 'ipd', or remove it"))
    if evidence != "ipd" or not isinstance(name, str):
        return {}
    try:
        found = {ipd.label: ipd for ipd in read_ipd(folder / name)}
    except StudyFileError as error:
        problems += _of_file("study.ipd", name, error)
        return {}
    unknown = [label for label in found if label not in labels]
    absent = [label for label in labels if label and label not in found]
    problems += [Problem(f"study.ipd = {name!r}", repr(label), "is not the label of an arm; add its table [[arm]]") for label in unknown]
    problems += [Problem(f"arm[{labels.index(label)}].label", repr(label), f"is no arm of {name!r}; correct it") for label in absent]
    return found


def _arm(data: dict[str, Any], key: str, evidence: Any, folder: Path, problems: list[Problem], ipd: IPD | None) -> Arm | None:
    """Make one arm; None where there are problems, or no n because the trial has no result yet."""
    known = len(problems)
    table = checked(ArmTable, data, key, problems) or _sound_part(data, key, problems[known:])
    if ipd is not None and table.n not in (None, ipd.n):
        problems.append(Problem(f"{key}.n", str(table.n), f"is not the {ipd.n} subjects of the patient data; correct or remove it"))
    if ipd is not None:
        table = table.model_copy(update={"n": ipd.n})
    if "n" not in data and evidence in ("digitized", "printed"):
        problems.append(Problem(f"{key}.n", "", "is missing; write the number of subjects at time 0"))
    if "curve" not in data and evidence == "digitized":
        problems.append(Problem(f"{key}.curve", "", "is missing; name the file of coordinates, or set evidence = 'printed'"))
    if "curve" in data and evidence in ("printed", "registered", "ipd"):
        remedy = f"does not go with evidence = {evidence!r}; set evidence = 'digitized', or remove it"
        problems.append(Problem(f"{key}.curve", repr(data["curve"]), remedy))
    if ("risk_times" in data) != ("risk_counts" in data):
        problems.append(Problem(f"{key}.risk_times", "", "goes with risk_counts; give both or neither"))
    if "censor_times" in data and "censor_file" in data:
        problems.append(Problem(f"{key}.censor_file", repr(data["censor_file"]), "repeats censor_times; give one of the two"))
    limited = [("total_events", table.total_events or 0), *((f"beyond[{i}].count", item.count) for i, item in enumerate(table.beyond))]
    problems += [
        Problem(f"{key}.{name}", str(number), f"is above n = {table.n}; correct one of the two")
        for name, number in limited
        if table.n is not None and number > table.n
    ]
    parts = _parts(table, key, folder, problems)
    if table.n is None or len(problems) > known:
        return None
    fields = _fields(table, ipd=ipd, beyond=tuple((item.time, item.count) for item in table.beyond), **parts)
    return Arm(**{name: value for name, value in fields.items() if name in Arm.__dataclass_fields__})


def _sound_part(data: dict[str, Any], key: str, problems: list[Problem]) -> ArmTable:
    """Return an arm's table without the keys that have problems, so that the others are looked into as well."""
    spoiled = {re.split(r"[.\[]", problem.key.removeprefix(f"{key}."))[0].strip('"') for problem in problems}
    return ArmTable.model_validate({"label": "arm"} | {name: value for name, value in data.items() if name not in spoiled})


def _parts(table: ArmTable, key: str, folder: Path, problems: list[Problem]) -> dict[str, Any]:
    """Read an arm's curve, risk table and censor marks, each checked on its own so that one problem does not hide another."""
    curve: Curve | None = None
    marks: FloatArray | None = None if table.censor_times is None else frozen_floats(table.censor_times)
    risk: RiskTable | None = None
    if table.curve is not None:
        try:
            curve = replace(read_curve(folder / table.curve, table.scale, table.orientation), resolution=table.resolution)
        except StudyFileError as error:
            problems += _of_file(f"{key}.curve", table.curve, error)
    if table.censor_file is not None:
        try:
            marks = frozen_floats(read_times(folder / table.censor_file))
        except StudyFileError as error:
            problems += _of_file(f"{key}.censor_file", table.censor_file, error)
    if table.risk_times is not None and table.risk_counts is not None:
        risk = RiskTable(frozen_floats(table.risk_times), frozen_floats(table.risk_counts))
        try:
            Arm(table.label, table.n or 10**9, risk=risk)  # without n, only what is wrong with any n
        except RiskTableError as error:
            cell = "" if error.index is None else f"[{error.index}]"
            problems.append(Problem(f"{key}.risk_counts{cell}", "", error.message))
    return {"curve": curve, "risk": risk, "censor_times": marks}


def _of_file(key: str, name: str, error: StudyFileError) -> list[Problem]:
    return [Problem(f"{key} = {name!r}, {problem.key}", problem.value, problem.remedy) for problem in error.problems]


def _published(data: dict[str, Any], labels: list[str], problems: list[Problem]) -> Published | None:
    context = {"arms": labels, "reference": data.get("reference"), "compared": any(data.get(key) for key in COMPARISONS)}
    table = checked(PublishedTable, data, "published", problems, context)
    if table is None:
        return None
    others = [label for label in labels if label != table.reference]
    compared = others[0] if len(others) == 1 else None
    values: list[PublishedValue] = []
    for quantity in COMPARISONS:
        for item in getattr(table, quantity):
            fields = _fields(item, arm=item.arm or compared, estimate=item.estimate)
            values.append(_value(quantity, fields))
    for label, items in table.median.items():
        values += [_value("median", _fields(item, arm=label)) for item in items]
    values += [_value(quantity, _fields(item)) for quantity in ("survival", "rmst") for item in getattr(table, quantity)]
    return Published(
        reference=table.reference,
        values=tuple(values),
        subgroups=tuple(Subgroup(**_fields(item)) for item in table.subgroup),
        design=None if table.design is None else Design(**_fields(table.design)),
        interims=tuple(Interim(**_fields(item)) for item in table.interim),
    )


def _value(quantity: str, fields: dict[str, Any]) -> PublishedValue:
    return PublishedValue(quantity, **{name: value for name, value in fields.items() if name not in ("value", "below", "above")})
