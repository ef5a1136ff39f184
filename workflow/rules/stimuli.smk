"""Stimuli to Features tables."""


rule tabulate_features:
    """Write the latent vectors of simulated stimuli as a Features table."""
    input:
        description=f"{DATA}/{{dataset}}/dataset_description.json",
    output:
        features=f"{DERIVATIVES}/{{dataset}}/features/latent.parquet",
    log:
        "logs/tabulate_features/{dataset}.log",
    benchmark:
        "logs/benchmarks/tabulate_features/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("simulation")),
    conda:
        "../../envs/simulate.yaml"
    params:
        code=code("tabulate_features"),
    script:
        "../scripts/tabulate_features.py"


rule extract_features:
    """Read a network's features of a data set's images into a Features table; what is known is not read again."""
    input:
        source=lambda wildcards: PLAN.image_inputs(wildcards.dataset, PLAN.features[wildcards.features].images),
    output:
        features=f"{DERIVATIVES}/{{dataset}}/features/{{features}}.parquet",
    log:
        "logs/extract_features/{dataset}_{features}.log",
    benchmark:
        "logs/benchmarks/extract_features/{dataset}_{features}.tsv"
    wildcard_constraints:
        features=one_of(PLAN.features),
    conda:
        "../../envs/search.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        options=lambda wildcards: PLAN.features[wildcards.features].model_dump(mode="json"),
        code=code("extract_features"),
    script:
        "../scripts/extract_features.py"


rule embed_captions:
    """Embed what was said of each stimulus into a Features table."""
    input:
        source=lambda wildcards: PLAN.image_inputs(wildcards.dataset, PLAN.text_features[wildcards.features].table),
    output:
        features=f"{DERIVATIVES}/{{dataset}}/features/{{features}}.parquet",
    log:
        "logs/embed_captions/{dataset}_{features}.log",
    benchmark:
        "logs/benchmarks/embed_captions/{dataset}_{features}.tsv"
    wildcard_constraints:
        features=one_of(PLAN.text_features),
    conda:
        "../../envs/text.yaml"
    params:
        root=lambda wildcards: PLAN.scene_root(wildcards.dataset),
        options=lambda wildcards: PLAN.text_features[wildcards.features].model_dump(mode="json"),
        code=code("embed_captions"),
    script:
        "../scripts/embed_captions.py"
