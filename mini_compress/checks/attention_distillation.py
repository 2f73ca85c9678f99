"""The checks of the chapter on attention distillation."""

from collections.abc import Callable

import numpy as np

from .parts.attempt import Attempt
from .parts.named_numbers import ROUNDING, expect_number, expect_row


def map_loss(function: Callable) -> None:
    """Check the mean of squares between two attention maps.

    function : (student, teacher) -> a number, where both are (n, channels, h,
        w) float64 with channels of their own, and no map is 0
    """
    attempt = Attempt(function, "student", "teacher")

    def expect(student, teacher):
        maps = []
        for features in (student, teacher):
            energy = (features**2).mean(axis=1)
            norm = np.sqrt((energy**2).sum(axis=(1, 2), keepdims=True))
            maps.append(energy / norm)
        expect_number(
            attempt, float(((maps[0] - maps[1]) ** 2).mean()), student, teacher
        )

    rng = np.random.default_rng(0)
    student = rng.normal(size=(1, 2, 3, 4))
    teacher = rng.normal(size=(1, 5, 3, 4))
    with attempt.must(
        "for one image, the mean over the places",
        "Divide by h * w, and by nothing else.",
    ):
        of_norm_1 = np.sqrt([[[[0.6, 0.8, 0.0]]]])
        expect(np.array([[[[1.0, 0.0, 0.0]]]]), of_norm_1)
        expect(of_norm_1, of_norm_1[..., ::-1].repeat(2, axis=1))
    with attempt.must(
        "a factor of all features changes nothing",
        "Divide each map by its norm.",
    ):
        expect(student, teacher)
        expect(10 * student, teacher)
        expect(student, np.repeat(teacher, 2, axis=1) / 4)
    with attempt.must(
        "an image twice in a batch changes nothing",
        "The mean goes over images, too; a sum grows with the batch.",
    ):
        expect(student.repeat(2, axis=0), teacher.repeat(2, axis=0))
    with attempt.must(
        "each image's map has a norm of its own",
        "np.linalg.norm takes an axis.",
    ):
        factors = np.array([1.0, 10.0, 0.1])[:, None, None, None]
        expect(
            factors * rng.normal(size=(3, 2, 3, 4)),
            rng.normal(size=(3, 5, 3, 4)),
        )


def control(function: Callable) -> None:
    """Check the excess of a share on ink over that of random networks.

    function : (maps, controls, ink) -> two numbers, where maps are (n, h, w)
        float64 above 0, controls (draws, n, h, w), and ink (n, h, w) bool
    """
    attempt = Attempt(function, "maps", "controls", "ink")

    def expect(maps, controls, ink):
        ours = (maps * ink).sum(axis=(1, 2)) / maps.sum(axis=(1, 2))
        theirs = (controls * ink).sum(axis=(2, 3)) / controls.sum(axis=(2, 3))
        excess = float(ours.mean() - theirs.mean())
        beaten = float((ours > theirs.max(axis=0)).mean())
        row = {"excess": (excess, ROUNDING), "above all": (beaten, ROUNDING)}
        expect_row(attempt, row, maps, controls, ink)

    rng = np.random.default_rng(0)

    def draw(n, draws):
        ink = rng.random((n, 3, 4)) < 0.5
        ink[:, 0, 0] = True
        maps = rng.random((n, 3, 4)) + ink
        return maps, rng.random((draws, n, 3, 4)) + 0.5 * ink, ink

    with attempt.must(
        "one image and one control: a difference, and who is ahead",
        "The share is the map's sum on ink, over its sum.",
    ):
        expect(*draw(1, 1))
        maps, controls, ink = draw(1, 1)
        expect(controls[0], maps[None], ink)
    with attempt.must(
        "each image counts alike, whatever the sum of its map",
        "Divide image by image, then take the mean.",
    ):
        maps, controls, ink = draw(4, 1)
        expect(maps * np.array([1, 10, 100, 1])[:, None, None], controls, ink)
    with attempt.must(
        "the excess is over the mean of the controls, not the best",
        "Draws are as good as each other: average them.",
    ):
        expect(*draw(1, 4))
    with attempt.must(
        "an image counts as above if it beats every control",
        "Compare with the largest share over the draws, image by image.",
    ):
        expect(*draw(30, 5))
