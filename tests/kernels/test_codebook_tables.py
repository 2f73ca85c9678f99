"""Levels that are known beforehand: published tables, loops and laws."""

import itertools

import numpy as np
import pytest

from mini_compress.kernels import naive
from mini_compress.kernels.codebook import (
    additive_powers_of_two,
    normal_float_levels,
    power_of_two_levels,
)

# of bitsandbytes' NF4, as QLoRA's authors published it
NF4 = [
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
    *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
    *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634),
    *(0.33791524171829224, 0.44070982933044434, 0.5626170039176941),
    *(0.7229568362236023, 1.0),
]
# of one sign, as the authors of APoT list them for this many bits beside the
# sign, before they are divided by the largest sum
APOT = {
    2: ([0, 1 / 2, 1 / 4, 1 / 8],),
    3: ([0, 1 / 2, 1 / 4, 1 / 16], [0, 1 / 8]),
    4: ([0, 1 / 2, 1 / 8, 1 / 32], [0, 1 / 4, 1 / 16, 1 / 64]),
    5: (
        [0, 1 / 2, 1 / 8, 1 / 64],
        [0, 1 / 4, 1 / 16, 1 / 128],
        [0, 1 / 32],
    ),
    6: (
        [0, 1 / 2, 1 / 16, 1 / 128],
        [0, 1 / 4, 1 / 32, 1 / 256],
        [0, 1 / 8, 1 / 64, 1 / 512],
    ),
}


def test_normal_float_is_the_published_table():
    got = normal_float_levels(4)
    assert np.abs(got - NF4).max() <= 2e-7
    for bits in range(2, 9):
        levels = normal_float_levels(bits)
        assert len(levels) == 2**bits and 0 in levels
        assert np.allclose(levels, naive.normal_float_levels(bits), atol=1e-7)


@pytest.mark.parametrize("bits", range(2, 9))
def test_powers_of_two_are_powers_of_two(bits):
    levels = power_of_two_levels(bits)
    assert np.array_equal(levels, naive.power_of_two_levels(bits))
    assert len(levels) == 2**bits - 1
    assert np.array_equal(levels, -levels[::-1])
    mantissas, exponents = np.frexp(levels[levels > 0])
    assert (mantissas == 0.5).all()
    assert (np.diff(exponents) == 1).all() and levels[-1] == 1


@pytest.mark.parametrize("bits", range(2, 9))
def test_additive_powers_of_two_are_those_of_the_authors(bits):
    levels = additive_powers_of_two(bits)
    assert np.array_equal(levels, naive.additive_powers_of_two(bits))
    assert len(levels) == 2**bits - 1
    if bits - 1 in APOT:
        sums = sorted(map(sum, itertools.product(*APOT[bits - 1])))
        assert np.allclose(
            levels[len(levels) // 2 :], np.array(sums) / sums[-1]
        )
