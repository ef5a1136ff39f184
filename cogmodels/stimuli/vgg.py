"""VGG16 (Simonyan and Zisserman 2015, ICLR)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.stimuli.eccentricity import EccentricPool, Sampling
from cogmodels.stimuli.steps import Name, Pool, Step, convolution, max_pool, run_steps

Pooling = Literal["max", "average"]
_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


class VGG16(nn.Module):
    """The network; layers are ``block<1-5>_conv<k>`` (after ReLU) and ``block<1-5>_pool``.

    Parameters
    ----------
    sampling : Sampling, optional
        The five pools then average over windows that grow away from gaze.
    pooling : {"max", "average"}
        Without ``sampling``. The published network takes the maximum.

    Parameter names are torchvision's (``features.0.weight`` ...). Those of the convolutions are the same for weights
    that were converted from Caffe, which eccNET and IVSN use.
    """

    def __init__(self, sampling: Sampling | None = None, pooling: Pooling = "max") -> None:
        super().__init__()
        self.sampling, self.pooling = sampling, pooling
        modules: list[nn.Module] = []
        channels = 3
        for width, repeats in _BLOCKS:
            for _ in range(repeats):
                modules += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            modules.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*modules)
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, 1000),
        )  # fmt: skip

    def steps(self) -> list[Step]:
        """The convolutions and pools."""
        convolutions = iter(module for module in self.features if isinstance(module, nn.Conv2d))
        found: list[Step] = []
        for number, (_, repeats) in enumerate(_BLOCKS, start=1):
            for k in range(repeats):
                found += [convolution(next(convolutions), after=_active), Name(f"block{number}_conv{k + 1}")]
            found += [self._pool(number), Name(f"block{number}_pool")]
        return found

    def _pool(self, number: int) -> Step:
        if self.sampling is None and self.pooling == "max":
            return max_pool(2, 2)
        return Pool(EccentricPool(number, self.sampling or Sampling(slopes=(0.0,) * 5)))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 1000)."""
        maps = run_steps(self.steps(), images, {"block5_pool"})["block5_pool"]
        return self.classifier(F.adaptive_avg_pool2d(maps, 7).flatten(1))


def _active(maps: Tensor) -> Tensor:
    return F.relu(maps, inplace=True)
