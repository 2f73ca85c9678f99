"""Ranges of activations: chosen by a rule, on a few training images.

`quantize_network` covers all that the images show. `calibrate` chooses what
is to be covered, for each step that the integer network will have.
"""

from torch import Tensor, nn

from .._inference import require_float32, require_module, require_range_images
from .._require import require_int, require_one_of
from ..kernels.ranges import RULES, Histogram, moving_average
from .planning import plan_steps

MOVING_AVERAGE = "moving_average"  # of batches; all other rules see histograms
METHODS = (*RULES, MOVING_AVERAGE)


def calibrate(
    model: nn.Module,
    images: Tensor,
    *,
    method: str = "percentile",
    bits: int = 8,
    batch_size: int = 32,
) -> dict[str, tuple[float, float]]:
    """Choose the range of what each step of an integer network gives.

    model : as for `quantize_network`; is not changed
    images : (n, ...) float32 training images, finite, not all of one value.
        Their order matters for moving averages alone.
    method : a rule of `kernels.ranges.RULES`, or "moving_average"
    bits : of the activations, 2 to 8. Two rules depend on it: least_squares
        and entropy.
    batch_size : images whose range "moving_average" follows at once
    returns : name of the step -> (lowest, highest) value, as
        `quantize_network` takes it for `ranges`; (0, 0) for a step that gives
        0 throughout, whose codes then count in steps of 1. The images
        themselves are left out: pixels are codes already.

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> few = data.train.images[:100]
    >>> wide, narrow = (
    ...     calibrate(net, few, method=method, bits=4)["classifier.1"]
    ...     for method in ("min_max", "least_squares")
    ... )
    >>> narrow[1] < wide[1]
    True

    See [wu2020integer].
    """
    require_module("model", model)
    require_range_images(images)
    require_float32(model)
    require_one_of("method", method, METHODS)
    require_int("bits", bits, 2, 8)
    require_int("batch_size", batch_size, 1)
    if method == MOVING_AVERAGE:
        return _averages(model, images, batch_size)
    return {
        name: RULES[method](histogram, bits)
        for name, histogram in activation_histograms(model, images).items()
    }


def activation_histograms(
    model: nn.Module, images: Tensor
) -> dict[str, Histogram]:
    """Count the values that each step of an integer network would give.

    model, images : as for `calibrate`
    returns : name of the step -> histogram

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> found = activation_histograms(net, data.train.images[:10])
    >>> {name: histogram.total for name, histogram in found.items()}
    {'classifier.1': 3000, 'classifier.3': 1000, 'classifier.5': 100}
    """
    require_range_images(images)
    found: dict[str, Histogram] = {}

    def count(name: str, values: Tensor) -> None:
        found.setdefault(name, Histogram()).add(values.numpy())

    plan = plan_steps(model, tuple(images.shape[1:]))
    plan.observe(images, count)
    del found[plan.steps[0].name]
    return found


def _averages(
    model: nn.Module, images: Tensor, batch_size: int
) -> dict[str, tuple[float, float]]:
    """Follow the range of each step from batch to batch."""
    found: dict[str, list[tuple[float, float]]] = {}

    def note(name: str, values: Tensor) -> None:
        ends = values.min().item(), values.max().item()
        found.setdefault(name, []).append(ends)

    plan = plan_steps(model, tuple(images.shape[1:]))
    for batch in images.split(batch_size):
        plan.observe(batch, note)
    del found[plan.steps[0].name]
    return {name: moving_average(ranges) for name, ranges in found.items()}
