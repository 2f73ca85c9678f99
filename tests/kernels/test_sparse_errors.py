"""Sparse matrices refuse what does not fit, before they compute anything."""

import numpy as np
import pytest

from mini_compress.kernels.planes import pack_planes
from mini_compress.kernels.sparse import (
    BSRMatrix,
    CSRMatrix,
    NMMatrix,
    RelativeIndexMatrix,
    conv2d_sparse,
)
from tests.support.sparse_matrices import FORMATS

all_formats = pytest.mark.parametrize("name", FORMATS)


def csr(indptr=(0, 2, 3), indices=(0, 2, 1), data=(1, 2, 3), shape=(2, 3)):
    """Make a good matrix, except for what a test changes."""
    return CSRMatrix(
        np.array(indptr, np.int32),
        np.array(indices, np.int32),
        np.array(data, np.float32),
        shape,
    )


def bsr(indptr=(0, 2), indices=(0, 2), data=None, shape=(2, 6)):
    data = np.ones((2, 2, 2), np.float32) if data is None else data
    return BSRMatrix(
        np.array(indptr, np.int32), np.array(indices, np.int32), data, shape
    )


def nm(values=((1, 2),), positions=(0, 3), keep=2, group=4, shape=(1, 4)):
    bits = (group - 1).bit_length()
    packed = pack_planes(np.array(positions, np.uint8), bits=bits)
    return NMMatrix(np.array(values, np.float32), packed, keep, group, shape)


def relative(values=(1, 2), gaps=(1, 3), index_bits=2, shape=(2, 3)):
    packed = pack_planes(np.array(gaps, np.uint8), bits=index_bits)
    values = np.array(values, np.float32)
    return RelativeIndexMatrix(values, packed, index_bits, shape)


def test_the_good_ones_are_good():
    assert csr().to_dense().tolist() == [[1, 0, 2], [0, 3, 0]]
    assert bsr().to_dense().tolist() == [[1, 1, 0, 0, 1, 1]] * 2
    assert nm().to_dense().tolist() == [[1, 0, 0, 2]]
    assert relative().to_dense().tolist() == [[0, 1, 0], [0, 0, 2]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indptr": (0, 3)}, r"shape of indptr must be \(3,\), got \(2,\)"),
        ({"indptr": (1, 2, 3)}, "first of indptr must be 0, got 1"),
        ({"indptr": (0, 2, 2)}, "last of indptr must be 3, got 2"),
        ({"indptr": (0, 4, 3)}, "indptr must not decrease, got 4 then 3"),
        ({"indptr": (0, -1, 3)}, "indptr must not decrease, got 0 then -1"),
        ({"indices": (0, 2)}, r"shape of indices must be \(3,\), got \(2,\)"),
        ({"indices": (0, 3, 1)}, r"indices must be in \[0, 2\], got 0 to 3"),
        ({"indices": (-1, 2, 1)}, r"indices must be in \[0, 2\], got -1 to 2"),
        ({"indices": (2, 0, 1)}, "increase within each row, got 2 then 0"),
        ({"indices": (1, 1, 1)}, "increase within each row, got 1 then 1"),
        ({"data": (1, np.nan, 3)}, "data must be finite, got NaN"),
        ({"data": (1, np.inf, 3)}, "data must be finite, got infinity"),
        ({"data": [[1, 2, 3]]}, "data must have 1 axes"),
        ({"shape": (3, 3)}, r"shape of indptr must be \(4,\)"),
        ({"shape": (2, 2)}, r"indices must be in \[0, 1\]"),
        ({"shape": (2,)}, "shape must be a pair"),
        ({"shape": (2, -3)}, "shape must be >= 0, got -3"),
    ],
)
def test_csr_refuses_fields_that_do_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        csr(**change)


def test_a_row_may_start_where_the_last_one_ended():
    # columns fall from one row to the next, around empty rows
    matrix = csr((0, 0, 1, 1, 2, 2), (2, 0), (1, 2), (5, 3))
    assert matrix.to_dense()[[1, 3], [2, 0]].tolist() == [1, 2]


def test_small_unsigned_indices_are_compared_as_numbers():
    # 3 - 200 wraps around to 59 in uint8
    with pytest.raises(ValueError, match="got 200 then 3"):
        CSRMatrix(
            np.uint8([0, 2]), np.uint8([200, 3]), np.ones(2, "f4"), (1, 256)
        )
    with pytest.raises(ValueError, match="indptr must not decrease"):
        CSRMatrix(
            np.uint8([0, 2, 1, 2]), np.uint8([0, 0]), np.ones(2, "f4"), (3, 9)
        )


def test_field_types_are_checked():
    good = csr()
    with pytest.raises(TypeError, match="indices must be uint8 or uint16 or"):
        CSRMatrix(good.indptr, good.indices.astype(np.int64), good.data, (2, 3))
    with pytest.raises(TypeError, match="indptr must be uint8 or uint16 or"):
        CSRMatrix(good.indptr.astype(float), good.indices, good.data, (2, 3))
    with pytest.raises(TypeError, match="data must be float32, got float64"):
        CSRMatrix(good.indptr, good.indices, good.data.astype(float), (2, 3))
    with pytest.raises(TypeError, match="positions must be uint8, got int64"):
        NMMatrix(np.ones((1, 2), np.float32), np.array([0]), 2, 4, (1, 4))
    with pytest.raises(TypeError, match="gaps must be uint8, got int64"):
        RelativeIndexMatrix(np.ones(1, np.float32), np.array([0]), 4, (1, 4))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": (2, 0)}, "increase within each row, got 2 then 0"),
        ({"indices": (0, 3)}, r"indices must be in \[0, 2\], got 0 to 3"),
        ({"shape": (3, 6)}, r"blocks of data must tile the shape \(3, 6\)"),
        ({"shape": (2, 5)}, r"tile the shape \(2, 5\), got \(2, 2\)"),
        ({"shape": (4, 6)}, r"shape of indptr must be \(3,\)"),
        ({"data": np.ones((2, 2), np.float32)}, "data must have 3 axes"),
        ({"data": np.ones((2, 0, 2), np.float32)}, "blocks of data must tile"),
    ],
)
def test_bsr_refuses_fields_that_do_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        bsr(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": (3, 0)}, r"increase within each group, got \[3, 0\]"),
        ({"positions": (1, 1)}, r"increase within each group, got \[1, 1\]"),
        (
            {"positions": (0, 3), "group": 3, "shape": (1, 3)},
            r"positions must be in \[0, 2\], got 3",
        ),
        ({"positions": (0, 1) * 9}, r"shape of positions must be \(1,\)"),
        ({"values": ((1, 2, 3),)}, r"shape of values must be \(1, 2\)"),
        ({"shape": (1, 6)}, "group must divide the last axis, got group 4"),
        ({"keep": 5}, r"keep must be in \[1, 4\], got 5"),
        ({"values": ((1, np.nan),)}, "values must be finite, got NaN"),
    ],
)
def test_nm_refuses_fields_that_do_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        nm(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gaps": (3, 2)}, "gaps must end within the 6 places"),
        ({"values": (1, 2) * 9}, r"shape of gaps must be \(5,\), got \(1,\)"),
        ({"values": (1, np.inf)}, "values must be finite, got infinity"),
        ({"shape": (2, 2)}, "gaps must end within the 4 places"),
    ],
)
def test_relative_index_refuses_fields_that_do_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        relative(**change)


def test_index_bits_outside_their_range_are_refused():
    for bits in (0, 9):
        with pytest.raises(ValueError, match=r"index_bits must be in \[1, 8\]"):
            RelativeIndexMatrix.from_dense(
                np.ones((1, 4), np.float32), index_bits=bits
            )


@all_formats
def test_from_dense_refuses_other_input(name):
    make = FORMATS[name]
    with pytest.raises(TypeError, match="dense must be float32, got float64"):
        make(np.ones((4, 4)))
    with pytest.raises(TypeError, match="dense must be a numpy array"):
        make([[1.0]])
    with pytest.raises(TypeError, match="got >f4 \\(other byte order\\)"):
        make(np.ones((4, 4), ">f4"))
    with pytest.raises(TypeError, match=r"got matrix; use np\.asarray"):
        make(np.zeros((4, 4), np.float32).view(np.matrix))
    with pytest.raises(TypeError, match=r"got MaskedArray; use its filled\(\)"):
        make(np.ma.zeros((4, 4), np.float32))
    with pytest.raises(ValueError, match="dense must have 2 axes"):
        make(np.ones(4, np.float32))
    for value, word in [(np.nan, "NaN"), (-np.inf, "infinity")]:
        dense = np.zeros((4, 4), np.float32)
        dense[1, 2] = value
        with pytest.raises(
            ValueError, match=f"dense must be finite, got {word}"
        ):
            make(dense)


def test_from_dense_refuses_what_the_format_cannot_hold():
    with pytest.raises(ValueError, match="at most 2 non-zeros in each"):
        NMMatrix.from_dense(np.float32([[1, 0, 2, 3]]))
    with pytest.raises(ValueError, match="group must divide the last axis"):
        NMMatrix.from_dense(np.ones((2, 6), np.float32))
    with pytest.raises(ValueError, match="block_shape must divide the shape"):
        BSRMatrix.from_dense(np.ones((2, 6), np.float32), (2, 4))
    with pytest.raises(ValueError, match="block_shape must be >= 1, got 0"):
        BSRMatrix.from_dense(np.ones((2, 6), np.float32), (0, 2))


@all_formats
def test_products_refuse_other_operands(name):
    matrix = FORMATS[name](np.zeros((4, 8), np.float32))
    with pytest.raises(TypeError, match="x must be float32, got float64"):
        matrix @ np.ones(8)
    with pytest.raises(ValueError, match="rows of x must be 8, got 4"):
        matrix @ np.ones(4, np.float32)
    with pytest.raises(ValueError, match="x must have 1 or 2 axes"):
        matrix @ np.ones((8, 2, 2), np.float32)
    with pytest.raises(TypeError, match="x must be a numpy array, got list"):
        matrix @ [1.0] * 8
    with pytest.raises(TypeError, match="unsupported operand"):
        np.ones((2, 4), np.float32) @ matrix


def test_conv2d_refuses_what_does_not_fit():
    weight = CSRMatrix.from_dense(np.ones((3, 2 * 3 * 3), np.float32))
    x = np.ones((1, 2, 5, 5), np.float32)
    with pytest.raises(TypeError, match="x must be float32, got float64"):
        conv2d_sparse(x.astype(float), weight, window=(3, 3))
    with pytest.raises(ValueError, match="x must have 4 axes"):
        conv2d_sparse(x[0], weight, window=(3, 3))
    with pytest.raises(ValueError, match="cols of weight must be 8, got 18"):
        conv2d_sparse(x, weight, window=(2, 2))
    with pytest.raises(ValueError, match="length of window must be 2, got 3"):
        conv2d_sparse(x, weight, window=(3, 3, 1))
    with pytest.raises(ValueError, match=r"shape of bias must be \(3,\)"):
        conv2d_sparse(x, weight, np.ones(2, np.float32), window=(3, 3))
    with pytest.raises(ValueError, match="window must fit the padded x"):
        conv2d_sparse(x[:, :, :2], weight, window=(3, 3))
    with pytest.raises(ValueError, match="stride must be >= 1, got 0"):
        conv2d_sparse(x, weight, window=(3, 3), stride=0)
