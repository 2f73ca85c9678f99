"""Grids and codes against torch's observers and quantizing functions.

torch multiplies by 1 / scale where ONNX and we divide, and
`quantize_per_tensor` and `_per_channel` add the zero point before they round.
So codes may differ by one where the quotient is within rounding of a half;
everywhere else they must be equal.
"""

import numpy as np
import pytest
import torch
from torch.ao.quantization import observer

from mini_compress.kernels import affine

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*deprecated.*"),
    pytest.mark.filterwarnings("ignore:.*reduce_range.*"),
]
CODE_TYPES = {True: torch.qint8, False: torch.quint8}


def assert_equal_but_at_ties(codes, expected, x, params) -> None:
    """Check codes that came from x / scale and from x * (1 / scale)."""
    difference = codes.astype(np.int64) - expected
    quotient = x / params.scale.astype(np.float64)
    # the reciprocal, the product and the sum with the zero point are rounded
    slack = 3 * np.spacing(np.float32(abs(quotient).max() + 256))
    is_tie = abs(quotient - np.floor(quotient) - 0.5) <= slack
    assert is_tie.mean() < 0.6
    assert not difference[~is_tie].any()
    assert abs(difference).max() <= 1


def draw(signed: bool, axis: int | None):
    """Return x, a third of it half-way between codes, and its parameters."""
    x = np.random.default_rng(0).normal(0, 2, (30, 400)).astype(np.float32)
    params = affine.choose_affine(x, signed=signed, axis=axis)
    halves = np.floor(x / params.scale) + np.float32(0.5)
    x[:, ::3] = (halves * params.scale)[:, ::3]
    return x, params


@pytest.mark.parametrize("signed", [True, False])
def test_quantize_equals_torch_per_tensor(signed):
    x, params = draw(signed, axis=None)
    scale, zero_point = params.scale.item(), params.zero_point.item()
    codes = affine.quantize(x, params)
    expected = torch.quantize_per_tensor(
        torch.from_numpy(x), scale, zero_point, CODE_TYPES[signed]
    )
    assert_equal_but_at_ties(codes, expected.int_repr().numpy(), x, params)
    assert np.array_equal(
        affine.dequantize(expected.int_repr().numpy(), params),
        expected.dequantize().numpy(),
    )


@pytest.mark.parametrize("signed", [True, False])
def test_quantize_equals_torch_per_channel(signed):
    x, params = draw(signed, axis=1)
    codes = affine.quantize(x, params)
    expected = torch.quantize_per_channel(
        torch.from_numpy(x),
        torch.tensor(params.scale.ravel()),
        torch.tensor(params.zero_point.ravel()),
        axis=0,  # the axis along which steps differ
        dtype=CODE_TYPES[signed],
    )
    assert_equal_but_at_ties(codes, expected.int_repr().numpy(), x, params)


def test_quantize_equals_torch_fake_quantize():
    x, params = draw(signed=True, axis=None)
    real = torch.fake_quantize_per_tensor_affine(
        torch.from_numpy(x),
        params.scale.item(),
        params.zero_point.item(),
        params.quant_min,
        params.quant_max,
    )
    expected = np.rint(real.numpy() / params.scale) + params.zero_point
    codes = affine.quantize(x, params)
    assert_equal_but_at_ties(codes, expected.astype(np.int64), x, params)


@pytest.mark.parametrize(
    ("signed", "symmetric", "limits"),
    [
        (True, True, (-127, 127)),
        (True, False, (-128, 127)),
        (False, False, (0, 255)),
    ],
)
@pytest.mark.parametrize("axis", [None, 1])
def test_choose_affine_equals_the_observers(signed, symmetric, limits, axis):
    scheme = "per_tensor" if axis is None else "per_channel"
    scheme += "_symmetric" if symmetric else "_affine"
    kinds = {
        None: observer.MinMaxObserver,
        1: observer.PerChannelMinMaxObserver,
    }
    rng = np.random.default_rng(0)
    for _ in range(100):
        x = rng.normal(rng.normal(), 1, (5, 7)).astype(np.float32)
        watch = kinds[axis](
            dtype=CODE_TYPES[signed],
            qscheme=getattr(torch, scheme),
            quant_min=limits[0],
            quant_max=limits[1],
        )
        watch(torch.from_numpy(x))
        scale, zero_point = watch.calculate_qparams()
        params = affine.choose_affine(
            x, signed=signed, symmetric=symmetric, axis=axis
        )
        assert (params.quant_min, params.quant_max) == limits
        assert np.array_equal(params.scale.ravel(), scale.numpy())
        assert np.array_equal(params.zero_point.ravel(), zero_point.numpy())
