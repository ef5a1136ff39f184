"""ICA guided by gaze: eyes out, brain in, both known since simulated apart."""

import mne
import numpy as np
import pytest

from cogmodels.eeg.ica import component_scores, fit_ica, remove_by_regression, remove_components
from cogmodels.errors import DataError
from cogmodels.simulate.eeg import EYE_CHANNELS
from cogmodels.simulate.viewing_eeg import ViewingEeg
from tests.unit.eeg.viewing import RATE, viewing

# Few enough channels that 200 s are a hundred samples for each weight: fitting takes ten seconds.
NAMES = [
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "Oz", "O2",
]  # fmt: skip
SECONDS = 200.0


def recording(data: np.ndarray, names: list[str] = NAMES) -> mne.io.RawArray:
    info = mne.create_info([*names, *EYE_CHANNELS], RATE, ["eeg"] * len(names) + ["eog"] * 2)
    raw = mne.io.RawArray(np.vstack([data[: len(names)], data[-2:]]), info, verbose="error")
    return raw.set_eeg_reference("average", projection=False, verbose="error")


@pytest.fixture(scope="module")
def simulated() -> ViewingEeg:
    return viewing(0, SECONDS, NAMES)


def saccade_samples(simulated: ViewingEeg) -> np.ndarray:
    at, mask = np.arange(simulated.data.shape[1]) / RATE, np.zeros(simulated.data.shape[1], bool)
    for onset, duration in simulated.saccades.to_numpy():
        mask |= (at >= onset - 0.01) & (at <= onset + duration + 0.02)
    return mask


def evoked(data: np.ndarray, simulated: ViewingEeg) -> np.ndarray:
    starts = np.rint(simulated.fixations["onset"].to_numpy() * RATE).astype(int)
    starts = starts[(starts > 20) & (starts < data.shape[1] - 100)]
    return np.mean([data[:, start : start + 80] for start in starts], axis=0)


def fate(clean, simulated: ViewingEeg) -> tuple[float, float, float]:
    """Share of the eyes' variance around saccades that is removed; of the evoked response, the amplitude that is kept
    (regression of what is left on what was) and the share of its variance that is right.

    ``clean`` is affine in the data, so a part's own fate is what taking it out of the data changes.
    """
    whole = clean(simulated.data)
    left = (whole - clean(simulated.data - simulated.eyes))[: len(NAMES)]
    mask = saccade_samples(simulated)
    eyes = simulated.eyes[: len(NAMES)] - simulated.eyes[: len(NAMES)].mean(axis=0)
    removed = 1 - left[:, mask].var(axis=1).sum() / eyes[:, mask].var(axis=1).sum()
    brain = np.zeros_like(simulated.data)
    brain[: len(NAMES)] = simulated.brain[: len(NAMES)]
    kept = evoked((whole - clean(simulated.data - brain))[: len(NAMES)], simulated)
    true = evoked(simulated.brain[: len(NAMES)], simulated)
    amplitude = (kept * true).sum() / (true**2).sum()
    return float(removed), float(amplitude), float(1 - ((kept - true) ** 2).sum() / (true**2).sum())


@pytest.mark.slow
@pytest.mark.parametrize(("method", "least_kept"), [("picard", 0.95), ("infomax", 0.9)])
def test_gaze_guided_ica_removes_the_eyes_and_keeps_the_brain(simulated, method, least_kept):
    raw = recording(simulated.data)
    ica = fit_ica(raw, method=method, saccades=simulated.saccades["onset"].to_numpy())
    fixations = simulated.fixations.assign(duration=0.2)
    scores = component_scores(ica, raw.copy().pick("eeg"), saccades=simulated.saccades, fixations=fixations)
    assert scores["eog_correlation"].isna().all()
    rejected = scores["component"][scores["reason"] != ""].tolist()
    assert 2 <= len(rejected) <= 8
    # Horizontal and vertical movements and the spike stand out from the rest.
    ratio = np.sort(scores["variance_ratio"])[::-1]
    assert ratio[2] > 1.4
    assert ratio[8] < 1.15
    removed, kept, _ = fate(lambda data: remove_components(recording(data), ica, rejected).get_data(), simulated)
    assert removed >= 0.90
    # Infomax is still on its way after MNE's 500 iterations.
    assert kept >= least_kept


def test_regression_on_the_eog_removes_the_eyes(simulated):
    removed, *_ = fate(lambda data: remove_by_regression(recording(data)).get_data(), simulated)
    assert removed > 0.8


def test_regression_on_gaze_leaves_blinks_alone(simulated):
    raw = recording(simulated.data)
    eyes = raw.get_data(picks=EYE_CHANNELS)
    eyes[:, 4000:4200] = np.nan
    gaze = mne.io.RawArray(eyes, mne.create_info(["gaze_x", "gaze_y"], RATE, "eyegaze"), verbose="error")
    raw.add_channels([gaze], force_update_info=True)
    cleaned = remove_by_regression(raw, predictors=["gaze_x", "gaze_y"])
    assert np.isfinite(cleaned.get_data("eeg")).all()
    np.testing.assert_array_equal(cleaned.get_data("eeg")[:, 4000:4200], raw.get_data("eeg")[:, 4000:4200])
    assert cleaned.get_data("Fp1").std() < 0.5 * raw.get_data("Fp1").std()


def test_steps_that_the_data_do_not_support_are_refused(simulated):
    raw = recording(simulated.data)
    with pytest.raises(DataError, match="4 EEG channels do not separate brain from eyes"):
        fit_ica(recording(simulated.data, NAMES[:4]))
    with pytest.raises(DataError, match="6000 good samples for 19 components, 7220 are needed.*`n_components` to 17"):
        fit_ica(raw.copy().crop(0, 29.995))
    few = fit_ica(raw.copy().crop(0, 29.995), n_components="enough")
    assert few.n_components_ == 10  # 6000 samples, 60 a weight
    with pytest.raises(DataError, match="none of 1 saccades is in good data"):
        fit_ica(raw, saccades=np.array([1e4]))
    with pytest.raises(DataError, match="method `fastica`"):
        fit_ica(raw, method="fastica")
    with pytest.raises(DataError, match="there is no channel gaze_x"):
        remove_by_regression(raw, predictors=["gaze_x"])
    with pytest.raises(DataError, match="no EOG channel to regress on"):
        remove_by_regression(raw.copy().pick("eeg"))
    with pytest.raises(DataError, match="cannot be judged without"):
        component_scores(None, raw, saccades=simulated.saccades)
