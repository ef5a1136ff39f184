"""Decoded images refined by a pipeline of the package diffusers, which is loaded only when asked for.

Not tried with weights of a published pipeline: the tests use a tiny one with random weights.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import torch

from cogmodels.data.images import resize_all
from cogmodels.data.reconstructions import Reconstructions
from cogmodels.errors import DataError


def refine(
    found: Reconstructions,
    *,
    pipeline: str,
    embeddings: str = "none",
    tokens: int = 1,
    steps: int = 20,
    strength: float = 0.75,
    guidance_scale: float = 5.0,
    size_px: int = 512,
    seed: int = 0,
) -> Reconstructions:
    """One image made of each decoded one; no other is made, so there is nothing to choose among.

    The released MindBridge keeps the one of several samples that is most like the true image; here the true image is
    no argument.

    Parameters
    ----------
    found : Reconstructions
    pipeline : str
        Folder or name of an image-to-image pipeline, as ``AutoPipelineForImage2Image.from_pretrained`` takes it.
    embeddings : {"none", "image_embeds", "prompt_embeds"}
        Argument that the decoded vectors become, (1, d / tokens) or (1, tokens, d / tokens), zeros as its negative.
        Without, the prompt is empty.
    tokens, steps, strength, guidance_scale, size_px, seed
        As :class:`cogmodels.config.reconstruction.Diffusion` has them.

    Raises
    ------
    DataError
        diffusers is not installed, the pipeline cannot be loaded, vectors that are not so many tokens.
    """
    run = _load(pipeline)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    run = run.to(device)
    options = {"num_inference_steps": steps, "strength": strength, "guidance_scale": guidance_scale}
    made = []
    for k, (image, vector) in enumerate(zip(resize_all(found.images, size_px), found.vectors, strict=True)):
        result = run(
            image=_picture(image),
            generator=torch.Generator().manual_seed(seed + k),
            output_type="np",
            **options,
            **_told(vector, embeddings, tokens, device),
        )
        made.append(np.asarray(result.images[0]))
    images = np.rint(np.clip(np.stack(made), 0, 1) * 255).astype(np.uint8)
    return replace(found, images=images)


def _load(pipeline: str) -> Any:
    try:
        # By name: an extra, and scripts are held to what their environments hold.
        kind = import_module("diffusers").AutoPipelineForImage2Image
    except ImportError:
        raise DataError(
            "the package diffusers is not installed",
            where="reconstruction.diffusion",
            remedy='`.venv/bin/pip install ".[diffusion]"`, or leave `diffusion` out',
        ) from None
    try:
        # Weights in other files would be unpickled.
        return kind.from_pretrained(pipeline, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise DataError(
            f"the pipeline cannot be loaded ({error})",
            where=f"reconstruction.diffusion.pipeline: {pipeline}",
            remedy="Name a folder that holds one with its weights as safetensors, or a name that diffusers can fetch",
        ) from None


def _told(vector: np.ndarray, embeddings: str, tokens: int, device: torch.device) -> dict[str, Any]:
    """What a pipeline is told beside the image."""
    if embeddings == "none":
        return {"prompt": ""}
    if vector.size % tokens:
        raise DataError(
            f"vectors of {vector.size} numbers are not {tokens} tokens",
            where="reconstruction.diffusion.tokens",
            remedy="Correct `tokens`, or decode the features that the pipeline wants",
        )
    shape = (1, vector.size) if tokens == 1 and embeddings == "image_embeds" else (1, tokens, vector.size // tokens)
    told = torch.from_numpy(np.ascontiguousarray(vector)).reshape(shape).to(device)
    return {embeddings: told, f"negative_{embeddings}": torch.zeros_like(told)}


def _picture(image: np.ndarray) -> Any:
    from PIL import Image

    return Image.fromarray(image)
