"""Low rank: what is timed, and the peers."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from sklearn.utils import extmath
from tensorly import decomposition as tensorly_decomposition

from mini_compress.kernels.low_rank import (
    evbmf,
    partial_tucker,
    randomized_svd,
    truncated_svd,
)
from tests.benchmarks.case import Case

ITERATIONS = 10


def low_rank_cases(smoke: bool) -> Iterator[Case]:
    """Yield the SVD of a decaying matrix, then Tucker-2 of a convolution."""
    side, rank = (128, 8) if smoke else (2048, 64)
    yield from svd_cases(side, rank)
    side, rank = (32, 8) if smoke else (256, 64)
    yield tucker_case(side, rank)


def svd_cases(side: int, rank: int) -> Iterator[Case]:
    """Find the first singular values: all of them, or by another sketch."""
    matrix = decaying(side)
    work = f"randomized_svd, {side}x{side}, rank {rank}"
    ours = partial(randomized_svd, matrix, rank)
    yield Case(
        work,
        "numpy.linalg.svd",
        ours,
        lambda: np.linalg.svd(matrix, full_matrices=False),
        least_ratio=20,
        rounds=1,  # the peer takes seconds
    )
    yield Case(
        work,
        "sklearn randomized_svd",
        ours,
        lambda: extmath.randomized_svd(
            matrix,
            rank,
            n_oversamples=10,
            n_iter=2,
            power_iteration_normalizer="QR",
            random_state=0,
        ),
        least_ratio=0.6,  # we check and scale the matrix besides
    )


def tucker_case(side: int, rank: int) -> Case:
    """Factorize outputs and inputs of a convolution, in as many turns."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((side, side, 3, 3), np.float32)
    modes, ranks = [0, 1], [rank, rank]
    return Case(
        f"partial_tucker, {side}x{side}x3x3, {rank}",
        "tensorly partial_tucker",
        lambda: partial_tucker(
            weight, modes, ranks, max_iterations=ITERATIONS, tolerance=0
        ),
        lambda: tensorly_decomposition.partial_tucker(
            weight, ranks, modes=modes, n_iter_max=ITERATIONS, tol=0
        ),
        least_ratio=2.5,
        rounds=3,
    )


def growing_low_rank_calls(
    smoke: bool,
) -> Iterator[tuple[str, int, Callable]]:
    """Yield a call, how many MACs or numbers it is about, and its name.

    The side grows at one rank, then the rank at one side.
    """
    sides = (64, 128) if smoke else (256, 512, 1024, 2048)
    ranks = (8, 16) if smoke else (16, 64, 256)
    for side, rank in [(side, 16) for side in sides] + [
        (sides[-1], rank) for rank in ranks[1:]
    ]:
        # one sketch, two power iterations of two products, one projection
        macs = 6 * side**2 * (rank + 10)
        call = partial(randomized_svd, decaying(side), rank)
        yield f"randomized_svd, {side}x{side}, rank {rank}", macs, call
    for side in sides[:-1]:
        matrix = decaying(side)
        call = partial(truncated_svd, matrix, 16)
        yield f"truncated_svd, {side}x{side}, rank 16", side**3, call
        yield f"evbmf, {side}x{side}", side**3, partial(evbmf, matrix)
    for side in (16, 32) if smoke else (64, 128, 256):
        rng = np.random.default_rng(0)
        weight = rng.standard_normal((side, side, 3, 3), np.float32)
        ranks_of_modes = (side // 4, side // 4)
        call = partial(
            partial_tucker,
            weight,
            (0, 1),
            ranks_of_modes,
            max_iterations=ITERATIONS,
            tolerance=0,
        )
        name = f"partial_tucker, {side}x{side}x3x3, rank {side // 4}"
        # projection and Gram matrix, for two modes, in each turn
        yield name, ITERATIONS * 2 * 2 * side**2 * 9 * side // 4, call


def decaying(side: int) -> np.ndarray:
    """Return a matrix whose singular values are about 1, 1/2, 1/3, ..."""
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((2, side, side), np.float32)
    left, right = np.linalg.qr(left).Q, np.linalg.qr(right).Q
    return left / np.arange(1, side + 1, dtype=np.float32) @ right
