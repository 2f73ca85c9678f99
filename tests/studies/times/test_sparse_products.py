"""What the study of sparse products times is the product that it names."""

import numpy as np
import pytest
import torch

from mini_compress.studies.times import sparse_products
from mini_compress.studies.times.timed_sparse import (
    BLOCKS,
    CONV_BLOCKS,
    MAKERS,
    TWO_OF_FOUR,
    block_of,
    make_weight,
)

PRODUCTS = [name for name in MAKERS if "conv2d" not in name]
CONVOLUTIONS = [name for name in MAKERS if "conv2d" in name]


@pytest.mark.parametrize("width", [(), (5,)])
@pytest.mark.parametrize("method", PRODUCTS)
def test_every_kernel_multiplies_its_weight(method, width):
    weight = make_weight(method, 32, 48, 0.25)
    x = np.random.default_rng(0).standard_normal((48, *width), np.float32)
    got = MAKERS[method](weight, x)()
    assert np.allclose(np.asarray(got), weight @ x, rtol=0, atol=1e-4)


@pytest.mark.parametrize("method", CONVOLUTIONS)
def test_every_kernel_convolves_with_its_weight(method):
    weight = make_weight(method, 8, 4 * 9, 0.25)
    x = np.random.default_rng(0).standard_normal((2, 4, 6, 7), np.float32)
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(x),
        torch.from_numpy(weight.reshape(8, 4, 3, 3)),
        padding=1,
    )
    got = MAKERS[method](weight, x)()
    assert np.allclose(np.asarray(got), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("method", MAKERS)
def test_weights_have_the_zeros_that_their_format_needs(method):
    weight = make_weight(method, 64, 64, 0.25)
    non_zero = weight != 0
    density = 0.5 if method in TWO_OF_FOUR else 0.25
    assert non_zero.mean() == density
    if method in BLOCKS or method in CONV_BLOCKS:
        assert non_zero.reshape(4, 16, 4, 16).any(axis=(1, 3)).sum() == 4
    if method in TWO_OF_FOUR:
        assert (non_zero.reshape(-1, 4).sum(axis=1) == 2).all()


def test_blocks_are_the_largest_that_tile():
    assert block_of(np.zeros((300, 784))) == (4, 16)
    assert block_of(np.zeros((8, 36))) == (8, 4)


def test_only_the_products_that_are_left_are_counted():
    row = sparse_products.measure(sparse_products.grid(True)[2])
    assert row.settings == {"shape": "64 x 64 x 1", "density": 0.1}
    assert row.macs == 64 * 64 - round(0.9 * 64 * 64)
