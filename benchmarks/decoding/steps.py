"""Training steps of a narrow MindBridge, as our loop takes them and as a plain one does."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from gpu import by_subject, recipe

from cogmodels.decoding.models.mindbridge import MindBridge
from cogmodels.decoding.network import JointExamples, _objective
from cogmodels.decoding.subjects import Part, Scaler, Targets
from cogmodels.training.batches import Batches
from cogmodels.training.fit import Learner

OPTIONS = {"pooled": 2048, "hidden": 512, "bottleneck": 32, "blocks": 4}
STEPS, BATCH, SEED = 8, 50, 0


def examples(folder: Path, mapped: bool) -> JointExamples:
    """Examples of all subjects; responses mapped from disk, or read into memory as float32, as the plain way is."""
    parts = []
    for file in sorted(folder.glob("sub-*.npy")):
        values = np.load(file, mmap_mode="r") if mapped else np.load(file).astype(np.float32)
        codes = np.arange(len(values))
        parts.append(Part(file.stem[4:], values, codes, codes))
    with np.load(folder / "targets.npz") as file:
        targets = Targets([str(code) for code in codes], file["image"], file["text"])
    scalers = {one.subject: Scaler(np.zeros(one.width, np.float32), np.ones(one.width, np.float32)) for one in parts}
    return JointExamples(parts, targets, scalers, training=True, seed=SEED)


class Steps:
    """A network with optimiser and batches, ready to take steps; ``loading``: seconds that batches took to make."""

    def __init__(self, folder: Path, *, mapped: bool, together: bool) -> None:
        torch.set_num_threads(1)
        data = examples(folder, mapped)
        torch.manual_seed(SEED)
        widths = {one.subject: one.width for one in data.parts}
        self.net = MindBridge(widths, data.targets.image.shape[1], data.targets.text.shape[1], **OPTIONS)
        batches = Batches(data, data, batch_size=BATCH, seed=SEED)
        batches.trainer = SimpleNamespace(current_epoch=0)
        self.loader = batches.train_dataloader()
        self.optimizer = torch.optim.AdamW(Learner(self.net, _objective, recipe())._groups(), lr=1.5e-4)
        self.objective, self.loading, self.computing = _objective if together else by_subject, 0.0, 0.0

    def check(self) -> np.ndarray:
        """What the untrained network decodes of the first subject's first responses (10, d): the same on both sides."""
        first = next(iter(self.loader))[1]
        self.net.eval()
        with torch.no_grad():
            found = self.net.decode(first["1"]["values"][:10], "1")[0].numpy()
        self.net.train()
        return found

    def run(self) -> None:
        """Some steps, one batch each."""
        source = iter(self.loader)
        for _ in range(STEPS):
            started = time.perf_counter()
            batch = next(source)
            ready = time.perf_counter()
            self.optimizer.zero_grad()
            self.objective(self.net, batch)[0].backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimizer.step()
            self.loading, self.computing = self.loading + ready - started, self.computing + time.perf_counter() - ready


def prepare(*, mapped: bool, together: bool):
    """What :func:`timing.run` times: ``STEPS`` steps."""
    steps = Steps(Path(sys.argv[2]), mapped=mapped, together=together)
    found = steps.check()

    def work():
        steps.run()
        return found

    return work


if __name__ == "__main__":
    # PYTHONPATH=. python benchmarks/decoding/steps.py <folder of inputs.py>: which share of a step is computing.
    steps = Steps(Path(sys.argv[1]), mapped=True, together=True)
    steps.run()
    total = steps.loading + steps.computing
    print(f"{1000 * total / STEPS:.0f} ms a step, {100 * steps.computing / total:.1f} % of it computing")
