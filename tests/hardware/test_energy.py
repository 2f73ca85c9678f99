"""Energy by hand, from the published figures."""

import pytest

from mini_compress.hardware import LayerCost, ModelCost, model_energy
from mini_compress.hardware.energy import (
    BYTE_PJ,
    MAC_PJ,
    OPERATION_PJ,
    SOURCES,
)


def layer(macs=0, weight_bytes=0, **more):
    return LayerCost("fc", "Linear", (1,), macs, weight_bytes, 0, 0, **more)


def test_every_figure_has_a_source():
    assert set(SOURCES) == {*OPERATION_PJ, *BYTE_PJ}
    assert all(x.address.startswith("https://") for x in SOURCES.values())
    assert all(x.remark for x in SOURCES.values())


def test_macs_by_hand():
    energy = model_energy(layer(macs=10**6))
    assert energy.arithmetic_uj == pytest.approx(3.7 + 0.9)
    assert energy.memory_uj == 0
    int8 = model_energy(layer(10**6, activation_bits=8, weight_bits=8))
    assert int8.arithmetic_uj == pytest.approx(0.2 + 0.1)
    assert set(MAC_PJ) == {"float32", "int8"}


def test_bytes_by_hand():
    energy = model_energy(layer(weight_bytes=4_000_000))
    assert energy.memory_uj == pytest.approx(4 * 1300 / 8)
    sram = model_energy(layer(weight_bytes=4_000_000), memory="sram_8kb")
    assert sram.memory_uj == pytest.approx(4 * 10 / 8)
    assert sram.total_uj == sram.arithmetic_uj + sram.memory_uj


def test_weights_of_few_bits_save_memory_and_no_arithmetic():
    floats = model_energy(layer(1000, 4000))
    fours = model_energy(layer(1000, 500, weight_bits=4))
    assert fours.arithmetic_uj == floats.arithmetic_uj
    assert fours.memory_uj == floats.memory_uj / 8


def test_a_network_is_the_sum_of_its_layers():
    parts = (layer(10**6, 10), layer(5, 10**6, activation_bits=8))
    whole = model_energy(ModelCost(parts))
    assert whole.total_uj == pytest.approx(
        sum(model_energy(part).total_uj for part in parts)
    )


def test_says_that_it_is_a_model():
    assert "modelled" in repr(model_energy(layer(1, 1)))


def test_unknown_memory_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"memory must be one of .*dram"):
        model_energy(layer(), memory="flash")
