"""Ranges by a rule for each step, equal channels, and means put right."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import models
from mini_compress.graph import capture_outputs, fold_batchnorm
from mini_compress.kernels.ranges import RULES, Histogram
from mini_compress.quantization import (
    activation_histograms,
    calibrate,
    correct_bias,
    equalize,
    layer_pairs,
    prepare,
    quantize_network,
    quantize_static,
    quantize_weights,
)
from mini_compress.quantization.calibration import METHODS


def images(count: int = 20) -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.rand(count, 1, 28, 28, generator=rng)


def depthwise() -> nn.Sequential:
    """A network with a depthwise and a grouped convolution."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, stride=2),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, padding=1, groups=6),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, groups=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(8, 4, 1, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * 5 * 5, 10),
    ).eval()


def unbalance(model: nn.Module, seed: int = 1) -> None:
    """Scale channels up here and down there; the function stays."""
    rng = torch.Generator().manual_seed(seed)
    for name, after in layer_pairs(model):
        layer, reader = model.get_submodule(name), model.get_submodule(after)
        scale = torch.exp(2 * torch.randn(len(layer.weight), generator=rng))
        scale = scale.to(layer.weight.dtype)
        with torch.no_grad():
            layer.weight.mul_(scale.reshape(-1, *[1] * (layer.weight.ndim - 1)))
            if layer.bias is not None:
                layer.bias.mul_(scale)
            if isinstance(reader, nn.Linear):
                entries = reader.weight.shape[1] // len(scale)
                reader.weight.div_(scale.repeat_interleave(entries))
                continue
            depth = reader.weight.shape[1]
            for output in range(len(reader.weight)):
                group = output // (len(reader.weight) // reader.groups)
                own = scale[group * depth : (group + 1) * depth]
                reader.weight[output].div_(own.reshape(-1, 1, 1))


@pytest.mark.parametrize("method", METHODS)
def test_ranges_are_those_of_the_rule_on_the_activations(method):
    model, x = models.build("LeNet300").eval(), images(40)
    found = calibrate(model, x, method=method, bits=4, batch_size=15)
    with capture_outputs(model, ["classifier.2"]) as outputs:
        model(x)
    values = outputs["classifier.2"].detach().numpy()
    if method == "moving_average":
        ends = [b.max() for b in np.split(values, [15, 30])]
        high = ends[0]
        for end in ends[1:]:
            high = 0.99 * high + 0.01 * end
        assert found["classifier.1"] == pytest.approx((0, high))
    else:
        expected = RULES[method](Histogram.of(values), 4)
        assert found["classifier.1"] == expected
    assert list(found) == ["classifier.1", "classifier.3", "classifier.5"]
    network = quantize_network(model, x, activation_bits=4, ranges=found)
    assert network(x[:2]).shape == (2, 10)


@pytest.mark.parametrize(
    ("method", "x", "message"),
    [
        ("median", images(1), "method must be"),
        ("entropy", images(1)[:0], "must not be empty"),
        ("entropy", images(1) * torch.nan, "must be finite"),
        *(
            (method, torch.full((3, 1, 28, 28), 0.5), "got 0.5 everywhere")
            for method in METHODS
        ),
    ],
)
def test_calibration_refuses(method, x, message):
    with pytest.raises(ValueError, match=message):
        calibrate(models.build("LeNet300"), x, method=method)


@pytest.mark.parametrize(
    "x", [images(1)[:0], images(1) * torch.nan, torch.zeros(2, 1, 28, 28)]
)
@pytest.mark.parametrize(
    "use", [activation_histograms, quantize_network, prepare]
)
def test_what_asks_for_ranges_refuses_images_without_any(use, x):
    with pytest.raises(ValueError, match="images must"):
        use(models.build("LeNet300"), x)


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_that_is_dead_gives_0_in_integers_too(method):
    model = models.build("LeNet300").eval()
    with torch.no_grad():
        model.get_submodule("classifier.1").bias.fill_(-1000)
    found = calibrate(model, images(), method=method)
    assert found["classifier.1"] == (0, 0)
    network = quantize_network(model, images(), ranges=found)
    steps = dict(network.run(network.quantize(images(2))))
    assert (steps["classifier.1"] == 0).all()
    off = network(images(2)) - model(images(2))  # the same for each image
    assert off.abs().max() < 0.01


@pytest.mark.parametrize("name", ["LeNet300", "LeNet5", "ConvNet", "ResNet8"])
def test_equalized_networks_compute_the_same(name):
    model = models.build(name).double().eval()
    with torch.no_grad():
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.running_var.uniform_(0.01, 4)
                norm.weight.uniform_(-2, 2)
    x = images().double()
    assert torch.allclose(equalize(model)(x), model(x), rtol=1e-9, atol=1e-9)


def test_equalization_finds_the_same_network_however_channels_were_scaled():
    model = depthwise().double()
    other = depthwise().double()
    unbalance(other)
    x = images().double()
    assert torch.allclose(other(x), model(x))  # unbalancing changes nothing
    one, two = equalize(model, rounds=200), equalize(other, rounds=200)
    for layer, same in zip(one, two, strict=True):
        if hasattr(layer, "weight"):
            assert torch.allclose(layer.weight, same.weight, rtol=1e-6)
            # and the two of a pair have channels of one size
    assert len(layer_pairs(model)) == 4
    for name, after in layer_pairs(one)[:1]:
        made = one.get_submodule(name).weight.flatten(1).abs().amax(1)
        read = one.get_submodule(after).weight.flatten(1).abs().amax(1)
        assert torch.allclose(made, read, rtol=1e-6)


def test_a_dead_channel_stays():
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        net[0].weight[0] = 0
        net[2].weight[:, 1] = 0
    even = equalize(net)
    for before, after in zip(net.parameters(), even.parameters(), strict=True):
        assert torch.equal(before, after)


def test_a_weight_of_two_layers_is_not_scaled_twice():
    net = nn.Sequential(*(nn.Linear(3, 3) for _ in range(3)))
    net.insert(1, nn.ReLU())
    net[2].weight = net[0].weight
    with pytest.raises(ValueError, match="weight of '0' must be its own"):
        equalize(net)


def test_branches_are_left_alone():
    """A channel that is added to others, or read twice, has one scale."""
    assert layer_pairs(fold_batchnorm(models.build("ResNet8")))
    for name, after in layer_pairs(fold_batchnorm(models.build("ResNet8"))):
        assert name.rpartition(".")[0] == after.rpartition(".")[0]


def test_equalization_mends_what_one_step_for_all_channels_ruins():
    model = depthwise()
    unbalance(model)
    x = images()
    even = equalize(model)
    errors = [
        (quantize_weights(net, granularity="tensor")(x) - net(x)).norm()
        for net in (model, even)
    ]
    assert errors[1] < 0.2 * errors[0]


@pytest.mark.parametrize("network", ["LeNet5", "depthwise"])
@pytest.mark.parametrize("quantize", ["weights", "static"])
def test_means_are_put_right(network, quantize):
    model = models.build(network).eval() if network == "LeNet5" else depthwise()
    if network == "depthwise":
        model[7] = nn.Conv2d(8, 4, 1)  # with a bias
    x = images(50)
    quantized = (
        quantize_weights(model, bits=3)
        if quantize == "weights"
        else quantize_static(model, x, bits=3)
    )
    corrected = correct_bias(model, quantized, x)
    last = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)][-1]
    before, after = (
        (net(x) - model(x)).mean(0).abs().max()
        for net in (quantized, corrected)
    )
    steps = 1e-5
    if quantize == "static":  # half a step of the last layer's bias
        layer = corrected.get_submodule(last)
        steps += (layer.x_scale * layer.weight.scale.max() / 2).item()
    assert after <= steps < before
    # neither argument has changed
    assert not torch.equal(quantized(x), corrected(x))


def test_without_a_bias_there_is_nothing_to_correct():
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10, bias=False))
    with pytest.raises(ValueError, match=r"must have a bias .* in '1'"):
        correct_bias(net, quantize_weights(net), images(2))
    with pytest.raises(ValueError, match="quantized must have layers"):
        correct_bias(net, net, images(2))
