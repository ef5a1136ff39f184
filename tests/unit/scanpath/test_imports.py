"""What the scripts of scanpaths import: jobs that train no network start without torch."""

import ast
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[3] / "workflow/scripts"
LIGHT = [
    *("prepare_scanpaths", "train_scanpath", "score_scanpath", "plot_scanpath", "compare_scanpaths"),
    *("compare_attention", "score_process", "prepare_objects", "train_objects", "score_objects", "plot_objects"),
    "compare_objects",
]
BASELINES = """
import sys
from cogmodels.scanpath import registry
from cogmodels.scanpath.objects import registry as objects
for name in registry.BASELINES: registry.make_model({"model": name, "cell_px": 10.0})
for name in objects.BASELINES: objects.make_model({"model": name})
print([name for name in ("torch", "lightning") if name in sys.modules])
"""


def imports(script):
    """The import statements of a script, as code."""
    tree = ast.parse((SCRIPTS / f"{script}.py").read_text())
    return "".join(f"{ast.unparse(one)}\n" for one in tree.body if isinstance(one, (ast.Import, ast.ImportFrom)))


def test_jobs_of_baselines_start_without_torch():
    code = "".join(map(imports, LIGHT)) + BASELINES
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"
