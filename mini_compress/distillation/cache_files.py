"""The file of cached logits: a safetensors file whose header tells its form.

A file may come from anyone. So each field of the header is checked, and that
the tensors are as long as the header says, before anything is unpacked.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from .._files import write_beside
from .._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_text,
)
from ..kernels.packed_logits import PackedLogits, unpack_classes, unpack_logits

FORMAT = "mini_compress.cached_logits"
FIELDS = ("bits", "sha256", "shape", "top")


def write_cache(
    path: Path, logits: np.ndarray, packed: PackedLogits | None, sha256: str
) -> int:
    """Write answers to a file, and return the file's size in bytes.

    logits : (n, classes) float32; written only if packed is None
    """
    if packed is None:
        tensors = {"logits": np.ascontiguousarray(logits)}
        form: dict[str, Any] = {
            "shape": logits.shape,
            "top": None,
            "bits": None,
        }
    else:
        tensors = {"codes": packed.codes, "classes": packed.classes}
        tensors["step"] = np.array([packed.step])
        form = {"shape": packed.shape, "top": packed.top, "bits": packed.bits}
    facts = json.dumps({**form, "sha256": sha256}, sort_keys=True)
    data = safetensors.numpy.save(tensors, {FORMAT: facts})
    with write_beside(path) as unfinished:
        unfinished.write_bytes(data)
    return len(data)


def read_cache(path: Path) -> tuple[np.ndarray, PackedLogits | None, str]:
    """Read a file that `write_cache` wrote.

    returns : logits (n, classes) float32, unpacked; what they were unpacked
        from, None if they were kept as they are; and the images' sha256

    Whoever calls it names the file, see `artifact.header.naming`.
    """
    with safetensors.safe_open(path, "numpy") as file:
        facts = _read_facts(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    require_text("sha256", facts["sha256"])
    if not re.fullmatch("[0-9a-f]{64}", facts["sha256"]):
        raise ValueError(
            f"sha256 must be 64 hexadecimal digits, got {facts['sha256']!a}"
        )
    n, classes = facts["shape"]
    require_int("number of images", n, 1)
    require_int("number of classes", classes, 1, 1 << 16)
    packed = None
    if facts["bits"] is None:
        require_equal("top of logits that are not packed", None, facts["top"])
        require_equal("tensors", ["logits"], sorted(tensors))
        logits = tensors["logits"]
        require_dtype("logits", logits, np.float32)
        require_equal("shape of logits", (n, classes), logits.shape)
    else:
        packed = _pack((n, classes), facts["top"], facts["bits"], tensors)
        logits = unpack_logits(packed)
    require_finite("logits", logits)
    return logits, packed, facts["sha256"]


def _read_facts(metadata: dict[str, str] | None) -> dict:
    """Return what the header says, all of its fields and no other."""
    if FORMAT not in (metadata or {}):
        raise ValueError(f"format must be {FORMAT}, got something else")
    facts = json.loads(metadata[FORMAT])  # type: ignore[index]
    require_equal("fields of the header", list(FIELDS), sorted(facts))
    return facts


def _pack(
    shape: tuple[int, int], top: int, bits: int, tensors: dict[str, np.ndarray]
) -> PackedLogits:
    """Return packed logits whose parts fit together."""
    require_equal("tensors", ["classes", "codes", "step"], sorted(tensors))
    step, codes, numbers = (tensors[x] for x in ("step", "codes", "classes"))
    require_dtype("step", step, np.float32)
    require_equal("shape of step", (1,), step.shape)
    require_finite("step", step)
    require_equal("step above 0", True, bool(step[0] > 0))
    require_dtype("codes", codes, np.uint8)
    require_dtype("classes", numbers, np.uint8)
    packed = PackedLogits(
        shape,
        require_int("top", top, 1, shape[1]),
        require_int("bits", bits, 1, 8),
        step[0],
        codes,  # whose length is checked as they are unpacked
        numbers,
    )
    if packed.top == shape[1]:  # all classes are kept, and in order
        require_equal("shape of classes", (0,), numbers.shape)
        return packed
    order = np.sort(unpack_classes(packed), axis=1)  # (n, top)
    require_int("largest class", int(order[:, -1].max()), 0, shape[1] - 1)
    if (np.diff(order, axis=1) == 0).any():
        raise ValueError("classes of an image must differ, got one twice")
    return packed
