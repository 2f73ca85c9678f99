"""Layers between codes against the loops of the kernels."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.kernels import naive
from mini_compress.kernels.affine import AffineParams
from mini_compress.layers import (
    Conv2dGeometry,
    LinearGeometry,
    RequantizedLayer,
)
from mini_compress.layers.grids import ROUNDINGS
from tests.support.naive_network import sums
from tests.support.strategies import quick

LINEAR = LinearGeometry(5, 3)


@st.composite
def convolutions(draw) -> Conv2dGeometry:
    groups = draw(st.integers(1, 2))
    pairs = st.tuples(st.integers(1, 2), st.integers(1, 2))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    return Conv2dGeometry(
        groups * draw(st.integers(1, 2)),
        groups * draw(st.integers(1, 2)),
        kernel,
        draw(pairs),
        draw(st.tuples(st.integers(0, 1), st.integers(0, 1))),
        draw(pairs),
        groups,
    )


def filled(rng: np.random.Generator, geometry, **settings) -> RequantizedLayer:
    """Make a layer whose numbers are drawn."""
    layer = RequantizedLayer(geometry, bias=bool(rng.integers(2)), **settings)
    bits, shape = layer.weight.bits, layer.weight.shape
    last = 2 ** (bits - 1) - 1
    codes = rng.integers(-last, last, shape, np.int8, endpoint=True)
    scale = rng.uniform(0.002, 0.02, tuple(layer.weight.scale.shape))
    layer.weight.store(codes, scale.astype(np.float32))
    layer.x_scale.fill_(rng.uniform(0.1, 1))
    layer.x_zero_point.fill_(int(rng.integers(2**layer.activation_bits)))
    layer.set_grid(
        AffineParams(
            rng.uniform(0.05, 0.5),
            int(rng.integers(2**layer.y_bits)),
            bits=layer.y_bits,
            signed=False,
        )
    )
    if layer.bias is not None:
        bias = rng.integers(-300, 300, shape[0], np.int32)
        layer.bias.copy_(torch.from_numpy(bias))
    layer.require_valid()
    return layer


def by_loops(layer: RequantizedLayer, x: np.ndarray) -> np.ndarray:
    acc = sums(layer, x)
    exact = np.float32 if "float32" in layer.rounding else np.float64
    scales = (layer.x_scale, layer.weight.scale.ravel(), layer.y_scale)
    one, weights, out = (x.numpy().astype(exact) for x in scales)
    zero = int(layer.y_zero_point)
    codes = naive.requantize(
        acc,
        one * weights / out,
        zero,
        rounding=layer.rounding,
        dtype=np.uint8,
    )
    low, high = 0, 2**layer.y_bits - 1
    if layer.activation != "none":
        low = zero
    if layer.activation == "relu6":
        high = min(high, zero + round(6 / float(layer.y_scale)))
    return np.clip(codes, low, high)


@quick
@given(st.data())
def test_a_layer_is_what_the_loops_say(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    geometry = data.draw(st.just(LINEAR) | convolutions())
    layer = filled(
        rng,
        geometry,
        bits=data.draw(st.integers(2, 8)),
        per_tensor=data.draw(st.booleans()),
        x_bits=data.draw(st.integers(2, 8)),
        y_bits=data.draw(st.integers(2, 8)),
        activation=data.draw(st.sampled_from(["none", "relu", "relu6"])),
        rounding=data.draw(st.sampled_from(ROUNDINGS)),
    )
    shape = (2, 5)
    if geometry is not LINEAR:
        shape = (2, geometry.in_channels, 5, 6)
    last = 2**layer.activation_bits
    x = rng.integers(0, last, shape, np.uint8)
    codes = layer(torch.from_numpy(x))
    assert codes.dtype == torch.uint8
    np.testing.assert_array_equal(codes.numpy(), by_loops(layer, x))


def test_a_linear_layer_takes_any_axes_before_the_last():
    layer = filled(np.random.default_rng(0), LINEAR)
    x = torch.randint(256, (2, 3, 4, 5)).byte()
    rows = layer(x.reshape(-1, 5)).reshape(2, 3, 4, 3)
    assert torch.equal(layer(x), rows)


def test_one_image_is_a_batch_of_one():
    geometry = Conv2dGeometry(2, 4, (3, 3), padding=(1, 1))
    layer = filled(np.random.default_rng(0), geometry)
    x = torch.randint(256, (2, 5, 5)).byte()
    assert torch.equal(layer(x), layer(x[None])[0])


def test_padding_is_real_zero():
    geometry = Conv2dGeometry(1, 1, (3, 3), padding=(1, 1))
    layer = filled(np.random.default_rng(3), geometry)
    layer.x_zero_point.fill_(77)
    inner = torch.full((1, 1, 4, 4), 77).byte()
    codes = layer(inner)  # real zeros, inside and around
    assert (codes == codes[0, 0, 0, 0]).all()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"x_bits": 1}, ValueError, r"x_bits must be in \[2, 8\], got 1"),
        ({"y_bits": 9}, ValueError, r"y_bits must be in \[2, 8\], got 9"),
        ({"bits": "8"}, TypeError, "bits must be a whole number, got str"),
        ({"activation": "gelu"}, ValueError, "one of none, relu, relu6"),
        ({"rounding": "half"}, ValueError, "one of float32_half_even, fixed"),
    ],
)
def test_bad_settings(settings, error, message):
    with pytest.raises(error, match=message):
        RequantizedLayer(LINEAR, bias=True, **settings)


def test_bad_codes():
    layer = filled(np.random.default_rng(0), LINEAR, x_bits=4)
    with pytest.raises(TypeError, match="uint8 tensor, got torch"):
        layer(torch.zeros(1, 5))
    with pytest.raises(TypeError, match="uint8 tensor, got ndarray"):
        layer(np.zeros((1, 5), np.uint8))
    with pytest.raises(ValueError, match="codes must be at most 15, got 16"):
        layer(torch.full((1, 5), 16).byte())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("y_scale", 0.0, "y_scale must be > 0, got 0"),
        ("x_scale", -1.0, "x_scale must be > 0"),
        ("y_zero_point", 16, r"y_zero_point must be in \[0, 15\], got 16"),
        ("x_zero_point", 16, r"x_zero_point must be in \[0, 15\], got 16"),
        ("y_scale", 1e-38, "must be > 0 and at most 2"),
        ("y_scale", 1e38, "must be > 0 and at most 2"),
    ],
)
def test_numbers_that_no_layer_has(name, value, message):
    layer = filled(np.random.default_rng(0), LINEAR, x_bits=4, y_bits=4)
    layer.x_scale.fill_(1e-5 if value == 1e38 else 1.0)
    getattr(layer, name).fill_(value)
    with pytest.raises(ValueError, match=message):
        layer.require_valid()


def test_floats_stay_float32():
    layer = filled(np.random.default_rng(0), LINEAR)
    with pytest.raises(TypeError, match="RequantizedLayer must stay float32"):
        copy.deepcopy(layer).half()
