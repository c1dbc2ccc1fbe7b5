"""The audit of a study: can all its printed numbers be true together? Before any reconstruction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from survrecon.checks._bounds import cleaned_curve
from survrecon.checks.counts import check_counts
from survrecon.checks.curves import check_curve, check_events, check_numbers_at_risk, check_rows, evidence
from survrecon.checks.design import check_design
from survrecon.checks.direction import check_direction
from survrecon.checks.endpoints import data_of, match_endpoint, with_data
from survrecon.checks.ratios import check_ratios
from survrecon.checks.subgroups import check_subgroups
from survrecon.checks.times import check_times
from survrecon.data import IPD, Curve, Study
from survrecon.errors import StudyFileError
from survrecon.files import read_text
from survrecon.read import read_study
from survrecon.results import Finding
from survrecon.write import STUDY_FILE

__all__ = ["audit", "match_endpoint", "siblings"]


def audit(study: Study, others: Sequence[Study] = (), ipd: Sequence[IPD] | None = None) -> list[Finding]:
    """Check whether everything that a study prints can be true together.

    Parameters
    ----------
    study : Study
        As read.
    others : sequence of Study
        Other studies of the same trial, as `siblings` finds them: the curves of `study` are held against theirs too.
    ipd : sequence of IPD, optional
        Patient data that somebody filed under this study; their curves take the place of the study's own. By default
        those that the study has.

    Returns
    -------
    list of Finding
        One for each pair of numbers that can be held against each other: by arm, then hazard ratios, subgroups, design.

    Raises
    ------
    ReanalysisError
        If `ipd` has other arms than the study.

    Examples
    --------
    The interval 0.46 to 0.72 has its middle at sqrt(0.46 * 0.72) = 0.575, which two digits may round to 0.58; 0.53 is a misprint.

    >>> from survrecon.fields import parse_printed
    >>> from survrecon.published import Published, PublishedValue
    >>> limits = (parse_printed("0.46"), parse_printed("0.72"))
    >>> for text in ("0.58", "0.53"):
    ...     ratio = PublishedValue("hazard_ratio", parse_printed(text), "drug", limits)
    ...     finding, = audit(Study("x", "X", "survival", "month", "printed", published=Published("placebo", (ratio,))))
    ...     print(finding.verdict, [round(end, 3) for end in finding.allowed])
    consistent [0.565, 0.586]
    in tension [0.565, 0.586]
    """
    ipd = ipd or [arm.ipd for arm in study.arms if arm.ipd is not None] or None
    if ipd is not None:
        study = with_data(study, ipd)
    findings: list[Finding] = []
    curves: list[Curve | None] = []
    for arm in study.arms:
        curve = None if arm.curve is None else cleaned_curve(arm)
        findings += [] if curve is None else check_curve(arm, curve)
        curves.append(curve if isinstance(curve, Curve) else None)
    values = study.published.values
    known = [evidence(arm, curve, values) for arm, curve in zip(study.arms, curves, strict=True)]
    for arm, curve, items in zip(study.arms, curves, known, strict=True):
        findings += [*check_counts(arm), *check_numbers_at_risk(arm, items), *check_events(arm, items), *check_times(arm, curve, values)]
    findings += check_rows(study.arms, curves, known)
    findings += [*check_ratios(study), *check_direction(study, curves), *check_subgroups(study), *check_design(study)]
    data = ipd if ipd is not None else data_of(study) if others and None not in curves else None
    return [*findings, *([match_endpoint(data, study, others)] if data and others else [])]


def siblings(study: Study) -> list[Study]:
    """Read the other studies of the same trial: the folders beside a study's own.

    Parameters
    ----------
    study : Study
        Read from a folder.

    Returns
    -------
    list of Study
        Those with results and the same trial, sorted by folder; studies that cannot be read are left out.
    """
    own = Path(study.path).parent.resolve() if study.path else None
    spellings = (study.trial, json.dumps(study.trial, ensure_ascii=False)[1:-1])
    found = []
    for file in sorted(own.parent.glob(f"*/{STUDY_FILE}")) if own else ():
        if file.parent.resolve() != own:
            try:
                text = read_text(file)
                if not any(spelling in text for spelling in spellings):
                    continue  # another trial: in a database of hundreds, reading all their data for each study takes minutes
                other = read_study(file)
            except StudyFileError:
                continue
            found += [other] if other.trial == study.trial and other.arms and other.published.values else []
    return found
