"""What alignments across subjects read."""


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
