"""The torch layers compute what the numpy kernels compute, bit for bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mini_compress.kernels import affine, integer, planes
from mini_compress.layers import (
    Conv2dGeometry,
    IntegerLayer,
    LinearGeometry,
    PackedWeight,
    WeightOnlyLayer,
    geometry_of,
)

CONVS = [
    {},
    {"padding": (1, 1)},
    {"stride": (2, 1), "padding": (2, 0)},
    {"dilation": (2, 1), "padding": (2, 1)},
    {"groups": 2, "padding": (1, 1)},
    {"groups": 4, "stride": (2, 2)},
]


def fill(layer: IntegerLayer, rng: np.random.Generator):
    """Give an integer layer random codes, steps, bias and input range."""
    shape = layer.geometry.weight_shape
    largest = 2 ** (layer.weight_bits - 1) - 1
    codes = rng.integers(-largest, largest + 1, shape).astype(np.int8)
    scale = rng.uniform(0.001, 0.1, tuple(layer.weight.scale.shape))
    layer.weight.store(codes, scale.astype(np.float32))
    layer.x_scale.fill_(0.02)
    layer.x_zero_point.fill_(int(rng.integers(0, 256)))
    layer.bias.copy_(torch.from_numpy(rng.integers(-9999, 9999, shape[0])))
    return codes


@pytest.mark.parametrize("bits", [2, 3, 5, 8])
@pytest.mark.parametrize("inner", [7, 300, 3000])
def test_integer_linear_equals_the_kernel(inner, bits):
    rng = np.random.default_rng(inner)
    layer = IntegerLayer(LinearGeometry(inner, 5), bias=True, bits=bits)
    weight = fill(layer, rng)
    codes = rng.integers(0, 256, (4, inner)).astype(np.uint8)
    expected = integer.linear_int8(
        codes,
        weight,
        layer.bias.numpy(),
        x_zero_point=int(layer.x_zero_point),
    )
    acc = layer.accumulate(torch.from_numpy(codes))
    assert acc.dtype == torch.int32
    np.testing.assert_array_equal(acc.numpy(), expected)


@pytest.mark.parametrize("options", CONVS)
@pytest.mark.parametrize(("channels", "bits"), [(4, 8), (4, 3), (64, 8)])
def test_integer_conv2d_equals_the_kernel(options, channels, bits):
    rng = np.random.default_rng(channels)
    geometry = Conv2dGeometry(channels, 8, (3, 3), **options)
    layer = IntegerLayer(geometry, bias=True, bits=bits)
    weight = fill(layer, rng)
    codes = rng.integers(0, 256, (2, channels, 9, 10)).astype(np.uint8)
    expected = integer.conv2d_int8(
        codes,
        weight,
        layer.bias.numpy(),
        x_zero_point=int(layer.x_zero_point),
        **options,
    )
    acc = layer.accumulate(torch.from_numpy(codes))
    np.testing.assert_array_equal(acc.numpy(), expected)


def test_sums_beyond_float32_are_exact():
    """At 2**24 float32 starts to skip odd integers; the layer must not."""
    inner = 1001
    layer = IntegerLayer(LinearGeometry(inner, 1), bias=False)
    layer.weight.store(
        np.full((1, inner), 127, np.int8), np.ones((1, 1), np.float32)
    )
    codes = torch.full((1, inner), 255, dtype=torch.uint8)
    assert layer.largest_sum() == 1001 * 127 * 255 > 2**24
    assert layer.accumulate(codes).item() == 1001 * 127 * 255
    skipped = torch.nn.functional.linear(
        codes.float()[:, :999], torch.full((1, 999), 127.0)
    )
    assert skipped.dtype == torch.float32  # what the layer must not use


@pytest.mark.parametrize("options", CONVS)
def test_exact_product_is_torchs_convolution(options):
    geometry = Conv2dGeometry(4, 8, (3, 2), **options)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, 4, 9, 10, generator=generator, dtype=torch.float64)
    weight = torch.rand(
        geometry.weight_shape, generator=generator, dtype=torch.float64
    )
    torch.testing.assert_close(
        geometry.exact_product(x, weight), geometry.product(x, weight)
    )


def test_quantize_input_equals_the_kernel():
    rng = np.random.default_rng(0)
    layer = IntegerLayer(LinearGeometry(3, 2), bias=False)
    layer.x_scale.fill_(0.1)
    layer.x_zero_point.fill_(77)
    ties = (np.arange(-40, 40) + 0.5).astype(np.float32) * np.float32(0.1)
    x = np.concatenate([ties, rng.normal(0, 20, 10_000).astype(np.float32)])
    params = affine.AffineParams(
        layer.x_scale.numpy(), 77, bits=8, signed=False
    )
    np.testing.assert_array_equal(
        layer.quantize_input(torch.from_numpy(x)).numpy(),
        affine.quantize(x, params),
    )


@given(
    bits=st.integers(2, 8),
    count=st.integers(0, 70),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_planes_give_back_what_was_packed(bits, count, seed):
    rng = np.random.default_rng(seed)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1)
    codes = rng.integers(low, high, count).astype(np.int8)
    packed = planes.pack_planes(codes, bits=bits)
    assert packed.size == planes.num_packed_bytes(count, bits)
    assert 8 * packed.size < bits * count + 8 * 3  # <= 3 planes end mid-byte
    np.testing.assert_array_equal(
        planes.unpack_planes(packed, bits=bits, count=count), codes
    )


def test_planes_refuse_what_does_not_fit():
    codes = np.array([4], np.int8)
    with pytest.raises(ValueError, match=r"codes must be in \[-4, 3\] for 3"):
        planes.pack_planes(codes, bits=3)
    with pytest.raises(ValueError, match=r"bits must be in \[1, 8\], got 9"):
        planes.pack_planes(codes, bits=9)
    with pytest.raises(TypeError, match="codes must be int8 or uint8, got"):
        planes.pack_planes(np.array([1]), bits=3)
    with pytest.raises(ValueError, match=r"shape of packed must be \(2,\)"):
        planes.unpack_planes(np.zeros(1, np.uint8), bits=3, count=4)


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("group_size", [4, 5, 27])
def test_packed_weight_dequantizes_group_by_group(bits, group_size):
    rng = np.random.default_rng(bits)
    shape, inner = (6, 3, 3, 3), 27
    largest = 2 ** (bits - 1) - 1
    codes = rng.integers(-largest, largest + 1, shape).astype(np.int8)
    groups = -(-inner // group_size)
    scale = rng.uniform(0.1, 1, (6, groups)).astype(np.float32)
    weight = PackedWeight(shape, bits=bits, group_size=group_size)
    weight.store(codes, scale)
    expected = np.empty((6, inner), np.float32)
    for row, col in np.ndindex(6, inner):
        step = scale[row, col // group_size]
        expected[row, col] = step * codes.reshape(6, inner)[row, col]
    np.testing.assert_array_equal(
        weight.dequantize().numpy(), expected.reshape(shape)
    )
    assert weight.packed.numel() == planes.num_packed_bytes(codes.size, bits)


def test_weight_only_layer_is_torchs_layer_on_the_dequantized_weight():
    conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
    layer = WeightOnlyLayer(geometry_of(conv), bias=True, bits=8, group_size=27)
    rng = np.random.default_rng(0)
    codes = rng.integers(-127, 128, (4, 27)).astype(np.int8)
    layer.weight.store(codes, np.full((4, 1), 0.01, np.float32))
    layer.bias.copy_(conv.bias.detach())
    conv.weight.data.copy_(layer.weight.dequantize())
    x = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(layer(x), conv(x))


@pytest.mark.parametrize("options", CONVS)
def test_one_image_needs_no_batch_axis(options):
    geometry = Conv2dGeometry(4, 8, (3, 3), **options)
    layer = IntegerLayer(geometry, bias=True)
    fill(layer, np.random.default_rng(0))
    images = torch.rand(2, 4, 9, 10)
    both = layer(images)
    for one, expected in zip(images, both, strict=True):
        assert torch.equal(layer(one), expected)
        assert torch.equal(layer(input=one), expected)
    with pytest.raises(ValueError, match=r"3 or 4 axes, got shape \(9, 10\)"):
        layer(images[0, 0])


@pytest.mark.parametrize(
    ("value", "got"), [(np.nan, "NaN"), (np.inf, "infinity")]
)
def test_integer_layers_refuse_what_is_not_finite(value, got):
    layer = IntegerLayer(LinearGeometry(3, 2), bias=False)
    x = torch.tensor([1.0, value, -np.inf])
    with pytest.raises(ValueError, match=f"input must be finite, got {got}"):
        layer(x)
    large = torch.full((3,), 3e38)  # whose sum overflows, and is no proof
    assert layer.quantize_input(large).tolist() == [255] * 3


def test_compressed_layers_stay_in_float32():
    layer = WeightOnlyLayer(
        LinearGeometry(3, 2), bias=True, bits=4, group_size=3
    )
    model = nn.Sequential(layer)
    for convert in (model.half, model.double, model.bfloat16):
        with pytest.raises(TypeError, match="OnlyLayer must stay float32"):
            convert()
    assert layer.weight.scale.dtype == torch.float32
    assert model.float().to("cpu").requires_grad_(False)[0] is layer


def test_what_layers_are_made_with_is_checked():
    linear = LinearGeometry(6, 2)
    with pytest.raises(TypeError, match="bias must be True or False, got str"):
        IntegerLayer(linear, bias="no")
    with pytest.raises(ValueError, match=r"group_size must be in \[1, 6\]"):
        WeightOnlyLayer(linear, bias=False, bits=4, group_size=7)
    with pytest.raises(TypeError, match="per_tensor must be True or False"):
        PackedWeight((2, 6), bits=4, group_size=6, per_tensor=1)
    with pytest.raises(ValueError, match=r"in_features must be >= 1, got 0"):
        LinearGeometry(0, 2)
    with pytest.raises(ValueError, match=r"in_channels must be divisible by"):
        Conv2dGeometry(4, 6, (3, 3), groups=3)
    with pytest.raises(TypeError, match=r"stride must be a pair of numbers"):
        Conv2dGeometry(4, 6, (3, 3), stride=2)
    with pytest.raises(ValueError, match=r"padding must be in \[0, 3\], got 4"):
        Conv2dGeometry(4, 6, (3, 3), padding=(0, 4))
    layer = WeightOnlyLayer(
        linear, bias=False, bits=np.int64(4), group_size=np.int64(3)
    )
    assert {type(x) for x in layer.settings.values()} == {int, bool}


def test_geometry_reads_padding_by_name():
    assert geometry_of(nn.Conv2d(1, 1, 3, padding="valid")).padding == (0, 0)
    same = nn.Conv2d(1, 1, (3, 5), padding="same", dilation=(2, 1))
    assert geometry_of(same).padding == (2, 2)
    with pytest.raises(ValueError, match="'same' must add as much on both"):
        geometry_of(nn.Conv2d(1, 1, 2, padding="same"))
    with pytest.raises(ValueError, match="must be zeros, got 'circular'"):
        geometry_of(nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"))
    with pytest.raises(ValueError, match=r"'body\.1': padding_mode must be"):
        geometry_of(
            nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), "'body.1'"
        )
    with pytest.raises(TypeError, match="Linear or Conv2d, got LSTM"):
        geometry_of(nn.LSTM(2, 2))
