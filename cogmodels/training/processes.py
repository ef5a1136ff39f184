"""One training in several processes, one a device: forks, and what they tell one another.

Losses and layers that look at a whole batch see all processes' shares of it. The mean of the processes' gradients,
which DDP takes, is then the gradient of the mean of their losses through whatever they exchanged: that of one process
with the whole batch.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, distributed, nn

from cogmodels.errors import CogmodelsError, DataError

if TYPE_CHECKING:
    from cogmodels.config.training import Recipe

#: Seconds that others are waited for once one process has failed: the first to fail says why, not the first heard.
_GRACE = 1.0


def processes_of(recipe: Recipe) -> int:
    """In how many processes a training by this recipe runs.

    It may be followed by a fork: it does not begin CUDA.

    Raises
    ------
    DataError
        Fewer GPUs than asked for; CUDA at work in this process, so that none of its forks could use it.
    """
    if recipe.devices == 1:
        return 1
    gpus = _gpus(recipe)
    wanted = max(1, gpus) if recipe.devices == "auto" else recipe.devices
    if wanted > gpus and (gpus or recipe.accelerator == "gpu"):
        raise DataError(
            f"{wanted} GPUs are asked for and {gpus} seen",
            where="`recipe`, `devices`",
            remedy="Lower `devices`, set `auto`, or ask the scheduler for more (resource `gpu`)",
        )
    if wanted > 1 and gpus and torch.cuda.is_initialized():
        raise DataError(
            "this process has used a GPU before: its forks cannot",
            where="`recipe`, `devices`",
            remedy="Give all trainings of a job the same `devices`",
        )
    return wanted


def device_of(recipe: Recipe) -> torch.device:
    """Where a training by this recipe runs, of the process that asks."""
    on_gpu = recipe.accelerator != "cpu" and torch.cuda.is_available()
    return torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")


def check_shares(n: int, batch_size: int, processes: int) -> None:
    """Refuse what cannot be shared among processes.

    Raises
    ------
    DataError
        A batch that cannot be divided evenly; fewer examples than processes.
    """
    if batch_size % processes:
        raise DataError(
            f"a batch of {batch_size} cannot be shared evenly among {processes} devices",
            where="`recipe`, `batch_size`",
            remedy=f"Set it to {max(1, round(batch_size / processes)) * processes}, or change `devices`",
        )
    if n < processes:
        raise DataError(
            f"{n} training examples are fewer than {processes} devices", where="`recipe`", remedy="Lower `devices`"
        )


# -- what processes tell one another ----------------------------------------------------------------------------------


def gathered(rows: Tensor) -> Tensor:
    """Rows (n, ...) of all processes, (processes * n, ...), in training; else those given.

    For a loss that every process works out of all rows, the same one: the gradient comes back without another exchange.
    Each process gives as many rows.
    """
    return rows if _alone() else _Gathered.apply(rows)


def row_offset(n: int) -> int:
    """Where this process's rows begin in what :func:`gathered` makes of ``n`` rows each."""
    return 0 if _alone() else distributed.get_rank() * n


def averaged(value: Tensor) -> Tensor:
    """Mean over processes, in training, of a tensor of one shape; else itself. The gradient reaches all processes."""
    return value if _alone() else _Averaged.apply(value)


def agreed(drawn: Tensor) -> Tensor:
    """What the first process has drawn, in training: for choices that concern the whole batch. On the CPU."""
    if _alone():
        return drawn
    told = drawn.clone()
    distributed.broadcast(told, 0)
    return told


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.n = len(rows)
        found = rows.new_empty((distributed.get_world_size() * len(rows), *rows.shape[1:]))
        distributed.all_gather(list(found.split(ctx.n)), rows.contiguous())
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        # All processes have the same loss: the sum of their gradients is as many times this one's.
        first = distributed.get_rank() * ctx.n
        return gradients[0][first : first + ctx.n] * distributed.get_world_size()


class _Averaged(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return _mean(value)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _mean(gradients[0])


def _alone() -> bool:
    """Whether no other process takes part in this step: each validates by itself."""
    return not (distributed.is_available() and distributed.is_initialized() and torch.is_grad_enabled())


def _mean(value: Tensor) -> Tensor:
    total = value.clone() if value.is_floating_point() else value.float()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()


def share_norms(net: nn.Module) -> None:
    """Batch normalisation by mean and variance of all processes' shares of a batch, in training.

    torch's own (``SyncBatchNorm``) is for GPUs alone; this one is the same on every device. It changes the modules of
    this process, not their names: weights are read and written as before.
    """
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.forward = _Norm(module)  # type: ignore[method-assign]


class _Norm:
    """``forward`` of a batch normalisation among processes (Ioffe & Szegedy 2015)."""

    def __init__(self, module: Any) -> None:
        self.module, self.plain = module, type(module).forward

    def __call__(self, x: Tensor) -> Tensor:
        module = self.module
        if not module.training or _alone():
            return self.plain(module, x)
        # Statistics are float32 under bf16, as torch's own are.
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        axes = [axis for axis in range(x.ndim) if axis != 1]
        shape = [1, -1] + [1] * (x.ndim - 2)
        mean = averaged(wide.mean(axes))
        centred = wide - mean.view(shape)
        variance = averaged(centred.square().mean(axes))
        if module.track_running_stats:
            self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1] * distributed.get_world_size())
        found = centred * torch.rsqrt(variance + module.eps).view(shape)
        if module.affine:
            found = found * module.weight.view(shape) + module.bias.view(shape)
        return found.to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, n: int) -> None:
        module = self.module
        module.num_batches_tracked += 1
        share = module.momentum if module.momentum is not None else 1 / float(module.num_batches_tracked)
        module.running_mean.lerp_(mean, share)
        module.running_var.lerp_(variance * n / max(n - 1, 1), share)


# -- forks -------------------------------------------------------------------------------------------------------------


def in_forks(processes: int, work: Callable[[int], Any]) -> Any:
    """What ``work(0)`` returns, of ``work(0)`` to ``work(processes - 1)``, each in a fork of this process.

    A fork shares what lies in memory and what is mapped from disk; only what ``work(0)`` returns is pickled. Each has
    one thread: the pools of threads of this process do not live on in a fork. Where one fails, the others are ended,
    and so are all when this process ends, however it ends.

    Raises
    ------
    CogmodelsError, RuntimeError
        That of the process that failed first; of errors that are not ours the text.
    DataError
        A process that was killed.
    """
    context = multiprocessing.get_context("fork")
    children: list[BaseProcess] = []
    waiting: dict[Any, int] = {}
    try:
        for rank in range(processes):
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_child, args=(work, rank, theirs, os.getpid()))
            with warnings.catch_warnings():
                # Python warns of threads in this process: see above.
                warnings.filterwarnings("ignore", category=DeprecationWarning)
                child.start()
            theirs.close()
            children.append(child)
            waiting[ours] = rank
        returned, failed = _heard(waiting, None)
        if failed:
            failed += _heard(waiting, _GRACE)[1]
            _, rank, error = min(failed, key=lambda one: one[0])
            if error is not None:
                raise error
            children[rank].join(_GRACE)
            raise DataError(
                f"process {rank + 1} of {processes} was killed (exit code {children[rank].exitcode})",
                where="training",
                remedy="Look for want of memory, and start again: it goes on from its last checkpoint",
            )
        for child in children:
            child.join()
        return returned[0]
    finally:
        for child in children:
            # Not a signal that Lightning catches: it would wait for the others.
            child.kill()
        for child in children:
            child.join()


#: When a process failed, which one, and its error; none where it is gone without a word.
_Failure = tuple[float, int, Exception | None]


def _heard(waiting: dict[Any, int], seconds: float | None) -> tuple[dict[int, Any], list[_Failure]]:
    """What processes returned, and failures, until the first failure, or the end of all; at most so many seconds."""
    returned: dict[int, Any] = {}
    failed: list[_Failure] = []
    while waiting and not failed:
        ready = connection.wait(list(waiting), seconds)
        if not ready:
            break
        for pipe in ready:
            rank = waiting.pop(pipe)
            try:
                right, when, what = pipe.recv()  # type: ignore[union-attr]
            except EOFError:
                # Nobody can be killed by another's failure: it came first.
                failed.append((0.0, rank, None))
                continue
            if right:
                returned[rank] = what
            else:
                failed.append((when, rank, what))
    return returned, failed


def _child(work: Callable[[int], Any], rank: int, pipe: Any, parent: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # Lightning sets as many threads as there are cores where this is not said.
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    if rank:
        # The first one tells for all.
        logging.disable(logging.CRITICAL)
    try:
        returned = work(rank)
        found = (True, 0.0, returned if rank == 0 else None)
    except BaseException as error:
        # One clock for all processes of a machine.
        found = (False, time.monotonic(), _portable(error, rank))
    with suppress(BrokenPipeError):
        pipe.send(found)
    pipe.close()


def _portable(error: BaseException, rank: int) -> Exception:
    """An error that can be sent: ours as it is, of any other what it was and where it was raised."""
    if isinstance(error, CogmodelsError):
        return error
    told = "".join(traceback.format_exception(error))
    return RuntimeError(f"process {rank + 1} of a training on several devices failed:\n{told}")


def _end_with(parent: int) -> None:
    """End this process when its parent has ended: killed, it can tell nobody."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _gpus(recipe: Recipe) -> int:
    """GPUs that are seen; counted in a fork, for where NVML does not know torch begins CUDA to count them."""
    if recipe.accelerator == "cpu":
        return 0
    if torch.cuda.is_initialized():
        return torch.cuda.device_count()
    return in_forks(1, lambda _: torch.cuda.device_count())
