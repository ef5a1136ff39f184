"""Decoders of single trials of EEG in new people, and their comparison."""


rule train_epochs:
    """Leave each person out of a decoder of single trials of EEG, and predict theirs; one that was killed goes on."""
    input:
        responses=experiment_responses,
        features=experiment_features,
    output:
        model=f"{RUN}/fold-{{fold}}_seed-{{seed}}/model.safetensors",
        predictions=f"{RUN}/fold-{{fold}}_seed-{{seed}}/predictions.parquet",
        metrics=f"{RUN}/fold-{{fold}}_seed-{{seed}}/metrics.json",
        choices=f"{RUN}/fold-{{fold}}_seed-{{seed}}/choices.csv",
        curves=f"{RUN}/fold-{{fold}}_seed-{{seed}}/curves.csv",
        refits=f"{RUN}/fold-{{fold}}_seed-{{seed}}/refits.csv",
        manifest=f"{RUN}/fold-{{fold}}_seed-{{seed}}/manifest.json",
    log:
        "logs/train_epochs/{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_epochs/{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.epoch_decoders),
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: PLAN.experiments[wildcards.experiment].threads
    resources:
        gpu=lambda wildcards: gpus_asked(PLAN.experiments[wildcards.experiment]),
    params:
        config=lambda wildcards: PLAN.experiments[wildcards.experiment].config(),
        pipeline=pipeline_config,
        study=STUDY.study,
        code=code("train_epochs"),
    script:
        "../scripts/train_epochs.py"


rule score_epochs:
    """Score decoded classes person by person and over people: value, interval, chance, ceiling, p."""
    input:
        predictions=run_files("predictions.parquet"),
        refits=run_files("refits.csv"),
    output:
        scores=f"{RUN}/scores.csv",
        people=f"{RUN}/people.csv",
        units=f"{RUN}/units.csv",
    log:
        "logs/score_epochs/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_epochs/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(classified_epochs()),
    conda:
        "../../envs/decoding.yaml"
    params:
        config=experiment_config("protocol", "permutations", "bootstrap"),
        study=STUDY.study,
        code=code("score_epochs"),
    script:
        "../scripts/score_epochs.py"


rule compare_epochs:
    """Compare decoders of EEG with a reference, person by person, controls beside them."""
    input:
        scores=compared_files("scores.csv"),
        people=compared_files("people.csv"),
    output:
        table=f"{RESULTS}/decoding/{{dataset}}/comparison-{{comparison}}.csv",
        figure=report(
            f"{RESULTS}/decoding/{{dataset}}/comparison-{{comparison}}.png",
            caption="../report/decoder_comparison.rst",
            category="Decoding",
            labels={"data set": "{dataset}", "comparison": "{comparison}"},
        ),
    log:
        "logs/compare_epochs/{dataset}_{comparison}.log",
    benchmark:
        "logs/benchmarks/compare_epochs/{dataset}_{comparison}.tsv"
    wildcard_constraints:
        comparison=one_of(compared_decoders()),
    conda:
        "../../envs/report.yaml"
    params:
        comparison=lambda wildcards: STUDY.decoder_comparisons[wildcards.comparison].model_dump(),
        classes=lambda wildcards: list(
            PLAN.experiments[STUDY.decoder_comparisons[wildcards.comparison].reference].classes
        ),
        simulated=lambda wildcards: wildcards.dataset in PLAN.simulated,
        code=code("compare_epochs"),
    script:
        "../scripts/compare_epochs.py"
