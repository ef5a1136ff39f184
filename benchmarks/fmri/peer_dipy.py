"""Realignment with dipy: its rigid registration, as `dipy.align` sets it up."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from inputs import distance
from timing import inputs, run


def realignment():
    from dipy.align import affine_registration

    given = inputs("head")
    volumes, affine = given["volumes"].astype(float), given["affine"]

    def work():
        errors = []
        for k in range(1, volumes.shape[3]):
            _, found = affine_registration(
                volumes[..., k],
                volumes[..., 0],
                moving_affine=affine,
                static_affine=affine,
                pipeline=["translation", "rigid"],
            )
            errors.append(distance(found, given["moves"][k]))
        return errors

    return work


if __name__ == "__main__":
    # dipy prints as it goes; the measurements are the last line.
    run({"realignment": (1, realignment)}, "dipy")
