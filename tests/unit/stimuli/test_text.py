"""Captions to vectors: alike where they say alike, a row a stimulus, refusals by name."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.stimuli.text import embed_texts, load_text_model, read_captions, text_features

SAID = ["a dog runs over the grass", "a puppy is running in a meadow", "two cars wait at a traffic light"]


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("sentence_transformers")
    return load_text_model("all-minilm-l6-v2")


def test_what_says_alike_is_alike(model):
    vectors = embed_texts(model, SAID, batch=2)
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alike = vectors @ vectors.T
    assert alike[0, 1] > alike[0, 2] + 0.2
    assert alike[0, 1] > alike[1, 2] + 0.2
    # What stands beside a text in its batch, and how many do, changes nothing but rounding.
    np.testing.assert_allclose(embed_texts(model, SAID[:1]), vectors[:1], atol=1e-5)


def test_the_mean_over_tokens_of_the_released_network(model):
    """The vector from the network's own last layer, by the definition."""
    import torch

    transformer, tokens = model[0], model.tokenizer(SAID, padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = transformer.auto_model(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None].float()
    mean = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)
    np.testing.assert_allclose(embed_texts(model, SAID), mean.numpy(), atol=1e-5)


def test_a_stimulus_has_the_mean_of_what_was_said_of_it():
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]], np.float32)
    features = text_features("captions", ["img10", "img2", "img10"], vectors)
    assert features.stimuli == ["img2", "img10"]
    np.testing.assert_array_equal(features.values, [[0, 1], [0.5, 1.5]])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"stimulus": ["a"], "said": ["x"]}, "column `caption` is missing"),
        ({"stimulus": ["a", "b"], "caption": ["x", " "]}, "stimulus `b` has a row without text"),
        ({"stimulus": [], "caption": []}, "there is no text"),
    ],
)
def test_what_is_no_caption_is_refused(table, message):
    with pytest.raises(DataError, match=message):
        read_captions(pd.DataFrame(table), "stimulus", "caption", "captions.tsv")


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"pip install 'cogmodels\[text\]'"):
        load_text_model(str(tmp_path / "gone"))
