"""The roofline by hand, its properties, the devices and their sources."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.hardware import (
    DEVICES,
    DeviceProfile,
    LayerCost,
    ModelCost,
    find_device,
    layer_costs,
    measure_machine,
    model_time,
)
from mini_compress.hardware.energy import BYTE_PJ
from mini_compress.models import build


def layer(macs, num_bytes, **more):
    return LayerCost("fc", "Linear", (1,), macs, num_bytes, 0, 0, **more)


def device(rate=1e9, bandwidth=1e9, overhead_s=None, **more):
    rates = {"float32": rate, **more}
    return DeviceProfile(
        *("test", "paper", rates, bandwidth, "dram", {}),
        overhead_s=overhead_s,
    )


def test_bound_by_arithmetic_and_by_memory_by_hand():
    cost = ModelCost((layer(4_000_000, 1_000_000), layer(1000, 3_000_000)))
    time = model_time(cost, device(rate=2e9, bandwidth=1e9))
    assert [x.bound for x in time.layers] == ["arithmetic", "memory"]
    assert [x.time_ms for x in time.layers] == pytest.approx([2.0, 3.0])
    assert time.time_ms == pytest.approx(5.0)


def test_layer_that_moves_nothing_takes_no_time():
    time = model_time(ModelCost((layer(0, 0),)), device())
    assert (time.time_ms, time.layers[0].bound) == (0, "nothing")


def test_bend_is_at_the_balance_of_the_machine():
    machine = device(rate=8e9, bandwidth=2e9)  # 4 MACs per byte
    for macs, bound in ((3999, "memory"), (4001, "arithmetic")):
        time = model_time(ModelCost((layer(macs, 1000),)), machine)
        assert time.layers[0].bound == bound


def test_three_parts_by_hand():
    """Each call costs 2.5 ms; what moves nothing is not called."""
    layers = (
        layer(4_000_000, 1_000_000),
        layer(1000, 3_000_000),
        layer(0, 0),
        layer(0, 10_000),
    )
    machine = device(2e9, 1e9, overhead_s=2.5e-3)
    time = model_time(ModelCost(layers), machine)
    assert [x.bound for x in time.layers] == [
        *("overhead", "memory", "nothing", "overhead"),
    ]
    assert time.parts == pytest.approx(
        {"overhead": 7.5, "arithmetic": 2.0, "memory": 3.01}
    )
    assert time.time_ms == pytest.approx(12.51)


def test_overhead_that_is_not_known_is_not_counted():
    cost = ModelCost((layer(4_000_000, 1_000_000), layer(1000, 3_000_000)))
    time = model_time(cost, device())
    assert time.parts == {"overhead": None, "arithmetic": 4.0, "memory": 3.0}
    free = model_time(cost, device(overhead_s=0.0))
    assert free.parts == {**time.parts, "overhead": 0}
    assert free.time_ms == time.time_ms == 7
    assert "overhead not known: not counted" in repr(time)
    assert "not known" not in repr(free)


sizes = st.integers(0, 10**9)
rates = st.floats(1e6, 1e15)


@given(sizes, sizes, rates, rates, st.floats(1, 100))
def test_a_better_machine_is_never_slower(macs, num_bytes, rate, width, factor):
    cost = ModelCost((layer(macs, num_bytes),))
    time = model_time(cost, device(rate, width)).time_ms
    assert model_time(cost, device(rate, width * factor)).time_ms <= time
    assert model_time(cost, device(rate * factor, width)).time_ms <= time
    assert time >= 1e3 * num_bytes / width


@given(
    st.lists(st.tuples(sizes, sizes), max_size=4),
    st.none() | st.floats(0, 1),
)
def test_parts_add_up_to_the_time(layers, overhead_s):
    cost = ModelCost(tuple(layer(*x) for x in layers))
    time = model_time(cost, device(overhead_s=overhead_s))
    known = [part for part in time.parts.values() if part is not None]
    assert sum(known) == pytest.approx(time.time_ms)


@given(sizes, sizes, st.integers(1, 100))
def test_more_work_is_never_faster(macs, num_bytes, more):
    def time(cost):
        return model_time(ModelCost((cost,)), device()).time_ms

    assert time(layer(macs + more, num_bytes)) >= time(layer(macs, num_bytes))
    assert time(layer(macs, num_bytes + more)) >= time(layer(macs, num_bytes))


def test_missing_data_type_gives_no_time_and_says_so():
    cost = ModelCost((layer(10, 10, activation_bits=8),))
    time = model_time(cost, device())
    assert time.time_ms is None
    assert time.layers[0].bound == "unknown: no int8 rate"
    assert set(time.parts.values()) == {None}
    assert "no int8 rate" in time._repr_html_()
    assert model_time(cost, device(int8=1e9)).time_ms is not None


def test_title_says_that_it_is_a_lower_bound():
    time = model_time(layer_costs(build("LeNet5", seed=0)), "raspberry_pi_5")
    assert "roofline, cold cache" in repr(time)
    assert "Raspberry Pi 5" in time._repr_markdown_()


@pytest.mark.parametrize("name", DEVICES)
def test_every_figure_of_a_device_has_a_source(name):
    profile = DEVICES[name]
    assert set(profile.sources) == set(profile.figures())
    for source in profile.sources.values():
        assert source.address.startswith("https://")
        assert source.remark
    assert all(figure > 0 for figure in profile.figures().values())
    assert profile.memory in BYTE_PJ


def test_there_are_devices_of_several_kinds():
    kinds = {profile.kind for profile in DEVICES.values()}
    assert {"microcontroller", "phone", "laptop CPU"} <= kinds
    assert "data-center GPU" in kinds


def test_unknown_device_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"device must be one of stm32h743"):
        find_device("stm32")


def test_measured_machine_is_a_device():
    machine = measure_machine(float_size=64, int_size=64, repeats=1)
    assert set(machine.macs_per_second) == {"float32", "int8"}
    assert set(machine.sources) == set(machine.figures())
    assert all(math.isfinite(x) for x in machine.figures().values())
    assert "measured" in machine.kind
    time = model_time(layer_costs(build("LeNet300", seed=0)), machine)
    assert time.time_ms > 0


def test_measured_machine_refuses_small_matrices():
    with pytest.raises(ValueError, match=r"int_size must be >= 32, got 8"):
        measure_machine(int_size=8)
