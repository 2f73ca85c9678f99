"""Sharing a budget: never above it, and next to the best there is."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.allocation import Option, allocate

SIZES = st.integers(0, 20)
OPTIONS = st.lists(st.tuples(SIZES, SIZES), min_size=1, max_size=4)
LAYERS = st.lists(OPTIONS, min_size=1, max_size=4)


def offer(layers):
    return {
        f"layer {number}": [Option(x, *x) for x in offered]
        for number, offered in enumerate(layers)
    }


def best_harm(options, budget):
    """Try every combination."""
    return min(
        sum(x.harm for x in chosen)
        for chosen in itertools.product(*options.values())
        if sum(x.cost for x in chosen) <= budget
    )


@given(LAYERS, st.integers(0, 60))
def test_the_choice_is_within_one_step_of_the_best(layers, spare):
    options = offer(layers)
    cheapest = sum(min(x.cost for x in o) for o in options.values())
    budget = cheapest + spare
    chosen = allocate(options, budget)
    assert chosen.keys() == options.keys()
    assert all(chosen[name] in options[name] for name in options)
    assert sum(x.cost for x in chosen.values()) <= budget
    harm = sum(x.harm for x in chosen.values())
    largest = max(
        max(x.harm for x in o) - min(x.harm for x in o)
        for o in options.values()
    )
    best = best_harm(options, budget)
    assert best <= harm <= best + largest


@given(LAYERS)
def test_a_budget_for_everything_does_the_least_harm(layers):
    options = offer(layers)
    chosen = allocate(options, 1000)
    for name, option in chosen.items():
        assert option.harm == min(x.harm for x in options[name])
        cheaper = [x for x in options[name] if x.cost < option.cost]
        assert all(x.harm > option.harm for x in cheaper)


def test_a_step_that_is_too_dear_leaves_room_for_others():
    options = {
        "a": [Option("a0", 0, 10), Option("a1", 8, 0)],
        "b": [Option("b0", 0, 2), Option("b1", 2, 0)],
    }
    assert allocate(options, 5)["b"].choice == "b1"
    assert allocate(options, 5)["a"].choice == "a0"


def test_what_cannot_be_shared_out_is_refused():
    options = offer([[(3, 1)], [(4, 1), (5, 0)]])
    with pytest.raises(ValueError, match=r"cheapest options, 7 together, got"):
        allocate(options, 6.5)
    with pytest.raises(ValueError, match=r"options of 'x' must not be empty"):
        allocate({"x": []}, 5)
    with pytest.raises(ValueError, match=r"harm must be finite, got NaN"):
        Option(1, 1, float("nan"))
    with pytest.raises(ValueError, match=r"cost must be in \[0, inf\)"):
        Option(1, -1, 0)
