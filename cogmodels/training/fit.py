"""One training loop for every family: resumes where it was killed, keeps the best weights, the same bits each time."""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning.pytorch as pl
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, TQDMProgressBar
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, distributed, nn

from cogmodels.training.batches import Batches, Examples
from cogmodels.training.callbacks import Curves, Patience, Throughput
from cogmodels.training.checkpoints import Best, Last, best_weights, last_checkpoint
from cogmodels.training.objectives import Objective
from cogmodels.training.processes import check_shares, device_of, in_forks, processes_of, share_norms

if TYPE_CHECKING:
    from cogmodels.config.training import Recipe

logger = logging.getLogger(__name__)
# Lightning greets, and advertises, on the terminal.
logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
#: How far apart the seeds of two processes are: a prime, far from the distance of two seeds or epochs.
_APART = 2_654_435_761


#: Device -> training examples, validation examples, and what is applied to each batch.
Place = Callable[[torch.device], tuple[Examples, Examples, Callable[[Any], Any] | None]]


class Learner(pl.LightningModule):
    """A network with its objective and optimiser.

    Parameters
    ----------
    net : Module
        Where it has an attribute ``progress``, that is told which share of the training is over; where it has a method
        ``constrain``, that is called after each step.
    objective : Objective
        Loss and scores of a batch.
    recipe : Recipe
    seed : int
        Of what is random inside of the network (dropout); each epoch begins anew from it, in each process from another.
    prepare : callable, optional
        Applied to each batch on the device, such as from bytes to what the network wants.
    """

    def __init__(
        self,
        net: nn.Module,
        objective: Objective,
        recipe: Recipe,
        seed: int = 0,
        prepare: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self.net, self.objective, self.recipe, self.seed, self.prepare = net, objective, recipe, seed, prepare

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(self.seed * 1_000_003 + self.current_epoch + self.trainer.global_rank * _APART)
        if hasattr(self.net, "progress"):
            self.net.progress = self.current_epoch / self.recipe.epochs

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        return batch if self.prepare is None else self.prepare(batch)

    def training_step(self, batch: Any, index: int) -> Tensor:
        return self._step("train", batch)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if hasattr(self.net, "constrain"):
            self.net.constrain()

    def validation_step(self, batch: Any, index: int) -> Tensor:
        return self._step("validation", batch)

    def _step(self, part: str, batch: Any) -> Tensor:
        loss, scores = self.objective(self.net, batch)
        values = {f"{part}_loss": loss.detach(), **{f"{part}_{name}": value for name, value in scores.items()}}
        # Validation examples are the same in all processes.
        shared = part == "train" and self.trainer.world_size > 1
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(batch[0]), sync_dist=shared)
        return loss

    def configure_optimizers(self) -> Any:
        options = {"lr": self.recipe.learning_rate, "weight_decay": self.recipe.weight_decay}
        if self.recipe.optimizer == "sgd":
            optimizer = torch.optim.SGD(self._groups(), momentum=0.9, **options)
        else:
            kind = torch.optim.AdamW if self.recipe.optimizer == "adamw" else torch.optim.Adam
            # One kernel instead of a dozen passes over weights and moments.
            optimizer = kind(self._groups(), fused=self.device.type == "cuda" or None, **options)
        if self.recipe.schedule == "constant":
            return optimizer
        if self.recipe.schedule == "one_cycle":
            steps, rise = int(self.trainer.estimated_stepping_batches), min(0.5, 2 / self.recipe.epochs)
            if steps * rise <= 1:
                # One or two steps have no time to rise: torch would divide by the length of the rise less one step.
                return optimizer
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimizer,
                self.recipe.learning_rate,
                total_steps=steps,
                pct_start=rise,
                final_div_factor=100,
            )
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
        # A step an epoch, so that the last epoch still learns.
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.recipe.epochs)
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        # Lightning refuses fused optimisers under mixed precision for the sake of a gradient scaler; bf16 has none.
        if gradient_clip_val:
            nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)

    def _groups(self) -> Any:
        """What learns; vectors (biases, norms) without weight decay where the recipe says so."""
        learning = [parameter for parameter in self.parameters() if parameter.requires_grad]
        if self.recipe.decay_vectors:
            return learning
        matrices = [parameter for parameter in learning if parameter.ndim > 1]
        vectors = [parameter for parameter in learning if parameter.ndim <= 1]
        return [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]


def fit(
    net: nn.Module,
    objective: Objective,
    train: Examples,
    validation: Examples,
    recipe: Recipe,
    *,
    seed: int = 0,
    folder: Path,
    prepare: Callable[[Any], Any] | None = None,
    place: Place | None = None,
    monitor: str = "accuracy",
) -> pd.DataFrame:
    """Train a network; it is left with the weights of the epoch that was best on the validation examples.

    On several devices (``recipe.devices``) each has a process, a fork of this one, and its share of each batch.

    Parameters
    ----------
    net : Module
        Changed in place; on the CPU afterwards.
    objective, recipe, prepare
        As :class:`Learner` takes them.
    train, validation : Examples
    seed : int
        Of the order of examples and of dropout; initial weights are the caller's.
    folder : path
        Of checkpoints. Where an earlier call with the same arguments was killed, this one goes on after the last epoch
        that wrote one, to the same bits; so it does with another number of devices, but to other bits. Writing takes at
        most a twentieth of the time.
    place : callable, optional
        From the device to what takes the place of ``train``, ``validation`` and ``prepare``, such as copies in its
        memory. It is called in the process that trains.
    monitor : str
        Score of the objective of which the highest is best; the earliest of equal ones.

    Returns
    -------
    curves : DataFrame
        A row an epoch: epoch (from 1), learning_rate, train_loss, validation_loss, the scores likewise. Its ``attrs``
        hold ``examples_per_second``, which no two trainings share.

    Raises
    ------
    DataError
        Loss or scores that are not finite; a checkpoint of another network in the folder; fewer GPUs than asked for, a
        batch that cannot be shared evenly, a process that was killed.
    """
    folder, processes = Path(folder), processes_of(recipe)
    check_shares(len(train), recipe.batch_size, processes)
    learner, last = Learner(net, objective, recipe, seed, prepare), last_checkpoint(folder, net)
    options = {"examples": (train, validation), "folder": folder, "last": last, "place": place, "monitor": monitor}
    if processes == 1:
        best, rows, rate = _train(learner, **options)
    else:
        with tempfile.TemporaryDirectory() as meeting:
            forked = partial(_train_share, learner, processes, Path(meeting) / "group", options)
            rows, rate = in_forks(processes, forked)
        best = best_weights(folder)
    net.to("cpu")
    net.load_state_dict({name.removeprefix("net."): value for name, value in best.items()})
    net.eval()
    table = pd.DataFrame(rows)
    table.attrs["examples_per_second"] = rate
    logger.info("%.0f training examples a second", rate)
    return table


def _train(
    learner: Learner,
    *,
    examples: tuple[Examples, Examples],
    folder: Path,
    last: Path | None,
    place: Place | None,
    monitor: str,
    rank: int = 0,
    processes: int = 1,
) -> tuple[dict[str, Tensor], list[dict[str, float]], float]:
    """Best weights, rows of the curves and examples a second, of one process."""
    recipe, seed = learner.recipe, learner.seed
    curves, throughput = Curves(processes), Throughput()
    best = Best(f"validation_{monitor}")
    callbacks: list[Callback] = [curves, best, throughput]
    if recipe.patience is not None:
        callbacks.append(Patience(f"validation_{monitor}", mode="max", patience=recipe.patience))
    # Counts of what is kept and waited for belong into the checkpoint of this epoch: it is written after them.
    callbacks.append(Last(folder))
    if sys.stderr.isatty():
        callbacks.append(TQDMProgressBar())
    deterministic, filled = torch.are_deterministic_algorithms_enabled(), _filling()
    try:
        if place is not None:
            *examples, learner.prepare = place(device_of(recipe))
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            _filling(False)
            trainer = _trainer(recipe, callbacks, folder, rank, processes)
            batches = Batches(
                *examples, batch_size=recipe.batch_size, workers=recipe.workers, seed=seed, rank=rank,
                processes=processes,
            )  # fmt: skip
            trainer.fit(learner, datamodule=batches, ckpt_path=last, weights_only=True)
    finally:
        torch.use_deterministic_algorithms(deterministic)
        _filling(filled)
    return best.weights, curves.rows, throughput.rate()


def _train_share(learner: Learner, processes: int, group: Path, options: dict[str, Any], rank: int) -> Any:
    """One of several processes."""
    on_gpu = learner.recipe.accelerator != "cpu" and torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(rank)
    # A file, not a port, that another training on this machine may want; choices (`agreed`) are exchanged on the CPU.
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if on_gpu else "gloo", init_method=group.as_uri(), rank=rank, world_size=processes
    )
    share_norms(learner.net)
    # The weights lie in the last checkpoint: they are not pickled.
    _, rows, rate = _train(learner, **options, rank=rank, processes=processes)
    distributed.destroy_process_group()
    return rows, rate


class _Forked(LightningEnvironment):
    """This process is one of several, which are there already."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self._local_rank = rank

    @property
    def creates_processes_externally(self) -> bool:
        return True

    def local_rank(self) -> int:
        return self._local_rank

    def node_rank(self) -> int:
        return 0


def _trainer(recipe: Recipe, callbacks: list[Callback], folder: Path, rank: int = 0, processes: int = 1) -> pl.Trainer:
    where: dict[str, Any] = {"accelerator": recipe.accelerator, "devices": 1}
    if processes > 1:
        # Parts of one subject, or of one of two losses, have no gradient in some steps.
        strategy = DDPStrategy(cluster_environment=_Forked(rank), find_unused_parameters=True)
        kind = "gpu" if device_of(recipe).type == "cuda" else "cpu"
        where = {"accelerator": kind, "devices": processes, "strategy": strategy, "use_distributed_sampler": False}
    return pl.Trainer(
        **where,
        precision=_precision(recipe),
        max_epochs=recipe.epochs,
        gradient_clip_val=recipe.gradient_clip,
        deterministic=True,
        logger=False,
        callbacks=callbacks,
        enable_progress_bar=sys.stderr.isatty(),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        # Each epoch has a loader of its own, which knows the epoch's number.
        reload_dataloaders_every_n_epochs=1,
        default_root_dir=folder,
    )


def _filling(value: bool | None = None) -> bool:
    """Whether deterministic algorithms fill every new tensor first; set where a value is given.

    It only helps to find reads of memory that nobody wrote, and is a thousand kernels a step at MindBridge's size.
    """
    options = torch.utils.deterministic  # type: ignore[attr-defined]
    before = bool(options.fill_uninitialized_memory)
    if value is not None:
        options.fill_uninitialized_memory = value
    return before


def _precision(recipe: Recipe) -> str:
    if recipe.precision != "auto":
        return recipe.precision
    on_gpu = device_of(recipe).type == "cuda"
    return "bf16-mixed" if on_gpu and torch.cuda.is_bf16_supported() else "32-true"
