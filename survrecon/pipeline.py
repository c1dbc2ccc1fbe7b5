"""From a study to its verdicts: audit, clean and reconstruct each arm, reanalyze, compare. Start reading here."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from survrecon.auditing import audit
from survrecon.comparison import compare, horizon, landmarks
from survrecon.data import Study
from survrecon.ensemble import with_spreads
from survrecon.errors import NotEstimableError
from survrecon.outcome import Result, without_curves
from survrecon.reanalysis import reanalyze
from survrecon.reconstruction import DEFAULT_METHOD, reconstruct
from survrecon.reconstruction.printed import DRAWS, reconstruct_together
from survrecon.sensitivity import with_bounds


def run(
    study: Study,
    method: str = DEFAULT_METHOD,
    others: Sequence[Study] = (),
    draws: int = 0,
    seed: int = 1,
    executor: Executor | None = None,
) -> Result:
    """Audit a study, reconstruct its arms, recompute its results, and set them beside the published ones.

    Parameters
    ----------
    study : Study
        From `survrecon.read_study`, or made in Python.
    method : str
        One of `survrecon.reconstruction.methods`.
    others : sequence of Study
        Other studies of the same trial, for the audit; see `survrecon.auditing.siblings`.
    draws : int
        How many data sets to draw for each arm from what the input leaves open, where the method can; 0 for none.
    seed : int
        Of the draws.
    executor : concurrent.futures.Executor, optional
        Computes the draws.

    Returns
    -------
    Result
        Patient data are analyzed as they are. Where no arm has a curve or data: reconstructed from the printed numbers
        as far as they reach, with intervals; else no reconstructions, no published number comparable. Either way notes
        say what is missing and how to add it.

    Raises
    ------
    SurvReconError
        Input that cannot be true; see `survrecon.reconstruct` and `survrecon.reanalyze`.
    """
    findings = tuple(audit(study, others))
    published = study.published
    arms = [arm for arm in study.arms if arm.curve is not None or arm.ipd is not None]
    notes = study.notes
    if arms:
        options = {"draws": draws, "seed": seed, "executor": executor} if draws else {}
        reconstructions = tuple(reconstruct(arm, method, **options) for arm in arms)  # cleans first
    else:
        missing = without_curves(study)
        try:
            reconstructions = reconstruct_together(study.arms, published, draws or DRAWS, seed) if study.arms else ()
        except NotEstimableError as error:
            return replace(missing, audit=findings, notes=(*missing.notes, f"not reconstructed: {error}"))
        if not reconstructions:
            return replace(missing, audit=findings)
        notes = missing.notes
    tau, follow_up = horizon(published), min(float(item.ipd.time[-1]) for item in reconstructions)
    analysis = reanalyze(
        reconstructions,
        published.reference if len(reconstructions) > 1 else None,
        times=[time for time in landmarks(published) if time <= follow_up],
        tau=tau if tau is not None and tau <= follow_up else None,
        risk_times=[row.time for row in reconstructions[0].risk],
    )
    analysis = with_spreads(reconstructions, analysis)
    if arms:
        analysis = with_bounds(analysis, arms)
    checks = compare(analysis, published)
    return Result(study, reconstructions, analysis, tuple(checks), (*notes, *analysis.notes), findings)
