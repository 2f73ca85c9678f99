"""Codebooks: what is refused, and in which words."""

import re

import numpy as np
import pytest

from mini_compress.kernels.codebook import (
    additive_powers_of_two,
    equal_mass,
    fit_codebook,
    look_up,
    nearest_codes,
    normal_float_levels,
    optimal_codebook,
    power_of_two_levels,
    squared_error,
)

VALUES = np.array([0, 1, 1, 2], np.float32)
LEVELS = np.array([0, 1], np.float32)


@pytest.mark.parametrize("fit", [fit_codebook, optimal_codebook, equal_mass])
@pytest.mark.parametrize(
    ("values", "num_levels", "error", "message"),
    [
        ([0.0, 1.0], 2, TypeError, "values must be a numpy array, got list"),
        (VALUES.astype(int), 2, TypeError, "float32 or float64, got int64"),
        (VALUES + np.float32("nan"), 2, ValueError, "values must be finite"),
        (np.array([0, 1e200]), 2, ValueError, "in float32 must be finite, go"),
        (VALUES, 4, ValueError, "differ 4 times for 4 levels, got 3 dist"),
        (VALUES[:0], 1, ValueError, "differ 1 times for 1 levels, got 0"),
        (VALUES, 0, ValueError, r"num_levels must be in [1, 256], got 0"),
        (VALUES, 257, ValueError, r"num_levels must be in [1, 256], got 257"),
        (VALUES, 2.0, TypeError, "num_levels must be a whole number"),
    ],
)
def test_values_that_no_levels_fit(fit, values, num_levels, error, message):
    with pytest.raises(error, match=re.escape(message)):
        fit(values, num_levels)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"start": "even"}, ValueError, "start must be one of linear, dens"),
        ({"start": LEVELS[:1]}, ValueError, "levels of start must be 2, got 1"),
        (
            {"start": LEVELS[::-1].copy()},
            ValueError,
            "start must be sorted, got 0 after 1",
        ),
        ({"start": 3}, TypeError, "start must be a numpy array, got int"),
        ({"seed": -1}, ValueError, "seed must be >= 0, got -1"),
    ],
)
def test_starts(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        fit_codebook(VALUES, 2, **options)


@pytest.mark.parametrize("function", [nearest_codes, squared_error])
@pytest.mark.parametrize(
    ("levels", "error", "message"),
    [
        (LEVELS.astype(np.float64), TypeError, "must be float32, got float64"),
        (LEVELS[:0], ValueError, "levels of codebook must be in [1, 256]"),
        (np.arange(257, dtype="f4"), ValueError, "[1, 256], got 257"),
        (LEVELS[None], ValueError, "codebook must have 1 axes"),
        (LEVELS[::-1], ValueError, "codebook must be sorted, got 0 after 1"),
        (LEVELS * np.float32(np.nan), ValueError, "codebook must be finite"),
    ],
)
def test_codebooks(function, levels, error, message):
    with pytest.raises(error, match=re.escape(message)):
        function(VALUES, levels)
    with pytest.raises(ValueError, match="values must be finite, got NaN"):
        function(VALUES * np.float32(np.nan), LEVELS)


@pytest.mark.parametrize(
    ("packed", "levels", "bits", "count", "message"),
    [
        (np.zeros(2, np.uint8), 3, 1, 16, "levels must be in [1, 2], got 3"),
        (np.zeros(2, np.uint8), 5, 2, 8, "levels must be in [1, 4], got 5"),
        (np.zeros(2, np.uint8), 2, 2, 9, "shape of packed must be (3,), got"),
        (np.zeros(2, np.uint8), 2, 9, 2, "bits must be in [1, 8], got 9"),
        (np.zeros(2, np.uint8), 2, 0, 2, "bits must be in [1, 8], got 0"),
        (np.zeros(2, np.uint8), 2, 4, -1, "count must be >= 0, got -1"),
    ],
)
def test_look_ups(packed, levels, bits, count, message):
    levels = np.arange(levels, dtype=np.float32)
    with pytest.raises(ValueError, match=re.escape(message)):
        look_up(packed, levels, bits=bits, count=count)


@pytest.mark.parametrize(
    "levels",
    [power_of_two_levels, additive_powers_of_two, normal_float_levels],
)
@pytest.mark.parametrize("bits", [1, 9])
def test_bits_of_tables(levels, bits):
    with pytest.raises(ValueError, match=r"bits must be in \[2, 8\], got"):
        levels(bits)
