"""Numbers that no layer can compute with, and data that is no file."""

import os
import struct

import pytest
import safetensors.torch
import torch

from mini_compress import artifact, models
from tests.support.signed_files import put_together, refuse, take_apart


def changed_tensor(data: bytes, name: str, value: object) -> bytes:
    """Return the file with the first number of a tensor changed."""
    outer, ours, tensors = take_apart(data)
    begin, _ = outer[name]["data_offsets"]
    code = {"F32": "<f", "I32": "<i", "I16": "<h", "U8": "<B"}[
        outer[name]["dtype"]
    ]
    number = struct.pack(code, value)
    tensors = tensors[:begin] + number + tensors[begin + len(number) :]
    return put_together(outer, ours, tensors)


@pytest.mark.parametrize(
    ("number", "tensor", "value", "says"),
    [
        (0, "features.0.weight", float("nan"), "must be finite, got NaN"),
        (0, "features.0.weight", float("inf"), "finite, got infinity"),
        (0, "features.1.running_var", -1.0, "running_var must be >= 0"),
        (0, "features.1.running_mean", float("nan"), "must be finite"),
        (2, "features.3.weight.scale", 0.0, "scale must be > 0, got 0"),
        (2, "features.3.weight.scale", float("nan"), "must be finite"),
        (5, "features.3.weight.scale", -1.0, "scale must be > 0, got -1"),
        (5, "features.3.x_scale", 0.0, "x_scale must be > 0, got 0"),
        (5, "features.3.x_scale", float("inf"), "must be finite"),
        (5, "features.3.x_zero_point", -1, "must be in [0, 255], got -1"),
        (5, "features.3.x_zero_point", 256, "must be in [0, 255], got 256"),
        (5, "features.3.bias", -(2**31), "must stay within int32"),
        (7, "features.3.weight.values", float("nan"), "must be finite"),
        (8, "features.3.weight.levels", float("nan"), "must be finite"),
        (8, "features.3.weight.scale", 0.0, "scale must be > 0, got 0"),
        (9, "features.3.weight.stored.lengths", 0, "must be those of a Huffm"),
        (9, "features.3.weight.stored.block_bytes", 9, "bytes of the stream"),
    ],
)
def test_numbers_made_up(files, number, tensor, value, says):
    refuse(changed_tensor(files[number][0], tensor, value), tensor[:10], says)


def test_gaps_must_end_within_the_weight(files):
    outer, ours, tensors = take_apart(files[7][0])
    begin, end = outer["features.9.weight.gaps"]["data_offsets"]
    tensors = tensors[:begin] + b"\xff" * (end - begin) + tensors[end:]
    refuse(put_together(outer, ours, tensors), "features.9", "must end within")


@pytest.mark.parametrize("data", ["text", None, 5, torch.zeros(2)])
def test_data_must_be_bytes(data):
    with pytest.raises(TypeError, match="data must be bytes, got"):
        artifact.from_bytes(data)
    with pytest.raises(TypeError, match="data must be bytes, got"):
        artifact.file_parts(data)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_bytes_are_read_too(lenet300, kind):
    back = artifact.from_bytes(kind(lenet300))
    assert artifact.to_bytes(back) == lenet300


def test_no_more_is_read_than_shows_that_a_file_is_not_ours(tmp_path):
    zeros = tmp_path / "zeros.safetensors"
    with zeros.open("wb") as file:
        file.truncate(8 * 2**30)  # a hole: takes no room on the disk
    with pytest.raises(ValueError, match=r"zeros.*got something else"):
        artifact.load(zeros)
    foreign = tmp_path / "foreign.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(2)}, foreign)
    with foreign.open("r+b") as file:
        file.truncate(8 * 2**30)
    with pytest.raises(ValueError, match=r"foreign.*of another kind"):
        artifact.load(foreign)
    ours = tmp_path / "ours.safetensors"
    artifact.save(models.build("ConvNet"), ours)
    with ours.open("r+b") as file:
        file.truncate(8 * 2**30)
    with pytest.raises(ValueError, match=r"ours.*is corrupt: it must have"):
        artifact.load(ours)


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match=r"pipe must be a file"):
        artifact.load(pipe)
    with pytest.raises(ValueError, match="must be a file"):
        artifact.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        artifact.load(tmp_path / "absent")
