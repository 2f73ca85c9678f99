"""Weights without their zeros: the smallest of all encodings is chosen."""

import numpy as np
import pytest

from mini_compress.kernels.sparse import RelativeIndexMatrix
from mini_compress.pruning.weights.storage import INDEX_BITS, smallest_matrix
from tests.support.sparse_matrices import random_sparse


@pytest.mark.parametrize("density", [0, 0.002, 0.01, 0.05, 0.2, 0.6, 1])
def test_the_bits_that_make_a_matrix_smallest_are_chosen(density):
    dense = random_sparse(np.random.default_rng(0), 40, 100, density)
    chosen = smallest_matrix(dense)
    assert np.array_equal(chosen.to_dense(), dense)
    every = [
        RelativeIndexMatrix.from_dense(dense, index_bits=bits)
        for bits in INDEX_BITS
    ]
    best = min(every, key=lambda matrix: matrix.num_bytes)
    assert chosen.num_bytes == best.num_bytes
    assert chosen.index_bits == best.index_bits
