"""Integer products and requantization against torch's kernels."""

import numpy as np
import pytest
import torch

from mini_compress.kernels import integer
from tests.support.strategies import CODE_DTYPES, random_codes

# onednn is left out: its rounding at ties depends on the zero point
ENGINES = [
    name
    for name in ("fbgemm", "x86", "qnnpack")
    if name in torch.backends.quantized.supported_engines
]
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*deprecated.*:UserWarning", "ignore:.*deprecated.*:FutureWarning"
)


@pytest.fixture(params=ENGINES)
def engine(request):
    """Run torch's quantized operators on one of their libraries."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = request.param
    yield request.param
    torch.backends.quantized.engine = before


def with_grid(codes: np.ndarray, scale, zero_point: int) -> torch.Tensor:
    """Return torch's quantized tensor: one scale, or one per first axis."""
    tensor = torch.from_numpy(codes)
    if np.ndim(scale) == 0:
        make = torch._make_per_tensor_quantized_tensor
        return make(tensor, float(scale), zero_point)
    zero_points = torch.full((len(scale),), zero_point)
    make = torch._make_per_channel_quantized_tensor
    return make(tensor, torch.from_numpy(scale), zero_points, 0)


def draw_layer(rng, x_shape, weight_shape, *, per_channel: bool):
    """Return codes that fbgemm multiplies exactly, bias and scales.

    Codes have 7 bits: without VNNI fbgemm's sums of pairs saturate. Scales of
    x and of weights are powers of two, so that the bias that torch holds in
    float32 is exactly our bias in int32.
    """
    x = rng.integers(0, 128, x_shape).astype(np.uint8)
    weight = rng.integers(-64, 64, weight_shape).astype(np.int8)
    outputs = len(weight)
    bias = rng.integers(-2000, 2000, outputs).astype(np.int32)
    exponents = rng.integers(-8, -5, outputs if per_channel else ())
    return x, weight, bias, 2.0**-5, 2.0**exponents


@pytest.mark.parametrize("inner", [1, 5, 300, 1024, 1025, 3000])
def test_matmul_equals_int_mm(inner):
    rng = np.random.default_rng(inner)
    a, b = (
        random_codes(rng, np.int8, 33, inner),
        random_codes(rng, np.int8, inner, 17),
    )
    expected = torch._int_mm(torch.from_numpy(a), torch.from_numpy(b))
    assert np.array_equal(integer.matmul_int8(a, b), expected.numpy())


@pytest.mark.parametrize("x_dtype", CODE_DTYPES)
@pytest.mark.parametrize("weight_dtype", CODE_DTYPES)
@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("stride", [1, (2, 1)])
@pytest.mark.parametrize("dilation", [1, (1, 3)])
def test_conv2d_equals_a_convolution_in_float64(
    x_dtype, weight_dtype, groups, stride, dilation
):
    rng = np.random.default_rng(0)
    x = random_codes(rng, x_dtype, 3, 6, 11, 12)
    weight = random_codes(rng, weight_dtype, 12, 6 // groups, 3, 2)
    x_zero, zeros = (
        random_codes(rng, x_dtype),
        random_codes(rng, weight_dtype, 12),
    )
    bias = rng.integers(-(2**20), 2**20, 12, np.int32)
    geometry = {"stride": stride, "dilation": dilation, "groups": groups}
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(x.astype(np.float64) - x_zero),
        torch.from_numpy(
            weight - zeros.astype(np.float64)[:, None, None, None]
        ),
        torch.from_numpy(bias.astype(np.float64)),
        padding=(2, 1),
        **geometry,
    )
    out = integer.conv2d_int8(
        x,
        weight,
        bias,
        x_zero_point=int(x_zero),
        weight_zero_point=zeros,
        padding=(2, 1),
        **geometry,
    )
    assert np.array_equal(out, expected.numpy())


@pytest.mark.parametrize("zero_point", [3, 64])
def test_requantize_equals_the_quantized_linear(engine, zero_point):
    rng = np.random.default_rng(0)
    for out_scale in rng.uniform(0.02, 0.2, 20).astype(np.float32):
        x, weight, bias, x_scale, scale = draw_layer(
            rng, (16, 40), (24, 40), per_channel=False
        )
        packed = torch.ops.quantized.linear_prepack(
            with_grid(weight, scale, 0),
            torch.from_numpy(bias * x_scale * scale).float(),
        )
        expected = torch.ops.quantized.linear(
            with_grid(x, x_scale, 60), packed, float(out_scale), zero_point
        )
        acc = integer.linear_int8(x, weight, bias, x_zero_point=60)
        multiplier = np.float32(x_scale * scale) / out_scale
        out = integer.requantize(acc, multiplier, zero_point, dtype=np.uint8)
        assert len(np.unique(out)) > 10  # not all of it saturates
        assert np.array_equal(out, expected.int_repr().numpy())


@pytest.mark.parametrize("per_channel", [False, True])
def test_requantize_equals_the_quantized_conv2d(engine, per_channel):
    rng = np.random.default_rng(0)
    for out_scale in rng.uniform(0.02, 0.2, 10).astype(np.float32):
        x, weight, bias, x_scale, scale = draw_layer(
            rng, (2, 4, 9, 8), (6, 2, 3, 3), per_channel=per_channel
        )
        packed = torch.ops.quantized.conv2d_prepack(
            with_grid(weight, scale, 0),
            torch.from_numpy(bias * x_scale * scale).float(),
            stride=[2, 1],
            padding=[1, 2],
            dilation=[1, 1],
            groups=2,
        )
        expected = torch.ops.quantized.conv2d(
            with_grid(x, x_scale, 60), packed, float(out_scale), 5
        )
        acc = integer.conv2d_int8(
            x,
            weight,
            bias,
            x_zero_point=60,
            stride=(2, 1),
            padding=(1, 2),
            groups=2,
        )
        multiplier = (x_scale * scale).astype(np.float32) / out_scale
        out = integer.requantize(acc, multiplier, 5, dtype=np.uint8)
        assert len(np.unique(out)) > 10  # not all of it saturates
        assert np.array_equal(out, expected.int_repr().numpy())
