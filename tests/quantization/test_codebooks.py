"""Codebooks of networks: levels by each method, and how good they are."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import zoo
from mini_compress.kernels import naive
from mini_compress.kernels.codebook import optimal_codebook, squared_error
from mini_compress.quantization import quantize_codebook
from mini_compress.quantization.codebooks import (
    METHODS,
    choose_levels,
    divide_groups,
)

VALUES = np.random.default_rng(0).standard_normal((6, 50)).astype(np.float32)


def linear(weight: np.ndarray) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data = torch.from_numpy(weight.copy())
    return layer


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bits", [2, 4])
@pytest.mark.parametrize("group_size", [None, 16, 1000])
def test_every_weight_takes_the_nearest_level(method, bits, group_size):
    layer = linear(VALUES)
    small = quantize_codebook(
        nn.Sequential(layer), bits=bits, method=method, group_size=group_size
    )[0]
    assert torch.equal(small.bias, layer.bias)
    levels, codes = small.weight.levels.numpy(), small.weight.codes().numpy()
    assert (np.diff(levels) > 0).all()
    size = 50 if group_size is None else min(group_size, 50)
    expected = np.empty_like(VALUES)
    for row, start in np.ndindex(6, -(-50 // size)):
        part = slice(start * size, (start + 1) * size)
        weights = VALUES[row, part]
        largest = np.abs(weights).max() if group_size else np.float32(1)
        if group_size:
            assert small.weight.scale[row, start] == largest
        nearest = naive.nearest_codes(weights / largest, levels)
        assert np.array_equal(codes[row, part], nearest)
        expected[row, part] = levels[nearest] * largest
    assert np.array_equal(small.dense_weight().numpy(), expected)


def test_no_method_is_better_than_the_optimum():
    for bits in (2, 3, 4):
        errors = {
            method: squared_error(
                VALUES, choose_levels(VALUES, bits=bits, method=method)
            )
            for method in METHODS
        }
        best = squared_error(VALUES, optimal_codebook(VALUES, 2**bits))
        assert min(errors.values()) == errors["optimal"] == best
        assert errors["kmeans"] <= errors["uniform"]


def test_tables_reach_to_the_largest_magnitude():
    largest = np.abs(VALUES).max()
    for method in ("power_of_two", "apot", "normal_float"):
        levels = choose_levels(VALUES, bits=3, method=method)
        assert np.abs(levels).max() == largest


def test_groups_of_zeros_stay_zeros():
    weight = VALUES.copy()
    weight[2, 16:32] = 0
    values, scale = divide_groups(weight, 16)
    assert scale.shape == (6, 4) and scale[2, 1] == 1
    assert np.abs(values).max() == 1
    small = quantize_codebook(
        nn.Sequential(linear(weight)),
        bits=4,
        method="normal_float",
        group_size=16,
    )
    assert not small[0].dense_weight()[2, 16:32].any()


def test_starts_and_seeds_are_those_of_k_means():
    model = nn.Sequential(linear(VALUES))
    levels = {
        (start, seed): tuple(
            quantize_codebook(model, bits=4, start=start, seed=seed)[
                0
            ].weight.levels.tolist()
        )
        for start in ("linear", "density", "random")
        for seed in (0, 1)
    }
    assert levels["linear", 0] == levels["linear", 1]
    assert levels["random", 0] != levels["random", 1]
    assert len(set(levels.values())) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 0}, r"bits must be in \[1, 8\], got 0"),
        ({"bits": 9}, r"bits must be in \[1, 8\], got 9"),
        ({"bits": 4, "method": "even"}, "method must be one of kmeans, opt"),
        ({"bits": 4, "start": "even"}, "weight of '0': start must be one of"),
        ({"bits": 4, "group_size": 0}, "group_size must be >= 1, got 0"),
        (
            {"bits": 1, "method": "apot"},
            r"weight of '0': bits must be in \[2, 8\], got 1",
        ),
        (
            {"bits": 8, "layers": ["1"]},
            "weight of '1': values must differ 256 times for 256 levels, got",
        ),
        ({"bits": 4, "layers": ["2"]}, "layers' names must be one of 0, 1"),
    ],
)
def test_what_is_refused(options, message):
    model = nn.Sequential(linear(VALUES), linear(VALUES[:2, :6]))
    with pytest.raises(ValueError, match=message):
        quantize_codebook(model, **options)


def test_weights_of_pruned_layers_may_be_too_few():
    model = zoo.load("LeNet300", "mnist5k")
    model.classifier[5].weight.data.round_(decimals=1)
    with pytest.raises(ValueError, match=r"classifier\.5.* got \d+ distinct"):
        quantize_codebook(model, bits=6)
