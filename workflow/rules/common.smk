"""The checked study and its plan; what every rule file uses."""

import glob
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# The package beside this workflow is the one that jobs import, in whatever environment they run.
sys.path.insert(0, str(workflow.basedir))
for name in ["PYTHONPATH"]:
    os.environ[name] = os.pathsep.join(
        dict.fromkeys([str(workflow.basedir), *filter(None, os.environ.get(name, "").split(os.pathsep))])
    )

# Jobs run side by side: a library that takes every core for itself would slow all of them down.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from cogmodels.config.load import load_study
from cogmodels.data.plan import Plan
from cogmodels.data.sources import source_files
from cogmodels.errors import CogmodelsError
from cogmodels.tracking.fingerprint import code_fingerprint

ROOT = Path(workflow.basedir)

try:
    STUDY = load_study(config, " + ".join(os.path.relpath(file) for file in reversed(workflow.configfiles)) or "config")
    # Specs of one's own come first, those that are shipped are always there.
    PLAN = Plan(STUDY, Path(STUDY.paths.specs), ROOT / "data_specs")
except CogmodelsError as error:
    raise WorkflowError(str(error)) from None

DATA, DERIVATIVES, RESULTS = STUDY.paths.data, STUDY.paths.derivatives, PLAN.results


def code(script, *extra):
    """Fingerprint of the cogmodels code that a script reaches."""
    return code_fingerprint(ROOT / "workflow" / "scripts" / f"{script}.py", ROOT, extra)


def one_of(names):
    """Wildcard constraint: exactly these names (or none)."""
    return "|".join(map(re.escape, names)) or "(?!)"


def settings(pipeline, *names):
    """Options of a pipeline by name, for `params:`."""
    section = STUDY.pipelines[pipeline].model_dump()
    return {name: section[name] for name in names}


wildcard_constraints:
    dataset=one_of(PLAN.specs),
    subject="[A-Za-z0-9]+",
    recording="sub-[A-Za-z0-9]+_[A-Za-z0-9_-]+",
    family="[a-z]+",
    experiment=one_of(PLAN.experiments),
    fold="[A-Za-z0-9-]+",
    seed="[0-9]+",
    diet=one_of(STUDY.diets),


# -- data sets -------------------------------------------------------------------------------------------------------


def source_manifest(wildcards):
    """The table of files of a `url` source; the files themselves of a `files` source."""
    spec = PLAN.specs[wildcards.dataset]
    source = spec.source
    if source.kind == "files":
        how = f"Correct `path` in the data spec, or fill the folder. {spec.description.strip()}"
        return [str(path) for path in source_files(Path(source.path), how)]
    return [str(PLAN.spec_folders[wildcards.dataset] / source.manifest)] if source.kind == "url" else []


def source_of(wildcards):
    """The source section of a data set's spec."""
    return PLAN.specs[wildcards.dataset].source.model_dump()


def source_part(*names):
    """Some keys of the source section of a data set's spec."""
    return lambda wildcards: PLAN.specs[wildcards.dataset].source.model_dump(include=set(names))


def simulated_parts(wildcards):
    """Options of each modality that a simulated subject has recordings of; none for the others."""
    parts = {"fmri": "bold", "eeg": "eeg", "gaze": "gaze", "betas": "betas"}
    source = PLAN.specs[wildcards.dataset].source.model_dump(include=set(parts.values()))
    has = {parts[r.modality] for r in PLAN.recordings(wildcards.dataset, subject=wildcards.subject)}
    return {name: options for name, options in source.items() if name in has}


def image_stimuli(wildcards):
    """The images that subjects of a simulated study see; none where they see none."""
    return PLAN.specs[wildcards.dataset].source.images


def image_options(wildcards):
    """What gathering them depends on."""
    shown = image_stimuli(wildcards)
    limit = shown.photographs.limit if shown.photographs else None
    return {"limit": limit, "rendered": shown.rendered, "seed": PLAN.specs[wildcards.dataset].source.seed}


def photograph_root(wildcards):
    """Folder of the data set that photographs are of; none where all images are rendered."""
    wanted = image_stimuli(wildcards).photographs
    return PLAN.scene_root(wanted.dataset) if wanted else None


def truth_source(wildcards):
    """What the truth of a simulated study is drawn by."""
    names = ["seed", "subjects", "latent_dimensions"]
    shown = image_stimuli(wildcards)
    source = source_part(*names, *([] if shown else ["stimuli", "categories"]))(wildcards)
    return source | ({"test": shown.test} if shown else {})


def truth_images(wildcards, features):
    """Features of the images that a simulated study shows, or their table; none where it shows none."""
    if image_stimuli(wildcards) is None:
        return []
    name = wildcards.dataset
    return f"{DERIVATIVES}/{name}/features/{name}-backbone.parquet" if features else f"{DATA}/{name}/stimuli/images.tsv"


def converter_options(wildcards):
    """What the spec tells the converters `gaze_files` and `eeg_files`; nothing for the others."""
    spec = PLAN.specs[wildcards.dataset]
    own = spec.gaze_files or spec.eeg_files
    if own is None:
        return {}
    about = {"title": spec.title, "description": spec.description, "licence": spec.licence.name}
    return {"options": own.model_dump() | about}


def converter_code(script):
    """Fingerprint of a script together with the data set's converter."""
    return lambda wildcards: code(script, f"cogmodels.data.converters.{PLAN.specs[wildcards.dataset].converter}")


# -- recordings of a pipeline ----------------------------------------------------------------------------------------


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


# -- steps of BOLD -----------------------------------------------------------------------------------------------------

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


def known_motion(wildcards):
    """The motion parameters of a run: those of its realignment, or fMRIPrep's confounds; none without either."""
    if prepared_of(wildcards):
        return prepared_file(wildcards, "confounds")
    if not STUDY.pipelines[wildcards.pipeline].realign:
        return []
    return f"{FMRI}/func/{{recording}}_desc-motion_timeseries.tsv".format(**wildcards)


def confounds_of(wildcards):
    """The table of what is regressed out of a run; none where nothing is."""
    section = STUDY.pipelines[wildcards.pipeline]
    return known_motion(wildcards) if section.motion_regressors or section.source == "fmriprep" else []


def subject_confounds(wildcards):
    """The tables of what is regressed out of all runs of a subject; none where nothing is."""
    section = STUDY.pipelines[wildcards.pipeline]
    if section.source == "fmriprep":
        return subject_prepared(wildcards, "confounds")
    return subject_files(wildcards, "func/{recording}_desc-motion_timeseries.tsv") if section.motion_regressors else []


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


# -- alignment across subjects -----------------------------------------------------------------------------------------


def own_responses(dataset, pipeline):
    """The Responses of all subjects in their own voxels."""
    folder = PLAN.derivative(dataset, pipeline)
    return [f"{folder}/sub-{s}/sub-{s}_responses.parquet" for s in PLAN.subjects(dataset, pipeline)]


def aligned_responses(name):
    """The Responses of all subjects in the space of an alignment."""
    one = PLAN.alignments[name]
    folder = f"{PLAN.derivative(one.dataset, one.pipeline)}/alignment-{name}"
    return [f"{folder}/sub-{s}_responses.parquet" for s in PLAN.subjects(one.dataset, one.pipeline)]


def alignment_subjects(wildcards):
    """The subjects that are aligned."""
    return PLAN.subjects(wildcards.dataset, PLAN.alignments[wildcards.alignment].pipeline)


def alignment_responses(wildcards):
    """Their Responses in their own voxels."""
    return own_responses(wildcards.dataset, PLAN.alignments[wildcards.alignment].pipeline)


def alignment_masks(wildcards):
    """The masks of these."""
    pipeline = PLAN.alignments[wildcards.alignment].pipeline
    return [responses_mask(wildcards.dataset, pipeline, s) for s in alignment_subjects(wildcards)]


def parcel_images(wildcards):
    """The label image of each subject's parcels; none where all voxels or spheres are aligned."""
    image, root = PLAN.alignments[wildcards.alignment].parcels, Path(PLAN.root(wildcards.dataset))
    return [str(root / image.format(subject=s)) for s in alignment_subjects(wildcards) if image]


def alignment_title(wildcards):
    """Title of an alignment's figure, which says where data are simulated."""
    kind = "SIMULATED, " if PLAN.kind(wildcards.dataset) == "simulation" else ""
    one = PLAN.alignments[wildcards.alignment]
    return f"{kind}{wildcards.dataset}, {wildcards.alignment}: {one.description or one.method}"


def alignment_files(name):
    """A file of each alignment."""
    return [f"{PLAN.alignment_folder(one)}/{name}" for one in PLAN.alignments]


# -- models of every voxel ---------------------------------------------------------------------------------------------


def model_responses(wildcards):
    """The Responses of a subject that a model of every voxel is fitted on."""
    folder = PLAN.derivative(wildcards.dataset, PLAN.voxel_models[wildcards.model].pipeline)
    return f"{folder}/sub-{wildcards.subject}/sub-{wildcards.subject}_responses.parquet"


def model_mask(wildcards):
    """The mask of these responses."""
    return responses_mask(wildcards.dataset, PLAN.voxel_models[wildcards.model].pipeline, wildcards.subject)


def encoding_features(wildcards):
    """The Features table of each band of an encoding model."""
    bands = PLAN.encodings[wildcards.model].bands.values()
    return [f"{DERIVATIVES}/{wildcards.dataset}/features/{band.features}.parquet" for band in bands]


def model_options(wildcards):
    """What a model of every voxel depends on."""
    return PLAN.voxel_models[wildcards.model].model_dump(exclude={"dataset", "pipeline", "description"})


def model_pipeline(wildcards):
    """The preprocessing behind a model of every voxel, as its manifest shows it."""
    options = STUDY.pipelines[PLAN.voxel_models[wildcards.model].pipeline].options()
    return {key: value for key, value in options.items() if key != "description"}


def map_figure(wildcards):
    """The figure of a model of every voxel."""
    name = "encoding" if wildcards.model in PLAN.encodings else "searchlight"
    return f"{RESULTS}/fmri/{wildcards.dataset}/{wildcards.model}/sub-{wildcards.subject}/{name}.png"


def about_model(wildcards):
    """What a map's sidecar says of its making."""
    one = PLAN.voxel_models[wildcards.model]
    simulated = PLAN.kind(wildcards.dataset) == "simulation"
    return {"Model": wildcards.model, "Pipeline": one.pipeline, "Simulated": simulated}


def model_title(wildcards):
    """Title of the figure of a model of every voxel, which says where data are simulated."""
    kind = "SIMULATED, " if PLAN.kind(wildcards.dataset) == "simulation" else ""
    return f"{kind}{wildcards.model}, sub-{wildcards.subject}: {PLAN.voxel_models[wildcards.model].description}"


def model_files(model, name):
    """A file of each subject of a model of every voxel."""
    one = PLAN.voxel_models[model]
    folder = f"{RESULTS}/fmri/{one.dataset}/{model}"
    return [f"{folder}/sub-{subject}/{name}" for subject in PLAN.subjects(one.dataset, one.pipeline)]


def map_figures():
    """The figures of all models of every voxel and alignments."""
    return [
        file
        for name in PLAN.voxel_models
        for file in model_files(name, "encoding.png" if name in PLAN.encodings else "searchlight.png")
    ] + alignment_files("alignment.png")


# -- steps of EEG ------------------------------------------------------------------------------------------------------


def eeg_title(wildcards):
    """Title of a data set's EEG figures, which says where data are simulated."""
    simulated = wildcards.dataset in PLAN.simulated
    title = PLAN.specs[wildcards.dataset].title
    return f"{'' if not simulated or title.startswith('SIMULATED') else 'SIMULATED, '}{title}: {wildcards.pipeline}"


EEG_GROUP = f"{DERIVATIVES}/{{dataset}}/{{pipeline}}"
EEG = f"{EEG_GROUP}/sub-{{subject}}"


def eeg_pipelines(**options):
    """Wildcard constraint: EEG pipelines that have one of the values of each option."""
    pipelines = PLAN.pipelines("eeg").items()
    return one_of(n for n, p in pipelines if all(getattr(p, key) in values for key, values in options.items()))


def eeg_pipelines_with(step):
    """Wildcard constraint: EEG pipelines that take a step."""
    return one_of(n for n, p in PLAN.pipelines("eeg").items() if getattr(p, step) not in (None, False, "none", []))


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


def eeg_recordings(wildcards):
    """The recordings of a subject after the last step before epochs."""
    return subject_files(wildcards, f"eeg/{{recording}}_desc-{eeg_step(wildcards.pipeline)}_eeg.fif")


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


# -- experiments -----------------------------------------------------------------------------------------------------


def experiment_responses(wildcards):
    """Responses of all subjects of an experiment."""
    experiment = PLAN.experiments[wildcards.experiment]
    alignment = PLAN.alignment_of(wildcards.experiment)
    if alignment is not None:
        return aligned_responses(alignment)
    return own_responses(experiment.dataset, experiment.pipeline)


def experiment_features(wildcards):
    """The Features table that an experiment predicts; none for labels."""
    experiment = PLAN.experiments[wildcards.experiment]
    if experiment.target == "label":
        return []
    return f"{DERIVATIVES}/{experiment.dataset}/features/{experiment.target}.parquet"


def experiment_text(wildcards):
    """The Features table of descriptions that a network learns beside; none for most."""
    experiment = PLAN.experiments[wildcards.experiment]
    if experiment.text_target is None:
        return []
    return f"{DERIVATIVES}/{experiment.dataset}/features/{experiment.text_target}.parquet"


def decoder_figures():
    """What the report shows of decoders: what they retrieve or confuse, learning curves of networks."""
    drawn = [name for name in PLAN.of_family("decoding") if name not in classified_epochs()]
    figures = [f"{PLAN.experiment_folder(name)}/decoder.png" for name in drawn]
    compared = [f"{comparison_folder(name)}/comparison-{name}.png" for name in compared_decoders()]
    figures += [f"{PLAN.experiment_folder(name)}/curves.png" for name in PLAN.networks]
    return compared + figures + adaptation_outputs("adaptation.png")


def first_adapted(curve):
    """The first experiment of an adaptation curve."""
    return PLAN.experiments[PLAN.adaptation_curves[curve].pretrained[0]]


def adaptation_outputs(name):
    """A file of each adaptation curve."""
    return [f"{RESULTS}/decoding/{first_adapted(one).dataset}/{one}/{name}" for one in PLAN.adaptation_curves]


def adaptation_title(wildcards):
    """Title of an adaptation curve, which says where data are simulated."""
    kind = "SIMULATED, " if wildcards.dataset in PLAN.simulated else ""
    return f"{kind}{wildcards.curve}: a new subject"


def adaptation_files(wildcards, part):
    """Predictions of all runs of one side of a curve, in its order."""
    names = getattr(PLAN.adaptation_curves[wildcards.curve], part)
    return [f"{run}/predictions.parquet" for name in names for run in PLAN.run_folders(name)]


def adaptation_pairs(wildcards):
    """Of each pair of a curve: name of the pretrained experiment, trials of the new subject (0 = all), runs."""
    return [
        {"experiment": name, "trials": PLAN.experiments[name].adapt_trials or 0, "runs": len(PLAN.run_folders(name))}
        for name in PLAN.adaptation_curves[wildcards.curve].pretrained
    ]


def classified_epochs():
    """Decoders of EEG in new people whose target is a class."""
    return [name for name in PLAN.epoch_decoders if PLAN.experiments[name].target == "label"]


def compared_decoders():
    """Comparisons of decoders of EEG whose data set the study has."""
    return [name for name, one in STUDY.decoder_comparisons.items() if one.reference in PLAN.experiments]


def comparison_folder(name):
    """Folder of a comparison of decoders."""
    return f"{RESULTS}/decoding/{PLAN.experiments[STUDY.decoder_comparisons[name].reference].dataset}"


def compared_files(file):
    """A file of each experiment of a comparison, in its order."""
    return lambda wildcards: [
        f"{PLAN.experiment_folder(name)}/{file}" for name in STUDY.decoder_comparisons[wildcards.comparison].names
    ]


def experiment_config(*names):
    """Options of an experiment by name, for `params:`."""
    return lambda wildcards: PLAN.experiments[wildcards.experiment].model_dump(include=set(names))


def pipeline_config(wildcards):
    """The preprocessing behind an experiment, as the manifest and the comparison show it."""
    experiment = PLAN.experiments[wildcards.experiment]
    options = STUDY.pipelines[experiment.pipeline].options()
    alignment = PLAN.alignment_of(wildcards.experiment)
    if alignment is not None:
        options["alignment"] = PLAN.alignments[alignment].model_dump(exclude={"dataset", "pipeline"})
    return {key: value for key, value in options.items() if key != "description"}


def experiment_title(wildcards):
    """Title of an experiment's figure, which says where data are simulated."""
    kind = "SIMULATED, " if wildcards.dataset in PLAN.simulated else ""
    return f"{kind}{wildcards.experiment}: {PLAN.experiments[wildcards.experiment].description}"


def run_files(name):
    """A file of each model run of an experiment."""
    return lambda wildcards: [f"{run}/{name}" for run in PLAN.run_folders(wildcards.experiment)]


def run_table(wildcards):
    """The table beside the metrics of a model run: what was chosen, or what each search took."""
    name = "trials.csv" if wildcards.family == "search" else "choices.csv"
    folder = f"{RESULTS}/{wildcards.family}/{wildcards.dataset}/{wildcards.experiment}"
    return f"{folder}/fold-{wildcards.fold}_seed-{wildcards.seed}/{name}"


# -- training --------------------------------------------------------------------------------------------------------


def diet_config(wildcards):
    """What the networks of a diet depend on."""
    return STUDY.diets[wildcards.diet].config()


def diet_title(wildcards):
    """Title of a diet's figures, which says where images are rendered."""
    diet = STUDY.diets[wildcards.diet]
    return f"{'RENDERED, ' if diet.images.kind == 'shaded' else ''}{wildcards.diet}: {diet.description}"


def diet_files(wildcards):
    """The folder that a diet's images are read from; none for those that are made or shipped."""
    path = getattr(STUDY.diets[wildcards.diet].images, "path", None)
    return [path] if path else []


def trained_diets(name):
    """A file of each network that the study trains."""
    return [f"{PLAN.diet_folder(diet, seed)}/{name}" for diet in STUDY.diets for seed in STUDY.diets[diet].seeds]


def training_figures():
    """What the report shows of training: the comparison of diets, their images and learning curves."""
    compared = [f"{RESULTS}/training/comparison.png"] if STUDY.diet_comparison else []
    return compared + [f"{RESULTS}/training/{diet}/{name}.png" for name in ("diet", "curves") for diet in STUDY.diets]


def diet_weights(wildcards):
    """The network that a search's diet has raised with the run's seed; none where the weights come otherwise."""
    experiment = PLAN.experiments[wildcards.experiment]
    trained = experiment.weights.startswith("diet:")
    return f"{PLAN.diet_folder(experiment.diet, wildcards.seed)}/model.safetensors" if trained else []


def compared_runs():
    """Experiment and seed of each search whose diets are compared."""
    return [
        {"diet": name, "seed": seed}
        for name in PLAN.compared_diets
        for _ in PLAN.displays_of(name)
        for seed in PLAN.experiments[name].seeds
    ]


def compared_searches():
    """Those searches, in the same order."""
    return [f"{run}/trials.csv" for name in PLAN.compared_diets for run in PLAN.run_folders(name)]


def compared_dataset():
    """The data set of displays that they searched; none where no diets are compared."""
    return PLAN.experiments[PLAN.compared_diets[0]].dataset if PLAN.compared_diets else None


def compared_displays():
    """The display experiments that they searched."""
    names = PLAN.displays_of(PLAN.compared_diets[0]) if PLAN.compared_diets else []
    return [f"{DATA}/{compared_dataset()}/displays/{name}/display.json" for name in names]


def diet_scores():
    """Scores over the networks of diets that are compared."""
    return [f"{RESULTS}/training/scores.csv"] if STUDY.diet_comparison else []


# -- search ----------------------------------------------------------------------------------------------------------


def own_display(wildcards):
    """The numbers of a display experiment of one's own; none for a published one."""
    own = PLAN.specs[wildcards.dataset].source.own.get(wildcards.display)
    return own.model_dump(mode="json") if own else None


def display_files(wildcards):
    """All display experiments of a data set."""
    return [f"{DATA}/{wildcards.dataset}/displays/{d}/display.json" for d in PLAN.display_names(wildcards.dataset)]


def scenes_of(wildcards):
    """The options of a set of scenes."""
    return PLAN.specs[wildcards.dataset].scenes[wildcards.display].model_dump(mode="json")


def people_on_scenes(wildcards):
    """The fixations of people who searched a data set's scenes; none where nobody did."""
    if not any(part.people for part in PLAN.specs[wildcards.dataset].scenes.values()):
        return []
    return f"{DERIVATIVES}/{wildcards.dataset}/scanpaths/fixations.parquet"


def dataset_searches(name):
    """A file of each search experiment on a data set."""
    return lambda wildcards: [
        f"{PLAN.experiment_folder(experiment)}/{name}"
        for experiment in PLAN.of_family("search")
        if PLAN.experiments[experiment].dataset == wildcards.dataset
    ]


def searched_displays(wildcards):
    """The display experiments that a search experiment runs on."""
    return [f"{DATA}/{wildcards.dataset}/displays/{d}/display.json" for d in PLAN.displays_of(wildcards.experiment)]


def first_searches(wildcards):
    """A model's fixations on each display experiment, with the first seed."""
    seed = PLAN.experiments[wildcards.experiment].seeds[0]
    folder = PLAN.experiment_folder(wildcards.experiment)
    return [f"{folder}/fold-{d}_seed-{seed}/predictions.parquet" for d in PLAN.displays_of(wildcards.experiment)]


def searched_display_sets():
    """Data sets of displays that models search."""
    searched = {PLAN.experiments[name].dataset for name in PLAN.of_family("search")}
    return [name for name in PLAN.of_kind("displays") if name in searched]


def search_config(wildcards):
    """What a search depends on, the network of a diet included."""
    return PLAN.experiments[wildcards.experiment].network() | PLAN.architecture(wildcards.experiment)


# -- scanpath models -------------------------------------------------------------------------------------------------


def scanpath_set(name):
    """A file of the fixations that an experiment learns from."""

    def find(wildcards):
        one = PLAN.experiments[wildcards.experiment]
        return f"{DERIVATIVES}/{one.dataset}/scanpaths/{one.fixations}/{name}"

    return find


def scanpath_images(dataset):
    """Size and assumed resolution of a data set's images."""
    images = PLAN.specs[dataset].images
    size = [images.width_px, images.height_px]
    return {"size_px": size, "pixels_per_degree": images.pixels_per_degree}


def scanpath_features(wildcards):
    """The Features tables that a model looks at."""
    one = PLAN.experiments[wildcards.experiment]
    return [f"{DERIVATIVES}/{one.dataset}/features/{name}.parquet" for name in one.features]


def scanpath_maps(wildcards):
    """How they were made, by name."""
    names = PLAN.experiments[wildcards.experiment].features
    return {name: STUDY.features[name].model_dump(mode="json", exclude={"dataset", "batch"}) for name in names}


def first_run(name):
    """A file of an experiment's run with its first seed."""
    return lambda wildcards: f"{PLAN.run_folders(wildcards.experiment)[0]}/{name}"


def scanpath_experiments(name):
    """A file of each scanpath experiment on a data set."""
    return lambda wildcards: [
        f"{PLAN.experiment_folder(experiment)}/{name}"
        for experiment in PLAN.of_family("scanpath")
        if PLAN.experiments[experiment].dataset == wildcards.dataset
    ]


def generator_run(name):
    """A file of the run whose network looks at a folder of images."""
    return lambda wildcards: f"{PLAN.run_folders(STUDY.generated_scanpaths[wildcards.name].experiment)[0]}/{name}"


def generator_images(wildcards):
    """The images that it looks at."""
    return sorted(glob.glob(STUDY.generated_scanpaths[wildcards.name].images))


def scanpath_figures():
    """What the report shows of scanpath models: their comparison, then each."""
    datasets = dict.fromkeys(PLAN.experiments[name].dataset for name in PLAN.of_family("scanpath"))
    figures = [f"{RESULTS}/scanpath/{dataset}/models.png" for dataset in datasets]
    return figures + [f"{PLAN.experiment_folder(name)}/scanpaths.png" for name in PLAN.of_family("scanpath")]


# -- scores of preprocessing -----------------------------------------------------------------------------------------


def coders_of(wildcards):
    """People who labelled the samples of a data set, and a second one where there is."""
    return PLAN.specs[wildcards.dataset].coders[:2]


def preprocessing_scores():
    """Scores of detectors against human coders, of people's RDMs against each other, of models of every voxel."""
    coded = [
        f"{RESULTS}/gaze/{dataset}/{pipeline}/scores.csv"
        for pipeline in PLAN.pipelines("gaze")
        for dataset in PLAN.datasets_of(pipeline)
        if PLAN.specs[dataset].coders
    ]
    models = [f"{RESULTS}/fmri/{one.dataset}/{name}/scores.csv" for name, one in PLAN.voxel_models.items()]
    models += alignment_files("scores.csv")
    return coded + [f"{folder}/scores.csv" for folder in PLAN.rdm_agreements.values()] + models + eeg_scores()


def detectors_on_truth():
    """Detectors that the study tries on simulated recordings."""
    return STUDY.detector_truth.detectors if STUDY.detector_truth else []


# -- report ----------------------------------------------------------------------------------------------------------

FIGURES = {"fmri": "figures/sub-{s}_bold.png", "eeg": "figures/sub-{s}_evoked.png"}
PAGES = {"fmri": "quality", "gaze": "gaze"}


def figures_of(modality):
    """Preprocessing figures of all pipelines of a modality."""
    found = []
    for pipeline in PLAN.pipelines(modality):
        section = STUDY.pipelines[pipeline]
        for dataset in PLAN.datasets_of(pipeline):
            # Maps and carpets are those of volumes.
            if modality != "gaze" and not PLAN.on_surface(dataset, pipeline):
                folder = PLAN.derivative(dataset, pipeline)
                found += [f"{folder}/figures/group_evoked.png"] if modality == "eeg" else []
                found += [f"{folder}/figures/decoding-{name}.png" for name in getattr(section, "time_decoding", {})]
                found += joined_figures(dataset, pipeline) if modality == "eeg" else []
                if getattr(section, "subject_figures", True):
                    people = PLAN.subjects(dataset, pipeline)
                    found += [f"{folder}/sub-{s}/{FIGURES[modality].format(s=s)}" for s in people]
            if modality == "fmri":
                found += contrast_figures(dataset, pipeline) + motion_figures(dataset, pipeline)
            if modality in ("gaze", "fmri") and section.figures:
                found += derived(dataset, pipeline, f"figures/{{recording}}_{PAGES[modality]}.png")
    return found


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
    """The Responses tables of all fmri, eeg and betas pipelines, whether an experiment reads them or not."""
    return [
        file
        for pipeline in PLAN.pipelines("fmri", "eeg", "betas")
        for dataset in PLAN.datasets_of(pipeline)
        for file in own_responses(dataset, pipeline)
    ]


def fixation_tables():
    """The Fixations tables of the study."""
    return gaze_tables("fixations.parquet") + [
        f"{DERIVATIVES}/{dataset}/scanpaths/fixations.parquet" for dataset in PLAN.scanpaths
    ]


def eeg_tables():
    """The quality table of each EEG pipeline and data set."""
    pairs = [(dataset, name) for name in PLAN.pipelines("eeg") for dataset in PLAN.datasets_of(name)]
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
            name: e.model_dump(include={"family", "dataset", "pipeline", "description", "control"})
            for name, e in PLAN.experiments.items()
        },
    }
