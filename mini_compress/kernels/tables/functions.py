"""Activation functions of real numbers: what the tables are tables of.

All take finite float32 or float64 arrays of any shape, compute in float64 and
return the dtype that they were given. None of them overflows.
"""

import math

import numpy as np

from ..._require import require_dtype, require_finite, require_real

__all__ = [
    "gelu",
    "gelu_tanh",
    "hard_sigmoid",
    "hard_swish",
    "leaky_relu",
    "relu",
    "relu6",
    "sigmoid",
    "silu",
    "tanh",
]

# numpy has no error function; this one calls Python's for every value
_erfc = np.frompyfunc(math.erfc, 1, 1)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)).

    x : (...) float32 or float64, finite
    returns : x's shape and dtype, within [0, 1]

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return _sigmoid(_wide(x)).astype(x.dtype)


def tanh(x: np.ndarray) -> np.ndarray:
    """Return the hyperbolic tangent.

    x : (...) float32 or float64, finite
    returns : x's shape and dtype, within [-1, 1]

    >>> tanh(np.array([-1000.0, 0.0, 1000.0]))
    array([-1.,  0.,  1.])
    """
    return np.tanh(_wide(x)).astype(x.dtype)


def gelu(x: np.ndarray) -> np.ndarray:
    """Return x times the normal distribution's share below x.

    x : (...) float32 or float64, finite
    returns : x's shape and dtype

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4) + 0.0
    array([-0.1587,  0.    ,  0.8413])

    See [hendrycks2016gelu], section 2; torch.nn.GELU and ONNX's Gelu. The
    share is erfc(-x / sqrt(2)) / 2, which loses no digits where it is small.
    """
    wide = _wide(x)
    share = _erfc(-wide / math.sqrt(2)) / 2
    return np.asarray(wide * share, np.float64).astype(x.dtype)


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """Return the approximation of `gelu` that many networks train with.

    x : (...) float32 or float64, finite
    returns : x's shape and dtype; within 0.0005 of `gelu`

    >>> gelu_tanh(np.array([-1.0, 0.0, 1.0])).round(4) + 0.0
    array([-0.1588,  0.    ,  0.8412])

    See [hendrycks2016gelu], section 2; torch.nn.GELU(approximate="tanh").
    """
    wide = _wide(x)
    with np.errstate(over="ignore"):  # tanh of an infinite cube is 1
        inner = math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)
    return (wide * ((1 + np.tanh(inner)) / 2)).astype(x.dtype)


def silu(x: np.ndarray) -> np.ndarray:
    """Return x * sigmoid(x), which is also called swish.

    x : (...) float32 or float64, finite
    returns : x's shape and dtype

    >>> silu(np.array([-1.0, 0.0, 1.0])).round(4) + 0.0
    array([-0.2689,  0.    ,  0.7311])

    See [hendrycks2016gelu], section 2; torch.nn.SiLU.
    """
    wide = _wide(x)
    return (wide * _sigmoid(wide)).astype(x.dtype)


def hard_sigmoid(x: np.ndarray) -> np.ndarray:
    """Return relu6(x + 3) / 6: a sigmoid of three straight lines.

    x : (...) float32 or float64, finite
    returns : x's shape and dtype, within [0, 1]

    >>> hard_sigmoid(np.array([-4.0, 0.0, 1.5, 4.0]))
    array([0.  , 0.5 , 0.75, 1.  ])

    See [howard2019mobilenetv3], section 5.2; torch.nn.Hardsigmoid. ONNX's
    HardSigmoid has another slope, 0.2, unless it is given this one.
    """
    return _hard_sigmoid(_wide(x)).astype(x.dtype)


def hard_swish(x: np.ndarray) -> np.ndarray:
    """Return x * hard_sigmoid(x).

    x : (...) float32 or float64, finite
    returns : x's shape and dtype

    >>> hard_swish(np.array([-4.0, -1.5, 0.0, 4.0])) + 0.0
    array([ 0.   , -0.375,  0.   ,  4.   ])

    See [howard2019mobilenetv3], section 5.2; torch.nn.Hardswish.
    """
    wide = _wide(x)
    return (wide * _hard_sigmoid(wide)).astype(x.dtype)


def relu(x: np.ndarray) -> np.ndarray:
    """Return x where it is positive, else 0.

    x : (...) float32 or float64, finite
    returns : x's shape and dtype

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(_wide(x), 0).astype(x.dtype)


def relu6(x: np.ndarray) -> np.ndarray:
    """Return x, but 0 below 0 and 6 above 6.

    x : (...) float32 or float64, finite
    returns : x's shape and dtype, within [0, 6]

    >>> relu6(np.array([-1.0, 2.0, 8.0]))
    array([0., 2., 6.])
    """
    return np.clip(_wide(x), 0, 6).astype(x.dtype)


def leaky_relu(x: np.ndarray, *, negative_slope: float = 0.01) -> np.ndarray:
    """Return x where it is positive, else negative_slope * x.

    x : (...) float32 or float64, finite
    negative_slope : finite; 0.01 is the default of torch and of ONNX
    returns : x's shape and dtype

    >>> leaky_relu(np.array([-1.0, 2.0]), negative_slope=0.25)
    array([-0.25,  2.  ])
    """
    require_real("negative_slope", negative_slope)
    wide = _wide(x)
    with np.errstate(over="ignore"):  # a steep slope of a large number
        return np.where(wide > 0, wide, negative_slope * wide).astype(x.dtype)


def _wide(x: np.ndarray) -> np.ndarray:
    """Return x in float64, refused if it is not finite."""
    require_dtype("x", x, np.float32, np.float64)
    require_finite("x", x)
    return x.astype(np.float64)


def _sigmoid(wide: np.ndarray) -> np.ndarray:
    """Return the sigmoid by an exponential that is never above 1."""
    small = np.exp(-np.abs(wide))
    return np.where(wide >= 0, 1, small) / (1 + small)


def _hard_sigmoid(wide: np.ndarray) -> np.ndarray:
    return np.clip(wide + 3, 0, 6) / 6
