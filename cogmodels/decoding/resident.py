"""Responses and targets kept in a GPU's memory: batches are gathered there, by row numbers that the loader sends.

A batch of MindBridge at its published size is 400 MB of targets for eight subjects: made on the host and copied, it
takes many times as long as the step that it is for.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from cogmodels.decoding.subjects import Part, Scaler, Targets

if TYPE_CHECKING:
    from cogmodels.decoding.network import JointExamples

logger = logging.getLogger(__name__)
#: Share of the free memory that the data may take; the rest is for the network, its gradients and its optimiser.
_SHARE = 0.4


class Places:
    """Examples as numbers: of each subject the ``rows`` (r,) of its responses, -1 behind the last one where others have
    more repeats, and the ``code`` of the stimulus."""

    def __init__(self, examples: JointExamples) -> None:
        self.examples = examples
        # In training one repeat is shown at a time.
        self.repeats = 1 if examples.training else max(_most_repeats(part.codes) for part in examples.parts)

    def __len__(self) -> int:
        return len(self.examples)

    def example(self, index: int, epoch: int) -> tuple[int, dict[str, dict[str, Any]]]:
        """Number, and of each subject ``rows`` and ``code``."""
        found = {}
        for part, rows, code in self.examples.chosen(index, epoch):
            padded = np.full(self.repeats, -1, dtype=np.int64)
            padded[: len(rows)] = rows
            found[part.subject] = {"rows": padded, "code": code}
        return index, found


class Gather:
    """From a batch of :class:`Places` on the device to what :class:`cogmodels.decoding.network.JointExamples` gives.

    Parameters
    ----------
    parts : sequence of Part
    targets : Targets
        Already centred.
    scalers : mapping of subject -> Scaler
    device : device
        Where everything is copied to, in the precision that it is stored in.
    """

    def __init__(
        self, parts: Sequence[Part], targets: Targets, scalers: Mapping[str, Scaler], device: torch.device
    ) -> None:
        self.values = {part.subject: _copied(part.values, device) for part in parts}
        self.scales = {
            part.subject: [_copied(one, device) for one in (scalers[part.subject].mean, scalers[part.subject].scale)]
            for part in parts
        }
        self.tables = {name: _copied(table, device) for name, table in targets.tables.items()}

    def __call__(self, batch: tuple[Tensor, Mapping[str, Mapping[str, Tensor]]]) -> tuple[Tensor, dict[str, Any]]:
        numbers, places = batch
        return numbers, {subject: self._vectors(subject, **one) for subject, one in places.items()}

    def _vectors(self, subject: str, rows: Tensor, code: Tensor) -> dict[str, Tensor]:
        values = self.values[subject][rows.clamp(min=0)].float()
        shown = rows >= 0
        mean, scale = self.scales[subject]
        # Not a product: what is not shown may be missing, NaN.
        total = torch.where(shown[..., None], values, 0.0).sum(1)
        found = {"values": (total / shown.sum(1, keepdim=True) - mean) / scale}
        return found | {name: table[code].float().flatten(1) for name, table in self.tables.items()}


def gather_on(device: torch.device, examples: JointExamples) -> Gather | None:
    """A :class:`Gather` of these examples' responses and targets; none where they would not fit, or not on a GPU."""
    if device.type != "cuda":
        return None
    tables = [part.values for part in examples.parts] + list(examples.targets.tables.values())
    wanted = sum(table.nbytes for table in tables)
    free = torch.cuda.mem_get_info(device)[0]
    if wanted > _SHARE * free:
        logger.info("%.1f GB of data are read from the host: the GPU has %.1f GB free", wanted / 1e9, free / 1e9)
        return None
    return Gather(examples.parts, examples.targets, examples.scalers, device)


def _copied(values: np.ndarray, device: torch.device) -> Tensor:
    # A memory map is read once, from its beginning to its end.
    return torch.tensor(np.asarray(values), device=device)


def _most_repeats(codes: np.ndarray) -> int:
    return int(np.unique(codes, return_counts=True)[1].max())
