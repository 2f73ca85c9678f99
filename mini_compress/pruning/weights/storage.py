"""Files without zeros: a masked network is not smaller until this is done."""

from collections.abc import Sequence

import numpy as np
from torch import nn

from ...kernels.planes import num_packed_bytes
from ...kernels.sparse import RelativeIndexMatrix
from ...layers import SparseLayer, geometry_of
from ...layers.plain import weight_array
from ...layers.selection import (
    require_untied,
    treatable_layers,
    with_layers_replaced,
)

INDEX_BITS = range(1, 9)


def store_sparse(
    model: nn.Module, *, layers: Sequence[str] | None = None
) -> nn.Module:
    """Return a copy whose layers store no zeros, wherever that is smaller.

    model : with zeros among its weights; is not changed
    layers : names of Linear and Conv2d layers; None for all
    returns : a network in evaluation mode with the same weights. A layer's
        gaps have as many bits as make it smallest; a layer that would not be
        smaller than before, for want of zeros, stays as it is.

    >>> from mini_compress.pruning import apply_masks, magnitude_masks
    >>> net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    >>> pruned = apply_masks(net, magnitude_masks(net, {"0": 0.9}))
    >>> [type(layer).__name__ for layer in store_sparse(pruned)]
    ['SparseLayer', 'ReLU', 'Linear']

    See [han2016deep], section 2.
    """
    replacements: dict[str, nn.Module] = {}
    for name, layer in treatable_layers(model, layers).items():
        matrix = smallest_matrix(weight_array(name, layer))
        if matrix.num_bytes < layer.weight.nbytes:
            require_untied(model, {name: layer})
            replacements[name] = _sparse_layer(name, layer, matrix)
    return with_layers_replaced(model, replacements)


def smallest_matrix(weight: np.ndarray) -> RelativeIndexMatrix:
    """Store a weight with the number of bits for gaps that suits it best.

    weight : (outputs, ...) float32, finite
    returns : of (outputs, all others)
    """
    rows = weight.reshape(len(weight), -1)  # (outputs, all others)
    skipped = np.diff(np.flatnonzero(rows != 0), prepend=-1) - 1

    def num_bytes(bits: int) -> int:
        entries = len(skipped) + int((skipped >> bits).sum())  # with fillers
        return 4 * entries + num_packed_bytes(entries, bits)

    # the sizes are counted, and only the smallest matrix is made
    return RelativeIndexMatrix.from_dense(
        rows, index_bits=min(INDEX_BITS, key=num_bytes)
    )


def _sparse_layer(
    name: str, layer: nn.Linear | nn.Conv2d, matrix: RelativeIndexMatrix
) -> SparseLayer:
    sparse = SparseLayer(
        geometry_of(layer, repr(name)),
        bias=layer.bias is not None,
        index_bits=matrix.index_bits,
        num_values=len(matrix.values),
    )
    sparse.weight.store(matrix)
    if layer.bias is not None:
        sparse.bias.copy_(layer.bias.detach())  # type: ignore[union-attr]
    return sparse
