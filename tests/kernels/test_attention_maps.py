"""Maps of energy: the loops, what does not matter to them, and extremes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mini_compress import distillation
from mini_compress.kernels import attention_maps, naive, soft_targets
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick, reals

SHAPES = st.tuples(*(st.integers(1, 4) for _ in range(4)))
attention_map = attention_maps.attention_map


@quick
@given(SHAPES.flatmap(lambda shape: reals(shape, largest=1e3)))
def test_maps_are_those_of_the_loops(features):
    features[np.abs(features) < 1e-3] = 0  # the loops' squares would be lost
    got = attention_map(features)
    assert got.dtype == features.dtype
    assert got.shape == (len(features), *features.shape[2:])
    np.testing.assert_allclose(got, naive.attention_map(features), atol=1e-6)
    norms = (got.astype(float) ** 2).sum(axis=(1, 2))
    assert all(np.isclose(norms, 1, atol=1e-5) | (norms == 0))


def test_order_signs_and_a_common_factor_do_not_matter():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((3, 5, 4, 2))
    expected = attention_map(features)
    for same in (features[:, ::-1], -features, 1e-3 * features):
        np.testing.assert_allclose(attention_map(same), expected, rtol=1e-12)
    twice = np.concatenate([features, features], axis=1)
    np.testing.assert_allclose(attention_map(twice), expected, rtol=1e-12)
    other = features * [[[[1.0, 2.0]]]]
    assert np.abs(attention_map(other) - expected).max() > 0.01


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30, 1e300])
def test_large_and_small_features_have_the_map_of_their_likes(size):
    features = np.random.default_rng(0).standard_normal((2, 3, 2, 2))
    np.testing.assert_allclose(
        attention_map(size * features), attention_map(features), rtol=1e-9
    )


def test_no_energy_gives_no_map_and_no_image_none():
    assert not attention_map(np.zeros((2, 3, 4, 4))).any()
    assert attention_map(np.zeros((0, 3, 4, 4))).shape == (0, 4, 4)


def test_torchs_is_the_same():
    features = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    features[1] = 0
    got = distillation.attention_map(torch.from_numpy(features))
    np.testing.assert_allclose(got, attention_map(features), atol=1e-12)


def test_it_is_offered_beside_soft_targets():
    assert soft_targets.attention_map is attention_map


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((2, 3, 4)), "features must have 4 axes, got shape (2, 3, 4)"),
        (
            np.zeros((1, 1, 1, 1), np.int8),
            "features must be float32 or float64, got int8",
        ),
        (
            np.full((1, 1, 1, 1), np.inf),
            "features must be finite, got infinity",
        ),
    ],
)
def test_other_features_are_refused(features, message):
    assert_refused(lambda: attention_map(features), message)
