"""Headers that no `save` would write, under a checksum that fits."""

import json

import pytest

from mini_compress import artifact
from tests.support.signed_files import (
    NAME,
    put_together,
    refuse,
    sign,
    take_apart,
)


def outer_files(data: bytes) -> dict[str, bytes]:
    """Files whose safetensors header is wrong."""
    outer, ours, tensors = take_apart(data)
    first, second, *_ = [x for x in outer if x != "__metadata__"]
    begin, end = outer[first]["data_offsets"]

    def entry(**changes: object) -> bytes:
        return put_together(
            {**outer, first: {**outer[first], **changes}}, ours, tensors
        )

    def raw(header: object) -> bytes:
        return sign(json.dumps(header).encode(), tensors)

    text = json.dumps({**ours, "sha256": "0" * 64})
    metadata = {"__metadata__": {"mini_compress": text}}
    whole = json.dumps({**outer, **metadata}).encode()
    return {
        "overlap": entry(data_offsets=outer[second]["data_offsets"]),
        "negative": entry(data_offsets=[-4, end]),
        "floats": entry(data_offsets=[float(begin), float(end)]),
        "backwards": entry(data_offsets=[end, begin]),
        "one offset": entry(data_offsets=[end]),
        "offsets of text": entry(data_offsets=["0", "1"]),
        "no offsets": entry(data_offsets=None),
        "beyond the end": entry(data_offsets=[0, 10**12]),
        "unknown dtype": entry(dtype="F7"),
        "dtype a list": entry(dtype=[]),
        "wide dtype": entry(dtype="F64"),
        "shape of text": entry(shape="x"),
        "shape too large": entry(shape=[2**40, 2**40]),
        "more keys": entry(more=1),
        "a number": put_together({**outer, first: 5}, ours, tensors),
        "missing": put_together(
            {k: v for k, v in outer.items() if k != first}, ours, tensors
        ),
        "bytes behind": put_together(outer, ours, tensors + bytes(64)),
        "no metadata": raw({"__metadata__": None}),
        "metadata a number": raw({"__metadata__": 5}),
        "metadata a list": raw({"__metadata__": ["mini_compress"]}),
        "metadata text": raw({"__metadata__": "mini_compress"}),
        "ours a number": raw({"__metadata__": {"mini_compress": 5}}),
        "ours null": raw({"__metadata__": {"mini_compress": None}}),
        **{
            f"ours {inner}": raw({"__metadata__": {"mini_compress": inner}})
            for inner in ("5", "[]", "null", '"x"', "{", "[" * 200_000)
        },
        "nested": sign(b'{"x":' + b"[" * 400_000, tensors),
        "twice": sign(
            json.dumps(metadata)[:-1].encode() + b',"a":1,"a":1}', tensors
        ),
        "wide header": sign(whole + b" " * 1_000_000, tensors),
    }


def test_a_header_of_safetensors_made_up(files):
    for name, data in outer_files(files[0][0]).items():
        try:
            refuse(data)
        except BaseException as error:
            error.add_note(f"file: {name}")
            raise


OURS = {
    "version true": {"version": True},
    "version 1.0": {"version": 1.0},
    "network a list": {"network": []},
    "network a path": {"network": "\x1b[2J"},
    "network unknown": {"network": "A" * 100_000},
    "trained on a list": {"trained_on": []},
    "modules a list": {"modules": []},
    "modules a text": {"modules": "x"},
    "no such path": {"modules": {"x" * 100_000: {"kind": "Identity"}}},
    "a path of a method": {"modules": {"forward": {"kind": "Identity"}}},
    "a container": {"modules": {"classifier": {"kind": "Identity"}}},
    "a container and all": {
        "modules": {"": {"kind": "Identity"}, "x": {"kind": "Identity"}}
    },
    "a description that is a number": {"modules": {"classifier.1": 5}},
    "tied to nothing": {"tied": {"classifier.1.bias": "x"}},
    "tied to a number": {"tied": {"classifier.1.bias": 5}},
    "versions of text": {"versions": {"": "x"}},
    "altered 5": {"altered": 5},
    "own class": {"own_class": True},
    "another key": {"device": "cuda"},
}


@pytest.mark.parametrize("case", OURS)
def test_our_part_of_the_header_made_up(lenet300, case):
    outer, ours, tensors = take_apart(lenet300)
    refuse(put_together(outer, {**ours, **OURS[case]}, tensors))


@pytest.mark.parametrize("key", ["network", "modules", "trained_on", "version"])
def test_every_key_must_be_there(lenet300, key):
    outer, ours, tensors = take_apart(lenet300)
    del ours[key]
    refuse(put_together(outer, ours, tensors))


def test_many_names_make_no_long_message(lenet300):
    outer, ours, tensors = take_apart(lenet300)
    end = len(tensors)
    nothing = {"dtype": "F32", "shape": [0], "data_offsets": [end, end]}
    outer |= {f"x{number}": nothing for number in range(5_000)}
    refuse(put_together(outer, ours, tensors), "4997 more")


def test_a_long_path_is_shown_by_its_end(lenet300):
    path = "folder/" * 500 + NAME
    with pytest.raises(ValueError, match="must be a file") as caught:
        artifact.from_bytes(b"?", name=path)
    assert NAME in str(caught.value)
    assert len(str(caught.value)) <= 500
