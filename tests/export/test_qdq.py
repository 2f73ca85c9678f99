"""Integer networks as floats between grids, in onnxruntime."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto

from mini_compress import datasets, export, low_rank, models, zoo
from mini_compress.layers import IntegerNetwork, RequantizedLayer
from mini_compress.layers.integer_table import IntegerTable
from mini_compress.quantization import quantize_network
from tests.support.qlinear import open_network
from tests.support.random_networks import random_images, random_network

SHAPE = (1, 28, 28)
NEAR = 1e-3  # of a step: so close to a tie is what a float sum may miss


def assert_near_codes(
    network: IntegerNetwork, images: torch.Tensor, *, optimized: bool
) -> int:
    """Feed each step equal codes; count the codes that differ.

    They may do so by one, and only next to a tie.
    """
    shape = tuple(images.shape[1:])
    run = open_network(network, shape, form="qdq", optimized=optimized)
    found = run(images.numpy())
    codes = [torch.from_numpy(found[name]) for name, _ in network.wiring]
    grids = list(network.grids().values())
    assert torch.equal(codes[0], network.quantize(images))
    differing = 0
    for number, step in list(enumerate(network.steps))[1:]:
        given = [codes[i] for i in step.reads]
        ours = step.operation(*given).numpy().astype(int)
        apart = ours != codes[number].numpy()
        differing += int(apart.sum())
        assert abs(ours - codes[number].numpy()).max() <= 1, step.name
        if apart.any():
            inputs = zip(given, [grids[i] for i in step.reads], strict=True)
            real = step.operation.compute_real(
                *(
                    (c.float() - int(g.zero_point)) * float(g.scale)
                    for c, g in inputs
                )
            )
            steps = real.numpy().astype(float) / float(grids[number].scale)
            assert (abs(steps % 1 - 0.5)[apart] < NEAR).all(), step.name
    return differing


@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_networks_of_every_form(seed, optimized):
    network = quantize_network(random_network(seed), random_images(20))
    assert_near_codes(network, random_images(40, seed=1), optimized=optimized)


@pytest.mark.takes(8)
@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize("bits", [{}, {"weight_bits": 4}])
@pytest.mark.parametrize("name", ["LeNet300", "LeNet5", "ConvNet", "ResNet8"])
def test_networks_of_the_zoo(name, bits, optimized):
    data = datasets.load("mnist5k")
    images = data.train.take(200).images
    network = quantize_network(zoo.load(name, "mnist5k"), images, **bits)
    test = data.test.take(500).images
    assert_near_codes(network, test, optimized=optimized)


@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize("method", ["channel", "spatial", "tucker"])
def test_parts_of_factored_layers(method, optimized):
    model = models.build("ResNet8").eval()
    ranks = low_rank.share_ranks(model, 0.5, method=method)
    small = low_rank.factorize(model, ranks, method=method).model.eval()
    images = random_images(20)[:, :1, :, :]
    network = quantize_network(small, images)
    assert_near_codes(network, images, optimized=optimized)


@pytest.mark.parametrize("rounding", ["fixed_single", "fixed_double"])
def test_another_rounding_becomes_that_of_onnx(rounding):
    model, images = random_network(2), random_images(20)
    network = quantize_network(model, images, rounding=rounding)
    run = open_network(network, (3, 12, 12), form="qdq")
    logits = run(images.numpy())["logits"]
    step = float(list(network.grids().values())[-1].scale)
    assert abs(logits - network(images).numpy()).max() < 3 * step


def test_narrow_weights_are_stored_two_to_a_byte(tmp_path):
    data = datasets.load("mnist5k")
    images = data.train.take(50).images
    model = zoo.load("LeNet300", "mnist5k")
    sizes = {}
    for bits in (8, 5, 4, 2):
        network = quantize_network(model, images, weight_bits=bits)
        path = tmp_path / f"{bits}.onnx"
        sizes[bits] = export.to_onnx(
            network, path, form="qdq", input_shape=SHAPE
        )
        kinds = {x.name: x.data_type for x in onnx.load(path).graph.initializer}
        narrow = kinds["classifier.1.weight_codes"] == TensorProto.INT4
        assert narrow == (bits <= 4)
    codes = 784 * 300 + 300 * 100 + 1000 + 410  # weights and zero points
    assert sizes[8] == sizes[5]
    assert sizes[5] - sizes[4] == pytest.approx(codes / 2, abs=10)


def test_nodes_have_the_names_of_the_layers(tmp_path):
    network = quantize_network(random_network(0), random_images(20))
    for form in ("qdq", "qlinear"):
        path = Path(tmp_path, form)
        export.to_onnx(network, path, form=form, input_shape=(3, 12, 12))
        graph = onnx.load(path).graph
        kinds = {node.name: node.op_type for node in graph.node}
        for step in network.steps:
            assert step.name in kinds
            if isinstance(step.operation, RequantizedLayer):
                assert kinds[step.name] in (
                    *("Conv", "Gemm", "QLinearConv", "QGemm"),
                )
        names = [node.name for node in graph.node]
        assert len(set(names)) == len(names)
        [given] = graph.input
        sizes = given.type.tensor_type.shape.dim
        assert sizes[0].dim_param and sizes[1].dim_value == 3


@pytest.mark.parametrize("form", ["qdq", "qlinear"])
def test_functions_of_one_input_are_gathered(form, tmp_path):
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.SiLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(400, 5),
        torch.nn.Tanh(),
    )
    network = quantize_network(model, random_images(20))
    path = tmp_path / "network.onnx"
    export.to_onnx(network, path, form=form, input_shape=(3, 12, 12))
    kinds = {x.name: x.op_type for x in onnx.load(path).graph.node}
    tables = [
        step.name
        for step in network.steps
        if isinstance(step.operation, IntegerTable)
    ]
    assert len(tables) == 2
    assert {kinds[name] for name in tables} == {"Gather"}


@pytest.mark.parametrize("form", ["qdq", "qlinear"])
def test_layers_on_more_axes(form):
    """A linear layer of tokens: rows of more than one axis."""
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 5),
        torch.nn.ReLU(),
        torch.nn.Linear(5, 4, bias=False),
        torch.nn.Flatten(),
        torch.nn.Linear(12, 2),
    )
    images = torch.randn(30, 3, 6, generator=torch.Generator().manual_seed(0))
    network = quantize_network(model, images)
    found = open_network(network, (3, 6), form=form)(images.numpy())
    for name, ours in network.run(network.quantize(images)):
        assert abs(ours.numpy().astype(int) - found[name]).max() <= (
            form == "qdq"
        ), name
    assert np.shape(found["logits"]) == (30, 2)
