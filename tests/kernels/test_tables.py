"""Tables: against the loops, their order, their error, their ends."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.kernels import naive, tables
from mini_compress.kernels.affine import (
    AffineParams,
    choose_affine,
    dequantize,
    quantize,
)
from tests.support.strategies import quick

MONOTONE = (
    tables.sigmoid,
    tables.tanh,
    tables.hard_sigmoid,
    tables.relu,
    tables.relu6,
    tables.leaky_relu,
)
# the largest slope of each: what an error of the input may grow to
SLOPES = {
    tables.sigmoid: 0.25,
    tables.tanh: 1,
    tables.gelu: 1.13,
    tables.silu: 1.1,
    tables.hard_swish: 1.5,
    tables.relu: 1,
    tables.relu6: 1,
}
FUNCTIONS = (*MONOTONE, tables.gelu, tables.gelu_tanh, tables.silu)


@st.composite
def grids(draw, most_bits: int = 8) -> AffineParams:
    """Draw one step, whole powers of two often among them, and a zero."""
    width, signed = draw(st.integers(1, most_bits)), draw(st.booleans())
    exponent = draw(st.floats(-9, 1) | st.integers(-9, 1))
    low = -(2 ** (width - 1)) if signed else 0
    zero_point = draw(st.integers(low, low + 2**width - 1))
    return AffineParams(2.0**exponent, zero_point, width, signed)


def codes_in_order(params: AffineParams) -> np.ndarray:
    return np.arange(params.quant_min, params.quant_max + 1).astype(
        params.dtype
    )


@pytest.mark.filterwarnings("error")
@quick
@given(
    grids(),
    grids(16),
    st.sampled_from(FUNCTIONS),
    st.sampled_from(["half_even", "half_away"]),
)
def test_tables_equal_the_loops(x_params, y_params, function, rounding):
    table = tables.make_table(function, x_params, y_params, rounding=rounding)
    assert table.dtype == y_params.dtype
    expected = naive.make_table(function, x_params, y_params, rounding=rounding)
    assert np.array_equal(table, expected)
    codes = codes_in_order(x_params)
    looked_up = tables.apply_table(codes, table)
    assert np.array_equal(looked_up, naive.apply_table(codes, table))


@quick
@given(grids(), grids(), st.sampled_from(FUNCTIONS))
def test_an_entry_is_what_its_code_quantizes_to(x_params, y_params, function):
    codes = codes_in_order(x_params)
    table = tables.make_table(function, x_params, y_params)
    expected = quantize(function(dequantize(codes, x_params)), y_params)
    assert np.array_equal(tables.apply_table(codes, table), expected)


@quick
@given(grids(), grids(), st.sampled_from(MONOTONE))
def test_tables_of_monotone_functions_are_monotone(x_params, y_params, rising):
    table = tables.make_table(rising, x_params, y_params)
    in_order = tables.apply_table(codes_in_order(x_params), table)
    assert (np.diff(in_order.astype(int)) >= 0).all()


@quick
@given(grids())
def test_a_table_of_relu_on_one_grid_is_a_clamp(params):
    codes = codes_in_order(params)
    relu = tables.make_table(tables.relu, params, params)
    clamped = np.maximum(codes, params.zero_point)
    assert np.array_equal(tables.apply_table(codes, relu), clamped)
    relu6 = tables.make_table(tables.relu6, params, params)
    six = quantize(np.array(6.0), params)
    clamped = np.clip(codes, params.zero_point, six)
    assert np.array_equal(tables.apply_table(codes, relu6), clamped)


@pytest.mark.parametrize("function", SLOPES)
@pytest.mark.parametrize("bits", [2, 4, 6, 8])
def test_the_error_is_half_a_step_and_what_the_input_gives(function, bits):
    x = np.linspace(-4, 4, 5001)
    x_params = choose_affine(x, bits=bits)
    y_params = choose_affine(function(x), bits=bits, signed=False)
    table = tables.make_table(function, x_params, y_params)
    error = tables.table_error(table, function, x, x_params, y_params)
    # the grids' ends lie half a step off at most, as codes do
    half_steps = 0.5 * np.array([x_params.scale, y_params.scale])
    bound = SLOPES[function] * half_steps[0] + half_steps[1]
    assert 0 < error.mean < error.worst <= bound * (1 + 1e-5)
    off = tables.table_error(
        table, function, np.array([error.at]), x_params, y_params
    )
    assert off == tables.TableError(error.worst, error.worst, error.at)
    # on the input's own grid no more than the output's rounding is left
    own = dequantize(codes_in_order(x_params), x_params)
    own = own[(own >= -4) & (own <= 4)]
    error = tables.table_error(table, function, own, x_params, y_params)
    assert len(own) >= 3
    assert error.worst <= half_steps[1] * (1 + 1e-5)


def test_the_order_is_that_of_bytes():
    params = AffineParams(1.0, 0, bits=8, signed=True)
    table = tables.make_table(lambda x: x, params, params)
    assert table.tobytes() == bytes(range(256))
    params = AffineParams(1.0, 0, bits=4, signed=True)
    table = tables.make_table(lambda x: x, params, params)
    assert table.tolist() == [*range(8), *range(-8, 0)]


def test_ties_go_where_the_rounding_says():
    x_params = AffineParams(0.5, 0, bits=3, signed=True)
    y_params = AffineParams(1.0, 1, bits=8, signed=True)
    codes = codes_in_order(x_params)  # -2 to 1.5
    for rounding, expected in {
        "half_even": [-2, -2, -1, 0, 0, 0, 1, 2],
        "half_away": [-2, -2, -1, -1, 0, 1, 1, 2],
    }.items():
        table = tables.make_table(
            lambda x: x, x_params, y_params, rounding=rounding
        )
        steps = tables.apply_table(codes, table).astype(int) - 1
        assert steps.tolist() == expected


def test_just_below_a_half_is_no_tie():
    x_params = AffineParams(1.0, 0, bits=1, signed=False)
    y_params = AffineParams(1.0, 0, bits=8, signed=True)
    below = np.nextafter(np.float32(0.5), np.float32(0))
    for value in (below, -below):
        table = tables.make_table(
            lambda x, y=value: np.full_like(x, y),
            x_params,
            y_params,
            rounding="half_away",
        )
        assert table.tolist() == [0, 0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rounding", ["half_even", "half_away"])
def test_infinite_entries_are_the_ends_of_the_range(rounding):
    params = AffineParams(1.0, 0, bits=8, signed=True)
    make = functools.partial(
        tables.make_table, x_params=params, y_params=params, rounding=rounding
    )
    assert make(lambda x: 1 / x)[0] == 127
    assert make(lambda x: -1 / x)[0] == -128
    assert make(lambda x: np.exp(x + 1000.0)).tolist() == [127] * 256
    assert make(lambda x: x * 1e30 * 1e30)[[1, 255]].tolist() == [127, -128]


def test_a_narrow_grid_has_an_entry_for_every_byte():
    narrow = AffineParams(0.1, 0, bits=8, signed=True, narrow=True)
    table = tables.make_table(tables.tanh, narrow, narrow)
    assert len(table) == 256
    wide = AffineParams(0.1, 0, bits=8, signed=True)
    assert np.array_equal(table, tables.make_table(tables.tanh, wide, wide))
    table = tables.make_table(np.negative, wide, narrow)
    assert table.min() == -127


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (2, 3, 4)])
def test_tables_take_codes_of_every_shape(shape):
    table = np.arange(256)[::-1].astype(np.uint8)
    codes = np.full(shape, 3, np.int8)
    looked_up = tables.apply_table(codes, table)
    assert looked_up.shape == shape
    assert (looked_up == 252).all()
    strided = np.arange(-6, 6, dtype=np.int8)[::-2]
    expected = naive.apply_table(strided, table)
    assert np.array_equal(tables.apply_table(strided, table), expected)
