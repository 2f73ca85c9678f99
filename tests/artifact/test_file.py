"""Files are whole, small, safe, and say what is wrong with a bad one."""

import json

import pytest
import safetensors.torch
import torch
from torch import nn

from mini_compress import artifact, models
from mini_compress.layers import IntegerLayer, WeightOnlyLayer
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_static,
    quantize_weights,
)

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def compressed(name: str) -> list[nn.Module]:
    model = models.build(name)
    folded = fold_batchnorm(model)
    return [
        model.eval(),
        folded,
        quantize_weights(model, bits=3, granularity="group", group_size=8),
        quantize_weights(model, bits=8, granularity="tensor"),
        quantize_static(folded, IMAGES),
        quantize_static(folded, IMAGES, granularity="tensor"),
        quantize_static(folded, IMAGES, bits=3),
    ]


@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_network_comes_back_the_same(name, tmp_path):
    for number, model in enumerate(compressed(name)):
        model.trained_on = "mnist5k"
        path = tmp_path / f"{number}.safetensors"
        num_bytes = artifact.save(model, path)
        assert path.stat().st_size == num_bytes
        loaded = artifact.load(path)
        assert loaded.trained_on == "mnist5k"
        assert not loaded.training
        assert torch.equal(loaded(IMAGES), model(IMAGES))
        assert artifact.to_bytes(loaded) == path.read_bytes()


def test_parts_add_up_to_the_file():
    for model in compressed("ConvNet"):
        data = artifact.to_bytes(model)
        assert sum(artifact.file_parts(data).values()) == len(data)
    plain, _, groups, tensor, static, *_ = (
        artifact.file_parts(artifact.to_bytes(x)) for x in compressed("ConvNet")
    )
    assert plain["scales"] == 0
    assert tensor["scales"] == 5 * 4  # one for each of five layers
    assert static["scales"] > tensor["scales"]
    assert groups["weights or codes"] < plain["weights or codes"] / 9
    with pytest.raises(ValueError, match=r"data must be a file of mini_comp"):
        artifact.file_parts(b"x" * 100)


def test_packed_codes_make_the_file_small():
    """Bits per weight in the file: the codes', plus steps and header."""
    model = models.build("LeNet300")
    original = len(artifact.to_bytes(model))
    assert original - 4 * 266_610 < 1_500  # the header
    for bits in range(2, 9):
        size = len(artifact.to_bytes(quantize_weights(model, bits=bits)))
        codes = 266_200 * bits / 8
        steps_and_biases = 2 * 4 * 410
        assert 0 < size - codes - steps_and_biases < 2_500


def test_other_networks_need_a_module_to_fill():
    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x):
            return self.layer(x)

    model = quantize_weights(Small(), bits=4)
    data = artifact.to_bytes(model)
    x = torch.rand(2, 4)
    skeleton = Small()
    before = skeleton.layer.weight.clone()
    loaded = artifact.from_bytes(data, skeleton)
    assert torch.equal(loaded(x), model(x))
    assert torch.equal(skeleton.layer.weight, before)
    with pytest.raises(ValueError, match="holds a Small, which is none of"):
        artifact.from_bytes(data)
    with pytest.raises(ValueError, match="network must be a Small, got"):
        artifact.from_bytes(data, models.build("LeNet5"))


def test_unknown_layers_are_refused_before_anything_is_written(tmp_path):
    model = models.build("LeNet300")
    model.classifier[2] = nn.PReLU()
    with pytest.raises(ValueError, match="known layers, got PReLU at"):
        artifact.save(model, tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TypeError, match="Module, got OrderedDict"):
        artifact.to_bytes(model.state_dict())


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    artifact.save(models.build("LeNet300"), path)
    before = path.read_bytes()
    monkeypatch.setattr(artifact.file, "to_bytes", lambda _: "not bytes")
    with pytest.raises(TypeError):
        artifact.save(models.build("LeNet300", seed=1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture(scope="module")
def data():
    return artifact.to_bytes(models.build("LeNet300"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: b"", "must be a file of mini_compress, got something"),
        (lambda d: b"\x80\x04 pickled" * 9, "got something else"),
        (lambda d: d[:500], "truncated: its header must have"),
        (lambda d: d[:-1], "truncated: it must have"),
        (lambda d: d + b"\0", "corrupt: its checksum"),
        (lambda d: d[:9] + b"?" + d[10:], "corrupt: its header cannot be"),
        (lambda d: d[:-9] + b"?" + d[-8:], "corrupt: its checksum"),
        (lambda d: d.replace(b"[300]", b"[299]"), "corrupt: its checksum"),
    ],
)
def test_a_bad_file_says_what_is_wrong(data, damage, message):
    with pytest.raises(ValueError, match=message):
        artifact.from_bytes(damage(data))


def test_every_flipped_byte_of_the_header_is_noticed(data):
    size = 8 + int.from_bytes(data[:8], "little")
    for position in range(0, size, 7):
        flipped = bytes([data[position] ^ 1])
        damaged = data[:position] + flipped + data[position + 1 :]
        with pytest.raises(ValueError, match="data"):
            artifact.from_bytes(damaged)


def test_foreign_and_later_files_are_refused(data):
    foreign = safetensors.torch.save({"weight": torch.zeros(2)})
    with pytest.raises(ValueError, match="safetensors file of another kind"):
        artifact.from_bytes(foreign)
    later = data.replace(b'version\\":1', b'version\\":2')
    assert later != data
    with pytest.raises(ValueError, match="version of data must be one of 1"):
        artifact.from_bytes(later)


def test_a_file_for_another_shape_names_the_tensors():
    class Net(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(size))

    with pytest.raises(ValueError, match="does not fit the network: scale"):
        artifact.from_bytes(artifact.to_bytes(Net(2)), Net(3))


def test_a_network_as_published_needs_no_description():
    data = artifact.to_bytes(models.build("ResNet8"))
    size = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + size])["__metadata__"]
    assert json.loads(metadata["mini_compress"])["modules"] == {}
    quantized = artifact.from_bytes(
        artifact.to_bytes(quantize_weights(models.build("ResNet8")))
    )
    kinds = [type(m) for m in quantized.modules()]
    assert kinds.count(WeightOnlyLayer) == 10
    assert kinds.count(IntegerLayer) == 0


def test_networks_that_are_loaded_have_nothing_in_common(data):
    one, other = artifact.from_bytes(data), artifact.from_bytes(data)
    parts = {id(x) for x in one.modules()} | {id(x) for x in one.parameters()}
    assert not parts & {id(x) for x in (*other.modules(), *other.parameters())}
    one.register_forward_hook(lambda *call: 0)
    one.classifier.append(nn.ReLU())
    one.classifier[1].weight.data.zero_()
    assert artifact.to_bytes(other) == data
    assert artifact.to_bytes(artifact.from_bytes(data)) == data
    assert torch.is_tensor(other(IMAGES))


def test_reading_and_writing_draw_nothing_from_torchs_generator():
    before = torch.get_rng_state()
    artifact.from_bytes(artifact.to_bytes(models.build("LeNet300")))
    assert torch.equal(torch.get_rng_state(), before)
