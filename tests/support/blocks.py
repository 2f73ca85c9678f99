"""Values for block formats, and what is left of them."""

import numpy as np
import pytest

from mini_compress.kernels.block_formats import (
    FORMATS,
    decode_blocks,
    encode_blocks,
)

every_format = pytest.mark.parametrize("name", FORMATS)


def drawn(count: int, *, spread: float = 1.0, seed: int = 0) -> np.ndarray:
    """Draw values with heavy tails, (count,) float32."""
    rng = np.random.default_rng(seed)
    return (spread * rng.standard_t(3, size=count)).astype(np.float32)


def back(values: np.ndarray, name: str) -> np.ndarray:
    """Return what is left of values in a format, (count,) float32."""
    return decode_blocks(encode_blocks(values, name), name, values.size)
