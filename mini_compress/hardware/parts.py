"""What a file is made of: which of its bytes say what."""

from collections import Counter

import numpy as np
from torch import nn

from .. import artifact
from .._inference import HasModel, network_of
from ..layers import SparseCodebookLayer, SparseLayer, StoredWeight
from ..layers.stored_codes import HuffmanCodes, PackedCodes

# in the order in which they are shown
PARTS = (
    *("values", "places", "fillers", "codebook", "tables"),
    *("biases", "header"),
)
# the last words of a tensor's name, and the part that it belongs to; what is
# not listed counts as a value: weights, codes, scales, normalizations
_PART_OF = {
    "bias": "biases",
    "levels": "codebook",
    "lengths": "tables",
    "block_bytes": "tables",
}


def file_parts(
    model: nn.Module | HasModel,
) -> dict[str, dict[str, int]]:
    """Return the bytes of each part of each layer's share of the file.

    returns : layer -> part -> bytes, parts without bytes left out; "" is the
        file's header. All of them add up to the length of the file.
        "values" are weights or their codes, "places" the gaps between those
        of a sparse layer, "fillers" the bits of both that entries without a
        weight take, "tables" what a Huffman stream needs to be read

    >>> from mini_compress import zoo
    >>> parts = file_parts(zoo.load("LeNet300", "mnist5k"))
    >>> parts["classifier.5"], list(parts[""])
    ({'values': 4000, 'biases': 40}, ['header'])
    """
    network = network_of(model)
    found: dict[str, Counter[str]] = {}
    for name, tensor in network.state_dict().items():
        layer, part = _belongs_to(network, name)
        found.setdefault(layer, Counter())[part] += tensor.nbytes
    for name, module in network.named_modules():
        for part, num_bytes in _filler_bytes(module).items():
            found[name][part] -= num_bytes
            found[name]["fillers"] += num_bytes
    stored = sum(sum(parts.values()) for parts in found.values())
    header = len(artifact.to_bytes(network)) - stored
    return {
        **{
            layer: {part: parts[part] for part in PARTS if parts[part]}
            for layer, parts in found.items()
        },
        "": {"header": header},
    }


def _belongs_to(network: nn.Module, name: str) -> tuple[str, str]:
    """Return the layer and the part that a tensor of the state belongs to."""
    path, _, last = name.rpartition(".")
    owner = path
    while owner and not _is_layer(network.get_submodule(owner)):
        owner = owner.rpartition(".")[0]
    if last in _PART_OF:
        return owner, _PART_OF[last]
    return owner, "places" if "gaps" in name.split(".") else "values"


def _is_layer(module: nn.Module) -> bool:
    """Say whether a module is more than a part of a compressed layer."""
    return not isinstance(module, StoredWeight | PackedCodes | HuffmanCodes)


def _filler_bytes(module: nn.Module) -> dict[str, int]:
    """Return the bytes of values and of places that are fillers'."""
    if isinstance(module, SparseLayer):
        sparse = module.weight
        count = int((sparse.values == 0).sum())
        places = count * sparse.index_bits // 8
        return {"values": sparse.values.itemsize * count, "places": places}
    if isinstance(module, SparseCodebookLayer):
        kept = module.weight
        count = int(np.count_nonzero(kept.entries.read() == 0))
        largest = 2**kept.index_bits - 1  # the gap before every filler
        return {
            "values": count * _width(kept.entries, 0, kept.bits) // 8,
            "places": count * _width(kept.gaps, largest, kept.index_bits) // 8,
        }
    return {}


def _width(stored: nn.Module, symbol: int, bits: int) -> int:
    """Return the bits of a symbol: of its code, if it is in a stream."""
    if isinstance(stored, HuffmanCodes):
        return int(stored.lengths[symbol])
    return bits
