"""A decoder in the style of MindEye2: a linear map a subject into one latent space, a deep backbone for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from cogmodels.decoding.losses import mixed_nce, soft_clip
from cogmodels.decoding.network import Batch, SubjectNetwork, agreement, joined

#: Share of the training that mixes responses (MindEye2's code, c184718).
_MIXED_UNTIL = 1 / 3
_MIXED_SHARE, _MIXED_BETA = 0.5, 0.15


class _Mixer(nn.Module):
    """A mixer block of one token: x + MLP(LayerNorm(x)).

    The released block mixes tokens as well; of a single token that adds a constant.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


def _projector(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width), nn.GELU(), nn.Linear(width, hidden), nn.LayerNorm(hidden), nn.GELU(),
        nn.Linear(hidden, hidden), nn.LayerNorm(hidden), nn.GELU(), nn.Linear(hidden, width),
    )  # fmt: skip


class MindEye2(SubjectNetwork):
    """Scotti et al. (2024, ICML): the retrieval part, without diffusion prior and low-level branch.

    A linear layer a subject (the paper's ridge: it learns with weight decay), mixer blocks, a linear head, and a
    projector whose output is compared with the targets. The first third of the training mixes half of the responses
    with one another (BiMixCo); then SoftCLIP, whose temperature rises along half a cosine.

    Parameters
    ----------
    widths, image, text
        As :class:`cogmodels.decoding.models.mindbridge.MindBridge` takes them; a text head is trained by SoftCLIP.
    hidden, blocks : int
        Width of the latent space, depth of the backbone.
    dropout : float
    projector : bool
        Whether a projector comes after the head. It begins with LayerNorm and GELU, which a target of few dimensions
        does not survive: the published one has 1664.
    mixed_temperature : float
        Of BiMixCo.
    temperatures : two floats
        Of SoftCLIP, at its start and at the end.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        image: int,
        text: int = 0,
        *,
        hidden: int = 4096,
        blocks: int = 4,
        dropout: float = 0.15,
        projector: bool = True,
        mixed_temperature: float = 0.006,
        temperatures: Sequence[float] = (0.004, 0.0075),
    ) -> None:
        super().__init__()
        self.hidden, self.mixed_temperature, self.temperatures = hidden, mixed_temperature, tuple(temperatures)
        self.ridge = nn.ModuleDict()
        self.backbone = nn.Sequential(*(_Mixer(hidden, dropout) for _ in range(blocks)))
        self.head = nn.Linear(hidden, image)
        self.projector = _projector(image, min(hidden, image)) if projector else nn.Identity()
        self.text_head = nn.Linear(hidden, text) if text else None
        for subject, width in widths.items():
            self.add_subject(subject, width)

    def add_subject(self, subject: str, width: int) -> None:
        """A fresh linear layer."""
        self.ridge[subject] = nn.Linear(width, self.hidden)

    def subject_modules(self, subject: str) -> list[nn.Module]:
        return [self.ridge[subject]]

    def decode(self, values: Tensor, subject: str) -> tuple[Tensor, Tensor | None]:
        return self._heads(self.ridge[subject](values))

    def objective(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        _, parts = batch
        names = list(parts)
        target = joined(parts, names)
        mixing = self.training and self.progress < _MIXED_UNTIL
        values, partners, shares = {}, [], []
        for name in names:
            mixed, partner, share = mix(parts[name]["values"]) if mixing else (parts[name]["values"], None, None)
            values[name] = mixed
            if mixing:
                # Rows of the subjects before lie above.
                partners.append(partner + sum(map(len, shares)))
                shares.append(share)
        decoded = self._heads(torch.cat([self.ridge[name](values[name]) for name in names]))
        loss = torch.zeros((), device=decoded[0].device)
        for found, wished in zip(decoded, target, strict=True):
            if found is not None and wished is not None and mixing:
                loss = loss + mixed_nce(found, wished, torch.cat(partners), torch.cat(shares), self.mixed_temperature)
            elif found is not None and wished is not None:
                loss = loss + soft_clip(found, wished, self.temperature())
        return loss, agreement(decoded, target)

    def temperature(self) -> float:
        """Of SoftCLIP, at this point of the training."""
        low, high = self.temperatures
        passed = min(1.0, max(0.0, (self.progress - _MIXED_UNTIL) / (1 - _MIXED_UNTIL)))
        return low + (high - low) * (1 - torch.cos(torch.tensor(passed * torch.pi)).item()) / 2

    def _heads(self, latent: Tensor) -> tuple[Tensor, Tensor | None]:
        latent = self.backbone(latent)
        return self.projector(self.head(latent)), None if self.text_head is None else self.text_head(latent)


def mix(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Responses (n, v) of which about half are mixed with another row, whose with (n,), and each one's own share (n,).

    Shares are drawn from Beta(0.15, 0.15) (Kim et al. 2020, MixCo).
    """
    n = len(values)
    partner = torch.randperm(n)
    share = torch.distributions.Beta(_MIXED_BETA, _MIXED_BETA).sample((n,))
    share = torch.where(torch.rand(n) <= _MIXED_SHARE, share, torch.ones(()))
    partner, share = partner.to(values.device), share.to(values.device)
    return values * share[:, None] + values[partner] * (1 - share[:, None]), partner, share
