"""What rules read of data sets and their sources."""


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
