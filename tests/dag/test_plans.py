"""What each shipped study would run, from empty files alone."""

import re
import subprocess
import sys

import pytest
import yaml

SUBJECTS, DISPLAYS = 4, 6


def empty_bids(root, subjects=("01", "02"), runs=("1", "2", "3")):
    """A BIDS folder of empty files: fMRI, EEG and eye tracking."""
    for subject in subjects:
        for run in runs:
            stem = f"sub-{subject}/func/sub-{subject}_task-see_run-{run}"
            for suffix in ("_bold.nii.gz", "_bold.json", "_events.tsv"):
                (root / f"{stem}{suffix}").parent.mkdir(parents=True, exist_ok=True)
                (root / f"{stem}{suffix}").touch()
        for name in (
            f"eeg/sub-{subject}_task-see_eeg.vhdr",
            f"beh/sub-{subject}_task-look_recording-eye1_physio.tsv.gz",
        ):
            path = root / f"sub-{subject}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def own_study(folder, bids, **extra):
    """A config and a spec for a BIDS folder of one's own, as the README shows."""
    specs = folder / "data_specs"
    specs.mkdir(parents=True)
    spec = {
        "name": "mine", "title": "My study", "modalities": ["fmri", "eeg", "gaze"],
        "licence": {"name": "own data", "redistributable": False}, "source": {"kind": "folder", "path": str(bids)},
    }  # fmt: skip
    (specs / "mine.yaml").write_text(yaml.safe_dump(spec))
    config = {
        "study": "mine", "datasets": ["mine"],
        "pipelines": {
            "trial-mean": {"datasets": ["mine"]}, "epochs": {"datasets": ["mine"]}, "ivt": {"datasets": ["mine"]},
        },
        "experiments": {"mine-categories": {
            "family": "decoding", "dataset": "mine", "pipeline": "trial-mean", "protocol": "leave_one_run_out",
        }},
        **extra,
    }  # fmt: skip
    (folder / "mine.yaml").write_text(yaml.safe_dump(config))


def test_offline_runs_are_uploaded_where_that_is_asked_for(workflow):
    run = workflow("sync_runs")
    assert run.counts["sync_runs"] == 1
    assert run.counts["track_experiment"] == 13
    assert "make_report" not in run.counts


def test_default_study(workflow):
    run = workflow()
    assert run.counts == {
        "all": 1,
        "fetch_source": 2, "describe_dataset": 2, "convert_bids": 4,
        "simulate_truth": 2, "simulate_subject": 2 * SUBJECTS, "tabulate_features": 2,
        "mask_bold": 2 + 2 * SUBJECTS, "clean_bold": 2 + 2 * SUBJECTS,
        "extract_responses": 2 + 2 * SUBJECTS, "plot_bold": 2 + 2 * SUBJECTS,
        "measure_bold": 2 + 2 * SUBJECTS, "tabulate_bold_quality": 4, "plot_bold_quality": 1,
        "clean_gaze": 8 + 3, "detect_events": 8 + 3, "measure_gaze": 3, "plot_gaze": 8,
        "tabulate_fixations": 3, "tabulate_gaze_quality": 3,
        "clean_eeg": 2 * SUBJECTS + 3, "epoch_eeg": 2 * SUBJECTS,
        "average_evoked": 2, "plot_group_evoked": 2,
        "describe_viewing": 1, "simulate_viewing": 3, "synchronise_gaze": 3, "plot_synchronisation": 1,
        "score_joined": 1, "summarise_truth": 1,
        "tabulate_eeg_quality": 2, "report_eeg": 2 * SUBJECTS,
        "train_decoder": 8, "track_experiment": 8 + 2 + 3, "score_decoder": 8, "plot_decoder": 8,
        "draw_displays": DISPLAYS, "plot_displays": 1,
        "run_search": 2 * DISPLAYS, "score_search": 2, "plot_search": 2,
        "compare_searches": 1,
        "rank_experiments": 1, "simulate_scanpaths": 1, "tabulate_scanpaths": 1, "prepare_scanpaths": 1, "extract_features": 1,
        "train_scanpath": 3, "score_scanpath": 3, "plot_scanpath": 3, "plot_next_fixations": 1,
        "score_process": 1, "compare_scanpaths": 1, "overlay_curves": 1,
        "compare_experiments": 1, "track_comparison": 1, "make_report": 1,
    }  # fmt: skip


def test_bare_snakemake_reads_the_profile(root):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "workflow specific profile profiles/default" in done.stderr


def test_own_bids_folder_needs_no_conversion(workflow, tmp_path):
    empty_bids(tmp_path / "bids")
    own_study(workflow.folder, tmp_path / "bids")
    run = workflow("--configfile", "mine.yaml")
    assert run.counts == {
        "all": 1, "mask_bold": 2, "clean_bold": 2, "extract_responses": 2, "plot_bold": 2,
        "measure_bold": 2, "tabulate_bold_quality": 1,
        "clean_gaze": 2, "detect_events": 2, "plot_gaze": 2,
        "tabulate_fixations": 1, "tabulate_gaze_quality": 1,
        "clean_eeg": 2, "epoch_eeg": 2, "average_evoked": 1, "plot_group_evoked": 1,
        "tabulate_eeg_quality": 1, "report_eeg": 2,
        "train_decoder": 1, "track_experiment": 1, "score_decoder": 1, "plot_decoder": 1,
        "compare_experiments": 1, "track_comparison": 1, "make_report": 1,
    }  # fmt: skip


def test_steps_of_fmri_are_taken_where_they_are_switched_on(workflow, tmp_path):
    empty_bids(tmp_path / "bids")
    steps = {"slice_timing": True, "realign": True, "smoothing_fwhm_mm": 6.0, "high_pass_s": 128.0}
    own_study(
        workflow.folder,
        tmp_path / "bids",
        pipelines={
            "plain": {"modality": "fmri", "datasets": ["mine"]},
            "steps": {"extends": "plain", **steps, "motion_regressors": 12, "responses": "lss"},
            "smooth": {"extends": "plain", "smoothing_fwhm_mm": 6.0},
        },
        experiments={"mine-plain": {"dataset": "mine", "pipeline": "plain"}},
    )
    run = workflow("--configfile", "mine.yaml")
    per_run, per_subject = 6, 2
    expected = {
        "correct_slice_timing": per_run, "realign_bold": per_run, "smooth_bold": 2 * per_run,
        "clean_bold": 3 * per_subject, "mask_bold": 3 * per_subject,
        "extract_responses": 2 * per_subject, "estimate_trials": per_subject,
        # No motion came with these data.
        "plot_motion": None,
    }  # fmt: skip
    assert {name: run.counts.get(name) for name in expected} == expected


def test_realignment_is_drawn_beside_the_motion_that_came_with_the_data(workflow, root):
    run = workflow(
        "--configfile", str(root / "config" / "config.yaml"), str(root / "config/ablations/haxby-steps.yaml")
    )
    assert (run.counts["realign_bold"], run.counts["plot_motion"]) == (12, 1)


def test_responses_are_aligned_once_and_decoded_where_asked(workflow, tmp_path):
    empty_bids(tmp_path / "bids")
    aligned = {"dataset": "mine", "pipeline": "plain", "protocol": "held_out_stimuli", "alignment": "shared"}
    own_study(
        workflow.folder,
        tmp_path / "bids",
        pipelines={"plain": {"modality": "fmri", "datasets": ["mine"]}},
        alignments={
            "shared": {"dataset": "mine", "pipeline": "plain"},
            "spheres": {"extends": "shared", "method": "ridge", "scope": "searchlight"},
        },
        experiments={"one": aligned, "two": {**aligned, "alignment": None}},
    )
    run = workflow("--configfile", "mine.yaml")
    # Responses are made once, whatever is made of them; what no decoder reads is aligned to be scored.
    expected = {
        "extract_responses": 2, "fit_alignment": 2, "apply_alignment": 4, "score_alignment": 2, "plot_alignment": 2,
        "train_decoder": 2,
    }  # fmt: skip
    assert {name: run.counts.get(name) for name in expected} == expected


def test_voxels_are_chosen_and_models_of_every_voxel_fitted_where_asked(workflow, tmp_path):
    empty_bids(tmp_path / "bids")
    for name in ("masks/roi.nii.gz", "stimuli/a.png"):
        (tmp_path / "bids" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bids" / name).touch()
    band = {"features": "net"}
    own_study(
        workflow.folder,
        tmp_path / "bids",
        pipelines={
            "plain": {"modality": "fmri", "datasets": ["mine"]},
            "region": {"extends": "plain", "voxels": {"image": "masks/roi.nii.gz"}},
            "region-lss": {"extends": "region", "high_pass_s": 128.0, "responses": "lss"},
        },
        features={"net": {"dataset": "mine", "images": "stimuli/*.png", "layers": ["block3_expand"]}},
        encodings={"mine-encoding": {"dataset": "mine", "pipeline": "region", "bands": {"net": band}}},
        searchlights={"mine-searchlight": {"dataset": "mine", "pipeline": "plain"}},
        experiments={},
    )
    run = workflow("--configfile", "mine.yaml")
    expected = {
        "extract_responses": 2 * 2, "estimate_trials": 2, "select_voxels": 2 * 2, "fit_encoding": 2, "plot_encoding": 2,
        "decode_searchlight": 2, "plot_searchlight": 2, "score_maps": 2, "extract_features": 1,
        "track_map": 2 + 2,
    }  # fmt: skip
    assert {name: run.counts.get(name) for name in expected} == expected


def test_steps_of_eeg_are_taken_where_they_are_switched_on(workflow, tmp_path):
    empty_bids(tmp_path / "bids")
    epochs = {"autoreject": "local", "current_source_density": True}
    own_study(
        workflow.folder,
        tmp_path / "bids",
        pipelines={
            "plain": {"modality": "eeg", "datasets": ["mine"]},
            "ica": {"extends": "plain", "bad_channels": ["flat", "noisy"], "eyes": "ica", **epochs},
            "regression": {"extends": "plain", "eyes": "regression"},
            "labels": {
                "extends": "plain",
                "eyes": "iclabel",
                "h_freq": None,
                "time_decoding": {
                    "one": {"classes": {"a": ["x"], "b": ["y"]}},
                    "two": {"classes": {"a": ["x"], "c": ["z"]}},
                },
            },
        },
        experiments={},
    )
    run = workflow("--configfile", "mine.yaml")
    expected = {
        "clean_eeg": 8, "epoch_eeg": 6, "epoch_eeg_alone": 2, "tabulate_epochs": 2, "report_eeg": 8,
        "find_bad_channels": 2, "fit_ica": 2,
        "label_components": 2, "remove_components": 4, "regress_eyes": 2, "reject_epochs": 2, "source_density": 2,
        "plot_group_evoked": 4, "decode_time": 4, "average_time_decoding": 2, "plot_time_decoding": 2,
    }  # fmt: skip
    assert {name: run.counts.get(name) for name in expected} == expected


# What each shipped study has beside what all have.
SHIPPED = {
    "decoding": {
        "fetch_source": None, "simulate_subject": 2 * SUBJECTS, "train_decoder": None, "train_cross_subject": 19,
        "score_decoder": 25, "plot_decoder": 25, "plot_curves": 17, "track_experiment": 25, "compare_adaptation": 1,
        "tabulate_gaze_responses": SUBJECTS, "train_joint": 6, "score_modalities": 4,
    },
    "decoding-full": {
        "convert_bids": 15, "gather_images": 2, "extract_features": 2, "simulate_truth": 2, "simulate_subject": 16,
        "gather_betas": 24, "epoch_eeg": 2, "detect_events": 2, "train_cross_subject": 26, "plot_curves": 15,
        "reconstruct_images": None, "compare_adaptation": None,
    },
    "search": {"fetch_source": None, "draw_displays": 6, "plot_displays": 1, "run_search": 72, "score_search": 12},
    "search-full": {
        "fetch_source": 2, "draw_displays": 6, "run_search": 18 * 6 + 14, "score_search": 16, "score_scenes": 14,
    },
    "nsd": {
        "convert_bids": 8, "gather_betas": 8, "extract_features": 1, "train_cross_subject": 7, "score_decoder": 7,
    },
    "things-eeg2": {
        "convert_bids": 10, "clean_eeg": 2 * 80, "epoch_eeg": 10, "epoch_eeg_alone": 10, "tabulate_epochs": 10,
        "extract_features": 1, "train_decoder": 1, "train_epochs": 2,
    },
    "my-bids": {
        "fetch_source": None, "convert_bids": None, "realign_bold": 6, "estimate_trials": 2, "find_bad_channels": 2,
        "epoch_eeg": 2, "detect_events": 2, "train_decoder": 3,
    },
    "search-choice": {"fetch_source": None, "draw_displays": 2, "run_search": 2 * 30, "compare_searches": 1},
    "diets": {
        "fetch_source": None, "draw_displays": 2, "train_backbone": 18, "plot_diet": 3, "plot_training": 3,
        "run_search": 4 * 6 * 2, "compare_diets": 1,
    },
    "osie": {
        "convert_bids": 15, "tabulate_scanpaths": 1, "measure_consistency": 1, "plot_consistency": 1,
        "extract_features": 2, "prepare_scanpaths": 1, "train_scanpath": 7, "score_scanpath": 7, "plot_scanpath": 7,
        "compare_scanpaths": 1, "track_experiment": 7, "plot_next_fixations": 1,
        # Of networks that differ in it, and there is one.
        "compare_attention": None,
    },
    "amazon": {
        "convert_bids": 6, "tabulate_scanpaths": 1, "prepare_objects": 1, "train_objects": 9, "score_objects": 9,
        "plot_objects": 9, "compare_objects": 1, "track_experiment": 9, "train_scanpath": None, "compare_scanpaths": None,
    },
    "natural-search": {
        "fetch_source": 2, "convert_bids": 6 + 15, "tabulate_scanpaths": 2, "gather_scenes": 2, "run_search": 14,
        "score_scenes": 14, "plot_scenes": 14, "plot_performance": 2, "measure_consistency": None,
    },
    "uci-eeg": {
        "convert_bids": 20, "clean_eeg": None, "plot_group_evoked": 2, "report_eeg_alone": 20, "report_eeg": None, "train_decoder": 2,
        "measure_eeg": None, "tabulate_eeg_quality": 1, "epoch_eeg": 20, "epoch_eeg_alone": 20, "tabulate_epochs": None,
    },
    "uci-eeg-decoding": {
        "convert_bids": 20, "clean_eeg": None, "tabulate_epochs": 20, "train_epochs": 30, "score_epochs": 30,
        "compare_epochs": 3, "plot_curves": 6, "plot_decoder": None, "train_decoder": None,
    },
    "detectors": {
        "convert_bids": 19, "detect_events": 25 * 8, "plot_gaze": 25, "score_detector": 8, "score_truth": 8,
        "plot_truth": 1,
    },
    "eyelink-eeg": {
        "convert_bids": 3, "simulate_viewing": 3 + 4, "synchronise_gaze": 1 + 3 + 4, "deconvolve_eeg": 1 + 4,
        "fit_ica": 4, "regress_eyes": 1, "score_joined": 3, "plot_synchronisation": 3, "plot_deconvolution": 2,
    },
    "action-geometry": {"convert_bids": None, "measure_rdms": 1, "plot_rdms": 1},
    "i2mc": {"convert_bids": 2, "detect_events": 2 * 5 * 2 * 2, "plot_gaze": 2 * 5 * 2},
}  # fmt: skip

# Folders that their users fill.
FILLED = {"nsd": "downloads/nsd/nsddata", "things-eeg2": "downloads/thingseeg2"}


def test_every_shipped_study_is_listed(root):
    assert {path.stem for path in (root / "config" / "studies").glob("*.yaml")} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_studies_can_be_planned(workflow, root, name):
    if name in FILLED:
        (workflow.folder / FILLED[name]).mkdir(parents=True)
        (workflow.folder / FILLED[name] / "a-file").touch()
    if name == "my-bids":
        empty_bids(workflow.folder / "my-bids")
    run = workflow("--configfile", str(root / "config" / "studies" / f"{name}.yaml"))
    expected = {"fetch_source": 1, "make_report": 1, **SHIPPED[name]}
    assert {rule: run.counts.get(rule) for rule in expected} == expected


def test_mechanisms_of_attention_are_compared_once_with_all_their_seeds(workflow, root):
    config = root / "config"
    overlays = [config / "config.yaml", config / "studies" / "osie.yaml", config / "ablations" / "osie-attention.yaml"]
    target = "results/osie-attention/scanpath/osie/costs.csv"
    run = workflow("--configfile", *map(str, overlays), "--", target)
    expected = {"train_scanpath": 12 * 3, "score_scanpath": 12, "compare_attention": 1, "plot_scanpath": None}
    assert {rule: run.counts.get(rule) for rule in expected} == expected


def test_curves_and_images_are_laid_over_the_large_decoding_study(workflow, root):
    config = root / "config"
    study = [config / "config.yaml", config / "studies" / "decoding-full.yaml"]
    beside = {
        "decoding-curve": {"train_cross_subject": 26 + 15, "compare_adaptation": 2, "reconstruct_images": None},
        "decoding-images": {"train_cross_subject": 26 + 3, "reconstruct_images": 3, "compare_adaptation": None},
    }
    for name, expected in beside.items():
        run = workflow("--configfile", *map(str, [*study, config / "ablations" / f"{name}.yaml"]))
        assert {rule: run.counts.get(rule) for rule in expected} == expected
        # The same folder, so that what the study has trained is there.
        assert set(re.findall(r"results/([\w-]+)/", run.text)) == {"decoding-full"}


def test_both_eyes_as_one_are_one_recording(workflow, root):
    study = str(root / "config" / "studies" / "i2mc.yaml")
    run = workflow("--configfile", study, "--config", "pipelines={tobii-i2mc: {eyes: cyclopean}}")
    assert run.counts["clean_gaze"] == 10 + 20


def test_files_of_ones_own_are_fetched_again_when_they_change(workflow, tmp_path):
    source, specs = tmp_path / "mine", workflow.folder / "data_specs"
    source.mkdir()
    specs.mkdir(parents=True)
    (source / "p1.asc").write_text("not read by a plan")
    screen = {"width_px": 100, "height_px": 50, "width_m": 0.4, "height_m": 0.2, "distance_m": 0.6}
    spec = {
        "name": "raw", "title": "Raw files", "modalities": ["gaze"],
        "licence": {"name": "own data", "redistributable": False},
        "source": {"kind": "files", "path": str(source)}, "converter": "gaze_files",
        "gaze_files": {"files": "p{subject}.asc", "screen": screen}, "subjects": ["1"],
        "recordings": [{"modality": "gaze", "task": "gaze", "recordings": ["eye1"]}],
    }  # fmt: skip
    (specs / "raw.yaml").write_text(yaml.safe_dump(spec))
    config = {"study": "raw", "datasets": ["raw"], "pipelines": {"ivt": {"datasets": ["raw"]}}}
    (workflow.folder / "raw.yaml").write_text(yaml.safe_dump(config))
    run = workflow("--configfile", "raw.yaml")
    assert run.counts["fetch_source"] == run.counts["convert_bids"] == run.counts["detect_events"] == 1
    (source / "p1.asc").unlink()
    run = workflow("--configfile", "raw.yaml", check=False)
    assert "there is no file in this folder" in run.text


def test_folds_and_seeds_are_separate_jobs_where_asked(workflow):
    run = workflow("--config", "experiments={haxby-1slice: {folds: [run-01, run-02, run-03], seeds: [0, 1]}}")
    # The three that extend it take over its folds and seeds; the four simulated ones stay single jobs.
    assert run.counts["train_decoder"] == 4 * 3 * 2 + 4
    assert run.counts["score_decoder"] == 8


def test_one_target_runs_what_it_needs(workflow):
    run = workflow("results/default/decoding/sim-study/sim-eeg/scores.csv")
    assert set(run.counts) == {
        "simulate_truth", "simulate_subject", "tabulate_features", "clean_eeg", "epoch_eeg", "train_decoder",
        "score_decoder",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--config", "trackin={mode: offline}"], "unknown key `trackin` (did you mean `tracking`?)"),
        (
            ["--config", "datasets=[haxby2002]"],
            "no data spec for data set `haxby2002` (did you mean `haxby2001`?)",
        ),
        (["--config", "pipelines={ivt: {ivt: {velocity_threshold: fast}}}"], "pipelines.ivt"),
        (["--config", "experiments={sim-fmri: {pipeline: nothing}}"], "unknown pipeline `nothing`"),
    ],
)
def test_wrong_configs_stop_before_any_job_with_one_paragraph(workflow, arguments, expected):
    run = workflow(*arguments, check=False)
    assert run.code != 0
    assert expected in run.text
    assert "Traceback" not in run.text


def test_a_subject_without_runs_gets_a_job_that_will_say_so_unless_excluded(workflow, tmp_path):
    empty_bids(tmp_path / "bids")
    (tmp_path / "bids" / "sub-03").mkdir()
    own_study(workflow.folder, tmp_path / "bids")
    run = workflow("--configfile", "mine.yaml")
    assert run.counts["mask_bold"] == run.counts["clean_bold"] == 3
    run = workflow("--configfile", "mine.yaml", "--config", "pipelines={trial-mean: {exclude: ['03']}}")
    assert run.counts["mask_bold"] == 2


def test_an_empty_bids_folder_is_named(workflow, tmp_path):
    (tmp_path / "bids").mkdir()
    own_study(workflow.folder, tmp_path / "bids")
    run = workflow("--configfile", "mine.yaml", check=False)
    assert run.code != 0
    assert str(tmp_path / "bids") in run.text
    assert "Traceback" not in run.text
