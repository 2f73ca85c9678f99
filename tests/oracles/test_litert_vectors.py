"""Requantization and tables against what LiteRT gave (recorded)."""

import json

import numpy as np
import pytest

from mini_compress.kernels import integer, tables
from mini_compress.kernels.affine import AffineParams
from tests.oracles.make_litert_vectors import VECTORS

RECORD = json.loads(VECTORS.read_text())
LAYERS = RECORD["layers"]
FUNCTIONS = {
    "TANH": tables.tanh,
    "LOGISTIC": tables.sigmoid,
    "GELU": tables.gelu,
    "EXP": np.exp,
}


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


def make_table(case: dict, rounding: str) -> np.ndarray:
    x_params, y_params = (
        AffineParams(
            case[f"{side}_scale"],
            case[f"{side}_zero_point"],
            bits=8,
            signed=case["dtype"] == "int8",
        )
        for side in "xy"
    )
    function = FUNCTIONS[case["function"]]
    return tables.make_table(function, x_params, y_params, rounding=rounding)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tables_equal_those_of_litert(name):
    cases = [one for one in RECORD["tables"] if one["function"] == name]
    assert len(cases) >= 8
    for case in cases:
        codes = np.arange(256).astype(case["dtype"])
        table = make_table(case, "half_away")
        assert tables.apply_table(codes, table).tolist() == case["codes"]


def test_ties_of_litert_go_away_from_zero():
    parted = {
        case["function"]
        for case in RECORD["tables"]
        if make_table(case, "half_even").tolist() != case["codes"]
    }
    assert parted == {"GELU", "EXP"}  # the others have no ties
