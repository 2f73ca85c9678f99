"""Losses on tensors: the kernels' values, and gradients that are right."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from mini_compress.distillation import decoupled_loss, soft_target_loss
from mini_compress.kernels import soft_targets
from tests.support.mistakes import assert_refused

SHAPES = [(1, 2), (6, 10), (3, 1000)]


def pair(shape, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    return [
        4 * torch.randn(shape, generator=generator, dtype=dtype)
        for _ in range(2)
    ]


def labels_for(shape):
    return torch.arange(shape[0]) % shape[1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("temperature", [0.5, 4, 20.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_losses_are_the_kernels(shape, temperature, dtype):
    student, teacher = pair(shape, dtype)
    labels = labels_for(shape)
    arrays = student.numpy(), teacher.numpy()
    accuracy = 1e-9 if dtype == torch.float64 else 1e-4
    got = soft_target_loss(student, teacher, temperature=temperature)
    expected = soft_targets.soft_target_loss(*arrays, temperature=temperature)
    assert got.item() == pytest.approx(expected, rel=accuracy)
    target, others = soft_targets.decouple(
        *arrays, labels.numpy(), temperature=temperature
    )
    got = decoupled_loss(
        student, teacher, labels, temperature=temperature, others_weight=3
    )
    expected = temperature**2 * (target + 3 * others).mean()
    assert got.item() == pytest.approx(expected, rel=accuracy)


@pytest.mark.parametrize("temperature", [0.5, 4.0])
def test_gradients_are_those_of_the_losses(temperature):
    student, teacher = pair((4, 5))
    student.requires_grad_()
    labels = labels_for(student.shape)
    assert torch.autograd.gradcheck(
        lambda x: soft_target_loss(x, teacher, temperature=temperature), student
    )
    assert torch.autograd.gradcheck(
        lambda x: decoupled_loss(
            x, teacher, labels, temperature=temperature, others_weight=8
        ),
        student,
    )
    soft_target_loss(student, teacher, temperature=temperature).backward()
    np.testing.assert_allclose(
        student.grad,
        soft_targets.soft_target_gradient(
            student.detach().numpy(), teacher.numpy(), temperature=temperature
        ),
        rtol=1e-9,
        atol=1e-12,
    )


def test_the_factor_keeps_gradients_the_size_of_the_labels():
    student, teacher = pair((8, 10))
    sizes = []
    for temperature in (10.0, 100.0):
        learning = student.clone().requires_grad_()
        soft_target_loss(learning, teacher, temperature=temperature).backward()
        sizes.append(learning.grad.norm().item())
    # without it the second would be a hundredth of the first
    assert sizes[1] == pytest.approx(sizes[0], rel=0.3)


def test_nothing_is_learned_by_the_teacher():
    student, teacher = (x.requires_grad_() for x in pair((4, 5)))
    labels = labels_for(student.shape)
    soft_target_loss(student, teacher, temperature=2).backward()
    decoupled_loss(student, teacher, labels, temperature=2).backward()
    assert teacher.grad is None
    assert student.grad.abs().max() > 0


def test_the_others_weigh_what_they_are_given():
    student, teacher = pair((6, 10))
    labels = labels_for(student.shape)
    settings = {"temperature": 2.0}
    losses = [
        decoupled_loss(
            student, teacher, labels, others_weight=weight, **settings
        ).item()
        for weight in (0, 1, 2)
    ]
    assert losses[2] - losses[1] == pytest.approx(losses[1] - losses[0])
    assert losses[1] > losses[0]
    usual = decoupled_loss(student, teacher, labels, **settings).item()
    assert usual - losses[0] == pytest.approx(8 * (losses[1] - losses[0]))


@pytest.mark.parametrize("size", [100.0, 1e4])
def test_sure_logits_give_finite_losses_and_gradients(size):
    student = torch.tensor([[0, 0, 2.0, size]]).requires_grad_()
    teacher = torch.tensor([[size, 3.0, 1, 0]])
    labels = torch.tensor([0])
    for loss, expected in (
        (soft_target_loss(student, teacher, temperature=1), size),
        (decoupled_loss(student, teacher, labels, temperature=1), None),
    ):
        student.grad = None
        loss.backward()
        assert loss.isfinite()
        assert student.grad.isfinite().all()
        if expected:
            assert loss.item() == pytest.approx(expected)


def test_it_is_torchs_with_the_mean_over_images():
    student, teacher = pair((6, 10))
    log_q, p = (
        functional.log_softmax(student / 3, dim=1),
        functional.softmax(teacher / 3, dim=1),
    )
    expected = 9 * functional.kl_div(log_q, p, reduction="batchmean")
    got = soft_target_loss(student, teacher, temperature=3)
    torch.testing.assert_close(got, expected)


def with_one(value):
    logits = torch.zeros(2, 3)
    logits[1, 1] = value
    return logits


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 0}, "temperature must be above 0, got 0"),
        ({"temperature": -2}, "temperature must be in [0, inf), got -2"),
        ({"temperature": math.nan}, "temperature must be in [0, inf), got nan"),
        (
            {"teacher_logits": torch.zeros(2, 5)},
            "teacher must have the student's 3 classes, got 5",
        ),
        (
            {"teacher_logits": torch.zeros(4, 3)},
            "shape of the teacher's logits must be (2, 3), got (4, 3)",
        ),
        (
            {"student_logits": torch.zeros(3)},
            "student's logits must be (n, classes), got (3,)",
        ),
        (
            {"student_logits": torch.zeros(0, 3)},
            "student's logits must be (n, classes), got (0, 3)",
        ),
        (
            {"teacher_logits": torch.zeros(2, 3, device="meta")},
            "device of the teacher must be cpu, got meta",
        ),
        (
            {"teacher_logits": with_one(math.nan)},
            "teacher's logits must be finite, got NaN",
        ),
        (
            {"teacher_logits": with_one(-math.inf)},
            "teacher's logits must be finite, got infinity",
        ),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    given = {
        "student_logits": torch.zeros(2, 3),
        "teacher_logits": torch.zeros(2, 3),
        "temperature": 4.0,
    } | changes
    assert_refused(lambda: soft_target_loss(**given), message)
    labels = torch.tensor([0, 1])
    assert_refused(lambda: decoupled_loss(**given, labels=labels), message)


def test_labels_and_their_weight_must_fit():
    logits, labels = torch.zeros(2, 3), torch.tensor([0, 1, 2])
    assert_refused(
        lambda: decoupled_loss(logits, logits, labels, temperature=4),
        "shape of labels must be (2,), got (3,)",
    )
    assert_refused(
        lambda: decoupled_loss(
            logits, logits, labels[:2], temperature=4, others_weight=-1
        ),
        "others_weight must be in [0, inf), got -1",
    )
