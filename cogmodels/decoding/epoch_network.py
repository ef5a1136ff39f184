"""Networks that decode single trials of EEG: their interface, their examples, how they are trained and predict."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.config.training import Recipe
from cogmodels.decoding.losses import cosine, info_nce
from cogmodels.errors import DataError
from cogmodels.training.fit import fit

_ROWS = 512


class EpochNetwork(nn.Module, ABC):
    """A network of trials; a model is a subclass, ``Model(channels, times, outputs, rate, **options)``."""

    temperature = 0.07

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Logits of classes, or features, (n, outputs) of standardised trials (n, channels, times)."""

    def constrain(self) -> None:
        """Called after each step: bring weights back to where they may be."""

    @staticmethod
    def check_length(times: int, least: int, what: str) -> None:
        """Refuse epochs that are shorter than what the network looks at.

        Raises
        ------
        DataError
            Too few samples.
        """
        if times < least:
            raise DataError(
                f"epochs of {times} samples, {what}: {least} are needed",
                where="network of epochs",
                remedy="Take longer epochs, average fewer samples, or shorten the model's windows",
            )


def samples(length_ms: float, rate: float) -> int:
    """A length in samples, at least one."""
    return max(1, round(length_ms * rate / 1000))


class Trials:
    """Trials (n, channels, times), standardised, and their classes (n,) or features (n, d), as training wants them.

    ``people`` (n,): whose trials they are, where the network has a layer of each.
    """

    def __init__(self, values: np.ndarray, targets: np.ndarray, people: np.ndarray | None = None) -> None:
        self.values = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        wanted = targets if targets.ndim == 1 else targets.astype(np.float32)
        self.targets = torch.from_numpy(np.ascontiguousarray(wanted))
        self.people = None if people is None else torch.from_numpy(np.ascontiguousarray(people))

    def __len__(self) -> int:
        return len(self.values)

    def example(self, index: int, epoch: int) -> tuple[Tensor, ...]:
        """One trial, its target and, where it counts, whose it is; the same in each epoch."""
        found = self.values[index], self.targets[index]
        return found if self.people is None else (*found, self.people[index])


class EpochModel:
    """A network with what its input was scaled by: each channel's mean and deviation over training trials and times.

    Parameters
    ----------
    net : EpochNetwork
    """

    def __init__(self, net: EpochNetwork) -> None:
        self.net = net

    def train(
        self,
        values: np.ndarray,
        targets: np.ndarray,
        held: np.ndarray,
        recipe: Recipe,
        *,
        seed: int,
        folder: Path,
        people: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """Train on trials (n, channels, times) that are not ``held`` (n,); those choose the best epoch.

        ``targets`` are classes (n,) or features (n, d); ``people`` (n,) numbers those who are not held, from 0, of a
        network with :class:`~cogmodels.decoding.subject_layers.SubjectLayers`. The curves are those of
        :func:`cogmodels.training.fit.fit`.
        """
        train = values[~held]
        self.mean = train.mean(axis=(0, 2), dtype=np.float64).astype(np.float32)[:, None]
        spread = train.std(axis=(0, 2), dtype=np.float64).astype(np.float32)[:, None]
        self.scale = np.where(spread > 0, spread, 1.0).astype(np.float32)
        scaled = (values - self.mean) / self.scale
        examples = Trials(scaled[~held], targets[~held], None if people is None else people[~held])
        # People of the validation part are new to the network.
        validation = Trials(scaled[held], targets[held])
        objective = classes_objective if targets.ndim == 1 else features_objective
        return fit(
            self.net, objective, examples, validation, recipe, seed=seed, folder=folder, monitor="agreement"
        )  # fmt: skip

    def outputs(self, values: np.ndarray) -> np.ndarray:
        """Logits or features (n, outputs) of trials (n, channels, times)."""
        self.net.eval()
        scaled = torch.from_numpy(((values - self.mean) / self.scale).astype(np.float32))
        with torch.inference_mode():
            return torch.cat([self.net(piece) for piece in scaled.split(_ROWS)]).double().numpy()

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Log probabilities (n, n_classes) of trials (n, channels, times)."""
        logits = self.outputs(values)
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)

    def weights(self) -> dict[str, np.ndarray]:
        """Network and scaler."""
        found = {f"net/{name}": value.contiguous().numpy() for name, value in self.net.state_dict().items()}
        return found | {"mean": self.mean, "scale": self.scale}


def initial_epoch_network(
    kind: type[EpochNetwork], shape: tuple[int, int], outputs: int, rate: float, seed: int, **options
):
    """A network for trials of ``shape`` (channels, times), its weights from ``seed`` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(*shape, outputs, rate, **options)


def classes_objective(net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Cross-entropy, whose negative is the score that the best epoch is chosen by: it is finer than the accuracy."""
    values, codes, *person = batch
    logits = net(values, *person)
    loss = F.cross_entropy(logits, codes)
    return loss, {"agreement": -loss.detach(), "accuracy": (logits.argmax(1) == codes).float().mean()}


def features_objective(net: nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Symmetric InfoNCE with the features; the score is the mean cosine."""
    values, features, *person = batch
    found = net(values, *person)
    return info_nce(found, features, net.temperature), {"agreement": cosine(found.detach(), features)}
