"""Training a shipped network again, and judging the result."""

import dataclasses
import hashlib
import platform
import time
from typing import Any

import numpy as np
import torch
from torch import nn

from .. import artifact, datasets, models, training
from .._inference import torch_threads
from ..measuring import Score, wilson_interval
from .recipes import find_recipe

THREADS = 1  # sums depend on how they are shared out among threads


def reproduce(
    network: str, dataset: str, *, progress: bool = True
) -> tuple[nn.Module, dict[str, Any]]:
    """Train a network by its recipe; return it and its record.

    The same recipe gives the same file on the same kind of machine with the
    same versions; elsewhere roundings differ, and with them the weights.
    """
    recipe = dataclasses.asdict(find_recipe(network, dataset))
    data = datasets.load(dataset)
    start = time.process_time()
    with torch_threads(THREADS):
        trained = training.train(
            models.build(network, seed=recipe["seed"]),
            data,
            progress=progress,
            **recipe,
        )
        seconds = time.process_time() - start
        validation = training.evaluate(trained.model, data.validation)
        test = training.evaluate(trained.model, data.test)
    content = artifact.to_bytes(trained.model)
    return trained.model, {
        "network": network,
        "dataset": dataset,
        "recipe": recipe,
        "command": f"python -m mini_compress.zoo {network} {dataset}",
        "best_epoch": trained.best.number,
        "validation": _counts(validation),
        "test": _counts(test),
        "seconds": round(seconds, 1),
        "threads": THREADS,
        "machine": _machine(),
        "versions": _versions(),
        "dataset_sha256": data.sha256,
        "num_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def verdict(shipped: dict[str, Any], facts: dict[str, Any]) -> tuple[bool, str]:
    """Compare a new record with the shipped one: (reproduced, why)."""
    if facts["sha256"] == shipped["sha256"]:
        return True, f"sha256 {facts['sha256']}: the same as the shipped file"
    n, correct = shipped["test"]["n"], shipped["test"]["correct"]
    low, high = wilson_interval(correct, n)
    share = facts["test"]["correct"] / facts["test"]["n"]
    reproduced = low <= share <= high
    return reproduced, (
        f"sha256 {facts['sha256']}: not the shipped file's "
        f"{shipped['sha256']}, which was made with {shipped['versions']} on "
        f"{shipped['machine']}. Its accuracy is {100 * correct / n:.2f} %; the "
        f"new one is {'within' if reproduced else 'outside'} its 95 % "
        f"interval, {100 * low:.2f} to {100 * high:.2f} %"
    )


def _counts(score: Score) -> dict[str, int]:
    return {"n": len(score), "correct": score.num_correct}


def _machine() -> str:
    """Name what decides how float sums are rounded."""
    vectors = torch.backends.cpu.get_cpu_capability()
    return f"{platform.machine()} {vectors}"


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
    }
