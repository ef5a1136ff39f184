"""Responses a trial that come as such, with no BOLD before; and the images that simulated subjects respond to."""


rule gather_images:
    """Gather the images that simulated subjects see: those of another data set, and rendered ones."""
    input:
        photographs=lambda wildcards: PLAN.photographs(wildcards.dataset),
    output:
        images=f"{DATA}/{{dataset}}/stimuli/images.tsv",
    log:
        "logs/gather_images/{dataset}.log",
    benchmark:
        "logs/benchmarks/gather_images/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.shown_images),
    conda:
        "../../envs/search.yaml"
    params:
        root=photograph_root,
        pattern=lambda wildcards: getattr(image_stimuli(wildcards).photographs, "images", None),
        options=image_options,
        code=code("gather_images"),
    script:
        "../scripts/gather_images.py"


rule gather_betas:
    """Bring a subject's responses of all sessions to one scale: its Responses table."""
    input:
        raw=subject_raw,
    output:
        responses=f"{DERIVATIVES}/{{dataset}}/{{pipeline}}/sub-{{subject}}/sub-{{subject}}_responses.parquet",
    log:
        "logs/gather_betas/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/gather_betas/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=one_of(PLAN.pipelines("betas")),
    conda:
        "../../envs/fmri.yaml"
    params:
        recordings=subject_recordings,
        settings=lambda wildcards: settings(wildcards.pipeline, "zscore", "precision", "grid"),
        code=code("gather_betas"),
    script:
        "../scripts/gather_betas.py"
