"""Projects of WebPlotDigitizer and KM-PoPiGo: JSON, and WebPlotDigitizer's tar archive around it.

Of WebPlotDigitizer, versions 3 and 4; of KM-PoPiGo, both sets of names that it used.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from survrecon.data import FloatArray, RiskTable, frozen_floats
from survrecon.digitize.exported import Exported, curve_of, is_finite
from survrecon.errors import StudyFileError
from survrecon.files import decode, file_error
from survrecon.write import DraftArm

MOST_MEMBERS = 1000  # of a tar archive: the images of a project
LARGEST_JSON = 25_000_000  # bytes in it
_SLACK = 0.05  # share of the axis by which a click may miss its end

# KM-PoPiGo's names, those of its first version after them
_POPIGO = {
    "points": ("key_point_coordinates", "posList"),
    "marks": ("censoring_time_coordinates", "censorPointList"),
    "origin": ("coordinate_origin", "zero"),
    "corner": ("axis_limit_coordinates", "maxY"),
    "last": ("time_axis_max_scale", "maxYtime"),
    "label": ("group_name", "groupname"),
    "interval": ("at_risk_time_interval", "timeseq"),
    "counts": ("at_risk_numbers", "atrisk"),
    "n": ("sample_size", "total"),
    "events": ("number_of_events", "events"),
}


def read_json(path: Path, text: str) -> Exported:
    """Read a project of WebPlotDigitizer or KM-PoPiGo.

    Parameters
    ----------
    path : Path
        The file, for the error.
    text : str
        Its contents.

    Returns
    -------
    Exported
        One curve for each dataset, or the one of KM-PoPiGo.

    Raises
    ------
    StudyFileError
        Not JSON, of another program, or a part of it is not what the program writes.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise file_error(path, f"is not valid JSON ({error.msg}); save the project again", f"line {error.lineno}") from None
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise file_error(path, "is nested too deeply, or holds a number of far too many digits; save the project again") from None
    if isinstance(data, dict):
        if isinstance(data.get("wpd"), dict):
            return _webplotdigitizer_3(path, data["wpd"])
        if "datasetColl" in data:
            return _webplotdigitizer_4(path, data)
        names = _popigo_names(data)
        if names is not None:
            return _popigo(path, data, names)
    raise file_error(path, "is JSON, but not a project of WebPlotDigitizer (datasetColl or wpd) or KM-PoPiGo (key_point_coordinates)")


def read_tar(path: Path, data: bytes) -> Exported:
    """Read a project archive of WebPlotDigitizer; nothing is unpacked but its one JSON file, in memory.

    Parameters
    ----------
    path : Path
        The file, for the error.
    data : bytes
        Its contents.

    Returns
    -------
    Exported
        One curve for each dataset.

    Raises
    ------
    StudyFileError
        A damaged archive, or one without a single wpd.json.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            found = [member for member in _members(path, archive) if member.isreg() and member.name.rsplit("/", 1)[-1] == "wpd.json"]
            if len(found) != 1:
                raise file_error(path, f"holds {len(found)} files wpd.json; expected one, as in a project of WebPlotDigitizer")
            if found[0].size > LARGEST_JSON:
                raise file_error(path, f"holds a wpd.json of more than {LARGEST_JSON} bytes", value=f"{found[0].size} bytes")
            file = archive.extractfile(found[0])
            content = b"" if file is None else file.read()
    except (tarfile.TarError, EOFError, ValueError, OverflowError, OSError) as error:
        if isinstance(error, StudyFileError):
            raise
        raise file_error(path, f"is not a whole tar archive ({error}); save the project again") from None
    return read_json(path, decode(path, content))


def _members(path: Path, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for count, member in enumerate(archive, 1):
        if count > MOST_MEMBERS:
            raise file_error(path, f"holds more than {MOST_MEMBERS} files; expected a project of WebPlotDigitizer")
        yield member


def _webplotdigitizer_3(path: Path, project: Mapping[str, Any]) -> Exported:
    kind, key = project.get("axesType"), "wpd.dataSeries"
    if kind != "XYAxes":
        raise file_error(path, "is not XYAxes; digitize the figure as a 2D (X-Y) plot", "wpd.axesType", _shown(kind))
    datasets = [_mapping(path, item, f"{key}[{i}]") for i, item in enumerate(_list(path, project.get("dataSeries"), key))]
    return _datasets(path, [(_valued(path, dataset, f"{key}[{i}]", project), f"{key}[{i}]") for i, dataset in enumerate(datasets)], [])


def _valued(path: Path, dataset: Mapping[str, Any], key: str, project: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the values that versions before 3.8 did not write, from pixels and calibration."""
    data = [_mapping(path, item, f"{key}.data[{i}]") for i, item in enumerate(_list(path, dataset.get("data"), f"{key}.data"))]
    if all("value" in item for item in data):
        return dataset
    pixels = np.array([_pair(path, [item.get("x"), item.get("y")], f"{key}.data[{i}]") for i, item in enumerate(data)])
    values = _calibrated(path, project, pixels).tolist()
    return {**dataset, "data": [{**item, "value": value} for item, value in zip(data, values, strict=True)]}


def _calibrated(path: Path, project: Mapping[str, Any], pixels: FloatArray) -> FloatArray:
    """Return times and survivals: two points are known on a line along each axis, which need not be upright."""
    parameters = project.get("axesParameters")
    if isinstance(parameters, dict) and (parameters.get("isLogX") or parameters.get("isLogY")):
        raise file_error(path, "has a logarithmic axis; export CSV from WebPlotDigitizer", "wpd.axesParameters", _shown(parameters))
    key = "wpd.calibration"
    points = [_mapping(path, item, f"{key}[{i}]") for i, item in enumerate(_list(path, project.get("calibration"), key))]
    if len(points) != 4:
        raise file_error(path, f"has {len(points)} points, expected X1, X2, Y1, Y2", key)
    x1, x2, y1, y2 = (np.array(_pair(path, [point.get("px"), point.get("py")], key)) for point in points)
    known = [_number(path, point.get(axis), f"{key}.{axis}") for point, axis in zip(points, ("dx", "dx", "dy", "dy"), strict=True)]
    axes = np.column_stack([x2 - x1, y2 - y1])
    if None in known or abs(np.linalg.det(axes)) <= 1e-9 * np.sum(axes**2):
        raise file_error(path, "does not span a time axis and a survival axis; calibrate them again", key)
    first_x, last_x, first_y, last_y = (number or 0.0 for number in known)
    start = np.linalg.solve(axes, y1 - x1)  # in lengths of the two axes; X1 and Y1 need not be one point
    along_x, along_y = np.linalg.solve(axes, (pixels - x1).T)
    return np.column_stack([first_x + (last_x - first_x) * along_x, first_y + (last_y - first_y) * (along_y - start[1])])


def _webplotdigitizer_4(path: Path, project: Mapping[str, Any]) -> Exported:
    axes = [_mapping(path, item, f"axesColl[{i}]") for i, item in enumerate(_list(path, project.get("axesColl"), "axesColl"))]
    kinds = {str(item.get("name")): item.get("type") for item in axes}
    kept, notes = [], []
    for i, item in enumerate(_list(path, project["datasetColl"], "datasetColl")):
        dataset = _mapping(path, item, f"datasetColl[{i}]")
        kind = kinds.get(str(dataset.get("axesName")))
        if kind == "XYAxes":
            kept.append((dataset, f"datasetColl[{i}]"))
        elif dataset.get("data"):
            notes.append(f"dataset {dataset.get('name')!r} left out: its axes are {_label(kind) or 'not defined'}, not X and Y")
    return _datasets(path, kept, notes)


def _datasets(path: Path, datasets: list[tuple[Mapping[str, Any], str]], notes: list[str]) -> Exported:
    """Return the datasets that have points; `notes` says why others were left out."""
    curves = []
    for dataset, key in datasets:
        label = _label(dataset.get("name"))
        points = []
        for i, item in enumerate(_list(path, dataset.get("data"), f"{key}.data")):
            value = _mapping(path, item, f"{key}.data[{i}]").get("value")
            if not isinstance(value, list) or len(value) < 2:
                raise file_error(path, "is missing or not two numbers; save the project again, or export CSV", f"{key}.data[{i}].value")
            points.append((value[0], value[1]))
        if points:
            curves.append(DraftArm(label, curve_of(path, label, points)))
        else:
            notes = [*notes, f"dataset {label!r} left out: it has no points"]
    return Exported("WebPlotDigitizer", tuple(curves), notes=tuple(notes))


def _popigo_names(data: Mapping[str, Any]) -> dict[str, str] | None:
    """Return KM-PoPiGo's names of the version that wrote this, None where neither did."""
    for version in (0, 1):
        names = {field: both[version] for field, both in _POPIGO.items()}
        if names["points"] in data and names["origin"] in data:
            return names
    return None


def _popigo(path: Path, data: Mapping[str, Any], names: Mapping[str, str]) -> Exported:
    """Read KM-PoPiGo's project: pixels of the lower end of each drop, of the origin, and of the corner at (last time, 1)."""
    label = _label(data.get(names["label"]))
    origin, corner = (_position(path, data.get(names[field]), names[field]) for field in ("origin", "corner"))
    last = _number(path, data.get(names["last"]), names["last"])
    if last is None or last <= 0 or origin[0] == corner[0] or origin[1] == corner[1]:
        key = f"{names['origin']}, {names['corner']}, {names['last']}"
        raise file_error(path, "do not span a time axis and a survival axis; calibrate both in KM-PoPiGo", key)

    def scaled(x: float, y: float) -> tuple[float, float]:
        return last * (x - origin[0]) / (corner[0] - origin[0]), (y - origin[1]) / (corner[1] - origin[1])

    points = [(0.0, 1.0)]
    for i, item in enumerate(_list(path, data[names["points"]], names["points"])):
        time, survival = scaled(*_pair(path, item, f"{names['points']}[{i}]"))
        if not -_SLACK <= survival <= 1 + _SLACK:
            raise file_error(path, "lies off the survival axis; move it, or calibrate again", f"{names['points']}[{i}]", str(item))
        survival = min(max(survival, 0.0), 1.0)  # the end of a curve that falls to 0 is clicked below the axis
        if survival != points[-1][1]:
            points.append((time, points[-1][1]))  # the upper end of the drop
        points.append((time, survival))
    if len(points) == 1:
        raise file_error(path, "has no key points; mark them in KM-PoPiGo", names["points"])
    marks = [
        scaled(*_pair(path, item, f"{names['marks']}[{i}]"))[0]
        for i, item in enumerate(_list(path, data.get(names["marks"], []), names["marks"]))
    ]
    n, events = (_number(path, data.get(names[field]), names[field]) for field in ("n", "events"))
    notes = [] if events else ["number of events 0 taken as not known: KM-PoPiGo writes 0 where none was given"]
    arm = DraftArm(
        label,
        curve_of(path, label, points, "probability", "survival"),
        frozen_floats(sorted(marks)) if marks else None,
        _popigo_risk(path, data, names),
        int(n) if n else None,
        int(events) if events else None,
    )
    return Exported("KM-PoPiGo", (arm,), notes=tuple(notes))


def _popigo_risk(path: Path, data: Mapping[str, Any], names: Mapping[str, str]) -> RiskTable | None:
    interval = _number(path, data.get(names["interval"]), names["interval"])
    counts = frozen_floats([_number(path, cell, names["counts"]) or 0.0 for cell in str(data.get(names["counts"]) or "").split()])
    return RiskTable(frozen_floats(interval * np.arange(counts.size)), counts) if interval and counts.size else None


def _label(value: Any) -> str:
    """Return a name that can be written as UTF-8, which half of a surrogate pair cannot."""
    return str(value or "").encode("utf-8", "replace").decode()


def _list(path: Path, value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise file_error(path, "is not a list; save the project again", key, _shown(value))
    return value


def _mapping(path: Path, value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise file_error(path, "is not an object; save the project again", key, _shown(value))
    return value


def _pair(path: Path, value: Any, key: str) -> tuple[float, float]:
    if not (isinstance(value, list) and len(value) == 2 and all(map(is_finite, value))):
        raise file_error(path, "is not a position: two numbers", key, _shown(value))
    return float(value[0]), float(value[1])


def _position(path: Path, value: Any, key: str) -> tuple[float, float]:
    position = _mapping(path, value, key)
    return _pair(path, [position.get("x"), position.get("y")], key)


def _number(path: Path, value: Any, key: str) -> float | None:
    """Read a number that may stand in quotation marks; None where it is empty."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else np.nan
    except (ValueError, OverflowError):
        number = np.nan
    if not np.isfinite(number) or number < 0:
        raise file_error(path, "is not a number of at least 0", key, _shown(value))
    return number


def _shown(value: Any) -> str:
    return repr(value)[:60]
