"""Compare the kernels' speed with other libraries': `make bench`.

Every line is measured now, on one thread; ours and the peer take turns. A
ratio is the peer's time divided by ours: 2 means that we are twice as fast.
"""

import argparse
import os
import platform
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read when numpy and torch are imported

import numpy as np  # noqa: E402
import torch  # noqa: E402

from mini_compress.kernels import affine  # noqa: E402
from mini_compress.measuring import mcnemar_p_value  # noqa: E402
from tests.benchmarks.cases import all_cases, growing_calls  # noqa: E402
from tests.benchmarks.stopwatch import (  # noqa: E402
    import_ms,
    imports,
    peak_bytes,
    side_by_side,
)

CASE_LINE = "{:<36} {:<27} {:>8} {:>8} {:>7}  {:<9} {}"
LIMIT_LINE = "{:<64} {:>24}  {:<9} {}"
GROWTH_LINE = "{:<64} {:>8} {:>15}"


def processor() -> tuple[str, bool]:
    """Return the processor's name and whether it multiplies by VNNI."""
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    names = [line for line in text.splitlines() if "model name" in line]
    name = names[0].partition(": ")[2] if names else platform.processor()
    return name or platform.machine(), "vnni" in text


def print_cases(smoke: bool, vnni: bool) -> None:
    """Print how ours compares with each peer."""
    header = ["ours ms", "peer ms", "ratio", "target", ""]
    print(CASE_LINE.format("work", "peer", *header))
    for case in all_cases(smoke):
        rounds = 1 if smoke else case.rounds
        ours, theirs = side_by_side([case.ours, case.theirs], rounds)
        figures = [f"{ours:.2f}", f"{theirs:.2f}", f"{theirs / ours:.3g}"]
        target = f">= {case.least_ratio:.3g}"
        outcome = verdict(theirs / ours >= case.least_ratio, smoke)
        if case.needs_vnni and not vnni:
            outcome = "reported, no VNNI"
        print(CASE_LINE.format(case.work, case.peer, *figures, target, outcome))


def verdict(met: bool, smoke: bool) -> str:
    """Return the word for a target that is met or not."""
    if smoke:
        return "not judged"
    return "met" if met else "MISSED"


def print_limits(smoke: bool) -> None:
    """Print what has a limit of its own: imports, memory, a long sum."""
    print(LIMIT_LINE.format("\nlimits", "measured", "target", ""))
    for name, measured, target, met in limits(smoke):
        outcome = verdict(met, smoke)
        print(LIMIT_LINE.format(name, measured, target, outcome))


def limits(smoke: bool) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what is measured, the figure, its target, whether that is met."""
    numpy_ms, ours_ms = import_ms(
        "numpy", "mini_compress.kernels", rounds=1 if smoke else 9
    )
    beyond = ours_ms - numpy_ms
    name = "import mini_compress.kernels, ms beyond numpy's own"
    yield name, f"{beyond:.0f}", "< 200", beyond < 200
    found = imports("mini_compress", "torch")
    name = "import mini_compress imports torch"
    yield name, "yes" if found else "no", "no", not found
    x = np.ones((1000, 1000 if smoke else 10_000), np.float32)
    params = affine.choose_affine(x, axis=1)
    share = peak_bytes(lambda: affine.quantize(x, params)) / x.nbytes
    name = "quantize, bytes beyond the result / bytes of the input"
    yield name, f"{share:.3f}", "< 0.1", share < 0.1
    disputes = 100 if smoke else 10_000
    half = disputes // 2  # the longest sum: that of an even split
    (ms,) = side_by_side([lambda: mcnemar_p_value(half, half)], 9)
    name = f"mcnemar_p_value of {disputes:,} disputes, ms"
    yield name, f"{ms:.1f}", "< 10", ms < 10


def print_growth(smoke: bool) -> None:
    """Print how each kernel's cost grows: MACs or values in a nanosecond."""
    print(GROWTH_LINE.format("\ngrowth", "ours ms", "operations/ns"))
    for name, operations, call in growing_calls(smoke):
        (ours,) = side_by_side([call], rounds=1 if smoke else 7)
        rate = operations / (ours * 1e6)
        print(GROWTH_LINE.format(name, f"{ours:.3f}", f"{rate:.3g}"))


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--smoke", action="store_true", help="small sizes, one round, seconds"
    )
    smoke = parser.parse_args().smoke
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", ".*deprecated.*")  # a peer of ours
    name, vnni = processor()
    print(f"{name}, {'with' if vnni else 'no'} VNNI, one thread")
    peers = ("numpy", "scipy", "torch", "onnx", "onnxruntime")
    peers += ("scikit-learn", "tensorly", "gguf")
    print(", ".join(f"{peer} {version(peer)}" for peer in peers), end="\n\n")
    print_cases(smoke, vnni)
    print_limits(smoke)
    print_growth(smoke)


if __name__ == "__main__":
    main()
