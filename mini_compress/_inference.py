"""Running a model without changing it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def require_module(name: str, value: object) -> None:
    """Refuse anything but a torch module."""
    if not isinstance(value, nn.Module):
        got = type(value).__name__
        raise TypeError(f"{name} must be a torch.nn.Module, got {got}")


def require_image_tensor(images: object) -> None:
    """Refuse anything but a float32 tensor of images, finite and not empty."""
    if not isinstance(images, Tensor) or images.dtype != torch.float32:
        got = getattr(images, "dtype", type(images).__name__)
        raise TypeError(f"images must be a float32 tensor, got {got}")
    if images.numel() == 0:
        raise ValueError(
            f"images must not be empty, got shape {tuple(images.shape)}"
        )
    if not images.isfinite().all():
        raise ValueError("images must be finite, got NaN or infinity")


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
