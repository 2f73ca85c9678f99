"""What the kernels for single codes refuse, and the message of each mistake."""

import numpy as np
import pytest

from mini_compress.kernels import affine, packing, planes
from mini_compress.kernels.affine import AffineParams
from tests.support.mistakes import assert_refused

X = np.ones((2, 4), np.float32)
NAN = np.array([1.0, np.nan], np.float32)
INF = np.array([1.0, np.inf], np.float32)
CODES = np.ones((2, 4), np.int8)
PACKED = np.ones(4, np.uint8)
GRID = AffineParams(0.5, 3, bits=4, signed=False)


def params(scale=0.5, zero_point=0, bits=8, signed=True, narrow=False):
    return AffineParams(scale, zero_point, bits, signed, narrow)


def choose(x=X, **options):
    return affine.choose_affine(x, **options)


def pack(codes=CODES, bits=4, **options):
    return packing.pack_bits(codes, bits=bits, **options)


def unpack(packed=PACKED, bits=4, count=8, **options):
    return packing.unpack_bits(
        packed, bits=bits, count=count, signed=True, **options
    )


MISTAKES = [
    # grids of codes
    (lambda: params(scale=0.0), "scale must be > 0, got 0.0"),
    (lambda: params(scale=[1.0, -2.0]), "scale must be > 0, got -2.0"),
    (lambda: params(scale=np.nan), "scale must be finite, got NaN"),
    (lambda: params(scale=np.inf), "scale must be finite, got infinity"),
    (lambda: params(scale=1e300), "scale must be finite, got infinity"),
    (lambda: params(scale="1"), "scale must be real numbers, got str32"),
    (lambda: params(scale=True), "scale must be real numbers, got bool"),
    (
        lambda: params(scale=np.ma.array([0.5], mask=True)),
        "scale must be a numpy array, got MaskedArray; use its filled()",
    ),
    (
        lambda: params(zero_point=np.array(1, ">i4")),
        "zero_point must be integers, got >i4 (other byte order)",
    ),
    (
        lambda: choose(X.view(np.matrix)),
        "x must be a numpy array, got matrix; use np.asarray",
    ),
    (
        lambda: choose(X.astype(">f4")),
        "x must be float32 or float64, got >f4 (other byte order)",
    ),
    (
        lambda: affine.dequantize(CODES.astype(">i2"), GRID),
        "codes must be integers, got >i2 (other byte order)",
    ),
    (
        lambda: params(zero_point=128),
        "zero_point must be in [-128, 127], got 128 to 128",
    ),
    (
        lambda: params(zero_point=-128, narrow=True),
        "zero_point must be in [-127, 127], got -128 to -128",
    ),
    (
        lambda: params(zero_point=0.0),
        "zero_point must be integers, got float64",
    ),
    (
        lambda: params(zero_point=[0, 1]),
        "zero_point must have the scale's shape (), got (2,)",
    ),
    (lambda: params(bits=0), "bits must be in [1, 16], got 0"),
    (lambda: params(bits=17), "bits must be in [1, 16], got 17"),
    (lambda: params(bits=8.0), "bits must be a whole number, got float"),
    (
        lambda: params(signed=False, narrow=True),
        "narrow, which symmetric implies, needs signed codes of at least "
        "2 bits, got bits=8, signed=False",
    ),
    # choose_affine
    (lambda: choose([1.0]), "x must be a numpy array, got list"),
    (lambda: choose(CODES), "x must be float32 or float64, got int8"),
    (
        lambda: choose(X.astype(np.float16)),
        "x must be float32 or float64, got float16",
    ),
    (lambda: choose(NAN), "x must be finite, got NaN"),
    (lambda: choose(INF), "x must be finite, got infinity"),
    (lambda: choose(-INF), "x must be finite, got infinity"),
    (lambda: choose(axis=2), "axis must be in [-2, 1], got 2"),
    (lambda: choose(axis=(0, -3)), "axis must be in [-2, 1], got -3"),
    (
        lambda: choose(axis=(0, -2)),
        "axis must name each axis once, got (0, -2)",
    ),
    (lambda: choose(axis=1.0), "axis must be a whole number, got float"),
    (
        lambda: affine.choose_affine(np.array(1.0), axis=0),
        "axis must be None for a number, got 0",
    ),
    (lambda: choose(bits=0), "bits must be in [1, 16], got 0"),
    (lambda: choose(bits=True), "bits must be a whole number, got bool"),
    (
        lambda: choose(bits=1, symmetric=True),
        "narrow, which symmetric implies, needs signed codes of at least "
        "2 bits, got bits=1, signed=True",
    ),
    (
        lambda: choose(np.array([1e300])),
        "x must fit a float32 scale, got 1e+300",
    ),
    # quantize, dequantize, split_groups
    (
        lambda: affine.quantize(CODES, GRID),
        "x must be float32 or float64, got int8",
    ),
    (lambda: affine.quantize(NAN, GRID), "x must be finite, got NaN"),
    (lambda: affine.quantize(INF, GRID), "x must be finite, got infinity"),
    (
        lambda: affine.quantize(X, params(scale=np.ones(3))),
        "scale must broadcast against shape (2, 4), got shape (3,)",
    ),
    (lambda: affine.dequantize(X, GRID), "codes must be integers, got float32"),
    (
        lambda: affine.dequantize(7, GRID),
        "codes must be a numpy array, got int",
    ),
    (
        lambda: affine.dequantize(CODES * 16, GRID),
        "codes must be in [0, 15], got 16 to 16",
    ),
    (
        lambda: affine.dequantize(CODES, params(scale=np.ones((3, 1)))),
        "scale must broadcast against shape (2, 4), got shape (3, 1)",
    ),
    (
        lambda: affine.split_groups(X, 3),
        "group_size must divide the last axis of x, got 3 for shape (2, 4)",
    ),
    (lambda: affine.split_groups(X, 0), "group_size must be >= 1, got 0"),
    (
        lambda: affine.split_groups(X, 2.0),
        "group_size must be a whole number, got float",
    ),
    (
        lambda: affine.split_groups(np.float32(1), 1),
        "x must be a numpy array, got float32",
    ),
    # packing
    (lambda: pack(codes=X), "codes must be int8 or uint8, got float32"),
    (
        lambda: pack(codes=CODES * 8),
        "codes must be in [-8, 7] for 4 bits, got 8 to 8",
    ),
    (
        lambda: pack(codes=CODES, bits=1),
        "codes must be in [-1, 0] for 1 bits, got 1 to 1",
    ),
    (
        lambda: pack(codes=PACKED * 4, bits=2),
        "codes must be in [0, 3] for 2 bits, got 4 to 4",
    ),
    (lambda: pack(bits=3), "bits must be one of 1, 2, 4; got 3"),
    (lambda: pack(bits=4.0), "bits must be a whole number, got float"),
    (
        lambda: pack(order="middle_first"),
        "order must be one of low_first, high_first; got 'middle_first'",
    ),
    (lambda: unpack(packed=CODES), "packed must be uint8, got int8"),
    (
        lambda: unpack(packed=PACKED[None]),
        "packed must have 1 axes, got shape (1, 4)",
    ),
    (
        lambda: unpack(count=9),
        "packed must have 5 bytes for 9 codes of 4 bits, got 4",
    ),
    (
        lambda: unpack(count=6),
        "packed must have 3 bytes for 6 codes of 4 bits, got 4",
    ),
    (lambda: unpack(count=-1), "count must be >= 0, got -1"),
    (lambda: unpack(bits=8), "bits must be one of 1, 2, 4; got 8"),
    (
        lambda: unpack(order="low"),
        "order must be one of low_first, high_first; got 'low'",
    ),
    (
        lambda: planes.pack_planes(CODES * 4, bits=3),
        "codes must be in [-4, 3] for 3 bits, got 4 to 4",
    ),
    (
        lambda: planes.pack_planes(CODES.astype(np.int16), bits=3),
        "codes must be int8 or uint8, got int16",
    ),
    (
        lambda: planes.pack_planes(CODES, bits=0),
        "bits must be in [1, 8], got 0",
    ),
    (
        lambda: planes.unpack_planes(np.ones(4, np.uint8), bits=3, count=8),
        "shape of packed must be (3,), got (4,)",
    ),
    (
        lambda: planes.unpack_planes(CODES, bits=3, count=8),
        "packed must be uint8, got int8",
    ),
    (lambda: planes.num_packed_bytes(-1, 3), "count must be >= 0, got -1"),
]


@pytest.mark.parametrize(
    ("mistake", "message"), MISTAKES, ids=[message for _, message in MISTAKES]
)
def test_each_mistake_has_its_message(mistake, message):
    assert_refused(mistake, message)
