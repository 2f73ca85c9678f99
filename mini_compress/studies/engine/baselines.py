"""The float32 networks that methods are compared with, each trained once.

Seed 0 of a recipe is the network that ships in the zoo. Other seeds are
trained by the same recipe and kept in the cache folder, so that neither the
next run, nor a study that goes on after an interruption, nor another study
trains them again.
"""

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ... import artifact, datasets, models, training, zoo
from ...datasets import files
from ...measuring import Score
from ...zoo.recipes import find_recipe
from .grid import Run
from .locks import lock
from .provenance import statements


@dataclass(frozen=True, eq=False)
class Baseline:
    """A trained float32 network and its score on all test images."""

    model: nn.Module
    score: Score


@functools.lru_cache(maxsize=2)
def load_data(dataset: str) -> datasets.Dataset:
    """Load a data set, once in each process."""
    return datasets.load(dataset)


@functools.lru_cache(maxsize=2)
def load_baseline(network: str, dataset: str, seed: int) -> Baseline:
    """Return a baseline; one that is not there yet is trained.

    network, dataset : one of the zoo's recipes
    seed : of the first weights and of the order of the images
    """
    if seed == find_recipe(network, dataset).seed:
        model = zoo.load(network, dataset)
    else:
        model = artifact.load(train_baseline(network, dataset, seed))
    score = training.evaluate(model, load_data(dataset).test)
    return Baseline(model, score)


def is_trained(network: str, dataset: str, seed: int) -> bool:
    """Tell whether a baseline is in the zoo or in the cache."""
    shipped = seed == find_recipe(network, dataset).seed
    return shipped or _path(network, dataset, seed).exists()


def train_baseline(network: str, dataset: str, seed: int) -> Path:
    """Train a baseline unless it is in the cache; return where its file is.

    Whoever asks for one that another process is training waits for it.
    """
    path = _path(network, dataset, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as file:
        lock(file, wait=True)
        if not path.exists():
            trained = training.train(
                models.build(network, seed=seed),
                load_data(dataset),
                progress=False,
                **recipe_arguments(network, dataset, seed),
            )
            artifact.save(trained.model, path)
    return path


def recipe_arguments(network: str, dataset: str, seed: int) -> dict[str, Any]:
    """Return the arguments of `training.train` that make a baseline."""
    recipe = find_recipe(network, dataset)
    return dataclasses.asdict(dataclasses.replace(recipe, seed=seed))


def train_by_recipe(model: nn.Module, run: Run) -> nn.Module:
    """Train a network by the recipe of a run's baseline.

    run : its setting `epochs` takes the place of the recipe's
    """
    recipe = recipe_arguments(run.network, run.dataset, run.seed)
    recipe["epochs"] = run.settings["epochs"]
    data = load_data(run.dataset)
    return training.train(model, data, progress=False, **recipe).model


def _path(network: str, dataset: str, seed: int) -> Path:
    """Name a file after all that its weights depend on."""
    causes = [
        network,
        dataset,
        recipe_arguments(network, dataset, seed),
        torch.__version__,
        *map(
            statements,
            (
                models.building,
                models.dense,
                models.networks,
                training.loop,
                training.randomness,
                training.steps,
                training.evaluation,
                datasets,
            ),
        ),
    ]
    digest = hashlib.sha256(json.dumps(causes).encode()).hexdigest()[:12]
    name = f"{network.lower()}-{dataset}-{seed}-{digest}.safetensors"
    return files.cache_folder() / "baselines" / name
