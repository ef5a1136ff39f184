"""Conda environments, lock, pyproject and scripts agree."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from cogmodels.config.containers import container_files
from cogmodels.errors import ConfigError
from tests.conftest import LONGEST

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
# conda name -> pip name, where they differ
PIP_NAMES = {"pytorch": "torch", "snakemake-minimal": "snakemake", "matplotlib-base": "matplotlib"}
# import name -> pip name, where they differ
MODULES = {"yaml": "pyyaml", "sklearn": "scikit-learn", "PIL": "pillow", "pypi_simple": "pypi-simple", "ot": "pot"}


def lock():
    lines = (ROOT / "envs" / "requirements.lock").read_text().split()
    return {normal(name): version for name, version in (line.split("==") for line in lines)}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path):
    """Package -> version of an environment file, by pip names."""
    found = {}
    for entry in yaml.safe_load(path.read_text())["dependencies"]:
        entries = entry["pip"] if isinstance(entry, dict) else [entry]
        for text in entries or []:
            if text in ("pip",) or text.startswith("python="):
                continue
            name, version = re.fullmatch(r"([\w.-]+?)==?([\w.]+)", text).groups()
            found[normal(PIP_NAMES.get(name, name))] = version
    return found


def third_party(path):
    """Packages that a file imports, through cogmodels too, whether at its top or inside a function."""
    from cogmodels.tracking.fingerprint import import_closure

    names = set()
    for file in [path, *import_closure(path, ROOT).values()]:
        for node in ast.walk(_without_type_checking(ast.parse(file.read_text()))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    return {normal(MODULES.get(name, name)) for name in names - set(sys.stdlib_module_names) - {"cogmodels"}}


def _without_type_checking(tree):
    class Strip(ast.NodeTransformer):
        def visit_If(self, node):
            return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    return Strip().visit(tree)


def rules():
    """Script -> environment file, of every rule."""
    found = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for block in re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]:
            script = re.search(r'script:\s+"../scripts/(\w+)\.py"', block)
            environment = re.search(r'conda:\s+"../../envs/(\w+)\.yaml"', block)
            name = block.split(":")[0]
            assert script, f"rule {name} has no script"
            assert environment, f"rule {name} has no conda environment"
            assert script.group(1) == name, f"rule {name} runs a script of another name"
            assert "\n    log:" in block, f"rule {name} has no log"
            assert "\n    benchmark:" in block, f"rule {name} has no benchmark"
            assert f'code=code("{name}")' in block or f'code=converter_code("{name}")' in block, (
                f"rule {name}: no fingerprint"
            )
            found[name] = ROOT / "envs" / f"{environment.group(1)}.yaml"
    return found


def test_every_rule_has_script_log_benchmark_environment_and_fingerprint():
    scripts = {path.stem for path in (ROOT / "workflow" / "scripts").glob("*.py")}
    assert set(rules()) == scripts


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_versions_equal_the_lock(path):
    locked = lock()
    for name, version in pins(path).items():
        assert locked.get(name) == version, f"{path.name}: {name}"


@pytest.mark.parametrize("name", sorted(rules()))
def test_environment_holds_what_the_script_imports(name):
    path = rules()[name]
    needed = third_party(ROOT / "workflow" / "scripts" / f"{name}.py")
    missing = needed - set(pins(path))
    assert not missing, f"{path.name} lacks {sorted(missing)}"


def test_lock_satisfies_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = lock()
    extras = [text for group in project["optional-dependencies"].values() for text in group]
    for requirement in map(Requirement, [*project["dependencies"], *extras]):
        assert requirement.specifier.contains(locked[normal(requirement.name)]), str(requirement)


def test_whole_environment_holds_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    whole = set(pins(ROOT / "envs" / "cogmodels.yaml"))
    assert {normal(Requirement(text).name) for text in project["dependencies"]} <= whole


def test_containers_install_the_lock_and_the_same_python():
    recipes = container_files(ROOT, "")
    for name, text in recipes.items():
        assert text.splitlines()[1:] == (ROOT / name).read_text().splitlines()[1:], "run `make generate`"
        assert f"torch=={lock()['torch']}" in text
        assert "--requirement envs/requirements.lock" in text
        assert f"python:{sys.version_info.major}.{sys.version_info.minor}-slim" in text
    # What the images run is shell that can be read as such.
    docker = re.findall(r"^RUN (.*)$", recipes["Dockerfile"], re.MULTILINE)
    post = recipes["apptainer.def"].split("%post\n")[1].split("%environment")[0]
    for text in [*docker, post]:
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert len(docker) == 4


def test_a_lock_without_torch_makes_no_container(tmp_path):
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "cogmodels.yaml").write_text((ROOT / "envs" / "cogmodels.yaml").read_text())
    (tmp_path / "envs" / "requirements.lock").write_text("torchmetrics==1.9.0\n")
    with pytest.raises(ConfigError, match="no torch"):
        container_files(tmp_path, "")


def test_the_long_files_that_begin_first_are_there(root):
    assert set(LONGEST) <= {f"{path.parent.name}/{path.stem}" for path in (root / "tests").rglob("test_*.py")}
