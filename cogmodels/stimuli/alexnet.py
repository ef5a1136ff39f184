"""AlexNet (Krizhevsky 2014, arXiv:1404.5997: one column, as torchvision has it)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.stimuli.steps import Name, Step, convolution, max_pool, run_steps

#: Channels in and out, kernel, stride, padding; whether a 3 x 3 pool of stride 2 follows.
_CONVOLUTIONS = (
    (3, 64, 11, 4, 2, True), (64, 192, 5, 1, 2, True), (192, 384, 3, 1, 1, False), (384, 256, 3, 1, 1, False),
    (256, 256, 3, 1, 1, True),
)  # fmt: skip


class AlexNet(nn.Module):
    """The network; layers are ``conv<1-5>`` (after ReLU) and ``pool1``, ``pool2``, ``pool5``. Names of the parameters
    are torchvision's."""

    def __init__(self) -> None:
        super().__init__()
        modules: list[nn.Module] = []
        for before, after, kernel, stride, padding, pooled in _CONVOLUTIONS:
            modules += [nn.Conv2d(before, after, kernel, stride, padding), nn.ReLU()]
            modules += [nn.MaxPool2d(3, 2)] if pooled else []
        self.features = nn.Sequential(*modules)
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
            nn.Linear(4096, 1000),
        )  # fmt: skip

    def steps(self) -> list[Step]:
        """The convolutions and pools."""
        found: list[Step] = []
        number = 0
        for module in self.features:
            if isinstance(module, nn.Conv2d):
                number += 1
                found += [convolution(module, after=F.relu), Name(f"conv{number}")]
            elif isinstance(module, nn.MaxPool2d):
                found += [max_pool(3, 2), Name(f"pool{number}")]
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 1000)."""
        maps = run_steps(self.steps(), images, {"pool5"})["pool5"]
        return self.classifier(F.adaptive_avg_pool2d(maps, 6).flatten(1))
