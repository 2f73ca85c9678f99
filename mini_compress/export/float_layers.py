"""Layers with weights, and normalizations, of float networks."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..layers import (
    BlockFormatLayer,
    CodebookLayer,
    IntegerLayer,
    SparseCodebookLayer,
    SparseLayer,
    WeightOnlyLayer,
    geometry_of,
)
from ..layers.geometry import Geometry, LinearGeometry
from .float_calls import FloatCall
from .float_graph import FloatGraph, Write
from .onnx_graph import convolution

ROWS = 2  # axes that Gemm knows: (rows, features)


def _plain(graph: FloatGraph, call: FloatCall) -> None:
    """Add a layer of torch's."""
    layer: Any = call.module
    try:
        geometry = geometry_of(layer, repr(call.name))
    except (TypeError, ValueError) as error:
        call.refuse(str(error))
    reads = _weights(graph, call, layer.weight, layer.bias)
    _product(graph, call, geometry, reads)


def _decoded(graph: FloatGraph, call: FloatCall) -> None:
    """Add a layer by the weight that its codes or its indices stand for."""
    layer: Any = call.module
    reads = _weights(graph, call, layer.dense_weight(), layer.bias)
    _product(graph, call, layer.geometry, reads)


def _integer(graph: FloatGraph, call: FloatCall) -> None:
    """Add a layer that rounds its input to a grid, by that and its weight."""
    layer: Any = call.module
    [x] = graph.tensors(call)
    grid = [
        graph.constant(f"{call.name}.x_scale", layer.x_scale.numpy()),
        graph.constant(
            f"{call.name}.x_zero_point", layer.x_zero_point.numpy(), np.uint8
        ),
    ]
    codes = graph.between(call, "quantize", "QuantizeLinear", [x, *grid])
    real = graph.between(call, "dequantize", "DequantizeLinear", [codes, *grid])
    reads = [real, *graph.decoded_layer(call.name, layer)]
    _product(graph, call, layer.geometry, reads)


def _product(
    graph: FloatGraph, call: FloatCall, geometry: Geometry, reads: list[str]
) -> None:
    """Add a linear layer or a convolution.

    reads : names of the input, the weight and the bias if there is one
    """
    axes = len(call.shape())
    if not isinstance(geometry, LinearGeometry):
        if axes < len(geometry.weight_shape):
            call.refuse("its input has no axis of examples")
        graph.give(call, "Conv", reads, **convolution(geometry))
        return
    if axes == ROWS:
        graph.give(call, "Gemm", reads, transB=1)
        return
    x, weight, *bias = reads
    turned = graph.between(call, "turned", "Transpose", [weight], perm=[1, 0])
    if not bias:
        graph.give(call, "MatMul", [x, turned])
        return
    product = graph.between(call, "product", "MatMul", [x, turned])
    graph.give(call, "Add", [product, *bias])


def _weights(
    graph: FloatGraph, call: FloatCall, weight: Tensor, bias: Tensor | None
) -> list[str]:
    """Name what a layer is given: its input, its weight, its bias if any."""
    numbers = {"weight": weight} | ({} if bias is None else {"bias": bias})
    return [
        *graph.tensors(call),
        *(
            graph.constant(f"{call.name}.{part}", _array(value))
            for part, value in numbers.items()
        ),
    ]


def _batch_norm(graph: FloatGraph, call: FloatCall) -> None:
    """Add a batch normalization by its running statistics."""
    norm: Any = call.module
    if norm.running_mean is None:
        call.refuse("it has no running statistics")
    numbers = {
        "weight": norm.weight,
        "bias": norm.bias,
        "mean": norm.running_mean,
        "variance": norm.running_var,
    }
    if norm.weight is None:
        numbers["weight"] = torch.ones(norm.num_features)
        numbers["bias"] = torch.zeros(norm.num_features)
    reads = [
        graph.constant(f"{call.name}.{part}", _array(value))
        for part, value in numbers.items()
    ]
    given = [*graph.tensors(call), *reads]
    graph.give(call, "BatchNormalization", given, epsilon=norm.eps)


def _layer_norm(graph: FloatGraph, call: FloatCall) -> None:
    """Add a layer normalization."""
    norm: Any = call.module
    shape = norm.normalized_shape
    scale = torch.ones(shape) if norm.weight is None else norm.weight
    graph.give(
        call,
        "LayerNormalization",
        _weights(graph, call, scale, norm.bias),
        axis=-len(shape),
        epsilon=norm.eps,
    )


def _array(value: Tensor) -> np.ndarray:
    """Return a tensor's numbers."""
    return value.detach().cpu().numpy()


LAYERS: dict[Any, Write] = {
    nn.Linear: _plain,
    nn.Conv2d: _plain,
    BlockFormatLayer: _decoded,
    CodebookLayer: _decoded,
    SparseCodebookLayer: _decoded,
    SparseLayer: _decoded,
    WeightOnlyLayer: _decoded,
    IntegerLayer: _integer,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.LayerNorm: _layer_norm,
}
