"""Layers' inputs are captured exactly, or refused with layer and image."""

import pytest
import torch
from torch import nn

from mini_compress.graph import capture_inputs, observe_ranges
from mini_compress.pruning import find_groups, score_channels
from mini_compress.quantization import quantize_static
from mini_compress.training import predict
from tests.support.mistakes import assert_refused

X = torch.tensor([[-3.0, 1.0], [0.5, 2.0]])


def chain() -> nn.Sequential:
    model = nn.Sequential(
        nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1)
    )
    nn.init.eye_(model[0].weight)
    return model


class Keywords(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(2, 3), nn.Linear(3, 2)

    def forward(self, x):
        return self.two(input=self.one(input=x).relu())


def captured(model, names, images, **options):
    found: dict[str, list] = {name: [] for name in names}
    capture_inputs(
        model, names, images, lambda name, x: found[name].append(x), **options
    )
    return {name: torch.cat(parts) for name, parts in found.items()}


@pytest.mark.parametrize("batch_size", [1, 3, 500])
def test_every_layer_is_given_what_the_one_before_makes(batch_size):
    model, x = Keywords().train(), torch.rand(7, 2)
    found = captured(model, ["one", "two"], x, batch_size=batch_size)
    assert torch.equal(found["one"], x)
    torch.testing.assert_close(found["two"], model.one(x).relu().detach())
    assert not found["two"].requires_grad
    assert model.training
    assert not model.one._forward_pre_hooks


def test_a_layer_that_runs_twice_is_seen_twice():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    assert captured(model, ["0"], X)["0"].shape == (4, 2)


def test_ranges_are_those_of_the_layers_inputs():
    ranges = observe_ranges(chain(), ["0", "2"], X)
    assert ranges["0"].tolist() == [-3, 2]
    assert ranges["2"].tolist() == [0, 2]
    many = X.repeat(400, 1)  # more than one batch
    assert observe_ranges(chain(), ["0"], many)["0"].tolist() == [-3, 2]


def test_keywords_are_calibrated_as_positions_are():
    model, x = Keywords().eval(), torch.rand(16, 2)
    off = (quantize_static(model, x)(x) - model(x)).abs().max()
    assert off < 0.05 * model(x).abs().max()


class Root(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(1, 1, bias=False), nn.Linear(1, 2)
        nn.init.ones_(self.one.weight)

    def forward(self, x):
        return self.two(self.one(x).log())


@pytest.mark.parametrize("first", [0, 3, 499, 500, 1200])
@pytest.mark.parametrize(("pixel", "word"), [(-1.0, "NaN"), (0.0, "infinity")])
def test_no_batch_is_dropped_in_silence(first, pixel, word):
    images = torch.ones(1300, 1)
    images[first] = pixel
    assert_refused(
        lambda: observe_ranges(Root(), ["two"], images),
        f"input of 'two' must be finite, got {word} for image {first}",
    )


def test_many_bad_images_are_counted():
    with pytest.raises(ValueError, match=r"image 0, 1, .* 9 and 490 more$"):
        observe_ranges(Root(), ["two"], -torch.ones(501, 1))


def test_large_numbers_are_finite():
    images = torch.full((2, 2), 3e38)  # their sum is not
    assert observe_ranges(chain(), ["0"], images)["0"][1] == images[0, 0]


@pytest.mark.parametrize("criterion", ["mean_activation", "apoz", "taylor"])
def test_activations_that_are_no_numbers_are_refused(criterion):
    class Logs(Root):
        def forward(self, x):
            return self.two(self.one(x).relu())

    model, images = Logs(), torch.ones(501, 1)
    groups = find_groups(model, input_shape=(1,))
    nn.init.constant_(model.one.weight, 2e38)
    images[500] = 2
    assert_refused(
        lambda: score_channels(
            model,
            groups,
            criterion,
            images=images,
            labels=torch.zeros(501, dtype=torch.int64),
        ),
        "activation of 'one' must be finite, got infinity for image 500",
    )


def test_images_are_a_range_where_a_layer_sees_other_rows():
    class Folds(Root):
        def forward(self, x):
            return super().forward(x.reshape(-1, 1))

    with pytest.raises(ValueError, match=r"NaN for images 0 to 1$"):
        observe_ranges(Folds(), ["two"], torch.tensor([[1.0, 2.0], [-1, 1]]))


class Pairs(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Bilinear(2, 2, 1)

    def forward(self, x):
        return self.one(x, x)


@pytest.mark.parametrize(
    ("model", "names", "error", "message"),
    [
        (chain(), ["7"], ValueError, "name of a layer must be one of"),
        (Keywords(), ["one", "spare"], ValueError, "got no input for spare"),
        (chain().double(), ["0"], TypeError, "weight of '0' must be float32"),
        (Pairs(), ["one"], TypeError, "layer 'one' must be given one tensor"),
        ("net", ["0"], TypeError, "model must be a torch.nn.Module, got str"),
    ],
)
def test_what_cannot_be_captured_is_named(model, names, error, message):
    if "spare" in names:
        model.spare = nn.Linear(2, 2)
    with pytest.raises(error, match=message):
        captured(model, names, X)


def test_logits_that_are_no_numbers_are_not_scored():
    assert_refused(
        lambda: predict(Root(), torch.tensor([[1.0], [-1.0], [2.0]])),
        "logits must be numbers, got NaN for 1 of 3 images",
    )
