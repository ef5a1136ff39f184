"""All scores of the study in one table."""


rule compare_experiments:
    """Gather scores and config differences of all experiments."""
    input:
        scores=[
            *(f"{PLAN.experiment_folder(name)}/scores.csv" for name in PLAN.experiments),
            *preprocessing_scores(),
            *diet_scores(),
            *adaptation_outputs("adaptation_scores.csv"),
            *reconstruction_files("reconstruction_scores.csv"),
            *joint_outputs("modality_scores.csv"),
            *process_files("scores.csv"),
        ],
        manifests=[f"{run}/manifest.json" for name in PLAN.experiments for run in PLAN.run_folders(name)],
    output:
        scores=f"{RESULTS}/compare/scores.csv",
        differences=f"{RESULTS}/compare/config_differences.csv",
        table=report(f"{RESULTS}/compare/comparison.html", caption="../report/comparison.rst", category="Comparison"),
        figure=report(f"{RESULTS}/compare/scores.png", caption="../report/comparison.rst", category="Comparison"),
    log:
        "logs/compare_experiments/compare.log",
    benchmark:
        "logs/benchmarks/compare_experiments/compare.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        study=STUDY.study,
        simulated=PLAN.simulated,
        made={name: kind for name in PLAN.specs if (kind := PLAN.scenes_kind(name))},
        code=code("compare_experiments"),
    script:
        "../scripts/compare_experiments.py"
