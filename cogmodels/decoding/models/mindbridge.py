"""MindBridge: one decoder for brains of any number of voxels, tied together by a cycle (Wang et al. 2024, CVPR)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.decoding.losses import soft_clip, unit_mse
from cogmodels.decoding.network import Batch, SubjectNetwork, agreement, joined
from cogmodels.training.processes import agreed


def pool_responses(values: Tensor, size: int, kind: str = "max") -> Tensor:
    """Responses (n, n_features) of any width as (n, size), along the order of the features.

    ``max`` and ``average``: over the windows floor(j v / size) .. ceil((j + 1) v / size) - 1; ``linear``: interpolated.
    """
    if kind == "linear":
        return F.interpolate(values[:, None], size=size, mode="linear", align_corners=False)[:, 0]
    if kind not in ("max", "average"):
        raise ValueError(f"unknown pooling {kind!r}, one of max, average, linear")
    pool = F.adaptive_max_pool1d if kind == "max" else F.adaptive_avg_pool1d
    return pool(values[:, None], size)[:, 0]


class Adapter(nn.Module):
    """x + W_up ReLU(W_down x): the identity until it is trained (Houlsby et al. 2019)."""

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, bottleneck), nn.Linear(bottleneck, width)
        nn.init.kaiming_uniform_(self.down.weight, a=math.sqrt(5))
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.up(F.relu(self.down(x)))


class _Residual(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.GELU(), nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class MindBridge(SubjectNetwork):
    """Pooling to a common width; an embedder and a builder a subject; a translator and heads for all.

    Structure, initial weights and losses are those of the released code (2a3943f) with the options of its published
    scripts, which differ from its defaults. Loss of a step: SoftCLIP + ``mse_weight`` MSE for image (and text) on unit
    vectors; MSE of each subject's rebuilt responses; MSE between the embedding of subject a's responses and the
    embedding of what they would be in subject b, for one pair. One subject alone has only the first. ``pseudo_weight``
    adds SoftCLIP + MSE of what b's embedder makes of a's responses as built for b (without a gradient to a): synthetic
    responses of b to a's stimuli.

    Parameters
    ----------
    widths : mapping of subject -> number of features
    image, text : int
        Dimensions of the flattened targets; no text head where ``text`` is 0.
    pooling : {"max", "average", "linear"}
    pooled, hidden, bottleneck, blocks : int
        Width after pooling, of the embedding, of the adapters; depth of the translator.
    embedder_dropout, translator_dropout, temperature, mse_weight, text_weight, reconstruction_weight, cycle_weight,
    pseudo_weight : float
    start : {"random", "ridge", "encoding"}
        Where embedders start: :func:`cogmodels.decoding.starting.start_by_ridge`, ``start_by_encoding``.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        image: int,
        text: int = 0,
        *,
        pooling: str = "max",
        pooled: int = 8192,
        hidden: int = 2048,
        bottleneck: int = 128,
        blocks: int = 4,
        embedder_dropout: float = 0.5,
        translator_dropout: float = 0.15,
        temperature: float = 0.005,
        mse_weight: float = 1e4,
        text_weight: float = 1.0,
        reconstruction_weight: float = 1.0,
        cycle_weight: float = 1.0,
        pseudo_weight: float = 0.0,
        start: str = "random",
    ) -> None:
        super().__init__()
        self.pooling, self.pooled, self.hidden, self.bottleneck = pooling, pooled, hidden, bottleneck
        self.embedder_dropout, self.temperature, self.mse_weight = embedder_dropout, temperature, mse_weight
        self.text_weight, self.reconstruction_weight = text_weight, reconstruction_weight
        self.cycle_weight, self.pseudo_weight, self.start = cycle_weight, pseudo_weight, start
        self.embedders, self.builders = nn.ModuleDict(), nn.ModuleDict()
        self.translator = nn.Sequential(*(_Residual(hidden, translator_dropout) for _ in range(blocks)))
        self.image_head = nn.Linear(hidden, image)
        self.text_head = nn.Linear(hidden, text) if text else None
        for subject, width in widths.items():
            self.add_subject(subject, width)

    def add_subject(self, subject: str, width: int) -> None:
        """A fresh embedder and builder; what pooling makes of ``width`` features is the same for everybody."""
        size, hidden = self.pooled, self.hidden
        self.embedders[subject] = nn.Sequential(
            Adapter(size, self.bottleneck), nn.Linear(size, hidden), nn.LayerNorm(hidden), nn.GELU(),
            nn.Dropout(self.embedder_dropout),
        )  # fmt: skip
        self.builders[subject] = nn.Sequential(
            nn.Linear(hidden, size), nn.LayerNorm(size), nn.GELU(), Adapter(size, self.bottleneck)
        )

    def subject_modules(self, subject: str) -> list[nn.Module]:
        return [self.embedders[subject], self.builders[subject]]

    def pool(self, values: Tensor) -> Tensor:
        """Responses (n, n_features) as (n, pooled)."""
        return pool_responses(values, self.pooled, self.pooling)

    def enter(self, pooled: Tensor, subject: str) -> Tensor:
        """What a subject's embedder makes of pooled responses (n, pooled) before it is normalised, (n, hidden)."""
        return self.embedders[subject][:2](pooled)

    def set_entrance(self, subject: str, weight: np.ndarray, bias: np.ndarray) -> None:
        """Weight (hidden, pooled) and bias (hidden,) of a subject's embedder, whose adapter is still the identity."""
        linear = self.embedders[subject][1]
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))

    def decode(self, values: Tensor, subject: str) -> tuple[Tensor, Tensor | None]:
        """See :class:`SubjectNetwork`; of a subject without an embedder, through the mean of the others' embeddings."""
        pooled = self.pool(values)
        embedders = [self.embedders[subject]] if subject in self.embedders else self.embedders.values()
        return self._heads(torch.stack([embed(pooled) for embed in embedders]).mean(0))

    def objective(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        _, parts = batch
        names = list(parts)
        pooled = {name: self.pool(parts[name]["values"]) for name in names}
        embedded = {name: self.embedders[name](pooled[name]) for name in names}
        decoded = self._heads(torch.cat([embedded[name] for name in names]))
        target = joined(parts, names)
        loss = self._supervised(decoded, target)
        if len(names) > 1:
            rebuilt = [F.mse_loss(self.builders[name](embedded[name]), pooled[name]) for name in names]
            source, other = self._pair(names)
            loss = loss + self.reconstruction_weight * torch.stack(rebuilt).mean()
            if self.cycle_weight:
                loss = loss + self.cycle_weight * self.cycle(embedded[source], other)
            if self.pseudo_weight:
                with torch.no_grad():
                    made = self.builders[other](embedded[source])
                again = self._supervised(self._heads(self.embedders[other](made)), joined(parts, [source]))
                loss = loss + self.pseudo_weight * again
        return loss, agreement(decoded, target)

    def cycle(self, embedded: Tensor, other: str) -> Tensor:
        """MSE between an embedding and what becomes of it on the way through another subject's responses; the gradient
        reaches both subjects."""
        return F.mse_loss(embedded, self.embedders[other](self.builders[other](embedded)))

    def _heads(self, embedded: Tensor) -> tuple[Tensor, Tensor | None]:
        translated = self.translator(embedded)
        return self.image_head(translated), None if self.text_head is None else self.text_head(translated)

    def _supervised(self, decoded: tuple[Tensor, Tensor | None], target: tuple[Tensor, Tensor | None]) -> Tensor:
        loss = torch.zeros((), device=decoded[0].device)
        for found, wished, weight in zip(decoded, target, (1.0, self.text_weight), strict=True):
            if found is not None and wished is not None and weight:
                each = soft_clip(found, wished, self.temperature) + self.mse_weight * unit_mse(found, wished)
                loss = loss + weight * each
        return loss

    def _pair(self, names: list[str]) -> tuple[str, str]:
        """Source and target of the cycle: any two in training, from source to newcomer in adaptation."""
        if self.newcomer is not None:
            return next(name for name in names if name != self.newcomer), self.newcomer
        if not self.training:
            return names[0], names[1]
        first, second = agreed(torch.randperm(len(names))[:2]).tolist()
        return names[first], names[second]
