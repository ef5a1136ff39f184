"""The default study: what `make run` shows. `config/config.yaml` is generated from it."""

DEFAULT_STUDY: dict = {
    "study": "default",
    "title": "Real fMRI and gaze, search models, and simulated studies with known truth",
    "datasets": [
        "haxby2001",
        "eyelink-sample",
        "eyelink-eeg",
        "sim-study",
        "sim-null",
        "asymmetry-small",
        "sim-scanpaths",
    ],  # fmt: skip
    "pipelines": {
        "block-1slice": {
            "modality": "fmri",
            "datasets": ["haxby2001"],
            "acquisition": "1slice",
            "figures": True,
            "description": "one slice at full resolution: quadratic detrend, z-score per run, mean of each block",
        },
        "block-25mm": {
            "extends": "block-1slice",
            "acquisition": "25mm",
            "figures": False,
            "description": "the same recipe on the whole brain at 25 mm",
        },
        "trial-mean": {
            "modality": "fmri",
            "datasets": ["sim-study", "sim-null"],
            "delay_s": 4.0,
            "window_s": 4.0,
            "description": "mean of the volumes 4 to 8 s after each trial's onset",
        },
        "ivt": {
            "modality": "gaze",
            "datasets": ["eyelink-sample", "sim-study"],
            "description": "five-point velocity, threshold 30 deg/s",
        },
        "ivt-joined": {
            "modality": "gaze",
            "datasets": ["eyelink-eeg"],
            "figures": False,
            "description": "the same, of the recordings that SIMULATED EEG follows",
        },
        "epochs": {
            "modality": "eeg",
            "datasets": ["sim-study", "sim-null"],
            "notch_hz": 50.0,
            "resample_hz": 50.0,
            "description": "0.1 to 40 Hz, average reference, epochs with baseline",
        },
        "eyelink-clocks": {
            "modality": "eeg",
            "datasets": ["eyelink-eeg"],
            "subject_pages": False,
            "subject_figures": False,
            "subject_responses": False,
            "quality": False,
            "synchronise": {
                "gaze": "ivt-joined",
                "messages": ["TRIALID", "SYNCTIME", "STIM_ONSET", "TRIAL_RESULT"],
                "code_column": "message",
            },
            "description": "real EyeLink recordings on the clock of SIMULATED EEG by their own messages",
        },
    },
    "features": {
        "sim-scanpaths-maps": {
            "dataset": "sim-scanpaths",
            "images": "stimuli/*.png",
            "layers": ["block3"],
            "grid": [12, 16],
            "size": [320, 240],
        },
    },
    "scanpath_sets": {
        "sim-looks": {"dataset": "sim-scanpaths", "images": "stimuli/*.png", "validation": 15, "test": 15},
    },
    "experiments": {
        "haxby-1slice": {
            "family": "decoding",
            "dataset": "haxby2001",
            "pipeline": "block-1slice",
            "model": "linear_svc",
            "grid": [1.0, 10.0, 100.0, 1000.0],
            "description": "8 categories from one slice, leave one run out",
        },
        "haxby-1slice-shuffled": {
            "extends": "haxby-1slice",
            "control": "shuffled_labels",
            "draws": 20,
            "description": "control: training labels shuffled within runs",
        },
        "haxby-25mm": {
            "extends": "haxby-1slice",
            "pipeline": "block-25mm",
            "description": "8 categories from 25-mm voxels, leave one run out",
        },
        "haxby-25mm-shuffled": {
            "extends": "haxby-25mm",
            "control": "shuffled_labels",
            "draws": 20,
            "description": "control: training labels shuffled within runs",
        },
        "sim-fmri": {
            "family": "decoding",
            "dataset": "sim-study",
            "pipeline": "trial-mean",
            "target": "latent",
            "model": "ridge",
            "protocol": "held_out_stimuli",
            "description": "simulated BOLD to the stimuli's latent vectors, held-out stimuli",
        },
        "sim-eeg": {
            "extends": "sim-fmri",
            "pipeline": "epochs",
            "description": "simulated EEG to the stimuli's latent vectors, held-out stimuli",
        },
        "null-fmri": {
            "extends": "sim-fmri",
            "dataset": "sim-null",
            "description": "control: the same decoder on simulated BOLD without signal",
        },
        "null-eeg": {
            "extends": "sim-eeg",
            "dataset": "sim-null",
            "description": "control: the same decoder on simulated EEG without signal",
        },
        "eccnet": {
            "family": "search",
            "dataset": "asymmetry-small",
            "layers": {
                "low": {"target": "block3_expand", "search": "block3_expand"},
                "middle": {"target": "block5_expand", "search": "block5_expand"},
                "high": {"target": "block11_expand", "search": "block11_expand"},
            },
            "description": "eccNET on EfficientNet-Lite0: windows that grow away from the gaze, three layer pairs",
        },
        "search-chance": {
            "extends": "eccnet",
            "model": "chance",
            "control": "no_target",
            "description": "control: looks into cells at random",
        },
        "sim-scanpath-centre": {
            "family": "scanpath",
            "dataset": "sim-scanpaths",
            "fixations": "sim-looks",
            "model": "centre_bias",
            "description": "where viewers look in any image",
        },
        "sim-scanpath-markov": {
            "extends": "sim-scanpath-centre",
            "model": "markov",
            "description": "saccades and centre bias, without the image",
        },
        "sim-scanpath-network": {
            "extends": "sim-scanpath-centre",
            "model": "transformer",
            "features": ["sim-scanpaths-maps"],
            "transformer": {"width": 32, "heads": 2, "waves": 32, "dropout": 0.0, "decoder_layers": 1},
            "recipe": {
                "accelerator": "cpu",
                "epochs": 10,
                "batch_size": 6,
                "learning_rate": 0.005,
                "patience": None,
            },
            "description": "patches and past fixations to the next fixation",
        },
    },
}
