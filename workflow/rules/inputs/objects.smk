"""What scanpath models of objects read."""


def object_set(name):
    """A file of the set that an experiment learns from."""

    def find(wildcards):
        one = PLAN.experiments[wildcards.experiment]
        return f"{DERIVATIVES}/{one.dataset}/objects/{one.objects}/{name}"

    return find


def object_experiments(name):
    """A file of each experiment on objects of a data set."""
    return lambda wildcards: [
        f"{PLAN.experiment_folder(experiment)}/{name}"
        for experiment in PLAN.object_scanpaths
        if PLAN.experiments[experiment].dataset == wildcards.dataset
    ]


def object_figures():
    """What the report shows of models of objects: their comparison, then each."""
    datasets = dict.fromkeys(PLAN.experiments[name].dataset for name in PLAN.object_scanpaths)
    figures = [f"{RESULTS}/scanpath/{dataset}/object_models.png" for dataset in datasets]
    return figures + [f"{PLAN.experiment_folder(name)}/objects.png" for name in PLAN.object_scanpaths]
