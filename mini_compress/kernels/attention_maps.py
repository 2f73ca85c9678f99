"""Where in an image a layer's energy is: what a student may match as well."""

import numpy as np

from .._require import require_dtype, require_finite, require_ndim

__all__ = ["attention_map"]


def attention_map(features: np.ndarray) -> np.ndarray:
    """Say where in an image a layer's energy is.

    features : (n, channels, h, w) float32 or float64, finite
    returns : (n, h, w), of their dtype: the mean over the channels of their
        squares, divided by the map's own norm, so that the squares of a map
        add up to 1. A map without energy stays 0.

    Neither the order of the channels nor their signs nor a common factor
    matter. So a layer with few channels can be compared with one that has
    many.

    >>> two_channels = np.array([[[[1.0, 2], [0, 1]], [[3, 0], [0, 1]]]])
    >>> attention_map(two_channels).round(3)
    array([[[0.913, 0.365],
            [0.   , 0.183]]])

    See [zagoruyko2017paying], section 3.1, with p = 2; loops in
    `naive.attention_map`.
    """
    require_dtype("features", features, np.float32, np.float64)
    require_ndim("features", features, 4)
    require_finite("features", features)
    wide = features.astype(np.float64)
    if wide.size:  # a common factor does not matter, and squares could overflow
        largest = np.abs(wide).max(axis=(1, 2, 3), keepdims=True)
        wide /= np.where(largest > 0, largest, 1)
    energy = (wide**2).mean(axis=1) if wide.size else wide.sum(axis=1)
    norm = np.sqrt((energy**2).sum(axis=(1, 2), keepdims=True))
    return (energy / np.where(norm > 0, norm, 1)).astype(features.dtype)
