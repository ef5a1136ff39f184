"""EEG recordings to epochs, evoked responses and the Responses table."""

EEG_GROUP = f"{DERIVATIVES}/{{dataset}}/{{pipeline}}"
EEG = f"{EEG_GROUP}/sub-{{subject}}"
EEG_PIPELINES = one_of(PLAN.pipelines("eeg"))


rule clean_eeg:
    """Filter and re-reference one recording."""
    input:
        raw=recording_raw,
    output:
        eeg=f"{EEG}/eeg/{{recording}}_desc-clean_eeg.fif",
    log:
        "logs/clean_eeg/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/clean_eeg/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
    conda:
        "../../envs/eeg.yaml"
    params:
        eeg=lambda wildcards: recording_of(wildcards).path,
        settings=lambda wildcards: settings(wildcards.pipeline, "l_freq", "h_freq", "notch_hz", "reference"),
        code=code("clean_eeg"),
    script:
        "../scripts/clean_eeg.py"


rule epoch_eeg:
    """Cut a subject's recordings into epochs around the events."""
    input:
        raw=subject_raw,
        eeg=lambda wildcards: subject_files(wildcards, "eeg/{recording}_desc-clean_eeg.fif"),
    output:
        epochs=f"{EEG}/eeg/sub-{{subject}}_desc-clean_epo.fif",
    log:
        "logs/epoch_eeg/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/epoch_eeg/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
    conda:
        "../../envs/eeg.yaml"
    params:
        recordings=subject_recordings,
        settings=lambda wildcards: settings(wildcards.pipeline, "tmin", "tmax", "resample_hz"),
        baseline=lambda wildcards: STUDY.pipelines[wildcards.pipeline].baseline_interval(),
        code=code("epoch_eeg"),
    script:
        "../scripts/epoch_eeg.py"


rule tabulate_epochs:
    """Write the samples after the event as the Responses table of a subject."""
    input:
        epochs=f"{EEG}/eeg/sub-{{subject}}_desc-clean_epo.fif",
    output:
        responses=f"{EEG}/sub-{{subject}}_responses.parquet",
    log:
        "logs/tabulate_epochs/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/tabulate_epochs/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
    conda:
        "../../envs/eeg.yaml"
    params:
        code=code("tabulate_epochs"),
    script:
        "../scripts/tabulate_epochs.py"


rule plot_evoked:
    """Draw a subject's evoked responses."""
    input:
        epochs=f"{EEG}/eeg/sub-{{subject}}_desc-clean_epo.fif",
    output:
        figure=report(
            f"{EEG}/figures/sub-{{subject}}_evoked.png",
            caption="../report/evoked.rst",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "{subject}"},
        ),
    log:
        "logs/plot_evoked/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/plot_evoked/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
    conda:
        "../../envs/eeg.yaml"
    params:
        title=lambda wildcards: f"{PLAN.specs[wildcards.dataset].title}: sub-{wildcards.subject}",
        code=code("plot_evoked"),
    script:
        "../scripts/plot_evoked.py"


rule average_evoked:
    """Average the evoked responses of all subjects, with intervals over people."""
    input:
        epochs=dataset_epochs,
    output:
        curves=f"{EEG_GROUP}/group_evoked.tsv",
        amplitudes=f"{EEG_GROUP}/group_amplitudes.tsv",
        evoked=f"{EEG_GROUP}/group_ave.fif",
    log:
        "logs/average_evoked/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/average_evoked/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
    conda:
        "../../envs/eeg.yaml"
    params:
        subjects=lambda wildcards: PLAN.subjects(wildcards.dataset, wildcards.pipeline),
        settings=lambda wildcards: settings(wildcards.pipeline, "evoked_channels", "evoked_times_s"),
        code=code("average_evoked"),
    script:
        "../scripts/average_evoked.py"


rule plot_group_evoked:
    """Draw the evoked responses of all subjects together."""
    input:
        curves=f"{EEG_GROUP}/group_evoked.tsv",
        amplitudes=f"{EEG_GROUP}/group_amplitudes.tsv",
        evoked=f"{EEG_GROUP}/group_ave.fif",
    output:
        figure=report(
            f"{EEG_GROUP}/figures/group_evoked.png",
            caption="../report/group_evoked.rst",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "all"},
        ),
    log:
        "logs/plot_group_evoked/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/plot_group_evoked/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
    conda:
        "../../envs/eeg.yaml"
    params:
        title=eeg_title,
        code=code("plot_group_evoked"),
    script:
        "../scripts/plot_group_evoked.py"
