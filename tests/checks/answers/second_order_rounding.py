"""Answers to the exercises of book/second_order_rounding.md."""

import numpy as np

from mini_compress.checks import second_order_rounding as checks
from tests.checks.answers import right, wrong

STEPS = "the result has the weight's shape, and whole steps"
ALONE = "inputs that do not go together give the nearest"
PAIR = "two inputs that go together share an error"
EACH = "each column is rounded after all before it have moved it"


def triangle(hessian):
    return np.linalg.cholesky(np.linalg.inv(hessian)).T


@wrong(checks.round_columns, STEPS)
def never_rounded(weight, hessian, step):
    # the weights as they were moved, before each is rounded
    upper, left = triangle(hessian), weight.copy()
    for i in range(len(hessian)):
        off = left[:, i] - step * np.rint(left[:, i] / step)
        left[:, i + 1 :] -= np.outer(off / upper[i, i], upper[i, i + 1 :])
    return left


@wrong(checks.round_columns, ALONE)
def codes_for_values(weight, hessian, step):
    # how many steps, not how much
    return solution(weight, hessian, step) / step


@wrong(checks.round_columns, ALONE)
def always_down(weight, hessian, step):
    # floor is not nearest
    return step * np.floor(weight / step)


@wrong(checks.round_columns, PAIR)
def plain_rounding(weight, hessian, step):
    # the weights that were moved are never looked at
    return step * np.rint(weight / step)


@wrong(checks.round_columns, PAIR)
def lower_triangle(weight, hessian, step):
    # the first of the two bugs
    upper, left = triangle(hessian).T, weight.copy()
    return sweep(left, upper, step)


@wrong(checks.round_columns, EACH)
def inverse_of_all(weight, hessian, step):
    # the inverse is not changed as columns are fixed
    return sweep(weight.copy(), np.linalg.inv(hessian), step)


@wrong(checks.round_columns, PAIR)
def last_column_first(weight, hessian, step):
    # another order, and so another result
    turned = solution(weight[:, ::-1], hessian[::-1, ::-1], step)
    return turned[:, ::-1]


def sweep(left, upper, step):
    out = np.empty_like(left)
    for i in range(len(upper)):
        out[:, i] = step * np.rint(left[:, i] / step)
        error = (left[:, i] - out[:, i]) / upper[i, i]
        left[:, i:] -= np.outer(error, upper[i, i:])
    return out


@right(checks.round_columns)
def solution(weight, hessian, step):
    return sweep(weight.copy(), triangle(hessian), step)


@right(checks.round_columns)
def by_the_surgeon(weight, hessian, step):
    # the inverse of what is left, anew for each column
    left = weight.copy()
    for i in range(len(hessian)):
        inverse = np.linalg.inv(hessian[i:, i:])
        rounded = step * np.rint(left[:, i] / step)
        error = (left[:, i] - rounded) / inverse[0, 0]
        left[:, i:] -= np.outer(error, inverse[0])
        left[:, i] = rounded
    return left


SHARE = "without dead inputs, a share of the mean is added"
DEAD = "a dead input has the mean of the live ones on the diagonal"
BOTH = "both at once: the share is of the mean of the live inputs"


@wrong(checks.damp, SHARE)
def damping_itself(hessian, damping):
    # depends on the units of the inputs
    return hessian + damping * np.eye(len(hessian))


@wrong(checks.damp, SHARE)
def on_every_number(hessian, damping):
    # not only on the diagonal
    return hessian + damping * hessian.diagonal().mean()


@wrong(checks.damp, DEAD)
def mean_of_all(hessian, damping):
    # the blank inputs pull the mean down
    diagonal = hessian.diagonal()
    dead = np.where(diagonal > 0, 0, 1)
    return hessian + np.diag(dead + damping) * diagonal.mean()


@wrong(checks.damp, DEAD)
def one_for_the_dead(hessian, damping):
    # fine for the inverse, and yet not what is asked for
    diagonal = hessian.diagonal()
    mean = diagonal[diagonal > 0].mean()
    return hessian + np.diag(np.where(diagonal > 0, 0, 1.0) + damping * mean)


@wrong(checks.damp, BOTH)
def dead_without_damping(hessian, damping):
    # the share is added to the live ones alone
    diagonal = hessian.diagonal()
    mean = diagonal[diagonal > 0].mean()
    return hessian + np.diag(np.where(diagonal > 0, damping * mean, mean))


@wrong(checks.damp, BOTH)
def share_of_all(hessian, damping):
    # the share is taken of a mean that counts the blank inputs
    diagonal = hessian.diagonal()
    mean = diagonal[diagonal > 0].mean()
    added = np.where(diagonal > 0, 0, mean)
    return hessian + np.diag(added + damping * diagonal.mean())


@right(checks.damp)
def in_two_steps(hessian, damping):
    out = hessian.copy()
    live = out.diagonal() > 0
    mean = out.diagonal()[live].mean()
    i = np.arange(len(out))
    out[i[~live], i[~live]] = mean
    out[i, i] += damping * mean
    return out
