"""Fixations to scanpath models, predicted scanpaths and scores."""

SCANPATH_SETS = f"{DERIVATIVES}/{{dataset}}/scanpaths/{{set}}"
SCANPATH = f"{RESULTS}/scanpath/{{dataset}}/{{experiment}}"
PROCESS = f"{RESULTS}/scanpath/{{dataset}}/true-process"
SCANPATH_RUN = f"{SCANPATH}/fold-{{fold}}_seed-{{seed}}"


rule prepare_scanpaths:
    """Mend the fixations that scanpath models learn from, and split them once."""
    input:
        fixations=f"{DERIVATIVES}/{{dataset}}/scanpaths/fixations.parquet",
        source=lambda wildcards: PLAN.image_inputs(wildcards.dataset, STUDY.scanpath_sets[wildcards.set].images),
    output:
        fixations=f"{SCANPATH_SETS}/fixations.parquet",
        split=f"{SCANPATH_SETS}/split.csv",
        defects=f"{SCANPATH_SETS}/defects.csv",
    log:
        "logs/prepare_scanpaths/{dataset}_{set}.log",
    benchmark:
        "logs/benchmarks/prepare_scanpaths/{dataset}_{set}.tsv"
    wildcard_constraints:
        set=one_of(PLAN.scanpath_sets),
    conda:
        "../../envs/scanpath.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        size_px=lambda wildcards: scanpath_images(wildcards.dataset)["size_px"],
        options=lambda wildcards: STUDY.scanpath_sets[wildcards.set].model_dump(exclude={"dataset"}),
        code=code("prepare_scanpaths"),
    script:
        "../scripts/prepare_scanpaths.py"


rule train_scanpath:
    """Train a scanpath model, draw scanpaths of the test images, and say how likely people's are; one killed goes on."""
    input:
        fixations=scanpath_set("fixations.parquet"),
        split=scanpath_set("split.csv"),
        features=scanpath_features,
    output:
        model=f"{SCANPATH_RUN}/model.safetensors",
        predictions=f"{SCANPATH_RUN}/predictions.parquet",
        typical=f"{SCANPATH_RUN}/typical.parquet",
        steps=f"{SCANPATH_RUN}/steps.csv",
        choices=f"{SCANPATH_RUN}/choices.csv",
        metrics=f"{SCANPATH_RUN}/metrics.json",
        manifest=f"{SCANPATH_RUN}/manifest.json",
    log:
        "logs/train_scanpath/{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_scanpath/{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.image_scanpaths),
    conda:
        "../../envs/scanpath.yaml"
    threads: lambda wildcards: PLAN.experiments[wildcards.experiment].threads
    resources:
        gpu=lambda wildcards: gpus_asked(PLAN.experiments[wildcards.experiment]),
    params:
        config=lambda wildcards: PLAN.experiments[wildcards.experiment].config(),
        set=lambda wildcards: STUDY.scanpath_sets[PLAN.experiments[wildcards.experiment].fixations].model_dump(),
        maps=scanpath_maps,
        size_px=lambda wildcards: scanpath_images(wildcards.dataset)["size_px"],
        study=STUDY.study,
        code=code("train_scanpath"),
    script:
        "../scripts/train_scanpath.py"


rule score_scanpath:
    """Score a scanpath model on the test images: value, interval, chance, people, p; image by image and in all."""
    input:
        predictions=run_files("predictions.parquet"),
        typical=run_files("typical.parquet"),
        steps=run_files("steps.csv"),
        fixations=scanpath_set("fixations.parquet"),
        split=scanpath_set("split.csv"),
    output:
        images=f"{SCANPATH}/images.csv",
        distributions=f"{SCANPATH}/distributions.csv",
        scores=f"{SCANPATH}/scores.csv",
        intervals=f"{SCANPATH}/intervals.csv",
        search=f"{SCANPATH}/search.csv",
        units=f"{SCANPATH}/units.csv",
    log:
        "logs/score_scanpath/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_scanpath/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.image_scanpaths),
    conda:
        "../../envs/scanpath.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        set=scored_set,
        images=lambda wildcards: scanpath_images(wildcards.dataset),
        cell_px=lambda wildcards: PLAN.experiments[wildcards.experiment].cell_px,
        bootstrap=lambda wildcards: PLAN.experiments[wildcards.experiment].bootstrap,
        protocol=lambda wildcards: "split by {by}".format(
            by=STUDY.scanpath_sets[PLAN.experiments[wildcards.experiment].fixations].by
        ),
        study=STUDY.study,
        code=code("score_scanpath"),
    script:
        "../scripts/score_scanpath.py"


rule plot_scanpath:
    """Draw a scanpath model's scanpaths beside people's, its gain by step, and its distributions."""
    input:
        predictions=first_run("predictions.parquet"),
        typical=first_run("typical.parquet"),
        steps=first_run("steps.csv"),
        fixations=scanpath_set("fixations.parquet"),
    output:
        figure=report(
            f"{SCANPATH}/scanpaths.png",
            caption="../report/scanpath.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_scanpath/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_scanpath/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.image_scanpaths),
    conda:
        "../../envs/scanpath.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        pattern=lambda wildcards: STUDY.scanpath_sets[PLAN.experiments[wildcards.experiment].fixations].images,
        title=experiment_title,
        code=code("plot_scanpath"),
    script:
        "../scripts/plot_scanpath.py"


rule plot_next_fixations:
    """Draw where a scanpath network expects each next fixation of people on test images."""
    input:
        model=first_run("model.safetensors"),
        manifest=first_run("manifest.json"),
        fixations=scanpath_set("fixations.parquet"),
        split=scanpath_set("split.csv"),
        features=scanpath_features,
    output:
        figure=report(
            f"{SCANPATH}/next-fixations.png",
            caption="../report/next_fixations.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_next_fixations/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_next_fixations/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(scanpath_networks()),
    conda:
        "../../envs/scanpath.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        pattern=lambda wildcards: STUDY.scanpath_sets[PLAN.experiments[wildcards.experiment].fixations].images,
        title=experiment_title,
        code=code("plot_next_fixations"),
    script:
        "../scripts/plot_next_fixations.py"


rule score_process:
    """Score the process behind simulated scanpaths as a model, and say how near the models come to its entropy."""
    input:
        record=f"{DATA}/{{dataset}}/sourcedata/truth/scanpaths.json",
        fixations=process_set("fixations.parquet"),
        split=process_set("split.csv"),
        models=scanpath_experiments("images.csv"),
    output:
        images=f"{PROCESS}/images.csv",
        scores=f"{PROCESS}/scores.csv",
        steps=f"{PROCESS}/known/steps.csv",
        entropy=f"{PROCESS}/entropy.csv",
        figure=report(
            f"{PROCESS}/entropy.png",
            caption="../report/scanpath_entropy.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "the process itself"},
        ),
    log:
        "logs/score_process/{dataset}.log",
    benchmark:
        "logs/benchmarks/score_process/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(known_processes()),
    conda:
        "../../envs/scanpath.yaml"
    params:
        images=lambda wildcards: scanpath_images(wildcards.dataset),
        cell_px=lambda wildcards: first_experiment(wildcards).cell_px,
        typical_of=lambda wildcards: first_experiment(wildcards).typical_of,
        bootstrap=lambda wildcards: first_experiment(wildcards).bootstrap,
        names=process_names,
        title=lambda wildcards: f"SIMULATED, {wildcards.dataset}: models and the process itself",
        code=code("score_process"),
    script:
        "../scripts/score_process.py"


rule compare_scanpaths:
    """Compare all scanpath models of a data set, image by image."""
    input:
        images=compared_scanpaths("images.csv"),
        scores=compared_scanpaths("scores.csv"),
        steps=scanpath_first_steps,
    output:
        differences=f"{RESULTS}/scanpath/{{dataset}}/differences.csv",
        figure=report(
            f"{RESULTS}/scanpath/{{dataset}}/models.png",
            caption="../report/scanpath_models.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "all"},
        ),
        steps_figure=report(
            f"{RESULTS}/scanpath/{{dataset}}/steps.png",
            caption="../report/scanpath_steps.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "all, by fixation"},
        ),
    log:
        "logs/compare_scanpaths/{dataset}.log",
    benchmark:
        "logs/benchmarks/compare_scanpaths/{dataset}.tsv"
    conda:
        "../../envs/scanpath.yaml"
    params:
        title=lambda wildcards: scanpath_title(wildcards.dataset, "Scanpath models"),
        code=code("compare_scanpaths"),
    script:
        "../scripts/compare_scanpaths.py"


rule compare_attention:
    """Compare the attention of a data set's scanpath networks: what each mechanism brings, and what it costs."""
    input:
        images=attention_files("images.csv"),
        manifests=attention_manifests,
    output:
        costs=f"{RESULTS}/scanpath/{{dataset}}/costs.csv",
        figure=report(
            f"{RESULTS}/scanpath/{{dataset}}/costs.png",
            caption="../report/scanpath_attention.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}", "experiment": "all, by attention"},
        ),
    log:
        "logs/compare_attention/{dataset}.log",
    benchmark:
        "logs/benchmarks/compare_attention/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(attention_compared()),
    conda:
        "../../envs/scanpath.yaml"
    params:
        attention=attention_choices,
        title=lambda wildcards: scanpath_title(wildcards.dataset, "Attention in scanpath networks"),
        code=code("compare_attention"),
    script:
        "../scripts/compare_attention.py"


rule generate_scanpaths:
    """Let a trained network look at a folder of images: scanpaths as a Fixations table, and overlays."""
    input:
        model=generator_run("model.safetensors"),
        manifest=generator_run("manifest.json"),
        images=generator_images,
    output:
        fixations=f"{RESULTS}/generated/{{name}}/fixations.parquet",
        overlays=directory(f"{RESULTS}/generated/{{name}}/overlays"),
    log:
        "logs/generate_scanpaths/{name}.log",
    benchmark:
        "logs/benchmarks/generate_scanpaths/{name}.tsv"
    wildcard_constraints:
        name=one_of(STUDY.generated_scanpaths),
    conda:
        "../../envs/scanpath.yaml"
    params:
        options=lambda wildcards: STUDY.generated_scanpaths[wildcards.name].model_dump(),
        code=code("generate_scanpaths"),
    script:
        "../scripts/generate_scanpaths.py"
