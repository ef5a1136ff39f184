"""Networks raised on diets of images, and what becomes of them in search."""

TRAINING = f"{RESULTS}/training/{{diet}}"


rule plot_diet:
    """Draw a contact sheet of a diet's images, as the network sees them."""
    output:
        figure=report(
            f"{TRAINING}/diet.png",
            caption="../report/diet.rst",
            category="Training",
            labels={"diet": "{diet}", "figure": "images"},
        ),
    log:
        "logs/plot_diet/{diet}.log",
    benchmark:
        "logs/benchmarks/plot_diet/{diet}.tsv"
    conda:
        "../../envs/training.yaml"
    params:
        diet=diet_config,
        title=diet_title,
        code=code("plot_diet"),
    script:
        "../scripts/plot_diet.py"


rule train_backbone:
    """Train a network on a diet; one that was killed goes on after its last whole epoch."""
    input:
        images=diet_files,
    output:
        model=f"{TRAINING}/seed-{{seed}}/model.safetensors",
        metrics=f"{TRAINING}/seed-{{seed}}/metrics.json",
        curves=f"{TRAINING}/seed-{{seed}}/curves.csv",
        manifest=f"{TRAINING}/seed-{{seed}}/manifest.json",
    log:
        "logs/train_backbone/{diet}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_backbone/{diet}_seed-{seed}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: STUDY.diets[wildcards.diet].recipe.threads
    resources:
        gpu=lambda wildcards: gpus_asked(STUDY.diets[wildcards.diet].recipe),
    params:
        diet=diet_config,
        study=STUDY.study,
        code=code("train_backbone"),
    script:
        "../scripts/train_backbone.py"


rule plot_training:
    """Draw the learning curves of a diet's networks."""
    input:
        curves=lambda wildcards: [
            f"{PLAN.diet_folder(wildcards.diet, seed)}/curves.csv" for seed in STUDY.diets[wildcards.diet].seeds
        ],
        metrics=lambda wildcards: [
            f"{PLAN.diet_folder(wildcards.diet, seed)}/metrics.json" for seed in STUDY.diets[wildcards.diet].seeds
        ],
    output:
        figure=report(
            f"{TRAINING}/curves.png",
            caption="../report/training.rst",
            category="Training",
            labels={"diet": "{diet}", "figure": "learning curves"},
        ),
    log:
        "logs/plot_training/{diet}.log",
    benchmark:
        "logs/benchmarks/plot_training/{diet}.tsv"
    conda:
        "../../envs/training.yaml"
    params:
        title=diet_title,
        code=code("plot_training"),
    script:
        "../scripts/plot_training.py"


rule compare_diets:
    """Compare the searches of networks that were raised on different diets, over their seeds."""
    input:
        trials=compared_searches(),
        about=compared_displays(),
    output:
        table=f"{RESULTS}/training/comparison.csv",
        networks=f"{RESULTS}/training/networks.csv",
        scores=f"{RESULTS}/training/scores.csv",
        figure=report(
            f"{RESULTS}/training/comparison.png",
            caption="../report/diets.rst",
            category="Training",
            labels={"diet": "all", "figure": "search"},
        ),
    log:
        "logs/compare_diets/all.log",
    benchmark:
        "logs/benchmarks/compare_diets/all.tsv"
    conda:
        "../../envs/search.yaml"
    params:
        runs=compared_runs(),
        names={"study": STUDY.study, "family": "search", "dataset": compared_dataset()},
        reference=STUDY.diet_comparison.reference if STUDY.diet_comparison else None,
        title=f"{STUDY.title}: search by diet",
        code=code("compare_diets"),
    script:
        "../scripts/compare_diets.py"


rule track_training:
    """Show the training of a network in Weights & Biases, its learning curves included."""
    input:
        manifest=f"{TRAINING}/seed-{{seed}}/manifest.json",
        metrics=f"{TRAINING}/seed-{{seed}}/metrics.json",
        curves=f"{TRAINING}/seed-{{seed}}/curves.csv",
    output:
        outcome=f"{TRAINING}/seed-{{seed}}/wandb.json",
    log:
        "logs/track_training/{diet}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/track_training/{diet}_seed-{seed}.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        tracking=STUDY.tracking.model_dump(),
        code=code("track_training"),
    script:
        "../scripts/track_training.py"
