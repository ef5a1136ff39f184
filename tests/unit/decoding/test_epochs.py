"""Decoders of EEG in new people: exact where they must be, at chance where there is nothing, blind to the left out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cogmodels.config.eeg_decoding import EegDecodingExperiment, EpochRecipe
from cogmodels.data.tables import EpochAxes, Features, Responses, read_responses, write_responses
from cogmodels.decoding.class_scores import compare_people, person_scores, refit_p, score_classes
from cogmodels.decoding.epoch_choice import mean_odds
from cogmodels.decoding.epoch_plan import EpochPlan
from cogmodels.decoding.epochs import train_epochs
from cogmodels.errors import DataError
from cogmodels.metrics.classification import balanced_accuracy

TIMES = [round(k / 64, 6) for k in range(64)]
CHANNELS = ["F3", "F4", "O1", "O2", "X"]
AXES = EpochAxes(CHANNELS, ["eeg"] * 4 + ["eog"], TIMES)
LDA = EpochPlan("lda", options={"lda": {"windows": 8}})
TANGENT = EpochPlan("tangent_space", options={"tangent_space": {"covariance": "evoked", "filters": 1}})


def people(signal=1.0, n=5, trials=24, seed=0):
    """Responses of people; SIMULATED: class `b` has a wave over the back of the head, each person mixes a little."""
    found = []
    for number in range(n):
        rng = np.random.default_rng([seed, number])
        codes = np.arange(trials) % 2
        values = rng.normal(size=(trials, 5, 64))
        values[codes == 1, 2:4, 20:40] += signal * np.hanning(20)
        mixing = np.eye(5) + 0.1 * rng.normal(size=(5, 5))
        table = pd.DataFrame({
            "subject": f"{number + 1:02d}", "session": None, "run": "1", "trial": np.arange(trials),
            "stimulus": [f"s{k}" for k in range(trials)], "label": np.where(codes, "b", "a"), "split": "none",
        })  # fmt: skip
        found.append(Responses(table, (mixing @ values).reshape(trials, -1).astype(np.float32), AXES))
    return found


def relabelled(table, name):
    return replace(table, trials=table.trials.assign(label=name))


@pytest.mark.parametrize(
    "plan", [LDA, TANGENT, replace(LDA, alignment="euclidean"), replace(LDA, alignment="riemannian")]
)
def test_a_clear_response_is_found_in_new_people_and_nothing_in_noise(plan, tmp_path):
    scores = score_classes(train_epochs(people(3.0), plan, folder=tmp_path).predictions, permutations=200)
    row = scores.set_index("metric").loc["balanced_accuracy"]
    assert row["value"] > 0.9
    assert row["p"] < 0.01
    assert (row["chance"], row["n"]) == (0.5, 5)
    null = score_classes(train_epochs(people(0.0), plan, folder=tmp_path).predictions, permutations=200)
    assert (null["p"] > 0.01).all()
    assert (abs(null["value"] - 0.5) < 0.15).all()


def test_layers_of_people_are_learnt_from_training_people_alone(tmp_path):
    plan = EpochPlan(
        "eegnet", channels="all", options={"eegnet": {"filters": 4}}, validation_subjects=1, subject_layers=True,
        recipe=EpochRecipe(epochs=12, batch_size=16, learning_rate=0.01, accelerator="cpu"),
    )  # fmt: skip
    run = train_epochs(people(4.0), plan, folds=["sub-05"], folder=tmp_path)
    layers = run.weights["sub-05/net/mixing"]
    # Of five people one is left out and one chooses the epoch.
    assert layers.shape == (3, 5, 5)
    assert all(np.abs(layer - np.eye(5)).max() > 1e-3 for layer in layers)
    assert np.abs(layers[0] - layers[1]).max() > 1e-3
    assert balanced_accuracy(run.predictions["label"], run.predictions["predicted"]) > 0.8
    with pytest.raises(ValueError, match="`lda` is none"):
        EegDecodingExperiment(dataset="d", pipeline="p", model="lda", subject_layers=True)


def test_labels_of_the_person_left_out_are_not_looked_at(tmp_path):
    tables = people(1.0)
    other = [*tables[:-1], replace(tables[-1], trials=tables[-1].trials.assign(label=["b", "a"] * 12))]
    plans = [
        replace(TANGENT, alignment="riemannian"),
        replace(LDA, candidates=({"alignment": "euclidean"}, {"alignment": "none"}), inner_folds=2),
        replace(LDA, candidates=({"alignment": "euclidean"}, {"alignment": "none"}), inner_folds=2, combine="mean"),
        EpochPlan("eegnet", recipe=EpochRecipe(epochs=2, accelerator="cpu"), validation_subjects=1),
    ]
    for number, plan in enumerate(plans):
        found = [
            train_epochs(some, plan, folds=["sub-05"], folder=tmp_path / f"{number}{k}").predictions
            for k, some in enumerate((tables, other))
        ]
        np.testing.assert_array_equal(*(one["log_odds"].to_numpy() for one in found))
        assert (found[0]["label"].to_numpy() != found[1]["label"].to_numpy()).all()


def test_a_candidate_is_chosen_by_training_people(tmp_path):
    # A baseline of the whole epoch leaves nothing of its mean.
    candidates = ({"lda": {"windows": 1}, "baseline_s": (0.0, 1.0)}, {"lda": {"windows": 8}, "baseline_s": "none"})
    run = train_epochs(people(2.0), replace(LDA, candidates=candidates), folder=tmp_path)
    assert set(run.choices["candidate"]) == {1}
    assert (run.choices["inner_score"] > 0.8).all()


def test_the_mean_of_candidates_is_that_of_their_log_odds_over_their_scales(tmp_path):
    changes = ({"lda": {"windows": 2}}, {"lda": {"windows": 8}, "alignment": "euclidean"})
    plan = replace(LDA, candidates=changes, combine="mean", inner_folds=2)
    tables = people(1.0)
    run = train_epochs(tables, plan, folds=["sub-05"], folder=tmp_path)
    alone = [
        train_epochs(tables, plan.candidate(change), folds=["sub-05"], folder=tmp_path).predictions
        for change in changes
    ]
    scales = run.weights["sub-05/scales"]
    # Half of the difference of two classes is each one's centred log odds.
    wanted = np.mean([one["log_odds"] / scale for one, scale in zip(alone, scales, strict=True)], axis=0)
    np.testing.assert_allclose(run.predictions["log_odds"], wanted, rtol=1e-6)
    assert run.choices["candidate"].tolist() == [-1]
    # By hand: each half of the four training people is predicted from the other.
    halves = np.array_split(np.random.default_rng([0, 443]).permutation(["01", "02", "03", "04"]), 2)
    odds = [
        train_epochs([t for t in tables if t.trials["subject"].iloc[0] in {*half, name}], plan.candidate(changes[0]),
                     folds=[f"sub-{name}"], folder=tmp_path).predictions["log_odds"]
        for half, others in (halves, halves[::-1]) for name in others
    ]  # fmt: skip
    np.testing.assert_allclose(scales[0], np.sqrt(np.mean(np.square(np.concatenate(odds)))) / 2, rtol=1e-6)


def test_a_candidate_that_was_sure_of_nothing_has_no_part_in_the_mean():
    one, other = np.array([[1.0, -1.0]]), np.array([[-2.0, 2.0]])
    np.testing.assert_array_equal(mean_odds([one, other], np.array([np.inf, 0.5])), [[-2.0, 2.0]])


def test_shuffled_labels_and_refits_are_at_chance(tmp_path):
    run = train_epochs(people(3.0), replace(LDA, control="shuffled_labels", draws=6), folder=tmp_path)
    assert abs(person_scores(run.predictions)["balanced_accuracy"].mean() - 0.5) < 0.15
    run = train_epochs(people(3.0), replace(LDA, refits=39), folder=tmp_path)
    scores = score_classes(run.predictions, permutations=99)
    assert refit_p(scores, run.refits).tolist() == [1 / 40, 1 / 40]
    assert abs(run.refits["value"].mean() - 0.5) < 0.1


def test_area_under_the_curve_is_that_of_scikit_learn_and_p_of_a_perfect_score_is_the_least():
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    rng = np.random.default_rng(2)
    frame = pd.concat([
        pd.DataFrame({"subject": name, "session": None, "run": "1", "trial": range(20), "label": rng.permutation(["a"] * 8 + ["b"] * 12),
                      "predicted": rng.choice(["a", "b"], 20), "log_odds": rng.normal(size=20).round(1), "log_odds_of": "a"})
        for name in ("01", "02")
    ])  # fmt: skip
    found = person_scores(frame)
    for name, mine in frame.groupby("subject"):
        assert found.loc[name, "roc_auc"] == pytest.approx(roc_auc_score(mine["label"] == "a", mine["log_odds"]))
        assert found.loc[name, "balanced_accuracy"] == pytest.approx(
            balanced_accuracy_score(mine["label"], mine["predicted"])
        )
    assert (score_classes(frame, permutations=99)["p"] > 0.05).all()
    perfect = frame.assign(predicted=frame["label"], log_odds=(frame["label"] == "a").astype(float))
    assert score_classes(perfect, permutations=99)["p"].tolist() == [0.01, 0.01]
    with pytest.raises(DataError, match="all trials are of class `a`"):
        person_scores(frame.assign(label="a"))


def test_comparison_is_person_by_person():
    scores = pd.DataFrame([
        {"experiment": name, "metric": "roc_auc", "value": value, "ci_low": 0.0, "ci_high": 1.0, "chance": 0.5, "p": 0.01,
         "shuffled_brain": 0.49, "p_refit": np.nan, "n": 4}
        for name, value in (("one", 0.6), ("two", 0.7))
    ])  # fmt: skip
    first = pd.DataFrame({"subject": list("abcd"), "roc_auc": [0.5, 0.6, 0.6, 0.7]})
    second = first.assign(roc_auc=first["roc_auc"] + 0.1).iloc[::-1]
    table = compare_people(scores, {"one": first, "two": second}, reference="one", metric="roc_auc").set_index(
        "experiment"
    )
    assert table.loc["two", "difference"] == pytest.approx(0.1)
    assert table.loc["two", "difference_low"] == pytest.approx(0.1)
    assert table.loc["two", "shuffled_brain"] == 0.49
    assert table.loc["two", "difference_p"] == pytest.approx(2 / 16)
    assert np.isnan(table.loc["one", "difference"])
    with pytest.raises(DataError, match="people are not those"):
        compare_people(scores, {"one": first, "two": second[:3]}, reference="one", metric="roc_auc")


def test_channels_of_a_type_or_by_name(tmp_path):
    # The wave is at O1 and O2; what the frontal channels hold of it comes from mixing.
    run = {
        str(channels): person_scores(
            train_epochs(people(2.0), replace(LDA, channels=channels), folder=tmp_path).predictions
        )
        for channels in ("eog", ["O1", "O2"])
    }
    means = {name: table["roc_auc"].mean() for name, table in run.items()}
    assert means["['O1', 'O2']"] > 0.9 > means["eog"] + 0.1


def test_features_of_new_stimuli_in_new_people(tmp_path):
    rng = np.random.default_rng(4)
    features = Features("latent", [f"s{k}" for k in range(40)], rng.normal(size=(40, 3)).astype(np.float32))
    maps = rng.normal(size=(3, 5))
    tables = []
    for number, table in enumerate(people(0.0, n=4, trials=40)):
        wave = (features.values @ maps)[:, :, None] * np.hanning(64)
        values = table.values.reshape(40, 5, 64) * 0.3 + wave
        trials = table.trials.assign(split=np.where(np.arange(40) < 30, "train", "test"), subject=f"{number + 1:02d}")
        tables.append(replace(table, trials=trials, values=values.reshape(40, -1).astype(np.float32)))
    plan = EpochPlan(
        "nice", target="latent", channels="all", validation_subjects=1, options={"nice": {"filters": 4, "dropout": 0.1}},
        recipe=EpochRecipe(epochs=12, batch_size=16, learning_rate=0.01, accelerator="cpu", patience=None),
    )  # fmt: skip
    found = train_epochs(tables, plan, features, folds=["sub-01"], folder=tmp_path).predictions
    assert set(found["split"]) == {"test"}
    true = features.values[[int(name[1:]) for name in found["stimulus"]]]
    decoded = np.stack(found["predicted"])
    assert np.corrcoef((decoded - decoded.mean(0)).ravel(), (true - true.mean(0)).ravel())[0, 1] > 0.5
    with pytest.raises(DataError, match="no test stimulus"):
        train_epochs(people(), plan, features, folder=tmp_path)


def test_axes_survive_the_file(tmp_path):
    table = people(n=1)[0]
    write_responses(tmp_path / "r.parquet", table)
    assert read_responses(tmp_path / "r.parquet").axes == AXES
    write_responses(tmp_path / "r.parquet", replace(table, axes=None))
    assert read_responses(tmp_path / "r.parquet").axes is None
    with pytest.raises(DataError, match="4 channels x 64 times but 320 features"):
        write_responses(tmp_path / "r.parquet", replace(table, axes=EpochAxes(CHANNELS[:4], ["eeg"] * 4, TIMES)))


def broken(change):
    tables = people(n=4)
    return [*tables[:2], change(tables[2]), tables[3]]


def with_nan(table):
    values = table.values.copy()
    values[3, 7] = np.nan
    return replace(table, values=values)


def without_channel(table):
    axes = EpochAxes(CHANNELS[1:], AXES.types[1:], TIMES)
    return replace(table, values=table.values[:, 64:], axes=axes)


@pytest.mark.parametrize(
    ("tables", "plan", "message"),
    [
        (broken(lambda t: relabelled(t, "a")), LDA, "subject 03.*no trial of class `b`"),
        (broken(with_nan), LDA, r"subject 03.*1 trials hold values that are not finite.*trial 3"),
        (broken(without_channel), LDA, "subject 03.*channel F3 is missing"),
        (broken(without_channel), replace(LDA, channels=["F3"]), "subject 03.*channel `F3` is not in the responses"),
        (broken(lambda t: replace(t, axes=None)), LDA, "subject 03.*do not say which channels"),
        (broken(lambda t: replace(t, values=0 * t.values)), replace(LDA, alignment="euclidean"), "subject 03.*no variance"),
        (people(n=2), LDA, "2 people, three are needed"),
        (people(), replace(LDA, classes={"x": ["a"], "y": ["c"]}), "no trial of class `y`"),
        (people(), replace(LDA, baseline_s=(2.0, 3.0)), "no sample from 2 to 3 s"),
        (people(), replace(LDA, average_samples=100), "100 samples are to become one"),
        (people(), EpochPlan("eegnet", recipe=EpochRecipe(), validation_subjects=4), "4 of 4 training people"),
    ],
)  # fmt: skip
def test_what_cannot_be_decoded_is_refused_by_name(tables, plan, message, tmp_path):
    with pytest.raises(DataError, match=message):
        train_epochs(tables, plan, folder=tmp_path)


def test_unknown_folds_are_refused(tmp_path):
    with pytest.raises(DataError, match="fold `sub-9` does not exist"):
        train_epochs(people(), LDA, folds=["sub-9"], folder=tmp_path)
