"""Files that nobody should send: each ends in an error that names the file and says what was expected, soon and in little memory."""

from __future__ import annotations

import gzip
import json
import random
import tarfile

import pytest
from test_formats import DRUG, POPIGO, archive, dataset, dig, saved, wpd3, wpd4

from survrecon import files
from survrecon.digitize import exported, formats, formats_json, formats_xml
from survrecon.digitize.formats import read_digitized
from survrecon.errors import StudyFileError, SurvReconError


def refused(tmp_path, content):
    path = saved(tmp_path, content)
    with pytest.raises(StudyFileError) as caught:
        read_digitized(path)
    assert caught.value.path == path
    return str(caught.value)


def old_wpd3(calibration, parameters=None):
    project = wpd3({"name": "drug", "data": [{"x": 1, "y": 2}]})
    project["wpd"] |= {"calibration": calibration} | ({"axesParameters": parameters} if parameters else {})
    return project


PROJECT = wpd4(dataset("drug", DRUG))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"# only a remark\n", "no line but blank ones and comments"),
        (b"\xff\xfet\0i\0m\0e\0", "not UTF-8"),
        (b"time,survie \xe9\n0,1\n", "not UTF-8"),
        (b"time,survival\n0,1\n\0\0", "not UTF-8"),
        (bytes(range(256)) * 4, "not UTF-8"),
        (b"%PDF-1.7\n", "is a figure"),
        (b"\x89PNG\r\n\x1a\n", "is a figure"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "is a figure"),
        (b"PK\x03\x04", "spreadsheet or zip"),
        (gzip.compress(b"RDX3\n", mtime=0), "R data"),
        (b"RDX3\nX\n", "R data"),
        (b"{", "not valid JSON"),
        (b"[1, 2", "not valid JSON"),
        (b"[1, 2]", "not a project"),
        (b'{"datasets": []}', "not a project"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 50_000, "nested too deeply"),
        (b'{"wpd": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"<Document>", "not whole XML"),
        (b"<Document/>", "not a document of Engauge"),
        (b"<html><body>Not found</body></html>", "not a document of Engauge"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>', "entities"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "entities"),
        (b"the quick brown fox\njumps over\n", "holds no line of numbers"),
        (b"the quick brown fox\n", "does not name"),
        (b"1 2 3\n4 5 6\n", "more than two columns and no header"),
        (b"time,survival\n", "no points"),
        (b"time,survival\n0,1\n1,NaN\n", "not two numbers"),
        (b"time,survival\n0,1\n1,inf\n", "not two numbers"),
        (b"time,survival\n0,1,2\n", "number of columns is 3, expected 2"),
        (b"time,survival,survival 2\n0,1,1\n", "does not name one column"),
        (b"time,survival\n0,1\ntime,survival\n0,1\n", "second table"),
        (b'"time,survival\n0,1\n', "cannot be split into columns"),
        (b"time,survival\n0,1\n3,5,0,8\n", "number of columns is 4"),
        (b"drug,,placebo,\nX,Y,X,Y\n0,1,0\n", "column 3 or 4 is not a number"),
        (b"drug, A,,placebo,\nX,Y,X,Y\n0,1,0,1\n", "each second column"),
        (b"drug,\nX,Y\n0,1,7\n", "number of columns is 3, expected 2"),
        (b"drug,\nX,Y\n2020/01/31,1\n", "is not a number"),
        (b"drug,\nX,Y\n", "no curve with points"),
        (b"x,drug\n0,1\ntime,placebo\n0,1\n", "first column is not x"),
        (b"x,drug\n0,oops\n", "is not a number"),
        (b"time,status,treat\n1,2,0\n", "status that is not 0"),
        (b"time,status,treat\n-1,1,0\n", "time that is not a number"),
        (b"time,status,treat\n1,1,\n", "has no arm"),
        (b"time,status,treat\n1,1\n", "number of columns is 2, expected 3"),
        (b"time,status,treat\n", "has no subjects"),
    ],
)
def test_refused(tmp_path, content, told):
    assert told in refused(tmp_path, content)


@pytest.mark.parametrize(
    ("project", "told"),
    [
        ({"wpd": {"version": [3, 8], "axesType": "PolarAxes"}}, "wpd.axesType = 'PolarAxes'"),
        ({"wpd": {"axesType": "XYAxes", "dataSeries": None}}, "wpd.dataSeries = None: is not a list"),
        ({"wpd": {"axesType": "XYAxes", "dataSeries": ["drug"]}}, "wpd.dataSeries[0] = 'drug': is not an object"),
        (wpd3({"name": "drug", "data": [{"value": 1}]}), "is missing or not two numbers"),
        (wpd3({"name": "drug", "data": [{"x": 1}]}), "wpd.dataSeries[0].data[0] = [1, None]: is not a position"),
        (wpd3({"name": "drug", "data": [{"x": 1, "y": 2}]}), "wpd.calibration: has 0 points, expected X1, X2, Y1, Y2"),
        (old_wpd3([{"px": i, "py": i, "dx": i, "dy": i} for i in range(4)]), "does not span"),
        (old_wpd3([{"px": i % 2, "py": i // 2, "dx": "2010/01", "dy": 1} for i in range(4)]), "wpd.calibration.dx = '2010/01'"),
        (old_wpd3([], {"isLogX": True, "isLogY": False}), "logarithmic axis"),
        (wpd3({"name": "drug", "data": [{"value": ["0", "1"]}]}), "curve 'drug', point 1 = 0, 1: is not two numbers"),
        (wpd3({"name": "drug", "data": [{"value": [0, None]}]}), "is not two numbers"),
        (wpd3({"name": "drug", "data": [{"value": [0, True]}]}), "is not two numbers"),
        (PROJECT | {"datasetColl": {"drug": 1}}, "datasetColl = {'drug': 1}: is not a list"),
        (PROJECT | {"axesColl": None}, "axesColl = None"),
        (PROJECT | {"datasetColl": []}, "no curve with points"),
        (PROJECT | {"axesColl": []}, "its axes are not defined"),
        (POPIGO | {"coordinate_origin": [1, 2]}, "coordinate_origin = [1, 2]: is not an object"),
        (POPIGO | {"axis_limit_coordinates": {"x": 100, "y": 100}}, "do not span"),
        (POPIGO | {"time_axis_max_scale": ""}, "do not span"),
        (POPIGO | {"time_axis_max_scale": "five"}, "time_axis_max_scale = 'five': is not a number"),
        (POPIGO | {"key_point_coordinates": []}, "no key points"),
        (POPIGO | {"key_point_coordinates": [[1]]}, "key_point_coordinates[0] = [1]: is not a position"),
        (POPIGO | {"at_risk_numbers": "80 many"}, "at_risk_numbers = 'many'"),
        (POPIGO | {"sample_size": -1}, "sample_size = -1"),
    ],
)
def test_projects_refused(tmp_path, project, told):
    assert told in refused(tmp_path, json.dumps(project))


def test_numbers_that_json_allows_and_nobody_can_use(tmp_path):
    text = json.dumps(PROJECT)
    for number in ("NaN", "Infinity", "1e999", "9" * 400):
        assert "is not two numbers" in refused(tmp_path, text.replace('"value": [3.5, 0.8]', f'"value": [3.5, {number}]'))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (dig({"drug": [(40, 60)]}, axes=[((0, 0), (0, 0)), ((1, 1), (1, 1))]), "has 2 axis points"),
        (dig({"drug": [(40, 60)]}, axes=[((0, 0), (0, 0)), ((1, 1), (1, 0)), ((2, 2), (0, 1))]), "lie on one line"),
        (dig({"drug": [(40, 60)]}, axes=[((5, 5), (0, 0))] * 3), "lie on one line"),
        (dig({"drug": [(40, 60)]}, scale="Log"), "ScaleXThetaString Log"),
        (dig({"drug": [(40, "up")]}), "has no PositionScreen of two numbers"),
        (dig({"drug": [(40, "nan")]}), "has no PositionScreen of two numbers"),
        (dig({"drug": []}), "no curve with points"),
        (dig({"drug": [(40, 60)]}).replace('IsXOnly="False"', 'IsXOnly="True"'), "with both coordinates"),
        (f"<Document>{dig({'drug': [(40, 60)]}, header='') * 2}</Document>", "2 coordinate systems"),
    ],
)
def test_documents_refused(tmp_path, text, told):
    assert told in refused(tmp_path, text)


def test_names_that_utf_8_does_not_know(tmp_path):
    project = wpd4(dataset("drug", DRUG), dataset("other", DRUG, axes="Bar"))
    text = json.dumps(project).replace('"drug"', '"dr\\ud800ug"').replace("BarAxes", "\\udfffAxes")
    found = read_digitized(saved(tmp_path, text))
    assert [arm.label for arm in found.curves] == ["dr?ug"]
    assert found.notes[0].encode() == b"dataset 'other' left out: its axes are ?Axes, not X and Y"


def test_billion_laughs(tmp_path):
    entities = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    assert "entities" in refused(tmp_path, f'<!DOCTYPE d [<!ENTITY a0 "ha">{entities}]><Document>&a9;</Document>')


def test_deep_and_long_xml(tmp_path, monkeypatch):
    assert "not a document of Engauge" in refused(tmp_path, "<a>" * 20_000 + "</a>" * 20_000)
    monkeypatch.setattr(formats_xml, "MOST_ELEMENTS", 50)
    assert "more than 50 elements" in refused(tmp_path, "<Document>" + "<Point/>" * 100 + "</Document>")
    monkeypatch.setattr(formats_xml, "MOST_ATTRIBUTES", 50)
    assert "more than 50 attributes" in refused(tmp_path, "<Document " + " ".join(f'a{i}="1"' for i in range(100)) + "/>")


def test_far_too_much_of_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "MOST_LINES", 100)
    assert "100 lines" in refused(tmp_path, "time,survival\n" + "0,1\n" * 300)
    monkeypatch.setattr(formats, "LARGEST_TABLE", 1000)
    assert "1000 bytes" in refused(tmp_path, "," * 1001)
    assert "no line but" in refused(tmp_path, "," * 999)
    monkeypatch.setattr(formats, "LARGEST_PROJECT", 2000)
    assert "2000 bytes" in refused(tmp_path, "[" * 2001)
    monkeypatch.setattr(files, "LARGEST_FILE", 3000)
    assert "3000 bytes" in refused(tmp_path, bytes(3001))


@pytest.mark.parametrize("count", [0, 2])
def test_archives_without_their_project(tmp_path, count):
    members = {f"{i}/wpd.json": json.dumps(PROJECT).encode() for i in range(count)} | {"x/other.json": b"{}"}
    assert f"holds {count} files wpd.json" in refused(tmp_path, archive(members))


def test_an_archive_that_leads_elsewhere_writes_nothing(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    before = sorted(tmp_path.parent.iterdir())
    path = saved(inside, archive({"../../wpd.json": json.dumps(PROJECT).encode()}))
    assert read_digitized(path).curves[0].label == "drug"  # read in memory, whatever it is called
    assert sorted(tmp_path.parent.iterdir()) == before and [item.name for item in tmp_path.iterdir()] == ["inside"]


def test_links_in_an_archive_are_not_followed(tmp_path):
    link = tarfile.TarInfo("p/wpd.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    path = tmp_path / "link.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(link)
    with pytest.raises(StudyFileError, match=r"holds 0 files wpd\.json"):
        read_digitized(path)


def test_damaged_archives(tmp_path, monkeypatch):
    whole = archive({"p/wpd.json": json.dumps(PROJECT).encode()})
    refused(tmp_path, whole[:700])
    monkeypatch.setattr(formats_json, "MOST_MEMBERS", 2)
    assert "more than 2 files" in refused(tmp_path, archive(dict.fromkeys("abc", b"")))
    monkeypatch.setattr(formats_json, "LARGEST_JSON", 10)
    assert "wpd.json of more than 10 bytes" in refused(tmp_path, whole)


def test_thousands_of_curves(tmp_path):
    most = exported.MOST_CURVES
    assert "holds 5000 curves" in refused(tmp_path, "x," + ",".join(f"c{i}" for i in range(5000)) + "\n0" + ",1" * 5000)
    assert "holds 3000 curves" in refused(tmp_path, json.dumps(wpd4(*[dataset(str(i), DRUG) for i in range(3000)])))
    assert "is more than" in refused(tmp_path, "time,status,treat\n" + "".join(f"1,1,{i}\n" for i in range(most + 1)))
    allowed = read_digitized(saved(tmp_path, json.dumps(wpd4(*[dataset("c", DRUG) for i in range(most)]))))
    assert len({arm.label for arm in allowed.curves}) == most


def test_files_that_are_none(tmp_path):
    for path in (tmp_path, tmp_path / "missing.csv", tmp_path / "null\0name"):
        with pytest.raises(StudyFileError):
            read_digitized(path)


def test_whatever_is_spoiled_ends_in_an_error_of_ours_or_in_curves(tmp_path):
    """Bytes cut out, doubled, and replaced in files of every kind, 480 of them."""
    rng = random.Random(1)
    tables = [b"a,,b,\nX,Y,X,Y\n0,1,0,1\n2,0.5,,\n", b"# x, a\n0, 1\n\n\n# x, b\n0, 1\n"]
    tables += [b"Line 1 x,Line 1 y\n0,1\n", b"time,status,treat\n1,1,0\n"]
    texts = [json.dumps(PROJECT).encode(), json.dumps(POPIGO).encode(), dig({"drug": [(40, 60), (50, 80)]}).encode(), *tables]
    for content in [*texts, archive({"p/wpd.json": texts[0]})]:
        for _ in range(60):
            spoiled = bytearray(content)
            start = rng.randrange(len(spoiled))
            end = min(len(spoiled), start + rng.choice((1, 2, 20, len(spoiled))))
            spoiled[start:end] = rng.choice((b"", bytes(spoiled[start:end]) * 2, rng.randbytes(3), b"-1e999", b",", b"\n", b'"', b"null"))
            path = saved(tmp_path, bytes(spoiled))
            try:
                found = read_digitized(path)
            except SurvReconError as error:
                assert str(path) in str(error)
            else:
                assert found.curves or found.ipd
