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
    figures = process_files("entropy.png")
    figures += [f"{RESULTS}/scanpath/{dataset}/{name}.png" for dataset in datasets for name in ("models", "steps")]
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
    known = [f"{RESULTS}/scanpath/{wildcards.dataset}/true-process/known/steps.csv"]
    steps = [f"{PLAN.run_folders(name)[0]}/steps.csv" for name in names]
    return steps + (known if wildcards.dataset in known_processes() else [])


def scanpath_title(dataset, what):
    """Title of a figure of a data set, which says where it is simulated."""
    title = PLAN.specs[dataset].title
    kind = "SIMULATED, " if dataset in PLAN.simulated and not title.startswith("SIMULATED") else ""
    return f"{kind}{what}: {title}"


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


def known_processes():
    """Data sets whose scanpaths are simulated by a known process, and that models are tried on."""
    tried = [PLAN.experiments[name].dataset for name in PLAN.image_scanpaths]
    return [dataset for dataset in PLAN.of_kind("scanpath_simulation") if dataset in tried]


def process_files(name):
    """A file of each known process."""
    return [f"{RESULTS}/scanpath/{dataset}/true-process/{name}" for dataset in known_processes()]


def compared_scanpaths(name):
    """A file of each scanpath experiment on a data set, and of the process where it is known."""

    def find(wildcards):
        known = [f"{RESULTS}/scanpath/{wildcards.dataset}/true-process/{name}"]
        return scanpath_experiments(name)(wildcards) + (known if wildcards.dataset in known_processes() else [])

    return find


def first_experiment(wildcards):
    """The first scanpath experiment on a data set, whose fixations, cells and intervals the process shares."""
    names = [name for name in PLAN.image_scanpaths if PLAN.experiments[name].dataset == wildcards.dataset]
    return PLAN.experiments[names[0]]


def process_set(name):
    """A file of the fixations that the process is judged on."""
    return (
        lambda wildcards: f"{DERIVATIVES}/{wildcards.dataset}/scanpaths/{first_experiment(wildcards).fixations}/{name}"
    )


def process_names(wildcards):
    """What the scores of a known process say of themselves."""
    by = STUDY.scanpath_sets[first_experiment(wildcards).fixations].by
    return {"study": STUDY.study, "family": "scanpath", "dataset": wildcards.dataset, "protocol": f"split by {by}"}
