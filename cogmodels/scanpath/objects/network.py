"""OAT: a transformer whose output is attention to the objects of a scene, and whose end is attention to the target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.attention.layers import Decoder, Encoder, LayerCache
from cogmodels.config.attention import AttentionChoice
from cogmodels.scanpath.position_codes import position_codes
from cogmodels.training.processes import averaged

#: Dimensions of a code of a row, of a column, of being the target, as published (of 256 for the three).
_LENGTH, _OF = 8.764, 86


@dataclass
class ObjectScene:
    """What the network keeps of scenes (b).

    Appearance (b, N, d/2), places (b, N, 2), the target (b,), what a search starts from (d/2,), the encoder's tokens
    (b, N + 1 or 2, d), which of them are padding, keys of the output (b, heads, N + 1, d), and the loss of mechanisms
    of attention that have one.
    """

    appearance: Tensor
    place: Tensor
    target: Tensor
    start: Tensor
    memory: Tensor
    padding: Tensor
    keys: Tensor
    auxiliary: Tensor


class ObjectTransformer(nn.Module):
    """Objects of a layout, and those looked at so far, to the next object or the end (Fang et al. 2024, ECCV).

    A token is half appearance (two convolutions), half place: codes of row and column whose cosines fall with distance,
    and of whether it is the target. The encoder reads all objects and one more token, TARGET: picture and place of the
    target, marked. The objects themselves are not marked: the target's would be the same token as TARGET, and the end
    as likely as one more look at it. The decoder reads the objects looked at, marked where they are the target, in
    their order (sine waves), from a start in the middle of the layout whose picture is white. Output: for each
    decoder state the mean over heads, with learnt weights, of its products with the encoder's tokens.

    Other than published: pictures are RGB in 0 to 1 of all data sets (published: BGR, 0 to 255 of some).

    The keyword parameters that are not listed are those of :class:`cogmodels.config.objects.OatOptions`.

    Parameters
    ----------
    rows_columns : (rows, columns)
        Largest of the layouts.
    patch : (height, width)
        Of the pictures, px; 150 x 93 as published.
    """

    def __init__(
        self, rows_columns: tuple[int, int], patch: tuple[int, int], *, width: int = 512, heads: int = 4,
        hidden: int = 512, encoder_layers: int = 4, decoder_layers: int = 4, output_heads: int = 2,
        dropout: float = 0.1, positions: str = "gaussian", end: str = "target", appearance: bool = True,
        attention: AttentionChoice | None = None, auxiliary_weight: float = 0.01, longest: int = 512,
    ) -> None:  # fmt: skip
        super().__init__()
        chosen, half = attention or AttentionChoice(), width // 2
        self.width, self.half, self.output_heads, self.auxiliary_weight = width, half, output_heads, auxiliary_weight
        self.middle = tuple(side // 2 for side in rows_columns)
        self.look_at = AppearanceEmbedding(patch, half) if appearance else None
        code = -(-half // 3)
        rows = max(*rows_columns, 2)
        table = position_codes(rows, code, length=_LENGTH * math.sqrt(code / _OF))
        marks = torch.from_numpy(table[:2].copy())
        table = {"gaussian": torch.from_numpy(table), "sinusoidal": _waves(rows, code)}.get(positions)
        self.register_buffer("codes", torch.zeros(rows, code) if table is None else table)
        self.register_buffer("marks", marks)
        self.register_buffer("order", _waves(longest + 1, width))
        shared = {"hidden": hidden, "dropout": dropout, "norm": "post", "activation": "relu"}
        self.encoder = Encoder(
            encoder_layers, width, heads, attention=chosen.encoder, options=chosen.options("encoder"), **shared
        )
        self.decoder = Decoder(
            decoder_layers, width, heads, attention=chosen.decoder, options=chosen.options("decoder"),
            cross=chosen.cross, cross_options=chosen.options("cross"), **shared,
        )  # fmt: skip
        self.drop = nn.Dropout(dropout)
        self.key, self.query = (nn.Linear(width, output_heads * width) for _ in range(2))
        self.combine = nn.Linear(output_heads, 1)
        self.own_end = nn.Parameter(torch.randn(width) * 0.1) if end == "own" else None
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def look(self, patches: Tensor, place: Tensor, there: Tensor, target: Tensor) -> ObjectScene:
        """What is kept of scenes.

        Parameters
        ----------
        patches : Tensor of uint8, (b, N, height, width, 3)
            Pictures of the objects; not looked at where appearance does not count.
        place : Tensor of int, (b, N, 2)
            Rows and columns.
        there : Tensor of bool, (b, N)
        target : Tensor of int, (b,)
        """
        b, n = there.shape
        if self.look_at is None:
            seen, start = self.order.new_zeros(b, n, self.half), self.order.new_zeros(self.half)
        else:
            # The start is one more picture, all white.
            images = torch.cat([patches.flatten(0, 1), torch.full_like(patches[:1, 0], 255)])
            found = self.look_at(images)
            seen, start = found[:-1].unflatten(0, (b, n)), found[-1]
        objects = self._tokens(seen, place, torch.zeros_like(there))
        at = torch.arange(b, device=target.device), target
        sought = self._tokens(seen[at][:, None], place[at][:, None], torch.ones_like(there[:, :1]))
        tokens, padding = [objects, sought], [~there, torch.zeros_like(there[:, :1])]
        if self.own_end is not None:
            tokens, padding = [*tokens, self.own_end.expand(b, 1, -1)], [*padding, padding[-1]]
        padding = torch.cat(padding, 1)
        memory, auxiliary = self.encoder(torch.cat(tokens, 1), padding_mask=padding)
        # The end's place is the target token's, or that of its own.
        read = memory if self.own_end is None else torch.cat([memory[:, :n], memory[:, -1:]], 1)
        keys = self.key(read).unflatten(-1, (self.output_heads, self.width)).transpose(1, 2)
        return ObjectScene(seen, place, target, start, memory, padding, keys, auxiliary)

    def _tokens(self, seen: Tensor, place: Tensor, marked: Tensor) -> Tensor:
        codes = self.codes[place[..., 0]], self.codes[place[..., 1]], self.marks[marked.long()]
        return torch.cat([seen, torch.cat(codes, -1)[..., : self.half]], -1)

    def start(self, scene: ObjectScene, paths: int) -> Tensor:
        """The token (b * paths, 1, d) that stands before the first object."""
        place = torch.tensor(self.middle, device=scene.place.device).expand(1, 1, 2)
        token = self._tokens(scene.start.expand(1, 1, -1), place, torch.zeros_like(place[..., 0]))
        return self.drop((token + self.order[0]).expand(len(scene.target) * paths, -1, -1))

    def embed(self, scene: ObjectScene, objects: Tensor, first: int = 0) -> Tensor:
        """Tokens (b * paths, k, d) of objects (b * paths, k) looked at; ``first``: place of the first in its path."""
        b = len(scene.target)
        flat = objects.reshape(b, -1)
        at = torch.arange(b, device=objects.device)[:, None], flat
        tokens = self._tokens(scene.appearance[at], scene.place[at], flat == scene.target[:, None])
        tokens = tokens.reshape(*objects.shape, self.width)
        return self.drop(tokens + self.order[first + 1 : first + 1 + objects.shape[1]])

    def decode(self, scene: ObjectScene, tokens: Tensor) -> Tensor:
        """States (b * paths, k, d) after each token; paths of a scene come one after another."""
        states, loss = self.decoder(tokens, scene.memory, memory_padding_mask=scene.padding)
        scene.auxiliary = scene.auxiliary + loss
        return states

    def caches(self, scene: ObjectScene, paths: int) -> list[LayerCache]:
        """What :meth:`step` keeps, before the first token of ``paths`` sequences a scene."""
        return self.decoder.start(len(scene.target) * paths, scene.memory, memory_padding_mask=scene.padding)

    def step(self, token: Tensor, caches: list[LayerCache]) -> tuple[Tensor, list[LayerCache]]:
        """State after one more token each, and the caches; as :meth:`decode` in evaluation."""
        return self.decoder.step(token, caches)

    def logits(self, scene: ObjectScene, states: Tensor, first: int = 0) -> Tensor:
        """Object attention (b * paths, k, N + 2) of states: objects, END, PAD.

        END is the logit of the target token (or of its own), and -inf at the first step of all (``first`` 0); PAD that
        of a product that is 0 in each head. Objects that a scene has not are -inf.
        """
        b, paths = len(scene.target), states.shape[:2]
        queries = self.query(states).reshape(b, -1, self.output_heads, self.width).transpose(1, 2)
        heads = queries @ scene.keys.transpose(-2, -1) / math.sqrt(self.width)
        found = self.combine(F.pad(heads, (0, 1)).movedim(1, -1))[..., 0]
        n = scene.place.shape[1]
        found = found.masked_fill(F.pad(scene.padding[:, None, :n], (0, 2)), -torch.inf).reshape(*paths, -1)
        if first:
            return found
        early = torch.zeros_like(found, dtype=torch.bool)
        early[:, 0, n] = True
        return found.masked_fill(early, -torch.inf)


class AppearanceEmbedding(nn.Module):
    """Pictures (n, height, width, 3) uint8 to (n, d): two convolutions, pooled, and a layer.

    150 x 93 px give 32 x 9 x 5 = 1440 numbers.
    """

    def __init__(self, patch: tuple[int, int], width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, 16, 5), nn.ReLU(), nn.MaxPool2d(5), nn.Conv2d(16, 32, 3), nn.ReLU(),
            # Small pictures are pooled less, so that something is left of them.
            nn.MaxPool2d(3 if min(self.sides(patch, 1)) >= 3 else 1), nn.Flatten(),
        )  # fmt: skip
        rows, columns = self.sides(patch, 3 if min(self.sides(patch, 1)) >= 3 else 1)
        self.features = 32 * rows * columns
        self.readout = nn.Linear(self.features, width)

    @staticmethod
    def sides(patch: tuple[int, int], pool: int) -> tuple[int, int]:
        """Rows and columns of the last map of pictures (height, width)."""
        rows, columns = ((((side - 4) // 5) - 2) // pool for side in patch)
        return rows, columns

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, height, width, 3) uint8 -> (n, d)."""
        return self.readout(self.convolutions(pictures.permute(0, 3, 1, 2).float() / 255))


def objective(net: ObjectTransformer, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss and bits (the higher the better) of a batch of scenes, each with all its sequences."""
    _, given = batch
    scene = net.look(given["patches"], given["place"], given["there"], given["target"])
    lengths = given["lengths"].flatten()
    # What stands beyond the longest of the batch is not worked out.
    objects = given["objects"].flatten(0, 1)[:, : int(lengths.max())]
    logits, chosen, known = teach(net, scene, objects, lengths)
    # On several devices each has as many scenes, but not as many steps: the mean is over all of them.
    n = averaged(known.sum()).clamp_min(1)
    loss = F.cross_entropy(logits[known], chosen[known], reduction="sum") / n
    seen = logits[known][:, :-1].log_softmax(-1).gather(1, chosen[known][:, None])
    bits = seen.sum().detach() / n / math.log(2)
    return loss + net.auxiliary_weight * scene.auxiliary, {"bits": bits}


def teach(
    net: ObjectTransformer, scene: ObjectScene, objects: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (b * paths, steps + 1, N + 2) given people's steps, what they chose (.., END = N), which steps exist."""
    paths, steps = objects.shape
    tokens = torch.cat([net.start(scene, paths // len(scene.target)), net.embed(scene, objects)], 1)
    logits = net.logits(scene, net.decode(scene, tokens))
    at = torch.arange(steps + 1, device=objects.device)
    chosen = torch.where(at == lengths[:, None], scene.place.shape[1], F.pad(objects, (0, 1)))
    # Empty places of scenes with fewer sequences have no end either.
    return logits, chosen, (at <= lengths[:, None]) & (lengths[:, None] > 0)


def _waves(rows: int, width: int) -> Tensor:
    """Sinusoidal codes (rows, width) of places in an order (Vaswani et al. 2017)."""
    at, octave = torch.arange(rows)[:, None], torch.arange(0, width, 2)
    angle = at * torch.exp(-math.log(1e4) * octave / width)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :width]
