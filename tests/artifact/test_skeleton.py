"""The copy of a network's modules: what `copy.deepcopy` gives, but faster."""

import copy

import pytest
import torch
from torch import nn

from mini_compress.artifact.skeleton import copy_empty, copy_structure


class Odd(nn.Module):
    """Attributes that a careless copy would share, or tear apart."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        self.again = self.inner[0]
        self.listed = [self.again]
        self.one = self.other = {"list": [1, 2], "part": self.again}
        self.empty = self.also_empty = {}
        self.unseen = {"parent": self}
        self.register_buffer("mask", torch.ones(3), persistent=False)
        self.inner.register_forward_hook(self.hook)
        self.calls = 0

    def hook(self, module, args, output):
        self.calls += 1

    def forward(self, x):
        return self.inner(x) * self.mask


class CopiesItself(nn.Linear):
    def __deepcopy__(self, memo):
        copied = CopiesItself(self.in_features, self.out_features)
        copied.load_state_dict(self.state_dict())
        copied.was_asked = True
        return copied


class Stateful(nn.Module):
    def __setstate__(self, state):
        super().__setstate__({**state, "restored": True})


def test_a_copy_is_tied_in_itself_as_the_original_is():
    model = Odd()
    copied = copy_structure(model, {})
    assert copied.inner[0] is copied.again is copied.listed[0]
    assert copied.one is copied.other is not model.one
    assert copied.one["part"] is copied.again is not model.again
    assert copied.empty is copied.also_empty is not model.empty
    assert copied.unseen["parent"] is copied
    assert copied.again.weight is not model.again.weight
    copied.one["list"].append(3)
    assert model.one["list"] == [1, 2]


def test_a_copys_hooks_are_its_own():
    model = Odd()
    copied = copy_structure(model, {})
    copied(torch.ones(1, 3))
    assert (copied.calls, model.calls) == (1, 0)
    copied.inner.register_forward_hook(lambda *args: None)
    assert len(model.inner._forward_hooks) == 1
    copied.again.register_forward_hook(lambda *args: None)
    assert not model.again._forward_hooks


@pytest.mark.parametrize(
    "model",
    [
        nn.LSTM(3, 4, num_layers=2),
        nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
        nn.Sequential(nn.Conv2d(1, 2, 3, padding="same"), nn.BatchNorm2d(2)),
        nn.utils.parametrizations.orthogonal(nn.Linear(3, 3)),
        Odd(),
        Stateful(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_copy_has_all_that_a_deep_copy_has(model):
    expected, got = copy.deepcopy(model), copy_structure(model, {})
    pairs = zip(expected.named_modules(), got.named_modules(), strict=True)
    for (path, module), (other_path, other) in pairs:
        assert path == other_path and type(module) is type(other)
        assert vars(module).keys() == vars(other).keys()
    state = got.state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, state[name])
        if tensor.numel():
            assert tensor.data_ptr() != state[name].data_ptr()


def test_a_class_that_copies_itself_is_asked_to():
    assert copy_structure(nn.Sequential(CopiesItself(2, 2)), {})[0].was_asked


def test_an_empty_copy_keeps_what_no_file_holds():
    model = Odd()
    empty = copy_empty(model)
    assert all(x.is_meta for x in empty.parameters())
    assert torch.equal(empty.mask, model.mask)
    assert not any(x.is_meta for x in model.parameters())
