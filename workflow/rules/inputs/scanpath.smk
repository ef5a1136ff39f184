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
