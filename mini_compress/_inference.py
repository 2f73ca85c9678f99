"""Running a model without changing it."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ._require import require_equal

BATCH_SIZE = 500  # images at once: more gain no speed, and take memory


class HasModel(Protocol):
    """What a method gives back that has more to tell than the network."""

    @property
    def model(self) -> nn.Module:
        """The network that the method made."""


def require_module(name: str, value: object) -> None:
    """Refuse anything but a torch module."""
    if not isinstance(value, nn.Module):
        got = type(value).__name__
        if isinstance(getattr(value, "model", None), nn.Module):
            got += ": take its .model"
        raise TypeError(f"{name} must be a torch.nn.Module, got {got}")


def network_of(value: nn.Module | HasModel) -> nn.Module:
    """Return a network, or that of what a method has given back.

    >>> from types import SimpleNamespace
    >>> network_of(SimpleNamespace(model=nn.ReLU()))
    ReLU()
    """
    if not isinstance(value, nn.Module):
        value = getattr(value, "model", value)
    require_module("model", value)
    return value  # type: ignore[return-value]


def require_tensor(name: str, value: Any, dtype: torch.dtype) -> None:
    """Refuse anything but a tensor of one dtype.

    >>> require_tensor("labels", torch.zeros(2), torch.int64)
    Traceback (most recent call last):
    TypeError: labels must be torch.int64, got torch.float32
    """
    if not isinstance(value, Tensor):
        got = type(value).__name__
        raise TypeError(f"{name} must be a tensor, got {got}")
    if value.dtype != dtype:
        raise TypeError(f"{name} must be {dtype}, got {value.dtype}")


def require_labels(labels: Any, num_images: int) -> None:
    """Refuse anything but the class of each image: (num_images,) int64."""
    require_tensor("labels", labels, torch.int64)
    if labels.ndim != 1:
        got = tuple(labels.shape)
        raise ValueError(f"labels must have 1 axis, got shape {got}")
    require_equal("number of labels", num_images, len(labels))
    if num_images and labels.min() < 0:
        raise ValueError(f"labels must be >= 0, got {int(labels.min())}")


def require_image_tensor(images: Any) -> None:
    """Refuse anything but a float32 tensor of images, finite and not empty."""
    if not isinstance(images, Tensor) or images.dtype != torch.float32:
        kind = type(images).__name__
        got = images.dtype if isinstance(images, Tensor) else kind
        raise TypeError(f"images must be a float32 tensor, got {got}")
    if images.numel() == 0:
        raise ValueError(
            f"images must not be empty, got shape {tuple(images.shape)}"
        )
    if not images.isfinite().all():
        raise ValueError("images must be finite, got NaN or infinity")


def require_range_images(images: Any) -> None:
    """Refuse images that cannot show the ranges of activations."""
    require_image_tensor(images)
    require_spread(images)


def require_spread(images: Tensor) -> None:
    """Refuse images that all have one value: what they show is no range.

    A layer that is dead on images that differ is another matter.

    >>> require_spread(torch.full((2, 1, 28, 28), 0.5))
    Traceback (most recent call last):
    ValueError: images must have two different values or more to show a \
range, got 0.5 everywhere
    """
    low, high = images.aminmax()
    if low == high:
        raise ValueError(
            "images must have two different values or more to show a range, "
            f"got {low.item():g} everywhere"
        )


def require_two_images(num_images: int) -> None:
    """Refuse one image where a batch normalization is to measure a spread."""
    if num_images < 2:
        raise ValueError(
            "number of images in a batch must be >= 2 for batch "
            f"normalization, got {num_images}"
        )


@contextmanager
def inference(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode, then every part back as it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def with_gradients(*tensors: Tensor) -> Iterator[list[Tensor]]:
    """Compute gradients, whatever the caller has turned off.

    tensors : given back as such that gradients can be computed with
    """
    with torch.inference_mode(False), torch.enable_grad():
        yield [x.clone() if x.is_inference() else x for x in tensors]


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch use so many threads, then as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_of(model: nn.Module) -> torch.device:
    """Say where the model's numbers lie; a model without any: the CPU."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def require_one_device(*models: nn.Module) -> torch.device:
    """Say where the numbers of models lie that run together.

    Numbers that lie apart, or none at all behind the shapes, are refused; of
    models without any it is the CPU.

    >>> net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1, device="meta"))
    >>> require_one_device(net)
    Traceback (most recent call last):
    ValueError: parameters must lie on one device, got cpu ('0.weight') and \
meta ('1.weight')
    """
    first: dict[torch.device, str] = {}
    for model in models:
        for name, tensor in (*model.named_parameters(), *model.named_buffers()):
            first.setdefault(tensor.device, name)
    if len(first) > 1:
        got = " and ".join(f"{place} ({x!r})" for place, x in first.items())
        raise ValueError(f"parameters must lie on one device, got {got}")
    for device in first:
        if device.type == "meta":
            raise ValueError(
                "parameters must have numbers, got shapes on the meta device"
            )
        return device
    return torch.device("cpu")


def require_float32(model: nn.Module) -> None:
    """Refuse parameters of another dtype than that of images, by name.

    >>> require_float32(nn.Sequential(nn.Linear(2, 2).double()))
    Traceback (most recent call last):
    TypeError: weight of '0' must be float32 to run on images, got float64
    """
    for name, parameter in model.named_parameters():
        if parameter.is_floating_point() and parameter.dtype != torch.float32:
            layer, _, what = name.rpartition(".")
            got = str(parameter.dtype).removeprefix("torch.")
            raise TypeError(
                f"{what} of {layer!r} must be float32 to run on images, "
                f"got {got}"
            )


def copy_model(model: nn.Module) -> nn.Module:
    """Return a copy of a model; what cannot be copied is named.

    A tensor that a forward pass computed cannot, as long as gradients could
    flow back through it: attention maps that a model keeps, say.
    """
    try:
        return copy.deepcopy(model)
    except Exception as error:  # attributes may be of any kind
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"model must allow a copy, got {_uncopyable(model)} that does "
            "not: delete or detach it, or make it permanent if a hook "
            f"computes it ({reason})"
        ) from error


def _uncopyable(model: nn.Module) -> str:
    """Find the attribute of a module that cannot be copied."""
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if name == "_modules":  # they have their own turn
                continue
            try:
                copy.deepcopy(value)
            except Exception:
                kind = type(module).__name__
                return f"attribute {f'{path}.{name}'.lstrip('.')!r} of {kind}"
    return type(model).__name__
