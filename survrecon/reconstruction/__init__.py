"""Reconstruction of individual patient data; each public module of this package is one method.

A new method is one new file here that sets ``METHOD = Method(summary, estimate)``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from survrecon.clean import clean
from survrecon.data import Arm, Reconstruction
from survrecon.errors import CurveError, ReconstructionError
from survrecon.reconstruction._common import Draft, Method, finish

DEFAULT_METHOD = "joint"
AS_GIVEN = "patient data"  # stands in place of a method where nothing was reconstructed


def methods() -> dict[str, str]:
    """Return the name and one-line summary of every method.

    Returns
    -------
    dict of str to str
        Sorted by name.
    """
    return {name: _method(name).summary for name in _names()}


def _names() -> list[str]:
    return sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))


def _method(name: str) -> Method:
    method: Method = import_module(f"{__name__}.{name}").METHOD
    return method


def reconstruct(arm: Arm, method: str = DEFAULT_METHOD, **options: Any) -> Reconstruction:
    """Rebuild the individual patient data of one arm.

    Parameters
    ----------
    arm : Arm
        What was printed and read; it is cleaned first, and each repair becomes a note. Patient data are taken as they are.
    method : str
        One of `methods`.
    **options
        Options of that method.

    Returns
    -------
    Reconstruction
        As many subjects as ``arm.n``, with the fit to everything that was given.

    Raises
    ------
    CurveError, RiskTableError, InconsistentDataError
        Input that cannot be true.
    ReconstructionError
        An unknown method or option, or a method that needs what the arm does not have.

    Examples
    --------
    >>> arm = Arm.from_arrays([0, 1, 2, 3], [1, 0.75, 0.5, 0.25], n=4)
    >>> reconstruct(arm, method="guyot").ipd.to_frame()[["time", "event"]].values.tolist()
    [[1.0, 1.0], [2.0, 1.0], [3.0, 1.0], [3.0, 0.0]]
    """
    if method not in _names():
        raise ReconstructionError(f"unknown method {method!r}; use one of: {', '.join(_names())}")
    cleaned = clean(arm)
    if cleaned.arm.curve is not None and cleaned.arm.curve.time[-1] == 0:
        raise CurveError(arm.label, "every point is at time 0; give at least one later point")
    if cleaned.arm.ipd is not None:
        return finish(cleaned.arm, Draft(cleaned.arm.ipd), AS_GIVEN, cleaned.notes)
    try:
        draft = _method(method).estimate(cleaned.arm, **options)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise ReconstructionError(f"method {method!r} does not take these options: {', '.join(options)}") from error
    return finish(cleaned.arm, draft, method, cleaned.notes)
