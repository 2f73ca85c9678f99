"""The profile of the machine that runs this: measured, not looked up.

One thread, best of several runs: what this machine can do when nothing else
runs on it. The overhead is that of torch's calls. The bandwidth is the higher
one of a copy and of a pure read: a read alone is often faster, and networks
read far more than they write. The int8 rate is that of `torch._int_mm`,
torch's own product of int8 matrices. On a processor without instructions for
it that kernel is far slower than float32, and the profile shows it.
"""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass

import torch

from .._require import require_int
from .overhead import measure_overhead
from .profiles import DeviceProfile, Source
from .timing import measure_ms

# both larger than the caches of most machines
_COPY_BYTES = 64 * 2**20
_READ_ROWS = 8192  # as many columns: 256 MiB of float32


@dataclass(frozen=True)
class Probe:
    """A call by whose time a rate is measured.

    work : MACs of a product, bytes of a copy or of a read
    make : allocates what the call works on, and returns the call
    """

    what: str
    work: int
    make: Callable[[], Callable[[], object]]


def list_probes(
    *, float_size: int = 1024, int_size: int = 512
) -> dict[str, Probe]:
    """List what measures a machine: "float32" and "int8", "copy" and "read".

    float_size, int_size : as for `measure_machine`

    >>> list_probes()["copy"].work  # 64 MiB are read, and written
    134217728
    """
    return {
        "float32": Probe(
            f"torch.mm, {float_size} cubed, float32",
            float_size**3,
            lambda: _product(torch.mm, torch.float32, float_size),
        ),
        "int8": Probe(
            f"torch._int_mm, {int_size} cubed, int8 to int32",
            int_size**3,
            lambda: _product(torch._int_mm, torch.int8, int_size),
        ),
        "copy": Probe(
            "a copy of 64 MiB, read and written", 2 * _COPY_BYTES, _copy
        ),
        "read": Probe(
            "a matrix of 256 MiB, read once to be multiplied by a vector",
            4 * _READ_ROWS**2,
            _read,
        ),
    }


def measure_machine(
    *, float_size: int = 1024, int_size: int = 512, repeats: int = 5
) -> DeviceProfile:
    """Measure rates, bandwidth and overhead of one thread, in some seconds.

    float_size, int_size : rows and columns of the matrices that are
        multiplied, at least 32 and a multiple of 8
    repeats : the best of so many runs counts
    returns : a profile whose sources say what was measured; `ram_bytes` is
        None where the system does not tell it
    """
    require_int("float_size", float_size, 32)
    require_int("int_size", int_size, 32)
    probes = list_probes(float_size=float_size, int_size=int_size)
    rates = {name: _rate(probe, repeats) for name, probe in probes.items()}
    return profile_of(
        rates,
        measure_overhead(),
        probes=probes,
        name="this machine",
        kind=f"{platform.machine()}, 1 thread, measured",
        address="measured here",
        ram_bytes=_find_ram_bytes(),
    )


def profile_of(
    rates: dict[str, float],
    overhead_s: float,
    *,
    probes: dict[str, Probe],
    name: str,
    kind: str,
    address: str,
    ram_bytes: int | None = None,
) -> DeviceProfile:
    """Make a profile of what the probes of `list_probes` measured.

    rates : name of a probe -> its MACs or bytes a second
    probes : those that gave the rates
    overhead_s : seconds that torch takes to call a layer
    address : where these figures stand

    >>> rates = {"float32": 8e10, "int8": 6e11, "copy": 1.3e10, "read": 1.4e10}
    >>> board = profile_of(
    ...     rates,
    ...     5e-6,
    ...     probes=list_probes(),
    ...     name="my board",
    ...     kind="CPU, 1 thread",
    ...     address="https://example.org",
    ... )
    >>> board.bytes_per_second, board.sources["overhead"].address
    (14000000000.0, 'https://example.org')
    """
    faster = max(("copy", "read"), key=lambda x: rates[x])
    shown = {"float32": "float32", "int8": "int8", "bandwidth": faster}
    remarks = {
        **{
            figure: f"{probes[x].what}, 1 thread, best run"
            for figure, x in shown.items()
        },
        "overhead": "tiny layers in torch, called one by one, 1 thread: best "
        "of many runs, mean over kinds of layer",
    }
    if ram_bytes is not None:
        remarks["ram"] = "physical memory, by the operating system"
    return DeviceProfile(
        name=name,
        kind=kind,
        macs_per_second={x: rates[x] for x in ("float32", "int8")},
        bytes_per_second=rates[faster],
        memory="dram",
        sources={x: Source(address, text) for x, text in remarks.items()},
        ram_bytes=ram_bytes,
        overhead_s=overhead_s,
    )


def _rate(probe: Probe, repeats: int) -> float:
    """Measure the MACs or bytes a second of a probe."""
    timing = measure_ms(
        probe.make(), kernel=probe.what, repeats=repeats, warmup=1
    )
    return probe.work / (timing.min_ms / 1e3)


def _product(
    product: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    dtype: torch.dtype,
    size: int,
) -> Callable[[], object]:
    """Make a square matrix product."""
    a = torch.ones(size, size, dtype=dtype)
    return lambda: product(a, a)


def _copy() -> Callable[[], object]:
    """Make a copy, of which reads and writes count."""
    source = torch.ones(_COPY_BYTES // 4)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


def _read() -> Callable[[], object]:
    """Make a product that reads a large matrix from memory once."""
    matrix = torch.ones(_READ_ROWS, _READ_ROWS)
    vector = torch.ones(_READ_ROWS)
    return lambda: torch.mv(matrix, vector)


def _find_ram_bytes() -> int | None:
    """Ask the system for its physical memory; Windows does not answer."""
    names = getattr(os, "sysconf_names", {})
    if not {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= names.keys():
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
