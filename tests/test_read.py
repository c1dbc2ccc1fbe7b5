"""Reading and writing: what each format means, and one clear message for each bad input."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survrecon import cells, files
from survrecon.clean import clean
from survrecon.data import IPD, Arm, Curve, RiskTable, Study
from survrecon.errors import StudyFileError, SurvReconError
from survrecon.published import Design, Interim, Printed, Published, PublishedValue, Subgroup
from survrecon.read import (
    find_studies,
    new_study,
    parse_printed,
    read_curve,
    read_ipd,
    read_risk_table,
    read_study,
    read_times,
    study_files,
    write_ipd,
    write_study,
    write_text,
)

ROOT = Path(__file__).parents[1]
BAD_INPUTS = Path(__file__).parent / "bad_inputs"
EXTERNAL = ROOT.parent / "shared" / "external"


def use(folder):
    """Read what a folder of bad_inputs holds, and clean it."""
    for name, read in (("curve.csv", read_curve), ("risk.csv", read_risk_table), ("ipd.csv", read_ipd)):
        if (folder / name).exists():
            read(folder / name)
            return
    for arm in read_study(folder).arms:
        clean(arm)


def message(error):
    """The message without the path, which differs between machines."""
    return "\n".join(map(str, error.problems)) if isinstance(error, StudyFileError) else str(error)


def plain(value):
    """Lists and dictionaries in place of arrays and dataclasses, for comparing; a missing number is None."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return [None if item != item else item for item in value.tolist()]
    return [plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def text_file(folder, text, name="file.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("folder", sorted(BAD_INPUTS.iterdir()), ids=lambda folder: folder.name)
def test_bad_input(folder):
    with pytest.raises(SurvReconError) as caught:
        use(folder)
    assert message(caught.value) == (folder / "expected.txt").read_text(encoding="utf-8").rstrip("\n")
    if isinstance(caught.value, StudyFileError):
        assert str(caught.value.path).startswith(str(folder)) and str(caught.value).startswith(str(caught.value.path))


# Numbers as printed.


@pytest.mark.parametrize(
    ("text", "value", "relation", "half_unit"),
    [
        ("0.58", 0.58, "=", 0.005),
        (0.58, 0.58, "=", 0.005),
        ("0.70", 0.7, "=", 0.005),
        ("14", 14, "=", 0.5),
        (14, 14, "=", 0.5),
        ("<0.001", 0.001, "<", 0),
        ("P<0.001", 0.001, "<", 0),
        ("p ≤ 0.05", 0.05, "<", 0),
        (">0.99", 0.99, ">", 0),
        ("P = 0.03", 0.03, "=", 0.005),
        ("·58", 0.58, "=", 0.005),
        ("<·0001", 0.0001, "<", 0),
        ("0,58", 0.58, "=", 0.005),
        ("21%", 0.21, "=", 0.005),
        ("21.5 %", 0.215, "=", 0.0005),
        ("−1.2", -1.2, "=", 0.05),
        ("4e-05", 4e-5, "=", 5e-6),
        ("1.2×10−5", 1.2e-5, "=", 5e-7),
        (" 24.8 ", 24.8, "=", 0.05),
    ],
)
def test_printed_numbers(text, value, relation, half_unit):
    printed = parse_printed(text)
    assert (printed.text, printed.relation) == (str(text).strip(), relation)
    assert (printed.value, printed.half_unit) == pytest.approx((value, half_unit), rel=1e-12)
    assert printed.reached


@pytest.mark.parametrize("text", ["NE", "NR", "n.e.", "NA", "not reached", "Not estimable", "not evaluable", "—", "–", "-"])
def test_printed_words_for_no_number(text):
    assert parse_printed(text) == Printed(text, None)
    assert not parse_printed(text).reached


@pytest.mark.parametrize(
    "text", ["", "about 3", "0.5.5", "1,234", "1e999", "<", "0.58 months", "9" * 50, "1_0", "١", float("nan"), True, None, [1]]
)
def test_printed_nonsense(text):
    with pytest.raises(ValueError):
        parse_printed(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_parsed_or_refused(text):
    try:
        printed = parse_printed(text)
    except ValueError:
        return
    assert printed.value is None or np.isfinite(printed.value)


# Curves.

POINTS = ([0, 0.5, 1], [1, 0.98, 0.9])
TABLES = {
    "comma": "0,1\n0.5,0.98\n1,0.9\n",
    "comma and space": "0, 1\n0.5, 0.98\n1, 0.9\n",
    "header": "time,survival\n0,1\n0.5,0.98\n1,0.9\n",
    "any two names": "Line 2 x,Line 2 y\n0,1\n0.5,0.98\n1,0.9\n",
    "quoted header": '"Time (months)","Overall survival, %"\n0,1\n0.5,0.98\n1,0.9\n',
    "named the other way round": "survival;time\n1;0\n0.98;0.5\n0.9;1\n",
    "more columns": "id,time,n_risk,survival,lower\n1,0,20,1,\n2,0.5,19,0.98,0.9\n3,1,18,0.9,0.8\n",
    "semicolon": "0;1\n0.5;0.98\n1;0.9\n",
    "semicolon, decimal comma": "time;survival\n0;1\n0,5;0,98\n1,0;0,9\n",
    "tab": "time\tsurvival\n0\t1\n0.5\t0.98\n1\t0.9\n",
    "tab, decimal comma": "0\t1\n0,5\t0,98\n1\t0,9\n",
    "ScanIt": "         0\t         1\n       0.5\t      0.98\n         1\t       0.9\n",
    "spaces": "  0   1\n0.5   0.98  \n  1   0.9\n",
    "spaces, header, decimal comma": "time survival\n0 1\n0,5 0,98\n1 0,9\n",
    "quoted decimal comma": '"0","1"\n"0,5","0,98"\n"1","0,9"\n',
    "byte-order mark, Windows line ends": "\ufefftime,survival\r\n0,1\r\n0.5,0.98\r\n1,0.9\r\n",
    "old Mac line ends": "time,survival\r0,1\r0.5,0.98\r1,0.9",
    "blank lines and comments": "# read off Figure 1\n\ntime,survival\n0,1\n   \n# half a year\n0.5,0.98\n1,0.9\n\n",
    "trailing delimiter": "time,survival,\n0,1,\n0.5,0.98,\n1,0.9,\n",
    "trailing semicolon without header": "0;1;\n0,5;0,98;\n1;0,9;\n",
    "exponents": "0E0,1.0E0\n5.0E-1,9.8E-1\n1.0e0,9.0e-1\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_curve_formats(tmp_path, text):
    curve = read_curve(text_file(tmp_path, text))
    assert (curve.time.tolist(), curve.survival.tolist()) == POINTS
    assert (curve.scale, curve.orientation, curve.reading) == ("auto", "auto", None)


def test_curve_as_it_stands(tmp_path):
    # Signs, order and repeats are for clean; a Unicode minus is a minus.
    curve = read_curve(text_file(tmp_path, "3,50\n−0.5,100\n3,50\n"), "percent", "survival")
    assert (curve.time.tolist(), curve.survival.tolist()) == ([3, -0.5, 3], [50, 100, 50])
    assert (curve.scale, curve.orientation) == ("percent", "survival")


def test_line_numbers_count_every_line(tmp_path):
    with pytest.raises(StudyFileError) as caught:
        read_curve(text_file(tmp_path, "# one\n\ntime,survival\n0,1\n# five\n1,x\n\n2,y\n"))
    assert [problem.key for problem in caught.value.problems] == ["line 6", "line 8"]


def test_many_bad_lines_are_counted(tmp_path):
    with pytest.raises(StudyFileError) as caught:
        read_curve(text_file(tmp_path, "time,survival\n" + "1,x\n" * 1000))
    assert len(caught.value.problems) == cells.MOST_PROBLEMS + 1
    assert caught.value.problems[-1].value == f"{1000 - cells.MOST_PROBLEMS} more"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 100)), min_size=2, max_size=20),
    st.sampled_from([",", ";", "\t", " "]),
    st.booleans(),
    st.booleans(),
)
def test_any_curve_in_any_format(tmp_path_factory, pairs, mark, decimal_comma, header):
    lines = [mark.join(map(repr, pair)) for pair in pairs]
    if decimal_comma and mark != ",":
        lines = [line.replace(".", ",") for line in lines]
    text = "\n".join([mark.join(("time", "survival"))] * header + lines)
    curve = read_curve(text_file(tmp_path_factory.mktemp("curve"), text))
    assert list(zip(curve.time.tolist(), curve.survival.tolist(), strict=True)) == pairs


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text("019.,;\t \n\"#x-e", max_size=60)))
@pytest.mark.parametrize("read", [read_curve, read_risk_table, read_ipd, read_times, read_study])
def test_any_file_is_read_or_refused(tmp_path_factory, read, content):
    path = text_file(tmp_path_factory.mktemp("any"), content)
    try:
        read(path)
    except StudyFileError as error:
        assert error.problems


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    for path, text in (
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path / "none" / "deeper.csv", "does not exist"),
        (tmp_path, "is a folder or device"),
        (tmp_path / "pipe", "is a folder or device"),
        (text_file(tmp_path, "1") / "below.csv", "cannot be read"),
        ("null\0character", "cannot be read"),
        ("x" * 5000, "cannot be read"),
    ):
        with pytest.raises(StudyFileError, match=text):
            read_curve(path)
    monkeypatch.setattr(files, "LARGEST_FILE", 20)
    with pytest.raises(StudyFileError, match="21 bytes: is larger than 20 bytes"):
        read_curve(text_file(tmp_path, "0,1\n" * 5 + "\n"))
    assert read_curve(text_file(tmp_path, "0,1\n" * 5)).time.size == 5


def test_times(tmp_path):
    assert read_times(text_file(tmp_path, "# marks\ntime\n1\n\n2,5\n3.5,\n\"4\"\n")) == [1, 2.5, 3.5, 4]
    with pytest.raises(StudyFileError, match="line 2 = '2;3': is not one time"):
        read_times(text_file(tmp_path, "1\n2;3\n"))


# Numbers at risk.

RISK_TABLES = {
    "times down": "time,drug,placebo\n0,20,19\n3,10,\n6,0,NA\n",
    "times down, semicolons": "time;drug;placebo\n0;20;19\n3;10;-\n6;0;na\n",
    "times down, spaces": "month drug placebo\n0 20 19\n3 10 NA\n6 0 NA\n",
    "times across": "arm,0,3,6\ndrug,20,10,0\nplacebo,19,,NA\n",
    "times across, nothing in the corner": ',0,3,6\n"drug",20,10,0\n"placebo",19,–,NA\n',
    "times across, named so": "time\t0\t3\t6\ndrug\t20\t10\t0\nplacebo\t19\t\t\n",
}


@pytest.mark.parametrize("text", RISK_TABLES.values(), ids=RISK_TABLES)
def test_risk_table_formats(tmp_path, text):
    risk = read_risk_table(text_file(tmp_path, text))
    assert list(risk) == ["drug", "placebo"]
    assert plain(list(risk.values())) == [{"time": [0, 3, 6], "count": [20, 10, 0]}, {"time": [0, 3, 6], "count": [19, None, None]}]


def test_arms_with_numbers_for_labels(tmp_path):
    down = read_risk_table(text_file(tmp_path, "time,1,2\n0,20,19\n3,10,9\n"))
    across = read_risk_table(text_file(tmp_path, "arm,0,3\n1,20,10\n2,19,9\n"))
    assert plain(list(down.values())) == plain(list(across.values()))
    assert list(down) == list(across) == ["1", "2"]


# Individual patient data.


def test_ipd_round_trip(tmp_path):
    arms = [IPD([0.1 + 0.2, 1e-7, 5], [1, 0, 1], 'drug, "high" dose\nn = 3', ["a", "b", "a"]), IPD([2], [0], "placebo")]
    write_ipd(tmp_path / "ipd.csv", arms)
    first, second = read_ipd(tmp_path / "ipd.csv")
    assert plain(first) == plain(arms[0])
    assert plain(second) == plain(arms[1]) | {"stratum": [""]}
    write_ipd(tmp_path / "ipd.csv", arms[1:])
    assert (tmp_path / "ipd.csv").read_text() == "time,event,arm\n2.0,0,placebo\n"
    assert plain(read_ipd(tmp_path / "ipd.csv")) == plain(arms[1:])


def test_ipd_columns_in_any_order(tmp_path):
    (arm,) = read_ipd(text_file(tmp_path, "Arm;Event;Time\ndrug;1;2,5\ndrug;0;1\n"))
    assert (arm.label, arm.time.tolist(), arm.event.tolist()) == ("drug", [1, 2.5], [False, True])


# Studies.

SKETCH = """
[study]
trial = "PALOMA-2"            # the sketch of design.md, section 4
endpoint = "progression-free survival, investigator"
time_unit = "month"
evidence = "printed"

[[arm]]
label = "palbociclib-letrozole"
n = 444
total_events = 194
risk_times = [0, 3, 6]
risk_counts = [444, 395, 360]
source = "..."

[[arm]]
label = "placebo-letrozole"
n = 222

[published]
reference = "placebo-letrozole"
hazard_ratio = { estimate = 0.70, ci = [0.46, 0.72], model = "Cox", source = "..." }
logrank_p = { below = 0.001, two_sided = true, stratified = true, source = "..." }
[published.median]
palbociclib-letrozole = { estimate = 24.8, ci = [22.1, "not estimable"] }
"""


def test_the_sketch_of_the_design(tmp_path):
    text_file(tmp_path, SKETCH, "study.toml")
    study = read_study(tmp_path)
    assert (study.id, study.path) == (tmp_path.name, str(tmp_path / "study.toml"))
    assert [arm.label for arm in study.arms] == ["palbociclib-letrozole", "placebo-letrozole"]
    hr, p, median = study.published.values
    assert (hr.quantity, hr.arm, hr.model, hr.level) == ("hazard_ratio", "palbociclib-letrozole", "Cox", 0.95)
    assert hr.estimate == Printed("0.70", 0.7, "=", 0.005)  # a TOML number keeps its zero
    assert (p.quantity, p.arm, p.estimate, p.stratified) == ("logrank_p", "palbociclib-letrozole", Printed("<0.001", 0.001, "<"), True)
    assert (median.arm, median.ci) == ("palbociclib-letrozole", (Printed("22.1", 22.1, "=", 0.05), Printed("not estimable", None)))


def full_study():
    curve = Curve([0, 0.1 + 0.2, 1e-7, 30], [100, 98.5, 99, 12.25], "percent", "survival")
    risk = RiskTable([0, 6, 12.5], [20, np.nan, 3])
    arms = (
        Arm("drug A/B (1 mg)", 20, curve, risk, 7, np.array([3, 1.5]), 'Figure 2, "left"', 33.5, ((12, 4),)),
        Arm("drug a b 1 mg", 22, Curve([0, 1], [1, 0.5])),
        Arm("Plazebo: 'ü'\\", 21, Curve([0, 1], [0, 0.5], "probability", "failure"), total_events=0),
    )
    labels = [arm.label for arm in arms]
    number, interval = parse_printed("0.50"), (parse_printed("·21"), parse_printed("NE"))
    values = (
        PublishedValue("hazard_ratio", number, labels[0], interval, 0.9967, "", None, True, True, True, "per protocol", "abstract", "Cox"),
        PublishedValue("hazard_ratio", number, labels[1]),
        PublishedValue("logrank_p", parse_printed("P<0.001"), None, stratified=True, two_sided=False),
        PublishedValue("logrank_chi2", parse_printed("16.8")),
        PublishedValue("wald_p", parse_printed("0.03"), labels[0]),
        PublishedValue("median", parse_printed("not reached"), labels[0], interval, ci_type="log-log"),
        PublishedValue("median", parse_printed("12"), labels[2], population="men"),
        PublishedValue("median", parse_printed("13"), labels[2], population="women"),
        PublishedValue("survival", parse_printed("21%"), labels[2], (parse_printed("10%"), parse_printed("30%")), time=6.5),
        PublishedValue("rmst", parse_printed("21.1"), labels[2], time=36.0),
    )
    subgroups = (Subgroup("age", "<65 yr", number, interval, 404, "Figure 3"), Subgroup("age", "≥65 yr", number))
    interims = (Interim(165, 385, parse_printed("0.603"), parse_printed("0.0012"), 0.025, 1, 1, "Pocock", "Methods"), Interim(1, 2))
    published = Published(labels[2], values, subgroups, Design(347, 0.69, 0.9, 0.025, 1, 2.0, "Methods"), interims)
    texts = {"citation": "Doe J", "figure": "Fig. 1", "registration": "NCT1", "doi": "10.1/x", "source": "p. 3"}
    return Study("full", "T–1", "OS\tfinal", "year", "digitized", arms, published, missing=("a",), notes=("b", "c"), **texts)


def test_a_full_study_reads_back_equal(tmp_path):
    study = full_study()
    write_study(study, tmp_path / "full")
    assert plain(read_study(tmp_path / "full")) == plain(dataclasses.replace(study, path=str(tmp_path / "full" / "study.toml")))
    names = sorted(path.name for path in (tmp_path / "full").iterdir())
    assert names == ["Plazebo-ü.csv", "drug-A-B-1-mg.csv", "drug-a-b-1-mg-2.csv", "study.toml"]
    assert study_files(tmp_path / "full") == [tmp_path / "full" / name for name in ("study.toml", *names[1:3], names[0])]


def test_writing_again_replaces(tmp_path):
    write_study(full_study(), tmp_path / "full")
    first = {path.name: path.read_bytes() for path in (tmp_path / "full").iterdir()}
    write_study(read_study(tmp_path / "full"), tmp_path / "full")
    assert {path.name: path.read_bytes() for path in (tmp_path / "full").iterdir()} == first


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_reads_back_equal(tmp_path_factory, label, source):
    folder = tmp_path_factory.mktemp("text")
    study = Study("x", "T", "OS", "day", "printed", (Arm(label, 3, source=source),))
    write_study(study, folder)
    try:
        (arm,) = read_study(folder).arms
    except StudyFileError:
        assert not label.strip() or "\n" in label or "?" in (label.strip(), source.strip())
    else:
        assert (arm.label, arm.source) == (label, source)


@pytest.mark.parametrize("folder", sorted(path.parent for path in (ROOT / "digitized").glob("*/study.toml")), ids=lambda path: path.name)
def test_the_shipped_studies_read_back_equal(tmp_path, folder):
    study = read_study(folder)
    write_study(study, tmp_path / study.id)
    again = dataclasses.replace(read_study(tmp_path / study.id), path=study.path)
    assert plain(again) == plain(study)


def test_a_registered_study(tmp_path):
    header = '[study]\ntrial = "T"\nendpoint = "PFS"\ntime_unit = "month"\nevidence = "registered"\n'
    text_file(tmp_path, header, "study.toml")
    assert read_study(tmp_path).arms == ()
    text_file(tmp_path, header + '[[arm]]\nlabel = "drug"\n[[arm]]\nlabel = "control"\nn = 50\n', "study.toml")
    study = read_study(tmp_path / "study.toml")
    assert [arm.label for arm in study.arms] == ["control"]
    assert study.notes == ("arm 'drug': no number of subjects yet",)


def test_two_arms_name_the_compared_one_three_do_not(tmp_path):
    header = '[study]\ntrial = "T"\nendpoint = "PFS"\ntime_unit = "month"\nevidence = "printed"\n'
    arms = "".join(f'[[arm]]\nlabel = "{label}"\nn = 9\n' for label in "abc")
    published = '[published]\nreference = "b"\nlogrank_p = { value = "0.2" }\n'
    text_file(tmp_path, header + arms + published, "study.toml")
    assert read_study(tmp_path).published.values[0].arm is None  # over all three
    text_file(tmp_path, header + arms.replace('[[arm]]\nlabel = "c"\nn = 9\n', "") + published, "study.toml")
    assert read_study(tmp_path).published.values[0].arm == "a"


def test_curve_with_marks_in_a_file_and_a_path_upward(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    text_file(tmp_path, "0;100\n1,5;80\n", "drug.csv")
    text_file(study, "time\n1.25\n", "marks.csv")
    header = '[study]\ntrial = "T"\nendpoint = "PFS"\ntime_unit = "month"\nevidence = "digitized"\n'
    arm = '[[arm]]\nlabel = "drug"\nn = 9\ncurve = "../drug.csv"\ncensor_file = "marks.csv"\nscale = "percent"\n'
    text_file(study, header + arm + "beyond = { time = 1, count = 2 }\n", "study.toml")
    (drug,) = read_study(study).arms
    assert (drug.curve.time.tolist(), drug.curve.scale, drug.censor_times.tolist(), drug.beyond) == ([0, 1.5], "percent", [1.25], ((1, 2),))
    assert study_files(study) == [study / "study.toml", study / "../drug.csv", study / "marks.csv"]


def test_find_studies(tmp_path):
    for name in ("b", "a/deep", ".hidden", "a/.cache/x"):
        (tmp_path / name).mkdir(parents=True)
        text_file(tmp_path / name, SKETCH, "study.toml")
    (tmp_path / "empty" / "study.toml").mkdir(parents=True)
    deep, b = tmp_path / "a" / "deep", tmp_path / "b"
    assert find_studies([tmp_path]) == [deep, b]
    assert find_studies([b / "study.toml", tmp_path / "a", str(b)]) == [deep, b]
    assert find_studies([tmp_path / ".hidden"]) == [tmp_path / ".hidden"]
    for path, text in ((tmp_path / "none", "does not exist"), (tmp_path / "empty", "no study.toml in or below"), (b / "x", "not exist")):
        with pytest.raises(StudyFileError, match=text):
            find_studies([tmp_path, path])
    with pytest.raises(StudyFileError, match="holds no study.toml"):
        read_study(tmp_path)


# The scaffold.


def test_scaffold_is_refused_until_it_is_filled_in(tmp_path):
    folder = tmp_path / "new"
    written = new_study(folder, trial='The "T" trial', endpoint="OS", time_unit="month", arms=["drug", "placebo"])
    assert written == [folder / name for name in ("study.toml", "drug.csv", "placebo.csv")]
    with pytest.raises(StudyFileError) as caught:
        read_study(folder)
    assert [problem.key for problem in caught.value.problems] == [
        "study.citation",
        "study.figure",
        "arm[0].n",
        "arm[0].source",
        "arm[0].curve = 'drug.csv', file",
        "arm[1].n",
        "arm[1].source",
        "arm[1].curve = 'placebo.csv', file",
        "published.reference",
    ]
    assert all("still a placeholder" in problem.remedy or "has no points" in problem.remedy for problem in caught.value.problems)
    text = (folder / "study.toml").read_text()
    assert not re.search(r"= *\d", text.replace("such as 0.95", ""))  # no number is invented
    text = text.replace('\nn = "?"', "\nn = 9").replace('reference = "?"', 'reference = "placebo"').replace('"?"', '"Table 1"')
    text_file(folder, text, "study.toml")
    for name in ("drug.csv", "placebo.csv"):
        text_file(folder, (folder / name).read_text() + "0,1\n3,0.5\n", name)
    study = read_study(folder)
    assert (study.trial, [arm.n for arm in study.arms], study.published.reference) == ('The "T" trial', [9, 9], "placebo")


def test_every_line_of_the_scaffold_is_a_known_key(tmp_path):
    new_study(tmp_path, "T", "OS", "month", ["drug", "placebo"])
    text = (tmp_path / "study.toml").read_text()
    lines = [re.sub(r"^# (?=\[|\w+ =)", "", line).replace("LABEL", "drug") for line in text.splitlines()]
    filled = [re.sub(r"^(\w+) =\s+#.*|^(\w+) =$", r'\1\2 = "?"', line) for line in lines]
    text_file(tmp_path, "\n".join(filled), "study.toml")
    with pytest.raises(StudyFileError) as caught:
        read_study(tmp_path)
    assert len(caught.value.problems) > 25
    assert not [problem for problem in caught.value.problems if "unknown key" in problem.remedy or "TOML" in problem.remedy]


def test_scaffold_without_names_and_never_over_files(tmp_path):
    new_study(tmp_path / "a")
    with pytest.raises(StudyFileError) as caught:
        read_study(tmp_path / "a")
    assert [problem.key for problem in caught.value.problems][:3] == ["study.trial", "study.endpoint", "study.time_unit"]
    text_file(tmp_path, "mine", "drug.csv")
    with pytest.raises(StudyFileError, match="drug.csv: exists already"):
        new_study(tmp_path, arms=["drug"])
    assert (tmp_path / "drug.csv").read_text() == "mine" and not (tmp_path / "study.toml").exists()
    with pytest.raises(StudyFileError, match="study.toml: exists already"):
        new_study(tmp_path / "a")
    with pytest.raises(StudyFileError, match="empty or repeated"):
        new_study(tmp_path / "b", arms=["drug", "drug"])
    assert not (tmp_path / "b").exists()


# Writing in one step.


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "old")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(StudyFileError, match="cannot be written: No space left"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [item.name for item in path.parent.iterdir()] == ["file.txt"]


def test_a_place_that_cannot_be_written(tmp_path):
    blocked = text_file(tmp_path, "a file, not a folder")
    with pytest.raises(StudyFileError, match="cannot be written"):
        write_text(blocked / "study.toml", "x")
    with pytest.raises(StudyFileError, match="cannot be written"):
        write_text(tmp_path / ("x" * 300), "x")
    assert [item.name for item in tmp_path.iterdir()] == ["file.csv"]


# What other digitizers write.


@pytest.mark.skipif(not EXTERNAL.is_dir(), reason="../shared/external is absent")
@pytest.mark.parametrize(
    ("name", "size", "first"),
    [
        # number of lines less the header, and the first line, as they stand in the file
        ("formats/digitizeit.csv", 2524, (2.667810343774e-1, 9.978311500758e1)),
        ("formats/scanit.txt", 145, (-0.512, 98.9)),
        ("bonner-2006-locoregional/radiotherapy.csv", 145, (-0.512, 98.9)),
        ("keynote-189-os/placebo.csv", 96, (0, 1)),
        ("checkmate-067-s3a/Checkmate_067_S3A_Nivolumab.csv", 1202, (7.59e-2, 1)),
    ],
)
def test_files_of_other_digitizers(name, size, first):
    curve = read_curve(EXTERNAL / name)
    assert curve.time.size == size
    assert (curve.time[0], curve.survival[0]) == first


@pytest.mark.skipif(not EXTERNAL.is_dir(), reason="../shared/external is absent")
def test_tables_of_other_programs():
    risk = read_risk_table(EXTERNAL / "bonner-2006-locoregional" / "risk-table.csv")
    assert plain(risk["radiotherapy_cetuximab"]) == {"time": [0, 10, 20, 30, 40, 50], "count": [211, 143, 101, 66, 35, 9]}
    control, *_ = read_ipd(EXTERNAL / "kmdata" / "CLEOPATRA_2A.csv")
    assert (control.label, control.time[0], bool(control.event[0])) == ("control", 0.469, False)
