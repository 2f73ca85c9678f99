"""Answers to the exercises of book/new_chapter.md."""

from mini_compress.checks import new_chapter as checks
from tests.checks.answers import right, wrong


@right(checks.halves)
def by_multiplication(x):
    return x * 0.5


@wrong(checks.halves, "halves have the shape of x")
def in_a_row(x):
    # ravel forgets the shape
    return (x / 2).ravel()


@wrong(checks.halves, "positive numbers are halved")
def doubled(x):
    # the wrong way around
    return 2 * x


@wrong(checks.halves, "negative numbers keep their sign")
def magnitudes(x):
    # the sign is lost
    return abs(x) / 2
