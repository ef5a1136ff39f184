"""Contrastive and regression losses of decoders, on vectors (n, d) or maps (n, tokens, width) that are flattened.

In a training on several devices the contrastive ones see the rows of all, so that each row has the negatives of the
whole batch; the others are means over a device's own rows, of which each has as many.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from cogmodels.training.processes import gathered, row_offset


def unit(vectors: Tensor) -> Tensor:
    """Vectors flattened to (n, d) and scaled to length 1."""
    return F.normalize(vectors.flatten(1), dim=-1)


def similarity(predicted: Tensor, target: Tensor) -> Tensor:
    """Cosines (n, m) of the rows, never less than float32: at a temperature of .005 the rounding of bf16 (.002 of a
    cosine near 1), in which a network may compute, would move logits by .4."""
    with torch.autocast(predicted.device.type, enabled=False):
        predicted, target = (one.to(torch.promote_types(one.dtype, torch.float32)) for one in (predicted, target))
        return unit(predicted) @ unit(target).T


def soft_clip(predicted: Tensor, target: Tensor, temperature: float = 0.005) -> Tensor:
    """SoftCLIP: cross-entropy of predicted against target similarities, mean of both directions.

    With unit vectors p and t, A = softmax(t t' / T) and B = p t' / T: the loss is the mean of the cross-entropies of A
    with softmax(B) and with softmax(B'), rows at a time (Scotti et al. 2023, MindEye, NeurIPS 36; MindBridge, CVPR
    2024, code 2a3943f).

    Parameters
    ----------
    predicted, target : tensors (n, ...)
        Row i of one belongs to row i of the other.
    temperature : float
    """
    predicted, target = gathered(predicted), gathered(target)
    wished = (similarity(target, target) / temperature).softmax(-1)
    found = similarity(predicted, target) / temperature
    there = -(wished * found.log_softmax(-1)).sum(-1).mean()
    back = -(wished * found.T.log_softmax(-1)).sum(-1).mean()
    return (there + back) / 2


def info_nce(predicted: Tensor, target: Tensor, temperature: float = 0.05) -> Tensor:
    """Symmetric InfoNCE (Radford et al. 2021, CLIP) between rows (n, ...) of the same number."""
    predicted, target = gathered(predicted), gathered(target)
    found = similarity(predicted, target) / temperature
    own = torch.arange(len(found), device=found.device)
    return (F.cross_entropy(found, own) + F.cross_entropy(found.T, own)) / 2


def mixed_nce(predicted: Tensor, target: Tensor, partner: Tensor, share: Tensor, temperature: float = 0.006) -> Tensor:
    """BiMixCo: InfoNCE where row i's response was mixed of its own and its partner's (Kim et al. 2020, MixCo; MindEye).

    Parameters
    ----------
    predicted, target : tensors (n, ...)
        ``predicted`` of mixed responses, ``target`` unmixed.
    partner : tensor (n,) of int
        With whose response each was mixed.
    share : tensor (n,)
        Its own share of the mixture; 1 = not mixed.
    temperature : float
    """
    partner, share = gathered(partner + row_offset(len(partner))), gathered(share)
    predicted, target = gathered(predicted), gathered(target)
    found = similarity(predicted, target) / temperature
    own = torch.arange(len(found), device=found.device)
    wished = torch.zeros_like(found)
    wished[own, own] = share
    wished = wished.index_put((own, partner), 1 - share, accumulate=True)
    there = -(wished * found.log_softmax(-1)).sum(-1).mean()
    back = -(wished * found.log_softmax(0)).sum(0).mean()
    return (there + back) / 2


def unit_mse(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of the unit vectors."""
    return F.mse_loss(unit(predicted), unit(target))


def cosine(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean cosine of the pairs."""
    return (unit(predicted) * unit(target)).sum(-1).mean()
