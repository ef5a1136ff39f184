"""The network that both sides ask: untrained, its paths of about ten fixations."""

import numpy as np
import torch


def untrained(data):
    """Model and picture of the inputs."""
    from cogmodels.scanpath.grid import Grid
    from cogmodels.scanpath.network import Transformer
    from cogmodels.scanpath.viewing import Pictures

    torch.set_num_threads(1)
    pictures = Pictures(("image",), (800.0, 600.0), (np.asarray(data["fine"]), np.asarray(data["coarse"])))
    model = Transformer()
    model.grid, model.longest, model.trained_people = Grid.of_side(pictures.size_px, 10.0), 22, np.arange(0)
    model._build(pictures, 0, seed=0)
    with torch.no_grad():
        model.net.end[-1].bias.fill_(-2.2)
    return model, pictures


def flat(paths):
    """All fixations (n, 3) of scanpaths."""
    return np.concatenate(paths).round(2)
