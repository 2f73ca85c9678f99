"""How long sparse products take, against the density of the weight.

Zeros anywhere (CSR, relative index), in blocks (BSR) and 2:4, by this
package's kernels and by SciPy's and PyTorch's, next to the dense product. A
vector and 64 columns; a square weight, the first layer of LeNet300, and a
convolution. One thread.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ...hardware import Timing, measure_ms
from ..engine.clocking import read_shape, time_run, write_shape
from ..engine.grid import Run, Study
from ..engine.rows import TimingRow
from .timed_sparse import (
    BLOCKS,
    CONV_BLOCKS,
    CONV_DENSE,
    CONV_UNSTRUCTURED,
    DENSE,
    MAKERS,
    TWO_OF_FOUR,
    UNSTRUCTURED,
    WINDOW,
    make_weight,
)

Shape = tuple[int, ...]

DENSITIES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
# of the weight; columns of x
PRODUCTS: tuple[Shape, ...] = (
    (1024, 1024, 1),
    (1024, 1024, 64),
    (300, 784, 1),
    (300, 784, 64),
)
# images, channels, height, width, outputs
CONVOLUTIONS: tuple[Shape, ...] = ((8, 32, 14, 14, 64),)
SMOKE_PRODUCTS: tuple[Shape, ...] = ((64, 64, 1), (64, 64, 4))
SMOKE_CONVOLUTIONS: tuple[Shape, ...] = ((1, 4, 7, 7, 8),)
REPEATS = 31


def grid(smoke: bool) -> Sequence[Run]:
    """List for each shape the dense products, then each format's densities."""
    densities = (0.1, 0.5) if smoke else DENSITIES
    runs: list[Run] = []
    for shape in SMOKE_PRODUCTS if smoke else PRODUCTS:
        runs += _runs(shape, DENSE, [1.0])
        runs += _runs(shape, [*UNSTRUCTURED, *BLOCKS], densities)
        runs += _runs(shape, TWO_OF_FOUR, [0.5])
    for shape in SMOKE_CONVOLUTIONS if smoke else CONVOLUTIONS:
        runs += _runs(shape, CONV_DENSE, [1.0])
        runs += _runs(shape, [*CONV_UNSTRUCTURED, *CONV_BLOCKS], densities)
    return runs


def measure(run: Run) -> TimingRow:
    """Time one kernel with one weight, on the thread that calls."""
    return time_run(run, _time_kernel)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds: our products do two MACs in a nanosecond."""
    shape = read_shape(run)
    rows, cols = _weight_shape(shape)
    macs = rows * cols * run.settings["density"] * _columns(shape)
    return 0.1 + REPEATS * macs / 2e9


def _time_kernel(run: Run) -> tuple[Timing, int]:
    shape = read_shape(run)
    rows, cols, x = _operands(shape)
    weight = make_weight(run.method, rows, cols, run.settings["density"])
    call = MAKERS[run.method](weight, x)
    timing = measure_ms(call, kernel=run.method, repeats=REPEATS)
    return timing, int(np.count_nonzero(weight)) * _columns(shape)


def _runs(
    shape: Shape, methods: Iterable[str], densities: Sequence[float]
) -> list[Run]:
    return [
        Run("", "", method, {"shape": write_shape(shape), "density": density})
        for method in methods
        for density in densities
    ]


def _weight_shape(shape: Shape) -> tuple[int, int]:
    """Return the rows and columns of the weight of a product or convolution."""
    if len(shape) == 3:
        return shape[0], shape[1]
    return shape[4], shape[1] * math.prod(WINDOW)


def _columns(shape: Shape) -> int:
    """Return how many columns the weight is multiplied by."""
    return shape[2] if len(shape) == 3 else shape[0] * shape[2] * shape[3]


def _operands(shape: Shape) -> tuple[int, int, np.ndarray]:
    """Return the weight's rows and columns, and what it is multiplied by."""
    rows, cols = _weight_shape(shape)
    x_shape: Shape = shape[:4]
    if len(shape) == 3:
        x_shape = (cols,) if shape[2] == 1 else (cols, shape[2])
    x = np.random.default_rng(1).standard_normal(x_shape, np.float32)
    return rows, cols, x


STUDY = Study(
    name="sparse_timing",
    summary="milliseconds of sparse products against density",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    uses=("scipy",),
    alone=True,
)
