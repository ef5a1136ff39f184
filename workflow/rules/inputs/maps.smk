"""What encoding models and searchlights read."""


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
