"""The bytes of a file, part by part, add up to the file."""

import pytest

from mini_compress import artifact, models, pruning, quantization, zoo
from mini_compress.hardware import PARTS, file_parts
from mini_compress.quantization import share_weights, store_huffman


def pruned(network):
    model = zoo.load(network, "mnist5k")
    return pruning.apply_masks(model, pruning.magnitude_masks(model, 0.95))


MAKE = {
    "dense": lambda name: zoo.load(name, "mnist5k"),
    "sparse": lambda name: pruning.store_sparse(pruned(name)),
    "codebook": lambda name: quantization.quantize_codebook(
        zoo.load(name, "mnist5k"), bits=3, huffman=True
    ),
    "shared": lambda name: share_weights(pruned(name), 4),
    "huffman": lambda name: store_huffman(share_weights(pruned(name), 4)),
}


@pytest.mark.parametrize("network", models.NETWORKS)
@pytest.mark.parametrize("form", MAKE)
def test_parts_add_up_to_the_file(network, form):
    model = MAKE[form](network)
    parts = file_parts(model)
    total = sum(sum(each.values()) for each in parts.values())
    assert total == len(artifact.to_bytes(model))
    assert {part for each in parts.values() for part in each} <= {*PARTS}
    assert all(x > 0 for each in parts.values() for x in each.values())


@pytest.mark.parametrize("form", ["sparse", "shared", "huffman"])
def test_fillers_are_counted_by_hand(form):
    """Each takes a value or a code, and the longest gap."""
    model = MAKE[form]("LeNet300")
    layer, parts = model.classifier[1], file_parts(model)["classifier.1"]
    kept = layer.weight
    count = kept.num_values - int(layer.dense_weight().count_nonzero())
    assert count > 0
    widths = {"sparse": (32, kept.index_bits), "shared": (4, kept.index_bits)}
    if form == "huffman":
        gaps = kept.gaps.lengths[-1] if count else 0
        widths["huffman"] = (int(kept.entries.lengths[0]), int(gaps))
    expected = sum(count * width // 8 for width in widths[form])
    assert parts["fillers"] == expected
    assert parts["biases"] == 1200
    if form == "shared":
        assert parts["codebook"] == 15 * 4
        assert "tables" not in parts
    if form == "huffman":
        blocks = -(-kept.num_values // 1024)
        assert parts["tables"] == 16 + 2**kept.index_bits + 2 * 2 * blocks


def test_what_has_no_file_is_refused():
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module"):
        file_parts("LeNet300")
