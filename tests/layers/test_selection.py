"""Which layers are treated: once each, or refused, all of them, by name."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress.layers import WeightOnlyLayer
from mini_compress.pruning import (
    apply_masks,
    magnitude_masks,
    masks_of,
    random_masks,
    score_channels,
    sparsity_of,
    store_sparse,
    taylor_masks,
)
from mini_compress.pruning.channels.groups import find_groups
from mini_compress.quantization import quantize_static, quantize_weights

X = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 0, 1, 2])


def used_twice() -> nn.Sequential:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer, nn.Linear(4, 3)).eval()


MASKS = {
    "magnitude": magnitude_masks,
    "random": lambda model, share, **rest: random_masks(
        model, share, seed=0, **rest
    ),
    "taylor": lambda model, share, **rest: taylor_masks(
        model, share, X, LABELS, **rest
    ),
}


@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("kind", MASKS)
def test_a_layer_under_two_names_is_masked_once(kind, scope):
    model = used_twice()
    masks = MASKS[kind](model, 0.5, scope=scope)
    assert list(masks) == ["0", "3"]
    masked = apply_masks(model, masks)
    assert masked[0] is masked[2]
    assert sparsity_of(masks_of(masked)) == sparsity_of(masks) == 0.5


@pytest.mark.parametrize(
    "replace",
    [
        lambda model: quantize_weights(model, layers=["1"]),
        lambda model: quantize_static(model, X, layers=["1"]),
        lambda model: store_sparse(
            apply_masks(model, magnitude_masks(model, {"1": 0.9})),
            layers=["1"],
        ),
    ],
)
def test_a_weight_that_another_layer_keeps_is_not_replaced(replace):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    with pytest.raises(ValueError, match="weight of '1' must be its own, got"):
        replace(model)
    model[1].weight = nn.Parameter(model[1].weight.detach().clone())
    assert type(replace(model)[1]) is not nn.Linear


@pytest.mark.parametrize("name", ["0", "2"])
def test_either_name_may_be_asked_for(name):
    assert list(magnitude_masks(used_twice(), 0.5, layers=[name])) == ["0"]


@pytest.mark.parametrize(
    "quantize", [quantize_weights, lambda model: quantize_static(model, X)]
)
def test_a_layer_under_two_names_is_quantized_once(quantize):
    model = used_twice()
    quantized = quantize(model)
    assert quantized[0] is quantized[2]
    off = (quantized(X) - model(X)).abs().max()
    assert off < 0.05 * model(X).abs().max()


def test_layers_with_one_weight_are_refused_by_both_names():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    model[2].weight = model[0].weight
    for method in (quantize_weights, masks_of, store_sparse):
        with pytest.raises(ValueError, match="got one for '0' and '2'"):
            method(model)
    masks = magnitude_masks(model, 0.5, layers=["2"])
    masked = apply_masks(model, masks)
    assert torch.equal(masked[0].weight, masked[2].weight)
    assert sparsity_of(masks_of(masked, ["0"])) == 0.5
    assert list(taylor_masks(model, 0.5, X, LABELS, layers=["2"])) == ["2"]


def test_all_that_cannot_be_treated_are_named_in_order():
    model = nn.Sequential(
        nn.LSTM(2, 2), nn.Embedding(3, 2), nn.Conv1d(1, 1, 1), nn.Linear(2, 2)
    )
    with pytest.raises(ValueError, match=r"LSTM at '0'.*Emb.* '1'.*1d at '2'"):
        magnitude_masks(model, 0.5)


class Linear(nn.Linear):
    """A library's own, with torch's name."""


def test_a_subclass_is_told_from_torchs_class():
    model = nn.Sequential(Linear(4, 4), nn.Linear(4, 2))
    said = rf"Linear at '0' \(a subclass of Linear, from {__name__}\)"
    for layers in (None, ["0"]):
        with pytest.raises(ValueError, match=said):
            quantize_weights(model, layers=layers)


def test_what_is_compressed_already_is_named():
    model = quantize_weights(nn.Sequential(nn.Linear(4, 2)))
    assert isinstance(model[0], WeightOnlyLayer)
    with pytest.raises(ValueError, match="already: WeightOnlyLayer at '0'"):
        magnitude_masks(model, 0.5)


@pytest.mark.parametrize(
    "method",
    [
        quantize_weights,
        lambda model: quantize_static(model, X),
        lambda model: magnitude_masks(model, 0.5),
        lambda model: random_masks(model, 0.5, seed=0),
        lambda model: taylor_masks(model, 0.5, X, LABELS),
        store_sparse,
    ],
)
def test_a_dtype_that_numpy_lacks_is_refused_by_layer(method):
    model = used_twice().bfloat16()
    with pytest.raises(TypeError, match=r"weight of '0' must be float.*bfloat"):
        method(model)


def test_float64_is_masked_but_not_stored():
    model = used_twice().double()
    masks = magnitude_masks(model, 0.5)
    assert sparsity_of(masks_of(apply_masks(model, masks))) == 0.5
    with pytest.raises(TypeError, match="weight of '0' must be float32, got"):
        store_sparse(model)


def test_weights_elsewhere_than_on_the_cpu_are_refused_by_layer():
    model = used_twice().to("meta")
    with pytest.raises(ValueError, match="'0' must be on the CPU, got meta"):
        magnitude_masks(model, 0.5)


def test_channels_of_any_dtype_are_scored_by_their_weights():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    [group] = groups = find_groups(model, input_shape=(4,))
    expected = score_channels(model, groups)[group]
    half = model.bfloat16()
    np.testing.assert_allclose(
        score_channels(half, groups)[group], expected, rtol=2**-8
    )
    with pytest.raises(TypeError, match="weight of '0' must be float32 to"):
        score_channels(half, groups, "apoz", images=X)
