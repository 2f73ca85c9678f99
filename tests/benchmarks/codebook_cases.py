"""Codebooks and Huffman streams: what is timed, and against whom."""

import ctypes
from collections.abc import Callable, Iterator
from functools import partial

import kmeans1d
import numpy as np
from sklearn.cluster import KMeans

from mini_compress.kernels import huffman, naive
from mini_compress.kernels.codebook import (
    fit_codebook,
    look_up,
    nearest_codes,
    optimal_codebook,
    squared_error,
)
from mini_compress.kernels.planes import pack_planes
from tests.benchmarks.case import Case

LEVELS = 16


def codebook_cases(smoke: bool) -> Iterator[Case]:
    """Fit levels, find the best ones, look codes up, decode a stream."""
    values = normal_values(10_000 if smoke else 1_000_000)
    yield k_means_case(values)
    some = values[: 1_000 if smoke else 250_000]
    yield Case(
        f"optimal_codebook, {some.size} values, {LEVELS} levels",
        "kmeans1d, compiled",
        lambda: optimal_codebook(some, LEVELS),
        compiled_optimum(some),
        least_ratio=1 / 3,
        rounds=3,
    )
    codebook = fit_codebook(values, LEVELS)
    codes = nearest_codes(values, codebook)
    packed = pack_planes(codes, bits=4)
    yield Case(
        f"look_up, {codes.size} codes of 4 bits, packed",
        "numpy take, of bytes",
        lambda: look_up(packed, codebook, bits=4, count=codes.size),
        lambda: np.take(codebook, codes),
        least_ratio=1 / 4,
    )
    encoded = huffman.encode(codes)
    bits = naive.encode_bits(codes, encoded.lengths)
    yield Case(
        f"huffman.decode, {codes.size} symbols",
        "bit after bit",
        lambda: huffman.decode(encoded),
        lambda: naive.decode_bits(bits, encoded.lengths, codes.size),
        least_ratio=10,
        rounds=3,
    )


def compiled_optimum(values: np.ndarray) -> Callable[[], object]:
    """Return a call of what kmeans1d compiles, without its lists around it."""
    count = len(values)
    array = (ctypes.c_double * count)(*values.tolist())
    clusters = (ctypes.c_ulong * count)()
    centers = (ctypes.c_double * LEVELS)()
    sizes = ctypes.c_ulong(count), ctypes.c_ulong(LEVELS)
    call = kmeans1d.core._DLL.cluster
    return lambda: call(array, *sizes, clusters, centers)


def k_means_case(values: np.ndarray) -> Case:
    """Fit levels from the same start as scikit-learn, to no larger error."""
    start = np.linspace(values.min(), values.max(), LEVELS)
    column = values[:, np.newaxis]
    theirs = KMeans(LEVELS, init=start[:, np.newaxis], n_init=1)
    ours = squared_error(values, fit_codebook(values, LEVELS))
    # theirs adds up in float32
    if ours > theirs.fit(column).inertia_ * (1 + 1e-6):
        raise ValueError(f"error must be at most {theirs.inertia_}, got {ours}")
    return Case(
        f"fit_codebook, {values.size} values, {LEVELS} levels",
        "scikit-learn KMeans",
        lambda: fit_codebook(values, LEVELS),
        lambda: theirs.fit(column),
        least_ratio=20,
        rounds=3,
    )


def growing_codebook_calls(
    smoke: bool,
) -> Iterator[tuple[str, int, Callable]]:
    """Yield what a call does, of how many values, and the call."""
    for count in (1_000, 4_000) if smoke else (10_000, 100_000, 1_000_000):
        values = normal_values(count)
        call = partial(fit_codebook, values, LEVELS)
        yield f"fit_codebook, {count} values", count, call
    for count in (1_000, 4_000) if smoke else (10_000, 100_000, 1_000_000):
        values = normal_values(count)
        call = partial(optimal_codebook, values, LEVELS)
        yield f"optimal_codebook, {count} values", count, call


def normal_values(count: int) -> np.ndarray:
    """Return values as weights are distributed, about."""
    return np.random.default_rng(0).standard_normal(count, np.float32)
