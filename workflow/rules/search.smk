"""Search displays, models that search them, and how their search grows with the number of items."""

DISPLAYS = f"{DATA}/{{dataset}}/displays"
SEARCH = f"{RESULTS}/search/{{dataset}}/{{experiment}}"


rule draw_displays:
    """Draw the displays of one search experiment."""
    output:
        about=f"{DISPLAYS}/{{display}}/display.json",
        trials=f"{DISPLAYS}/{{display}}/trials.tsv",
        item_table=f"{DISPLAYS}/{{display}}/items.tsv",
        images=directory(f"{DISPLAYS}/{{display}}/images"),
    log:
        "logs/draw_displays/{dataset}_{display}.log",
    benchmark:
        "logs/benchmarks/draw_displays/{dataset}_{display}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("displays")),
    conda:
        "../../envs/search.yaml"
    params:
        own=own_display,
        repeats=lambda wildcards: PLAN.specs[wildcards.dataset].source.repeats,
        seed=lambda wildcards: PLAN.specs[wildcards.dataset].source.seed,
        code=code("draw_displays"),
    script:
        "../scripts/draw_displays.py"


rule gather_scenes:
    """Bring a data set's images to one size, with each target's box and picture: scenes for search models."""
    input:
        source=lambda wildcards: PLAN.scene_inputs(wildcards.dataset, wildcards.display),
    output:
        about=f"{DISPLAYS}/{{display}}/display.json",
        trials=f"{DISPLAYS}/{{display}}/trials.tsv",
        images=directory(f"{DISPLAYS}/{{display}}/images"),
    log:
        "logs/gather_scenes/{dataset}_{display}.log",
    benchmark:
        "logs/benchmarks/gather_scenes/{dataset}_{display}.tsv"
    wildcard_constraints:
        dataset=one_of(dataset for dataset in PLAN.specs if PLAN.has_scenes(dataset)),
    conda:
        "../../envs/search.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        scenes=scenes_of,
        code=code("gather_scenes"),
    script:
        "../scripts/gather_scenes.py"


rule plot_displays:
    """Draw the contact sheet of a data set's search displays."""
    input:
        about=display_files,
    output:
        figure=report(
            f"{DISPLAYS}/displays.png",
            caption="../report/displays.rst",
            category="Search",
            labels={"data set": "{dataset}", "experiment": "displays"},
        ),
    log:
        "logs/plot_displays/{dataset}.log",
    benchmark:
        "logs/benchmarks/plot_displays/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("displays")),
    conda:
        "../../envs/search.yaml"
    params:
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: the displays, targets framed",
        code=code("plot_displays"),
    script:
        "../scripts/plot_displays.py"


rule run_search:
    """Let a model search the displays of one experiment."""
    input:
        about=f"{DISPLAYS}/{{fold}}/display.json",
        trials=f"{DISPLAYS}/{{fold}}/trials.tsv",
        images=f"{DISPLAYS}/{{fold}}/images",
        weights=diet_weights,
    output:
        predictions=f"{SEARCH}/fold-{{fold}}_seed-{{seed}}/predictions.parquet",
        trials=f"{SEARCH}/fold-{{fold}}_seed-{{seed}}/trials.csv",
        metrics=f"{SEARCH}/fold-{{fold}}_seed-{{seed}}/metrics.json",
        manifest=f"{SEARCH}/fold-{{fold}}_seed-{{seed}}/manifest.json",
    log:
        "logs/run_search/{dataset}_{experiment}_fold-{fold}_seed-{seed}.log",
    benchmark:
        "logs/benchmarks/run_search/{dataset}_{experiment}_fold-{fold}_seed-{seed}.tsv"
    conda:
        "../../envs/search.yaml"
    params:
        config=search_config,
        study=STUDY.study,
        code=code("run_search"),
    script:
        "../scripts/run_search.py"


rule score_search:
    """Score a search model: slopes, asymmetries, share found, beside people."""
    input:
        trials=run_files("trials.csv"),
        about=searched_displays,
    output:
        scores=f"{SEARCH}/scores.csv",
        units=f"{SEARCH}/units.csv",
    log:
        "logs/score_search/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_search/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.searches(scenes=False)),
    conda:
        "../../envs/search.yaml"
    params:
        bootstrap=lambda wildcards: PLAN.experiments[wildcards.experiment].bootstrap,
        study=STUDY.study,
        code=code("score_search"),
    script:
        "../scripts/score_search.py"


rule plot_search:
    """Draw a search model's reaction times and asymmetries beside people's, and where it looked."""
    input:
        trials=run_files("trials.csv"),
        predictions=first_searches,
        about=searched_displays,
    output:
        figure=report(
            f"{SEARCH}/search.png",
            caption="../report/search.rst",
            category="Search",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_search/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_search/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.searches(scenes=False)),
    conda:
        "../../envs/search.yaml"
    params:
        title=experiment_title,
        code=code("plot_search"),
    script:
        "../scripts/plot_search.py"


rule score_scenes:
    """Score a search model on scenes: how soon it finds targets, and how like people's its scanpaths are."""
    input:
        trials=run_files("trials.csv"),
        predictions=run_files("predictions.parquet"),
        about=searched_displays,
        people=people_on_scenes,
    output:
        scores=f"{SEARCH}/scores.csv",
        performance=f"{SEARCH}/performance.csv",
        units=f"{SEARCH}/units.csv",
    log:
        "logs/score_scenes/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/score_scenes/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.searches(scenes=True)),
    conda:
        "../../envs/search.yaml"
    params:
        seeds=lambda wildcards: PLAN.experiments[wildcards.experiment].seeds,
        bootstrap=lambda wildcards: PLAN.experiments[wildcards.experiment].bootstrap,
        study=STUDY.study,
        code=code("score_scenes"),
    script:
        "../scripts/score_scenes.py"


rule plot_scenes:
    """Draw how soon a search model finds targets in scenes, and where it and a person looked."""
    input:
        performance=f"{SEARCH}/performance.csv",
        predictions=first_searches,
        about=searched_displays,
        people=people_on_scenes,
    output:
        figure=report(
            f"{SEARCH}/search.png",
            caption="../report/scenes.rst",
            category="Search",
            labels={"data set": "{dataset}", "experiment": "{experiment}"},
        ),
    log:
        "logs/plot_scenes/{dataset}_{experiment}.log",
    benchmark:
        "logs/benchmarks/plot_scenes/{dataset}_{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.searches(scenes=True)),
    conda:
        "../../envs/search.yaml"
    params:
        title=experiment_title,
        code=code("plot_scenes"),
    script:
        "../scripts/plot_scenes.py"


rule plot_performance:
    """Draw how soon all search models find targets in a data set's scenes, beside people and chance."""
    input:
        performance=dataset_searches("performance.csv"),
        about=display_files,
    output:
        figure=report(
            f"{RESULTS}/search/{{dataset}}/performance.png",
            caption="../report/scenes.rst",
            category="Search",
            labels={"data set": "{dataset}", "experiment": "all"},
        ),
    log:
        "logs/plot_performance/{dataset}.log",
    benchmark:
        "logs/benchmarks/plot_performance/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(dataset for dataset in PLAN.specs if PLAN.has_scenes(dataset)),
    conda:
        "../../envs/search.yaml"
    params:
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: share of targets found",
        code=code("plot_performance"),
    script:
        "../scripts/plot_performance.py"


rule compare_searches:
    """Lay the asymmetries of all search models of a data set beside each other, and beside people's."""
    input:
        scores=dataset_searches("scores.csv"),
        about=display_files,
    output:
        table=f"{RESULTS}/search/{{dataset}}/asymmetries.csv",
        figure=report(
            f"{RESULTS}/search/{{dataset}}/asymmetries.png",
            caption="../report/asymmetries.rst",
            category="Search",
            labels={"data set": "{dataset}", "experiment": "all"},
        ),
    log:
        "logs/compare_searches/{dataset}.log",
    benchmark:
        "logs/benchmarks/compare_searches/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("displays")),
    conda:
        "../../envs/search.yaml"
    params:
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: asymmetry indices",
        code=code("compare_searches"),
    script:
        "../scripts/compare_searches.py"
