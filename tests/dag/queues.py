"""A queue of one machine: each job that is sent is a process of its own, in a folder of its own."""

import sys
from pathlib import Path

# It prints the number of what it started. Jobs that ask for less memory than the third argument says are turned away, as
# those are that need more than they said.
SUBMIT = """import pathlib, subprocess, sys, tempfile
place = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[1]))
(place / "asked").write_text(sys.argv[3])
if int(sys.argv[3]) < int(sys.argv[2]):
    sys.exit(1)
with (place / "out").open("w") as out:
    job = subprocess.Popen(
        ["sh", sys.argv[4]], cwd=place, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
    )
print(job.pid)
"""


def queue_options(root: Path, folder: Path, least_mb: int = 0) -> list[str]:
    """Options of snakemake that send jobs, as the shipped profile of SLURM has them, to a queue in a folder.

    Each job that was sent leaves a folder there: ``asked`` holds the memory it asked for, MB, and ``out``, where it ran,
    what it said.
    """
    folder.mkdir()
    script = folder.with_suffix(".py")
    script.write_text(SUBMIT)
    submit = f"{sys.executable} {script} {folder} {least_mb} {{resources.mem_mb}}"
    # Here files are seen at once.
    profile = [
        "--profile",
        str(root / "profiles" / "slurm"),
        "--latency-wait",
        "5",
        "--seconds-between-status-checks",
        "1",
    ]
    return [*profile, "--executor", "cluster-generic", "--cluster-generic-submit-cmd", submit, "--jobs", "2"]
