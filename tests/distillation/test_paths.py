"""Paths: each network learns from the one before; sizes are looked at."""

import warnings
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mini_compress import models
from mini_compress.distillation import DistillationPath, Lessons, distill
from tests.support.network_weights import same_weights, weights_of

SETTINGS = {"progress": False, "temperature": 2.0, "seed": 3}


def networks(*widths):
    return [models.perceptron(width, seed=width) for width in widths]


def test_each_network_learns_from_the_one_before(small):
    chain = networks(40, 20, 8)
    before = [weights_of(network) for network in chain]
    lessons = DistillationPath(chain).distill(small, epochs=[1, 2], **SETTINGS)
    assert isinstance(lessons, Lessons)
    assert [len(lesson.history) for lesson in lessons] == [1, 2]
    first = distill(chain[0], chain[1], small, epochs=1, **SETTINGS).model
    second = distill(first, chain[2], small, epochs=2, **SETTINGS).model
    assert same_weights(lessons[0].model, first)
    assert same_weights(lessons[1].model, second)
    assert lessons.model is lessons[1].model
    for network, weights in zip(chain, before, strict=True):
        after = network.state_dict()
        assert all(torch.equal(after[name], x) for name, x in weights.items())


def test_epochs_are_of_every_step(small):
    path = DistillationPath(networks(20, 10, 5))
    lessons = path.distill(small, epochs=2, **SETTINGS)
    assert [len(lesson.history) for lesson in lessons] == [2, 2]
    with pytest.raises(ValueError, match="number of epochs must be 2, got 1"):
        path.distill(small, epochs=[2], **SETTINGS)
    with pytest.raises(ValueError, match="epochs must be >= 1, got 0"):
        path.distill(small, epochs=[2, 0], **SETTINGS)


def test_growing_sizes_are_a_warning_with_a_reason():
    with pytest.warns(UserWarning, match="network 2 of the path has") as caught:
        DistillationPath(networks(20, 5, 10))
    [warning] = caught
    text = str(warning.message)
    assert "7,960 parameters, more than the 3,985 of its teacher" in text
    assert "it cannot learn from it" in text
    assert warning.filename == __file__


def test_equal_and_falling_sizes_are_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = DistillationPath(networks(20, 20, 5))
    assert path.sizes == [15_910, 15_910, 3_985]
    assert (
        repr(path) == "DistillationPath(15,910 -> 15,910 -> 3,985 parameters)"
    )


def test_a_path_of_two_is_distillation(small):
    [teacher, student] = networks(20, 5)
    path = DistillationPath([SimpleNamespace(model=teacher), student])
    got = path.distill(small, epochs=1, **SETTINGS).model
    expected = distill(teacher, student, small, epochs=1, **SETTINGS).model
    assert same_weights(got, expected)


def test_a_path_needs_two_networks():
    [network] = networks(5)
    for given, got in (([network], "1"), ([], "0")):
        with pytest.raises(ValueError, match=f"networks must be .* got {got}"):
            DistillationPath(given)
    two = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))  # has a length, too
    for given in (network, two):
        with pytest.raises(ValueError, match="got one network"):
            DistillationPath(given)
    with pytest.raises(TypeError, match="network of a path must be a torch"):
        DistillationPath([network, "student"])
