"""Fixed-point requantization against what LiteRT gave (recorded)."""

import json

import numpy as np
import pytest

from mini_compress.kernels import integer
from tests.oracles.make_litert_vectors import VECTORS

LAYERS = json.loads(VECTORS.read_text())["layers"]


def requantize(layer: dict, rounding: str) -> np.ndarray:
    return integer.requantize(
        np.array(layer["acc"], np.int32),
        1 / layer["out_scale"],
        layer["zero_point"],
        rounding=rounding,
    )


@pytest.mark.parametrize("layer", LAYERS, ids=lambda one: str(one["out_scale"]))
def test_rounding_twice_equals_ruy(layer):
    assert requantize(layer, "fixed_double").tolist() == layer["ruy"]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda one: str(one["out_scale"]))
def test_rounding_once_equals_the_reference_but_at_negative_ties(layer):
    q, shift = integer.quantize_multiplier(1 / layer["out_scale"])
    acc = np.array(layer["acc"], np.int64)
    step = 1 << (31 - int(shift))
    is_negative_tie = ((acc * q) % step == step // 2) & (acc < 0)
    reference = np.array(layer["reference"])
    difference = requantize(layer, "fixed_single") - reference
    # there the reference goes down, away from zero; rounding once goes up
    inside = reference > -128
    assert np.array_equal(difference[inside], is_negative_tie[inside])
    assert np.isin(difference[~inside], [0, 1]).all()


def test_the_roundings_differ_on_these_sums():
    names = ("float32_half_even", "fixed_single", "fixed_double")
    outputs = [
        [requantize(layer, name).tolist() for layer in LAYERS] for name in names
    ]
    assert outputs[0] != outputs[1] != outputs[2] != outputs[0]
