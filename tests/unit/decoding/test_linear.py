"""Decoders: exact on noise-free data, at chance on noise, fenced from the test trials."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.decoding.linear import inner_scores, join_runs, targets_of, train_linear, train_subjects
from cogmodels.decoding.protocols import make_folds
from cogmodels.decoding.score import score_features, score_labels
from cogmodels.errors import DataError


def labelled(signal, subject="01", runs=6, classes=4, width=20, seed=0):
    rng = np.random.default_rng([seed, int(subject)])
    label = np.tile([f"c{index}" for index in range(classes)], runs)
    centres = rng.normal(size=(classes, width))
    values = signal * np.tile(centres, (runs, 1)) + rng.normal(size=(runs * classes, width))
    trials = pd.DataFrame({
        "subject": subject, "session": None, "run": np.repeat([f"{run:02d}" for run in range(1, runs + 1)], classes),
        "trial": np.tile(np.arange(classes), runs), "stimulus": label, "label": label, "split": "none",
    })  # fmt: skip
    return trials, values.astype(np.float32)


def featured(signal, subject="01", stimuli=40, repeats=2, dimensions=6, width=30, seed=0):
    rng = np.random.default_rng([seed, 7])
    features = rng.normal(size=(stimuli, dimensions))
    mine = np.random.default_rng([seed, int(subject), 8])
    names = [f"s{index:03d}" for index in range(stimuli)]
    shown = np.tile(np.arange(stimuli), repeats)
    values = signal * (features @ mine.normal(size=(dimensions, width)))[shown] + mine.normal(size=(len(shown), width))
    trials = pd.DataFrame({
        "subject": subject, "session": None, "run": np.repeat([f"{run}" for run in range(repeats)], stimuli),
        "trial": np.tile(np.arange(stimuli), repeats), "stimulus": [names[index] for index in shown], "label": "x",
        "split": np.where(shown < stimuli // 2, "train", "test"),
    })  # fmt: skip
    return trials, values.astype(np.float32), names, features


OPTIONS = {"grid": [0.1, 1.0, 10.0, 100.0], "protocol": "leave_one_run_out"}


@pytest.mark.parametrize("model", ["ridge_classifier", "linear_svc"])
def test_strong_signal_is_decoded_with_the_smallest_p(model):
    trials, values = labelled(20.0)
    run = train_linear(trials, values, targets_of(trials, None, None), model=model, **OPTIONS)
    row = score_labels(run.predictions, permutations=500, bootstrap=300).iloc[0]
    assert (row["value"], row["chance"], row["n"], row["unit_of_n"]) == (1.0, 0.25, 6, "run")
    assert row["p"] == pytest.approx(1 / 501)


@pytest.mark.parametrize("model", ["ridge_classifier", "linear_svc"])
def test_noise_is_at_chance_and_its_p_is_uniform(model):
    rows = []
    for seed in range(30):
        trials, values = labelled(0.0, seed=seed)
        run = train_linear(trials, values, targets_of(trials, None, None), model=model, **OPTIONS)
        rows.append(score_labels(run.predictions, permutations=199, bootstrap=100).iloc[0])
    assert np.mean([row["value"] for row in rows]) == pytest.approx(0.25, abs=0.06)
    assert np.mean([row["p"] < 0.1 for row in rows]) < 0.3
    assert 0.25 < np.median([row["p"] for row in rows]) < 0.75


# Fewer features than trials, and more: ridge is solved among the fewer of the two.
@pytest.mark.parametrize("width", [20, 200])
@pytest.mark.parametrize("model", ["ridge", "ridge_classifier", "linear_svc"])
def test_inner_choice_equals_a_grid_search(model, width):
    from sklearn.linear_model import Ridge, RidgeClassifier
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    strengths = [100.0, 1.0, 0.01]
    if model == "ridge":
        trials, values, names, features = featured(1.0, width=width)
        targets, groups = targets_of(trials, names, features), trials["stimulus"].to_numpy()
    else:
        trials, values = labelled(0.7, runs=8, width=width)
        targets, groups = targets_of(trials, None, None), trials["run"].to_numpy()
    values = np.hstack([values, np.full((len(values), 1), 3.0, np.float32)]).astype(np.float64)
    estimator, name, tried = {
        "ridge": (Ridge(), "ridge__alpha", strengths),
        "ridge_classifier": (RidgeClassifier(), "ridgeclassifier__alpha", strengths),
        "linear_svc": (SVC(kernel="linear"), "svc__C", [1 / strength for strength in strengths]),
    }[model]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), estimator),
        {name: tried},
        cv=GroupKFold(5 if model == "ridge" else 8),
        scoring="r2" if model == "ridge" else "accuracy",
    ).fit(values, targets, groups=groups)
    found = dict(
        zip(
            [setting[name] for setting in search.cv_results_["params"]],
            search.cv_results_["mean_test_score"],
            strict=True,
        )
    )
    np.testing.assert_allclose(
        inner_scores(model, strengths, values, targets, groups), [found[value] for value in tried], atol=1e-8
    )
    # What is shared between draws of a control depends on the values alone.
    shared, other = {}, targets[::-1]
    inner_scores(model, strengths, values, targets, groups, shared)
    assert shared
    np.testing.assert_array_equal(
        inner_scores(model, strengths, values, other, groups, shared),
        inner_scores(model, strengths, values, other, groups),
    )


def test_predictions_of_a_fold_do_not_see_its_labels():
    trials, values = labelled(1.0)
    targets = targets_of(trials, None, None)
    first = train_linear(trials, values, targets, model="ridge_classifier", folds=["run-02"], **OPTIONS)
    changed = targets.copy()
    changed[trials["run"] == "02"] = changed[trials["run"] == "02"][::-1]
    second = train_linear(trials, values, changed, model="ridge_classifier", folds=["run-02"], **OPTIONS)
    assert list(first.predictions["predicted"]) == list(second.predictions["predicted"])


def test_scaler_is_fitted_on_training_trials_only():
    trials, values = labelled(1.0)
    test = (trials["run"] == "01").to_numpy()
    run = train_linear(
        trials, values, targets_of(trials, None, None), model="ridge_classifier", folds=["run-01"], **OPTIONS
    )
    np.testing.assert_allclose(run.weights["sub-01/run-01/mean"], values[~test].mean(axis=0), rtol=1e-5, atol=1e-6)


def test_folds_one_by_one_equal_folds_together():
    trials, values = labelled(1.0)
    targets = targets_of(trials, None, None)
    together = train_linear(trials, values, targets, model="linear_svc", **OPTIONS)
    one_by_one = join_runs([
        train_linear(trials, values, targets, model="linear_svc", folds=[fold], **OPTIONS)
        for fold in make_folds(trials, "leave_one_run_out")
    ])  # fmt: skip
    pd.testing.assert_frame_equal(together.predictions, one_by_one.predictions)


def test_shuffled_labels_lose_the_signal_and_keep_the_test_labels():
    trials, values = labelled(20.0)
    run = train_linear(
        trials,
        values,
        targets_of(trials, None, None),
        model="ridge_classifier",
        control="shuffled_labels",
        draws=10,
        **OPTIONS,
    )
    row = score_labels(run.predictions, permutations=300, bootstrap=300).iloc[0]
    assert len(run.predictions) == 10 * len(trials)
    assert row["value"] < 0.5


def test_ridge_retrieves_held_out_stimuli_and_its_ceiling_is_high():
    runs, scored = [], {}
    for signal in (3.0, 0.0):
        runs = []
        for subject in ("01", "02"):
            trials, values, names, features = featured(signal, subject)
            targets = targets_of(trials, names, features)
            runs.append(
                train_linear(trials, values, targets, model="ridge", grid=[1.0, 100.0], protocol="held_out_stimuli")
            )
        predictions = join_runs(runs).predictions
        assert set(predictions["split"]) == {"test"}
        scored[signal] = score_features(predictions, names, features, permutations=300, bootstrap=300).set_index(
            "metric"
        )
    assert scored[3.0].loc["retrieval_top1", "value"] > 0.8
    assert scored[3.0].loc["retrieval_top1", "chance"] == 1 / 20
    assert scored[3.0].loc["pearson", "ceiling"] > 0.95
    assert scored[0.0].loc["two_way", "ceiling"] < scored[3.0].loc["two_way", "ceiling"]
    assert scored[0.0].loc["pearson", "value"] == pytest.approx(0.0, abs=0.15)
    assert scored[0.0].loc["two_way", "p"] > 0.01
    assert scored[0.0].loc["two_way", "ci_low"] < 0.5 < scored[0.0].loc["two_way", "ci_high"]


def test_protocols_refuse_what_they_cannot_use():
    trials, _ = labelled(1.0, runs=2)
    with pytest.raises(DataError, match="at least 3 runs, found 2"):
        make_folds(trials, "leave_one_run_out")
    with pytest.raises(DataError, match="found 0 and 0"):
        make_folds(trials, "held_out_stimuli")
    leaking = trials.assign(split=["train", "test"] * 4)
    leaking["stimulus"] = "same"
    with pytest.raises(DataError, match="both train and test"):
        make_folds(leaking, "held_out_stimuli")


def test_left_out_subjects_are_decoded_from_the_others_alone():
    # Runs of one person as people: all respond alike.
    trials, values = labelled(2.0, runs=4)
    trials = trials.assign(subject=trials["run"], run="1")
    parts = [(mine.reset_index(drop=True), values[mine.index]) for _, mine in trials.groupby("subject")]
    options = {"model": "ridge_classifier", "grid": [1.0, 100.0], "protocol": "leave_one_subject_out"}
    run = train_subjects(parts, None, None, **options)
    assert set(run.predictions["fold"]) == {f"sub-{name}" for name in ("01", "02", "03", "04")}
    assert (run.predictions["fold"] == "sub-" + run.predictions["subject"]).all()
    assert score_labels(run.predictions, permutations=99, bootstrap=100).iloc[0]["value"] > 0.9
    # Labels of the subject who is left out are not seen.
    changed = [(trials.copy(), values) for trials, values in parts]
    changed[0][0]["label"] = changed[0][0]["label"].to_numpy()[::-1]
    again = train_subjects(changed, None, None, **options)
    mine = run.predictions["subject"] == "01"
    assert list(run.predictions["predicted"][mine]) == list(again.predictions["predicted"][mine])
    with pytest.raises(DataError, match="subject 02: responses of 5 features, most subjects have 20"):
        train_subjects([parts[0], (parts[1][0], parts[1][1][:, :5]), *parts[2:]], None, None, **options)
    with pytest.raises(DataError, match="at least 3 subjects, found 2"):
        train_subjects(parts[:2], None, None, **options)


def test_missing_features_and_folds_are_named():
    trials, values, names, features = featured(1.0)
    with pytest.raises(DataError, match="have no features"):
        targets_of(trials, names[:-1], features[:-1])
    with pytest.raises(DataError, match="fold `run-9` does not exist"):
        train_linear(trials, values, features, model="ridge", grid=[1.0], protocol="held_out_stimuli", folds=["run-9"])


def test_unequal_numbers_of_predictions_are_refused():
    trials, values = labelled(1.0)
    run = train_linear(trials, values, targets_of(trials, None, None), model="ridge_classifier", **OPTIONS)
    with pytest.raises(DataError, match="unequal numbers"):
        score_labels(pd.concat([run.predictions, run.predictions.iloc[:3].assign(draw=1)]))
