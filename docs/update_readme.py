"""Bring the README's rule graph and table of results up to date; with ``--check``, say whether the graph is.

The graph comes from `snakemake --rulegraph`, the table from `results/default/compare/scores.csv` where there is one.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = ("value", "ci_low", "ci_high", "chance", "ceiling")
METRICS = {"accuracy": "accuracy", "two_way": "two-way identification", "retrieval_top1": "retrieval, top 1"}


def rule_graph() -> str:
    """The rules of the default study as a mermaid chart, edges in the order of their names."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--rulegraph", "mermaid-js"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", text))
    edges = sorted({(names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", text)})
    # What the report draws on would hide the rest: each rule's way to `all` is enough.
    return "\n".join(["flowchart LR", *(f"    {a} --> {b}" for a, b in edges if b != "all" or a == "make_report")])


def results_table(path: Path) -> str:
    """Headline scores of the default study as a Markdown table."""
    lines = ["| experiment | metric | score | 95 % interval | chance | ceiling | p |", "|---|---|---|---|---|---|---|"]
    for row in csv.DictReader(path.open(encoding="utf-8")):
        if row["metric"] in METRICS:
            kind = " (simulated)" if row["dataset"].startswith("sim-") else " (real)"
            value, low, high, chance, ceiling = (f"{float(row[key]):.3f}" if row[key] else "" for key in NUMBERS)
            lines.append(
                f"| `{row['experiment']}`{kind} | {METRICS[row['metric']]} | {value} | {low} to {high} | {chance} | "
                f"{ceiling} | {float(row['p']):.4f} |"
            )
    return "\n".join(lines)


def replaced(text: str, name: str, content: str) -> str:
    """``text`` with the part between the markers of ``name`` replaced."""
    pattern = rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)"
    if not re.search(pattern, text, re.DOTALL):
        raise SystemExit(f"the page lacks the markers of `{name}`")
    return re.sub(pattern, lambda found: found[1] + content + found[2], text, flags=re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write the README, or with ``--check`` report a graph that is out of step."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    new = replaced(text, "rulegraph", f"```mermaid\n{rule_graph()}\n```")
    if "--check" in arguments:
        if new != text:
            print("README.md: the rule graph is out of step. Run `make generate` and commit.", file=sys.stderr)
        return int(new != text)
    scores = ROOT / "results" / "default" / "compare" / "scores.csv"
    if scores.exists():
        new = replaced(new, "results", results_table(scores))
    readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
