"""Weights that share levels, zeros left out, and Huffman codes as a last step.

The second and the third stage of Deep Compression: what pruning has left of a
layer shares a few levels, its zeros stay zeros, and the file keeps for each
non-zero a code and the gap before it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import nn

from .._inference import require_module
from .._require import require_int
from ..kernels.codebook import fit_codebook, nearest_codes
from ..kernels.huffman import encode
from ..layers import CodebookLayer, SparseCodebookLayer, geometry_of
from ..layers.plain import weight_array
from ..layers.selection import (
    require_untied,
    treatable_layers,
    with_layers_replaced,
)
from ..layers.stored_codes import HuffmanCodes, stream_size
from .codebooks import codebook_layer

Bits = int | Mapping[str, int]


def share_weights(
    model: nn.Module,
    bits: Bits,
    *,
    start: str = "linear",
    seed: int = 0,
    layers: Sequence[str] | None = None,
) -> nn.Module:
    """Return a copy whose non-zero weights share the levels of their layer.

    model : pruned, with its zeros in the weights as `apply_masks` and
        `fine_tune` leave them; is not changed
    bits : 1 to 8, of a code; or one for each of several layers, by name, and
        then no `layers`. k-means runs on a layer's non-zeros alone and gives
        2**bits - 1 levels: the code that is left is that of fillers. A layer
        with fewer distinct weights keeps them all.
    start, seed : of k-means, see `kernels.codebook.fit_codebook`
    layers : names of Linear and Conv2d layers; None for all
    returns : a network in evaluation mode, with a `SparseCodebookLayer` for
        each layer that has zeros, and gaps of as many bits as make it
        smallest; a layer without zeros becomes a `CodebookLayer`

    >>> from mini_compress import artifact, pruning, zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> masks = pruning.magnitude_masks(net, 0.9)
    >>> pruned = pruning.apply_masks(net, masks)
    >>> shared = share_weights(pruned, 5)
    >>> for each in (net, pruning.store_sparse(pruned), shared):
    ...     print(round(artifact.file_kb(each)))
    1067
    134
    40

    See [han2016deep], section 3.
    """
    found = treatable_layers(model, _names(bits, layers))
    require_untied(model, found)
    shared: dict[str, nn.Module] = {}
    for name, layer in found.items():
        width = bits[name] if isinstance(bits, Mapping) else bits
        require_int("bits", width, 1, 8)
        shared[name] = _share(name, layer, int(width), start, seed)
    return with_layers_replaced(model, shared)


def store_huffman(model: nn.Module) -> nn.Module:
    """Return a copy that stores its codes by how often they occur.

    model : with layers of `share_weights` or `quantize_codebook`; is not
        changed
    returns : a network with the same weights, bit for bit. Codes, and gaps,
        become Huffman streams where that makes the file smaller, tables
        counted; gaps get as many bits as then suit best.

    >>> from mini_compress import artifact, pruning, zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> masks = pruning.magnitude_masks(net, 0.9)
    >>> shared = share_weights(pruning.apply_masks(net, masks), 5)
    >>> coded = store_huffman(shared)
    >>> artifact.file_kb(coded) < artifact.file_kb(shared)
    True

    See [han2016deep], section 4, and `kernels.huffman`.
    """
    require_module("model", model)
    coded: dict[str, nn.Module] = {}
    for name, layer in model.named_modules():
        if isinstance(layer, SparseCodebookLayer):
            coded[name] = _coded_entries(layer)
        elif isinstance(layer, CodebookLayer):
            coded[name] = _coded_weights(layer)
    if not coded:
        raise ValueError(
            "model must have codes, of a SparseCodebookLayer or a "
            "CodebookLayer, got none: share its weights first"
        )
    shorter = {
        name: layer
        for name, layer in coded.items()
        if layer is not model.get_submodule(name)
    }
    return with_layers_replaced(model, shorter)


def _names(bits: Bits, layers: Sequence[str] | None) -> Sequence[str] | None:
    """Return the names of the layers to treat."""
    if not isinstance(bits, Mapping):
        return layers
    if layers is not None:
        raise ValueError(
            f"layers must be None where bits names them, got {layers}"
        )
    return list(bits)


def _share(
    name: str,
    layer: nn.Linear | nn.Conv2d,
    bits: int,
    start: str,
    seed: int,
) -> nn.Module:
    """Return a layer whose non-zeros share levels."""
    weight = weight_array(name, layer)
    kept = weight != 0
    spare = 1 if not kept.all() else 0  # a code for fillers
    values = weight[kept]
    num_levels = min(2**bits - spare, len(np.unique(values)))
    levels = np.zeros(0, np.float32)
    codes = np.zeros(weight.shape, np.uint8)
    if num_levels:
        levels = fit_codebook(values, num_levels, start=start, seed=seed)
        codes[kept] = nearest_codes(values, levels) + spare
    if not spare:
        return codebook_layer(
            name,
            layer,
            codes,
            levels,
            None,
            bits=bits,
            group_size=None,
            huffman=False,
        )
    geometry = geometry_of(layer, repr(name))
    return SparseCodebookLayer.of_codes(
        geometry, codes, levels, layer.bias, bits=bits
    )


def _coded_entries(layer: SparseCodebookLayer) -> SparseCodebookLayer:
    """Return a layer with streams where they are smaller."""
    kept = layer.weight
    return SparseCodebookLayer.of_codes(
        layer.geometry,
        kept.codes().numpy(),
        kept.levels.numpy(),
        layer.bias,
        bits=kept.bits,
        huffman=True,
    )


def _coded_weights(layer: CodebookLayer) -> CodebookLayer:
    """Return a layer whose codes are a stream, unless the layer is smaller."""
    kept, codes = layer.weight, layer.weight.codes().numpy()
    if isinstance(kept.stored, HuffmanCodes):
        return layer
    encoded = encode(codes)
    size = stream_size(encoded, kept.num_levels)
    if size >= kept.stored.packed.numel():
        return layer
    settings = {**layer.settings, "huffman_bytes": len(encoded.stream)}
    coded = CodebookLayer(layer.geometry, **settings)
    scale = None if kept.scale is None else kept.scale.numpy()
    coded.weight.store(codes, kept.levels.numpy(), scale)
    if layer.bias is not None and coded.bias is not None:
        coded.bias.copy_(layer.bias)
    return coded
