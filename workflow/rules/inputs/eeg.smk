"""What each step of EEG reads."""


def eeg_title(wildcards):
    """Title of a data set's EEG figures, which says where data are simulated."""
    simulated = wildcards.dataset in PLAN.simulated
    title = PLAN.specs[wildcards.dataset].title
    return f"{'' if not simulated or title.startswith('SIMULATED') else 'SIMULATED, '}{title}: {wildcards.pipeline}"


def evoked_title(wildcards):
    """Title of the figure of a subject's evoked responses."""
    return f"{PLAN.specs[wildcards.dataset].title}: sub-{wildcards.subject}"


EEG_GROUP = f"{DERIVATIVES}/{{dataset}}/{{pipeline}}"
EEG = f"{EEG_GROUP}/sub-{{subject}}"


def eeg_pipelines(**options):
    """Wildcard constraint: EEG pipelines that have one of the values of each option."""
    pipelines = PLAN.pipelines("eeg").items()
    return one_of(n for n, p in pipelines if all(getattr(p, key) in values for key, values in options.items()))


def eeg_pipelines_with(step):
    """Wildcard constraint: EEG pipelines that take a step."""
    return one_of(n for n, p in PLAN.pipelines("eeg").items() if getattr(p, step) not in (None, False, "none", []))


def responses_with_epochs(joined):
    """Wildcard constraint: EEG pipelines whose Responses are written with the epochs, of which they are mere samples.

    So no option of theirs can cut the epochs anew. The others, and those that experiments alone want, have a job of their own.
    """
    samples = {"autoreject": "none", "current_source_density": False, "whitening": "none", "eog_responses": False}
    wanted = {**samples, "subject_responses": True}.items()
    return one_of(
        name
        for name, section in PLAN.pipelines("eeg").items()
        if all(getattr(section, key) == value for key, value in wanted) == joined
    )


def found_channels(wildcards):
    """The bad channels of a recording, where the pipeline looks for them."""
    if not STUDY.pipelines[wildcards.pipeline].bad_channels:
        return []
    return f"{EEG}/eeg/{{recording}}_desc-found_channels.tsv".format(**wildcards)


def eeg_step(pipeline, before_eyes=False):
    """Name of the last step on recordings, or of the last one before the eyes are taken out."""
    section = STUDY.pipelines[pipeline]
    if section.eyes != "none" and not before_eyes:
        return "eyefree"
    return "clean" if section.synchronise is None else "gaze"


def eeg_with_eyes(wildcards):
    """A recording before the eyes are taken out of it."""
    step = eeg_step(wildcards.pipeline, before_eyes=True)
    return f"{EEG}/eeg/{{recording}}_desc-{step}_eeg.fif".format(**wildcards)


def eeg_prepared(wildcards):
    """A recording after the last step."""
    return f"{EEG}/eeg/{{recording}}_desc-{eeg_step(wildcards.pipeline)}_eeg.fif".format(**wildcards)


def unchanged_eeg(pipeline):
    """Whether a pipeline takes no step on recordings: its epochs are cut from the recordings as they came."""
    section = STUDY.pipelines[pipeline]
    steps = (section.l_freq, section.h_freq, section.notch_hz, section.synchronise, section.bad_channels or None)
    return not any(step is not None for step in steps) and (section.reference, section.eyes) == ("keep", "none")


def cleaning_settings(wildcards):
    """Filters and reference of a pipeline."""
    section = settings(wildcards.pipeline, "l_freq", "h_freq", "notch_hz", "reference")
    return {"notch": section.pop("notch_hz"), **section}


def eeg_recordings(wildcards):
    """The recordings of a subject after the last step before epochs; none where no step changes them."""
    if unchanged_eeg(wildcards.pipeline):
        return []
    return subject_files(wildcards, f"eeg/{{recording}}_desc-{eeg_step(wildcards.pipeline)}_eeg.fif")


def epoched_recordings(wildcards):
    """The recordings that epochs are cut from; none where that job cleans the only one, which nothing else reads."""
    section = STUDY.pipelines[wildcards.pipeline]
    read_elsewhere = section.quality or section.subject_pages or section.synchronise or section.bad_channels
    if read_elsewhere or section.eyes != "none" or len(subject_recordings(wildcards)) > 1:
        return eeg_recordings(wildcards)
    return []


def gaze_beside(wildcards):
    """The gaze recording that goes with one of EEG."""
    return PLAN.joined_gaze(wildcards.dataset, wildcards.pipeline, recording_of(wildcards))


def gaze_derivative(tail):
    """A file of the gaze pipeline of that recording."""

    def find(wildcards):
        gaze, section = gaze_beside(wildcards), STUDY.pipelines[wildcards.pipeline].synchronise
        return f"{PLAN.derivative(wildcards.dataset, section.gaze)}/sub-{gaze.subject}/beh/{gaze.stem}_desc-{tail}"

    return find


def gaze_events_of(wildcards, wanted=True):
    """Events of the gaze on the EEG's clock; none where the pipeline has no gaze, or does not want them."""
    if not wanted or STUDY.pipelines[wildcards.pipeline].synchronise is None:
        return []
    return f"{EEG}/eeg/{{recording}}_desc-gaze_events.tsv".format(**wildcards)


def guide_of(wildcards):
    """The gaze events that guide the ICA; none where the EOG does."""
    return gaze_events_of(wildcards, STUDY.pipelines[wildcards.pipeline].ica_guide == "gaze")


def followed_raw(wildcards):
    """What simulating EEG over a gaze recording waits for: that recording."""
    gaze = PLAN.specs[wildcards.dataset].source.gaze
    return PLAN.raw_inputs(gaze, [PLAN.followed_gaze(wildcards.dataset, wildcards.subject)])


def deconvolved_files(wildcards):
    """Overlap-corrected responses of all recordings; none where the pipeline has none."""
    if STUDY.pipelines[wildcards.pipeline].deconvolve is None:
        return []
    return dataset_files(wildcards, "eeg/{recording}_desc-deconvolved_ave.fif")


def ica_files(wildcards, tail):
    """A file of the ICA of all recordings; none where the pipeline has none."""
    if STUDY.pipelines[wildcards.pipeline].eyes != "ica":
        return []
    return dataset_files(wildcards, f"eeg/{{recording}}_desc-eyes_{tail}")


def joined_figures(dataset, pipeline):
    """Figures of gaze in the EEG and of overlapping responses, and the scores of both where the truth is known."""
    folder, section = PLAN.derivative(dataset, pipeline), STUDY.pipelines[pipeline]
    found = [f"{folder}/figures/synchronisation.png"] if section.synchronise else []
    return found + ([f"{folder}/figures/deconvolution.png"] if section.deconvolve else [])


def prepared_files(wildcards):
    """All recordings after the last step."""
    return dataset_files(wildcards, f"eeg/{{recording}}_desc-{eeg_step(wildcards.pipeline)}_eeg.fif")


def with_known_truth():
    """Data sets of simulated EEG over gaze, and the pipelines that join them."""
    return [
        (dataset, name)
        for name, section in PLAN.pipelines("eeg").items()
        for dataset in PLAN.datasets_of(name)
        if dataset in PLAN.of_kind("viewing_eeg") and section.synchronise
    ]


def joined_scores():
    """Scores of clocks, responses and ICA against the known truth of simulated EEG, and the causes of errors."""
    causes = [
        f"{PLAN.derivative(dataset, name)}/response_errors.tsv"
        for dataset, name in with_known_truth()
        if STUDY.pipelines[name].deconvolve
    ]
    return causes + [f"{PLAN.derivative(dataset, name)}/truth_scores.tsv" for dataset, name in with_known_truth()]


def eeg_scores():
    """Scores of joined EEG beside its truth, and of decoding over time, for the comparison."""
    over_time = [
        f"{RESULTS}/eeg/{dataset}/{name}/decoding-{comparison}_scores.csv"
        for name, section in PLAN.pipelines("eeg").items()
        for dataset in PLAN.datasets_of(name)
        for comparison in section.time_decoding
    ]
    return over_time + [f"{RESULTS}/eeg/{dataset}/{name}/scores.csv" for dataset, name in with_known_truth()]


def synchronisation_tables():
    """The table of clocks of each EEG pipeline that joins gaze."""
    return [
        f"{PLAN.derivative(dataset, name)}/synchronisation.tsv"
        for name, section in PLAN.pipelines("eeg").items()
        for dataset in PLAN.datasets_of(name)
        if section.synchronise
    ]


def subject_channels(wildcards):
    """The tables of bad channels of a subject, where the pipeline looks for them."""
    if not STUDY.pipelines[wildcards.pipeline].bad_channels:
        return []
    return subject_files(wildcards, "eeg/{recording}_desc-found_channels.tsv")


def subject_components(wildcards):
    """The tables of independent components of a subject, where the pipeline has any."""
    if STUDY.pipelines[wildcards.pipeline].eyes not in ("ica", "iclabel"):
        return []
    return subject_files(wildcards, "eeg/{recording}_desc-eyes_components.tsv")


def epochs_before(step=None):
    """A subject's epochs before a step; those that are used where it is none."""

    def find(wildcards, subject=None):
        section = STUDY.pipelines[wildcards.pipeline]
        taken = {"clean": True, "kept": section.autoreject != "none", "csd": section.current_source_density}
        before = list(taken)[: list(taken).index(step) if step else None]
        last = [name for name in before if taken[name]][-1]
        subject = subject or wildcards.subject
        folder = PLAN.derivative(wildcards.dataset, wildcards.pipeline)
        return f"{folder}/sub-{subject}/eeg/sub-{subject}_desc-{last}_epo.fif"

    return find


def time_decoding(*names):
    """Options of a pipeline's decoding over time by name, for `params:`."""
    return lambda wildcards: (
        STUDY.pipelines[wildcards.pipeline].time_decoding[wildcards.comparison].model_dump(include=set(names))
    )


def dataset_epochs(wildcards):
    """The epochs of all subjects that are used."""
    return [epochs_before()(wildcards, subject) for subject in PLAN.subjects(wildcards.dataset, wildcards.pipeline)]
