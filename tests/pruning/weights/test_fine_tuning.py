"""Fine-tuning keeps removed weights removed; rounds keep alike."""

import copy
import itertools

import pytest
import torch
from torch import nn

from mini_compress import pruning, training, zoo
from mini_compress.pruning.weights import fine_tuning


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return zoo.load("LeNet300", "mnist5k")


SETTINGS = {"epochs": 2, "learning_rate": 0.003, "progress": False}


def test_removed_weights_stay_removed(small, model):
    before = copy.deepcopy(model.state_dict())
    masks = pruning.magnitude_masks(model, 0.95)
    tuned = pruning.fine_tune(model, small, masks, **SETTINGS).model
    for name, mask in masks.items():
        weight = tuned.get_submodule(name).weight
        assert not weight[~mask].any()
        assert (weight != model.get_submodule(name).weight)[mask].any()
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_without_the_masks_removed_weights_come_back(small, model):
    masks = pruning.magnitude_masks(model, 0.95)
    masked = pruning.apply_masks(model, masks)
    tuned = training.train(masked, small, **SETTINGS).model
    assert tuned.classifier[1].weight[~masks["classifier.1"]].any()


def test_the_optimizer_forgets_what_is_removed(small, model):
    masks = pruning.magnitude_masks(model, 0.95)
    keep = pruning.keep_masked(masks)
    seen = []

    def after_step(step):
        keep(step)
        weight = step.model.classifier[1].weight
        state = step.optimizer.state[weight]
        gone = ~masks["classifier.1"]
        seen.append(
            any(state[name][gone].any() for name in ("exp_avg", "exp_avg_sq"))
        )
        assert weight.grad[gone].any()  # there was something to forget

    training.train(
        pruning.apply_masks(model, masks),
        small,
        after_step=after_step,
        **SETTINGS,
    )
    assert seen and not any(seen)


def test_memory_alone_revives_a_weight(small, model):
    """Zero the gradient, not the memory: Adam moves the weight all the same."""
    late = pruning.magnitude_masks(model, 0.95)
    gone = ~late["classifier.1"]
    moved = []

    def after_step(step):
        weight = step.model.classifier[1].weight
        if step.number == 5:  # masks come in; what Adam remembers stays
            with torch.no_grad():
                weight.mul_(~gone)
            weight.register_hook(lambda gradient: gradient * ~gone)
        if step.number == 6:
            moved.append(bool(weight[gone].any()))

    training.train(model, small, after_step=after_step, **SETTINGS)
    assert moved == [True]


def test_rounds_keep_the_same_share_each():
    shares = fine_tuning.round_sparsities(0.936, 3)
    kept = [1, *(1 - share for share in shares)]
    assert [b / a for a, b in itertools.pairwise(kept)] == [
        pytest.approx(0.4)
    ] * 3
    assert shares[-1] == pytest.approx(0.936)
    assert fine_tuning.round_sparsities(0, 2) == [0, 0]


def test_rounds_only_ever_remove(small, model):
    rounds = pruning.prune_iteratively(
        model, small, 0.97, rounds=3, **SETTINGS | {"epochs": 1}
    )
    assert [one.sparsity for one in rounds] == fine_tuning.round_sparsities(
        0.97, 3
    )
    for one, after in itertools.pairwise(rounds):
        for name in one.masks:
            assert not (after.masks[name] & ~one.masks[name]).any()
    last = rounds[-1]
    found = pruning.sparsity_of(pruning.masks_of(last.training.model))
    assert found == pytest.approx(0.97, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 3), r"sparsity must be in \[0, 1\), got 1.0"),
        ((0.5, 0), "rounds must be >= 1, got 0"),
    ],
)
def test_wrong_rounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fine_tuning.round_sparsities(*arguments)


def test_a_scan_prunes_one_layer_at_a_time(small, model):
    scan = pruning.scan_sensitivity(model, small.validation, (0.0, 0.9, 0.99))
    plain = training.evaluate(model, small.validation)
    assert list(scan.scores) == ["classifier.1", "classifier.3", "classifier.5"]
    for name, scores in scan.scores.items():
        assert scores[0].num_correct == plain.num_correct
        masks = pruning.magnitude_masks(model, 0.99, layers=[name])
        masked = pruning.apply_masks(model, masks)
        alone = training.evaluate(masked, small.validation)
        assert scores[2].num_correct == alone.num_correct
    assert scan.num_weights == {
        "classifier.1": 235_200,
        "classifier.3": 30_000,
        "classifier.5": 1_000,
    }
    assert "235,200" in repr(scan)
    chosen = scan.harshest(drop=100)
    assert set(chosen.values()) == {0.99}
    careful = scan.harshest(drop=1)
    assert all(
        scan.scores[name][0].accuracy
        - scan.scores[name][scan.levels.index(share)].accuracy
        <= 1
        for name, share in careful.items()
    )
