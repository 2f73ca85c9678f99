"""Networks that run their layers in other ways than ours do."""

import pytest
import torch
from torch import nn

from mini_compress import low_rank


class Tokens(nn.Module):
    """Its linear layers see images and rows in one axis."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(28, 64), nn.Linear(64, 64)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        rows = self.second(self.first(x.reshape(-1, 28)).relu())
        return self.head(rows.reshape(len(x), -1, 64).mean(1))


class Patches(nn.Module):
    """Its convolutions see images and patches in one axis."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 16, 3)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        patches = x.reshape(-1, 4, 7, 28)
        return self.head(self.conv(patches).mean((2, 3)).mean(0, keepdim=True))


class OneByOne(nn.Module):
    """Its convolution sees images without a batch axis."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(torch.stack([self.conv(i).mean((1, 2)) for i in x]))


class Attention(nn.Module):
    """It holds a module whose cost cannot be counted."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(28, 16)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.first(x.squeeze(1))
        return self.head(self.attention(x, x, x)[0].mean(1))


@pytest.mark.parametrize(
    ("network", "method"),
    [
        (Tokens, None),
        (Patches, "channel"),
        (Patches, "spatial"),
        (Patches, "tucker"),
    ],
)
def test_a_budget_of_macs_holds_for_merged_axes(network, method):
    torch.manual_seed(0)
    model = network().eval()
    whole = low_rank.factorize(model, {}).report.macs[0]
    ranks = low_rank.budget_ranks(model, whole // 2, unit="macs", method=method)
    assert ranks
    report = low_rank.factorize(model, ranks, method=method).report
    assert report.macs[1] <= whole // 2


def test_what_cannot_be_counted_leaves_the_macs_out():
    model = Attention().eval()
    low, report = low_rank.factorize(model, {"first": 2})
    assert report.macs is None
    assert report.layers[0].macs is None
    assert "MACs per example" in str(report)
    assert low(torch.rand(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize(
    "call",
    [
        lambda model, **given: low_rank.factorize(model, {"first": 2}, **given),
        lambda model, **given: low_rank.budget_ranks(
            model, 600, layers=["first"], **given
        ),
    ],
)
def test_two_shapes_are_refused_where_none_is_needed(call):
    with pytest.raises(ValueError, match="as images have it"):
        call(
            Attention(), images=torch.rand(2, 1, 28, 28), input_shape=(1, 9, 9)
        )


def test_outputs_of_single_images_are_those_of_a_batch():
    torch.manual_seed(0)
    model, images = OneByOne().eval(), torch.rand(4, 1, 28, 28)
    low = low_rank.factorize(model, {"conv": 2}, images=images).model
    batched = nn.Sequential(model.conv)
    same = low_rank.factorize(batched, {"0": 2}, images=images).model
    near = same[0].dense_weight()
    torch.testing.assert_close(low.conv.dense_weight(), near)


def test_a_shape_that_does_not_fit_is_said_for_budgets_too():
    with pytest.raises(ValueError, match="input_shape must fit the model"):
        low_rank.budget_ranks(
            Tokens().eval(), 1000, unit="macs", input_shape=(1, 3, 3)
        )
    with pytest.raises(TypeError, match="each size in input_shape"):
        low_rank.budget_ranks(
            Tokens().eval(), 1000, unit="macs", input_shape=(1, 28.0, 28)
        )


def test_names_of_layers_may_come_from_an_iterator():
    model = Tokens().eval()
    names = (name for name in ["first"])
    assert low_rank.share_ranks(model, 0.25, layers=names).keys() == {"first"}
    with pytest.raises(TypeError, match="must be a list of names, got int"):
        low_rank.share_ranks(model, 0.25, layers=5)


def test_two_names_of_one_layer_are_one_too_many():
    model = Tokens().eval()
    model.again = model.first
    with pytest.raises(ValueError, match="each layer once"):
        low_rank.count_weights(model, {"first": 2, "again": 2})


def test_a_changed_part_can_be_printed():
    low = low_rank.factorize(Tokens().eval(), {"first": 2}).model
    nn.utils.parametrizations.weight_norm(low.first.first)
    assert "parts changed" in repr(low)
