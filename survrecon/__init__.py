"""Reconstruct individual patient data from published Kaplan-Meier figures, and reanalyze them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Public name -> module; loaded on first use, so that `import survrecon` and `survrecon --help` stay fast.
_PUBLIC = {
    "Arm": "data",
    "Curve": "data",
    "IPD": "data",
    "RiskTable": "data",
    "Study": "data",
    "Published": "published",
    "SurvReconError": "errors",
    "digitize_figure": "digitize",
    "read_study": "read",
    "read_digitized": "digitize.formats",
    "reconstruct": "reconstruction",
    "reanalyze": "reanalysis",
    "compare": "comparison",
    "audit": "auditing",
    "run": "pipeline",
}
__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'survrecon' has no attribute {name!r}")
    return getattr(import_module(f"survrecon.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
