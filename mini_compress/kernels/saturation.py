"""The products of processors that add pairs of them in 16 bits.

x86 processors with AVX2 or AVX-512 but without VNNI multiply unsigned codes by
signed ones two at a time (`vpmaddubsw`): the sum of two neighbours goes to
int16 and saturates there. 255 * 127 + 255 * 127 = 64,770 becomes 32,767.
"""

import numpy as np

from .._require import require_dtype, require_equal, require_ndim

__all__ = ["matmul_saturating"]

INT16 = np.iinfo(np.int16)


def matmul_saturating(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Multiply matrices of codes as processors without VNNI do.

    a : (rows, inner) uint8
    b : (inner, cols) int8
    returns : (rows, cols) int32. Neighbours along the inner axis, from 0 and 1
        on, are added in int16 and saturate; the sums of pairs are added in
        int32. Equal to `matmul_int8` where no pair leaves int16: with codes a
        of 7 bits, or b in [-64, 64], always.

    >>> a = np.full((1, 4), 255, np.uint8)
    >>> b = np.array([[127], [127], [127], [-128]], np.int8)
    >>> matmul_saturating(a, b).tolist()  # 32767 - 255, not 64770 - 255
    [[32512]]

    See oneDNN, "Nuances of int8 computations"; loops in
    `naive.matmul_saturating`. onnxruntime, fbgemm and oneDNN all use it there.
    """
    require_dtype("a", a, np.uint8)
    require_dtype("b", b, np.int8)
    require_ndim("a", a, 2)
    require_ndim("b", b, 2)
    inner = a.shape[1]
    require_equal("inner axis of b", inner, b.shape[0])
    a_wide, b_wide = a.astype(np.int32), b.astype(np.int32)
    acc = np.zeros((len(a), b.shape[1]), np.int32)
    for first in range(0, inner, 2):
        pair = slice(first, first + 2)  # the last one may be alone
        sums = a_wide[:, pair] @ b_wide[pair]
        acc += np.clip(sums, INT16.min, INT16.max)
    return acc
