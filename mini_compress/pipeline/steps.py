"""The table of steps: to add one is to add an entry.

A function of the book stands here as it is, if its settings fit into a file;
what takes several is in `methods`.
"""

from collections.abc import Mapping
from typing import Any

from .. import graph, pruning, quantization
from ..kernels.codebook.fitting import STARTS
from ..low_rank.methods import OF_CONVOLUTIONS
from ..quantization.codebooks import METHODS as CODEBOOKS
from ..quantization.trained.methods import METHODS as TRAINED
from . import factorizing, methods
from .forms import (
    BLOCKS,
    CODEBOOK,
    CODES,
    FACTORED,
    FILE,
    FLOAT,
    INTEGER,
    LEARNING,
    NORMS,
    SPARSE,
    STATIC,
    STORED,
    UNFOLDED,
)
from .kinds import Kind
from .settings import below, one_of, table


def always(settings: Mapping[str, Any]) -> bool:
    """Say that a step learns from labels, whatever its settings."""
    return True


def taylor(settings: Mapping[str, Any]) -> bool:
    """Say whether a criterion asks for the gradient of the loss."""
    return settings.get("criterion") == "taylor"


TO_INTEGER = LEARNING | {SPARSE, CODES, CODEBOOK}
NO_INTEGER = frozenset({BLOCKS, STATIC, UNFOLDED})  # have no form on codes

STEPS: dict[str, Kind] = {
    # fewer weights, neurons, filters
    "prune_weights": Kind(
        methods.prune_weights,
        labels=taylor,
        checks={"criterion": one_of("magnitude", "random", "taylor")},
    ),
    "prune_gradually": Kind(
        pruning.prune_gradually, labels=always, checks={"start": below(1)}
    ),
    "prune_iteratively": Kind(pruning.prune_iteratively, labels=always),
    "prune_filters": Kind(pruning.prune_filters, bars=STORED, labels=taylor),
    "store_sparse": Kind(pruning.store_sparse, makes=SPARSE),
    # layers of low rank
    "factorize": Kind(
        factorizing.factorize,
        on=frozenset({FLOAT}),
        makes=FACTORED,
        rules=factorizing.RULES,
        checks={"method": one_of(*OF_CONVOLUTIONS)},
    ),
    # the same function in another form
    "fold_batchnorm": Kind(graph.fold_batchnorm, folds=True),
    "equalize": Kind(quantization.equalize, folds=True),
    "recalibrate_norms": Kind(pruning.recalibrate_norms, on=frozenset({NORMS})),
    # training
    "fine_tune": Kind(methods.fine_tune, labels=always),
    "distill": Kind(
        methods.distill,
        labels=lambda settings: settings.get("weight", 0.9) < 1,
    ),
    # fewer bits for weights
    "quantize_weights": Kind(quantization.quantize_weights, makes=CODES),
    "quantize_gptq": Kind(quantization.quantize_gptq, makes=CODES),
    "quantize_adaround": Kind(quantization.quantize_adaround, makes=CODES),
    "quantize_codebook": Kind(
        quantization.quantize_codebook,
        makes=CODEBOOK,
        checks={"method": one_of(*CODEBOOKS), "start": one_of(*STARTS)},
    ),
    "share_weights": Kind(
        quantization.share_weights,
        makes=CODEBOOK,
        checks={"start": one_of(*STARTS)},
    ),
    "tune_codebooks": Kind(
        quantization.tune_codebooks, on=frozenset({CODEBOOK}), labels=always
    ),
    "store_huffman": Kind(quantization.store_huffman, on=frozenset({CODEBOOK})),
    "quantize_format": Kind(quantization.quantize_format, makes=BLOCKS),
    # products of integers
    "quantize_static": Kind(quantization.quantize_static, makes=STATIC),
    "quantize_network": Kind(
        methods.quantize_network,
        more=quantization.quantize_network,
        on=TO_INTEGER,
        makes=INTEGER,
        bars=NO_INTEGER,
        checks={"bits": table},
    ),
    "train_quantized": Kind(
        methods.train_quantized,
        more=quantization.train_quantized,
        on=TO_INTEGER,
        makes=INTEGER,
        bars=NO_INTEGER,
        labels=always,
        checks={"bits": table, "method": one_of(*TRAINED)},
    ),
    # to other programs
    "export_onnx": Kind(
        methods.export_onnx,
        on=LEARNING | STORED | {INTEGER},
        makes=FILE,
        bars=frozenset({STATIC}),
    ),
}
