"""Embedders that start at ridge regression: where they put responses, in whose space, from which trials."""

import numpy as np
import pytest
import torch

from cogmodels.decoding.models.mindbridge import MindBridge
from cogmodels.decoding.network import TrainedNetwork, initial_network
from cogmodels.decoding.starting import learnt_code, random_code, start_by_encoding, start_by_ridge
from cogmodels.decoding.subjects import Part, fit_scaler
from tests.unit.decoding.studies import shared_study
from tests.unit.decoding.test_cross_subject import RECIPE

OPTIONS = {
    "pooling": "linear",
    "pooled": 64,
    "hidden": 24,
    "bottleneck": 2,
    "blocks": 1,
    "embedder_dropout": 0.0,
    "start": "ridge",
}


def parts(subjects, targets, split="train"):
    found = []
    for trials, values in subjects:
        rows = np.flatnonzero(trials["split"] == split)
        found.append(Part(trials["subject"].iloc[0], values, rows, targets.codes(trials)[rows]))
    return found


@pytest.fixture
def started():
    """Two subjects without noise, targets centred."""
    subjects, targets = shared_study(subjects=2, noise=0.0, stimuli=120, widths=(64, 64))
    train = parts(subjects, targets)
    net = initial_network(MindBridge, {part.subject: part.width for part in train}, targets, 0, **OPTIONS)
    scalers = {part.subject: fit_scaler(part) for part in train}
    image = targets.image - targets.image.mean(axis=0)
    return net, train, scalers, image, subjects, targets


def entered(net, part, scalers):
    with torch.no_grad():
        return net.enter(net.pool(torch.from_numpy(scalers[part.subject](part.responses()))), part.subject).numpy()


@pytest.mark.parametrize("start", [start_by_ridge, start_by_encoding])
def test_every_subject_starts_at_the_code_of_what_it_saw(started, start):
    """Of stimuli that it was not fitted on, too."""
    net, train, scalers, image, subjects, targets = started
    code = random_code(net, image, seed=1)
    start(net, train, scalers, image, code)
    for part in [*train, *parts(subjects, targets, "test")]:
        wished = image[part.codes] @ code[0].T
        assert np.corrcoef(entered(net, part, scalers).ravel(), wished.ravel())[0, 1] > 0.98
    # As large as what fresh weights make of standardised responses.
    assert np.sqrt(np.mean((image @ code[0].T) ** 2)) == pytest.approx(3**-0.5, rel=0.2)


def test_the_learnt_code_is_where_the_sources_are(started):
    net, train, scalers, image, *_ = started
    code = random_code(net, image, seed=1)
    shifted = (code[0], np.arange(24.0))
    start_by_ridge(net, train, scalers, image, shifted)
    weight, bias = learnt_code(net, train, scalers, image)
    # What ridge regression has shrunk stays short.
    assert np.corrcoef(weight.ravel(), code[0].ravel())[0, 1] > 0.99
    np.testing.assert_allclose(bias, shifted[1], atol=0.05)


def test_training_begins_there_and_a_new_subject_joins_its_space(tmp_path):
    subjects, targets = shared_study(signal=1.0, subjects=3, stimuli=80)
    train, test = parts(subjects, targets), parts(subjects, targets, "test")
    recipe, found = RECIPE.model_copy(update={"epochs": 3, "learning_rate": 3e-3}), {}
    for start in ("random", "ridge"):
        net = initial_network(MindBridge, {"01": 30, "02": 37}, targets, 0, **OPTIONS | {"start": start})
        model = TrainedNetwork(net, targets, np.arange(60))
        first = model.train(train[:2], test[:2], recipe, seed=0, folder=tmp_path / start)
        again = model.adapt(train[:2], train[2], test[2], recipe, seed=0, folder=tmp_path / f"{start}-3")
        found[start] = [table["validation_cosine"] for table in (first, again)]
    for stage in (0, 1):
        assert found["ridge"][stage].max() > found["random"][stage].max() + 0.05
    # The trunk is random at first; to the newcomer it is not.
    assert found["ridge"][1].iloc[0] > found["ridge"][0].iloc[0] + 0.1


def test_a_regression_is_of_training_trials_alone(started):
    net, train, scalers, image, subjects, targets = started
    code = random_code(net, image, seed=1)
    start_by_ridge(net, train, scalers, image, code)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for part in train:
        part.values[np.setdiff1d(np.arange(len(part.values)), part.rows)] = np.nan
    start_by_ridge(net, train, scalers, image, code)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_people_who_are_alike_lend_a_newcomer_what_its_trials_do_not_tell():
    """One map for all, few trials of the newcomer; people with voxels in another order have nothing to lend."""
    rng = np.random.default_rng(4)
    image, weights = rng.standard_normal((80, 8)).astype(np.float32), rng.standard_normal((8, 64))

    def person(name, trials, maps, seed):
        codes = np.random.default_rng(seed).integers(0, 80, trials)
        noise = 6 * np.random.default_rng([seed, 1]).standard_normal((trials, 64))
        return Part(name, (image[codes] @ maps + noise).astype(np.float32), np.arange(trials), codes)

    new, other = person("03", 16, weights, 3), person("03", 400, weights, 9)
    found = {}
    for kind, maps in (("alike", weights), ("shuffled", weights[:, rng.permutation(64)])):
        sources = [person(name, 400, maps, k) for k, name in enumerate(["01", "02"])]
        net = MindBridge({"01": 64, "02": 64, "03": 64}, 8, **OPTIONS | {"start": "encoding"})
        scalers = {part.subject: fit_scaler(part) for part in [*sources, new]}
        code = random_code(net, image, seed=1)
        for lent, given in ((kind, sources), ("nobody", ())):
            start_by_encoding(net, [new], scalers, image, code, given)
            wished = image[other.codes] @ code[0].T
            found[lent] = np.corrcoef(entered(net, other, scalers).ravel(), wished.ravel())[0, 1]
    assert found["alike"] > found["nobody"] + 0.1
    assert found["shuffled"] == pytest.approx(found["nobody"], abs=0.05)
