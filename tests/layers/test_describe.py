"""Layers made again of what describes them."""

import pytest
from torch import nn

from mini_compress.layers.describe import build_module, describe


@pytest.mark.parametrize(
    "layer", [nn.Linear(3, 2), nn.Conv2d(2, 2, 3), nn.BatchNorm1d(3)]
)
def test_a_built_layer_is_torchs_own_and_can_still_be_reset(layer):
    built = build_module(describe(layer))
    assert type(built) is type(layer)
    assert vars(built).keys() == vars(layer).keys()
    built.reset_parameters()
    assert all(x.isfinite().all() for x in built.parameters())
