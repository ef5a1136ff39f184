"""Weights & Biases, after the fact: a change of its mode, or its failure, touches no result."""


rule track_experiment:
    """Show all runs of an experiment in Weights & Biases, whose client starts once for them."""
    input:
        manifests=run_files("manifest.json"),
        metrics=run_files("metrics.json"),
        tables=run_tables,
        figures=run_figures,
        curves=run_curves,
    output:
        outcome=f"{RESULTS}/{{family}}/{{dataset}}/{{experiment}}/wandb.json",
    log:
        "logs/track_experiment/{family}_{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/track_experiment/{family}_{dataset}_{experiment}.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        tracking=STUDY.tracking.model_dump(),
        code=code("track_experiment"),
    script:
        "../scripts/track_experiment.py"


rule track_comparison:
    """Show the comparison of the study in Weights & Biases."""
    input:
        scores=f"{RESULTS}/compare/scores.csv",
        differences=f"{RESULTS}/compare/config_differences.csv",
        shown=f"{RESULTS}/compare/scores",
        tests=ranked("pairs.csv") + ranked("ranks.csv"),
        figures=ranked("ranks.png") + overlaid("learning.png"),
        manifests=[f"{run}/manifest.json" for name in PLAN.experiments for run in PLAN.run_folders(name)],
    output:
        outcome=f"{RESULTS}/compare/wandb.json",
    log:
        "logs/track_comparison/compare.log",
    benchmark:
        "logs/benchmarks/track_comparison/compare.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        study=STUDY.study,
        tracking=STUDY.tracking.model_dump(),
        code=code("track_comparison"),
    script:
        "../scripts/track_comparison.py"


rule sync_runs:
    """Upload the study's offline runs to Weights & Biases; runs where it is asked for: `snakemake sync_runs`."""
    input:
        tracked=[f"{PLAN.experiment_folder(name)}/wandb.json" for name in PLAN.experiments],
        comparison=f"{RESULTS}/compare/wandb.json",
        diets=trained_diets("wandb.json"),
        maps=[file for name in PLAN.voxel_models for file in model_files(name, "wandb.json")],
    output:
        record=f"{RESULTS}/compare/sync.json",
    log:
        "logs/sync_runs/sync.log",
    benchmark:
        "logs/benchmarks/sync_runs/sync.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        code=code("sync_runs"),
    script:
        "../scripts/sync_runs.py"
