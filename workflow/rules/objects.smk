"""Searches among objects to models of them, predicted scanpaths and scores."""

OBJECT_SETS = f"{DERIVATIVES}/{{dataset}}/objects/{{set}}"


rule prepare_objects:
    """Say where the objects of scenes are and which each fixation is on, split scanpaths once, render pictures."""
    input:
        fixations=f"{DERIVATIVES}/{{dataset}}/scanpaths/fixations.parquet",
        source=lambda wildcards: PLAN.image_inputs(wildcards.dataset, STUDY.object_sets[wildcards.set].table),
    output:
        objects=f"{OBJECT_SETS}/objects.csv",
        scenes=f"{OBJECT_SETS}/scenes.csv",
        sequences=f"{OBJECT_SETS}/sequences.csv",
        split=f"{OBJECT_SETS}/split.csv",
        defects=f"{OBJECT_SETS}/defects.csv",
        pictures=f"{OBJECT_SETS}/pictures.safetensors",
    log:
        "logs/prepare_objects/{dataset}_{set}.log",
    benchmark:
        "logs/benchmarks/prepare_objects/{dataset}_{set}.tsv"
    wildcard_constraints:
        set=one_of(PLAN.object_sets),
    conda:
        "../../envs/scanpath.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        options=lambda wildcards: STUDY.object_sets[wildcards.set].model_dump(exclude={"dataset"}),
        code=code("prepare_objects"),
    script:
        "../scripts/prepare_objects.py"


rule train_objects:
    """Train a model of objects, draw scanpaths for the test scenes, say how likely people's are; one killed goes on."""
    input:
        objects=object_set("objects.csv"),
        scenes=object_set("scenes.csv"),
        sequences=object_set("sequences.csv"),
        split=object_set("split.csv"),
        pictures=object_set("pictures.safetensors"),
    output:
        model=f"{SCANPATH_RUN}/model.safetensors",
        predictions=f"{SCANPATH_RUN}/predictions.parquet",
        sequences=f"{SCANPATH_RUN}/sequences.csv",
        steps=f"{SCANPATH_RUN}/steps.csv",
        choices=f"{SCANPATH_RUN}/choices.csv",
        metrics=f"{SCANPATH_RUN}/metrics.json",
        manifest=f"{SCANPATH_RUN}/manifest.json",
    log:
        "logs/train_objects/{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_objects/{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.object_scanpaths),
    conda:
        "../../envs/scanpath.yaml"
    threads: lambda wildcards: PLAN.experiments[wildcards.experiment].threads
    resources:
        gpu=lambda wildcards: gpus_asked(PLAN.experiments[wildcards.experiment]),
    params:
        config=lambda wildcards: PLAN.experiments[wildcards.experiment].config(),
        set=lambda wildcards: STUDY.object_sets[PLAN.experiments[wildcards.experiment].objects].model_dump(mode="json"),
        study=STUDY.study,
        code=code("train_objects"),
    script:
        "../scripts/train_objects.py"


rule score_objects:
    """Score a model of objects on the test scenes: value, intervals over scenes and people, chance, people, p."""
    input:
        predictions=run_files("sequences.csv"),
        steps=run_files("steps.csv"),
        objects=object_set("objects.csv"),
        scenes=object_set("scenes.csv"),
        sequences=object_set("sequences.csv"),
        split=object_set("split.csv"),
    output:
        trials=f"{SCANPATH}/object_values.csv",
        behaviour=f"{SCANPATH}/behaviour.csv",
        intervals=f"{SCANPATH}/intervals.csv",
        scores=f"{SCANPATH}/scores.csv",
        units=f"{SCANPATH}/units.csv",
    log:
        "logs/score_objects/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_objects/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.object_scanpaths),
    conda:
        "../../envs/scanpath.yaml"
    params:
        bootstrap=lambda wildcards: PLAN.experiments[wildcards.experiment].bootstrap,
        protocol=lambda wildcards: "split by {by}".format(
            by=STUDY.object_sets[PLAN.experiments[wildcards.experiment].objects].by
        ),
        study=STUDY.study,
        code=code("score_objects"),
    script:
        "../scripts/score_objects.py"


rule plot_objects:
    """Draw a model's scanpaths over layouts beside people's, and what both do."""
    input:
        predictions=first_run("sequences.csv"),
        steps=first_run("steps.csv"),
        behaviour=f"{SCANPATH}/behaviour.csv",
        objects=object_set("objects.csv"),
        scenes=object_set("scenes.csv"),
        sequences=object_set("sequences.csv"),
        pictures=object_set("pictures.safetensors"),
    output:
        figure=report(
            f"{SCANPATH}/objects.png",
            caption="../report/objects.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_objects/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_objects/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.object_scanpaths),
    conda:
        "../../envs/scanpath.yaml"
    params:
        title=experiment_title,
        code=code("plot_objects"),
    script:
        "../scripts/plot_objects.py"


rule compare_objects:
    """Compare all models of objects of a data set, scene by scene."""
    input:
        trials=object_experiments("object_values.csv"),
        scores=object_experiments("scores.csv"),
    output:
        differences=f"{RESULTS}/scanpath/{{dataset}}/object_differences.csv",
        figure=report(
            f"{RESULTS}/scanpath/{{dataset}}/object_models.png",
            caption="../report/object_models.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "all"},
        ),
    log:
        "logs/compare_objects/{dataset}.log",
    benchmark:
        "logs/benchmarks/compare_objects/{dataset}.tsv"
    conda:
        "../../envs/scanpath.yaml"
    params:
        title=lambda wildcards: f"Models of objects: {PLAN.specs[wildcards.dataset].title}",
        code=code("compare_objects"),
    script:
        "../scripts/compare_objects.py"
