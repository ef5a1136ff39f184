"""Decoded images: gathered, scored, drawn."""


rule reconstruct_images:
    """Gather the images that were decoded from each subject's responses; refine them where asked."""
    input:
        predictions=run_files("predictions.parquet"),
    output:
        images=f"{RUN}/reconstructions.npz",
    log:
        "logs/reconstruct_images/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/reconstruct_images/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(reconstructing()),
    conda:
        "../../envs/training.yaml"
    params:
        diffusion=lambda wildcards: reconstruction_options("diffusion")(wildcards)["diffusion"],
        code=code("reconstruct_images"),
    script:
        "../scripts/reconstruct_images.py"


rule score_reconstructions:
    """Score decoded images beside the true ones, the mean image and those of other brains."""
    input:
        images=f"{RUN}/reconstructions.npz",
        pixels=experiment_pixels,
    output:
        scores=f"{RUN}/reconstruction_scores.csv",
        units=f"{RUN}/reconstruction_units.csv",
    log:
        "logs/score_reconstructions/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_reconstructions/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(reconstructing()),
    conda:
        "../../envs/training.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        pattern=lambda wildcards: decoded_pixels(wildcards).images,
        options=reconstruction_options("score_px", "backbone", "weights", "weights_sha256", "layers"),
        sizes=experiment_config("permutations", "bootstrap"),
        protocol=lambda wildcards: PLAN.experiments[wildcards.experiment].protocol,
        study=STUDY.study,
        code=code("score_reconstructions"),
    script:
        "../scripts/score_reconstructions.py"


rule plot_reconstructions:
    """Draw decoded images beside the true ones."""
    input:
        images=f"{RUN}/reconstructions.npz",
        pixels=experiment_pixels,
        scores=f"{RUN}/reconstruction_scores.csv",
    output:
        figure=report(
            f"{RUN}/reconstructions.png",
            caption="../report/reconstructions.rst",
            category="Decoding",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_reconstructions/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_reconstructions/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(reconstructing()),
    conda:
        "../../envs/training.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        pattern=lambda wildcards: decoded_pixels(wildcards).images,
        shown=lambda wildcards: PLAN.experiments[wildcards.experiment].reconstruction.shown,
        title=experiment_title,
        code=code("plot_reconstructions"),
    script:
        "../scripts/plot_reconstructions.py"
