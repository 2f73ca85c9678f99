"""Each way to round sums against the libraries that round so.

What cannot be installed everywhere, or is about to go, was recorded:
make_litert_vectors, make_micro_vectors, make_torch_vectors.
"""

import json

import numpy as np
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from mini_compress.kernels.integer import linear_int8, matmul_int8, requantize
from mini_compress.kernels.requantization import RULES, compare_roundings
from tests.oracles import (
    make_litert_vectors,
    make_micro_vectors,
    make_torch_vectors,
)
from tests.support.sessions import make_model
from tests.support.strategies import CODE_DTYPES, random_codes

LITERT, MICRO, TORCH = (
    json.loads(made.VECTORS.read_text())["layers"]
    for made in (make_litert_vectors, make_micro_vectors, make_torch_vectors)
)
# from the engine to our rounding
ENGINES = {
    "fbgemm": "float32_half_even",
    "x86": "float32_half_even",
    "onednn": "float32_zero_inside",
    "qnnpack": "float32_half_even",
}


def codes_of(layer: dict, rounding: str) -> list[int]:
    acc = np.array(layer["acc"], np.int32)
    return requantize(
        acc, 1 / layer["out_scale"], layer["zero_point"], rounding=rounding
    ).tolist()


@pytest.mark.parametrize(
    ("layers", "library", "rounding"),
    [
        (LITERT, "reference", "float64_half_away"),
        (LITERT, "ruy", "fixed_double"),
        (MICRO, "xnnpack", "float32_half_even"),
        (MICRO, "micro", "fixed_double_away"),
    ],
)
def test_only_one_rounding_equals_the_library(layers, library, rounding):
    equal = {
        name
        for name in RULES
        if all(codes_of(layer, name) == layer[library] for layer in layers)
    }
    assert equal == {rounding}


def codes_of_torch(layer: dict, engine: str, rounding: str) -> np.ndarray:
    """Return our codes; qnnpack alone rounds the bias to whole steps."""
    acc = linear_int8(
        np.array(layer["x"], np.uint8),
        np.array(layer["weight"], np.int8),
        x_zero_point=layer["x_zero_point"],
    )
    bias = np.array(layer["bias"], np.float32)
    if engine == "qnnpack":
        acc, bias = acc + np.rint(bias).astype(np.int32), None
    scale = make_torch_vectors.X_SCALE * make_torch_vectors.WEIGHT_SCALE
    return requantize(
        acc,
        np.float32(scale) / np.float32(layer["out_scale"]),
        layer["zero_point"],
        bias=bias,
        rounding=rounding,
        dtype=np.uint8,
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_of_torch(engine):
    other = {"float32_half_even", "float32_zero_inside"} - {ENGINES[engine]}
    missed = 0
    for layer in TORCH:
        expected = np.array(layer[engine])
        out = codes_of_torch(layer, engine, ENGINES[engine])
        assert np.array_equal(out, expected)
        missed += (codes_of_torch(layer, engine, *other) != expected).sum()
    assert missed > 0  # the vectors tell them apart


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_still_do_what_was_recorded(engine):
    if not hasattr(torch.ops.quantized, "linear"):
        pytest.skip("this torch has no quantized operators")
    if engine not in torch.backends.quantized.supported_engines:
        pytest.skip(f"this torch has no {engine}")
    for layer in TORCH:
        assert make_torch_vectors.run(layer, engine).tolist() == layer[engine]


@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_the_reference_evaluator_of_onnx(dtype):
    rng = np.random.default_rng(0)
    parted = 0
    for _ in range(40):
        a, b = (random_codes(rng, dtype, 6, 6) for _ in range(2))
        a_zero, b_zero, y_zero = random_codes(rng, dtype, 3)
        # powers of two: ties; then others, so that float32 is not exact
        scales = (2.0 ** rng.integers([-5, -5, 1], [0, 0, 4])) * (
            rng.uniform(0.5, 1, 3) if rng.random() < 0.5 else 1
        )
        a_scale, b_scale, y_scale = scales.astype(np.float32)
        model = make_model(
            "QLinearMatMul",
            [a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero],
        )
        evaluator = ReferenceEvaluator(model)
        (expected,) = evaluator.run(None, {model.graph.input[0].name: a})
        compared = compare_roundings(
            matmul_int8(a, b, a_zero_point=a_zero, b_zero_point=b_zero),
            a_scale * b_scale / y_scale,
            int(y_zero),
            dtype=dtype,
        )
        codes = compared.codes
        assert np.array_equal(codes["float64_zero_inside"], expected)
        parted += (codes["float64_half_away"] != expected).sum()
    assert parted > 0
