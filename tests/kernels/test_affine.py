"""Affine codes: against the loops, and what must hold for any input."""

import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import (
    affine,
    elementwise,
    integer,
    naive,
    packing,
    pooling,
    saturation,
)
from mini_compress.kernels.affine import AffineParams
from tests.support.strategies import GRIDS, quick, reals

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, max_side=4)
LARGEST = np.finfo(np.float32).max
TINY = np.finfo(np.float32).tiny


@st.composite
def chosen(draw):
    """Draw an array, and the options of choose_affine."""
    x = draw(reals(SHAPES))
    bits, signed, symmetric = draw(st.sampled_from(GRIDS))
    axis = draw(st.none() | st.sets(st.integers(0, max(x.ndim - 1, 0))))
    if axis is not None:
        signs = draw(st.sampled_from([0, -x.ndim]))  # axes may be negative
        axis = tuple(one + signs for one in axis if one < x.ndim)
    options = {
        "bits": bits,
        "signed": signed,
        "symmetric": symmetric,
        "axis": axis[0] if axis and len(axis) == 1 else axis,
    }
    return x, options


@st.composite
def grids(draw):
    """Draw parameters that nobody chose for the array that comes with them."""
    x = draw(reals(SHAPES, largest=100))
    bits, signed, narrow = draw(st.sampled_from(GRIDS))
    narrow = narrow and signed
    shape = tuple(draw(st.sampled_from([1, side])) for side in x.shape)
    scale = draw(
        hnp.arrays(np.float32, shape, elements=st.floats(2**-10, 64, width=32))
    )
    bounds = AffineParams(1.0, 0, bits, signed, narrow)
    codes = st.integers(bounds.quant_min, bounds.quant_max)
    zero_point = draw(hnp.arrays(np.int32, shape, elements=codes))
    return x, AffineParams(scale, zero_point, bits, signed, narrow)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays agree in dtype, shape and every value."""
    return one.dtype == other.dtype and np.array_equal(one, other)


def test_every_kernel_has_its_loops():
    kernels = {*affine.__all__, *integer.__all__, *packing.__all__}
    kernels |= {*saturation.__all__, "range_error"}
    loops = {*naive.codes.__all__, *naive.integer.__all__}
    assert loops == kernels - {"AffineParams"}
    assert naive.pooling.__all__ == pooling.__all__
    assert naive.elementwise.__all__ == elementwise.__all__
    modules = (
        naive.block_encoders,
        naive.block_formats,
        naive.elementwise,
        naive.fixed_point,
        naive.codebook,
        naive.floats,
        naive.huffman,
        naive.low_rank,
        naive.masks,
        naive.pooling,
        naive.rotation,
        naive.second_order,
        naive.soft_targets,
        naive.sparse,
        naive.tables,
    )
    others = {name for module in modules for name in module.__all__}
    assert set(naive.__all__) == loops | others


@quick
@given(chosen())
def test_choose_affine_equals_the_loops(drawn):
    x, options = drawn
    params = affine.choose_affine(x, **options)
    expected = naive.choose_affine(x, **options)
    assert same(params.scale, expected.scale)
    assert same(params.zero_point, expected.zero_point)
    for name in ("bits", "signed", "narrow", "quant_min", "quant_max"):
        assert getattr(params, name) == getattr(expected, name)


@quick
@given(grids())
def test_quantize_and_dequantize_equal_the_loops(drawn):
    x, params = drawn
    codes = affine.quantize(x, params)
    assert same(codes, naive.quantize(x, params))
    assert same(
        affine.dequantize(codes, params), naive.dequantize(codes, params)
    )


@pytest.mark.parametrize("zero_point", [0, 3])
def test_halves_equal_the_loops(zero_point):
    # where x / scale, x * (1 / scale) and the place of the zero point differ
    scale = np.random.default_rng(0).uniform(0.1, 1, (40, 1))
    params = AffineParams(
        scale, np.full((40, 1), zero_point), bits=8, signed=True
    )
    x = params.scale * (np.arange(-60, 60, dtype=np.float32) + 0.5)
    x = x.astype(np.float32)
    assert same(affine.quantize(x, params), naive.quantize(x, params))


@quick
@given(chosen(), st.integers(1, 4))
def test_split_groups_equals_the_loops(drawn, group_size):
    x = np.repeat(np.atleast_1d(drawn[0]), group_size, axis=-1)
    groups = affine.split_groups(x, group_size)
    assert same(groups, naive.split_groups(x, group_size))
    assert np.shares_memory(groups, x)


@quick
@given(chosen())
def test_values_move_by_half_a_step_at_most(drawn):
    x, options = drawn
    params = affine.choose_affine(x, **options)
    codes = affine.quantize(x, params)
    assert codes.shape == x.shape
    assert codes.dtype == params.dtype
    error = np.abs(affine.dequantize(codes, params) - x.astype(np.float64))
    # the divisions, the scale and the zero point are rounded once each
    num_steps = params.quant_max - params.quant_min
    slack = 2 * num_steps * np.finfo(np.float32).eps
    assert (error <= params.scale * (0.5 + slack)).all()


@quick
@given(chosen())
def test_real_zero_is_a_code(drawn):
    x, options = drawn
    params = affine.choose_affine(x, **options)
    zeros = np.zeros_like(x)
    codes = affine.quantize(zeros, params)
    assert np.array_equal(codes, np.broadcast_to(params.zero_point, x.shape))
    assert not affine.dequantize(codes, params).any()


@quick
@given(grids())
def test_quantize_is_monotone_and_idempotent(drawn):
    x, params = drawn
    if x.ndim:
        scale, zero_point = params.scale.flat[0], params.zero_point.flat[0]
        params = AffineParams(
            scale, zero_point, params.bits, params.signed, params.narrow
        )
        codes = affine.quantize(np.sort(x, axis=None), params)
        assert (codes[1:] >= codes[:-1]).all()
    codes = affine.quantize(x, params)
    again = affine.quantize(affine.dequantize(codes, params), params)
    assert np.array_equal(again, codes)


@pytest.mark.parametrize(("bits", "signed", "symmetric"), GRIDS)
def test_every_code_survives_the_way_there_and_back(bits, signed, symmetric):
    x = np.linspace(-1.0, 2.0, 7)
    params = affine.choose_affine(
        x, bits=bits, signed=signed, symmetric=symmetric
    )
    codes = np.arange(params.quant_min, params.quant_max + 1)
    codes = codes.astype(params.dtype)
    real = affine.dequantize(codes, params)
    assert real.dtype == np.float32
    assert np.array_equal(affine.quantize(real, params), codes)


def test_conventions():
    weight = np.array([[-4.0, 1.0], [0.5, 2.0]], np.float32)
    rows = affine.choose_affine(weight, symmetric=True, axis=1)
    assert rows.scale.tolist() == [[np.float32(4 / 127)], [np.float32(2 / 127)]]
    assert (rows.quant_min, rows.quant_max) == (-127, 127)  # narrow
    assert affine.quantize(weight, rows).tolist() == [[-127, 32], [32, 127]]

    whole = affine.choose_affine(weight, bits=4)
    assert whole.scale.tolist() == [[np.float32(6 / 15)]]
    assert whole.zero_point.tolist() == [[2]]  # -8 + 4 / 0.4

    middle = affine.choose_affine(weight, symmetric=True, signed=False)
    assert middle.zero_point.tolist() == [[128]]
    assert middle.narrow is False

    ties = np.array([-1.5, -0.5, 0.5, 1.5, 2.5], np.float32)
    odd = AffineParams(1.0, 3, bits=8, signed=True)
    assert affine.quantize(ties, odd).tolist() == [1, 3, 3, 5, 5]
    ends = np.array([-1e30, 1e30])
    assert affine.quantize(ends, odd).tolist() == [-128, 127]


def test_groups_have_steps_of_their_own():
    weight = np.array([[0.1, -0.2, 30.0, 10.0], [0, 0, 0, 5]], np.float32)
    params = affine.choose_affine(
        affine.split_groups(weight, 2), symmetric=True, axis=-1
    )
    largest = np.array([[[0.2], [30.0]], [[0.0], [5.0]]], np.float32)
    expected = np.where(largest == 0, np.float32(1), largest / 127)
    assert np.array_equal(params.scale, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("values", "scale", "zero_point", "codes"),
    [
        (0.0, 1.0, -128, -128),
        ([0.0, 0.0], 1.0, -128, [-128, -128]),
        (2.55, 0.01, -128, 127),
        ([-2.55], 0.01, 127, [-128]),
        ([5.1, 5.1], 0.02, -128, [127, 127]),
        ([1e-44, 0], TINY, -128, [-128, -128]),  # subnormal values
        ([-LARGEST, LARGEST], LARGEST / 127.5, 0, [-128, 127]),
        ([0, LARGEST], LARGEST / 255, -128, [-128, 127]),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("error")
def test_degenerate_ranges(values, scale, zero_point, codes, dtype):
    x = np.array(values, dtype)
    params = affine.choose_affine(x)
    assert params.scale.item() == pytest.approx(float(scale), rel=2**-22)
    assert params.zero_point.item() == zero_point
    assert affine.quantize(x, params).tolist() == codes


@pytest.mark.filterwarnings("error")
def test_a_quotient_beyond_float32_saturates():
    params = AffineParams(1e-30, 5, bits=8, signed=True)
    x = np.array([-LARGEST, LARGEST, 0], np.float32)
    assert affine.quantize(x, params).tolist() == [-128, 127, 5]


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 2)])
def test_empty_arrays_have_no_codes(shape):
    params = AffineParams(0.5, 3, bits=8, signed=True)
    codes = affine.quantize(np.empty(shape, np.float32), params)
    assert codes.shape == shape
    assert affine.dequantize(codes, params).shape == shape
    message = f"x must hold values, got the empty shape {shape}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        affine.choose_affine(np.empty(shape, np.float32))


@pytest.mark.parametrize("shape", [(70_001,), (3, 70_001), (130, 521, 3)])
def test_blocks_cover_every_value_once(shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    params = affine.choose_affine(x, axis=-1, signed=False)
    expected = np.rint(x / params.scale) + params.zero_point
    expected = np.clip(expected, 0, 255).astype(np.uint8)
    assert np.array_equal(affine.quantize(x, params), expected)


def test_strided_arrays_give_the_codes_of_their_copies():
    x = np.arange(48, dtype=np.float32).reshape(4, 6, 2) - 20
    strided = x[::2, ::-1].T
    copied = np.ascontiguousarray(strided)
    params = affine.choose_affine(strided, axis=0)
    assert same(params.scale, affine.choose_affine(copied, axis=0).scale)
    codes = affine.quantize(strided, params)
    assert np.array_equal(codes, affine.quantize(copied, params))
    assert np.array_equal(
        affine.dequantize(codes[:, ::-1], params),
        affine.dequantize(codes[:, ::-1].copy(), params),
    )


def test_inputs_stay_as_they_were():
    x = np.linspace(-3, 4, 12, dtype=np.float32).reshape(3, 4)
    x.flags.writeable = False  # numpy raises where a kernel writes
    params = affine.choose_affine(x, axis=1)
    codes = affine.quantize(x, params)
    codes.flags.writeable = False
    affine.dequantize(codes, params)
    with pytest.raises(ValueError, match="read-only"):
        params.scale[0] = 1


def test_params_do_not_follow_the_arrays_they_were_made_of():
    scale, zero_point = np.ones((2, 1), np.float32), np.zeros((2, 1), np.int32)
    params = AffineParams(scale, zero_point, bits=8, signed=True)
    scale[:], zero_point[:] = 9, 9
    assert params.scale.tolist() == [[1], [1]]
    assert params.zero_point.tolist() == [[0], [0]]


def test_quantize_needs_little_memory_beyond_its_result():
    x = np.ones((1000, 2000), np.float32)
    params = affine.choose_affine(x, axis=1)
    tracemalloc.start()
    codes = affine.quantize(x, params)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes.nbytes <= peak < codes.nbytes + x.nbytes / 10


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64])
@pytest.mark.parametrize("bits", [4, 8, 16])
def test_bits_of_numpy_count_as_pythons(kind, bits):
    x = np.linspace(-1, 2, 7)
    for signed in (True, False):
        params = affine.choose_affine(x, bits=kind(bits), signed=signed)
        same = affine.choose_affine(x, bits=bits, signed=signed)
        assert type(params.bits) is int
        assert (params.quant_min, params.dtype) == (same.quant_min, same.dtype)
        assert np.array_equal(
            affine.quantize(x, params), affine.quantize(x, same)
        )


@pytest.mark.filterwarnings("error")
def test_a_code_beyond_the_floats_is_infinite_without_a_warning():
    params = AffineParams(LARGEST / 100, 0, bits=8, signed=True)
    assert affine.dequantize(np.int8([127, 1]), params).tolist() == [
        np.inf,
        params.scale,
    ]
