"""What each step of BOLD reads."""

FMRI = f"{DERIVATIVES}/{{dataset}}/{{pipeline}}/sub-{{subject}}"


def bold_steps(pipeline):
    """Steps before cleaning that a pipeline takes, in order, as their files are called."""
    section = STUDY.pipelines[pipeline]
    steps = {
        "slicetimed": section.slice_timing,
        "realigned": section.realign,
        "smoothed": section.smoothing_fwhm_mm > 0,
    }
    return [name for name, taken in steps.items() if taken]


def steps_before(pipeline, step):
    """Steps that a pipeline takes before another; all before cleaning where it is none."""
    order = ("slicetimed", "realigned", "smoothed", None)
    return [name for name in bold_steps(pipeline) if order.index(name) < order.index(step)]


def prepared_of(wildcards, stem=None):
    """What fMRIPrep made of a recording; none where the pipeline starts from the raw image."""
    return PLAN.prepared(wildcards.dataset, wildcards.pipeline, stem or wildcards.recording)


def prepared_file(wildcards, part, stem=None):
    """A file of what fMRIPrep made of a recording; of surfaces the image they are gathered in, and its mask."""
    stem = stem or wildcards.recording
    run = prepared_of(wildcards, stem)
    if part == "confounds" or run.mask is not None:
        return str(getattr(run, part))
    kind = {"series": "bold", "mask": "mask"}[part]
    subject = PLAN.recording(wildcards.dataset, wildcards.pipeline, stem).subject
    folder = FMRI.format(dataset=wildcards.dataset, pipeline=wildcards.pipeline, subject=subject)
    return f"{folder}/func/{stem}_desc-gathered_{kind}.nii.gz"


def subject_prepared(wildcards, part):
    """A file of what fMRIPrep made of each run of a subject; none where the pipeline starts from raw images."""
    stems = [r["stem"] for r in subject_recordings(wildcards)]
    return [prepared_file(wildcards, part, stem) for stem in stems if prepared_of(wildcards, stem)]


def bold_source(wildcards):
    """The image that a pipeline starts from."""
    return prepared_file(wildcards, "series") if prepared_of(wildcards) else recording_of(wildcards).path


def bold_before(step=None):
    """What a step waits for: the file of the step before it, or the recording."""

    def find(wildcards):
        steps = steps_before(wildcards.pipeline, step)
        if not steps:
            return recording_raw(wildcards) + ([bold_source(wildcards)] if prepared_of(wildcards) else [])
        return f"{FMRI}/func/{{recording}}_desc-{steps[-1]}_bold.nii.gz".format(**wildcards)

    return find


def bold_path(step=None):
    """The image that a step reads."""

    def find(wildcards):
        return bold_before(step)(wildcards) if steps_before(wildcards.pipeline, step) else bold_source(wildcards)

    return find


def subject_bold_before(step=None):
    """What a step on all runs of a subject waits for; none where it reads the raw images."""

    def find(wildcards):
        steps = steps_before(wildcards.pipeline, step)
        if not steps:
            return subject_prepared(wildcards, "series")
        return subject_files(wildcards, f"func/{{recording}}_desc-{steps[-1]}_bold.nii.gz")

    return find


def subject_raw_before(step=None):
    """What a step on all runs of a subject waits for where it reads the raw images; none where it reads others."""
    return lambda wildcards: [] if subject_bold_before(step)(wildcards) else subject_raw(wildcards)


def subject_motion(wildcards):
    """The motion parameters of all runs of a subject; none where nothing estimates them."""
    if STUDY.pipelines[wildcards.pipeline].source == "fmriprep":
        return subject_prepared(wildcards, "confounds")
    if not STUDY.pipelines[wildcards.pipeline].realign:
        return []
    return subject_files(wildcards, "func/{recording}_desc-motion_timeseries.tsv")


def subject_confounds(wildcards):
    """The tables of what is regressed out of all runs of a subject; none where nothing is."""
    section = STUDY.pipelines[wildcards.pipeline]
    return subject_motion(wildcards) if section.motion_regressors or section.source == "fmriprep" else []


def cleaned_recordings(wildcards):
    """The runs that something reads clean: the first, which is drawn, where neither responses nor figures need all."""
    section, runs = STUDY.pipelines[wildcards.pipeline], subject_recordings(wildcards)
    return runs if section.responses == "window_mean" or section.figures else runs[:1]


def quality_of_subjects(wildcards):
    """The quality of the runs of each subject that has any."""
    folder = PLAN.derivative(wildcards.dataset, wildcards.pipeline)
    subjects = dict.fromkeys(r.subject for r in PLAN.recordings(wildcards.dataset, wildcards.pipeline))
    return [f"{folder}/sub-{subject}/func/sub-{subject}_desc-quality_bold.json" for subject in subjects]


def shipped_motion(wildcards):
    """The tables of head motion that came with a subject's runs, in the order of the runs."""
    root, pattern = Path(PLAN.root(wildcards.dataset)), PLAN.specs[wildcards.dataset].shipped_motion
    runs = subject_recordings(wildcards)
    names = ("subject", "session", "task", "run")
    return [str(root / pattern.format(**{name: r[name] for name in names})) for r in runs]


def region_files(wildcards):
    """The image of a pipeline's regions, and the table of its labels where one is named."""
    section = STUDY.pipelines[wildcards.pipeline].voxels
    root = Path(PLAN.root(wildcards.dataset))
    named = [section.image, section.names] if section.image else []
    return [str(root / name.format(subject=wildcards.subject)) for name in named if name]


def region_inputs(wildcards, named=None):
    """Those of them (or of other files) that a job waits for: the user's, not those of a data set that is made here."""
    made = PLAN.kind(wildcards.dataset) != "folder"
    files = region_files(wildcards) if named is None else named
    return [file for file in files if not (made and file.startswith(PLAN.root(wildcards.dataset)))]


def responses_mask(dataset, pipeline, subject):
    """The mask whose voxels a subject's Responses hold."""
    name = "chosen" if STUDY.pipelines[pipeline].voxels.chosen else "brain"
    return f"{PLAN.derivative(dataset, pipeline)}/sub-{subject}/func/sub-{subject}_desc-{name}_mask.nii.gz"
