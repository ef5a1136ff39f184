"""What joint decoders read."""


def joint_responses(wildcards):
    """Responses of all subjects of each of a joint decoder's pipelines, in their order."""
    experiment = PLAN.experiments[wildcards.experiment]
    return [file for name in experiment.pipelines.values() for file in own_responses(experiment.dataset, name)]


def joint_tables(wildcards):
    """How many of them there are of each modality."""
    experiment = PLAN.experiments[wildcards.experiment]
    return {key: len(own_responses(experiment.dataset, name)) for key, name in experiment.pipelines.items()}


def joint_outputs(name):
    """A file of each joint decoder that has more than one modality."""
    several = [one for one in PLAN.joint if len(PLAN.experiments[one].pipelines) > 1]
    return [f"{PLAN.experiment_folder(one)}/{name}" for one in several]
