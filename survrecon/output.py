"""Results as files: data, numbers, figures and a manifest, in a folder that appears complete or not at all."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from survrecon import __version__
from survrecon.errors import OutputError
from survrecon.files import write_csv, write_text
from survrecon.outcome import Result, to_json
from survrecon.results import Check
from survrecon.tables import write_draws, write_ipd

PACKAGES = ("numpy", "scipy", "pandas", "lifelines", "matplotlib")
CHECK_COLUMNS = ("quantity", "arm", "published", "value", "lower", "upper", "allowed", "verdict", "why", "source")


def require_free(target: Path, force: bool) -> None:
    """Refuse a folder that has files, or a file in its place.

    Parameters
    ----------
    target : Path
        Where output shall go.
    force : bool
        Whether files in a folder may be replaced.

    Raises
    ------
    OutputError
        If something is in the way.
    """
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is not a folder; choose another --out")
    if not force and target.is_dir() and any(target.iterdir()):
        raise OutputError(f"{target} exists and has files; choose another --out, or replace its files with --force")


def write_result(result: Result, target: Path, options: dict[str, Any], inputs: Iterable[Path], force: bool = False) -> None:
    """Write everything about one study into a folder.

    Parameters
    ----------
    result : Result
        What to write.
    target : Path
        The folder, made where needed. Files of other names in it are left alone.
    options : dict
        The command and its options, for the manifest.
    inputs : iterable of Path
        Every file that was read, for the manifest's SHA-256 sums.
    force : bool
        Whether files of the same names may be replaced.

    Raises
    ------
    OutputError
        If the folder has files and `force` is not set.
    """
    sums = {str(path): _sha256(path) for path in inputs}
    with staged(target, force) as folder:
        write_text(folder / "analysis.json", to_json(result.to_dict()))
        write_csv(folder / "checks.csv", CHECK_COLUMNS, map(_check_row, result.checks))
        if result.reconstructions:
            write_ipd(folder / "ipd.csv", [item.ipd for item in result.reconstructions])
            if any(item.draws for item in result.reconstructions):
                write_draws(folder / "ipd-draws.csv", [item.draws for item in result.reconstructions])
            draw(result, folder)
        manifest = {
            "survrecon": __version__,
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
            "options": options,
            "inputs": sums,
            "outputs": {path.name: _sha256(path) for path in sorted(folder.iterdir())},
        }
        write_text(folder / "manifest.json", to_json(manifest))


def draw(result: Result, folder: Path) -> None:
    """Write ``km.png`` and ``km.svg``, ``residuals.png`` where there is a curve, and ``forest.png`` where there are draws.

    Parameters
    ----------
    result : Result
        With reconstructions.
    folder : Path
        An existing folder.
    """
    from survrecon.plot import plot_km, plot_residuals, save_figure
    from survrecon.plot_ensemble import forest_rows, plot_forest

    curves = plot_km(result.reconstructions, analysis=result.analysis, time_unit=result.study.time_unit)
    for name in ("km.png", "km.svg"):
        save_figure(curves, folder / name)
    if any(item.residuals for item in result.reconstructions):
        save_figure(plot_residuals(result.reconstructions, time_unit=result.study.time_unit), folder / "residuals.png")
    spreads = result.analysis.spreads if result.analysis else ()
    if forest_rows(result.checks, spreads):
        save_figure(plot_forest(result.checks, spreads), folder / "forest.png")


def _check_row(check: Check) -> tuple[object, ...]:
    lower, upper = check.interval or (None, None)
    numbers = (check.value, lower, upper, check.allowed)
    return (check.quantity, check.arm, check.published, *numbers, check.verdict, check.why, check.source)


@contextmanager
def staged(target: Path, force: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `target`, and move its files there when all went well.

    Parameters
    ----------
    target : Path
        Where the files shall appear.
    force : bool
        Whether files of the same names may be replaced.

    Yields
    ------
    Path
        The temporary folder; it is gone afterwards, whatever happened.

    Raises
    ------
    OutputError
        If something is in the way.
    """
    target = Path(os.path.abspath(target))
    require_free(target, force)
    folder = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{target} cannot be made: {error.strerror}; choose another --out") from None
    try:
        yield folder
        require_free(target, force)
        if target.exists():
            _move_files(folder, target)
        else:
            folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move_files(folder: Path, target: Path) -> None:
    """Replace files of `target` by those of `folder`, or leave `target` as it was."""
    names = sorted(path.name for path in folder.iterdir())
    backup = folder / ".replaced"
    backup.mkdir()
    moved: list[str] = []
    try:
        for name in names:
            if (target / name).exists():
                (target / name).rename(backup / name)
            (folder / name).rename(target / name)
            moved.append(name)
    except BaseException:
        for name in moved:
            (target / name).rename(folder / name)
        for path in backup.iterdir():
            path.rename(target / path.name)
        raise


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
