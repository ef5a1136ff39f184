"""A joint decoder: BOLD, EEG and gaze of the same stimuli in one latent space, any of which may be missing."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from cogmodels.decoding.losses import info_nce, unit_mse
from cogmodels.decoding.models.sttm import ResidualBlock
from cogmodels.decoding.network import Batch, SubjectNetwork, agreement, joined


class Adapters(nn.Module):
    """A linear adapter for each modality of one subject, and how much each counts in their mean.

    Parameters
    ----------
    widths : mapping of modality -> number of features
    hidden : int
    dropout : float
    """

    def __init__(self, widths: Mapping[str, int], hidden: int, dropout: float) -> None:
        super().__init__()
        self.sizes = list(widths.values())
        self.each = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(width, hidden), nn.LayerNorm(hidden), nn.GELU(), nn.Dropout(dropout))
                for name, width in widths.items()
            }
        )
        # Equal at the start.
        self.trust = nn.Parameter(torch.zeros(len(widths)))

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (n, modalities, hidden), and which modalities are there (n, modalities), of values (n, sum of
        widths) that are NaN where a modality is missing."""
        pieces = values.split(self.sizes, dim=1)
        present = torch.stack([~piece[:, 0].isnan() for piece in pieces], dim=1)
        latents = [adapt(piece.nan_to_num()) for adapt, piece in zip(self.each.values(), pieces, strict=True)]
        return torch.stack(latents, dim=1), present


class Joint(SubjectNetwork):
    """Adapters of each subject and modality, a trunk for all, a mean over what is there, heads. Ours, no seed has it.

    Each modality of a trial goes through its subject's adapter and the shared trunk; the mean of the latents, weighted
    by a softmax over the modalities that are present of one learnt number a subject and modality, goes to the heads. In
    training each modality of an example is hidden with probability ``modality_dropout``, never all (Neverova et al.
    2016, ModDrop), so that any subset can be decoded. Loss of each target: symmetric InfoNCE + ``mse_weight`` times
    the squared error of unit vectors.

    Parameters
    ----------
    widths : mapping of subject -> modality -> number of features
        Subjects may have different modalities.
    image, text : int
        Dimensions of the flattened targets; no text head where ``text`` is 0.
    hidden, blocks : int
        Width of the latent, depth of the trunk.
    adapter_dropout, dropout, modality_dropout : float
        After the adapters, inside of the trunk, of whole modalities.
    temperature, mse_weight, text_weight : float
    """

    def __init__(
        self,
        widths: Mapping[str, Mapping[str, int]],
        image: int,
        text: int = 0,
        *,
        hidden: int = 1024,
        blocks: int = 4,
        adapter_dropout: float = 0.5,
        dropout: float = 0.15,
        modality_dropout: float = 0.3,
        temperature: float = 0.05,
        mse_weight: float = 1.0,
        text_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.hidden, self.adapter_dropout, self.modality_dropout = hidden, adapter_dropout, modality_dropout
        self.temperature, self.mse_weight, self.text_weight = temperature, mse_weight, text_weight
        self.adapters = nn.ModuleDict()
        self.trunk = nn.Sequential(*(ResidualBlock(hidden, dropout) for _ in range(blocks)), nn.LayerNorm(hidden))
        self.image_head = nn.Linear(hidden, image)
        self.text_head = nn.Linear(hidden, text) if text else None
        for subject, width in widths.items():
            self.add_subject(subject, width)

    def add_subject(self, subject: str, width: Mapping[str, int]) -> None:
        """Fresh adapters, one a modality."""
        self.adapters[subject] = Adapters(width, self.hidden, self.adapter_dropout)

    def subject_modules(self, subject: str) -> list[nn.Module]:
        return [self.adapters[subject]]

    def decode(self, values: Tensor, subject: str) -> tuple[Tensor, Tensor | None]:
        """See :class:`SubjectNetwork`; values of a modality that is missing are NaN."""
        return self._heads(self.latent(values, subject))

    def latent(self, values: Tensor, subject: str) -> Tensor:
        """Mean latent (n, hidden) of the modalities that are there."""
        latents, present = self.adapters[subject](values)
        if self.training and self.modality_dropout:
            present = hide(present, self.modality_dropout)
        trust = self.adapters[subject].trust.expand(present.shape).masked_fill(~present, -torch.inf).softmax(dim=1)
        return (trust[..., None] * self.trunk(latents)).sum(dim=1)

    def objective(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        _, parts = batch
        names = list(parts)
        target = joined(parts, names)
        decoded = self._heads(torch.cat([self.latent(parts[name]["values"], name) for name in names]))
        loss = torch.zeros((), device=decoded[0].device)
        for found, wished, weight in zip(decoded, target, (1.0, self.text_weight), strict=True):
            if found is not None and wished is not None:
                each = info_nce(found, wished, self.temperature) + self.mse_weight * unit_mse(found, wished)
                loss = loss + weight * each
        return loss, agreement(decoded, target)

    def _heads(self, latent: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.image_head(latent), None if self.text_head is None else self.text_head(latent)


def hide(present: Tensor, share: float) -> Tensor:
    """Modalities (n, m) that stay of those that are present: each goes with probability ``share``, but never all."""
    lots = torch.rand(present.shape, device=present.device).masked_fill(~present, -1.0)
    return present & ((lots >= share) | (lots == lots.amax(dim=1, keepdim=True)))
