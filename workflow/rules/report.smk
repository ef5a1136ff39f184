"""The page that people read."""


rule make_report:
    """Make the self-contained HTML report of the study."""
    input:
        scores=f"{RESULTS}/compare/scores.csv",
        table=f"{RESULTS}/compare/comparison.html",
        comparison=f"{RESULTS}/compare/scores",
        bold=figures_of("fmri"),
        rdms=[f"{folder}/agreement.png" for folder in PLAN.rdm_agreements.values()],
        maps=map_figures(),
        evoked=figures_of("eeg"),
        eeg_quality=eeg_tables(),
        eeg_pages=eeg_pages(),
        clocks=synchronisation_tables(),
        responses=[file for file in joined_scores() if file.endswith("response_errors.tsv")],
        gaze=figures_of("gaze"),
        truth=[f"{RESULTS}/gaze/simulated-truth/truth.png"] if detectors_on_truth() else [],
        decoders=decoder_figures(),
        searches=[
            *(f"{DATA}/{dataset}/displays/displays.png" for dataset in PLAN.of_kind("displays")),
            *(f"{RESULTS}/search/{dataset}/asymmetries.png" for dataset in searched_display_sets()),
            *(f"{RESULTS}/search/{dataset}/performance.png" for dataset in PLAN.searched_scenes),
            *(f"{PLAN.experiment_folder(name)}/search.png" for name in PLAN.of_family("search")),
        ],
        training=training_figures(),
        gaze_quality=gaze_tables("quality.tsv"),
        bold_quality=bold_quality_tables(),
        fixations=fixation_tables(),
        consistency=[f"{folder}/scores.csv" for folder in PLAN.consistencies.values()],
        consistency_figures=[f"{folder}/consistency.png" for folder in PLAN.consistencies.values()],
        scanpaths=scanpath_figures(),
        manifests=[f"{run}/manifest.json" for name in PLAN.experiments for run in PLAN.run_folders(name)],
    output:
        page=f"{RESULTS}/report/index.html",
        methods=f"{RESULTS}/report/methods.md",
        references=f"{RESULTS}/report/references.bib",
        provenance=f"{RESULTS}/report/provenance.csv",
    log:
        "logs/make_report/report.log",
    benchmark:
        "logs/benchmarks/make_report/report.tsv"
    conda:
        "../../envs/report.yaml"
    params:
        study=report_facts(),
        producers=lambda wildcards, input: producers(input),
        code=code("make_report"),
    script:
        "../scripts/make_report.py"
