"""What becomes of each operation, and what is refused, by name and place."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from mini_compress import low_rank, models, pruning
from mini_compress.layers import RequantizedLayer
from mini_compress.quantization import quantize_network, quantize_weights
from tests.support.network_weights import same_weights
from tests.support.outside_networks import settled, small_vgg
from tests.support.random_networks import random_images, random_network

IMAGES = random_images(16)
PIXELS = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(1))


class Function(nn.Module):
    """A convolution, and what a function makes of its result."""

    def __init__(self, function) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.function = function

    def forward(self, x):
        return self.function(self.conv(x))


def kinds_of(network) -> list[str]:
    kinds = (type(step.operation).__name__ for step in network.steps[1:])
    return [kind.removeprefix("Integer") for kind in kinds]


def planned(function) -> list[str]:
    """Return what follows the convolution."""
    network = quantize_network(Function(function), IMAGES)
    *_, (_, codes) = network.run(network.quantize(IMAGES))
    assert codes.shape == function(torch.zeros(16, 4, 12, 12)).shape
    kinds = kinds_of(network)
    assert kinds[0] == "RequantizedLayer"
    activation = network.steps[1].operation.activation
    return ([] if activation == "none" else [activation]) + kinds[1:]


@pytest.mark.parametrize(
    ("function", "kinds"),
    [
        (lambda x: x.relu(), ["relu"]),
        (lambda x: functional.relu(x, inplace=True), ["relu"]),
        (lambda x: torch.relu_(x), ["relu"]),
        (lambda x: functional.relu6(x), ["relu6"]),
        (nn.Sequential(nn.Identity(), nn.Dropout(), nn.ReLU()), ["relu"]),
        (nn.Sequential(nn.ReLU(), nn.ReLU()), ["relu", "Table"]),
        (nn.Sequential(nn.MaxPool2d(2), nn.ReLU()), ["MaxPool2d", "Table"]),
        (lambda x: torch.sigmoid(x), ["Table"]),
        (lambda x: x.tanh(), ["Table"]),
        (nn.GELU(approximate="tanh"), ["Table"]),
        (functional.hardswish, ["Table"]),
        (lambda x: x.relu() + x, ["Table", "Add"]),
        (lambda x: (x + x).relu(), ["Add"]),
        (lambda x: torch.cat((x, x), 1), ["Concat"]),
        (lambda x: torch.cat([x], dim=-3), ["Concat"]),
        (lambda x: x * x.sigmoid(), ["Table", "Multiply"]),
        (nn.AvgPool2d(2, ceil_mode=True), ["AvgPool2d"]),
        (nn.AdaptiveAvgPool2d((3, 6)), ["AvgPool2d"]),
        (nn.AdaptiveAvgPool2d(12), []),
        (nn.AdaptiveAvgPool2d(1), ["GlobalAvgPool2d"]),
        (lambda x: x.mean((2, 3)), ["GlobalAvgPool2d", "Flatten"]),
        (lambda x: x.mean([-1, -2], keepdim=True), ["GlobalAvgPool2d"]),
        (lambda x: x.reshape(x.shape[0], -1), ["Flatten"]),
        (lambda x: torch.flatten(x, 1).flatten(1), ["Flatten"]),
    ],
)
def test_what_a_function_becomes(function, kinds):
    assert planned(function) == kinds


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (nn.Softmax(1), r"made of Linear, .*, got Softmax at 'function'"),
        (lambda x: x + 1, "add in the model itself .*: it adds no two tensors"),
        (lambda x: x[:, :1] + x, "got getitem in the model itself"),
        (lambda x: torch.add(x, x, alpha=2), "add in .*: its alpha is 2"),
        (lambda x: torch.cat([x, x], 2), "it joins along axis 2, not channels"),
        (lambda x: x.mean(1), "it averages axes 1 of"),
        (lambda x: x.mean(), "it averages axes None"),
        (lambda x: x.view(-1, 144), "which is no flattening"),
        (lambda x: x.flatten(), "which is no flattening"),
        (nn.MaxPool2d(5, 2, ceil_mode=True), "ceil_mode lets a window hang"),
        (nn.MaxPool2d(2, dilation=2), "its dilation is 2"),
        (nn.MaxPool2d(2, return_indices=True), "its return_indices is True"),
        (nn.AvgPool2d(2, divisor_override=3), "its divisor_override is 3"),
        (nn.AdaptiveAvgPool2d(5), "windows of .* are not of one size"),
        (nn.LeakyReLU(0.2), "its negative_slope is 0.2"),
        (nn.BatchNorm2d(4, track_running_stats=False), "has no running stat"),
        (nn.Sequential(nn.ReLU(), nn.BatchNorm2d(4)), "does not follow a Conv"),
        (nn.Conv2d(4, 4, 2, padding="same"), "must add as much on both sides"),
        (nn.Conv2d(4, 4, 3, padding_mode="reflect"), "padding_mode must be"),
        (nn.ConvTranspose2d(4, 4, 3), "got ConvTranspose2d at 'function'"),
        (lambda x: functional.relu_(x) + x.relu_(), None),
        (lambda x: (x, x), "must give one tensor, got a tuple"),
    ],
)
def test_what_has_no_integer_form(function, message):
    model = Function(function)
    if message is None:  # the second relu overwrites what both terms read
        message = "relu_ in the model itself has no integer form: it overwrites"
    with pytest.raises(ValueError, match=message):
        quantize_network(model, IMAGES)


class Reader(nn.Module):
    """Reads its own weight beside a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.scale


def test_a_weight_of_the_models_own_is_named():
    with pytest.raises(ValueError, match=r"got function\.scale in 'function'"):
        quantize_network(Function(Reader()), IMAGES)


def test_a_step_that_nobody_reads_is_named():
    class Unread(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)

        def forward(self, x):
            y = self.one(x)
            self.other(x)
            return y

    with pytest.raises(ValueError, match="read by another, got 'other'"):
        quantize_network(Unread(), IMAGES)


def test_names_are_those_of_the_layers():
    network = quantize_network(models.build("ResNet8").eval(), PIXELS)
    names = [step.name for step in network.steps]
    assert names[:4] == ["input", "features.0", *names[2:4]]
    assert names[4] == "features.3.add"
    assert set(names) >= {"features.4.skip.0", "classifier.2"}
    layers = [x for x in network.modules() if isinstance(x, RequantizedLayer)]
    assert len(layers) == 10


def test_names_that_would_clash_are_numbered():
    class Clash(nn.Module):
        def __init__(self):
            super().__init__()
            self.input = nn.Conv2d(3, 3, 1)
            self.relu = nn.ReLU()
            self.add = nn.Sequential(nn.Conv2d(3, 3, 1))
            self.run = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            x = self.relu(self.relu(self.input(x)))
            x = self.relu(self.relu(x + x) + x)
            return self.run(self.add(x)) + x

    network = quantize_network(Clash(), IMAGES)
    names = [step.name for step in network.steps]
    assert names == [
        *("input", "input_1", "relu", "add", "add_1", "add_2.0", "run_1"),
        "add_3",
    ]
    assert network(IMAGES).shape == IMAGES.shape


@pytest.mark.parametrize("seed", range(4))
def test_the_model_stays_as_it_is(seed):
    model = random_network(seed).train()
    before = copy.deepcopy(model)
    quantize_network(model, IMAGES)
    assert same_weights(model, before)
    assert model.training


def test_parts_of_factored_layers_are_steps():
    model = models.build("LeNet5")
    ranks = {"features.3": (12, 8), "classifier.1": 20}
    small = low_rank.factorize(model, ranks).model.eval()
    network = quantize_network(small, PIXELS)
    names = [step.name for step in network.steps]
    parts = {name for name in names if name.count(".") == 2}
    assert len(parts) == 5
    assert parts <= {name for name, _ in small.named_modules()}
    error = (network(PIXELS) - small(PIXELS)).abs().max()
    assert error < 0.1 * small(PIXELS).abs().max()


def test_pruned_networks_keep_their_zeros():
    model = models.build("LeNet5").eval()
    masks = pruning.magnitude_masks(model, 0.9)
    pruned = pruning.apply_masks(model, masks)
    one = quantize_network(pruned, PIXELS)
    other = quantize_network(pruning.store_sparse(pruned), PIXELS)
    for step in one.steps:
        if isinstance(step.operation, RequantizedLayer):
            kept = other.get_submodule(step.name).weight.codes()
            assert torch.equal(step.operation.weight.codes(), kept)
    weight = one.get_submodule("classifier.1").weight.codes()
    assert (weight == 0).float().mean() > 0.85


@pytest.mark.parametrize("granularity", ["tensor", "channel"])
def test_codes_of_a_weight_are_kept(granularity):
    """Whatever chose them: here plain rounding to 3 bits."""
    model = quantize_weights(
        models.build("LeNet5"), bits=3, granularity=granularity
    )
    network = quantize_network(model, PIXELS)
    for name in ("features.0", "features.3", "classifier.1"):
        layer = network.get_submodule(name)
        kept = model.get_submodule(name)
        assert layer.weight_bits == 3
        assert torch.equal(layer.weight.codes(), kept.weight.codes())
        assert torch.equal(layer.weight.scale, kept.weight.scale)


def test_steps_of_groups_are_refused():
    model = quantize_weights(
        models.build("LeNet300"), granularity="group", group_size=16
    )
    with pytest.raises(ValueError, match="its steps differ along the summed"):
        quantize_network(model, PIXELS)


def test_ranges_take_the_place_of_those_of_the_images():
    model = models.build("LeNet5")
    network = quantize_network(
        model, PIXELS, ranges={"input": (0, 2), "features.0": (-1, 1)}
    )
    grids = network.grids()
    assert grids["input"].scale == np.float32(2 / 255)
    assert grids["features.0"].scale == np.float32(2 / 255)
    assert grids["features.0"].zero_point in (127, 128)
    assert grids["features.2"] is grids["features.0"]  # pooling keeps it


def test_bits_of_one_layer():
    network = quantize_network(
        models.build("LeNet5"),
        PIXELS,
        weight_bits=2,
        activation_bits=3,
        bits={"features.0": 8, "classifier.3": 5},
    )
    layers = [x for x in network.modules() if isinstance(x, RequantizedLayer)]
    assert [x.weight_bits for x in layers] == [8, 2, 2, 5]
    assert [x.activation_bits for x in layers] == [8, 3, 3, 3]
    assert [x.y_bits for x in layers] == [3, 3, 3, 8]
    for name, codes in network.run(network.quantize(PIXELS)):
        assert int(codes.max()) < 2 ** network.grids()[name].bits


@pytest.mark.parametrize(
    ("images", "options", "error", "message"),
    [
        (PIXELS[:0], {}, ValueError, r"must not be empty, got shape \(0, 1"),
        (PIXELS / 0, {}, ValueError, "must be finite"),
        (PIXELS.double(), {}, TypeError, "got torch.float64"),
        (PIXELS, {"weight_bits": 9}, ValueError, r"weight_bits must be in \[2"),
        (PIXELS, {"weight_bits": True}, TypeError, "whole number, got bool"),
        (PIXELS, {"activation_bits": 1}, ValueError, "activation_bits must be"),
        (PIXELS, {"granularity": "group"}, ValueError, "one of tensor, chan"),
        (PIXELS, {"rounding": "up"}, ValueError, "one of float32_half_even"),
        (PIXELS, {"bits": {"head": 8}}, ValueError, "layers' names must be"),
        (PIXELS, {"bits": {"input": 8}}, ValueError, "layers' names must be"),
        (PIXELS, {"bits": {"features.0": 1}}, ValueError, r"\[2, 8\], got 1"),
        (PIXELS, {"ranges": {"head": (0, 1)}}, ValueError, "names in ranges"),
        (PIXELS, {"ranges": {"features.2": (0, 1)}}, ValueError, "in ranges"),
        (PIXELS, {"ranges": {"input": (1, 0)}}, ValueError, "got (1, 0)"),
        (PIXELS, {"ranges": {"input": (0, np.inf)}}, ValueError, "finite"),
        (PIXELS, {"ranges": {"input": (0,)}}, ValueError, "lowest and highest"),
        (PIXELS[..., :9], {}, ValueError, "input_shape must fit the model"),
    ],
)
def test_bad_requests(images, options, error, message):
    escaped = message.replace("(1, 0)", r"\(1, 0\)")
    with pytest.raises(error, match=escaped):
        quantize_network(models.build("LeNet5"), images, **options)


def test_values_that_are_no_numbers_are_named_by_step_and_image():
    model = models.build("LeNet5")
    with torch.no_grad():
        model.features[3].weight[0] = 1e30
    images = PIXELS.clone()
    images[:] = 0
    images[3] = 1e10
    with pytest.raises(
        ValueError, match=r"what 'features.3' gives .* image 3$"
    ):
        quantize_network(model, images)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("densenet121", "BatchNorm2d at 'features.denseblock1.denselayer1.nor"),
        ("shufflenet_v2_x0_5", "got chunk in 'stage2.1'|view in 'stage2.0'"),
        ("timm/mobilenetv3_small_050", "got BatchNormAct2d at 'bn1'"),
    ],
)
def test_what_networks_of_others_have_no_form_for(name, message):
    images = torch.rand(4, 3, 64, 64)
    with pytest.raises(ValueError, match=message):
        quantize_network(settled(name), images)


def test_a_network_of_others_with_joints_and_hanging_windows():
    images = torch.rand(
        4, 3, 56, 56, generator=torch.Generator().manual_seed(0)
    )
    network = quantize_network(small_vgg(), images)
    assert kinds_of(network).count("MaxPool2d") == 3
    assert network(images).shape == (4, 10)
