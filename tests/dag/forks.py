"""Snakemake in a fork of a process that has imported it already: a new process in all else, for half of the time.

That `python -m snakemake` itself works is seen where the default study runs, and where runs are killed.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
# What snakemake imports before it reads a Snakefile, its plugins among it, and what cogmodels' config imports; nothing
# of cogmodels, of which a test may have a copy of its own.
FORKS.set_forkserver_preload(
    ["snakemake.cli", "snakemake.report", "snakemake_logger_plugin_rich", "nbformat", "smart_open", "yaml", "pydantic"]
)


def run_snakemake(
    arguments: list[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> tuple[int, str]:
    """Exit status of ``snakemake ARGUMENTS`` in a folder, and what it wrote to stdout, then to stderr."""
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("stdout", "stderr")]
        process = FORKS.Process(target=_run, args=(arguments, folder, dict(environment), files))
        process.start()
        process.join(timeout)
        text = "".join(file.read_text(errors="replace") for file in files if file.exists())
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["snakemake", *arguments], timeout, text)
        return process.exitcode, text


def _run(arguments: list[str], folder: Path, environment: dict[str, str], files: list[Path]) -> None:
    for number, file in enumerate(files, start=1):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # What the tests' own process keeps of compiled code is not for this one to follow.
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    main()
