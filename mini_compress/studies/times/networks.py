"""How many milliseconds networks and kernels take on the recording machine.

Networks run in torch, layer by layer as the book builds them. Kernels run by
themselves: this package's, in numpy, beside those of libraries. One thread.
Other programs on the machine make all times longer, so the minimum is
recorded beside the median.
"""

from collections.abc import Sequence
from typing import Any

from ... import zoo
from ...hardware import Timing, layer_costs, measure_model_ms, measure_ms
from ...models import NETWORKS
from ...quantization import fold_batchnorm
from ..engine.baselines import load_data
from ..engine.clocking import read_shape, time_run, write_shape
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, TimingRow
from ..quantization.post_training_quantization import (
    CALIBRATION_IMAGES,
    quantize,
)
from .timed_kernels import CONVOLUTIONS, PRODUCTS, count_macs, make_call

REPEATS = 51  # of a network; a kernel's default is fewer, for the slow ones
BATCHES = (1, 100)
METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    (FLOAT, {}),
    ("fold_batchnorm", {}),
    ("quantize_weights", {"bits": 8, "granularity": "channel"}),
    ("quantize_weights", {"bits": 4, "granularity": "channel"}),
    (
        "quantize_static",
        {
            "bits": 8,
            "granularity": "channel",
            "calibration_images": CALIBRATION_IMAGES,
        },
    ),
)
# of products and of a convolution, see `timed_kernels.count_macs`
SHAPES = ((512, 512, 512), (1024, 1024, 1024), (8, 32, 28, 28, 64, 3))
SMOKE_SHAPES = ((64, 64, 64), (1, 4, 28, 28, 8, 3))


def grid(smoke: bool) -> Sequence[Run]:
    """List the networks by batch and method, then the kernels by shape."""
    networks = ["LeNet300"] if smoke else list(NETWORKS)
    of_networks = [
        Run(network, "mnist5k", method, {**settings, "batch": batch})
        for network in networks
        for batch in BATCHES
        for method, settings in METHODS
    ]
    of_kernels = [
        Run("", "", method, {"shape": write_shape(shape)})
        for shape in (SMOKE_SHAPES if smoke else SHAPES)
        for method in (PRODUCTS if len(shape) == 3 else CONVOLUTIONS)
    ]
    return of_networks + of_kernels


def measure(run: Run) -> TimingRow:
    """Time a network or a kernel, on the thread that calls."""
    return time_run(run, _time_network if run.network else _time_kernel)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds; numpy's integer product is the slow one."""
    if run.network:
        return 2 if run.settings["batch"] > 1 else 0.5
    slowness = 90 if run.method == "numpy int32" else 1
    return slowness * count_macs(read_shape(run)) / 1e9


def _time_network(run: Run) -> tuple[Timing, int]:
    settings = dict(run.settings)
    batch = settings.pop("batch")
    model = zoo.load(run.network, run.dataset)
    if run.method == "fold_batchnorm":
        model = fold_batchnorm(model)
    elif run.method != FLOAT:
        model = quantize(
            model, Run(run.network, run.dataset, run.method, settings)
        )
    images = load_data(run.dataset).test.take(batch).images
    timing = measure_model_ms(model, images, repeats=REPEATS)
    return timing, batch * layer_costs(model).macs


def _time_kernel(run: Run) -> tuple[Timing, int]:
    shape = read_shape(run)
    call = make_call(run.method, shape)
    return measure_ms(call, kernel=run.method), count_macs(shape)


STUDY = Study(
    name="timing",
    summary="milliseconds of networks and kernels on one thread",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    uses=("onnx", "onnxruntime"),
    alone=True,
)
