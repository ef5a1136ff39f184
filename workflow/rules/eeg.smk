"""EEG recordings to epochs, evoked responses and the Responses table."""

EEG_PIPELINES = one_of(PLAN.pipelines("eeg"))
EEG_COMPARISONS = one_of(sorted({name for p in PLAN.pipelines("eeg").values() for name in p.time_decoding}))


rule find_bad_channels:
    """Find the bad channels of one recording, each with its reason."""
    input:
        raw=recording_raw,
    output:
        channels=f"{EEG}/eeg/{{recording}}_desc-found_channels.tsv",
    log:
        "logs/find_bad_channels/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/find_bad_channels/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("bad_channels"),
    conda:
        "../../envs/eeg.yaml"
    params:
        eeg=lambda wildcards: recording_of(wildcards).path,
        settings=lambda wildcards: settings(wildcards.pipeline, "bad_channels"),
        code=code("find_bad_channels"),
    script:
        "../scripts/find_bad_channels.py"


rule clean_eeg:
    """Filter and re-reference one recording."""
    input:
        raw=recording_raw,
        channels=found_channels,
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
        settings=cleaning_settings,
        code=code("clean_eeg"),
    script:
        "../scripts/clean_eeg.py"


rule fit_ica:
    """Decompose one recording into independent components, and judge which are the eyes'."""
    input:
        eeg=eeg_with_eyes,
        gaze=guide_of,
    output:
        ica=f"{EEG}/eeg/{{recording}}_desc-eyes_ica.fif",
        components=f"{EEG}/eeg/{{recording}}_desc-eyes_components.tsv",
    log:
        "logs/fit_ica/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/fit_ica/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines(eyes=["ica"]),
    conda:
        "../../envs/eeg.yaml"
    params:
        settings=lambda wildcards: settings(
            wildcards.pipeline,
            "ica_method",
            "ica_components",
            "ica_l_freq",
            "ica_eog_correlation",
            "ica_variance_ratio",
            "ica_overweight",
        ),
        code=code("fit_ica"),
    script:
        "../scripts/fit_ica.py"


rule label_components:
    """Decompose one recording into independent components, and let ICLabel name them."""
    input:
        eeg=f"{EEG}/eeg/{{recording}}_desc-clean_eeg.fif",
    output:
        ica=f"{EEG}/eeg/{{recording}}_desc-eyes_ica.fif",
        components=f"{EEG}/eeg/{{recording}}_desc-eyes_components.tsv",
    log:
        "logs/label_components/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/label_components/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines(eyes=["iclabel"]),
    conda:
        "../../envs/eeg.yaml"
    params:
        settings=lambda wildcards: settings(
            wildcards.pipeline, "ica_method", "ica_components", "iclabel_classes", "iclabel_probability"
        ),
        code=code("label_components"),
    script:
        "../scripts/label_components.py"


rule remove_components:
    """Take the eyes' components out of one recording."""
    input:
        eeg=eeg_with_eyes,
        ica=f"{EEG}/eeg/{{recording}}_desc-eyes_ica.fif",
        components=f"{EEG}/eeg/{{recording}}_desc-eyes_components.tsv",
    output:
        eeg=f"{EEG}/eeg/{{recording}}_desc-eyefree_eeg.fif",
    log:
        "logs/remove_components/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/remove_components/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines(eyes=["ica", "iclabel"]),
    conda:
        "../../envs/eeg.yaml"
    params:
        code=code("remove_components"),
    script:
        "../scripts/remove_components.py"


rule regress_eyes:
    """Take what the EOG channels predict out of one recording."""
    input:
        eeg=eeg_with_eyes,
    output:
        eeg=f"{EEG}/eeg/{{recording}}_desc-eyefree_eeg.fif",
    log:
        "logs/regress_eyes/{dataset}_{pipeline}_sub-{subject}_{recording}.log",
    benchmark:
        "logs/benchmarks/regress_eyes/{dataset}_{pipeline}_sub-{subject}_{recording}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines(eyes=["regression"]),
    conda:
        "../../envs/eeg.yaml"
    params:
        code=code("regress_eyes"),
    script:
        "../scripts/regress_eyes.py"


rule epoch_eeg:
    """Cut a subject's recordings into epochs around the events; their samples after it are the Responses table."""
    input:
        raw=subject_raw,
        eeg=epoched_recordings,
    output:
        epochs=f"{EEG}/eeg/sub-{{subject}}_desc-clean_epo.fif",
        responses=f"{EEG}/sub-{{subject}}_responses.parquet",
    log:
        "logs/epoch_eeg/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/epoch_eeg/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=responses_with_epochs(True),
    conda:
        "../../envs/eeg.yaml"
    params:
        recordings=subject_recordings,
        settings=lambda wildcards: settings(
            wildcards.pipeline, "tmin", "tmax", "resample_hz", "reject_uv", "interpolate_bads"
        ),
        cleaning=cleaning_settings,
        baseline=lambda wildcards: STUDY.pipelines[wildcards.pipeline].baseline_interval(),
        code=code("epoch_eeg"),
    script:
        "../scripts/epoch_eeg.py"


use rule epoch_eeg as epoch_eeg_alone with:
    output:
        epochs=f"{EEG}/eeg/sub-{{subject}}_desc-clean_epo.fif",
    wildcard_constraints:
        pipeline=responses_with_epochs(False),


rule reject_epochs:
    """Leave out a subject's epochs that vary too much, by limits that training epochs set."""
    input:
        epochs=epochs_before("kept"),
    output:
        epochs=f"{EEG}/eeg/sub-{{subject}}_desc-kept_epo.fif",
        log=f"{EEG}/eeg/sub-{{subject}}_desc-kept_epochs.tsv",
    log:
        "logs/reject_epochs/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/reject_epochs/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("autoreject"),
    conda:
        "../../envs/eeg.yaml"
    params:
        settings=lambda wildcards: settings(wildcards.pipeline, "autoreject"),
        code=code("reject_epochs"),
    script:
        "../scripts/reject_epochs.py"


rule source_density:
    """Turn a subject's epochs into current source densities."""
    input:
        epochs=epochs_before("csd"),
    output:
        epochs=f"{EEG}/eeg/sub-{{subject}}_desc-csd_epo.fif",
    log:
        "logs/source_density/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/source_density/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines_with("current_source_density"),
    conda:
        "../../envs/eeg.yaml"
    params:
        code=code("source_density"),
    script:
        "../scripts/source_density.py"


rule tabulate_epochs:
    """Write the samples after the event as the Responses table of a subject, where steps come between."""
    input:
        epochs=epochs_before(),
    output:
        responses=f"{EEG}/sub-{{subject}}_responses.parquet",
    log:
        "logs/tabulate_epochs/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/tabulate_epochs/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=responses_with_epochs(False),
    conda:
        "../../envs/eeg.yaml"
    params:
        settings=lambda wildcards: settings(wildcards.pipeline, "whitening", "eog_responses"),
        code=code("tabulate_epochs"),
    script:
        "../scripts/tabulate_epochs.py"


rule plot_evoked:
    """Draw a subject's evoked responses, where no page is made of the subject."""
    input:
        epochs=epochs_before(),
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
        pipeline=eeg_pipelines(subject_pages=[False]),
    conda:
        "../../envs/eeg.yaml"
    params:
        title=evoked_title,
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


rule measure_eeg:
    """Measure the quality of a subject's EEG, where no page is made of it."""
    input:
        raw=subject_raw,
        eeg=eeg_recordings,
        epochs=epochs_before(),
        components=subject_components,
    output:
        quality=f"{EEG}/sub-{{subject}}_quality.json",
    log:
        "logs/measure_eeg/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/measure_eeg/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines(subject_pages=[False]),
    conda:
        "../../envs/eeg.yaml"
    params:
        recordings=subject_recordings,
        code=code("measure_eeg"),
    script:
        "../scripts/measure_eeg.py"


rule tabulate_eeg_quality:
    """Gather the quality of all subjects' EEG into one table, outliers flagged."""
    input:
        quality=lambda wildcards: [
            f"{EEG_GROUP}/sub-{s}/sub-{s}_quality.json".format(**wildcards)
            for s in PLAN.subjects(wildcards.dataset, wildcards.pipeline)
        ],
    output:
        quality=f"{EEG_GROUP}/eeg_quality.tsv",
    log:
        "logs/tabulate_eeg_quality/{dataset}_{pipeline}.log",
    benchmark:
        "logs/benchmarks/tabulate_eeg_quality/{dataset}_{pipeline}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
    conda:
        "../../envs/eeg.yaml"
    params:
        subjects=lambda wildcards: PLAN.subjects(wildcards.dataset, wildcards.pipeline),
        code=code("tabulate_eeg_quality"),
    script:
        "../scripts/tabulate_eeg_quality.py"


rule report_eeg:
    """Measure a subject's EEG, draw its evoked responses and make the HTML page of it: MNE starts once for all."""
    input:
        raw=subject_raw,
        eeg=eeg_recordings,
        epochs=epochs_before(),
        channels=subject_channels,
        components=subject_components,
    output:
        quality=f"{EEG}/sub-{{subject}}_quality.json",
        page=report(
            f"{EEG}/figures/sub-{{subject}}_eeg.html",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "{subject}"},
        ),
        evoked=report(
            f"{EEG}/figures/sub-{{subject}}_evoked.png",
            caption="../report/evoked.rst",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "{subject}"},
        ),
    log:
        "logs/report_eeg/{dataset}_{pipeline}_sub-{subject}.log",
    benchmark:
        "logs/benchmarks/report_eeg/{dataset}_{pipeline}_sub-{subject}.tsv"
    wildcard_constraints:
        pipeline=eeg_pipelines(subject_pages=[True], subject_figures=[True]),
    conda:
        "../../envs/eeg.yaml"
    params:
        recordings=subject_recordings,
        title=lambda wildcards: f"{eeg_title(wildcards)}: sub-{wildcards.subject}",
        evoked_title=evoked_title,
        code=code("report_eeg"),
    script:
        "../scripts/report_eeg.py"


use rule report_eeg as report_eeg_alone with:
    output:
        quality=f"{EEG}/sub-{{subject}}_quality.json",
        page=report(
            f"{EEG}/figures/sub-{{subject}}_eeg.html",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "{subject}"},
        ),
    wildcard_constraints:
        pipeline=eeg_pipelines(subject_pages=[True], subject_figures=[False]),


rule decode_time:
    """Tell two classes of a subject's epochs apart at each time."""
    input:
        epochs=epochs_before(),
    output:
        scores=f"{EEG}/sub-{{subject}}_decoding-{{comparison}}.tsv",
    log:
        "logs/decode_time/{dataset}_{pipeline}_sub-{subject}_{comparison}.log",
    benchmark:
        "logs/benchmarks/decode_time/{dataset}_{pipeline}_sub-{subject}_{comparison}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
        comparison=EEG_COMPARISONS,
    conda:
        "../../envs/eeg.yaml"
    params:
        decoding=time_decoding("classes", "groups", "folds", "generalise", "seed", "rejection"),
        code=code("decode_time"),
    script:
        "../scripts/decode_time.py"


rule average_time_decoding:
    """Average decoding over time of all subjects, and find where it exceeds chance."""
    input:
        scores=lambda wildcards: [
            f"{EEG_GROUP}/sub-{s}/sub-{s}_decoding-{{comparison}}.tsv".format(**wildcards)
            for s in PLAN.subjects(wildcards.dataset, wildcards.pipeline)
        ],
    output:
        curve=f"{EEG_GROUP}/decoding-{{comparison}}_curve.tsv",
        clusters=f"{EEG_GROUP}/decoding-{{comparison}}_clusters.tsv",
    log:
        "logs/average_time_decoding/{dataset}_{pipeline}_{comparison}.log",
    benchmark:
        "logs/benchmarks/average_time_decoding/{dataset}_{pipeline}_{comparison}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
        comparison=EEG_COMPARISONS,
    conda:
        "../../envs/eeg.yaml"
    params:
        subjects=lambda wildcards: PLAN.subjects(wildcards.dataset, wildcards.pipeline),
        decoding=time_decoding("alpha", "permutations", "seed"),
        code=code("average_time_decoding"),
    script:
        "../scripts/average_time_decoding.py"


rule plot_time_decoding:
    """Draw decoding over time of all subjects together."""
    input:
        curve=f"{EEG_GROUP}/decoding-{{comparison}}_curve.tsv",
        clusters=f"{EEG_GROUP}/decoding-{{comparison}}_clusters.tsv",
    output:
        figure=report(
            f"{EEG_GROUP}/figures/decoding-{{comparison}}.png",
            caption="../report/time_decoding.rst",
            category="EEG",
            labels={"data set": "{dataset}", "pipeline": "{pipeline}", "subject": "all"},
        ),
    log:
        "logs/plot_time_decoding/{dataset}_{pipeline}_{comparison}.log",
    benchmark:
        "logs/benchmarks/plot_time_decoding/{dataset}_{pipeline}_{comparison}.tsv"
    wildcard_constraints:
        pipeline=EEG_PIPELINES,
        comparison=EEG_COMPARISONS,
    conda:
        "../../envs/eeg.yaml"
    params:
        title=lambda wildcards: f"{eeg_title(wildcards)}: {wildcards.comparison}",
        decoding=time_decoding("classes", "alpha"),
        code=code("plot_time_decoding"),
    script:
        "../scripts/plot_time_decoding.py"
