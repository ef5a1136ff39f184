"""Cross-validated ridge with himalaya."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def ridge():
    from himalaya.ridge import RidgeCV
    from himalaya.scoring import r2_score
    from sklearn.model_selection import KFold

    data = inputs("ridge")

    def work():
        model = RidgeCV(
            alphas=np.logspace(0, 5, 10), cv=KFold(5), fit_intercept=True, solver_params={"score_func": r2_score}
        )
        return model.fit(data["values"], data["targets"]).cv_scores_

    return work


if __name__ == "__main__":
    run({"cross-validated ridge": (3, ridge)}, "himalaya")
