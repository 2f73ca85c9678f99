"""Sparse layouts and products, as SciPy and PyTorch have them.

Tried with scipy 1.17.1 and torch 2.13.0.
"""

import numpy as np
import pytest
import scipy.sparse
import torch
import torch.nn.utils.prune
from torch.sparse import _semi_structured_conversions as conversions

from mini_compress.kernels.masks import (
    keep_largest,
    keep_largest_blocks,
    keep_largest_global,
    keep_largest_nm,
    num_pruned,
)
from mini_compress.kernels.sparse import (
    BSRMatrix,
    CSRMatrix,
    NMMatrix,
    conv2d_sparse,
)
from tests.support.sparse_matrices import product_error, random_sparse

pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR tensor support")
pytest_bsr = pytest.mark.filterwarnings("ignore:Sparse BSR tensor support")

DENSITIES = (0.0, 0.01, 0.1, 0.5, 1.0)
WIDTHS = ((), (1,), (64,))


def same(one, other) -> bool:
    """Whether two arrays have equal shapes and values, whatever their type."""
    return np.array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("density", DENSITIES)
def test_csr_layout(density):
    rng = np.random.default_rng(0)
    dense = random_sparse(rng, 37, 300, density)
    ours = CSRMatrix.from_dense(dense)
    scipys = scipy.sparse.csr_array(dense)
    torchs = torch.from_numpy(dense).to_sparse_csr()
    for name, torchs_part in [
        ("indptr", torchs.crow_indices()),
        ("indices", torchs.col_indices()),
        ("data", torchs.values()),
    ]:
        assert same(getattr(ours, name), getattr(scipys, name))
        assert same(getattr(ours, name), torchs_part)
    # SciPy's indices are int32; ours need 2 bytes for 300 columns
    count = ours.data.size
    scipys_bytes = sum(
        part.nbytes for part in (scipys.indptr, scipys.indices, scipys.data)
    )
    assert scipys_bytes == 8 * count + 4 * 38
    assert ours.num_bytes == 6 * count + ours.indptr.itemsize * 38


@pytest_bsr
@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("block_shape", [(1, 1), (2, 3), (16, 16)])
def test_bsr_layout(density, block_shape):
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((96, 192), np.float32)
    kept = rng.random((96 // block_shape[0], 192 // block_shape[1])) < density
    dense *= np.kron(kept, np.ones(block_shape, np.float32))
    ours = BSRMatrix.from_dense(dense, block_shape)
    scipys = scipy.sparse.bsr_array(dense, blocksize=block_shape)
    scipys.sort_indices()
    torchs = torch.from_numpy(dense).to_sparse_bsr(block_shape)
    for name, torchs_part in [
        ("indptr", torchs.crow_indices()),
        ("indices", torchs.col_indices()),
        ("data", torchs.values()),
    ]:
        assert same(getattr(ours, name), getattr(scipys, name))
        assert same(getattr(ours, name), torchs_part)


@pytest_bsr
def test_scipy_leaves_block_columns_unsorted_and_we_refuse_them():
    dense = np.zeros((2, 6), np.float32)
    dense[0, 4] = dense[1, 0] = 1  # the first row meets the last block first
    scipys = scipy.sparse.csr_array(dense).tobsr(blocksize=(2, 2))
    assert scipys.indices.tolist() == [2, 0]
    with pytest.raises(ValueError, match="within each row, got 2 then 0"):
        BSRMatrix(scipys.indptr, scipys.indices, scipys.data, dense.shape)
    scipys.sort_indices()
    ours = BSRMatrix(scipys.indptr, scipys.indices, scipys.data, dense.shape)
    assert same(ours.to_dense(), dense)


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("width", WIDTHS)
def test_csr_products(density, width):
    rng = np.random.default_rng(1)
    dense = random_sparse(rng, 100, 784, density)
    dense[::5] = 0  # empty rows
    x = rng.standard_normal((784, *width), np.float32)
    out = CSRMatrix.from_dense(dense) @ x
    slack = 2 * product_error(dense, x)  # both sides are rounded
    assert (np.abs(out - scipy.sparse.csr_array(dense) @ x) <= slack).all()
    torchs = torch.from_numpy(dense).to_sparse_csr() @ torch.from_numpy(x)
    assert (np.abs(out - torchs.numpy()) <= slack).all()


@pytest.mark.parametrize("width", WIDTHS)
def test_bsr_products(width):
    rng = np.random.default_rng(1)
    dense = rng.standard_normal((96, 192), np.float32)
    dense[~keep_largest_blocks(np.abs(dense), 0.8, (16, 16))] = 0
    x = rng.standard_normal((192, *width), np.float32)
    out = BSRMatrix.from_dense(dense, (16, 16)) @ x
    scipys = scipy.sparse.bsr_array(dense, blocksize=(16, 16)) @ x
    assert (np.abs(out - scipys) <= 2 * product_error(dense, x)).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.int8])
def test_nm_positions_are_those_of_pytorchs_2_4_converter(dtype):
    rng = np.random.default_rng(2)
    shape = (128, 256)  # what the converter's order for the GPU asks for
    weight = rng.integers(1, 100, shape).astype(np.float32)
    weight *= keep_largest_nm(rng.random(shape), 2, 4)
    ours = NMMatrix.from_dense(weight)
    values, metadata = conversions.sparse_semi_structured_from_dense_cutlass(
        torch.from_numpy(weight).to(dtype)
    )
    assert same(ours.values, values.to(torch.float32))
    # undo the order in which the GPU reads the metadata, and nothing else
    offsets = conversions._calculate_meta_reordering_scatter_offsets(
        metadata.shape[0], metadata.shape[1], metadata.dtype, "cpu"
    )
    plain = torch.gather(metadata.view(-1), 0, offsets)
    assert same(ours.positions, plain.numpy().view(np.uint8))


def test_nm_matrix_goes_through_pytorchs_2_4_converters():
    rng = np.random.default_rng(3)
    shape = (64, 128)
    weight = rng.integers(1, 100, shape).astype(np.float32)
    weight *= keep_largest_nm(rng.random(shape), 2, 4)
    values, metadata = conversions.sparse_semi_structured_from_dense_cutlass(
        torch.from_numpy(weight).to(torch.float16)
    )
    dense = conversions.sparse_semi_structured_to_dense_cutlass(
        values, metadata
    )
    assert same(NMMatrix.from_dense(weight).to_dense(), dense)


@pytest.mark.parametrize("sparsity", [0.0, 0.015, 0.025, 0.5, 0.9, 0.999])
def test_masks_keep_as_many_as_pytorchs(sparsity):
    rng = np.random.default_rng(4)
    weight = rng.standard_normal((10, 20), np.float32)  # no two are equal
    tensor = torch.from_numpy(weight)
    ones = torch.ones_like(tensor)
    pruner = torch.nn.utils.prune.L1Unstructured(sparsity)
    theirs = pruner.compute_mask(tensor, ones).numpy().astype(bool)
    assert same(keep_largest(np.abs(weight), sparsity), theirs)
    for size in (1, 7, 100, 266_200):
        expected = torch.nn.utils.prune._compute_nparams_toprune(sparsity, size)
        assert num_pruned(size, sparsity) == expected


def test_a_global_mask_is_pytorchs():
    rng = np.random.default_rng(5)
    layers = [torch.nn.Linear(8, 5), torch.nn.Linear(5, 3)]
    for layer in layers:
        layer.weight.data = torch.from_numpy(
            rng.standard_normal(tuple(layer.weight.shape), np.float32)
        )
    scores = [layer.weight.detach().abs().numpy() for layer in layers]
    ours = keep_largest_global(scores, 0.7)
    torch.nn.utils.prune.global_unstructured(
        [(layer, "weight") for layer in layers],
        pruning_method=torch.nn.utils.prune.L1Unstructured,
        amount=0.7,
    )
    for mask, layer in zip(ours, layers, strict=True):
        assert same(mask, layer.weight_mask.bool())


def test_conv2d_equals_pytorchs():
    rng = np.random.default_rng(6)
    dense = random_sparse(rng, 8, 4 * 3 * 3, 0.3)
    x = rng.standard_normal((3, 4, 11, 9), np.float32)
    bias = rng.standard_normal(8, np.float32)
    options = {"stride": 2, "padding": (1, 2), "dilation": (2, 1)}
    out = conv2d_sparse(
        x, CSRMatrix.from_dense(dense), bias, window=(3, 3), **options
    )
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(x),
        torch.from_numpy(dense.reshape(8, 4, 3, 3)),
        torch.from_numpy(bias),
        **options,
    ).numpy()
    assert out.shape == expected.shape
    largest = np.abs(dense).sum(axis=1).max() * np.abs(x).max()
    slack = 2 * (dense.shape[1] + 1) * np.finfo(np.float32).eps * largest
    assert np.abs(out - expected).max() <= slack
