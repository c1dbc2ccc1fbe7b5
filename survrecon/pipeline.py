"""From a study to its verdicts: clean and reconstruct each arm, reanalyze, compare. Start reading here."""

from __future__ import annotations

from survrecon.comparison import compare, horizon, landmarks
from survrecon.data import Study
from survrecon.outcome import Result, without_curves
from survrecon.reanalysis import reanalyze
from survrecon.reconstruction import DEFAULT_METHOD, reconstruct


def run(study: Study, method: str = DEFAULT_METHOD) -> Result:
    """Reconstruct a study's arms, recompute its results, and set them beside the published ones.

    Parameters
    ----------
    study : Study
        From `survrecon.read_study`, or made in Python.
    method : str
        One of `survrecon.reconstruction.methods`.

    Returns
    -------
    Result
        Where no arm has a curve: no reconstructions, no published number comparable, and notes on what is missing.

    Raises
    ------
    SurvReconError
        Input that cannot be true; see `survrecon.reconstruct` and `survrecon.reanalyze`.
    """
    arms = [arm for arm in study.arms if arm.curve is not None]
    if not arms:
        return without_curves(study)
    published = study.published
    reconstructions = tuple(reconstruct(arm, method) for arm in arms)  # cleans first
    tau, follow_up = horizon(published), min(float(item.ipd.time[-1]) for item in reconstructions)
    analysis = reanalyze(
        reconstructions,
        published.reference if len(arms) > 1 else None,
        times=landmarks(published),
        tau=tau if tau is not None and tau <= follow_up else None,
        risk_times=[row.time for row in reconstructions[0].risk],
    )
    checks = compare(analysis, published)
    return Result(study, reconstructions, analysis, tuple(checks), (*study.notes, *analysis.notes))
