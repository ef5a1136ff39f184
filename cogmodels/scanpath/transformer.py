"""A network that looks at an image and the fixations so far, and says where, how long and whether there is a next."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.attention.layers import Decoder, EncoderLayer, LayerCache
from cogmodels.attention.resampling import pooled_map, resized_map, sampled_map
from cogmodels.config.attention import AttentionChoice
from cogmodels.training.processes import averaged

_SQRT2 = math.sqrt(2.0)
#: Octaves of the codes of a place; the shortest wave is an eighth of the longer side.
_OCTAVES = 6


def _exact(method: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """In float32 also where the network computes in bf16, whose phases of waves are off by half a radian at 800 px."""

    @functools.wraps(method)
    def inside(self: nn.Module, *args: Any) -> Tensor:
        with torch.autocast(args[-1].device.type, enabled=False):
            return method(self, *args)

    return inside


@dataclass
class Scene:
    """What the network keeps of images (b): tokens, keys and bias of the cells, features of the cells; and the loss of
    mechanisms of attention that have one, which grows with what is decoded."""

    tokens: Tensor
    keys: Tensor
    bias: Tensor
    fine: Tensor
    auxiliary: Tensor


class ImageTransformer(nn.Module):
    """Patch features and fixation history to a density over the next fixation, its duration and the end.

    The density is a mixture of Gaussians, one around each cell of the finest map, all of one learnt width, each
    renormalised within the image: its integral over the image is 1 and its likelihood exact. A component's weight is
    the softmax of what the cell shows (bias), how it goes with the state of the history (keys and query), and
    kernels of the displacement from each of the last fixations: sums of plane waves ``exp(i w . (cell - fixation))``
    whose amplitudes the history sets.

    The keyword parameters that are not listed are those of :class:`cogmodels.config.scanpath.TransformerOptions`.

    Parameters
    ----------
    channels : sequence of int
        Of the maps, the finest first.
    grids : sequence of (rows, columns)
        Of the maps.
    size_px : (width, height)
    people : int
        Number of people with an embedding; 0 is anyone.
    targets : int
        Number of targets with an embedding, beside one that unknown ones share; 0 = it is not told what is looked for.
    attention : AttentionChoice
        Mechanisms among the tokens of the image, among fixations, and from fixations to the image.
    """

    def __init__(
        self, channels: tuple[int, ...], grids: Sequence[tuple[int, int]], size_px: tuple[float, float],
        people: int = 0, *, attention: AttentionChoice | None = None, auxiliary_weight: float = 0.01,
        width: int = 64, heads: int = 4, encoder_layers: int = 1, decoder_layers: int = 2, dropout: float = 0.2,
        waves: int = 64, lags: int = 3, components: int = 4, fovea: bool = True, steps: int = 64,
        targets: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.cells, self.size_px, self.lags, self.fovea = tuple(grids[0]), tuple(size_px), lags, fovea
        self.auxiliary_weight = auxiliary_weight
        # With one map, tokens are means of four cells of it.
        self.coarse = tuple(grids[-1]) if len(grids) > 1 else tuple((side + 1) // 2 for side in grids[0])
        chosen = attention or AttentionChoice()
        self.inputs = nn.ModuleList(nn.Sequential(_ChannelNorm(c), nn.Conv2d(c, width, 1)) for c in channels)
        self.drop_features = nn.Dropout2d(dropout / 2)
        self.place = nn.Linear(4 * _OCTAVES, width)
        self.encoder = nn.ModuleList(
            EncoderLayer(
                width, heads, attention=chosen.encoder, options=chosen.options("encoder"), grid=self.coarse,
                hidden=3 * width, dropout=dropout,
            )
            for _ in range(encoder_layers)
        )  # fmt: skip
        self.mix = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, width), nn.LayerNorm(width))
        self.key, self.bias = (
            nn.Linear(width, width),
            nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1)),
        )
        self.prior = nn.Parameter(torch.zeros(1, 1, 12, 16))
        self.begin = nn.Parameter(torch.zeros(width))
        self.order = nn.Embedding(steps, width)
        self.lasting = nn.Linear(2, width)
        self.seen = nn.Linear(width, width)
        self.person = nn.Embedding(people + 1, width)
        nn.init.zeros_(self.person.weight)
        if targets:
            self.target = nn.Embedding(targets + 1, width)
            nn.init.normal_(self.target.weight, std=0.02)
        self.decoder = Decoder(
            decoder_layers, width, heads, attention=chosen.decoder, options=chosen.options("decoder"),
            cross=chosen.cross, cross_options=chosen.options("cross"), hidden=3 * width, dropout=dropout,
        )  # fmt: skip
        self.query = nn.Linear(width, width)
        self.amplitudes = nn.Linear(width, lags * 2 * waves)
        # Waves of 40 px and longer, more of the long ones.
        generator = torch.Generator().manual_seed(0)
        length = torch.exp(torch.empty(waves).uniform_(math.log(40.0), math.log(1600.0), generator=generator))
        angle = torch.empty(waves).uniform_(0, math.pi, generator=generator)
        self.register_buffer("waves", 2 * math.pi / length * torch.stack([angle.cos(), angle.sin()]))
        self.log_sigma = nn.Parameter(torch.tensor(math.log(14.0)))
        self.duration = nn.Sequential(nn.Linear(3 * width, width), nn.GELU(), nn.Linear(width, 3 * components))
        self.end = nn.Sequential(nn.Linear(width, width // 2), nn.GELU(), nn.Linear(width // 2, 1))
        rows, columns = self.cells
        x = (torch.arange(columns) + 0.5) * size_px[0] / columns - 0.5
        y = (torch.arange(rows) + 0.5) * size_px[1] / rows - 0.5
        self.register_buffer("cell_x", x)
        self.register_buffer("cell_y", y)
        with torch.no_grad():
            self.amplitudes.weight.mul_(0.1)
            self.amplitudes.bias.zero_()

    # -- the image -------------------------------------------------------------------------------------------------

    def look(self, maps: list[Tensor]) -> Scene:
        """What is kept of images whose maps are (b, channels, rows, columns)."""
        found = [self.drop_features(read(one)) for read, one in zip(self.inputs, maps, strict=True)]
        fine, coarse = found[0], found[-1]
        size = self.coarse
        pooled = pooled_map(fine, size)
        if len(found) == 1:
            coarse = pooled
        tokens = (coarse + pooled).flatten(2).transpose(1, 2) + self.place(self._codes(self._centres(size)))
        auxiliary = tokens.new_zeros(())
        for layer in self.encoder:
            tokens, loss = layer(tokens)
            auxiliary = auxiliary + loss
        back = tokens.transpose(1, 2).unflatten(2, size)
        back = resized_map(back, self.cells)
        cells = self.mix(torch.cat([back, fine], 1).flatten(2).transpose(1, 2))
        prior = resized_map(self.prior, self.cells).flatten()
        keys = self.key(cells + self.place(self._codes(self._centres(self.cells))))
        fine = cells.transpose(1, 2).unflatten(2, self.cells)
        return Scene(tokens, keys, self.bias(cells)[..., 0] + prior, fine, auxiliary)

    # -- the history -----------------------------------------------------------------------------------------------

    @_exact
    def fixated(self, scene: Scene, xy: Tensor) -> Tensor:
        """Features (b * paths, k, width) of the places (b * paths, k, 2) px that were looked at."""
        where = (xy + 0.5) * xy.new_tensor([c / s for c, s in zip(self.cells[::-1], self.size_px, strict=True)]) - 0.5
        where = where.reshape(len(scene.fine), -1, 2).float()
        return sampled_map(scene.fine.float(), where).reshape(*xy.shape[:2], -1)

    def embed(self, seen: Tensor, xy: Tensor, duration: Tensor, person: Tensor, first: int = 0) -> Tensor:
        """Tokens (b, k, width) of fixations, whose places in the path begin with ``first``; see :meth:`start`.

        ``seen``: :meth:`fixated` of them.
        """
        known = torch.isfinite(duration)
        logs = torch.where(known, torch.log(torch.where(known, duration, 0.2).clamp_min(1e-3) / 0.2), 0.0)
        found = self.place(self._codes(xy)) + self.lasting(torch.stack([logs, known.to(logs.dtype)], -1))
        if self.fovea:
            found = found + self.seen(seen)
        order = torch.arange(first, first + xy.shape[1], device=xy.device).clamp_max(self.order.num_embeddings - 1)
        return found + self.order(order) + self._viewer(person)

    def start(self, person: Tensor) -> Tensor:
        """The token (b, 1, width) that stands before the first fixation."""
        return self.begin + self._viewer(person)

    def _viewer(self, person: Tensor) -> Tensor:
        """(b, 1, width) of who looks, and for what: codes (b,) of people, or (b, 2) of people and targets."""
        if person.ndim == 1:
            return self.person(person)[:, None]
        return (self.person(person[:, 0]) + self.target(person[:, 1]))[:, None]

    def decode(self, scene: Scene, tokens: Tensor) -> Tensor:
        """States (b * paths, k, width) after each token.

        Scanpaths of an image (b) come one after another: what they share of it is made once.
        """
        states, loss = self.decoder(tokens, scene.tokens)
        scene.auxiliary = scene.auxiliary + loss
        return states

    def caches(self, scene: Scene, paths: int) -> list[LayerCache]:
        """What :meth:`step` keeps, before the first token of ``paths`` scanpaths."""
        return self.decoder.start(paths, scene.tokens)

    def step(self, token: Tensor, caches: list[LayerCache]) -> tuple[Tensor, list[LayerCache]]:
        """State (paths, 1, width) after one more token each, and the caches; as :meth:`decode` in evaluation."""
        return self.decoder.step(token, caches)

    # -- what is next ----------------------------------------------------------------------------------------------

    @_exact
    def logits(self, scene: Scene, states: Tensor, xy: Tensor) -> Tensor:
        """Log weights (b * paths, k, cells) of the mixture after each state.

        ``xy`` (b * paths, k, lags, 2): the last fixations before each, the last first; NaN where there is none.
        """
        groups = len(scene.keys)
        states = states.float()
        query = self.query(states) / math.sqrt(states.shape[-1])
        found = query.view(groups, -1, query.shape[-1]) @ scene.keys.float().transpose(1, 2)
        found = (found + scene.bias.float()[:, None]).view(*states.shape[:2], -1)
        amplitudes = self.amplitudes(states).unflatten(-1, (self.lags, 2, -1))
        there = torch.isfinite(xy[..., 0])
        phase = torch.where(there[..., None], xy, 0.0).float() @ self.waves
        cos, sin = phase.cos(), phase.sin()
        real, imaginary = amplitudes[..., 0, :] * there[..., None], amplitudes[..., 1, :] * there[..., None]
        # Re(a exp(i w (c - f))) = cos(wc) (re cos(wf) + im sin(wf)) + sin(wc) (re sin(wf) - im cos(wf))
        of_cos = (real * cos + imaginary * sin).sum(-2)
        of_sin = (real * sin - imaginary * cos).sum(-2)
        waves = self._centres(self.cells) @ self.waves
        return (found + of_cos @ waves.cos().T + of_sin @ waves.sin().T).log_softmax(-1)

    def parts(self, xy: Tensor) -> tuple[Tensor, Tensor]:
        """Densities (..., rows) and (..., columns) of the components' axes at places (..., 2) px, within the image."""
        sigma = self.sigma
        found = []
        for axis, (centres, side) in enumerate(((self.cell_x, self.size_px[0]), (self.cell_y, self.size_px[1]))):
            z = (xy[..., axis, None].float() - centres) / sigma
            mass = _phi((side - 0.5 - centres) / sigma) - _phi((-0.5 - centres) / sigma)
            found.append(torch.exp(-0.5 * z.square()) / (math.sqrt(2 * math.pi) * sigma * mass))
        return found[1], found[0]

    @property
    def sigma(self) -> Tensor:
        """Width of the components, px."""
        return self.log_sigma.float().exp().clamp_min(2.0)

    @_exact
    def log_density(self, logits: Tensor, xy: Tensor) -> Tensor:
        """Natural log density (...), per px^2, of places (..., 2) under the mixture of log weights (..., cells)."""
        rows, columns = self.parts(xy)
        weights = logits.float().exp().unflatten(-1, self.cells)
        found = torch.einsum("...rc,...r,...c->...", weights, rows, columns)
        return torch.log(found.clamp_min(1e-30))

    def duration_parts(self, states: Tensor, seen: Tensor, xy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log weights, means and log widths (b, k, components) of log durations of fixations at ``xy`` (b, k, 2)."""
        there = self.place(self._codes(xy))
        seen = seen.to(states.dtype) if self.fovea else torch.zeros_like(there)
        raw = self.duration(torch.cat([states, there, seen], -1)).float()
        weight, mean, width = raw.unflatten(-1, (3, -1)).unbind(-2)
        spread = torch.linspace(-1.0, 1.0, mean.shape[-1], device=mean.device)
        return weight.log_softmax(-1), mean - 1.6 + 0.5 * spread, width.clamp(-4, 3) - 0.7

    def log_duration(self, parts: tuple[Tensor, Tensor, Tensor], duration: Tensor) -> Tensor:
        """Natural log density, per s, of durations (...)."""
        weight, mean, width = parts
        logs = torch.log(duration.clamp_min(1e-3))
        z = (logs[..., None] - mean) / width.exp()
        return torch.logsumexp(weight - 0.5 * z.square() - width - 0.5 * math.log(2 * math.pi), -1) - logs

    def ends(self, states: Tensor) -> Tensor:
        """Logit (b, k) that the path ends after the last fixation of each state."""
        return self.end(states)[..., 0].float()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _centres(self, cells: tuple[int, int]) -> Tensor:
        """x, y (cells, 2) px of the centres of cells, row by row."""
        rows, columns = cells
        y, x = torch.meshgrid(
            (torch.arange(rows, device=self.cell_x.device) + 0.5) * self.size_px[1] / rows - 0.5,
            (torch.arange(columns, device=self.cell_x.device) + 0.5) * self.size_px[0] / columns - 0.5,
            indexing="ij",
        )
        return torch.stack([x, y], -1).flatten(0, 1)

    def _codes(self, xy: Tensor) -> Tensor:
        """Sines and cosines (..., 4 * octaves) of places (..., 2) px."""
        scale = math.pi / max(self.size_px)
        angles = xy[..., None] * scale * 2.0 ** torch.arange(_OCTAVES, device=xy.device) / 2.0
        return torch.cat([angles.sin(), angles.cos()], -1).flatten(-2)


class _ChannelNorm(nn.Module):
    """Layer norm over the channels of each cell."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


def history(xy: Tensor, lags: int) -> Tensor:
    """The ``lags`` fixations (b, k, lags, 2) before each of ``xy`` (b, k, 2), the last first; NaN where none is."""
    shifted = []
    for lag in range(1, lags + 1):
        before = torch.full_like(xy[:, :lag], float("nan"))
        shifted.append(torch.cat([before, xy[:, :-lag]], 1)[:, : xy.shape[1]])
    return torch.stack(shifted, 2)


def objective(net: ImageTransformer, batch: tuple[Tensor, Mapping[str, Any]]) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Negative log-likelihood of places, durations and ends, nats a fixation, and their parts in bits.

    The batch holds images (b) with p scanpaths each: ``maps``, ``xy`` (b, p, k, 2), ``duration`` and ``there``
    (b, p, k), ``person`` and, where the network is told it, ``target`` (b, p).
    """
    _, given = batch
    steps = int(given["there"].flatten(0, 1).any(0).sum())
    xy, duration, there = (given[name][:, :, :steps].flatten(0, 1) for name in ("xy", "duration", "there"))
    scene = net.look(given["maps"])
    person = given["person"].flatten()
    if "target" in given:
        person = torch.stack([person, given["target"].flatten()], -1)
    parts = likelihoods(net, scene, xy, duration, there, person, compact=True)
    # On several devices each has as many images, but not as many fixations: the mean is over all of them.
    n = averaged(given["there"].sum()).clamp_min(1)
    totals = {name: value.sum() / n for name, value in parts.items()}
    loss = net.auxiliary_weight * scene.auxiliary - sum(totals.values())
    bits = {f"{name}_bits": value.detach() / math.log(2) for name, value in totals.items()}
    uniform = math.log2(net.size_px[0] * net.size_px[1])
    bits["place_bits"] = bits["place_bits"] + uniform
    return loss, bits | {"bits": sum(bits.values())}


def likelihoods(
    net: ImageTransformer,
    scene: Scene,
    xy: Tensor,
    duration: Tensor,
    there: Tensor,
    person: Tensor,
    *,
    compact: bool = False,
) -> dict[str, Tensor]:
    """Natural log-likelihoods (b * paths, k) of place, duration (0 where unknown) and end of each fixation.

    What stands at a fixation depends on those before it (its duration on its own place too, its end on itself).
    ``compact``: densities of existing fixations alone are worked out, which is faster; the last bits of the numbers
    then depend on how many there are.
    """
    seen = net.fixated(scene, xy)
    tokens = torch.cat([net.start(person), net.embed(seen, xy, duration, person)], 1)
    states = net.decode(scene, tokens)
    before, after = states[:, :-1], states[:, 1:]
    place = _places(net, scene, before, xy, there, compact)
    known = there & torch.isfinite(duration) & (duration > 0)
    mixture = net.duration_parts(before, seen, xy)
    lasting = torch.where(known, net.log_duration(mixture, torch.where(known, duration, 0.2)), 0.0)
    last = there & ~torch.cat([there[:, 1:], torch.zeros_like(there[:, :1])], 1)
    logit = net.ends(after)
    end = torch.where(there, torch.where(last, F.logsigmoid(logit), F.logsigmoid(-logit)), 0.0)
    return {"place": place, "duration": lasting, "end": end}


def _places(net: ImageTransformer, scene: Scene, states: Tensor, xy: Tensor, there: Tensor, compact: bool) -> Tensor:
    """Log densities (b * paths, k) of fixations; 0 where there is none."""
    images, past = len(scene.keys), history(xy, net.lags)
    states, past, flat = (part.reshape(images, -1, *part.shape[2:]) for part in (states, past, xy))
    exists = there.reshape(images, -1)
    n = int(exists.sum(1).max()) if compact else exists.shape[1]
    # Of each image the fixations that exist come first.
    rows = torch.argsort(~exists, dim=1, stable=True)[:, :n] if compact else torch.arange(n, device=xy.device)
    at = torch.arange(images, device=xy.device)[:, None], rows
    found = net.log_density(net.logits(scene, states[at], past[at]), flat[at])
    found = torch.zeros(exists.shape, dtype=found.dtype, device=xy.device).index_put(at, found)
    return torch.where(exists, found, 0.0).view(there.shape)


def _phi(z: Tensor) -> Tensor:
    return 0.5 * (1 + torch.erf(z / _SQRT2))
