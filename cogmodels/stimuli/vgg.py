"""VGG16 (Simonyan and Zisserman 2015, ICLR), as published or narrower."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.errors import DataError
from cogmodels.stimuli.eccentricity import EccentricPool, Sampling
from cogmodels.stimuli.steps import Name, Pool, Step, convolution, max_pool, run_steps

Pooling = Literal["max", "average"]
Head = Literal["dense", "average"]
_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


class VGG16(nn.Module):
    """The network; layers are ``block<1-5>_conv<k>`` (after ReLU) and ``block<1-5>_pool``.

    Parameter names are torchvision's (``features.0.weight`` ...). Those of the convolutions are the same for weights
    that were converted from Caffe, which eccNET and IVSN use.

    Parameters
    ----------
    sampling : Sampling, optional
        The five pools then average over windows that grow away from gaze.
    pooling : {"max", "average"}
        Without ``sampling``. The published network takes the maximum.
    width : float
        Factor of every number of channels; 1 as published.
    batch_norm : bool
        Normalise after each convolution (torchvision's ``vgg16_bn``).
    classes : int
    head : {"dense", "average"}
        ``dense``: the published layers on 7 x 7 maps. ``average``: one linear layer on the mean of each map, for images
        of any size.
    """

    def __init__(
        self,
        sampling: Sampling | None = None,
        pooling: Pooling = "max",
        *,
        width: float = 1.0,
        batch_norm: bool = False,
        classes: int = 1000,
        head: Head = "dense",
    ) -> None:
        super().__init__()
        if round(64 * width) < 1 or classes < 1 or head not in ("dense", "average"):
            raise DataError(
                f"width {width}, {classes} classes, head `{head}`",
                where="vgg16",
                remedy="Give a width of 1/64 or more, a class or more, and the head dense or average",
            )
        self.sampling, self.pooling, self.head = sampling, pooling, head
        modules: list[nn.Module] = []
        channels = 3
        for published, repeats in _BLOCKS:
            wide = round(published * width)
            for _ in range(repeats):
                modules.append(nn.Conv2d(channels, wide, 3, padding=1))
                modules += [nn.BatchNorm2d(wide)] if batch_norm else []
                modules.append(nn.ReLU())
                channels = wide
            modules.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*modules)
        if head == "average":
            self.classifier = nn.Sequential(nn.Linear(channels, classes))
            return
        dense = max(1, round(4096 * width))
        self.classifier = nn.Sequential(
            nn.Linear(channels * 7 * 7, dense), nn.ReLU(), nn.Dropout(), nn.Linear(dense, dense), nn.ReLU(),
            nn.Dropout(), nn.Linear(dense, classes),
        )  # fmt: skip

    def initialise(self) -> VGG16:
        """Initial values from which a network this deep can learn (He et al. 2015, ICCV; torchvision's): from the
        global generator of random numbers."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0.0, 0.01)
                nn.init.zeros_(module.bias)
        return self

    def steps(self) -> list[Step]:
        """The convolutions and pools; normalisation, as it was learnt, worked into the weights."""
        modules = list(self.features)
        at = [k for k, module in enumerate(modules) if isinstance(module, nn.Conv2d)]
        convolutions = iter(
            (modules[k], modules[k + 1] if isinstance(modules[k + 1], nn.BatchNorm2d) else None) for k in at
        )
        found: list[Step] = []
        for number, (_, repeats) in enumerate(_BLOCKS, start=1):
            for k in range(repeats):
                found += [convolution(*next(convolutions), after=_active), Name(f"block{number}_conv{k + 1}")]
            found += [self._pool(number), Name(f"block{number}_pool")]
        return found

    def _pool(self, number: int) -> Step:
        if self.sampling is None and self.pooling == "max":
            return max_pool(2, 2)
        return Pool(EccentricPool(number, self.sampling or Sampling(slopes=(0.0,) * 5)))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, classes)."""
        if self.sampling is None and self.pooling == "max":
            # Module by module, so that normalisation learns.
            maps = self.features(images)
        else:
            maps = run_steps(self.steps(), images, {"block5_pool"})["block5_pool"]
        if self.head == "average":
            return self.classifier(maps.mean((2, 3)))
        # The adaptive mean has no deterministic gradient on CUDA; at the published size it does nothing.
        maps = maps if maps.shape[2:] == torch.Size((7, 7)) else F.adaptive_avg_pool2d(maps, 7)
        return self.classifier(maps.flatten(1))


def _active(maps: Tensor) -> Tensor:
    return F.relu(maps, inplace=True)
