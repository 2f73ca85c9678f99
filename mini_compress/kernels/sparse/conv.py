"""Convolution with sparse filters, as a sparse product with image windows."""

import numpy as np

from ..._require import (
    require_dtype,
    require_equal,
    require_int,
    require_ndim,
)
from ..windows import IntOrTuple, image_windows, make_window
from .bsr import BSRMatrix
from .csr import CSRMatrix
from .nm import NMMatrix
from .relative import RelativeIndexMatrix

__all__ = ["conv2d_sparse"]

SparseMatrix = CSRMatrix | BSRMatrix | NMMatrix | RelativeIndexMatrix


def conv2d_sparse(
    x: np.ndarray,
    weight: SparseMatrix,
    bias: np.ndarray | None = None,
    *,
    window: tuple[int, int],
    stride: IntOrTuple = 1,
    padding: IntOrTuple = 0,
    dilation: IntOrTuple = 1,
) -> np.ndarray:
    """Convolve images with filters that are stored as a sparse matrix.

    x : (images, channels, height, width) float32
    weight : a sparse (outputs, channels * rows * cols) matrix: each filter
        (channels, rows, cols) flattened in C order to one row
    bias : (outputs,) float32, or None
    window : (rows, cols) of a filter
    stride, padding, dilation : ints or pairs, as in `integer.conv2d_int8`
    returns : (images, outputs, out_height, out_width) float32

    >>> filters = CSRMatrix.from_dense(np.array([[0, 1, 0, -1]], np.float32))
    >>> x = np.array([[[[1, 2, 3], [4, 5, 7]]]], np.float32)
    >>> conv2d_sparse(x, filters, window=(2, 2))
    array([[[[-3., -4.]]]], dtype=float32)

    Each image's windows become the columns of a matrix, channels * rows *
    cols high, which is held for one image at a time. Loops in
    `naive.conv2d_sparse`.
    """
    require_dtype("x", x, np.float32)
    require_ndim("x", x, 4)
    outputs, inner = weight.shape
    require_equal("length of window", 2, len(window))
    height, width = (require_int("window", side, 1) for side in window)
    channels = x.shape[1]
    require_equal("cols of weight", channels * height * width, inner)
    if bias is not None:
        require_dtype("bias", bias, np.float32)
        require_equal("shape of bias", (outputs,), bias.shape)
    filters = np.broadcast_to(np.float32(0), (outputs, channels, height, width))
    slide = make_window(x, filters, stride, padding, dilation, groups=1)
    views = image_windows(x, slide, fill=0)
    out = np.empty((len(x), outputs, *views.shape[-2:]), np.float32)
    for image, columns in enumerate(views):
        product = weight @ columns.reshape(inner, -1)  # (outputs, positions)
        out[image] = product.reshape(out.shape[1:])  # (outputs, height, width)
    if bias is not None:
        out += bias[:, np.newaxis, np.newaxis]
    return out
