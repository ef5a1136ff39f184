"""What scanpath models read."""


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
        for experiment in PLAN.image_scanpaths
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
    datasets = dict.fromkeys(PLAN.experiments[name].dataset for name in PLAN.image_scanpaths)
    figures = [f"{RESULTS}/scanpath/{dataset}/{name}.png" for dataset in datasets for name in ("models", "steps")]
    figures += [f"{RESULTS}/scanpath/{dataset}/costs.png" for dataset in attention_compared()]
    figures += [f"{PLAN.experiment_folder(name)}/scanpaths.png" for name in PLAN.image_scanpaths]
    figures += [f"{PLAN.experiment_folder(name)}/next-fixations.png" for name in scanpath_networks()]
    return figures + object_figures()


def scored_set(wildcards):
    """What scores need to know of the fixations that an experiment learns from."""
    one = STUDY.scanpath_sets[PLAN.experiments[wildcards.experiment].fixations]
    return one.model_dump(include={"scenes", "segments", "first_is_start"})


def scanpath_networks():
    """Scanpath experiments whose network looks at images."""
    return [name for name in PLAN.image_scanpaths if PLAN.experiments[name].model == "transformer"]


def scanpath_first_steps(wildcards):
    """Judged fixations of the first run of each scanpath experiment on a data set."""
    names = [name for name in PLAN.image_scanpaths if PLAN.experiments[name].dataset == wildcards.dataset]
    return [f"{PLAN.run_folders(name)[0]}/steps.csv" for name in names]


def scanpath_title(dataset, what):
    """Title of a figure of a data set, which says where it is simulated."""
    kind = "SIMULATED, " if dataset in PLAN.simulated else ""
    return f"{kind}{what}: {PLAN.specs[dataset].title}"


def networks_on(dataset):
    """Scanpath networks of a data set."""
    return [name for name in scanpath_networks() if PLAN.experiments[name].dataset == dataset]


def attention_compared():
    """Data sets with scanpath networks of several mechanisms of attention."""
    kinds = {}
    for name in scanpath_networks():
        kinds.setdefault(PLAN.experiments[name].dataset, set()).add(str(PLAN.experiments[name].transformer.attention))
    return [dataset for dataset, found in kinds.items() if len(found) > 1]


def attention_files(name):
    """A file of each scanpath network of a data set."""
    return lambda wildcards: [f"{PLAN.experiment_folder(one)}/{name}" for one in networks_on(wildcards.dataset)]


def attention_manifests(wildcards):
    """Manifests of all their runs."""
    return [f"{run}/manifest.json" for name in networks_on(wildcards.dataset) for run in PLAN.run_folders(name)]


def attention_choices(wildcards):
    """Mechanism of each network at each place, and the network that has softmax instead and is the same in all else."""
    found, plain = {}, {}
    for name in networks_on(wildcards.dataset):
        config = PLAN.experiments[name].config()
        chosen = config["options"].pop("attention")
        found[name] = {place: chosen[place] for place in ("encoder", "decoder", "cross")} | {"versus": None}
        if set(found[name].values()) == {"softmax", None}:
            plain.setdefault(str(config), name)
        found[name]["rest"] = str(config)
    return {name: one | {"versus": plain.get(one.pop("rest"))} for name, one in found.items()}
