"""What the property tests of the kernels draw from, and how long they search.

Searches are derandomized: the same cases on every machine and every run.
"""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels.affine import AffineParams

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


def random_grid(
    rng: np.random.Generator, dtype: type, *, largest: float = 0.2
) -> AffineParams:
    """Return a grid of 8 bits with any zero point and one scale.

    Half of the scales are few: their ratios make sums fall on ties.
    """
    limits = np.iinfo(dtype)
    scale = rng.uniform(largest / 200, largest)
    if rng.random() < 0.5:
        scale = largest * 2.0 ** -rng.integers(1, 7) * rng.choice([1, 3, 5])
    zero_point = int(rng.integers(limits.min, limits.max, endpoint=True))
    return AffineParams(scale, zero_point, 8, limits.min < 0)


@st.composite
def grids(draw, *, fewest_bits: int = 2) -> AffineParams:
    """Draw a grid of up to 8 bits with one scale, often one that makes ties."""
    width, signed = draw(st.integers(fewest_bits, 8)), draw(st.booleans())
    few = st.sampled_from([0.125, 0.25, 0.375, 0.5, 0.625, 1.0])
    scale = draw(few | st.floats(0.01, 2))
    low = -(2 ** (width - 1)) if signed else 0
    zero_point = draw(st.integers(low, low + 2**width - 1))
    return AffineParams(scale, zero_point, width, signed)


def codes_of(params: AffineParams, shape: tuple[int, ...]) -> st.SearchStrategy:
    """Draw arrays of a grid's codes."""
    value = st.integers(params.quant_min, params.quant_max)
    return hnp.arrays(params.dtype, shape, elements=value)
