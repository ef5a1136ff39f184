"""The config's choices are the registry's: places, options and defaults; docs say what is declared."""

import inspect
from pathlib import Path

import pytest

from cogmodels.attention.registry import MECHANISMS, build_attention
from cogmodels.config.attention import ATTENTION_PLACES, GRID_ATTENTION, AttentionChoice
from cogmodels.config.base import validate
from cogmodels.errors import ConfigError

DOCS = Path(__file__).parents[3] / "docs" / "attention.md"


def test_places_are_those_declared():
    able = {name: mechanism.capabilities for name, mechanism in MECHANISMS.items()}
    assert ATTENTION_PLACES["encoder"] == tuple(name for name, c in able.items() if c.noncausal)
    assert ATTENTION_PLACES["decoder"] == tuple(name for name, c in able.items() if c.causal)
    assert ATTENTION_PLACES["cross"] == tuple(name for name, c in able.items() if c.cross)
    assert {name for name, c in able.items() if c.grid} == GRID_ATTENTION
    assert all(c.cached for c in able.values() if c.causal or c.cross)


@pytest.mark.parametrize("name", MECHANISMS)
def test_options_and_defaults_are_those_of_the_class(name):
    parameters = inspect.signature(MECHANISMS[name].__init__).parameters
    expected = {key: value.default for key, value in parameters.items() if key not in ("self", "place")}
    place = next(place for place, names in ATTENTION_PLACES.items() if name in names)
    choice = AttentionChoice(**{place: name})
    assert choice.options(place) == expected
    build_attention(name, 16, 4, causal=place == "decoder", grid=(7, 7), **choice.options(place))


def test_what_would_leak_is_refused_before_any_job():
    for wrong, match in (
        ({"decoder": "hilo"}, "decoder"),
        ({"cross": "lightning"}, "cross"),
        ({"encoder": "lightning"}, "encoder"),
        ({"decoder": "key_driven", "key_driven": {"allocation": "sample"}}, "tells of later tokens"),
        ({"hilo": {"windows": 3}}, "did you mean `window`"),
    ):
        with pytest.raises(ConfigError, match=match):
            validate(AttentionChoice, wrong, "study")


def test_docs_show_what_is_declared():
    text = DOCS.read_text(encoding="utf-8")
    for name, mechanism in MECHANISMS.items():
        able = mechanism.capabilities
        marks = [
            "yes" if x else "no"
            for x in (able.noncausal, able.causal, able.cross, able.grid, able.mixes_tokens, able.equivariant)
        ]
        assert f"| `{name}` | {' | '.join(marks)} | {able.cost} |" in text
