"""One decoder of several kinds of responses to the same stimuli."""


rule tabulate_gaze_responses:
    """Write where and how long a subject looked in each trial as its Responses table."""
    input:
        raw=subject_raw,
        events=lambda wildcards: subject_files(wildcards, "beh/{recording}_desc-detected_events.tsv"),
    output:
        responses=f"{GAZE_SUBJECT}/sub-{{subject}}_responses.parquet",
    log:
        "logs/tabulate_gaze_responses/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/tabulate_gaze_responses/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=GAZE_PIPELINES,
    conda:
        "../../envs/gaze.yaml"
    params:
        recordings=subject_recordings,
        cells=lambda wildcards: STUDY.pipelines[wildcards.pipeline].responses.model_dump(),
        code=code("tabulate_gaze_responses"),
    script:
        "../scripts/tabulate_gaze_responses.py"


rule train_joint:
    """Train one decoder on several kinds of responses of several subjects; one that was killed goes on."""
    input:
        responses=joint_responses,
        features=experiment_features,
        text=experiment_text,
    output:
        model=f"{RUN}/fold-{{fold}}_seed-{{seed}}/model.safetensors",
        predictions=f"{RUN}/fold-{{fold}}_seed-{{seed}}/predictions.parquet",
        subsets=f"{RUN}/fold-{{fold}}_seed-{{seed}}/subsets.parquet",
        metrics=f"{RUN}/fold-{{fold}}_seed-{{seed}}/metrics.json",
        choices=f"{RUN}/fold-{{fold}}_seed-{{seed}}/choices.csv",
        curves=f"{RUN}/fold-{{fold}}_seed-{{seed}}/curves.csv",
        stimuli=f"{RUN}/fold-{{fold}}_seed-{{seed}}/stimuli.csv",
        manifest=f"{RUN}/fold-{{fold}}_seed-{{seed}}/manifest.json",
    log:
        "logs/train_joint/{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_joint/{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.joint),
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: PLAN.experiments[wildcards.experiment].threads
    resources:
        gpu=lambda wildcards: gpus_asked(PLAN.experiments[wildcards.experiment]),
    params:
        config=lambda wildcards: PLAN.experiments[wildcards.experiment].config(),
        tables=joint_tables,
        pipeline=pipeline_config,
        study=STUDY.study,
        code=code("train_joint"),
    script:
        "../scripts/train_joint.py"


rule score_modalities:
    """Score a joint decoder that is given every choice of its modalities, and what all of them add."""
    input:
        subsets=run_files("subsets.parquet"),
        features=experiment_features,
    output:
        table=f"{RUN}/modalities.csv",
        scores=f"{RUN}/modality_scores.csv",
        figure=report(
            f"{RUN}/modalities.png",
            caption="../report/modalities.rst",
            category="Decoding",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/score_modalities/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_modalities/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.joint),
    conda:
        "../../envs/decoding.yaml"
    params:
        config=experiment_config("protocol", "permutations", "bootstrap"),
        names=lambda wildcards: {"study": STUDY.study, "family": "decoding", "dataset": wildcards.dataset},
        title=experiment_title,
        code=code("score_modalities"),
    script:
        "../scripts/score_modalities.py"
