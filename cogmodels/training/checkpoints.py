"""What a training keeps so that it can go on after a kill, and the weights of its best epoch."""

from __future__ import annotations

import logging
from pathlib import Path
from time import monotonic
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint
from torch import Tensor, nn

from cogmodels.errors import DataError

logger = logging.getLogger(__name__)
#: Of a training's time, checkpoints take at most this share: where an epoch is short and the network large, most epochs
#: write none.
SHARE = 0.05


class Best(Callback):
    """Weights of the epoch whose score was the highest, the earliest of equal ones, in the CPU's memory."""

    def __init__(self, monitor: str) -> None:
        self.monitor, self.score = monitor, float("-inf")
        self.weights: dict[str, Tensor] = {}

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        score = float(trainer.callback_metrics[self.monitor])
        if score > self.score:
            self.score = score
            # The first process writes and returns.
            if trainer.is_global_zero:
                found = pl_module.state_dict().items()
                self.weights = {name: value.detach().to("cpu", copy=True) for name, value in found}

    def state_dict(self) -> dict[str, Any]:
        return {"score": self.score, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.score, self.weights = state_dict["score"], state_dict["weights"]


class Last(Checkpoint):
    """Writes ``last.ckpt`` after the first epoch, the last one, and in between as often as :data:`SHARE` allows."""

    def __init__(self, folder: Path) -> None:
        self.path, self._written, self._took = folder / "last.ckpt", 0.0, 0.0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        final = trainer.should_stop or trainer.current_epoch + 1 >= (trainer.max_epochs or 0)
        due = final or monotonic() - self._written >= self._took / SHARE
        if not trainer.strategy.broadcast(due):
            return
        began = monotonic()
        trainer.save_checkpoint(self.path)
        self._written = monotonic()
        self._took = self._written - began


def best_weights(folder: Path) -> dict[str, Tensor]:
    """Weights of the best epoch, as the last checkpoint in a folder holds them."""
    state = torch.load(folder / "last.ckpt", map_location="cpu", weights_only=True)
    return state["callbacks"][Best.__qualname__]["weights"]


def last_checkpoint(folder: Path, net: nn.Module) -> Path | None:
    """The checkpoint to go on from; one that cannot be read is dropped.

    Raises
    ------
    DataError
        It is of another network.
    """
    path = folder / "last.ckpt"
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    except Exception as error:
        logger.warning("%s cannot be read (%s): training begins anew", path, error)
        path.unlink()
        return None
    found = {name.removeprefix("net."): value.shape for name, value in state.items()}
    unlike = sorted(set(found.items()) ^ {(name, value.shape) for name, value in net.state_dict().items()})
    if unlike:
        raise DataError(
            f"the checkpoint is of another network (`{unlike[0][0]}` is not the same)",
            where=path,
            remedy="Delete the folder, or give each config one of its own",
        )
    return path
