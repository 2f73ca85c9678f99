"""What the property tests of the kernels draw from, and how long they search.

Searches are derandomized: the same cases on every machine and every run.
"""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

quick = settings(max_examples=60, deadline=None, derandomize=True)

CODE_DTYPES = (np.int8, np.uint8)
# (bits, signed, symmetric) of every grid that choose_affine knows
GRIDS = [
    (bits, signed, symmetric)
    for bits in (1, 2, 3, 4, 5, 6, 7, 8, 16)
    for signed in (True, False)
    for symmetric in (True, False)
    if not (bits == 1 and signed and symmetric)
]


def reals(
    shape: tuple[int, ...] | st.SearchStrategy, *, largest: float = 1e4
) -> st.SearchStrategy:
    """Draw float32 or float64 arrays with values up to `largest`."""
    return st.sampled_from([np.float32, np.float64]).flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            shape,
            elements=st.floats(
                -np.float32(largest).item(),
                np.float32(largest).item(),
                width=np.finfo(dtype).bits,
            ),
        )
    )


@st.composite
def codes(draw, shape: tuple[int, ...]) -> np.ndarray:
    """Draw int8 or uint8 arrays, the ends of the range often among them."""
    limits = np.iinfo(draw(st.sampled_from(CODE_DTYPES)))
    value = st.integers(limits.min, limits.max)
    ends = st.sampled_from([limits.min, limits.max])
    return draw(hnp.arrays(limits.dtype, shape, elements=value | ends))


def zero_points(dtype: np.dtype, count: int) -> st.SearchStrategy:
    """Draw one zero point, or `count` of them, that fit dtype."""
    limits = np.iinfo(dtype)
    value = st.integers(limits.min, limits.max)
    return value | hnp.arrays(np.int32, count, elements=value)


def random_codes(
    rng: np.random.Generator, dtype: type, *shape: int
) -> np.ndarray:
    """Return codes from the whole range of dtype, for large arrays."""
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
