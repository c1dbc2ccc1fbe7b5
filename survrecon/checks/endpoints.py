"""Which end point of a trial do data belong to? Patient data, or a curve, against what each study of the trial prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from survrecon.comparison import compare, horizon, landmarks
from survrecon.data import IPD, Arm, Curve, Study
from survrecon.errors import ReanalysisError, SurvReconError
from survrecon.reanalysis import reanalyze
from survrecon.reconstruction import reconstruct
from survrecon.results import READING, Analysis, Finding, Plausibility
from survrecon.survival import kaplan_meier, number_at_risk

_LIMITS = "differences allowed by survrecon.comparison.LIMITS; numbers at risk and totals of events within 1% of n, the reading error"


@dataclass(frozen=True)
class Fit:
    """How data agree with what one study prints.

    Attributes
    ----------
    study : Study
        Its numbers are compared.
    outcomes : tuple of (str, str, bool)
        Results of the end point: what it is, printed and ours, and whether the two agree.
    counts : tuple of (str, str, bool)
        Subjects and numbers at risk, in the same form.
    """

    study: Study
    outcomes: tuple[tuple[str, str, bool], ...]
    counts: tuple[tuple[str, str, bool], ...]

    @property
    def share(self) -> float:
        """Share of outcomes that agree; 0 where there is none."""
        return sum(agrees for *_, agrees in self.outcomes) / max(len(self.outcomes), 1)


def match_endpoint(ipd: Sequence[IPD], study: Study, siblings: Sequence[Study]) -> Finding:
    """Look whether patient data fit the study that they are filed under, or another one of the same trial.

    Parameters
    ----------
    ipd : sequence of IPD
        One per arm, labeled as in the study but for case and punctuation.
    study : Study
        Where the data are filed.
    siblings : sequence of Study
        Other studies of the trial; those whose arms have other labels are left out.

    Returns
    -------
    Finding
        "In tension" where numbers of the study differ from the data, and a smaller share of a sibling's do.

    Raises
    ------
    ReanalysisError
        If the labels are not those of the study's arms.
    """
    own = _fit(ipd, study)
    others = [_fit(ipd, sibling) for sibling in siblings if _named(ipd, sibling) is not None]
    best = max(others, key=lambda each: (each.share, len(each.outcomes)), default=own)
    better = best.share > own.share
    verdict: Plausibility = "in tension" if better else "consistent"
    return Finding(
        "data fit the end point that they are filed under",
        study.id,
        verdict,
        tuple((f"{fit.study.id}: {title}", numbers) for fit in (own, *others) for title, numbers, _ in (*fit.counts, *fit.outcomes)),
        own.share,
        (best.share if better else 0.0, 1.0),
        "share of the printed results that the data agree with, against that of every other study of the trial",
        _LIMITS,
        " ".join(
            [
                f"filed under {study.id} ({study.endpoint}), of which {_told(own)}.",
                *(f"Of {each.study.id} ({each.study.endpoint}), {_told(each)}." for each in others),
                f"So the data are those of {best.study.id}: {best.study.endpoint}." if better else "",
            ]
        ).strip(),
    )


def with_data(study: Study, ipd: Sequence[IPD]) -> Study:
    """Put the Kaplan-Meier curves of patient data in the place of a study's curves.

    Parameters
    ----------
    study : Study
        Its printed numbers stay.
    ipd : sequence of IPD
        One per arm, labeled as in the study but for case and punctuation.

    Returns
    -------
    Study
        With a curve in each arm.

    Raises
    ------
    ReanalysisError
        If the labels are not those of the study's arms.
    """
    named = _require_named(ipd, study)
    arms = []
    for arm in study.arms:
        data = next(each for each in named if each.label == arm.label)
        km = kaplan_meier(data.time, data.event)
        time, survival = np.append(0.0, km.time), np.append(1.0, km.survival)
        if time[-1] < km.last_time:
            time, survival = np.append(time, km.last_time), np.append(survival, survival[-1])
        arms.append(replace(arm, curve=Curve(time, survival, "probability", "survival"), censor_times=None))
    return replace(study, arms=tuple(arms))


def data_of(study: Study) -> list[IPD] | None:
    """Reconstruct patient data from a study's curves, without its totals of events, which may be those of another end point.

    Parameters
    ----------
    study : Study
        With curves.

    Returns
    -------
    list of IPD or None
        None where an arm has no curve, or none that can be reconstructed.
    """
    found = []
    for arm in study.arms:
        data = None if arm.curve is None else _reconstructed(replace(arm, total_events=None, events_percent=None))
        if data is None:
            return None
        found.append(data)
    return found or None


def _reconstructed(arm: Arm) -> IPD | None:
    for given in (arm, replace(arm, risk=None, censor_times=None)):  # the numbers at risk may belong to another curve
        try:
            return reconstruct(given).ipd
        except SurvReconError:
            continue
    return None


def _plain(label: str) -> str:
    return "".join(letter for letter in label.casefold() if letter.isalnum())


def _named(ipd: Sequence[IPD], study: Study) -> list[IPD] | None:
    """Return the data under the labels of a study's arms; None where they are not the same."""
    if sorted(arm.label for arm in study.arms) == sorted(each.label for each in ipd):
        return list(ipd)  # also where labels differ in punctuation only
    labels = {_plain(arm.label): arm.label for arm in study.arms}
    if sorted(labels) != sorted(_plain(each.label) for each in ipd):
        return None
    return [replace(each, label=labels[_plain(each.label)]) for each in ipd]


def _require_named(ipd: Sequence[IPD], study: Study) -> list[IPD]:
    named = _named(ipd, study)
    if named is None:
        theirs, ours = (", ".join(repr(each.label) for each in items) for items in (ipd, study.arms))
        raise ReanalysisError(f"the data have the arms {theirs}, and {study.id} has {ours}; rename the arms in the data")
    return named


def _fit(ipd: Sequence[IPD], study: Study) -> Fit:
    named = _require_named(ipd, study)
    published = study.published
    tau = horizon(published)
    reached = min(float(each.time[-1]) for each in named)
    analysis = reanalyze(
        named,
        published.reference if len(named) > 1 else None,
        times=landmarks(published),
        tau=tau if tau is not None and tau <= reached else None,
    )
    counts, outcomes = [], []
    for arm in study.arms:
        data = next(each for each in named if each.label == arm.label)
        counts += _counts(arm, data)
        if arm.total_events is not None:
            events = int(data.event.sum())
            outcomes.append((f"events, {arm.label}", f"{arm.total_events} ({events})", abs(events - arm.total_events) <= READING * arm.n))
    return Fit(study, (*outcomes, *_results(analysis, study)), tuple(counts))


def _counts(arm: Arm, data: IPD) -> list[tuple[str, str, bool]]:
    found = [(f"n, {arm.label}", f"{arm.n} ({data.n})", arm.n == data.n)]
    if arm.risk is not None:
        known = ~np.isnan(arm.risk.count)
        gap = int(np.max(np.abs(number_at_risk(data.time, arm.risk.time[known]) - arm.risk.count[known]), initial=0))
        found.append((f"numbers at risk, {arm.label}", f"{int(known.sum())} cells (within {gap})", gap <= READING * arm.n))
    return found


def _results(analysis: Analysis, study: Study) -> list[tuple[str, str, bool]]:
    found = []
    for check in compare(analysis, study.published):
        if check.verdict in ("agrees", "differs"):
            ours = "not reached" if check.value is None else f"{check.value:.3g}"
            found.append((f"{check.quantity}, {check.arm}", f"{check.published} ({ours})", check.verdict == "agrees"))
    return found


def _told(fit: Fit) -> str:
    agree = sum(agrees for *_, agrees in fit.outcomes)
    differing = [f"{title} {numbers}" for title, numbers, agrees in fit.outcomes if not agrees]
    agreeing = [f"{title} {numbers}" for title, numbers, agrees in fit.outcomes if agrees]
    counts = [f"{title} {numbers}" for title, numbers, agrees in fit.counts if agrees]
    parts = [f"{agree} of {len(fit.outcomes)} results agree" + (f": {', '.join(agreeing)}" if agreeing else "")]
    parts += [f"these differ (data in brackets): {', '.join(differing)}"] if differing else []
    parts += [f"its counts agree: {', '.join(counts)}"] if counts else []
    return "; ".join(parts)
