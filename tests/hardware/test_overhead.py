"""Overhead: what a call takes, by chains of layers that compute nothing."""

import pytest

from mini_compress.hardware import (
    layer_costs,
    measure_machine,
    measure_overhead,
    overhead,
    tiny_layers,
)


@pytest.mark.parametrize("kind", overhead.KINDS)
def test_chains_differ_in_their_calls_alone(kind):
    for calls in (overhead.FEW, overhead.MANY):
        layers, image = tiny_layers(kind, calls)
        assert layers(image).shape == image.shape
        cost = layer_costs(layers, input_shape=tuple(image.shape[1:]))
        assert len(cost.layers) == calls
        assert not layers.training
        assert cost.macs <= 2304 * calls and cost.num_bytes <= 1104 * calls


def test_overhead_by_hand():
    """32 calls more take 64 ms more: 2 ms each, however long one takes."""
    assert overhead.overhead_of(5.0, 69.0) == pytest.approx(2e-3)
    assert overhead.overhead_of(0.0, 64.0) == pytest.approx(2e-3)


def test_it_is_the_mean_over_kinds(monkeypatch):
    """Each layer of its kind takes as many milliseconds as its place says."""
    places = {kind: i for i, kind in enumerate(overhead.KINDS)}
    monkeypatch.setattr(
        overhead,
        "_chain_ms",
        lambda kind, calls, repeats: 10 + places[kind] * calls,
    )
    assert measure_overhead() == pytest.approx(1.5e-3)


def test_a_measured_machine_has_one():
    machine = measure_machine(float_size=64, int_size=64, repeats=1)
    assert 0 < machine.overhead_s < 1
    assert "torch" in machine.sources["overhead"].remark


def test_unknown_kind_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"kind must be one of linear, conv"):
        tiny_layers("attention", 2)
    with pytest.raises(ValueError, match=r"calls must be >= 1, got 0"):
        tiny_layers("ReLU", 0)
