"""The profile of the machine that runs this: measured, not looked up.

One thread, best of several runs: what this machine can do when nothing else
runs on it. The bandwidth is the higher one of a copy and of a pure read: a
read alone is often faster, and networks read far more than they write. The
int8 rate is that of `torch._int_mm`, torch's own product of int8 matrices. On
a processor without instructions for it that kernel is far slower than
float32, and the profile shows it.
"""

import os
import platform
from collections.abc import Callable

import torch

from .._require import require_int
from .profiles import DeviceProfile, Source
from .timing import measure_ms

# both larger than the caches of most machines
_COPY_BYTES = 64 * 2**20
_READ_ROWS = 8192  # as many columns: 256 MiB of float32


def measure_machine(
    *, float_size: int = 1024, int_size: int = 512, repeats: int = 5
) -> DeviceProfile:
    """Measure MAC/s and bandwidth of one thread; takes about two seconds.

    float_size, int_size : rows and columns of the matrices that are
        multiplied, at least 32 and a multiple of 8
    repeats : the best of so many runs counts
    returns : a profile whose sources say what was measured; `ram_bytes` is
        None where the system does not tell it
    """
    require_int("float_size", float_size, 32)
    require_int("int_size", int_size, 32)
    rates = {
        "float32": _matmul_rate(torch.mm, torch.float32, float_size, repeats),
        "int8": _matmul_rate(torch._int_mm, torch.int8, int_size, repeats),
    }
    sources = {
        "float32": _measured(f"torch.mm, {float_size} cubed, float32"),
        "int8": _measured(f"torch._int_mm, {int_size} cubed, int8 to int32"),
        "bandwidth": _measured(
            "the faster of a copy of 64 MiB, read and written, and of a matrix "
            "of 256 MiB, read once to be multiplied by a vector"
        ),
    }
    ram_bytes = _find_ram_bytes()
    if ram_bytes is not None:
        sources["ram"] = Source("the operating system", "physical memory")
    return DeviceProfile(
        name="this machine",
        kind=f"{platform.machine()}, 1 thread, measured",
        macs_per_second=rates,
        bytes_per_second=max(_copy_rate(repeats), _read_rate(repeats)),
        memory="dram",
        sources=sources,
        ram_bytes=ram_bytes,
    )


def _matmul_rate(
    product: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    dtype: torch.dtype,
    size: int,
    repeats: int,
) -> float:
    """Measure the MAC/s of a square matrix product."""
    a = torch.ones(size, size, dtype=dtype)
    timing = measure_ms(
        lambda: product(a, a), kernel="product", repeats=repeats, warmup=1
    )
    return size**3 / (timing.min_ms / 1e3)


def _copy_rate(repeats: int) -> float:
    """Measure the bytes a second of a copy, read and write both counted."""
    source = torch.ones(_COPY_BYTES // 4)
    target = torch.empty_like(source)
    timing = measure_ms(
        lambda: target.copy_(source), kernel="copy", repeats=repeats, warmup=1
    )
    return 2 * _COPY_BYTES / (timing.min_ms / 1e3)


def _read_rate(repeats: int) -> float:
    """Measure the bytes a second of a matrix that is read from memory once."""
    matrix = torch.ones(_READ_ROWS, _READ_ROWS)
    vector = torch.ones(_READ_ROWS)
    timing = measure_ms(
        lambda: torch.mv(matrix, vector),
        kernel="read",
        repeats=repeats,
        warmup=1,
    )
    return matrix.nbytes / (timing.min_ms / 1e3)


def _measured(what: str) -> Source:
    return Source("measured here", f"{what}, 1 thread, best run")


def _find_ram_bytes() -> int | None:
    """Ask the system for its physical memory; Windows does not answer."""
    names = getattr(os, "sysconf_names", {})
    if not {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= names.keys():
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
