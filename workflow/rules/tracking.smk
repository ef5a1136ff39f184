"""Weights & Biases, after the fact: a change of its mode, or its failure, touches no result."""


rule track_run:
    """Show a model run in Weights & Biases."""
    input:
        manifest=f"{RESULTS}/{{family}}/{{dataset}}/{{experiment}}/fold-{{fold}}_seed-{{seed}}/manifest.json",
        metrics=f"{RESULTS}/{{family}}/{{dataset}}/{{experiment}}/fold-{{fold}}_seed-{{seed}}/metrics.json",
        table=run_table,
        figures=run_figures,
        curves=run_curves,
    output:
        outcome=f"{RESULTS}/{{family}}/{{dataset}}/{{experiment}}/fold-{{fold}}_seed-{{seed}}/wandb.json",
    log:
        "logs/track_run/{family}_{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/track_run/{family}_{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        tracking=STUDY.tracking.model_dump(),
        code=code("track_run"),
    script:
        "../scripts/track_run.py"


rule track_comparison:
    """Show the comparison of the study in Weights & Biases."""
    input:
        scores=f"{RESULTS}/compare/scores.csv",
        differences=f"{RESULTS}/compare/config_differences.csv",
        figure=f"{RESULTS}/compare/scores.png",
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
