"""Training of networks across subjects on a GPU: speed and memory at published sizes, and whether it is right.

    PYTHONPATH=. python3 benchmarks/decoding/gpu.py --out gpu.csv          # some minutes on one GPU
    PYTHONPATH=. python3 benchmarks/decoding/gpu.py --out cpu.csv --tiny   # narrow, on the CPU: does it run
    PYTHONPATH=. python3 benchmarks/decoding/gpu.py --out two.csv --devices 2   # also several devices beside one

It needs torch, lightning and pandas, and no file. Responses are noise with the voxel counts of NSD's eight subjects,
targets noise of the size of CLIP's tokens: SIMULATED. A sample is one trial of one subject.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

# Before the first matrix product, for products that repeat to the bit.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
import lightning.pytorch as pl
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback

from cogmodels.decoding.models.mindbridge import MindBridge
from cogmodels.decoding.models.mindeye2 import MindEye2
from cogmodels.decoding.models.sttm import Sttm
from cogmodels.decoding.network import JointExamples, _objective
from cogmodels.decoding.resident import Gather, Places, gather_on
from cogmodels.decoding.subjects import Part, Scaler, Targets
from cogmodels.training.batches import Batches
from cogmodels.training.fit import Learner, _filling, fit

VOXELS = {"1": 15724, "2": 14278, "3": 15226, "4": 13153, "5": 13039, "6": 17907, "7": 12682, "8": 14386}
NETWORKS = {
    "mindbridge": (MindBridge, {}, (257 * 768, 77 * 768)),
    "sttm": (Sttm, {"hidden": 2048}, (257 * 768, 77 * 768)),
    "mindeye2": (MindEye2, {"hidden": 4096}, (1664, 0)),
}
NARROW = {
    "mindbridge": {"pooled": 64, "hidden": 16, "bottleneck": 4, "blocks": 1, "temperature": 0.2, "mse_weight": 1.0},
    "sttm": {"hidden": 16, "blocks": 1},
    "mindeye2": {"hidden": 16, "blocks": 1},
}
BATCH, WARM = 50, 4


def recipe(**changes):
    """MindBridge's published training; not its length."""
    settings = {
        "optimizer": "adamw", "learning_rate": 1.5e-4, "weight_decay": 0.01, "decay_vectors": False,
        "schedule": "constant", "epochs": 1, "batch_size": BATCH, "precision": "32-true", "accelerator": "auto",
        "gradient_clip": 1.0, "patience": None, "workers": 0, "devices": 1,
    }  # fmt: skip
    return SimpleNamespace(**settings | changes)


def study(voxels, stimuli, sizes, seed=0):
    """Parts, targets and scalers: noise, one trial a stimulus, responses in float16."""
    rng = np.random.default_rng(seed)
    image, text = (rng.random((stimuli, size), dtype=np.float32) - 0.5 if size else None for size in sizes)
    codes = np.arange(stimuli)
    parts = [
        Part(name, (rng.random((stimuli, width), dtype=np.float32) - 0.5).astype(np.float16), codes, codes)
        for name, width in voxels.items()
    ]
    scalers = {
        part.subject: Scaler(np.zeros(part.width, np.float32), np.ones(part.width, np.float32)) for part in parts
    }
    return parts, Targets([str(code) for code in codes], image, text), scalers


class Clock(Callback):
    """Seconds a step after the first ones, with the GPU's work finished."""

    def __init__(self):
        self.steps, self.seconds, self.losses = 0, 0.0, []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.losses.append(outputs["loss"].detach())
        if self.steps == WARM:
            _wait()
            self.started = time.perf_counter()
        self.steps += 1

    def on_train_epoch_end(self, trainer, pl_module):
        _wait()
        self.seconds = (time.perf_counter() - self.started) / (self.steps - WARM - 1)


def by_subject(net, batch):
    """The plain way: each subject's trials go through the whole network by themselves; the same kinds of loss."""
    number, parts = batch
    losses = [net.objective((number, {name: part})) for name, part in parts.items()]
    total = torch.stack([loss for loss, _ in losses]).mean()
    if isinstance(net, MindBridge):
        for name, part in parts.items():
            pooled = net.pool(part["values"])
            rebuilt = net.builders[name](net.embedders[name](pooled))
            total = total + torch.nn.functional.mse_loss(rebuilt, pooled) / len(parts)
        source, other = list(parts)[:2]
        total = total + net.cycle(net.embedders[source](net.pool(parts[source]["values"])), other)
    return total, losses[0][1]


def train_steps(name, data, args, *, precision, loop="joint", resident=True, compiled=False, steps=40):
    """Some steps of a network through our loop; a row of the table."""
    kind, options, sizes = NETWORKS[name]
    parts, targets, scalers = data
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.manual_seed(0)
    with torch.device(args.device):
        widths = {part.subject: part.width for part in parts}
        text = targets.text.shape[1] if targets.text is not None and sizes[1] else 0
        net = kind(widths, targets.image.shape[1], text, **(NARROW[name] if args.tiny else options))
    if compiled:
        for module in (getattr(net, one, None) for one in ("translator", "decoder", "backbone")):
            if module is not None:
                module.compile()
    examples = JointExamples(parts, targets, scalers, training=True)
    prepare = Gather(parts, targets, scalers, torch.device(args.device)) if resident else None
    settings = recipe(precision="bf16-mixed" if precision == "bf16" else "32-true", batch_size=args.batch)
    learner = Learner(net, _objective if loop == "joint" else by_subject, settings, prepare=prepare)
    clock = Clock()
    _filling(False)
    trainer = pl.Trainer(
        accelerator="gpu" if args.device == "cuda" else "cpu", devices=1, precision=settings.precision, logger=False,
        max_epochs=1, limit_train_batches=steps, limit_val_batches=0, gradient_clip_val=settings.gradient_clip,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, callbacks=[clock],
        deterministic=True,
    )  # fmt: skip
    # The loader ends after the stimuli: they are shown as often as there are steps.
    shown = _Repeated(Places(examples) if resident else examples, steps * args.batch)
    trainer.fit(learner, datamodule=Batches(shown, shown, batch_size=args.batch))
    losses = torch.stack(clock.losses).float().cpu()
    samples = args.batch * len(parts)
    return {
        "task": "training step", "network": name, "precision": precision, "loop": loop,
        "data": "on the device" if resident else "from the host", "compiled": compiled, "subjects": len(parts),
        "parameters_m": round(sum(one.numel() for one in net.parameters()) / 1e6, 2),
        "ms_per_step": round(1000 * clock.seconds, 2), "samples_per_s": round(samples / clock.seconds, 1),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if args.device == "cuda" else float("nan"),
        "first_loss": round(losses[0].item(), 4), "last_loss": round(losses[-1].item(), 4),
        "right": bool(losses.isfinite().all()),
    }  # fmt: skip


class _Repeated:
    """Examples shown again and again, to so many."""

    def __init__(self, examples, n):
        self.examples, self.n = examples, n

    def __len__(self):
        return self.n

    def example(self, index, epoch):
        return self.examples.example(index % len(self.examples), epoch)


def check_devices(args):
    """Loss and gradients of a narrow network, without dropout, on the CPU and on the device."""
    parts, targets, scalers = study({"1": 500, "2": 431}, 40, (96, 32))
    rows = []
    for name, (kind, _, _) in NETWORKS.items():
        net = kind({part.subject: part.width for part in parts}, 96, 32, **NARROW[name]).eval()
        found = []
        for device in ("cpu", args.device):
            examples = Places(JointExamples(parts, targets, scalers, training=False))
            batch = torch.utils.data.default_collate([examples.example(index, 0) for index in range(40)])
            batch = pl.LightningModule.transfer_batch_to_device(pl.LightningModule(), batch, torch.device(device), 0)
            net = net.to(device)
            net.zero_grad()
            loss, _ = net.objective(Gather(parts, targets, scalers, torch.device(device))(batch))
            loss.backward()
            gradients = torch.cat([one.grad.flatten() for one in net.parameters() if one.grad is not None])
            found.append((loss.item(), gradients.cpu()))
        (one, mine), (other, theirs) = found
        apart = abs(one - other) / abs(one)
        turned = ((mine - theirs).norm() / mine.norm()).item()
        rows.append(
            {"task": "device beside CPU", "network": name, "precision": "float32", "difference": max(apart, turned),
             "first_loss": one, "last_loss": other, "right": max(apart, turned) < 1e-4}
        )  # fmt: skip
    return rows


class _Killed(Exception):
    pass


class _Fatal(JointExamples):
    """The process dies in the fourth epoch."""

    def chosen(self, index, epoch):
        if epoch == 3:
            raise _Killed
        return super().chosen(index, epoch)


def check_resuming(args):
    """A training that was killed and goes on, and one that was not, on the device: the same bits?"""
    parts, targets, scalers = study({"1": 500, "2": 431}, 60, (96, 32))
    held = Places(JointExamples(parts, targets, scalers, training=False))
    rows = []
    for precision in ("32-true", "bf16-mixed"):
        with tempfile.TemporaryDirectory() as folder:
            nets = []
            for place, kinds in {"whole": [JointExamples], "killed": [_Fatal, JointExamples]}.items():
                for kind in kinds:
                    torch.manual_seed(0)
                    net = MindBridge({part.subject: part.width for part in parts}, 96, 32, **NARROW["mindbridge"])
                    examples = Places(kind(parts, targets, scalers, training=True))
                    options = {"folder": Path(folder) / place, "monitor": "cosine"}
                    options["prepare"] = Gather(parts, targets, scalers, torch.device(args.device))
                    settings = recipe(
                        epochs=6, schedule="one_cycle", batch_size=20, learning_rate=1e-3, precision=precision,
                        accelerator="gpu" if args.device == "cuda" else "cpu",
                    )  # fmt: skip
                    try:
                        fit(net, _objective, examples, held, settings, **options)
                    except _Killed:
                        continue
                    nets.append(net.state_dict())
        same = all(torch.equal(one, other) for one, other in zip(*(net.values() for net in nets), strict=True))
        rows.append(
            {"task": "goes on to the same bits", "network": "mindbridge", "precision": precision, "right": same}
        )
    return rows


def check_several(args):
    """MindBridge on several devices and on one: weights without dropout, and samples a second with as many stimuli a
    device. Several come first, for forks cannot use CUDA once it has begun."""
    widths = {name: max(40, width // 200) for name, width in VOXELS.items()} if args.tiny else VOXELS
    sizes = [size // 400 if args.tiny else size for size in NETWORKS["mindbridge"][2]]
    kind = "gpu" if args.device == "cuda" else "cpu"
    still = NARROW["mindbridge"] | {"embedder_dropout": 0.0, "translator_dropout": 0.0}
    narrow, wide = study({"1": 500, "2": 431}, 64, (96, 32)), study(widths, args.stimuli, sizes)
    nets, rows = [], []
    for devices in (args.devices, 1):
        how = recipe(accelerator=kind, devices=devices, epochs=2, batch_size=8 * args.devices)
        # Plain steps: Adam's are as long for a gradient that is 0 but for its rounding.
        how.optimizer, how.learning_rate = "sgd", 0.05
        nets.append(_fitted(narrow, still, how, 0)[0].state_dict())
        speed = "32-true" if args.tiny else "bf16-mixed"
        how = recipe(accelerator=kind, devices=devices, epochs=3, batch_size=args.batch * devices, precision=speed)
        _, curves = _fitted(wide, NARROW["mindbridge"] if args.tiny else {}, how, args.batch)
        rows.append(
            {"task": f"training on {devices} device(s), the first steps too", "network": "mindbridge",
             "precision": speed, "subjects": len(widths),
             "samples_per_s": round(curves.attrs["examples_per_second"] * len(widths), 1), "right": True}
        )  # fmt: skip
    apart = max((one - other).abs().max().item() for one, other in zip(*(net.values() for net in nets), strict=True))
    task = f"weights of {args.devices} devices beside one"
    return [*rows, {"task": task, "network": "mindbridge", "difference": apart, "right": apart < 1e-4}]


def _fitted(data, options, how, held):
    """MindBridge trained by our loop, and its curves; the first ``held`` stimuli (0 = all) choose the epoch."""
    parts, targets, scalers = data
    torch.manual_seed(0)
    text = targets.text.shape[1]
    net = MindBridge({part.subject: part.width for part in parts}, targets.image.shape[1], text, **options)
    few = [part.of(part.codes[: held or None]) for part in parts]
    train, validation = (JointExamples(some, targets, scalers, training=some is parts) for some in (parts, few))

    def place(device):
        prepare = gather_on(device, train)
        return (train, validation, None) if prepare is None else (Places(train), Places(validation), prepare)

    with tempfile.TemporaryDirectory() as folder:
        curves = fit(net, _objective, train, validation, how, folder=Path(folder), place=place, monitor="cosine")
    return net, curves


def speeds(args):
    """Rows of training steps: ours in three precisions, then beside the plain loop and data from the host."""
    voxels = {name: max(40, width // 200) for name, width in VOXELS.items()} if args.tiny else VOXELS
    rows = []
    for name, (_, _, sizes) in NETWORKS.items():
        data = study(voxels, args.stimuli, [size // 400 if args.tiny else size for size in sizes])
        plans = [{"precision": one} for one in (("float32", "tf32", "bf16") if name == "mindbridge" else ("bf16",))]
        if name == "mindbridge":
            plans += [
                {"precision": "bf16", "loop": "subject by subject"},
                {"precision": "bf16", "resident": False, "steps": 10},
                {"precision": "bf16", "loop": "subject by subject", "resident": False, "steps": 10},
            ]
        plans += [{"precision": "bf16", "compiled": True}] if args.compile else []
        for plan in plans:
            if args.device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            try:
                rows.append(train_steps(name, data, args, **{"steps": args.steps} | plan))
            except Exception as error:
                rows.append(
                    {"task": "training step", "network": name, **plan, "right": False, "error": repr(error)[:200]}
                )
            print(rows[-1], flush=True)
            gc.collect()
            if args.device == "cuda":
                torch.cuda.empty_cache()
    return rows


def _wait():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="table to write")
    parser.add_argument("--tiny", action="store_true", help="narrow networks, on the CPU")
    parser.add_argument("--compile", action="store_true", help="also with torch.compile of what subjects share")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--stimuli", type=int, default=600)
    parser.add_argument("--batch", type=int, default=BATCH, help="stimuli of each subject in a step")
    parser.add_argument("--devices", type=int, default=1, help="also a training on so many, beside one")
    args = parser.parse_args()
    args.device = "cpu" if args.tiny or not torch.cuda.device_count() else "cuda"
    if args.device == "cpu" and not args.tiny:
        parser.error("there is no GPU here: add --tiny")
    if args.tiny:
        args.steps, args.stimuli, args.batch = 10, 40, 8
    warnings.filterwarnings("ignore")
    started = time.perf_counter()
    rows = check_several(args) if args.devices > 1 else []
    rows += check_devices(args) + check_resuming(args)
    print(*rows, sep="\n", flush=True)
    rows += speeds(args)
    table = pd.DataFrame(rows)
    table["device"] = torch.cuda.get_device_name() if args.device == "cuda" else "CPU"
    table["torch"] = torch.__version__
    args.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.out, index=False)
    print(table.drop(columns=["device", "torch"]).to_string())
    print(f"{time.perf_counter() - started:.0f} s, {table['device'].iloc[0]}, torch {torch.__version__}")
    raise SystemExit(0 if table["right"].all() else 1)


if __name__ == "__main__":
    main()
