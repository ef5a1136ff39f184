"""Readers of eye trackers' files: what stands in small files comes out, and what cannot be read is refused by line."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.data.bids import read_json, read_tsv
from cogmodels.data.converters import gaze_files
from cogmodels.data.gaze_files import _asc_kernels as kernels
from cogmodels.data.gaze_files.asc import read_asc
from cogmodels.data.gaze_files.bids import trials_of
from cogmodels.data.gaze_files.read import format_of, read_gaze
from cogmodels.data.gaze_files.tables import ColumnMap, read_columns, read_pupil, read_tobii
from cogmodels.errors import DataError

HEAD = [
    "** CONVERTED FROM x.edf",
    "** CAMERA: EyeLink USBCAM Version 1.01",
    "MSG\t90 !CAL VALIDATION HV9 L LEFT  GOOD ERROR 0.27 avg. 0.83 max  OFFSET 0.11 deg. -3.7,2.4 pix.",
    "  227.35 -1.5024  153.47",
    "MSG\t99 GAZE_COORDS 0.00 0.00 1279.00 1023.00",
]


def start(words="LEFT", options="", rate="1000.00"):
    return [
        f"START\t100 \t{words}\tSAMPLES\tEVENTS",
        f"SAMPLES\tGAZE\t{words}\tRATE\t {rate}\tTRACKING\tCR\tFILTER\t2{options}",
    ]


def write(tmp_path, lines, name="a.asc", newline="\n", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(newline.join(lines).encode(encoding) + newline.encode())
    return path


def sample(time, *values, status="..."):
    return "\t".join([str(time), *(f"  {value}" for value in values), status])


def test_asc_of_one_eye(tmp_path):
    lines = [*HEAD, *start(), sample(100, 1.5, -2.0, 300.0), "MSG 101 TRIALID 7", sample(101, ".", ".", 0.0)]
    lines += [sample(102, "1e2", 4, 0.0), "EFIX L   100\t102\t3\t  50.0\t  1.0\t    300", "EBLINK R 101\t101\t1"]
    lines += ["SSACC L 102", "END\t103 \tSAMPLES\tEVENTS\tRES\t  37.17\t  37.75"]
    found = read_asc(write(tmp_path, lines, newline="\r\n"))
    np.testing.assert_allclose(found.times, [0, 0.001, 0.002], atol=1e-12)
    expected = [[1.5, -2.0, 300.0], [np.nan, np.nan, np.nan], [100.0, 4.0, np.nan]]
    np.testing.assert_array_equal(found.eyes["left"], expected)
    assert list(found.eyes) == ["left"]
    assert found.sampling_rate == 1000
    assert found.screen_resolution == (1280, 1024)
    assert found.pixels_per_degree == (37.17, 37.75)
    assert found.header["camera"] == "EyeLink USBCAM Version 1.01"
    assert found.header["blocks_without_end"] == 0
    assert found.events.to_dict("records") == [
        {"eye": "left", "onset": 0.0, "duration": pytest.approx(0.003), "trial_type": "fixation"},
        {"eye": "right", "onset": pytest.approx(0.001), "duration": pytest.approx(0.001), "trial_type": "blink"},
    ]
    calibration = found.calibrations.iloc[0]
    assert calibration[["eye", "type", "quality"]].tolist() == ["left", "HV9", "GOOD"]
    assert calibration[["error_mean_deg", "error_max_deg", "offset_deg", "offset_x_px", "offset_y_px"]].tolist() == [
        0.27, 0.83, 0.11, -3.7, 2.4,
    ]  # fmt: skip
    assert trials_of(found)["trial"].tolist() == ["7"]


def test_asc_of_both_eyes_with_velocity_resolution_and_input(tmp_path):
    values = [1, 2, 3, 4, 5, 6, 10.5, 11.5, 12.5, 13.5, 37.0, 38.0, 127.0]
    lines = [*HEAD, *start("LEFT\tRIGHT", "\tVEL\tRES\tINPUT", "2000.00")]
    lines += [sample("100", *values, status="....."), sample("100.5", *values, status=".C.R.")]
    found = read_asc(write(tmp_path, lines))
    assert found.sampling_rate == 2000
    np.testing.assert_array_equal(found.eyes["left"], [[1, 2, 3]] * 2)
    np.testing.assert_array_equal(found.eyes["right"], [[4, 5, 6]] * 2)
    np.testing.assert_allclose(found.times, [0, 0.0005])
    assert found.header["blocks_without_end"] == 1


def test_asc_of_a_remote_recording_has_distances(tmp_path):
    target = "...\t  4977.0\t  4690.0\t  595.4\t............."
    lost = "...\t  -32768.0\t  -32768.0\t  -32768.0\tM............"
    lines = [*HEAD, *start(options="\tHTARGET"), sample(100, 1, 2, 3, status=target), sample(101, 1, 2, 3, status=lost)]
    found = read_asc(write(tmp_path, lines))
    np.testing.assert_allclose(found.distance_m, [0.5954, np.nan])
    np.testing.assert_array_equal(found.eyes["left"], [[1, 2, 3]] * 2)


def test_asc_eyes_may_change_between_blocks(tmp_path):
    lines = [*HEAD, *start("LEFT"), sample(100, 1, 2, 3), "END\t101 \tSAMPLES", "12.5 3.4 is no sample here"]
    lines += [*start("RIGHT"), sample(200, 4, 5, 6), sample(201, 4, 5, 6), "END\t202 \tSAMPLES"]
    found = read_asc(write(tmp_path, lines))
    np.testing.assert_array_equal(np.isnan(found.eyes["left"][:, 0]), [False, True, True])
    np.testing.assert_array_equal(np.isnan(found.eyes["right"][:, 0]), [True, False, False])
    np.testing.assert_allclose(found.blocks, [[0, 0], [0.1, 0.101]])


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_asc_text_may_be_utf8_or_latin1(tmp_path, encoding):
    lines = [*HEAD, *start(), sample(100, 1, 2, 3), "MSG\t100 gr\u00fc\u00dfe", sample(101, 1, 2, 3)]
    assert "gr\u00fc\u00dfe" in list(read_asc(write(tmp_path, lines, encoding=encoding)).messages["message"])


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ([*HEAD], 5, "no samples"),
        ([*HEAD, *start(), sample(100, 1, 2, 3), "101\t  1.0\t  2."], 9, "ends within a sample"),
        ([*HEAD, *start(), sample(100, 1, 2, 3), "101\t  1.0", sample(102, 1, 2, 3)], 9, "has 2 numbers"),
        ([*HEAD, *start(), sample(100, 1, 2, 3), sample(100, 1, 2, 3)], 9, "time does not increase"),
        ([*HEAD, *start(), sample(100, 1, 2, 3), "EFIX L 100", sample(101, 1, 2, 3)], 9, "no whole event"),
        ([*HEAD, "SAMPLES\tHREF\tLEFT\tRATE\t1000"], 6, "no gaze positions"),
        ([*HEAD, "SAMPLES\tGAZE\tLEFT\tRATE"], 6, "no rate"),
        (["hello", "world"], 1, "no EyeLink text file"),
    ],
)
def test_asc_refuses_with_the_line(tmp_path, lines, line, said):
    path = tmp_path / "bad.asc"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=said) as caught:
        read_asc(path)
    assert f"line {line}" in str(caught.value)


def test_empty_and_missing_files_are_refused(tmp_path):
    (tmp_path / "e.asc").touch()
    for reader in (read_asc, read_tobii, read_pupil):
        with pytest.raises(DataError, match="empty"):
            reader(tmp_path / "e.asc")
        with pytest.raises(DataError, match="does not exist"):
            reader(tmp_path / "none.asc")


@given(st.floats(-1e6, 1e6, allow_nan=False), st.integers(0, 4))
def test_numbers_are_those_of_the_standard_library(value, decimals):
    text = f"{value:.{decimals}f}"
    found, whole = kernels._number(np.frombuffer(text.encode(), np.uint8), 0, len(text))
    assert whole
    assert found == float(text)


@pytest.mark.parametrize("text", ["1.5e+06", "-2e-3", "7."])
def test_numbers_with_exponents(text):
    found, whole = kernels._number(np.frombuffer(text.encode(), np.uint8), 0, len(text))
    assert whole
    assert found == pytest.approx(float(text), rel=1e-15)


@pytest.mark.parametrize("text", [".", "-", "...", "1.5e", "12a", "C.R"])
def test_what_is_no_number(text):
    assert not kernels._number(np.frombuffer(text.encode(), np.uint8), 0, len(text))[1]


# -- tables ----------------------------------------------------------------------------------------------------------

XY = {"time": "t", "cyclopean_x": "x", "cyclopean_y": "y"}


def table(tmp_path, text, name="a.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_by_its_columns(tmp_path):
    text = "t;x;y;p;ok;d\n0;10,5;20;3;1;650\n4;-1;-1;0;1;\n8;11;21;3;0;660\n12;12;22;;1;670\n\n"
    roles = XY | {"cyclopean_pupil": "p", "cyclopean_valid": "ok", "distance": "d"}
    found = read_columns(table(tmp_path, text), ColumnMap(roles, decimal=",", valid=[1], lost=[-1]))
    nan = np.nan
    expected = [[10.5, 20, 3], [nan, nan, nan], [nan, nan, nan], [12, 22, nan]]
    np.testing.assert_array_equal(found.eyes["cyclopean"], expected)
    np.testing.assert_allclose(found.distance_m, [0.65, nan, 0.66, 0.67])
    assert found.sampling_rate == 250


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"coordinates": "fraction"}, (99.5, 24.5)),
        ({"coordinates": "fraction", "origin": "bottom_left"}, (99.5, 74.5)),
        ({"origin": "center"}, (100.0, 49.75)),
        ({"origin": "bottom_left"}, (0.5, 98.75)),
    ],
)
def test_coordinates_become_pixels_from_the_top_left(tmp_path, options, expected):
    path = table(tmp_path, "t,x,y\n0,0.5,0.25\n1,0.5,0.25\n")
    found = read_columns(path, ColumnMap(XY, screen_resolution=(200, 100), **options))
    assert tuple(found.eyes["cyclopean"][0, :2]) == expected
    with pytest.raises(DataError, match="unknown size"):
        read_columns(path, ColumnMap(XY, **options))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("t,x,y\n", 2, "no samples"),
        ("t,x,z\n0,1,2\n", 1, "no column `y`"),
        ("t,x,y\n0,1,2\n1,oops,2\n", 3, "`oops` in column `x` is no number"),
        ("t,x,y\n0,1,2\n0,1,2\n", 3, "time does not increase"),
        ("t,x,y\n0,1,2\n,1,2\n", 3, "without a time"),
        ("t,x,y\n0,1,2\n", None, "1 samples: too few"),
        ("t,x,y\n0,1,2\n1,2,3,4,5,6\n2,1,2\n", 3, "6 fields under a header of 3"),
        ("t,x,y\n0,1,2\n1,2,3\n2,3", 4, "ends within a row"),
    ],
)
def test_tables_refuse_with_the_line(tmp_path, text, line, said):
    with pytest.raises(DataError, match=said) as caught:
        read_columns(table(tmp_path, text), ColumnMap(XY))
    assert line is None or f"line {line}" in str(caught.value)


def test_a_map_needs_time_and_an_eye(tmp_path):
    path = table(tmp_path, "t,x,y\n0,1,2\n1,1,2\n")
    for roles in ({"time": "t"}, {"time": "t", "left_x": "x"}, {"left_x": "x", "left_y": "y"}):
        with pytest.raises(DataError, match="map of columns"):
            read_columns(path, ColumnMap(roles))


def test_tobii_pro_lab(tmp_path):
    names = ["Recording timestamp [\u03bcs]", "Sensor", "Recording resolution width", "Recording resolution height"]
    names += ["Gaze point left X [MCS px]", "Gaze point left Y [MCS px]", "Validity left", "Pupil diameter left [mm]"]
    names += ["Eye position left Z [DACS mm]", "Event"]
    rows = [
        "0\t\t1920\t1080\t\t\t\t\t\tRecordingStart",
        "1000\tEye Tracker\t1920\t1080\t960,5\t540\tValid\t3,25\t650\t",
        "1000\tMouse\t1920\t1080\t\t\t\t\t\t",
        "4333\tEye Tracker\t1920\t1080\t961\t541\tInvalid\t3,5\t650\t",
        "7667\tEye Tracker\t1920\t1080\t962\t542\tValid\t3,5\t652\t",
    ]
    path = table(tmp_path, "\t".join(names) + "\n" + "\n".join(rows) + "\n", "a.tsv")
    assert format_of(path) == "tobii"
    found = read_gaze(path)
    np.testing.assert_array_equal(found.eyes["left"][0], [960.5, 540, 3.25])
    assert np.isnan(found.eyes["left"][1]).all()
    assert found.sampling_rate == pytest.approx(300, rel=1e-3)
    assert found.screen_resolution == (1920, 1080)
    np.testing.assert_allclose(found.distance_m, [0.65, 0.65, 0.652])
    assert found.messages.to_dict("records") == [{"onset": pytest.approx(-0.001), "message": "RecordingStart"}]


def test_tobii_studio(tmp_path):
    names = (
        "RecordingTimestamp\tGazePointLeftX (ADCSpx)\tGazePointLeftY (ADCSpx)\tValidityLeft\tGazePointRightX (ADCSpx)"
    )
    names += "\tGazePointRightY (ADCSpx)\tValidityRight"
    path = table(tmp_path, names + "\n0\t1\t2\t0\t3\t4\t4\n8\t1\t2\t0\t3\t4\t0\n", "s.tsv")
    found = read_tobii(path)
    assert list(found.eyes) == ["left", "right"]
    assert np.isnan(found.eyes["right"][0]).all()
    assert found.eyes["right"][1, 0] == 3


def test_pupil_labs(tmp_path):
    gaze = table(
        tmp_path,
        "gaze_timestamp,world_index,confidence,norm_pos_x,norm_pos_y\n10.0,0,0.9,0.5,0.75\n10.01,0,0.5,0.5,0.75\n",
        "gaze_positions.csv",
    )
    assert format_of(gaze) == "pupil"
    found = read_gaze(gaze, screen_resolution=(1280, 720))
    np.testing.assert_allclose(found.eyes["cyclopean"][0, :2], [639.5, 179.5])
    assert np.isnan(found.eyes["cyclopean"][1]).all()
    with pytest.raises(DataError, match="unknown size"):
        read_gaze(gaze)
    neon = table(
        tmp_path,
        "section id,timestamp [ns],gaze x [px],gaze y [px],worn\na,0,800,600,1\na,5000000,801,601,0\n",
        "gaze.csv",
    )
    found = read_pupil(neon)
    assert found.sampling_rate == 200
    np.testing.assert_array_equal(found.eyes["cyclopean"][0, :2], [800, 600])
    assert np.isnan(found.eyes["cyclopean"][1, 0])
    surface = table(tmp_path, "gaze_timestamp,x_norm,y_norm,confidence\n0,0,1,1\n1,1,0,1\n", "gaze_on_surface.csv")
    np.testing.assert_allclose(read_pupil(surface, (100, 50)).eyes["cyclopean"][:, :2], [[-0.5, -0.5], [99.5, 49.5]])


def test_other_tables_are_not_guessed_at(tmp_path):
    path = table(tmp_path, "a,b\n1,2\n", "x.csv")
    for read in (read_tobii, read_pupil):
        with pytest.raises(DataError, match="no known"):
            read(path)
    with pytest.raises(DataError, match="neither name nor contents"):
        read_gaze(path)
    with pytest.raises(DataError, match="no format `smi`"):
        read_gaze(path, "smi")


# -- the converter -----------------------------------------------------------------------------------------------------

OPTIONS = {
    "files": "p{subject}_{run}.csv", "format": "columns", "task": "look", "columns": XY, "time_unit": "ms",
    "coordinates": "px", "origin": "top_left", "valid": None, "valid_from": None, "lost": [], "separator": None,
    "decimal": ".", "confidence": 0.6, "trial_start": "TRIALID", "trial_end": "TRIAL_RESULT",
    "screen": {"width_px": 100, "height_px": 50, "width_m": 0.4, "height_m": 0.2, "distance_m": 0.6},
    "title": "Mine", "description": "Two files", "licence": "none stated",
}  # fmt: skip


def test_files_of_ones_own_become_bids(tmp_path):
    source, root = tmp_path / "source", tmp_path / "bids"
    source.mkdir()
    for name in ("p1_1.csv", "p1_2.csv", "p2_1.csv", "notes.csv"):
        table(source, "t,x,y\n0,1,2\n2,1,2\n", name)
    gaze_files.describe(source, root, OPTIONS)
    written = gaze_files.convert(source, root, "1", OPTIONS)
    physio = [path for path in written if path.name.endswith("_physio.tsv.gz")]
    assert [path.name for path in physio] == [
        f"sub-1_task-look_run-{run}_recording-eye1_physio.tsv.gz" for run in (1, 2)
    ]
    assert read_json(root / "dataset_description.json")["Name"] == "Mine"
    assert read_tsv(root / "participants.tsv")["participant_id"].tolist() == ["sub-1", "sub-2"]
    screen = read_json(physio[0].with_name("sub-1_task-look_run-1_events.json"))["StimulusPresentation"]
    assert screen["ScreenResolution"] == [100, 50]
    with pytest.raises(DataError, match="no file of subject 3"):
        gaze_files.convert(source, root, "3", OPTIONS)


def test_a_screen_unlike_the_files_is_refused(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    write(source, [*HEAD, *start(), sample(100, 1, 2, 3), sample(101, 1, 2, 3)], "p1.asc")
    with pytest.raises(DataError, match="1280 x 1024 px"):
        gaze_files.convert(source, tmp_path / "b", "1", OPTIONS | {"files": "p{subject}.asc", "format": None})


def test_trials_without_messages_are_one(tmp_path):
    file = read_asc(write(tmp_path, [*HEAD, *start(), sample(100, 1, 2, 3), sample(101, 1, 2, 3)]))
    assert trials_of(file)[["onset", "duration", "trial"]].values.tolist() == [[0.0, 0.002, "1"]]
    assert isinstance(trials_of(file), pd.DataFrame)
