"""Write into docs/timings.md what the default study took in this checkout, stage by stage and rule by rule.

Jobs of other studies that ran here are left out: only those count that a plan of all of the default study names.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pandas as pd
from update_readme import ROOT, replaced

# The checkout's own package, whatever is installed.
sys.path.insert(0, str(ROOT))

from cogmodels.commands.timings import read_timings, summarise_timings, with_stages

PAGE = ROOT / "docs" / "timings.md"


def planned() -> set[str]:
    """Benchmark files of all jobs of the default study, without their folder."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--dry-run", "--forceall"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return set(re.findall(r"^ +benchmark: logs/benchmarks/(\S+)\.tsv$", text, re.MULTILINE))


def as_markdown(table: pd.DataFrame) -> str:
    """A summary of timings as a Markdown table."""
    lines = [f"| {table.columns[0]} | jobs | seconds | CPU seconds | peak MB | start-up |", "|---|---|---|---|---|---|"]
    for row in table.itertuples(index=False):
        share = "" if pd.isna(row.startup_share) else f"{row.startup_share:.0%}"
        lines.append(f"| {row[0]} | {row.jobs} | {row.seconds:.0f} | {row.cpu_s:.0f} | {row.peak_mb:.0f} | {share} |")
    return "\n".join(lines)


def main() -> int:
    """Write the page; say how many of the planned jobs it is about."""
    wanted, jobs = planned(), with_stages(read_timings(ROOT))
    mine = jobs[(jobs["rule"] + "/" + jobs["job"]).isin(wanted)]
    if len(mine) < len(wanted):
        print(f"{len(mine)} of {len(wanted)} jobs have run here: run `snakemake` first", file=sys.stderr)
        return 1
    text = PAGE.read_text(encoding="utf-8")
    for name, by in (("stages", "stage"), ("rules", "rule")):
        text = replaced(text, name, as_markdown(summarise_timings(mine, by)))
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
