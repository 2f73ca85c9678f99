"""The four networks: sizes, structure, and weights that a seed fixes."""

import copy
import itertools
import math

import pytest
import torch
from torch import nn

from mini_compress.models import NETWORKS, build

PARAMETERS = {  # sums over the layers, as the design states them
    "LeNet300": 785 * 300 + 301 * 100 + 101 * 10,
    "LeNet5": 26 * 20 + 501 * 50 + 801 * 500 + 501 * 10,
    "ConvNet": 9 * (16 + 16 * 32 + 32 * 32 + 32 * 64) + 2 * 144 + 650,
    "ResNet8": 9 * (16 + 2 * 16**2 + 16 * 32 + 32**2 + 32 * 64 + 64**2)
    + 16 * 32
    + 32 * 64
    + 2 * (16 * 3 + 32 * 3 + 64 * 3)
    + 650,
}


def num_products(model: nn.Module) -> dict[str, int]:
    """Count multiplications by running the model on one image."""
    found = {}

    def count(name):
        def hook(module, inputs, output):
            found[name] = output[0].numel() * module.weight[0].numel()

        return hook

    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(count(name))
    model.eval()(torch.zeros(1, 1, 28, 28))
    return found


def test_the_networks_are_the_four():
    assert list(NETWORKS) == list(PARAMETERS)
    assert PARAMETERS["LeNet300"] == 266_610
    assert PARAMETERS["LeNet5"] == 431_080


@pytest.mark.parametrize("name", NETWORKS)
def test_number_of_parameters(name):
    model = build(name)
    assert type(model) is NETWORKS[name]
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]
    stated = f"{PARAMETERS[name]:,} parameters"
    assert stated in NETWORKS[name].__doc__


def test_what_the_docstring_of_lenet5_says():
    model = build("LeNet5")
    held = sum(p.numel() for p in model.classifier.parameters())
    assert round(100 * held / PARAMETERS["LeNet5"]) == 94
    products = num_products(model)
    done = sum(n for name, n in products.items() if "features" in name)
    assert round(100 * done / sum(products.values())) == 82


def test_the_modern_networks_cost_alike():
    costs = [
        sum(num_products(build(name)).values())
        for name in ("ConvNet", "ResNet8")
    ]
    assert math.isclose(*costs, rel_tol=0.15)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_relu_stands_between_any_two_layers_with_weights(name):
    """Without one between them, two layers could be merged into one."""
    seen = []
    model = build(name)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ReLU):
            module.register_forward_hook(lambda m, x, y: seen.append(m))
    model.eval()(torch.zeros(1, 1, 28, 28))
    skips = [m for m in seen if getattr(m, "kernel_size", None) == (1, 1)]
    relus = [isinstance(m, nn.ReLU) for m in seen if m not in skips]
    assert relus == [False, True] * (len(relus) // 2) + [False]


@pytest.mark.parametrize("name", NETWORKS)
def test_images_become_logits(name):
    model = build(name)
    logits = model(torch.rand(3, 1, 28, 28))
    assert logits.shape == (3, 10)
    assert logits.dtype == torch.float32
    assert build(name).eval()(torch.rand(1, 1, 28, 28)).isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_seed_fixes_the_weights_and_nothing_else(name):
    before = torch.random.get_rng_state()
    one, same, other = build(name), build(name, seed=0), build(name, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
    for key, weight in one.state_dict().items():
        assert torch.equal(weight, same.state_dict()[key])
    first = next(iter(one.state_dict()))
    assert not torch.equal(one.state_dict()[first], other.state_dict()[first])


@pytest.mark.parametrize("name", ["ConvNet", "ResNet8"])
def test_normalization_follows_its_convolution(name):
    model = build(name)
    convolutions = 0
    for sequential in model.modules():
        if isinstance(sequential, nn.Sequential):
            layers = [*sequential, None]
            for layer, following in itertools.pairwise(layers):
                if isinstance(layer, nn.Conv2d):
                    convolutions += 1
                    assert layer.bias is None
                    assert isinstance(following, nn.BatchNorm2d)
                    assert following.num_features == layer.out_channels
    assert convolutions == sum(
        isinstance(module, nn.Conv2d) for module in model.modules()
    )


def test_blocks_change_shape_only_where_they_must():
    blocks = build("ResNet8").features[3:]
    assert [len(block.skip) for block in blocks] == [0, 2, 2]
    images = torch.rand(2, 16, 14, 14)
    assert [blocks[:i](images).shape for i in (1, 2, 3)] == [
        (2, 16, 14, 14),
        (2, 32, 7, 7),
        (2, 64, 4, 4),
    ]


def test_a_block_adds_its_input():
    block = build("ResNet8").features[3].eval()
    nn.init.zeros_(block.body[-1].weight)
    images = torch.randn(2, 16, 5, 5)
    assert torch.equal(block(images), images.relu())


def test_trained_on_starts_empty_and_survives_copying():
    model = build("LeNet300")
    assert model.trained_on is None
    model.trained_on = "mnist"
    assert copy.deepcopy(model).trained_on == "mnist"
    assert build("LeNet300").trained_on is None


def test_unknown_names_are_told_the_known_ones():
    message = "one of LeNet300, LeNet5, ConvNet, ResNet8; got 'AlexNet'"
    with pytest.raises(ValueError, match=message):
        build("AlexNet")
    with pytest.raises(ValueError, match="seed must be >= 0, got -1"):
        build("LeNet5", seed=-1)
