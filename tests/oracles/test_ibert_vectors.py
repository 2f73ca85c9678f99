"""I-BERT's integer functions against its own modules (recorded)."""

import json

import numpy as np
import pytest

from mini_compress.kernels import tables
from tests.oracles.make_ibert_vectors import VECTORS

RECORD = json.loads(VECTORS.read_text())


def by_scale(case: dict) -> str:
    return str(case["scale"])


@pytest.mark.parametrize("case", RECORD["gelu"], ids=by_scale)
def test_gelu_equals_ibert_but_for_the_sign_of_its_scale(case):
    y, scale = tables.integer_gelu(np.array(case["codes"]), case["scale"])
    assert scale == -case["y_scale"] > 0
    assert (-y).tolist() == case["y"]


@pytest.mark.parametrize("case", RECORD["exp"], ids=by_scale)
def test_exp_equals_ibert(case):
    y, scale = tables.integer_exp(np.array(case["codes"]), case["scale"])
    assert scale == case["y_scale"]
    assert y.tolist() == case["y"]


@pytest.mark.parametrize("case", RECORD["softmax"], ids=by_scale)
def test_softmax_equals_ibert(case):
    y, scale = tables.integer_softmax(
        np.array(case["codes"]), case["scale"], bits=case["bits"]
    )
    assert scale == 2.0 ** -case["bits"]
    assert y.tolist() == case["y"]
