"""Where networks look: the published forms, gradients, and ink by hand."""

import math

import numpy as np
import pytest
import torch
from scipy import special
from torch.nn import functional

from mini_compress.distillation import (
    attention_loss,
    attention_map,
    mass_on_ink,
    matrix_loss,
)
from tests.support.mistakes import assert_refused


def features(channels, seed, n=3):
    generator = torch.Generator().manual_seed(seed)
    shape = (n, channels, 4, 5)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


STUDENT, TEACHER = features(4, 0), features(7, 1)


def matrices(heads, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(
        (2, heads, 6, 6), generator=generator, dtype=torch.float64
    )
    return scores.softmax(dim=3)


def as_in_the_code(x):
    """Return the maps as the authors of attention transfer compute them."""
    return functional.normalize(x.pow(2).mean(1).view(x.size(0), -1))


def test_losses_are_the_published_ones():
    ours, theirs = as_in_the_code(STUDENT), as_in_the_code(TEACHER)
    squares = attention_loss(STUDENT, TEACHER)
    torch.testing.assert_close(squares, (ours - theirs).pow(2).mean())
    norms = (ours - theirs).norm(dim=1)
    torch.testing.assert_close(
        attention_loss(STUDENT, TEACHER, form="norm"), norms.mean()
    )
    # "squares" divides by the 20 positions, too
    torch.testing.assert_close(20 * squares, norms.square().mean())
    assert torch.equal(
        squares, attention_loss(STUDENT, TEACHER, form="squares")
    )


@pytest.mark.parametrize("form", ["squares", "norm"])
def test_gradients_are_those_of_the_losses(form):
    student, teacher = STUDENT.clone().requires_grad_(), TEACHER.clone()
    teacher.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: attention_loss(x, teacher.detach(), form=form), student
    )
    attention_loss(student, teacher, form=form).backward()
    assert teacher.grad is None


@pytest.mark.parametrize("form", ["squares", "norm"])
def test_equal_maps_and_empty_ones_give_no_nan(form):
    for x in (STUDENT, torch.zeros_like(STUDENT)):
        student = x.clone().requires_grad_()
        loss = attention_loss(student, x, form=form)
        loss.backward()
        assert loss.item() == pytest.approx(0, abs=1e-12)
        assert student.grad.isfinite().all()


def test_the_gradient_of_the_norm_does_not_fade():
    sizes = {}
    for form in ("squares", "norm"):
        for gap in (0.1, 0.001):
            student = (STUDENT + gap * features(4, 2)).requires_grad_()
            attention_loss(student, STUDENT, form=form).backward()
            sizes[form, gap] = student.grad.norm().item()
    assert sizes["squares", 0.001] < 0.02 * sizes["squares", 0.1]
    assert sizes["norm", 0.001] > 0.5 * sizes["norm", 0.1]


def test_matrices_are_compared_row_by_row():
    student, teacher = matrices(2, 0), matrices(3, 1)
    teacher[0, :, 0] = torch.eye(6, dtype=torch.float64)[0]  # looks at one
    p, q = teacher.mean(dim=1).numpy(), student.mean(dim=1).numpy()
    expected = special.rel_entr(p, q).sum(axis=2).mean()
    assert matrix_loss(student, teacher).item() == pytest.approx(expected)
    assert matrix_loss(teacher, teacher).item() == pytest.approx(0, abs=1e-12)
    assert matrix_loss(student, teacher) > 0


def test_gradients_of_matrices():
    student, teacher = matrices(2, 0).requires_grad_(), matrices(3, 1)
    teacher.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: matrix_loss(x, teacher.detach()), student
    )
    matrix_loss(student, teacher).backward()
    assert teacher.grad is None


def test_a_student_that_looks_elsewhere_altogether_has_a_finite_loss():
    student = torch.eye(2).expand(1, 1, 2, 2).clone().requires_grad_()
    loss = matrix_loss(student, torch.eye(2).flip(0).expand(1, 1, 2, 2))
    loss.backward()
    assert 80 < loss.item() < math.inf
    assert student.grad.isfinite().all()


def test_mass_on_ink_is_what_lies_on_bright_cells():
    images = torch.zeros(3, 1, 6, 4)
    images[0, 0, 2, 3] = 0.5  # of 3 x 2 cells the one in row 1, column 1
    images[1, 0, 5, 0] = 0.49
    images[2] = 1
    maps = torch.arange(6.0).reshape(1, 3, 2).expand(3, 3, 2)
    got = mass_on_ink(maps, images)
    np.testing.assert_allclose(got, [3 / 15, 0, 1])
    got = mass_on_ink(maps, images, threshold=0.4)
    np.testing.assert_allclose(got, [3 / 15, 4 / 15, 1], rtol=1e-6)
    assert mass_on_ink(torch.zeros(1, 3, 2), images[2:]).item() == 0
    even = mass_on_ink(torch.ones(3, 3, 2), images)
    np.testing.assert_allclose(even, [1 / 6, 0, 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            lambda: attention_map(torch.zeros(2, 3)),
            "features must be (n, channels, h, w), got shape (2, 3)",
        ),
        (
            lambda: attention_loss(STUDENT, TEACHER[:, :, :2]),
            "shape of the teacher's maps must be torch.Size([3, 4, 5]), got "
            "torch.Size([3, 2, 5])",
        ),
        (
            lambda: attention_loss(STUDENT, TEACHER, form="cosine"),
            "form must be one of norm, squares; got 'cosine'",
        ),
        (
            lambda: matrix_loss(matrices(2, 0), matrices(2, 0)[:, :, 1:, 1:]),
            "shape of the teacher's matrices must be torch.Size([2, 6, 6]), "
            "got torch.Size([2, 5, 5])",
        ),
        (
            lambda: mass_on_ink(torch.ones(1, 3, 3), torch.ones(1, 1, 4, 4)),
            "maps of 3 by 3 cells must divide the images, got shape "
            "(1, 1, 4, 4)",
        ),
        (
            lambda: mass_on_ink(torch.ones(1, 2, 2), torch.ones(2, 1, 4, 4)),
            "number of images must be 1, got 2",
        ),
        (
            lambda: mass_on_ink(
                torch.ones(1, 2, 2), torch.ones(1, 1, 4, 4), threshold=1
            ),
            "threshold must be in [0, 1), got 1",
        ),
    ],
)
def test_what_does_not_fit_is_refused(mistake, message):
    assert_refused(mistake, message)
