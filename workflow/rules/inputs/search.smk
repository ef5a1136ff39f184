"""What search models read."""


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
