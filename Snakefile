"""The study: `snakemake` runs all of it, `snakemake <target>` a part."""

from snakemake.utils import min_version

min_version("9.27.1")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"


rule all:
    default_target: True
    input:
        report=f"{PLAN.results}/report/index.html",
        scores=f"{PLAN.results}/compare/scores.csv",
        responses=response_tables(),
        features=PLAN.feature_tables,
        joined=joined_scores(),
        tracked=[f"{PLAN.experiment_folder(name)}/wandb.json" for name in PLAN.experiments],
        tracked_comparison=f"{PLAN.results}/compare/wandb.json",
        diets=trained_diets("wandb.json"),
        maps=[file for name in PLAN.voxel_models for file in model_files(name, "wandb.json")],
        generated=[f"{RESULTS}/generated/{name}/fixations.parquet" for name in STUDY.generated_scanpaths],


include: "workflow/rules/data.smk"
include: "workflow/rules/stimuli.smk"
include: "workflow/rules/fmri.smk"
include: "workflow/rules/alignment.smk"
include: "workflow/rules/betas.smk"
include: "workflow/rules/rdm.smk"
include: "workflow/rules/maps.smk"
include: "workflow/rules/gaze.smk"
include: "workflow/rules/eeg.smk"
include: "workflow/rules/joined.smk"
include: "workflow/rules/decoding.smk"
include: "workflow/rules/joint.smk"
include: "workflow/rules/adaptation.smk"
include: "workflow/rules/reconstruction.smk"
include: "workflow/rules/eeg_decoding.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/scanpath.smk"
include: "workflow/rules/objects.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/tracking.smk"


onsuccess:
    for title, place in (
        ("Report", "report/index.html"),
        ("Methods", "report/methods.md"),
        ("Scores", "compare/scores.csv"),
        ("Comparison", "compare/comparison.html"),
    ):
        if (Path(PLAN.results) / place).exists():
            print(f"{title}: {(Path(PLAN.results) / place).resolve()}")
    if STUDY.tracking.mode == "offline" and (Path(PLAN.results) / "wandb").exists():
        print("Runs: cogmodels sync shows them in W&B, once logged in")


onerror:
    print(
        "\nThe run stopped on an error; what had finished is kept. The paragraph above names file and remedy, the logs"
        " lie in `logs/`. After the remedy, `snakemake` goes on where it stopped; `snakemake --keep-going` finishes"
        " every job that does not depend on the failed one."
    )
