"""What experiments read, and what is drawn of them."""


def experiment_responses(wildcards):
    """Responses of all subjects of an experiment."""
    experiment = PLAN.experiments[wildcards.experiment]
    alignment = PLAN.alignment_of(wildcards.experiment)
    if alignment is not None:
        return aligned_responses(alignment)
    return own_responses(experiment.dataset, experiment.pipeline)


def experiment_features(wildcards):
    """The Features table that an experiment predicts; none for labels."""
    experiment = PLAN.experiments[wildcards.experiment]
    if experiment.target == "label":
        return []
    return f"{DERIVATIVES}/{experiment.dataset}/features/{experiment.target}.parquet"


def experiment_text(wildcards):
    """The Features table of descriptions that a network learns beside; none for most."""
    experiment = PLAN.experiments[wildcards.experiment]
    if experiment.text_target is None:
        return []
    return f"{DERIVATIVES}/{experiment.dataset}/features/{experiment.text_target}.parquet"


def experiment_pretrained(wildcards):
    """Weights that the same run of another experiment has learnt from the other subjects; none for most."""
    name = PLAN.experiments[wildcards.experiment].pretrained
    if name is None:
        return []
    return f"{PLAN.experiment_folder(name)}/fold-{wildcards.fold}_seed-{wildcards.seed}/model.safetensors"


def decoder_figures():
    """What the report shows of decoders: what they retrieve or confuse, learning curves of networks."""
    drawn = [name for name in PLAN.of_family("decoding") if name not in classified_epochs()]
    figures = [f"{PLAN.experiment_folder(name)}/decoder.png" for name in drawn]
    compared = [f"{comparison_folder(name)}/comparison-{name}.png" for name in compared_decoders()]
    figures += [f"{PLAN.experiment_folder(name)}/curves.png" for name in PLAN.networks]
    figures += adaptation_outputs("adaptation.png") + joint_outputs("modalities.png")
    return compared + figures + reconstruction_files("reconstructions.png")


def first_adapted(curve):
    """The first experiment of an adaptation curve."""
    return PLAN.experiments[PLAN.adaptation_curves[curve].pretrained[0]]


def adaptation_outputs(name):
    """A file of each adaptation curve."""
    return [f"{RESULTS}/decoding/{first_adapted(one).dataset}/{one}/{name}" for one in PLAN.adaptation_curves]


def adaptation_title(wildcards):
    """Title of an adaptation curve, which says where data are simulated."""
    kind = "SIMULATED, " if wildcards.dataset in PLAN.simulated else ""
    return f"{kind}{wildcards.curve}: a new subject"


def adaptation_files(wildcards, part):
    """Predictions of all runs of one side of a curve, in its order."""
    names = getattr(PLAN.adaptation_curves[wildcards.curve], part)
    return [f"{run}/predictions.parquet" for name in names for run in PLAN.run_folders(name)]


def adaptation_pairs(wildcards):
    """Of each pair of a curve: name of the pretrained experiment, trials of the new subject (0 = all), runs."""
    return [
        {"experiment": name, "trials": PLAN.experiments[name].adapt_trials or 0, "runs": len(PLAN.run_folders(name))}
        for name in PLAN.adaptation_curves[wildcards.curve].pretrained
    ]


def classified_epochs():
    """Decoders of EEG in new people whose target is a class."""
    return [name for name in PLAN.epoch_decoders if PLAN.experiments[name].target == "label"]


def compared_decoders():
    """Comparisons of decoders of EEG whose data set the study has."""
    return [name for name, one in STUDY.decoder_comparisons.items() if one.reference in PLAN.experiments]


def comparison_folder(name):
    """Folder of a comparison of decoders."""
    return f"{RESULTS}/decoding/{PLAN.experiments[STUDY.decoder_comparisons[name].reference].dataset}"


def compared_files(file):
    """A file of each experiment of a comparison, in its order."""
    return lambda wildcards: [
        f"{PLAN.experiment_folder(name)}/{file}" for name in STUDY.decoder_comparisons[wildcards.comparison].names
    ]


def experiment_config(*names):
    """Options of an experiment by name, for `params:`."""
    return lambda wildcards: PLAN.experiments[wildcards.experiment].model_dump(include=set(names))


def pipeline_config(wildcards):
    """The preprocessing behind an experiment, as the manifest and the comparison show it."""
    experiment = PLAN.experiments[wildcards.experiment]
    if wildcards.experiment in PLAN.joint:
        return {key: STUDY.pipelines[name].options() for key, name in experiment.pipelines.items()}
    options = STUDY.pipelines[experiment.pipeline].options()
    alignment = PLAN.alignment_of(wildcards.experiment)
    if alignment is not None:
        options["alignment"] = PLAN.alignments[alignment].model_dump(exclude={"dataset", "pipeline"})
    return {key: value for key, value in options.items() if key != "description"}


def experiment_title(wildcards):
    """Title of an experiment's figure, which says where data are simulated."""
    kind = "SIMULATED, " if wildcards.dataset in PLAN.simulated else ""
    return f"{kind}{wildcards.experiment}: {PLAN.experiments[wildcards.experiment].description}"


def run_files(name):
    """A file of each model run of an experiment."""
    return lambda wildcards: [f"{run}/{name}" for run in PLAN.run_folders(wildcards.experiment)]


def run_tables(wildcards):
    """The table beside the metrics of each model run of an experiment: what was chosen, or what each search took."""
    return run_files("trials.csv" if wildcards.family == "search" else "choices.csv")(wildcards)


def ranked(name):
    """A file of the tests between experiments, where there are two."""
    return [f"{RESULTS}/compare/{name}"] if len(PLAN.experiments) > 1 else []


def network_curves():
    """Learning curves of every run of a network of the study, and whose they are."""
    by_file = dict.fromkeys(PLAN.networks, "curves.csv")
    by_file |= dict.fromkeys(scanpath_networks(), "choices.csv")
    by_file |= {name: "choices.csv" for name in PLAN.object_scanpaths if PLAN.experiments[name].model == "oat"}
    return [
        (
            f"{run}/{file}",
            {
                "family": PLAN.experiments[name].family,
                "dataset": PLAN.experiments[name].dataset,
                "experiment": name,
                "run": Path(run).name,
            },
        )
        for name, file in by_file.items()
        for run in PLAN.run_folders(name)
    ]


def overlaid(name):
    """A file of the learning curves, where there are any."""
    return [f"{RESULTS}/compare/{name}"] if network_curves() else []


def run_figures(wildcards):
    """Figures that W&B shows with the first run of an experiment: they are of all its runs."""
    name = wildcards.experiment
    folder = PLAN.experiment_folder(name)
    if wildcards.family == "decoding":
        drawn = [] if name in classified_epochs() else ["decoder"]
        return [f"{folder}/{figure}.png" for figure in drawn + ["curves"] * (name in PLAN.networks)]
    if wildcards.family == "search":
        return [f"{folder}/search.png"]
    if name in PLAN.object_scanpaths:
        return [f"{folder}/objects.png"]
    return [f"{folder}/{figure}.png" for figure in ["scanpaths"] + ["next-fixations"] * (name in scanpath_networks())]


def run_curves(wildcards):
    """Learning curves of the runs of an experiment, where they have any."""
    return [file for file, names in network_curves() if names["experiment"] == wildcards.experiment]
