"""The checks of the chapter on learning from another network."""

from collections.abc import Callable

import numpy as np

from ..kernels.soft_targets import soft_target_loss
from .parts.attempt import Attempt
from .parts.budgets import check_budget
from .parts.named_numbers import ROUNDING, expect_number, require_near
from .parts.soft_targets import SINGLE, STUDENT, TEACHER, require_order
from .parts.teachers import (
    ask_teacher,
    modes_of,
    require_kept,
    statistics_of,
    trained_parameters,
)
from .parts.tensors import as_array

HIGH = 10_000.0  # a logit
# validation and test by epoch, in percent: the exercise's log, then others
# whose best epochs are apart
LOG = np.array(
    [[93.2, 95.0, 95.8, 95.6, 95.8, 95.4], [92.9, 95.1, 95.3, 96.0, 95.5, 95.2]]
)
APART = np.array(
    [
        [[90.0, 94.0, 93.0, 92.0], [91.0, 92.0, 95.0, 93.0]],
        [[95.0, 90.0, 91.0, 94.0], [90.0, 96.0, 93.0, 92.0]],
        [[90.0, 91.0, 92.0, 95.0], [93.0, 89.0, 94.0, 88.0]],
    ]
)


def mended_loss(function: Callable) -> None:
    """Check a loss of soft targets, one fault after the other.

    function : (student_logits, teacher_logits, temperature) -> nats, where
        logits are (n, classes) float32 or float64

    The order is judged whatever the factors; at a temperature of 1 the sum
    over classes and the mean over images are, without T**2.
    """
    attempt = Attempt(
        function, "student_logits", "teacher_logits", "temperature"
    )

    def expect(student, teacher, temperature):
        loss = soft_target_loss(student, teacher, temperature=temperature)
        for dtype in (np.float64, np.float32):
            given = student.astype(dtype), teacher.astype(dtype), temperature
            expect_number(attempt, loss, *given, tolerance=SINGLE)

    with attempt.must("one number comes back, 0 if both say the same"):
        same = attempt.call(TEACHER, TEACHER, 4.0)
        require_near(attempt, "loss", same, 0.0, SINGLE)
    with attempt.must(
        "it is KL(teacher, student), and not the reverse",
        "The teacher's probabilities weigh log p - log q.",
    ):
        require_order(attempt)
    with attempt.must(
        "an image's divergence is the sum over its classes",
        "np.mean divides by the number of classes as well.",
    ):
        expect(STUDENT[:1], TEACHER[:1], 1.0)
        expect(STUDENT[2:, :3], TEACHER[2:, :3], 1.0)
    with attempt.must("the loss is the mean over the images"):
        expect(STUDENT, TEACHER, 1.0)
    with attempt.must(
        "the temperature's square keeps the gradient's size",
        "Gradients fall as 1 / T**2.",
    ):
        expect(STUDENT, TEACHER, 4.0)
        expect(STUDENT, TEACHER, 0.5)
    with attempt.must(
        "logits of 10,000 give a finite loss",
        "Where a probability is 0, its logarithm is not finite: take "
        "log_softmax of the logits, not log of softmax.",
    ):
        for temperature in (1.0, 4.0):
            expect(HIGH * STUDENT, HIGH * TEACHER, temperature)


def answers(function: Callable) -> None:
    """Check that a teacher is asked in evaluation mode, and left as it was.

    function : (teacher, images) -> (n, classes) float32 logits; the teacher is
        a module with dropout and batch normalization, images are (n, 4)
    """
    attempt = Attempt(function, "teacher", "images")

    with attempt.must("logits come back, a row for each image"):
        ask_teacher(attempt)
    with attempt.must(
        "no gradient flows through the teacher",
        "Within torch.no_grad() it is not noted how a result came about.",
    ):
        if ask_teacher(attempt).logits.requires_grad:
            attempt.fail("requires_grad=False", "requires_grad=True")
    with attempt.must(
        "the running statistics are as they were",
        "Batch normalization learns from each batch in training mode, with "
        "gradients or without.",
    ):
        require_kept(attempt, statistics_of, ask_teacher(attempt))
    with attempt.must(
        "they are the logits of the evaluation mode",
        "Dropout has a mode, too.",
    ):
        asked = ask_teacher(attempt)
        attempt.require_close(as_array(asked.logits), asked.expected, SINGLE)
    with attempt.must(
        "the teacher is in the mode in which it was",
        "A teacher may have been in evaluation mode before.",
    ):
        for training in (True, False):
            asked = ask_teacher(attempt, training=training)
            require_kept(attempt, modes_of, asked)
    with attempt.must(
        "so is each part of it",
        "teacher.train() changes all parts, and some may have been frozen.",
    ):
        require_kept(attempt, modes_of, ask_teacher(attempt, frozen=True))
    with attempt.must(
        "what asked for a gradient still does, and autograd is on",
        "requires_grad_(False) and set_grad_enabled(False) do not end.",
    ):
        asked = ask_teacher(attempt)
        require_kept(attempt, trained_parameters, asked)
        if not asked.gradients:
            attempt.fail("autograd is on", "it no longer is")


def reportable(function: Callable) -> None:
    """Check which epoch is kept, and which accuracy is reported.

    function : (validation, test) -> (epoch from 1, accuracy in percent), where
        both are (epochs,) float64, in percent; of epochs that are equally
        good on validation the last is kept, as `training.train` does
    """
    attempt = Attempt(function, "validation", "test")

    def expect(validation, test, *, epoch=True, accuracy=True):
        best = max(np.flatnonzero(validation == validation.max()))
        got = attempt.call_for(["epoch", "accuracy"], validation, test)
        if epoch:
            require_near(attempt, "epoch", got[0], int(best) + 1, 0)
        if accuracy:
            require_near(attempt, "accuracy", got[1], test[best], ROUNDING)

    with attempt.must(
        "where both columns agree: the best epoch, from 1, and its accuracy"
    ):
        for log in ([97.5], [90.0, 93.0, 92.0], [90.0, 91.0, 92.5]):
            expect(np.array(log), np.array(log))
    with attempt.must(
        "the epoch is chosen on validation alone",
        "What has chosen an epoch cannot judge it any more.",
    ):
        for validation, test in APART:
            expect(validation, test, accuracy=False)
    with attempt.must(
        "its test accuracy is reported, and no other",
        "On validation it won; that figure is too good, too.",
    ):
        for validation, test in APART:
            expect(validation, test, epoch=False)
    with attempt.must(
        "of equally good epochs it is the last, whatever the test says",
        "np.argmax finds the first.",
    ):
        for test in (LOG[1], LOG[1][::-1]):
            expect(LOG[0], test)
        expect(np.full(4, 95.0), np.array([96.0, 94.0, 97.0, 95.0]))


def distilled_student(function: Callable) -> None:
    """Check a student of LeNet300 under 30 KB: 465 of 500 images right.

    function : (teacher) -> a trained `models.Perceptron`

    560 steps are 20 epochs of mnist5k
    """
    from ..models import Perceptron

    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        kind=Perceptron,
        num_bytes=30_000,
        num_steps=560,
        num_correct=465,
        hint="A byte for each weight makes room for more neurons. Moved "
        "images are more images.",
    )
