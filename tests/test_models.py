"""The networks: sizes, structure, and weights that a seed fixes."""

import copy
import itertools
import math

import pytest
import torch
from torch import nn

from mini_compress import artifact, pruning, quantization, training
from mini_compress.hardware import ledger
from mini_compress.models import (
    NETWORKS,
    Perceptron,
    VisionTransformer,
    build,
    perceptron,
    vision_transformer,
)
from tests.support.network_weights import same_weights

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


def widths(model: nn.Module) -> list[int]:
    return [
        module.weight.shape[0]
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d) and "skip" not in name
    ]


@pytest.mark.parametrize(
    ("name", "width", "expected"),
    [
        ("LeNet300", 0.1, [30, 10, 10]),
        ("LeNet5", 0.5, [10, 25, 250, 10]),
        ("LeNet5", 2, [40, 100, 1000, 10]),
        ("ConvNet", 0.25, [4, 8, 8, 16, 10]),
        ("ResNet8", 0.5, [8, 8, 8, 16, 16, 32, 32, 10]),
        *((name, 0.001, None) for name in NETWORKS),
    ],
)
def test_a_width_multiplies_every_hidden_layer(name, width, expected):
    model = build(name, width=width)
    found = widths(model)
    assert found == (expected or [1] * (len(found) - 1) + [10])
    assert model.eval()(torch.rand(2, 1, 28, 28)).shape == (2, 10)
    read = artifact.from_bytes(artifact.to_bytes(model))
    assert same_weights(read, model)
    costs = ledger(model, devices=[])
    assert costs.parameters == sum(p.numel() for p in model.parameters())
    assert costs.macs == sum(num_products(model).values())


def test_a_width_of_one_is_the_network_itself():
    for name in NETWORKS:
        assert same_weights(build(name, width=1), build(name))
    with pytest.raises(ValueError, match=r"width must be in .*, got -1"):
        build("LeNet5", width=-1)


def test_a_perceptron_is_a_lenet300_of_other_widths():
    assert same_weights(perceptron(300, 100, seed=3), build("LeNet300", seed=3))
    teacher = perceptron(1200, 1200, dropout=0.5, input_dropout=0.2)
    kinds = [type(layer).__name__ for layer in teacher.classifier]
    hidden = ["Linear", "ReLU", "Dropout"]
    assert kinds == ["Flatten", "Dropout", *hidden, *hidden, "Linear"]
    shares = [x.p for x in teacher.modules() if isinstance(x, nn.Dropout)]
    assert shares == [0.2, 0.5, 0.5]
    # dropping out draws nothing when a network is built
    plain, linear = perceptron(1200, 1200), nn.Linear
    for one, other in zip(
        filter(lambda x: isinstance(x, linear), teacher.classifier),
        filter(lambda x: isinstance(x, linear), plain.classifier),
        strict=True,
    ):
        assert torch.equal(one.weight, other.weight)
    assert widths(perceptron()) == [10]
    assert teacher.trained_on is None


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((0,), {}, "width of a hidden layer must be >= 1, got 0"),
        ((3,), {"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ((3,), {"input_dropout": -0.1}, "input_dropout must be in"),
        ((3,), {"seed": -1}, "seed must be >= 0"),
    ],
)
def test_wrong_perceptrons_are_refused(sizes, options, message):
    with pytest.raises(ValueError, match=message):
        perceptron(*sizes, **options)


def torch_encoder(model: VisionTransformer) -> nn.TransformerEncoder:
    """torch's own blocks, with the weights of ours."""
    width, heads = model.head.in_features, model.blocks[0].attention.heads
    layer = nn.TransformerEncoderLayer(
        *(width, heads, 2 * width),
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
    encoder = nn.TransformerEncoder(
        layer, len(model.blocks), norm=model.norm, enable_nested_tensor=False
    )
    for theirs, ours in zip(encoder.layers, model.blocks, strict=True):
        attention = theirs.self_attn
        attention.in_proj_weight.data = ours.attention.qkv.weight.data
        attention.in_proj_bias.data = ours.attention.qkv.bias.data
        attention.out_proj.load_state_dict(ours.attention.out.state_dict())
        theirs.linear1.load_state_dict(ours.mlp[0].state_dict())
        theirs.linear2.load_state_dict(ours.mlp[2].state_dict())
        theirs.norm1.load_state_dict(ours.norm1.state_dict())
        theirs.norm2.load_state_dict(ours.norm2.state_dict())
    return encoder


def test_the_transformer_is_torchs_own():
    model = vision_transformer(depth=3, seed=1)
    for parameter in model.parameters():  # norms that do something
        parameter.data += 0.1 * torch.randn_like(parameter)
    images = torch.rand(5, 1, 28, 28)
    patches = images.unfold(2, 7, 7).unfold(3, 7, 7).reshape(5, 16, 49)
    weight = model.patches.weight.reshape(48, 49)
    tokens = patches @ weight.T + model.patches.bias + model.positions.weight
    expected = model.head(torch_encoder(model)(tokens).mean(1))
    torch.testing.assert_close(model(images), expected, rtol=1e-4, atol=1e-5)


def test_attention_is_what_a_submodule_gives():
    model, seen = vision_transformer(), {}
    for name, module in model.named_modules():
        if name.endswith("attention.softmax"):
            assert isinstance(module, nn.Softmax)
            module.register_forward_hook(
                lambda _, x, y, name=name: seen.update({name: y})
            )
    model(torch.rand(3, 1, 28, 28))
    assert list(seen) == [f"blocks.{i}.attention.softmax" for i in (0, 1)]
    for matrices in seen.values():
        assert matrices.shape == (3, 4, 16, 16)
        torch.testing.assert_close(matrices.sum(-1), torch.ones(3, 4, 16))


def test_a_seed_fixes_the_transformer_and_the_perceptron():
    before = torch.random.get_rng_state()
    for make in (vision_transformer, lambda seed: perceptron(9, seed=seed)):
        assert same_weights(make(seed=1), make(seed=1))
        assert not same_weights(make(seed=1), make(seed=2))
    assert torch.equal(before, torch.random.get_rng_state())
    with pytest.raises(ValueError, match="width must be a multiple of 5"):
        vision_transformer(heads=5)


@pytest.mark.parametrize("kind", [Perceptron, VisionTransformer])
def test_networks_outside_the_zoo_go_where_the_others_go(kind, small):
    model = kind()
    start = training.evaluate(model, small.test).accuracy
    options = {"epochs": 6, "batch_size": 32, "progress": False}
    trained = training.train(model, small, **options).model
    assert training.evaluate(trained, small.test).accuracy > start + 30
    read = artifact.from_bytes(artifact.to_bytes(trained), kind)
    assert same_weights(read, trained)
    assert read.trained_on == "mnist5k"
    linear = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
    ]
    masks = pruning.magnitude_masks(trained, 0.5, layers=linear)
    assert list(masks) == linear
    pruned = pruning.apply_masks(trained, masks)
    assert same_weights(
        artifact.from_bytes(artifact.to_bytes(pruned), kind), pruned
    )
    coded = quantization.quantize_weights(trained, layers=linear)
    again = artifact.from_bytes(artifact.to_bytes(coded), kind)
    images = small.test.images
    assert torch.equal(again(images), coded(images))
    stored = ledger(trained, devices=[])
    assert stored.parameters == sum(p.numel() for p in model.parameters())


def test_what_the_docstring_of_the_transformer_says():
    model = VisionTransformer()
    count = sum(p.numel() for p in model.parameters())
    assert f"{count:,} parameters" in VisionTransformer.__doc__
    unweighted = 2 * 16 * 16 * 48  # queries by keys, attention by values
    block = 16 * (4 * 48**2 + 2 * 48 * 96) + unweighted
    assert round(100 * unweighted / block) == 8
    assert ledger(model, devices=[]).macs == 2 * (block - unweighted) + (
        16 * 49 * 48 + 480
    )
