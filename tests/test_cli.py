"""The command line: tables, files, exit codes, and that nothing is left half written."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import survrecon
from survrecon import output, terminal
from survrecon.cli import main
from survrecon.errors import OutputError

HEAVY = ("lifelines", "matplotlib", "scipy", "pandas")
CURVES = ("--arm", "drug={0}/drug.csv", "--arm", "placebo={0}/placebo.csv")


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert not isinstance(result.exception, Exception), result.exception
    return result


def curves(folder: Path) -> list[str]:
    return [text.format(folder) for text in CURVES]


def files(folder: Path) -> list[str]:
    """Names of all files in and below a folder, hidden ones included."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def command(*args: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "survrecon", *map(str, args)], capture_output=True, text=True, timeout=120, **options)


def test_verify_prints_an_aligned_table(tiny):
    result = run("verify", tiny)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "tiny [digitized] Tiny: survival, in months"
    header, row = (next(line for line in lines if start in line) for start in ("published", "hazard ratio  "))
    assert [row[header.index(word) :].split("  ")[0] for word in ("published", "ours", "verdict")] == ["0.277", "0.277", "agrees"]
    assert "1 study, 11 published numbers: agrees 11, differs 0, used as input 0, not comparable 0" in result.stdout
    assert max(map(len, lines)) <= terminal.WIDTH
    assert "\x1b" not in result.stdout  # colors are for terminals


def test_verify_exits_with_1_where_a_number_differs(tiny):
    study = tiny / "study.toml"
    study.write_text(study.read_text().replace('"0.277"', '"0.377"'))
    result = run("verify", tiny)
    assert result.exit_code == 1
    assert "differs: log hazard ratio within 0.041" in " ".join(result.stdout.split())


def test_a_bad_study_does_not_stop_the_others(tiny):
    broken = tiny.parent / "broken"
    shutil.copytree(tiny, broken)
    (broken / "study.toml").write_text((broken / "study.toml").read_text().replace("n = 10", "n = -3"))
    result = run("verify", tiny.parent, "--json")
    assert result.exit_code == 2
    content = json.loads(result.stdout)
    assert [study["id"] for study in content["studies"]] == ["tiny"]
    assert [error["path"] for error in content["errors"]] == [str(broken)]
    assert "arm[0].n" in result.stderr and "-3" in result.stderr
    assert "Traceback" not in result.output


def test_json_is_strict_and_the_same_as_in_python(tiny):
    result = run("verify", tiny, "--json")
    content = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    expected = survrecon.run(survrecon.read_study(tiny)).to_dict()
    assert content == {"studies": [json.loads(json.dumps(expected))], "errors": []}


def test_verify_writes_a_folder_for_each_study(tiny, tmp_path):
    assert run("verify", tiny, "--out", tmp_path / "out").exit_code == 0
    names = ["analysis.json", "checks.csv", "ipd.csv", "km.png", "km.svg", "manifest.json", "residuals.png"]
    assert files(tmp_path / "out") == [f"tiny/{name}" for name in names]
    manifest = json.loads((tmp_path / "out/tiny/manifest.json").read_text())
    sums = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in tiny.iterdir()}
    assert manifest["inputs"] == sums
    assert manifest["survrecon"] == survrecon.__version__
    assert sorted(manifest["outputs"]) == sorted(set(names) - {"manifest.json"})
    assert manifest["options"] == {"command": "verify", "method": survrecon.reconstruction.DEFAULT_METHOD, "draws": 0, "seed": 1}
    assert (tmp_path / "out/tiny/km.png").read_bytes().startswith(b"\x89PNG")


def test_studies_of_one_name_are_not_written_over_each_other(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "other" / "tiny")
    result = run("verify", tiny, tmp_path / "other", "--out", tmp_path / "out", "--force")
    assert (result.exit_code, (tmp_path / "out").exists()) == (2, False)
    assert "same folder" in result.stderr
    assert run("verify", tiny, tmp_path / "other").exit_code == 0


def test_files_hold_the_numbers_of_the_python_interface(tiny, tmp_path):
    result = survrecon.run(survrecon.read_study(tiny))
    run("reconstruct", tiny, "--out", tmp_path / "out")
    assert json.loads((tmp_path / "out/analysis.json").read_text()) == json.loads(json.dumps(result.to_dict()))
    with (tmp_path / "out/ipd.csv").open() as file:
        rows = [(float(row["time"]), int(row["event"]), row["arm"]) for row in csv.DictReader(file)]
    assert rows == [(t, int(e), x.label) for x in result.reconstructions for t, e in zip(x.ipd.time, x.ipd.event, strict=True)]
    with (tmp_path / "out/checks.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [(row["quantity"], row["verdict"], float(row["value"])) for row in table] == [
        (x.quantity, x.verdict, x.value) for x in result.checks
    ]


def test_curves_without_a_study_file(tiny, tmp_path):
    (tmp_path / "risk.csv").write_text("time,drug,placebo\n0,10,10\n5,8,6\n10,5,1\n15,3,0\n")
    options = ("--risk-table", tmp_path / "risk.csv", "--reference", "placebo", "--events", "drug=10", "--events", "placebo=10")
    result = run("reconstruct", *curves(tiny), *options, "--time-unit", "month", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "drug: median 10.5 (95% CI 1.5 to 15.5)" in result.stdout  # R again
    assert "drug against placebo: hazard ratio 0.277 (95% CI 0.09101 to 0.8428), log-rank p 0.01676" in result.stdout
    analysis = json.loads((tmp_path / "out/analysis.json").read_text())["analysis"]
    assert analysis["comparisons"][0]["hr"]["value"] == pytest.approx(0.27695, abs=1e-5)  # R, see conftest.py
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert list(manifest["inputs"]) == [f"{tiny}/drug.csv", f"{tiny}/placebo.csv", str(tmp_path / "risk.csv")]
    assert manifest["options"]["events"] == {"drug": 10, "placebo": 10}


def test_curves_give_the_same_as_arms_from_arrays(tiny, tmp_path):
    run("reconstruct", *curves(tiny), "--n", "drug=10", "--n", "placebo=10", "--reference", "placebo", "--out", tmp_path / "out")
    arms = []
    for label in ("drug", "placebo"):
        with (tiny / f"{label}.csv").open() as file:
            points = [(float(row["time"]), float(row["survival"])) for row in csv.DictReader(file)]
        arms.append(survrecon.Arm.from_arrays(*zip(*points, strict=True), n=10, label=label))
    analysis = survrecon.reanalyze([survrecon.reconstruct(arm) for arm in arms], reference="placebo")
    written = json.loads((tmp_path / "out/analysis.json").read_text())["analysis"]
    assert written["comparisons"][0]["hr"]["value"] == analysis.comparison("drug").hr.value


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Give either a STUDY, or --arm"),
        (["{0}", *CURVES], "Give either a STUDY, or --arm"),
        (["{0}", "--n", "drug=10"], "belong with --arm"),
        (["--arm", "drug"], "'drug' is not of the form LABEL=VALUE"),
        (["--arm", "drug={0}/drug.csv", "--arm", "drug={0}/drug.csv"], "'drug' is given twice"),
        ([*CURVES], "need --reference"),
        ([*CURVES, "--censor", "control=marks.csv"], "--censor names the arm 'control'; the arms given by --arm are 'drug', 'placebo'"),
        ([*CURVES, "--reference", "control"], "--reference names the arm 'control'; the arms given by --arm are 'drug', 'placebo'"),
        ([*CURVES, "--reference", "drug"], "The size of arm 'drug' is not known: give --n drug=COUNT"),
        ([*CURVES, "--reference", "drug", "--n", "drug=ten"], "'ten' is not a whole number"),
        ([*CURVES, "--reference", "drug", "--n", "drug=0", "--n", "placebo=10"], "n = 0 must be a whole number of at least 1"),
        ([*CURVES, "--reference", "drug", "--n", "drug=10", "--n", "placebo=10", "--events", "drug=11"], "total_events = 11"),
        (["--arm", "drug={0}/nothing.csv", "--n", "drug=10"], "nothing.csv"),
        (["{0}/nothing"], "does not exist"),
        (["{0}", "--method", "magic"], "'magic' is not one of: guyot"),
        (["{0}/.."], "study.toml"),
    ],
)
def test_bad_input_is_said_and_nothing_is_written(tiny, tmp_path, args, message):
    before = files(tmp_path)
    result = run("reconstruct", *(arg.format(tiny) for arg in args), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert files(tmp_path) == before


def test_existing_files_are_kept_without_force(tiny, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "ipd.csv").write_text("mine")
    (out / "thesis.txt").write_text("mine too")
    result = run("reconstruct", tiny, "--out", out)
    assert (result.exit_code, files(out)) == (2, ["ipd.csv", "thesis.txt"])
    assert "--force" in result.stderr
    assert run("reconstruct", tiny, "--out", out, "--force").exit_code == 0
    assert (out / "ipd.csv").read_text() != "mine"
    assert (out / "thesis.txt").read_text() == "mine too"
    assert files(tmp_path) == sorted([*(f"out/{name}" for name in files(out)), *(f"studies/tiny/{name}" for name in files(tiny))])
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        result = run("reconstruct", tiny, "--out", place, "--force")
        assert result.exit_code == 2
        assert "choose another --out" in result.stderr


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (OSError("disk full"), 2)])
def test_nothing_is_left_of_a_run_that_fails(tiny, tmp_path, monkeypatch, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr(output, "draw", fail)
    before = files(tmp_path)
    result = run("reconstruct", tiny, "--out", tmp_path / "out")
    assert (result.exit_code, files(tmp_path), (tmp_path / "out").exists()) == (code, before, False)
    assert "Traceback" not in result.output


def test_a_folder_is_as_before_when_moving_into_it_fails(tmp_path, monkeypatch):
    target = tmp_path / "out"
    target.mkdir()
    for name in "abc":
        (target / name).write_text("old")
    rename = Path.rename

    def fail_at_c(self, to):
        if self.name == "c" and self.parent == target:
            raise OSError("disk full")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fail_at_c)
    with pytest.raises(OSError, match="disk full"), output.staged(target, force=True) as folder:
        for name in "abc":
            (folder / name).write_text("new")
    assert {name: (target / name).read_text() for name in files(tmp_path / "out")} == dict.fromkeys("abc", "old")
    assert files(tmp_path) == ["out/a", "out/b", "out/c"]


def test_a_folder_that_fills_up_meanwhile_is_left_alone(tmp_path):
    target = tmp_path / "out"
    with pytest.raises(OutputError), output.staged(target) as folder:
        (folder / "a").write_text("new")
        target.mkdir()
        (target / "a").write_text("another run's")
    assert (target / "a").read_text() == "another run's"


def test_plot_writes_one_figure(tiny, tmp_path):
    figure = tmp_path / "km.svg"
    assert run("plot", tiny, "--out", figure).exit_code == 0
    assert "<svg" in figure.read_text()
    assert run("plot", tiny, "--out", figure).exit_code == 2
    assert run("plot", tiny, "--residuals", "--percent", "--out", figure, "--force").exit_code == 0
    assert run("plot", tiny, "--out", tmp_path / "km.docx").exit_code == 2
    assert files(tmp_path / "studies") == [f"tiny/{name}" for name in ("drug.csv", "placebo.csv", "study.toml")]


def test_plot_of_a_study_without_curves(tiny, tmp_path):
    text = (tiny / "study.toml").read_text().replace('"digitized"', '"printed"')
    (tiny / "study.toml").write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith(("curve", "scale", "orientation")))
    )
    result = run("plot", tiny, "--out", tmp_path / "km.png")
    assert result.exit_code == 0, result.stderr  # a band from its numbers at risk
    assert (tmp_path / "km.png").read_bytes().startswith(b"\x89PNG")


def test_plot_of_a_study_without_numbers(tmp_path):
    folder = tmp_path / "planned"
    folder.mkdir()
    (folder / "study.toml").write_text('[study]\ntrial = "T"\nendpoint = "survival"\ntime_unit = "month"\nevidence = "registered"\n')
    result = run("plot", folder, "--out", tmp_path / "km.png")
    assert result.exit_code == 2
    assert "planned has no curves to draw; to add a result" in result.stderr


def test_new_writes_a_scaffold_that_verify_refuses_until_it_is_filled_in(tmp_path):
    folder = tmp_path / "trial-os"
    result = run("new", folder, "--trial", "My trial", "--time-unit", "month", "--arm", "drug", "--arm", "placebo")
    assert result.exit_code == 0
    assert files(folder) == ["drug.csv", "placebo.csv", "study.toml"]
    result = run("verify", folder)
    assert result.exit_code == 2
    assert "study.toml" in result.stderr
    assert run("new", folder, "--arm", "drug").exit_code == 2


def test_methods_are_listed():
    result = run("methods")
    assert result.exit_code == 0
    assert set(survrecon.reconstruction.methods()) == {line.split()[0] for line in result.stdout.splitlines()}
    assert result.stdout.count("(default)") == 1


def test_help_shows_examples_for_every_command():
    for name in ("verify", "reconstruct", "plot", "new"):
        result = run(name, "--help")
        assert result.exit_code == 0
        assert f"\n    survrecon {name} " in result.stdout
    assert "Exit codes" in run("--help").stdout


def test_without_a_path_the_studies_come_from_here_or_from_the_package(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("survrecon.cli.files", lambda _: tmp_path / "package")
    result = run("verify")
    assert result.exit_code == 2
    assert "give a PATH" in result.stderr
    tiny.parent.rename(tmp_path / "digitized")
    assert run("verify").exit_code == 0
    (tmp_path / "package").mkdir()
    (tmp_path / "digitized").rename(tmp_path / "package" / "digitized")
    assert run("verify").exit_code == 0


def test_progress_is_shown_on_a_terminal_and_only_when_it_takes_long(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(terminal.progress("abcd")) == list("abcd")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(terminal, "PATIENCE", -1.0)
    assert list(terminal.progress("abcd")) == list("abcd")
    shown = capsys.readouterr()
    assert "3/4" in shown.err
    assert shown.out == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    list(terminal.progress("abcd"))
    assert capsys.readouterr().err == ""


def test_progress_of_draws_is_shown_and_changes_nothing(monkeypatch, capsys):
    arm = survrecon.Arm.from_arrays([0, 1, 2, 3], [1, 0.8, 0.6, 0.4], n=10)
    here = survrecon.reconstruct(arm, draws=250).draws
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(terminal, "PATIENCE", -1.0)
    counted = survrecon.reconstruct(arm, draws=250, executor=terminal.Counting()).draws
    assert "2/3" in capsys.readouterr().err  # chunks of 100
    assert [draw.time.tolist() for draw in counted] == [draw.time.tolist() for draw in here]


def test_censor_marks_of_an_arm(tiny, tmp_path):
    marks = tmp_path / "marks.csv"
    marks.write_text("time\n1\n")  # before the first event, at 1.5: from there on the curve is that of ten subjects
    options = ["--n", "drug=11", "--n", "placebo=10", "--reference", "placebo", "--censor", f"drug={marks}"]
    result = run("reconstruct", *curves(tiny), *options, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    with (tmp_path / "out/ipd.csv").open(newline="") as file:
        censored = [(row["arm"], row["time"]) for row in csv.DictReader(file) if row["event"] == "0"]
    assert ("drug", "1.0") in censored
    assert str(marks) in json.loads((tmp_path / "out/manifest.json").read_text())["inputs"]
    marks.write_text("time\nfive\n5\n")
    assert run("reconstruct", *curves(tiny), *options, "--out", tmp_path / "other").exit_code == 2
    assert not (tmp_path / "other").exists()


def test_help_and_version_load_nothing_heavy():
    script = f"""
import sys
from survrecon.cli import main
for args in (["--help"], ["--version"], *([name, "--help"] for name in main.commands)):
    main(args, standalone_mode=False)
import survrecon
dir(survrecon)
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == "[]\n"


def test_as_a_module():
    done = command("--version")
    assert (done.returncode, done.stdout) == (0, f"survrecon, version {survrecon.__version__}\n")
    assert command("nonsense").returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="no POSIX pipes")
def test_a_closed_pipe_is_quiet(tiny):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "survrecon", "verify", str(tiny)], stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=120
        )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(os.name == "nt", reason="no POSIX signals")
def test_interrupt_ends_without_a_traceback(tiny, tmp_path):
    script = """
import os, signal, sys
import survrecon.pipeline
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs in the background ignores it otherwise
survrecon.pipeline.run = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)
from survrecon.cli import main
main(["reconstruct", sys.argv[1], "--out", sys.argv[2]])
"""
    arguments = [sys.executable, "-c", script, str(tiny), str(tmp_path / "out")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (130, "interrupted; nothing was left half written\n")
