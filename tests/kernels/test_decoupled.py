"""The decoupled divergence: its parts, and the formula as it was published."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from mini_compress.kernels import soft_targets
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick, reals

RNG = np.random.default_rng(0)
PAIR = [4 * RNG.standard_normal((8, 5)) for _ in range(2)]
LABELS = RNG.integers(0, 5, 8)


def decouple(student, teacher, labels, temperature=4.0):
    return soft_targets.decouple(
        student, teacher, labels, temperature=temperature
    )


def as_published(student, teacher, labels, temperature):
    """Follow the paper's code: probabilities, and 1,000 off the target.

    See [zhao2022decoupled]; in float64, image by image, without T**2.
    """
    is_target = np.eye(student.shape[1])[labels]  # (n, classes)
    binary, masked = [], []
    for logits in (teacher, student):
        p = special.softmax(logits / temperature, axis=1)
        of_target = (p * is_target).sum(axis=1)
        of_others = (p * (1 - is_target)).sum(axis=1)
        binary.append(np.stack([of_target, of_others], axis=1))
        masked.append(
            special.softmax(logits / temperature - 1000 * is_target, axis=1)
        )
    with np.errstate(divide="ignore"):
        return tuple(
            special.rel_entr(p, q).sum(axis=1) for p, q in (binary, masked)
        )


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_parts_are_the_published_ones(temperature):
    got = decouple(*PAIR, LABELS, temperature)
    expected = as_published(*PAIR, LABELS, temperature)
    for ours, theirs in zip(got, expected, strict=True):
        assert ours.shape == (8,)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_extreme_logits_break_the_published_form_and_not_this_one():
    teacher = np.array([[9000.0, 3, 1, 0]])
    student = np.array([[0.0, 2, 2, 9000]])
    label = np.array([0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        target, others = decouple(student, teacher, label, temperature=1)
    broken = as_published(student, teacher, label, 1)
    # the student gives the target exp(-9000), whose logarithm they take
    assert broken[0] == math.inf
    assert target == pytest.approx(9000)
    # 1,000 off is not enough: their teacher still sees the target alone
    p = special.softmax(teacher[0, 1:])
    log_q = special.log_softmax(student[0, 1:])
    assert others == pytest.approx((p * (np.log(p) - log_q)).sum())
    assert broken[1] != pytest.approx(others, rel=0.1)


@quick
@given(
    st.tuples(st.integers(1, 4), st.integers(2, 6)).flatmap(
        lambda shape: st.tuples(
            reals(shape, largest=30.0), reals(shape, largest=30.0)
        )
    ),
    st.floats(0.5, 20),
    st.integers(0, 100),
)
def test_the_parts_add_up_to_the_whole(drawn, temperature, first):
    student, teacher = (x.astype(np.float64) for x in drawn)
    n, classes = student.shape
    labels = (first + np.arange(n)) % classes
    target, others = decouple(student, teacher, labels, temperature)
    assert (target > -1e-12).all()
    assert (others > -1e-12).all()
    p = soft_targets.softmax(teacher, temperature=temperature)
    rest = 1 - p[np.arange(n), labels]
    for i in range(n):
        whole = soft_targets.soft_target_loss(
            student[i : i + 1], teacher[i : i + 1], temperature=temperature
        )
        parts = temperature**2 * (target[i] + rest[i] * others[i])
        assert parts == pytest.approx(whole, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("label", [0, 1])
def test_of_two_classes_the_other_is_alone(label):
    student, teacher = (x[:, :2].copy() for x in PAIR)
    target, others = decouple(student, teacher, np.full(8, label))
    assert not others.any()
    assert 16 * target.mean() == pytest.approx(
        soft_targets.soft_target_loss(student, teacher, temperature=4.0)
    )


def test_a_sure_teacher_silences_the_others_in_the_whole_but_not_here():
    others = []
    for logit in (5.0, 50.0, 500.0):
        student, teacher = (x[:1].copy() for x in PAIR)
        teacher[0, 0] = logit
        others.append(decouple(student, teacher, np.array([0]))[1][0])
    assert np.ptp(others) < 1e-12
    assert others[0] > 0.01


def test_others_that_are_infinitely_far_behind_say_nothing():
    sure = np.array([[1e308, -1e308, -1e308]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for student, teacher in ((sure, sure), (np.zeros((1, 3)), sure)):
            target, others = decouple(student, teacher, np.array([0]))
            assert np.isfinite(target).all()
            assert np.isfinite(others).all()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS[:3], "shape of labels must be (8,), got (3,)"),
        (LABELS - 1, f"smallest label must be >= 0, got {LABELS.min() - 1}"),
        (
            np.full(8, 5),
            "largest label must be in [0, 4], got 5",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    assert_refused(lambda: decouple(*PAIR, labels), message)


def test_labels_must_be_whole_numbers_and_classes_two():
    with pytest.raises(TypeError, match="labels must be whole numbers"):
        decouple(*PAIR, LABELS / 2)
    one = np.zeros((1, 1))
    with pytest.raises(ValueError, match="number of classes must be >= 2"):
        decouple(one, one, np.array([0]))
