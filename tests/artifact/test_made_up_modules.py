"""Descriptions of modules that no `save` would write, and their cost."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mini_compress import artifact
from tests.support.signed_files import put_together, refuse, take_apart


def weights(kind: str, **settings: object) -> dict:
    """Describe a layer in the place of the first of LeNet300."""
    geometry = {"in_features": 784, "out_features": 300}
    return {
        "kind": kind,
        "geometry": {"linear": geometry},
        "bias": True,
        **settings,
    }


def entries(**settings: object) -> dict:
    """Describe codes and gaps that are as they should be, but for some."""
    usual = {"bits": 2, "num_levels": 3, "index_bits": 3, "num_values": 9}
    streams = {"code_bytes": None, "gap_bytes": None}
    return weights("SparseCodebookLayer", **{**usual, **streams, **settings})


DESCRIPTIONS = {
    "no kind": {},
    "kind a list": {"kind": []},
    "unknown kind": {"kind": "LSTM"},
    "no geometry": {"kind": "Linear", "bias": True},
    "geometry a text": weights("Linear", geometry="linear"),
    "geometry empty": weights("Linear", geometry={}),
    "geometry unknown": weights("Linear", geometry={"conv9d": {}}),
    "geometry of another": weights("Linear", geometry={"conv2d": {}}),
    "bias a text": weights("Linear", bias="x"),
    "a device": weights("Linear", device="cuda"),
    "a dtype": weights("Linear", dtype="float64"),
    "bits a text": weights("WeightOnlyLayer", bits="8", group_size=784),
    "bits 9": weights("WeightOnlyLayer", bits=9, group_size=784),
    "groups of 0": weights("WeightOnlyLayer", bits=4, group_size=0),
    "groups wider than a row": weights(
        "WeightOnlyLayer", bits=4, group_size=10**7
    ),
    "per tensor 1": weights("IntegerLayer", bits=8, per_tensor=1),
    "gaps of 9 bits": weights("SparseLayer", index_bits=9, num_values=1),
    "values beyond": weights("SparseLayer", index_bits=8, num_values=2**40),
    "an unknown format": weights("BlockFormatLayer", format="q9"),
    "a format as a list": weights("BlockFormatLayer", format=[4]),
    "rotated by 1": weights("BlockFormatLayer", format="nf4", rotated=1),
    "more levels than codes": weights("CodebookLayer", bits=2, num_levels=5),
    "codes of 9 bits": weights("CodebookLayer", bits=9, num_levels=3),
    "groups without end": weights(
        "CodebookLayer", bits=2, num_levels=4, group_size=10**30
    ),
    "a stream of a byte": weights(
        "CodebookLayer", bits=2, num_levels=4, huffman_bytes=1
    ),
    "a stream without end": weights(
        "CodebookLayer", bits=2, num_levels=4, huffman_bytes=2**40
    ),
    "no code for fillers": entries(num_levels=4),
    "gaps of 0 bits": entries(index_bits=0),
    "entries without end": entries(num_values=2**40),
    "a stream of gaps without end": entries(gap_bytes=2**40),
    "a norm": {"kind": "BatchNorm1d", "num_features": 300, "eps": 1e-5},
}


@pytest.mark.parametrize("altered", [False, True])
@pytest.mark.parametrize("case", DESCRIPTIONS)
def test_descriptions_made_up(lenet300, case, altered):
    outer, ours, tensors = take_apart(lenet300)
    modules = {"classifier.1": DESCRIPTIONS[case]}
    changes = {"modules": modules, "altered": altered}
    refuse(put_together(outer, {**ours, **changes}, tensors), "classifier.1")


CONVOLUTIONS = [
    {"stride": [0, 0]},
    {"stride": [-1, 1]},
    {"stride": "ab"},
    {"stride": [1]},
    {"padding": [-3, 0]},
    {"padding": [3000, 3000]},
    {"padding": "around"},
    {"dilation": [0, 1]},
    {"dilation": [2**40, 1]},
    {"groups": 0},
    {"groups": 3},
    {"groups": 2**64},
    {"kernel_size": 3},
    {"kernel_size": [9, 1]},
    {"in_channels": 1.5},
]


@pytest.mark.parametrize("number", [1, 5])  # folded, static
@pytest.mark.parametrize("changes", CONVOLUTIONS, ids=str)
def test_convolutions_made_up(files, number, changes):
    outer, ours, tensors = take_apart(files[number][0])
    [geometry] = ours["modules"]["features.3"]["geometry"].values()
    geometry.update(changes)
    refuse(put_together(outer, ours, tensors), "features.3")


@pytest.mark.parametrize(
    "changes",
    [
        {"eps": float("nan")},
        {"eps": -1},
        {"eps": "x"},
        {"momentum": "x"},
        {"device": "meta"},
        {"device": "cuda"},
        {"dtype": "float64"},
        {"affine": 1},
        {"num_features": 2**28},
        {"num_features": 2**70},
        {"num_features": 0},
    ],
    ids=str,
)
def test_norms_made_up(files, changes):
    outer, ours, tensors = take_apart(files[0][0])
    norm = {"kind": "BatchNorm2d", "num_features": 16, "eps": 1e-5, **changes}
    ours["modules"] = {"features.1": norm}
    ours["altered"] = True
    refuse(put_together(outer, ours, tensors))


class Allocations(TorchDispatchMode):
    """Notes the largest tensor with memory that any operation gives."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and not result.is_meta:
            num_bytes = result.numel() * result.element_size()
            self.largest = max(self.largest, num_bytes)
        return result


def wide(kind: str, inputs: int, outputs: int, **settings: object) -> dict:
    geometry = {"in_features": inputs, "out_features": outputs}
    return weights(kind, geometry={"linear": geometry}, **settings)


BOMBS = {
    "norm": {"kind": "BatchNorm1d", "num_features": 2**28, "eps": 1e-5},
    "linear": wide("Linear", 2**23, 2**23),
    "sparse": wide("SparseLayer", 1, 2**29, index_bits=8, num_values=0),
    "values": wide("SparseLayer", 2**20, 2**20, index_bits=8, num_values=2**28),
    "codes": wide("WeightOnlyLayer", 40_000, 20_000, bits=8, group_size=40_000),
    "steps": wide("WeightOnlyLayer", 20_000, 10_000, bits=8, group_size=1),
    "blocks": wide("BlockFormatLayer", 40_000, 20_000, format="q8_0"),
    "codebook": wide("CodebookLayer", 2**15, 2**15, bits=8, num_levels=256),
    "entries": wide(
        "SparseCodebookLayer",
        *(2**15, 2**15),
        bits=8,
        num_levels=255,
        index_bits=8,
        num_values=2**29,
        code_bytes=None,
        gap_bytes=None,
    ),
    "stream": wide(
        "CodebookLayer",
        *(2**15, 2**15),
        bits=1,
        num_levels=2,
        huffman_bytes=2**27,
    ),
    "beyond counting": wide("Linear", 2**40, 2**40),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_file_costs_no_more_memory_than_it_has_bytes(lenet300, case):
    outer, ours, tensors = take_apart(lenet300)
    ours |= {"modules": {"classifier.1": BOMBS[case]}, "altered": True}
    data = put_together(outer, ours, tensors)
    with Allocations() as allocations:
        refuse(data)
    assert allocations.largest <= len(data)
    with Allocations() as allocations:  # what is noted at all
        artifact.from_bytes(lenet300)
        torch.zeros(784, 300) + 1
    assert allocations.largest == 4 * 784 * 300
