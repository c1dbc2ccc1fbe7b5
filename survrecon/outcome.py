"""What `survrecon.run` returns: a study, its reconstructions, and how they compare; also as strict JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from survrecon.comparison import not_comparable
from survrecon.data import Arm, Reconstruction, Study
from survrecon.results import Analysis, Check, Finding


@dataclass(frozen=True, eq=False)
class Result:
    """One study from its files to its verdicts.

    Attributes
    ----------
    study : Study
        As read.
    reconstructions : tuple of Reconstruction
        One per arm; empty for a study without curves.
    analysis : Analysis or None
        What was recomputed; None for a study without curves.
    checks : tuple of Check
        One for each published number.
    notes : tuple of str
        What was assumed, and for a study without curves what it has, what is missing and how to add it.
    audit : tuple of Finding
        Whether the printed numbers can be true together.
    """

    study: Study
    reconstructions: tuple[Reconstruction, ...] = ()
    analysis: Analysis | None = None
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    audit: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, finite numbers, strings and None, ready for strict JSON.

        Returns
        -------
        dict
            Keys ``id``, ``evidence``, ``undetermined``, ``audit``, ``arms``, ``analysis``, ``checks`` and ``notes``.
        """
        rebuilt = {item.label: item for item in self.reconstructions}
        content = {
            "id": self.study.id,
            "evidence": self.study.evidence,
            "undetermined": self.analysis.undetermined if self.analysis else (),
            "audit": [finding.to_dict() for finding in self.audit],
            "arms": [_arm(arm, rebuilt.get(arm.label)) for arm in self.study.arms],
            "analysis": self.analysis and self.analysis.to_dict(),
            "checks": [check.to_dict() for check in self.checks],
            "notes": self.notes,
        }
        return {key: plain(item) for key, item in content.items()}


def _arm(arm: Arm, rebuilt: Reconstruction | None) -> dict[str, Any]:
    """Return what was given about one arm, and what its reconstruction makes of it."""
    if rebuilt is not None:
        risk = [asdict(row) for row in rebuilt.risk]
    elif arm.risk is not None:
        risk = [{"time": time, "printed": count, "reconstructed": None} for time, count in zip(arm.risk.time, arm.risk.count, strict=True)]
    else:
        risk = []
    fit = rebuilt.residuals if rebuilt else None
    return {
        "label": arm.label,
        "n": arm.n,
        "total_events": {"printed": arm.total_events, "reconstructed": rebuilt.total_events[1] if rebuilt else None},
        "risk_table": risk,
        "residuals": fit and {"rmse": fit.rmse, "max_abs": fit.max_abs, "max_abs_time": fit.max_abs_time},
        "method": rebuilt.method if rebuilt else None,
        "notes": rebuilt.notes if rebuilt else (),
    }


def without_curves(study: Study) -> Result:
    """Return the result of a study that has no curve to reconstruct from.

    Parameters
    ----------
    study : Study
        None of its arms has coordinates.

    Returns
    -------
    Result
        Every published number "not comparable"; the notes say what the study has, what is missing, and how to add a curve.
    """
    folder = Path(study.path).parent.name if study.path else "its folder"
    curve = (
        f"to add a curve: digitize {study.figure or 'the figure'} into one file of time,survival per arm, put the files into {folder}, "
        'and in study.toml set curve = "<file>" in each [[arm]] and evidence = "digitized"'
    )
    result = (
        f"to add a result once there is one: write it into {folder}/study.toml under [[arm]] and [published], with "
        'evidence = "printed", or "digitized" with the coordinates of a curve'
    )
    registered = study.evidence == "registered"
    why = "no coordinates: " + ("registered, no result yet" if registered else "only printed numbers are at hand")
    missing = f"missing: {'; '.join(study.missing) or 'coordinates of the curves'}"
    notes = (f"has: {_inventory(study)}", missing, result if registered else curve)
    return Result(study, checks=tuple(not_comparable(study.published, why)), notes=(*study.notes, *notes))


def _inventory(study: Study) -> str:
    """List what a study has."""
    arms = study.arms
    events = [f"{arm.total_events} in {arm.label}" for arm in arms if arm.total_events is not None]
    cells = max((arm.risk.time.size for arm in arms if arm.risk is not None), default=0)
    items = [
        ", ".join(f"{arm.label} (n = {arm.n})" for arm in arms),
        f"events: {', '.join(events)}" if events else "",
        f"numbers at risk at {cells} times" if cells else "",
        ", ".join(f"{count} beyond time {time:g}" for arm in arms for time, count in arm.beyond),
        f"{len(study.published.values)} published results" if study.published.values else "",
        f"{len(study.published.subgroups)} subgroup hazard ratios" if study.published.subgroups else "",
    ]
    return "; ".join(filter(None, items)) or "its registration, no numbers"


def plain(value: Any) -> Any:
    """Return `value` in JSON's types; a number that is not finite becomes None.

    Parameters
    ----------
    value : object
        Nested dictionaries, lists, tuples, arrays, numbers and paths.

    Returns
    -------
    object
        Dictionaries, lists, numbers, strings and None.

    Examples
    --------
    >>> plain({"time": np.array([0.0, np.nan]), "n": np.int64(3)})
    {'time': [0.0, None], 'n': 3}
    """
    match value:
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | np.ndarray():
            return [plain(item) for item in value]
        case np.generic():
            return plain(value.item())
        case Path():
            return str(value)
        case float():
            return value if math.isfinite(value) else None
        case _:
            return value


def to_json(value: Any) -> str:
    """Return strict JSON, with a line break at the end.

    Parameters
    ----------
    value : object
        What `plain` accepts.

    Returns
    -------
    str
        Indented by two; neither NaN nor Infinity.
    """
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
