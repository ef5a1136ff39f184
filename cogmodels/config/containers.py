"""Recipes of containers, made of the lock and the environments: what `make` installs, in an image."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from cogmodels.errors import ConfigError

#: Debian's packages: a commit for manifests, a compiler for what comes without a wheel, OpenMP for scikit-learn.
SYSTEM = ("ca-certificates", "g++", "git", "libgomp1", "make")
#: Wheels of torch without CUDA; on the package registry Linux has those with it.
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
_PLACE = "/opt/cogmodels"
_INSTALL = "pip install --no-cache-dir"


def container_files(root: Path, note: str) -> dict[str, str]:
    """``Dockerfile`` and ``apptainer.def`` of a checkout.

    Parameters
    ----------
    root : path
        The checkout: Python's version is that of ``envs/cogmodels.yaml``, all others are those of
        ``envs/requirements.lock``.
    note : str
        First line, a comment.

    Raises
    ------
    ConfigError
        The environment names no Python, or the lock no torch.
    """
    python = _python(root / "envs" / "cogmodels.yaml")
    torch = _locked(root / "envs" / "requirements.lock", "torch")
    return {"Dockerfile": _dockerfile(python, torch, note), "apptainer.def": _apptainer(python, torch, note)}


def _dockerfile(python: str, torch: str, note: str) -> str:
    return f"""# {note}
# The whole pipeline with the versions of envs/requirements.lock (docs/environments.md).
#   docker build -t cogmodels .                          # torch for CPUs
#   docker build -t cogmodels:cuda --build-arg TORCH=cuda .
#   docker run --rm -v "$PWD":/study -w /study cogmodels snakemake -s {_PLACE}/Snakefile --cores 2
FROM python:{python}-slim
ARG TORCH=cpu
RUN apt-get update && apt-get install -y --no-install-recommends {" ".join(SYSTEM)} && rm -rf /var/lib/apt/lists/*
WORKDIR {_PLACE}
COPY envs/requirements.lock envs/requirements.lock
# Before the lock, which any build of this version satisfies.
RUN if [ "$TORCH" = cpu ]; then {_INSTALL} --index-url {CPU_WHEELS} "torch=={torch}"; fi
RUN {_INSTALL} --requirement envs/requirements.lock
COPY . .
RUN {_INSTALL} --no-deps --editable . && pip check
ENV OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1
CMD ["snakemake", "--help"]
"""


def _apptainer(python: str, torch: str, note: str) -> str:
    return f"""# {note}
# The whole pipeline with the versions of envs/requirements.lock (docs/environments.md). In the checkout:
#   apptainer build cogmodels.sif apptainer.def                        # torch for CPUs
#   apptainer build --build-arg TORCH=cuda cogmodels-cuda.sif apptainer.def
#   apptainer exec --nv cogmodels-cuda.sif snakemake -s {_PLACE}/Snakefile --cores 2
Bootstrap: docker
From: python:{python}-slim

%arguments
    TORCH=cpu

%files
    . {_PLACE}

%post
    apt-get update && apt-get install -y --no-install-recommends {" ".join(SYSTEM)} && rm -rf /var/lib/apt/lists/*
    cd {_PLACE}
    # Before the lock, which any build of this version satisfies.
    if [ "{{{{ TORCH }}}}" = cpu ]; then {_INSTALL} --index-url {CPU_WHEELS} "torch=={torch}"; fi
    {_INSTALL} --requirement envs/requirements.lock
    {_INSTALL} --no-deps --editable . && pip check

%environment
    export OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1

%runscript
    exec snakemake "$@"
"""


def _python(environment: Path) -> str:
    named = [
        text for text in yaml.safe_load(environment.read_text())["dependencies"] if str(text).startswith("python=")
    ]
    if len(named) != 1:
        raise ConfigError("`dependencies` must name python once", where=environment, remedy="Add `python=3.11`")
    return str(named[0]).removeprefix("python=")


def _locked(lock: Path, package: str) -> str:
    found = re.search(rf"^{re.escape(package)}==(\S+)$", lock.read_text(), re.MULTILINE)
    if found is None:
        raise ConfigError(f"the lock has no {package}", where=lock, remedy="Run `make lock`")
    return found.group(1)
