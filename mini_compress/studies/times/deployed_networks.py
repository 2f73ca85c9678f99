"""How many milliseconds exported networks take in onnxruntime.

The float network and both forms of the integer one that is made of it: sums
of floats between grids, which onnxruntime puts integer operators in the place
of, and those operators themselves. One thread.

Integer forms run as onnxruntime does by default, and with its option for exact
sums, which processors without 8-bit dot products (VNNI) need. Where the
processor has them the option changes no code, but the kernels: theirs multiply
bytes without a sign, and are slower.

The networks of the book are small, and what is done around the products of a
layer is not shortened by bytes. So some are timed at four times their width
too, with 16 times the multiply-accumulates of most layers. Their weights are
random; the time does not depend on them.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from ... import export, models, zoo
from ...hardware import Timing, layer_costs, measure_ms
from ...models import NETWORKS
from ...quantization import quantize_network
from ..engine.baselines import load_data
from ..engine.clocking import time_run
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, TimingRow
from .sessions import open_session

REPEATS = 51
BATCHES = (1, 100)
VERSIONS: tuple[tuple[str, dict[str, bool]], ...] = (
    (FLOAT, {}),
    *(
        (form, {"precise": precise})
        for form in ("qdq", "qlinear")
        for precise in (False, True)
    ),
)
WIDE = 4  # times the width
WIDENED = ("ConvNet", "ResNet8")
CALIBRATION_IMAGES = 200
SHAPE = (1, 28, 28)


def grid(smoke: bool) -> Sequence[Run]:
    """List the networks by width, batch, form and option."""
    names = ["LeNet300"] if smoke else list(NETWORKS)
    sizes = [(name, 1) for name in names]
    if not smoke:
        sizes += [(name, WIDE) for name in WIDENED]
    return [
        Run(name, "mnist5k", form, {"width": width, "batch": batch, **option})
        for name, width in sizes
        for batch in BATCHES
        for form, option in VERSIONS
    ]


def measure(run: Run) -> TimingRow:
    """Time a network in one form, on the thread that calls."""
    return time_run(run, _time_network)


def _time_network(run: Run) -> tuple[Timing, int]:
    batch = run.settings["batch"]
    data = load_data(run.dataset)
    model = _network(run)
    macs = batch * layer_costs(model, input_shape=SHAPE).macs
    if run.method != FLOAT:
        model = quantize_network(
            model, data.train.take(CALIBRATION_IMAGES).images
        )
    session = open_session(
        _exported(model, run.method),
        precise=run.settings.get("precise", False),
    )
    [given] = session.get_inputs()
    images = {given.name: data.test.take(batch).images.numpy()}
    timing = measure_ms(
        lambda: session.run(None, images),
        kernel=f"onnxruntime {run.method}, batch {batch}",
        repeats=REPEATS,
    )
    return timing, macs


def _network(run: Run) -> nn.Module:
    """Return the trained network, or an untrained wide one."""
    width = run.settings["width"]
    if width == 1:
        return zoo.load(run.network, run.dataset)
    return models.build(run.network, width=width).eval()


def _exported(model: nn.Module, form: str) -> bytes:
    """Return a network's ONNX file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        export.to_onnx(model, path, form=form, input_shape=SHAPE)
        return path.read_bytes()


STUDY = Study(
    name="deployed_timing",
    summary="milliseconds of exported networks in onnxruntime",
    grid=grid,
    measure=measure,
    run_seconds=lambda run: 2.0,
    uses=("onnx", "onnxruntime"),
    alone=True,
)
