"""Float networks of every kind of layer, against torch."""

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from mini_compress import (
    datasets,
    export,
    low_rank,
    models,
    pruning,
    quantization,
    zoo,
)
from mini_compress.layers import SparseLayer
from tests.support.qlinear import open_model
from tests.support.random_networks import random_images, random_network


def assert_same(
    model: nn.Module, examples: Tensor, folder, rtol: float = 1e-5
) -> onnx.ModelProto:
    """Compare with torch, for another number of examples than was traced."""
    model.eval()
    path = folder / "network.onnx"
    export.to_onnx(
        model, path, form="float", input_shape=tuple(examples.shape[1:])
    )
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    with torch.no_grad():
        expected = model(examples).numpy()
    for optimized in (True, False):
        run = open_model(proto, optimized=optimized)
        got = run(examples.numpy())["logits"]
        assert got.shape == expected.shape
        atol = rtol * abs(expected).max()
        assert np.allclose(got, expected, rtol=rtol, atol=atol)
    return proto


@pytest.fixture(scope="module")
def digits():
    return datasets.load("mnist5k")


@pytest.mark.parametrize("name", ["LeNet300", "LeNet5", "ConvNet", "ResNet8"])
def test_networks_of_the_zoo(name, digits, tmp_path):
    images = digits.test.take(50).images
    proto = assert_same(zoo.load(name, "mnist5k"), images, tmp_path)
    layers = {
        name
        for name, module in zoo.load(name, "mnist5k").named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    }
    assert layers <= {node.name for node in proto.graph.node}


def test_a_transformer(digits, tmp_path):
    torch.manual_seed(0)
    images = digits.test.take(5).images
    assert_same(models.VisionTransformer(), images, tmp_path)


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_networks_of_every_form(seed, tmp_path):
    assert_same(random_network(seed), random_images(7, seed=1), tmp_path)


@pytest.mark.parametrize("method", ["channel", "spatial", "tucker"])
def test_factored_layers(method, digits, tmp_path):
    model = zoo.load("LeNet5", "mnist5k")
    layers = ["features.3", "classifier.1"]
    ranks = low_rank.share_ranks(model, 0.5, method=method, layers=layers)
    made = low_rank.factorize(
        model, ranks, method=method, input_shape=(1, 28, 28)
    )
    proto = assert_same(made.model, digits.test.take(20).images, tmp_path)
    convolutions = [x for x in proto.graph.node if x.op_type == "Conv"]
    assert len(convolutions) > 2


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_weights_as_codes(bits, digits, tmp_path):
    model = zoo.load("LeNet5", "mnist5k")
    made = quantization.quantize_weights(model, bits=bits)
    assert_same(made, digits.test.take(20).images, tmp_path)


@pytest.mark.parametrize("rotate", [False, True])
def test_weights_in_blocks(rotate, digits, tmp_path):
    made = quantization.quantize_format(
        zoo.load("LeNet5", "mnist5k"), format="nvfp4", rotate=rotate
    )
    assert_same(made, digits.test.take(20).images, tmp_path)


@pytest.mark.parametrize("name", ["LeNet5", "ConvNet"])
def test_layers_that_quantize_their_input(name, digits, tmp_path):
    """A code next to a tie may differ: by few, and by one."""
    images = digits.test.take(20).images
    made = quantization.quantize_static(
        zoo.load(name, "mnist5k"), digits.train.take(100).images
    )
    assert_same(made, images, tmp_path, rtol=0.02)


def test_pruned_and_sparse(digits, tmp_path):
    images = digits.test.take(20).images
    model = zoo.load("LeNet5", "mnist5k")
    masks = pruning.magnitude_masks(model, 0.9)
    pruned = pruning.apply_masks(model, masks)
    assert_same(pruned, images, tmp_path)
    sparse = pruning.store_sparse(pruned)
    assert any(isinstance(x, SparseLayer) for x in sparse.modules())
    assert_same(sparse, images, tmp_path)


def test_codebooks(digits, tmp_path):
    images = digits.test.take(20).images
    model = zoo.load("ConvNet", "mnist5k")
    for options in ({"group_size": 16}, {"huffman": True}):
        small = quantization.quantize_codebook(model, bits=4, **options)
        assert_same(small, images, tmp_path)


def test_codebooks_without_zeros(digits, tmp_path):
    images = digits.test.take(20).images
    model = zoo.load("LeNet5", "mnist5k")
    masks = pruning.magnitude_masks(model, 0.9)
    shared = quantization.share_weights(pruning.apply_masks(model, masks), 4)
    assert_same(quantization.store_huffman(shared), images, tmp_path)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8, bias=False)
        self.norm = nn.LayerNorm(8, elementwise_affine=False)
        self.shift = nn.Parameter(torch.arange(8.0))

    def forward(self, x):
        one = functional.scaled_dot_product_attention(
            self.query(x), self.norm(x), x
        )
        return ((one * 2 + self.shift) / 3 - 1)[:, 0]


class Joined(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d((3, 4))

    def forward(self, x):
        x = torch.cat([self.conv(x), x], 1)
        x = functional.relu(self.pool(x), inplace=True)
        return x.mean((2, 3)).unsqueeze(1).squeeze(1)


@pytest.mark.parametrize(
    ("model", "shape"),
    [(Attention(), (6, 8)), (Joined(), (3, 12, 12))],
)
def test_operations_written_out(model, shape, tmp_path):
    torch.manual_seed(0)
    assert_same(model, torch.randn(5, *shape), tmp_path)


@pytest.mark.parametrize(
    "function",
    [
        *(nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.GELU()),
        *(nn.GELU("tanh"), nn.SiLU(), nn.Sigmoid(), nn.Tanh()),
        *(nn.Hardsigmoid(), nn.Hardswish(), nn.Softmax(1)),
    ],
    ids=repr,
)
def test_functions(function, tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), function)
    assert_same(model, 5 * torch.randn(7, 6), tmp_path)


@pytest.mark.parametrize(
    "layer",
    [
        *(nn.BatchNorm2d(3), nn.BatchNorm2d(3, affine=False, eps=0.1)),
        *(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1)),
        nn.AvgPool2d(3, 1, 1, count_include_pad=False),
        *(nn.AdaptiveMaxPool2d(1), nn.Dropout(), nn.Unflatten(1, (1, 3))),
        nn.Conv2d(3, 6, 3, 2, padding=2, dilation=2, groups=3, bias=False),
    ],
    ids=repr,
)
def test_layers(layer, tmp_path):
    torch.manual_seed(0)
    if isinstance(layer, nn.BatchNorm2d):
        layer.running_mean.normal_()
        layer.running_var.uniform_(0.5, 2)
    model = nn.Sequential(nn.Conv2d(3, 3, 1), layer)
    assert_same(model, torch.randn(4, 3, 12, 12), tmp_path)
