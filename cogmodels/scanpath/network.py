"""The image-level transformer as a scanpath model: trained by the house's loop, sampled with cached keys and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cogmodels.config.attention import AttentionChoice
from cogmodels.config.scanpath import ScanpathRecipe
from cogmodels.errors import DataError
from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.model import ScanpathModel
from cogmodels.scanpath.transformer import ImageTransformer, Scene, history, likelihoods, objective
from cogmodels.scanpath.viewing import Paths, Pictures

#: Scanpaths that are judged at a time.
_AT_A_TIME = 64


class ImageScanpaths:
    """An image with all its scanpaths, as an example; half of the training images are mirrored.

    ``hidden``: share of the scanpaths whose target is not told, so that there is something to say of unknown ones.
    """

    def __init__(
        self, pictures: Pictures, paths: Paths, *, flip: bool = False, seed: int = 0, hidden: float = 0.0
    ) -> None:
        self.pictures, self.paths, self.flip, self.seed, self.hidden = pictures, paths, flip, seed, hidden
        self.images = np.unique(paths.image)
        self.rows = [np.flatnonzero(paths.image == image) for image in self.images]
        self.most = max(map(len, self.rows))

    def __len__(self) -> int:
        return len(self.images)

    def example(self, index: int, epoch: int) -> tuple[int, dict[str, Any]]:
        image, rows = int(self.images[index]), self.rows[index]
        maps = [np.asarray(one[image], np.float32) for one in self.pictures.maps]
        xy, duration = self.paths.xy[rows].astype(np.float32), self.paths.duration[rows].astype(np.float32)
        if self.flip and np.random.default_rng([self.seed, epoch, image]).random() < 0.5:
            maps = [np.ascontiguousarray(one[..., ::-1]) for one in maps]
            xy = np.stack([self.pictures.size_px[0] - 1 - xy[..., 0], xy[..., 1]], -1)
        found = {"xy": xy, "duration": duration, "there": self.paths.there[rows], "person": self.paths.person[rows] + 1}
        if self.paths.target is not None:
            found["target"] = self.paths.target[rows] + 1
            if self.hidden:
                shared = np.random.default_rng([self.seed, epoch, image, 11]).random(len(rows)) < self.hidden
                found["target"] = np.where(shared, 0, found["target"])
        room = self.most - len(rows)
        padded = {name: np.pad(value, [(0, room)] + [(0, 0)] * (value.ndim - 1)) for name, value in found.items()}
        return image, {"maps": maps, **padded}


class Transformer(ScanpathModel):
    """See :class:`cogmodels.scanpath.transformer.ImageTransformer`.

    Parameters
    ----------
    options : mapping
        As :class:`cogmodels.config.scanpath.TransformerOptions` has them.
    recipe : ScanpathRecipe, optional
    """

    def __init__(
        self, cell_px: float = 10.0, *, options: Mapping[str, Any] | None = None, recipe: ScanpathRecipe | None = None
    ) -> None:
        super().__init__(cell_px)
        self.options, self.recipe = dict(options or {}), recipe or ScanpathRecipe()
        self.flip, self.by_person = self.options.pop("flip", True), self.options.pop("person", False)
        self.unknown, self.targets = self.options.pop("target", "none"), ()
        self.temperature = self.options.pop("temperature", 1.0)
        self.options["attention"] = AttentionChoice(**(self.options.get("attention") or {}))

    @property
    def by_target(self) -> bool:
        """Whether it is told what is looked for."""
        return self.unknown != "none"

    def _build(self, pictures: Pictures, people: int, seed: int) -> None:
        if not pictures.maps:
            raise DataError("the images have no feature maps", where="transformer", remedy="Name `features`")
        channels, grids = (tuple(one.shape[1] for one in pictures.maps), [one.shape[2:] for one in pictures.maps])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            people = people if self.by_person else 0
            told = {"targets": len(self.targets)} if self.targets else {}
            self.net = ImageTransformer(channels, grids, pictures.size_px, people, **self.options, **told)

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        if self.by_target:
            if train.target is None or (train.target < 0).any():
                raise DataError("training scanpaths have no target", where="transformer", remedy="Set `target: none`")
            self.targets = tuple(train.targets[code] for code in np.unique(train.target))
        self._build(pictures, len(train.people), seed)
        self.trained_people = np.unique(train.person)
        self.longest = int(max(train.lengths.max(), 2))
        hidden = 0.1 if self.unknown == "shared" else 0.0
        examples = ImageScanpaths(pictures, self._known(train), flip=self.flip, seed=seed, hidden=hidden)
        held = ImageScanpaths(pictures, self._known(validation))
        with torch.no_grad():
            # Begins at the centre bias, the mean log duration and so on only as training finds them.
            self.net.begin.normal_(0, 0.02, generator=torch.Generator().manual_seed(seed))
        # Lightning takes seconds to import, and a trained network does without.
        from cogmodels.training.fit import fit

        return fit(
            self.net, objective, examples, held, self.recipe, seed=seed, folder=Path(folder or "."), monitor="bits"
        )

    def _known(self, paths: Paths) -> Paths:
        """People as the embedding has them: anyone (-1) where there is none, or who did not train."""
        person = paths.person
        known = np.isin(person, self.trained_people) if self.by_person else np.zeros(len(person), bool)
        found = replace(paths, person=np.where(known, person, -1))
        if not self.by_target:
            return replace(found, target=None)
        names = [paths.target_of(row) for row in range(len(paths))]
        return replace(found, target=np.array([self._code(name) for name in names], int))

    def _code(self, target: str | None) -> int:
        """Number of a target's embedding; -1 is the one that unknown targets share."""
        if target in self.targets:
            return self.targets.index(target)
        if self.unknown == "shared":
            return -1
        raise DataError(
            f"target `{target}` was not among those of the training",
            where="transformer",
            remedy="Set `target: shared`, or look for " + ", ".join(self.targets[:8]),
        )

    @staticmethod
    def _viewers(known: Paths, rows: np.ndarray | slice = slice(None)) -> Tensor:
        """Codes of who looks, and for what, as the network takes them."""
        person = torch.from_numpy(known.person[rows] + 1)
        return person if known.target is None else torch.stack([person, torch.from_numpy(known.target[rows] + 1)], -1)

    # -- likelihoods -------------------------------------------------------------------------------------------------

    def log_density(self, pictures: Pictures, paths: Paths) -> np.ndarray:
        return self._likelihoods(pictures, paths)["place"]

    def log_duration(self, pictures: Pictures, paths: Paths) -> np.ndarray | None:
        if not np.isfinite(paths.duration[paths.there]).any():
            return None
        return self._likelihoods(pictures, paths)["duration"]

    def log_end(self, pictures: Pictures, paths: Paths) -> np.ndarray:
        """Natural log probability of what followed each fixation, another one or the end (n, steps)."""
        return self._likelihoods(pictures, paths)["end"]

    @torch.inference_mode()
    def _likelihoods(self, pictures: Pictures, paths: Paths) -> dict[str, np.ndarray]:
        self.net.eval()
        found = {name: np.full(paths.duration.shape, np.nan) for name in ("place", "duration", "end")}
        for image, rows, given in self._batches(paths):
            parts = likelihoods(self.net, self.scene(pictures, image), *given)
            for name, values in parts.items():
                found[name][rows] = np.where(paths.there[rows], values.double().numpy(), np.nan)
        return found

    @torch.inference_mode()
    def step_maps(self, pictures: Pictures, paths: Paths) -> Iterator[np.ndarray]:
        self.net.eval()
        spread = self._spread()
        for row in range(len(paths)):
            scene, one = self.scene(pictures, int(paths.image[row])), self._known(paths.of(np.array([row])))
            xy, duration = torch.from_numpy(one.xy).float(), torch.from_numpy(one.duration).float()
            person = self._viewers(one)
            tokens = self.net.embed(self.net.fixated(scene, xy), xy, duration, person)
            tokens = torch.cat([self.net.start(person), tokens], 1)
            states = self.net.decode(scene, tokens)[:, :-1]
            logits = self.net.logits(scene, states, history(xy, self.net.lags))[0, : paths.lengths[row]]
            mass = logits.exp().unflatten(-1, self.net.cells)
            yield torch.einsum("krc,ri,cj->kij", mass, *spread).double().numpy()

    def _spread(self) -> tuple[Tensor, Tensor]:
        """Mass (rows, map rows) and (columns, map columns) of each component in the cells of ``grid``."""
        found = []
        axes = ((self.net.cell_y, self.grid.cells[0], 1), (self.net.cell_x, self.grid.cells[1], 0))
        for centres, n, axis in axes:
            edges = torch.linspace(-0.5, self.net.size_px[axis] - 0.5, n + 1)
            below = 0.5 * (1 + torch.erf((edges - centres[:, None]) / (self.net.sigma * 2**0.5)))
            mass = below.diff(dim=1)
            found.append(mass / mass.sum(1, keepdim=True))
        return found[0], found[1]

    def _batches(self, paths: Paths) -> Iterator[tuple[int, np.ndarray, tuple[Tensor, ...]]]:
        known = self._known(paths)
        for image in np.unique(paths.image):
            mine = np.flatnonzero(paths.image == image)
            for first in range(0, len(mine), _AT_A_TIME):
                rows = mine[first : first + _AT_A_TIME]
                arrays = (known.xy[rows], known.duration[rows], known.there[rows])
                xy, duration, there = map(torch.from_numpy, arrays)
                yield int(image), rows, (xy.float(), duration.float(), there, self._viewers(known, rows))

    def scene(self, pictures: Pictures, image: int) -> Scene:
        """What the network keeps of one image."""
        return self.net.look(
            [torch.from_numpy(np.asarray(one[image : image + 1], np.float32)) for one in pictures.maps]
        )

    # -- scanpaths ---------------------------------------------------------------------------------------------------

    def sample(
        self,
        pictures: Pictures,
        image: int,
        n: int,
        generator: np.random.Generator,
        person: int = -1,
        target: str | None = None,
    ) -> list[np.ndarray]:
        draws = np.stack([generator.random((n, 5)) for _ in range(self.longest)])
        return self.sample_with(pictures, image, draws, person=person, target=target)

    @torch.inference_mode()
    def sample_with(
        self,
        pictures: Pictures,
        image: int,
        draws: np.ndarray,
        *,
        person: int = -1,
        target: str | None = None,
        cached: bool = True,
    ) -> list[np.ndarray]:
        """Scanpaths from uniform numbers (steps, n, 5): component, x, y, duration and end of each fixation.

        ``cached=False`` works out the image and all past fixations anew at each step: the same scanpaths, slowly.
        """
        self.net.eval()
        n, people = draws.shape[1], torch.full((draws.shape[1],), person + 1)
        if self.by_target:
            people = torch.stack([people, torch.full_like(people, self._code(target) + 1)], -1)
        scene = self.scene(pictures, image)
        caches = self.net.caches(scene, n) if cached else None
        xy, duration = torch.zeros(n, 0, 2), torch.zeros(n, 0)
        ended = torch.full((n,), len(draws))
        tokens = self.net.start(people)
        for step, numbers in enumerate(draws):
            if not cached:
                scene = self.scene(pictures, image)
            if step:
                first = step - 1 if cached else 0
                where = xy[:, first:]
                new = self.net.embed(self.net.fixated(scene, where), where, duration[:, first:], people, first)
                tokens = new if cached else torch.cat([self.net.start(people), new], 1)
            if caches is None:
                states = self.net.decode(scene, tokens)[:, -1:]
            else:
                states, caches = self.net.step(tokens, caches)
            numbers = torch.from_numpy(numbers)
            if step:
                over = (torch.sigmoid(self.net.ends(states))[:, 0] > numbers[:, 4]) & (ended == len(draws))
                ended = torch.where(over, step, ended)
                if bool((ended < len(draws)).all()):
                    break
            past = history(torch.cat([xy, xy.new_zeros(n, 1, 2)], 1), self.net.lags)[:, -1:]
            place = self._place(self.net.logits(scene, states, past)[:, 0], numbers)
            xy = torch.cat([xy, place[:, None]], 1)
            parts = self.net.duration_parts(states, self.net.fixated(scene, xy[:, -1:]), xy[:, -1:])
            parts = [part[:, 0] for part in parts]
            duration = torch.cat([duration, _lasting(parts, numbers[:, 3])[:, None]], 1)
        every = torch.cat([xy, duration[..., None]], -1).double().numpy()
        return [path[: max(1, int(k))] for path, k in zip(every, ended, strict=True)]

    def _place(self, logits: Tensor, numbers: Tensor) -> Tensor:
        """Places (n, 2) px of the mixture, from uniform numbers (n, 3 or more)."""
        chosen = _chosen(logits / self.temperature, numbers[:, 0])
        # A Gaussian to the power of 1 / T is one with T times the variance.
        sigma, found = self.net.sigma.double() * self.temperature**0.5, []
        for axis, (centres, index) in enumerate(
            ((self.net.cell_x, chosen % self.net.cells[1]), (self.net.cell_y, chosen // self.net.cells[1]))
        ):
            centre, side = centres.double()[index], self.net.size_px[axis]
            low, high = (0.5 * (1 + torch.erf((edge - centre) / sigma / 2**0.5)) for edge in (-0.5, side - 0.5))
            share = (low + numbers[:, 1 + axis] * (high - low)).clamp(1e-9, 1 - 1e-9)
            found.append((centre + sigma * 2**0.5 * torch.erfinv(2 * share - 1)).clamp(-0.5, side - 0.501))
        return torch.stack(found, -1).float()

    # -- on disk -----------------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, np.ndarray]:
        arrays = {f"net/{name}": value.contiguous().numpy() for name, value in self.net.state_dict().items()}
        arrays |= {"longest": np.array([self.longest]), "people": self.trained_people.astype(np.int64)}
        names = np.frombuffer("\n".join(self.targets).encode(), np.uint8)
        return arrays | ({"targets": names} if self.targets else {})

    def load(self, pictures: Pictures, weights: Mapping[str, np.ndarray]) -> Transformer:
        """The network of :meth:`weights`, for pictures whose maps have the channels that it was trained on.

        Raises
        ------
        DataError
            The weights do not fit the options, or the pictures.
        """
        self.grid = Grid.of_side(pictures.size_px, self.cell_px)
        state = {name.removeprefix("net/"): torch.from_numpy(v) for name, v in weights.items() if name[:4] == "net/"}
        people = len(state["person.weight"]) - 1 if "person.weight" in state else 0
        if self.by_target and "targets" in weights:
            self.targets = tuple(weights["targets"].tobytes().decode().split("\n"))
        self._build(pictures, people, 0)
        try:
            self.net.load_state_dict(state)
        except RuntimeError as error:
            raise DataError(
                f"the weights do not fit ({str(error).splitlines()[0]})",
                where="transformer",
                remedy="Give the options and features that it was trained with",
            ) from None
        self.longest, self.trained_people = int(weights["longest"][0]), weights["people"]
        self.net.eval()
        return self


def _chosen(logits: Tensor, uniform: Tensor) -> Tensor:
    """A category (n,) of each row of log weights (n, categories)."""
    total = logits.double().exp().cumsum(-1)
    return torch.searchsorted(total, (uniform.double() * total[:, -1])[:, None])[:, 0].clamp_max(logits.shape[1] - 1)


def _lasting(parts: list[Tensor], uniform: Tensor) -> Tensor:
    """Durations (n,), s, of log-normal mixtures: the number chooses the component and, within it, the duration."""
    weight, mean, width = (part.double() for part in parts)
    total = weight.exp().cumsum(-1)
    at = uniform.double() * total[:, -1]
    chosen = torch.searchsorted(total, at[:, None]).clamp_max(weight.shape[1] - 1)
    before = torch.where(chosen > 0, total.gather(1, (chosen - 1).clamp_min(0)), 0.0)
    share = ((at[:, None] - before) / weight.exp().gather(1, chosen)).clamp(1e-6, 1 - 1e-6)
    z = 2**0.5 * torch.erfinv(2 * share - 1)
    return torch.exp(mean.gather(1, chosen) + width.exp().gather(1, chosen) * z)[:, 0].float()
