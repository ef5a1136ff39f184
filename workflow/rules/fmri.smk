"""BOLD runs to single-trial responses."""

FMRI_PIPELINES = one_of(PLAN.pipelines("fmri"))
WINDOW_PIPELINES = one_of(n for n, p in PLAN.pipelines("fmri").items() if p.responses == "window_mean")
TRIAL_PIPELINES = one_of(n for n, p in PLAN.pipelines("fmri").items() if p.responses != "window_mean")


rule correct_slice_timing:
    """Bring the slices of one run to one moment of the volume."""
    input:
        raw=bold_before("slicetimed"),
    output:
        bold=f"{FMRI}/func/{{recording}}_desc-slicetimed_bold.nii.gz",
    log:
        "logs/correct_slice_timing/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/correct_slice_timing/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        bold=bold_path("slicetimed"),
        code=code("correct_slice_timing"),
    script:
        "../scripts/correct_slice_timing.py"


rule realign_bold:
    """Bring the volumes of one run to its mean by rigid motion."""
    input:
        raw=bold_before("realigned"),
    output:
        bold=f"{FMRI}/func/{{recording}}_desc-realigned_bold.nii.gz",
        motion=f"{FMRI}/func/{{recording}}_desc-motion_timeseries.tsv",
    log:
        "logs/realign_bold/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/realign_bold/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        bold=bold_path("realigned"),
        code=code("realign_bold"),
    script:
        "../scripts/realign_bold.py"


rule smooth_bold:
    """Smooth one run inside the mask."""
    input:
        raw=bold_before("smoothed"),
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
    output:
        bold=f"{FMRI}/func/{{recording}}_desc-smoothed_bold.nii.gz",
    log:
        "logs/smooth_bold/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/smooth_bold/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        bold=bold_path("smoothed"),
        settings=lambda wildcards: settings(wildcards.pipeline, "smoothing_fwhm_mm"),
        code=code("smooth_bold"),
    script:
        "../scripts/smooth_bold.py"


rule mask_bold:
    """Find the voxels of a subject that are brighter than the mean of the image."""
    input:
        raw=subject_raw,
        bold=subject_bold_before("smoothed"),
    output:
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
    log:
        "logs/mask_bold/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/mask_bold/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        code=code("mask_bold"),
    script:
        "../scripts/mask_bold.py"


rule clean_bold:
    """Remove the slow drift of one run and standardise its voxels."""
    input:
        raw=bold_before(),
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        motion=motion_of,
    output:
        bold=f"{FMRI}/func/{{recording}}_desc-clean_bold.nii.gz",
    log:
        "logs/clean_bold/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/clean_bold/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    group:
        "clean_bold"
    conda:
        "../../envs/fmri.yaml"
    params:
        bold=bold_path(),
        settings=lambda wildcards: settings(
            wildcards.pipeline, "detrend_order", "high_pass_s", "low_pass_hz", "motion_regressors", "standardize"
        ),
        code=code("clean_bold"),
    script:
        "../scripts/clean_bold.py"


rule extract_responses:
    """Average the volumes of each event into the Responses table of a subject."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        bold=lambda wildcards: subject_files(wildcards, "func/{recording}_desc-clean_bold.nii.gz"),
    output:
        responses=f"{FMRI}/sub-{{subject}}_responses.parquet",
    log:
        "logs/extract_responses/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/extract_responses/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=WINDOW_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        settings=lambda wildcards: settings(wildcards.pipeline, "delay_s", "window_s"),
        code=code("extract_responses"),
    script:
        "../scripts/extract_responses.py"


rule estimate_trials:
    """Estimate a beta for each event of a subject: its Responses table."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        bold=subject_bold_before(),
        motion=subject_motion,
    output:
        responses=f"{FMRI}/sub-{{subject}}_responses.parquet",
    log:
        "logs/estimate_trials/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/estimate_trials/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=TRIAL_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        settings=lambda wildcards: settings(wildcards.pipeline, "responses", "high_pass_s", "motion_regressors"),
        code=code("estimate_trials"),
    script:
        "../scripts/estimate_trials.py"


rule plot_bold:
    """Draw a subject's mean image, mask, temporal SNR and cleaned signals."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        bold=lambda wildcards: subject_files(wildcards, "func/{recording}_desc-clean_bold.nii.gz")[:1],
    output:
        figure=report(
            f"{FMRI}/figures/sub-{{subject}}_bold.png",
            caption="../report/bold.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "{subject}"},
        ),
    log:
        "logs/plot_bold/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/plot_bold/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: sub-{wildcards.subject}",
        code=code("plot_bold"),
    script:
        "../scripts/plot_bold.py"
