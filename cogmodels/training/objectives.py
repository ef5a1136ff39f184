"""What a network is trained for: a loss and scores of one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

#: Network and batch -> the loss, and scores to be averaged over examples.
Objective = Callable[[nn.Module, Any], tuple[Tensor, Mapping[str, Tensor]]]


def classification(net: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Cross-entropy of a batch of inputs (n, ...) and labels (n,), and the share of them that is right."""
    inputs, labels = batch
    logits = net(inputs)
    loss = F.cross_entropy(logits, labels)
    return loss, {"accuracy": (logits.argmax(1) == labels).float().mean()}
