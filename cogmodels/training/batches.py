"""Examples in batches whose order and random changes depend on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, Dataset, Sampler


class Examples(Protocol):
    """Numbered examples; a training example may look different in each epoch."""

    def __len__(self) -> int: ...

    def example(self, index: int, epoch: int) -> Any:
        """Arrays or tensors of one example."""


class Batches(pl.LightningDataModule):
    """Examples as Lightning wants them.

    What an epoch shows, and in which order, depends on ``seed`` and the epoch's number alone: a training that was
    interrupted goes on with what it would have seen.

    Parameters
    ----------
    train, validation : Examples
    batch_size, workers : int
        Of a step, on all devices together; processes that make examples ahead.
    seed : int
        Of the order.
    rank, processes : int
        Of a training in several processes which one this is: each step's batch is shared evenly, what cannot be at the
        end of an epoch (fewer examples than processes) is left out. Every process sees all of the validation examples.
    """

    def __init__(
        self,
        train: Examples,
        validation: Examples,
        *,
        batch_size: int,
        workers: int = 0,
        seed: int = 0,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        super().__init__()
        self.train, self.validation = train, validation
        self.batch_size, self.workers, self.seed = batch_size, workers, seed
        self.rank, self.processes = rank, processes

    def train_dataloader(self) -> DataLoader:
        epoch = self.trainer.current_epoch
        order = _Shuffled(len(self.train), self.seed, epoch, self.rank, self.processes)
        return self._loader(self.train, epoch, order, self.batch_size // self.processes)

    def val_dataloader(self) -> DataLoader:
        return self._loader(self.validation, 0, None, self.batch_size)

    def _loader(self, examples: Examples, epoch: int, order: Sampler | None, batch_size: int) -> DataLoader:
        return DataLoader(
            _Numbered(examples, epoch),
            batch_size=batch_size,
            sampler=order,
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
            # Else each loader draws a number from the generator that dropout uses.
            generator=torch.Generator().manual_seed(epoch),
        )


class _Numbered(Dataset):
    def __init__(self, examples: Examples, epoch: int) -> None:
        self.examples, self.epoch = examples, epoch

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        return self.examples.example(index, self.epoch)


class _Shuffled(Sampler):
    """Of an order that all processes share, every so manyth number."""

    def __init__(self, n: int, seed: int, epoch: int, rank: int = 0, processes: int = 1) -> None:
        self.n, self.key, self.rank, self.processes = n, seed * 1_000_003 + epoch, rank, processes

    def __len__(self) -> int:
        return self.n // self.processes

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.key)
        order = torch.randperm(self.n, generator=generator).tolist()
        return iter(order[self.rank : len(self) * self.processes : self.processes])
