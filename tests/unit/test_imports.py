"""What scripts import before their work: a rule of many jobs pays it in each."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Each takes from a third of a second to two and a half beyond numpy: too much for a job of a second of work.
SLOW = ("scipy.signal", "scipy.stats", "sklearn", "matplotlib", "torch", "wandb", "mne")
#: Rules of which a study has a job a recording, a subject, a run or an experiment.
MANY = (
    "average_evoked", "clean_bold", "clean_eeg", "clean_gaze", "detect_events", "epoch_eeg", "extract_responses",
    "mask_bold", "measure_bold", "measure_gaze", "plot_bold", "plot_bold_quality", "plot_decoder", "plot_gaze",
    "plot_scanpath", "report_eeg", "score_decoder", "score_scanpath", "simulate_subject", "tabulate_bold_quality",
    "tabulate_eeg_quality", "tabulate_epochs", "tabulate_features", "tabulate_fixations", "tabulate_gaze_quality", "tabulate_scanpaths", "track_experiment",
    "train_decoder",
)  # fmt: skip


def at_top(path):
    """Names of modules that a file imports before anything is called, those of `if TYPE_CHECKING` left out."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def slow_imports(script):
    """Slow modules that are imported before a script's work, each with the file that does it."""
    waiting, seen, found = [script], set(), {}
    while waiting:
        path = waiting.pop()
        for name in at_top(path):
            for slow in SLOW:
                if name == slow or name.startswith(f"{slow}."):
                    found.setdefault(slow, path.relative_to(ROOT).as_posix())
            parts = name.split(".") if name.split(".")[0] == "cogmodels" else []
            for depth in range(1, len(parts) + 1):
                base = ROOT.joinpath(*parts[:depth])
                inner = {file for file in (base.with_suffix(".py"), base / "__init__.py") if file.exists()} - seen
                seen |= inner
                waiting += inner
    return found


@pytest.mark.parametrize("rule", MANY)
def test_rules_of_many_jobs_start_without_slow_imports(rule):
    assert slow_imports(ROOT / "workflow" / "scripts" / f"{rule}.py") == {}


def test_a_slow_import_is_found_behind_others():
    # Networks are torch's: their jobs train for longer than they start.
    assert "torch" in slow_imports(ROOT / "workflow" / "scripts" / "train_cross_subject.py")
