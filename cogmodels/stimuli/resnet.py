"""ResNet-50 (He, Zhang, Ren and Sun 2016, CVPR; stride in the 3 x 3 convolution, as torchvision has it)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.stimuli.steps import Add, Keep, Name, Step, convolution, max_pool, run_steps

_DEPTHS, _WIDTHS = (3, 4, 6, 3), (64, 128, 256, 512)


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1, and the way around them. Parameter names are torchvision's."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.downsample: nn.Module | None = None
        if stride > 1 or channels != 4 * width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
            )

    def steps(self) -> list[Step]:
        """What the block does."""
        around = [] if self.downsample is None else [convolution(self.downsample[0], self.downsample[1])]
        return [
            Keep(tuple(around)),
            convolution(self.conv1, self.bn1, F.relu),
            convolution(self.conv2, self.bn2, F.relu),
            convolution(self.conv3, self.bn3),
            Add(F.relu),
        ]


class ResNet50(nn.Module):
    """The network; layers are ``stem``, ``pool`` and ``layer<1-4>.<k>``."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for number, (depth, width) in enumerate(zip(_DEPTHS, _WIDTHS, strict=True), start=1):
            blocks = []
            for k in range(depth):
                blocks.append(Bottleneck(channels, width, 2 if number > 1 and k == 0 else 1))
                channels = 4 * width
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, 1000)

    def _blocks(self) -> list[tuple[str, Bottleneck]]:
        return [
            (f"layer{number}.{k}", block)
            for number in range(1, 5)
            for k, block in enumerate(getattr(self, f"layer{number}"))
        ]

    def steps(self) -> list[Step]:
        """The network up to its last block."""
        stem = [convolution(self.conv1, self.bn1, F.relu), Name("stem")]
        blocks = [step for name, block in self._blocks() for step in [*block.steps(), Name(name)]]
        return [*stem, max_pool(3, 2, 1), Name("pool"), *blocks]

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 1000)."""
        return self.fc(run_steps(self.steps(), images, {"layer4.2"})["layer4.2"].mean(dim=(2, 3)))
