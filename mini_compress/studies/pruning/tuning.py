"""How the studies of pruning train a network on, and how long that takes.

`fine_tuned`, the control of all of them, is the uncompressed network trained
on for as long.
"""

from typing import Any

from torch import nn

from ... import training
from ..engine.baselines import load_data
from ..engine.grid import Run

# the learning rates of a short training that starts from a solution
RATES = {"LeNet300": 0.006, "ConvNet": 0.005, "LeNet5": 0.003, "ResNet8": 0.005}
# without it weights that no input reaches stay as large as they were drawn,
# and a criterion of magnitude takes them for important
WEIGHT_DECAY = {
    "LeNet300": 0.1,
    "ConvNet": 0.05,
    "LeNet5": 0.1,
    "ResNet8": 0.05,
}
# of an epoch on one thread: 55,000 images of 28 by 28 pixels
EPOCH_SECONDS = {
    "LeNet300": 2.0,
    "ConvNet": 20.0,
    "LeNet5": 24.0,
    "ResNet8": 23.0,
}
CONSTANTS = {
    "fine_tuning": {
        network: {"learning_rate": rate, "weight_decay": WEIGHT_DECAY[network]}
        for network, rate in RATES.items()
    }
}


def tuning(run: Run, epochs: int) -> dict[str, Any]:
    """Return the arguments of `training.train` for the network of a run."""
    return {
        "epochs": epochs,
        "learning_rate": RATES[run.network],
        "weight_decay": WEIGHT_DECAY[run.network],
        "seed": run.seed,
        "progress": False,
    }


def fine_tune_dense(model: nn.Module, run: Run) -> nn.Module:
    """Train the uncompressed network for as many epochs as the run says."""
    settings = tuning(run, run.settings["epochs"])
    return training.train(model, load_data(run.dataset), **settings).model
