"""The one example on which shapes are seen: given, or blank and of the kind."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import mini_compress as mc
from mini_compress import low_rank
from mini_compress.hardware import layer_costs
from mini_compress.pruning import prune_filters
from mini_compress.quantization import quantize_static
from tests.support.mistakes import assert_refused

IDS = torch.randint(0, 65, (8, 16), generator=torch.Generator().manual_seed(0))


class Words(nn.Module):
    """A small transformer of tokens; its positions are looked up first."""

    def __init__(self):
        super().__init__()
        self.positions, self.tokens = nn.Embedding(16, 32), nn.Embedding(65, 32)
        self.queries, self.head = nn.Linear(32, 96), nn.Linear(32, 65)
        self.norm = nn.BatchNorm1d(16)

    def forward(self, ids):
        x = self.positions(torch.arange(ids.shape[1])) + self.tokens(ids)
        q, k, v = self.queries(self.norm(x)).chunk(3, -1)
        return self.head(functional.scaled_dot_product_attention(q, k, v))


class OneTable(nn.Module):
    """It looks tokens up by a function, which no module shows."""

    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Parameter(torch.rand(65, 8)), nn.Linear(8, 9)

    def forward(self, ids):
        return self.head(functional.embedding(ids, self.table))


# in each position 32 times 96 and 32 times 65
MACS = 16 * 32 * (96 + 65)


def test_a_network_of_tokens_is_counted_on_blank_ones():
    model = Words()
    state = {name: x.clone() for name, x in model.state_dict().items()}
    costs = layer_costs(model, input_shape=(16,))
    assert costs.macs == MACS
    names = [x.name for x in costs.layers]
    assert names == ["positions", "tokens", "norm", "queries", "head"]
    assert mc.ledger(model, images=IDS).macs == MACS
    # no trace of the search for what it takes: statistics, modes, hooks
    assert all(torch.equal(x, state[n]) for n, x in model.state_dict().items())
    assert model.training
    assert not any(x._forward_pre_hooks for x in model.modules())


@pytest.mark.parametrize(
    "settings", [{"input_shape": (16,)}, {"images": IDS}], ids=str
)
def test_a_network_of_tokens_is_factorized(settings):
    model, layers = Words(), ["queries", "head"]
    low, report = low_rank.factorize(
        model, {"queries": 5, "head": 4}, **settings
    )
    assert report.macs == (MACS, 16 * (5 * (32 + 96) + 4 * (32 + 65)))
    assert low(IDS).shape == (8, 16, 65)
    ranks = low_rank.budget_ranks(
        model, MACS // 2, unit="macs", layers=layers, **settings
    )
    assert low_rank.factorize(model, ranks, **settings).report.macs[1] <= (
        MACS // 2
    )
    for row in report.layers:
        assert (row.output_error is None) == ("images" not in settings)


def test_ids_show_the_outputs_of_a_network_of_tokens():
    model = Words().eval()
    ranks = low_rank.energy_ranks(model, 0.8, layers=["head"], images=IDS)
    [row] = low_rank.factorize(model, ranks, images=IDS).report.layers
    assert row.output_error**2 <= 0.2
    model.norm = nn.Identity()
    quantized = quantize_static(model, IDS, layers=["queries", "head"])
    missed = (quantized(IDS) - model(IDS)).norm() / model(IDS).norm()
    assert 0 < missed < 0.05


@pytest.mark.parametrize("network", [Words, OneTable], ids=lambda x: x.__name__)
def test_floats_given_to_a_network_of_tokens_are_refused(network):
    with pytest.raises(ValueError, match=r"images must fit the model, got fl"):
        low_rank.factorize(network(), {"head": 2}, images=torch.rand(3, 16))


def test_ids_that_a_function_looks_up_must_be_given():
    model = nn.Sequential(OneTable())
    name, settings = {"0.head": 2}, {"unit": "macs", "layers": ["0.head"]}
    with pytest.raises(ValueError, match=r"got \(16,\): .*; give images, of t"):
        low_rank.budget_ranks(model, 900, input_shape=(16,), **settings)
    assert low_rank.budget_ranks(model, 16 * 34, images=IDS, **settings) == name
    low = low_rank.factorize(model, name, images=IDS).model
    assert low(IDS).shape == (8, 16, 9)


def test_ids_beyond_the_table_and_for_another_network_are_refused():
    with pytest.raises(ValueError, match=r"int64 of .* out of range"):
        low_rank.factorize(Words(), {"head": 2}, images=IDS + 65)
    images = torch.zeros(2, 1, 28, 28, dtype=torch.int64)
    with pytest.raises(ValueError, match="images must fit the model, got int"):
        quantize_static(mc.models.build("LeNet300"), images)


def test_a_bag_of_words_is_given_blank_tokens():
    model = nn.Sequential(nn.EmbeddingBag(9, 4), nn.Linear(4, 8))
    settings = {"unit": "macs", "layers": ["1"], "input_shape": (3,)}
    assert low_rank.budget_ranks(model, 20, **settings) == {"1": 1}


def test_what_is_no_batch_is_refused():
    model = nn.Sequential(nn.Linear(4, 8))
    assert_refused(
        lambda: layer_costs(model, images=torch.tensor(1.0)),
        "images must be a batch, (n, ...), got shape ()",
    )
    assert_refused(
        lambda: layer_costs(model, images=torch.ones(0, 4)),
        "number of images must be >= 1, got 0",
    )


def convolution() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 9)
    )


IMAGES = torch.rand(9, 2, 6, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "call",
    [
        lambda model, **shape: low_rank.factorize(model, {"3": 2}, **shape),
        lambda model, **shape: low_rank.budget_ranks(
            model, 2000, unit="macs", **shape
        ),
        layer_costs,
        lambda model, **shape: prune_filters(model, 0.5, **shape),
        mc.ledger,
    ],
    ids=["factorize", "budget_ranks", "layer_costs", "prune_filters", "ledger"],
)
def test_the_shape_is_that_of_images(call):
    model = convolution()
    assert call(model, images=IMAGES) is not None
    assert call(model, images=IMAGES, input_shape=(2, 6, 4)) is not None
    with pytest.raises(ValueError, match=r"input_shape must fit the model, go"):
        call(model)
    assert_refused(
        lambda: call(model, images=IMAGES, input_shape=(2, 6, 5)),
        "input_shape must be (2, 6, 4), as images have it, got (2, 6, 5)",
    )
    with pytest.raises(TypeError, match="input_shape must be a tuple of sizes"):
        call(model, input_shape=48)


def test_what_a_network_says_itself_of_a_shape_is_passed_on():
    class Strict(nn.Linear):
        def forward(self, x):
            assert x.shape[1] == 4, "four of them"
            return x

    with pytest.raises(ValueError, match=r"got \(3,\): four of them"):
        layer_costs(nn.Sequential(nn.ReLU(), Strict(4, 4)), input_shape=(3,))
