"""The command ``survrecon import``: files of other programs, and the public database kmdata, become study folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from survrecon.cli_options import TIME_UNITS

if TYPE_CHECKING:
    from survrecon.data import RiskTable, Study
    from survrecon.digitize.exported import Exported
    from survrecon.results import Check
    from survrecon.write import DraftArm

DIFFERS = 1  # exit code where a re-derived hazard ratio is not the published one
FILES = "files"


class Sources(click.Group):
    """A group whose command `files` need not be named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [FILES, *args]
        return super().parse_args(ctx, args)


@click.group("import", cls=Sources, options_metavar="", subcommand_metavar="PATH... | kmdata PATH")
def import_() -> None:
    """Make studies of what other programs have digitized or reconstructed.

    \b
    Examples:
      survrecon import figure2.wpd.json --out digitized/my-trial-os
      survrecon import drug.csv placebo.csv --risk-table risk.csv --out digitized/my-trial-os
      survrecon import kmdata kmdata/data --out studies/kmdata
    """


force_option = click.option("--force", is_flag=True, help="Replace files of the same names.")


@import_.command(FILES)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="The study folder to write.")
@click.option(
    "--arm", "labels", multiple=True, metavar="LABEL", help="Labels in the order of the curves, in place of the program's own. Repeat it."
)
@click.option("--trial", metavar="TEXT", help="Name of the trial.")
@click.option("--endpoint", metavar="TEXT", help="Such as overall survival.")
@click.option("--time-unit", type=click.Choice(TIME_UNITS), help="Unit of every time in the files.")
@click.option(
    "--risk-table", type=click.Path(exists=True, path_type=Path), metavar="FILE", help="Numbers at risk: time and one column per arm."
)
@click.option("--reference", metavar="LABEL", help="The arm in the hazard ratio's denominator.")
@force_option
def files(
    paths: tuple[Path, ...],
    out: Path,
    labels: tuple[str, ...],
    risk_table: Path | None,
    reference: str | None,
    force: bool,
    **header: str | None,
) -> None:
    """Make a study folder of curves or patient data that other programs exported (PATH...).

    Recognizes by content, not by name: WebPlotDigitizer (project as JSON or tar, CSV), DigitizeIt, ScanIt, Engauge
    Digitizer (CSV, .dig), PlotDigitizer (CSV), KM-PoPiGo (project), tables of time and survival; and patient data: IPDfromKM
    (time, status, treat) and time, event, arm. What they do not hold stays a "?" in study.toml.

    \b
    Examples:
      survrecon import figure2.tar --time-unit month --out digitized/my-trial-os
      survrecon import a.csv b.csv --arm Drug --arm Placebo --risk-table risk.csv --reference Placebo --out digitized/my-trial-os
    """
    from survrecon.digitize.formats import read_digitized
    from survrecon.output import require_free, staged
    from survrecon.tables import read_risk_table
    from survrecon.write import draft_study

    require_free(out, force)
    found = [(path, read_digitized(path)) for path in paths]
    risk = read_risk_table(risk_table) if risk_table else {}
    arms = _arms(found, labels, risk)
    known = [arm.label for arm in arms]
    named: dict[str, Iterable[str]] = {f"--risk-table {risk_table}": risk, "--reference": [reference] if reference else []}
    for option, given in named.items():
        for label in given:
            if label not in known:
                own = ", ".join(map(repr, known))
                raise click.UsageError(f"{option} names the arm {label!r}; the arms are {own}; name them with --arm.")
    notes = [f"{path.name}: {note}" for path, exported in found for note in exported.notes]
    content: dict[str, Any] = {**header, "source": "; ".join(f"{path.name} ({item.program})" for path, item in found), "notes": notes}
    with staged(out, force) as folder:
        draft_study(folder, {key: value for key, value in content.items() if value}, arms, reference)
    _report(arms, notes, out)


def _arms(found: Sequence[tuple[Path, Exported]], labels: Sequence[str], risk: dict[str, RiskTable]) -> list[DraftArm]:
    """Return the arms of all files under labels of their own."""
    from survrecon.write import DraftArm

    if any(item.ipd for _, item in found) and any(item.curves for _, item in found):
        kinds = ", ".join(f"{path} ({'patient data' if item.ipd else 'curves'})" for path, item in found)
        raise click.UsageError(f"A study is of curves or of patient data, not of both: {kinds}.")
    origins = [
        (path, item, arm) for path, item in found for arm in (*item.curves, *(DraftArm(ipd.label, ipd=ipd) for ipd in item.ipd))
    ]
    known = [arm.label for *_, arm in origins]
    if labels and len(labels) != len(known):
        raise click.UsageError(f"--arm is given {len(labels)} times, but there are {len(known)} arms: {', '.join(map(repr, known))}.")
    if len(set(known)) < len(known) and len(found) == len(known):  # programs that name each curve alike
        known = [path.stem for path, *_ in origins]
    known = list(labels) or known
    if len(set(known)) < len(known) or not all(label.strip(" ?") for label in known):  # "?" asks for a label
        raise click.UsageError(f"Arms need labels of their own; they are {', '.join(map(repr, known))}; name them with --arm.")
    return [
        replace(arm, label=label, risk=risk.get(label, arm.risk), source=f"{path.name} ({item.program})")
        for label, (path, item, arm) in zip(known, origins, strict=True)
    ]


def _report(arms: Sequence[DraftArm], notes: Sequence[str], out: Path) -> None:
    """Print a line for each arm, the notes, and what to do next."""
    from survrecon.write import STUDY_FILE

    for arm in arms:
        if arm.ipd is not None:
            held = f"{arm.ipd.n} subjects, {int(arm.ipd.event.sum())} events"
        elif arm.curve is not None:
            marks = "no censor marks" if arm.censor_times is None else f"{arm.censor_times.size} censor marks"
            held = f"{arm.curve.time.size} points to {arm.curve.time[-1]:.4g}, {arm.curve.survival[-1]:.4g}; {marks}"
        table = "no numbers at risk" if arm.risk is None else f"{arm.risk.time.size} numbers at risk"
        click.echo(f"{arm.label}: {held}; {table}; from {arm.source}")
    for note in notes:
        click.echo(f"  note: {note}")
    click.echo(f'wrote {out}\nnext: replace each "?" in {out / STUDY_FILE}, and run: survrecon verify {out}')


@import_.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Also write a study folder for each figure below FOLDER.")
@force_option
def kmdata(path: Path, out: Path | None, force: bool) -> None:
    """Re-derive the hazard ratio of every figure of kmdata, and set it beside the published one.

    PATH is a folder of the R package's .rda files (its folder data/) with kmdata_key.rda among them, or one .rda file. Exit code 1:
    some hazard ratios differ; they are listed. With --out, `survrecon verify FOLDER` shows the same figures in full, and
    `survrecon plot` draws each.

    \b
    Examples:
      survrecon import kmdata kmdata/data
      survrecon import kmdata kmdata/data --out studies/kmdata
    """
    from survrecon.digitize.kmdata import read_kmdata
    from survrecon.output import require_free, staged
    from survrecon.pipeline import run
    from survrecon.terminal import progress
    from survrecon.write import write_study

    if out:
        require_free(out, force)
    studies = read_kmdata(path)
    if out:
        with staged(out, force) as folder:
            for study in studies:
                write_study(study, folder / study.id)
    rows = [(study, next(iter(run(study).checks), None)) for study in progress(studies)]
    width = max(len(study.id) for study in studies)
    click.echo(f"{'figure':{width}}  outcome  published  ours    agrees within     verdict")
    for study, check in rows:
        click.echo(f"{study.id:{width}}  {study.endpoint:7}  {_compared(check)}")
    differing = [(study, check) for study, check in rows if check and check.verdict == "differs"]
    agreeing = sum(check is not None and check.verdict == "agrees" for _, check in rows)
    click.echo(f"{len(rows)} figures: agrees {agreeing}, differs {len(differing)}, not comparable {len(rows) - agreeing - len(differing)}")
    for study, check in differing:
        click.echo(f"differs: {study.id}: {_difference(study, check)}")
    if out:
        click.echo(f"wrote {out}; see them in full: survrecon verify {out}")
    click.get_current_context().exit(DIFFERS if differing else 0)


def _compared(check: Check | None) -> str:
    from survrecon.terminal import number

    if check is None:
        return "no published hazard ratio"
    within = "" if check.interval is None else " to ".join(map(number, check.interval))
    return f"{check.published:9}  {number(check.value):6}  {within:16}  {check.verdict}"


def _difference(study: Study, check: Check) -> str:
    """Return published and ours; and whether they would agree in the other direction, which kmdata's key does not tell."""
    from survrecon.pipeline import run
    from survrecon.published import Published
    from survrecon.terminal import number

    (value,) = study.published.values
    swapped = Published(value.arm, (replace(value, arm=study.published.reference),))
    again = run(replace(study, published=swapped)).checks[0]
    other = f"; {value.arm} as reference would agree: {number(again.value)}" if again.verdict == "agrees" else ""
    return f"published {check.published}, ours {number(check.value)} ({value.arm} against {study.published.reference}){other}"
