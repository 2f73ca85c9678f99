"""How the studies of pruning train a network on, and how long that takes."""

from typing import Any

from ..engine.grid import Run

# the learning rates of a short training that starts from a solution
RATES = {"LeNet300": 0.006, "ConvNet": 0.005, "LeNet5": 0.003}
# without it weights that no input reaches stay as large as they were drawn,
# and a criterion of magnitude takes them for important
WEIGHT_DECAY = {"LeNet300": 0.1, "ConvNet": 0.05, "LeNet5": 0.1}
# of an epoch on one thread: 55,000 images of 28 by 28 pixels
EPOCH_SECONDS = {"LeNet300": 2.0, "ConvNet": 20.0, "LeNet5": 24.0}


def tuning(run: Run, epochs: int) -> dict[str, Any]:
    """Return the arguments of `training.train` for the network of a run."""
    return {
        "epochs": epochs,
        "learning_rate": RATES[run.network],
        "weight_decay": WEIGHT_DECAY[run.network],
        "seed": run.seed,
        "progress": False,
    }
