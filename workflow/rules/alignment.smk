"""Responses of all subjects brought into one space, and how far held-out stimuli agree there."""

ALIGNED = f"{DERIVATIVES}/{{dataset}}/{{pipeline}}/alignment-{{alignment}}"
ALIGNMENT = f"{RESULTS}/alignment/{{dataset}}/{{alignment}}"


rule fit_alignment:
    """Fit a map of each subject's voxels into one space, by training stimuli."""
    input:
        responses=alignment_responses,
        masks=alignment_masks,
        parcels=lambda wildcards: region_inputs(wildcards, parcel_images(wildcards)),
    output:
        maps=f"{ALIGNED}/alignment.safetensors",
    log:
        "logs/fit_alignment/{dataset}_{pipeline}_{alignment}.log",
    benchmark:
        "logs/benchmarks/fit_alignment/{dataset}_{pipeline}_{alignment}.tsv"
    wildcard_constraints:
        alignment=one_of(PLAN.alignments),
    conda:
        "../../envs/fmri.yaml"
    params:
        subjects=alignment_subjects,
        parcels=parcel_images,
        options=lambda wildcards: PLAN.alignments[wildcards.alignment].fitting(),
        code=code("fit_alignment"),
    script:
        "../scripts/fit_alignment.py"


rule apply_alignment:
    """Bring all Responses of a subject into the space of its data set."""
    input:
        responses=f"{FMRI}/sub-{{subject}}_responses.parquet",
        maps=f"{ALIGNED}/alignment.safetensors",
    output:
        responses=f"{ALIGNED}/sub-{{subject}}_responses.parquet",
    log:
        "logs/apply_alignment/{dataset}_{pipeline}_{alignment}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/apply_alignment/{dataset}_{pipeline}_{alignment}_sub-{subject}.tsv"
    wildcard_constraints:
        alignment=one_of(PLAN.alignments),
    conda:
        "../../envs/fmri.yaml"
    params:
        code=code("apply_alignment"),
    script:
        "../scripts/apply_alignment.py"


rule score_alignment:
    """Score how far held-out stimuli of subjects agree: aligned, before, and with training stimuli permuted."""
    input:
        responses=alignment_responses,
        aligned=lambda wildcards: aligned_responses(wildcards.alignment),
        masks=alignment_masks,
        parcels=lambda wildcards: region_inputs(wildcards, parcel_images(wildcards)),
    output:
        scores=f"{ALIGNMENT}/scores.csv",
        subjects=f"{ALIGNMENT}/subjects.csv",
    log:
        "logs/score_alignment/{dataset}_{alignment}.log",
    benchmark:
        "logs/benchmarks/score_alignment/{dataset}_{alignment}.tsv"
    wildcard_constraints:
        alignment=one_of(PLAN.alignments),
    conda:
        "../../envs/fmri.yaml"
    params:
        study=STUDY.study,
        subjects=alignment_subjects,
        parcels=parcel_images,
        options=lambda wildcards: PLAN.alignments[wildcards.alignment].fitting(),
        draws=lambda wildcards: PLAN.alignments[wildcards.alignment].model_dump(
            include={"permutations", "bootstrap", "seed"}
        ),
        code=code("score_alignment"),
    script:
        "../scripts/score_alignment.py"


rule plot_alignment:
    """Draw how far held-out stimuli of each subject agree with the others, aligned and not."""
    input:
        scores=f"{ALIGNMENT}/scores.csv",
        subjects=f"{ALIGNMENT}/subjects.csv",
    output:
        figure=report(
            f"{ALIGNMENT}/alignment.png",
            caption="../report/alignment.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "alignment": "{alignment}"},
        ),
    log:
        "logs/plot_alignment/{dataset}_{alignment}.log",
    benchmark:
        "logs/benchmarks/plot_alignment/{dataset}_{alignment}.tsv"
    wildcard_constraints:
        alignment=one_of(PLAN.alignments),
    conda:
        "../../envs/report.yaml"
    params:
        title=alignment_title,
        code=code("plot_alignment"),
    script:
        "../scripts/plot_alignment.py"
