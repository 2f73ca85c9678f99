"""Tables and softmax of codes against onnxruntime's own operators."""

import functools

import numpy as np
import pytest
from onnx import helper

from mini_compress.kernels import tables
from mini_compress.kernels.affine import AffineParams
from tests.support.sessions import make_model, open_session, run_node
from tests.support.strategies import CODE_DTYPES

OWN = {"domain": "com.microsoft"}


def all_codes(dtype: type) -> np.ndarray:
    return np.arange(256).astype(dtype)  # as bytes are ordered


def draw_grid(
    rng: np.random.Generator, dtype: type, largest: float
) -> AffineParams:
    """Draw a step from 2**-9 up; every fourth is a power of two: ties."""
    limits = np.iinfo(dtype)
    exponent = rng.uniform(-9, np.log2(largest))
    if rng.random() < 0.25:
        exponent = np.floor(exponent)
    zero_point = int(rng.integers(limits.min, limits.max, endpoint=True))
    return AffineParams(2**exponent, zero_point, 8, dtype == np.int8)


def on_grid(params: AffineParams) -> list[np.ndarray]:
    """Return a grid as the two inputs of an operator."""
    return [
        np.asarray(params.scale),
        np.asarray(params.zero_point).astype(params.dtype),
    ]


@pytest.mark.parametrize("dtype", CODE_DTYPES)
@pytest.mark.parametrize("name", ["QLinearSigmoid", "QLinearLeakyRelu"])
def test_tables_equal_onnxruntime_on_every_code(name, dtype):
    rng = np.random.default_rng(0)
    codes = all_codes(dtype)
    for _ in range(100):
        x_params = draw_grid(rng, dtype, 2)
        if name == "QLinearSigmoid":
            y_params = draw_grid(rng, dtype, 2**-4)
            attributes, function = {}, tables.sigmoid
        else:
            y_params = draw_grid(rng, dtype, 2)
            slope = float(np.float32(rng.uniform(0, 1)))
            attributes = {"alpha": slope}
            function = functools.partial(
                tables.leaky_relu, negative_slope=slope
            )
        inputs = [codes, *on_grid(x_params), *on_grid(y_params)]
        (expected,) = run_node(name, inputs, **OWN, **attributes)
        table = tables.make_table(function, x_params, y_params)
        got = tables.apply_table(codes, table)
        assert got.dtype == expected.dtype
        assert np.array_equal(got, expected)


def qlinear_softmax(codes: np.ndarray, x_params: AffineParams) -> np.ndarray:
    """Run the operator, whose attribute `opset` says how it takes its axis."""
    grid = tables.softmax_params(signed=x_params.signed)
    inputs = [codes, *on_grid(x_params), *on_grid(grid)]
    model = make_model("QLinearSoftmax", inputs, axis=-1, **OWN)
    model.graph.node[0].attribute.append(helper.make_attribute("opset", 13))
    return open_session(model)(codes)[0]


@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_softmax_equals_onnxruntime(dtype):
    rng = np.random.default_rng(0)
    limits = np.iinfo(dtype)
    for case in range(60):
        x_params = draw_grid(rng, dtype, 0.5)
        classes = int(rng.integers(1, 200))
        middle = (limits.min + limits.max) / 2
        # from rows of like codes to rows where one code has all
        spread = rng.uniform(0, 60)
        drawn = np.rint(rng.normal(middle, spread, (20, classes)))
        codes = np.clip(drawn, limits.min, limits.max).astype(dtype)
        got = tables.softmax_int8(codes, x_params)
        assert np.array_equal(got, qlinear_softmax(codes, x_params)), case
