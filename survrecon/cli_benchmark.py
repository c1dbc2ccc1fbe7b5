"""The command ``survrecon benchmark``, and its results as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from survrecon import cli_figures

if TYPE_CHECKING:
    from survrecon.benchmark import Cell, Row

HEADS = ("regime", "method", "|d log HR|", "in its SE", "curve", "events %", "median %", "failed", "time")
WIDTHS = (7, 11, 16, 13, 16, 12, 12, 7, 8)
TRIALS, COVERAGE_TRIALS = 40, 20
FLAGS = {"regimes": "regime", "scenarios": "scenario", "methods": "method"}
OF_FIGURES = ("figures", "trials", "seed", "as_json", "out", "force")
COVERAGE_HEADS = ("regime", "HR", "median", "RMST", "events", "half-width", "90%", "failed")
COVERAGE_WIDTHS = (8, 6, 7, 6, 7, 11, 7, 7)
COVERAGE_LEGEND = """\
percent of the 95% reconstruction intervals that hold the statistic of the true data, over trials (HR) or arms;
half-width: of the interval of log HR, over the true data's standard error, median and 90th percentile over the trials."""
LEGEND = """\
median / 90th percentile over the trials of |reconstructed - true|. d log HR: Cox, against the same model on the true
data; in its SE: divided by the true data's standard error, which is the uncertainty that no reconstruction can take away;
curve: mean distance of the survival curves, per arm; median: per arm; time: per arm, as a ratio to guyot's."""


def _known(kind: str) -> Any:
    """Return an option callback that accepts names of one kind; without any, the default ones."""

    def check(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
        from survrecon.benchmark import DEFAULT_SCENARIOS, curve_methods
        from survrecon.simulation import REGIMES, SCENARIOS

        names = {"regime": tuple(REGIMES), "scenario": tuple(SCENARIOS), "method": curve_methods()}[kind]
        for value in values:
            if value not in names:
                raise click.BadParameter(f"{value!r} is not one of: {', '.join(names)}", ctx, param)
        return tuple(dict.fromkeys(values)) or (DEFAULT_SCENARIOS if kind == "scenario" else names)

    return check


@click.command()
@click.option("--trials", type=click.IntRange(1), help="How many to simulate.  [40; with --coverage 20; figures: 40]")
@click.option("--n", type=click.IntRange(10), help="Subjects per arm.  [60 to 700]")
@click.option("--hr", type=click.FloatRange(0.05, 20), help="Hazard ratio.  [0.5 to 1]")
@click.option("--events", type=click.FloatRange(0.05, 1), help="Share of the subjects with an event at the data cut.  [0.25 to 0.85]")
@click.option("--shape", type=click.FloatRange(0.4, 3), help="Weibull shape: below 1 the hazard falls, above 1 it rises.  [0.7 to 1.6]")
@click.option("--scans", type=click.FloatRange(0, 12), help="Months between scans that show most events; 0: no scans.  [0 or 1.5 to 3]")
@click.option(
    "--regime", "regimes", multiple=True, metavar="NAME", callback=_known("regime"), help="exact, vector, raster or clicks.  [all]"
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="LETTERS",
    callback=_known("scenario"),
    help="R risk table, E total events, C censor marks; N none but n.  [N, NE, R, RE, REC]",
)
@click.option("--method", "methods", multiple=True, metavar="NAME", callback=_known("method"), help="Beside guyot.  [all that use a curve]")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed gives the same trials and readings.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Also write table.csv, trials.csv and benchmark.png.")
@click.option("--force", is_flag=True, help="Replace files of the same names.")
@click.option("--coverage", is_flag=True, help="Instead of errors, how often the intervals of an ensemble hold the truth.")
@click.option("--draws", type=click.IntRange(2), help="Of each arm, with --coverage.  [100]")
@click.option("--figures", is_flag=True, help="Instead of methods, how well figures are digitized; --trials is their number.")
def benchmark(
    trials: int | None,
    seed: int,
    regimes: tuple[str, ...],
    scenarios: tuple[str, ...],
    methods: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    force: bool,
    coverage: bool,
    draws: int | None,
    figures: bool,
    **design: float | None,
) -> None:
    """Reconstruct simulated trials whose true data are known, and show how far off each method is.

    What is not fixed by an option varies from trial to trial within the range in brackets. --regime, --scenario and
    --method can be repeated.

    \b
    Examples:
      survrecon benchmark
      survrecon benchmark --trials 200 --n 300 --hr 0.7 --scenario RE --out out/benchmark
      survrecon benchmark --regime clicks --scenario R --json
      survrecon benchmark --coverage
      survrecon benchmark --figures --trials 20
    """
    from survrecon.benchmark import REFERENCE, curve_methods, run_trial, summarize
    from survrecon.outcome import to_json
    from survrecon.output import require_free
    from survrecon.terminal import progress

    fixed = {name: value for name, value in design.items() if value is not None}
    if figures:
        ctx = click.get_current_context()
        given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        odd = [f"--{FLAGS.get(name, name)}" for name in given if name not in OF_FIGURES]
        if odd:
            raise click.UsageError(f"--figures digitizes figures of its own; leave out {' and '.join(odd)}.")
        cli_figures.run(trials or cli_figures.FIGURES, seed, as_json, out, force)
        return
    if coverage:
        if out or methods != curve_methods():
            raise click.UsageError("--coverage is of the joint method and prints its table; leave out --method and --out.")
        _print_coverage(trials or COVERAGE_TRIALS, seed, draws, regimes, scenarios, as_json, fixed)
        return
    if draws is not None:
        raise click.UsageError("--draws belongs with --coverage.")
    if out:
        require_free(out, force)
    trials = trials or TRIALS
    names = tuple(dict.fromkeys((REFERENCE, *methods)))
    rows: list[Row] = []
    run_trial(0, seed, regimes=regimes[:1], scenarios=scenarios[:1], methods=names, **fixed)  # so that no time includes an import
    for number in progress(range(trials)):
        rows += run_trial(number, seed, regimes=regimes, scenarios=scenarios, methods=names, **fixed)
    cells = summarize(rows)
    if out:
        _write(out, rows, cells, force)
    options = {"trials": trials, "seed": seed, **fixed}
    if as_json:
        content = {"options": options, "table": [cell.to_dict() for cell in cells], "failures": _failures(rows)}
        click.echo(to_json(content), nl=False)
    else:
        click.echo(_text(rows, cells, scenarios, options) + (f"\n\nwrote {out}" if out else ""))


def _print_coverage(
    trials: int, seed: int, draws: int | None, regimes: Sequence[str], scenarios: Sequence[str], as_json: bool, fixed: dict[str, float]
) -> None:
    """Print how often intervals hold, as a table by scenario or as JSON."""
    from survrecon.coverage import DRAWS, run_trial, summarize
    from survrecon.outcome import to_json
    from survrecon.simulation import SCENARIOS
    from survrecon.terminal import progress

    draws = draws or DRAWS
    rows = [
        row
        for number in progress(range(trials))
        for row in run_trial(number, seed, regimes=regimes, scenarios=scenarios, draws=draws, **fixed)
    ]
    cells, options = summarize(rows), {"trials": trials, "draws": draws, "seed": seed, **fixed}
    failures = Counter(row.failure for row in rows if row.failure)
    if as_json:
        content = {"options": options, "coverage": [cell.to_dict() for cell in cells], "failures": dict(failures)}
        click.echo(to_json(content), nl=False)
        return
    lines = [f"simulated two-arm trials ({', '.join(f'{name} {value:g}' for name, value in options.items())})"]
    for scenario in scenarios:
        lines += ["", click.style(f"{scenario}: {SCENARIOS[scenario]}", bold=True), _row(COVERAGE_HEADS, COVERAGE_WIDTHS)]
        for cell in cells:
            if cell.scenario == scenario:
                shares = [f"{share:.0f}" for share in (cell.hr, cell.median, cell.rmst, cell.events)]
                failed = f"{cell.failures}/{cell.figures}" if cell.failures else "-"
                lines.append(_row((cell.regime, *shares, f"{cell.width:.3f}", f"{cell.width_p90:.3f}", failed), COVERAGE_WIDTHS))
    lines += ["", COVERAGE_LEGEND, *(f"failed {count} x: {why}" for why, count in failures.most_common())]
    click.echo("\n".join(lines))


def _text(rows: Sequence[Row], cells: Sequence[Cell], scenarios: Iterable[str], options: dict[str, Any]) -> str:
    """Return the table by scenario, its legend, and the reasons of failures."""
    from survrecon.simulation import SCENARIOS

    fixed = ", ".join(f"{name} {value:g}" for name, value in options.items())
    lines = [f"simulated two-arm trials ({fixed}); median standard error of the true log HR {cells[0].standard_error:.2g}"]
    for scenario in scenarios:
        lines += ["", click.style(f"{scenario}: {SCENARIOS[scenario]}", bold=True), _row(HEADS)]
        lines += [_row(_cells(cell)) for cell in cells if cell.scenario == scenario]
    lines += ["", LEGEND]
    lines += [f"failed {failure['count']} x: {failure['method']}: {failure['why']}" for failure in _failures(rows)]
    return "\n".join(lines)


def _cells(cell: Cell) -> tuple[str, ...]:
    errors = [_pair(cell.log_hr, 4), _pair(cell.log_hr_se, 3), _pair(cell.curve, 4), _pair(cell.events, 2), _pair(cell.median, 2)]
    failed = f"{cell.failures}/{cell.figures}" if cell.failures else "-"
    return (cell.regime, cell.method, *errors, failed, f"{cell.slowness:.2g}x")


def _pair(values: tuple[float, float], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in values)


def _row(cells: Sequence[str], widths: Sequence[int] = WIDTHS) -> str:
    return ("  " + " ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))).rstrip()


def _failures(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return each reason of failure, with its method and how often it occurred."""
    counts = Counter((row.method, row.failure) for row in rows if row.failure)
    return [{"method": method, "count": count, "why": why} for (method, why), count in counts.most_common()]


def _write(out: Path, rows: Sequence[Row], cells: Sequence[Cell], force: bool) -> None:
    """Write the table, the single trials and the figure."""
    from survrecon.files import write_csv
    from survrecon.output import staged
    from survrecon.plot import save_figure
    from survrecon.plot_benchmark import plot_benchmark

    with staged(out, force) as folder:
        for name, items in (("table.csv", cells), ("trials.csv", rows)):
            lines = [item.to_dict() for item in items]
            write_csv(folder / name, lines[0], [line.values() for line in lines])
        save_figure(plot_benchmark(cells), folder / "benchmark.png")
