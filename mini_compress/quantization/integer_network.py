"""A float network becomes an integer one: codes from pixels to logits."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn

from .._inference import require_float32, require_module, require_range_images
from .._require import require_finite, require_int, require_one_of
from ..graph.inputs import widen
from ..kernels.affine import AffineParams
from ..kernels.ranges import grid_of
from ..layers import IntegerNetwork
from ..layers.grids import FLOAT_RULE, ROUNDINGS
from ..layers.integer_network import Step
from .calls import GivenWeight, Setting
from .planning import Plan, plan_steps

Ranges = Mapping[str, tuple[float, float]]
OUTER_BITS = 8  # of pixels, which come so, and of logits


def quantize_network(
    model: nn.Module,
    images: Tensor,
    *,
    weight_bits: int = 8,
    activation_bits: int = 8,
    granularity: str = "channel",
    rounding: str = FLOAT_RULE,
    ranges: Ranges | None = None,
    bits: Mapping[str, int] | None = None,
) -> IntegerNetwork:
    """Return a network that works on integer codes from pixels to logits.

    model : is not changed; see `graph.trace` for what it may do. Batch
        normalization is folded, ReLU and ReLU6 are fused, every other
        operation becomes one on codes; one that has no such form is a
        ValueError that names it.
    images : (n, ...) float32 training images, which show the range of what
        each step gives: least and largest value. That all pixels have one
        value is a ValueError, that a layer gives one value is not.
    weight_bits : 2 to 8
    activation_bits : of what passes between steps, 2 to 8. Pixels and logits
        have 8.
    granularity : of the weights: "tensor" or "channel"
    rounding : of every requantization, see `kernels.integer.requantize`:
        "float32_half_even" computes as onnxruntime does, code for code;
        "fixed_single", "fixed_double" and "fixed_double_away" have no floats
        between the first step and the last
    ranges : name of a step -> lowest and highest value, in place of those of
        the images; "input" are the images themselves
    bits : name of a layer -> bits of its weight, in place of weight_bits. A
        `WeightOnlyLayer` keeps the codes that it has.
    returns : in evaluation mode; its steps have the names of the layers

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> integer = quantize_network(net, data.train.take(100).images)
    >>> [step.name for step in integer.steps]
    ['input', 'classifier.0', 'classifier.1', 'classifier.3', 'classifier.5']

    See [jacob2018quantization], section 2.
    """
    require_int("weight_bits", weight_bits, 2, 8)
    require_int("activation_bits", activation_bits, 2, 8)
    require_one_of("granularity", granularity, ("tensor", "channel"))
    require_one_of("rounding", rounding, ROUNDINGS)
    require_module("model", model)
    require_range_images(images)
    require_float32(model)
    plan = plan_steps(model, tuple(images.shape[1:]))
    require_layers_bits(plan, bits or {})
    widths = output_bits(plan, activation_bits)
    found = _ranges(plan, images, ranges or {})
    grids = {name: grid_of(ends, widths[name]) for name, ends in found.items()}
    wanted = Wanted(weight_bits, granularity, rounding, bits or {}, {})
    return build_network(plan, grids, wanted, model)


class Wanted(NamedTuple):
    """What was asked for.

    weight_bits, granularity, rounding : of all steps alike
    bits : of the weights of some layers, in place of weight_bits
    weights : of some layers, that were chosen already
    """

    weight_bits: int
    granularity: str
    rounding: str
    bits: Mapping[str, int]
    weights: Mapping[str, GivenWeight]


def require_layers_bits(plan: Plan, bits: Mapping[str, int]) -> None:
    """Refuse bits of what is no layer with a weight, or cannot have them."""
    names = [step.name for step in plan.steps if step.made.weighted]
    for name, count in bits.items():
        require_one_of("layers' names", name, names)
        require_int(f"bits of {name!r}", count, 2, 8)


def output_bits(plan: Plan, activation_bits: int) -> dict[str, int]:
    """Return the bits of what each step gives."""
    first, *between, last = (step.name for step in plan.steps)
    outer = {first: OUTER_BITS, last: OUTER_BITS}
    return {name: activation_bits for name in between} | outer


def build_network(
    plan: Plan,
    grids: Mapping[str, AffineParams],
    wanted: Wanted,
    model: nn.Module,
) -> IntegerNetwork:
    """Make the operations of a plan, each on the grids of what it reads.

    grids : of what each step gives that has a grid of its own
    model : that was planned
    returns : in evaluation mode
    """
    steps: list[Step] = []
    found: list[AffineParams] = []
    for planned in plan.steps:
        name = planned.name
        given = tuple(found[i] for i in planned.reads)
        found.append(grids[name] if planned.made.own_grid else given[0])
        setting = Setting(
            name=name,
            x=given,
            y=found[-1],
            activation=planned.activation,
            rounding=wanted.rounding,
            weight_bits=wanted.bits.get(name, wanted.weight_bits),
            granularity=wanted.granularity,
            weight=wanted.weights.get(name),
        )
        operation: Any = planned.made.build(setting)
        steps.append(Step(name, operation, planned.reads))
    network = IntegerNetwork(steps)
    network.trained_on = getattr(model, "trained_on", None)
    network.require_valid()
    return network.eval()


def _ranges(plan: Plan, images: Tensor, given: Ranges) -> dict[str, np.ndarray]:
    """Return lowest and highest value of each step with a grid, float32."""
    found: dict[str, np.ndarray] = {}
    plan.observe(images, partial(widen, found))
    for name, ends in given.items():
        require_one_of("names in ranges", name, found)
        found[name] = _range(name, ends)
    return found


def _range(name: str, ends: tuple[float, float]) -> np.ndarray:
    """Return a range as an array; it must be one."""
    both = np.asarray(ends, np.float32)
    if both.shape != (2,) or not both[0] <= both[1]:
        raise ValueError(
            f"range of {name!r} must be lowest and highest value, got {ends}"
        )
    require_finite(f"range of {name!r}", both)
    return both
