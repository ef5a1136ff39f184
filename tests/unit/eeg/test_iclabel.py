"""Components named by ICLabel: simulated eyes are found, and data that the network does not know are refused."""

import mne
import numpy as np
import pytest

from cogmodels.config.study import EegPipeline
from cogmodels.eeg.cleaning import clean_raw
from cogmodels.eeg.ica import fit_ica
from cogmodels.eeg.iclabel import CLASSES, band_for_iclabel, label_components
from cogmodels.errors import DataError
from tests.unit.eeg.viewing import NAMES

RATE = 256.0


def recording(names=NAMES, rate: float = RATE, seconds: int = 12) -> mne.io.RawArray:
    """Noise of smooth fields and sensors, and blinks with the topography of the lids."""
    rng = np.random.default_rng(0)
    n = int(rate * seconds)
    info = mne.create_info(list(names), rate, "eeg")
    info.set_montage("colin27_1005")
    places = np.array([info["chs"][k]["loc"][:3] for k in range(len(names))]) / 0.1
    sources = rng.laplace(0, 6, (8, n))
    centres = places[rng.integers(0, len(names), 8)]
    spread = np.exp(-((places[:, None] - centres[None]) ** 2).sum(axis=2) / 0.5)
    blink = np.zeros(n)
    for onset in np.arange(2, seconds - 2, 3.1):
        at = int(onset * rate)
        blink[at : at + int(0.3 * rate)] += 150 * np.hanning(int(0.3 * rate))
    front = np.exp(-((places - [0, 0.95, 0.0]) ** 2).sum(axis=1) / 0.25)
    data = spread @ sources + np.outer(front, blink) + rng.normal(0, 1.0, (len(names), n))
    return mne.io.RawArray(data * 1e-6, info, verbose="error")


@pytest.fixture(scope="module")
def labelled():
    pytest.importorskip("mne_icalabel")
    raw = band_for_iclabel(clean_raw(recording(seconds=60), l_freq=0.5, h_freq=None))
    ica = fit_ica(raw, method="picard", n_components=10, l_freq=None)
    return raw, ica, label_components(ica, raw)


def test_the_component_of_blinks_is_named_eye(labelled):
    raw, ica, labels = labelled
    blinks = raw.get_data("Fp1")[0]
    sources = ica.get_sources(raw).get_data()
    clearest = np.argmax([abs(np.corrcoef(source, blinks)[0, 1]) for source in sources])
    assert labels["label"][clearest] == "eye"
    assert labels["reason"][clearest] == "eye"
    np.testing.assert_allclose(labels[[f"p_{name}" for name in CLASSES]].sum(axis=1), 1, atol=1e-4)
    assert (labels["reason"] != "").sum() <= 3


def test_only_named_classes_go_and_only_where_they_are_sure(labelled):
    raw, ica, _ = labelled
    assert (label_components(ica, raw, probability=1.01)["reason"] == "").all()
    everything = label_components(ica, raw, classes=CLASSES, probability=0.0)
    assert (everything["reason"] == everything["label"]).all()
    with pytest.raises(DataError, match="class `ear` is unknown"):
        label_components(ica, raw, classes=("ear",))
    with pytest.raises(DataError, match="does not know components of fastica"):
        other = ica.copy()
        other.method = "fastica"
        label_components(other, raw)


def test_a_missing_package_is_named(labelled, monkeypatch):
    raw, ica, _ = labelled
    monkeypatch.setattr("cogmodels.eeg.iclabel.find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"needs the packages `mne-icalabel`.*cogmodels\[icalabel\]"):
        label_components(ica, raw)


@pytest.mark.parametrize(
    ("options", "names", "rate", "message"),
    [
        ({"h_freq": 40.0}, NAMES, RATE, "ends at 40 Hz"),
        ({"l_freq": 2.0}, NAMES, RATE, "begins at 2 Hz"),
        ({"reference": "keep"}, NAMES, RATE, "no average reference"),
        ({}, NAMES[:8], RATE, "8 channels are too few, 16 are needed"),
        ({}, NAMES, 200.0, "200 Hz do not hold frequencies up to 100 Hz"),
    ],
)
def test_data_that_the_network_does_not_know_are_refused(options, names, rate, message):
    raw = clean_raw(recording(names, rate), **({"l_freq": 0.5, "h_freq": None} | options))
    with pytest.raises(DataError, match=f"ICLabel does not know such data: .*{message}"):
        band_for_iclabel(raw)


def test_channels_without_positions_are_refused():
    raw = clean_raw(recording(), l_freq=0.5, h_freq=None)
    raw.info["chs"][3]["loc"][:3] = np.nan
    with pytest.raises(DataError, match="channel F3 has no position"):
        band_for_iclabel(raw)


@pytest.mark.parametrize("options", [{"h_freq": 40.0}, {"l_freq": 2.0, "h_freq": None}, {"reference": "keep"}])
def test_pipelines_without_what_iclabel_needs_are_refused_before_any_job(options):
    with pytest.raises(ValueError, match="eyes `iclabel` needs"):
        EegPipeline(datasets=["a"], eyes="iclabel", **({"h_freq": None} | options))
    assert EegPipeline(datasets=["a"], eyes="iclabel", h_freq=None).iclabel_classes == ["eye"]
