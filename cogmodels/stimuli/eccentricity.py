"""Sampling that coarsens with distance from gaze: pooling whose windows grow as receptive fields do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.errors import DataError
from cogmodels.stimuli import _box_kernels as kernels

#: Growth of the window of the five downsampling layers of a network, input pixels a pixel (Gupta et al. 2021).
SLOPES = (0.0, 0.0, 3.5 * 0.02, 8 * 0.02, 16 * 0.02)


@dataclass(frozen=True)
class Sampling:
    """How a network samples the visual field.

    ``px_per_degree`` of the image; ``fovea_deg`` flat, then a ring each degree; ``slopes`` of the layers that halve
    the resolution, first to last. Published: 30 px, 4 degrees, :data:`SLOPES`.
    """

    px_per_degree: float = 30.0
    fovea_deg: float = 4.0
    ring_deg: float = 1.0
    slopes: tuple[float, ...] = SLOPES

    def __post_init__(self) -> None:
        if not (self.px_per_degree > 0 and self.fovea_deg >= 0 and self.ring_deg > 0 and min(self.slopes) >= 0):
            raise DataError(
                f"px_per_degree {self.px_per_degree}, fovea_deg {self.fovea_deg}, ring_deg {self.ring_deg}, slopes "
                f"{self.slopes}",
                where="sampling",
                remedy="Give positive numbers; slopes and the fovea may be 0",
            )


def ring_windows(side: int, layer: int, sampling: Sampling | None = None, *, base: int = 2) -> list[tuple[float, int]]:
    """Outer radius (output px) and window (input px) of each ring of a layer, inner to outer.

    Parameters
    ----------
    side : int
        Longer side of the layer's input, px.
    layer : int
        From 1; its input has been halved ``layer - 1`` times.
    base : int
        Window at the centre: 2 for a pool, 1 where a layer skips every other pixel.

    Returns
    -------
    rings : list of (radius, window)
        The last radius is infinite. One ring, with the base window, where the fovea covers all.

    Notes
    -----
    Gupta, Zhang, Wu, Wolfe and Kreiman (2021), NeurIPS 34: ``w_k = base + round(slope * (2 r_k - F d))``; rounding is
    to the even, as Python's.
    """
    sampling = sampling or Sampling()
    if not 1 <= layer <= len(sampling.slopes):
        raise DataError(f"no layer {layer}", where="ring_windows", remedy=f"There are {len(sampling.slopes)} slopes")
    density = round(sampling.px_per_degree / 2 ** (layer - 1))
    out, slope = int((side + 1) / 2), sampling.slopes[layer - 1]
    flat = sampling.fovea_deg * density
    radius, step = round(flat / 2), max(1, round(sampling.ring_deg * density / 2))
    rings = [(float(radius), base)]
    if radius > out / 2:
        return [(np.inf, base)]
    while radius < out / 2:
        radius += step
        rings.append((float(radius), base + round(slope * (2 * radius - flat))))
    rings[-1] = (np.inf, rings[-1][1])
    return rings


def halve(maps: Tensor, times: int) -> Tensor:
    """Ordinary 2 x 2 averages of maps (n, c, h, w); an odd last row or column stands for itself."""
    for _ in range(times):
        maps = F.avg_pool2d(maps, 2, 2, ceil_mode=True, count_include_pad=False)
    return maps


class EccentricPool(nn.Module):
    """Average over windows that grow with distance from the centre of the map; halves the resolution.

    Windows are placed as TensorFlow's "same" padding does; with ``base`` 1 they are centred where a "same" convolution
    of stride 2 is. Padding never counts in an average.

    Parameters
    ----------
    layer, sampling, base
        As :func:`ring_windows`.
    """

    def __init__(self, layer: int, sampling: Sampling | None = None, *, base: int = 2) -> None:
        super().__init__()
        self.layer, self.sampling, self.base = layer, sampling or Sampling(), base
        self._spans: dict[tuple[int, int], tuple[np.ndarray, ...]] = {}

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, ceil(h / 2), ceil(w / 2))."""
        spans = self.spans(*maps.shape[-2:])
        return box_means(maps, *(torch.from_numpy(span[None]).to(maps.device) for span in spans))

    def first(self, n: int) -> float:
        """Middle of the first window of the fovea among ``n`` rows or columns."""
        if self.base == 1:
            return float((n + 1) % 2)
        return (self.base - 1) / 2 - max(((n + 1) // 2 - 1) * 2 + self.base - n, 0) // 2

    def spans(self, height: int, width: int) -> tuple[np.ndarray, ...]:
        """First row, last row + 1, first column, last column + 1 that each output of such maps averages over."""
        if (height, width) not in self._spans:
            rings = ring_windows(max(height, width), self.layer, self.sampling, base=self.base)
            out = (height + 1) // 2, (width + 1) // 2
            rows, columns = np.mgrid[: out[0], : out[1]]
            square = (rows - int(out[0] / 2)) ** 2 + (columns - int(out[1] / 2)) ** 2
            which = np.full(out, len(rings) - 1)
            for k in range(len(rings) - 2, -1, -1):
                which[square < rings[k][0] ** 2] = k
            windows = np.array([window for _, window in rings])[which]
            found = []
            for at, n in ((rows, height), (columns, width)):
                if self.base > 1:
                    before = np.maximum(((n + 1) // 2 - 1) * 2 + windows - n, 0) // 2
                else:
                    before = (windows - 1) // 2 - (n + 1) % 2
                first = 2 * at - before
                found += [np.clip(first, 0, n), np.clip(first + windows, 0, n)]
            self._spans[height, width] = tuple(found)
        return self._spans[height, width]


def box_means(maps: Tensor, tops: Tensor, bottoms: Tensor, lefts: Tensor, rights: Tensor) -> Tensor:
    """Means of boxes of maps (n, c, h, w), each (1 or n, rows, columns) int64: (n, c, rows, columns).

    Sums are in double precision. An empty box gives 0.
    """
    if maps.device.type == "cpu":
        last = maps.permute(0, 2, 3, 1).contiguous().numpy()
        out = np.empty((len(last), *tops.shape[1:], last.shape[3]), last.dtype)
        kernels.box_means(last, *(box.numpy() for box in (tops, bottoms, lefts, rights)), out)
        return torch.from_numpy(out).permute(0, 3, 1, 2)
    sums = F.pad(maps.double(), (1, 0, 1, 0)).cumsum(-1).cumsum_(-2).flatten(2)
    width, shape = maps.shape[-1] + 1, tops.shape[1:]

    def corner(rows: Tensor, columns: Tensor) -> Tensor:
        index = (rows * width + columns).flatten(1)
        if len(index) == 1:
            return sums[..., index[0]]
        return sums.gather(2, index.unsqueeze(1).expand(-1, sums.shape[1], -1))

    total = corner(bottoms, rights) - corner(tops, rights) - corner(bottoms, lefts) + corner(tops, lefts)
    count = ((bottoms - tops) * (rights - lefts)).clamp(min=1).flatten(1).unsqueeze(1)
    return (total / count).to(maps.dtype).unflatten(2, shape)
