"""Sparse matrices and masks: what is timed, and the peers."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import scipy.sparse
import torch
from torch import nn
from torch.nn.utils.prune import L1Unstructured

from mini_compress.kernels.masks import keep_largest, keep_largest_blocks
from mini_compress.kernels.sparse import BSRMatrix, CSRMatrix
from mini_compress.pruning import apply_masks, magnitude_masks, store_sparse
from tests.benchmarks.case import Case
from tests.support.sparse_matrices import random_sparse

BLOCK = (16, 16)
COLS = 64  # of the matrix on the right, as a batch of 64 examples has


def sparse_cases(smoke: bool) -> Iterator[Case]:
    """Yield products and conversions at several densities, then a mask."""
    side = 128 if smoke else 1024
    for density in (0.1,) if smoke else (0.01, 0.02, 0.1, 0.5):
        yield from csr_cases(side, density)
        yield from bsr_cases(side, density)
    yield mask_case(10_000 if smoke else 10_000_000)


def csr_cases(side: int, density: float) -> Iterator[Case]:
    """Multiply and convert a matrix with zeros anywhere."""
    dense, vector, matrix = operands(side, density)
    ours, theirs = CSRMatrix.from_dense(dense), scipy.sparse.csr_array(dense)
    work = f"CSR {side}x{side}, {density:.0%}"
    yield Case(
        f"{work}, vector",
        "scipy csr_array @",
        lambda: ours @ vector,
        lambda: theirs @ vector,
        least_ratio=1 / 4,
    )
    yield Case(
        f"{work}, {COLS} columns",
        "scipy csr_array @",
        lambda: ours @ matrix,
        lambda: theirs @ matrix,
        least_ratio=1 / 10,
    )
    yield Case(
        f"{work}, from_dense",
        "scipy csr_array",
        lambda: CSRMatrix.from_dense(dense),
        lambda: scipy.sparse.csr_array(dense),
        least_ratio=1 / 3,
    )


def bsr_cases(side: int, density: float) -> Iterator[Case]:
    """Multiply and convert a matrix with zeros in whole blocks."""
    dense, vector, matrix = operands(side, density, blocks=True)
    ours = BSRMatrix.from_dense(dense, BLOCK)
    theirs = scipy.sparse.bsr_array(dense, blocksize=BLOCK)
    work = f"BSR 16x16 {side}x{side}, {density:.0%}"
    for x, name, ratio in (
        (vector, "vector", 1),
        (matrix, f"{COLS} columns", 2),
    ):
        yield Case(
            f"{work}, {name}",
            "scipy bsr_array @",
            partial(ours.__matmul__, x),
            partial(theirs.__matmul__, x),
            least_ratio=ratio,
        )
    yield Case(
        f"{work}, from_dense",
        "scipy bsr_array",
        lambda: BSRMatrix.from_dense(dense, BLOCK),
        lambda: scipy.sparse.bsr_array(dense, blocksize=BLOCK),
        least_ratio=1 / 3,
    )


def mask_case(size: int) -> Case:
    """Keep the largest tenth of a weight."""
    weight = np.random.default_rng(0).standard_normal(size, np.float32)
    tensor = torch.from_numpy(weight)
    pruner = L1Unstructured(0.9)
    return Case(
        f"mask of {size:,}",
        "torch prune.L1Unstructured",
        lambda: keep_largest(np.abs(weight), 0.9),
        lambda: pruner.compute_mask(tensor, torch.ones_like(tensor)),
        least_ratio=1,
        rounds=3,
    )


def operands(
    side: int, density: float, *, blocks: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a square matrix with zeros, a vector, and a matrix of COLS."""
    rng = np.random.default_rng(0)
    dense = random_sparse(rng, side, side, 1 if blocks else density)
    if blocks:
        dense[~keep_largest_blocks(np.abs(dense), 1 - density, BLOCK)] = 0
    vector = rng.standard_normal(side, np.float32)
    return dense, vector, rng.standard_normal((side, COLS), np.float32)


def growing_sparse_calls(smoke: bool) -> Iterator[tuple[str, int, Callable]]:
    """Yield a name, the multiply-accumulates or values, and the call.

    The side grows at one density, then the density at one side.
    """
    sides = (64, 128) if smoke else (256, 512, 1024, 2048)
    densities = (0.1, 0.5) if smoke else (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
    points = [(side, 0.1) for side in sides]
    points += [(sides[-2], density) for density in densities]
    for side, density in points:
        name = f"{side}x{side}, {density:.0%}"
        dense, vector, matrix = operands(side, density)
        csr = CSRMatrix.from_dense(dense)
        count = csr.data.size
        yield f"CSR @ vector, {name}", count, partial(csr.__matmul__, vector)
        call = partial(csr.__matmul__, matrix)
        yield f"CSR @ {COLS} columns, {name}", count * COLS, call
        call = partial(CSRMatrix.from_dense, dense)
        yield f"CSR from_dense, {name}", dense.size, call
        bsr = BSRMatrix.from_dense(
            operands(side, density, blocks=True)[0], BLOCK
        )
        call = partial(bsr.__matmul__, matrix)
        yield f"BSR @ {COLS} columns, {name}", bsr.data.size * COLS, call
    for size in (1000, 10_000) if smoke else (10**5, 10**6, 10**7):
        scores = np.random.default_rng(0).random(size, np.float32)
        yield (
            f"keep_largest, {size:,}",
            size,
            partial(keep_largest, scores, 0.9),
        )
    for side in (30, 100) if smoke else (316, 1000, 3163):  # to 10**7 weights
        model = nn.Sequential(nn.Linear(side, side, bias=False))
        masked = apply_masks(model, magnitude_masks(model, 0.9))
        call = partial(store_sparse, masked)
        yield f"store_sparse, {side**2:,} weights, 10%", side**2, call
