"""The image itself as a network of one layer, so that pixels are read, kept and named as features are."""

from __future__ import annotations

from torch import Tensor, nn

from cogmodels.stimuli.steps import Name, Step


class Pixels(nn.Module):
    """No weights; its layer ``rgb`` is the image (n, 3, h, w), 0 to 1."""

    def steps(self) -> list[Step]:
        """The layer."""
        return [Name("rgb")]

    def forward(self, images: Tensor) -> Tensor:
        """The images as they are."""
        return images
