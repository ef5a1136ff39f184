"""What the report reads."""

FIGURES = {"fmri": "figures/sub-{s}_bold.png", "eeg": "figures/sub-{s}_evoked.png"}
# What the methods of the page tell of an experiment.
METHODS = ("model", "target", "protocol", "backbone", "eccentric", "fixations")


def figures_of(modality):
    """Preprocessing figures of all pipelines of a modality."""
    found = []
    for pipeline in PLAN.pipelines(modality):
        section = STUDY.pipelines[pipeline]
        for dataset in PLAN.datasets_of(pipeline):
            folder = PLAN.derivative(dataset, pipeline)
            # Maps and carpets are those of volumes.
            if modality != "gaze" and not PLAN.on_surface(dataset, pipeline):
                found += [f"{folder}/figures/group_evoked.png"] if modality == "eeg" and wants_epochs(section) else []
                found += [f"{folder}/figures/decoding-{name}.png" for name in getattr(section, "time_decoding", {})]
                found += joined_figures(dataset, pipeline) if modality == "eeg" else []
                if getattr(section, "subject_figures", True):
                    people = PLAN.subjects(dataset, pipeline)
                    found += [f"{folder}/sub-{s}/{FIGURES[modality].format(s=s)}" for s in people]
            if modality == "fmri":
                found += contrast_figures(dataset, pipeline) + motion_figures(dataset, pipeline)
            if modality == "gaze" and section.figures:
                found += derived(dataset, pipeline, "figures/{recording}_gaze.png")
            if modality == "fmri" and section.figures:
                # A folder of figures, one a run.
                people = dict.fromkeys(r.subject for r in PLAN.recordings(dataset, pipeline))
                found += [f"{folder}/sub-{s}/figures/quality" for s in people]
    return found


def wants_epochs(section):
    """Whether an EEG pipeline asks for anything that is made of epochs; else it may stop at recordings."""
    wanted = (section.subject_responses, section.subject_figures, section.subject_pages, section.quality)
    return any(wanted) or bool(section.evoked_channels or section.time_decoding)


def contrast_figures(dataset, pipeline):
    """Figures of the contrasts of a pipeline."""
    folder = PLAN.derivative(dataset, pipeline)
    return [
        f"{folder}/sub-{s}/figures/sub-{s}_contrast-{contrast}_statmap.png"
        for s in PLAN.subjects(dataset, pipeline)
        for contrast in STUDY.pipelines[pipeline].contrasts
    ]


def motion_figures(dataset, pipeline):
    """Figures of realignment beside the head motion that came with the data; none where either is missing."""
    if not (STUDY.pipelines[pipeline].realign and PLAN.specs[dataset].shipped_motion):
        return []
    folder = PLAN.derivative(dataset, pipeline)
    return [f"{folder}/sub-{s}/figures/sub-{s}_motion.png" for s in PLAN.subjects(dataset, pipeline)]


def bold_quality_tables():
    """The quality table of each fmri pipeline that wants one, and data set."""
    return [
        f"{PLAN.derivative(dataset, pipeline)}/quality.tsv"
        for pipeline in PLAN.pipelines("fmri")
        for dataset in PLAN.datasets_of(pipeline)
        if STUDY.pipelines[pipeline].quality
    ]


def response_tables():
    """The Responses tables of fmri, eeg and betas pipelines, whether an experiment reads them or not."""
    return [
        file
        for pipeline in PLAN.pipelines("fmri", "eeg", "betas")
        for dataset in PLAN.datasets_of(pipeline)
        for file in own_responses(dataset, pipeline)
        if getattr(STUDY.pipelines[pipeline], "subject_responses", True)
    ]


def fixation_tables():
    """The Fixations tables of the study."""
    return gaze_tables("fixations.parquet") + [
        f"{DERIVATIVES}/{dataset}/scanpaths/fixations.parquet" for dataset in PLAN.scanpaths
    ]


def eeg_tables():
    """The quality table of each EEG pipeline that wants one, and data set."""
    wanted = [name for name, pipeline in PLAN.pipelines("eeg").items() if pipeline.quality]
    pairs = [(dataset, name) for name in wanted for dataset in PLAN.datasets_of(name)]
    return [f"{PLAN.derivative(dataset, name)}/eeg_quality.tsv" for dataset, name in pairs]


def eeg_pages():
    """The pages of all subjects' EEG, of pipelines that make them."""
    return [
        f"{PLAN.derivative(dataset, name)}/sub-{s}/figures/sub-{s}_eeg.html"
        for name, pipeline in PLAN.pipelines("eeg").items()
        for dataset in PLAN.datasets_of(name)
        for s in (PLAN.subjects(dataset, name) if pipeline.subject_pages else [])
    ]


def gaze_tables(name):
    """A table of each gaze pipeline and data set."""
    return [
        f"{PLAN.derivative(dataset, pipeline)}/{name}"
        for pipeline in PLAN.pipelines("gaze")
        for dataset in PLAN.datasets_of(pipeline)
    ]


def producers(files):
    """Rule that makes each of these files, and the fingerprint of its code."""
    makers = [one for one in workflow.rules if getattr(one.params, "code", None)]
    found = {}
    for file in dict.fromkeys(map(str, files)):
        maker = next((one for one in makers if one.is_producer(file)), None)
        if maker is not None:
            found[file] = {"rule": maker.name, "code": str(maker.params.code)}
    return found


def report_facts():
    """What the report says of the study beside its results."""
    return {
        "name": STUDY.study,
        "title": STUDY.title or STUDY.study,
        "datasets": {
            name: spec.model_dump(include={"title", "description", "licence", "citations", "modalities"})
            | {
                "kind": "simulation" if name in PLAN.simulated else spec.source.kind,
                "subjects": len(PLAN.subjects(name)),
                "control": PLAN.without_signal(name),
            }
            | {"images_note": spec.images.note if spec.images else ""}
            | {"rdms_note": spec.rdms.note if spec.rdms else ""}
            | {"scenes_kind": PLAN.scenes_kind(name), "scenes_notes": [part.note for part in spec.scenes.values()]}
            for name, spec in PLAN.specs.items()
        },
        "pipelines": {name: p.options() for name, p in PLAN.pipelines().items()},
        "experiments": {
            name: e.model_dump(include={"family", "dataset", "pipeline", "description", "control", *METHODS})
            for name, e in PLAN.experiments.items()
        },
    }
