"""GPTQ for the layers of a network: rounding that makes up for its errors."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from torch import Tensor, nn

from .._require import require_number, require_one_of
from ..graph.moments import relative_output_error, second_moments
from ..kernels.affine import AffineParams
from ..kernels.second_order import ORDERS, gptq
from .rounding_report import LayerRounding, Rounded
from .turns import Turn, require_inputs, round_in_turn
from .uniform import repeat_steps


def quantize_gptq(
    model: nn.Module,
    images: Tensor,
    *,
    bits: int = 4,
    granularity: str = "channel",
    group_size: int | None = None,
    damping: float = 0.01,
    order: str = "given",
    layers: Sequence[str] | None = None,
) -> Rounded:
    """Return a copy whose weights are codes that keep the layers' outputs.

    model : is not changed. Fold batch normalization first (`fold_batchnorm`).
    images : (n, ...) float32 training images. A layer learns from what they
        become in front of it, in the network rounded so far.
    bits, granularity, group_size, layers : as for `quantize_weights`; the
        steps are the same, fixed from the weights beforehand
    damping, order : as for `kernels.second_order.gptq`
    returns : `model`, a network in evaluation mode of weight-only layers, and
        `report`, how far the outputs of each layer are off

    Of a convolution, the inputs are the windows under its kernel, at each
    place of each image, apart for each of its groups. Weights whose input is
    0 in all images become 0; a layer of which that is all is an error.

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> images = data.train.take(500).images
    >>> small, report = quantize_gptq(net, images, bits=2)
    >>> all(layer.error < layer.plain_error for layer in report.layers)
    True

    See [frantar2023gptq], section 4; the inputs from the rounded network are
    of its section 5.
    """
    require_number("damping", damping, 0, 1)
    require_one_of("order", order, ORDERS)
    grid = {
        "bits": bits,
        "granularity": granularity,
        "group_size": group_size,
    }
    round_layer = partial(
        _round_layer, images, bits, group_size, damping, order
    )
    return round_in_turn(model, images, layers, grid, "GPTQ", round_layer)


def _round_layer(
    images: Tensor,
    bits: int,
    group_size: int | None,
    damping: float,
    order: str,
    turn: Turn,
) -> tuple[np.ndarray, LayerRounding]:
    """Round a layer, the groups of a convolution one by one."""
    name = turn.name
    moment = second_moments(turn.network, {name: turn.geometry}, images)[name]
    require_inputs(name, moment)
    blocks = moment.reshape(-1, *moment.shape[-2:])  # (groups, d, d)
    rows = turn.weight.reshape(len(turn.weight), -1)  # (outputs, inner)
    steps = repeat_steps(turn.scale, rows.shape, group_size)
    codes = np.empty(rows.shape, np.int8)
    own = len(rows) // len(blocks)  # outputs of a group
    for group, block in enumerate(blocks):
        part = slice(group * own, (group + 1) * own)
        params = AffineParams(steps[part], 0, bits, signed=True, narrow=True)
        try:
            codes[part] = gptq(
                rows[part], block, params, damping=damping, order=order
            )
        except ValueError as error:
            raise ValueError(f"{name!r}: {error}") from error

    def error_of(codes: np.ndarray) -> float:
        return relative_output_error(rows, steps * codes, moment)

    moved = float((codes != turn.codes).mean())
    return codes, LayerRounding(
        name, error_of(turn.codes), error_of(codes), moved
    )
