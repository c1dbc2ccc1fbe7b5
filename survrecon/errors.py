"""Every error and warning that survrecon raises on purpose, by stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


class SurvReconError(Exception):
    """Root of all errors raised by survrecon; each can be pickled, so that it crosses from one process to another."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[SurvReconError], args: tuple[Any, ...], attributes: dict[str, Any]) -> SurvReconError:
    error = kind.__new__(kind, *args)  # not __init__: it would write the message around the message
    error.__dict__.update(attributes)
    return error


class SurvReconWarning(UserWarning):
    """Root of all warnings issued by survrecon."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file.

    Attributes
    ----------
    key : str
        Where in the file: a TOML key such as ``arm[0].risk_counts``, or a CSV line.
    value : str
        The offending value as written there.
    remedy : str
        What is wrong and what to write instead.
    """

    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value}: {self.remedy}" if self.value else f"{self.key}: {self.remedy}"


class StudyFileError(SurvReconError, ValueError):
    """A study file, curve file or risk-table file that cannot be used.

    Parameters
    ----------
    path : path-like
        The file.
    problems : sequence of Problem
        All problems found in it, not only the first.
    """

    def __init__(self, path: str | Path, problems: list[Problem] | tuple[Problem, ...]) -> None:
        self.path = Path(path)
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{self.path}:\n{lines}")


class CurveError(SurvReconError, ValueError):
    """Curve coordinates that cannot be a Kaplan-Meier curve.

    Parameters
    ----------
    arm : str
        Label of the arm.
    message : str
        What is wrong and what to do.
    index : int or None
        Position of the offending point in the coordinates as given, from 0.
    value : float or None
        The offending value.
    """

    def __init__(self, arm: str, message: str, index: int | None = None, value: float | None = None) -> None:
        self.arm, self.message, self.index, self.value = arm, message, index, value
        place = "" if index is None else f", point {index}"
        number = "" if value is None else f" ({value:g})"
        super().__init__(f"arm {arm!r}, curve{place}{number}: {message}")


class RiskTableError(SurvReconError, ValueError):
    """A number-at-risk table that cannot be true.

    Parameters
    ----------
    arm : str
        Label of the arm.
    message : str
        What is wrong and what to do.
    index : int or None
        Position of the offending cell in the table, from 0.
    """

    def __init__(self, arm: str, message: str, index: int | None = None) -> None:
        self.arm, self.message, self.index = arm, message, index
        place = "" if index is None else f", cell {index}"
        super().__init__(f"arm {arm!r}, risk table{place}: {message}")


class InconsistentDataError(SurvReconError, ValueError):
    """Two inputs that cannot both be true.

    Parameters
    ----------
    arm : str
        Label of the arm.
    message : str
        Names both inputs, with their numbers.
    interval : tuple of float or None
        The times between which they contradict each other.
    """

    def __init__(self, arm: str, message: str, interval: tuple[float, float] | None = None) -> None:
        self.arm, self.message, self.interval = arm, message, interval
        place = "" if interval is None else f", between {interval[0]:g} and {interval[1]:g}"
        super().__init__(f"arm {arm!r}{place}: {message}")


class ReconstructionError(SurvReconError):
    """A reconstruction that could not be carried out."""


class NotEstimableError(SurvReconError, ValueError):
    """The input does not determine the quantity asked for; the message lists what would."""


class MissingExtraError(SurvReconError, ImportError):
    """An optional dependency is not installed.

    Parameters
    ----------
    feature : str
        What needs it.
    extra : str
        Name of the extra, as in ``pip install 'survrecon[extra]'``.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.feature, self.extra = feature, extra
        super().__init__(f"{feature} needs an optional package; install it with: pip install 'survrecon[{extra}]'")


class ReanalysisError(SurvReconError, ValueError):
    """Arms or options with which no reanalysis can be done; the message names them and the remedy."""


class OutputError(SurvReconError):
    """Output would overwrite something, or cannot go where it was asked to."""


class PlotError(SurvReconError, ValueError):
    """A figure that cannot be drawn or saved as asked; the message says what to change."""


class FigureError(SurvReconError, ValueError):
    """A figure that cannot be digitized.

    Parameters
    ----------
    path : path-like
        The file.
    message : str
        What is wrong and what to do, such as which option to give.
    """

    def __init__(self, path: str | Path, message: str) -> None:
        self.path, self.message = Path(path), message
        super().__init__(f"{path}: {message}")
