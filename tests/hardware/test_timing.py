"""Timing: what is called, how often, and what the result says."""

import time

import pytest
import torch
from torch import nn

from mini_compress.hardware import measure_model_ms, measure_ms
from mini_compress.layers import (
    IntegerLayer,
    LinearGeometry,
    WeightOnlyLayer,
)
from mini_compress.models import build


def test_counts_calls_and_orders_figures():
    calls = []
    timing = measure_ms(
        lambda: calls.append(torch.get_num_threads()),
        kernel="append",
        repeats=7,
        warmup=2,
    )
    assert len(calls) == 7 + 2
    assert set(calls) == {1}
    assert 0 < timing.min_ms <= timing.median_ms <= timing.max_ms
    assert (timing.repeats, timing.threads) == (7, 1)


def test_unit_is_milliseconds():
    timing = measure_ms(
        lambda: time.sleep(0.004), kernel="sleep", repeats=3, warmup=0
    )
    assert timing.min_ms >= 4
    assert timing.median_ms < 400


def test_threads_are_given_back_even_on_an_error():
    before = torch.get_num_threads()

    def fail():
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        measure_ms(fail, kernel="fail", threads=before + 1)
    assert torch.get_num_threads() == before


def test_names_what_ran():
    model = build("ConvNet", seed=0).train()
    timing = measure_model_ms(model, torch.rand(2, 1, 28, 28), repeats=3)
    assert timing.kernel == "torch float32, batch 2"
    assert "1 thread" in str(timing)
    assert "ms" in str(timing)
    assert model.training


def test_network_of_codes_is_named():
    integer = IntegerLayer(LinearGeometry(4, 4), bias=False)
    packed = WeightOnlyLayer(
        LinearGeometry(4, 4), bias=True, bits=4, group_size=4
    )
    timing = measure_model_ms(
        nn.Sequential(integer, packed), torch.rand(1, 4), repeats=1
    )
    assert timing.kernel == (
        "torch 8-bit activations x 8-bit weights + float32 x 4-bit weights, "
        "batch 1"
    )


def test_refused_input():
    model = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"function must be callable, got int"):
        measure_ms(3, kernel="three")
    with pytest.raises(ValueError, match=r"repeats must be >= 1, got 0"):
        measure_ms(list, kernel="list", repeats=0)
    with pytest.raises(TypeError, match=r"images must be a torch.Tensor"):
        measure_model_ms(model, [[0.0, 1.0]])
    with pytest.raises(ValueError, match=r"batch that is not empty"):
        measure_model_ms(model, torch.zeros(0, 2))
    with pytest.raises(TypeError, match=r"model must be a torch.nn.Module"):
        measure_model_ms(torch.relu, torch.zeros(1, 2))
