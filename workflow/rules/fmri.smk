"""BOLD runs to single-trial responses."""

FMRI = f"{DERIVATIVES}/{{dataset}}/{{pipeline}}/sub-{{subject}}"
FMRI_PIPELINES = one_of(PLAN.pipelines("fmri"))


rule mask_bold:
    """Find the voxels of a subject that are brighter than the mean of the image."""
    input:
        raw=subject_raw,
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
        raw=recording_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
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
        bold=lambda wildcards: recording_of(wildcards).path,
        settings=lambda wildcards: settings(wildcards.pipeline, "detrend_order", "standardize"),
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
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        settings=lambda wildcards: settings(wildcards.pipeline, "delay_s", "window_s"),
        code=code("extract_responses"),
    script:
        "../scripts/extract_responses.py"


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
