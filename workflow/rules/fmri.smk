"""BOLD runs to single-trial responses, contrast maps and tables of quality."""

FMRI_PIPELINES = one_of(PLAN.pipelines("fmri"))
RAW_PIPELINES = one_of(n for n, p in PLAN.pipelines("fmri").items() if p.source == "raw")
PREPARED_PIPELINES = one_of(n for n, p in PLAN.pipelines("fmri").items() if p.source == "fmriprep")
WINDOW_PIPELINES = one_of(n for n, p in PLAN.pipelines("fmri").items() if p.responses == "window_mean")
TRIAL_PIPELINES = one_of(n for n, p in PLAN.pipelines("fmri").items() if p.responses != "window_mean")
CHOSEN_PIPELINES = one_of(n for n, p in PLAN.pipelines("fmri").items() if p.voxels.chosen)
# Where a pipeline chooses voxels, the responses of all voxels are a step before.
ALL_VOXELS = "|_desc-all"


ruleorder: select_voxels > extract_responses
ruleorder: select_voxels > estimate_trials


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
        raw=subject_raw_before("smoothed"),
        bold=subject_bold_before("smoothed"),
    output:
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
    log:
        "logs/mask_bold/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/mask_bold/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=RAW_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        code=code("mask_bold"),
    script:
        "../scripts/mask_bold.py"


rule gather_surfaces:
    """Bring the hemispheres or grayordinates of one run into one image of n x 1 x 1 places."""
    input:
        series=lambda wildcards: [str(file) for file in prepared_of(wildcards).files],
    output:
        bold=f"{FMRI}/func/{{recording}}_desc-gathered_bold.nii.gz",
        mask=f"{FMRI}/func/{{recording}}_desc-gathered_mask.nii.gz",
    log:
        "logs/gather_surfaces/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/gather_surfaces/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=PREPARED_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        code=code("gather_surfaces"),
    script:
        "../scripts/gather_surfaces.py"


rule mask_prepared_bold:
    """Find the voxels of a subject that fMRIPrep's masks of all runs hold and that have a signal."""
    input:
        masks=lambda wildcards: subject_prepared(wildcards, "mask"),
        bold=lambda wildcards: subject_prepared(wildcards, "series"),
    output:
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
    log:
        "logs/mask_prepared_bold/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/mask_prepared_bold/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=PREPARED_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        code=code("mask_prepared_bold"),
    script:
        "../scripts/mask_prepared_bold.py"


rule clean_bold:
    """Remove the slow drift of each run of a subject and standardise its voxels."""
    input:
        raw=subject_raw_before(),
        bold=subject_bold_before(),
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        confounds=subject_confounds,
    output:
        # Written last: the runs' own files lie beside it, as many as the subject has.
        cleaned=f"{FMRI}/func/sub-{{subject}}_desc-clean_bold.json",
    log:
        "logs/clean_bold/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/clean_bold/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=cleaned_recordings,
        settings=lambda wildcards: settings(
            wildcards.pipeline,
            "detrend_order",
            "high_pass_s",
            "low_pass_hz",
            "motion_regressors",
            "confounds",
            "standardize",
        ),
        code=code("clean_bold"),
    script:
        "../scripts/clean_bold.py"


rule extract_responses:
    """Average the volumes of each event into the Responses table of a subject."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        cleaned=f"{FMRI}/func/sub-{{subject}}_desc-clean_bold.json",
    output:
        responses=f"{FMRI}/sub-{{subject}}{{part}}_responses.parquet",
    log:
        "logs/extract_responses/{dataset}_{pipeline}_sub-{subject}{part}.log",
    benchmark:
        "logs/benchmarks/extract_responses/{dataset}_{pipeline}_sub-{subject}{part}.tsv"
    wildcard_constraints:
        part=ALL_VOXELS,
        pipeline=WINDOW_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        bold=lambda wildcards: subject_files(wildcards, "func/{recording}_desc-clean_bold.nii.gz"),
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
        confounds=subject_confounds,
    output:
        responses=f"{FMRI}/sub-{{subject}}{{part}}_responses.parquet",
    log:
        "logs/estimate_trials/{dataset}_{pipeline}_sub-{subject}{part}.log",
    benchmark:
        "logs/benchmarks/estimate_trials/{dataset}_{pipeline}_sub-{subject}{part}.tsv"
    wildcard_constraints:
        part=ALL_VOXELS,
        pipeline=TRIAL_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        settings=lambda wildcards: settings(
            wildcards.pipeline, "responses", "high_pass_s", "motion_regressors", "confounds"
        ),
        code=code("estimate_trials"),
    script:
        "../scripts/estimate_trials.py"


rule select_voxels:
    """Keep the voxels of a subject's Responses that lie in regions, or that repeats show to be reliable."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        responses=f"{FMRI}/sub-{{subject}}_desc-all_responses.parquet",
        files=lambda wildcards: region_inputs(wildcards),
    output:
        responses=f"{FMRI}/sub-{{subject}}_responses.parquet",
        mask=f"{FMRI}/func/sub-{{subject}}_desc-chosen_mask.nii.gz",
        table=f"{FMRI}/func/sub-{{subject}}_desc-chosen_voxels.tsv",
    log:
        "logs/select_voxels/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/select_voxels/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=CHOSEN_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        files=lambda wildcards: region_files(wildcards),
        options=lambda wildcards: settings(wildcards.pipeline, "voxels")["voxels"],
        code=code("select_voxels"),
    script:
        "../scripts/select_voxels.py"


rule plot_bold:
    """Draw a subject's mean image, mask, temporal SNR and cleaned signals."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        cleaned=f"{FMRI}/func/sub-{{subject}}_desc-clean_bold.json",
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
        prepared=lambda wildcards: subject_prepared(wildcards, "series")[:1],
        bold=lambda wildcards: subject_files(wildcards, "func/{recording}_desc-clean_bold.nii.gz")[:1],
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: sub-{wildcards.subject}",
        code=code("plot_bold"),
    script:
        "../scripts/plot_bold.py"


rule measure_bold:
    """Measure the quality of each run of a subject: head motion, changes from volume to volume, temporal SNR."""
    input:
        raw=subject_raw_before("smoothed"),
        bold=subject_bold_before("smoothed"),
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        motion=subject_motion,
    output:
        # Written last: the runs' tables by volume lie beside it.
        quality=f"{FMRI}/func/sub-{{subject}}_desc-quality_bold.json",
    log:
        "logs/measure_bold/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/measure_bold/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        code=code("measure_bold"),
    script:
        "../scripts/measure_bold.py"


rule plot_bold_quality:
    """Draw each run of a subject: what the mask holds, head motion, changes by volume, before and after cleaning."""
    input:
        raw=subject_raw_before("smoothed"),
        bold=subject_bold_before("smoothed"),
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        motion=subject_motion,
        cleaned=f"{FMRI}/func/sub-{{subject}}_desc-clean_bold.json",
        quality=f"{FMRI}/func/sub-{{subject}}_desc-quality_bold.json",
    output:
        figures=report(
            directory(f"{FMRI}/figures/quality"),
            patterns=["{recording}_quality.png"],
            caption="../report/bold_quality.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "recording": "{recording}"},
        ),
    log:
        "logs/plot_bold_quality/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/plot_bold_quality/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        title=lambda wildcards: PLAN.specs[wildcards.dataset].title,
        code=code("plot_bold_quality"),
    script:
        "../scripts/plot_bold_quality.py"


rule tabulate_bold_quality:
    """Gather the quality of all runs into one table, runs that differ from the others marked."""
    input:
        quality=quality_of_subjects,
    output:
        quality=f"{DERIVATIVES}/{{dataset}}/{{pipeline}}/quality.tsv",
        sidecar=f"{DERIVATIVES}/{{dataset}}/{{pipeline}}/quality.json",
    log:
        "logs/tabulate_bold_quality/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/tabulate_bold_quality/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        simulated=lambda wildcards: PLAN.kind(wildcards.dataset) == "simulation",
        code=code("tabulate_bold_quality"),
    script:
        "../scripts/tabulate_bold_quality.py"


rule map_contrast:
    """Map a weighted sum of conditions over all runs of a subject."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        bold=subject_bold_before(),
        confounds=subject_confounds,
    output:
        **{
            stat: f"{FMRI}/stats/sub-{{subject}}_contrast-{{contrast}}_stat-{stat}_statmap.nii.gz"
            for stat in ("effect", "variance", "t", "z")
        },
    log:
        "logs/map_contrast/{dataset}_{pipeline}_sub-{subject}_{contrast}.log",
    benchmark:
        "logs/benchmarks/map_contrast/{dataset}_{pipeline}_sub-{subject}_{contrast}.tsv"
    wildcard_constraints:
        contrast="[A-Za-z0-9]+",
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        weights=lambda wildcards: STUDY.pipelines[wildcards.pipeline].contrasts[wildcards.contrast],
        settings=lambda wildcards: settings(wildcards.pipeline, "high_pass_s", "motion_regressors", "confounds"),
        code=code("map_contrast"),
    script:
        "../scripts/map_contrast.py"


rule plot_contrast:
    """Draw a contrast's z values over the mean image."""
    input:
        raw=subject_raw,
        mask=f"{FMRI}/func/sub-{{subject}}_desc-brain_mask.nii.gz",
        bold=subject_bold_before(),
        z=f"{FMRI}/stats/sub-{{subject}}_contrast-{{contrast}}_stat-z_statmap.nii.gz",
    output:
        figure=report(
            f"{FMRI}/figures/sub-{{subject}}_contrast-{{contrast}}_statmap.png",
            caption="../report/contrast.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "contrast": "{contrast}"},
        ),
    log:
        "logs/plot_contrast/{dataset}_{pipeline}_sub-{subject}_{contrast}.log",
    benchmark:
        "logs/benchmarks/plot_contrast/{dataset}_{pipeline}_sub-{subject}_{contrast}.tsv"
    wildcard_constraints:
        contrast="[A-Za-z0-9]+",
        pipeline=FMRI_PIPELINES,
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        weights=lambda wildcards: STUDY.pipelines[wildcards.pipeline].contrasts[wildcards.contrast],
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: sub-{wildcards.subject}",
        code=code("plot_contrast"),
    script:
        "../scripts/plot_contrast.py"


rule plot_motion:
    """Compare a subject's realignment with the head motion that came with the data: a table and a figure."""
    input:
        raw=subject_raw,
        motion=lambda wildcards: subject_files(wildcards, "func/{recording}_desc-motion_timeseries.tsv"),
        # Files of the user's are waited for; those of a data set that is made here come with `raw`.
        shipped=lambda wildcards: shipped_motion(wildcards) if PLAN.kind(wildcards.dataset) == "folder" else [],
    output:
        agreement=f"{FMRI}/func/sub-{{subject}}_motion_agreement.tsv",
        figure=report(
            f"{FMRI}/figures/sub-{{subject}}_motion.png",
            caption="../report/motion.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "{subject}"},
        ),
    log:
        "logs/plot_motion/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/plot_motion/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=one_of(n for n, p in PLAN.pipelines("fmri").items() if p.realign),
    conda:
        "../../envs/fmri.yaml"
    params:
        shipped=shipped_motion,
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: sub-{wildcards.subject}, {wildcards.pipeline}",
        code=code("plot_motion"),
    script:
        "../scripts/plot_motion.py"
