"""Unfoldings and mode products: the loops, and tensorly (tried: 0.10.0)."""

import numpy as np
import pytest
import tensorly
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import low_rank, naive
from mini_compress.kernels.low_rank import fold, mode_product, unfold
from mini_compress.kernels.naive import low_rank as loops
from tests.support.strategies import quick, reals

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)
TENSORS = reals(SHAPES, largest=100.0)


@quick
@given(TENSORS, st.data())
def test_unfold_equals_the_loops_and_tensorly(tensor, data):
    tensor.flags.writeable = False
    mode = data.draw(st.integers(0, tensor.ndim - 1))
    matrix = unfold(tensor, mode)
    assert matrix.dtype == tensor.dtype
    assert np.array_equal(matrix, naive.unfold(tensor, mode))
    if tensor.size:  # tensorly reshapes to -1, which an empty one refuses
        assert np.array_equal(matrix, tensorly.unfold(tensor, mode))


@quick
@given(TENSORS, st.data())
def test_fold_undoes_unfold(tensor, data):
    mode = data.draw(st.integers(0, tensor.ndim - 1))
    matrix = naive.unfold(tensor, mode)
    matrix.flags.writeable = False
    folded = fold(matrix, mode, tensor.shape)
    assert folded.dtype == tensor.dtype
    assert np.array_equal(folded, tensor)
    assert np.array_equal(folded, naive.fold(matrix, mode, tensor.shape))
    assert np.array_equal(folded, tensorly.fold(matrix, mode, tensor.shape))
    assert np.array_equal(unfold(folded, mode), matrix)


@quick
@given(TENSORS, st.data(), st.integers(0, 3))
def test_mode_product_equals_the_loops_and_tensorly(tensor, data, rows):
    mode = data.draw(st.integers(0, tensor.ndim - 1))
    cols = tensor.shape[mode]
    values = st.floats(-100, 100, width=np.finfo(tensor.dtype).bits)
    matrix = data.draw(hnp.arrays(tensor.dtype, (rows, cols), elements=values))
    for one in (tensor, matrix):
        one.flags.writeable = False
    product = mode_product(tensor, matrix, mode)
    expected = naive.mode_product(tensor, matrix, mode)
    # at most four products of numbers up to 100
    slack = 4e4 * 4 * np.finfo(tensor.dtype).eps
    assert product.dtype == tensor.dtype
    assert product.shape == expected.shape
    assert np.allclose(product, expected, rtol=0, atol=slack)
    if product.size and tensor.size:
        theirs = tensorly.tenalg.mode_dot(tensor, matrix, mode)
        assert np.allclose(product, theirs, rtol=0, atol=slack)


def test_modes_can_be_multiplied_in_any_order():
    rng = np.random.default_rng(0)
    tensor = rng.standard_normal((4, 5, 6))
    one, other = rng.standard_normal((3, 4)), rng.standard_normal((2, 6))
    first = mode_product(mode_product(tensor, one, 0), other, 2)
    last = mode_product(mode_product(tensor, other, 2), one, 0)
    assert np.allclose(first, last, rtol=1e-12)
    assert np.allclose(first, np.einsum("abc,xa,yc->xby", tensor, one, other))


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_results_are_arrays_of_their_own(mode):
    tensor = np.zeros((1, 3, 2))  # all of its unfoldings could be views
    matrix = unfold(tensor, mode)
    folded = fold(matrix, mode, tensor.shape)
    matrix += 1
    folded += 2
    product = mode_product(tensor, np.eye(tensor.shape[mode]), mode)
    product += 3
    assert not tensor.any()
    assert (matrix == 1).all()
    assert matrix.flags.c_contiguous
    assert folded.flags.c_contiguous
    assert product.flags.c_contiguous


def test_every_loop_has_its_kernel():
    assert set(loops.__all__) <= set(low_rank.__all__)
