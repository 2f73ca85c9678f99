"""Models are copied and traced safely, and left as they are."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from mini_compress import models
from mini_compress.graph import trace
from mini_compress.hardware import layer_costs
from mini_compress.pruning import (
    apply_masks,
    magnitude_masks,
    mask_channels,
    prune_filters,
    recalibrate_norms,
    score_channels,
    taylor_masks,
    thin,
)
from mini_compress.pruning.channels.groups import find_groups
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_static,
    quantize_weights,
)

THREADS = 4
X = torch.rand(6, 4)
LABELS = torch.tensor([0, 1, 0, 1, 0, 1])


def at_once(function, count: int) -> list:
    """Call a function from several threads that start together."""
    start = threading.Barrier(THREADS)

    def calls():
        start.wait()
        return [function() for _ in range(count)]

    with ThreadPoolExecutor(THREADS) as pool:
        results = [pool.submit(calls) for _ in range(THREADS)]
    return [x for result in results for x in result.result()]


def test_threads_trace_one_after_the_other():
    model = models.build("ConvNet")
    expected = [node.name for node in trace(model).graph.nodes]
    for graph in at_once(lambda: trace(model), 5):
        assert [node.name for node in graph.graph.nodes] == expected
    model(torch.zeros(2, 1, 28, 28))  # torch is as it was


def test_threads_count_the_costs_of_one_model_each_for_itself():
    model = models.build("LeNet300")
    expected = layer_costs(model)

    def count():
        model(torch.zeros(1, 1, 28, 28))  # is nobody's to count
        return layer_costs(model)

    assert all(costs == expected for costs in at_once(count, 10))
    assert model.training
    assert not any(layer._forward_hooks for layer in model.modules())


class Keeps(nn.Module):
    """A network that keeps an activation, as one that shows attention does."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU())
        self.last = nn.Linear(4, 2)
        self.notes = {"seen": []}

    def forward(self, x):
        x = self.body(x)
        self.notes["seen"].append(x)
        return self.last(x)


GROUPS = find_groups(Keeps(), input_shape=(4,))
KEPT = {GROUPS[0]: [0, 1]}


@pytest.mark.parametrize(
    "method",
    [
        trace,
        fold_batchnorm,
        quantize_weights,
        lambda model: quantize_static(model, X),
        lambda model: apply_masks(model, magnitude_masks(model, 0.5)),
        lambda model: taylor_masks(model, 0.5, X, LABELS),
        lambda model: thin(model, KEPT),
        lambda model: mask_channels(model, KEPT),
        lambda model: recalibrate_norms(model, X),
        lambda model: prune_filters(model, 0.5, input_shape=(4,)),
    ],
)
def test_what_cannot_be_copied_is_named(method):
    model = Keeps()
    model(X)
    with pytest.raises(ValueError, match="got attribute 'notes' of Keeps that"):
        method(model)


def test_the_attribute_of_an_inner_module_is_named_by_path():
    model = nn.Sequential(nn.Linear(4, 2))
    model[0].lock = threading.Lock()
    with pytest.raises(ValueError, match=r"got attribute '0\.lock' of Linear"):
        trace(model)


@pytest.mark.parametrize("without", [torch.no_grad, torch.inference_mode])
def test_gradients_are_there_where_a_criterion_needs_them(without):
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    groups = find_groups(model, input_shape=(4,))
    masks = taylor_masks(model, 0.5, X, LABELS)
    [scores] = score_channels(
        model, groups, "taylor", images=X, labels=LABELS
    ).values()
    with without():
        again = taylor_masks(model, 0.5, X.clone(), LABELS.clone())
        [same] = score_channels(
            model, groups, "taylor", images=X.clone(), labels=LABELS
        ).values()
    assert all(torch.equal(masks[name], again[name]) for name in masks)
    assert torch.equal(scores, same)


def test_frozen_layers_stay_frozen_when_they_are_thinned():
    model = models.build("ConvNet")
    model.features.requires_grad_(False)
    small, _ = prune_filters(model, 0.5)
    assert {n: p.requires_grad for n, p in small.named_parameters()} == {
        n: p.requires_grad for n, p in model.named_parameters()
    }
