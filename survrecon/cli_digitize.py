"""The command `survrecon digitize`: from a figure to a study folder, with a picture of what was read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from survrecon.cli_options import TIME_UNITS, counts

if TYPE_CHECKING:
    from survrecon.data import RiskTable
    from survrecon.digitize.figure import Digitized, Trace
    from survrecon.write import DraftArm

DOUBTS = 1  # exit code where something read is to be looked at
OVERLAY = "overlay.png"


def _numbers(ctx: click.Context, param: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    """Split distinct numbers at the separator that the option's metavar shows."""
    if text is None:
        return None
    shape = str(param.metavar)
    separator = ":" if ":" in shape else ","
    try:
        numbers = tuple(float(part) for part in text.split(separator))
    except ValueError:
        numbers = ()
    if separator == ":" and len(numbers) == 2 and numbers[0] == numbers[1]:
        raise click.BadParameter(f"{text!r} has the same value twice; give the values at the first and at the last tick", ctx, param)
    if len(numbers) != shape.count(separator) + 1 or len(set(numbers)) == 1 or not all(map(math.isfinite, numbers)):
        raise click.BadParameter(f"{text!r} is not of the form {shape}", ctx, param)
    return numbers


def _points(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> tuple[tuple[float, float], ...] | None:
    """Split two ``POSITION=VALUE`` options."""
    if not texts:
        return None
    try:
        points = tuple((float(left), float(right)) for left, _, right in (text.partition("=") for text in texts))
    except ValueError:
        raise click.BadParameter(f"{' '.join(texts)!r} is not of the form POSITION=VALUE", ctx, param) from None
    finite = all(map(math.isfinite, sum(points, ())))
    if not finite or len(points) != 2 or points[0][0] == points[1][0] or points[0][1] == points[1][1]:
        told = f"{' '.join(texts)!r}: give it twice, with two positions and two values"
        raise click.BadParameter(told, ctx, param)
    return points


def _arms(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> tuple[tuple[str, str | None], ...]:
    """Split ``LABEL`` and ``LABEL=COLOR`` options."""
    arms = tuple((label, color or None) for label, _, color in (text.rpartition("=") if "=" in text else (text, "", "") for text in texts))
    labels = [label for label, _ in arms]
    wrong = [text for text, label in zip(texts, labels, strict=True) if not label or labels.count(label) > 1]
    if wrong:
        raise click.BadParameter(f"{', '.join(map(repr, wrong))}: every arm needs a label of its own", ctx, param)
    return arms


@click.command()
@click.argument("figure", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="The study folder to write.")
@click.option(
    "--arm",
    "arms",
    multiple=True,
    callback=_arms,
    metavar="LABEL[=COLOR]",
    help="A curve: repeat it. Without colors: as the legend says, else largest area under the curve first.",
)
@click.option("--x-range", callback=_numbers, metavar="FIRST:LAST", help="Values at the first and the last tick of the time axis.")
@click.option("--y-range", callback=_numbers, metavar="FIRST:LAST", help="The same for the survival axis, from the bottom: 0:1 or 0:100.")
@click.option(
    "--x-at",
    "x_points",
    multiple=True,
    callback=_points,
    metavar="POSITION=VALUE",
    help="A place on the time axis, in the file's units; give it twice.",
)
@click.option(
    "--y-at", "y_points", multiple=True, callback=_points, metavar="POSITION=VALUE", help="The same for the survival axis, from the top."
)
@click.option("--page", type=click.IntRange(1), help="Page of a PDF, frame of a TIFF.")
@click.option("--panel", type=click.IntRange(1), help="Panel of the page, in reading order.")
@click.option("--bbox", callback=_numbers, metavar="LEFT,TOP,RIGHT,BOTTOM", help="The part of the page to look at, labels included.")
@click.option(
    "--risk-table", type=click.Path(exists=True, path_type=Path), metavar="FILE", help="Numbers at risk: time and one column per arm."
)
@click.option("--n", "sizes", multiple=True, callback=counts, metavar="LABEL=COUNT", help="Subjects; by default the first number at risk.")
@click.option("--events", multiple=True, callback=counts, metavar="LABEL=COUNT", help="Printed total of events.")
@click.option("--reference", metavar="LABEL", help="The arm in the hazard ratio's denominator.")
@click.option("--trial", metavar="TEXT", help="Name of the trial.")
@click.option("--endpoint", metavar="TEXT", help="Such as overall survival.")
@click.option("--citation", metavar="TEXT", help="Authors, title, journal, year, pages.")
@click.option(
    "--time-unit", type=click.Choice(TIME_UNITS), help="Unit of the time axis; read from its title where not given."
)
@click.option("--force", is_flag=True, help="Replace files of the same names.")
def digitize(
    figure: Path,
    out: Path,
    risk_table: Path | None,
    sizes: dict[str, int],
    events: dict[str, int],
    reference: str | None,
    trial: str | None,
    endpoint: str | None,
    citation: str | None,
    time_unit: str | None,
    force: bool,
    **hints: Any,
) -> None:
    """Read the curves of FIGURE (PDF, SVG or a picture such as PNG, JPEG, TIFF) and write a study FOLDER.

    Writes study.toml, the coordinates and censor marks of each curve, and overlay.png: what was read, drawn on the
    figure. Look at it. What is typed here always wins over what is read in the figure. What neither says stays a "?"
    in study.toml. Exit code 1: done, but a curve is doubtful, and the reason is printed.

    \b
    Examples:
      survrecon digitize figure2.pdf --page 5 --out digitized/my-trial-os
      survrecon digitize figure2.png --x-range 0:36 --y-range 0:1 \\
        --arm "Drug=#d62728" --arm "Placebo=#1f77b4" --risk-table risk.csv --out digitized/my-trial-os
    """
    from survrecon.digitize import digitize_figure
    from survrecon.output import require_free, staged
    from survrecon.plot import save_figure
    from survrecon.plot_digitized import plot_overlay
    from survrecon.tables import read_risk_table
    from survrecon.write import draft_study

    require_free(out, force)
    typed = read_risk_table(risk_table) if risk_table else {}
    digitized = digitize_figure(figure, **hints)
    labels = [trace.label for trace in digitized.traces]
    named: dict[str, Iterable[str]] = {
        f"--risk-table {risk_table}": typed,
        "--n": sizes,
        "--events": events,
        "--reference": [reference] if reference else [],
    }
    for option, given in named.items():
        for label in given:
            if label not in labels:
                raise click.UsageError(
                    f"{option} names the arm {label!r}; the curves are {', '.join(map(repr, labels))}; name them with --arm."
                )
    source = f"{figure.name}, read by survrecon digitize ({digitized.kind})"
    arms = [
        _draft(trace, digitized, typed.get(trace.label), sizes.get(trace.label), events.get(trace.label), source)
        for trace in digitized.traces
    ]
    doubts = [f"{trace.label}: {doubt}" for trace in digitized.traces for doubt in trace.doubts]
    header: dict[str, Any] = {"trial": trial, "endpoint": endpoint, "citation": citation, "time_unit": time_unit or digitized.time_unit}
    header |= {"figure": _place(figure, hints), "source": source, "notes": [*digitized.notes, *doubts]}
    with staged(out, force) as folder:
        draft_study(folder, {key: value for key, value in header.items() if value}, arms, reference)
        save_figure(plot_overlay(digitized), folder / OVERLAY)
    _report(digitized, arms, out, doubts)
    click.get_current_context().exit(DOUBTS if doubts else 0)


def _draft(trace: Trace, digitized: Digitized, typed: RiskTable | None, n: int | None, events: int | None, source: str) -> DraftArm:
    from survrecon.data import Curve
    from survrecon.write import DraftArm

    pixel = digitized.resolution if digitized.kind == "raster" else None  # the digits of a drawing tell it
    curve = Curve(trace.time, trace.survival, "probability", digitized.orientation, resolution=pixel)
    return DraftArm(trace.label, curve, trace.censor_times, typed or trace.risk, n, events, source)


def _place(figure: Path, hints: dict[str, Any]) -> str:
    return ", ".join([figure.name, *(f"{name} {hints[name]}" for name in ("page", "panel") if hints[name])])


def _report(digitized: Digitized, arms: Sequence[DraftArm], out: Path, doubts: Sequence[str]) -> None:
    """Print a line for each curve, the notes, what is doubtful, and what to do next."""
    from survrecon.write import STUDY_FILE

    for arm, trace in zip(arms, digitized.traces, strict=True):
        marks = "no censor marks" if arm.censor_times is None else f"{arm.censor_times.size} censor marks"
        risk = "no numbers at risk" if arm.risk is None else f"{arm.risk.time.size} numbers at risk"
        last = f"to {trace.time[-1]:.4g}, {trace.survival[-1]:.3f}"
        click.echo(f"{arm.label} ({trace.color}): {trace.time.size} points, {last}; {marks}; {risk}")
    for note in digitized.notes:
        click.echo(f"  note: {note}")
    for doubt in doubts:
        click.echo(f"  doubtful: {doubt}", err=True)
    click.echo(f"wrote {out}\nlook at {out / OVERLAY}; then {_next(out / STUDY_FILE)} and run: survrecon verify {out}")


def _next(study_file: Path) -> str:
    open_lines = [line for line in study_file.read_text(encoding="utf-8").splitlines() if '= "?"' in line.partition("#")[0]]
    return f'replace each "?" in {study_file}' if open_lines else f"add the published results to {study_file}"
