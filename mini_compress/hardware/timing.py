"""How long something really takes, said together with what ran.

A time alone means little: it depends on the kernel, the threads and the
batch, so a `Timing` carries them. Before the clock starts the function runs
a few times, because the first calls allocate memory and fill caches. Then it
is timed many times over: the median is what to expect, the minimum is what
the machine can do, and a maximum far away says that something else was
running too.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .._inference import inference, require_module, torch_threads
from .._require import require_int
from ..layers.base import FLOAT_BITS
from .counting import activation_bits, is_counted


@dataclass(frozen=True)
class Timing:
    """Measured milliseconds of one call, and what was called.

    kernel : what ran, for example "torch float32, batch 1"
    """

    kernel: str
    median_ms: float
    min_ms: float
    max_ms: float
    repeats: int
    threads: int

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        return (
            f"{self.median_ms:.3g} ms ({self.min_ms:.3g} to "
            f"{self.max_ms:.3g}, {self.repeats} runs) "
            f"by {self.kernel}, {threads}"
        )


def measure_ms(
    function: Callable[[], object],
    *,
    kernel: str,
    repeats: int = 21,
    warmup: int = 3,
    threads: int = 1,
) -> Timing:
    """Time a function that takes no arguments.

    kernel : a name for what runs; a time without one is not comparable
    repeats : timed calls, after `warmup` calls that are not
    threads : of torch, set for this measurement only. Numpy's BLAS takes the
        number it was started with (OMP_NUM_THREADS).
    returns : milliseconds of one call

    >>> measure_ms(lambda: sum(range(10)), kernel="Python sum").repeats
    21
    """
    if not callable(function):
        got = type(function).__name__
        raise TypeError(f"function must be callable, got {got}")
    require_int("repeats", repeats, 1)
    require_int("warmup", warmup, 0)
    require_int("threads", threads, 1)
    with torch_threads(threads):
        for _ in range(warmup):
            function()
        times_ms = [_time_once(function) for _ in range(repeats)]
    return Timing(
        kernel=kernel,
        median_ms=statistics.median(times_ms),
        min_ms=min(times_ms),
        max_ms=max(times_ms),
        repeats=repeats,
        threads=threads,
    )


def measure_model_ms(
    model: nn.Module,
    images: Tensor,
    *,
    repeats: int = 21,
    threads: int = 1,
) -> Timing:
    """Time the forward pass of a network in evaluation mode.

    images : (n, ...) a batch that the network takes, on the same device
    returns : milliseconds of the whole batch; `kernel` names the arithmetic
        of the layers and the batch. The model stays as it is.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(8, 2))
    >>> measure_model_ms(net, torch.rand(4, 8), repeats=3).kernel
    'torch float32, batch 4'
    """
    require_module("model", model)
    if not isinstance(images, Tensor):
        got = type(images).__name__
        raise TypeError(f"images must be a torch.Tensor, got {got}")
    if images.ndim < 2 or not len(images):
        raise ValueError(
            f"images must be a batch that is not empty, got shape "
            f"{tuple(images.shape)}"
        )
    kernel = f"torch {_arithmetic(model)}, batch {len(images)}"
    with inference(model):
        return measure_ms(
            lambda: _run(model, images),
            kernel=kernel,
            repeats=repeats,
            threads=threads,
        )


def _time_once(function: Callable[[], object]) -> float:
    """Time one call, in milliseconds."""
    start = time.perf_counter_ns()
    function()
    return (time.perf_counter_ns() - start) / 1e6


def _run(model: nn.Module, images: Tensor) -> None:
    """Run the network, and on a GPU wait until it is done."""
    model(images)
    if images.is_cuda:
        torch.cuda.synchronize(images.device)


def _arithmetic(model: nn.Module) -> str:
    """Name what the layers multiply: "float32", "float32 x 4-bit weights"."""
    kinds = set()
    for layer in filter(is_counted, model.modules()):
        bits = activation_bits(layer)
        kind = "float32" if bits == FLOAT_BITS else f"{bits}-bit activations"
        stored = getattr(layer, "weight_kind", None)
        kinds.add(f"{kind} x {stored}" if stored else kind)
    return " + ".join(sorted(kinds)) or "module"
