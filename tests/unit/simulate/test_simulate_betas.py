"""Simulated responses to images against what the model states."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.config.simulation import SimulationSource
from cogmodels.data.betas import map_betas
from cogmodels.data.bids import read_tsv
from cogmodels.errors import DataError
from cogmodels.files import digest
from cogmodels.fmri.prepared_betas import standardise_session
from cogmodels.fmri.reliability import noise_ceiling
from cogmodels.simulate.betas import CURVES, draw_population, simulate_session, stimuli_seen
from cogmodels.simulate.image_truth import image_truth, principal_components
from cogmodels.simulate.study import read_truth, simulate_subject, write_truth

BETAS = {"voxels": [20, 30], "repeats": 3, "shared": 4, "own": 5}


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    rng = np.random.default_rng(2)
    return rng.standard_normal((60, 12)) * np.linspace(3, 0.5, 12)


def kinds_of(n: int) -> pd.DataFrame:
    kind = np.where(np.arange(n) < n // 2, "photograph", "rendered")
    return pd.DataFrame({"stimulus": [f"i{k:02d}.jpg" for k in range(n)], "kind": kind})


def truth_of(features, **options):
    kinds = kinds_of(len(features))
    shared = {"seed": 3, "subjects": 2, "latent_dimensions": 5, "test": 6}
    return image_truth(list(kinds["stimulus"]), features, kinds, **(shared | options))


def population_of(latent, seed=1, **options):
    return draw_population(
        latent, common=np.random.default_rng(0), rng=np.random.default_rng(seed), **{"voxels": 40, **options}
    )


# -- truth


def test_latents_are_principal_components_with_their_variances(features):
    latent = principal_components(features, 12)
    centred = features - features.mean(axis=0)
    assert latent.var(axis=0).mean() == pytest.approx(1)
    # All components together keep every distance, up to the one factor.
    ratio = np.linalg.norm(latent[:1] - latent, axis=1)[1:] / np.linalg.norm(centred[:1] - centred, axis=1)[1:]
    assert np.ptp(ratio) < 1e-9
    with pytest.raises(DataError, match="13 latent dimensions"):
        principal_components(features, 13)


def test_test_images_are_photographs_and_points_of_interest_lie_on_the_screen(features):
    truth = truth_of(features)
    held = truth.stimuli[truth.stimuli["split"] == "test"]
    assert len(held) == 6
    assert set(held["category"]) == {"photograph"}
    assert np.abs(truth.hotspots[..., 0]).max() < 14
    assert np.allclose(truth.hotspots[..., 2].sum(axis=1), 1, atol=1e-5)
    # What sets kinds apart is no part of the latent vector.
    shifted = features + 100 * (truth.stimuli["category"] == "rendered").to_numpy()[:, None]
    assert np.allclose(truth_of(shifted).latent, truth.latent, atol=1e-5)
    with pytest.raises(DataError, match="31 test images"):
        truth_of(features, test=31)
    with pytest.raises(DataError, match="have no features"):
        image_truth(["other"], features[:1], kinds_of(1), seed=0, subjects=1, latent_dimensions=1, test=1)


def test_subjects_share_test_images_and_some_training_images_and_nothing_else():
    split = np.array(["test"] * 6 + ["train"] * 30)
    seen = stimuli_seen(split, subjects=3, shared=4, own=8, rng=np.random.default_rng(0))
    assert (seen.sum(axis=1) == 18).all()
    assert seen.all(axis=0).sum() == 10
    assert (seen.sum(axis=0)[seen.any(axis=0) & ~seen.all(axis=0)] == 1).all()
    with pytest.raises(DataError, match="there are 30"):
        stimuli_seen(split, subjects=3, shared=7, own=8, rng=np.random.default_rng(0))


# -- voxels


def test_noise_free_responses_have_the_stated_ncsnr_and_noise_variance_1(features):
    latent = principal_components(features, 5)
    brain = population_of(latent, ncsnr_mean=0.5)
    assert np.allclose(brain.responses.std(axis=0), brain.ncsnr, rtol=1e-4)
    assert np.allclose(brain.responses.mean(axis=0), 0, atol=1e-5)
    order = np.zeros(4000, dtype=int)
    values = np.concatenate(list(simulate_session(brain, order, rng=np.random.default_rng(4), session_shift=0)))
    assert np.allclose(values.mean(axis=0), brain.responses[0], atol=0.08)
    assert np.allclose(values.std(axis=0), 1, atol=0.06)


def test_ncsnr_is_recovered_within_5_percent_over_sessions_that_shift():
    rng = np.random.default_rng(5)
    brain = population_of(rng.standard_normal((400, 6)), voxels=300, ncsnr_mean=0.43)
    order, parts = np.tile(np.arange(400), 3), []
    for session in range(3):
        options = {"session_shift": 1.0}
        whole = np.concatenate(
            list(simulate_session(brain, order[:400], rng=np.random.default_rng([6, session]), **options))
        )
        parts += list(standardise_session(lambda whole=whole: iter([whole]), np.arange(400) % 4 > 0))
    found = noise_ceiling(np.concatenate(parts), order).ncsnr
    assert found.mean() == pytest.approx(brain.ncsnr.mean(), rel=0.05)
    assert np.corrcoef(found, brain.ncsnr)[0, 1] > 0.9


def test_voxels_are_linear_rectified_and_saturating_in_their_drive(features):
    latent = principal_components(features, 5)
    brain = population_of(latent, voxels=200, warp=0.0, ncsnr_mean=0.4)
    drive = latent @ brain.weights.T
    drive = (drive - drive.mean(axis=0)) / drive.std(axis=0)
    bends = [lambda x: x, lambda x: np.maximum(x, 0), lambda x: np.tanh(2 * x)]
    for k, bend in enumerate(bends):
        mine = brain.curve == k
        assert mine.sum() > 30, CURVES[k]
        bent = bend(drive[:, mine])
        expected = (bent - bent.mean(axis=0)) / bent.std(axis=0) * brain.ncsnr[mine]
        assert np.allclose(brain.responses[:, mine], expected, atol=1e-5)


def test_maps_are_common_to_subjects_as_far_as_stated_and_smooth(features):
    latent = principal_components(features, 5)
    options = {"voxels": 400, "voxel_share": 0.0, "map_scale": 0.3}
    same = [population_of(latent, seed, common_maps=1.0, **options).weights for seed in (1, 2)]
    other = [population_of(latent, seed, common_maps=0.0, **options).weights for seed in (1, 2)]
    # Places differ by less than a cell.
    assert np.corrcoef(same[0].ravel(), same[1].ravel())[0, 1] > 0.95
    assert abs(np.corrcoef(other[0].ravel(), other[1].ravel())[0, 1]) < 0.4
    assert np.corrcoef(same[0][:-1].ravel(), same[0][1:].ravel())[0, 1] > 0.8


def test_without_signal_nothing_depends_on_the_stimulus(features):
    brain = population_of(principal_components(features, 5), signal=0.0)
    assert not brain.responses.any()
    assert not brain.ncsnr.any()
    with pytest.raises(DataError, match="does not vary"):
        population_of(np.ones((10, 2)))


# -- files


def test_a_subject_is_written_in_sessions_and_alone_gives_the_same_bytes(features, tmp_path):
    truth = truth_of(features)
    for root, people in ((tmp_path / "a", ["01", "02"]), (tmp_path / "b", ["02"])):
        write_truth(root, truth, "images")
        files = [simulate_subject(root, read_truth(root), one, betas=BETAS)[0::4] for one in people][-1]
    assert [file.name for file in files] == [f"sub-02_ses-{k:02d}_task-viewing_betas.npy" for k in (1, 2, 3)]
    for file in files:
        assert digest(file) == digest(tmp_path / "a" / file.relative_to(tmp_path / "b"))
    values, events = map_betas(files[0])
    assert values.shape == (15, 30)
    assert values.dtype == np.float16
    assert sorted(set(events["split"])) == ["test", "train"]
    assert not set(events["stimulus_id"][events["split"] == "test"]) & set(
        events["stimulus_id"][events["split"] == "train"]
    )
    assert "Image, in the folder" in (tmp_path / "a" / "stimuli" / "stimuli.json").read_text()
    voxels = read_tsv(tmp_path / "a" / "sourcedata" / "truth" / "sub-02" / "betas_voxels.tsv")
    assert list(voxels) == ["row", "column", "curve", "ncsnr"]
    assert len(voxels) == 30


def test_eeg_and_gaze_of_the_same_images_follow_the_same_latent_vectors(features, tmp_path):
    truth = truth_of(features)
    write_truth(tmp_path, truth, "images")
    simulate_subject(
        tmp_path, read_truth(tmp_path), "01", eeg={"repeats": 1, "sampling_rate": 125.0}, gaze={"trials": 5}
    )
    amplitudes = np.load(tmp_path / "sourcedata" / "truth" / "sub-01" / "eeg_amplitudes.npy").astype(float)
    design = np.column_stack([np.ones(len(truth.latent)), truth.latent])
    left = amplitudes - design @ np.linalg.lstsq(design, amplitudes, rcond=None)[0]
    assert np.abs(left).max() < 1e-4 * np.abs(amplitudes).max()
    assert (tmp_path / "sub-01" / "beh" / "sub-01_task-freeview_events.tsv").exists()


def test_a_spec_whose_images_are_too_few_is_refused():
    options = {"seed": 0, "subjects": 2, "stimuli": 20, "categories": 1, "latent_dimensions": 2}
    images = {"rendered": 20, "test": 6}
    SimulationSource(**options, images=images, betas={"shared": 4, "own": 5})
    with pytest.raises(ValueError, match="are 22, there are 20"):
        SimulationSource(**options, images=images, betas={"shared": 4, "own": 6})
    with pytest.raises(ValueError, match="over `images`"):
        SimulationSource(**options, betas={})
    with pytest.raises(ValueError, match="give `photographs`"):
        SimulationSource(**options, images={})
