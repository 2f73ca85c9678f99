"""Answers to the exercises of book/rank_choice.md."""

import itertools

import numpy as np

from mini_compress import datasets, low_rank, training
from mini_compress.checks import rank_choice as checks
from tests.checks.answers import right, wrong

NOTHING = "with nothing to spend, all ranks are 0"
PRICE = "a rank that costs more must take away more"
SCALE = "the scale of a layer does not matter"
OTHERS = "where one layer's next rank is too dear, others go on"
DONE = "a layer that has all of its ranks, or takes away nothing, is done"
GREEDY = "the best step is taken, whatever it leaves for others"


def take_steps(squares, costs, budget, worth, go_on=True, least=0.0):
    """Choose greedily by a worth: (squares of a layer, its cost, rank)."""
    ranks, is_open = [0] * len(squares), [True] * len(squares)
    while any(is_open):
        worths = [
            worth(x, cost, r) if more and r < len(x) and x[r] > least else -1.0
            for x, cost, r, more in zip(
                squares, costs, ranks, is_open, strict=True
            )
        ]
        best = max(range(len(squares)), key=worths.__getitem__)
        if worths[best] < 0:
            break
        if costs[best] > budget:
            is_open[best] = False
            if not go_on:
                break
            continue
        ranks[best] += 1
        budget -= costs[best]
    return ranks


def by_price(x, cost, r):
    return x[r] / sum(x) / cost


@wrong(checks.spend, NOTHING)
def one_rank_at_least(squares, costs, budget):
    # a floor that nobody asked for
    return [max(1, r) for r in take_steps(squares, costs, budget, by_price)]


@wrong(checks.spend, NOTHING)
def shares_of_the_budget(squares, costs, budget):
    # numbers, not ranks
    return [budget / cost + 0.5 for cost in costs] + [0]


@wrong(checks.spend, PRICE)
def by_squares(squares, costs, budget):
    # as printed, and others go on
    return take_steps(squares, costs, budget, lambda x, cost, r: x[r])


@wrong(checks.spend, PRICE)
def by_shares(squares, costs, budget):
    # what a rank costs is not looked at
    return take_steps(squares, costs, budget, lambda x, cost, r: x[r] / sum(x))


@wrong(checks.spend, SCALE)
def squares_for_their_price(squares, costs, budget):
    # a layer ten times as large is taken for more important
    return take_steps(squares, costs, budget, lambda x, cost, r: x[r] / cost)


@wrong(checks.spend, SCALE)
def shares_of_all(squares, costs, budget):
    # divided by the sum over all layers, which changes no order
    whole = sum(map(sum, squares))
    return take_steps(
        squares, costs, budget, lambda x, cost, r: x[r] / whole / cost
    )


@wrong(checks.spend, OTHERS)
def first_that_is_too_dear(squares, costs, budget):
    # as one sort does it
    return take_steps(squares, costs, budget, by_price, go_on=False)


@wrong(checks.spend, DONE)
def steps_of_nothing(squares, costs, budget):
    # a rank of no energy is paid for
    return take_steps(squares, costs, budget, by_price, least=-1.0)


@wrong(checks.spend, DONE)
def no_end_of_ranks(squares, costs, budget):
    # more ranks than a layer has
    padded = [[*x, *[1e-9] * 99] for x in squares]
    return take_steps(padded, costs, budget, by_price)


@wrong(checks.spend, GREEDY)
def best_of_all(squares, costs, budget):
    # the best that the budget allows is not always what greedy steps come to
    def kept(ranks):
        return sum(
            sum(x[:rank]) / sum(x)
            for x, rank in zip(squares, ranks, strict=True)
        )

    fitting = (
        ranks
        for ranks in itertools.product(
            *(range(np.count_nonzero(x) + 1) for x in squares)
        )
        if np.dot(ranks, costs) <= budget
    )
    return list(max(fitting, key=lambda ranks: (kept(ranks), -sum(ranks))))


@right(checks.spend)
def by_one_sort(squares, costs, budget):
    steps = sorted(
        (-value / sum(x) / cost, layer, cost)
        for layer, (x, cost) in enumerate(zip(squares, costs, strict=True))
        for value in x
        if value > 0
    )
    ranks, closed = np.zeros(len(squares), int), set()
    for _, layer, cost in steps:
        if layer in closed or cost > budget:
            closed.add(layer)
            continue
        ranks[layer] += 1
        budget -= cost
    return ranks


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a LeNet300 that can be saved and used"
FEWER = "the file has fewer than 70,000 bytes"
ENOUGH = "at least 445 are right"
UNTRAINED = "at most 0 steps of the optimizer"
LAYERS = ["classifier.1", "classifier.3"]


def images_of(part="train"):
    return getattr(datasets.load("mnist5k"), part).images[:1000]


@wrong(checks.small_lenet300, UNSEEN)
def with_test_images(model):
    return low_rank.factorize(
        model, {"classifier.1": 10}, images=images_of("test")
    ).model


@wrong(checks.small_lenet300, SAVED)
def with_its_report(model):
    return low_rank.factorize(model, {"classifier.1": 10})


@wrong(checks.small_lenet300, FEWER)
def last_layer_whole_by_bayes(model):
    ranks = low_rank.evbmf_ranks(model, layers=LAYERS)
    return low_rank.factorize(model, ranks).model


@wrong(checks.small_lenet300, ENOUGH)
def the_same_share(model):
    images = images_of()
    ranks = low_rank.share_ranks(model, 1 / 16, layers=LAYERS)
    return low_rank.factorize(model, ranks, images=images).model


@wrong(checks.small_lenet300, ENOUGH)
def by_the_weight(model):
    ranks = low_rank.budget_ranks(model, 15_900, layers=LAYERS)
    return low_rank.factorize(model, ranks).model


@wrong(checks.small_lenet300, UNTRAINED)
def trained_on(model):
    small = by_the_weight(model)
    data = datasets.load("mnist5k")
    return training.train(
        small, data, epochs=3, learning_rate=0.003, progress=False
    ).model


@right(checks.small_lenet300)
def by_hand(model):
    ranks = {"classifier.1": 10, "classifier.3": 12}
    return low_rank.factorize(model, ranks, images=images_of()).model
