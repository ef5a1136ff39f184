"""Generated files are held in step with the models."""

import json

import jsonschema
import pytest
import yaml

from cogmodels.config.base import read_yaml
from cogmodels.config.generate import generated_files, main
from cogmodels.config.study import Study


def test_generated_files_are_current(root):
    stale = [name for name, content in generated_files().items() if (root / name).read_text() != content]
    assert stale == [], "run `make generate`"
    assert main(["--check"]) == 0


def test_every_option_is_described_and_documented():
    from cogmodels.config import generate

    page = generated_files()["docs/config.md"]
    for model in [*generate.STUDY_SECTIONS.values(), *generate.SPEC_SECTIONS.values()]:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name} has no description"
            assert f"| `{name}` |" in page


def test_default_config_shows_every_top_level_option(root):
    assert set(read_yaml(root / "config" / "config.yaml")) == set(Study.model_fields)


def test_resolved_default_study_fits_its_schema(root):
    from cogmodels.config.load import load_study

    schema = json.loads((root / "workflow" / "schemas" / "study.schema.json").read_text())
    study = load_study(yaml.safe_load((root / "config" / "config.yaml").read_text()))
    jsonschema.validate(study.model_dump(mode="json"), schema)
    with pytest.raises(jsonschema.ValidationError, match="trackin"):
        jsonschema.validate({**study.model_dump(mode="json"), "trackin": {}}, schema)
