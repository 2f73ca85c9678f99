"""Packed logits: there and back, bytes counted by hand, ties, many classes."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.kernels.packed_logits import pack_logits, unpack_logits
from mini_compress.kernels.soft_targets import softmax
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick, reals


def logits_of(n, classes, seed=0):
    rng = np.random.default_rng(seed)
    return (6 * rng.standard_normal((n, classes))).astype(np.float32)


def behind(logits):
    wide = logits.astype(np.float64)
    return wide - wide.max(axis=1, keepdims=True)


SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 12))


@quick
@given(
    SHAPES.flatmap(lambda shape: reals(shape, largest=100.0)),
    st.integers(1, 8),
)
def test_each_logit_comes_back_within_half_a_step(logits, bits):
    packed = pack_logits(logits, bits=bits)
    unpacked = unpack_logits(packed)
    assert unpacked.dtype == np.float32
    assert unpacked.shape == logits.shape
    assert (unpacked.max(axis=1) == 0).all()
    error = np.abs(unpacked - behind(logits))
    assert error.max() <= packed.step * (0.5 + 1e-5)


@quick
@given(
    SHAPES.flatmap(lambda shape: reals(shape, largest=100.0)),
    st.integers(1, 8),
    st.data(),
)
def test_the_best_classes_are_kept_and_the_others_share(logits, bits, data):
    n, classes = logits.shape
    top = data.draw(st.integers(1, classes))
    packed = pack_logits(logits, top=top, bits=bits)
    unpacked = unpack_logits(packed)
    distances = behind(logits)
    order = np.argsort(-distances, axis=1, kind="stable")
    half = packed.step * (0.5 + 1e-5)
    for image in range(n):
        best, rest = order[image, :top], order[image, top:]
        kept = unpacked[image, best] - distances[image, best]
        assert np.abs(kept).max() <= half
        # the class that the teacher names is still a best one
        assert unpacked[image, logits[image].argmax()] == 0
        if len(rest):
            shared = unpacked[image, rest]
            assert len(set(shared.tolist())) == 1
            assert abs(shared[0] - distances[image, rest].mean()) <= half


def test_no_step_is_wasted():
    logits = np.array([[0, -3, -255]], np.float64)
    packed = pack_logits(logits, bits=8)
    assert packed.step == 1
    assert unpack_logits(packed).tolist() == logits.tolist()
    assert pack_logits(logits, bits=4).step == 17
    # codes are rounded half to even
    halves = np.array([[0, -0.5, -1.5, -2.5, -255]])
    assert unpack_logits(pack_logits(halves)).tolist() == [[0, 0, -2, -2, -255]]


@pytest.mark.parametrize(
    ("classes", "top", "bits", "expected"),
    [
        (10, None, 8, 7 * 10),
        (10, None, 4, 7 * 5),
        (10, 10, 1, math.ceil(70 / 8)),
        # three codes and one of the others; three numbers of 4 bits
        (10, 3, 8, 7 * 4 + math.ceil(7 * 3 * 4 / 8)),
        (10, 3, 4, 7 * 2 + math.ceil(7 * 3 * 4 / 8)),
        (2, 1, 2, math.ceil(7 * 2 * 2 / 8) + 1),
        (256, 5, 8, 7 * 6 + 7 * 5),
        (257, 5, 8, 7 * 6 + 7 * 5 * 2),  # two bytes name a class
        (1000, 20, 4, math.ceil(7 * 21 / 2) + 7 * 20 * 2),
    ],
)
def test_bytes_are_those_counted_by_hand(classes, top, bits, expected):
    packed = pack_logits(logits_of(7, classes), top=top, bits=bits)
    assert packed.num_bytes == expected + 4  # and the step
    assert unpack_logits(packed).shape == (7, classes)


@pytest.mark.parametrize("classes", [2, 3, 255, 256, 257, 65_536])
@pytest.mark.parametrize("top", [1, 2])
def test_each_number_of_classes_survives(classes, top):
    logits = np.zeros((3, classes), np.float32)
    best, second = [0, classes // 2, classes - 1], [1, 0, classes // 2]
    logits[np.arange(3), best] = 9
    logits[np.arange(3), second] = 6
    logits[np.arange(3), best] = 9  # of two classes both may be one
    unpacked = unpack_logits(pack_logits(logits, top=top, bits=8))
    assert unpacked.argmax(axis=1).tolist() == best
    if top == 2 and classes > 2:
        order = np.argsort(-unpacked, axis=1, kind="stable")
        assert order[:, 1].tolist() == second


def test_of_equal_logits_the_first_is_kept():
    logits = np.array([[1.0, 5, 5, 5, 0], [2, 2, 2, 2, 2]])
    unpacked = unpack_logits(pack_logits(logits, top=2, bits=8))
    assert unpacked[0, 1:3].tolist() == [0, 0]
    # 1, 5 and 0 lie 3 behind on average
    assert unpacked[0, [0, 3, 4]] == pytest.approx([-3] * 3, abs=0.01)
    assert unpacked[1].tolist() == [0] * 5


def test_equal_logits_and_one_class_need_no_step():
    for logits in (np.full((2, 3), 7.0), np.array([[3.0]])):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            packed = pack_logits(logits, bits=3)
        assert packed.step == 1
        assert not unpack_logits(packed).any()


def test_eight_bits_serve_every_temperature():
    logits = logits_of(50, 10)
    packed = pack_logits(logits)
    for temperature in (1.0, 4.0, 20.0):
        p = softmax(logits, temperature=temperature)
        q = softmax(unpack_logits(packed), temperature=temperature)
        # half a step either way changes no ratio by more than a step
        largest = np.exp(packed.step / temperature)
        assert np.abs(np.log(q / p)).max() <= np.log(largest) * 1.001


def test_what_is_given_is_not_changed():
    logits = logits_of(4, 6)
    logits.flags.writeable = False  # numpy raises where a kernel writes
    packed = pack_logits(logits[:, ::-1], top=2)
    assert np.array_equal(
        unpack_logits(packed),
        unpack_logits(pack_logits(logits[:, ::-1].copy(), top=2)),
    )


@pytest.mark.parametrize(
    ("logits", "options", "message"),
    [
        (np.zeros(3), {}, "logits must have 2 axes, got shape (3,)"),
        (np.zeros((0, 3)), {}, "number of images must be >= 1, got 0"),
        (
            np.zeros((1, 65_537)),
            {},
            "number of classes must be in [1, 65536], got 65537",
        ),
        (
            np.zeros((1, 3), int),
            {},
            "logits must be float32 or float64, got int64",
        ),
        (np.array([[0, np.nan]]), {}, "logits must be finite, got NaN"),
        (np.array([[0, -np.inf]]), {}, "logits must be finite, got infinity"),
        (np.zeros((1, 3)), {"top": 0}, "top must be in [1, 3], got 0"),
        (np.zeros((1, 3)), {"top": 4}, "top must be in [1, 3], got 4"),
        (np.zeros((1, 3)), {"bits": 0}, "bits must be in [1, 8], got 0"),
        (np.zeros((1, 3)), {"bits": 9}, "bits must be in [1, 8], got 9"),
        (
            np.array([[0, 1e300]]),
            {},
            "largest distance between logits must be finite, got infinity",
        ),
        (
            np.array([[-1.7e308, 1.7e308]]),
            {},
            "largest distance between logits must be finite, got infinity",
        ),
        (
            np.array([[-3e38, 3e38]], np.float32),
            {"bits": 8},
            "largest distance between logits must be finite, got infinity",
        ),
    ],
)
def test_mistakes_are_refused_by_name(logits, options, message):
    assert_refused(lambda: pack_logits(logits, **options), message)
