"""The checked study and its plan; what every rule file uses."""

import atexit
import functools
import gc
import glob
import os
import re
import sys
from pathlib import Path

import smart_open
from snakemake.exceptions import WorkflowError

# The package beside this workflow is the one that jobs import, in whatever environment they run.
sys.path.insert(0, str(workflow.basedir))
for name in ["PYTHONPATH"]:
    os.environ[name] = os.pathsep.join(
        dict.fromkeys([str(workflow.basedir), *filter(None, os.environ.get(name, "").split(os.pathsep))])
    )

# A plan of thousands of jobs makes millions of objects that stay: to look for cycles among them after every 700 new ones,
# as Python does, takes a quarter of the time. Nor are they looked through once more at the end, where the memory is given
# back whole.
gc.set_threshold(200_000, 20, 50)
atexit.register(gc.freeze)

# Snakemake asks for the parts of a script's address four times a job, and smart_open makes a new class for each answer.
smart_open.parse_uri = functools.cache(smart_open.parse_uri)

# Jobs run side by side: a library that takes every core for itself would slow all of them down.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from cogmodels.config.load import load_study
from cogmodels.data.plan import Plan
from cogmodels.data.sources import source_files
from cogmodels.errors import CogmodelsError
from cogmodels.tracking.fingerprint import code_fingerprint
from cogmodels.training.gpus import gpu_here

ROOT = Path(workflow.basedir)

try:
    STUDY = load_study(config, " + ".join(os.path.relpath(file) for file in reversed(workflow.configfiles)) or "config")
    # Specs of one's own come first, those that are shipped are always there.
    PLAN = Plan(STUDY, Path(STUDY.paths.specs), ROOT / "data_specs")
except CogmodelsError as error:
    raise WorkflowError(str(error)) from None

GPU_HERE = gpu_here()
DATA, DERIVATIVES, RESULTS = STUDY.paths.data, STUDY.paths.derivatives, PLAN.results


def code(script, *extra):
    """Fingerprint of the cogmodels code that a script reaches."""
    return code_fingerprint(ROOT / "workflow" / "scripts" / f"{script}.py", ROOT, extra)


def one_of(names):
    """Wildcard constraint: exactly these names (or none)."""
    return "|".join(map(re.escape, names)) or "(?!)"


def settings(pipeline, *names):
    """Options of a pipeline by name, for `params:`."""
    section = STUDY.pipelines[pipeline].model_dump()
    return {name: section[name] for name in names}


wildcard_constraints:
    dataset=one_of(PLAN.specs),
    subject="[A-Za-z0-9]+",
    recording="sub-[A-Za-z0-9]+_[A-Za-z0-9_-]+",
    family="[a-z]+",
    experiment=one_of(PLAN.experiments),
    fold="[A-Za-z0-9-]+",
    seed="[0-9]+",
    diet=one_of(STUDY.diets),


# Functions that rules name as inputs and params.
include: "inputs/datasets.smk"
include: "inputs/recordings.smk"
include: "inputs/bold.smk"
include: "inputs/alignment.smk"
include: "inputs/maps.smk"
include: "inputs/eeg.smk"
include: "inputs/experiments.smk"
include: "inputs/reconstruction.smk"
include: "inputs/joint.smk"
include: "inputs/training.smk"
include: "inputs/search.smk"
include: "inputs/scanpath.smk"
include: "inputs/objects.smk"
include: "inputs/scores.smk"
include: "inputs/report.smk"
