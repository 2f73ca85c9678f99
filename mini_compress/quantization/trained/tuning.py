"""Train a network for few bits, and make integers of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from ...datasets import Dataset
from ...layers import IntegerNetwork
from ...training import Batch, Epoch, train
from ...training.steps import cross_entropy
from .conversion import to_integer
from .network import TrainableNetwork, prepare

CALIBRATION = 1000  # training images that show where the grids start


@dataclass(frozen=True, eq=False)
class TrainedQuantization:
    """A network of integers, and how it was trained.

    model : of integers
    trained : the network that learned, in float32 with rounded numbers
    history : every epoch; accuracies are those of `trained`
    best : the epoch that was kept
    """

    model: IntegerNetwork
    trained: TrainableNetwork
    history: tuple[Epoch, ...]
    best: Epoch


def train_quantized(
    model: nn.Module,
    data: Dataset,
    *,
    method: str = "lsq",
    weight_bits: int = 4,
    activation_bits: int = 4,
    granularity: str = "channel",
    bits: Mapping[str, int] | None = None,
    epochs: int,
    learning_rate: float = 0.001,
    weight_decay: float = 0.0,
    batch_size: int = 128,
    seed: int = 0,
    progress: bool = True,
) -> TrainedQuantization:
    """Train a copy of a network with rounded numbers; make integers of it.

    model : trained in float32; is not changed
    data : the grids start with the first 1,000 of its training images
    method, weight_bits, activation_bits, granularity, bits : see `prepare`
    epochs, learning_rate, weight_decay, batch_size, seed, progress : see
        `training.train`

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> tuned = train_quantized(
    ...     net, data, weight_bits=2, epochs=1, progress=False
    ... )
    >>> tuned.best.accuracy > 90
    True
    """
    images = data.train.take(min(CALIBRATION, len(data.train))).images
    trainable = prepare(
        model,
        images,
        method=method,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        granularity=granularity,
        bits=bits,
    )
    found = train(
        trainable,
        data,
        epochs=epochs,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        batch_size=batch_size,
        seed=seed,
        progress=progress,
        loss=penalized,
    )
    trained = found.model
    return TrainedQuantization(
        to_integer(trained),  # type: ignore[arg-type]
        trained,  # type: ignore[arg-type]
        found.history,
        found.best,
    )


def penalized(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross-entropy, raised by what a method adds to it.

    model : a `TrainableNetwork`; "pact" adds the squares of its clips
    """
    loss, penalty = cross_entropy(model, batch), model.penalty()  # type: ignore[operator]
    total: Tensor = loss if penalty is None else loss + penalty
    return total
