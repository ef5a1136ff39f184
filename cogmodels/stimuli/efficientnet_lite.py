"""EfficientNet-Lite0, 1 and 2 (Tan and Le 2019, ICML; Lite: no squeeze-and-excitation, ReLU6)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.errors import DataError
from cogmodels.stimuli.eccentricity import EccentricPool, Sampling
from cogmodels.stimuli.steps import Add, Apply, Keep, Name, Pool, Step, convolution, run_steps

#: Kernel, stride, expansion of the seven stages.
_STAGES = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))
#: Blocks of each stage, and their channels.
_REPEATS = {0: (1, 2, 2, 3, 3, 4, 1), 1: (1, 3, 3, 4, 4, 5, 1), 2: (1, 3, 3, 4, 4, 5, 1)}
_CHANNELS = {
    0: (16, 24, 40, 80, 112, 192, 320),
    1: (16, 24, 40, 80, 112, 192, 320),
    2: (16, 24, 48, 88, 120, 208, 352),
}
_EPS = 1e-3


class Block(nn.Module):
    """Inverted bottleneck. Parameter names are those of the published weights."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = channels * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(channels, inner, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(inner, eps=_EPS)
        self._depthwise_conv = nn.Conv2d(inner, inner, kernel, stride, groups=inner, bias=False)
        self._bn1 = nn.BatchNorm2d(inner, eps=_EPS)
        self._project_conv = nn.Conv2d(inner, out, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(out, eps=_EPS)
        self.expands, self.skips = expansion > 1, stride == 1 and channels == out

    def steps(self, name: str, layer: int, sampling: Sampling | None) -> list[Step]:
        """What the block does; ``<name>_expand`` is its widened input, before its resolution may be halved."""
        found: list[Step] = [Keep()] if self.skips else []
        if self.expands:
            found += [convolution(self._expand_conv, self._bn0, _active), Name(f"{name}_expand")]
        found += strided(self._depthwise_conv, self._bn1, layer, sampling)
        found.append(convolution(self._project_conv, self._bn2))
        return [*found, *([Add()] if self.skips else []), Name(name)]


class EfficientNetLite(nn.Module):
    """The network, with or without windows that grow away from gaze.

    Parameters
    ----------
    size : {0, 1, 2}
    sampling : Sampling, optional
        Each of the five convolutions of stride 2 then runs at stride 1, and every other result is averaged with its
        neighbours in an eccentric window; in the fovea, and everywhere without ``sampling``, it is the published net.
    """

    def __init__(self, size: int = 0, sampling: Sampling | None = None) -> None:
        super().__init__()
        if size not in _REPEATS:
            raise DataError(f"no EfficientNet-Lite{size}", where="EfficientNetLite", remedy="Sizes are 0, 1 and 2")
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=_EPS)
        blocks, channels = [], 32
        for (kernel, stride, expansion), repeats, out in zip(_STAGES, _REPEATS[size], _CHANNELS[size], strict=True):
            for k in range(repeats):
                blocks.append(Block(channels, out, kernel, stride if k == 0 else 1, expansion))
                channels = out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(channels, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, eps=_EPS)
        self._fc = nn.Linear(1280, 1000)
        self.sampling = sampling

    def steps(self) -> list[Step]:
        """The network up to its last block; layers are ``stem``, ``block<k>`` and ``block<k>_expand``."""
        found = [*strided(self._conv_stem, self._bn0, 1, self.sampling), Name("stem")]
        layer = 1
        for k, block in enumerate(self._blocks):
            layer += block._depthwise_conv.stride[0] == 2
            found += block.steps(f"block{k}", layer, self.sampling)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 1000)."""
        last = f"block{len(self._blocks) - 1}"
        maps = run_steps(self.steps(), images, {last})[last]
        return self._fc(F.relu6(self._bn1(self._conv_head(maps))).mean(dim=(2, 3)))


def strided(module: nn.Conv2d, norm: nn.BatchNorm2d, layer: int, sampling: Sampling | None) -> list[Step]:
    """A "same" convolution; one of stride 2 whose windows grow runs at stride 1 and a pool takes every other result."""
    # Where windows do not grow, a convolution of stride 2 is the same and a quarter of the work.
    if sampling is None or module.stride[0] == 1 or sampling.slopes[layer - 1] == 0:
        return [convolution(module, norm, _active, same=True)]
    # Results are averaged before they are cut off, as a convolution of averages would be.
    found = convolution(module, norm, same=True, stride=1)
    return [found, Pool(EccentricPool(layer, sampling, base=1)), Apply(_active, 1)]


def _active(maps: Tensor) -> Tensor:
    return F.relu6(maps, inplace=True)
