"""Second-order rounding: what is timed, in units of a product of matrices."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from mini_compress.kernels.affine import choose_affine
from mini_compress.kernels.second_order import gptq
from tests.benchmarks.case import Case


def rounding_cases(smoke: bool) -> Iterator[Case]:
    """Round a square layer; the peer is one float64 product of its size."""
    side = 128 if smoke else 1024
    a, b = np.random.default_rng(0).standard_normal((2, side, side))
    yield Case(
        f"gptq, {side}x{side}, 4 bits",
        f"one float64 @, {side} cubed",
        rounding(side),
        lambda: a @ b,
        # less than one product of sums, but column by column
        least_ratio=1 / 10,
    )


def growing_rounding_calls(
    smoke: bool,
) -> Iterator[tuple[str, int, Callable]]:
    """Yield a call, of how many products of numbers it is, and its name."""
    for side in (64, 128) if smoke else (128, 256, 512, 1024, 2048):
        # the factor and its inverse take a sixth of a product each, the
        # updates a half
        macs = 5 * side**3 // 6
        yield f"gptq, {side}x{side}, 4 bits", macs, rounding(side)


def rounding(side: int) -> Callable[[], np.ndarray]:
    """Return a call that rounds a square weight."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((side, side), np.float32)
    x = rng.standard_normal((2 * side, side))
    params = choose_affine(weight, bits=4, symmetric=True, axis=1)
    return partial(gptq, weight, x.T @ x / len(x), params)
