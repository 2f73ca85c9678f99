"""Levels of codebooks, and their codes, as plain loops."""

from statistics import NormalDist

import numpy as np

from .codes import unpack_bits

__all__ = [
    "additive_powers_of_two",
    "equal_mass",
    "fit_codebook",
    "look_up",
    "nearest_codes",
    "normal_float_levels",
    "optimal_codebook",
    "power_of_two_levels",
    "squared_error",
]


def nearest_codes(values, codebook) -> np.ndarray:
    """Compare each value with every level; of two as near, take the first."""
    codes = np.empty(values.shape, np.uint8)
    for i in np.ndindex(*values.shape):
        distances = [abs(float(values[i]) - float(x)) for x in codebook]
        codes[i] = distances.index(min(distances))
    return codes


def look_up(packed, codebook, *, bits, count) -> np.ndarray:
    """Take out code after code, and the level with its number."""
    codes = unpack_bits(packed, bits=bits, count=count, signed=False)
    return np.array([codebook[code] for code in codes], np.float32)


def squared_error(values, codebook) -> float:
    """Add up squared distances to the nearest levels."""
    return sum(
        min((float(value) - float(level)) ** 2 for level in codebook)
        for value in values.flat
    )


def fit_codebook(values, levels) -> np.ndarray:
    """Move levels to the means of what is nearest, until nothing changes."""
    values = np.sort(values.ravel()).astype(np.float64)
    levels, before = np.array(levels, np.float64), None
    while True:
        codes = nearest_codes(values, levels)
        unused = [x for x in range(len(levels)) if x not in codes]
        if unused:
            missed = [
                abs(v - levels[c]) for v, c in zip(values, codes, strict=True)
            ]
            levels[unused[0]] = values[missed.index(max(missed))]
            levels.sort()
            continue
        if before is not None and np.array_equal(codes, before):
            return levels.astype(np.float32)
        before = codes
        for number in range(len(levels)):
            own = [v for v, c in zip(values, codes, strict=True) if c == number]
            levels[number] = sum(own) / len(own)


def optimal_codebook(values, num_levels) -> np.ndarray:
    """Try every last stretch, for every number of levels and of values."""
    values = [float(value) for value in np.sort(values.ravel())]
    # the least error of the first values, and the levels that have it
    best: list = [(0.0, [])] + [(np.inf, [])] * len(values)
    for _ in range(num_levels):
        found: list = [(np.inf, [])]
        for stop in range(1, len(values) + 1):
            choices = []
            for start in range(stop):
                error, levels = best[start]
                own = values[start:stop]
                mean = sum(own) / len(own)
                error += sum((value - mean) ** 2 for value in own)
                choices.append((error, [*levels, mean]))
            found.append(min(choices))
        best = found
    return np.array(best[-1][1], np.float32)


def equal_mass(values, num_levels) -> np.ndarray:
    """Deal out the sorted values in equal shares, and take their means."""
    values = sorted(float(value) for value in values.flat)
    share, more = divmod(len(values), num_levels)
    means, start = [], 0
    for number in range(num_levels):
        stop = start + share + (number < more)
        means.append(sum(values[start:stop]) / (stop - start))
        start = stop
    return np.array(means, np.float32)


def power_of_two_levels(bits) -> np.ndarray:
    """Halve from 1 downwards, as often as the codes of one sign allow."""
    levels, power = [0.0], 1.0
    while len(levels) < 2**bits - 1:
        levels += [power, -power]
        power /= 2
    return np.array(sorted(levels), np.float32)


def additive_powers_of_two(bits) -> np.ndarray:
    """Deal powers of two to pairs of bits in turn, and add them up."""
    pairs, single = divmod(bits - 1, 2)
    terms = [[0.0] for _ in range(pairs + single)]
    power = 1.0
    for turn in range(3):
        takers = terms[:pairs]
        if single and turn == 2:
            takers = [terms[-1], *takers]
        for term in takers:
            power /= 2
            term.append(power)
    sums = [0.0]
    for term in terms:
        sums = [total + part for total in sums for part in term]
    largest = max(sums)
    levels = {sign * x / largest for x in sums for sign in (-1, 1)}
    return np.array(sorted(levels), np.float32)


def normal_float_levels(bits=4) -> np.ndarray:
    """Take quantiles on each side of 0, from one outermost probability."""
    half = 2 ** (bits - 1)
    last = 1 - (1 / (2 * half - 1) + 1 / (2 * half)) / 4
    levels = [0.0]
    for count, sign in ((half, 1), (half - 1, -1)):
        for i in range(1, count + 1):
            share = 0.5 + (last - 0.5) * i / count
            levels.append(sign * NormalDist().inv_cdf(share))
    return np.array(sorted(levels), np.float32) / np.float32(max(levels))
