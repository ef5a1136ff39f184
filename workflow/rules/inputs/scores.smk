"""Scores of preprocessing."""


def coders_of(wildcards):
    """People who labelled the samples of a data set, and a second one where there is."""
    return PLAN.specs[wildcards.dataset].coders[:2]


def preprocessing_scores():
    """Scores of detectors against human coders, of people's RDMs against each other, of models of every voxel."""
    coded = [
        f"{RESULTS}/gaze/{dataset}/{pipeline}/scores.csv"
        for pipeline in PLAN.pipelines("gaze")
        for dataset in PLAN.datasets_of(pipeline)
        if PLAN.specs[dataset].coders
    ]
    models = [f"{RESULTS}/fmri/{one.dataset}/{name}/scores.csv" for name, one in PLAN.voxel_models.items()]
    models += alignment_files("scores.csv")
    return coded + [f"{folder}/scores.csv" for folder in PLAN.rdm_agreements.values()] + models + eeg_scores()


def detectors_on_truth():
    """Detectors that the study tries on simulated recordings."""
    return STUDY.detector_truth.detectors if STUDY.detector_truth else []
