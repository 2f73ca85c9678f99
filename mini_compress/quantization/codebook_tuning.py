"""Training of levels: all weights of one level move together.

A weight is levels[code], and its code stays. So the gradient of a level is the
sum of the gradients of all weights that have it, by the chain rule.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from .._inference import require_module
from ..datasets import Dataset
from ..kernels.huffman import encode
from ..layers import CodebookLayer, SparseCodebookLayer
from ..layers.group_scales import scale_groups
from ..layers.selection import with_layers_replaced
from ..layers.stored_codes import HuffmanCodes
from ..training import Training, train

Coded = CodebookLayer | SparseCodebookLayer


class TunedCodebook(nn.Module):
    """A layer of a codebook whose levels and bias learn.

    layer : says where to start; is not changed. Zeros that a
        `SparseCodebookLayer` does not store stay zeros.
    """

    codes: Tensor
    places: Tensor | None
    bias: nn.Parameter | None

    def __init__(self, layer: Coded) -> None:
        super().__init__()
        self.geometry, kept = layer.geometry, layer.weight
        self.group_size = layer.settings.get("group_size")
        self.levels = nn.Parameter(kept.levels.clone())
        # torch indexes by int64 alone
        codes, places = kept.codes().reshape(-1).long(), None
        if isinstance(layer, SparseCodebookLayer):
            places = codes.nonzero().reshape(-1)  # (non-zeros,)
            codes = codes[places] - 1  # 0 is no weight, 1 the first level
        self.register_buffer("codes", codes, persistent=False)
        self.register_buffer("places", places, persistent=False)
        scale = getattr(kept, "scale", None)
        self.register_buffer("scale", scale, persistent=False)
        bias = layer.bias
        self.bias = None if bias is None else nn.Parameter(bias.clone())

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer; a level's gradient is the sum over its weights."""
        shape = self.geometry.weight_shape
        weight = self.levels.index_select(0, self.codes)
        if self.places is not None:
            zeros = weight.new_zeros(math.prod(shape))
            weight = zeros.index_copy(0, self.places, weight)
        rows = weight.reshape(shape[0], -1)  # (outputs, inner)
        if self.group_size is not None:
            rows = scale_groups(rows, self.scale, self.group_size)  # type: ignore[arg-type]
        y = self.geometry.product(input, rows.reshape(shape))
        return (
            y if self.bias is None else y + self.geometry.per_output(self.bias)
        )


def tune_codebooks(
    model: nn.Module,
    data: Dataset,
    **settings: Any,
) -> Training:
    """Train the levels of codebooks; each weight keeps the level that it has.

    model : with layers of `quantize_codebook` or `share_weights`, whose zeros
        stay zeros; is not changed. All else in it that learns does so too:
        biases, normalizations, other layers.
    data, settings : of `training.train`: epochs, learning_rate, ...; a few
        levels bear a higher rate than many weights do
    returns : the training; its model has codebooks again, and a file as long

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.quantization import quantize_codebook
    >>> from mini_compress.training import evaluate
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> coarse = quantize_codebook(net, bits=1)
    >>> tuned = tune_codebooks(coarse, data, epochs=2, progress=False)
    >>> before = evaluate(coarse, data.test).accuracy
    >>> evaluate(tuned.model, data.test).accuracy > before
    True

    See [han2016deep], section 3.3.
    """
    require_module("model", model)
    layers = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, Coded)
    }
    if not layers:
        raise ValueError(
            "model must have a CodebookLayer or a SparseCodebookLayer, got none"
        )
    learning = with_layers_replaced(
        model, {name: TunedCodebook(layer) for name, layer in layers.items()}
    )
    result = train(learning, data, **settings)
    tuned = {
        name: _stored(layer, result.model.get_submodule(name))  # type: ignore[arg-type]
        for name, layer in layers.items()
    }
    return replace(result, model=with_layers_replaced(result.model, tuned))


def _stored(layer: Coded, tuned: TunedCodebook) -> Coded:
    """Return a layer like another one, with levels that were tuned."""
    levels = tuned.levels.detach().numpy()
    order = np.argsort(levels, kind="stable")  # some may have overtaken others
    places = np.argsort(order).astype(np.uint8)
    codes = layer.weight.codes().numpy()
    if isinstance(layer, SparseCodebookLayer):
        places = np.append(np.uint8(0), places + np.uint8(1))
        return _stored_sparse(layer, places[codes], levels[order], tuned.bias)
    codes, kept = places[codes], layer.weight
    settings = dict(layer.settings)
    if isinstance(kept.stored, HuffmanCodes):
        settings["huffman_bytes"] = encode(codes).stream.size
    made = CodebookLayer(layer.geometry, **settings)
    scale = None if kept.scale is None else kept.scale.numpy()
    made.weight.store(codes, levels[order], scale)
    if tuned.bias is not None and made.bias is not None:
        made.bias.copy_(tuned.bias.detach())
    return made


def _stored_sparse(
    layer: SparseCodebookLayer,
    codes: np.ndarray,
    levels: np.ndarray,
    bias: Tensor | None,
) -> SparseCodebookLayer:
    """Return a layer that is stored like another one."""
    kept = layer.weight
    return SparseCodebookLayer.of_codes(
        layer.geometry,
        codes,
        levels,
        bias,
        bits=kept.bits,
        index_bits=kept.index_bits,
        huffman=isinstance(kept.entries, HuffmanCodes)
        or isinstance(kept.gaps, HuffmanCodes),
    )
