"""Files: text read with clear errors, anything written in one step."""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from survrecon.errors import Problem, StudyFileError

LARGEST_FILE = 50_000_000  # bytes; a curve of a million points is half of it


def file_error(path: str | Path, remedy: str, key: str = "file", value: str = "") -> StudyFileError:
    """Return the error for one problem of a file.

    Parameters
    ----------
    path : path-like
        The file.
    remedy : str
        What is wrong and what to do.
    key, value : str
        Where in the file, and what stands there.

    Returns
    -------
    StudyFileError
        To be raised.
    """
    return StudyFileError(path, [Problem(key, value, remedy)])


def read_bytes(path: str | Path) -> bytes:
    """Read a file.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    bytes
        Its contents.

    Raises
    ------
    StudyFileError
        No such file, not a file, or above `LARGEST_FILE`.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        regular = path.is_file()  # reading a pipe or a device might never end
        data = path.read_bytes() if regular and size <= LARGEST_FILE else b""
    except FileNotFoundError:
        raise file_error(path, "does not exist; check the name, or create it") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise file_error(path, f"cannot be read: {error}") from None
    if not regular:
        raise file_error(path, "is a folder or device, not a file; name the file")
    if size > LARGEST_FILE:
        raise file_error(path, f"is larger than {LARGEST_FILE} bytes; thin the coordinates or split the file", value=f"{size} bytes")
    return data


def read_text(path: str | Path) -> str:
    """Read a UTF-8 text file, with or without byte-order mark.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    str
        Its contents.

    Raises
    ------
    StudyFileError
        No such file, not a file, above `LARGEST_FILE`, empty, or not UTF-8.
    """
    return decode(path, read_bytes(path))


def decode(path: str | Path, data: bytes) -> str:
    """Decode the contents of a UTF-8 text file, with or without byte-order mark.

    Parameters
    ----------
    path : path-like
        The file, for the error.
    data : bytes
        Its contents.

    Returns
    -------
    str
        The text.

    Raises
    ------
    StudyFileError
        Empty, or not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise file_error(path, "is not UTF-8 text; save it as UTF-8", value=f"byte {error.start}") from None
    if "\0" in text:
        raise file_error(path, "is not UTF-8 text; save it as UTF-8", value=f"null character at {text.index(chr(0))}")
    if not text.strip():
        raise file_error(path, "is empty; fill it in, or leave it out")
    return text


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a file in one step: a reader sees the old file or the new one, never a part.

    Parameters
    ----------
    path : path-like
        The file; its folder is made where it does not exist.
    data : bytes
        Its contents.

    Raises
    ------
    StudyFileError
        The file cannot be written.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{uuid4().hex}.tmp")  # same folder, so that replacing is one step
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise file_error(path, f"cannot be written: {error.strerror}") from None


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file in one step.

    Parameters
    ----------
    path : path-like
        The file; its folder is made where it does not exist.
    text : str
        Its contents.

    Raises
    ------
    StudyFileError
        The file cannot be written.
    """
    write_bytes(path, text.encode())


def write_csv(path: str | Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write comma-separated values in one step.

    Parameters
    ----------
    path : path-like
        The file; replaced where it exists.
    header : iterable of str
        Column names.
    rows : iterable of iterables
        Cells; floats are written so that they read back equal.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, buffer.getvalue())
