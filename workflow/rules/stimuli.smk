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
