"""Deep Compression: prune, share weights, Huffman-code, and what each adds.

The target, set before the first run on test images: a file 35 times shorter
than the float32 one, and 40 (LeNet300) and 39 times (LeNet5) as in the paper
if that can be had; with less than 0.3 pp lost, for every seed. `num_bytes` is
the length of the real file: codes, gaps, fillers, codebooks, tables, biases
and the header.

Each plan goes through four stages, and each stage is a row: pruned while it
learns (stored by `store_sparse`), shared, tuned, Huffman-coded. "paper" keeps
the shares and the bits of [han2016deep], tables 2 and 3; "smaller" was chosen
by trials of seed 0 on validation images, never on test images. A stage goes on
from the one before, so its `seconds` are what it adds. Beside them stands the
dense network trained for as many epochs.

On LeNet300 the order is varied with the bits and shares of "smaller": without
pruning, without retraining what pruning has left, and shared before it is
pruned. There the levels alone are trained.
"""

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from torch import nn

from ... import pruning
from ...layers.selection import treatable_layers
from ...quantization import (
    quantize_codebook,
    share_weights,
    store_huffman,
    tune_codebooks,
)
from ..engine.baselines import load_baseline, load_data
from ..engine.grid import Run, Study, cross
from ..pruning.tuning import CONSTANTS, EPOCH_SECONDS, fine_tune_dense, tuning
from .plans import PLANS, TARGETS, Plan

STAGES = ("pruned", "shared", "tuned", "huffman")
EPOCHS = {"LeNet300": 34, "LeNet5": 5}  # of pruning and tuning together
TUNING_EPOCHS = {"LeNet300": 4, "LeNet5": 1}
ORDER_EPOCHS = 6
# levels are few, and each moves by the gradients of all its weights
TUNING_RATES = {"LeNet300": 0.003, "LeNet5": 0.001}
SCORING_SECONDS = 2.0
Setting = tuple[str, dict[str, Any]]


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = [*_stages(["smaller"], 2, 1), *_orders(1)]
        return cross([("LeNet300", "mnist5k")], range(1), settings)
    runs: list[Run] = []
    for network, epochs in EPOCHS.items():
        settings = list(_stages(PLANS[network], epochs, TUNING_EPOCHS[network]))
        if network == "LeNet300":
            settings += _orders(ORDER_EPOCHS)
        runs += cross([(network, "mnist")], range(3), settings)
    return runs


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Take a baseline through the stages, up to that of the run."""
    if run.method == "fine_tuned":
        return fine_tune_dense(model, run)
    stage, epochs = run.method, run.settings["epochs"]
    place = run.network, run.dataset, run.seed
    if stage in ORDERS:
        shared = ORDERS[stage](model, plan_of(run))
        return store_huffman(tune(shared, *place, epochs=epochs))
    plan = run.settings["plan"]
    if stage in ("pruned", "shared"):
        pruned = prune(*place, plan, epochs)
        if stage == "pruned":
            return pruning.store_sparse(pruned)
        return share_weights(pruned, plan_of(run)["bits"])
    last = run.settings["tuning_epochs"]
    tuned = share_and_tune(*place, plan, epochs, last)
    return tuned if stage == "tuned" else store_huffman(tuned)


@functools.lru_cache(maxsize=1)
def prune(
    network: str, dataset: str, seed: int, plan: str, epochs: int
) -> nn.Module:
    """Prune a baseline while it learns; later stages go on from there."""
    kept = PLANS[network][plan]["kept"]
    each = isinstance(kept, Mapping)
    return pruning.prune_gradually(
        load_baseline(network, dataset, seed).model,
        load_data(dataset),
        {name: 1 - x for name, x in kept.items()} if each else 1 - kept,
        scope="layer" if each else "global",
        **tuning(Run(network, dataset, "pruned", seed=seed), epochs),
    ).model


@functools.lru_cache(maxsize=1)
def share_and_tune(
    network: str,
    dataset: str,
    seed: int,
    plan: str,
    epochs: int,
    tuning_epochs: int,
) -> nn.Module:
    """Share what pruning has left and tune the levels.

    epochs : of both, at least one each
    """
    first = max(1, epochs - tuning_epochs)
    pruned = prune(network, dataset, seed, plan, first)
    shared = share_weights(pruned, PLANS[network][plan]["bits"])
    last = min(epochs, tuning_epochs)
    return tune(shared, network, dataset, seed, epochs=last)


def tune(
    model: nn.Module, network: str, dataset: str, seed: int, *, epochs: int
) -> nn.Module:
    """Train the levels of a network, zeros kept."""
    return tune_codebooks(
        model,
        load_data(dataset),
        epochs=epochs,
        learning_rate=TUNING_RATES[network],
        seed=seed,
        progress=False,
    ).model


def share_alone(model: nn.Module, plan: Plan) -> nn.Module:
    """Share the weights of a network that is not pruned."""
    return quantize_codebook(model, bits=plan["bits"])


def prune_at_once(model: nn.Module, plan: Plan) -> nn.Module:
    """Prune without retraining, then share."""
    masks = pruning.magnitude_masks(model, 1 - plan["kept"], scope="global")
    return share_weights(pruning.apply_masks(model, masks), plan["bits"])


def share_first(model: nn.Module, plan: Plan) -> nn.Module:
    """Share all weights, then prune; what is left keeps its levels."""
    shared = share_alone(model, plan)
    plain = copy.deepcopy(model).requires_grad_(False)
    for name, layer in treatable_layers(plain, None).items():
        layer.weight.copy_(shared.get_submodule(name).dense_weight())  # type: ignore[operator]
    return prune_at_once(plain, plan)


ORDERS: dict[str, Callable[[nn.Module, Plan], nn.Module]] = {
    "no_pruning": share_alone,
    "no_retraining": prune_at_once,
    "shared_first": share_first,
}


def plan_of(run: Run) -> Plan:
    """Return what a run keeps, and in how many bits."""
    return PLANS[run.network][run.settings.get("plan", "smaller")]


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    epochs = run.settings.get("epochs", 0)
    if run.method in ("shared", "huffman"):
        epochs = 0  # the stage before has done it
    if run.method == "tuned":
        epochs = run.settings["tuning_epochs"]
    return SCORING_SECONDS + epochs * EPOCH_SECONDS[run.network]


def together(run: Run) -> str:
    """Let one process take a network through all stages of a plan."""
    staged = [run.network, run.dataset, run.seed, run.settings.get("plan")]
    return str(staged if run.method in STAGES else run)


def _stages(
    plans: Iterable[str], epochs: int, tuning_epochs: int
) -> Iterator[Setting]:
    """List the dense network trained as long, and the stages of each plan."""
    yield "fine_tuned", {"epochs": epochs}
    for plan in plans:
        pruned = {"plan": plan, "epochs": epochs - tuning_epochs}
        tuned = {"plan": plan, "epochs": epochs, "tuning_epochs": tuning_epochs}
        yield "pruned", pruned
        yield "shared", pruned
        yield "tuned", tuned
        yield "huffman", tuned


def _orders(epochs: int) -> Iterator[Setting]:
    """List the other orders."""
    for method in ORDERS:
        yield method, {"epochs": epochs}


STUDY = Study(
    name="deep_compression",
    summary="prune, share, Huffman-code: bytes and accuracy by stage",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.3,
    claims=lambda run: run.method == "huffman",
    controls=("fine_tuned", "pruned", "shared", "tuned", *ORDERS),
    together=together,
    constants={
        "target": TARGETS,
        "plans": PLANS,
        "tuning_rates": TUNING_RATES,
        **CONSTANTS,
    },
)
