"""By fixed-point rounding nothing between pixels and logits is a float.

While a network runs on codes, every function of the package is looked at when
it returns: which of its variables are floats as many as activations? Products
are the one exception, and only for speed: their floats are whole numbers.
"""

import sys
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
import torch
from torch import Tensor

import mini_compress
from mini_compress.layers import Conv2dGeometry, IntegerLayer, IntegerNetwork
from mini_compress.quantization import quantize_network
from tests.support.random_networks import random_images, random_network

HOME = str(Path(mini_compress.__file__).parent)
IMAGES = random_images(64)
# (n, 5) logits are the fewest activations: more than any layer has scales
FEWEST = 5 * len(IMAGES)
PRODUCTS = {"accumulate", "exact_product", "product"}


def floats_seen(network: IntegerNetwork, codes: Tensor) -> set[str]:
    """Name the functions in which floats as many as activations are held."""
    seen = set()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event != "return" or HOME not in frame.f_code.co_filename:
            return
        if any(map(is_float_activation, frame.f_locals.values())):
            seen.add(frame.f_code.co_name)

    sys.setprofile(look)
    try:
        dict(network.run(codes))
    finally:
        sys.setprofile(None)
    return seen


def is_float_activation(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and value.size >= FEWEST
    if isinstance(value, Tensor):
        return value.is_floating_point() and value.numel() >= FEWEST
    return False


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rounding", ["fixed_single", "fixed_double"])
def test_no_activation_is_a_float(seed, rounding):
    network = quantize_network(random_network(seed), IMAGES, rounding=rounding)
    codes = network.quantize(IMAGES)
    assert floats_seen(network, codes) <= PRODUCTS


def test_floats_would_be_seen():
    network = quantize_network(random_network(0), IMAGES)
    assert floats_seen(network, network.quantize(IMAGES)) - PRODUCTS


def integer_product(layer: IntegerLayer, codes: Tensor) -> Tensor:
    """Multiply in int64, without any float."""
    centered = codes.long() - layer.x_zero_point.long()
    weight = layer.weight.codes().long()
    geometry = layer.geometry
    if not isinstance(geometry, Conv2dGeometry):
        return centered @ weight.T
    down, across = geometry.padding
    centered = torch.nn.functional.pad(centered, (across, across, down, down))
    (rows, cols), (row_gap, col_gap) = geometry.kernel_size, geometry.dilation
    span = (rows - 1) * row_gap + 1, (cols - 1) * col_gap + 1
    # (images, channels, out_height, out_width, rows, cols)
    windows = centered.unfold(2, span[0], geometry.stride[0])
    windows = windows.unfold(3, span[1], geometry.stride[1])
    windows = windows[..., ::row_gap, ::col_gap]
    parts = zip(
        windows.chunk(geometry.groups, 1),
        weight.chunk(geometry.groups),
        strict=True,
    )
    # (images, outputs of a group, out_height, out_width) each
    sums = [torch.einsum("nchwij,ocij->nohw", x, w) for x, w in parts]
    return torch.cat(sums, 1)


@pytest.mark.parametrize("seed", range(6))
def test_products_of_integers_give_the_same_codes(seed, monkeypatch):
    """Without the exception: products in int64, no float at all."""
    network = quantize_network(
        random_network(seed), IMAGES, rounding="fixed_single"
    )
    codes = network.quantize(IMAGES)
    expected = dict(network.run(codes))

    def accumulate(layer: IntegerLayer, codes: Tensor) -> Tensor:
        acc = integer_product(layer, codes).int()
        if layer.bias is not None:
            acc += layer.geometry.per_output(layer.bias)
        return acc

    monkeypatch.setattr(IntegerLayer, "accumulate", accumulate)
    assert floats_seen(network, codes) == set()
    for name, made in network.run(codes):
        assert torch.equal(made, expected[name])
