"""See Through Their Minds: shallow adapters a subject, one deep decoder of images and words, one of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from cogmodels.decoding.losses import cosine, info_nce, unit_mse
from cogmodels.decoding.models.low_level import LowLevel
from cogmodels.decoding.network import Batch, SubjectNetwork, agreement, joined


class ResidualBlock(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class Sttm(SubjectNetwork):
    """After Wang et al. (2024, arXiv 2403.06361), who have released no code: what the text does not say is our choice.

    From the text: a shallow adapter a subject, a deep decoder for all, supervision by images and by words, transfer by
    new adapters alone. Ours: the adapter is linear, LayerNorm, GELU; the decoder is of residual blocks; the loss is
    symmetric InfoNCE for each target and ``mse_weight`` times the squared error of unit vectors. The pixel-wise
    low-level part decodes a small image from the same adapter, guided by the vector that the high level decodes; its
    loss is the squared error of pixels. The diffusion prior is not here.

    Parameters
    ----------
    widths, image, text
        As :class:`cogmodels.decoding.models.mindbridge.MindBridge` takes them.
    hidden, blocks : int
        Width and depth of the decoder.
    adapter_dropout, dropout : float
        After the adapter, inside of the decoder.
    temperature, mse_weight, text_weight : float
    pixels : int
        Values of an image, 3 side^2; 0 = no low-level part.
    low_level : mapping, optional
        Options of :class:`cogmodels.decoding.models.low_level.LowLevel`.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        image: int,
        text: int = 0,
        *,
        hidden: int = 1024,
        blocks: int = 6,
        adapter_dropout: float = 0.5,
        dropout: float = 0.15,
        temperature: float = 0.05,
        mse_weight: float = 1.0,
        text_weight: float = 1.0,
        pixels: int = 0,
        low_level: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.hidden, self.adapter_dropout = hidden, adapter_dropout
        self.temperature, self.mse_weight, self.text_weight = temperature, mse_weight, text_weight
        self.adapters = nn.ModuleDict()
        self.decoder = nn.Sequential(*(ResidualBlock(hidden, dropout) for _ in range(blocks)), nn.LayerNorm(hidden))
        self.image_head = nn.Linear(hidden, image)
        self.text_head = nn.Linear(hidden, text) if text else None
        self.low_level = LowLevel(hidden, image, pixels, **(low_level or {})) if pixels else None
        for subject, width in widths.items():
            self.add_subject(subject, width)

    def add_subject(self, subject: str, width: int) -> None:
        """A fresh adapter."""
        self.adapters[subject] = nn.Sequential(
            nn.Linear(width, self.hidden), nn.LayerNorm(self.hidden), nn.GELU(), nn.Dropout(self.adapter_dropout)
        )

    def subject_modules(self, subject: str) -> list[nn.Module]:
        return [self.adapters[subject]]

    def decode(self, values: Tensor, subject: str) -> tuple[Tensor, Tensor | None]:
        return self._heads(self.adapters[subject](values))

    def reconstruct(self, values: Tensor, subject: str) -> Tensor:
        """Pixels (n, 3 side^2), as deviations from the mean image, decoded from standardised responses."""
        shallow = self.adapters[subject](values)
        return self.low_level(shallow, self._heads(shallow)[0])

    def objective(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        _, parts = batch
        names = list(parts)
        target = joined(parts, names)
        shallow = torch.cat([self.adapters[name](parts[name]["values"]) for name in names])
        decoded = self._heads(shallow)
        loss = torch.zeros((), device=decoded[0].device)
        for found, wished, weight in zip(decoded, target, (1.0, self.text_weight), strict=True):
            if found is not None and wished is not None:
                each = info_nce(found, wished, self.temperature) + self.mse_weight * unit_mse(found, wished)
                loss = loss + weight * each
        scores = agreement(decoded, target)
        if self.low_level is not None:
            seen, shown = self.low_level(shallow, decoded[0]), torch.cat([parts[name]["pixels"] for name in names])
            loss = loss + self.low_level.loss(seen, shown)
            scores["pixels"] = cosine(seen.detach(), shown)
            scores["cosine"] = scores["cosine"] + scores["pixels"]
        return loss, scores

    def _heads(self, latent: Tensor) -> tuple[Tensor, Tensor | None]:
        latent = self.decoder(latent)
        return self.image_head(latent), None if self.text_head is None else self.text_head(latent)
