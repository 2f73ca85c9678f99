"""Products that saturate in pairs: the loops, oneDNN, and the exact ones."""

import json
import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import naive
from mini_compress.kernels.integer import matmul_int8
from mini_compress.kernels.saturation import matmul_saturating
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick, random_codes

A, B = np.ones((2, 4), np.uint8), np.ones((4, 3), np.int8)
INNER = (1, 2, 3, 64, 131, 300)


def draw(inner: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(inner)
    return (
        random_codes(rng, np.uint8, 9, inner),
        random_codes(rng, np.int8, inner, 8),
    )


@quick
@given(st.data(), st.integers(0, 5))
def test_it_equals_the_loops(data, inner):
    large = st.integers(0, 255) | st.just(255)
    a = data.draw(hnp.arrays(np.uint8, (2, inner), elements=large))
    large = st.integers(-128, 127) | st.sampled_from([-128, 127])
    b = data.draw(hnp.arrays(np.int8, (inner, 3), elements=large))
    out = matmul_saturating(a, b)
    assert out.dtype == np.int32
    assert np.array_equal(out, naive.matmul_saturating(a, b))


@pytest.mark.parametrize("inner", INNER)
def test_codes_of_seven_bits_do_not_saturate(inner):
    a, b = draw(inner)
    for narrow in ((a // 2, b), (a, b // 2)):
        assert np.array_equal(matmul_saturating(*narrow), matmul_int8(*narrow))


# Sums by oneDNN, in a process that may not use VNNI: with a result in float32
# torch's operator returns them as they are.
ONEDNN = """
import json, torch
from tests.kernels.test_saturation import INNER, draw
sums = []
for inner in INNER:
    a, b = (torch.from_numpy(codes) for codes in draw(inner))
    weight = torch.ops.onednn.qlinear_prepack(b.T.contiguous(), None)
    out = torch.ops.onednn.qlinear_pointwise(
        a, 1.0, 0, weight, torch.ones(8), torch.zeros(8, dtype=torch.int64),
        None, 1.0, 0, torch.float32, "none", [], "",
    )
    sums.append(out.tolist())
print(json.dumps(sums))
"""


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="needs x86"
)
@pytest.mark.takes(8)
@pytest.mark.parametrize("instructions", ["AVX2", "AVX512_CORE"])
def test_it_equals_onednn_without_vnni(instructions):
    done = subprocess.run(
        [sys.executable, "-c", ONEDNN],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": instructions},
        capture_output=True,
        text=True,
        check=True,
    )
    saturated = 0
    for inner, sums in zip(INNER, json.loads(done.stdout), strict=True):
        a, b = draw(inner)
        assert matmul_saturating(a, b).tolist() == sums
        saturated += (matmul_int8(a, b) != sums).sum()
    assert saturated > 100


MISTAKES = [
    (lambda: matmul_saturating(B, B), "a must be uint8, got int8"),
    (lambda: matmul_saturating(A, A), "b must be int8, got uint8"),
    (lambda: matmul_saturating(A[0], B), "a must have 2 axes, got shape (4,)"),
    (lambda: matmul_saturating(A, B[0]), "b must have 2 axes, got shape (3,)"),
    (lambda: matmul_saturating(A, B[1:]), "inner axis of b must be 4, got 3"),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_mistakes_are_refused(mistake, message):
    assert_refused(mistake, message)
