"""MindEye2 with and without its projector on targets of 16 dimensions: linear SIMULATED responses of four subjects.

PYTHONPATH=. python benchmarks/decoding/projector.py        # two-way identification, chance .5
"""

import tempfile

import pandas as pd

from cogmodels.config.decoding import DecoderRecipe
from cogmodels.decoding.cross_subject import Plan, train_cross_subject
from cogmodels.decoding.score import score_features
from tests.unit.decoding.studies import shared_study

MODELS = {
    "ridge": ("subject_ridge", {}),
    "as published": ("mindeye2", {}),
    "no projector": ("mindeye2", {"projector": False}),
    "no projector, temperatures .2": (
        "mindeye2", {"projector": False, "mixed_temperature": 0.2, "temperatures": (0.2, 0.2)},
    ),
}  # fmt: skip


def main():
    recipe = DecoderRecipe(epochs=30, batch_size=12, learning_rate=1e-3, accelerator="cpu")
    rows = []
    for seed in (301, 302, 303):
        widths = (300, 400, 350, 450)
        subjects, targets = shared_study(subjects=4, stimuli=80, dimensions=16, widths=widths, noise=40.0, seed=seed)
        for name, (model, options) in MODELS.items():
            narrow = {"hidden": 128, "blocks": 1} if model == "mindeye2" else {}
            plan = Plan(model, recipe=recipe, options=narrow | options, validation_share=0.2)
            with tempfile.TemporaryDirectory() as folder:
                run = train_cross_subject(subjects, targets, plan, seed=seed, folder=folder)
            table = score_features(run.predictions, targets.stimuli, targets.image).set_index("metric")
            rows.append({"seed": seed, "model": name, **table.loc["two_way", ["value", "ci_low", "ci_high", "p"]]})
            print(rows[-1], flush=True)
    print(pd.DataFrame(rows).pivot(index="model", columns="seed", values="value").round(3).to_string())


if __name__ == "__main__":
    main()
