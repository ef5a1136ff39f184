"""Where the embedders of a network start: a subject's linear decoder, written into the space that all share."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from cogmodels.decoding.inverted_encoding import fit_encoding, invert_encoding
from cogmodels.decoding.subjects import Part, Scaler

if TYPE_CHECKING:
    from cogmodels.decoding.network import SubjectNetwork

logger = logging.getLogger(__name__)
#: Strengths of the ridge regression, chosen within the training trials.
GRID = [1e1, 1e2, 3e2, 1e3, 3e3, 1e4, 3e4, 1e5]
#: Target vectors (d) to the shared space: weight (hidden, d) and bias (hidden,).
Code = tuple[np.ndarray, np.ndarray]


class Startable(Protocol):
    """What a network has to offer."""

    hidden: int

    def pool(self, values: Tensor) -> Tensor: ...
    def enter(self, pooled: Tensor, subject: str) -> Tensor: ...
    def set_entrance(self, subject: str, weight: np.ndarray, bias: np.ndarray) -> None: ...


def random_code(net: Startable, image: np.ndarray, seed: int) -> Code:
    """A random projection of the targets (n, d), as large as what fresh weights make of standardised responses."""
    spread = math.sqrt(3 * float((image**2).sum(axis=1).mean()))
    weight = np.random.default_rng([seed, 449]).standard_normal((net.hidden, image.shape[1])) / spread
    return weight, np.zeros(net.hidden)


def learnt_code(net: SubjectNetwork, sources: Sequence[Part], scalers: Mapping[str, Scaler], image: np.ndarray) -> Code:
    """Least squares from the targets (n_stimuli, d) to where a trained network's embedders put the sources' trials.

    What is left over, what subjects do not share and noise, is the error of the regression.
    """
    found, wished = [], []
    for part in sources:
        found.append(_pooled(net, part, scalers, net.enter))
        wished.append(image[part.codes])
    design = np.concatenate(wished).astype(np.float64)
    solution, *_ = np.linalg.lstsq(np.column_stack([design, np.ones(len(design))]), np.concatenate(found), rcond=None)
    return solution[:-1].T, solution[-1]


def start_by_ridge(
    net: SubjectNetwork, parts: Sequence[Part], scalers: Mapping[str, Scaler], image: np.ndarray, code: Code
) -> None:
    """Start subjects' embedders at the ridge regression (Hoerl & Kennard 1970) of their training trials.

    The regression goes from pooled responses to targets, the code from targets to the shared space; the strength is
    chosen by leaving out stimuli of the same trials.

    Parameters
    ----------
    net : SubjectNetwork
        Changed in place.
    parts : sequence of Part
        Training trials.
    scalers : mapping of subject -> Scaler
    image : array (n_stimuli, d)
        Targets, centred.
    code : Code
    """
    # Networks alone are to be had without scikit-learn.
    from cogmodels.decoding.linear import fit_nested, weights_of

    for part in parts:
        values = _pooled(net, part, scalers)
        found = weights_of(fit_nested("ridge", GRID, values, image[part.codes], part.codes)[0])
        scaled = found["coefficients"] / found["scale"]
        intercept = found["intercept"] - scaled @ found["mean"]
        net.set_entrance(part.subject, code[0] @ scaled, code[0] @ intercept + code[1])


def start_by_encoding(
    net: SubjectNetwork,
    parts: Sequence[Part],
    scalers: Mapping[str, Scaler],
    image: np.ndarray,
    code: Code,
    sources: Sequence[Part] = (),
) -> None:
    """Start subjects' embedders at an encoding model of their training trials, turned round
    (:func:`cogmodels.decoding.inverted_encoding.invert_encoding`).

    With sources, the encoding model is shrunk towards the mean of theirs, as far as that predicts held-out stimuli of
    the new subject's own trials: what they know of a place serves where pooled responses mean the same place in all
    (``grid`` of a betas pipeline), and nowhere else.

    Parameters
    ----------
    net, parts, scalers, image, code
        As in :func:`start_by_ridge`.
    sources : sequence of Part
        Training trials of the subjects learnt from before.

    Raises
    ------
    DataError
        What :func:`cogmodels.decoding.inverted_encoding.fit_encoding` refuses.
    """
    seen = np.unique(np.concatenate([part.codes for part in [*parts, *sources]]))
    covariance = shrunk_covariance(image[seen])

    def encoded(part: Part, prior: np.ndarray | None = None):
        values = _pooled(net, part, scalers).astype(np.float64)
        return fit_encoding(image[part.codes], values, part.codes, prior), values

    prior = sum(encoded(part)[0].weights for part in sources) / len(sources) if sources else None
    for part in parts:
        found, values = encoded(part, prior)
        if sources:
            logger.info("subject %s believes %g of the others' encoding model", part.subject, found.share)
        weight, bias = invert_encoding(found, image[part.codes], values, covariance)
        net.set_entrance(part.subject, code[0] @ weight, code[0] @ bias + code[1])


def shrunk_covariance(values: np.ndarray) -> np.ndarray:
    """Covariance (d, d) of few vectors (n, d), shrunk (Ledoit & Wolf 2004)."""
    from sklearn.covariance import ledoit_wolf

    return ledoit_wolf(np.asarray(values, dtype=np.float64))[0]


def _pooled(net, part: Part, scalers: Mapping[str, Scaler], enter=None) -> np.ndarray:
    """Pooled responses (n_trials, pooled), or where the embedder puts them (n_trials, hidden)."""
    net.eval()
    with torch.inference_mode():
        pooled = net.pool(torch.from_numpy(scalers[part.subject](part.responses())))
        return (pooled if enter is None else enter(pooled, part.subject)).numpy()
