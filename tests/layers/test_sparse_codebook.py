"""Layers of codes and gaps: numbers, files, what is refused."""

import collections
import copy
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import mini_compress as mc
from mini_compress import artifact, models, pruning, zoo
from mini_compress.hardware import layer_costs, measure_model_ms
from mini_compress.layers import (
    LinearGeometry,
    SparseCodebookLayer,
    SparseCodebookWeight,
)
from mini_compress.layers.stored_codes import STREAM_HEADER, HuffmanCodes
from mini_compress.quantization import share_weights, store_huffman

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LEVELS = np.array([-0.5, 2], np.float32)
CODES = np.array([[0, 2, 0, 0, 0, 0], [0, 0, 1, 0, 2, 0]], np.uint8)


def shared(network="LeNet300", bits=4, sparsity=0.9) -> nn.Module:
    model = zoo.load(network, "mnist5k")
    masks = pruning.magnitude_masks(model, sparsity)
    return share_weights(pruning.apply_masks(model, masks), bits)


def entry_layers(model: nn.Module) -> dict[str, SparseCodebookLayer]:
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, SparseCodebookLayer)
    }


@pytest.mark.parametrize("network", models.NETWORKS)
@pytest.mark.parametrize("last", [store_huffman, copy.deepcopy])
def test_outputs_and_files_survive(network, last):
    small = last(shared(network))
    dense = zoo.load(network, "mnist5k").eval()
    assert entry_layers(small)
    with torch.no_grad():
        for name, layer in entry_layers(small).items():
            dense.get_submodule(name).weight.copy_(layer.dense_weight())
        expected, got = dense(IMAGES), small(IMAGES)
        # the bias is added before or after the last rounding of a sum
        assert (got - expected).abs().max() <= 2**-17 * expected.abs().max()
        data = artifact.to_bytes(small)
        assert torch.equal(artifact.from_bytes(data)(IMAGES), got)
    assert artifact.to_bytes(artifact.from_bytes(data)) == data


def count_bits(lengths: list[int], counts: dict[int, int]) -> int:
    return sum(lengths[symbol] * counts[symbol] for symbol in counts)


@pytest.mark.parametrize("huffman", [False, True])
def test_the_files_length_by_hand(huffman):
    """Codes, gaps, fillers, levels, tables, block sizes, biases, header."""
    small = shared("LeNet300", bits=5)
    small = store_huffman(small) if huffman else small
    data = artifact.to_bytes(small)
    expected = 8 + int.from_bytes(data[:8], "little")  # size of header, header
    for layer in entry_layers(small).values():
        kept = layer.weight
        places = torch.nonzero(layer.dense_weight().flatten()).flatten()
        entries, last = 0, -1
        for place in places.tolist():
            gap = place - last - 1
            entries += 1 + gap // 2**kept.index_bits  # with fillers
            last = place
        assert entries == kept.num_values
        expected += 4 * (len(kept.levels) + len(layer.bias))
        for stored, bits, symbols in (
            (kept.entries, 5, 32),
            (kept.gaps, kept.index_bits, 2**kept.index_bits),
        ):
            if hasattr(stored, "packed"):  # planes end in whole bytes
                widths = [x for x in (1, 2, 4, 8) if bits & x]
                expected += sum(math.ceil(entries * x / 8) for x in widths)
                continue
            lengths, found = stored.lengths.tolist(), stored.read()
            blocks = [found[i : i + 1024] for i in range(0, entries, 1024)]
            expected += symbols + 2 * len(blocks)
            for block in blocks:
                counts = collections.Counter(block.tolist())
                expected += math.ceil(count_bits(lengths, counts) / 8)
    # a header is padded with spaces to a multiple of 8 bytes, see safetensors
    assert len(data) == expected
    assert mc.ledger(small).num_bytes == expected
    json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def test_the_ledger_counts_what_is_stored():
    one, other = mc.ledger(zoo.load("LeNet300", "mnist5k")), mc.ledger(shared())
    assert one.parameters == other.parameters == 266_610
    assert one.macs == other.macs
    kept = round(0.1 * 266_200) + 410
    assert other.non_zeros == kept
    _, layer, *_ = layer_costs(shared()).layers
    assert (layer.weight_bits, layer.activation_bits) == (4, 32)
    timing = measure_model_ms(shared(), IMAGES, repeats=1)
    assert timing.kernel == (
        "torch float32 x sparse 4-bit codes of a codebook, batch 8"
    )


@st.composite
def coded_weights(draw) -> tuple[np.ndarray, np.ndarray, int]:
    """Draw codes of a weight, its levels, and the bits of a code."""
    bits = draw(st.integers(1, 8))
    num_levels = draw(st.integers(0, 2**bits - 1))
    shape = draw(st.integers(1, 6)), draw(st.integers(1, 400))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    codes = rng.integers(0, num_levels + 1, shape).astype(np.uint8)
    density = draw(st.sampled_from([0.0, 0.004, 0.1, 1.0]))
    codes[rng.random(shape) >= density] = 0
    levels = np.sort(rng.standard_normal(num_levels)).astype(np.float32)
    return codes, levels, bits


@given(coded_weights(), st.booleans(), st.none() | st.integers(1, 8))
def test_every_weight_comes_back(drawn, huffman, index_bits):
    codes, levels, bits = drawn
    outputs, inputs = codes.shape
    layer = SparseCodebookLayer.of_codes(
        LinearGeometry(in_features=inputs, out_features=outputs),
        *(codes, levels, torch.arange(outputs).float()),
        bits=bits,
        index_bits=index_bits,
        huffman=huffman,
    )
    layer.require_valid()
    assert np.array_equal(layer.weight.codes().numpy(), codes)
    expected = np.append(np.float32(0), levels)[codes]
    assert np.array_equal(layer.dense_weight().numpy(), expected)
    assert layer.bias.tolist() == list(range(outputs))
    data = artifact.to_bytes(layer)
    back = artifact.from_bytes(data)
    assert torch.equal(back.dense_weight(), layer.dense_weight())


@given(coded_weights(), st.booleans())
@settings(max_examples=30)  # each takes nine layers
def test_no_other_choice_is_smaller(drawn, huffman):
    codes, levels, bits = drawn
    geometry = LinearGeometry(
        in_features=codes.shape[1], out_features=len(codes)
    )

    def size(index_bits) -> int:
        weight = SparseCodebookLayer.of_codes(
            *(geometry, codes, levels, None),
            bits=bits,
            index_bits=index_bits,
            huffman=huffman,
        ).weight
        stored = (weight.entries, weight.gaps)
        headers = sum(isinstance(x, HuffmanCodes) for x in stored)
        held = sum(x.nbytes for x in weight.state_dict().values())
        return held + headers * STREAM_HEADER

    assert size(None) == min(size(width) for width in range(1, 9))


def weight_of(**changes) -> SparseCodebookWeight:
    usual = {"bits": 2, "num_levels": 2, "index_bits": 3, "num_values": 3}
    return SparseCodebookWeight((2, 6), **{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bits": 9}, r"bits must be in \[1, 8\], got 9"),
        ({"num_levels": 4}, r"num_levels must be in \[0, 3\], got 4"),
        ({"index_bits": 0}, r"index_bits must be in \[1, 8\], got 0"),
        ({"num_values": 13}, r"num_values must be in \[0, 12\], got 13"),
        ({"code_bytes": 0}, r"bytes of the stream must be in \[1, 6\], got 0"),
        ({"gap_bytes": 7}, r"bytes of the stream must be in \[1, 6\], got 7"),
    ],
)
def test_bad_settings(changes, message):
    with pytest.raises(ValueError, match=message):
        weight_of(**changes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((CODES[:1], LEVELS), "size of codes must be 12, got 6"),
        ((CODES, LEVELS[:1]), r"shape of levels must be \(2,\), got \(1,\)"),
        ((CODES * 2, LEVELS), r"codes must be in \[0, 2\] for 2 levels and 0"),
        ((CODES * 0, LEVELS), "entries must be 3, got 0"),
    ],
)
def test_what_does_not_fit_is_not_stored(given, message):
    with pytest.raises(ValueError, match=message):
        weight_of().store(*given)
    with pytest.raises(TypeError, match="codes must be uint8, got int64"):
        weight_of().store(CODES.astype(np.int64), LEVELS)


def test_what_a_file_cannot_hold():
    weight = weight_of()
    weight.store(CODES, LEVELS)
    weight.require_valid()
    assert "num_values=3" in repr(weight)
    weight.gaps.packed.fill_(255)
    with pytest.raises(ValueError, match="within 12 weights, got place 23"):
        weight.require_valid()
    weight.entries.packed.fill_(255)
    with pytest.raises(ValueError, match="2 levels and 0, got 3"):
        weight.require_valid()
    coded = weight_of(gap_bytes=2)
    with pytest.raises(ValueError, match="bytes of the stream must be 2, got"):
        coded.store(CODES, LEVELS)
