"""Products and convolutions of our kernels and of libraries, ready to time.

Each maker takes a shape and returns a call without arguments. Integer kernels
multiply uint8 with int8 and sum in int32 without a rounding.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from ..._require import require_extra
from ...kernels.integer import conv2d_int8, matmul_int8
from .sessions import open_session

Call = Callable[[], object]
Shape = tuple[int, ...]

MATMUL = """<ir_version: 10, opset_import: ["" : 21]>
g ({x}{left} a, {w}{right} b) => ({y} c) {{ c = {operator}(a, b) }}"""
CONV = """<ir_version: 10, opset_import: ["" : 21]>
g ({x}{left} a, {w}{right} b) => ({y} c)
{{ c = {operator}<pads = [{pads}]>(a, b) }}"""


def count_macs(shape: Shape) -> int:
    """Count the multiply-accumulates of a product or a convolution.

    shape : (rows, inner, cols), or (images, channels, height, width, outputs,
        size): a square filter, padded so that the image keeps its size
    """
    if len(shape) == 3:
        rows, inner, cols = shape
        return rows * inner * cols
    images, channels, height, width, outputs, size = shape
    return images * height * width * outputs * channels * size**2


def product_numpy(shape: Shape) -> Call:
    """Numpy's float32 product."""
    a, b = (x.astype(np.float32) for x in _operands(shape))
    return lambda: a @ b


def product_numpy_int32(shape: Shape) -> Call:
    """Numpy's int32 product, which does not go through BLAS."""
    a, b = (x.astype(np.int32) for x in _operands(shape))
    return lambda: a @ b


def product_ours(shape: Shape) -> Call:
    """`kernels.integer.matmul_int8`."""
    a, b = _operands(shape)
    return lambda: matmul_int8(a, b)


def product_onnxruntime(shape: Shape) -> Call:
    """MatMul in float32."""
    a, b = (x.astype(np.float32) for x in _operands(shape))
    return _session_call(MATMUL, "MatMul", a, b)


def product_onnxruntime_int8(shape: Shape) -> Call:
    """MatMulInteger."""
    return _session_call(MATMUL, "MatMulInteger", *_operands(shape))


def convolution_torch(shape: Shape) -> Call:
    """Torch's float32 convolution."""
    x, weight = (torch.from_numpy(x.astype(np.float32)) for x in _images(shape))
    return lambda: functional.conv2d(x, weight, padding=shape[5] // 2)


def convolution_ours(shape: Shape) -> Call:
    """`kernels.integer.conv2d_int8`."""
    x, weight = _images(shape)
    return lambda: conv2d_int8(x, weight, padding=shape[5] // 2)


def convolution_onnxruntime(shape: Shape) -> Call:
    """Conv in float32."""
    x, weight = (x.astype(np.float32) for x in _images(shape))
    return _session_call(CONV, "Conv", x, weight, pad=shape[5] // 2)


def convolution_onnxruntime_int8(shape: Shape) -> Call:
    """ConvInteger."""
    x, weight = _images(shape)
    return _session_call(CONV, "ConvInteger", x, weight, pad=shape[5] // 2)


PRODUCTS = {
    "numpy float32": product_numpy,
    "numpy int32": product_numpy_int32,
    "mini_compress matmul_int8": product_ours,
    "onnxruntime MatMul float32": product_onnxruntime,
    "onnxruntime MatMulInteger": product_onnxruntime_int8,
}
CONVOLUTIONS = {
    "torch conv2d float32": convolution_torch,
    "mini_compress conv2d_int8": convolution_ours,
    "onnxruntime Conv float32": convolution_onnxruntime,
    "onnxruntime ConvInteger": convolution_onnxruntime_int8,
}


def make_call(method: str, shape: Shape) -> Call:
    """Return the call that a named kernel takes a shape's random codes to."""
    return (PRODUCTS if len(shape) == 3 else CONVOLUTIONS)[method](shape)


def _operands(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    rows, inner, cols = shape
    return _codes((rows, inner), (inner, cols))


def _images(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    images, channels, height, width, outputs, size = shape
    return _codes(
        (images, channels, height, width), (outputs, channels, size, size)
    )


def _codes(left: Shape, right: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Draw uint8 and int8 codes."""
    rng = np.random.default_rng(0)
    return (
        rng.integers(0, 256, left, dtype=np.uint8),
        rng.integers(-127, 128, right, dtype=np.int8),
    )


def _session_call(
    text: str, operator: str, a: np.ndarray, b: np.ndarray, pad: int = 0
) -> Call:
    """Return a call of one operator in onnxruntime, on one thread.

    Both operands are inputs.
    """
    onnx = require_extra("onnx.parser", "book")
    names = {"uint8": "uint8", "int8": "int8", "float32": "float"}
    output = "int32" if a.dtype == np.uint8 else "float"
    axes = ", ".join(f"y{number}" for number in range(a.ndim))
    model = onnx.parse_model(
        text.format(
            operator=operator,
            x=names[a.dtype.name],
            w=names[b.dtype.name],
            left=list(a.shape),
            right=list(b.shape),
            y=f"{output}[{axes}]",
            pads=", ".join([str(pad)] * 4),
        )
    )
    session = open_session(model.SerializeToString(), precise=True)
    return lambda: session.run(None, {"a": a, "b": b})
