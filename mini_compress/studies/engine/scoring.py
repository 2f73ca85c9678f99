"""One run of a study of accuracy: compress a baseline, score, compare."""

import time
from collections.abc import Callable

from torch import nn

from ... import artifact, training
from ...hardware import layer_costs
from ...measuring import compare
from .baselines import Baseline, load_baseline, load_data
from .grid import Run
from .rows import FLOAT, Row

Compress = Callable[[nn.Module, Run], nn.Module]


def score_run(run: Run, compress: Compress) -> Row:
    """Score a run's network on all test images, beside its own baseline.

    compress : makes the run's network of the baseline; not called for the
        run of the baseline itself, whose method is "float"
    """
    baseline = load_baseline(run.network, run.dataset, run.seed)
    return score_against(baseline, run, compress)


def score_against(baseline: Baseline, run: Run, compress: Compress) -> Row:
    """Score a run's network beside a baseline that the study has trained."""
    start = time.process_time()
    model = baseline.model
    if run.method != FLOAT:
        model = compress(model, run)
    score = training.evaluate(model, load_data(run.dataset).test)
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
        seconds=round(seconds, 2),
    )
