"""What learning from other subjects is worth to a new one."""


rule compare_adaptation:
    """Compare experiments with a new subject, with and without the other subjects before."""
    input:
        pretrained=lambda wildcards: adaptation_files(wildcards, "pretrained"),
        scratch=lambda wildcards: adaptation_files(wildcards, "scratch"),
        features=lambda wildcards: f"{DERIVATIVES}/{wildcards.dataset}/features/{first_adapted(wildcards.curve).target}.parquet",
    output:
        table=f"{RESULTS}/decoding/{{dataset}}/{{curve}}/adaptation.csv",
        scores=f"{RESULTS}/decoding/{{dataset}}/{{curve}}/adaptation_scores.csv",
        figure=report(
            f"{RESULTS}/decoding/{{dataset}}/{{curve}}/adaptation.png",
            caption="../report/adaptation.rst",
            category="Decoding",
            labels={"data set": "{dataset}", "experiment": "{curve}"},
        ),
    log:
        "logs/compare_adaptation/{dataset}_{curve}.log",
    benchmark:
        "logs/benchmarks/compare_adaptation/{dataset}_{curve}.tsv"
    wildcard_constraints:
        curve=one_of(PLAN.adaptation_curves),
    conda:
        "../../envs/decoding.yaml"
    params:
        pairs=adaptation_pairs,
        bootstrap=lambda wildcards: first_adapted(wildcards.curve).bootstrap,
        names=lambda wildcards: {"study": STUDY.study, "family": "decoding", "dataset": wildcards.dataset},
        title=adaptation_title,
        code=code("compare_adaptation"),
    script:
        "../scripts/compare_adaptation.py"
