"""How many milliseconds factored layers take, and training them takes.

A factored layer has fewer multiply-accumulates and more calls. Networks and
layers by themselves run in torch on one thread: forward, and for networks a
whole step of training too. Other programs on the machine make all times
longer, so the minimum is recorded beside the median.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ... import low_rank, zoo
from ...hardware import Timing, layer_costs, measure_model_ms, measure_ms
from ...layers.selection import treatable_layers
from ..engine.baselines import load_data
from ..engine.clocking import read_shape, time_run, write_shape
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, TimingRow

REPEATS = 51
BATCHES = (1, 100)
STEP, TRAINING_BATCH = "training step", 100
SHARES = (0.5, 0.25, 0.125)  # of the weights
METHODS = {  # of factorization
    "LeNet300": ("channel",),  # of linear layers all are the SVD
    "LeNet5": ("channel", "spatial", "tucker"),
    "ConvNet": ("channel", "spatial", "tucker"),
}
# (batch, inputs, outputs) of linear layers; (images, channels, height, width,
# outputs, size) of convolutions, as in `timed_kernels.count_macs`
LINEAR = ((1, 784, 300), (100, 784, 300), (1, 4096, 4096), (100, 4096, 4096))
CONVOLUTIONS = ((1, 32, 14, 14, 64, 3), (1, 256, 28, 28, 256, 3))


def grid(smoke: bool) -> Sequence[Run]:
    """List networks by batch and method, then layers by shape and method."""
    networks = ["LeNet300"] if smoke else list(METHODS)
    kinds = [("inference", batch) for batch in BATCHES]
    kinds.append((STEP, TRAINING_BATCH))
    runs = [
        Run(network, "mnist5k", method, {**settings, "run": kind, "batch": n})
        for network in networks
        for kind, n in kinds
        for method, settings in _versions(METHODS[network])
    ]
    layers: dict[tuple[int, ...], Sequence[str]] = {
        **{shape: METHODS["LeNet300"] for shape in LINEAR},
        **{shape: METHODS["ConvNet"] for shape in CONVOLUTIONS},
    }
    return runs + [
        Run("", "", method, {**settings, "shape": write_shape(shape)})
        for shape in ((LINEAR[0], CONVOLUTIONS[0]) if smoke else layers)
        for method, settings in _versions(layers[shape])
    ]


def measure(run: Run) -> TimingRow:
    """Time a network or a layer, on the thread that calls."""
    return time_run(run, _time_network if run.network else _time_layer)


def _versions(methods: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """List what is timed: the whole, then every method at every share."""
    factored = [(x, {"share": share}) for x in methods for share in SHARES]
    return [(FLOAT, {}), *factored]


def _time_network(run: Run) -> tuple[Timing, int]:
    batch = run.settings["batch"]
    model = zoo.load(run.network, run.dataset)
    if run.method != FLOAT:
        layers = list(treatable_layers(model, None))[:-1]
        model = _factorize(model, run, layers)
    examples = load_data(run.dataset).test.take(batch)
    macs = batch * layer_costs(model).macs
    if run.settings["run"] == STEP:
        step = _training_step(model, examples.images, examples.labels)
        kernel = "torch, a step of Adam"
        return measure_ms(step, kernel=kernel, repeats=REPEATS), macs
    return measure_model_ms(model, examples.images, repeats=REPEATS), macs


def _training_step(model: nn.Module, images: Tensor, labels: Any) -> Any:
    """Return a call that goes forward and backward and moves the weights."""
    optimizer = torch.optim.Adam(model.train().parameters(), lr=1e-5)

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    return step


def _time_layer(run: Run) -> tuple[Timing, int]:
    shape = read_shape(run)
    torch.manual_seed(0)
    if len(shape) == 3:
        batch, inputs, outputs = shape
        x = torch.rand(batch, inputs)
        layer: nn.Module = nn.Linear(inputs, outputs)
    else:
        batch, inputs, height, width, outputs, size = shape
        layer = nn.Conv2d(inputs, outputs, size, padding=size // 2)
        x = torch.rand(batch, inputs, height, width)
    model: nn.Module = nn.Sequential(layer)
    if run.method != FLOAT:
        model = _factorize(model, run, ["0"], tuple(x.shape[1:]))
    timing = measure_model_ms(model, x, repeats=REPEATS)
    costs = layer_costs(model, input_shape=tuple(x.shape[1:]))
    return timing, batch * costs.macs


def _factorize(
    model: nn.Module,
    run: Run,
    layers: Sequence[str],
    input_shape: tuple[int, ...] = (1, 28, 28),
) -> nn.Module:
    """Factorize layers as a run says; their random weights do not matter."""
    ranks = low_rank.share_ranks(
        model, run.settings["share"], method=run.method, layers=layers
    )
    return low_rank.factorize(
        model, ranks, method=run.method, input_shape=input_shape
    ).model


STUDY = Study(
    name="factored_timing",
    summary="milliseconds of factored layers and networks",
    grid=grid,
    measure=measure,
    run_seconds=lambda run: 3.0,
    alone=True,
)
