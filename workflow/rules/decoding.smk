"""Responses to models, predictions and scores."""

RUN = f"{RESULTS}/decoding/{{dataset}}/{{experiment}}"


rule train_decoder:
    """Train a decoder in its folds and predict the held-out trials."""
    input:
        responses=experiment_responses,
        features=experiment_features,
    output:
        model=f"{RUN}/fold-{{fold}}_seed-{{seed}}/model.safetensors",
        predictions=f"{RUN}/fold-{{fold}}_seed-{{seed}}/predictions.parquet",
        metrics=f"{RUN}/fold-{{fold}}_seed-{{seed}}/metrics.json",
        choices=f"{RUN}/fold-{{fold}}_seed-{{seed}}/choices.csv",
        manifest=f"{RUN}/fold-{{fold}}_seed-{{seed}}/manifest.json",
    log:
        "logs/train_decoder/{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_decoder/{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    wildcard_constraints:
        experiment=one_of(n for n in PLAN.experiments if n not in [*PLAN.across, *PLAN.epoch_decoders]),
    conda:
        "../../envs/decoding.yaml"
    params:
        config=experiment_config("target", "model", "grid", "protocol", "control", "draws", "rejection"),
        pipeline=pipeline_config,
        study=STUDY.study,
        code=code("train_decoder"),
    script:
        "../scripts/train_decoder.py"


rule train_cross_subject:
    """Train one decoder on several subjects and predict the held-out trials; one that was killed goes on."""
    input:
        responses=experiment_responses,
        features=experiment_features,
        text=experiment_text,
        pixels=experiment_pixels,
        pretrained=experiment_pretrained,
    output:
        model=f"{RUN}/fold-{{fold}}_seed-{{seed}}/model.safetensors",
        predictions=f"{RUN}/fold-{{fold}}_seed-{{seed}}/predictions.parquet",
        metrics=f"{RUN}/fold-{{fold}}_seed-{{seed}}/metrics.json",
        choices=f"{RUN}/fold-{{fold}}_seed-{{seed}}/choices.csv",
        curves=f"{RUN}/fold-{{fold}}_seed-{{seed}}/curves.csv",
        stimuli=f"{RUN}/fold-{{fold}}_seed-{{seed}}/stimuli.csv",
        manifest=f"{RUN}/fold-{{fold}}_seed-{{seed}}/manifest.json",
    log:
        "logs/train_cross_subject/{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_cross_subject/{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    wildcard_constraints:
        experiment=one_of(n for n in PLAN.across if n not in PLAN.joint),
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: PLAN.experiments[wildcards.experiment].threads
    resources:
        gpu=lambda wildcards: gpus_asked(PLAN.experiments[wildcards.experiment]),
    params:
        config=lambda wildcards: PLAN.experiments[wildcards.experiment].config(),
        pipeline=pipeline_config,
        study=STUDY.study,
        code=code("train_cross_subject"),
    script:
        "../scripts/train_cross_subject.py"


rule plot_curves:
    """Draw the learning curves of a network across subjects."""
    input:
        curves=run_files("curves.csv"),
        choices=run_files("choices.csv"),
    output:
        figure=report(
            f"{RUN}/curves.png",
            caption="../report/curves.rst",
            category="Decoding",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_curves/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_curves/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.networks),
    conda:
        "../../envs/training.yaml"
    params:
        title=experiment_title,
        code=code("plot_curves"),
    script:
        "../scripts/plot_curves.py"


rule score_decoder:
    """Score all folds and seeds of an experiment: value, interval, chance, ceiling, p."""
    input:
        predictions=run_files("predictions.parquet"),
        features=experiment_features,
    output:
        scores=f"{RUN}/scores.csv",
        units=f"{RUN}/units.csv",
    log:
        "logs/score_decoder/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_decoder/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(n for n in PLAN.experiments if n not in classified_epochs()),
    conda:
        "../../envs/decoding.yaml"
    params:
        config=experiment_config("target", "protocol", "permutations", "bootstrap"),
        study=STUDY.study,
        code=code("score_decoder"),
    script:
        "../scripts/score_decoder.py"


rule plot_decoder:
    """Draw the confusion matrix, or what the decoder retrieves."""
    input:
        predictions=run_files("predictions.parquet"),
        features=experiment_features,
        scores=f"{RUN}/scores.csv",
    output:
        figure=report(
            f"{RUN}/decoder.png",
            caption="../report/decoder.rst",
            category="Decoding",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_decoder/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_decoder/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(n for n in PLAN.experiments if n not in classified_epochs()),
    conda:
        "../../envs/decoding.yaml"
    params:
        title=experiment_title,
        code=code("plot_decoder"),
    script:
        "../scripts/plot_decoder.py"
