"""The command ``survrecon audit``, and its findings as text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from survrecon.errors import SurvReconError

if TYPE_CHECKING:
    from survrecon.data import IPD, Study
    from survrecon.results import Finding

PLAUSIBILITY = {"impossible": "red", "in tension": "yellow", "consistent": "green"}
LEGEND = """\
impossible: no data can give these numbers, whatever was rounded.
in tension: honest data hardly ever do; for each check, at most one in 100 simulated studies.
allowed: what the other numbers leave, rounding and the stated slack included."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="STUDY...")
@click.option("--details", is_flag=True, help="Show numbers, formula and source of every check, not only of those that are not consistent.")
@click.option(
    "--ipd",
    "data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Patient data (time, event, arm) that somebody filed under STUDY: are they its own?",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def audit(paths: tuple[Path, ...], details: bool, data: Path | None, as_json: bool) -> None:
    """Check whether all numbers that a STUDY prints can be true together, before anything is reconstructed.

    Counts, numbers at risk, curves, medians, hazard ratio, interval, p value, subgroups and design are held against each
    other, each by arithmetic that is shown. Exit code 1: something is impossible.

    \b
    Examples:
      survrecon audit digitized/
      survrecon audit digitized/paloma2-pfs-investigator --details
      survrecon audit digitized/paloma2-pfs-investigator --ipd PALOMA2_1A.csv
    """
    from survrecon.auditing import audit as findings_of
    from survrecon.auditing import siblings
    from survrecon.outcome import to_json
    from survrecon.read import find_studies, read_ipd, read_study

    studies = find_studies(paths)
    if data is not None and len(studies) > 1:
        raise click.UsageError("--ipd goes with one STUDY.")
    ipd: list[IPD] | None = None if data is None else read_ipd(data)
    found: list[tuple[Study, list[Finding]]] = []
    errors: list[dict[str, str]] = []
    for path in studies:
        try:
            study = read_study(path)
            found.append((study, findings_of(study, siblings(study), ipd)))
        except (SurvReconError, OSError) as error:
            errors.append({"path": str(path), "message": str(error)})
    if as_json:
        content = [{"id": study.id, "evidence": study.evidence, "audit": [item.to_dict() for item in items]} for study, items in found]
        click.echo(to_json({"studies": content, "errors": errors}), nl=False)
    else:
        for study, findings in found:
            click.echo(audit_text(study, findings, details) + "\n")
        click.echo(LEGEND)
    for failure in errors:
        click.echo(f"Error: {failure['message']}", err=True)
    impossible = any(each.verdict == "impossible" for _, findings in found for each in findings)
    click.get_current_context().exit(2 if errors else 1 if impossible else 0)


def audit_text(study: Study, findings: Sequence[Finding], details: bool = False) -> str:
    """Return what the audit found about one study.

    Parameters
    ----------
    study : Study
        The study.
    findings : sequence of Finding
        From `survrecon.audit`.
    details : bool
        Whether to show numbers, formula and source of consistent findings too.

    Returns
    -------
    str
        Several lines, colored with ANSI codes; the worst findings first.
    """
    from survrecon.terminal import tally

    worst_first = sorted(findings, key=lambda finding: list(PLAUSIBILITY).index(finding.verdict))
    lines = [f"{click.style(study.id, bold=True)} [{study.evidence}] {study.trial}: {study.endpoint}", f"  {tally(findings)}"]
    return "\n".join([*lines, *(line for finding in worst_first for line in _lines(finding, details))])


def _lines(finding: Finding, details: bool) -> list[str]:
    """Return one finding: verdict, what was held against what, the judged number, and the arithmetic."""
    from survrecon.terminal import WIDTH, number

    texts = [f"{finding.check}: {finding.subject}" if finding.subject else finding.check]
    if finding.value is not None and finding.allowed is not None:
        texts[0] += f"; {'not reached' if math.isinf(finding.value) else number(finding.value)}, allowed {_range(*finding.allowed)}"
    if details or finding.verdict != "consistent":
        arithmetic = f"{finding.formula} [{finding.source}]" if finding.source else finding.formula
        texts += ["; ".join(f"{name} {text}" for name, text in finding.numbers), arithmetic, finding.why]
    margin = " " * 14
    first, *rest = [line for text in filter(None, texts) for line in textwrap.wrap(text, WIDTH - 16, subsequent_indent="  ")]
    verdict = click.style(finding.verdict, fg=PLAUSIBILITY[finding.verdict]) + " " * (12 - len(finding.verdict))
    return [f"  {verdict}{first}", *(margin + line for line in rest)]


def _range(low: float, high: float) -> str:
    from survrecon.terminal import number

    if math.isinf(low) and math.isinf(high):
        return "anything"
    if math.isinf(high):
        return f"at least {number(low)}"
    return f"at most {number(high)}" if math.isinf(low) else f"{number(low)} to {number(high)}"
