"""Quality of five trackers' recordings as ETDQualitizer 1.2.0 measures it, every column of the reference table."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.gaze_files.tables import ColumnMap, read_columns
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.quality import bcea, moving_window, quality, rms_s2s, std, validate
from cogmodels.gaze.recording import Recording, Screen

SCREEN = Screen((1920, 1080), (0.528, 0.2969997253417969), 0.65)
# Mean over the nine targets of accuracy, RMS-S2S, STD, BCEA; of all samples RMS-S2S, with the median, median of 200-ms
# windows, STD, BCEA, loss in percent, effective rate.
EXPECTED = {
    ("EyeLink_1000+_binocular_1000Hz", "left"): (
        0.977300, 0.055037, 0.109215, 0.030754, 0.07190293741, 0.04647402107, 0.05539816157, 10.66339058, 343.246419,
        0, 1000,
    ),
    ("EyeLink_1000+_binocular_1000Hz", "right"): (
        1.240324, 0.058015, 0.121910, 0.041649, 0.07283893327, 0.04891951257, 0.05882751404, 10.31271885, 317.0196729,
        0, 1000,
    ),
    ("EyeLink_1000+_right_1000Hz", "right"): (
        1.035020, 0.060314, 0.103001, 0.029883, 0.07935640601, 0.05145678339, 0.06104231368, 10.9069092, 350.6356363,
        0, 1000,
    ),
    ("SMI_RED500_500Hz", "left"): (
        0.991846, 0.177196, 0.675245, 1.547430, 0.251266307, 0.062896179, 0.1220602093, 10.68855765, 331.2671857,
        0, 484.3140894,
    ),
    ("SMI_RED500_500Hz", "right"): (
        1.228716, 0.143931, 0.660365, 1.345849, 0.2165584687, 0.05564361609, 0.1116375446, 10.80360672, 345.5764971,
        0, 484.3140894,
    ),
    ("Tobii_Spectrum_120Hz", "left"): (
        0.623780, 0.087279, 0.100437, 0.031830, 0.370635315, 0.06133518528, 0.08533529716, 10.02717699, 286.4763709,
        0, 119.9991605,
    ),
    ("Tobii_Spectrum_120Hz", "right"): (
        0.668856, 0.100045, 0.096757, 0.032596, 0.3642562143, 0.05993804591, 0.08383186214, 10.00919599, 278.5362933,
        0.03984063745, 119.9513521,
    ),
    ("Tobii_Spectrum_600Hz", "left"): (
        0.406565, 0.073150, 0.091571, 0.027394, 0.1094085321, 0.05455382652, 0.07473517149, 10.6253383, 330.7570645,
        0.01543328961, 599.9078817,
    ),
    ("Tobii_Spectrum_600Hz", "right"): (
        0.636077, 0.095675, 0.127336, 0.052600, 0.1287837879, 0.05764132199, 0.08677544315, 10.44265946, 313.0957805,
        0.2546492785, 598.4725846,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "eye"), EXPECTED)
def test_quality_of_real_recordings(mirror, name, eye):
    path = mirror / f"etdq/example/data/{name}.tsv"
    roles = {"time": "timestamp", f"{eye}_x": f"{eye}_x", f"{eye}_y": f"{eye}_y"}
    file = read_columns(path, ColumnMap(roles, origin="center", screen_resolution=(1920, 1080)))
    nominal = float(name.rsplit("_", 1)[1].removesuffix("Hz"))
    recording = Recording(
        time=file.times, x=file.eyes[eye][:, 0], y=file.eyes[eye][:, 1], sampling_rate=nominal, screen=SCREEN
    )
    samples = pd.read_csv(path, sep="\t")
    shown = samples[samples["target_id"] > 0].groupby("target_id").agg(["first", "last"])
    start = samples["timestamp"].iloc[0]
    onset = (shown["timestamp", "first"] - start) / 1000
    targets = pd.DataFrame(
        {
            "onset": onset,
            "duration": (shown["timestamp", "last"] - start) / 1000 - onset + 0.5 / nominal,
            "x": shown["tar_x", "first"] + 959.5,
            "y": shown["tar_y", "first"] + 539.5,
        }
    )
    found = validate(recording, targets)[["accuracy_deg", "rms_s2s_deg", "std_deg", "bcea_deg2"]].mean().tolist()
    azimuth, elevation = gaze_degrees(recording, "fick")
    windows = moving_window(azimuth, elevation, int(0.2 * nominal))
    whole = quality(recording)
    found += [rms_s2s(azimuth, elevation), rms_s2s(azimuth, elevation, average="median"), np.nanmedian(windows)]
    found += [std(azimuth, elevation), bcea(azimuth, elevation), 100 * whole["data_loss"], whole["effective_rate"]]
    expected = EXPECTED[name, eye]
    np.testing.assert_allclose(found[:4], expected[:4], atol=6e-7)
    np.testing.assert_allclose(found[4:], expected[4:], rtol=2e-9, atol=1e-12)
    assert whole["rms_s2s_window_deg"] == pytest.approx(np.nanmedian(windows))


def test_pauses_count_as_loss_against_what_is_expected(mirror):
    path = mirror / "etdq/example/data/SMI_RED500_500Hz.tsv"
    roles = {"time": "timestamp", "left_x": "left_x", "left_y": "left_y"}
    file = read_columns(path, ColumnMap(roles, origin="center", screen_resolution=(1920, 1080)))
    recording = Recording(
        time=file.times, x=file.eyes["left"][:, 0], y=file.eyes["left"][:, 1], sampling_rate=500.0, screen=SCREEN
    )
    found = quality(recording)
    assert found["duration_s"] == pytest.approx(21.667757, abs=1e-6)
    assert found["loss_from_expected"] == pytest.approx(0.03137182127, rel=1e-6)
    assert found["data_loss"] == 0
