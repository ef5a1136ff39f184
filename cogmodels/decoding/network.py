"""What networks across subjects share: an interface, batches with trials of every subject, training and transfer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from cogmodels.decoding.losses import cosine
from cogmodels.decoding.resident import Places, gather_on
from cogmodels.decoding.starting import Code, learnt_code, random_code, start_by_encoding, start_by_ridge
from cogmodels.decoding.subjects import Part, Scaler, Targets, fit_scaler
from cogmodels.errors import DataError
from cogmodels.training.fit import fit

if TYPE_CHECKING:
    from cogmodels.config.training import Recipe

#: Number of each example, and subject -> its `values` (n, n_features), `image` (n, d) and, where they are, `text` and
#: `pixels`.
Batch = tuple[Tensor, Mapping[str, Mapping[str, Tensor]]]
_ROWS = 512


class SubjectNetwork(nn.Module, ABC):
    """A decoder with parts of each subject's own and parts that all share; a model is a subclass.

    ``newcomer`` names the subject that the network is being adapted to, ``progress`` the share of the training that is
    over (0 to 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.newcomer: str | None = None
        self.progress = 0.0

    @abstractmethod
    def add_subject(self, subject: str, width: Any) -> None:
        """Fresh parts for a subject with ``width`` features, or a width of each modality."""

    @abstractmethod
    def subject_modules(self, subject: str) -> list[nn.Module]:
        """The parts that belong to a subject alone."""

    @abstractmethod
    def decode(self, values: Tensor, subject: str) -> tuple[Tensor, Tensor | None]:
        """Image (n, d) and text (n, e) vectors decoded from standardised responses (n, n_features)."""

    @abstractmethod
    def objective(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Loss and scores of a batch; ``cosine`` is what the best epoch is chosen by."""

    def reset(self, subject: str, width: Any) -> None:
        """Freeze everything and give a new subject fresh parts, the only ones that will learn (reset-tuning)."""
        self.requires_grad_(False)
        self.add_subject(subject, width)
        for module in self.subject_modules(subject):
            module.requires_grad_(True)
        self.newcomer = subject


def agreement(decoded: tuple[Tensor, Tensor | None], target: tuple[Tensor, Tensor | None]) -> dict[str, Tensor]:
    """Mean cosine of image vectors, and with that of text where there is any: MindBridge's choice of the best epoch."""
    total = cosine(decoded[0].detach(), target[0])
    if decoded[1] is not None and target[1] is not None:
        total = total + cosine(decoded[1].detach(), target[1])
    return {"cosine": total}


def joined(parts: Mapping[str, Mapping[str, Tensor]], names: list[str]) -> tuple[Tensor, Tensor | None]:
    """Image and text targets of these subjects' trials, one below the other."""
    image = torch.cat([parts[name]["image"] for name in names])
    return image, torch.cat([parts[name]["text"] for name in names]) if "text" in parts[names[0]] else None


class JointExamples:
    """Examples that hold one stimulus of each subject, so that every step sees as many trials of each.

    Subjects may have different stimuli, and different numbers of features. The stimuli of each come in an order of its
    own, new in each epoch; who has fewer starts again. Of repeats one is taken in training, the next in the next
    epoch; else their mean.

    Parameters
    ----------
    parts : sequence of Part
    targets : Targets
        Already centred.
    scalers : mapping of subject -> Scaler
    training : bool
    seed : int
        Of the orders.
    turns : sequence of str
        Subjects of whom only one takes part in each epoch, in turn.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        targets: Targets,
        scalers: Mapping[str, Scaler],
        *,
        training: bool,
        seed: int = 0,
        turns: Sequence[str] = (),
    ) -> None:
        self.parts, self.targets, self.scalers = list(parts), targets, scalers
        self.training, self.seed, self.turns = training, seed, list(turns)
        self.stimuli = [np.unique(part.codes) for part in self.parts]
        self._trials = [_trials(part) for part in self.parts]
        self._epoch, self._orders = -1, []
        settled = [codes for part, codes in zip(self.parts, self.stimuli, strict=True) if part.subject not in turns]
        self._length = max(map(len, settled or self.stimuli))

    def __len__(self) -> int:
        return self._length

    def example(self, index: int, epoch: int) -> tuple[int, dict[str, dict[str, np.ndarray]]]:
        """Number, and of each subject ``values``, ``image`` and, where they are, ``text`` and ``pixels``, float32."""
        return index, {part.subject: self._vectors(part, rows, code) for part, rows, code in self.chosen(index, epoch)}

    def chosen(self, index: int, epoch: int) -> list[tuple[Part, np.ndarray, int]]:
        """Of each subject that takes part: itself, the rows of its responses that an example is the mean of, and their
        stimulus."""
        if epoch != self._epoch or not self._orders:
            self._epoch, self._orders = epoch, [self._order(k, epoch) for k in range(len(self.parts))]
        absent = [name for place, name in enumerate(self.turns) if place != epoch % len(self.turns)]
        found = []
        for part, order, codes, trials in zip(self.parts, self._orders, self.stimuli, self._trials, strict=True):
            if part.subject not in absent:
                place = int(order[index % len(order)])
                rows = trials[int(codes[place])]
                chosen = rows[[(epoch + place) % len(rows)]] if self.training else rows
                found.append((part, chosen, int(codes[place])))
        return found

    def _order(self, position: int, epoch: int) -> np.ndarray:
        n = len(self.stimuli[position])
        if not self.training:
            return np.arange(n)
        return np.random.default_rng([self.seed, 431, epoch, position]).permutation(n)

    def _vectors(self, part: Part, rows: np.ndarray, code: int) -> dict[str, np.ndarray]:
        values = self.scalers[part.subject](np.asarray(part.values[rows], dtype=np.float32).mean(axis=0))
        tables = self.targets.tables.items()
        return {"values": values} | {name: np.asarray(table[code], dtype=np.float32).ravel() for name, table in tables}


class TrainedNetwork:
    """A network with what its input and output were scaled by.

    Responses are standardised by each subject's training trials. Targets are centred by the mean over training stimuli,
    because losses on unit vectors see little of stimuli whose features share a large mean; predictions get that mean
    back, and the mean length of the centred targets. Pixels are deviations from the mean training image, in units of
    their root mean square.

    Parameters
    ----------
    net : SubjectNetwork
    targets : Targets
    stimuli : array (n,)
        Rows of the training stimuli.
    """

    def __init__(self, net: SubjectNetwork, targets: Targets, stimuli: np.ndarray) -> None:
        self.net, self.scalers = net, {}
        known = np.asarray(targets.image[stimuli], dtype=np.float64)
        self.centre = known.mean(axis=0)
        self.length = float(np.linalg.norm(known - self.centre, axis=1).mean())
        text, pixels = targets.text, targets.pixels
        if pixels is not None:
            self.mean_image = pixels[stimuli].mean(axis=0, dtype=np.float64).astype(np.float32)
            # One number for all: pixels that hardly differ between images stay small.
            self.contrast = float(np.sqrt(((pixels[stimuli] - self.mean_image) ** 2).mean(dtype=np.float64))) or 1.0
            pixels = (pixels - self.mean_image) / np.float32(self.contrast)
        self.targets = Targets(
            targets.stimuli,
            (targets.image - self.centre).astype(np.float32),
            None if text is None else (text - text[stimuli].mean(axis=0)).astype(np.float32),
            pixels,
        )

    def train(
        self, train: Sequence[Part], validation: Sequence[Part], recipe: Recipe, *, seed: int, folder: Path
    ) -> pd.DataFrame:
        """Train on all subjects together; the curves of :func:`cogmodels.training.fit.fit`."""
        self.scalers |= {part.subject: fit_scaler(part) for part in train}
        if self._start != "random":
            self._start_embedders(train, random_code(self.net, self._image, seed))
        return self._fit(train, validation, recipe, seed, folder)

    def adapt(
        self,
        sources: Sequence[Part],
        train: Part,
        validation: Part,
        recipe: Recipe,
        *,
        seed: int,
        folder: Path,
    ) -> pd.DataFrame:
        """Reset-tuning: only fresh parts of a new subject learn, beside trials of one source subject an epoch."""
        self.scalers[train.subject] = fit_scaler(train)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 7919)
            self.net.reset(train.subject, train.size)
        if self._start != "random":
            self._start_embedders([train], learnt_code(self.net, sources, self.scalers, self._image), sources)
        turns = [part.subject for part in sources]
        return self._fit([*sources, train], [validation], recipe, seed, folder, turns)

    def add_unlabelled(self, part: Part) -> None:
        """A new subject of whom only the scale of the responses is learnt (zero-shot)."""
        self.scalers[part.subject] = fit_scaler(part)

    def predict(self, subject: str, values: np.ndarray) -> np.ndarray:
        """Features (n, d) decoded from responses (n, n_features) of a subject."""
        vectors = self._run(lambda piece: self.net.decode(piece, subject)[0].double(), subject, values)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.maximum(lengths, 1e-12) * self.length + self.centre).astype(np.float32)

    def reconstruct(self, subject: str, values: np.ndarray) -> np.ndarray:
        """Pixels (n, 3 side^2), 0 to 1, float32, decoded from responses (n, n_features) of a subject."""
        found = self._run(lambda piece: self.net.reconstruct(piece, subject), subject, values)
        return np.clip(found * np.float32(self.contrast) + self.mean_image, 0.0, 1.0)

    @property
    def _start(self) -> str:
        return getattr(self.net, "start", "random")

    def _start_embedders(self, parts: Sequence[Part], code: Code, sources: Sequence[Part] = ()) -> None:
        given = self.net, parts, self.scalers, self._image, code
        if self._start == "ridge":
            start_by_ridge(*given)
        else:
            start_by_encoding(*given, sources)

    @property
    def _image(self) -> np.ndarray:
        """Centred targets (n_stimuli, d)."""
        return self.targets.image.reshape(len(self.targets.image), -1)

    def _run(self, compute: Callable[[Tensor], Tensor], subject: str, values: np.ndarray) -> np.ndarray:
        """What is computed from the standardised responses of a subject, some rows at a time."""
        self.net.eval()
        found = []
        with torch.inference_mode():
            for first in range(0, len(values), _ROWS):
                piece = self.scalers[subject](np.asarray(values[first : first + _ROWS], dtype=np.float32))
                found.append(compute(torch.from_numpy(piece)).numpy())
        return np.concatenate(found)

    def weights(self) -> dict[str, np.ndarray]:
        """Network, scalers, and the mean and length of the targets; of pixels the mean image and contrast."""
        found = {f"net/{name}": value.contiguous().numpy() for name, value in self.net.state_dict().items()}
        for subject, scaler in self.scalers.items():
            found |= {f"sub-{subject}/mean": scaler.mean, f"sub-{subject}/scale": scaler.scale}
        if self.targets.pixels is not None:
            found |= {"pixels/mean": self.mean_image, "pixels/contrast": np.float32([self.contrast])}
        return found | {"target/mean": self.centre.astype(np.float32), "target/length": np.float32([self.length])}

    def take_over(self, train: Sequence[Part], weights: Mapping[str, np.ndarray]) -> None:
        """Instead of :meth:`train`: what it had learnt, from :meth:`weights` of a network of these subjects and more.

        Raises
        ------
        DataError
            Parts that are missing or of another size.
        """
        own = {name: weights.get(f"net/{name}") for name in self.net.state_dict()}
        shapes = {name: tuple(value.shape) for name, value in self.net.state_dict().items()}
        unlike = [name for name, value in own.items() if value is None or value.shape != shapes[name]]
        if unlike:
            raise DataError(
                f"the weights are of another network (`{unlike[0]}` is not the same)",
                where="pretrained weights",
                remedy="Name an experiment with the same data, network and `recipe` as `pretrained`",
            )
        self.scalers |= {part.subject: fit_scaler(part) for part in train}
        self.net.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in own.items()})
        self.net.eval()

    def _fit(
        self,
        train: Sequence[Part],
        validation: Sequence[Part],
        recipe: Recipe,
        seed: int,
        folder: Path,
        turns: Sequence[str] = (),
    ) -> pd.DataFrame:
        examples = JointExamples(train, self.targets, self.scalers, training=True, seed=seed, turns=turns)
        held = JointExamples(validation, self.targets, self.scalers, training=False)

        def place(device: torch.device) -> tuple[Any, Any, Any]:
            prepare = gather_on(device, examples)
            return (examples, held, None) if prepare is None else (Places(examples), Places(held), prepare)

        options = {"seed": seed, "folder": folder, "place": place, "monitor": "cosine"}
        return fit(self.net, _objective, examples, held, recipe, **options)


def initial_network(kind: type[SubjectNetwork], widths: Mapping[str, Any], targets: Targets, seed: int, **options: Any):
    """A network for these subjects and targets, its weights from ``seed`` alone."""
    image, text = targets.image[0].size, 0 if targets.text is None else targets.text[0].size
    if targets.pixels is not None:
        options["pixels"] = targets.pixels[0].size
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(widths, image, text, **options)


def _trials(part: Part) -> dict[int, np.ndarray]:
    """Rows of each stimulus's trials."""
    order = np.argsort(part.codes, kind="stable")
    codes, first = np.unique(part.codes[order], return_index=True)
    return dict(zip(codes.tolist(), np.split(part.rows[order], first[1:]), strict=True))


def _objective(net: SubjectNetwork, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
    return net.objective(batch)
