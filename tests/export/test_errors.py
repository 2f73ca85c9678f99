"""What cannot be exported is named, and leaves no file behind."""

import re

import pytest
import torch
from torch import nn

from mini_compress import export
from mini_compress.quantization import quantize_network
from tests.support.random_networks import random_images, random_network

SHAPE = (3, 12, 12)


@pytest.fixture(scope="module")
def network():
    return quantize_network(random_network(1), random_images(20))


def refused(model, folder, message, kind=ValueError, **options):
    options = {"form": "float", "input_shape": SHAPE} | options
    with pytest.raises(kind, match=re.escape(message)):
        export.to_onnx(model, folder / "network.onnx", **options)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("form", ["qdq", "qlinear"])
def test_a_float_network_has_no_codes(form, tmp_path):
    message = "call quantization.quantize_network first"
    refused(random_network(1), tmp_path, message, form=form)


def test_an_integer_network_is_no_float_one(network, tmp_path):
    refused(network, tmp_path, "whose forms are 'qdq' and 'qlinear'")


def test_the_form_is_known(network, tmp_path):
    message = "form must be one of float, qdq, qlinear; got 'int8'"
    refused(network, tmp_path, message, form="int8")


@pytest.mark.parametrize("rounding", ["fixed_single", "fixed_double"])
def test_a_rounding_that_onnx_has_not(rounding, tmp_path):
    made = quantize_network(
        random_network(1), random_images(20), rounding=rounding
    )
    message = f"rounding of 'stem' must be 'float32_half_even', the one that \
ONNX's operators on codes have, got '{rounding}'"
    refused(made, tmp_path, message, form="qlinear")


class Overwrites(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        one = self.first(x)
        return torch.relu_(one) + one


class Counts(nn.Module):
    def forward(self, x):
        return x / x.shape[0]


class Several(nn.Module):
    def forward(self, x):
        return torch.chunk(x, 3, 1)[0]


class Looks(nn.Module):
    def forward(self, x):
        return x / (1 + x.max().item())


class Draws(nn.Module):
    def forward(self, x):
        return x + torch.rand(x.shape[1:])


class Gives(nn.Module):
    def forward(self, x):
        return x, x


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Sequential(nn.ELU()), "ELU at '0' cannot be exported"),
        (Overwrites(), "relu_ in the model itself cannot be exported: it over"),
        (Counts(), "it computes with the number of examples"),
        (
            Several(),
            "chunk in the model itself cannot be exported: it gives",
        ),
        (Looks(), "item in the model itself cannot be exported: it makes a"),
        (Draws(), "rand in the model itself cannot be exported: it gives ot"),
        (Gives(), "model must give one tensor, got a tuple"),
        (
            nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False)),
            "it has no running statistics",
        ),
        (
            nn.Sequential(nn.Conv2d(3, 3, 3, padding_mode="reflect")),
            "padding_mode must be zeros",
        ),
        (
            nn.Sequential(nn.MaxPool2d(5, ceil_mode=True)),
            "its ceil_mode lets a window hang over the edge",
        ),
    ],
)
def test_operations_that_are_not_known(model, message, tmp_path):
    refused(model, tmp_path, message)


@pytest.mark.parametrize("form", ["qdq", "qlinear", "float"])
@pytest.mark.parametrize("shape", [(4, 12, 12), (3, 12), (3, 12, 0), ()])
def test_a_shape_that_does_not_fit(network, form, shape, tmp_path):
    model = random_network(1) if form == "float" else network
    refused(model, tmp_path, "input_shape", form=form, input_shape=shape)


def test_a_shape_is_a_tuple(network, tmp_path):
    message = "input_shape must be a tuple of sizes, got int"
    refused(network, tmp_path, message, TypeError, input_shape=12)


def test_a_network_of_another_float(tmp_path):
    message = "must be float32 to run on images, got float64"
    refused(random_network(1).double(), tmp_path, message, TypeError)


@pytest.mark.parametrize("place", ["folder", "file/network.onnx"])
def test_a_path_that_cannot_be_written(network, place, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("a file")
    with pytest.raises(ValueError, match="path must be one that can be"):
        export.to_onnx(network, tmp_path / place, input_shape=SHAPE)
    assert sorted(x.name for x in tmp_path.iterdir()) == ["file", "folder"]


def test_a_failure_keeps_the_file_that_was_there(network, tmp_path):
    path = tmp_path / "network.onnx"
    size = export.to_onnx(network, path, input_shape=SHAPE)
    with pytest.raises(ValueError, match="input_shape"):
        export.to_onnx(network, path, input_shape=(1, 2))
    assert path.stat().st_size == size
