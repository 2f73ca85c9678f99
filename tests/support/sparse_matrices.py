"""Matrices with zeros, and the formats that hold them, for several tests."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels.masks import keep_largest_nm
from mini_compress.kernels.sparse import (
    BSRMatrix,
    CSRMatrix,
    NMMatrix,
    RelativeIndexMatrix,
)

FORMATS = {
    "csr": CSRMatrix.from_dense,
    "bsr 1x1": lambda dense: BSRMatrix.from_dense(dense, (1, 1)),
    "bsr 2x4": lambda dense: BSRMatrix.from_dense(dense, (2, 4)),
    "2:4": NMMatrix.from_dense,
    "relative 1": lambda dense: RelativeIndexMatrix.from_dense(
        dense, index_bits=1
    ),
    "relative 5": RelativeIndexMatrix.from_dense,
}


@st.composite
def sparse_matrices(draw) -> np.ndarray:
    """Draw a float32 matrix that every one of FORMATS can hold.

    Rows and columns without non-zeros, matrices without any, and sides of 0
    are among them.
    """
    shape = 2 * draw(st.integers(0, 4)), 4 * draw(st.integers(0, 5))
    values = st.floats(-8, 8, width=16)
    dense = draw(hnp.arrays(np.float32, shape, elements=values))
    density = draw(st.sampled_from([0.0, 0.05, 0.3, 1.0]))
    seed = draw(st.integers(0, 2**16))
    dense[np.random.default_rng(seed).random(shape) >= density] = 0
    dense[~keep_largest_nm(np.abs(dense), 2, 4)] = 0
    return dense


def random_sparse(
    rng: np.random.Generator, rows: int, cols: int, density: float
) -> np.ndarray:
    """Return a larger float32 matrix with about `density` non-zeros."""
    dense = rng.standard_normal((rows, cols), np.float32)
    dense[rng.random((rows, cols)) >= density] = 0
    return dense


def product_error(dense: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return how far a float32 product may be from the exact one.

    A sum of n products, rounded at each step in any order, is off by at most
    n * eps times the sum of their absolute values, to first order.
    """
    largest = np.abs(dense).astype(np.float64) @ np.abs(x).astype(np.float64)
    return (dense.shape[1] + 1) * np.finfo(np.float32).eps * largest
