"""What the recording machine can do: its rates, its overhead, its networks.

The rates are those of `hardware.measure_machine`. The overhead of a call is
what a chain of many layers takes longer than one such layer, each layer so
small that its arithmetic and its bytes vanish: in torch, layer by layer as the
book builds its networks, and in onnxruntime, which chose its kernels before.
The four networks run in both, for one image. One thread.
"""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor, nn

from ... import export, zoo
from ..._require import require_one_of
from ...hardware import (
    DeviceProfile,
    Timing,
    layer_costs,
    list_probes,
    measure_model_ms,
    measure_ms,
    profile_of,
    tiny_layers,
)
from ...hardware.overhead import FEW, KINDS, MANY, overhead_of
from ...models import NETWORKS
from ...quantization import fold_batchnorm
from ..engine.baselines import load_data
from ..engine.clocking import time_run
from ..engine.grid import Run, Study
from ..engine.results import load
from ..engine.rows import TimingRow
from ..engine.timings import recorded_times
from .sessions import open_session

REPEATS = 1001
RATE_REPEATS = 51  # the best counts: others on the machine only slow it
RATE, TORCH, ONNXRUNTIME = "rate", "torch", "onnxruntime"
RUNTIMES = (TORCH, ONNXRUNTIME)


def grid(smoke: bool) -> Sequence[Run]:
    """List the rates, then in each runtime the chains and the networks."""
    probes = ["read"] if smoke else list(list_probes())
    kinds = ["ReLU"] if smoke else list(KINDS)
    networks = ["LeNet300"] if smoke else list(NETWORKS)
    return [
        *(Run("", "", RATE, {"of": name}) for name in probes),
        *(
            Run("", "", runtime, {"layer": kind, "calls": calls})
            for runtime in RUNTIMES
            for kind in kinds
            for calls in (FEW, MANY)
        ),
        *(
            Run(network, "mnist5k", runtime, {"batch": 1})
            for runtime in RUNTIMES
            for network in networks
        ),
    ]


def measure(run: Run) -> TimingRow:
    """Time a rate, a chain or a network, on the thread that calls."""
    clocks: dict[str, Callable[[Run], tuple[Timing, int]]] = {RATE: _time_rate}
    return time_run(run, clocks.get(run.method, _time_layers))


def _time_rate(run: Run) -> tuple[Timing, int]:
    probe = list_probes()[run.settings["of"]]
    timing = measure_ms(
        probe.make(), kernel=probe.what, repeats=RATE_REPEATS, warmup=1
    )
    return timing, 0  # its work, in MACs or bytes, is the probe's


def _time_layers(run: Run) -> tuple[Timing, int]:
    if run.network:
        model: nn.Module = fold_batchnorm(zoo.load(run.network, run.dataset))
        images = load_data(run.dataset).test.take(1).images
    else:
        own = run.settings
        model, images = tiny_layers(own["layer"], own["calls"])
    costs = layer_costs(model, input_shape=tuple(images.shape[1:]))
    if run.method == TORCH:
        return measure_model_ms(model, images, repeats=REPEATS), costs.macs
    return _time_session(model, images), costs.macs


def _time_session(model: nn.Module, images: Tensor) -> Timing:
    """Time a model in onnxruntime."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        shape = tuple(images.shape[1:])
        export.to_onnx(model, path, form="float", input_shape=shape)
        session = open_session(path.read_bytes(), precise=False)
    [given] = session.get_inputs()
    fed = {given.name: images.numpy()}
    return measure_ms(
        lambda: session.run(None, fed),
        kernel="onnxruntime float32, batch 1",
        repeats=REPEATS,
    )


def overheads(runtime: str = TORCH) -> dict[str, float]:
    """Return the recorded seconds of a call, for each kind of layer.

    runtime : "torch" or "onnxruntime"

    >>> calls = overheads()
    >>> list(calls), calls["convolution"] > calls["ReLU"] > 0
    (['linear', 'convolution', 'ReLU', 'max pooling'], True)
    """
    require_one_of("runtime", runtime, RUNTIMES)
    result, found = load(STUDY.name), {}
    for kind in KINDS:
        chains = {
            n: {"method": runtime, "layer": kind, "calls": n}
            for n in (FEW, MANY)
        }
        found[kind] = overhead_of(*recorded_times(result, chains).ms.values())
    return found


def recorded_machine() -> DeviceProfile:
    """Return the profile of the recording machine, with torch's overhead.

    All of its figures were measured by the study `machine`, on one thread.

    >>> machine = recorded_machine()
    >>> machine.name, 1e-7 < machine.overhead_s < 1e-3
    ('recording machine', True)
    """
    result, probes, rates = load(STUDY.name), list_probes(), {}
    for name, probe in probes.items():
        wanted = {"method": RATE, "of": name}
        [ms] = recorded_times(result, {name: wanted}).ms.values()
        rates[name] = probe.work / ms * 1e3
    return profile_of(
        rates,
        statistics.mean(overheads().values()),
        probes=probes,
        name="recording machine",
        kind=f"{result.machine['processor']}, 1 thread, measured",
        address=f"study {STUDY.name}",
    )


STUDY = Study(
    name="machine",
    summary="rates and overhead of the machine, and networks on it",
    grid=grid,
    measure=measure,
    run_seconds=lambda run: 2.0,
    uses=("onnx", "onnxruntime"),
    alone=True,
)
