"""Files of networks, opened up, changed and signed again."""

import copy
import hashlib
import json
import struct

import pytest
import torch
from torch import nn

from mini_compress import artifact, models, pruning
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_codebook,
    quantize_static,
    quantize_weights,
)

IMAGES = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
NAME = "from_anyone.safetensors"


def take_apart(data: bytes) -> tuple[dict, dict, bytes]:
    """Return safetensors' header without ours, ours, and the tensors."""
    start = 8 + int.from_bytes(data[:8], "little")
    outer = json.loads(data[8:start])
    ours = json.loads(outer["__metadata__"].pop("mini_compress"))
    return outer, ours, data[start:]


def put_together(outer: dict, ours: object, tensors: bytes) -> bytes:
    """Return a file whose checksum is right."""
    if isinstance(ours, dict) and "sha256" in ours:
        ours = {**ours, "sha256": "0" * 64}
    if isinstance(outer.get("__metadata__"), dict):
        outer = copy.deepcopy(outer)
        outer["__metadata__"]["mini_compress"] = json.dumps(ours)
    return sign(json.dumps(outer).encode(), tensors)


def sign(header: bytes, tensors: bytes) -> bytes:
    header += b" " * (-len(header) % 8)
    data = struct.pack("<Q", len(header)) + header + tensors
    digest = hashlib.sha256(data).hexdigest().encode()
    return data.replace(b"0" * 64, digest, 1)


def refuse(data: bytes, *says: str) -> str:
    """Assert that a file is refused as promised, and return what is said."""
    with pytest.raises(ValueError, match=r".") as caught:
        artifact.from_bytes(data, name=NAME)
    message = str(caught.value)
    assert NAME in message
    assert len(message) <= 500
    assert message.isprintable()
    for part in says:
        assert part in message
    return message


def networks() -> list[nn.Module]:
    model = models.build("ConvNet")
    folded = fold_batchnorm(model)
    masks = pruning.magnitude_masks(model, 0.9)
    return [
        model.eval(),
        folded,
        quantize_weights(folded, bits=2),
        quantize_weights(model, bits=3, granularity="group", group_size=8),
        quantize_weights(folded, bits=8, granularity="tensor"),
        quantize_static(folded, IMAGES),
        quantize_static(folded, IMAGES, bits=3, granularity="tensor"),
        pruning.store_sparse(pruning.apply_masks(model, masks)),
        quantize_codebook(model, bits=3, group_size=1000),  # a row each
        quantize_codebook(folded, bits=4, method="apot", huffman=True),
    ]


def assert_survives(model: nn.Module, x: torch.Tensor, network=None):
    """Save, load, compare outputs, state and file; return what is loaded."""
    model = model.eval()
    state = copy.deepcopy(model.state_dict())
    data = artifact.to_bytes(model)
    given = copy.deepcopy(model) if network is None else network
    back = artifact.from_bytes(data, given)
    assert torch.equal(back(x), model(x))
    assert type(back) is type(model)
    for name, tensor in back.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(tensor, state[name])
            assert tensor.dtype == state[name].dtype
    assert artifact.to_bytes(back) == data
    assert all(torch.equal(x, state[n]) for n, x in model.state_dict().items())
    return back
