"""Decoders across subjects: baselines recover, new subjects, controls, what is refused."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.config.decoding import CrossSubjectExperiment, DecoderRecipe
from cogmodels.config.training import Recipe
from cogmodels.data.tables import Features
from cogmodels.decoding.cross_subject import Plan, join_targets, train_cross_subject, warn_of_chance
from cogmodels.decoding.models.template_average import average_pool
from cogmodels.decoding.registry import BASELINES
from cogmodels.decoding.score import score_features
from cogmodels.decoding.subjects import Part, Targets, fit_scaler
from cogmodels.errors import DataError
from tests.unit.decoding.studies import shared_study

ALIGNED = ("srm_ridge", "hyperalignment_ridge", "group_pca_ridge")
RECIPE = Recipe(
    learning_rate=5e-3, weight_decay=0.01, decay_vectors=False, schedule="one_cycle", epochs=20, batch_size=16,
    accelerator="cpu", gradient_clip=10.0,
)  # fmt: skip
OPTIONS = {"pooling": "linear", "pooled": 32, "hidden": 32, "bottleneck": 4, "blocks": 1, "mse_weight": 10.0}


def plan(model, protocol="held_out_stimuli", **changes):
    network = {"options": OPTIONS, "recipe": RECIPE, "adaptation": RECIPE} if model == "mindbridge" else {}
    return Plan(model, protocol, **{"dimensions": 6, "grid": (0.01, 1.0, 100.0)} | network | changes)


def scores(run, targets):
    table = score_features(run.predictions, targets.stimuli, targets.image, permutations=199, bootstrap=200)
    return table.set_index("metric")


@pytest.mark.parametrize("protocol", ["held_out_stimuli", "new_subject"])
@pytest.mark.parametrize("model", ["subject_ridge", "group_pca_ridge"])
def test_linear_models_are_exact_without_noise(model, protocol, tmp_path):
    subjects, targets = shared_study(noise=0.0)
    run = train_cross_subject(subjects, targets, plan(model, protocol, grid=(1e-6,)), folder=tmp_path)
    names = {code: row for row, code in enumerate(targets.stimuli)}
    true = targets.image[[names[name] for name in run.predictions["stimulus"]]]
    np.testing.assert_allclose(np.stack(run.predictions["predicted"]), true, atol=2e-3)
    assert len(run.predictions) == 3 * 20
    folds = {"test"} if protocol == "held_out_stimuli" else {"sub-01", "sub-02", "sub-03"}
    assert set(run.predictions["fold"]) == folds
    assert set(run.predictions["split"]) == {"test"}


@pytest.mark.parametrize("model", ["srm_ridge", "hyperalignment_ridge"])
def test_rotations_come_near_without_noise(model, tmp_path):
    # Not exact: the mixing of these voxels is no rotation.
    subjects, targets = shared_study(noise=0.0)
    run = train_cross_subject(subjects, targets, plan(model, "new_subject"), folder=tmp_path)
    assert scores(run, targets).loc["pearson", "value"] > 0.85


def test_a_shared_space_helps_a_new_subject_with_few_trials(tmp_path):
    subjects, targets = shared_study(signal=0.5, stimuli=80)
    found = {
        model: scores(
            train_cross_subject(subjects, targets, plan(model, "new_subject", adapt_trials=20), folder=tmp_path),
            targets,
        )
        for model in ("subject_ridge", "srm_ridge")
    }
    assert found["srm_ridge"].loc["pearson", "value"] > found["subject_ridge"].loc["pearson", "value"]


@pytest.mark.parametrize("model", list(BASELINES))
def test_noise_is_at_chance(model, tmp_path):
    values = []
    for seed in range(4):
        subjects, targets = shared_study(signal=0.0, seed=seed)
        run = train_cross_subject(subjects, targets, plan(model), folder=tmp_path)
        values.append(scores(run, targets).loc["two_way", "value"])
    assert np.mean(values) == pytest.approx(0.5, abs=0.1)


def test_shuffled_stimuli_lose_the_signal(tmp_path):
    subjects, targets = shared_study(signal=2.0)
    true = scores(train_cross_subject(subjects, targets, plan("srm_ridge"), folder=tmp_path), targets)
    run = train_cross_subject(subjects, targets, plan("srm_ridge", control="shuffled_labels", draws=5), folder=tmp_path)
    shuffled = scores(run, targets)
    assert true.loc["retrieval_top1", "value"] > 0.9
    assert true.loc["two_way", "p"] < 0.01
    assert shuffled.loc["retrieval_top1", "value"] < 0.5
    assert len(run.predictions) == 5 * 60


@pytest.mark.parametrize("model", ["srm_ridge", "mindbridge"])
def test_what_is_tested_is_never_trained_on(model, tmp_path):
    subjects, targets = shared_study()
    one = train_cross_subject(subjects, targets, plan(model), folder=tmp_path / "a")
    changed = targets.image.copy()
    held = [name in set(one.predictions["stimulus"]) for name in targets.stimuli]
    changed[held] += 5.0
    other = train_cross_subject(subjects, Targets(targets.stimuli, changed), plan(model), folder=tmp_path / "b")
    assert all(
        np.array_equal(a, b) for a, b in zip(one.predictions["predicted"], other.predictions["predicted"], strict=True)
    )
    assert set(one.stimuli.query("part == 'test'")["stimulus"]) == {
        n for n, h in zip(targets.stimuli, held, strict=True) if h
    }
    assert not set(one.stimuli.query("part != 'test'")["stimulus"]) & set(one.predictions["stimulus"])


def test_mindbridge_learns_all_subjects_at_once_and_leaves_its_curves(tmp_path):
    subjects, targets = shared_study(signal=3.0, stimuli=60)
    run = train_cross_subject(subjects, targets, plan("mindbridge"), folder=tmp_path)
    assert scores(run, targets).loc["two_way", "value"] > 0.75
    assert list(run.curves["epoch"]) == list(range(1, 21))
    assert set(run.curves["stage"]) == {"train"}
    row = run.choices.iloc[0]
    assert row["inner_score"] == run.curves["validation_cosine"].max()
    assert run.rate > 0
    assert run.stimuli["part"].value_counts().to_dict() == {"train": 41, "test": 15, "validation": 4}
    # The same seed, the same bits.
    again = train_cross_subject(subjects, targets, plan("mindbridge"), folder=tmp_path / "again")
    assert all(np.array_equal(run.weights[name], array) for name, array in again.weights.items())
    different = train_cross_subject(subjects, targets, plan("mindbridge"), seed=1, folder=tmp_path / "other")
    assert not np.array_equal(
        run.weights["test/net/image_head.weight"], different.weights["test/net/image_head.weight"]
    )


def test_mindbridge_is_adapted_without_touching_what_it_had_learnt(tmp_path):
    subjects, targets = shared_study(signal=3.0)
    options = {"folds": ["sub-03"], "folder": tmp_path}
    run = train_cross_subject(subjects, targets, plan("mindbridge", "new_subject", adapt_trials=30), **options)
    assert set(run.predictions["subject"]) == {"03"}
    assert list(run.choices["stage"]) == ["train", "adapt"]
    assert list(run.choices["subject"]) == ["all", "03"]
    # The trunk is what training on the first two alone gives; their own parts, too.
    pair = train_cross_subject(subjects[:2], targets, plan("mindbridge"), folder=tmp_path / "pair")
    before = {name.removeprefix("test/"): array for name, array in pair.weights.items() if "/net/" in name}
    assert all(np.array_equal(run.weights[f"sub-03/{name}"], array) for name, array in before.items())
    scratch = train_cross_subject(
        subjects,
        targets,
        plan("mindbridge", "new_subject", adapt_trials=30, pretrain=False),
        **options | {"folder": tmp_path / "s"},
    )
    assert not any(".01." in name for name in scratch.weights)
    assert list(scratch.choices["subject"]) == ["03"]


def test_what_is_refused(tmp_path):
    subjects, targets = shared_study()

    def train(some, model="srm_ridge", targets=targets, **options):
        return train_cross_subject(some, targets, plan(model), folder=tmp_path, **options)

    with pytest.raises(DataError, match="two or more"):
        train(subjects[:1])
    with pytest.raises(DataError, match="fold `sub-01` does not exist; there are test"):
        train(subjects, folds=["sub-01"])
    swapped = subjects[2][0].assign(split=subjects[2][0]["split"].map({"train": "test", "test": "train"}))
    with pytest.raises(DataError, match="trained on in one subject and tested in another"):
        train([*subjects[:2], (swapped, subjects[2][1])])
    untested = subjects[2][0].assign(split="train")
    with pytest.raises(DataError, match="subject 03.*needs train and test trials, found 80 and 0"):
        train([*subjects[:2], (untested, subjects[2][1])])
    with pytest.raises(DataError, match="have no features"):
        train(subjects, targets=Targets(targets.stimuli[:-1], targets.image[:-1]))
    broken = subjects[1][1].copy()
    broken[3, 4] = np.nan
    for model in ("srm_ridge", "mindbridge"):
        with pytest.raises(DataError, match="subject 02: 1 of 37 features hold values that are not finite"):
            train([subjects[0], (subjects[1][0], broken)], model)
    with pytest.raises(DataError, match="100 training trials are wanted, there are 60"):
        train_cross_subject(subjects, targets, plan("srm_ridge", "new_subject", adapt_trials=100), folder=tmp_path)


@pytest.mark.parametrize("model", ALIGNED)
def test_alignment_refuses_subjects_without_shared_stimuli_and_mindbridge_does_not(model, tmp_path):
    subjects, targets = shared_study(subjects=2)
    other = [f"o{index}" for index in range(40)]
    both = Targets(targets.stimuli + other, np.concatenate([targets.image, targets.image]))
    apart = subjects[1][0].assign(stimulus="o" + subjects[1][0]["stimulus"].str[1:].astype(int).astype(str))
    mixed = [subjects[0], (apart, subjects[1][1])]
    with pytest.raises(DataError, match="0 training stimuli are shared"):
        train_cross_subject(mixed, both, plan(model), folder=tmp_path)
    if model == "srm_ridge":
        run = train_cross_subject(mixed, both, plan("mindbridge"), folder=tmp_path)
        assert len(run.predictions) == 2 * 20


def test_one_training_stimulus_is_too_few_for_a_network(tmp_path):
    subjects, targets = shared_study()
    few = [(trials.assign(split=np.where(trials["stimulus"] == "s000", "train", "test")), v) for trials, v in subjects]
    with pytest.raises(DataError, match="1 training stimuli, of which 2 are for validation"):
        train_cross_subject(few, targets, plan("mindbridge"), folder=tmp_path)


def test_scaler_reads_in_pieces_what_numpy_reads_at_once(monkeypatch):
    monkeypatch.setattr("cogmodels.decoding.subjects._ROWS", 7)
    values = np.random.default_rng(0).normal(3, 2, size=(40, 5)).astype(np.float32)
    values[:, 2] = 1e5
    rows = np.arange(0, 40, 2)
    scaler = fit_scaler(Part("01", values, rows, rows))
    np.testing.assert_allclose(scaler.mean, values[rows].mean(0), rtol=1e-5)
    np.testing.assert_allclose(scaler.scale[[0, 1, 3, 4]], values[rows].std(0)[[0, 1, 3, 4]], rtol=1e-5)
    assert scaler.scale[2] == 1


def test_average_pool_takes_the_windows_of_the_formula():
    values = np.random.default_rng(0).normal(size=(3, 17))
    windows = [values[:, j * 17 // 5 : -(-(j + 1) * 17 // 5)].mean(1) for j in range(5)]
    np.testing.assert_allclose(average_pool(values, 5), np.stack(windows, 1))


def test_targets_of_two_tables_go_by_name():
    image = Features("image", ["a", "b"], np.array([[1.0], [2.0]]))
    text = Features("text", ["b", "c", "a"], np.array([[20.0], [30.0], [10.0]]))
    np.testing.assert_array_equal(join_targets(image, text).text, [[10.0], [20.0]])
    with pytest.raises(DataError, match="features image: 1 stimuli are not in the features .such as c"):
        join_targets(text, image)


def test_a_decoder_at_chance_is_warned_of_unless_it_is_a_control(caplog):
    table = pd.DataFrame({"p": [0.2, 0.9]})
    assert warn_of_chance(table, "none")
    assert "AT CHANCE" in caplog.text
    assert not warn_of_chance(table, "shuffled_labels")
    assert not warn_of_chance(pd.DataFrame({"p": [0.2, 0.01]}), "none")


@pytest.mark.parametrize("model", ["template_average", "mindbridge"])
def test_zero_shot_learns_the_scale_of_a_new_subject_and_none_of_its_stimuli(tmp_path, model):
    subjects, targets = shared_study(noise=0.5)
    options = {"pooling": "linear", "pooled": 16, "hidden": 8, "bottleneck": 2, "blocks": 1}
    recipe = DecoderRecipe(epochs=2, batch_size=8, accelerator="cpu")
    plan = Plan(model, "new_subject", adapt_trials=0, recipe=recipe, options=options, dimensions=4)
    one = train_cross_subject(subjects, targets, plan, folds=["sub-02"], folder=tmp_path / "a")
    assert set(one.predictions["subject"]) == {"02"}
    # Whatever was shown in its training trials, the predictions are the same.
    trials, values = subjects[1]
    train = trials["split"] == "train"
    again = trials.copy()
    again.loc[train, "stimulus"] = trials.loc[train, "stimulus"].to_numpy()[::-1]
    subjects[1] = (again, values)
    other = train_cross_subject(subjects, targets, plan, folds=["sub-02"], folder=tmp_path / "b")
    np.testing.assert_array_equal(np.stack(one.predictions["predicted"]), np.stack(other.predictions["predicted"]))


def test_zero_shot_is_refused_where_a_model_needs_trials(tmp_path):
    subjects, targets = shared_study()
    with pytest.raises(DataError, match="`srm_ridge` cannot decode a subject of whom it has seen no trial"):
        train_cross_subject(subjects, targets, Plan("srm_ridge", "new_subject", adapt_trials=0), folder=tmp_path)
    shared = {"dataset": "d", "pipeline": "p", "target": "latent", "protocol": "new_subject"}
    with pytest.raises(ValueError, match="zero-shot is for template_average, mindbridge"):
        CrossSubjectExperiment(**shared, model="srm_ridge", adapt_trials=0)
    with pytest.raises(ValueError, match="4 or more"):
        CrossSubjectExperiment(**shared, model="mindbridge", adapt_trials=2)
