"""Activation functions against torch's, and at the ends of the floats."""

import numpy as np
import pytest
import torch
from scipy import special
from torch.nn import functional

from mini_compress.kernels import tables

PEERS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
    "hard_sigmoid": functional.hardsigmoid,
    "hard_swish": functional.hardswish,
    "relu": torch.relu,
    "relu6": functional.relu6,
    "leaky_relu": functional.leaky_relu,
}


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_equal_those_of_torch(name, dtype):
    x = np.linspace(-12, 12, 4001, dtype=dtype).reshape(-1, 1)
    y = getattr(tables, name)(x)
    expected = PEERS[name](torch.from_numpy(x).double()).numpy()
    assert y.dtype == dtype
    assert y.shape == x.shape
    # what float64 or float32 leaves, and where 1 + erf cancels in torch
    near = {"rtol": 4 * np.finfo(dtype).eps, "atol": 1e-15}
    np.testing.assert_allclose(y, expected, **near)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_functions_keep_their_limits_at_the_ends_of_floats(name, dtype):
    largest = np.finfo(dtype).max
    low, high = getattr(tables, name)(np.array([-largest, largest], dtype))
    is_share = name in ("sigmoid", "tanh", "hard_sigmoid")
    assert high == {"relu6": 6}.get(name, 1 if is_share else largest)
    floor = {"tanh": -1, "leaky_relu": dtype(-0.01 * np.float64(largest))}
    assert low == floor.get(name, 0)


def test_gelu_keeps_its_digits_where_it_is_small():
    x = np.linspace(-30, 0, 301)
    np.testing.assert_allclose(tables.gelu(x), x * special.ndtr(x), rtol=1e-12)


def test_the_approximation_of_gelu_is_as_near_as_it_says():
    x = np.linspace(-20, 20, 100_001)
    worst = np.abs(tables.gelu_tanh(x) - tables.gelu(x)).max()
    assert 0.0004 < worst < 0.0005
