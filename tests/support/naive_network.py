"""An integer network run by the loops of `kernels.naive`."""

import numpy as np

from mini_compress.kernels import naive
from mini_compress.layers import IntegerNetwork, RequantizedLayer
from mini_compress.layers import integer_ops as ops
from mini_compress.layers.geometry import LinearGeometry


def run_by_loops(network: IntegerNetwork, codes: np.ndarray) -> np.ndarray:
    """Return the codes of the last step; of layers, pooling and sums.

    codes : (n, ...) uint8, of images; the network rounds as onnxruntime does
    """
    made = [codes]
    for step in network.steps[1:]:
        given = [made[i] for i in step.reads]
        made.append(_run(step.operation, *given))
    return made[-1]


def _run(operation, *given: np.ndarray) -> np.ndarray:
    if isinstance(operation, RequantizedLayer):
        return _layer(operation, *given)
    if isinstance(operation, ops.IntegerMaxPool2d):
        return naive.max_pool_int8(*given, **operation.window)
    if isinstance(operation, ops.IntegerFlatten):
        return given[0].reshape(len(given[0]), -1)
    loops = {
        ops.IntegerGlobalAvgPool2d: naive.global_average_pool_int8,
        ops.IntegerAdd: naive.add_int8,
    }[type(operation)]
    codes = loops(*given, *operation.x_params, operation.y_params)
    return np.clip(codes, *operation.limits)


def sums(layer: RequantizedLayer, x: np.ndarray) -> np.ndarray:
    """Return a layer's int32 sums of products, bias included."""
    weight, geometry = layer.weight.codes().numpy(), layer.geometry
    bias = None if layer.bias is None else layer.bias.numpy()
    zero = int(layer.x_zero_point)
    if isinstance(geometry, LinearGeometry):
        return naive.linear_int8(x, weight, bias, x_zero_point=zero)
    return naive.conv2d_int8(
        x,
        weight,
        bias,
        x_zero_point=zero,
        stride=geometry.stride,
        padding=geometry.padding,
        dilation=geometry.dilation,
        groups=geometry.groups,
    )


def _layer(layer: RequantizedLayer, x: np.ndarray) -> np.ndarray:
    acc = sums(layer, x)
    scales = (layer.x_scale, layer.weight.scale.ravel(), layer.y_scale)
    one, weights, out = (scale.numpy() for scale in scales)
    codes = naive.requantize(
        acc,
        one * weights / out,  # in float32
        int(layer.y_zero_point),
        dtype=np.uint8,
    )
    return np.clip(codes, *layer.limits)
