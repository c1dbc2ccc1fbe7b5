"""Results as text for a terminal: aligned columns, wrapped notes, a progress bar for long runs."""

from __future__ import annotations

import math
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

import click

from survrecon.data import Reconstruction
from survrecon.outcome import Result
from survrecon.results import Analysis, Check, Estimate, Finding, Spread, Verdict

WIDTH = 118
PATIENCE = 2.0  # seconds before a progress bar appears
COLORS: dict[Verdict, str | None] = {"agrees": "green", "differs": "red", "used as input": "yellow", "not comparable": None}
COLUMNS = ("quantity", "arm", "published", "ours", "agrees within", "verdict")
WIDTHS = (26, 24, 13, 11, 22, 14)
LEGEND = "agrees within: ours, give or take the reconstruction's error and half the last printed digit; reasons: --json"

Item = TypeVar("Item")


def study_text(result: Result) -> str:
    """Return one study's header, arms, checks, reasons and notes.

    Parameters
    ----------
    result : Result
        Of one study.

    Returns
    -------
    str
        Several lines of at most 118 columns, colored with ANSI codes.
    """
    study = result.study
    title = ": ".join(filter(None, (study.trial, study.endpoint)))
    unit = f", in {study.time_unit}s" if study.time_unit else ""
    lines = [*_wrap(f"{study.id} [{study.evidence}] {title}{unit}", "", "    ")]
    lines[0] = lines[0].replace(study.id, click.style(study.id, bold=True), 1)
    leading = result.analysis.undetermined if result.analysis else ()
    lines += [click.style(line, bold=True) for text in leading for line in _wrap(text, "  ", "    ")]
    lines += [line for text in _audit(result.audit) for line in _wrap(text, "  ", "    ")]
    for item in result.reconstructions:
        lines += _wrap(_fit(item), "  ", "    ")
    if result.checks:
        lines += [_row(COLUMNS), *map(_check_row, result.checks)]
    elif result.analysis:
        lines += [line for text in _statistics(result.analysis) for line in _wrap(text, "  ", "    ")]
    if result.analysis:
        lines += [line for spread in result.analysis.spreads for line in _wrap(_spread(spread), "  ", "    ")]
    lines += [line for why in _reasons(result.checks) for line in _wrap(why, "  ", "    ")]
    notes = [*result.notes, *(f"{item.label}: {note}" for item in result.reconstructions for note in item.notes)]
    lines += [line for note in notes for line in _wrap(f"note: {note}", "  ", "    ")]
    return "\n".join(lines)


def summary_text(results: Sequence[Result]) -> str:
    """Return the closing lines: how many checks have which verdict.

    Parameters
    ----------
    results : sequence of Result
        All studies.

    Returns
    -------
    str
        Two lines.
    """
    counts = Counter(check.verdict for result in results for check in result.checks)
    studies = f"{len(results)} stud{'y' if len(results) == 1 else 'ies'}"
    verdicts = ", ".join(f"{verdict} {counts[verdict]}" for verdict in COLORS)
    return f"{studies}, {counts.total()} published numbers: {verdicts}\n{LEGEND}"


def tally(findings: Sequence[Finding]) -> str:
    """Return how many checks of the audit have which verdict.

    Parameters
    ----------
    findings : sequence of Finding
        Of one study.

    Returns
    -------
    str
        One line.
    """
    if not findings:
        return "audit: no numbers to hold against each other"
    counts = Counter(finding.verdict for finding in findings)
    verdicts = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    return f"audit: {len(findings)} check{'s' * (len(findings) > 1)}, {verdicts}"


def progress(items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items; once it takes longer than `PATIENCE`, show on a terminal's stderr how many are done.

    Parameters
    ----------
    items : sequence
        What is worked through.

    Yields
    ------
    object
        Each item in turn.
    """
    started, drawn = time.monotonic(), False
    for done, item in enumerate(items):
        if sys.stderr.isatty() and time.monotonic() - started > PATIENCE:
            filled = 30 * done // len(items)
            click.echo(f"\r[{'#' * filled}{'-' * (30 - filled)}] {done}/{len(items)}", nl=False, err=True)
            drawn = True
        yield item
    if drawn:
        click.echo("\r" + " " * 50 + "\r", nl=False, err=True)


class Counting(Executor):
    """Computes here, one call after the other, and shows with `progress` how many are done."""

    def map(self, fn: Callable[..., Item], *iterables: Iterable[Any], **options: Any) -> Iterator[Item]:
        """Call a function with each set of arguments.

        Parameters
        ----------
        fn : callable
            What to call.
        *iterables : iterable
            Its arguments, in order.
        **options : object
            Those of `concurrent.futures.Executor.map`, which only matter elsewhere.

        Yields
        ------
        object
            What each call returns, in order.
        """
        for arguments in progress(list(zip(*iterables, strict=False))):
            yield fn(*arguments)


def _wrap(text: str, indent: str, hanging: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=hanging, break_on_hyphens=False)


def _row(cells: Sequence[str]) -> str:
    padded = (_cut(cell, width).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return ("  " + " ".join(padded)).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _check_row(check: Check) -> str:
    ours = "not reached" if check.value is None and check.verdict in ("agrees", "differs") else number(check.value)
    within = "" if check.interval is None else " to ".join(map(number, check.interval))
    row = _row((check.quantity, check.arm or "", check.published, ours, within, check.verdict))
    return row.removesuffix(check.verdict) + click.style(check.verdict, fg=COLORS[check.verdict])


def number(value: float | None) -> str:
    """Return a number in four significant digits, all digits before the point, and none in vain.

    Parameters
    ----------
    value : float or None
        What to show.

    Returns
    -------
    str
        A dash for None.

    Examples
    --------
    >>> [number(value) for value in (0.58, 26.3157, 2018.4, 0.000012, None)]
    ['0.58', '26.32', '2018', '1.2e-05', '-']
    """
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}" if abs(value) >= 0.001 or value == 0 else f"{value:.2g}"


def _audit(findings: Sequence[Finding]) -> list[str]:
    """Return the tally of a study's audit, and each finding that is not consistent."""
    odd = [finding for finding in findings if finding.verdict != "consistent"]
    return [tally(findings), *(f"{each.verdict}: {each.check} ({each.subject}): {each.why}" for each in odd)]


def _fit(item: Reconstruction) -> str:
    """Return one line on how well an arm's reconstruction meets what was given."""
    printed, rebuilt = item.total_events
    events = f"{rebuilt} events" + (f" (printed {printed})" if printed is not None else "")
    off = max((abs(row.printed - row.reconstructed) for row in item.risk), default=0)
    risk = "no numbers at risk" if not item.risk else f"numbers at risk {f'within {off}' if off else 'exact'}"
    fit = item.residuals
    curve = f", curve within {fit.max_abs:.4f} (at {fit.max_abs_time:g}; RMSE {fit.rmse:.4f})" if fit else ""
    return f"{item.label}: n {item.ipd.n}, {events}, {risk}{curve}; method {item.method}"


def _statistics(analysis: Analysis) -> list[str]:
    """Return a line for each arm and each comparison, for a study that has no published numbers to set them beside."""
    arms = [f"{arm.label}: median {_estimate(arm.median)}" for arm in analysis.arms]
    pairs = [
        f"{pair.arm} against {pair.reference}: hazard ratio {_estimate(pair.hr)}, log-rank p {number(pair.logrank.p)}"
        for pair in analysis.comparisons
    ]
    return arms + pairs


def _estimate(item: Estimate) -> str:
    if item.value is None:
        return item.why
    limits = " to ".join("not reached" if limit is None else number(limit) for limit in (item.lower, item.upper))
    return f"{number(item.value)} ({100 * item.level:g}% CI {limits})"


def _spread(item: Spread) -> str:
    """Return one line on how sure one statistic is: with sampling error, and without."""
    at = "" if item.time is None else f" to {item.time:g}" if item.quantity == "rmst" else f" at {item.time:g}"
    value = number(item.value) if item.value is not None else "not reached" if item.quantity == "median" else "not estimable"
    if item.reconstruction is None:
        return f"{item.quantity}{at}, {item.arm}: {value}; {item.why}"
    total = f" ({_range(item.total)})" if item.total else ""
    text = f"{item.quantity}{at}, {item.arm}: {value}{total}; reconstruction alone {_range(item.reconstruction)}"
    return text + (f", at the very most {_range(item.bounds)}" if item.bounds else "") + (f"; {item.why}" if item.why else "")


def _range(ends: tuple[float, float]) -> str:
    return " to ".join("not reached" if math.isinf(end) else number(end) for end in ends)


def _reasons(checks: Sequence[Check]) -> list[str]:
    """Return why some checks do not agree, each reason once with the quantities it holds for."""
    wanted = [check for check in checks if check.verdict != "agrees"]
    groups: dict[tuple[str, str], list[str]] = {}
    for check in wanted:
        groups.setdefault((check.verdict, check.why), []).append(check.quantity)
    whole = len(groups) == 1 and len(wanted) == len(checks)
    return [f"{verdict}: {why}" + ("" if whole else f" ({', '.join(dict.fromkeys(names))})") for (verdict, why), names in groups.items()]
