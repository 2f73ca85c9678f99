"""Weights that a hook computes are refused by every method, by name."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from mini_compress.layers.plain import require_plain_weights
from mini_compress.pruning import (
    find_groups,
    magnitude_masks,
    masks_of,
    random_masks,
    store_sparse,
    taylor_masks,
)
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_static,
    quantize_weights,
)

IMAGES = torch.rand(4, 1, 8, 8)
LABELS = torch.tensor([0, 1, 2, 0])
HOOKS = {
    "pruned": lambda layer: prune.identity(layer, "weight"),
    "pruned bias": lambda layer: prune.identity(layer, "bias"),
    "spectral": spectral_norm,
    "weight_norm": weight_norm,
    "parametrized": parametrizations.weight_norm,
    "orthogonal": parametrizations.orthogonal,
}
METHODS = {
    "quantize_weights": quantize_weights,
    "quantize_static": lambda model: quantize_static(model, IMAGES),
    "magnitude": lambda model: magnitude_masks(model, 0.5),
    "random": lambda model: random_masks(model, 0.5, seed=0),
    "taylor": lambda model: taylor_masks(model, 0.5, IMAGES, LABELS),
    "masks_of": masks_of,
    "store_sparse": store_sparse,
    "find_groups": lambda model: find_groups(model, input_shape=(1, 8, 8)),
    "fold_batchnorm": fold_batchnorm,
}


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * 36, 3),
    ).eval()


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hook", HOOKS)
def test_computed_weights_are_refused_with_the_cure(hook, method):
    model = network()
    HOOKS[hook](model[4])
    model(IMAGES)  # whoever measured accuracy has done this
    with pytest.raises(ValueError, match=r"computes (weight|bias) of '4'; ma"):
        METHODS[method](model)


@pytest.mark.filterwarnings("ignore:.* batch normalizations stay")
@pytest.mark.parametrize("method", METHODS)
def test_weights_made_permanent_are_treated(method):
    model = network()
    prune.remove(prune.identity(model[4], "weight"), "weight")
    METHODS[method](model)


def test_all_computed_weights_are_named_and_others_may_be_asked_for():
    model = network()
    for index in (0, 4):
        prune.identity(model[index], "weight")
    with pytest.raises(ValueError, match="weight of '0', weight of '4'"):
        require_plain_weights(model)
    prune.remove(model[0], "weight")
    assert list(magnitude_masks(model, 0.5, layers=["0"])) == ["0"]
