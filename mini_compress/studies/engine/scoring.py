"""One run of a study of accuracy: compress a baseline, score, compare."""

import time
from typing import Any

import numpy as np

from ... import artifact, training
from ...datasets import Dataset
from ...hardware import layer_costs
from ...measuring import compare
from .baselines import Baseline, load_baseline, load_data, recipe_arguments
from .grid import UNTRAINED, Run, Study
from .rows import FLOAT, AnyRow, Row


def measure_run(study: Study, run: Run) -> AnyRow:
    """Turn a run into its row, in whatever process it is called."""
    return study.measure(run) if study.measure else score_run(study, run)


def score_run(study: Study, run: Run) -> Row:
    """Score a run's network on all test images, beside its own baseline."""
    baseline = find_baseline(study, run)
    start = time.process_time()
    model = baseline.model
    if run.method != FLOAT and study.compress:
        model = study.compress(model, run)
    score = training.evaluate(model, find_data(study, run.dataset).test)
    seconds = time.process_time() - start
    pair = compare(baseline.score, score)
    return Row(
        **vars(run),
        n=len(score),
        correct=score.num_correct,
        b=pair.lost,
        c=pair.gained,
        num_bytes=len(artifact.to_bytes(model)),
        macs=layer_costs(model).macs,
        total_epochs=count_epochs(study, run),
        seconds=round(seconds, 2),
        wrong=np.packbits(~score.correct).tobytes(),
    )


def find_data(study: Study, dataset: str) -> Dataset:
    """Load a data set, by the study's own function if it has one."""
    return study.data(dataset) if study.data else load_data(dataset)


def find_baseline(study: Study, run: Run) -> Baseline:
    """Return the network that a run starts from, and its score."""
    if study.baseline is None:
        return load_baseline(run.network, run.dataset, run.seed)
    model = study.baseline(run)
    test = find_data(study, run.dataset).test
    return Baseline(model, training.evaluate(model, test))


def find_recipe(study: Study, network: str, dataset: str) -> dict[str, Any]:
    """Say how the baselines of a network were trained, but for the seed."""
    if study.recipe is not None:
        return dict(study.recipe)
    recipe = recipe_arguments(network, dataset, seed=0)
    return {name: recipe[name] for name in recipe if name != "seed"}


def count_epochs(study: Study, run: Run) -> int:
    """Count all the epochs that a run's network was trained for."""
    if study.total_epochs is not None:
        return study.total_epochs(run)
    own = run.settings.get("epochs", 0)
    if run.settings.get("start") == UNTRAINED:
        return own
    return own + find_recipe(study, run.network, run.dataset)["epochs"]
