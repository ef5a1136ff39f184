"""Which recordings a pipeline has."""


def recording_of(wildcards):
    """The recording that a job works on."""
    return PLAN.recording(wildcards.dataset, wildcards.pipeline, wildcards.recording)


def recording_raw(wildcards):
    """What a job on one recording waits for."""
    return PLAN.raw_inputs(wildcards.dataset, [recording_of(wildcards)])


def plain(recordings):
    """Recordings as `params:` holds them."""
    return [
        {
            "path": r.path,
            "subject": r.subject,
            "session": r.session,
            "task": r.task,
            "run": r.run,
            "stem": r.stem,
        }
        for r in recordings
    ]


def subject_recordings(wildcards):
    """The recordings of a subject."""
    return plain(PLAN.recordings(wildcards.dataset, wildcards.pipeline, wildcards.subject))


def subject_raw(wildcards):
    """What a job on a subject waits for."""
    return PLAN.raw_inputs(wildcards.dataset, PLAN.recordings(wildcards.dataset, wildcards.pipeline, wildcards.subject))


def dataset_recordings(wildcards):
    """The recordings of all subjects."""
    return plain(PLAN.recordings(wildcards.dataset, wildcards.pipeline))


def dataset_raw(wildcards):
    """What a job on all subjects waits for."""
    return PLAN.raw_inputs(wildcards.dataset, PLAN.recordings(wildcards.dataset, wildcards.pipeline))


def scanpath_recordings(wildcards):
    """The published scanpaths of all subjects."""
    return plain(PLAN.recordings(wildcards.dataset, modality="scanpath"))


def scanpath_raw(wildcards):
    """What a job on published scanpaths waits for."""
    return PLAN.raw_inputs(wildcards.dataset, PLAN.recordings(wildcards.dataset, modality="scanpath"))


def derived(dataset, pipeline, pattern, subject=None):
    """A derivative of each recording; `pattern` lies in the subject's folder and may hold {recording}."""
    folder = PLAN.derivative(dataset, pipeline)
    return [
        f"{folder}/sub-{r.subject}/{pattern.format(recording=r.stem)}"
        for r in PLAN.recordings(dataset, pipeline, subject)
    ]


def subject_files(wildcards, pattern):
    """A derivative of each recording of a subject."""
    return derived(wildcards.dataset, wildcards.pipeline, pattern, wildcards.subject)


def dataset_files(wildcards, pattern):
    """A derivative of each recording of all subjects."""
    return derived(wildcards.dataset, wildcards.pipeline, pattern)


def gaze_pipelines(figures):
    """Wildcard constraint: gaze pipelines that draw each recording, or that do not."""
    return one_of(name for name, section in PLAN.pipelines("gaze").items() if section.figures == figures)
