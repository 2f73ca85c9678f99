"""Sparse products and convolutions, ours and of libraries, ready to time.

Each maker takes a weight with zeros, in its dense form, and the operand x,
and returns a call without arguments. Converting the weight is not timed.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from ..._require import require_extra
from ...kernels.masks import keep_largest, keep_largest_blocks, keep_largest_nm
from ...kernels.sparse import (
    BSRMatrix,
    CSRMatrix,
    NMMatrix,
    RelativeIndexMatrix,
    conv2d_sparse,
)

Call = Callable[[], object]
Maker = Callable[[np.ndarray, np.ndarray], Call]
Block = tuple[int, int]

WINDOW = (3, 3)  # of every convolution, padded so that images keep their size


def dense_numpy(weight: np.ndarray, x: np.ndarray) -> Call:
    """Numpy's product of the weight with all its zeros."""
    return lambda: weight @ x


def dense_torch(weight: np.ndarray, x: np.ndarray) -> Call:
    """Torch's product of the weight with all its zeros."""
    left, right = torch.from_numpy(weight), torch.from_numpy(x)
    return lambda: left @ right


def csr_ours(weight: np.ndarray, x: np.ndarray) -> Call:
    """`kernels.sparse.CSRMatrix`."""
    matrix = CSRMatrix.from_dense(weight)
    return lambda: matrix @ x


def csr_scipy(weight: np.ndarray, x: np.ndarray) -> Call:
    """SciPy's `csr_array`."""
    matrix = require_extra("scipy.sparse", "lab").csr_array(weight)
    return lambda: matrix @ x


def csr_torch(weight: np.ndarray, x: np.ndarray) -> Call:
    """Torch's sparse CSR layout."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support")
        matrix = torch.from_numpy(weight).to_sparse_csr()
    right = torch.from_numpy(x)
    return lambda: matrix @ right


def bsr_ours(weight: np.ndarray, x: np.ndarray) -> Call:
    """`kernels.sparse.BSRMatrix`."""
    matrix = BSRMatrix.from_dense(weight, block_of(weight))
    return lambda: matrix @ x


def bsr_scipy(weight: np.ndarray, x: np.ndarray) -> Call:
    """SciPy's `bsr_array`."""
    sparse = require_extra("scipy.sparse", "lab")
    matrix = sparse.bsr_array(weight, blocksize=block_of(weight))
    return lambda: matrix @ x


def nm_ours(weight: np.ndarray, x: np.ndarray) -> Call:
    """`kernels.sparse.NMMatrix`, 2:4."""
    matrix = NMMatrix.from_dense(weight)
    return lambda: matrix @ x


def relative_ours(weight: np.ndarray, x: np.ndarray) -> Call:
    """`kernels.sparse.RelativeIndexMatrix`, 5 bits."""
    matrix = RelativeIndexMatrix.from_dense(weight)
    return lambda: matrix @ x


def convolution_torch(weight: np.ndarray, x: np.ndarray) -> Call:
    """Torch's dense convolution."""
    filters = torch.from_numpy(weight.reshape(-1, x.shape[1], *WINDOW))
    images = torch.from_numpy(x)
    return lambda: functional.conv2d(images, filters, padding=1)


def convolution_csr(weight: np.ndarray, x: np.ndarray) -> Call:
    """`kernels.sparse.conv2d_sparse` with filters in CSR form."""
    matrix = CSRMatrix.from_dense(weight)
    return lambda: conv2d_sparse(x, matrix, window=WINDOW, padding=1)


def convolution_bsr(weight: np.ndarray, x: np.ndarray) -> Call:
    """`kernels.sparse.conv2d_sparse` with filters in blocks."""
    matrix = BSRMatrix.from_dense(weight, block_of(weight))
    return lambda: conv2d_sparse(x, matrix, window=WINDOW, padding=1)


DENSE: dict[str, Maker] = {
    "numpy dense": dense_numpy,
    "torch dense": dense_torch,
}
UNSTRUCTURED: dict[str, Maker] = {
    "mini_compress CSRMatrix": csr_ours,
    "scipy csr_array": csr_scipy,
    "torch sparse_csr": csr_torch,
    "mini_compress RelativeIndexMatrix": relative_ours,
}
BLOCKS: dict[str, Maker] = {
    "mini_compress BSRMatrix": bsr_ours,
    "scipy bsr_array": bsr_scipy,
}
TWO_OF_FOUR: dict[str, Maker] = {"mini_compress NMMatrix 2:4": nm_ours}
CONV_DENSE: dict[str, Maker] = {"torch conv2d": convolution_torch}
CONV_UNSTRUCTURED: dict[str, Maker] = {
    "mini_compress conv2d_sparse CSR": convolution_csr
}
CONV_BLOCKS: dict[str, Maker] = {
    "mini_compress conv2d_sparse BSR": convolution_bsr
}
MAKERS: dict[str, Maker] = {
    **DENSE,
    **UNSTRUCTURED,
    **BLOCKS,
    **TWO_OF_FOUR,
    **CONV_DENSE,
    **CONV_UNSTRUCTURED,
    **CONV_BLOCKS,
}


def block_of(weight: np.ndarray) -> Block:
    """Return the largest blocks of 16, 8 or 4 that tile a weight."""
    rows, cols = weight.shape
    sides = (16, 8, 4)
    height = next(side for side in sides if rows % side == 0)
    return height, next(side for side in sides if cols % side == 0)


def make_weight(
    method: str, rows: int, cols: int, density: float
) -> np.ndarray:
    """Draw a weight, and make zeros where the method's format needs them."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((rows, cols), np.float32)
    if method in TWO_OF_FOUR:
        weight[~keep_largest_nm(np.abs(weight), keep=2, group=4)] = 0
    elif method in BLOCKS or method in CONV_BLOCKS:
        scores, block = np.abs(weight), block_of(weight)
        weight[~keep_largest_blocks(scores, 1 - density, block)] = 0
    else:
        weight[~keep_largest(np.abs(weight), 1 - density)] = 0
    return weight
