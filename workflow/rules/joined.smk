"""Gaze joined to EEG, responses that overlap; SIMULATED EEG over the gaze of another data set."""


rule describe_viewing:
    """Write the files of a data set of simulated EEG over gaze that belong to no subject."""
    output:
        description=f"{DATA}/{{dataset}}/dataset_description.json",
    log:
        "logs/describe_viewing/{dataset}.log",
    benchmark:
        "logs/benchmarks/describe_viewing/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("viewing_eeg")),
    conda:
        "../../envs/simulate.yaml"
    params:
        title=lambda wildcards: PLAN.specs[wildcards.dataset].title,
        description=lambda wildcards: PLAN.specs[wildcards.dataset].description,
        licence=lambda wildcards: PLAN.specs[wildcards.dataset].licence.name,
        subjects=lambda wildcards: PLAN.subjects(wildcards.dataset),
        code=code("describe_viewing"),
    script:
        "../scripts/describe_viewing.py"


rule simulate_viewing:
    """Simulate the EEG that goes with one subject's gaze, with its truth; the gaze is copied."""
    input:
        gaze=followed_raw,
        description=f"{DATA}/{{dataset}}/dataset_description.json",
    output:
        scans=f"{DATA}/{{dataset}}/sub-{{subject}}/sub-{{subject}}_scans.tsv",
    log:
        "logs/simulate_viewing/{dataset}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/simulate_viewing/{dataset}_sub-{subject}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("viewing_eeg")),
    conda:
        "../../envs/simulate.yaml"
    params:
        gaze=lambda wildcards: PLAN.followed_gaze(wildcards.dataset, wildcards.subject).path,
        number=lambda wildcards: PLAN.subjects(wildcards.dataset).index(wildcards.subject),
        source=lambda wildcards: PLAN.specs[wildcards.dataset].source.model_dump(exclude={"kind", "gaze"}),
        code=code("simulate_viewing"),
    script:
        "../scripts/simulate_viewing.py"


rule synchronise_gaze:
    """Bring gaze and its events to the clock of one EEG recording."""
    input:
        raw=recording_raw,
        eeg=f"{EEG}/eeg/{{recording}}_desc-clean_eeg.fif",
        samples=gaze_derivative("clean_gaze.parquet"),
        events=gaze_derivative("detected_events.tsv"),
    output:
        eeg=f"{EEG}/eeg/{{recording}}_desc-gaze_eeg.fif",
        events=f"{EEG}/eeg/{{recording}}_desc-gaze_events.tsv",
        triggers=f"{EEG}/eeg/{{recording}}_desc-gaze_triggers.tsv",
        lag=f"{EEG}/eeg/{{recording}}_desc-gaze_lag.tsv",
        summary=f"{EEG}/eeg/{{recording}}_desc-gaze_clocks.json",
    log:
        "logs/synchronise_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/synchronise_gaze/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("synchronise"),
    conda:
        "../../envs/eeg.yaml"
    params:
        eeg=lambda wildcards: recording_of(wildcards).path,
        gaze=lambda wildcards: gaze_beside(wildcards).path,
        settings=lambda wildcards: settings(wildcards.pipeline, "synchronise"),
        code=code("synchronise_gaze"),
    script:
        "../scripts/synchronise_gaze.py"


rule plot_synchronisation:
    """Tabulate and draw how well gaze and EEG of all recordings keep time."""
    input:
        raw=dataset_raw,
        triggers=lambda wildcards: dataset_files(wildcards, "eeg/{recording}_desc-gaze_triggers.tsv"),
        lag=lambda wildcards: dataset_files(wildcards, "eeg/{recording}_desc-gaze_lag.tsv"),
        summary=lambda wildcards: dataset_files(wildcards, "eeg/{recording}_desc-gaze_clocks.json"),
    output:
        table=f"{EEG_GROUP}/synchronisation.tsv",
        figure=report(
            f"{EEG_GROUP}/figures/synchronisation.png",
            caption="../report/synchronisation.rst",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "all"},
        ),
    log:
        "logs/plot_synchronisation/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/plot_synchronisation/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("synchronise"),
    conda:
        "../../envs/eeg.yaml"
    params:
        recordings=dataset_recordings,
        title=eeg_title,
        data=lambda wildcards: "SIMULATED EEG" if wildcards.dataset in PLAN.of_kind("viewing_eeg") else "recorded",
        code=code("plot_synchronisation"),
    script:
        "../scripts/plot_synchronisation.py"


rule deconvolve_eeg:
    """Estimate the responses to overlapping events of one recording."""
    input:
        raw=recording_raw,
        eeg=eeg_prepared,
        gaze=gaze_events_of,
    output:
        evoked=f"{EEG}/eeg/{{recording}}_desc-deconvolved_ave.fif",
        betas=f"{EEG}/eeg/{{recording}}_desc-deconvolved_betas.tsv.gz",
        summary=f"{EEG}/eeg/{{recording}}_desc-deconvolved_fit.json",
    log:
        "logs/deconvolve_eeg/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/deconvolve_eeg/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("deconvolve"),
    conda:
        "../../envs/eeg.yaml"
    params:
        eeg=lambda wildcards: recording_of(wildcards).path,
        settings=lambda wildcards: settings(wildcards.pipeline, "deconvolve"),
        code=code("deconvolve_eeg"),
    script:
        "../scripts/deconvolve_eeg.py"


rule average_responses:
    """Average the overlap-corrected responses of all subjects, with intervals over people."""
    input:
        evoked=lambda wildcards: dataset_files(wildcards, "eeg/{recording}_desc-deconvolved_ave.fif"),
    output:
        curves=f"{EEG_GROUP}/group_responses.tsv.gz",
    log:
        "logs/average_responses/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/average_responses/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("deconvolve"),
    conda:
        "../../envs/eeg.yaml"
    params:
        recordings=dataset_recordings,
        code=code("average_responses"),
    script:
        "../scripts/average_responses.py"


rule plot_deconvolution:
    """Draw the overlap-corrected responses of all subjects beside their plain averages."""
    input:
        curves=f"{EEG_GROUP}/group_responses.tsv.gz",
        fits=lambda wildcards: dataset_files(wildcards, "eeg/{recording}_desc-deconvolved_fit.json"),
    output:
        figure=report(
            f"{EEG_GROUP}/figures/deconvolution.png",
            caption="../report/deconvolution.rst",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "all"},
        ),
    log:
        "logs/plot_deconvolution/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/plot_deconvolution/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("deconvolve"),
    conda:
        "../../envs/eeg.yaml"
    params:
        title=eeg_title,
        channels=lambda wildcards: STUDY.pipelines[wildcards.pipeline].deconvolve.channels,
        code=code("plot_deconvolution"),
    script:
        "../scripts/plot_deconvolution.py"


rule score_joined:
    """Compare clocks, responses and what ICA took out with the truth of SIMULATED EEG."""
    input:
        raw=dataset_raw,
        clocks=lambda wildcards: dataset_files(wildcards, "eeg/{recording}_desc-gaze_clocks.json"),
        evoked=deconvolved_files,
        ica=lambda wildcards: ica_files(wildcards, "ica.fif"),
        components=lambda wildcards: ica_files(wildcards, "components.tsv"),
    output:
        scores=f"{EEG_GROUP}/truth_scores.tsv",
    log:
        "logs/score_joined/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/score_joined/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("viewing_eeg")),
        pipeline=eeg_pipelines_with("synchronise"),
    conda:
        "../../envs/eeg.yaml"
    params:
        truth=lambda wildcards: f"{PLAN.root(wildcards.dataset)}/sourcedata/truth",
        recordings=dataset_recordings,
        settings=lambda wildcards: settings(wildcards.pipeline, "deconvolve"),
        code=code("score_joined"),
    script:
        "../scripts/score_joined.py"


rule explain_responses:
    """Split the errors of the responses by cause: filters, detection of events, noise. SIMULATED EEG."""
    input:
        raw=dataset_raw,
        eeg=prepared_files,
        gaze=lambda wildcards: dataset_files(wildcards, "eeg/{recording}_desc-gaze_events.tsv"),
    output:
        errors=f"{EEG_GROUP}/response_errors.tsv",
    log:
        "logs/explain_responses/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/explain_responses/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("viewing_eeg")),
        pipeline=eeg_pipelines_with("synchronise"),
    conda:
        "../../envs/eeg.yaml"
    params:
        truth=lambda wildcards: f"{PLAN.root(wildcards.dataset)}/sourcedata/truth",
        recordings=dataset_recordings,
        settings=lambda wildcards: settings(
            wildcards.pipeline, "deconvolve", "l_freq", "h_freq", "notch_hz", "reference"
        ),
        code=code("explain_responses"),
    script:
        "../scripts/explain_responses.py"


rule summarise_truth:
    """Score clocks, responses and ICA over recordings, for the comparison. SIMULATED EEG."""
    input:
        scores=f"{EEG_GROUP}/truth_scores.tsv",
    output:
        scores=f"{RESULTS}/eeg/{{dataset}}/{{pipeline}}/scores.csv",
    log:
        "logs/summarise_truth/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/summarise_truth/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        dataset=one_of(PLAN.of_kind("viewing_eeg")),
        pipeline=eeg_pipelines_with("synchronise"),
    conda:
        "../../envs/eeg.yaml"
    params:
        study=STUDY.study,
        code=code("summarise_truth"),
    script:
        "../scripts/summarise_truth.py"


rule score_time_decoding:
    """Score decoding over time of all subjects, for the comparison."""
    input:
        scores=lambda wildcards: [
            f"{EEG_GROUP}/sub-{s}/sub-{s}_decoding-{{comparison}}.tsv".format(**wildcards)
            for s in PLAN.subjects(wildcards.dataset, wildcards.pipeline)
        ],
    output:
        scores=f"{RESULTS}/eeg/{{dataset}}/{{pipeline}}/decoding-{{comparison}}_scores.csv",
    log:
        "logs/score_time_decoding/{dataset}_{pipeline}_{comparison}.log",
    benchmark:
        "logs/benchmarks/score_time_decoding/{dataset}_{pipeline}_{comparison}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
        comparison=EEG_COMPARISONS,
    conda:
        "../../envs/eeg.yaml"
    params:
        study=STUDY.study,
        subjects=lambda wildcards: PLAN.subjects(wildcards.dataset, wildcards.pipeline),
        decoding=time_decoding("seed"),
        code=code("score_time_decoding"),
    script:
        "../scripts/score_time_decoding.py"
