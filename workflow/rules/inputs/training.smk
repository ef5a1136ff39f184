"""What trainings ask for, and what those of backbones read."""


def gpus_asked(section):
    """GPUs that a training asks for: where it runs here and there is none, it runs on the CPU, and cores are its limit."""
    return 0 if workflow.local_exec and not workflow.dryrun and not GPU_HERE else section.gpus


def diet_config(wildcards):
    """What the networks of a diet depend on."""
    return STUDY.diets[wildcards.diet].config()


def diet_title(wildcards):
    """Title of a diet's figures, which says where images are rendered."""
    diet = STUDY.diets[wildcards.diet]
    return f"{'RENDERED, ' if diet.images.kind == 'shaded' else ''}{wildcards.diet}: {diet.description}"


def diet_files(wildcards):
    """The folder that a diet's images are read from; none for those that are made or shipped."""
    path = getattr(STUDY.diets[wildcards.diet].images, "path", None)
    return [path] if path else []


def trained_diets(name):
    """A file of each network that the study trains."""
    return [f"{PLAN.diet_folder(diet, seed)}/{name}" for diet in STUDY.diets for seed in STUDY.diets[diet].seeds]


def training_figures():
    """What the report shows of training: the comparison of diets, their images and learning curves."""
    compared = [f"{RESULTS}/training/comparison.png"] if STUDY.diet_comparison else []
    return compared + [f"{RESULTS}/training/{diet}/{name}.png" for name in ("diet", "curves") for diet in STUDY.diets]


def diet_weights(wildcards):
    """The network that a search's diet has raised with the run's seed; none where the weights come otherwise."""
    experiment = PLAN.experiments[wildcards.experiment]
    trained = experiment.weights.startswith("diet:")
    return f"{PLAN.diet_folder(experiment.diet, wildcards.seed)}/model.safetensors" if trained else []


def compared_runs():
    """Experiment and seed of each search whose diets are compared."""
    return [
        {"diet": name, "seed": seed}
        for name in PLAN.compared_diets
        for _ in PLAN.displays_of(name)
        for seed in PLAN.experiments[name].seeds
    ]


def compared_searches():
    """Those searches, in the same order."""
    return [f"{run}/trials.csv" for name in PLAN.compared_diets for run in PLAN.run_folders(name)]


def compared_dataset():
    """The data set of displays that they searched; none where no diets are compared."""
    return PLAN.experiments[PLAN.compared_diets[0]].dataset if PLAN.compared_diets else None


def compared_displays():
    """The display experiments that they searched."""
    names = PLAN.displays_of(PLAN.compared_diets[0]) if PLAN.compared_diets else []
    return [f"{DATA}/{compared_dataset()}/displays/{name}/display.json" for name in names]


def diet_scores():
    """Scores over the networks of diets that are compared."""
    return [f"{RESULTS}/training/scores.csv"] if STUDY.diet_comparison else []
