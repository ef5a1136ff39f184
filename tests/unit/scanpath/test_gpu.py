"""The scanpath network on a GPU: it learns, repeats itself to the bit, and bf16 leaves the likelihood where it is."""

import numpy as np
import pytest
import torch

from cogmodels.scanpath.network import Transformer
from cogmodels.scanpath.transformer import likelihoods

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")]

MECHANISMS = [
    {},
    {"encoder": "grouped_query", "decoder": "grouped_query", "cross": "grouped_query"},
    {"encoder": "key_driven", "decoder": "key_driven", "cross": "key_driven"},
    {"encoder": "mixture_of_heads", "decoder": "mixture_of_heads", "cross": "mixture_of_heads"},
    {"encoder": "gaussian", "decoder": "lightning"},
    {"encoder": "agent", "decoder": "gaussian"},
    {"encoder": "hilo"},
    {"encoder": "bi_level"},
    {"encoder": "dual"},
    {"encoder": "lookup"},
    {"encoder": "token_aggregation"},
]


def train(pictures, parts, folder, attention):
    from cogmodels.config.scanpath import ScanpathRecipe

    shapes = {"agent": {"side": 2}, "bi_level": {"regions": 2, "top": 1}, "mixture_of_heads": {"shared": 0, "top": 1}}
    options = {"width": 16, "heads": 2, "waves": 8, "attention": attention | shapes}
    model = Transformer(20.0, options=options, recipe=ScanpathRecipe(epochs=3, batch_size=3, accelerator="gpu"))
    curves = model.fit(pictures, parts["train"], parts["validation"], seed=1, folder=folder)
    return model, curves


@pytest.mark.parametrize("attention", MECHANISMS, ids=lambda one: "-".join(one.values()) or "softmax")
def test_every_mechanism_learns_and_repeats_itself_to_the_bit(attention, pictures, parts, tmp_path):
    one, curves = train(pictures, parts, tmp_path / "a", attention)
    other, again = train(pictures, parts, tmp_path / "b", attention)
    assert np.isfinite(curves.select_dtypes("number").to_numpy()).all()
    assert curves.equals(again)
    assert all(np.array_equal(value, other.weights()[name]) for name, value in one.weights().items())


def test_bf16_leaves_the_likelihood_where_it_is(pictures, parts, tmp_path):
    model, _ = train(pictures, parts, tmp_path, {})
    _, rows, given = next(iter(model._batches(parts["test"])))
    with torch.inference_mode():
        wished = likelihoods(model.net, model.scene(pictures, int(parts["test"].image[rows[0]])), *given)
        net, maps = (
            model.net.cuda(),
            [torch.from_numpy(one[parts["test"].image[rows[:1]]]).cuda() for one in pictures.maps],
        )
        with torch.autocast("cuda", torch.bfloat16):
            found = likelihoods(net, net.look(maps), *(part.cuda() for part in given))
    for name, values in wished.items():
        assert (found[name].float().cpu() - values).abs().max() < 0.05, name
