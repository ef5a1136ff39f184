"""One training step on images with all their scanpaths: loss and gradient, which both sides must agree on."""

import sys
from pathlib import Path

import numpy as np
import torch
from network import untrained
from timing import inputs


def training(losses):
    """Function that makes one step of the inputs, of ``losses(net, batch)``, which gives the loss in one or more parts.

    It returns what :func:`step` gives. The network is without dropout; feature maps are
    mapped into memory, as a cache on a disk is, and read anew each time that they are used.
    """
    model, _ = untrained(inputs("sampling"))
    net, batch = model.net.eval(), {name: torch.from_numpy(array) for name, array in inputs("training").items()}
    batch["maps"] = [np.load(Path(sys.argv[2]) / f"training-{name}.npy", mmap_mode="r") for name in ("fine", "coarse")]
    return lambda: step(net, losses(net, batch))


def step(net, losses):
    """Loss (the sum of its parts), logarithm of the gradient's length, and each parameter's share of it."""
    net.zero_grad()
    total = 0.0
    for loss in losses:
        loss.backward()
        total += float(loss.detach())
    lengths = [0.0 if one.grad is None else float(one.grad.norm()) for one in net.parameters()]
    whole = np.linalg.norm(lengths)
    return np.array([total, np.log(whole), *(lengths / whole)])


def together(net, batch):
    """All scanpaths of all images at once, as training does."""
    from cogmodels.scanpath.transformer import objective

    maps = [torch.from_numpy(np.array(one)) for one in batch["maps"]]
    yield objective(net, (None, {**batch, "maps": maps}))[0]


def one_by_one(net, batch):
    """A fixation at a time: image and history worked out anew, as where each is an example of its own."""
    from cogmodels.scanpath.transformer import likelihoods

    n = int(batch["there"].sum())
    for image, paths in enumerate(batch["there"]):
        for path, there in enumerate(paths):
            length = int(there.sum())
            for index in range(length):
                # The next fixation too, as the path's end is not told otherwise; nothing depends on where it is.
                k = min(index + 2, length)
                given = (batch[name][image, path, :k][None] for name in ("xy", "duration", "there"))
                maps = [torch.from_numpy(np.array(one[image : image + 1])) for one in batch["maps"]]
                parts = likelihoods(net, net.look(maps), *given, batch["person"][image, path][None])
                yield -sum(value[0, index] for value in parts.values()) / n
