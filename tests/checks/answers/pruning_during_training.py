"""Answers to the exercises of book/pruning_during_training.md."""

import numpy as np

from mini_compress import datasets, pruning
from mini_compress.checks import pruning_during_training as checks
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

EIGHTH = "an end half way costs an eighth of the sparsity"
QUARTER = "a quarter of the sparsity is paid on average, whatever it is"
NO_SCHEDULE = "the budget of the final density leaves no schedule"
NOT_AFTER = "no schedule ends after the training"


@wrong(checks.latest_end, EIGHTH)
def of_what_is_removed(sparsity, budget):
    # the mean of the cubic sparsity is 3/4, taken for that of the density
    return min(1, (budget - (1 - sparsity)) / sparsity / 0.75)


@wrong(checks.latest_end, EIGHTH)
def straight_schedule(sparsity, budget):
    # the mean of a straight line
    return min(1, 2 * (budget - (1 - sparsity)) / sparsity)


@wrong(checks.latest_end, EIGHTH)
def density_for_sparsity(sparsity, budget):
    # what is left, taken for what has gone
    return max(0, min(1, 4 * (budget - sparsity) / (1 - sparsity)))


@wrong(checks.latest_end, QUARTER)
def one_sparsity(sparsity, budget):
    # 0.8 of the example on the page, written into the formula
    return min(1, max(0, 4 * (budget - 0.2) / 0.8))


@wrong(checks.latest_end, NO_SCHEDULE)
def at_least_one_step(sparsity, budget):
    # CubicSchedule asks for an end after its start
    return min(1, max(0.01, 4 * (budget - (1 - sparsity)) / sparsity))


@wrong(checks.latest_end, NOT_AFTER)
def beyond_the_training(sparsity, budget):
    # a large budget: the schedule would end after the last step
    return 4 * (budget - (1 - sparsity)) / sparsity


@right(checks.latest_end)
def searched(sparsity, budget):
    # by bisection on the cost; 60 halvings are beyond float64
    low, high = 0.0, 1.0
    if 1 - sparsity + sparsity / 4 <= budget:
        return high
    for _ in range(60):
        end = (low + high) / 2
        if 1 - sparsity + sparsity * end / 4 <= budget:
            low = end
        else:
            high = end
    return np.float64(low)


FIRST_WEIGHTS = "survivors have their first weights again"
SMALLEST = "the smallest trained magnitudes go"
SHARE = "the share is one of those that are left"
ROUNDED = "round(share * left) weights go, in any shape"


def removed_by(scores, trained, share):
    left = np.count_nonzero(trained)
    count = trained.size - left + round(share * left)
    return np.argsort(scores, axis=None, kind="stable")[:count]


@wrong(checks.next_ticket, FIRST_WEIGHTS)
def not_rewound(start, trained, share):
    # Han's pruning: the trained survivors are fine-tuned
    ticket = trained.copy()
    ticket.flat[removed_by(np.abs(trained), trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, FIRST_WEIGHTS)
def drawn_anew(start, trained, share):
    # the control, in the place of the ticket
    other = np.random.default_rng(1).normal(size=start.shape)
    ticket = other.astype(np.float32)
    ticket.flat[removed_by(np.abs(trained), trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, SMALLEST)
def chosen_by_start(start, trained, share):
    # the mask of a network that has not learned
    ticket = start.copy()
    scores = np.where(trained == 0, 0, np.abs(start))
    ticket.flat[removed_by(scores, trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, SMALLEST)
def signed_weights(start, trained, share):
    # sorted without abs: large negative weights go first
    ticket = start.copy()
    ticket.flat[removed_by(trained, trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, SHARE)
def share_of_all(start, trained, share):
    # the second round removes nothing that was not gone already
    count = round(share * trained.size)
    ticket = start.copy()
    ticket.flat[np.argsort(np.abs(trained), axis=None)[:count]] = 0
    return ticket


@wrong(checks.next_ticket, SHARE)
def the_removed_come_back(start, trained, share):
    # a mask of this round alone
    kept = np.flatnonzero(trained)
    smallest = np.argsort(np.abs(trained.flat[kept]))
    ticket = start.copy()
    ticket.flat[kept[smallest[: round(share * kept.size)]]] = 0
    return ticket


@wrong(checks.next_ticket, ROUNDED)
def first_row_decides(start, trained, share):
    # a threshold for each row of a matrix
    rows = np.atleast_2d(trained)
    ticket = np.atleast_2d(start).copy()
    for row, old in zip(ticket, rows, strict=True):
        row[removed_by(np.abs(old), old, share)] = 0
    return ticket.reshape(start.shape)


@wrong(checks.next_ticket, ROUNDED)
def cut_down(start, trained, share):
    # int() in place of round()
    left = np.flatnonzero(trained)
    order = left[np.argsort(np.abs(trained.flat[left]))]
    ticket = np.where(trained != 0, start, np.float32(0))
    ticket.flat[order[: int(share * left.size)]] = 0
    return ticket


@right(checks.next_ticket)
def by_threshold(start, trained, share):
    sizes = np.sort(np.abs(trained[trained != 0]))
    count = round(share * sizes.size)
    largest_removed = sizes[count - 1] if count else 0
    return np.where(np.abs(trained) > largest_removed, start, np.float32(0))


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a LeNet300 that can be saved and used"
BUDGET = "the file has fewer than 35,000 bytes"
ENOUGH = "at least 440 are right"
STEPS = "at most 168 steps of the optimizer"


def gradually(model, **settings):
    tuned = {"epochs": 6, "every": 5, "learning_rate": 0.01}
    settings = {"scope": "global"} | tuned | settings
    data = datasets.load("mnist5k")
    return pruning.prune_gradually(model, data, 0.978, **settings).model


@wrong(checks.sparse_model, UNSEEN)
def judged_on_test(model):
    # the best sparsity by the test images
    data = datasets.load("mnist5k")
    masks = [pruning.magnitude_masks(model, x) for x in (0.9, 0.97)]
    small = [pruning.apply_masks(model, one) for one in masks]
    return max(small, key=lambda one: evaluate(one, data.test).num_correct)


@wrong(checks.sparse_model, SAVED)
def the_training(model):
    # prune_gradually returns the history too
    data = datasets.load("mnist5k")
    return pruning.prune_gradually(model, data, 0.97, epochs=1)


@wrong(checks.sparse_model, BUDGET)
def zeros_stored(model):
    # a masked network is as large as before
    return gradually(model, epochs=1)


@wrong(checks.sparse_model, BUDGET)
def not_sparse_enough(model):
    masks = pruning.magnitude_masks(model, 0.95)
    return pruning.store_sparse(pruning.apply_masks(model, masks))


@wrong(checks.sparse_model, ENOUGH)
def one_shot(model):
    # and fine-tuned in all six epochs
    masks = pruning.magnitude_masks(model, 0.978, scope="global")
    data = datasets.load("mnist5k")
    tuned = pruning.fine_tune(model, data, masks, epochs=6)
    return pruning.store_sparse(tuned.model)


@wrong(checks.sparse_model, STEPS)
def twelve_epochs(model):
    # a longer training, compared as if it were the same
    return pruning.store_sparse(gradually(model, epochs=12))


@right(checks.sparse_model)
def with_another_rate(model):
    return pruning.store_sparse(gradually(model, learning_rate=0.015))
