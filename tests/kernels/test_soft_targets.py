"""Soft targets: against the loops, torch, scipy and 50 digits, and by laws."""

import math
import warnings

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special
from torch.nn import functional

from mini_compress.kernels import naive, soft_targets
from tests.support.strategies import quick, reals

DTYPES = [np.float32, np.float64]
SHAPES = [(1, 2), (3, 10), (1, 1000), (257, 3)]
TEMPERATURES = st.floats(0.5, 20)


def logits_pair(shape, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return [(4 * rng.standard_normal(shape)).astype(dtype) for _ in range(2)]


@st.composite
def pairs(draw, largest=50.0):
    """Draw the logits of a student and of a teacher, 1 to 4 images each."""
    shape = draw(st.integers(1, 4)), draw(st.integers(2, 6))
    return [draw(reals(shape, largest=largest)) for _ in range(2)]


def loss(student, teacher, temperature=4.0):
    return soft_targets.soft_target_loss(
        student, teacher, temperature=temperature
    )


def in_fifty_digits(student, teacher, temperature):
    """Write the definition down, in numbers that lose nothing."""
    with mpmath.workdps(50):
        total = mpmath.mpf(0)
        for row_q, row_p in zip(student, teacher, strict=True):
            powers = [
                [mpmath.exp(mpmath.mpf(float(z)) / temperature) for z in row]
                for row in (row_p, row_q)
            ]
            p, q = ([x / mpmath.fsum(row) for x in row] for row in powers)
            total += mpmath.fsum(
                a * mpmath.log(a / b) for a, b in zip(p, q, strict=True)
            )
        return float(mpmath.mpf(temperature) ** 2 * total / len(student))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_probabilities_are_scipys(shape, dtype):
    logits, _ = logits_pair(shape, dtype)
    wide = logits.astype(np.float64) / 3
    got = soft_targets.softmax(logits, temperature=3)
    assert got.dtype == dtype
    accuracy = 1e-13 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(
        got, special.softmax(wide, axis=-1), rtol=accuracy
    )
    np.testing.assert_allclose(
        soft_targets.log_softmax(logits, temperature=3),
        special.log_softmax(wide, axis=-1),
        rtol=accuracy,
        atol=accuracy,
    )


def test_any_number_of_axes_comes_before_the_classes():
    logits, _ = logits_pair((2, 3, 4, 5))
    got = soft_targets.softmax(logits)
    assert np.array_equal(got[1, 2], soft_targets.softmax(logits[1, 2]))
    assert np.array_equal(got[0, 0, 3], soft_targets.softmax(logits[0, 0, 3]))


@pytest.mark.parametrize("temperature", [0.7, 1, 4, 20.0, 1e4])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_loss_is_torchs_and_scipys(shape, temperature):
    student, teacher = logits_pair(shape)
    got = loss(student, teacher, temperature)
    p, q = (
        special.softmax(x / temperature, axis=1) for x in (teacher, student)
    )
    divergence = special.rel_entr(p, q).sum(axis=1).mean()
    # at 10,000 the divergence is a difference in the last digits
    accuracy = 1e-6 if temperature == 1e4 else 1e-12
    assert got == pytest.approx(temperature**2 * divergence, rel=accuracy)
    log_q, log_p = (
        functional.log_softmax(torch.from_numpy(x) / temperature, dim=1)
        for x in (student, teacher)
    )
    ways = {
        how: functional.kl_div(log_q, log_p, reduction=how, log_target=True)
        for how in ("batchmean", "none")
    }
    assert got == pytest.approx(
        temperature**2 * ways["batchmean"].item(), rel=accuracy
    )
    # a mean over all numbers is too small by the number of classes
    wrong = ways["none"].mean().item()
    assert got == pytest.approx(temperature**2 * shape[1] * wrong, rel=accuracy)


@quick
@given(pairs(), TEMPERATURES)
def test_the_loss_is_the_definition(drawn, temperature):
    student, teacher = drawn
    got = loss(student, teacher, temperature)
    expected = in_fifty_digits(student, teacher, temperature)
    # where p and q agree, a difference of logarithms is what is lost
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-10)


@quick
@given(pairs(largest=20.0), TEMPERATURES)
def test_kernels_equal_the_loops(drawn, temperature):
    student, teacher = drawn
    labels = np.arange(len(student)) % student.shape[1]
    got = loss(student, teacher, temperature)
    expected = naive.soft_target_loss(student, teacher, temperature)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9)
    kept = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(
        soft_targets.softmax(student.astype(float), temperature=temperature),
        naive.softmax(student, temperature),
        **kept,
    )
    for ours, loops in zip(
        soft_targets.decouple(
            student, teacher, labels, temperature=temperature
        ),
        naive.decouple(student, teacher, labels, temperature),
        strict=True,
    ):
        np.testing.assert_allclose(ours, loops, **kept)


@quick
@given(pairs(), TEMPERATURES, st.floats(-100, 100))
def test_laws_of_the_loss(drawn, temperature, shift):
    student, teacher = (x.astype(np.float64) for x in drawn)
    got = loss(student, teacher, temperature)
    assert got > -1e-10
    about = {"rel": 1e-6, "abs": 1e-9}
    assert loss(student + shift, teacher, temperature) == pytest.approx(
        got, **about
    )
    assert loss(teacher + shift, teacher, temperature) == pytest.approx(
        0, abs=1e-9
    )
    images, classes = np.arange(len(student))[::-1], student.shape[1]
    order = np.roll(np.arange(classes), 1)
    moved = loss(
        student[images][:, order], teacher[images][:, order], temperature
    )
    assert moved == pytest.approx(got, **about)


@quick
@given(pairs(largest=5.0))
def test_only_what_is_equal_but_for_a_shift_has_no_loss(drawn):
    student, teacher = drawn
    gaps = np.ptp(student.astype(float) - teacher, axis=1)
    assume(gaps.max() > 0.01)
    assert loss(student, teacher) > 1e-9


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 1000.0])
def test_the_gradient_is_what_torch_finds(temperature):
    student, teacher = logits_pair((5, 7))
    learning = torch.from_numpy(student).requires_grad_()
    divergence = functional.kl_div(
        functional.log_softmax(learning / temperature, dim=1),
        functional.softmax(torch.from_numpy(teacher) / temperature, dim=1),
        reduction="batchmean",
    )
    (temperature**2 * divergence).backward()
    got = soft_targets.soft_target_gradient(
        student, teacher, temperature=temperature
    )
    np.testing.assert_allclose(got, learning.grad, rtol=1e-9, atol=1e-12)
    assert np.abs(got.sum(axis=1)).max() < 1e-12


def test_at_high_temperature_the_logits_themselves_are_matched():
    student, teacher = logits_pair((4, 6))
    centered = [x - x.mean(axis=1, keepdims=True) for x in (student, teacher)]
    expected = (centered[0] - centered[1]) / (4 * 6)
    errors = []
    for temperature in (1e2, 1e3, 1e4):
        got = soft_targets.soft_target_gradient(
            student, teacher, temperature=temperature
        )
        errors.append(np.abs(got - expected).max())
    assert errors[0] < 0.1
    # what is left falls as 1 / T
    assert np.allclose(np.divide(errors[:-1], errors[1:]), 10, rtol=0.1)


@pytest.mark.parametrize(
    ("size", "dtype"),
    [(1e4, np.float32), (1e37, np.float32), (1e4, float), (1e300, float)],
)
def test_large_logits_do_not_overflow(size, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logits = np.array([[size, 0, -size], [size, size, size]], dtype)
        p = soft_targets.softmax(logits, temperature=2)
        assert np.allclose(p, [[1, 0, 0], [1 / 3] * 3])
        logs = soft_targets.log_softmax(logits)
        assert logs[0].tolist() == [0, -logits[0, 0], -2 * logits[0, 0]]
        assert loss(logits, logits) == 0
        # the teacher is sure of what the student is sure against
        got = soft_targets.soft_target_loss(
            logits[:1, ::-1].copy(), logits[:1], temperature=2
        )
        assert got == pytest.approx(4 * float(logits[0, 0]), rel=1e-6)


def test_what_is_infinitely_far_behind_counts_as_ruled_out():
    far = np.array([[1e308, -1e308]])
    even = np.zeros((1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loss(far, even, 1.0) == math.inf
        assert loss(even, far, 1.0) == pytest.approx(math.log(2))
        wide = np.array([-3e38, 3e38], np.float32)
        assert soft_targets.log_softmax(wide).tolist() == [-math.inf, 0]
