"""The three tables: what a model must not see is refused."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.predictions import read_predictions, read_weights, write_predictions, write_weights
from cogmodels.data.tables import (
    Features,
    Responses,
    collect_responses,
    map_responses,
    read_features,
    read_fixations,
    read_responses,
    trials_of_events,
    write_features,
    write_fixations,
    write_responses,
)
from cogmodels.errors import DataError
from cogmodels.files import digest

EVENTS = pd.DataFrame(
    {"onset": [0.0, 4.0], "duration": 2.0, "trial_type": ["face", "house"], "stimulus_id": ["s1", "s2"]}
)


def responses():
    rng = np.random.default_rng(0)
    parts = [(trials_of_events(EVENTS, "01", None, run), rng.normal(size=(2, 5))) for run in ("01", "02")]
    return collect_responses(parts)


def fixations():
    return pd.DataFrame({
        "subject": "01", "trial": [0, 0, 1], "stimulus": "a", "index": [0, 1, 0], "onset": [0.0, 0.3, 0.1],
        "duration": 0.2, "x": [1.0, 2.0, 3.0], "y": 5.0, "target": None, "found": None,
    })  # fmt: skip


def test_mapped_responses_are_those_of_the_table_and_stay_on_disk(tmp_path):
    many = pd.DataFrame({"onset": np.arange(1500.0), "duration": 2.0, "trial_type": "face"})
    table = collect_responses([(trials_of_events(many, "01"), np.random.default_rng(0).normal(size=(1500, 5)))])
    write_responses(tmp_path / "many.parquet", table)
    mapped = map_responses(tmp_path / "many.parquet", tmp_path / "mapped")
    assert isinstance(mapped.values, np.memmap)
    assert {file.name for file in (tmp_path / "mapped").iterdir()} == {"many.npy"}
    np.testing.assert_array_equal(mapped.values, table.values)
    pd.testing.assert_frame_equal(mapped.trials, read_responses(tmp_path / "many.parquet").trials)
    with pytest.raises(DataError, match="does not exist"):
        map_responses(tmp_path / "none.parquet", tmp_path)
    write_features(tmp_path / "f.parquet", Features("f", ["a"], np.ones((1, 3))))
    with pytest.raises(DataError, match="column `response` is missing"):
        map_responses(tmp_path / "f.parquet", tmp_path)


def test_mapping_refuses_what_reading_refuses(tmp_path, monkeypatch):
    table = responses()
    monkeypatch.setattr("cogmodels.data.tables.check_responses", lambda *_: None)
    write_responses(tmp_path / "nan.parquet", Responses(table.trials, np.where(table.values > 1, np.nan, table.values)))
    write_responses(tmp_path / "twice.parquet", Responses(table.trials.assign(trial=0), table.values))
    monkeypatch.undo()
    with pytest.raises(DataError, match="not finite"):
        map_responses(tmp_path / "nan.parquet", tmp_path / "mapped")
    with pytest.raises(DataError, match="comes twice"):
        map_responses(tmp_path / "twice.parquet", tmp_path / "mapped")


def test_responses_come_back_with_the_same_bytes(tmp_path):
    for name in ("a.parquet", "b.parquet"):
        write_responses(tmp_path / name, responses())
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")
    back = read_responses(tmp_path / "a.parquet")
    np.testing.assert_array_equal(back.values, responses().values)
    assert list(back.trials["run"]) == ["01", "01", "02", "02"]
    assert list(back.trials["stimulus"]) == ["s1", "s2", "s1", "s2"]
    assert back.trials["session"].isna().all()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda trials, values: (trials.drop(columns="split"), values), "column `split` is missing"),
        (lambda trials, values: (trials.assign(split="tst"), values), "split `tst` is unknown"),
        (lambda trials, values: (trials.assign(trial=0), values), "trial 0 of run 01 comes twice"),
        (lambda trials, values: (trials, values[:3]), "4 trials but values of shape"),
        (
            lambda trials, values: (trials, np.where(values == values[1, 0], np.nan, values)),
            r"first: run 01, trial 1\)",
        ),
        (lambda trials, values: (trials.iloc[:0], values[:0]), "no trials"),
    ],
)
def test_wrong_responses_are_refused(tmp_path, change, expected):
    table = responses()
    with pytest.raises(DataError, match=expected):
        write_responses(tmp_path / "r.parquet", Responses(*change(table.trials, table.values)))
    assert not (tmp_path / "r.parquet").exists()


def test_a_damaged_table_is_named(tmp_path):
    write_responses(tmp_path / "r.parquet", responses())
    content = (tmp_path / "r.parquet").read_bytes()
    (tmp_path / "r.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        read_responses(tmp_path / "r.parquet")
    with pytest.raises(DataError, match="does not exist"):
        read_responses(tmp_path / "none.parquet")


def test_runs_of_different_widths_are_refused():
    trials = trials_of_events(EVENTS, "01", None, "1")
    with pytest.raises(DataError, match=r"different numbers of features: \[3, 5\]"):
        collect_responses([(trials, np.ones((2, 5))), (trials, np.ones((2, 3)))])


def test_trials_without_stimulus_take_their_label():
    trials = trials_of_events(EVENTS.drop(columns="stimulus_id"), "01")
    assert list(trials["stimulus"]) == ["face", "house"]
    with pytest.raises(DataError, match="neither stimulus nor condition"):
        trials_of_events(EVENTS[["onset", "duration"]], "01")


def test_features_come_back_and_repeated_stimuli_are_refused(tmp_path):
    features = Features("latent", ["a", "b"], np.eye(2))
    write_features(tmp_path / "latent.parquet", features)
    back = read_features(tmp_path / "latent.parquet")
    assert (back.name, back.stimuli) == ("latent", ["a", "b"])
    np.testing.assert_array_equal(back.values, np.eye(2))
    with pytest.raises(DataError, match="2 feature vectors for 1 stimuli"):
        write_features(tmp_path / "x.parquet", Features("latent", ["a", "a"], np.eye(2)))


def test_fixations_come_back(tmp_path):
    write_fixations(tmp_path / "f.parquet", fixations())
    back = read_fixations(tmp_path / "f.parquet")
    assert list(back["index"]) == [0, 1, 0]
    assert back["target"].isna().all()


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("index", [0, 2, 0], "not numbered 0, 1, 2"),
        ("duration", [0.2, 0.0, 0.2], "duration 0.0"),
        ("x", [1.0, np.nan, 2.0], "fixation 1 of trial 0"),
    ],
)
def test_wrong_fixations_are_refused(tmp_path, column, values, expected):
    with pytest.raises(DataError, match=expected):
        write_fixations(tmp_path / "f.parquet", fixations().assign(**{column: values}))


@pytest.mark.parametrize("predicted", [["a", "b", "a", "b"], list(np.arange(12.0, dtype=np.float32).reshape(4, 3))])
def test_predictions_come_back(tmp_path, predicted):
    frame = responses().trials.assign(fold="test", draw=0)
    frame["predicted"] = predicted
    write_predictions(tmp_path / "p.parquet", frame)
    back = read_predictions([tmp_path / "p.parquet"])
    np.testing.assert_array_equal(np.stack(back["predicted"].to_numpy()), np.stack(predicted))
    assert list(back["run"]) == list(frame["run"])


def test_weights_come_back_with_the_same_bytes_and_damage_is_named(tmp_path):
    weights = {"sub-01/run-01/b": np.arange(3.0), "sub-01/run-01/a": np.eye(2, dtype=np.float32)}
    for name in ("a.safetensors", "b.safetensors"):
        write_weights(tmp_path / name, weights)
    assert digest(tmp_path / "a.safetensors") == digest(tmp_path / "b.safetensors")
    back = read_weights(tmp_path / "a.safetensors")
    assert set(back) == set(weights)
    np.testing.assert_array_equal(back["sub-01/run-01/b"], np.arange(3.0))
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read"):
        read_weights(tmp_path / "a.safetensors")
