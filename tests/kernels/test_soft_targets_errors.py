"""What soft targets refuse, and with which words."""

import math

import numpy as np
import pytest

from mini_compress.kernels import soft_targets
from tests.support.mistakes import assert_refused

LABELS = np.array([0, 2, 1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 0}, "temperature must be above 0, got 0"),
        ({"temperature": -1}, "temperature must be in [0, inf), got -1"),
        ({"temperature": math.nan}, "temperature must be in [0, inf), got nan"),
        ({"temperature": math.inf}, "temperature must be in [0, inf), got inf"),
        (
            {"student_logits": np.zeros((3, 3), int)},
            "student_logits must be float32 or float64, got int64",
        ),
        (
            {"teacher_logits": np.array([[0, np.nan, 0]] * 3)},
            "teacher_logits must be finite, got NaN",
        ),
        (
            {"teacher_logits": np.zeros((3, 4))},
            "shape of teacher_logits must be (3, 3), got (3, 4)",
        ),
        (
            {"student_logits": np.zeros(3), "teacher_logits": np.zeros(3)},
            "student_logits must have 2 axes, got shape (3,)",
        ),
        (
            dict.fromkeys(
                ("student_logits", "teacher_logits"), np.ones((0, 3))
            ),
            "number of images must be >= 1, got 0",
        ),
        (
            {"student_logits": np.zeros((3, 0))},
            "student_logits must have a last axis of classes, got (3, 0)",
        ),
    ],
)
def test_mistakes_are_refused_by_name(changes, message):
    given = {
        "student_logits": np.zeros((3, 3)),
        "teacher_logits": np.zeros((3, 3)),
        "temperature": 4.0,
    } | changes
    for kernel in (
        soft_targets.soft_target_loss,
        soft_targets.soft_target_gradient,
    ):
        assert_refused(lambda kernel=kernel: kernel(**given), message)
    assert_refused(
        lambda: soft_targets.decouple(**given, labels=LABELS), message
    )
