"""The ledger: real bytes, real zeros, and models kept apart from both."""

import dataclasses

import pytest
import torch
from torch import nn

import mini_compress as mc
from mini_compress import artifact
from mini_compress.hardware import (
    DEVICES,
    DeviceProfile,
    compare,
    layer_costs,
    ledger,
    model_energy,
    model_time,
)
from mini_compress.layers import (
    IntegerLayer,
    LinearGeometry,
    WeightOnlyLayer,
)
from mini_compress.models import NETWORKS, build


@pytest.fixture
def network():
    return build("LeNet300", seed=0)


def packed_copy(network):
    """LeNet300 with its first layer in codes of 4 bits, half of them 0."""
    layer = WeightOnlyLayer(
        LinearGeometry(784, 300), bias=True, bits=4, group_size=784
    )
    codes = torch.arange(784 * 300).remainder(2).to(torch.int8).numpy()
    layer.weight.store(codes, layer.weight.scale.numpy())
    copy = build("LeNet300", seed=0)
    copy.classifier[1] = layer
    return copy


def test_is_the_function_at_the_top_of_the_package():
    assert mc.ledger is ledger
    assert callable(mc.ledger)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_counts_of_networks(name):
    network = build(name, seed=0)
    costs = ledger(network)
    assert costs.network == name
    assert costs.parameters == sum(x.numel() for x in network.parameters())
    assert costs.macs == layer_costs(network).macs


def test_bytes_are_those_of_the_real_file(network, tmp_path):
    for model in (network, packed_copy(network)):
        written = artifact.save(model, tmp_path / "model")
        assert ledger(model).num_bytes == written
        assert (tmp_path / "model").stat().st_size == written


def test_compression_ratio_needs_a_baseline(network):
    packed = packed_copy(network)
    costs = ledger(packed, baseline=network)
    expected = len(artifact.to_bytes(network)) / len(artifact.to_bytes(packed))
    assert costs.compression_ratio == expected
    assert 3 < costs.compression_ratio < 8
    assert "compression ratio" in repr(costs)
    assert ledger(packed).compression_ratio is None
    assert "compression ratio" not in repr(ledger(packed))


def test_codes_count_as_the_numbers_they_stand_for(network):
    packed = packed_copy(network)
    for layer in (packed.classifier[3], packed.classifier[5]):
        nn.init.ones_(layer.weight)
        nn.init.ones_(layer.bias)
    costs = ledger(packed)
    assert costs.parameters == 266_610
    assert costs.non_zeros == 266_610 - 784 * 300 // 2 - 300  # its bias is 0
    assert costs.sparsity == 1 - costs.non_zeros / costs.parameters


def test_integer_bias_counts():
    layer = IntegerLayer(LinearGeometry(4, 3), bias=True)
    layer.bias.copy_(torch.tensor([5, 0, -2]))
    costs = ledger(nn.Sequential(layer), input_shape=(4,))
    assert (costs.parameters, costs.non_zeros) == (15, 2)


def test_a_mask_makes_zeros_and_saves_no_byte(network):
    before = ledger(network)
    with torch.no_grad():
        network.classifier[1].weight[:, ::2] = 0
    after = ledger(network)
    assert after.parameters == before.parameters
    assert before.non_zeros - after.non_zeros == 300 * 784 // 2
    assert after.num_bytes == before.num_bytes
    assert after.macs == before.macs


def test_shared_layer_is_counted_once():
    layer = nn.Linear(4, 4)
    model = nn.Sequential(layer, nn.Sequential(layer))
    costs = ledger(model, input_shape=(4,))
    assert (costs.parameters, costs.macs) == (20, 32)


def test_modelled_figures_are_those_of_the_models(network):
    costs = ledger(network, devices=["stm32h743", "a100_40gb"])
    cost = layer_costs(network)
    for modelled, name in zip(
        costs.modelled, ("stm32h743", "a100_40gb"), strict=True
    ):
        memory = DEVICES[name].memory
        assert modelled.device is DEVICES[name]
        assert modelled.time_ms == model_time(cost, name).time_ms
        assert modelled.energy == model_energy(cost, memory=memory)
        assert modelled.fits is True


def test_says_whether_the_file_fits(network):
    def device(ram, flash):
        return DeviceProfile(
            "board", "test", {}, 1e9, "dram", {}, ram_bytes=ram,
            flash_bytes=flash,
        )  # fmt: skip

    size = ledger(network).num_bytes
    boards = [device(1, size), device(10**9, size - 1), device(None, None)]
    costs = ledger(network, devices=boards)
    assert [x.fits for x in costs.modelled] == [True, False, None]
    assert [x.time_ms for x in costs.modelled] == [None, None, None]


def test_shows_overhead_where_it_is_known_and_says_where_not(network):
    known = dataclasses.replace(DEVICES["a100_40gb"], overhead_s=1e-5)
    both = ledger(network, devices=[known, "stm32h743"])
    _, times, energies = both.tables()
    assert times.header == (
        *("device", "overhead", "arithmetic", "memory", "ms", "file fits"),
    )
    first, second = times.records()
    assert first["overhead"] == pytest.approx(5 * 1e-2)  # 3 linear, 2 ReLU
    assert second["overhead"] is None
    for record, modelled in zip((first, second), both.modelled, strict=True):
        parts = [record[x] or 0 for x in ("overhead", "arithmetic", "memory")]
        assert record["ms"] == pytest.approx(sum(parts))
        assert record["ms"] == modelled.time_ms
    assert "-: overhead not known: not counted" in times.caption
    _, alone, _ = ledger(network, devices=[known]).tables()
    assert "not counted" not in alone.caption
    assert [x["all bytes in"] for x in energies.records()] == ["DRAM", "SRAM"]
    _, compared, _ = compare({"one": both}).tables()
    assert compared.caption.endswith("with the overhead of A100 40GB")


def test_is_the_same_each_time_unless_asked_to_measure(network):
    assert repr(ledger(network)) == repr(ledger(network))
    assert ledger(network).timing is None
    timed = ledger(network, images=torch.rand(2, 1, 28, 28))
    assert timed.timing.kernel == "torch float32, batch 2"
    assert "measured time" in repr(timed)


def test_real_and_modelled_are_never_in_one_table(network):
    costs = ledger(network, images=torch.rand(1, 1, 28, 28))
    real, times, energies = costs.tables()
    assert real.caption == "Real"
    assert "roofline" not in real.html()
    for modelled in (times, energies):
        assert modelled.caption.startswith("Modelled")
        assert "measured" not in modelled.html()
    assert costs._repr_html_().count('<table class="dataframe" ') == 3
    assert costs._repr_markdown_().count("**") == 6


def test_compares_ledgers(network):
    packed = packed_copy(network)
    both = compare(
        {
            "float32": ledger(network, baseline=network),
            "4 bits": ledger(packed, baseline=network),
        }
    )
    real, times, energies = both.tables()
    assert [row[0] for row in real.rows] == ["float32", "4 bits"]
    assert real.rows[0][5] == "1.00"
    assert times.header[1:] == tuple(x.name for x in DEVICES.values())
    assert "roofline, cold cache" in times.caption
    assert energies.header[1:] == ("SRAM", "DRAM")
    assert real.header[-1] == "MACs"
    assert "4 bits" in both._repr_html_()


def test_compares_milliseconds_only_where_there_are_any(network):
    timed = ledger(network, images=torch.rand(1, 1, 28, 28))
    real = compare({"timed": timed, "not": ledger(network)}).tables()[0]
    assert real.header[-1] == "ms measured"
    assert [len(row) for row in real.rows] == [len(real.header)] * 2
    assert real.rows[1][-1] == "-"


def test_refused_input(network):
    with pytest.raises(TypeError, match=r"model must be a torch.nn.Module"):
        ledger("LeNet300")
    with pytest.raises(TypeError, match=r"baseline must be .* got int"):
        ledger(network, baseline=1000)
    with pytest.raises(ValueError, match=r"device must be one of .*a100_40gb"):
        ledger(network, devices=["a100"])
    with pytest.raises(ValueError, match=r"input_shape must fit the model"):
        ledger(network, input_shape=(1, 14, 14))
    with pytest.raises(ValueError, match=r"at least one, got none"):
        compare({})
    with pytest.raises(ValueError, match=r"for the same devices"):
        compare({"a": ledger(network), "b": ledger(network, devices=[])})
