"""Layers of codes and levels: numbers, files, ledgers, what is refused."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import mini_compress as mc
from mini_compress import artifact, models, zoo
from mini_compress.hardware import layer_costs, measure_model_ms
from mini_compress.kernels import huffman
from mini_compress.layers import CodebookLayer, CodebookWeight
from mini_compress.quantization import fold_batchnorm, quantize_codebook

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def codebook_layers(model: nn.Module) -> dict[str, CodebookLayer]:
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, CodebookLayer)
    }


@pytest.mark.parametrize("network", models.NETWORKS)
@pytest.mark.parametrize("options", [{}, {"group_size": 32}, {"huffman": True}])
def test_outputs_and_files_survive(network, options):
    model = zoo.load(network, "mnist5k")
    before = copy.deepcopy(model.state_dict())
    small = quantize_codebook(model, bits=3, **options)
    assert codebook_layers(small)
    with torch.no_grad():
        dense = copy.deepcopy(model).eval()
        for name, layer in codebook_layers(small).items():
            dense.get_submodule(name).weight.copy_(layer.dense_weight())
        expected, got = dense(IMAGES), small(IMAGES)
        # the bias is added before or after the last rounding of a sum
        assert (got - expected).abs().max() <= 2**-17 * expected.abs().max()
        data = artifact.to_bytes(small)
        assert torch.equal(artifact.from_bytes(data)(IMAGES), got)
    assert artifact.to_bytes(artifact.from_bytes(data)) == data
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("bits", [1, 3, 4, 8])
def test_the_file_is_as_long_as_codes_and_levels_say(bits):
    small = quantize_codebook(
        zoo.load("LeNet300", "mnist5k"), bits=bits, method="uniform"
    )
    expected = 410 * 4  # biases
    for layer in codebook_layers(small).values():
        # codes are cut into planes, each of which ends with a whole byte
        codes = layer.weight.num_weights * bits / 8
        assert codes <= layer.weight.stored.packed.numel() <= codes + 3
        expected += layer.weight.stored.packed.numel() + 4 * 2**bits
    data = artifact.to_bytes(small)
    # the header takes some hundred bytes more
    assert expected <= len(data) <= expected + 2500


def test_huffman_streams_are_counted_with_tables_and_blocks():
    model = zoo.load("LeNet300", "mnist5k")
    packed = quantize_codebook(model, bits=4, method="uniform")
    small = quantize_codebook(model, bits=4, method="uniform", huffman=True)
    expected = 410 * 4  # biases
    for name, layer in codebook_layers(small).items():
        other = packed.get_submodule(name)
        codes = layer.weight.codes()
        assert torch.equal(codes, other.weight.codes())
        assert torch.equal(layer.dense_weight(), other.dense_weight())
        encoded = huffman.encode(codes.numpy())
        held = layer_bytes(layer)
        assert held == encoded.num_bytes + 4 * (16 + len(layer.bias))
        least = huffman.entropy(codes.numpy()) * codes.numel() / 8
        assert least < len(encoded.stream) < 1.05 * least
        expected += encoded.num_bytes + 4 * 16
    data = artifact.to_bytes(small)
    assert expected <= len(data) <= expected + 2500
    assert len(data) < 0.9 * len(artifact.to_bytes(packed))


def layer_bytes(layer: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in layer.state_dict().values())


def test_the_ledger_counts_codes_and_levels():
    model = zoo.load("LeNet300", "mnist5k")
    small = quantize_codebook(model, bits=4, group_size=64, layers=None)
    one, other = mc.ledger(model), mc.ledger(small)
    assert one.parameters == other.parameters == 266_610
    assert one.macs == other.macs
    assert other.num_bytes == len(artifact.to_bytes(small))
    _, layer, *_ = layer_costs(small).layers
    assert (layer.weight_bits, layer.activation_bits) == (4, 32)
    scales = 300 * 13  # 784 weights are 12 groups of 64, and one of 16
    held = 784 * 300 // 2 + 4 * (16 + scales + 300)
    assert layer.weight_bytes == held
    timing = measure_model_ms(small, IMAGES, repeats=1)
    assert timing.kernel == (
        "torch float32 x 4-bit codes of a codebook, batch 8"
    )


def test_a_codebook_is_read_by_what_comes_after():
    model = fold_batchnorm(zoo.load("ConvNet", "mnist5k"))
    small = quantize_codebook(model, bits=4)
    integer = mc.quantization.quantize_network(small, IMAGES)
    assert integer(IMAGES).shape == (8, 10)
    with pytest.raises(ValueError, match="compressed already: CodebookLayer"):
        quantize_codebook(small, bits=4)


def weight_of(bits=2, num_levels=3, **options) -> CodebookWeight:
    return CodebookWeight((2, 5), bits=bits, num_levels=num_levels, **options)


CODES = np.arange(10, dtype=np.uint8).reshape(2, 5) % 3
LEVELS = np.array([-1, 0, 1], np.float32)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_levels": 5}, r"num_levels must be in \[1, 4\], got 5"),
        ({"num_levels": 0}, r"num_levels must be in \[1, 4\], got 0"),
        ({"bits": 9}, r"bits must be in \[1, 8\], got 9"),
        ({"bits": 0}, r"bits must be in \[1, 8\], got 0"),
        ({"group_size": 0}, r"group_size must be in \[1, 5\], got 0"),
        ({"group_size": 6}, r"group_size must be in \[1, 5\], got 6"),
    ],
)
def test_settings(options, message):
    with pytest.raises(ValueError, match=message):
        weight_of(**options)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((CODES[:1], LEVELS), "size of codes must be 10, got 5"),
        ((CODES + 1, LEVELS), r"codes must be in \[0, 2\] for 3 levels, got 3"),
        ((CODES, LEVELS[:2]), r"shape of levels must be \(3,\), got \(2,\)"),
        (
            (CODES, LEVELS, np.ones((2, 1), np.float32)),
            r"shape of scale must be None, got \(2, 1\)",
        ),
    ],
)
def test_what_does_not_fit_is_not_stored(given, message):
    with pytest.raises(ValueError, match=message):
        weight_of().store(*given)
    with pytest.raises(ValueError, match=r"shape of scale must be \(2, 3\)"):
        weight_of(group_size=2).store(CODES, LEVELS)


def test_corrupt_streams_are_refused():
    weight = weight_of(huffman_bytes=2)
    weight.store(CODES, LEVELS)
    weight.require_valid()
    assert "Huffman" in repr(weight)
    weight.stored.block_bytes[0] = -2
    with pytest.raises(ValueError, match="bytes of the stream must be 65534"):
        weight.require_valid()
    weight.stored.block_bytes[0] = 2
    weight.stored.stream.fill_(255)
    with pytest.raises(ValueError, match="is corrupt"):
        weight.require_valid()
    for num_bytes in (1, 21):
        with pytest.raises(ValueError, match=r"stream must be in \[2, 20\]"):
            weight_of(huffman_bytes=num_bytes)
    with pytest.raises(ValueError, match="bytes of the stream must be 3, got"):
        weight_of(huffman_bytes=3).store(CODES, LEVELS)


def test_what_a_file_cannot_hold():
    weight = weight_of(group_size=3)
    weight.store(CODES, LEVELS, np.ones((2, 2), np.float32))
    assert torch.equal(weight.codes(), torch.from_numpy(CODES))
    weight.require_valid()
    weight.scale[0, 0] = 0
    with pytest.raises(ValueError, match="scale must be > 0, got 0"):
        weight.require_valid()
    weight.scale[0, 0] = 1
    weight.stored.packed[0] |= 3
    with pytest.raises(ValueError, match=r"codes must be in \[0, 2\] .* got 3"):
        weight.require_valid()
