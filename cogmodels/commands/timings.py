"""What a study took: jobs, seconds, CPU seconds and memory of each rule, and the share that went into starting."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from cogmodels.errors import DataError

#: Share of start-up above which jobs of a rule are worth joining.
LIMIT = 0.2
#: Rules of the workflow beside this package, a file a stage.
RULES = Path(__file__).resolve().parents[2] / "workflow" / "rules"
_FINISHED = re.compile(r"finished in ([0-9.]+) s\s*$")


def read_timings(folder: Path) -> pd.DataFrame:
    """A row a job that has run in ``folder``, by its benchmark and its log.

    Parameters
    ----------
    folder : path
        Where snakemake ran: it has ``logs/benchmarks/<rule>/<job>.tsv`` and ``logs/<rule>/<job>.log``.

    Returns
    -------
    DataFrame
        ``rule, job, seconds, cpu_s, peak_mb`` and ``startup_s``: seconds before and after the script's body, that is
        Python, imports of its head, the reading of what Snakemake passes on; missing where the log does not tell.

    Raises
    ------
    DataError
        No job has run there.
    """
    logs, rows = Path(folder) / "logs", []
    for path in sorted((logs / "benchmarks").rglob("*.tsv")):
        name = path.relative_to(logs / "benchmarks").with_suffix("")
        measured = pd.read_csv(path, sep="\t", na_values=["NA", "-"]).iloc[0]
        body = _body(logs / name.with_suffix(".log"))
        rows.append(
            {
                "rule": name.parts[0],
                "job": "/".join(name.parts[1:]),
                "seconds": float(measured["s"]),
                "cpu_s": float(measured["cpu_time"]),
                "peak_mb": float(measured["max_rss"]),
                "startup_s": max(float(measured["s"]) - body, 0.0),
            }
        )
    if not rows:
        raise DataError("no job has run here", where=logs / "benchmarks", remedy="Name the folder snakemake ran in")
    return pd.DataFrame(rows)


def summarise_timings(jobs: pd.DataFrame, by: str = "rule") -> pd.DataFrame:
    """Rules (or stages) by the time they took, and all of them.

    Parameters
    ----------
    jobs : DataFrame
        As :func:`read_timings` gives it.
    by : {"rule", "stage"}
        Column of ``jobs`` that names the rows; ``stage`` as :func:`with_stages` adds it.

    Returns
    -------
    DataFrame
        ``rule`` (or ``stage``), ``jobs, seconds, cpu_s, peak_mb, startup_s, startup_share`` (of the seconds of jobs
        whose log tells), the last row ``all``.
    """
    rows = [{by: name, **_sum(part)} for name, part in jobs.groupby(by)]
    table = pd.DataFrame(rows).sort_values(["seconds", by], ascending=[False, True])
    return pd.concat([table, pd.DataFrame([{by: "all", **_sum(jobs)}])], ignore_index=True)


def with_stages(jobs: pd.DataFrame, rules: Path = RULES) -> pd.DataFrame:
    """``jobs`` with a column ``stage``: the file in ``rules`` that has the rule, ``former`` where none has."""
    stages = {
        name: file.stem
        for file in sorted(Path(rules).glob("*.smk"))
        for name in re.findall(r"^rule (\w+):", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    return jobs.assign(stage=jobs["rule"].map(stages).fillna("former"))


def _sum(jobs: pd.DataFrame) -> dict[str, float | int]:
    told = jobs[jobs["startup_s"].notna()]
    startup, seconds = told["startup_s"].sum(), told["seconds"].sum()
    return {
        "jobs": len(jobs),
        "seconds": jobs["seconds"].sum(),
        "cpu_s": jobs["cpu_s"].sum(),
        "peak_mb": jobs["peak_mb"].max(),
        "startup_s": startup if len(told) else float("nan"),
        "startup_share": startup / seconds if seconds else float("nan"),
    }


def _body(log: Path) -> float:
    """Seconds of a script's body, which its log ends with; nan where it does not."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return float("nan")
    found = _FINISHED.search(lines[-1]) if lines else None
    return float(found.group(1)) if found else float("nan")
