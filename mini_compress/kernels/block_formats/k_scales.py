"""The scales of K-quants, and how this package chooses them.

A block of 256 values is cut into groups of 16 or 32. Each group has a step,
and in some formats a minimum; these are small codes themselves, in units of
one float16 number of the block. GGUF's decoding is a standard; what is
stored is the encoder's choice, and this one is not that of llama.cpp.
"""

from collections.abc import Iterable

import numpy as np

from .runs import divide, largest_of, to_half

SHRINKS = [percent / 100 for percent in range(100, 55, -5)]  # of the range

Ends = tuple[int, int]  # the lowest and the highest code


def fit_ranges(groups: np.ndarray, ends: Ends) -> tuple[np.ndarray, np.ndarray]:
    """Choose each group's step and minimum: value = step * code - minimum.

    groups : (blocks, groups, size) float32
    ends : (0, the highest code)
    returns : step and minimum, (blocks, groups) float64, both >= 0

    Of ranges that shrink from the whole one, that of least squared error.
    """
    groups = groups.astype(np.float64)  # squares of float32 may overflow
    low = np.minimum(groups.min(axis=-1), 0)
    width = np.maximum(groups.max(axis=-1), 0) - low
    return _best(
        groups,
        ends,
        ((width * part / ends[1], -low * part) for part in SHRINKS),
    )


def fit_peaks(groups: np.ndarray, ends: Ends) -> np.ndarray:
    """Choose each group's step: value = step * code.

    groups : (blocks, groups, size) float32
    ends : (-2**(bits - 1), 2**(bits - 1) - 1)
    returns : (blocks, groups) float64, negative where the largest value is
        positive: it gets the lowest code, which reaches furthest
    """
    groups = groups.astype(np.float64)
    peak = largest_of(groups)[..., 0]
    none = np.zeros_like(peak)
    candidates = ((peak * part / ends[0], none) for part in SHRINKS)
    return _best(groups, ends, candidates)[0]


def codes_of(
    groups: np.ndarray, step: np.ndarray, minimum: np.ndarray, ends: Ends
) -> np.ndarray:
    """Return the nearest code of each value, float32; ties to the even one.

    step, minimum : (blocks, groups), what is stored of them
    """
    steps = divide(groups + minimum[..., np.newaxis], step[..., np.newaxis])
    return np.clip(np.rint(steps), *ends)


def in_halves(
    numbers: np.ndarray, ends: Ends
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Store groups' numbers as small codes of one float16 unit per block.

    numbers : (blocks, groups) float64
    ends : of the codes; the number of largest size gets the end that reaches
        furthest
    returns : the unit's bytes, (blocks, 2) uint8; the codes, (blocks, groups)
        int8; the numbers that these two stand for, float32
    """
    furthest = max(ends, key=abs)
    data = to_half(largest_of(numbers) / furthest)
    unit = data.view("<f2").astype(np.float32)
    codes = np.clip(np.rint(divide(numbers, unit)), *ends).astype(np.float32)
    return data, codes.astype(np.int8), unit * codes


def _best(
    groups: np.ndarray,
    ends: Ends,
    candidates: Iterable[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the step and minimum of least squared error for each group."""
    least = np.full(groups.shape[:2], np.inf)
    best = np.zeros((2, *groups.shape[:2]))
    for step, minimum in candidates:
        codes = codes_of(groups, step, minimum, ends)
        near = step[..., np.newaxis] * codes - minimum[..., np.newaxis]
        error = np.square(near - groups).sum(axis=-1)
        better = error < least
        least[better] = error[better]
        best[0][better], best[1][better] = step[better], minimum[better]
    return best[0], best[1]
