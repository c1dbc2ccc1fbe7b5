"""Files that other programs export, recognized by their contents, whatever their names."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

from survrecon.digitize.exported import MOST_CURVES, Exported
from survrecon.digitize.formats_json import read_json, read_tar
from survrecon.digitize.formats_table import read_table
from survrecon.digitize.formats_xml import read_xml
from survrecon.files import decode, file_error, read_bytes

LARGEST_PROJECT = 25_000_000  # bytes of JSON or XML, the image of the figure included
LARGEST_TABLE, MOST_LINES = 10_000_000, 200_000  # a curve has some thousand points at most
_FIGURE = "is a figure; read it with `survrecon digitize`"
_FOREIGN = (  # first bytes, and what to do
    (b"%PDF", _FIGURE),
    (b"\x89PNG", _FIGURE),
    (b"\xff\xd8\xff", _FIGURE),
    (b"II*\0", _FIGURE),
    (b"MM\0*", _FIGURE),
    (b"GIF8", _FIGURE),
    (b"PK\x03\x04", "is a spreadsheet or zip archive; save the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old spreadsheet; save the table as CSV"),
    (b"\x1f\x8b", "is compressed, or R data; unpack it, or read kmdata with `survrecon import kmdata`"),
    (b"BZh", "is compressed, or R data; unpack it, or read kmdata with `survrecon import kmdata`"),
    (b"\xfd7zXZ", "is compressed, or R data; unpack it, or read kmdata with `survrecon import kmdata`"),
    (b"RDX", "is R data; read kmdata with `survrecon import kmdata`, or save the table as CSV"),
)


def read_digitized(path: str | Path) -> Exported:
    """Read a file that another program exported.

    Parameters
    ----------
    path : path-like
        Of WebPlotDigitizer (project as JSON or tar, CSV), DigitizeIt, ScanIt, Engauge Digitizer (CSV, .dig), KM-PoPiGo
        (project), PlotDigitizer, IPDfromKM (patient data); or any table of time and survival. Its name does not matter.

    Returns
    -------
    Exported
        The program, and its curves as they stand in the file, or patient data. Labels are unique; a curve without a name
        has that of the file.

    Raises
    ------
    StudyFileError
        No such file, of another kind, damaged, or with contents that can be read in more than one way.
    """
    path = Path(path)
    data = read_bytes(path)
    for start, remedy in _FOREIGN:
        if data.startswith(start):
            raise file_error(path, remedy)
    if data[257:262] == b"ustar" or (b"\0" in data[:1024] and _is_tar(path)):
        found = read_tar(path, data)
    else:
        found = _read_text(path, decode(path, data))
    if not found.curves and not found.ipd:
        raise file_error(path, f"is of {found.program}, but has no curve with points; {'; '.join(found.notes) or 'export it again'}")
    if len(found.curves) > MOST_CURVES:
        raise file_error(path, f"holds {len(found.curves)} curves, more than {MOST_CURVES}; export those of one figure")
    names: list[str] = []
    for label in [arm.label for arm in found.curves] + [arm.label for arm in found.ipd]:
        names.append(_unused(" ".join(label.split()) or path.stem, names))
    curves = tuple(replace(arm, label=name) for arm, name in zip(found.curves, names, strict=False))
    return replace(found, curves=curves, ipd=tuple(replace(arm, label=name) for arm, name in zip(found.ipd, names, strict=False)))


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (OSError, ValueError):
        return False


def _read_text(path: Path, text: str) -> Exported:
    start = text.lstrip()[:1]
    project = start in ("{", "[", "<")
    largest = LARGEST_PROJECT if project else LARGEST_TABLE
    if len(text) > largest or (not project and max(text.count("\n"), text.count("\r")) > MOST_LINES):
        raise file_error(path, f"is larger than {largest} bytes or {MOST_LINES} lines; expected the curves of one figure")
    if start == "<" and "<svg" in text[:4096]:
        raise file_error(path, _FIGURE)
    return read_json(path, text) if start in ("{", "[") else read_xml(path, text) if project else read_table(path, text)


def _unused(label: str, taken: list[str]) -> str:
    """Return the label, with a number where it is taken."""
    tries = (label if k == 1 else f"{label} ({k})" for k in range(1, len(taken) + 2))
    return next(name for name in tries if name not in taken)
