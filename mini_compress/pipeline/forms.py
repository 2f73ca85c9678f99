"""What a network is made of, as far as it decides which steps can follow.

A network may be of several forms at once: some layers float, some of codes.
"""

from collections.abc import Iterable
from types import UnionType

from torch import nn

from ..layers import (
    BlockFormatLayer,
    CodebookLayer,
    FactoredLayer,
    IntegerLayer,
    IntegerNetwork,
    SparseCodebookLayer,
    SparseLayer,
    WeightOnlyLayer,
)
from ..layers.kinds import BATCH_NORMS

FLOAT, FACTORED = "float", "factored"
SPARSE, CODES, CODEBOOK = "sparse", "codes", "codebook"
BLOCKS, STATIC = "blocks", "static"
INTEGER, FILE = "integer", "file"
NORMS, UNFOLDED = "norms", "unfolded"

LEARNING = frozenset({FLOAT, FACTORED})  # what can be trained and compressed
STORED = frozenset({SPARSE, CODES, CODEBOOK, BLOCKS, STATIC})
WHOLE = frozenset({INTEGER, FILE})  # of all layers together

# form -> what a network of that form has
MEANINGS = {
    FLOAT: "float weights",
    FACTORED: "factored layers",
    SPARSE: "weights stored without their zeros",
    CODES: "integer codes for weights",
    CODEBOOK: "codes of a codebook for weights",
    BLOCKS: "weights in a block format",
    STATIC: "layers that multiply integer codes",
    INTEGER: "integers from pixels to logits",
    FILE: "the form of an exported file",
    NORMS: "batch normalization",
    UNFOLDED: "weights compressed before batch normalization was folded",
}

_LAYERS: dict[str, type[nn.Module] | UnionType] = {
    SPARSE: SparseLayer,
    CODES: WeightOnlyLayer,
    CODEBOOK: CodebookLayer | SparseCodebookLayer,
    BLOCKS: BlockFormatLayer,
    STATIC: IntegerLayer,
}


def forms_of(model: nn.Module) -> frozenset[str]:
    """Return the forms of a network's layers.

    What has parameters is float or, in a chain of low rank, factored.

    >>> sorted(forms_of(nn.Linear(3, 2)))
    ['float']
    >>> from mini_compress import quantization
    >>> two = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    >>> half = quantization.quantize_weights(two, layers=["1"])
    >>> sorted(forms_of(half))
    ['codes', 'float']
    """
    if isinstance(model, IntegerNetwork):
        return frozenset({INTEGER})
    modules = list(model.modules())
    found = {
        form
        for form, kind in _LAYERS.items()
        if any(isinstance(module, kind) for module in modules)
    }
    factored = [x for x in modules if isinstance(x, FactoredLayer)]
    parts = {y for x in factored for y in x.modules()}
    if _holds_floats(parts):
        found.add(FACTORED)
    if _holds_floats(x for x in modules if x not in parts):
        found.add(FLOAT)
    if any(isinstance(module, BATCH_NORMS) for module in modules):
        found |= {NORMS, UNFOLDED} if found & STORED else {NORMS}
    return frozenset(found)


def _holds_floats(modules: Iterable[nn.Module]) -> bool:
    """Tell whether any of the modules has a weight that learns."""
    return any(
        weight.ndim >= 2
        for module in modules
        for weight in module.parameters(recurse=False)
    )
