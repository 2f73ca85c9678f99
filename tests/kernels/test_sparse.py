"""Sparse matrices: against the loops, and what must hold for any matrix."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import naive
from mini_compress.kernels.masks import keep_largest_blocks, keep_largest_nm
from mini_compress.kernels.planes import pack_planes, unpack_planes
from mini_compress.kernels.sparse import (
    BSRMatrix,
    CSRMatrix,
    NMMatrix,
    RelativeIndexMatrix,
    conv2d_sparse,
)
from tests.support.sparse_matrices import (
    FORMATS,
    product_error,
    random_sparse,
    sparse_matrices,
)
from tests.support.strategies import quick

all_formats = pytest.mark.parametrize("name", FORMATS)


@st.composite
def operands(draw):
    """Draw a matrix, and a vector or a matrix to multiply it by."""
    dense = draw(sparse_matrices())
    shape = draw(st.sampled_from([(), (0,), (1,), (3,)]))
    values = st.floats(-8, 8, width=16)
    x = draw(hnp.arrays(np.float32, (dense.shape[1], *shape), elements=values))
    return dense, x


@all_formats
@quick
@given(dense=sparse_matrices())
def test_to_dense_undoes_from_dense(name, dense):
    dense.flags.writeable = False  # numpy raises where a kernel writes
    matrix = FORMATS[name](dense)
    restored = matrix.to_dense()
    assert restored.dtype == np.float32
    assert matrix.shape == restored.shape == dense.shape
    assert np.array_equal(restored, dense)


@all_formats
@quick
@given(drawn=operands())
def test_products_equal_the_dense_ones(name, drawn):
    dense, x = drawn
    x.flags.writeable = False
    out = FORMATS[name](dense) @ x
    assert out.dtype == np.float32
    assert out.shape == (dense.shape[0], *x.shape[1:])
    exact = dense.astype(np.float64) @ x.astype(np.float64)
    assert (np.abs(out - exact) <= product_error(dense, x)).all()


@quick
@given(operands())
def test_csr_equals_the_loops(drawn):
    dense, x = drawn
    matrix = CSRMatrix.from_dense(dense)
    indptr, indices, data = naive.csr_from_dense(dense)
    assert matrix.indptr.tolist() == indptr
    assert matrix.indices.tolist() == indices
    assert matrix.data.tolist() == data
    expected = naive.csr_matmul(indptr, indices, data, x)
    assert (np.abs(matrix @ x - expected) <= product_error(dense, x)).all()


@quick
@given(operands(), st.sampled_from([(1, 1), (2, 2), (2, 4), (1, 4)]))
def test_bsr_equals_the_loops(drawn, block_shape):
    dense, x = drawn
    matrix = BSRMatrix.from_dense(dense, block_shape)
    indptr, indices, blocks = naive.bsr_from_dense(dense, block_shape)
    assert matrix.indptr.tolist() == indptr
    assert matrix.indices.tolist() == indices
    assert matrix.data.tolist() == blocks
    expected = naive.bsr_matmul(indptr, indices, matrix.data, x)
    assert (np.abs(matrix @ x - expected) <= product_error(dense, x)).all()


@quick
@given(operands(), st.sampled_from([(2, 4), (1, 2), (3, 4), (4, 4)]))
def test_nm_equals_the_loops(drawn, pattern):
    (dense, x), (keep, group) = drawn, pattern
    dense[~keep_largest_nm(np.abs(dense), keep, group)] = 0
    matrix = NMMatrix.from_dense(dense, keep=keep, group=group)
    values, positions = naive.nm_from_dense(dense, keep, group)
    assert matrix.values.ravel().tolist() == values
    options = {"bits": matrix.position_bits, "signed": False}
    unpacked = unpack_planes(matrix.positions, count=len(values), **options)
    assert unpacked.tolist() == positions
    expected = naive.nm_matmul(matrix.values, positions, keep, group, x)
    assert (np.abs(matrix @ x - expected) <= product_error(dense, x)).all()


@quick
@given(operands(), st.integers(1, 8))
def test_relative_index_equals_the_loops(drawn, index_bits):
    dense, x = drawn
    matrix = RelativeIndexMatrix.from_dense(dense, index_bits=index_bits)
    values, gaps = naive.relative_from_dense(dense, index_bits)
    assert matrix.values.tolist() == values
    assert matrix.unpack_gaps().tolist() == gaps
    assert matrix.num_fillers == len(values) - np.count_nonzero(dense)
    expected = naive.relative_matmul(values, gaps, dense.shape, x)
    assert (np.abs(matrix @ x - expected) <= product_error(dense, x)).all()


@all_formats
def test_rows_of_very_different_length(name):
    # longer than the buffer of a gathered product, next to empty rows
    rng = np.random.default_rng(0)
    dense = random_sparse(rng, 64, 4096, 0.001)
    dense[::7] = 0
    dense[3] = random_sparse(rng, 1, 4096, 0.9)
    dense[~keep_largest_nm(np.abs(dense), 2, 4)] = 0
    for x in (
        rng.standard_normal(4096, np.float32),
        rng.standard_normal((4096, 130), np.float32),
    ):
        exact = dense.astype(np.float64) @ x.astype(np.float64)
        error = np.abs(FORMATS[name](dense) @ x - exact)
        assert (error <= product_error(dense, x)).all()


@all_formats
def test_strided_operands(name):
    rng = np.random.default_rng(1)
    dense = random_sparse(rng, 8, 16, 0.3)
    dense[~keep_largest_nm(np.abs(dense), 2, 4)] = 0
    wide = np.zeros((16, 32), np.float32)
    wide[::2, ::-2] = dense
    spread = wide[::2, ::-2]  # neither its rows nor its columns are adjacent
    x = rng.standard_normal((5, 16), np.float32).T
    expected = FORMATS[name](dense) @ np.ascontiguousarray(x)
    assert np.array_equal(FORMATS[name](spread) @ x, expected)


@quick
@given(sparse_matrices())
def test_bytes_are_those_of_the_arrays(dense):
    rows, cols = dense.shape
    count = np.count_nonzero(dense)
    csr = CSRMatrix.from_dense(dense)
    assert csr.num_bytes == (rows + 1) + count * (1 + 4)  # all below 256
    nm = NMMatrix.from_dense(dense)
    values = rows * cols // 2
    assert nm.num_bytes == 4 * values + -(-2 * values // 8)
    relative = RelativeIndexMatrix.from_dense(dense, index_bits=4)
    entries = count + relative.num_fillers
    assert relative.num_bytes == 4 * entries + -(-4 * entries // 8)


def test_index_types_are_the_smallest_that_fit():
    for cols, dtype in [(256, "uint8"), (257, "uint16"), (65_537, "int32")]:
        dense = np.zeros((1, cols), np.float32)
        dense[0, -1] = 1
        matrix = CSRMatrix.from_dense(dense)
        assert matrix.indices.dtype == dtype
        assert matrix.indptr.dtype == "uint8"
        assert matrix.indices[0] == cols - 1
    full = CSRMatrix.from_dense(np.ones((2, 200), np.float32))
    assert full.indptr.dtype == "uint16"


def test_degenerate_matrices():
    for shape in [(0, 0), (0, 4), (4, 0), (2, 4)]:
        for make in FORMATS.values():
            matrix = make(np.zeros(shape, np.float32))
            assert matrix.to_dense().shape == shape
            out = matrix @ np.ones((shape[1], 2), np.float32)
            assert np.array_equal(out, np.zeros((shape[0], 2)))
    one = np.float32([[3]])
    for matrix in (
        CSRMatrix.from_dense(one),
        BSRMatrix.from_dense(one, (1, 1)),
        RelativeIndexMatrix.from_dense(one),
    ):
        assert (matrix @ np.float32([2])).tolist() == [6]
    minus_zero = CSRMatrix.from_dense(np.float32([[-0.0, 1]]))
    assert minus_zero.data.tolist() == [1]


def test_the_arrays_of_a_matrix_are_its_own():
    arrays = np.uint8([0, 1]), np.uint8([0]), np.ones(1, np.float32)
    matrix = CSRMatrix(*arrays, (1, 1))
    with pytest.raises(ValueError, match="read-only"):
        matrix.data[0] = 2
    for array in arrays:
        array[:] = 77  # the caller's arrays stay his own
    assert (matrix @ np.float32([3])).tolist() == [3]


def test_a_view_that_cannot_be_written_to_is_copied_too():
    data = np.ones(2, np.float32)
    view = data.view()
    view.flags.writeable = False
    gaps = pack_planes(np.uint8([0, 0]), bits=2)
    for matrix in (
        RelativeIndexMatrix(view, gaps, 2, (1, 2)),
        CSRMatrix(np.uint8([0, 2]), np.uint8([0, 1]), view, (1, 2)),
    ):
        expected = matrix.to_dense()
        data[:] = np.nan
        assert np.array_equal(matrix.to_dense(), expected)
        data[:] = 1


@pytest.mark.parametrize(
    "name", ["csr", "bsr 1x1", "bsr 2x4", "relative 1", "relative 5"]
)
@pytest.mark.filterwarnings("error")
def test_nan_and_infinity_stay_in_the_rows_that_touch_them(name):
    rng = np.random.default_rng(0)
    for _ in range(60):
        dense = random_sparse(rng, 8, 12, rng.choice([0.1, 0.4]))
        x = rng.standard_normal((12, rng.integers(1, 4)), np.float32)
        strange = rng.random(x.shape) < 0.15
        x[strange] = rng.choice([np.nan, np.inf, -np.inf], strange.sum())
        block = (2, 4) if name == "bsr 2x4" else (1, 1)
        theirs = scipy.sparse.bsr_array(dense, blocksize=block)
        matrix = FORMATS[name](dense)
        expected = theirs @ x
        assert np.allclose(matrix @ x, expected, atol=1e-5, equal_nan=True)
        out = matrix @ x[:, 0].copy()
        assert np.allclose(out, expected[:, 0], atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("name", ["csr", "bsr 1x1", "relative 1"])
def test_a_strange_pixel_stays_in_the_windows_that_use_it(name):
    dense = np.zeros((2, 9), np.float32)
    dense[0, 4], dense[1, :5] = 1, 1  # a filter of its middle only, and one
    x = np.ones((1, 1, 4, 4), np.float32)
    x[0, 0, 1, 1] = np.nan
    out = conv2d_sparse(x, FORMATS[name](dense), window=(3, 3), padding=1)
    assert np.argwhere(np.isnan(out[0, 0])).tolist() == [[1, 1]]
    touched = {(1, 1), (1, 2), (2, 0), (2, 1), (2, 2)}
    assert {tuple(at) for at in np.argwhere(np.isnan(out[0, 1]))} == touched


def test_a_product_with_a_vector_is_laid_out_once():
    rng = np.random.default_rng(0)
    dense = random_sparse(rng, 64, 64, 0.05)
    dense[8:16] = rng.standard_normal((8, 64))  # one row of blocks is full
    matrix = BSRMatrix.from_dense(dense, (2, 2))
    for _ in range(3):
        x = rng.standard_normal(64, np.float32)
        error = np.abs(matrix @ x - dense.astype(float) @ x)
        assert (error <= product_error(dense, x)).all()
    assert matrix.num_bytes == BSRMatrix.from_dense(dense, (2, 2)).num_bytes


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64])
def test_numbers_of_numpy_count_as_pythons(kind):
    dense = np.zeros((2, 300), np.float32)
    dense[0, 0], dense[1, 299] = 1, 2
    eight, four, two = kind(8), kind(4), kind(2)
    for matrix in (
        RelativeIndexMatrix.from_dense(dense, index_bits=eight),
        NMMatrix.from_dense(dense, keep=two, group=four),
        BSRMatrix.from_dense(dense, (two, four)),
    ):
        assert np.array_equal(matrix.to_dense(), dense)
    gaps = RelativeIndexMatrix.from_dense(dense, index_bits=8)
    again = RelativeIndexMatrix(gaps.values, gaps.gaps, eight, gaps.shape)
    assert type(again.index_bits) is int
    assert np.array_equal(again.to_dense(), dense)


@quick
@given(st.data())
def test_conv2d_sparse_equals_the_loops(data):
    def sides(low, high):
        side = st.integers(low, high)
        return data.draw(st.tuples(side, side))

    window, dilation, stride = sides(1, 3), sides(1, 2), sides(1, 2)
    padding = sides(0, 2)
    seed = data.draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    channels, outputs = 2, data.draw(st.sampled_from([0, 2, 4]))
    x = rng.standard_normal(
        (data.draw(st.integers(0, 2)), channels, 6, 7), np.float32
    )
    dense = random_sparse(rng, outputs, channels * window[0] * window[1], 0.4)
    bias = rng.standard_normal(outputs, np.float32)
    bias = data.draw(st.sampled_from([bias, None]))
    options = {
        "window": window,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    expected = naive.conv2d_sparse(x, dense, bias, **options)
    out = conv2d_sparse(x, CSRMatrix.from_dense(dense), bias, **options)
    assert out.shape == expected.shape
    assert out.dtype == np.float32
    largest = np.abs(x).max(initial=1) * (np.abs(dense).max(initial=1) + 1)
    slack = (dense.shape[1] + 2) ** 2 * np.finfo(np.float32).eps * largest
    assert (np.abs(out - expected) <= slack).all()


@pytest.mark.parametrize("name", ["csr", "bsr 2x4", "2:4", "relative 5"])
def test_conv2d_takes_every_format(name):
    rng = np.random.default_rng(0)
    dense = random_sparse(rng, 4, 4 * 3 * 3, 0.3)
    dense[~keep_largest_nm(np.abs(dense), 2, 4)] = 0
    x = rng.standard_normal((2, 4, 5, 5), np.float32)
    out = conv2d_sparse(x, FORMATS[name](dense), window=(3, 3), padding=1)
    expected = naive.conv2d_sparse(x, dense, window=(3, 3), padding=(1, 1))
    assert np.allclose(out, expected, rtol=0, atol=1e-4)


def test_block_masks_make_few_blocks():
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((64, 64), np.float32)
    dense[~keep_largest_blocks(np.abs(dense), 0.75, (16, 16))] = 0
    assert len(BSRMatrix.from_dense(dense, (16, 16)).data) == 4
