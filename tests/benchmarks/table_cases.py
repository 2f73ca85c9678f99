"""Tables, softmax and layer normalization of codes, and the peers."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from onnx import helper

from mini_compress.kernels import naive, tables
from mini_compress.kernels.affine import AffineParams
from tests.benchmarks.case import Case
from tests.support.sessions import make_model, open_session
from tests.support.strategies import random_codes

X_PARAMS = AffineParams(0.05, 128, 8, signed=False)
Y_PARAMS = tables.softmax_params(signed=False)
GRIDS = [
    np.float32(0.05),
    np.uint8(128),
    np.float32(1 / 256),
    np.uint8(0),
]


def table_cases(smoke: bool) -> Iterator[Case]:
    """Look up a million codes; softmax and normalize rows of 64."""
    rng = np.random.default_rng(0)
    rows = 100 if smoke else 16_000
    codes = random_codes(rng, np.uint8, rows, 64)
    inputs = [codes, *map(np.asarray, GRIDS)]
    own = {"domain": "com.microsoft"}
    table = tables.make_table(tables.sigmoid, X_PARAMS, Y_PARAMS)
    sigmoid = open_session(make_model("QLinearSigmoid", inputs, **own))
    yield Case(
        f"apply_table, {rows}x64",
        "onnxruntime QLinearSigmoid",
        lambda: tables.apply_table(codes, table),
        lambda: sigmoid(codes),
        least_ratio=1 / 20,
    )
    model = make_model("QLinearSoftmax", inputs, axis=-1, **own)
    model.graph.node[0].attribute.append(helper.make_attribute("opset", 13))
    softmax = open_session(model)
    yield Case(
        f"softmax_int8, {rows}x64",
        "onnxruntime QLinearSoftmax",
        lambda: tables.softmax_int8(codes, X_PARAMS),
        lambda: softmax(codes),
        least_ratio=1 / 20,
    )
    few = codes[:20]
    layer = np.ones(64), np.zeros(64), X_PARAMS, X_PARAMS
    yield Case(
        "layer_norm_int8, 20x64",
        "naive loops",
        lambda: tables.layer_norm_int8(few, *layer),
        lambda: naive.layer_norm_int8(few, *layer),
        least_ratio=10,
    )


def growing_table_calls(
    smoke: bool,
) -> Iterator[tuple[str, int, Callable]]:
    """Yield softmax of ever more rows."""
    rng = np.random.default_rng(0)
    for rows in (10, 100) if smoke else (100, 1000, 10_000):
        codes = random_codes(rng, np.uint8, rows, 64)
        call = partial(tables.softmax_int8, codes, X_PARAMS)
        yield f"softmax_int8, {rows}x64", codes.size, call
