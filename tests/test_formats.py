"""Files of other programs: samples in the layout of each, made for these tests, and those of /work/shared where they are at hand.

The layouts: WebPlotDigitizer from docs/JSON_format_specification.md, javascript/services/dataExport.js and saveResume.js and
app/tests/files/wpd3_xy.json, wpd4_2_with_masks.json of github.com/automeris-io/WebPlotDigitizer; Engauge from test/export_only_*.dig
and .csv_expected_1 and test/gnuplot_format.csv_expected_1 of github.com/markummitchell/engauge-digitizer; KM-PoPiGo from
doc/reshow/index.html and train/train1/*.json of github.com/kmpopigo/kmpopigo.github.io; DigitizeIt and ScanIt from samples
in the shared folder; PlotDigitizer from plot-data-control-arm.csv of github.com/brentnall/pca-overdx, made with it as the script beside it
says; IPDfromKM from its manual (getIPD), without a sample.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from survrecon.digitize.formats import read_digitized
from survrecon.errors import StudyFileError

EXTERNAL = Path(__file__).parents[2] / "shared" / "external"
DRUG, PLACEBO = [(0.0, 1.0), (3.5, 0.8), (9.25, 0.55)], [(0.0, 1.0), (2.0, 0.5)]


def saved(tmp_path, content, name="export.dat"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(tmp_path, content, name="export.dat"):
    return read_digitized(saved(tmp_path, content, name))


def points(arm):
    return list(zip(arm.curve.time.tolist(), arm.curve.survival.tolist(), strict=True))


def same(found, program, curves):
    """Whether a file was taken for that program's, with these curves and nothing else known of them."""
    assert (found.program, {arm.label: points(arm) for arm in found.curves}) == (program, curves)
    assert all((arm.curve.scale, arm.curve.orientation, arm.n, arm.censor_times) == ("auto", "auto", None, None) for arm in found.curves)


# WebPlotDigitizer.


def dataset(name, curve, axes="XY"):
    data = [{"x": 10 * x, "y": 500 - 400 * y, "value": [x, y]} for x, y in curve]
    return {"name": name, "axesName": axes, "metadataKeys": [], "data": data, "autoDetectionData": None}


def wpd4(*datasets):
    calibration = [{"px": 0, "py": 500, "dx": "0", "dy": "0", "dz": None}]
    axes = [{"name": "XY", "type": "XYAxes", "isLogX": False, "isLogY": False, "calibrationPoints": calibration}]
    axes += [{"name": "Bar", "type": "BarAxes", "isLog": False, "isRotated": False, "calibrationPoints": calibration}]
    return {"version": [4, 2], "axesColl": axes, "datasetColl": list(datasets), "measurementColl": []}


def wpd3(*datasets):
    parts = {"version": [3, 8], "axesType": "XYAxes", "axesParameters": {"isLogX": False, "isLogY": False}, "calibration": []}
    return {"wpd": parts | {"dataSeries": [{"name": item["name"], "data": item["data"], "metadataKeys": []} for item in datasets]}}


@pytest.mark.parametrize("project", [wpd3, wpd4])
def test_webplotdigitizer_project(tmp_path, project):
    found = read(tmp_path, json.dumps(project(dataset("drug", DRUG), dataset("placebo", PLACEBO))))
    same(found, "WebPlotDigitizer", {"drug": DRUG, "placebo": PLACEBO})
    assert found.notes == ()


def test_webplotdigitizer_project_without_values(tmp_path):
    """Before version 3.8 a project had pixels only, and the calibration: X1, X2, Y1, Y2."""
    project = wpd3(dataset("drug", DRUG))["wpd"]
    data = [{"x": 100 + 10 * x, "y": 510 - 400 * y} for x, y in DRUG]  # 10 pixels a month, 400 for all of survival
    marks = [(100, 510, "0", "0"), (600, 510, "50", "0"), (100, 490, "0", "0.05"), (100, 110, "50", "1")]
    calibration = [{"px": px, "py": py, "dx": dx, "dy": dy, "dz": None} for px, py, dx, dy in marks]
    content = {"wpd": project | {"version": [3, 5], "calibration": calibration, "dataSeries": [{"name": "drug", "data": data}]}}
    (arm,) = read(tmp_path, json.dumps(content)).curves
    np.testing.assert_allclose(points(arm), DRUG, atol=1e-12)


def test_webplotdigitizer_values_from_a_tilted_axis(tmp_path):
    # half of the way from X1 to X2, (100, 10), and a fifth of that from Y1 to Y2, (0, -100), is the pixel (50, 5 - 20)
    marks = [((0, 0), ("0", "0")), ((100, 10), ("10", "0")), ((0, 0), ("0", "0")), ((0, -100), ("0", "1"))]
    calibration = [{"px": px, "py": py, "dx": dx, "dy": dy} for (px, py), (dx, dy) in marks]
    series = [{"name": "drug", "data": [{"x": 50, "y": -15}]}]
    (arm,) = read(tmp_path, json.dumps({"wpd": wpd3()["wpd"] | {"calibration": calibration, "dataSeries": series}})).curves
    np.testing.assert_allclose(points(arm), [(5, 0.2)], atol=1e-12)


def test_webplotdigitizer_leaves_out_what_is_no_curve(tmp_path):
    found = read(tmp_path, json.dumps(wpd4(dataset("drug", DRUG), dataset("Default Dataset", []), dataset("bars", PLACEBO, "Bar"))))
    same(found, "WebPlotDigitizer", {"drug": DRUG})
    assert [note.partition(":")[0] for note in found.notes] == ["dataset 'bars' left out", "dataset 'Default Dataset' left out"]


def archive(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_webplotdigitizer_tar(tmp_path):
    project = json.dumps(wpd4(dataset("drug", DRUG))).encode()
    info = b'{"version":[4,0],"json":"wpd.json","images":["a.png"]}'
    members = {"fig2/info.json": info, "fig2/wpd.json": project, "fig2/a.png": b"\x89PNG"}
    same(read(tmp_path, archive(members)), "WebPlotDigitizer", {"drug": DRUG})
    assert [path.name for path in tmp_path.iterdir()] == ["export.dat"]  # nothing unpacked


def test_webplotdigitizer_csv_side_by_side(tmp_path):
    text = "drug,,placebo,\nX,Y,X,Y\n0,1,0,1\n3.5,0.8,2,0.5\n9.25,0.55,,\n"
    same(read(tmp_path, text), "WebPlotDigitizer", {"drug": DRUG, "placebo": PLACEBO})
    same(read(tmp_path, "drug,\nX,Y\n0,1\n3.5,0.8\n9.25,0.55\n"), "WebPlotDigitizer", {"drug": DRUG})


def test_webplotdigitizer_csv_with_numbers_for_names(tmp_path):
    same(read(tmp_path, "1,,2,\nX,Y,X,Y\n0,1,0,1\n3.5,0.8,2,0.5\n9.25,0.55,,\n"), "WebPlotDigitizer", {"1": DRUG, "2": PLACEBO})


def test_webplotdigitizer_csv_of_one_dataset_has_no_names(tmp_path):
    same(read(tmp_path, "0, 1\n3.5, 0.8\n9.25, 0.55\n", "Drug A.csv"), "two columns, time and survival", {"Drug A": DRUG})


# Engauge.

AXES = [((40, 310), (0, 0)), ((540, 310), (50, 0)), ((40, 60), (0, 1))]  # pixel and value: 10 pixels a month, 250 for all of survival


def dig(curves, axes=AXES, scale="Linear", header='<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE engauge>\n'):
    def point(name, i, pixel, value=None):
        graph = "" if value is None else f'<PositionGraph X="{value[0]}" Y="{value[1]}"/>'
        kind = f'IsAxisPoint="{value is not None}" IsXOnly="False" Index="{i}"'
        place = f'<PositionScreen X="{pixel[0]}" Y="{pixel[1]}"/>'
        return f'<Point Identifier="{name}&#9;point&#9;{i}" Ordinal="{i}" {kind}>{place}{graph}</Point>'

    coords = f'<Coords Type="0" TypeString="Cartesian" ScaleXThetaString="{scale}" ScaleYRadiusString="Linear"/>'
    axis = "".join(point("Axes", i, *both) for i, both in enumerate(axes))
    graphs = "".join(
        f'<Curve CurveName="{name}"><CurvePoints>{"".join(point(name, i, pixel) for i, pixel in enumerate(pixels))}</CurvePoints></Curve>'
        for name, pixels in curves.items()
    )
    axes_curve = f'<Curve CurveName="Axes"><CurvePoints>{axis}</CurvePoints></Curve>'
    system = f"<CoordSystem>{coords}{axes_curve}<CurvesGraphs>{graphs}</CurvesGraphs></CoordSystem>"
    return f'{header}<Document VersionNumber="12.1" AxesPointsRequired="0"><Image Width="600"><![CDATA[AAAA]]></Image>{system}</Document>'


def test_engauge_document(tmp_path):
    found = read(tmp_path, dig({"drug": [(40, 60), (75, 110), (132.5, 172.5)], "none": [], "placebo": [(40, 60), (60, 185)]}))
    assert (found.program, [arm.label for arm in found.curves]) == ("Engauge Digitizer", ["drug", "placebo"])
    # 75 - 40 = 35 pixels are 3.5 months; 310 - 110 = 200 of 250 pixels are 0.8; 92.5 and 137.5 / 250 = 0.55; 20 and 125 / 250 = 0.5
    np.testing.assert_allclose(points(found.curves[0]), DRUG, atol=1e-12)
    np.testing.assert_allclose(points(found.curves[1]), PLACEBO, atol=1e-12)
    assert found.notes == ("curve 'none' left out: it has no points",)


def test_engauge_document_of_a_turned_image(tmp_path):
    # a quarter turn: time runs down from y = 40, 10 pixels a month; survival runs left from x = 310, 250 pixels for all of it
    axes = [((310, 40), (0, 0)), ((310, 540), (50, 0)), ((60, 40), (0, 1))]
    found = read(tmp_path, dig({"drug": [(60, 40), (110, 75), (172.5, 132.5)]}, axes))
    np.testing.assert_allclose(points(found.curves[0]), DRUG, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "curves"),
    [
        ("x,drug\n0,1\n3.5,0.8\n9.25,0.55\n\nx,placebo\n0,1\n2,0.5\n", {"drug": DRUG, "placebo": PLACEBO}),
        ("x,drug,placebo\n0,1,1\n2,,0.5\n3.5,0.8,\n9.25,0.55,\n", {"drug": DRUG, "placebo": PLACEBO}),
        ("# x, drug\n0, 1\n3.5, 0.8\n9.25, 0.55\n\n\n# x, placebo\n0, 1\n2, 0.5\n", {"drug": DRUG, "placebo": PLACEBO}),
        ("x\tdrug\n0\t1\n3.5\t0.8\n9.25\t0.55\n", {"drug": DRUG}),
        ("x;drug;placebo\n0;1;1\n2;;0,5\n3,5;0,8;\n9,25;0,55;\n", {"drug": DRUG, "placebo": PLACEBO}),
    ],
    ids=["one below the other", "common times", "for gnuplot", "tabs", "decimal commas"],
)
def test_engauge_tables(tmp_path, text, curves):
    same(read(tmp_path, text), "Engauge Digitizer", curves)


def test_engauge_curve_without_points(tmp_path):
    found = read(tmp_path, "x,drug,none\n0,1,\n3.5,0.8,\n9.25,0.55,\n")
    same(found, "Engauge Digitizer", {"drug": DRUG})
    assert found.notes == ("curve 'none' left out: it has no points",)


# DigitizeIt, ScanIt, PlotDigitizer, plain tables.


def test_digitizeit(tmp_path):
    text = "Line 2 x,Line 2 y\r\n0.0E0,1.0E0\r\n3.500000000000E0,8.0E-1\r\n9.25E0,5.5E-1\r\n"
    same(read(tmp_path, text), "DigitizeIt", {"Line 2": DRUG})
    text = "Line 1 x,Line 1 y,Line 2 x,Line 2 y\r\n0,1,0,1\r\n3.5,0.8,2,0.5\r\n9.25,0.55,,\r\n"
    same(read(tmp_path, text), "DigitizeIt", {"Line 1": DRUG, "Line 2": PLACEBO})


def test_scanit(tmp_path):
    text = "         0\t         1\r\n       3.5\t       0.8\r\n      9.25\t      0.55\r\n"
    same(read(tmp_path, text, "arm.txt"), "ScanIt", {"arm": DRUG})


@pytest.mark.parametrize("text", ["x, y\n0,1\n3.5,0.8\n9.25,0.55\n", "x, y\r\n0, 1\r\n3.5, 0.8\r\n9.25, 0.55"], ids=["CSV", "copied"])
def test_plotdigitizer(tmp_path, text):
    same(read(tmp_path, text, "arm.csv"), "PlotDigitizer", {"arm": DRUG})


def test_columns_x_and_y(tmp_path):
    same(read(tmp_path, "x,y\n0,1\n3.5,0.8\n9.25,0.55\n", "arm.csv"), "columns x and y", {"arm": DRUG})


@pytest.mark.parametrize(
    "text",
    [
        "time,survival\n0,1\n3.5,0.8\n9.25,0.55\n",
        "T,S\r\n0.00E+00,1.00E+00\r\n3.50E+00,8.00E-01\r\n9.25E+00,5.5E-01\r\n",
        "\ufefftime;survival\n0;1\n3,5;0,8\n9,25;0,55\n",
        "# clicked twice\nID time survival\n1 0 1\n2 3.5 0.8\n3 9.25 0.55\n",
        "0\t1\n3.5\t0.8\n9.25\t0.55",
    ],
    ids=["names", "DigitizeIt by hand", "BOM and decimal commas", "columns of spaces", "no names"],
)
def test_plain_tables(tmp_path, text):
    same(read(tmp_path, text, "arm.csv"), "two columns, time and survival", {"arm": DRUG})


def test_names_are_put_on_one_line(tmp_path):
    found = read(tmp_path, json.dumps(wpd4(dataset(" drug\n A ", DRUG), dataset("\t", PLACEBO))), "figure 2.json")
    same(found, "WebPlotDigitizer", {"drug A": DRUG, "figure 2": PLACEBO})


def test_curves_of_one_name_are_told_apart(tmp_path):
    found = read(tmp_path, "drug,,drug,\nX,Y,X,Y\n0,1,0,1\n3.5,0.8,2,0.5\n9.25,0.55,,\n")
    assert [arm.label for arm in found.curves] == ["drug", "drug (2)"]


# Patient data.

SUBJECTS = {"treat 1": ([1.5, 2.0], [True, False]), "treat 0": ([0.5], [True])}


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("time,status,treat\n1.5,1,1\n2,0,1\n0.5,1,0\n", "IPDfromKM"),
        ('"","time","status","treat"\n"1",1.5,1,1\n"2",2,0,1\n"3",0.5,1,0\n', "IPDfromKM"),
        ('"time" "status" "treat"\n"1" 1.5 1 1\n"2" 2 0 1\n"3" 0.5 1 0\n', "IPDfromKM"),
        ("treat;time;event\n1;1,5;1\n1;2;0\n0;0,5;1\n", "patient data"),
    ],
    ids=["plain", "write.csv", "write.table", "decimal commas"],
)
def test_patient_data(tmp_path, text, program):
    found = read(tmp_path, text)
    assert (found.program, found.curves) == (program, ())
    assert {arm.label: (arm.time.tolist(), arm.event.tolist()) for arm in found.ipd} == SUBJECTS


def test_patient_data_with_names_of_arms_or_of_one_arm(tmp_path):
    found = read(tmp_path, "time,status,group\n1.5,1,Drug A\n2,0,Drug A\n0.5,1,placebo\n")
    assert (found.program, [arm.label for arm in found.ipd]) == ("KM-PoPiGo", ["Drug A", "placebo"])
    found = read(tmp_path, "time,status\n1.5,1\n2,0\n", "drug.csv")
    assert [(arm.label, arm.n) for arm in found.ipd] == [("drug", 2)]


# KM-PoPiGo.

# the origin lies at pixel (100, 600), the corner (50 months, 1) at (600, 100): 10 pixels a month, 500 for all of survival
POPIGO = {
    "key_point_coordinates": [[135, 200], [192.5, 325], [300, 325]],
    "censoring_time_coordinates": [[250, 325], [150, 200]],
    "coordinate_origin": {"x": 100, "y": 600},
    "axis_limit_coordinates": {"x": 600, "y": 100},
    "time_axis_max_scale": "50",
    "group_name": "drug",
    "at_risk_time_interval": "10",
    "at_risk_numbers": "80 32 0",
    "sample_size": "80",
    "number_of_events": "37",
    "canvas_width": 700,
    "canvas_height": 700,
    "canvas_image_base64": "data:image/png;base64,AAAA",
}
FIRST_NAMES = ("posList", "censorPointList", "zero", "maxY", "maxYtime", "groupname", "timeseq", "atrisk", "total", "events")
FIRST_NAMES = (*FIRST_NAMES, "c_width", "c_height", "canvas")


@pytest.mark.parametrize("names", [POPIGO, FIRST_NAMES], ids=["names of today", "first names"])
def test_popigo(tmp_path, names):
    found = read(tmp_path, json.dumps(dict(zip(names, POPIGO.values(), strict=True))))
    (arm,) = found.curves
    # 35 pixels are 3.5 months, (600 - 200) / 500 = 0.8; 92.5 and 275 / 500 = 0.55; the curve ends flat at 20 months
    assert points(arm) == [(0, 1), (3.5, 1), (3.5, 0.8), (9.25, 0.8), (9.25, 0.55), (20, 0.55)]
    assert (found.program, arm.label, arm.n, arm.total_events) == ("KM-PoPiGo", "drug", 80, 37)
    assert (arm.curve.scale, arm.curve.orientation, arm.censor_times.tolist()) == ("probability", "survival", [5, 15])
    assert (arm.risk.time.tolist(), arm.risk.count.tolist(), found.notes) == ([0, 10, 20], [80, 32, 0], ())


def test_popigo_of_which_little_is_known(tmp_path):
    unknown = dict.fromkeys(("at_risk_numbers", "at_risk_time_interval", "group_name"), "")
    found = read(tmp_path, json.dumps(POPIGO | unknown | {"number_of_events": "0", "censoring_time_coordinates": []}), "fig2.json")
    (arm,) = found.curves
    assert (arm.label, arm.total_events, arm.risk, arm.censor_times, len(found.notes)) == ("fig2", None, None, None, 1)


def test_popigo_end_clicked_below_the_axis_is_0(tmp_path):
    (arm,) = read(tmp_path, json.dumps(POPIGO | {"key_point_coordinates": [[135, 200], [192.5, 603]]})).curves
    assert points(arm)[-1] == (9.25, 0)
    with pytest.raises(StudyFileError, match=r"key_point_coordinates\[0\] = \[135, 640\]: lies off the survival axis"):
        read(tmp_path, json.dumps(POPIGO | {"key_point_coordinates": [[135, 640]]}))


# Files by others.


@pytest.mark.parametrize(
    ("name", "program", "count", "first"),
    [
        ("formats/digitizeit.csv", "DigitizeIt", 2524, (0.2667810343774, 99.78311500758)),
        ("formats/scanit.txt", "ScanIt", 145, (-0.512, 98.9)),
        ("bonner-2006-locoregional/radiotherapy.csv", "two columns, time and survival", 145, (-0.512, 98.9)),
        ("keynote-189-os/placebo.csv", "two columns, time and survival", 96, (0.0, 1.0)),
        ("checkmate-067-s3a/Checkmate_067_S3A_Nivolumab.csv", "two columns, time and survival", 1202, (0.0759, 1.0)),
    ],
)
def test_files_by_others(name, program, count, first):
    if not (EXTERNAL / name).exists():
        pytest.skip(f"{EXTERNAL / name} is not here")
    found = read_digitized(EXTERNAL / name)
    assert (found.program, found.curves[0].curve.time.size, points(found.curves[0])[0]) == (program, count, first)


def test_a_risk_table_is_not_taken_for_curves():
    if not EXTERNAL.exists():
        pytest.skip(f"{EXTERNAL} is not here")
    for name in ("keynote-189-os/risk-table.csv", "bonner-2006-locoregional/risk-table.csv"):
        with pytest.raises(StudyFileError, match="does not name one column time and one survival"):
            read_digitized(EXTERNAL / name)
