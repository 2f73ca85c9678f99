"""The checks of the chapter on learning from another network."""

from collections.abc import Callable

import numpy as np

from ..kernels.soft_targets import decouple, soft_target_loss
from .parts.attempt import Attempt
from .parts.budgets import check_budget
from .parts.named_numbers import (
    ROUNDING,
    expect_number,
    require_near,
    require_numbers,
)
from .parts.soft_targets import (
    SINGLE,
    STUDENT,
    TEACHER,
    require_order,
    require_share,
    require_sum,
)

HIGH = 10_000.0  # a temperature, and a logit


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


def logit_matching(function: Callable) -> None:
    """Check what the loss of soft targets tends to at a high temperature.

    function : (student_logits, teacher_logits) -> half the mean, over images
        and classes, of the squared difference of logits that are centered
        image by image; logits are (n, classes) float32 or float64

    With R, the largest range of an image's logits, the loss at a temperature
    T is off by no more than a share of exp(R / T) - 1: the second derivative
    of log-sum-exp changes by no more than that on the way.
    """
    attempt = Attempt(function, "student_logits", "teacher_logits")

    def near_limit(student, teacher):
        ranges = [np.ptp(x, axis=1).max() for x in (student, teacher)]
        loss = soft_target_loss(student, teacher, temperature=HIGH)
        slack = np.expm1(max(ranges) / HIGH)
        expect_number(attempt, loss, student, teacher, tolerance=slack)

    with attempt.must("one number comes back, 0 if both say the same"):
        same = attempt.call(TEACHER, TEACHER)
        require_near(attempt, "loss", same, 0.0, ROUNDING)
    with attempt.must(
        "a number added to all logits of an image changes nothing",
        "The softmax does not see it. Each image has a mean of its own.",
    ):
        added = np.array([[3.0], [-1.0], [8.0]])
        moved = attempt.call(STUDENT + added, TEACHER - 2 * added)
        [kept] = require_numbers(attempt, [attempt.call(STUDENT, TEACHER)], 1)
        require_near(attempt, "loss", moved, kept, ROUNDING * abs(kept))
    with attempt.must(
        "for one image it is what soft_target_loss gives at T = 10,000",
        "The loss sums over classes, but each p is about 1 / classes. And "
        "exp(x) is 1 + x + x**2 / 2 near 0.",
    ):
        near_limit(STUDENT[:1], TEACHER[:1])
        near_limit(STUDENT[2:, :3], TEACHER[2:, :3])
    with attempt.must("for several images it is the mean"):
        near_limit(STUDENT, TEACHER)
    with attempt.must(
        "it is the limit, and not the loss at some high temperature",
        "No temperature is left in it, and no softmax.",
    ):
        # differences (50, -60, 10, 0, 0), squares 6,200, mean 0; and (10, 0, 0,
        # 0, 0), 80 once centered: 6,280 over two images, five classes and 2
        student = np.array([[50.0, -10, 0, 0, 0], [10, 0, 0, 0, 0]])
        teacher = np.array([[0.0, 50, -10, 0, 0], [0, 0, 0, 0, 0]])
        expect_number(attempt, 314.0, student, teacher)
        single = student.astype(np.float32), teacher.astype(np.float32)
        expect_number(attempt, 314.0, *single, tolerance=SINGLE)


def class_bias(function: Callable) -> None:
    """Check the number that gives a class its share, without any label.

    function : (logits, one, share) -> what to add to the logit of class `one`
        so that its mean probability over the images is the share; logits are
        (n, classes) float32 or float64, and the share is in (0, 1)

    The share that is reached may be off by 1e-4 of the share, and of the rest.
    """
    attempt = Attempt(function, "logits", "one", "share")

    def reach(logits, one, share):
        require_share(attempt, np.array(logits, np.float64), one, share)

    with attempt.must(
        "one image: it gets that probability",
        "The bias is added to the logit, before the softmax.",
    ):
        reach([[6, 3, 0, 0]], 0, 0.97)
        reach([[6, 3, 0, 0]], 2, 0.1)
        reach([[0, 0, 0]], 1, 0.5)
    with attempt.must(
        "several images: the mean of their probabilities is the share",
        "A mean of logits is not the logit of a mean. Look for the bias: the "
        "more is added, the higher the share.",
    ):
        reach(TEACHER, 3, 0.5)
        reach([[4, 0, 0], [0, 2, 0], [0, 0, 5], [2, 2, 2]], 0, 0.4)
    with attempt.must("a class that is named too often gets a negative bias"):
        reach(TEACHER + 9 * np.eye(4)[1], 1, 0.25)
    with attempt.must(
        "shares from 0.001 to 0.999",
        "How far from 0 can the bias be, and how fine must the steps be?",
    ):
        for share in (0.001, 0.01, 0.1, 0.9, 0.99, 0.999):
            reach(TEACHER, 2, share)
    with attempt.must(
        "logits of 50 and -50 too",
        "The two ends of the search have to enclose the bias. Newton's step "
        "is far too long where the mean hardly changes.",
    ):
        far = [[-50, 50, 0], [50, -50, 0], [-50, 0, 50], [0, 50, 50]]
        for share in (0.001, 0.25, 0.6, 0.999):
            for one in range(3):
                reach(far, one, share)


def decoupled_parts(function: Callable) -> None:
    """Check the divergence of "target or not", and that of the others.

    function : (student_logits, teacher_logits, labels, temperature) ->
        target (n,) and others (n,) in nats, where logits are (n, classes)
        float32 or float64, and labels (n,) int64
    """
    attempt = Attempt(
        function, "student_logits", "teacher_logits", "labels", "temperature"
    )
    labels = TEACHER.argmax(axis=1)

    def call(*given):
        parts = attempt.call_for(("target", "others"), *given)
        shape = (len(given[0]),)
        return [attempt.require_form(part, shape) for part in parts]

    def expect(part, student, teacher, labels, temperature):
        given = student, teacher, labels, temperature
        expected = decouple(*given[:3], temperature=temperature)
        for dtype in (np.float64, np.float32):
            single = student.astype(dtype), teacher.astype(dtype)
            got = call(*single, labels, temperature)
            slack = SINGLE * (1 + np.abs(expected[part]))
            attempt.require_close(got[part], expected[part], slack)

    with attempt.must("two arrays come back, a number for each image in each"):
        call(STUDENT[:1], TEACHER[:1], labels[:1], 4.0)
    with attempt.must(
        "target + (1 - p) * others is the divergence of all classes",
        "Both parts are divergences, without T**2; p is the teacher's.",
    ):
        require_sum(attempt, call, labels, 4.0)
    with attempt.must(
        "the first part knows two outcomes, the target and all others",
        "It has two terms: one for p, one for 1 - p.",
    ):
        expect(0, STUDENT, TEACHER, labels, 4.0)
    with attempt.must(
        "the target is the label, which need not be the teacher's first choice",
    ):
        for part in (0, 1):
            expect(part, STUDENT, TEACHER, (labels + 1) % 4, 2.0)
    with attempt.must(
        "logits of 10,000 give finite parts, and the right ones",
        "The log of 1 - p is lost where p rounds to 1: take logsumexp of the "
        "others' logits. And 1,000 less is not infinitely less.",
    ):
        extreme = HIGH * STUDENT, HIGH * TEACHER, labels
        for part in (0, 1):
            expect(part, *extreme, 1.0)
            expect(part, *extreme, 4.0)


def distilled_student(function: Callable) -> None:
    """Check a student of LeNet300 under 30 KB: 465 of 500 images right.

    function : (teacher) -> a trained `models.Perceptron`

    840 steps are 30 epochs of mnist5k
    """
    from ..models import Perceptron

    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        kind=Perceptron,
        num_bytes=30_000,
        num_steps=840,
        num_correct=465,
        hint="A byte for each weight makes room for more neurons. Moved "
        "images are more images.",
    )
