"""A network factorized: what it computes, and what is said of it."""

import copy

import pytest
import torch
from torch import nn

import mini_compress as mc
from mini_compress import low_rank, models
from mini_compress.hardware import layer_costs
from mini_compress.layers import (
    FactoredLayer,
    LowRankConv2d,
    LowRankLinear,
    SeparableConv2d,
    TuckerConv2d,
)
from mini_compress.low_rank import factorize
from tests.support.mistakes import assert_refused

IMAGES = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
KINDS = {
    "channel": LowRankConv2d,
    "spatial": SeparableConv2d,
    "tucker": TuckerConv2d,
}


def emulated(low: nn.Module, model: nn.Module) -> nn.Module:
    """Return the model with the weights that its factored layers stand for."""
    torchs = copy.deepcopy(model).eval()
    for name, layer in low.named_modules():
        if isinstance(layer, FactoredLayer):
            weight = torchs.get_submodule(name).weight
            weight.data.copy_(layer.dense_weight())
    return torchs


@pytest.mark.parametrize("method", KINDS)
@pytest.mark.parametrize("network", ["LeNet5", "ConvNet", "ResNet8"])
def test_it_computes_with_the_weights_that_it_stands_for(network, method):
    model = models.build(network)
    state = copy.deepcopy(model.state_dict())
    ranks = low_rank.share_ranks(model, 0.5, method=method)
    low, report = factorize(model, ranks, method=method)
    torch.testing.assert_close(
        low(IMAGES), emulated(low, model)(IMAGES), rtol=0, atol=1e-4
    )
    assert not low.training
    assert model.training
    assert all(torch.equal(x, state[n]) for n, x in model.state_dict().items())
    made = {
        name: type(layer)
        for name, layer in low.named_modules()
        if isinstance(layer, FactoredLayer)
    }
    assert made == {
        name: KINDS[method]
        if isinstance(model.get_submodule(name), nn.Conv2d)
        else LowRankLinear
        for name in ranks
    }
    assert [x.name for x in report.layers] == list(ranks)


@pytest.mark.parametrize("method", KINDS)
def test_its_report_and_the_ledger_say_what_is_there(method):
    model = models.build("ConvNet")
    ranks = low_rank.share_ranks(model, 0.4, method=method)
    result = factorize(model, ranks, method=method, images=IMAGES)
    costs = layer_costs(result.model)
    ledger = mc.ledger(result)
    assert ledger.macs == costs.macs == result.report.macs[1]
    assert ledger.parameters == result.report.parameters[1]
    assert result.report.macs[0] == layer_costs(model).macs
    for row in result.report.layers:
        parts = result.model.get_submodule(row.name)
        weights = [
            x.numel() for n, x in parts.named_parameters() if "bias" not in n
        ]
        assert row.weights == (
            model.get_submodule(row.name).weight.numel(),
            sum(weights),
        )
        counted = [x for x in costs.layers if x.name.startswith(f"{row.name}.")]
        assert len(counted) == len(weights)
        assert row.macs[1] == sum(x.macs for x in counted)
        weight = model.get_submodule(row.name).weight.detach()
        error = (weight - parts.dense_weight()).norm() / weight.norm()
        assert row.weight_error == pytest.approx(error.item(), rel=1e-4)
    totals, layers = result.report.tables()
    assert totals.records()[0]["after"] == ledger.parameters
    assert (
        layers.records()[1]["weight error"]
        == result.report.layers[1].weight_error
    )


@pytest.mark.parametrize("method", KINDS)
def test_the_error_of_outputs_is_that_on_the_images(method):
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(2, 6, (3, 2), 2, 1), nn.Flatten(), nn.Linear(72, 9)
    )
    images = torch.randn(60, 2, 8, 5) * torch.tensor([1, 9]).reshape(2, 1, 1)
    ranks = low_rank.share_ranks(model, 0.5, method=method)
    low, report = factorize(
        model, ranks, method=method, images=images, input_shape=(2, 8, 5)
    )
    with torch.no_grad():
        for row, x in zip(
            report.layers, (images, model[:2](images)), strict=True
        ):
            layer, new = (y.get_submodule(row.name) for y in (model, low))
            blank = layer(torch.zeros_like(x))  # the bias
            outputs = layer(x) - blank
            error = (layer(x) - new(x)).norm() / outputs.norm()
            assert row.output_error == pytest.approx(error.item(), rel=1e-3)


def test_images_bring_outputs_nearer_and_weights_farther():
    model = mc.zoo.load("LeNet5", "mnist5k")
    images = mc.datasets.load("mnist5k").train.take(200).images
    ranks = low_rank.share_ranks(model, 0.25)
    plain = factorize(model, ranks).report.layers
    aware = factorize(model, ranks, images=images).report.layers
    assert all(x.output_error is None for x in plain)
    low = factorize(model, ranks, images=images).model
    for one, other in zip(plain, aware, strict=True):
        assert one.weight_error < other.weight_error
        assert other.output_error < other.weight_error
    # the same ranks by weight alone, on the outputs of the first layer
    name = plain[0].name
    conv = model.get_submodule(name)
    by_weight = LowRankConv2d.from_conv(conv, plain[0].ranks[0])
    with torch.no_grad():
        missed = [
            (conv(images) - x(images)).norm()
            for x in (low.get_submodule(name), by_weight)
        ]
    assert missed[0] < missed[1]


def test_a_pair_means_tucker_and_one_rank_channel():
    ranks = {"features.0": (2, 1), "features.3": 8, "classifier.1": 5}
    low = factorize(models.build("LeNet5"), ranks).model
    assert [type(low.get_submodule(x)) for x in ranks] == [
        TuckerConv2d,
        LowRankConv2d,
        LowRankLinear,
    ]


class Shared(nn.Module):
    """A network of somebody else, in which one layer runs under two names."""

    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleDict({"fc": nn.Linear(20, 20)})
        self.again = self.inner["fc"]
        self.grouped = nn.Conv2d(4, 8, (3, 5), padding=(1, 2), groups=4)

    def forward(self, x):
        x = self.again(self.inner["fc"](x).relu())
        return self.grouped(x[:, None].expand(-1, 4, -1, -1))


def test_a_users_own_network_with_a_shared_layer():
    model = Shared()
    x = torch.rand(2, 7, 20)
    for name in ("again", "inner.fc"):
        ranks = {name: 3, "grouped": 1}
        low, report = factorize(
            model, ranks, method="spatial", input_shape=(7, 20), images=x
        )
        assert low.again is low.inner["fc"]
        assert [x.name for x in report.layers] == list(ranks)
        assert report.layers[0].macs == (2 * 7 * 400, 2 * 7 * 120)
        torch.testing.assert_close(low(x), emulated(low, model)(x))
    assert_refused(
        lambda: factorize(model, {"again": 3, "inner.fc": 3}),
        "ranks must name each layer once, got two names of one",
    )


def test_a_layer_by_itself_and_no_layer_at_all():
    layer = nn.Linear(9, 8)
    low, report = factorize(layer, {"": 2}, input_shape=(9,))
    assert type(low) is LowRankLinear
    assert report.macs == (72, 34)
    same, report = factorize(layer, {}, input_shape=(9,))
    assert torch.equal(same.weight, layer.weight)
    assert report.layers == ()


def test_a_larger_layer_is_made_if_it_is_allowed():
    model = nn.Sequential(nn.Linear(10, 10))
    low, report = factorize(
        model, {"0": 10}, allow_larger=True, input_shape=(10,)
    )
    x = torch.rand(3, 10)
    torch.testing.assert_close(low(x), model(x))
    assert report.parameters == (110, 210)


def test_it_goes_on_training():
    data = mc.datasets.load("mnist5k")
    model = mc.zoo.load("LeNet300", "mnist5k")
    low = factorize(model, {"classifier.1": 4, "classifier.3": 4}).model
    before = mc.training.evaluate(low, data.validation).accuracy
    tuned = mc.training.train(
        low, data, epochs=1, learning_rate=0.001, progress=False
    ).model
    assert tuned.classifier[1].ranks == (4,)
    assert mc.training.evaluate(tuned, data.validation).accuracy > before + 5
