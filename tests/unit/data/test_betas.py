"""Responses a trial on disk: written and read a piece at a time."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.betas import map_betas, pieces_of, write_betas
from cogmodels.data.response_stream import stream_responses
from cogmodels.data.tables import Responses, map_responses, read_responses, trials_of_events, write_responses
from cogmodels.errors import DataError
from cogmodels.files import digest
from cogmodels.fmri.prepared_betas import standardise_session


def events_of(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "onset": 4.0 * np.arange(n),
            "duration": 3.0,
            "trial_type": "picture",
            "stimulus_id": [f"p{k:02d}" for k in range(n)],
            "trial": np.arange(n),
            "split": ["test" if k % 3 == 0 else "train" for k in range(n)],
        }
    )


def test_betas_are_mapped_as_they_were_written(tmp_path):
    values = np.random.default_rng(0).standard_normal((11, 4))
    path = tmp_path / "sub-01_task-x_betas.npy"
    files = write_betas(path, (values[k : k + 3] for k in range(0, 11, 3)), events_of(11), sidecar={"TaskName": "x"})
    assert [file.name.split("_")[-1] for file in files] == ["betas.npy", "betas.json", "events.tsv"]
    found, events = map_betas(path)
    assert isinstance(found, np.memmap)
    assert np.array_equal(found, values.astype(np.float16))
    assert len(events) == 11
    assert np.array_equal(np.concatenate(list(pieces_of(found))), found)


def test_betas_that_do_not_fit_are_refused_and_leave_no_file(tmp_path):
    path = tmp_path / "sub-01_task-x_betas.npy"
    for pieces, message in (
        ([np.ones((2, 3))], "2 trials"),
        ([np.ones((2, 3)), np.ones((1, 2))], "expected is 3 x 3"),
        ([np.ones((4, 3))], "expected is 3 x 3"),
        ([np.array([[1.0, np.nan, 1.0]] * 3)], "not finite"),
        ([np.full((3, 3), 1e6)], "too large for float16"),
    ):
        with pytest.raises(DataError, match=message), np.errstate(over="ignore"):
            write_betas(path, pieces, events_of(3), sidecar={})
        assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match="cannot be read"):
        map_betas(path)
    write_betas(path, [np.ones((3, 3))], events_of(3), sidecar={})
    np.save(path, np.ones((2, 3)))
    with pytest.raises(DataError, match="3 events, expected is 2 x 3"):
        map_betas(path)


def test_a_session_is_standardised_by_its_training_trials_alone():
    values = np.random.default_rng(1).normal(5, 3, (40, 6))
    values[:, 2] = 7.0
    train = np.arange(40) < 30
    found = np.concatenate(list(standardise_session(lambda: iter(np.array_split(values, 7)), train)))
    kept = [0, 1, 3, 4, 5]
    assert np.allclose(found[train][:, kept].mean(axis=0), 0, atol=1e-5)
    assert np.allclose(found[train][:, kept].std(axis=0), 1, atol=1e-5)
    assert not found[:, 2].any()
    changed = values.copy()
    changed[~train] += 100
    again = np.concatenate(list(standardise_session(lambda: iter([changed]), train)))
    assert np.allclose(again[train], found[train], atol=1e-6)
    with pytest.raises(DataError, match="1 training trials"):
        list(standardise_session(lambda: iter([values]), np.arange(40) < 1))


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_streamed_responses_are_read_and_mapped(precision, tmp_path):
    trials = trials_of_events(events_of(9), "01", "02", None)
    values = np.random.default_rng(2).standard_normal((9, 5)).astype(precision)
    path = tmp_path / "sub-01_responses.parquet"
    for name in (path, tmp_path / "again.parquet"):
        stream_responses(name, trials, np.array_split(values, 4), precision=precision)
    assert digest(path) == digest(tmp_path / "again.parquet")
    read, mapped = read_responses(path), map_responses(path, tmp_path / "mapped")
    assert read.values.dtype == np.float32
    assert mapped.values.dtype == precision
    for one in (read, mapped):
        assert np.array_equal(one.values, values)
        assert one.trials["stimulus"].tolist() == trials["stimulus"].tolist()
    write_responses(tmp_path / "whole.parquet", Responses(trials, values.astype(np.float32)))
    pd.testing.assert_frame_equal(read.trials, read_responses(tmp_path / "whole.parquet").trials)


def test_streams_that_do_not_fit_are_refused(tmp_path):
    trials, path = trials_of_events(events_of(4), "01"), tmp_path / "r.parquet"
    for pieces, message in (
        ([np.ones((3, 2))], "3 values for 4 trials"),
        ([np.ones((5, 2))], "4 trials but"),
        ([np.ones((2, 2)), np.ones((2, 3))], "another number"),
        ([np.full((4, 2), np.nan)], "not finite"),
    ):
        with pytest.raises(DataError, match=message):
            stream_responses(path, trials, pieces)
        assert not path.exists()
