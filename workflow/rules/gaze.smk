"""Gaze samples to events, quality, fixations."""

GAZE = f"{DERIVATIVES}/{{dataset}}/{{pipeline}}"
GAZE_SUBJECT = f"{GAZE}/sub-{{subject}}"
GAZE_PIPELINES = one_of(PLAN.pipelines("gaze"))


rule clean_gaze:
    """Clean one recording: losses marked; where asked for, spikes, both eyes to one, filled blinks, another rate."""
    input:
        raw=recording_raw,
    output:
        samples=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-clean_gaze.parquet",
    log:
        "logs/clean_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/clean_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=GAZE_PIPELINES,
    conda:
        "../../envs/gaze.yaml"
    params:
        physio=lambda wildcards: recording_of(wildcards).files,
        viewing_distance=lambda wildcards: STUDY.pipelines[wildcards.pipeline].viewing_distance,
        settings=lambda wildcards: STUDY.pipelines[wildcards.pipeline].cleaning(),
        code=code("clean_gaze"),
    script:
        "../scripts/clean_gaze.py"


rule detect_events:
    """Divide one recording into fixations, saccades and losses."""
    input:
        samples=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-clean_gaze.parquet",
    output:
        events=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-detected_events.tsv",
    log:
        "logs/detect_events/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/detect_events/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=GAZE_PIPELINES,
    conda:
        "../../envs/gaze.yaml"
    params:
        settings=lambda wildcards: STUDY.pipelines[wildcards.pipeline].detection(),
        code=code("detect_events"),
    script:
        "../scripts/detect_events.py"


rule measure_gaze:
    """Measure one recording's data quality, where no figure is made of it."""
    input:
        samples=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-clean_gaze.parquet",
        events=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-detected_events.tsv",
    output:
        quality=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-quality_gaze.json",
    log:
        "logs/measure_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/measure_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=gaze_pipelines(figures=False),
    conda:
        "../../envs/gaze.yaml"
    params:
        code=code("measure_gaze"),
    script:
        "../scripts/measure_gaze.py"


rule score_detector:
    """Compare a pipeline's events with those that people coded by hand."""
    input:
        raw=dataset_raw,
        events=lambda wildcards: dataset_files(wildcards, "beh/{recording}_desc-detected_events.tsv"),
    output:
        scores=f"{RESULTS}/gaze/{{dataset}}/{{pipeline}}/scores.csv",
    log:
        "logs/score_detector/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/score_detector/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=GAZE_PIPELINES,
    conda:
        "../../envs/gaze.yaml"
    params:
        recordings=dataset_recordings,
        coders=coders_of,
        study=STUDY.study,
        code=code("score_detector"),
    script:
        "../scripts/score_detector.py"


rule score_truth:
    """Score a detector on simulated recordings of every noise, sampling rate and loss."""
    output:
        scores=f"{RESULTS}/gaze/simulated-truth/{{detector}}.csv",
    log:
        "logs/score_truth/{detector}.log",
    benchmark:
        "logs/benchmarks/score_truth/{detector}.tsv"
    wildcard_constraints:
        detector=one_of(detectors_on_truth()),
    conda:
        "../../envs/gaze.yaml"
    params:
        grid=STUDY.detector_truth.model_dump(exclude={"detectors"}) if STUDY.detector_truth else {},
        code=code("score_truth"),
    script:
        "../scripts/score_truth.py"


rule plot_truth:
    """Gather the detectors' scores on simulated recordings and draw them over noise, sampling rate and loss."""
    input:
        scores=[f"{RESULTS}/gaze/simulated-truth/{detector}.csv" for detector in detectors_on_truth()],
    output:
        table=f"{RESULTS}/gaze/simulated-truth/truth.csv",
        figure=report(f"{RESULTS}/gaze/simulated-truth/truth.png", caption="../report/truth.rst", category="Gaze"),
    log:
        "logs/plot_truth/truth.log",
    benchmark:
        "logs/benchmarks/plot_truth/truth.tsv"
    conda:
        "../../envs/gaze.yaml"
    params:
        code=code("plot_truth"),
    script:
        "../scripts/plot_truth.py"


rule plot_gaze:
    """Measure one recording's data quality and draw it: traces with events, gaze on the screen, main sequence."""
    input:
        samples=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-clean_gaze.parquet",
        events=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-detected_events.tsv",
    output:
        quality=f"{GAZE_SUBJECT}/beh/{{recording}}_desc-quality_gaze.json",
        figure=report(
            f"{GAZE_SUBJECT}/figures/{{recording}}_gaze.png",
            caption="../report/gaze.rst",
            category="Gaze",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "recording": "{recording}"},
        ),
    log:
        "logs/plot_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/plot_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=gaze_pipelines(figures=True),
    conda:
        "../../envs/gaze.yaml"
    params:
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: {wildcards.recording}",
        code=code("plot_gaze"),
    script:
        "../scripts/plot_gaze.py"


rule tabulate_fixations:
    """Gather the fixations of all recordings into the Fixations table."""
    input:
        raw=dataset_raw,
        events=lambda wildcards: dataset_files(wildcards, "beh/{recording}_desc-detected_events.tsv"),
    output:
        fixations=f"{GAZE}/fixations.parquet",
    log:
        "logs/tabulate_fixations/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/tabulate_fixations/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=GAZE_PIPELINES,
    conda:
        "../../envs/gaze.yaml"
    params:
        recordings=dataset_recordings,
        code=code("tabulate_fixations"),
    script:
        "../scripts/tabulate_fixations.py"


rule tabulate_gaze_quality:
    """Gather the quality of all recordings into one table."""
    input:
        quality=lambda wildcards: dataset_files(wildcards, "beh/{recording}_desc-quality_gaze.json"),
    output:
        quality=f"{GAZE}/quality.tsv",
    log:
        "logs/tabulate_gaze_quality/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/tabulate_gaze_quality/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=GAZE_PIPELINES,
    conda:
        "../../envs/gaze.yaml"
    params:
        recordings=dataset_recordings,
        code=code("tabulate_gaze_quality"),
    script:
        "../scripts/tabulate_gaze_quality.py"


rule tabulate_scanpaths:
    """Gather published scanpaths, which come without gaze samples, into the Fixations table."""
    input:
        raw=scanpath_raw,
    output:
        fixations=f"{DERIVATIVES}/{{dataset}}/scanpaths/fixations.parquet",
    log:
        "logs/tabulate_scanpaths/{dataset}.log",
    benchmark:
        "logs/benchmarks/tabulate_scanpaths/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.scanpaths),
    conda:
        "../../envs/gaze.yaml"
    params:
        recordings=scanpath_recordings,
        code=code("tabulate_scanpaths"),
    script:
        "../scripts/tabulate_scanpaths.py"


rule measure_consistency:
    """Measure how much alike people look: every scanpath and saliency metric, each person against the others."""
    input:
        fixations=f"{DERIVATIVES}/{{dataset}}/scanpaths/fixations.parquet",
    output:
        persons=f"{RESULTS}/scanpath/{{dataset}}/human-consistency/persons.csv",
        scores=f"{RESULTS}/scanpath/{{dataset}}/human-consistency/scores.csv",
    log:
        "logs/measure_consistency/{dataset}.log",
    benchmark:
        "logs/benchmarks/measure_consistency/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.consistencies),
    conda:
        "../../envs/gaze.yaml"
    threads: 16
    params:
        images=lambda wildcards: PLAN.specs[wildcards.dataset].images.model_dump(exclude={"note"}),
        study=STUDY.study,
        code=code("measure_consistency"),
    script:
        "../scripts/measure_consistency.py"


rule plot_consistency:
    """Draw human consistency beside chance, one panel a kind of metric."""
    input:
        persons=f"{RESULTS}/scanpath/{{dataset}}/human-consistency/persons.csv",
        scores=f"{RESULTS}/scanpath/{{dataset}}/human-consistency/scores.csv",
    output:
        figure=report(
            f"{RESULTS}/scanpath/{{dataset}}/human-consistency/consistency.png",
            caption="../report/consistency.rst",
            category="Scanpaths",
            labels={"data set": "{dataset}"},
        ),
    log:
        "logs/plot_consistency/{dataset}.log",
    benchmark:
        "logs/benchmarks/plot_consistency/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.consistencies),
    conda:
        "../../envs/gaze.yaml"
    params:
        title=lambda wildcards: f"How much alike people look: {PLAN.specs[wildcards.dataset].title}",
        code=code("plot_consistency"),
    script:
        "../scripts/plot_consistency.py"
