"""Experiments that decode images."""


def reconstructing():
    """Names of the experiments that decode images."""
    return [name for name in PLAN.across if PLAN.experiments[name].reconstruction is not None]


def experiment_pixels(wildcards):
    """The images that an experiment decodes, as a Features table; none for most."""
    experiment = PLAN.experiments[wildcards.experiment]
    if experiment.reconstruction is None:
        return []
    return f"{DERIVATIVES}/{experiment.dataset}/features/{experiment.reconstruction.pixels}.parquet"


def decoded_pixels(wildcards):
    """The feature set of the images that an experiment decodes."""
    wanted = PLAN.experiments[wildcards.experiment].reconstruction.pixels
    known = PLAN.features.get(wanted)
    if known is None or known.backbone != "pixels":
        raise WorkflowError(
            f"experiment {wildcards.experiment}: `reconstruction.pixels: {wanted}` is no feature set with"
            " `backbone: pixels`. Add it to the study's `features`"
        )
    return known


def reconstruction_options(*names):
    """Options of an experiment's images by name, for `params:`."""
    return lambda wildcards: PLAN.experiments[wildcards.experiment].reconstruction.model_dump(
        mode="json", include=set(names)
    )


def reconstruction_files(name):
    """A file of each experiment that decodes images."""
    return [f"{PLAN.experiment_folder(experiment)}/{name}" for experiment in reconstructing()]
