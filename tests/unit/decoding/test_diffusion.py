"""Decoded images refined by a diffusion pipeline: a stand-in, and a tiny one of diffusers with random weights."""

import json
import shutil
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import torch

from cogmodels.data.reconstructions import Reconstructions
from cogmodels.decoding.diffusion import refine
from cogmodels.errors import DataError


class StandIn:
    """Adds noise from the generator; what it was told is kept."""

    calls: list = []

    @classmethod
    def from_pretrained(cls, name, use_safetensors):
        assert use_safetensors
        if name == "nowhere":
            raise OSError("no such pipeline")
        return cls()

    def to(self, device):
        return self

    def __call__(self, image, generator, output_type, **told):
        type(self).calls.append(told)
        values = np.asarray(image) / 255
        return SimpleNamespace(images=[values + 0.1 * torch.randn(values.shape, generator=generator).numpy()])


def test_diffusers_is_asked_for_only_where_it_is_wanted_and_makes_one_image(monkeypatch):
    found = Reconstructions(
        np.array(["1", "1"]), np.array(["a", "b"]), np.full((2, 4, 4, 3), 90, np.uint8), np.ones((2, 6), np.float32)
    )
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(DataError, match="diffusers is not installed"):
        refine(found, pipeline="any")
    module = ModuleType("diffusers")
    module.AutoPipelineForImage2Image = StandIn
    monkeypatch.setitem(sys.modules, "diffusers", module)
    options = {"pipeline": "tiny", "size_px": 8, "steps": 3}
    StandIn.calls.clear()
    made = refine(found, embeddings="prompt_embeds", tokens=3, **options)
    assert made.images.shape == (2, 8, 8, 3)
    assert len(StandIn.calls) == 2
    assert StandIn.calls[0]["prompt_embeds"].shape == (1, 3, 2)
    assert not StandIn.calls[0]["negative_prompt_embeds"].any()
    np.testing.assert_array_equal(made.images, refine(found, embeddings="prompt_embeds", tokens=3, **options).images)
    assert (refine(found, **options, seed=5).images != made.images).any()
    assert StandIn.calls[-1]["prompt"] == ""
    with pytest.raises(DataError, match="not 4 tokens"):
        refine(found, embeddings="image_embeds", tokens=4, **options)
    with pytest.raises(DataError, match="cannot be loaded"):
        refine(found, pipeline="nowhere")


@pytest.fixture(scope="module")
def tiny_pipeline(tmp_path_factory):
    """Folder of a Stable Diffusion pipeline, image to image, of a few thousand random weights."""
    diffusers, transformers = pytest.importorskip("diffusers"), pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("pipeline")
    words = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2}
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        unet = diffusers.UNet2DConditionModel(
            sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, cross_attention_dim=32,
            attention_head_dim=2, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        )  # fmt: skip
        vae = diffusers.AutoencoderKL(block_out_channels=(8,), norm_num_groups=4, sample_size=8)
        text = transformers.CLIPTextModel(
            transformers.CLIPTextConfig(
                vocab_size=3, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                max_position_embeddings=8, bos_token_id=0, eos_token_id=1, pad_token_id=1,
            )
        )  # fmt: skip
    tokenizer = transformers.CLIPTokenizer(
        vocab_file=str(folder / "vocab.json"), merges_file=str(folder / "merges.txt"), model_max_length=8
    )
    diffusers.StableDiffusionImg2ImgPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=diffusers.DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder / "pipe")  # fmt: skip
    return str(folder / "pipe")


def test_a_pipeline_of_diffusers_makes_one_image_of_each_and_hears_the_decoded_vector(tiny_pipeline):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(2, 16, 16, 3), dtype=np.uint8)
    vectors = rng.normal(size=(2, 8 * 32)).astype(np.float32)
    found = Reconstructions(np.array(["1", "1"]), np.array(["a", "b"]), images, vectors)
    options = {"pipeline": tiny_pipeline, "embeddings": "prompt_embeds", "tokens": 8, "steps": 4, "size_px": 16}
    made = refine(found, **options)
    assert made.images.shape == (2, 16, 16, 3)
    assert made.images.dtype == np.uint8
    assert made.images.std() > 1
    np.testing.assert_array_equal(made.images, refine(found, **options).images)
    # Another decoded vector, image or noise makes another image; the other stimulus keeps its own.
    told = Reconstructions(found.subject, found.stimulus, images, vectors * [[1], [-1]])
    shown = Reconstructions(found.subject, found.stimulus, images[[0, 0]], vectors)
    for other in (refine(told, **options).images, refine(shown, **options).images):
        np.testing.assert_array_equal(other[0], made.images[0])
        assert (other[1] != made.images[1]).any()
    assert (refine(found, **options, seed=9).images != made.images).any()
    # Of an empty prompt too, as a pipeline without embeddings is told.
    assert refine(found, **options | {"embeddings": "none"}).images.shape == made.images.shape


def test_a_folder_without_a_pipeline_or_with_pickled_weights_is_named(tiny_pipeline, tmp_path):
    found = Reconstructions(
        np.array(["1"]), np.array(["a"]), np.zeros((1, 4, 4, 3), np.uint8), np.ones((1, 6), np.float32)
    )
    with pytest.raises(DataError, match="cannot be loaded"):
        refine(found, pipeline=str(tmp_path))
    shutil.copytree(tiny_pipeline, tmp_path / "pickled")
    for file in (tmp_path / "pickled").rglob("*.safetensors"):
        torch.save(safetensors.torch.load_file(file), file.with_name("diffusion_pytorch_model.bin"))
        file.unlink()
    with pytest.raises(DataError, match="cannot be loaded"):
        refine(found, pipeline=str(tmp_path / "pickled"))
