"""autoreject within the folds of decoders: what training epochs say, and what test epochs do not."""

import autoreject
import mne
import numpy as np
import pandas as pd
import pytest

from cogmodels.config.load import load_study
from cogmodels.data.tables import EpochAxes, Responses
from cogmodels.decoding.epoch_plan import EpochPlan
from cogmodels.decoding.epochs import train_epochs
from cogmodels.decoding.linear import train_subjects
from cogmodels.eeg.fold_rejection import epochs_of, fit_rejection
from cogmodels.eeg.rejection import CONSENSUS, FOLDS
from cogmodels.eeg.time_decoding import decode_over_time
from cogmodels.errors import ConfigError, DataError
from tests.unit.eeg.test_eeg_steps import smooth
from tests.unit.eeg.viewing import NAMES

CHANNELS, TIMES = NAMES[-16:], 20
TRAIN, TEST = np.arange(16), np.arange(16, 24)


def person(seed: int = 0, n: int = 24) -> tuple[pd.DataFrame, np.ndarray]:
    """Trials of three runs, two labels, and epochs (n, 16, 20; uV) in which one label has a response at O1 to Oz."""
    values = smooth(n * TIMES, seed, CHANNELS).reshape(16, n, TIMES).transpose(1, 0, 2).copy()
    label = np.tile(["a", "b"], n // 2)
    values[label == "a", -3:, 8:] += 12.0
    trials = pd.DataFrame({
        "subject": f"{seed:02d}", "session": None, "run": np.repeat(["1", "2", "3"], n // 3), "trial": np.arange(n),
        "stimulus": label, "label": label, "split": "none",
    })  # fmt: skip
    return trials, values.astype(np.float32)


def broken(values: np.ndarray, epoch: int, channels=slice(None), size: float = 2000.0) -> np.ndarray:
    changed = values.copy()
    changed[epoch, channels, 10:] += size
    return changed


def axes() -> EpochAxes:
    return EpochAxes(CHANNELS, ["eeg"] * 16, [k / 100 for k in range(TIMES)])


def test_limits_are_autorejects_own():
    values = broken(person()[1], 3)[TRAIN]
    info = mne.create_info(CHANNELS, 1.0, "eeg").set_montage("colin27_1005")
    epochs = mne.EpochsArray(values.astype(float) * 1e-6, info, verbose="error")
    limit = autoreject.get_rejection_threshold(epochs, random_state=0, ch_types=["eeg"], cv=FOLDS, verbose=False)
    assert fit_rejection(values, CHANNELS, method="global").limits == pytest.approx(np.full(16, limit["eeg"] * 1e6))
    own = autoreject.AutoReject(
        n_interpolate=np.array([1, 4, 8]), consensus=np.array(CONSENSUS), cv=FOLDS, picks=np.arange(16), random_state=0,
        n_jobs=1, verbose=False,
    ).fit(epochs)  # fmt: skip
    found = fit_rejection(values, CHANNELS, method="local")
    assert found.limits == pytest.approx([own.threshes_[name] * 1e6 for name in CHANNELS])
    # Repairs of training epochs are autoreject's too, and so is which of them go.
    theirs, log = own.transform(epochs, return_log=True)
    repaired, kept = found.apply(values, drop=True)
    np.testing.assert_array_equal(~kept, log.bad_epochs)
    assert not kept[3]
    np.testing.assert_allclose(repaired[kept], theirs.get_data() * 1e6, atol=1e-4)


def test_test_epochs_are_repaired_and_never_go():
    truth = person()[1]
    values = broken(broken(truth, 20, 5), 22)
    found = fit_rejection(values[TRAIN], CHANNELS, method="local")
    repaired, kept = found.apply(values[TEST], drop=False)
    assert kept.all()
    # One channel of epoch 20 is brought back by its neighbours.
    assert np.abs(repaired[4, 5] - truth[20, 5]).max() < 10
    untouched = np.setdiff1d(np.arange(8), [4, 6])
    assert np.mean(repaired[untouched] == values[TEST][untouched]) > 0.7
    # One limit for all repairs nothing.
    whole, kept = fit_rejection(values[TRAIN], CHANNELS, method="global").apply(values[TEST], drop=False)
    assert kept.all()
    np.testing.assert_array_equal(whole, values[TEST])


@pytest.mark.parametrize("protocol", ["leave_one_run_out", "leave_one_subject_out"])
@pytest.mark.parametrize("method", ["global", "local"])
def test_test_epochs_change_nothing_in_training(method, protocol):
    across = protocol == "leave_one_subject_out"
    people = [person(seed) for seed in range(3 if across else 1)]
    people[0] = (people[0][0], broken(people[0][1], 2))
    options = {
        "model": "ridge_classifier", "grid": [10.0, 1e3], "protocol": protocol, "rejection": method,
        "folds": ["sub-02"] if across else ["run-3"],
    }  # fmt: skip

    def run(people):
        flat = [(trials, values.reshape(len(values), -1), axes()) for trials, values in people]
        return train_subjects(flat, None, None, **options)

    first = run(people)
    trials, values = people[-1]
    other = values.copy()
    other[TEST] = 3 * np.roll(other[TEST], 5, axis=2) + 40
    if across:
        other = 3 * np.roll(values, 5, axis=2) + 40
    second = run([*people[:-1], (trials, other)])
    assert first.weights.keys() == second.weights.keys()
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, second.weights[name])
    pd.testing.assert_frame_equal(first.choices, second.choices)
    assert first.choices["rejected"].iloc[0] >= 1
    # Every test trial is predicted.
    assert len(first.predictions) == len(second.predictions) == (24 if across else 8)


def test_training_without_what_was_rejected_is_training_without_it():
    trials, values = person()
    options = {"model": "ridge_classifier", "grid": [10.0], "protocol": "leave_one_run_out", "folds": ["run-3"]}
    flat = broken(values, 2).reshape(24, -1)
    found = train_subjects([(trials, flat, axes())], None, None, rejection="global", **options)
    limit = found.choices["limit_uv"].iloc[0]
    kept = (np.ptp(broken(values, 2), axis=2) <= limit).all(axis=1) | (trials["run"] == "3").to_numpy()
    assert not kept[2]
    by_hand = train_subjects([(trials[kept].reset_index(drop=True), flat[kept])], None, None, **options)
    for name, array in by_hand.weights.items():
        np.testing.assert_array_equal(array, found.weights[name])


def test_networks_and_classifiers_of_new_people_reject_in_their_folds(tmp_path):
    people = [person(seed) for seed in range(3)]

    def run(last):
        tables = [
            Responses(trials, values.reshape(24, -1), axes())
            for trials, values in [(people[0][0], broken(people[0][1], 2)), people[1], (people[2][0], last)]
        ]
        return train_epochs(
            tables,
            EpochPlan("lda", rejection="global", options={"lda": {"windows": 10}}),
            folds=["sub-02"],
            folder=tmp_path,
        )

    first, second = run(people[2][1]), run(broken(people[2][1], 5, size=4000.0))
    assert first.choices["rejected"].iloc[0] >= 1
    pd.testing.assert_frame_equal(first.choices, second.choices)
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, second.weights[name])
    assert len(first.predictions) == 24


def test_decoding_over_time_learns_limits_in_each_fold():
    trials, values = person()
    values, labels = values.astype(float), trials["label"].to_numpy()
    given = {"folds": 3, "channels": CHANNELS}
    clean = decode_over_time(values, labels, **given)
    np.testing.assert_array_equal(decode_over_time(values, labels, rejection="none", **given), clean)
    scores = decode_over_time(broken(values, 2), labels, rejection="global", **given)
    spoilt = decode_over_time(broken(values, 2), labels, **given)
    assert scores[12:].mean() > spoilt[12:].mean() + 0.05


def test_what_is_no_eeg_is_refused():
    trials, values = person()
    options = {"model": "ridge_classifier", "grid": [10.0], "protocol": "leave_one_run_out", "rejection": "global"}
    flat = values.reshape(24, -1)
    with pytest.raises(DataError, match="subject 00, fold run-1: the responses are no epochs"):
        train_subjects([(trials, flat)], None, None, **options)
    csd = EpochAxes(CHANNELS, ["csd"] * 16, axes().times)
    with pytest.raises(DataError, match="hold channels of type csd"):
        train_subjects([(trials, flat, csd)], None, None, **options)
    with pytest.raises(DataError, match="8 training epochs do not set limits, 10 are needed"):
        fit_rejection(values[:8], CHANNELS, method="local")
    with pytest.raises(DataError, match="1 have none, other among them"):
        fit_rejection(values, [*CHANNELS[:-1], "other"], method="local")
    assert epochs_of(values, CHANNELS).ch_names == CHANNELS


def test_config_refuses_rejection_of_what_has_no_amplitudes():
    config = {
        "datasets": ["a"],
        "pipelines": {"p": {"modality": "eeg", "datasets": ["a"]}},
        "experiments": {"e": {"dataset": "a", "pipeline": "p", "rejection": "local"}},
    }
    load_study(config, "here")
    config["pipelines"]["p"]["current_source_density"] = True
    with pytest.raises(ConfigError, match="`rejection` judges amplitudes of EEG"):
        load_study(config, "here")
    config["pipelines"]["p"] |= {"time_decoding": {"x": {"classes": {"a": ["a"], "b": ["b"]}, "rejection": "global"}}}
    with pytest.raises(ConfigError, match="`rejection` of `time_decoding`"):
        load_study(config, "here")
