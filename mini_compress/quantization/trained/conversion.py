"""A network that has learned with rounded numbers becomes one of integers."""

import numpy as np

from ..._require import require_one_of
from ...layers import IntegerNetwork
from ...layers.grids import FLOAT_RULE, ROUNDINGS
from ..calls import GivenWeight
from ..integer_network import Wanted, build_network
from ..planning import plan_steps
from .layer import RoundedLayer
from .network import TrainableNetwork


def to_integer(
    network: TrainableNetwork, *, rounding: str = FLOAT_RULE
) -> IntegerNetwork:
    """Return the network of integers that a trained one has learned to be.

    network : is not changed; see `prepare`
    rounding : of every requantization, as for `quantize_network`
    returns : in evaluation mode, on the CPU; codes, steps and biases are those
        of the trained network in evaluation mode. The two differ where a sum
        in float32 is on the other side of a tie.

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.quantization import prepare
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> trainable = prepare(net, data.train.take(100).images).eval()
    >>> images = data.test.take(100).images
    >>> integer = to_integer(trainable)
    >>> same = integer(images).argmax(1) == trainable(images).argmax(1)
    >>> int(same.sum())
    100
    """
    if not isinstance(network, TrainableNetwork):
        got = type(network).__name__
        raise TypeError(f"network must be a TrainableNetwork, got {got}")
    require_one_of("rounding", rounding, ROUNDINGS)
    plan = plan_steps(network.source, network.input_shape)
    grids = {name: one.grid() for name, one in network.outputs().items()}
    weights = {name: _given(x) for name, x in network.layers().items()}
    bits, granularity = 8, "channel"  # of no layer: each has its codes
    wanted = Wanted(bits, granularity, rounding, {}, weights)
    return build_network(plan, grids, wanted, network)


def _given(layer: RoundedLayer) -> GivenWeight:
    """Return the codes of a layer as the integer one takes them."""
    codes, scale, bits = layer.levels()
    rows = codes.flatten(1).to("cpu").numpy()  # (outputs, inner)
    bias = layer.layer.bias
    return GivenWeight(
        rows.astype(np.int8),
        scale.reshape(-1, 1).cpu().numpy(),
        bits,
        layer.rounding.per_tensor,
        np.zeros(len(rows))
        if bias is None
        else bias.detach().cpu().numpy().astype(np.float64),
    )
