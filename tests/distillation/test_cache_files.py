"""Cached logits on disk: what is read is what was written, or one error."""

import json
import re

import numpy as np
import pytest
import safetensors.numpy
import torch

from mini_compress.distillation import CachedLogits
from mini_compress.distillation.cache_files import FORMAT
from mini_compress.kernels.packed_logits import pack_logits

SHA256 = 64 * "a"
FORMS = [(None, None), (None, 8), (None, 3), (3, 4), (1, 1), (10, 5)]


def make_cache(top, bits, classes=10):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(7, classes)).astype(np.float32)
    packed = None if bits is None else pack_logits(logits, top=top, bits=bits)
    return CachedLogits(torch.from_numpy(logits), packed, SHA256)


@pytest.mark.parametrize("classes", [10, 300])
@pytest.mark.parametrize(("top", "bits"), FORMS)
def test_what_is_read_is_what_was_written(top, bits, classes, tmp_path):
    cache = make_cache(top, bits, classes)
    path = tmp_path / "new" / "answers.safetensors"
    assert cache.save(path) == path.stat().st_size
    again = CachedLogits.load(str(path))
    assert torch.equal(again.logits, cache.logits)
    assert again.num_bytes == cache.num_bytes
    assert again.sha256 == cache.sha256
    assert again.logits.dtype == torch.float32
    assert again.save(path) == path.stat().st_size


def test_the_file_is_the_bytes_of_the_answers_and_a_header(tmp_path):
    cache = make_cache(3, 4)
    size = cache.save(tmp_path / "answers")
    length = int.from_bytes((tmp_path / "answers").read_bytes()[:8], "little")
    assert size == 8 + length + cache.num_bytes


def parts_of(cache, path):
    """Return the header's facts and the tensors of a saved cache."""
    cache.save(path)
    with safetensors.safe_open(path, "numpy") as file:
        facts = json.loads(file.metadata()[FORMAT])
    return facts, safetensors.numpy.load_file(path)


def change(**what):
    """Return a fault: fields of the header or tensors that are replaced."""

    def apply(facts, tensors):
        for name, value in what.items():
            part = tensors if isinstance(value, np.ndarray) else facts
            part[name] = value

    return apply


def drop(name):
    """Return a fault: a field or a tensor is missing."""

    def apply(facts, tensors):
        (facts if name in facts else tensors).pop(name)

    return apply


ONE = np.float32([1])
PACKED = [
    (change(sha256="abc"), "sha256 must be 64"),
    (change(sha256=7), "sha256 must be a string"),
    (change(shape=[7]), "not enough values"),
    (change(shape=[0, 10]), "number of images"),
    (change(shape=[8, 10]), "shape of packed"),
    (change(shape=[10**15, 10]), "shape of packed"),
    (change(shape=[7.0, 10]), "number of images"),
    (change(shape=[7, 1 << 17]), "number of classes"),
    (change(top=0), "top must be"),
    (change(top=11), "top must be"),
    (change(top=10), "shape of classes"),
    (change(bits=9), "bits must be"),
    (change(bits=5), "shape of packed"),
    (change(bits=None), "top of logits"),
    (change(more=1), "fields of the header"),
    (drop("bits"), "fields of the header"),
    (drop("step"), "tensors must be"),
    (change(extra=ONE), "tensors must be"),
    (change(step=0 * ONE), "step above 0"),
    (change(step=ONE * np.nan), "step must be finite"),
    (change(step=-ONE), "step above 0"),
    (change(step=ONE * np.inf), "step must be finite"),
    (change(step=np.float64([1])), "step must be float32"),
    (change(step=np.float32([1, 1])), "shape of step"),
    (change(codes=np.zeros(14, np.int8)), "codes must be uint8"),
    (change(codes=np.zeros(3, np.uint8)), "shape of packed"),
    (change(classes=np.zeros(11, np.int8)), "classes must be uint8"),
    (change(classes=np.zeros(11, np.uint8)), "must differ"),
    (change(classes=np.full(11, 255, np.uint8)), "largest class"),
]
PLAIN = [
    (change(top=3), "top of logits"),
    (change(shape=[7, 11]), "shape of logits"),
    (change(logits=np.zeros((7, 10))), "logits must be float32"),
    (change(logits=np.full((7, 10), np.nan, np.float32)), "finite"),
    (change(logits=np.zeros(70, np.float32)), "shape of logits"),
    (change(other=ONE), "tensors must be"),
]


@pytest.mark.parametrize(
    ("form", "fault", "says"),
    [((3, 4), *one) for one in PACKED] + [((None, None), *x) for x in PLAIN],
)
def test_a_made_up_file_is_one_error_that_names_it(form, fault, says, tmp_path):
    path = tmp_path / "answers"
    facts, tensors = parts_of(make_cache(*form), path)
    fault(facts, tensors)
    safetensors.numpy.save_file(tensors, path, {FORMAT: json.dumps(facts)})
    with pytest.raises(ValueError, match=says) as caught:
        CachedLogits.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "text", [None, "{", "[]", "7", '["bits", "sha256", "shape", "top"]']
)
def test_another_header_is_refused(text, tmp_path):
    path = tmp_path / "answers"
    header = None if text is None else {FORMAT: text}
    safetensors.numpy.save_file({"logits": np.ones(3)}, path, header)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        CachedLogits.load(path)


def test_a_damaged_file_is_refused_wherever_it_ends(tmp_path):
    path = tmp_path / "answers"
    make_cache(3, 4).save(path)
    whole = path.read_bytes()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=re.escape(str(path))):
            CachedLogits.load(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        CachedLogits.load(tmp_path / "nothing")
