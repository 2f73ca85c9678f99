"""Pooling, sums and products of codes against onnxruntime's kernels.

No code may differ: not with odd zero points, and not at ties, which the scales
of half of the grids make frequent.
"""

import platform

import numpy as np
import pytest

from mini_compress.kernels import elementwise, pooling
from tests.support.sessions import grid_inputs, run_node
from tests.support.strategies import CODE_DTYPES, random_codes, random_grid

OWN = {"domain": "com.microsoft"}
RUNS = 60
needs_x86 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"),
    reason="on other processors onnxruntime rounds these in another way",
)


def draw_pool(rng: np.random.Generator, dtype: type):
    """Return codes and a pooling's options, ours and onnxruntime's."""
    kernel = rng.integers(1, 5, 2)
    sides = rng.integers(0, kernel.tolist() * 2)  # less than the kernel
    strides = rng.integers(1, 4, 2)
    size = kernel + rng.integers(0, 9, 2)
    x = random_codes(rng, dtype, *rng.integers(1, 5, 2), *size)
    if rng.random() < 0.5:
        x //= 16  # fewer sums, more ties
    ours = {
        "kernel": tuple(kernel),
        "stride": tuple(strides),
        "padding": tuple(sides),
    }
    names = ("kernel_shape", "strides", "pads")
    theirs = {
        name: [int(one) for one in value]
        for name, value in zip(names, ours.values(), strict=True)
    }
    return x, ours, theirs


def check(count: int, codes: np.ndarray, expected: np.ndarray) -> int:
    """Compare codes; add up how many are in the middle of the range."""
    assert codes.dtype == expected.dtype
    assert np.array_equal(codes, expected)
    limits = np.iinfo(codes.dtype)
    return count + int(((codes > limits.min) & (codes < limits.max)).sum())


@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_max_pool(dtype):
    rng = np.random.default_rng(0)
    for _ in range(RUNS):
        x, ours, theirs = draw_pool(rng, dtype)
        (expected,) = run_node("MaxPool", [x], **theirs)
        check(0, pooling.max_pool_int8(x, **ours), expected)


@pytest.mark.parametrize("dtype", CODE_DTYPES)
@pytest.mark.parametrize("count_include_pad", [False, True])
def test_average_pool(dtype, count_include_pad):
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(RUNS):
        x, ours, theirs = draw_pool(rng, dtype)
        x_params, y_params = (random_grid(rng, dtype) for _ in range(2))
        (expected,) = run_node(
            "QLinearAveragePool",
            [x, *grid_inputs(x_params), *grid_inputs(y_params)],
            count_include_pad=int(count_include_pad),
            **theirs,
            **OWN,
        )
        out = pooling.average_pool_int8(
            x,
            x_params,
            y_params,
            count_include_pad=count_include_pad,
            **ours,
        )
        inside = check(inside, out, expected)
    assert inside > 1000  # not all of it saturates


@needs_x86
@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_global_average_pool(dtype):
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(RUNS):
        x = random_codes(rng, dtype, 3, 40, *rng.integers(1, 9, 2)) // 2
        x_params, y_params = (random_grid(rng, dtype) for _ in range(2))
        inputs = [x, *grid_inputs(x_params), *grid_inputs(y_params)]
        (expected,) = run_node("QLinearGlobalAveragePool", inputs, **OWN)
        out = pooling.global_average_pool_int8(x, x_params, y_params)
        inside = check(inside, out, expected)
        size = [int(side) for side in x.shape[2:]]
        (expected,) = run_node(
            "QLinearAveragePool", inputs, kernel_shape=size, **OWN
        )
        out = pooling.average_pool_int8(
            x, x_params, y_params, kernel=tuple(size)
        )
        check(0, out, expected)
    assert inside > 1000


@needs_x86
@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_add_and_multiply(dtype):
    rng = np.random.default_rng(0)
    inside = {"QLinearAdd": 0, "QLinearMul": 0}
    for _ in range(RUNS):
        shape = rng.integers(1, 9, rng.integers(1, 5))
        a, b = (random_codes(rng, dtype, *shape) for _ in range(2))
        if rng.random() < 0.5:
            a, b = a // 8, b // 8  # fewer sums, more ties
        grids = [random_grid(rng, dtype) for _ in range(2)]
        for operation, name, largest in [
            (elementwise.add_int8, "QLinearAdd", 0.4),
            (elementwise.multiply_int8, "QLinearMul", 2),
        ]:
            y_params = random_grid(rng, dtype, largest=largest)
            inputs = [a, *grid_inputs(grids[0]), b, *grid_inputs(grids[1])]
            (expected,) = run_node(
                name, [*inputs, *grid_inputs(y_params)], **OWN
            )
            out = operation(a, b, *grids, y_params)
            inside[name] = check(inside[name], out, expected)
    assert min(inside.values()) > 1000


@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_multiply_one_number_for_each_channel(dtype):
    rng = np.random.default_rng(0)
    for _ in range(RUNS):
        a, b = (random_codes(rng, dtype, 2, 5, *s) for s in [(3, 4), (1, 1)])
        a_params, b_params = (random_grid(rng, dtype) for _ in range(2))
        y_params = random_grid(rng, dtype, largest=2)
        first = [a, *grid_inputs(a_params)]
        second = [b, *grid_inputs(b_params)]
        (expected,) = run_node(
            "QLinearMul", [*first, *second, *grid_inputs(y_params)], **OWN
        )
        out = elementwise.multiply_int8(a, b, a_params, b_params, y_params)
        check(0, out, expected)


@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_concat(dtype):
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(RUNS):
        parts = [
            random_codes(rng, dtype, 2, channels, 5)
            for channels in rng.integers(1, 4, 3)
        ]
        *params, y_params = (random_grid(rng, dtype) for _ in range(4))
        inputs = [
            given
            for part, one in zip(parts, params, strict=True)
            for given in (part, *grid_inputs(one))
        ]
        # the operator's first inputs are the result's grid
        (expected,) = run_node(
            "QLinearConcat", [*grid_inputs(y_params), *inputs], axis=1, **OWN
        )
        out = elementwise.concat_int8(parts, params, y_params)
        inside = check(inside, out, expected)
    assert inside > 1000
