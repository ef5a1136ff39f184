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
        pairs=ranked("pairs.csv"),
        ranks=ranked("ranks.csv"),
        figures=ranked("ranks.png") + overlaid("learning.png"),
    output:
        scores=f"{RESULTS}/compare/scores.csv",
        parquet=f"{RESULTS}/compare/scores.parquet",
        differences=f"{RESULTS}/compare/config_differences.csv",
        table=report(f"{RESULTS}/compare/comparison.html", caption="../report/comparison.rst", category="Comparison"),
        figures=report(
            directory(f"{RESULTS}/compare/scores"),
            patterns=["{name}.png"],
            caption="../report/comparison.rst",
            category="Comparison",
            labels={"scores": "{name}"},
        ),
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


rule rank_experiments:
    """Test every two experiments on the units that both have, and rank all of them."""
    input:
        units=[
            *(f"{PLAN.experiment_folder(name)}/units.csv" for name in PLAN.experiments),
            *reconstruction_files("reconstruction_units.csv"),
        ],
    output:
        pairs=f"{RESULTS}/compare/pairs.csv",
        ranks=f"{RESULTS}/compare/ranks.csv",
        figure=report(f"{RESULTS}/compare/ranks.png", caption="../report/ranks.rst", category="Comparison"),
    log:
        "logs/rank_experiments/compare.log",
    benchmark:
        "logs/benchmarks/rank_experiments/compare.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        simulated=PLAN.simulated,
        made={name: kind for name in PLAN.specs if (kind := PLAN.scenes_kind(name))},
        code=code("rank_experiments"),
    script:
        "../scripts/rank_experiments.py"


rule overlay_curves:
    """Lay the learning curves of all networks of the study over each other."""
    input:
        curves=[file for file, _ in network_curves()],
    output:
        curves=f"{RESULTS}/compare/learning.csv",
        figure=report(f"{RESULTS}/compare/learning.png", caption="../report/learning.rst", category="Comparison"),
    log:
        "logs/overlay_curves/compare.log",
    benchmark:
        "logs/benchmarks/overlay_curves/compare.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        runs=[names for _, names in network_curves()],
        simulated=PLAN.simulated,
        code=code("overlay_curves"),
    script:
        "../scripts/overlay_curves.py"
