"""The command line: each command reads, makes one call, and writes. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from survrecon import __version__
from survrecon.cli_audit import audit
from survrecon.cli_benchmark import benchmark
from survrecon.cli_digitize import digitize
from survrecon.cli_import import import_
from survrecon.cli_options import TIME_UNITS, counts, pairs
from survrecon.errors import SurvReconError

if TYPE_CHECKING:
    from survrecon.data import Arm, RiskTable, Study
    from survrecon.outcome import Result

DIFFERS, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


class BadInput(click.ClickException):
    """An error of the user's input: a message and exit code 2."""

    exit_code = BAD_INPUT


class Commands(click.Group):
    """A group whose commands end in exit code 2 on bad input, 130 on Ctrl-C, and quietly on a closed pipe."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush is quiet too
            ctx.exit(BROKEN_PIPE)
        except (SurvReconError, OSError) as error:
            raise BadInput(str(error)) from error
        except KeyboardInterrupt:
            click.echo("interrupted; nothing was left half written", err=True)
            ctx.exit(INTERRUPTED)


def _known_method(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    from survrecon.reconstruction import DEFAULT_METHOD, methods

    if value is not None and value not in methods():
        raise click.BadParameter(f"{value!r} is not one of: {', '.join(methods())}", ctx, param)
    return value or DEFAULT_METHOD


method_option = click.option("--method", metavar="NAME", callback=_known_method, help="One of those that `survrecon methods` lists.")
draws_option = click.option(
    "--draws", type=click.IntRange(0), default=0, metavar="COUNT", help="Data sets to draw from what the input leaves open, for intervals."
)
seed_option = click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the draws.")
force_option = click.option("--force", is_flag=True, help="Replace files of the same names.")
study_argument = click.argument("study", metavar="STUDY", type=click.Path(exists=True, path_type=Path))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="survrecon")
def main() -> None:
    """Reconstruct patient data from published Kaplan-Meier figures, and re-derive the published results.

    \b
    Examples:
      survrecon verify digitized/
      survrecon reconstruct digitized/ncctg-lung-sex-os --out out/lung
      survrecon COMMAND --help

    Exit codes: 0 done and every comparable number agrees; 1 done, and some differ or are impossible; 2 bad input.
    """


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Also write a folder of files for each study.")
@method_option
@draws_option
@seed_option
@force_option
def verify(paths: tuple[Path, ...], as_json: bool, out: Path | None, force: bool, **options: Any) -> None:
    """Re-derive the published results of every study below each PATH, and set them side by side.

    First comes an audit: can the printed numbers be true together? `survrecon audit` shows its arithmetic.
    Without a PATH: ./digitized, or else the studies that come with survrecon. A study that cannot be
    used is reported, and the others go on.

    \b
    Examples:
      survrecon verify
      survrecon verify digitized/ --out out/
      survrecon verify digitized/ncctg-lung-sex-os --json
    """
    from survrecon.outcome import to_json
    from survrecon.read import find_studies
    from survrecon.terminal import progress, study_text, summary_text

    studies = find_studies(paths or (_default_studies(),))
    names = [path.resolve().name for path in studies]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if out and repeated:
        raise BadInput(f"two studies would be written to the same folder of {out}: {', '.join(repeated)}; verify them one at a time")
    results: list[Result] = []
    errors: list[dict[str, str]] = []
    for path in progress(studies):
        try:
            results.append(_verify_one(path, options, out, force))
        except (SurvReconError, OSError) as error:
            errors.append({"path": str(path), "message": str(error)})
    if as_json:
        click.echo(to_json({"studies": [result.to_dict() for result in results], "errors": errors}), nl=False)
    else:
        for result in results:
            click.echo(study_text(result) + "\n")
        click.echo(summary_text(results))
    for failure in errors:
        click.echo(f"Error: {failure['message']}", err=True)
    _finish(results, bad=bool(errors))


def _default_studies() -> Path:
    """Return ./digitized, or the studies inside the installed package."""
    shipped = Path(str(files("survrecon") / "digitized"))
    folder = next((path for path in (Path("digitized"), shipped) if path.is_dir()), None)
    if folder is None:
        raise BadInput("there is no ./digitized here, and this installation ships no studies; give a PATH")
    return folder


def _verify_one(path: Path, options: dict[str, Any], out: Path | None, force: bool) -> Result:
    """Run one study, and write its folder below `out`."""
    from survrecon.auditing import siblings
    from survrecon.output import require_free, write_result
    from survrecon.pipeline import run
    from survrecon.read import read_study, study_files

    study = read_study(path)
    others = siblings(study)
    if out is None:
        return run(study, others=others, **options)
    require_free(out / study.id, force)
    result = run(study, others=others, **options)
    write_result(result, out / study.id, {"command": "verify"} | options, study_files(path), force)
    return result


@main.command()
@click.argument("study", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--arm", "arms", multiple=True, metavar="LABEL=FILE", callback=pairs, help="Coordinates of one arm: time,survival. Repeat it."
)
@click.option(
    "--risk-table", type=click.Path(exists=True, path_type=Path), metavar="FILE", help="Numbers at risk: time and one column per arm."
)
@click.option("--reference", metavar="LABEL", help="The arm in the hazard ratio's denominator.")
@click.option("--n", "sizes", multiple=True, metavar="LABEL=COUNT", callback=counts, help="Subjects; by default the first number at risk.")
@click.option("--events", multiple=True, metavar="LABEL=COUNT", callback=counts, help="Printed total of events.")
@click.option("--censor", multiple=True, metavar="LABEL=FILE", callback=pairs, help="Times of the censor marks of one arm.")
@click.option("--scale", type=click.Choice(["probability", "percent"]), help="Unit of the coordinates; detected where not given.")
@click.option("--orientation", type=click.Choice(["survival", "failure"]), help="Whether curves fall or rise; detected where not given.")
@click.option("--time-unit", type=click.Choice(TIME_UNITS), help="For the figures' time axis.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The folder to write.")
@method_option
@draws_option
@seed_option
@force_option
def reconstruct(study: Path | None, out: Path, method: str, draws: int, seed: int, force: bool, **figure: Any) -> None:
    """Reconstruct one study, or curves without a study file, and write data, numbers and figures to DIR.

    Writes ipd.csv (time, event, arm), analysis.json, checks.csv, km.png, km.svg, residuals.png and
    manifest.json (versions, options, SHA-256 of every input), all of them or none. With --draws also
    ipd-draws.csv (draw, time, event, arm) and forest.png.

    \b
    Examples:
      survrecon reconstruct digitized/ncctg-lung-sex-os --out out/lung
      survrecon reconstruct --arm "Drug=drug.csv" --arm "Placebo=placebo.csv" \\
        --risk-table risk.csv --reference Placebo --events Drug=194 --censor Drug=marks.csv --out out/trial
    """
    from survrecon.output import require_free, write_result
    from survrecon.pipeline import run
    from survrecon.read import read_study, study_files
    from survrecon.terminal import Counting, study_text

    options = {name: value for name, value in figure.items() if value}
    if (study is None) == ("arms" not in options):
        raise click.UsageError("Give either a STUDY, or --arm once for each arm.")
    if study is not None and options:
        raise click.UsageError(f"These options belong with --arm, and a STUDY has its own: {', '.join(options)}.")
    require_free(out, force)
    loaded = read_study(study) if study else _study_from_arms(out.resolve().name, **figure)
    given = (*figure["arms"].values(), *figure["censor"].values(), figure["risk_table"])
    inputs = study_files(study) if study else [Path(str(path)) for path in given if path]
    drawn = {"method": method, "draws": draws, "seed": seed}
    result = run(loaded, method, draws=draws, seed=seed, executor=Counting())
    write_result(result, out, {"command": "reconstruct"} | drawn | options, inputs, force)
    click.echo(study_text(result) + f"\n\nwrote {out}")
    _finish([result])


def _study_from_arms(
    name: str,
    arms: dict[str, str],
    risk_table: Path | None,
    reference: str | None,
    sizes: dict[str, int],
    events: dict[str, int],
    censor: dict[str, str],
    scale: str | None,
    orientation: str | None,
    time_unit: str | None,
) -> Study:
    """Make a study of curves that have no study file."""
    from survrecon.data import Study
    from survrecon.published import Published
    from survrecon.tables import read_risk_table

    risk = read_risk_table(risk_table) if risk_table else {}
    named: dict[str, Iterable[str]] = {
        "--n": sizes,
        "--events": events,
        "--censor": censor,
        f"--risk-table {risk_table}": risk,
        "--reference": [reference] if reference else [],
    }
    for option, labels in named.items():
        for label in labels:
            if label not in arms:
                raise click.UsageError(f"{option} names the arm {label!r}; the arms given by --arm are {', '.join(map(repr, arms))}.")
    if len(arms) > 1 and reference is None:
        raise click.UsageError(f"Two or more arms need --reference, one of {', '.join(map(repr, arms))}.")
    made = tuple(
        _arm(label, path, sizes.get(label), risk.get(label), events.get(label), censor.get(label), scale, orientation)
        for label, path in arms.items()
    )
    return Study(name, "", "", time_unit or "", "digitized", made, Published(reference))


def _arm(
    label: str, path: str, n: int | None, risk: RiskTable | None, events: int | None, censor: str | None, scale: Any, orientation: Any
) -> Arm:
    from survrecon.data import Arm, frozen_floats
    from survrecon.tables import read_curve, read_times

    curve = read_curve(path, scale or "auto", orientation or "auto")
    if n is None and risk is not None and risk.time[0] == 0 and risk.count[0] > 0:
        n = int(risk.count[0])
    if n is None:
        raise click.UsageError(f"The size of arm {label!r} is not known: give --n {label}=COUNT, or a --risk-table with a count at time 0.")
    marks = frozen_floats(read_times(censor)) if censor else None
    try:
        return Arm(label, n, curve, risk, events, marks, path)
    except ValueError as error:
        raise BadInput(str(error)) from error


@main.command()
@study_argument
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="A .png or .svg file.")
@click.option("--residuals", is_flag=True, help="Plot reconstructed minus digitized survival instead.")
@click.option("--percent", is_flag=True, help="Survival in percent.")
@method_option
@force_option
def plot(study: Path, out: Path, residuals: bool, percent: bool, method: str, force: bool) -> None:
    """Draw the reconstructed Kaplan-Meier curves of STUDY over its digitized points, with numbers at risk.

    \b
    Examples:
      survrecon plot digitized/ncctg-lung-sex-os --out lung.png
      survrecon plot digitized/ncctg-lung-sex-os --residuals --out lung-residuals.svg
    """
    from survrecon.pipeline import run
    from survrecon.plot import plot_km, plot_residuals, save_figure
    from survrecon.read import read_study

    if out.exists() and not force:
        raise BadInput(f"{out} exists; choose another --out, or replace it with --force")
    result = run(read_study(study), method)
    if not result.reconstructions:
        raise BadInput(f"{result.study.id} has no curves to draw; {result.notes[-1]}")
    unit = result.study.time_unit
    if residuals:
        axes = plot_residuals(result.reconstructions, percent=percent, time_unit=unit)
    else:
        axes = plot_km(result.reconstructions, analysis=result.analysis, percent=percent, time_unit=unit)
    save_figure(axes, out)
    click.echo(f"wrote {out}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--trial", metavar="TEXT", help="Name of the trial.")
@click.option("--endpoint", metavar="TEXT", help="Such as overall survival.")
@click.option("--time-unit", type=click.Choice(TIME_UNITS), help="Unit of every time in the study.")
@click.option("--arm", "arms", multiple=True, metavar="LABEL", help="Label of an arm, the reference arm included. Repeat it.")
def new(folder: Path, arms: tuple[str, ...], **header: str | None) -> None:
    """Write the scaffold of a study into FOLDER: study.toml to fill in, and a coordinates file for each arm.

    \b
    Example:
      survrecon new digitized/my-trial-os --time-unit month --arm drug --arm placebo
    """
    from survrecon.write import new_study

    for path in new_study(folder, arms=arms, **{name: text for name, text in header.items() if text}):
        click.echo(f"wrote {path}")
    click.echo(f'next: replace each "?" in {folder / "study.toml"}, fill in the coordinates, and run: survrecon verify {folder}')


@main.command()
def methods() -> None:
    """List the reconstruction methods."""
    from survrecon.reconstruction import DEFAULT_METHOD
    from survrecon.reconstruction import methods as registered

    for name, summary in registered().items():
        click.echo(f"{name:12} {summary}{' (default)' if name == DEFAULT_METHOD else ''}")


main.add_command(audit)
main.add_command(benchmark)
main.add_command(digitize)
main.add_command(import_)


def _finish(results: Sequence[Result], bad: bool = False) -> None:
    """End with the exit code that the verdicts ask for."""
    differs = any(check.verdict == "differs" for result in results for check in result.checks)
    differs |= any(finding.verdict == "impossible" for result in results for finding in result.audit)
    click.get_current_context().exit(BAD_INPUT if bad else DIFFERS if differs else 0)
