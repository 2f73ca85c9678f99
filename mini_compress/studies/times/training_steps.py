"""How many milliseconds a step of training takes, while compressing.

A step goes forward and backward on 128 images and moves the weights: of the
whole network, and of it masked, thinned, factored, with rounded numbers, and
taught. One thread. Other programs on the machine make all times longer, so the
minimum is recorded beside the median.
"""

import copy
import functools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm

from ... import distillation, pruning, quantization, zoo
from ...hardware import Timing, layer_costs
from ...quantization.trained.tuning import penalized
from ...training.steps import AfterStep, Learner, Loss, cross_entropy
from ..combined.steps import SPARSITY, factorize
from ..engine.baselines import load_data
from ..engine.clocking import time_run
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, TimingRow

REPEATS = 301  # steps are long, and seldom undisturbed
WARMUP = FEW = 3  # rounds
BATCH = 128  # as `training.train` has it
CHANNEL_RATIO = 0.5
BITS = 4
NETWORK, DATASET = "ConvNet", "mnist5k"
IMAGES = 1_000  # of the training set, for ranges
MANY_STEPS = 10**6  # the learning rate stays where it starts


class Lesson(NamedTuple):
    """What is timed: a network, its loss, and what follows each step."""

    model: nn.Module
    loss: Loss = cross_entropy
    after_step: AfterStep | None = None


def whole(model: nn.Module) -> Lesson:
    """Train the network as it is."""
    return Lesson(model)


def masked(model: nn.Module) -> Lesson:
    """Keep removed weights at 0; the products are the dense ones."""
    masks = pruning.magnitude_masks(model, SPARSITY, scope="global")
    small = pruning.apply_masks(model, masks)
    return Lesson(small, after_step=pruning.keep_masked(masks))


def thinned(model: nn.Module) -> Lesson:
    """Train the network without half of its filters."""
    return Lesson(pruning.prune_filters(model, CHANNEL_RATIO).model)


def factored(model: nn.Module) -> Lesson:
    """Train chains of two layers, with half of the weights."""
    return Lesson(factorize(model))


def rounded(model: nn.Module) -> Lesson:
    """Learn the steps of weights and activations (LSQ)."""
    images = load_data(DATASET).train.take(IMAGES).images
    trainable = quantization.prepare(
        model, images, weight_bits=BITS, activation_bits=BITS
    )
    return Lesson(trainable, penalized)


def taught(model: nn.Module) -> Lesson:
    """Ask a teacher of the same size at each step."""
    teacher = copy.deepcopy(model)
    return Lesson(model, distillation.DistillationLoss(teacher))


def taught_from_cache(model: nn.Module) -> Lesson:
    """Look up what the teacher has answered once."""
    cached = distillation.cache_logits(model, load_data(DATASET).train)
    return Lesson(model, distillation.DistillationLoss(cached))


LESSONS: dict[str, Callable[[nn.Module], Lesson]] = {
    FLOAT: whole,
    "masked": masked,
    "thinned": thinned,
    "factored": factored,
    "lsq": rounded,
    "taught": taught,
    "taught_from_cache": taught_from_cache,
}


def grid(smoke: bool) -> Sequence[Run]:
    """List what is timed, in a few rounds or in all."""
    settings = {"run": "training step", "batch": BATCH}
    settings |= {"rounds": FEW} if smoke else {}
    return [Run(NETWORK, DATASET, method, dict(settings)) for method in LESSONS]


def measure(run: Run) -> TimingRow:
    """Time a step, on the thread that calls."""
    return time_run(run, _time_step)


def _time_step(run: Run) -> tuple[Timing, int]:
    step = _all_steps()[run.method]
    times = np.array(
        _all_times(run.settings.get("rounds", REPEATS))[run.method]
    )
    timing = Timing(
        kernel="torch, a step of Adam",
        median_ms=float(np.median(times)),
        min_ms=float(times.min()),
        max_ms=float(times.max()),
        repeats=len(times),
        threads=1,
    )
    return timing, BATCH * step.macs


class TimedStep(NamedTuple):
    """A step of one lesson, and the MACs of its network for an image."""

    take: Callable[[], None]
    macs: int


@functools.cache
def _all_times(rounds: int) -> dict[str, list[float]]:
    """Time all lessons in turn, round after round.

    One after the other, they would meet different neighbors on the machine.

    returns : milliseconds of each round
    """
    times: dict[str, list[float]] = {name: [] for name in LESSONS}
    for number in range(WARMUP + rounds):
        for name, step in _all_steps().items():
            start = time.perf_counter()
            step.take()
            if number >= WARMUP:
                times[name].append(1e3 * (time.perf_counter() - start))
    return times


@functools.cache
def _all_steps() -> dict[str, TimedStep]:
    """Make every lesson ready to take steps."""
    return {name: _make_step(lesson) for name, lesson in LESSONS.items()}


def _make_step(make: Callable[[nn.Module], Lesson]) -> TimedStep:
    lesson = make(zoo.load(NETWORK, DATASET))
    # as `training.train` lays weights out, in which processors convolve faster
    model: Any = lesson.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    learner = Learner(
        model.train(),
        MANY_STEPS,
        learning_rate=1e-5,
        weight_decay=0.0,
        loss=lesson.loss,
        extra=None,
        transform=lambda images: images,
        after_step=lesson.after_step,
    )
    split, indices = load_data(DATASET).train, torch.arange(BATCH)
    bar = tqdm(disable=True)

    def take() -> None:
        learner.learn(split, [indices], 1, bar)

    return TimedStep(take, layer_costs(getattr(model, "source", model)).macs)


STUDY = Study(
    name="training_timing",
    summary="milliseconds of a step of training, while compressing",
    grid=grid,
    measure=measure,
    run_seconds=lambda run: 25.0,
    alone=True,
)
