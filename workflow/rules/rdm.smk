"""Published RDMs: how much people's agree."""

AGREEMENT = f"{RESULTS}/fmri/{{dataset}}/rdm-agreement"


rule measure_rdms:
    """Measure how much people's RDMs agree: reliability of regions, identification of regions and items."""
    input:
        record=f"{DATA}/{{dataset}}/sourcedata/source.json",
    output:
        persons=f"{AGREEMENT}/persons.csv",
        scores=f"{AGREEMENT}/scores.csv",
    log:
        "logs/measure_rdms/{dataset}.log",
    benchmark:
        "logs/benchmarks/measure_rdms/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.rdm_agreements),
    conda:
        "../../envs/fmri.yaml"
    params:
        rdms=lambda wildcards: PLAN.specs[wildcards.dataset].rdms.model_dump(exclude={"note"}),
        subjects=lambda wildcards: PLAN.subjects(wildcards.dataset),
        study=STUDY.study,
        code=code("measure_rdms"),
    script:
        "../scripts/measure_rdms.py"


rule plot_rdms:
    """Draw how much people's RDMs agree."""
    input:
        persons=f"{AGREEMENT}/persons.csv",
        scores=f"{AGREEMENT}/scores.csv",
    output:
        figure=report(
            f"{AGREEMENT}/agreement.png",
            caption="../report/rdms.rst",
            category="fMRI",
            labels={"data set": "{dataset}", "experiment": "agreement of RDMs"},
        ),
    log:
        "logs/plot_rdms/{dataset}.log",
    benchmark:
        "logs/benchmarks/plot_rdms/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.rdm_agreements),
    conda:
        "../../envs/fmri.yaml"
    params:
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: agreement between people",
        code=code("plot_rdms"),
    script:
        "../scripts/plot_rdms.py"
