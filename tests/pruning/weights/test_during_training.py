"""Schedules, gradual pruning, regrowth, tickets and slimming."""

import copy
import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mini_compress import models, pruning, training, zoo
from mini_compress.pruning import CubicSchedule
from mini_compress.pruning.weights import gradual, lottery, regrowth
from tests.support.network_weights import same_weights

# schedules


@given(
    final=st.floats(0, 0.99),
    share=st.floats(0, 1),
    start=st.integers(0, 50),
    length=st.integers(1, 200),
    every=st.integers(1, 40),
)
def test_schedules_rise_from_initial_to_final(
    final, share, start, length, every
):
    end = start + length
    schedule = CubicSchedule(
        final, start, end, initial=share * final, every=every
    )
    values = [schedule.sparsity(step) for step in range(end + 10)]
    assert values[: start + 1] == [pytest.approx(share * final)] * (start + 1)
    assert values[end:] == [final] * 10
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(values))
    changes = [
        step for step in range(1, end + 10) if values[step] != values[step - 1]
    ]
    assert all(schedule.is_due(step) for step in changes)


def test_half_way_a_seventh_of_the_way_is_left():
    schedule = CubicSchedule(0.9, 10, 20, initial=0.1)
    assert schedule.sparsity(15) == pytest.approx(0.9 - 0.8 / 8)
    assert [step for step in range(30) if schedule.is_due(step)] == [
        *range(10, 21)
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1.0, 0, 9), ValueError, r"final must be in \[0, 1\), got 1.0"),
        ((0.5, -1, 9), ValueError, "start must be >= 0, got -1"),
        ((0.5, 9, 9), ValueError, "end must be >= 10, got 9"),
        ((0.5, 0, 9, 0.6), ValueError, "initial must be at most final, 0.5"),
        ((0.5, 0, 9, 0.0, 0), ValueError, "every must be >= 1, got 0"),
        ((0.5, 0.0, 9), TypeError, "start must be a whole number, got float"),
    ],
)
def test_wrong_schedules_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        CubicSchedule(*arguments)


# gradual pruning


def test_gradual_pruning_ends_where_it_was_told_to(small):
    model = models.build("LeNet300")
    result = pruning.prune_gradually(
        model, small, 0.9, epochs=4, end=0.5, every=2, progress=False
    )
    found = pruning.sparsity_of(pruning.masks_of(result.model))
    assert found == pytest.approx(0.9, abs=1e-4)
    assert result.best.number >= 2  # the masks are final from there on
    assert same_weights(model, models.build("LeNet300"))


def test_gradual_masks_only_grow_and_follow_the_schedule(small, monkeypatch):
    seen = []
    plain = gradual.clear_removed

    def spy(step, masks):
        plain(step, masks)
        seen.append(pruning.masks_of(step.model))

    monkeypatch.setattr(gradual, "clear_removed", spy)
    pruning.prune_gradually(
        models.build("LeNet300"), small, 0.9, epochs=4, every=3, progress=False
    )
    schedule = CubicSchedule(0.9, 0, int(0.7 * 20), every=3)
    for number, masks in enumerate(seen, start=1):
        expected = schedule.sparsity(number)
        assert pruning.sparsity_of(masks) == pytest.approx(expected, abs=1e-4)
    for one, after in itertools.pairwise(seen):
        for name, mask in after.items():
            assert not (mask & ~one[name]).any()


def test_each_layer_has_a_sparsity_of_its_own(small):
    wanted = {"classifier.1": 0.92, "classifier.5": 0.74}
    model = models.build("LeNet300")
    result = pruning.prune_gradually(
        model, small, wanted, epochs=4, every=2, progress=False
    )
    for name, mask in pruning.masks_of(result.model).items():
        found = pruning.sparsity_of({name: mask})
        assert found == pytest.approx(wanted.get(name, 0), abs=2e-4)
    with pytest.raises(TypeError, match="must be one number for scope"):
        pruning.prune_gradually(model, small, wanted, epochs=1, scope="global")
    nothing = {"classifier.1": 0.0}
    pruning.prune_gradually(model, small, nothing, epochs=1, progress=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sparsity": 1.0}, r"final must be in \[0, 1\)"),
        ({"start": 0.8}, r"start must be in \[0, 0.7\)"),
        ({"end": 1.1}, "end must be in"),
        ({"epochs": 0}, "epochs must be >= 1, got 0"),
    ],
)
def test_wrong_gradual_settings_are_refused(small, settings, message):
    settings = {"sparsity": 0.5, "epochs": 1} | settings
    with pytest.raises(ValueError, match=message):
        pruning.prune_gradually(models.build("LeNet300"), small, **settings)


# prune and regrow


def test_moving_keeps_the_number_and_takes_the_largest_gradients():
    weight = nn.Parameter(torch.tensor([4.0, -3.0, 0.1, 0.2, 0.0, 0.0, 0.0]))
    weight.grad = torch.tensor([0.0, 0.0, 0.0, 0.3, 5.0, -7.0, 1.0])
    mask = torch.tensor([True, True, True, True, False, False, False])
    moved = regrowth.move_mask(mask, weight, 0.5)
    # 0.1 and 0.2 go; the two largest gradients of what is left come
    assert moved.tolist() == [True, True, False, False, True, True, False]
    assert torch.equal(regrowth.move_mask(mask, weight, 0.2), mask)


@given(seed=st.integers(0, 50), share=st.floats(0, 0.99))
def test_moved_masks_keep_as_many(seed, share):
    generator = torch.Generator().manual_seed(seed)
    weight = nn.Parameter(torch.randn(6, 5, generator=generator))
    weight.grad = torch.randn(6, 5, generator=generator)
    mask = torch.rand(6, 5, generator=generator) < 0.4
    moved = regrowth.move_mask(mask, weight, share)
    assert moved.sum() == mask.sum()
    assert moved.shape == mask.shape


def test_regrowth_needs_a_gradient():
    with pytest.raises(ValueError, match="weight must have a gradient, got"):
        regrowth.move_mask(
            torch.ones(3, dtype=torch.bool), nn.Parameter(torch.ones(3)), 0.5
        )


def test_a_regrown_network_is_as_sparse_and_has_moved(small):
    model = models.build("LeNet300")
    masks = pruning.random_masks(model, 0.9, seed=0)
    given_masks = copy.deepcopy(masks)
    result = pruning.prune_and_regrow(
        model, small, masks, epochs=4, every=3, progress=False
    )
    final = pruning.masks_of(result.model)
    for name, mask in final.items():
        # a weight that has just grown may still be exactly 0
        assert int(mask.sum()) <= int(masks[name].sum())
        assert int(mask.sum()) >= 0.9 * int(masks[name].sum())
        assert (mask & ~masks[name]).any()
        assert torch.equal(masks[name], given_masks[name])


# lottery tickets


def test_the_ladder_has_the_rungs_of_the_paper(small):
    rungs = pruning.climb_ladder(
        models.build("LeNet300"),
        small,
        rounds=9,
        epochs=1,
        batch_size=300,
        progress=False,
    )
    left = [100 * (1 - rung.sparsity) for rung in rungs]
    # [frankle2019lottery], figure 4, labels for the same network
    assert [round(left[number], 1) for number in (3, 7, 9)] == [
        51.3,
        21.1,
        13.5,
    ]
    for one, after in itertools.pairwise(rungs):
        for name, mask in after.masks.items():
            assert not (mask & ~one.masks[name]).any()


def test_survivors_start_where_the_dense_network_started(small, monkeypatch):
    started = []
    plain = lottery.fine_tune

    def spy(model, data, masks, **settings):
        started.append(copy.deepcopy(model))
        return plain(model, data, masks, **settings)

    monkeypatch.setattr(lottery, "fine_tune", spy)
    model = models.build("LeNet300")
    settings = {"rounds": 2, "epochs": 1, "progress": False}
    pruning.climb_ladder(model, small, **settings)
    assert len(started) == 2
    assert all(same_weights(one, model) for one in started)

    started.clear()
    pruning.climb_ladder(model, small, rewind_step=2, **settings)
    at_two = []

    def remember(step):
        if step.number == 2:
            at_two.append(copy.deepcopy(step.model))

    training.train(model, small, epochs=1, after_step=remember, progress=False)
    assert all(same_weights(one, at_two[0]) for one in started)
    assert not same_weights(started[0], model)


def test_rewinding_must_fall_into_the_training(small):
    with pytest.raises(ValueError, match=r"rewind_step must be in \[0, 5\]"):
        pruning.climb_ladder(
            models.build("LeNet300"), small, rounds=1, epochs=1, rewind_step=6
        )


# slimming


def test_the_penalty_is_the_sum_of_the_scales():
    model = zoo.load("ResNet8", "mnist5k")
    total = sum(
        module.weight.abs().sum().item()
        for module in model.modules()
        if isinstance(module, nn.BatchNorm2d)
    )
    value = pruning.scale_penalty(0.25)(model).item()
    assert math.isclose(value, total / 4, rel_tol=1e-6)


def test_slimming_makes_scales_small(small):
    model = zoo.load("ConvNet", "mnist5k")
    settings = {
        "epochs": 3,
        "learning_rate": 0.01,
        "batch_size": 30,
        "progress": False,
    }
    plain = training.train(model, small, **settings).model
    slim = training.train(
        model, small, loss=pruning.slimming_loss(0.1), **settings
    ).model
    norm = pruning.scale_penalty(1.0)
    assert norm(slim) < 0.8 * norm(plain)


def test_slimming_needs_normalizations():
    penalty = pruning.scale_penalty(1e-4)
    with pytest.raises(ValueError, match="must have batch normalizations"):
        penalty(models.build("LeNet300"))
    with pytest.raises(ValueError, match="strength must be in"):
        pruning.scale_penalty(-1)
