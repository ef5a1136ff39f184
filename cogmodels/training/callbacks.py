"""What a training keeps beside its weights: curves, patience, speed."""

from __future__ import annotations

import logging
import time
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, EarlyStopping

from cogmodels.errors import DataError

logger = logging.getLogger(__name__)


class Curves(Callback):
    """Loss and scores of each epoch; they come back with a checkpoint."""

    def __init__(self, processes: int = 1) -> None:
        self.rows: list[dict[str, float]] = []
        self.processes, self._rate = processes, 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # At the end of the epoch it is the next one's.
        self._rate = trainer.optimizers[0].param_groups[0]["lr"]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if not all(map(_finite, values.values())):
            raise DataError(
                f"epoch {trainer.current_epoch + 1} ended with {values}",
                where="training",
                remedy="Lower the learning rate, or look at the images",
            )
        self.rows.append({"epoch": trainer.current_epoch + 1, "learning_rate": self._rate, **values})
        shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        logger.info("epoch %d: %s", trainer.current_epoch + 1, shown)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows, "processes": self.processes}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])
        before = state_dict.get("processes", 1)
        if before != self.processes:
            logger.warning(
                "a training begun on %d device(s) goes on on %d: it ends in other bits than one without interruption",
                before,
                self.processes,
            )


class Patience(EarlyStopping):
    """Early stopping that a training which was killed after its last epoch does not forget."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.should_stop = self.wait_count >= self.patience


class Throughput(Callback):
    """Training examples a second, of all devices, loading them included, validation and checkpoints not."""

    def __init__(self) -> None:
        self.examples, self.seconds, self._started = 0, 0.0, 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        now = time.perf_counter()
        self.examples += len(batch[0]) * trainer.world_size
        self.seconds += now - self._started
        self._started = now

    def rate(self) -> float:
        """Examples a second; NaN where nothing was left to train."""
        return self.examples / self.seconds if self.seconds else float("nan")


def _finite(value: float) -> bool:
    return value == value and abs(value) != float("inf")
