"""What makes a network smaller can be handed on: weighed, saved, scored."""

import dataclasses

import pytest

import mini_compress as mc
from mini_compress import pruning, quantization

TRAINING = {"epochs": 1, "progress": False}


def masks_for(model):
    return pruning.magnitude_masks(model, 0.5)


WAYS = {
    "apply_masks": lambda m, d: pruning.apply_masks(m, masks_for(m)),
    "store_sparse": lambda m, d: pruning.store_sparse(m),
    "thin": lambda m, d: pruning.thin(
        m, {pruning.find_groups(m)[0]: range(100)}
    ),
    "quantize_weights": lambda m, d: quantization.quantize_weights(m),
    "quantize_static": lambda m, d: quantization.quantize_static(
        m, d.train.images
    ),
    "prune_filters": lambda m, d: pruning.prune_filters(m, 0.5),
    "fine_tune": lambda m, d: pruning.fine_tune(m, d, masks_for(m), **TRAINING),
    "prune_gradually": lambda m, d: pruning.prune_gradually(
        m, d, 0.5, every=1, **TRAINING
    ),
    "prune_and_regrow": lambda m, d: pruning.prune_and_regrow(
        m, d, masks_for(m), **TRAINING
    ),
    "prune_iteratively": lambda m, d: pruning.prune_iteratively(
        m, d, 0.5, rounds=2, **TRAINING
    ),
    "climb_ladder": lambda m, d: pruning.climb_ladder(
        m, d, rounds=1, **TRAINING
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_result_is_weighed_saved_and_scored(small, tmp_path, way):
    few = dataclasses.replace(small, train=small.train.take(200))
    result = WAYS[way](mc.models.build("LeNet300"), few)
    network = getattr(result, "model", result)
    costs = mc.ledger(result)
    assert costs.num_bytes == mc.ledger(network).num_bytes
    assert mc.save(result, tmp_path / "it") == costs.num_bytes
    score = mc.training.evaluate(result, small.test)
    again = mc.training.evaluate(mc.load(tmp_path / "it"), small.test)
    assert score.correct.tolist() == again.correct.tolist()


def test_elsewhere_the_message_says_where_the_network_is():
    pruned = pruning.prune_filters(mc.models.build("LeNet300"), 0.5)
    assert pruned.model is pruned[0]
    with pytest.raises(TypeError, match=r"got Pruned: take its \.model"):
        quantization.quantize_weights(pruned)
    with pytest.raises(TypeError, match=r"torch\.nn\.Module, got tuple$"):
        mc.ledger(tuple(pruned))
